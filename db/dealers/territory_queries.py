"""Who owns which postal area on which day; areas that start, end, or are carved out of another dealer's."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.labels import local_day
from db.core.problems import NotFound
from db.dealers.tables import Dealer, DealerTerritory
from db.dealers.territory import counts
from db.dealers.territory_rules import Period, days_label, postal_key, starts_of


@dataclass(frozen=True, kw_only=True)
class Area:
    """A postal area of one dealer and the days it is the dealer's; `carved_out_of` names the wider area around it."""

    dealer_id: int
    code: str
    name: str
    region: str
    status: str
    prefix: str
    period: Period
    carved_out_of: str = ""

    @property
    def dealer(self) -> str:
        """The dealer as people know it."""
        return f"{self.name} ({self.code})"

    @property
    def days(self) -> str:
        """Its days for people."""
        return days_label(self.period)


@dataclass(frozen=True, kw_only=True)
class Owner:
    """The answer to "who owns this postal code on that day".

    `areas` are those of the scope that hold the code, the longest prefix first; the first owns it unless `is_hidden`:
    then a dealer outside of the scope has a longer prefix. More than one `owners` is a conflict of old data.
    """

    postal_code: str
    on: date
    areas: tuple[Area, ...]
    is_hidden: bool

    @property
    def owners(self) -> tuple[Area, ...]:
        """Who owns it: the areas with the longest prefix."""
        if self.is_hidden or not self.areas:
            return ()
        return tuple(a for a in self.areas if len(a.prefix) == len(self.areas[0].prefix))


def _areas() -> Select[int, str, str, str, str, str, date, date | None]:
    return (
        select(
            Dealer.id, Dealer.code, Dealer.name, Dealer.region, Dealer.status, DealerTerritory.postal_prefix,
            DealerTerritory.valid_from, DealerTerritory.valid_to,
        )
        .join(Dealer, Dealer.id == DealerTerritory.dealer_id)
        .where(or_(DealerTerritory.valid_to.is_(None), DealerTerritory.valid_to > DealerTerritory.valid_from))
    )  # fmt: skip


def _read(session: Session, query: Select[int, str, str, str, str, str, date, date | None]) -> list[Area]:
    return [
        Area(
            dealer_id=dealer_id, code=code, name=name, region=region, status=status, prefix=prefix,
            period=Period(first, end),
        )
        for dealer_id, code, name, region, status, prefix, first, end in session.execute(query)
    ]  # fmt: skip


def prefixes_at(session: Session, *, now: datetime) -> dict[int, set[str]]:
    """The areas of every dealer on the day of `now` in the dealer's own zone."""
    day = now.date()
    rows = session.execute(
        select(
            DealerTerritory.dealer_id, DealerTerritory.postal_prefix, DealerTerritory.valid_from,
            DealerTerritory.valid_to, Dealer.zone,
        )
        .join(Dealer, Dealer.id == DealerTerritory.dealer_id)
        .where(
            counts(),
            DealerTerritory.valid_from <= day + timedelta(days=1),
            or_(DealerTerritory.valid_to.is_(None), DealerTerritory.valid_to >= day),
        )
    )  # fmt: skip
    today: dict[str, date] = {}
    found: dict[int, set[str]] = defaultdict(set)
    for dealer_id, prefix, first, end, zone in rows:
        if zone not in today:
            today[zone] = local_day(now, zone)
        if Period(first, end).has(today[zone]):
            found[dealer_id].add(postal_key(prefix))
    return found


def owner_on(session: Session, *, postal_code: str, on: date, scope: Scope) -> Owner:
    """Who owns a postal code on a day: every area that holds it, the longest prefix first (it wins)."""
    starts = starts_of(postal_code)
    query = _areas().where(
        DealerTerritory.postal_prefix.in_(starts or [""]), counts(),
        DealerTerritory.valid_from <= on, or_(DealerTerritory.valid_to.is_(None), DealerTerritory.valid_to > on),
    )  # fmt: skip
    every = sorted(_read(session, query), key=lambda a: (-len(a.prefix), a.code))
    mine = [a for a in every if scope.allows(dealer_id=a.dealer_id, region=a.region)]
    longest = len(every[0].prefix) if every else 0
    hidden = any(len(a.prefix) == longest and a not in mine for a in every)
    areas = tuple(_with_carvings(session, mine, scope=scope))
    return Owner(postal_code=postal_key(postal_code), on=on, areas=areas, is_hidden=hidden)


def areas_of(session: Session, *, dealer_id: int, scope: Scope) -> list[Area]:
    """All areas of one dealer with their days, those of today and of later and earlier; raises `NotFound`."""
    known = session.scalar(select(Dealer.id).where(Dealer.id == dealer_id, scope.where(Dealer.id, Dealer.region)))
    if known is None:
        raise NotFound("This dealer")
    query = _areas().where(DealerTerritory.dealer_id == dealer_id)
    areas = _read(session, query.order_by(DealerTerritory.postal_prefix, DealerTerritory.valid_from))
    return _with_carvings(session, areas, scope=scope)


def changing_areas(session: Session, *, since: date, until: date, scope: Scope, limit: int = 100) -> list[Area]:
    """Areas that start or end in [since, until), by the day on which that happens."""
    starts = and_(DealerTerritory.valid_from >= since, DealerTerritory.valid_from < until)
    ends = and_(DealerTerritory.valid_to >= since, DealerTerritory.valid_to < until)
    query = _areas().where(scope.where(Dealer.id, Dealer.region), counts(), or_(starts, ends))
    found = _read(session, query.order_by(DealerTerritory.valid_from, DealerTerritory.id).limit(limit))
    found = _with_carvings(session, found, scope=scope)
    return sorted(found, key=lambda a: (next_day(a, since), a.prefix))


def next_day(area: Area, since: date) -> date:
    """The next day on which an area changes hands: its start if that is still to come, else its end."""
    return area.period.start if area.period.start >= since else area.period.until


def _with_carvings(session: Session, areas: list[Area], *, scope: Scope) -> list[Area]:
    """The same areas, each with the shorter prefix of another dealer it lies in on some of the same days."""
    starts = {start for area in areas for start in starts_of(area.prefix)[1:]}
    if not starts:
        return areas
    wider = _read(session, _areas().where(DealerTerritory.postal_prefix.in_(sorted(starts)), counts()))
    by_prefix: dict[str, list[Area]] = defaultdict(list)
    for one in wider:
        by_prefix[one.prefix].append(one)
    found = []
    for area in areas:
        around = next(
            (
                other
                for start in starts_of(area.prefix)[1:]
                for other in by_prefix.get(start, ())
                if other.dealer_id != area.dealer_id
                and other.period.start < area.period.until
                and area.period.start < other.period.until
            ),
            None,
        )
        name = ""
        if around is not None:
            seen = scope.allows(dealer_id=around.dealer_id, region=around.region)
            name = f"{around.prefix} of {around.dealer if seen else 'another dealer'}"
        found.append(replace(area, carved_out_of=name))
    return found
