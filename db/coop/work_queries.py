"""Co-op in My work, in the search box, and at one dealer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.coop.claim_flow import FLOW as CLAIM_FLOW
from db.coop.claim_queries import count_claims, list_claims
from db.coop.flow import FLOW
from db.coop.payment_tables import CoopMemo
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.coop.record import CLAIM, MEMO, REQUEST
from db.coop.request_queries import count_requests, list_requests
from db.coop.request_rules import Filters
from db.coop.say_rules import money
from db.core.actor import Actor
from db.core.area import DealerLine, SearchResult, WorkCount, WorkLine
from db.core.permissions import Permission
from db.dealers.tables import Dealer
from db.workflow.checks import available_steps

REQUESTS_PAGE = "pages/coop/coop_requests.py"
CLAIMS_PAGE = "pages/coop/coop_claims.py"
_MOST = 12


def _view(actor: Actor) -> str:
    """What waits for people of the manufacturer is what was sent; for a dealer what came back or was not sent."""
    return "waiting" if actor.can(Permission.COOP_DECIDE) else "dealer" if actor.role.is_dealer else ""


def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """Requests and claims in which this actor may take a step, due first."""
    view = _view(actor)
    if not view:
        return []
    filters, lines = Filters(view=view), list[WorkLine]()
    kinds: tuple[tuple[Any, Any, str, str, str], ...] = (
        (list_requests, FLOW, REQUEST, REQUESTS_PAGE, "request"),
        (list_claims, CLAIM_FLOW, CLAIM, CLAIMS_PAGE, "claim"),
    )  # fmt: skip
    for listed, flow, kind, page, key in kinds:
        rows, _ = listed(session, scope=actor.scope, filters=filters, limit=limit)
        for r in rows:
            steps = available_steps(flow, status=r.status, submitted_by=r.submitted_by, actor=actor)
            if not steps:
                continue
            state = flow.state(r.status)
            lines.append(
                WorkLine(
                    item_type=kind, item_id=r.id, number=r.number, title=f"{money(r.payable_cents)}: {r.activity}",
                    status=state.label, tone=state.tone, due_at=r.due_at, why=steps[0].label, page=page,
                    query={key: str(r.id)}, dealer=r.dealer,
                )
            )  # fmt: skip
    lines.sort(key=lambda w: (w.due_at is None, w.due_at or now))
    return lines[:limit]


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How many requests and claims wait for this actor's side."""
    view = _view(actor)
    if not view:
        return []
    filters = Filters(view=view)
    late = {"due_before": now} if view == "waiting" else None
    return [
        WorkCount(
            label=label, count=count(session, scope=actor.scope, filters=filters), page=page, query={key: view},
            overdue=count(session, scope=actor.scope, filters=filters, **late) if late else 0,
        )
        for label, count, page, key in (
            ("Co-op requests", count_requests, REQUESTS_PAGE, "coopreq_view"),
            ("Co-op claims", count_claims, CLAIMS_PAGE, "coopclm_view"),
        )
    ]  # fmt: skip


def _found(
    session: Session, table: Any, flow: Any, *, kind: str, page: str, key: str, ids: Sequence[int], actor: Actor
) -> list[SearchResult]:
    rows = session.execute(
        select(table.id, table.number, table.activity, table.status, Dealer.name)
        .join(Dealer, Dealer.id == table.dealer_id)
        .where(table.id.in_(list(ids)), actor.scope.where(table.dealer_id, table.region))
    )
    found = {row.id: row for row in rows}
    return [
        SearchResult(
            kind=kind, item_id=i, title=f"{found[i].number} {found[i].activity}",
            subtitle=f"{found[i].name}, {flow.state(found[i].status).label.lower()}", page=page, query={key: str(i)},
        )
        for i in ids
        if i in found
    ]  # fmt: skip


def found_requests(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Requests the search box found, in the order of `ids`."""
    return _found(session, CoopRequest, FLOW, kind=REQUEST, page=REQUESTS_PAGE, key="request", ids=ids, actor=actor)


def found_claims(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Claims the search box found, in the order of `ids`."""
    return _found(session, CoopClaim, CLAIM_FLOW, kind=CLAIM, page=CLAIMS_PAGE, key="claim", ids=ids, actor=actor)


def found_memos(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Credit memos the search box found, in the order of `ids`."""
    rows = session.execute(
        select(CoopMemo.id, CoopMemo.number, CoopMemo.cents, Dealer.name)
        .join(Dealer, Dealer.id == CoopMemo.dealer_id)
        .where(CoopMemo.id.in_(list(ids)), actor.scope.where(CoopMemo.dealer_id, CoopMemo.region))
    )
    found = {row.id: row for row in rows}
    return [
        SearchResult(
            kind=MEMO, item_id=i, title=f"{found[i].number}, {money(found[i].cents)}", subtitle=found[i].name,
            page=CLAIMS_PAGE, query={"memo": str(i)},
        )
        for i in ids
        if i in found
    ]  # fmt: skip


def dealer_lines(
    session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None
) -> list[DealerLine]:
    """What of a dealer's requests and claims waits for a decision, and what lies with the dealer."""
    lines: list[DealerLine] = []
    for view in ("waiting", "dealer"):
        filters = Filters(view=view, dealer_id=dealer_id)
        requests, _ = list_requests(session, scope=actor.scope, filters=filters, limit=_MOST)
        claims, _ = list_claims(session, scope=actor.scope, filters=filters, limit=_MOST)
        waits = "waits for a decision" if view == "waiting" else "is with the dealer"
        lines += [
            DealerLine(
                kind="overdue" if r.due_at is not None and r.due_at < now else "open", at=r.due_at, page=page,
                title=f"{r.number} {waits}", detail=f"{money(r.payable_cents)}: {r.activity}", query={key: str(r.id)},
            )
            for rows, page, key in ((requests, REQUESTS_PAGE, "request"), (claims, CLAIMS_PAGE, "claim"))
            for r in rows
        ]  # fmt: skip
    return lines
