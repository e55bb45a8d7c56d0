"""Sums of ledgers and won leads always equal fresh ones, and figures read from them what the rows themselves say.

`SUMS_RUNS` says how many random histories and questions each test tries: 15 in the suite, 300 for acceptance.
"""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select, text, update
from sqlalchemy.orm import Session

from db.coop import figure_queries as coop
from db.coop.figure_filters import Asked as CoopAsked
from db.coop.sums import SUMS as COOP
from db.coop.tables import CoopEntry, CoopFund, CoopProgramme
from db.core.actor import EVERYTHING, Scope
from db.core.labels import local_day
from db.core.rollups import Rollup, rebuild
from db.core.session import reading, writing
from db.incentives import figure_queries as incentives
from db.incentives.checks import days_are_the_desks
from db.incentives.figure_filters import Asked
from db.incentives.sums import SALES
from db.incentives.sums import SUMS as INCENTIVES
from db.incentives.tables import IncentiveEntry, IncentiveProgram, SaleReport
from db.leads.tables import Lead
from db.leads.won_queries import won_rows
from db.leads.won_sums import SUMS as WON
from db.objectives.sums import SUMS as OBJECTIVES
from db.objectives.tables import SalesObjective
from db.surveys.figure_sum_queries import FigureFilters, figures_by
from db.surveys.rules import Figures
from db.surveys.sums import SUMS as SURVEYS
from db.surveys.tables import Questionnaire, Survey
from db.tables import METADATA
from tests.support.again import begun
from tests.support.core import NOW, _needed, add_customer, add_dealer, add_lead

