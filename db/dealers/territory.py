"""Stored territory: giving and taking areas by the day, and the one place that refuses a second owner.

Every change of an area passes `give` or `take`. Both hold the lock "territory" until the transaction ends, so that two
people who give one area to two dealers at the same moment cannot both succeed, on PostgreSQL either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from db.core.actor import EVERYTHING, Scope
from db.core.labels import local_day
from db.core.locks import hold
from db.core.problems import Problem, Refused
from db.dealers.tables import Dealer, DealerTerritory
from db.dealers.territory_rules import (
    Period,
    common,
    day_label,
    days_label,
    in_order,
    prefix_list,
    with_period,
    without_period,
)

LOCK = "territory"
FIELD = "territories"
RULE = "domain-rules 2.2 C 3"
_CHUNK = 500
_MOST_NAMED = 8


@dataclass(frozen=True, kw_only=True)
class Holding:
    """One dealer's hold on one prefix."""

    dealer_id: int
    code: str
    name: str
    region: str
    prefix: str
    period: Period


def counts() -> ColumnElement[bool]:
    """Whether an area's row says the truth: termination ends areas, but data from before that rule has open ones."""
    return or_(Dealer.status != "terminated", DealerTerritory.valid_to.is_not(None))


def holdings(session: Session, prefixes: Iterable[str]) -> dict[str, list[Holding]]:
    """Who holds each prefix when."""
    found: dict[str, list[Holding]] = defaultdict(list)
    wanted = sorted(set(prefixes))
    for start in range(0, len(wanted), _CHUNK):
        rows = session.execute(
            select(
                DealerTerritory.postal_prefix, DealerTerritory.valid_from, DealerTerritory.valid_to, Dealer.id,
                Dealer.code, Dealer.name, Dealer.region,
            )
            .join(Dealer, Dealer.id == DealerTerritory.dealer_id)
            .where(DealerTerritory.postal_prefix.in_(wanted[start : start + _CHUNK]), counts())
            .order_by(DealerTerritory.postal_prefix, DealerTerritory.valid_from, Dealer.code)
        )  # fmt: skip
        for prefix, first, end, dealer_id, code, name, region in rows:
            period = Period(first, end)
            if not period.is_empty:
                found[prefix].append(
                    Holding(dealer_id=dealer_id, code=code, name=name, region=region, prefix=prefix, period=period)
                )
    return found


def conflicts(
    held: Mapping[str, Sequence[Holding]], *, code: str, name: str, prefixes: Iterable[str], period: Period,
    scope: Scope = EVERYTHING, field: str = FIELD,
) -> list[Problem]:  # fmt: skip
    """One problem for each prefix that another dealer owns on a day of the period, with both names and the days.

    A dealer outside of the scope is not named.
    """
    found = []
    for prefix in sorted(set(prefixes)):
        for other in held.get(prefix, ()):
            days = common(other.period, period)
            if other.code == code or days is None:
                continue
            seen = scope.allows(dealer_id=other.dealer_id, region=other.region)
            owner = f"{other.name} ({other.code})" if seen else "a dealer outside of what you look after"
            found.append(
                Problem(
                    field=field, code="area_taken", rule=RULE,
                    message=f"{prefix} cannot belong to {name} ({code}): it belongs to {owner} {days_label(days)}.",
                )
            )  # fmt: skip
            break
    return found


def give(
    session: Session, gifts: Sequence[tuple[Dealer, Sequence[str], Period]], *, scope: Scope = EVERYTHING,
    field: str = FIELD,
) -> None:  # fmt: skip
    """Let dealers own areas for some days more; refused with a problem for each area somebody else owns then.

    The dealers' own rows are locked by the caller, before this holds the lock of all areas.
    """
    if not any(prefixes for _, prefixes, _ in gifts):
        return
    hold(session, LOCK)
    held = holdings(session, (prefix for _, prefixes, _ in gifts for prefix in prefixes))
    problems: list[Problem] = []
    for dealer, prefixes, period in gifts:
        problems += conflicts(
            held, code=dealer.code, name=dealer.name, prefixes=prefixes, period=period, scope=scope, field=field
        )
        for prefix in prefixes:
            held.setdefault(prefix, []).append(
                Holding(
                    dealer_id=dealer.id, code=dealer.code, name=dealer.name, region=dealer.region, prefix=prefix,
                    period=period,
                )
            )  # fmt: skip
    if problems:
        more = len(problems) - _MOST_NAMED
        named = problems[:_MOST_NAMED]
        if more > 0:
            named.append(Problem(field=field, code="area_taken", message=f"And {more:,} more areas like these."))
        raise Refused(*named)
    rows = _rows(session, [dealer.id for dealer, _, _ in gifts])
    for dealer, prefixes, period in gifts:
        for prefix in prefixes:
            own = rows[dealer.id].setdefault(prefix, [])
            _store(session, dealer.id, prefix, own, with_period(map(_period, own), period))
    session.flush()


