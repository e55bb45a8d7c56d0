"""What of the leads waits for somebody: my work, and what the search box finds (issue 2, "My work")."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.area import SearchResult, WorkCount, WorkLine
from db.core.masking import mask_name
from db.core.permissions import Permission, Role
from db.leads.board_queries import BoardFilters, BoardRow, board_counts, list_board
from db.leads.flow import FLOW
from db.leads.tables import Dealer, Lead

BOARD_PAGE = "pages/leads/board.py"
LEAD_PAGE = "pages/leads/lead.py"


def _views(actor: Actor) -> tuple[BoardFilters, ...]:
    """Which lists wait for this role, most urgent first: people of a dealer have their own leads, the desk the gaps."""
    mine = BoardFilters(view="mine", assignee_id=actor.user_id)
    if actor.role is Role.DEALER_STAFF:
        return (mine, BoardFilters(view="open"))
    if actor.role is Role.DEALER_MANAGER:
        return (BoardFilters(view="overdue"), mine, BoardFilters(view="open"))
    if actor.can(Permission.LEADS_ASSIGN):
        return (BoardFilters(view="overdue"), BoardFilters(view="unassigned"), BoardFilters(view="held"), mine)
    return ()


def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """The leads that wait for this actor, due first, each once; nobody who only reads leads has work here."""
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    found: dict[int, WorkLine] = {}
    for filters in _views(actor):
        page = list_board(session, scope=actor.scope, filters=filters, limit=limit, now=now, personal=personal)
        for row in page.rows:
            if row.due_at is not None or filters.view in ("unassigned", "held"):
                found.setdefault(row.id, _line(row))
    late = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(found.values(), key=lambda line: (line.due_at or late, line.item_id))[:limit]


def _line(row: BoardRow) -> WorkLine:
    why = row.next_step or {"held": "Add a contact", "new": "Assign a dealer"}.get(row.status, row.status_label)
    return WorkLine(
        item_type="lead", item_id=row.id, number=row.number,
        title=" · ".join(p for p in (row.customer_name, row.wants) if p),
        status=row.status_label, tone=row.tone, due_at=row.due_at, why=why, page=LEAD_PAGE, query={"lead": str(row.id)},
        dealer=row.dealer_name,
    )  # fmt: skip


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How many wait in each queue this actor works, counted up to the cap."""
    if not _views(actor):
        return []
    every = board_counts(session, scope=actor.scope, filters=BoardFilters(), now=now)
    own = board_counts(session, scope=actor.scope, filters=BoardFilters(assignee_id=actor.user_id), now=now)
    counts = [
        WorkCount(label="My leads", count=own.open, overdue=own.overdue, page=BOARD_PAGE, query={"lead_view": "Mine"}),
        WorkCount(label="Open leads", count=every.open, overdue=every.overdue, page=BOARD_PAGE),
    ]  # fmt: skip
    if actor.can(Permission.LEADS_ASSIGN) and not actor.role.is_dealer:
        counts += [
            WorkCount(
                label="Without a dealer",
                count=every.unassigned,
                overdue=0,
                page=BOARD_PAGE,
                query={"lead_view": "No dealer"},
            ),
            WorkCount(label="Held leads", count=every.held, overdue=0, page=BOARD_PAGE, query={"lead_view": "Held"}),
        ]
    return counts


def found_leads(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Search hits as lines, in the order of `ids`; leads out of scope are left out."""
    rows = session.execute(
        select(Lead.id, Lead.number, Lead.customer_name, Lead.wants, Lead.status, Dealer.name)
        .outerjoin(Dealer, Dealer.id == Lead.dealer_id)
        .where(Lead.id.in_(list(ids)), actor.scope.where(Lead.dealer_id, Lead.region))
    )
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)

    def shown(row: Any) -> SearchResult:
        name = row.customer_name if personal else mask_name(row.customer_name)
        parts = (row.wants, FLOW.state(row.status).label, row.name)
        return SearchResult(
            kind="lead", item_id=row.id, title=" ".join(p for p in (row.number, name) if p),
            subtitle=" · ".join(p for p in parts if p), page=LEAD_PAGE, query={"lead": str(row.id)},
        )  # fmt: skip

    return _in_order(ids, {row.id: shown(row) for row in rows})


def _in_order(ids: Sequence[int], found: dict[int, SearchResult]) -> list[SearchResult]:
    return [found[item_id] for item_id in dict.fromkeys(ids) if item_id in found]