ROLLUPS: dict[str, Rollup] = {
    "incentives": INCENTIVES, "coop": COOP, "won": WON, "surveys": SURVEYS, "sales": SALES, "objectives": OBJECTIVES,
}  # fmt: skip
REGIONS = {1: "East", 2: "West", 3: "East"}
FIRST = date(2026, 1, 30)
DAYS = 130
BOOKS = {
    "calculation": "earned", "approval": "approved", "charge_back": "approved", "unwind": "approved",
    "payment": "paid", "correction": "paid",
}  # fmt: skip
RUNS = int(os.environ.get("SUMS_RUNS", "15"))
QUICK = settings(max_examples=RUNS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
@begun
def desk(engine: Engine) -> Engine:
    with writing(engine, keeps_timeline=False) as session:
        add_customer(session)
        for dealer_id, region in REGIONS.items():
            add_dealer(session, dealer_id, region=region)
        for number in (1, 2):
            program = _needed(IncentiveProgram, {"id", "code"})
            session.execute(insert(IncentiveProgram).values(id=number, code=f"P{number}", **program))
            programme = _needed(CoopProgramme, {"id", "code"})
            session.execute(insert(CoopProgramme).values(id=number, code=f"C{number}", **programme))
        asked = {"id": 1, "kind": "csi", "questions": []}
        session.execute(insert(Questionnaire).values(**asked, **_needed(Questionnaire, set(asked))))
        for fund in range(1, 7):
            values = _needed(CoopFund, {"id", "programme_id", "dealer_id", "region", "period"})
            dealer = (fund - 1) % 3 + 1
            session.execute(
                insert(CoopFund).values(
                    id=fund, programme_id=(fund + 2) // 3, dealer_id=dealer, region=REGIONS[dealer], period="2026",
                    **values,
                )
            )  # fmt: skip
    return engine


# ---- rows ------------------------------------------------------------------------------------------------------------
def add_entry(
    session: Session, number: int, *, kind: str, cents: int, day: int, dealer: int = 1, program: int = 1
) -> None:  # fmt: skip
    """One entry of incentives late in the evening of a day of the desk, when it is the next one in UTC."""
    sign = 1 if kind == "approval" else -1 if kind in ("charge_back", "unwind") else 1 if number % 2 else -1
    on = FIRST + timedelta(days=day)
    at = datetime(on.year, on.month, on.day, 23, 30, tzinfo=UTC) + timedelta(hours=4)
    values = {
        "id": number, "entry_key": f"k{number}", "book": BOOKS[kind], "kind": kind, "program_id": program,
        "dealer_id": dealer, "region": region_of(session, dealer), "period": "2026-03", "cents": sign * cents, "at": at,
        "on_day": local_day(at, "America/New_York"),
    }  # fmt: skip
    session.execute(insert(IncentiveEntry).values(**values, **_needed(IncentiveEntry, set(values))))


def add_posting(
    session: Session, number: int, *, kind: str, of_kind: str, medium: str, cents: int, day: int, fund: int
) -> None:
    """One entry of co-op."""
    values = {
        "id": number, "entry_key": f"k{number}", "kind": kind, "of_kind": of_kind if kind == "reversal" else "",
        "medium": medium, "cents": cents, "on": FIRST + timedelta(days=day), "fund_id": fund,
        "dealer_id": (fund - 1) % 3 + 1, "region": region_of(session, (fund - 1) % 3 + 1),
    }  # fmt: skip
    needed = _needed(CoopEntry, {*values, "on_day"})
    session.execute(insert(CoopEntry).values(**values, **needed))


def region_of(session: Session, dealer_id: int) -> str:
    return session.execute(text(f"SELECT region FROM dealer WHERE id = {dealer_id}")).scalar_one()


def move(session: Session, dealer_id: int, region: str) -> None:
    """A dealer changes its region, and every record of it follows, as dealers/record.py does it."""
    session.execute(text("UPDATE dealer SET region = :r WHERE id = :d"), {"r": region, "d": dealer_id})
    for table in METADATA.sorted_tables:
        if {"dealer_id", "region"} <= set(table.c.keys()) and table.name != "person_scope":
            session.execute(update(table).where(table.c.dealer_id == dealer_id).values(region=region))


days = st.integers(0, DAYS)
entries = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(sorted(BOOKS)), "cents": st.integers(0, 500), "day": days,
        "dealer": st.integers(1, 3), "program": st.integers(1, 2),
    }
)  # fmt: skip
postings = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(
            ["accrual", "allocation", "reserve", "release", "claim", "reversal", "payment", "expiry", "forfeit"]
        ),
        "of_kind": st.sampled_from(["accrual", "claim"]), "medium": st.sampled_from(["", "print", "radio"]),
        "cents": st.integers(1, 500), "day": days, "fund": st.integers(1, 6),
    }
)  # fmt: skip
decisions = st.fixed_dictionaries(
    {},
    optional={
        "decided_on": st.none() | days.map(lambda n: FIRST + timedelta(days=n)),
        "status": st.sampled_from(["new", "sold", "lost", "bad", "held"]), "sold_at": st.sampled_from([None, NOW]),
        "value_cents": st.none() | st.integers(0, 900), "region": st.sampled_from([None, "", "East", "West"]),
        "dealer_id": st.sampled_from([None, 1, 2]), "source": st.sampled_from(["website", "O'Hare; --"]),
        "product": st.sampled_from(["Other", "Sedan"]), "next_step": st.just("nothing looks at it"),
    },
)  # fmt: skip
change: st.SearchStrategy[tuple[str, Any]] = st.one_of(
    st.tuples(st.just("entry"), entries), st.tuples(st.just("entry taken back"), entries),
    st.tuples(st.just("posting"), postings), st.tuples(st.just("posting taken back"), postings),
    st.tuples(st.just("move"), st.tuples(st.integers(1, 3), st.sampled_from(["East", "West", "South"]))),
    st.tuples(st.just("lead"), decisions), st.tuples(st.just("lead changed"), st.tuples(st.integers(1, 4), decisions)),
    st.tuples(st.just("lead gone"), st.integers(1, 4)),
)  # fmt: skip


