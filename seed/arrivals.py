"""When leads arrive in the six months of the demo, from whom, by which source, wanting what."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

from seed.customers import Buyer, Buyers, sharing
from seed.places import LINES, MAKE, Place
from seed.sources import SOURCES, Source

Kind = Literal["person", "test", "fake", "nameless", "abroad"]
Again = Literal["", "resend", "other_source", "other_vehicle", "twin"]
TRADES = (
    ("Hadley", "Comet"), ("Hadley", "Pioneer"), ("Norwick", "Stride"), ("Norwick", "Plateau"), ("Castell", "Duo"),
    ("Castell", "Regent"), (MAKE, "Lyra"), (MAKE, "Orion"), (MAKE, "Vega"),
)  # fmt: skip
# How many days later somebody asks again, at least and at most.
_GAPS = {"resend": (0.01, 0.5), "other_source": (0.1, 9.0), "other_vehicle": (2.0, 70.0), "twin": (0.2, 3.0)}
# Monday first: the week-end is for looking, Monday for asking.
WEEKDAYS = (1.18, 1.05, 1.0, 0.98, 0.95, 1.12, 0.82)
DAY = (9, 10, 10, 11, 12, 12, 13, 14, 15, 16, 17)
EVENING = (6, 7, 8, 18, 19, 20, 20, 21, 21, 22, 23)
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "12345678123457923456789"), strict=True))
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The vehicle somebody asks for; prices in cents."""

    line: str
    model: str
    year: int
    is_new: bool
    vin: str = ""
    stock: str = ""
    price_cents: int = 0


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One lead on its way in. `again` says how it repeats the lead with the number `repeats`.

    A twin is the same person under another spelling and address, which only people notice; nobody looks at a lead that
    `is_forgotten`.
    """

    number: int
    at: datetime
    source: Source
    buyer: Buyer
    wish: Wish
    dealer: Place | None
    kind: Kind = "person"
    again: Again = ""
    repeats: int | None = None
    trade_in: tuple[int, str, str, int] | None = None  # year, make, model, miles
    has_question: bool = False
    finance: bool = False
    test_drive: bool = False
    may_text: bool = False
    wanted_by: date | None = None
    with_email: bool = True
    with_phone: bool = True
    is_forgotten: bool = False


def arrivals(
    seed: int, *, start: datetime, end: datetime, count: int, open_at: Callable[[datetime], Sequence[Place]]
) -> list[Arrival]:
    """About `count` leads between two moments, and those who ask again, oldest first.

    The same arguments give the same leads. Whatever the hour the demo ends at, its last hours bring some of each kind
    that waits for somebody; `open_at` gives the dealers that are open at a moment.
    """
    rng = Random(f"{seed}:arrivals")
    buyers = Buyers(rng)
    days = _Days(start, end)
    found = [_fresh(rng, buyers, days, number=number, now=end) for number in range(count)]
    found.sort(key=lambda one: one.at)
    repeated = list(_with_repeats(rng, found, end))
    repeated += _just_now(rng, buyers, number=len(repeated), end=end, open_at=open_at)
    return sorted(repeated, key=lambda one: (one.at, one.number))


def _just_now(
    rng: Random, buyers: Buyers, *, number: int, end: datetime, open_at: Callable[[datetime], Sequence[Place]]
) -> Iterator[Arrival]:
    """Leads of the last hours: some with a running clock, some forgotten, without a dealer, without a way to answer."""
    website, maker = SOURCES[0], SOURCES[1]
    numbers = itertools.count(number)
    for minutes in (3, 6, 9, 60 * 4, 60 * 26, 60 * 50):
        at = end - timedelta(minutes=minutes, seconds=rng.randint(0, 50))
        if found := open_at(at):
            dealer = rng.choice(found)
            yield Arrival(
                number=next(numbers), at=at, source=website, buyer=buyers.near(dealer), wish=_wish(rng, website, end),
                dealer=dealer, has_question=minutes % 2 == 0, is_forgotten=minutes > 9,
            )  # fmt: skip
    for hours in (1.5, 3.0, 4.5, 7.0, 10.0, 13.0):
        dealer = sharing(rng)
        yield Arrival(
            number=next(numbers), at=end - timedelta(hours=hours, minutes=rng.randint(0, 50)), source=website,
            buyer=buyers.near(dealer), wish=_wish(rng, website, end), dealer=dealer, test_drive=hours > 9,
        )  # fmt: skip
    for hours, far in ((0.3, True), (2.5, True), (5.0, False)):
        yield Arrival(
            number=next(numbers), at=end - timedelta(hours=hours), source=maker, buyer=buyers.elsewhere(far=far),
            wish=_wish(rng, maker, end), dealer=None, kind="person" if far else "nameless",
        )  # fmt: skip


def _fresh(rng: Random, buyers: Buyers, days: _Days, *, number: int, now: datetime) -> Arrival:
    source = rng.choices(SOURCES, [one.share for one in SOURCES])[0]
    dealer: Place | None = sharing(rng)
    assert dealer is not None
    where = rng.random()
    if source.door in ("hand", "table") or rng.random() < source.names_dealer or where > 0.085:
        buyer = buyers.near(dealer)
    else:
        buyer = buyers.elsewhere(far=where < 0.028)
        dealer = None
    if dealer is not None and not (source.door == "hand" or rng.random() < source.names_dealer):
        dealer = None
    wish = _wish(rng, source, now)
    kind = _kind(rng, source)
    at = days.moment(rng, buyer.zone, at_night=source.at_night)
    trade = None
    if rng.random() < source.trade_in:
        make, model = rng.choice(TRADES)
        year = now.year - rng.randint(3, 12)
        trade = (year, make, model, (now.year - year) * rng.randint(9, 15) * 1000 + rng.randint(0, 999))
    with_phone = rng.random() < source.phone
    return Arrival(
        number=number, at=at, source=source, buyer=buyer, wish=wish, dealer=dealer, kind=kind, trade_in=trade,
        has_question=rng.random() < source.question, finance=rng.random() < source.finance,
        test_drive=rng.random() < 0.18, may_text=with_phone and rng.random() < source.consent,
        wanted_by=at.date() + timedelta(days=rng.randint(5, 80)) if rng.random() < source.soon else None,
        with_phone=with_phone, with_email=not with_phone or rng.random() < source.email,
    )  # fmt: skip


def _kind(rng: Random, source: Source) -> Kind:
    if rng.random() < source.worthless:
        return rng.choices(("test", "fake", "abroad"), (1, 4, 1))[0]
    return "nameless" if source.door in ("http", "mail") and rng.random() < 0.018 else "person"


def _wish(rng: Random, source: Source, now: datetime) -> Wish:
    line, models, low, high = rng.choices(LINES, (5, 6, 6, 3, 3, 2))[0]
    is_new = rng.random() < 0.82
    year = now.year + (rng.random() < 0.4) if is_new else now.year - rng.randint(1, 4)
    price = rng.randint(low, high) * (100 if is_new else 70)
    in_stock = rng.random() < source.in_stock
    return Wish(
        line=line, model=rng.choice(models), year=year, is_new=is_new, price_cents=price // 10_000 * 10_000 + 9_500,
        vin=made_up_vin(rng, year) if in_stock and rng.random() < 0.7 else "",
        stock=f"{'N' if is_new else 'U'}{rng.randint(1000, 9999)}" if in_stock else "",
    )  # fmt: skip


def made_up_vin(rng: Random, year: int) -> str:
    """A made-up VIN with a right check digit; no maker has the code ZZ9."""
    letters = "ABCDEFGHJKLMNPRSTVWXY123456789"
    described = "".join(rng.choices(_LETTERS, k=5))
    body = f"ZZ9{described}0{letters[(year - 2010) % 30]}H{rng.randint(0, 999_999):06d}"
    total = sum(weight * (int(c) if c.isdigit() else _VALUES[c]) for c, weight in zip(body, _WEIGHTS, strict=True))
    return f"{body[:8]}{'X' if total % 11 == 10 else total % 11}{body[9:]}"


def _with_repeats(rng: Random, first: list[Arrival], end: datetime) -> Iterator[Arrival]:
    """The same, and people who ask again: sent twice, by another site, for another vehicle."""
    numbers = itertools.count(len(first))
    http = [source for source in SOURCES if source.door in ("http", "mail")]
    for one in first:
        yield one
        if one.kind != "person" or one.source.door in ("hand", "table") or rng.random() > 0.09:
            continue
        again: Again = rng.choices(
            ("resend", "other_source", "other_vehicle", "twin"), (3, 4, 3, 5 * bool(one.dealer))
        )[0]
        gap = _GAPS[again]
        at = one.at + timedelta(days=rng.uniform(*gap))
        if at >= end:
            continue
        repeat = replace(one, number=next(numbers), at=at, again=again, repeats=one.number)
        if again == "other_source":
            repeat = replace(repeat, source=rng.choice([s for s in http if s != one.source]), has_question=False)
        elif again == "other_vehicle":
            repeat = replace(repeat, wish=_wish(rng, one.source, end))
        elif again == "twin":
            buyer = one.buyer
            other = replace(
                buyer, first=f"{buyer.first[0]}.", email=f"{buyer.last}.{buyer.first[0]}{at:%d%H}@homemail.zz".lower(),
                phone="", postal_code="",
            )  # fmt: skip
            repeat = replace(repeat, buyer=other, with_email=True, with_phone=False, may_text=False)
        yield repeat


class _Days:
    """The days of the demo with how many leads each brings: more every month, fewer on holidays' eves."""

    def __init__(self, start: datetime, end: datetime) -> None:
        self._start, self._end = start, end
        number = (end.date() - start.date()).days + 1
        self._days = [start.date() + timedelta(days=day) for day in range(number)]
        weights = [WEEKDAYS[day.weekday()] * (1 + 0.3 * i / number) for i, day in enumerate(self._days)]
        self._sums = list(itertools.accumulate(weights))

    def moment(self, rng: Random, zone: str, *, at_night: float) -> datetime:
        """A moment between start and end that suits the customer's own clock."""
        while True:
            day = self._days[bisect.bisect(self._sums, rng.random() * self._sums[-1])]
            hour = rng.choice(EVENING if rng.random() < at_night else DAY)
            local = datetime.combine(day, time(hour, rng.randint(0, 59), rng.randint(0, 59)), tzinfo=ZoneInfo(zone))
            at = local.astimezone(UTC)
            if self._start <= at < self._end:
                return at