def take(session: Session, dealer_id: int, prefixes: Iterable[str], period: Period) -> None:
    """Let a dealer no longer own areas on some days; what it owned before and after stays."""
    wanted = list(prefixes)
    if not wanted:
        return
    hold(session, LOCK)
    rows = _rows(session, [dealer_id])[dealer_id]
    for prefix in wanted:
        own = rows.get(prefix, [])
        _store(session, dealer_id, prefix, own, without_period(map(_period, own), period))
    session.flush()


def follow(
    session: Session, dealer: Dealer, before: Sequence[str], after: Sequence[str], *, now: datetime,
    scope: Scope = EVERYTHING,
) -> None:  # fmt: skip
    """Make the list of a dealer's areas what it is to be, as of today at the dealer: new ones start, gone ones end."""
    today = Period(local_day(now, dealer.zone))
    gone = set(before) - set(after)
    if dealer.status == "terminated":
        gone |= set(periods_of(session, dealer.id))  # those with an end of their own as well
    # What was to start later is taken back whole, what has started ends today.
    take(session, dealer.id, sorted(gone), today)
    give(session, [(dealer, sorted(set(after) - set(before)), today)], scope=scope)


class Claims:
    """The areas an import gives away, asked row by row: its new dealers are stored at the end and are no rows yet."""

    def __init__(self, session: Session, *, now: datetime, scope: Scope) -> None:
        self._session, self._now, self._scope = session, now, scope
        self._new: dict[str, list[Holding]] = defaultdict(list)

    def problems(self, *, code: str, name: str, zone: str, prefixes: Sequence[str]) -> list[Problem]:
        """Why a dealer cannot have these areas from today on; what is free is noted as claimed."""
        if not prefixes:
            return []
        hold(self._session, LOCK)
        period = Period(local_day(self._now, zone))
        held = holdings(self._session, prefixes)
        for prefix in prefixes:
            held[prefix] = [*held.get(prefix, ()), *self._new.get(prefix, ())]
        found = conflicts(held, code=code, name=name, prefixes=prefixes, period=period, scope=self._scope)
        if not found:
            for prefix in prefixes:
                claim = Holding(dealer_id=0, code=code, name=name, region="", prefix=prefix, period=period)
                self._new[prefix].append(claim)
        return found


def periods_of(session: Session, dealer_id: int, prefixes: Iterable[str] | None = None) -> dict[str, list[Period]]:
    """The days on which a dealer owns, owned or will own each area."""
    wanted = None if prefixes is None else set(prefixes)
    rows = _rows(session, [dealer_id])[dealer_id]
    found = {p: in_order(map(_period, own)) for p, own in rows.items() if wanted is None or p in wanted}
    return {prefix: periods for prefix, periods in sorted(found.items()) if periods}


def standing(session: Session, dealer_ids: Sequence[int]) -> dict[int, list[str]]:
    """The areas given to each dealer without an end; one that begins only later is among them."""
    found: dict[int, list[str]] = defaultdict(list)
    for dealer_id, prefix in session.execute(
        select(DealerTerritory.dealer_id, DealerTerritory.postal_prefix).where(
            DealerTerritory.dealer_id.in_(dealer_ids), DealerTerritory.valid_to.is_(None)
        )
    ):
        found[dealer_id].append(prefix)
    return found


def as_text(periods: Mapping[str, Sequence[Period]]) -> dict[str, list[str]]:
    """Areas and days as the timeline keeps them."""
    return {
        prefix: [f"{p.start.isoformat()}/{p.end.isoformat() if p.end else ''}" for p in own]
        for prefix, own in periods.items()
    }


def said(prefixes: Sequence[str], day: date) -> str:
    """ "070, 071 from 1 Dec 2026"."""
    return f"{prefix_list(list(prefixes))} from {day_label(day)}"


def _period(row: DealerTerritory) -> Period:
    return Period(row.valid_from, row.valid_to)


def _rows(session: Session, dealer_ids: Sequence[int]) -> dict[int, dict[str, list[DealerTerritory]]]:
    found: dict[int, dict[str, list[DealerTerritory]]] = {dealer_id: {} for dealer_id in dealer_ids}
    ids = sorted(found)
    for start in range(0, len(ids), _CHUNK):
        for row in session.scalars(
            select(DealerTerritory)
            .where(DealerTerritory.dealer_id.in_(ids[start : start + _CHUNK]))
            .order_by(DealerTerritory.dealer_id, DealerTerritory.postal_prefix, DealerTerritory.valid_from)
            .execution_options(populate_existing=True)
        ):
            found[row.dealer_id].setdefault(row.postal_prefix, []).append(row)
    return found


def _store(session: Session, dealer_id: int, prefix: str, own: list[DealerTerritory], wanted: Sequence[Period]) -> None:
    """Bring the rows of one area to the wanted periods: rows of the same start go on, others are taken back."""
    by_start = {row.valid_from: row for row in own}
    kept = set()
    for period in wanted:
        row = by_start.get(period.start)
        if row is None:
            row = DealerTerritory(dealer_id=dealer_id, postal_prefix=prefix, valid_from=period.start)
            session.add(row)
            own.append(row)
        row.valid_to = period.end
        kept.add(id(row))
    for row in own:
        if id(row) not in kept:
            row.valid_to = row.valid_from
