"""The sums of claims kept by triggers always equal a fresh count, whatever SQL or command changes the claims."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, func, insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from db import catalog, migrate
from db.claims import figure_queries, figure_sums, metrics_queries, rollup
from db.claims.figure_rules import NOT_CLAIMS, SPANS, STEPS, UNPAID_TYPES, bucket_from, bucket_last, percentile
from db.claims.figure_tables import ClaimCell, ClaimDealerMonth, ClaimTook
from db.claims.tables import Claim, ClaimFinding
from db.core.actor import Scope
from db.core.session import make_engine, reading, run, writing
from db.dealers.tables import Dealer
from tests.support.again import begun
from tests.support.core import NOW, _needed, add_dealer, at_once

EVERY = Scope("all")
WEST = Scope("regions", regions=frozenset({"West"}))
ONE = Scope("dealers", dealer_ids=frozenset({1}))


@pytest.fixture
@begun
def desk(engine: Engine) -> Engine:
    return _with_dealers(engine)


@pytest.fixture
@begun
def small(sqlite_engine: Engine) -> Engine:
    return _with_dealers(sqlite_engine)


def _with_dealers(engine: Engine) -> Engine:
    with writing(engine, keeps_timeline=False) as session:
        add_dealer(session, 1)
        add_dealer(session, 2, region="West")
    return engine


def add_claim(session: Session, claim_id: int, **values: Any) -> int:
    """Insert one claim row by SQL, without a job, a file or a step."""
    claim = {
        "number": f"WC-{claim_id:06}", "status": "paid", "is_open": False, "submitted_by": "dora", "created_at": NOW,
        "updated_at": NOW, "updated_by": "Dora", "claim_type": "standard", "family_id": claim_id,
        "stage_entered_at": NOW, "claimed_cents": 100_00,
    } | values  # fmt: skip
    session.execute(insert(Claim).values(id=claim_id, **claim, **_needed(Claim, {"id", *claim})))
    return claim_id


def add_finding(session: Session, claim_id: int, rule: str = "W18") -> None:
    """Insert one finding of the last run."""
    finding = {"claim_id": claim_id, "run": 1, "found_at": NOW, "rule": rule, "level": "A", "sentence": "."}
    session.execute(insert(ClaimFinding).values(**finding, **_needed(ClaimFinding, {"id", *finding})))


def differences(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return rollup.differences(session)


# ---------------------------------------------------------------------------------------------------- random histories
DAYS = [date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 2), date(2026, 4, 17), date(2026, 5, 30), date(2026, 6, 1)]
cents = st.sampled_from([None, 0, 1, 60_00])
facts = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["draft", "in_review", "returned", "approved", "denied", "paid", "void", "adjusted"]),
        "region": st.sampled_from([None, "East", "West"]),
        "dealer_id": st.sampled_from([None, 1, 2]),
        "claim_type": st.sampled_from(["standard", "goodwill", *NOT_CLAIMS]),
        "component": st.sampled_from(["", "ENG", "O'Hare; --"]),
        "causal_part": st.sampled_from(["", "P-1"]),
        "model": st.sampled_from(["", "Civic", "é"]),
        "submitted_on": st.sampled_from([None, *DAYS]),
        "first_decided_on": st.sampled_from([None, *DAYS]),
        "approved_cents": cents,
        "decided_kind": st.sampled_from(["", "auto", "person", "deemed"]),
        "appeal_result": st.sampled_from(["", "pending", "upheld", "overturned"]),
        "returns": st.integers(0, 2),
        "appeals": st.integers(0, 1),
        "turnaround_minutes": st.sampled_from([None, 0, 1, 59, 60, 480, 1_439, 1_440, 1_441, 50_000]),
        "business_minutes": st.sampled_from([None, 0, 479, 480, 485]),
        "pay_days": st.sampled_from([None, 0, 9]),
        "note": st.just("a column no sum looks at"),
    },
)  # fmt: skip
change: st.SearchStrategy[tuple[str, int, dict[str, Any]]] = st.one_of(
    st.tuples(st.just("insert"), st.just(0), facts),
    st.tuples(st.just("update"), st.integers(1, 6), facts),
    st.tuples(st.just("update all"), st.just(0), facts),
    st.tuples(st.just("delete"), st.integers(1, 6), st.just({})),
    st.tuples(st.just("found"), st.integers(1, 6), st.just({})),
    st.tuples(st.just("found no more"), st.integers(1, 6), st.just({})),
    st.tuples(st.just("take back"), st.integers(1, 6), facts),
)


def _apply(session: Session, history: Sequence[tuple[str, int, dict[str, Any]]], *, check: bool) -> None:
    newest = 0
    for kind, claim_id, values in history:
        if kind == "insert":
            newest += 1
            add_claim(session, newest, **values)
        elif kind == "delete":
            session.execute(delete(ClaimFinding).where(ClaimFinding.claim_id == claim_id))
            session.execute(delete(Claim).where(Claim.id == claim_id))
        elif kind == "found" and claim_id <= newest and session.get(Claim, claim_id) is not None:
            add_finding(session, claim_id, ("W18", "W05")[claim_id % 2])
        elif kind == "found no more":
            session.execute(delete(ClaimFinding).where(ClaimFinding.claim_id == claim_id))
        elif kind == "take back":
            with session.begin_nested() as savepoint:
                add_claim(session, 900 + claim_id, **values)
                savepoint.rollback()
        elif values and kind in ("update", "update all"):
            statement = update(Claim).values(**values).execution_options(synchronize_session=False)
            session.execute(statement.where(Claim.id == claim_id) if kind == "update" else statement)
        session.expire_all()
        if check:
            assert rollup.differences(session) == []


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(change, min_size=1, max_size=9))
def test_after_every_change_the_sums_equal_a_fresh_count(
    desk: Engine, history: list[tuple[str, int, dict[str, Any]]]
) -> None:
    with reading(desk) as session:
        _apply(session, history, check=True)
        kept = {t: _cells(session, t) for t in (ClaimCell, ClaimDealerMonth, ClaimTook)}
        rollup.rebuild(session)
        assert kept == {t: _cells(session, t) for t in kept}


def _cells(session: Session, table: Any) -> set[tuple[Any, ...]]:
    """The cells that hold anything."""
    keys = len(inspect(table).primary_key)
    return {tuple(row) for row in session.execute(select(table.__table__)) if any(row[keys:])}


# -------------------------------------------------------------------------------------------- figures of random claims
spans = st.one_of(
    st.just((None, None)),
    st.tuples(st.none(), st.dates(date(2026, 3, 1), date(2026, 7, 2))),
    st.tuples(st.dates(date(2026, 3, 1), date(2026, 7, 2)), st.none()),
    st.tuples(st.dates(date(2026, 3, 1), date(2026, 7, 2)), st.dates(date(2026, 3, 1), date(2026, 7, 2))),
)
narrowed = st.fixed_dictionaries(
    {},
    optional={
        "region": st.sampled_from(["West", ("East", "West")]), "dealer": st.sampled_from([1, (1, 2), 0]),
        "type": st.sampled_from(["standard", "debit", ("goodwill", "pre_authorization")]),
        "component": st.sampled_from(["ENG", ("", "O'Hare; --")]), "model": st.just("é"), "part": st.just("P-1"),
    },
)  # fmt: skip
DIMS = ("month", "week", "region", "dealer", "type", "component", "model")
dims = st.lists(st.sampled_from(DIMS), max_size=2, unique=True).map(tuple)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    claims=st.lists(facts, min_size=1, max_size=12), repeats=st.sets(st.integers(1, 12)), span=spans, more=narrowed,
    by=dims, scope=st.sampled_from([EVERY, WEST, ONE]),
)  # fmt: skip
def test_figures_are_what_a_plain_recount_of_the_claims_gives(
    desk: Engine, claims: list[dict[str, Any]], repeats: set[int], span: tuple[Any, Any], more: dict[str, Any],
    by: tuple[str, ...], scope: Scope,
) -> None:  # fmt: skip
    filters = more | {name: day for name, day in zip(("from", "to"), span, strict=True) if day is not None}
    with reading(desk) as session:
        for number, values in enumerate(claims, 1):
            add_claim(session, number, **values)
            if number in repeats:
                add_finding(session, number)
        stored = [row for row in session.scalars(select(Claim)) if _is_seen(row, scope, more)]
        decided = [c for c in stored if _within(c.first_decided_on, span) and c.status != "void"]
        sent = [c for c in stored if _within(c.submitted_on, span) and c.status != "void"]
        for ask, of, left_out in (
            (figure_queries.counts, decided, UNPAID_TYPES), (figure_queries.sent, sent, NOT_CLAIMS),
            (figure_queries.repeats, [c for c in sent if c.id in repeats], NOT_CLAIMS),
        ):  # fmt: skip
            groups = _grouped([c for c in of if "type" in more or c.claim_type not in left_out], by, ask)
            found = {tuple(r.pop(d) for d in by): r for r in ask(session, scope=scope, by=by, filters=filters)}
            if not by:
                groups = groups or {(): []}
            assert found == {key: _counted(ask, some) for key, some in groups.items()}
        of = [c for c in decided if "type" in more or c.claim_type not in NOT_CLAIMS]
        for what in figure_queries.TIMED:
            took = figure_queries.timed(session, scope=scope, what=what, by=by, filters=filters)
            spread = figure_queries.spread(session, scope=scope, what=what, by=by, filters=filters)
            for key, some in _grouped(of, by, figure_queries.counts).items():
                minutes = sorted(m for c in some if (m := getattr(c, f"{what}_minutes")) is not None)
                if not minutes:
                    assert key not in took
                    continue
                one = took.pop(key)
                assert one.n == len(minutes) == sum(n for _, n in spread[key])
                assert one.minutes[0.5] == median(minutes)
                assert one.minutes[0.9] == percentile([(m, 1) for m in minutes], 0.9)
            assert took == {}


def _within(day: date | None, span: tuple[Any, Any]) -> bool:
    return day is not None and (span[0] is None or day >= span[0]) and (span[1] is None or day <= span[1])


def _is_seen(c: Claim, scope: Scope, more: dict[str, Any]) -> bool:
    values = {"region": c.region, "dealer": c.dealer_id, "type": c.claim_type, "component": c.component,
              "model": c.model, "part": c.causal_part}  # fmt: skip
    narrowed = all(values[n] in (v if isinstance(v, tuple) else (v,)) for n, v in more.items())
    return narrowed and scope.allows(dealer_id=c.dealer_id, region=c.region)


def _grouped(claims: list[Claim], by: tuple[str, ...], ask: Any) -> dict[tuple[Any, ...], list[Claim]]:
    found: dict[tuple[Any, ...], list[Claim]] = {}
    for c in claims:
        day = c.first_decided_on if ask is figure_queries.counts else c.submitted_on
        assert day is not None
        values = {
            "region": c.region, "dealer": c.dealer_id, "type": c.claim_type, "component": c.component,
            "model": c.model, "month": day.replace(day=1), "week": day - timedelta(days=day.weekday()),
        }  # fmt: skip
        found.setdefault(tuple(values[dim] for dim in by), []).append(c)
    return found


def _counted(ask: Any, claims: list[Claim]) -> dict[str, int]:
    """What domain-rules 2.1 I counts, in plain words."""
    if ask is figure_queries.repeats:
        return {"repeats": len(claims)}
    if ask is figure_queries.sent:
        return {"sent": len(claims), "sent_cents": sum(c.claimed_cents for c in claims)}
    own = [c for c in claims if c.claim_type != "debit"]
    pays = [c for c in own if (c.approved_cents or 0) > 0]
    settled = [c for c in own if c.approved_cents is not None]
    return {
        "decided": len(own),
        "touchless": sum(c.decided_kind == "auto" and c.appeals == 0 for c in pays),
        "first_pass": sum(c.returns == 0 and c.appeals == 0 for c in pays),
        "denied": sum(c.status == "denied" or (c.approved_cents == 0 and c.claimed_cents > 0) for c in own),
        "appealed": sum(c.appeals > 0 for c in own),
        "appeal_decided": sum(c.appeal_result in ("upheld", "overturned") for c in own),
        "overturned": sum(c.appeal_result == "overturned" for c in own),
        "deemed": sum(c.decided_kind == "deemed" for c in own),
        "paid": sum(c.pay_days is not None for c in own),
        "returns": sum(c.returns for c in own),
        "claimed": sum(c.claimed_cents for c in settled),
        "approved": sum(c.approved_cents or 0 for c in settled),
        "cost": sum(c.approved_cents or 0 for c in claims if c.claim_type not in UNPAID_TYPES),
        "pay_days": sum(c.pay_days or 0 for c in own),
        "turnaround": sum(c.turnaround_minutes or 0 for c in own),
        "business": sum(c.business_minutes or 0 for c in own),
    }


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(claims=st.lists(facts, min_size=1, max_size=10), today=st.dates(date(2026, 5, 1), date(2027, 6, 30)))
def test_what_a_dealer_is_owed_is_a_plain_sum_too(small: Engine, claims: list[dict[str, Any]], today: date) -> None:
    with reading(small) as session:
        for number, values in enumerate(claims, 1):
            add_claim(session, number, **values)
        owed = figure_queries.owed(session, scope=EVERY, today=today)
        since = today - timedelta(days=365)
        for dealer in (1, 2):
            own = [
                c for c in session.scalars(select(Claim).where(Claim.dealer_id == dealer))
                if c.claim_type not in UNPAID_TYPES
            ]  # fmt: skip
            got = [c for c in own if c.first_decided_on and since < c.first_decided_on <= today]
            got = [c for c in got if (c.approved_cents or 0) > 0]
            unpaid = [c for c in own if c.status == "approved"]
            if not got and not unpaid:
                assert dealer not in owed
                continue
            first = min((c.first_decided_on for c in got if c.first_decided_on), default=today)
            months = (today.year - first.year) * 12 + today.month - first.month + 1
            assert owed[dealer].approved_cents == sum(c.approved_cents or 0 for c in got)
            assert owed[dealer].unpaid_cents == sum(c.approved_cents or 0 for c in unpaid)
            assert owed[dealer].months == min(12, max(1, months))


# ------------------------------------------------------------------------------------------------------ rules of days
@given(first=st.dates(date(2025, 1, 1), date(2027, 1, 1)), days=st.integers(-3, 500))
def test_months_and_the_days_beside_them_are_the_period(first: date, days: int) -> None:
    last = first + timedelta(days=days)
    found = figure_sums.period(first, last)
    counted: dict[date, int] = {}
    if found.months is not None:
        assert found.months.first is not None
        assert found.months.last is not None
        day = found.months.first
        assert day.day == found.months.last.day == 1
        while day < figure_sums.following(found.months.last):
            counted[day] = 1
            day += timedelta(days=1)
    read = 0
    for stretch in found.days:
        assert stretch.first is not None
        assert stretch.last is not None
        for n in range((stretch.last - stretch.first).days + 1):
            day = stretch.first + timedelta(days=n)
            counted[day] = counted.get(day, 0) + stretch.sign
            read += 1
    assert {day for day, n in counted.items() if n} == {first + timedelta(days=n) for n in range(days + 1)}
    assert set(counted.values()) <= {0, 1}
    assert read <= 31, "at most half a month at each end is read beside the months"


@given(minutes=st.integers(0, 200_000))
def test_a_bucket_holds_its_minutes_and_sql_says_the_same(minutes: int) -> None:
    assert bucket_from(minutes) <= minutes <= bucket_last(bucket_from(minutes))
    assert bucket_from(bucket_last(bucket_from(minutes)) + 1) == bucket_last(bucket_from(minutes)) + 1


def test_the_buckets_of_sql_are_those_of_the_rules_and_know_the_spans(desk: Engine) -> None:
    borders = sorted({0, 1, 59, 60, *(e + n for e, _ in STEPS for n in (-1, 0, 1)), 500_000, 44_639, 89_279, 89_280})
    query = " UNION ALL ".join(f"SELECT {m} AS m, {rollup.bucket_sql(str(m))} AS b" for m in borders)
    with reading(desk) as session:
        found = [(row.m, row.b) for row in session.execute(text(query))]
    assert sorted(found) == [(m, bucket_from(m)) for m in borders]
    assert all(bucket_from(low * 1_440) == low * 1_440 for _, low, _ in SPANS)


def test_the_sums_are_the_columns_and_every_column_read_is_watched() -> None:
    tables: tuple[Any, ...] = (ClaimCell, ClaimDealerMonth, ClaimTook)
    for table in tables:
        name = table.__tablename__
        books = [book for fact in rollup.FACTS for book in fact.books if book.table == name]
        keys = [c.name for c in table.__table__.primary_key]
        assert sorted(keys) == sorted(rollup.TABLES[name])
        assert set(table.__table__.columns.keys()) == {*keys, *(m for book in books for m in book.measures)}
    for fact in rollup.FACTS:
        watched = {c for e in rollup.watched(fact) for c in re.findall(r"\{r\}\.(\w+)", e)}
        read = {c for pair in fact.measures.values() for e in pair for c in re.findall(r"\{r\}\.(\w+)", e)}
        assert read - watched == set()


# ------------------------------------------------------------------------------------------------- damage and repair
DAMAGE = [
    ("a wrong number", "UPDATE claim_cell SET decided = decided + 1 WHERE slice = 'day'", "claim_cell"),
    ("two that cancel out", "UPDATE claim_dealer_month SET sent = sent + 1, paid = paid - 1", "claim_dealer_month"),
    ("a lost cell", "DELETE FROM claim_took WHERE slice = 'month'", "claim_took"),
    ("a cell of another month", "UPDATE claim_cell SET on_day = '2020-01-01' WHERE slice = 'model'", "claim_cell"),
    ("a cut nobody makes", "INSERT INTO claim_cell (slice, on_day, value, place, sent) VALUES"
                           " ('colour', '2026-01-01', 'red', 'East', 1)", "claim_cell"),
]  # fmt: skip


@pytest.mark.parametrize("what, statement, table", DAMAGE, ids=[d[0] for d in DAMAGE])
def test_damage_is_named_and_repaired(desk: Engine, what: str, statement: str, table: str) -> None:
    with writing(desk, keeps_timeline=False) as session:
        add_claim(session, 1, **_COUNTED)
        session.execute(text(statement))
    assert differences(desk)
    assert all(sentence.startswith(f"{table}: ") for sentence in differences(desk))
    with reading(desk) as session:
        named = dict(catalog.run_checks(session))
    assert named["Sums of claims agree with the claims"] == differences(desk)
    assert set(catalog.rebuild_rollups(desk)) >= {"Lead counts agree with the leads", *_CHECK}
    assert differences(desk) == []
    with writing(desk, keeps_timeline=False) as session:
        session.execute(delete(Claim))
    assert differences(desk) == [], "the triggers go on from the repaired numbers"


_CHECK = {"Sums of claims agree with the claims"}
_COUNTED = {
    "dealer_id": 1, "region": "East", "submitted_on": date(2026, 4, 2), "first_decided_on": date(2026, 4, 17),
    "model": "Civic", "component": "ENG", "approved_cents": 50_00, "turnaround_minutes": 700, "business_minutes": 90,
}  # fmt: skip


def test_a_wrong_mark_of_a_repeat_is_named_and_repaired(desk: Engine) -> None:
    with writing(desk, keeps_timeline=False) as session:
        add_claim(session, 1, **_COUNTED)
        session.execute(update(Claim).values(is_repeat=True))
    assert [x for x in differences(desk) if x.startswith("claim: WC-000001")]
    catalog.rebuild_rollups(desk)
    assert differences(desk) == []


def test_a_dropped_trigger_is_noticed_and_can_be_put_back(desk: Engine) -> None:
    dialect = desk.dialect.name
    with writing(desk, keeps_timeline=False) as session:
        for statement in rollup.drop_statements(dialect):
            session.execute(text(statement))
        add_claim(session, 1, **_COUNTED)
        add_finding(session, 1)
    assert len(differences(desk)) > 5
    with writing(desk, keeps_timeline=False) as session:
        for statement in rollup.trigger_statements(dialect):
            session.execute(text(statement))
        rollup.rebuild(session)
        add_claim(session, 2, **_COUNTED)
        add_finding(session, 2)
    assert differences(desk) == []


def test_a_dealer_that_moves_takes_its_sums_along(desk: Engine) -> None:
    with writing(desk, keeps_timeline=False) as session:
        add_claim(session, 1, **_COUNTED)
        session.execute(update(Claim).where(Claim.dealer_id == 1).values(region="West"))
        session.execute(update(Dealer).where(Dealer.id == 1).values(region="West"))
    with reading(desk) as session:
        (row,) = metrics_queries.compute(session, scope=WEST, name="claims_decided", by=("region",), now=NOW)
    assert (row["region"], row["value"]) == ("West", 1)
    assert differences(desk) == []


# ------------------------------------------------------------------------------------------------------- many at once
def test_claims_written_by_many_at_once_are_all_counted_even_during_a_rebuild(desk: Engine) -> None:
    def write(session: Session, *, first: int) -> None:
        for claim_id in range(first, first + 4):
            add_claim(session, claim_id, **_COUNTED | {"component": ("ENG", "é")[claim_id % 2]})
        session.execute(update(Claim).where(Claim.id == first).values(pay_days=3))

    def work(number: int) -> list[str]:
        found = []
        for step in range(6):
            if number == 3:
                run(rollup.rebuild, bind=desk, keeps_timeline=False)
            elif number == 4:
                found += differences(desk)
            else:
                run(write, bind=desk, keeps_timeline=False, first=1000 * (number + 1) + 10 * step)
        return found

    assert at_once(work, threads=5)[4] == [], "a check while others write gives no false alarm"
    assert differences(desk) == []
    with reading(desk) as session:
        assert session.scalar(select(func.sum(ClaimDealerMonth.decided))) == 3 * 6 * 4


def test_no_claim_slips_in_between_the_two_halves_of_a_rebuild(postgres_url: str) -> None:
    """It would be counted twice: by its trigger and by the fresh count."""
    engine = _with_dealers(make_engine(postgres_url))
    with reading(engine) as session:
        rollup.rebuild(session)
        with reading(engine) as other:
            other.execute(text("SET lock_timeout = '200ms'"))
            with pytest.raises(DBAPIError, match="lock timeout"):
                add_claim(other, 1, **_COUNTED)
    with writing(engine, keeps_timeline=False) as session:
        add_claim(session, 1, **_COUNTED)
    assert differences(engine) == []
    engine.dispose()


# --------------------------------------------------------------------------------------------------------- migration
def test_claims_of_an_older_schema_are_counted_by_the_upgrade(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'older.db'}"
    migrate.upgrade(url, to="0019")
    engine = make_engine(url)
    with writing(engine, keeps_timeline=False) as session:
        add_dealer(session, 1)
        # The insert of today names a column that was not there yet.
        session.execute(text("ALTER TABLE claim ADD COLUMN is_repeat BOOLEAN NOT NULL DEFAULT 0"))
        add_claim(session, 1, **_COUNTED)
        add_finding(session, 1)
        session.execute(text("ALTER TABLE claim DROP COLUMN is_repeat"))
    migrate.upgrade(url)
    assert differences(engine) == []
    with reading(engine) as session:
        (row,) = session.execute(select(ClaimDealerMonth.sent, ClaimDealerMonth.repeats, ClaimDealerMonth.dealer_id))
        assert tuple(row) == (1, 1, 1)
        assert session.scalar(select(func.sum(ClaimTook.n)).where(ClaimTook.slice == "day")) == 2
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(Claim).values(status="denied", approved_cents=0))
    assert differences(engine) == [], "the triggers go on from there"
    with reading(engine) as session:
        assert session.scalar(select(func.sum(ClaimDealerMonth.denied))) == 1
    engine.dispose()
