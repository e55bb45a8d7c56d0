"""What is late and how late: open lines by age, the promises of a line, who waits, parts at risk.

Lists over many dealers count days by the desk's zone (`DESK_ZONE`); a line's own days are the dealer's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select, true
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core.actor import Actor, Scope
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.parts import rules
from db.parts.record import facts_of_stock
from db.parts.tables import Dealer, Part, PartsOrder, PartsOrderLine, PartsPromise, PartsStock

PAGE = 50
Cursor = tuple[int, date, int]
WEIGHT_OF_RANK = {rules.RANKS[kind]: weight for kind, weight in rules.WEIGHTS.items()}


@dataclass(frozen=True, kw_only=True)
class BackorderFilters:
    """What is narrowed to; `bucket` is a name of `rules.BUCKETS`."""

    bucket: str = ""
    kind: str = ""
    region: str = ""
    dealer_id: int | None = None
    part: str = ""


@dataclass(frozen=True, kw_only=True)
class BackorderRow:
    """One open line that is late, in units; `age` in days since the order, `weight` by its kind."""

    id: int
    version: int
    order_id: int
    order: str
    position: int
    part_id: int
    part: str
    name: str
    dealer_id: int
    dealer: str
    rank: int
    is_contract: bool
    ordered_on: date
    required_by: date
    open_units: int
    first_promised_on: date | None
    promised_on: date | None
    promises: int
    age: int

    @property
    def kind(self) -> str:
        """The kind of its order."""
        return rules.KIND_OF_RANK[self.rank]

    @property
    def weight(self) -> int:
        """How much it counts: a vehicle that stands counts most."""
        return rules.WEIGHTS[self.kind]

    @property
    def bucket(self) -> str:
        """Its age group."""
        return rules.bucket(self.age)

    @property
    def slipped(self) -> int | None:
        """Days the promise of now lies after the first one; None without a promise."""
        if self.promised_on is None or self.first_promised_on is None:
            return None
        return (self.promised_on - self.first_promised_on).days

    def state(self, today: date) -> str:
        """The name of the line's state in `rules.LINE_STATES`."""
        return rules.line_state(
            ordered=self.open_units, shipped=0, cancelled=0, first_promised_on=self.first_promised_on,
            promised_on=self.promised_on, today=today,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class AgeGroup:
    """What is late within one age group."""

    bucket: str
    lines: int = 0
    units: int = 0
    weighted: int = 0
    vehicles_down: int = 0


@dataclass(frozen=True, kw_only=True)
class PromiseRow:
    """One day that was promised for a line; slips in days, negative is earlier."""

    position: int
    promised_on: date
    slip_last: int
    slip_first: int
    cause: str
    reason: str
    said_by: str
    said_at: datetime


@dataclass(frozen=True, kw_only=True)
class StockRisk:
    """A part at a warehouse that demand outruns, with the reasons in sentences."""

    part_id: int
    part: str
    name: str
    warehouse: str
    on_hand: int
    oversold: int
    in_transit: int
    lead_time_days: int | None
    shortfall: int
    reasons: tuple[str, ...]


def _late(today: date) -> list[ColumnElement[bool]]:
    line = PartsOrderLine
    return [line.is_open == true(), or_(line.first_promised_on.is_(None), line.first_promised_on < today)]


def _conditions(filters: BackorderFilters, today: date) -> list[ColumnElement[bool]]:
    line = PartsOrderLine
    parts: list[ColumnElement[bool]] = []
    for name, low, high in rules.BUCKETS:
        if name == filters.bucket:
            if low:
                parts.append(line.ordered_on <= today - timedelta(days=low))
            if high is not None:
                parts.append(line.ordered_on >= today - timedelta(days=high))
    if filters.kind in rules.RANKS:
        parts.append(line.rank == rules.RANKS[filters.kind])
    if filters.region:
        parts.append(line.region == filters.region)
    if filters.dealer_id is not None:
        parts.append(line.dealer_id == filters.dealer_id)
    if filters.part:
        number = filters.part.strip().upper()
        parts.append(line.part_id.in_(select(Part.id).where(Part.number.startswith(number, autoescape=True))))
    return parts


def _rows(scope: Scope) -> Select[*tuple[Any, ...]]:
    line = PartsOrderLine
    return (
        select(
            line.id, line.version, line.order_id, PartsOrder.number.label("order"), line.position, line.part_id,
            Part.number.label("part"), Part.name, line.dealer_id, Dealer.name.label("dealer"), line.rank,
            line.is_contract, line.ordered_on, line.required_by,
            (line.ordered - line.shipped - line.cancelled).label("open_units"), line.first_promised_on,
            line.promised_on, line.promises,
        )
        .join(PartsOrder, PartsOrder.id == line.order_id)
        .join(Part, Part.id == line.part_id)
        .join(Dealer, Dealer.id == line.dealer_id)
        .where(scope.where(line.dealer_id, line.region))
    )  # fmt: skip


def _shown(row: Any, today: date) -> BackorderRow:
    return BackorderRow(**row._asdict(), age=max(0, (today - row.ordered_on).days))


def list_backorders(
    session: Session, *, actor: Actor, filters: BackorderFilters, now: datetime, after: Cursor | None = None,
    limit: int = PAGE,
) -> tuple[list[BackorderRow], Cursor | None]:  # fmt: skip
    """One page of late lines, vehicles that stand first, then the oldest; and the cursor of the next page."""
    actor.require(Permission.PARTS_VIEW)
    today, line = local_day(now, DESK_ZONE), PartsOrderLine
    query = _rows(actor.scope).where(*_late(today), *_conditions(filters, today))
    if after is not None:
        rank, day, last = after
        query = query.where(
            line.rank >= rank,
            or_(
                line.rank > rank, line.ordered_on > day, (line.ordered_on == day) & (line.id > last),
            ),
        )  # fmt: skip
    query = query.order_by(line.rank, line.ordered_on, line.id)
    found = [_shown(row, today) for row in session.execute(query.limit(limit + 1))]
    edge = found[limit - 1] if len(found) > limit else None
    return found[:limit], (edge.rank, edge.ordered_on, edge.id) if edge else None


def ageing(session: Session, *, actor: Actor, filters: BackorderFilters, now: datetime) -> list[AgeGroup]:
    """Late lines by age, every group in order, empty ones too; the filters' own age group is not asked."""
    actor.require(Permission.PARTS_VIEW)
    today, line = local_day(now, DESK_ZONE), PartsOrderLine
    narrowed = BackorderFilters(
        kind=filters.kind, region=filters.region, dealer_id=filters.dealer_id, part=filters.part
    )
    group = case(
        *(
            (line.ordered_on >= today - timedelta(days=high), name)
            for name, _, high in rules.BUCKETS
            if high is not None
        ),
        else_=rules.BUCKETS[-1][0],
    ).label("bucket")
    rows = session.execute(
        select(
            group, func.count().label("lines"), func.sum(line.ordered - line.shipped - line.cancelled).label("units"),
            func.sum(case(WEIGHT_OF_RANK, value=line.rank, else_=1)).label("weighted"),
            func.sum(case((line.rank == 0, 1), else_=0)).label("vehicles_down"),
        )
        .where(
            actor.scope.where(line.dealer_id, line.region), *_late(today), *_conditions(narrowed, today)
        )
        .group_by(group)
    )  # fmt: skip
    found = {
        row.bucket: AgeGroup(
            bucket=row.bucket, lines=row.lines, units=int(row.units), weighted=int(row.weighted),
            vehicles_down=int(row.vehicles_down),
        )
        for row in rows
    }  # fmt: skip
    return [found.get(name, AgeGroup(bucket=name)) for name, _, _ in rules.BUCKETS]


def get_line(session: Session, *, line_id: int, actor: Actor, now: datetime) -> BackorderRow:
    """One line, late or not; raises `NotFound`, for another dealer's line too."""
    actor.require(Permission.PARTS_VIEW)
    row = session.execute(_rows(actor.scope).where(PartsOrderLine.id == line_id)).one_or_none()
    if row is None:
        raise NotFound("This line")
    return _shown(row, local_day(now, DESK_ZONE))


def promises_of(session: Session, *, line_id: int, actor: Actor) -> list[PromiseRow]:
    """Every day that was promised for a line, the first one first; empty out of scope."""
    actor.require(Permission.PARTS_VIEW)
    p = PartsPromise
    rows = session.execute(
        select(
            p.position, p.promised_on, p.slip_last, p.slip_first, p.cause, p.reason, p.said_by, p.said_at
        )
        .where(p.line_id == line_id, actor.scope.where(p.dealer_id, p.region))
        .order_by(p.position)
    )  # fmt: skip
    return [PromiseRow(**row._asdict()) for row in rows]


def waiting_for(
    session: Session, *, part_id: int, actor: Actor, now: datetime, limit: int = PAGE
) -> list[BackorderRow]:  # fmt: skip
    """Every open line of a part, late or not, vehicles that stand first."""
    actor.require(Permission.PARTS_VIEW)
    line = PartsOrderLine
    query = _rows(actor.scope).where(line.part_id == part_id, line.is_open == true())
    rows = session.execute(query.order_by(line.rank, line.ordered_on, line.id).limit(limit))
    return [_shown(row, local_day(now, DESK_ZONE)) for row in rows]


def stock_risks(session: Session, *, actor: Actor, part: str = "", limit: int = PAGE) -> list[StockRisk]:
    """Parts whose demand outruns the stock, the largest shortfall first. Stock is the manufacturer's own."""
    actor.require(Permission.PARTS_MANAGE)
    query = select(PartsStock, Part.number, Part.name).join(Part, Part.id == PartsStock.part_id)
    query = query.where(PartsStock.shortfall > 0)
    if part:
        query = query.where(Part.number.startswith(part.strip().upper(), autoescape=True))
    rows = session.execute(query.order_by(PartsStock.shortfall.desc(), PartsStock.id.desc()).limit(limit))
    return [
        StockRisk(
            part_id=s.part_id, part=number, name=name, warehouse=s.warehouse, on_hand=s.on_hand, oversold=s.oversold,
            in_transit=s.in_transit, lead_time_days=s.lead_time_days, shortfall=s.shortfall,
            reasons=tuple(rules.risk_reasons(facts_of_stock(s))),
        )
        for s, number, name in rows
    ]  # fmt: skip


def stock_of(session: Session, *, part_id: int, actor: Actor) -> Mapping[str, int]:
    """Units on hand of a part by warehouse: where a line can be shipped from."""
    actor.require(Permission.PARTS_MANAGE)
    rows = session.execute(
        select(PartsStock.warehouse, PartsStock.on_hand)
        .where(PartsStock.part_id == part_id)
        .order_by(PartsStock.warehouse)
    )
    return {row.warehouse: row.on_hand for row in rows}