def happen(session: Session, number: int, leads: list[int], kind: str, what: Any) -> None:
    if kind.endswith("taken back"):
        with session.begin_nested() as savepoint:
            happen(session, number, leads, kind.removesuffix(" taken back"), what)
            savepoint.rollback()
    elif kind == "entry":
        add_entry(session, number, **what)
    elif kind == "posting":
        add_posting(session, number, **what)
    elif kind == "move":
        move(session, *what)
    elif kind == "lead":
        leads.append(add_lead(session, len(leads) + 1, **what))
    elif kind == "lead changed" and what[1]:
        changed = update(Lead).where(Lead.id == what[0]).values(**what[1])
        session.execute(changed.execution_options(synchronize_session=False))
    elif kind in ("survey", "sale", "objective"):
        {"survey": add_survey, "sale": add_sale, "objective": add_objective}[kind](session, number, **what)
    elif kind == "survey left out":
        session.execute(update(Survey).values(is_counted=what, comment="nothing looks at it"))
    elif kind == "sale unwound":
        session.execute(update(SaleReport).values(unwound_on=what))
    elif kind == "objective agreed":
        session.execute(update(SalesObjective).values(objective=what))
    elif kind == "lead gone":
        session.execute(text(f"DELETE FROM lead WHERE id = {what}"))


def add_survey(session: Session, number: int, **values: Any) -> None:
    """One survey of dealer 1 or 2."""
    on = values["answered_on"]
    known = {
        "id": number, "number": f"S{number}", "survey_key": f"s{number}", "questionnaire_id": 1,
        "month": on and on.replace(day=1),
        "region": region_of(session, values["dealer_id"]), "sent_on": FIRST, "questions": [], "is_returned": True,
        **values,
    }  # fmt: skip
    session.execute(insert(Survey).values(**known, **_needed(Survey, set(known))))


def add_sale(session: Session, number: int, **values: Any) -> None:
    """One reported sale."""
    known = {"id": number, "number": f"V{number}", "region": region_of(session, values["dealer_id"]), **values}
    session.execute(insert(SaleReport).values(**known, **_needed(SaleReport, {*known, "condition"})))


def add_objective(session: Session, number: int, **values: Any) -> None:
    """One segment of a dealer's month."""
    known = {"id": number, "segment": f"S{number}", "region": region_of(session, values["dealer_id"]), **values}
    session.execute(insert(SalesObjective).values(**known, **_needed(SalesObjective, set(known))))


surveys = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["csi", "ssi"]), "dealer_id": st.integers(1, 2), "is_counted": st.booleans(),
        "answered_on": st.none() | days.map(lambda n: FIRST + timedelta(days=n)),
        "index_hundredths": st.none() | st.integers(0, 10_000), "answers": st.just(8), "tops": st.integers(0, 8),
        "nps": st.sampled_from([None, -1, 0, 1]),
    }
)  # fmt: skip
others = st.one_of(
    st.tuples(st.just("survey"), surveys),
    st.tuples(st.just("survey left out"), st.booleans()),
    st.tuples(
        st.just("sale"),
        st.fixed_dictionaries(
            {
                "condition": st.sampled_from(["new", "used"]), "dealer_id": st.integers(1, 2),
                "delivered_on": st.none() | days.map(lambda n: FIRST + timedelta(days=n)),
            }
        ),
    ),
    st.tuples(st.just("sale unwound"), st.sampled_from([None, FIRST])),
    st.tuples(
        st.just("objective"),
        st.fixed_dictionaries(
            {
                "dealer_id": st.integers(1, 2), "month": st.sampled_from([date(2026, 2, 1), date(2026, 3, 1)]),
                "share": st.integers(0, 10_000), "registrations": st.integers(0, 90),
                "objective": st.none() | st.integers(0, 9),
            }
        ),
    ),
    st.tuples(st.just("objective agreed"), st.none() | st.integers(0, 9)),
)  # fmt: skip


