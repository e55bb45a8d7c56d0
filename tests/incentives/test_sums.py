"""Units, payouts and decisions summed up by triggers always equal fresh sums, and figures what the rows say.

`SUMS_RUNS` says how many random histories each test tries: 10 in the suite, 300 for acceptance.
"""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, select, text, update
from sqlalchemy.orm import Session

from db.calendar.months import add_months
from db.core.actor import EVERYTHING, Scope
from db.core.labels import local_day
from db.core.rollups import Kept, rebuild
from db.core.session import reading, writing
from db.incentives import figure_queries as figures
from db.incentives.figure_cells import earning_dealers, taken
from db.incentives.figure_filters import Asked
from db.incentives.payouts import PAYOUTS
from db.incentives.sums import DECIDED, PAID, UNITS
from db.incentives.tables import (
    IncentiveClaim,
    IncentiveEarning,
    IncentiveEntry,
    IncentiveProgram,
    IncentiveUnit,
    IncentiveVersion,
    SaleReport,
)
from db.incentives.unit_marks import MARKS, UNIT_MARKS, marked
from db.tables import METADATA
from tests.support.again import begun
from tests.support.core import _needed, add_dealer

KEPT: dict[str, Kept] = {"marks": UNIT_MARKS, "payouts": PAYOUTS, "units": UNITS, "paid": PAID, "decided": DECIDED}
SUMMED = {"units": UNITS, "paid": PAID, "decided": DECIDED}
REGIONS = {1: "East", 2: "West", 3: "East"}
FIRST = date(2026, 1, 25)
DAYS = 100
SALES = range(1, 13)
PERIODS = ("2026-Q1", "2026-Q2")
STATES = ("in_review", "approved", "partially_approved", "denied", "void", "reversed")
RUNS = int(os.environ.get("SUMS_RUNS", "10"))
QUICK = settings(max_examples=RUNS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def sold_on(sale: int) -> date:
    return FIRST + timedelta(days=sale * 7)


def dealer_of(sale: int) -> int:
    return sale % 3 + 1


@pytest.fixture
@begun
def desk(engine: Engine) -> Engine:
    """Three dealers, a program that pays by the vehicle and a volume, and a dozen sales."""
    with writing(engine, keeps_timeline=False) as session:
        for dealer_id, region in REGIONS.items():
            add_dealer(session, dealer_id, region=region)
        for number in (1, 2):
            add(session, IncentiveProgram, id=number, code=f"P{number}")
            add(session, IncentiveVersion, id=number, program_id=number, number=1, state="published", body={})
        for sale in SALES:
            dealer = dealer_of(sale)
            add(
                session, SaleReport, id=sale, number=f"S-{sale}", dealer_id=dealer, region=REGIONS[dealer],
                delivered_on=sold_on(sale), certificates=[], earlier=[], sale_key=f"k{sale}",
            )  # fmt: skip
    return engine


def add(session: Session, table: Any, **values: Any) -> None:
    needed = _needed(table, set(values))
    session.execute(insert(table).values(**(needed | values)))


# ---- what may happen -------------------------------------------------------------------------------------------------
sales, programs, periods = st.sampled_from(SALES), st.integers(1, 2), st.sampled_from(PERIODS)
steps = st.one_of(
    st.tuples(st.just("unit"), sales, programs, periods, st.booleans(), st.sampled_from([0, 500])),
    st.tuples(st.just("no unit"), sales),
    st.tuples(st.just("earning"), st.integers(1, 3), programs, periods, st.integers(0, 9), st.sampled_from([0, 900])),
    st.tuples(st.just("claim"), sales, programs, periods, st.booleans(), st.sampled_from(STATES), st.integers(0, DAYS)),
    st.tuples(st.just("decide"), st.integers(1, 8), st.sampled_from(STATES), st.integers(0, DAYS)),
    st.tuples(st.just("pay"), st.integers(1, 8), st.integers(-400, 400), st.integers(0, DAYS)),
    st.tuples(st.just("move"), st.integers(1, 3), st.sampled_from(["East", "West", "South"])),
)
histories = st.lists(steps, min_size=4, max_size=25)


def happen(session: Session, history: list[Any]) -> None:
    """Everything that changes what is summed up, on rows as commands leave them."""
    region = dict(REGIONS)
    claims: list[dict[str, Any]] = []
    for number, (what, *how) in enumerate(history, 1):
        if what == "unit":
            sale, program, period, is_counted, cents = how
            dealer = dealer_of(sale)
            session.execute(
                delete(IncentiveUnit).where(IncentiveUnit.sale_id == sale, IncentiveUnit.program_id == program)
            )
            row = {
                "sale_id": sale, "program_id": program, "version_id": program, "dealer_id": dealer, "cents": cents,
                "region": region[dealer], "period": period, "is_counted": is_counted, "rule": "", "why": "",
                "delivered_on": sold_on(sale),
            }  # fmt: skip
            session.execute(insert(IncentiveUnit.__table__).values(**MARKS), [marked(row)])  # type: ignore[arg-type]
        elif what == "no unit":
            session.execute(delete(IncentiveUnit).where(IncentiveUnit.sale_id == how[0]))
        elif what == "earning":
            dealer, program, period, units, cents = how
            of = {"program_id": program, "dealer_id": dealer, "period": period}
            new = {"units": units, "cents": cents}
            done: Any = session.execute(update(IncentiveEarning).filter_by(**of).values(**new))
            if not done.rowcount:
                add(session, IncentiveEarning, id=number, **of, **new, region=region[dealer], said=[])
        elif what == "claim":
            sale, program, period, is_volume, status, day = how
            dealer, i = dealer_of(sale), len(claims) + 1
            one = {"program_id": program, "dealer_id": dealer, "period": period, "region": region[dealer]}
            add(
                session, IncentiveClaim, **one, id=i, number=f"IC-{i}", version_id=program, is_open=True,
                sale_id=None if is_volume else sale, **decision(status, day, i),
            )  # fmt: skip
            claims.append(one)
        elif what == "decide" and how[0] <= len(claims):
            session.execute(
                update(IncentiveClaim).where(IncentiveClaim.id == how[0]).values(**decision(how[1], how[2], number))
            )
        elif what == "pay" and how[0] <= len(claims):
            at = moment(how[2])
            claim = claims[how[0] - 1]
            add(
                session, IncentiveEntry, id=number, **(claim | {"region": region[claim["dealer_id"]]}),
                entry_key=f"e{number}", book="paid", kind="payment", claim_id=how[0], cents=how[1], at=at,
                on_day=local_day(at, "America/New_York"),
            )  # fmt: skip
        elif what == "move":
            dealer, place = how
            region[dealer] = place
            session.execute(text("UPDATE dealer SET region = :r WHERE id = :d"), {"r": place, "d": dealer})
            for table in METADATA.sorted_tables:
                if {"dealer_id", "region"} <= set(table.c.keys()) and table.name != "person_scope":
                    session.execute(update(table).where(table.c.dealer_id == dealer).values(region=place))


def moment(day: int) -> datetime:
    """Late in the evening of a day of the desk, when it is the next one in UTC."""
    on = FIRST + timedelta(days=day)
    return datetime(on.year, on.month, on.day, 23, 30, tzinfo=UTC) + timedelta(hours=4)


def decision(status: str, day: int, number: int) -> dict[str, Any]:
    if status in ("in_review", "void"):
        return {"status": status, "decided_at": None, "decided_on": None, "decided_kind": "", "worked_minutes": None}
    kind = "checks" if number % 3 == 0 else "person"
    at = moment(day)
    return {
        "status": status, "decided_at": at, "decided_on": local_day(at, "America/New_York"), "decided_kind": kind,
        "worked_minutes": None if kind == "checks" else number * 7 % 5,
    }  # fmt: skip


# ---- sums ------------------------------------------------------------------------------------------------------------
@QUICK
@given(history=histories)
def test_after_any_history_nothing_differs_from_a_fresh_look(desk: Engine, history: list[Any]) -> None:
    with reading(desk) as session:
        happen(session, history)
        assert [line for kept in KEPT.values() for line in kept.differences(session)] == []
        before = contents(session)
        rebuild(session, rollups=KEPT.values())
        assert contents(session) == before


def contents(session: Session) -> dict[str, set[tuple[Any, ...]]]:
    """Every cell that is not of zeros, and every mark and payout."""
    found = {
        table: {
            tuple(row) for row in session.execute(select(METADATA.tables[table]))
            if any(getattr(row, m) for m in rollup.measures)
        }
        for rollup in SUMMED.values() for table in rollup.grains
    }  # fmt: skip
    for name in ("incentive_payout", "incentive_unit"):
        found[name] = {tuple(map(str, row)) for row in session.execute(select(METADATA.tables[name]))}
    return found


HISTORY: list[Any] = [
    ("unit", 1, 1, "2026-Q1", True, 500), ("unit", 1, 2, "2026-Q1", True, 0), ("unit", 4, 2, "2026-Q1", True, 0),
    ("earning", 2, 2, "2026-Q1", 2, 900), ("claim", 1, 1, "2026-Q1", False, "approved", 30),
    ("claim", 1, 2, "2026-Q1", True, "approved", 31), ("pay", 1, 400, 40), ("pay", 2, 300, 41),
]  # fmt: skip


@pytest.mark.parametrize("name", SUMMED)
def test_the_tables_hold_the_keys_and_measures_that_are_declared(name: str) -> None:
    for table, keys in SUMMED[name].grains.items():
        found = METADATA.tables[table]
        assert [c.name for c in found.primary_key.columns] == list(keys)
        assert {c.name for c in found.columns} == {*keys, *SUMMED[name].measures}
        assert not {"dealer_id", "region"} <= set(found.c.keys()), "it would be moved twice when a dealer moves"


DAMAGE = [
    ("marks", "UPDATE incentive_unit SET is_claimed = NOT is_claimed WHERE program_id = 1"),
    ("marks", "UPDATE incentive_unit SET is_earning = NOT is_earning"),
    ("marks", "UPDATE incentive_unit SET delivered_on = NULL"),
    ("payouts", "UPDATE incentive_payout SET cents = cents + 1"), ("payouts", "DELETE FROM incentive_payout"),
    ("payouts", "UPDATE incentive_payout SET units = 7, first_on = '2026-01-01'"),
    ("units", "DELETE FROM incentive_unit_day"), ("units", "UPDATE incentive_unit_dealer SET earning = 0"),
    ("paid", "UPDATE incentive_payout_month SET units = units + 1"),
    ("decided", "UPDATE incentive_decided_month SET denied = denied + 1"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "statement"), DAMAGE, ids=[d[1] for d in DAMAGE])
def test_damage_is_named_and_repaired(desk: Engine, name: str, statement: str) -> None:
    with reading(desk) as session:
        happen(session, HISTORY)
        session.execute(text(statement))
        assert KEPT[name].differences(session), name
        rebuild(session, rollups=KEPT.values())
        assert [line for kept in KEPT.values() for line in kept.differences(session)] == []


@pytest.mark.parametrize("name", KEPT)
def test_a_dropped_trigger_is_noticed_and_can_be_put_back(desk: Engine, name: str) -> None:
    kept = KEPT[name]
    more = [*HISTORY, ("decide", 1, "void", 50), ("pay", 2, 100, 60), ("unit", 7, 1, "2026-Q2", True, 500)]
    with reading(desk) as session:
        for statement in kept.drop(desk.dialect.name):
            session.execute(text(statement))
        happen(session, more)
        assert kept.differences(session)
        for statement in kept.create(desk.dialect.name):
            session.execute(text(statement))
        rebuild(session, rollups=KEPT.values())
        session.execute(update(IncentiveClaim).where(IncentiveClaim.id == 2).values(**decision("denied", 70, 2)))
        session.execute(update(IncentiveEarning).values(cents=0, units=5))
        assert [line for one in KEPT.values() for line in one.differences(session)] == []


# ---- days ------------------------------------------------------------------------------------------------------------
@given(first=st.integers(0, 400), length=st.integers(0, 200))
@settings(max_examples=200, deadline=None)
def test_what_is_taken_of_months_and_days_is_every_day_once(first: int, length: int) -> None:
    begin = date(2026, 1, 1) + timedelta(days=first)
    end = begin + timedelta(days=length)
    whole, spans = taken(begin, end)
    counted: dict[date, int] = defaultdict(int)
    for month in whole:
        for n in range((add_months(month, 1) - month).days):
            counted[month + timedelta(days=n)] += 1
    for span in spans:
        assert span.month <= span.first <= span.last < add_months(span.month, 1)
        for n in range((span.last - span.first).days + 1):
            counted[span.first + timedelta(days=n)] += span.sign
    assert {day for day, n in counted.items() if n} == {begin + timedelta(days=n) for n in range(length + 1)}
    assert set(counted.values()) <= {0, 1}


# ---- figures read from them what the rows say ------------------------------------------------------------------------
spans = st.tuples(st.integers(0, DAYS), st.integers(0, DAYS)).map(
    lambda two: (FIRST + timedelta(days=min(two)), FIRST + timedelta(days=max(two)))
)
scopes = st.sampled_from(
    [
        EVERYTHING, Scope("regions", frozenset({"East"})), Scope("regions", frozenset({"South", "West"})),
        Scope("dealers", frozenset(), frozenset({1, 2})), Scope("dealers", frozenset(), frozenset()),
    ]
)  # fmt: skip
narrow = st.fixed_dictionaries(
    {}, optional={"region": st.sampled_from([("East",), ("West", "South")]), "dealer": st.sampled_from([(1,), (2, 3)]),
                  "program": st.just(1)}
)  # fmt: skip


@QUICK
@given(
    history=histories, span=spans, scope=scopes, narrowed=narrow,
    by=st.lists(st.sampled_from(figures.DIMS), max_size=2, unique=True),
)  # fmt: skip
def test_figures_are_a_recount_of_the_rows(
    desk: Engine, history: list[Any], span: Any, scope: Scope, narrowed: Any, by: list[str]
) -> None:
    asked = Asked(first=span[0], last=span[1], today=span[1], **narrowed)

    def key(program: int, dealer: int, region: str, day: date | None) -> tuple[Any, ...] | None:
        """The cell a row belongs to; None for what is not asked for."""
        wanted = (
            day is not None and span[0] <= day <= span[1] and scope.allows(dealer_id=dealer, region=region)
            and asked.program in (None, program) and region in (asked.region or (region,))
            and dealer in (asked.dealer or (dealer,))
        )  # fmt: skip
        if not wanted or day is None:
            return None
        known = {"program": program, "dealer": dealer, "region": region, "month": day.replace(day=1)}
        return tuple(known[d] for d in by)

    with reading(desk) as session:
        happen(session, history)
        claims = session.scalars(select(IncentiveClaim)).all()
        earnings = {(e.program_id, e.dealer_id, e.period): e for e in session.scalars(select(IncentiveEarning))}
        sold: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
        earning = set()
        for unit in session.scalars(select(IncentiveUnit).where(IncentiveUnit.is_counted.is_(True))):
            cell = key(unit.program_id, unit.dealer_id, unit.region, sold_on(unit.sale_id))
            if cell is None:
                continue
            of = (unit.program_id, unit.dealer_id, unit.period)
            sold[cell][0] += 1
            sold[cell][1] += any(
                c.status != "void" and c.program_id == unit.program_id
                and (c.sale_id == unit.sale_id or (c.sale_id is None and (c.dealer_id, c.period) == of[1:]))
                for c in claims
            )  # fmt: skip
            if unit.cents > 0 or (of in earnings and earnings[of].cents > 0):
                earning.add(of[:2])
        paid: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
        for cell, units, cents in payouts(session, earnings, key):
            paid[cell][0] += units
            paid[cell][1] += cents
        judged: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0])
        took: dict[Any, dict[float, int]] = defaultdict(lambda: defaultdict(int))
        for c in claims:
            cell = key(c.program_id, c.dealer_id or 0, c.region or "", c.decided_on)
            if cell is not None and c.status in ("approved", "partially_approved", "denied"):
                judged[cell][0] += 1
                judged[cell][1] += c.status == "denied"
                judged[cell][2] += c.decided_kind == "checks"
                if c.worked_minutes is not None:
                    took[cell][c.worked_minutes] += 1
        asks: dict[str, Any] = {"scope": scope, "asked": asked, "by": by}
        for told, expected, names in (
            (figures.claimed_sales(session, **asks), sold, ("eligible", "claimed")),
            (figures.paid_units(session, **asks), paid, ("units", "cents")),
            (figures.decided(session, **asks), judged, ("decided", "denied", "by_checks")),
        ):
            found = {tuple(row[d] for d in by): [row[n] for n in names] for row in told}
            assert found == (expected or ({} if by else {(): [0] * len(names)})), names
        assert figures.minutes(session, **asks) == {cell: sorted(n.items()) for cell, n in took.items()}
        assert {tuple(row) for row in session.execute(earning_dealers(scope=scope, asked=asked))} == earning


def payouts(session: Session, earnings: Any, key: Any) -> Any:
    """(cell, units, cents) of every account that was paid more than was set off, by the day of its first payment."""
    accounts: dict[Any, list[IncentiveEntry]] = defaultdict(list)
    of_claim = {c.id: c.sale_id for c in session.scalars(select(IncentiveClaim))}
    for entry in session.scalars(select(IncentiveEntry).where(IncentiveEntry.book == "paid")):
        sale = of_claim[entry.claim_id or 0]
        accounts[entry.program_id, entry.dealer_id, entry.period, sale].append(entry)
    for (program, dealer, period, sale), entries in accounts.items():
        cents = sum(e.cents for e in entries)
        if cents <= 0:
            continue
        first = local_day(min(e.at for e in entries if e.cents > 0), "America/New_York")
        cell = key(program, dealer, entries[0].region, first)
        if cell is not None:
            earned = earnings.get((program, dealer, period))
            yield cell, 1 if sale is not None else earned.units if earned else 0, cents
