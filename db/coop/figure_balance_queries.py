"""The balance of one fund over time with what a request would do to it, and its months, for the charts of a drawer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from db.coop import standing
from db.coop.balance_rules import KINDS, Line
from db.coop.figure_rules import month_of
from db.coop.fund_queries import LotLine, Statement, statement
from db.coop.queue_tables import CoopRequest
from db.coop.say_rules import money
from db.coop.tables import CoopFund
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound

MOST_POINTS: Final = 400
MONTH_KINDS: Final = {"accrual": "accrued", "reserve": "reserved", "claim": "approved", "payment": "paid"}


@dataclass(frozen=True, kw_only=True)
class Point:
    """What was available at the end of a day, in cents, and what happened on it; days are the dealer's."""

    day: date
    cents: int
    sentence: str


@dataclass(frozen=True, kw_only=True)
class BalanceView:
    """A fund over time. `available` is what can be asked for now (what is over and not posted yet is taken off);
    `after` is what a request would leave, None without one that waits; below zero the fund does not have it."""

    fund_id: int
    points: tuple[Point, ...]
    today: date
    available: int
    wanted: int
    after: int | None


@dataclass(frozen=True, kw_only=True)
class MonthLine:
    """One month of a fund, in cents. `expiring` is what expired in it, or what is left in lots that end in it."""

    month: date
    accrued: int = 0
    reserved: int = 0
    approved: int = 0
    paid: int = 0
    expiring: int = 0


def points_of(lines: Iterable[Line]) -> tuple[Point, ...]:
    """One point a day: what was available after its last entry, and its entries in words; of more than 400 the last."""
    found: dict[date, Point] = {}
    for line in lines:
        entry = line.entry
        said = f"{KINDS[entry.kind]} {money(abs(entry.cents))}" + (f" ({entry.number})" if entry.number else "")
        before = found.get(entry.day)
        sentence = f"{before.sentence}, {said}" if before and len(before.sentence) < 160 else said
        found[entry.day] = Point(day=entry.day, cents=line.available, sentence=sentence)
    return tuple(sorted(found.values(), key=lambda p: p.day))[-MOST_POINTS:]


def balance_view(
    session: Session, *, fund_id: int, actor: Actor, now: datetime, request_id: int | None = None
) -> BalanceView:
    """A fund over time up to today, and what a request of it that is not decided would do: it would reserve what is
    payable apart from what the fund has. Raises `NotFound` out of scope. Four statements."""
    actor.require(Permission.COOP_VIEW)
    fund = session.get(CoopFund, fund_id)
    if fund is None or not actor.scope.allows(dealer_id=fund.dealer_id, region=fund.region):
        raise NotFound("This fund")
    today = local_day(now, fund.dealer.zone)
    found = statement(session, fund_id=fund_id, on=today, scope=actor.scope)
    available = standing.available_now(session, fund, now)
    wanted, after = 0, None
    if request_id is not None:
        request = session.get(CoopRequest, request_id)
        if request is None or request.fund_id != fund_id:
            raise NotFound("This request")
        if request.status in ("entered", "returned", "in_review"):
            wanted = wanted_cents(session, fund, request, now)
            after = available - wanted
    return BalanceView(
        fund_id=fund_id, points=points_of(found.lines), today=today, available=available, wanted=wanted, after=after
    )


def wanted_cents(session: Session, fund: CoopFund, request: CoopRequest, now: datetime) -> int:
    """What an undecided request would reserve if the fund had it: the lowest of its other bounds."""
    programme = standing.programme_of(session, fund, request)
    found = standing.of_request(
        session, fund, programme, standing.terms_of(request), now=now, request_id=request.id
    )  # fmt: skip
    return min(b.cents for b in found.bounds if b.name != "available")


def month_lines(found: Statement) -> tuple[MonthLine, ...]:
    """The months of a statement, oldest first, with those to come in which a lot of it ends.

    Reserves count in full in the month they were made; reversals are taken off accruals and approvals.
    """
    cells: dict[date, dict[str, int]] = {}

    def add(day: date, name: str, cents: int) -> None:
        cell = cells.setdefault(month_of(day), {})
        cell[name] = cell.get(name, 0) + cents

    for line in found.lines:
        entry = line.entry
        if entry.kind in MONTH_KINDS:
            add(entry.day, MONTH_KINDS[entry.kind], entry.cents)
        elif entry.kind == "expiry":
            add(entry.day, "expiring", entry.cents)
        elif entry.kind == "reversal":
            add(entry.day, "approved" if entry.of_kind == "claim" else "accrued", -entry.cents)
    for lot in found.lots:
        if _ends(lot, found.on):
            add(lot.expires_on, "expiring", lot.left_cents)
    return tuple(MonthLine(month=month, **cells[month]) for month in sorted(cells))


def _ends(lot: LotLine, on: date) -> bool:
    return lot.left_cents > 0 and lot.expires_on >= on
