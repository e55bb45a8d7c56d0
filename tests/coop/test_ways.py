"""The way to a decision is kept beside it: always what the timeline says, and all that figures read (decision 0079)."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, insert, text
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.claims.figure_rules import median, percentile
from db.coop import figure_decided_queries, figure_overview_queries, ways
from db.coop.figure_filters import checked
from db.coop.figure_rules import histogram
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.core.actor import EVERYTHING
from db.core.labels import local_day
from db.core.session import reading, writing
from tests.coop.factories import DAY, NOW, House, of
from tests.coop.test_figures import DAYS, LATER, tell
from tests.support.again import begun
from tests.support.core import _needed
from tests.support.plans import plan, statements

QUESTIONS = {
    "overview": figure_overview_queries.overview,
    "by month": partial(figure_overview_queries.lines, by="month"),
    "by region": partial(figure_overview_queries.lines, by="region"),
    "look": figure_overview_queries.look,
    "held": figure_overview_queries.held,
    **{f"behind {what}": partial(figure_overview_queries.behind, what=what) for what in figure_overview_queries.BEHIND},
}


@pytest.fixture
@begun
def house(engine: Engine) -> House:
    made = House(engine)
    tell(made)
    return made


@pytest.fixture
@begun
def small(sqlite_engine: Engine) -> House:
    made = House(sqlite_engine)
    tell(made)
    return made


def ids_of(house: Any) -> Any:
    """What `tell` made, by name."""
    return house.ids_of


def ask(house: House, question: Any) -> Any:
    def asked(session: Session) -> Any:
        return question(session, scope=EVERYTHING, filters=DAYS, now=LATER)

    return asked


# ---- what is kept is what happened -----------------------------------------------------------------------------------
def test_each_decision_and_payment_keeps_its_way(house: House) -> None:
    late = house.claim(of(100_00), now=NOW + 400 * DAY)  # after its deadline: denied by the rules when it is sent
    house.sound()
    first, second = house.claim_row(ids_of(house)["claim"]), house.claim_row(ids_of(house)["second"])
    assert (first.times_sent, first.times_returned, first.dealer_minutes, first.desk_minutes) == (2, 1, 2880, 2880)
    assert first.first_paid_at == NOW + 25 * DAY
    assert (first.took_minutes, first.pay_minutes) == (2 * 1440, 7 * 1440)
    assert (second.times_sent, second.times_returned, second.took_minutes) == (1, 0, 1440)
    by_rules = house.claim_row(late)
    assert (by_rules.status, by_rules.decided_by) == ("denied", "rules")
    assert (by_rules.took_minutes, by_rules.times_sent, by_rules.first_paid_at) == (None, 1, None)
    again = house.request(ids_of(house)["again"])
    assert (again.times_sent, again.times_returned) == (2, 1)
    assert (again.dealer_minutes, again.desk_minutes, again.took_minutes) == (24 * 60, 7 * 60, 2 * 60)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE coop_claim SET times_sent = times_sent + 1 WHERE decided_at IS NOT NULL",
        "UPDATE coop_claim SET first_paid_at = NULL, pay_minutes = NULL",
        "UPDATE coop_request SET took_minutes = NULL, desk_minutes = 0",
    ],
)
def test_damage_is_named_and_repaired_from_the_timeline(small: House, damage: str) -> None:
    with writing(small.engine, keeps_timeline=False) as session:
        session.execute(text(damage))
    with reading(small.engine) as session:
        assert ways.differences(session)
    with writing(small.engine, keeps_timeline=False) as session:
        ways.fill(session)
    small.sound()


# ---- and is all that figures read ------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_figures_do_not_read_the_timeline(small: House, name: str) -> None:
    asked = statements(small.engine, ask(small, QUESTIONS[name]))
    assert asked
    assert [sql for sql, _ in asked if "timeline" in sql] == []


def test_decisions_and_payments_are_counted_in_their_indexes_alone(small: House) -> None:
    asked = statements(small.engine, ask(small, figure_overview_queries.overview))
    counted = [(sql, values) for sql, values in asked if "_minutes" in sql or "times_sent" in sql]
    assert len(counted) == 6, "decisions of each kind, now and in the period before; how long they and payments took"
    for statement in counted:
        steps = [
            line
            for line in plan(small.engine, statement).splitlines()
            if " coop_request" in line or " coop_claim" in line
        ]
        read = [line for line in steps if "_month" not in line and "_took USING" not in line]
        assert read
        for line in read:
            assert "COVERING INDEX ix_coop_" in line, line


def test_more_decisions_are_not_more_rows(small: House) -> None:
    def rows() -> int:
        read = 0

        def opened(connection: Any, *_: Any) -> None:
            def row(_cursor: Any, found: Any) -> Any:
                nonlocal read
                read += 1
                return found

            connection.row_factory = row

        event.listen(small.engine, "checkout", opened)
        try:
            with reading(small.engine) as session:
                for name in ("overview", "by month", "held"):
                    ask(small, QUESTIONS[name])(session)
        finally:
            event.remove(small.engine, "checkout", opened)
        return read

    before = rows()
    _requests(small, [5, 70, 900] * 40)
    assert rows() <= before + 3, "the three values in order that a middle of two needs"


def _requests(house: House, took: list[int], *, start: int = 10_000) -> None:
    fixed = {
        "status": "approved", "is_open": False, "dealer_id": house.dealer, "region": "East", "medium": "print",
        "fund_id": house.fund().id, "created_at": NOW, "updated_at": NOW, "decided_at": NOW + DAY,
        "decided_on": local_day(NOW + DAY, DESK_ZONE), "cost_cents": 1_00,
        "submitted_at": NOW, "decided_by": "cora", "form_key": None, "costs": [], "calculation": {},
    }  # fmt: skip
    needed = _needed(CoopRequest, {"id", "number", "took_minutes", *fixed})
    with writing(house.engine, keeps_timeline=False) as session:
        session.execute(text(f"DELETE FROM coop_request WHERE id >= {start}"))
        if took:
            session.execute(
                insert(CoopRequest),
                [
                    {**needed, **fixed, "id": start + n, "number": f"FR-{start + n}", "took_minutes": minutes}
                    for n, minutes in enumerate(took)
                ],
            )


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(took=st.lists(st.integers(0, 40) | st.integers(0, 90_000), max_size=24))
def test_the_database_gives_the_middle_and_what_nine_in_ten_are_within(house_alone: House, took: list[int]) -> None:
    _requests(house_alone, took)
    with reading(house_alone.engine) as session:
        asked = checked(session, DAYS, now=LATER)
        for by in ((), ("month",), ("region", "medium")):
            found = figure_decided_queries.minutes(session, scope=EVERYTHING, asked=asked, what="request", by=by)
            assert len(found) == min(1, len(took))
            for one in found.values():
                known = histogram(took)
                assert (one.n, one.value(0.5), one.value(0.9)) == (len(took), median(known), percentile(known, 0.9))


@pytest.fixture
@begun
def house_alone(engine: Engine) -> House:
    return House(engine)


def test_a_claim_is_paid_first_once(small: House) -> None:
    claim = ids_of(small)["claim"]
    with writing(small.engine, keeps_timeline=False) as session:
        ways.keep_paid(session, claim, now=NOW + 90 * DAY)
    with reading(small.engine) as session:
        assert session.get_one(CoopClaim, claim).first_paid_at == NOW + timedelta(days=25)


@pytest.mark.parametrize("narrowed", [{}, {"medium": "radio"}, {"medium": "digital"}, {"region": "Nowhere"}])
def test_one_look_says_what_each_question_says(house: House, narrowed: dict[str, str]) -> None:
    filters = {**DAYS, **narrowed}
    with reading(house.engine) as session:
        look = figure_overview_queries.look(session, scope=EVERYTHING, filters=filters, now=LATER)
        told = figure_overview_queries.overview(session, scope=EVERYTHING, filters=filters, now=LATER)
        assert look.figures == told
        for by in figure_overview_queries.LOOKED:
            lines = figure_overview_queries.lines(session, scope=EVERYTHING, filters=filters, by=by, now=LATER)
            seen = [(x.key, x.name, {n: dict(f) for n, f in x.figures.items()}) for x in look.lines[by]]
            assert seen == [(x.key, x.name, {n: dict(f) for n, f in x.figures.items()}) for x in lines], by
    assert narrowed or any(x.value("coop_claim_denial") is not None for x in look.lines["month"])
    assert narrowed or any(x.value("expiring") for x in look.lines["month"])


def test_one_look_reads_decisions_and_lots_once(small: House) -> None:
    asked = [sql for sql, _ in statements(small.engine, ask(small, figure_overview_queries.look))]
    assert sum("coop_lot" in sql for sql in asked) == 1
    assert sum("times_sent" in sql for sql in asked) == 4, "requests and claims, now and in the period before"
