"""Promises that moved: each slip of each line, the newest first, and by whom lines were made late (decision 0051)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.parts import rules
from db.parts.tables import Dealer, Part, PartsOrder, PartsOrderLine, PartsPromise

PAGE = 50
Cursor = int


@dataclass(frozen=True, kw_only=True)
class SlipFilters:
    """What is narrowed to; empty is everything. `cause` is of `rules.CAUSES`, `since` the moment it was said after."""

    cause: str = ""
    kind: str = ""
    region: str = ""
    dealer_id: int | None = None
    part: str = ""
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class SlipRow:
    """One promise that moved to a later day: from when to when, days against the one before and against the first."""

    id: int
    line_id: int
    order: str
    position: int
    part: str
    name: str
    dealer: str
    rank: int
    is_open: bool
    promised_on: date
    slip_last: int
    slip_first: int
    cause: str
    reason: str
    said_by: str
    said_at: datetime

    @property
    def before(self) -> date:
        """The day that was promised before."""
        return self.promised_on - timedelta(days=self.slip_last)

    @property
    def kind(self) -> str:
        """The kind of its order."""
        return rules.KIND_OF_RANK[self.rank]


@dataclass(frozen=True, kw_only=True)
class CauseLine:
    """How often somebody made a promise slip, on how many lines, by how many days in all."""

    cause: str
    slips: int
    lines: int
    days: int

    @property
    def mean_days(self) -> float:
        """Days of one slip."""
        return self.days / self.slips


def _conditions(actor: Actor, filters: SlipFilters) -> list[ColumnElement[bool]]:
    p, line = PartsPromise, PartsOrderLine
    parts: list[ColumnElement[bool]] = [actor.scope.where(p.dealer_id, p.region), p.slip_last > 0]
    if filters.cause:
        parts.append(p.cause == filters.cause)
    if filters.region:
        parts.append(p.region == filters.region)
    if filters.dealer_id is not None:
        parts.append(p.dealer_id == filters.dealer_id)
    if filters.since is not None:
        parts.append(p.said_at >= filters.since)
    if filters.kind in rules.RANKS:
        parts.append(line.rank == rules.RANKS[filters.kind])
    if filters.part:
        parts.append(Part.number.startswith(filters.part.strip().upper(), autoescape=True))
    return parts


def list_slips(
    session: Session, *, actor: Actor, filters: SlipFilters, after: Cursor | None = None, limit: int = PAGE
) -> tuple[list[SlipRow], Cursor | None]:
    """One page of promises moved to a later day, said last first, and the cursor of the next."""
    actor.require(Permission.PARTS_VIEW)
    p, line = PartsPromise, PartsOrderLine
    query = (
        select(
            p.id, p.line_id, PartsOrder.number.label("order"), line.position, Part.number.label("part"), Part.name,
            Dealer.name.label("dealer"), line.rank, line.is_open, p.promised_on, p.slip_last, p.slip_first, p.cause,
            p.reason, p.said_by, p.said_at,
        )
        .join(line, line.id == p.line_id)
        .join(PartsOrder, PartsOrder.id == line.order_id)
        .join(Part, Part.id == p.part_id)
        .join(Dealer, Dealer.id == p.dealer_id)
        .where(*_conditions(actor, filters))
    )  # fmt: skip
    if after is not None:
        query = query.where(p.id < after)
    rows: list[Any] = list(session.execute(query.order_by(p.id.desc()).limit(limit + 1)))
    found = [SlipRow(**row._asdict()) for row in rows[:limit]]
    return found, found[-1].id if len(rows) > limit else None


def slips_by_cause(session: Session, *, actor: Actor, filters: SlipFilters) -> list[CauseLine]:
    """Who made promises slip how often, the most often first; the filters' own cause is not asked."""
    actor.require(Permission.PARTS_VIEW)
    p, line = PartsPromise, PartsOrderLine
    without = SlipFilters(
        kind=filters.kind, region=filters.region, dealer_id=filters.dealer_id, part=filters.part, since=filters.since
    )
    query = select(
        p.cause, func.count().label("slips"), func.count(p.line_id.distinct()).label("lines"),
        func.sum(p.slip_last).label("days"),
    ).where(*_conditions(actor, without))  # fmt: skip
    if filters.kind in rules.RANKS:
        query = query.join(line, line.id == p.line_id)
    if filters.part:
        query = query.join(Part, Part.id == p.part_id)
    rows = session.execute(query.group_by(p.cause).order_by(func.count().desc(), p.cause))
    return [CauseLine(cause=r.cause, slips=int(r.slips), lines=int(r.lines), days=int(r.days)) for r in rows]