# ---- sums are what the rows say --------------------------------------------------------------------------------------
@QUICK
@given(history=st.lists(change | others, min_size=1, max_size=10))
def test_after_every_change_the_sums_are_fresh_ones(desk: Engine, history: list[tuple[str, Any]]) -> None:
    with reading(desk) as session:
        leads: list[int] = []
        for number, (kind, what) in enumerate(history, 1):
            happen(session, number, leads, kind, what)
            assert [line for rollup in ROLLUPS.values() for line in rollup.differences(session)] == []
        kept = contents(session)
        rebuild(session, rollups=ROLLUPS.values())
        assert contents(session) == kept


def contents(session: Session) -> dict[str, set[tuple[Any, ...]]]:
    """Every cell that is not of zeros."""
    return {
        table: {
            tuple(row) for row in session.execute(select(METADATA.tables[table]))
            if any(getattr(row, m) for m in rollup.measures)
        }
        for rollup in ROLLUPS.values() for table in rollup.grains
    }  # fmt: skip


@pytest.mark.parametrize("name", ROLLUPS)
def test_the_tables_hold_the_keys_and_measures_that_are_declared(name: str) -> None:
    for table, keys in ROLLUPS[name].grains.items():
        found = METADATA.tables[table]
        assert [c.name for c in found.primary_key.columns] == list(keys)
        assert [c.name for c in found.columns] == [*keys, *ROLLUPS[name].measures]
        assert not {"dealer_id", "region"} <= set(found.c.keys()), "it would be moved twice when a dealer moves"
    columns = {c.name for c in METADATA.tables[ROLLUPS[name].source].columns}
    assert ROLLUPS[name].watched
    assert set(ROLLUPS[name].watched) <= columns


DAMAGE = [
    ("incentives", "UPDATE incentive_month SET paid = paid + 1"), ("incentives", "DELETE FROM incentive_day"),
    ("incentives", "UPDATE incentive_dealer_month SET month = '2020-01-01'"),
    ("incentives", "UPDATE incentive_dealer_month SET approved = approved + 1, paid = paid - 1"),
    ("coop", "UPDATE coop_month SET medium = 'radio'"), ("coop", "UPDATE coop_day SET approved = 0, entries = 0"),
    ("coop", "DELETE FROM coop_dealer_month"), ("won", "UPDATE lead_won_month SET cents = -cents"),
    ("won", "INSERT INTO lead_won_dealer_month SELECT 99, month, place, won, lost, cents, without_value"
            " FROM lead_won_dealer_month"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "statement"), DAMAGE, ids=[d[1] for d in DAMAGE])
def test_damage_is_named_and_repaired(desk: Engine, name: str, statement: str) -> None:
    with reading(desk) as session:
        add_entry(session, 1, kind="approval", cents=70, day=3)
        add_posting(session, 1, kind="claim", of_kind="", medium="print", cents=50, day=3, fund=2)
        add_lead(session, 1, status="sold", sold_at=NOW, decided_on=FIRST, value_cents=900, dealer_id=1, region="East")
        session.execute(text(statement))
        table = next(word for word in statement.split() if word in ROLLUPS[name].grains)
        assert {line.split(":")[0] for line in ROLLUPS[name].differences(session)} == {table}
        rebuild(session, rollups=[ROLLUPS[name]])
        assert ROLLUPS[name].differences(session) == []
        add_entry(session, 2, kind="payment", cents=70, day=3)
        assert INCENTIVES.differences(session) == [], "the triggers go on from the repaired sums"


def test_a_dropped_trigger_is_noticed_and_can_be_put_back(desk: Engine) -> None:
    with reading(desk) as session:
        for statement in INCENTIVES.drop(desk.dialect.name):
            session.execute(text(statement))
        add_entry(session, 1, kind="approval", cents=70, day=3)
        assert len(INCENTIVES.differences(session)) == len(INCENTIVES.grains)
        for statement in INCENTIVES.create(desk.dialect.name):
            session.execute(text(statement))
        rebuild(session, rollups=[INCENTIVES])
        add_entry(session, 3, kind="approval", cents=70, day=3)
        assert INCENTIVES.differences(session) == []


