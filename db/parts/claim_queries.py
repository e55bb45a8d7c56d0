"""Parts claims as a queue and one claim for its drawer, what of an order can be claimed, my work, search, export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select, true
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import CAP, SearchResult, WorkCount, WorkLine
from db.core.export_files import ExportColumn
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.parts import rules
from db.parts.flow import CLAIMS
from db.parts.tables import Dealer, Part, PartsClaim, PartsOrder, PartsOrderLine

PAGE = 50
PAGE_FILE = "pages/parts/parts_claims.py"
Cursor = tuple[datetime, int]


@dataclass(frozen=True, kw_only=True)
class ClaimFilters:
    """What the queue is narrowed to; empty is everything. `late`: claimed after its window."""

    is_open: bool = True
    status: str = ""
    kind: str = ""
    region: str = ""
    dealer_id: int | None = None
    late: bool = False


@dataclass(frozen=True, kw_only=True)
class ClaimRow:
    """One parts claim as it is shown; amounts in cents, days are the dealer's own."""

    id: int
    number: str
    status: str
    version: int
    is_open: bool
    submitted_by: str
    dealer_id: int
    dealer: str
    region: str
    due_at: datetime
    created_at: datetime
    kind: str
    quantity: int
    received_on: date
    last_day: date
    is_late: bool
    description: str
    evidence: str
    amount_cents: int
    credit_cents: int
    reason_code: str
    decision_note: str
    decided_at: datetime | None
    decided_by: str
    replacement_id: int | None
    order_id: int
    order: str
    position: int
    shipped: int
    part: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Claimable:
    """A line something was shipped of."""

    line_id: int
    label: str
    shipped_on: date | None


def _rows(scope: Scope) -> Select[*tuple[Any, ...]]:
    c = PartsClaim
    return (
        select(
            c.id, c.number, c.status, c.version, c.is_open, c.submitted_by, c.dealer_id, Dealer.name.label("dealer"),
            c.region, c.due_at, c.created_at, c.kind, c.quantity, c.received_on, c.last_day, c.is_late, c.description,
            c.evidence, c.amount_cents, c.credit_cents, c.reason_code, c.decision_note, c.decided_at, c.decided_by,
            c.replacement_id, PartsOrderLine.order_id, PartsOrder.number.label("order"), PartsOrderLine.position,
            PartsOrderLine.shipped, Part.number.label("part"), Part.name,
        )
        .join(PartsOrderLine, PartsOrderLine.id == c.line_id)
        .join(PartsOrder, PartsOrder.id == PartsOrderLine.order_id)
        .join(Part, Part.id == PartsOrderLine.part_id)
        .join(Dealer, Dealer.id == c.dealer_id)
        .where(scope.where(c.dealer_id, c.region))
    )  # fmt: skip


def _conditions(filters: ClaimFilters) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = [PartsClaim.is_open == (true() if filters.is_open else false())]
    if filters.status:
        parts.append(PartsClaim.status == filters.status)
    if filters.kind:
        parts.append(PartsClaim.kind == filters.kind)
    if filters.region:
        parts.append(PartsClaim.region == filters.region)
    if filters.dealer_id is not None:
        parts.append(PartsClaim.dealer_id == filters.dealer_id)
    if filters.late:
        parts.append(PartsClaim.is_late == true())
    return parts


def list_claims(
    session: Session, *, actor: Actor, filters: ClaimFilters, after: Cursor | None = None, limit: int = PAGE
) -> tuple[list[ClaimRow], Cursor | None]:
    """One page and the cursor of the next: open ones due first, ended ones the latest due first."""
    actor.require(Permission.PARTS_VIEW)
    query = _rows(actor.scope).where(*_conditions(filters))
    due = PartsClaim.due_at
    if filters.is_open:
        if after is not None:
            query = query.where(due >= after[0], or_(due > after[0], PartsClaim.id > after[1]))
        query = query.order_by(due, PartsClaim.id)
    else:
        if after is not None:
            query = query.where(due <= after[0], or_(due < after[0], PartsClaim.id < after[1]))
        query = query.order_by(due.desc(), PartsClaim.id.desc())
    found = [ClaimRow(**row._asdict()) for row in session.execute(query.limit(limit + 1))]
    following = (found[limit - 1].due_at, found[limit - 1].id) if len(found) > limit else None
    return found[:limit], following


def count_claims(session: Session, *, actor: Actor, filters: ClaimFilters) -> int:
    """How many there are, counted up to `CAP` + 1."""
    actor.require(Permission.PARTS_VIEW)
    some = select(PartsClaim.id).where(
        actor.scope.where(PartsClaim.dealer_id, PartsClaim.region), *_conditions(filters)
    )  # fmt: skip
    return session.scalar(select(func.count()).select_from(some.limit(CAP + 1).subquery())) or 0


def get_claim(session: Session, *, item_id: int, actor: Actor, now: datetime) -> ClaimRow:
    """One claim for its drawer; raises `NotFound`, for another dealer's claim too."""
    actor.require(Permission.PARTS_VIEW)
    row = session.execute(_rows(actor.scope).where(PartsClaim.id == item_id)).one_or_none()
    if row is None:
        raise NotFound("This claim")
    return ClaimRow(**row._asdict())


