"""Price requests in My work, in the search box, and at one dealer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.area import DealerLine, SearchResult, WorkCount, WorkLine
from db.core.permissions import Permission
from db.dealers.tables import Dealer
from db.pricing.band_rules import money, percent
from db.pricing.flow import FLOW
from db.pricing.record import ITEM
from db.pricing.request_queries import RequestFilters, RequestRow, count_requests, list_requests
from db.pricing.tables import PriceRequest

PAGE_FILE = "pages/incentives/price_requests.py"
LOOK_BACK = timedelta(days=90)
_MOST = 12
MINE = RequestFilters(view="mine")


def _title(row: RequestRow) -> str:
    return f"{percent(row.percent)} off {row.subject}, {money(row.total_cents)}"


def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """The requests this actor may sign now, due first, those of people stood in for too."""
    if not actor.can(Permission.PRICING_DECIDE):
        return []
    rows, _ = list_requests(session, actor=actor, now=now, filters=MINE, limit=limit)
    state = FLOW.state("in_review")
    return [
        WorkLine(
            item_type=ITEM, item_id=r.id, number=r.number, title=_title(r), status=state.label, tone=state.tone,
            due_at=r.due_at, why="Approve", page=PAGE_FILE, query={"request": str(r.id)}, dealer=r.dealer,
        )
        for r in rows
    ]  # fmt: skip


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How many this actor may sign now."""
    if not actor.can(Permission.PRICING_DECIDE):
        return []
    count = count_requests(session, actor=actor, now=now, filters=MINE)
    overdue = count_requests(session, actor=actor, now=now, filters=MINE, due_before=now)
    query = {"price_view": "mine"}
    return [WorkCount(label="Price requests to sign", count=count, overdue=overdue, page=PAGE_FILE, query=query)]


def found_requests(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Search hits as lines, in the order of `ids`."""
    rows = session.execute(
        select(PriceRequest.id, PriceRequest.number, PriceRequest.subject, PriceRequest.status, Dealer.name)
        .join(Dealer, Dealer.id == PriceRequest.dealer_id)
        .where(PriceRequest.id.in_(list(ids)), actor.scope.where(PriceRequest.dealer_id, PriceRequest.region))
    )
    found = {row.id: row for row in rows}
    return [
        SearchResult(
            kind=ITEM, item_id=i, title=f"{found[i].number} {found[i].subject}",
            subtitle=f"{found[i].name}, {FLOW.state(found[i].status).label.lower()}", page=PAGE_FILE,
            query={"request": str(i)},
        )
        for i in ids
        if i in found
    ]  # fmt: skip


def dealer_lines(
    session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None
) -> list[DealerLine]:
    """Requests of a dealer that wait, and what was decided since the last contact (without one: in 90 days)."""
    filters = RequestFilters(view="waiting", dealer_id=dealer_id)
    waiting, _ = list_requests(session, actor=actor, now=now, filters=filters, limit=_MOST)
    lines = [
        DealerLine(
            kind="overdue" if r.due_at is not None and r.due_at < now else "open", at=r.due_at, page=PAGE_FILE,
            title=f"{_title(r)} waits for approval", detail=f"Level {r.waits}", query={"request": str(r.id)},
        )
        for r in waiting
    ]  # fmt: skip
    decided = session.execute(
        select(PriceRequest.id, PriceRequest.number, PriceRequest.subject, PriceRequest.status, PriceRequest.updated_at)
        .where(
            PriceRequest.dealer_id == dealer_id, actor.scope.where(PriceRequest.dealer_id, PriceRequest.region),
            PriceRequest.status != "in_review", PriceRequest.updated_at > (since or now - LOOK_BACK),
        )
        .order_by(PriceRequest.updated_at.desc(), PriceRequest.id.desc())
        .limit(_MOST)
    )  # fmt: skip
    lines += [
        DealerLine(
            kind="changed", at=r.updated_at, page=PAGE_FILE, query={"request": str(r.id)},
            title=f"{r.number} for {r.subject} was {FLOW.state(r.status).label.lower()}",
        )
        for r in decided
    ]  # fmt: skip
    return lines
