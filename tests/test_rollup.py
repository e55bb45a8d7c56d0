"""The lead counts kept by triggers always equal a fresh count, whatever SQL changes the leads."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from db.core.session import make_engine, reading, run, writing
from db.leads import rollup
from db.leads.flow import FLOW
from db.leads.tables import Lead, LeadDealerMonth, LeadMonth, LeadRegionMonth
from tests.support.again import begun
from tests.support.core import NOW, add_customer, add_dealer, add_lead, at_once


@pytest.fixture
@begun
def desk(engine: Engine) -> Engine:
    with writing(engine, keeps_timeline=False) as session:
        add_customer(session)
        add_dealer(session, 1)
        add_dealer(session, 2, region="West")
    return engine


def differences(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return rollup.differences(session)


# ---------------------------------------------------------------------------------------------------- random histories
STAMPS = (
    "first_action_at", "first_action_due_at", "contacted_at", "qualified_at", "appointment_set_at",
    "appointment_shown_at", "negotiation_at", "sold_at", "closed_at",
)  # fmt: skip
moments = st.none() | st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours, microseconds=hours))
facts = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from([s.name for s in FLOW.states]),
        "region": st.sampled_from([None, "", "East", "West"]),
        "dealer_id": st.sampled_from([None, 1, 2]),
        "state": st.sampled_from(["", "NJ", "CA"]),
        "source": st.sampled_from(["website", "O'Hare; --", "é"]),
        "product": st.sampled_from(["Other", "Sedan"]),
        "received_month": st.sampled_from([date(2026, 5, 1), date(2026, 6, 1)]),
        "next_step": st.just("a column no count looks at"),
        **dict.fromkeys(STAMPS, moments),
    },
)  # fmt: skip
change: st.SearchStrategy[tuple[str, int, dict[str, Any]]] = st.one_of(
    st.tuples(st.just("insert"), st.just(0), facts),
    st.tuples(st.just("update"), st.integers(1, 6), facts),
    st.tuples(st.just("update all"), st.just(0), facts),
    st.tuples(st.just("delete"), st.integers(1, 6), st.just({})),
    st.tuples(st.just("take back"), st.integers(1, 6), facts),
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(change, min_size=1, max_size=10))
def test_after_every_change_the_counts_equal_a_fresh_count(
    desk: Engine, history: list[tuple[str, int, dict[str, Any]]]
) -> None:
    with reading(desk) as session:
        newest = 0
        for kind, item_id, values in history:
            if kind == "insert":
                newest += 1
                add_lead(session, newest, **values)
            elif kind == "delete":
                session.execute(delete(Lead).where(Lead.id == item_id))
            elif kind == "take back":
                with session.begin_nested() as savepoint:
                    add_lead(session, 900 + item_id, **values)
                    savepoint.rollback()
            elif values:
                statement = update(Lead).values(**values).execution_options(synchronize_session=False)
                session.execute(statement.where(Lead.id == item_id) if kind == "update" else statement)
            assert rollup.differences(session) == []
        total = session.scalar(select(func.coalesce(func.sum(LeadMonth.received), 0)))
        by_dealer = session.scalar(select(func.coalesce(func.sum(LeadDealerMonth.received), 0)))
        by_region = session.scalar(select(func.coalesce(func.sum(LeadRegionMonth.received), 0)))
        counted = session.scalar(select(func.count()).select_from(Lead).where(Lead.status != "held"))
        assert total == by_dealer == by_region == counted
        kept = set(session.execute(select(LeadMonth.__table__)).all())
        rollup.rebuild(session)
        fresh = set(session.execute(select(LeadMonth.__table__)).all())
        assert {row for row in kept if any(row[5:])} == {row for row in fresh if any(row[5:])}


# ------------------------------------------------------------------------------------------------------ what is counted
HOUR = timedelta(hours=1)
COUNTED: list[tuple[str, dict[str, Any], set[str]]] = [
    ("a new lead is received and valid", {}, {"received", "valid"}),
    ("a held lead is not received yet", {"status": "held"}, set()),
    ("a bad lead is received, not valid", {"status": "bad", "first_action_at": NOW}, {"received", "bad"}),
    ("so is a duplicate", {"status": "duplicate", "contacted_at": NOW}, {"received", "duplicate"}),
    (
        "answered on the second it was due", {"first_action_at": NOW, "first_action_due_at": NOW},
        {"received", "valid", "promised", "responded", "in_target"},
    ),
    (
        "answered late", {"first_action_at": NOW + timedelta(microseconds=1), "first_action_due_at": NOW},
        {"received", "valid", "promised", "responded", "late"},
    ),
    ("promised and not answered yet", {"first_action_due_at": NOW}, {"received", "valid", "promised"}),
    ("answered without a due time is neither", {"first_action_at": NOW}, {"received", "valid", "responded"}),
    (
        "sold after every stage",
        {
            "status": "sold", "contacted_at": NOW, "qualified_at": NOW, "appointment_set_at": NOW,
            "appointment_shown_at": NOW, "negotiation_at": NOW, "sold_at": NOW,
        },
        {
            "received", "valid", "contacted", "qualified", "qualified_set", "qualified_sold", "appointment_set",
            "set_sold", "appointment_shown", "shown_sold", "negotiation", "negotiation_sold", "sold",
        },
    ),
    (
        "sold without an appointment", {"status": "sold", "contacted_at": NOW, "qualified_at": NOW, "sold_at": NOW},
        {"received", "valid", "contacted", "qualified", "qualified_sold", "sold"},
    ),
    ("lost", {"status": "lost", "closed_at": NOW}, {"received", "valid", "closed"}),
]  # fmt: skip


@pytest.mark.parametrize("what, values, counted", COUNTED, ids=[c[0] for c in COUNTED])
@pytest.mark.parametrize("by_update", [False, True])
def test_what_a_lead_counts_for(
    desk: Engine, what: str, values: dict[str, Any], counted: set[str], by_update: bool
) -> None:
    with reading(desk) as session:
        add_lead(session, 1, dealer_id=2, region=None, **({} if by_update else values))
        if by_update and values:
            session.execute(update(Lead).where(Lead.id == 1).values(**values))
        keys = ((LeadMonth, {"region": ""}), (LeadDealerMonth, {"dealer_id": 2}), (LeadRegionMonth, {"region": ""}))
        for table, key in keys:
            row = session.execute(select(table.__table__)).mappings().one()
            assert {m for m in rollup.MEASURES if row[m]} == counted
            assert {row[m] for m in rollup.MEASURES} <= {0, 1}
            assert {k: row[k] for k in key} == key


def test_the_measures_are_the_columns_and_the_watched_are_what_they_read() -> None:
    for mapped in (LeadMonth, LeadDealerMonth, LeadRegionMonth):
        table = mapped.__tablename__
        assert set(mapped.__table__.columns.keys()) == {*rollup.GRAINS[table], *rollup.MEASURES}
    expressions = [*rollup.MEASURES.values(), *(e for grain in rollup.GRAINS.values() for e in grain.values())]
    read = {column for expression in expressions for column in re.findall(r"\{r\}\.(\w+)", expression)}
    assert read == set(rollup.WATCHED)


# ------------------------------------------------------------------------------------------------- damage and repair
DAMAGE = [
    ("a wrong number", "UPDATE lead_month SET sold = sold + 1"),
    ("two wrong numbers that cancel out", "UPDATE lead_dealer_month SET received = received + 1, valid = valid - 1"),
    ("a lost cell", "DELETE FROM lead_month"),
    ("a wrong number of a region", "UPDATE lead_region_month SET late = late - 1"),
    ("all numbers set to nothing", "UPDATE lead_dealer_month SET received = 0, valid = 0"),
    ("a cell of another month", "UPDATE lead_month SET received_month = '2020-01-01'"),
    (
        "an invented cell whose numbers cancel out",
        "INSERT INTO lead_dealer_month (received_month, dealer_id, source, {m}) "
        "SELECT received_month, 99, source, {zeros} FROM lead_dealer_month",
    ),
]


@pytest.mark.parametrize("what, statement", DAMAGE, ids=[d[0] for d in DAMAGE])
def test_damage_is_named_and_repaired(desk: Engine, what: str, statement: str) -> None:
    with writing(desk, keeps_timeline=False) as session:
        add_lead(session, 1, dealer_id=1, region="East")
        zeros = ", ".join({"received": "1", "valid": "-1"}.get(m, "0") for m in rollup.MEASURES)
        session.execute(text(statement.format(m=", ".join(rollup.MEASURES), zeros=zeros)))
    found = differences(desk)
    assert found
    table = statement.split()[1] if statement.startswith("UPDATE") else statement.split()[2]
    assert all(sentence.startswith(f"{table}: ") for sentence in found)
    with writing(desk, keeps_timeline=False) as session:
        rollup.rebuild(session)
    assert differences(desk) == []
    with writing(desk, keeps_timeline=False) as session:
        session.execute(delete(Lead))
    assert differences(desk) == [], "the triggers go on from the repaired numbers"


def test_a_dropped_trigger_is_noticed_and_can_be_put_back(desk: Engine) -> None:
    dialect = desk.dialect.name
    with writing(desk, keeps_timeline=False) as session:
        for statement in rollup.drop_statements(dialect):
            session.execute(text(statement))
        add_lead(session, 1)
    assert len(differences(desk)) == len(rollup.GRAINS)
    with writing(desk, keeps_timeline=False) as session:
        for statement in rollup.trigger_statements(dialect):
            session.execute(text(statement.replace(":", "\\:")))
        rollup.rebuild(session)
        add_lead(session, 2)
    assert differences(desk) == []


def test_a_write_makes_no_list_for_each_thing_it_counts(sqlite_engine: Engine) -> None:
    """NOT IN in a trigger made one for each measure of each grain: a change then cost four times one without (0079)."""
    writes = ("INSERT INTO lead (id) VALUES (1)", "UPDATE lead SET status = 'new', sold_at = NULL", "DELETE FROM lead")

    def lists(connection: Connection) -> list[int]:
        programs = [connection.exec_driver_sql(f"EXPLAIN {write}").all() for write in writes]
        return [sum(step.opcode == "OpenEphemeral" for step in program) for program in programs]

    with sqlite_engine.connect() as connection:
        counting = lists(connection)
        for statement in rollup.drop_statements("sqlite"):
            connection.exec_driver_sql(statement)
        assert counting == lists(connection), "no more than the table needs by itself"


def test_leads_written_by_many_at_once_are_all_counted_even_during_a_rebuild(desk: Engine) -> None:
    def insert(session: Any, *, first: int) -> None:
        for item_id in range(first, first + 5):
            add_lead(session, item_id, source=("website", "é")[item_id % 2])

    def rebuild(session: Any) -> None:
        rollup.rebuild(session)

    def work(number: int) -> list[str]:
        found = []
        for step in range(8):
            if number == 4:
                run(rebuild, bind=desk, keeps_timeline=False)
            elif number == 5:
                found += differences(desk)
            else:
                run(insert, bind=desk, keeps_timeline=False, first=1000 * (number + 1) + 10 * step)
        return found

    assert at_once(work, threads=6)[5] == [], "a check while others write gives no false alarm"
    assert differences(desk) == []
    with reading(desk) as session:
        assert session.scalar(select(func.sum(LeadMonth.received))) == 4 * 8 * 5


def test_no_lead_slips_in_between_the_two_halves_of_a_rebuild(postgres_url: str) -> None:
    """It would be counted twice: by its trigger and by the fresh count."""
    engine = make_engine(postgres_url)
    with writing(engine, keeps_timeline=False) as session:
        add_customer(session)
    with reading(engine) as session:
        rollup.rebuild(session)
        with reading(engine) as other:
            other.execute(text("SET lock_timeout = '200ms'"))
            with pytest.raises(DBAPIError, match="lock timeout"):
                add_lead(other, 1, source="a source no cell has yet")
    with writing(engine, keeps_timeline=False) as session:
        add_lead(session, 1)
    assert differences(engine) == []
    engine.dispose()