def claimable_lines(session: Session, *, number: str, actor: Actor) -> list[Claimable]:
    """The shipped lines of the order with this number (ours or the dealer's own); empty out of scope."""
    actor.require(Permission.PARTS_CLAIM)
    wanted, line = number.strip(), PartsOrderLine
    if not wanted:
        return []
    rows = session.execute(
        select(line.id, line.position, line.shipped, line.shipped_on, Part.number, PartsOrder.number.label("order"))
        .join(PartsOrder, PartsOrder.id == line.order_id)
        .join(Part, Part.id == line.part_id)
        .where(
            or_(PartsOrder.number == wanted.upper(), PartsOrder.reference == wanted), line.shipped > 0,
            actor.scope.where(line.dealer_id, line.region),
        )
        .order_by(line.order_id, line.position)
        .limit(200)
    )  # fmt: skip
    return [
        Claimable(
            line_id=r.id, label=f"{r.order} line {r.position}: {r.number}, {r.shipped:,} shipped",
            shipped_on=r.shipped_on,
        )
        for r in rows
    ]  # fmt: skip


# ---- my work, search, export ---------------------------------------------------------------------------------------
def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """Claims to decide for the manufacturer, questions to answer for the dealer; due first."""
    decides = actor.can(Permission.PARTS_DECIDE)
    filters = ClaimFilters(status="sent_in" if decides else "asked")
    rows, _ = list_claims(session, actor=actor, filters=filters, limit=limit)
    return [
        WorkLine(
            item_type="parts_claim", item_id=row.id, number=row.number,
            title=f"{rules.CLAIM_KINDS[row.kind]}: {row.quantity:,} of {row.part}",
            status="Overdue" if row.due_at < now else CLAIMS.state(row.status).label,
            tone="red" if row.due_at < now else CLAIMS.state(row.status).tone, due_at=row.due_at,
            why="Decide the claim" if decides else "Answer the question", page=PAGE_FILE,
            query={"claim": str(row.id)}, dealer=row.dealer,
        )
        for row in rows
    ]  # fmt: skip


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How many claims wait for this actor, and how many of them are overdue."""
    c, status = PartsClaim, "sent_in" if actor.can(Permission.PARTS_DECIDE) else "asked"
    waiting = select(c.id).where(actor.scope.where(c.dealer_id, c.region), c.is_open == true(), c.status == status)
    some = waiting.limit(CAP + 1).subquery()
    late = waiting.where(c.due_at < now).limit(CAP + 1).subquery()
    count = session.scalar(select(func.count()).select_from(some)) or 0
    overdue = session.scalar(select(func.count()).select_from(late)) or 0
    return [WorkCount(label="Parts claims", count=count, overdue=overdue, page=PAGE_FILE)] if count else []


def found_claims(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Parts claims of the search box, in the order found."""
    rows = {row.id: row for row in session.execute(_rows(actor.scope).where(PartsClaim.id.in_(list(ids))))}
    return [
        SearchResult(
            kind="parts_claim", item_id=i, title=f"{rows[i].number} {rules.CLAIM_KINDS[rows[i].kind]}",
            subtitle=f"{rows[i].dealer} · {rows[i].part} · {CLAIMS.state(rows[i].status).label}", page=PAGE_FILE,
            query={"claim": str(i)},
        )
        for i in ids
        if i in rows
    ]  # fmt: skip


COLUMNS = (
    ExportColumn(name="order", label="Order"),
    ExportColumn(name="reference", label="Dealer's number"),
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="kind", label="Kind"),
    ExportColumn(name="line", label="Line", kind="integer"),
    ExportColumn(name="part", label="Part"),
    ExportColumn(name="ordered_on", label="Ordered on", kind="date"),
    ExportColumn(name="required_by", label="Needed by", kind="date"),
    ExportColumn(name="ordered", label="Ordered", kind="integer"),
    ExportColumn(name="shipped", label="Shipped", kind="integer"),
    ExportColumn(name="cancelled", label="Cancelled", kind="integer"),
    ExportColumn(name="first_promised_on", label="First promise", kind="date"),
    ExportColumn(name="promised_on", label="Promise now", kind="date"),
    ExportColumn(name="promises", label="Promises", kind="integer"),
)


def export_lines(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple an order line in the order of `COLUMNS`, oldest first; filters kind, region, dealer_id, open."""
    line = PartsOrderLine
    query = (
        select(
            PartsOrder.number, PartsOrder.reference, Dealer.code, Dealer.name, PartsOrder.kind, line.position,
            Part.number.label("part"), line.ordered_on, line.required_by, line.ordered, line.shipped, line.cancelled,
            line.first_promised_on, line.promised_on, line.promises,
        )
        .join(PartsOrder, PartsOrder.id == line.order_id)
        .join(Part, Part.id == line.part_id)
        .join(Dealer, Dealer.id == line.dealer_id)
        .where(scope.where(line.dealer_id, line.region))
        .order_by(line.id)
    )  # fmt: skip
    if filters.get("kind") in rules.RANKS:
        query = query.where(line.rank == rules.RANKS[str(filters["kind"])])
    if filters.get("region"):
        query = query.where(line.region == str(filters["region"]))
    if str(filters.get("dealer_id") or "").isdecimal():
        query = query.where(line.dealer_id == int(filters["dealer_id"]))
    if filters.get("open"):
        query = query.where(line.is_open == true())
    for row in session.execute(query.execution_options(yield_per=500)):
        number, reference, code, dealer, kind, *rest = row
        yield (number, reference, code, dealer, rules.KINDS[kind], *rest)
