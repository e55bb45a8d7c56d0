"""The balance of one fund over time with what a request or claim would do to it, and its months, for drawers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from sqlalchemy.orm import Session

from db.calendar.months import month_of
from db.coop import payable_rules, standing
from db.coop.balance_rules import KINDS, Line
from db.coop.flow import HOLDS, WITH_DEALER
from db.coop.fund_queries import LotLine, Statement, statement
from db.coop.payable_rules import Payable
from db.coop.queue_tables import CoopClaim, CoopRequest
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
    """A fund over time up to a day. `available` is what could be asked for on it (today, what is over and not posted
    yet is taken off); `after` is what the request or claim `of` would leave, None without one that is not decided;
    below zero the fund does not have it. `wanted` is what it would take of `available`; a claim that uses less than
    its reserve gives back, and `wanted` is negative."""

    fund_id: int
    points: tuple[Point, ...]
    today: date
    available: int
    wanted: int
    after: int | None
    of: Literal["", "request", "claim"] = ""
    is_past: bool = False


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
    session: Session, *, fund_id: int, actor: Actor, now: datetime, request_id: int | None = None,
    claim_id: int | None = None, on: date | None = None,
) -> BalanceView:  # fmt: skip
    """A fund over time up to today (or the day `on` before it), and what a request or claim of it that is not decided
    would do: take what is payable apart from what the fund has. Raises `NotFound` out of scope. A bounded number of
    statements."""
    actor.require(Permission.COOP_VIEW)
    fund = session.get(CoopFund, fund_id)
    if fund is None or not actor.scope.allows(dealer_id=fund.dealer_id, region=fund.region):
        raise NotFound("This fund")
    today = local_day(now, fund.dealer.zone)
    day = today if on is None else min(on, today)
    found = statement(session, fund_id=fund_id, on=day, scope=actor.scope)
    available = standing.available_now(session, fund, now) if day == today else found.balance.available
    wanted: int | None = None
    if request_id is not None:
        wanted = _request_takes(session, fund, request_id, now)
    elif claim_id is not None:
        wanted = _claim_takes(session, fund, claim_id, now)
    return BalanceView(
        fund_id=fund_id, points=points_of(found.lines), today=day, available=available, wanted=wanted or 0,
        after=None if wanted is None else available - wanted,
        of="" if wanted is None else "claim" if request_id is None else "request", is_past=day < today,
    )  # fmt: skip


def _request_takes(session: Session, fund: CoopFund, request_id: int, now: datetime) -> int | None:
    """What a request would reserve; None once it is decided."""
    request = session.get(CoopRequest, request_id)
    if request is None or request.fund_id != fund.id:
        raise NotFound("This request")
    if request.status not in ("in_review", *WITH_DEALER):
        return None
    programme = standing.programme_of(session, fund, request)
    return _asks(
        standing.of_request(session, fund, programme, standing.terms_of(request), now=now, request_id=request.id)
    )  # fmt: skip


def _claim_takes(session: Session, fund: CoopFund, claim_id: int, now: datetime) -> int | None:
    """What a claim would take of what is available beside its reserve; what it leaves of the reserve comes back."""
    claim = session.get(CoopClaim, claim_id)
    if claim is None or claim.fund_id != fund.id:
        raise NotFound("This claim")
    if claim.status not in ("in_review", *WITH_DEALER):
        return None
    request = session.get(CoopRequest, claim.request_id) if claim.request_id is not None else None
    holding = request if request is not None and request.status in HOLDS else None
    programme = standing.programme_of(session, fund, claim)
    found = standing.of_claim(session, fund, programme, standing.terms_of(claim), request=holding, now=now)
    held = holding.reserved_cents if holding is not None else 0
    _, rest, released = payable_rules.split(_asks(found), reserved=held)
    return rest - released


def _asks(found: Payable) -> int:
    """What would be payable if the fund had it: the lowest of the other bounds."""
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