def test_the_day_of_an_entry_cannot_be_changed_and_a_wrong_one_is_named(desk: Engine) -> None:
    with reading(desk) as session:
        add_entry(session, 1, kind="approval", cents=70, day=3)
        assert days_are_the_desks(session) == []
        with pytest.raises(Exception, match="ledger of incentives cannot be changed"), session.begin_nested():
            session.execute(text("UPDATE incentive_entry SET on_day = '2026-06-01'"))
        values = {"id": 2, "entry_key": "wrong", "book": "paid", "kind": "payment", "program_id": 1, "dealer_id": 1,
                  "on_day": date(2026, 6, 30), "at": datetime(2026, 7, 1, 4, 0, tzinfo=UTC)}  # fmt: skip
        session.execute(insert(IncentiveEntry).values(**values, **_needed(IncentiveEntry, set(values))))
        assert days_are_the_desks(session) == ["entries of 2026-06-30 were posted on 2026-07-01"]


# ---- figures read from them what the rows say ------------------------------------------------------------------------
spans = st.tuples(days, days).map(lambda two: (FIRST + timedelta(days=min(two)), FIRST + timedelta(days=max(two))))
months = st.tuples(st.integers(1, 6), st.integers(1, 6)).map(
    lambda two: (date(2026, min(two), 1), date(2026, max(two) + 1, 1) - timedelta(days=1))
)
scopes = st.sampled_from(
    [
        EVERYTHING, Scope("regions", frozenset({"East"})), Scope("regions", frozenset({"South", "West"})),
        Scope("dealers", frozenset(), frozenset({1, 2})), Scope("dealers", frozenset(), frozenset()),
    ]
)  # fmt: skip
narrow = st.fixed_dictionaries(
    {}, optional={"region": st.sampled_from([("East",), ("West", "South")]), "dealer": st.sampled_from([(1,), (2, 3)])}
)
moves = st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["East", "West", "South"])), max_size=1)


@QUICK
@given(
    rows=st.lists(entries, min_size=1, max_size=12), moved=moves, span=spans | months, scope=scopes, narrowed=narrow,
    program=st.none() | st.just(1),
    by=st.lists(st.sampled_from(incentives.DIMS), max_size=2, unique=True),
)  # fmt: skip
def test_money_of_incentives_is_a_recount_of_the_ledger(
    desk: Engine, rows: Any, moved: Any, span: Any, scope: Scope, narrowed: Any, program: int | None, by: list[str]
) -> None:
    asked = Asked(first=span[0], last=span[1], today=span[1], program=program, **narrowed)
    with reading(desk) as session:
        for number, row in enumerate(rows, 1):
            add_entry(session, number, **row)
        for one in moved:
            move(session, *one)
        found = incentives.money(session, scope=scope, asked=asked, by=by)
        expected: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: dict.fromkeys(MONEY, 0))
        for e in session.scalars(select(IncentiveEntry)):
            on = local_day(e.at, "America/New_York")
            is_wanted = scope.allows(dealer_id=e.dealer_id, region=e.region) and program in (None, e.program_id)
            if not is_wanted or not _in(asked, e.region, e.dealer_id) or on > asked.last:
                continue
            inside = on >= asked.first
            if "month" in by and not inside:
                continue
            known = {"program": e.program_id, "dealer": e.dealer_id, "region": e.region, "month": on.replace(day=1)}
            cell = expected[tuple(known[d] for d in by)]
            if inside:
                cell[e.book] += e.cents
                cell["taken_back"] -= e.cents if e.kind in ("charge_back", "unwind") else 0
            cell["open"] += {"approved": e.cents, "paid": -e.cents}.get(e.book, 0)
    if not by:
        expected[()] = expected[()]
    assert {tuple(row[d] for d in by): {n: row[n] for n in MONEY} for row in found} == expected
    assert all(type(row[n]) is int for row in found for n in MONEY)


