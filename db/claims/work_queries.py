"""Claims in My work: those that wait for one's own level, due first; for a dealer those to correct."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from db.claims.board_queries import ClaimFilters, ClaimRow, count_views, levels_of, list_claims
from db.claims.flow import FLOW
from db.core.actor import Actor
from db.core.area import WorkCount, WorkLine
from db.core.permissions import Permission

PAGE_FILE = "pages/claims/claims.py"
ITEM = "claim"


def _filters(session: Session, actor: Actor, now: datetime) -> ClaimFilters | None:
    """What waits for this actor; None for those who only read."""
    if actor.role.is_dealer:
        return ClaimFilters(view="correct") if actor.can(Permission.CLAIMS_ENTER) else None
    if not actor.can(Permission.CLAIMS_DECIDE):
        return None
    return ClaimFilters(view="level", levels=levels_of(session, actor=actor, now=now))


def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """Claims that wait for this actor's signature, or that this dealer has to correct."""
    filters = _filters(session, actor, now)
    if filters is None:
        return []
    rows, _ = list_claims(session, actor=actor, filters=filters, limit=limit)
    return [_line(row, corrects=filters.view == "correct") for row in rows]


def _line(row: ClaimRow, *, corrects: bool) -> WorkLine:
    state = FLOW.state(row.status)
    return WorkLine(
        item_type=ITEM, item_id=row.id, number=row.number, title=f"{row.claimed_cents / 100:,.2f} claimed",
        status=state.label, tone=state.tone, due_at=row.due_at, why="Correct and send" if corrects else "Decide",
        page=PAGE_FILE, query={"claim": str(row.id)}, dealer=row.dealer,
    )  # fmt: skip


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How many claims wait for this actor, and how many of them are past their day."""
    filters = _filters(session, actor, now)
    if filters is None:
        return []
    view = filters.view
    count = count_views(session, actor=actor, filters=filters, views=(view,))[view]
    late = (
        0
        if view == "correct"
        else count_views(session, actor=actor, filters=filters, due_before=now, views=(view,))[view]
    )
    label = "Claims to correct" if view == "correct" else "Claims to decide"
    return [WorkCount(label=label, count=count, overdue=late, page=PAGE_FILE, query={"claims_view": view})]
