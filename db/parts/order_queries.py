"""Parts orders as a list and one order with its lines, for dealers (their own) and for the manufacturer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false, func, or_, select, true
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core.actor import Actor, Scope
from db.core.area import CAP, SearchResult, WorkCount, WorkLine
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.parts import rules
from db.parts.flow import ORDERS
from db.parts.tables import Dealer, Part, PartsOrder, PartsOrderLine

PAGE = 50
PAGE_FILE = "pages/parts/parts_orders.py"
Cursor = tuple[datetime, int]


@dataclass(frozen=True, kw_only=True)
class OrderFilters:
    """What the list is narrowed to; empty is everything. `late`: with an open line whose first promise has passed."""

    is_open: bool = True
    status: str = ""
    kind: str = ""
    region: str = ""
    dealer_id: int | None = None
    late: bool = False


@dataclass(frozen=True, kw_only=True)
class LineRow:
    """One line as it is shown; amounts in cents, `unit_cents` None where no price was known."""

    id: int
    version: int
    position: int
    part_id: int
    part: str
    name: str
    ordered: int
    shipped: int
    cancelled: int
    is_open: bool
    unit_cents: int | None
    warehouse: str
    required_by: date
    first_promised_on: date | None
    promised_on: date | None
    promises: int
    shipped_on: date | None
    cancel_reason: str

    @property
    def open_units(self) -> int:
        """What is neither shipped nor cancelled."""
        return self.ordered - self.shipped - self.cancelled

    def state(self, today: date) -> str:
        """The name of the line's state in `rules.LINE_STATES`."""
        return rules.line_state(
            ordered=self.ordered, shipped=self.shipped, cancelled=self.cancelled,
            first_promised_on=self.first_promised_on, promised_on=self.promised_on, today=today,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class OrderRow:
    """One order as it is shown; `lines` are filled by `get_order` only. Days are the dealer's own (`zone`)."""

    id: int
    number: str
    status: str
    version: int
    is_open: bool
    submitted_by: str
    dealer_id: int
    dealer: str
    zone: str
    region: str
    due_at: datetime
    created_at: datetime
    kind: str
    reference: str
    is_contract: bool
    ordered_on: date
    required_by: date
    note: str
    end_reason: str
    lines_count: int
    total_cents: int
    lines: tuple[LineRow, ...] = field(default=())


def _rows(scope: Scope) -> Select[*tuple[Any, ...]]:
    o = PartsOrder
    return (
        select(
            o.id, o.number, o.status, o.version, o.is_open, o.submitted_by, o.dealer_id, Dealer.name.label("dealer"),
            Dealer.zone, o.region, o.due_at, o.created_at, o.kind, o.reference, o.is_contract, o.ordered_on,
            o.required_by, o.note, o.end_reason, o.lines_count, o.total_cents,
        )
        .join(Dealer, Dealer.id == o.dealer_id)
        .where(scope.where(o.dealer_id, o.region))
    )  # fmt: skip


def _conditions(filters: OrderFilters, now: datetime) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = [PartsOrder.is_open == (true() if filters.is_open else false())]
    if filters.status:
        parts.append(PartsOrder.status == filters.status)
    if filters.kind:
        parts.append(PartsOrder.kind == filters.kind)
    if filters.region:
        parts.append(PartsOrder.region == filters.region)
    if filters.dealer_id is not None:
        parts.append(PartsOrder.dealer_id == filters.dealer_id)
    if filters.late:
        # A list over many dealers has no dealer's zone: the desk's day counts.
        parts.append(
            exists().where(
                PartsOrderLine.order_id == PartsOrder.id, PartsOrderLine.is_open == true(),
                PartsOrderLine.first_promised_on < local_day(now, DESK_ZONE),
            )
        )  # fmt: skip
    return parts


def list_orders(
    session: Session, *, actor: Actor, filters: OrderFilters, now: datetime, after: Cursor | None = None,
    limit: int = PAGE,
) -> tuple[list[OrderRow], Cursor | None]:  # fmt: skip
    """One page and the cursor of the next: open ones due first, ended ones the latest due first."""
    actor.require(Permission.PARTS_VIEW)
    query = _rows(actor.scope).where(*_conditions(filters, now))
    due = PartsOrder.due_at
    if filters.is_open:
        if after is not None:
            query = query.where(due >= after[0], or_(due > after[0], PartsOrder.id > after[1]))
        query = query.order_by(due, PartsOrder.id)
    else:
        if after is not None:
            query = query.where(due <= after[0], or_(due < after[0], PartsOrder.id < after[1]))
        query = query.order_by(due.desc(), PartsOrder.id.desc())
    found = [OrderRow(**row._asdict()) for row in session.execute(query.limit(limit + 1))]
    following = (found[limit - 1].due_at, found[limit - 1].id) if len(found) > limit else None
    return found[:limit], following


def count_orders(session: Session, *, actor: Actor, filters: OrderFilters, now: datetime) -> int:
    """How many there are, counted up to `CAP` + 1."""
    actor.require(Permission.PARTS_VIEW)
    some = select(PartsOrder.id).where(
        actor.scope.where(PartsOrder.dealer_id, PartsOrder.region), *_conditions(filters, now)
    )
    return session.scalar(select(func.count()).select_from(some.limit(CAP + 1).subquery())) or 0


def get_order(session: Session, *, item_id: int, actor: Actor, now: datetime) -> OrderRow:
    """One order with its lines for its drawer; raises `NotFound`, for another dealer's order too."""
    actor.require(Permission.PARTS_VIEW)
    row = session.execute(_rows(actor.scope).where(PartsOrder.id == item_id)).one_or_none()
    if row is None:
        raise NotFound("This order")
    line = PartsOrderLine
    lines = session.execute(
        select(
            line.id, line.version, line.position, line.part_id, Part.number.label("part"), Part.name, line.ordered,
            line.shipped, line.cancelled, line.is_open, line.unit_cents, line.warehouse, line.required_by,
            line.first_promised_on, line.promised_on, line.promises, line.shipped_on, line.cancel_reason,
        )
        .join(Part, Part.id == line.part_id)
        .where(line.order_id == item_id)
        .order_by(line.position)
    )  # fmt: skip
    return OrderRow(**row._asdict(), lines=tuple(LineRow(**one._asdict()) for one in lines))


# ---- my work and search --------------------------------------------------------------------------------------------
def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """Orders to confirm, due first: the work of the manufacturer."""
    rows, _ = list_orders(session, actor=actor, filters=OrderFilters(status="placed"), now=now, limit=limit)
    return [
        WorkLine(
            item_type="parts_order", item_id=row.id, number=row.number,
            title=f"{rules.KINDS[row.kind]} order of {row.lines_count:,} lines",
            status="Overdue" if row.due_at < now else ORDERS.state(row.status).label,
            tone="red" if row.due_at < now else ORDERS.state(row.status).tone, due_at=row.due_at,
            why="Confirm the order", page=PAGE_FILE, query={"order": str(row.id)}, dealer=row.dealer,
        )
        for row in rows
    ]  # fmt: skip


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How many orders are to be confirmed, and how many of them are overdue."""
    o = PartsOrder
    waiting = select(o.due_at).where(
        actor.scope.where(o.dealer_id, o.region), o.is_open == true(), o.status == "placed"
    )
    some = waiting.limit(CAP + 1).subquery()
    late = waiting.where(o.due_at < now).limit(CAP + 1).subquery()
    count = session.scalar(select(func.count()).select_from(some)) or 0
    overdue = session.scalar(select(func.count()).select_from(late)) or 0
    return [WorkCount(label="Parts orders", count=count, overdue=overdue, page=PAGE_FILE)] if count else []


def found_orders(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Orders of the search box, in the order found."""
    rows = {row.id: row for row in session.execute(_rows(actor.scope).where(PartsOrder.id.in_(list(ids))))}
    return [
        SearchResult(
            kind="parts_order", item_id=i, title=f"{rows[i].number} {rows[i].reference}".strip(),
            subtitle=f"{rows[i].dealer} · {rules.KINDS[rows[i].kind]} · {ORDERS.state(rows[i].status).label}",
            page=PAGE_FILE, query={"order": str(i)},
        )
        for i in ids
        if i in rows
    ]  # fmt: skip