MONEY = ("earned", "approved", "paid", "taken_back", "open")


def _in(asked: Any, region: str, dealer: int) -> bool:
    return (not asked.region or region in asked.region) and (not asked.dealer or dealer in asked.dealer)


@QUICK
@given(
    rows=st.lists(postings, min_size=1, max_size=12), moved=moves, span=spans | months, scope=scopes, narrowed=narrow,
    more=st.fixed_dictionaries({}, optional={"programme": st.just(1), "medium": st.just("print")}),
    by=st.lists(st.sampled_from(coop.DIMS), max_size=2, unique=True),
)  # fmt: skip
def test_money_of_co_op_is_a_recount_of_the_ledger(
    desk: Engine, rows: Any, moved: Any, span: Any, scope: Scope, narrowed: Any, more: Any, by: list[str]
) -> None:
    asked = CoopAsked(first=span[0], last=span[1], today=span[1], **narrowed, **more)
    with reading(desk) as session:
        for number, row in enumerate(rows, 1):
            add_posting(session, number, **row)
        for one in moved:
            move(session, *one)
        found = coop.money(session, scope=scope, asked=asked, by=by)
        expected: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: dict.fromkeys(coop.LEDGER, 0))
        for e, programme in session.execute(select(CoopEntry, CoopFund.programme_id).join(CoopFund)):
            name, cents = _posted(e)
            is_wanted = scope.allows(dealer_id=e.dealer_id, region=e.region) and _in(asked, e.region, e.dealer_id)
            has_medium = name in ("reserved", "released", "approved", "paid")
            if (
                not name or not is_wanted or not asked.first <= e.on <= asked.last
                or asked.programme not in (None, programme)
                or (has_medium and asked.medium not in ("", e.medium)) or ("medium" in by and not has_medium)
            ):  # fmt: skip
                continue
            known = {"dealer": e.dealer_id, "region": e.region, "month": e.on.replace(day=1), "medium": e.medium,
                     "programme": programme}  # fmt: skip
            expected[tuple(known[d] for d in by)][name] += cents
    some = {key: cell for key, cell in expected.items() if any(cell.values())}
    if not by:
        some = some or {(): dict.fromkeys(coop.LEDGER, 0)}
    assert {tuple(row[d] for d in by): {n: row[n] for n in coop.LEDGER} for row in found} == some


def _posted(entry: CoopEntry) -> tuple[str, int]:
    names = {"accrual": "accrued", "claim": "approved", "reserve": "reserved", "release": "released",
             "payment": "paid", "expiry": "expired", "forfeit": "forfeited"}  # fmt: skip
    if entry.kind == "reversal":
        return names[entry.of_kind], -entry.cents
    return names.get(entry.kind, ""), entry.cents


