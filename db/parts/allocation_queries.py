"""The proposal for a part that is short, what was allocated before, and which parts are short with stock on hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.parts import rules
from db.parts.allocation_rules import Request, allocate
from db.parts.tables import (
    Dealer,
    Part,
    PartsAllocation,
    PartsAllocationLine,
    PartsOrder,
    PartsOrderLine,
    PartsStock,
)

DEMAND_DAYS = 90


@dataclass(frozen=True, kw_only=True)
class ProposedRow:
    """One line of a proposal."""

    line_id: int
    version: int
    order: str
    position: int
    dealer: str
    kind: str
    is_contract: bool
    ordered_on: date
    requested: int
    demand: int
    allocated: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Who would get what, from the stock and the lines as they are now."""

    part_id: int
    part: str
    warehouse: str
    available: int
    requested: int
    allocated: int
    stock_version: int
    rows: tuple[ProposedRow, ...]

    @property
    def seen_lines(self) -> dict[int, int]:
        """What a confirmation says it has seen."""
        return {row.line_id: row.version for row in self.rows}


@dataclass(frozen=True, kw_only=True)
class ShortPart:
    """A part more is open of than one warehouse has, with units to share out."""

    part_id: int
    part: str
    name: str
    warehouse: str
    on_hand: int
    open_units: int
    lines: int


@dataclass(frozen=True, kw_only=True)
class AllocationLine:
    """What a line got in an allocation that was confirmed."""

    number: str
    part: str
    decided_at: datetime
    decided_by: str
    order: str
    dealer: str
    requested: int
    allocated: int
    why: str


def propose(session: Session, *, part_id: int, warehouse: str, actor: Actor, now: datetime) -> Proposal:
    """The shares of all open lines of a part within the actor's scope; raises `NotFound` without stock figures."""
    actor.require(Permission.PARTS_MANAGE)
    stock = session.execute(
        select(PartsStock.on_hand, PartsStock.version, Part.number)
        .join(Part, Part.id == PartsStock.part_id)
        .where(PartsStock.part_id == part_id, PartsStock.warehouse == warehouse)
    ).one_or_none()
    if stock is None:
        raise NotFound("This stock")
    since = local_day(now, DESK_ZONE) - timedelta(days=DEMAND_DAYS)  # a window of the network has no dealer's zone
    demand = (
        select(PartsOrderLine.dealer_id, func.sum(PartsOrderLine.ordered).label("units"))
        .where(PartsOrderLine.part_id == part_id, PartsOrderLine.ordered_on > since)
        .group_by(PartsOrderLine.dealer_id)
        .subquery()
    )
    line = PartsOrderLine
    rows = session.execute(
        select(
            line.id, line.version, line.position, line.rank, line.is_contract, line.ordered_on,
            (line.ordered - line.shipped - line.cancelled).label("rest"), PartsOrder.number,
            Dealer.name, func.coalesce(demand.c.units, 0).label("demand"),
        )
        .join(PartsOrder, PartsOrder.id == line.order_id)
        .join(Dealer, Dealer.id == line.dealer_id)
        .outerjoin(demand, demand.c.dealer_id == line.dealer_id)
        .where(
            line.part_id == part_id, line.is_open == true(), actor.scope.where(line.dealer_id, line.region)
        )
        .order_by(line.id)
    ).all()  # fmt: skip
    by_id = {row.id: row for row in rows}
    shares = allocate(
        stock.on_hand,
        [
            Request(
                key=row.id, quantity=row.rest, demand=row.demand, since=row.ordered_on,
                group="vehicle_down" if row.rank == 0 else "contract" if row.is_contract else "other",
            )
            for row in rows
        ],
    )  # fmt: skip
    proposed = tuple(
        ProposedRow(
            line_id=s.key, version=by_id[s.key].version, order=by_id[s.key].number, position=by_id[s.key].position,
            dealer=by_id[s.key].name, kind=rules.KIND_OF_RANK[by_id[s.key].rank],
            is_contract=by_id[s.key].is_contract, ordered_on=by_id[s.key].ordered_on, requested=by_id[s.key].rest,
            demand=by_id[s.key].demand, allocated=s.quantity, why=s.why,
        )
        for s in shares
    )  # fmt: skip
    return Proposal(
        part_id=part_id, part=stock.number, warehouse=warehouse, available=stock.on_hand,
        requested=sum(row.requested for row in proposed), allocated=sum(row.allocated for row in proposed),
        stock_version=stock.version, rows=proposed,
    )  # fmt: skip


def short_parts(session: Session, *, actor: Actor, limit: int = 50) -> list[ShortPart]:
    """Parts with units on hand and more open than that, most open first: what waits to be shared out."""
    actor.require(Permission.PARTS_MANAGE)
    line = PartsOrderLine
    waiting = (
        select(
            line.part_id, func.sum(line.ordered - line.shipped - line.cancelled).label("units"),
            func.count().label("lines"),
        )
        .where(line.is_open == true(), actor.scope.where(line.dealer_id, line.region))
        .group_by(line.part_id)
        .subquery()
    )  # fmt: skip
    rows = session.execute(
        select(
            Part.id.label("part_id"), Part.number.label("part"), Part.name, PartsStock.warehouse, PartsStock.on_hand,
            waiting.c.units.label("open_units"), waiting.c.lines,
        )
        .join(PartsStock, PartsStock.part_id == Part.id)
        .join(waiting, waiting.c.part_id == Part.id)
        .where(PartsStock.on_hand > 0, waiting.c.units > PartsStock.on_hand)
        .order_by(waiting.c.units.desc(), Part.number, PartsStock.warehouse)
        .limit(limit)
    )  # fmt: skip
    return [ShortPart(**row._asdict()) for row in rows]


def allocation_lines(session: Session, *, actor: Actor, limit: int = 100) -> list[AllocationLine]:
    """What was allocated to the dealers of the actor's scope, the newest first."""
    actor.require(Permission.PARTS_VIEW)
    one = PartsAllocationLine
    rows = session.execute(
        select(
            PartsAllocation.number, Part.number.label("part"), PartsAllocation.decided_at, PartsAllocation.decided_by,
            PartsOrder.number.label("order"), Dealer.name.label("dealer"), one.requested, one.allocated, one.why,
        )
        .join(PartsAllocation, PartsAllocation.id == one.allocation_id)
        .join(Part, Part.id == PartsAllocation.part_id)
        .join(PartsOrderLine, PartsOrderLine.id == one.line_id)
        .join(PartsOrder, PartsOrder.id == PartsOrderLine.order_id)
        .join(Dealer, Dealer.id == one.dealer_id)
        .where(actor.scope.where(one.dealer_id, one.region))
        .order_by(one.id.desc())
        .limit(limit)
    )  # fmt: skip
    return [AllocationLine(**row._asdict()) for row in rows]