@QUICK
@given(
    rows=st.lists(decisions, min_size=1, max_size=12), scope=scopes, narrowed=narrow,
    more=st.fixed_dictionaries({}, optional={"source": st.just("website"), "from": st.just(date(2026, 3, 1)),
                                             "to": st.just(date(2026, 4, 1))}),
    by=st.lists(st.sampled_from(("month", "region", "source", "dealer")), max_size=2, unique=True),
)  # fmt: skip
def test_won_business_is_a_recount_of_the_leads(
    desk: Engine, rows: Any, scope: Scope, narrowed: Any, more: Any, by: list[str]
) -> None:
    filters = {**narrowed, **more}
    with reading(desk) as session:
        for number, row in enumerate(rows, 1):
            add_lead(session, number, **row)
        found = won_rows(session, scope=scope, by=by, filters=filters)
        expected: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for lead in session.scalars(select(Lead).where(Lead.decided_on.is_not(None))):
            month = lead.decided_on.replace(day=1) if lead.decided_on else FIRST
            is_wanted = scope.allows(dealer_id=lead.dealer_id, region=lead.region) and (
                more.get("from", month) <= month <= more.get("to", month)
            )
            if not is_wanted or more.get("source") not in (None, lead.source):
                continue
            if ("region" in filters and (lead.region or "") not in filters["region"]) or (
                "dealer" in filters and lead.dealer_id not in filters["dealer"]
            ):
                continue
            known = {"month": month, "region": lead.region or "", "source": lead.source, "dealer_id": lead.dealer_id}
            cell = expected[tuple(known["dealer_id" if d == "dealer" else d] for d in by)]
            is_won = lead.sold_at is not None and lead.status not in ("bad", "duplicate", "held")
            cell[0] += is_won
            cell[1] += lead.sold_at is None and lead.status == "lost"
            cell[2] += (lead.value_cents or 0) if is_won else 0
            cell[3] += is_won and lead.value_cents is None
    some = {key: tuple(cell) for key, cell in expected.items() if cell[0] or cell[1]}
    if not by:
        some = some or {(): (0, 0, 0, 0)}
    assert {
        tuple(row.keys["dealer_id" if d == "dealer" else d] for d in by):
        (row.won, row.lost, row.cents, row.without_value) for row in found
    } == some  # fmt: skip


@QUICK
@given(
    rows=st.lists(surveys, min_size=1, max_size=10), moved=moves,
    span=spans | months | st.just((None, None)) | days.map(lambda n: (FIRST + timedelta(days=n), None)),
    scope=scopes, narrowed=narrow, kind=st.sampled_from(["", "csi"]),
    by=st.lists(st.sampled_from(("dealer", "region", "month")), max_size=2, unique=True),
)  # fmt: skip
def test_figures_of_surveys_are_a_recount_of_the_surveys(
    desk: Engine, rows: Any, moved: Any, span: Any, scope: Scope, narrowed: Any, kind: str, by: list[str]
) -> None:
    filters = FigureFilters(
        kind=kind, since=span[0], until=span[1], regions=narrowed.get("region", ()),
        dealer_ids=narrowed.get("dealer", ()),
    )  # fmt: skip
    with reading(desk) as session:
        for number, row in enumerate(rows, 1):
            add_survey(session, number, **row)
        for one in moved:
            move(session, *one)
        found = figures_by(session, scope=scope, filters=filters, by=by)
        expected: dict[tuple[Any, ...], list[Survey]] = defaultdict(list)
        for s in session.scalars(select(Survey).where(Survey.answered_on.is_not(None))):
            is_wanted = scope.allows(dealer_id=s.dealer_id, region=s.region) and kind in ("", s.kind)
            on = s.answered_on or FIRST
            if not is_wanted or on < (span[0] or on) or on > (span[1] or on):
                continue
            if s.region not in (filters.regions or {s.region}) or s.dealer_id not in (
                filters.dealer_ids or {s.dealer_id}
            ):
                continue
            known = {"dealer": s.dealer_id, "region": s.region, "month": on.replace(day=1)}
            expected[tuple(known[d] for d in by)].append(s)
        if not by:
            expected[()] = expected[()]
        assert found.keys() == expected.keys()
        for key, some in expected.items():
            assert found[key].everything == _recount(some)
            assert found[key].counted == _recount([s for s in some if s.is_counted])


def _recount(surveys: list[Survey]) -> Figures:
    indexes = [s.index_hundredths for s in surveys if s.index_hundredths is not None]
    return Figures(
        surveys=len(surveys), indexed=len(indexes), index_total=sum(indexes), index_squares=sum(i * i for i in indexes),
        answers=sum(s.answers for s in surveys), tops=sum(s.tops for s in surveys),
        promoters=sum(s.nps == 1 for s in surveys), passives=sum(s.nps == 0 for s in surveys),
        detractors=sum(s.nps == -1 for s in surveys),
    )  # fmt: skip
