"""A look at the figures of incentives reads two periods at once: it says what each figure says by itself (0088).

Four random questions are asked for each of `SUMS_RUNS`: 5 in the suite, 300 for acceptance.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from db.core.actor import EVERYTHING, Scope
from db.core.session import make_engine, reading
from db.dealers.tables import Dealer
from db.incentives import figure_overview_queries, figure_period_queries, figure_queries
from db.incentives.figure_baseline_queries import spans_of
from db.incentives.figure_filters import checked
from db.incentives.figure_members import field_of
from db.incentives.sum_tables import IncentiveMonth
from tests.incentives.factories import STEPS
from tests.incentives.figuring import TIERS, FigureHouse, told_at, told_house
from tests.incentives.paying import LATER

RUNS = int(os.environ.get("SUMS_RUNS", "5"))
MANY = settings(max_examples=RUNS * 4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
DAYS = {"from": date(2026, 11, 1), "to": date(2026, 12, 12)}
BEGUN = date(2026, 9, 20)
LISTED: dict[str, Any] = {
    "code": "STEP-LIST", "name": "Volume of some", "program": {"first": "2026-10-01", "last": "2026-12-31"},
    "rule": STEPS["rule"] | {"tiers": TIERS}, "eligible": {"enrolled": ["04099"]},
}  # fmt: skip
QUARTER: dict[str, Any] = {
    "code": "GROW-Q4", "name": "Growth of a quarter", "period": "quarter",
    "program": {"first": "2026-10-01", "last": "2026-12-31"}, "eligible": {"makes": ["honda"], "regions": ["west"]},
    "rule": {"kind": "growth", "baseline": "year_before", "cents": 50_00},
}  # fmt: skip


@pytest.fixture
def house(sqlite_templates, tmp_path):
    engine = make_engine(told_at(sqlite_templates, tmp_path / "told.db"))
    yield more_told(told_house(engine))
    engine.dispose()


@pytest.fixture
def houses(house: FigureHouse) -> list[FigureHouse]:
    """The house in a list: Hypothesis asks its first argument for names, and a house takes each for a person's."""
    return [house]


def more_told(house: FigureHouse) -> FigureHouse:
    """The story with programs that take some dealers, and more sales of the other one."""
    told = [house.cash, house.steps, house.growth]
    vars(house)["programs"] = [None, *told, house.publish(LISTED), house.publish(QUARTER), 0]
    house.sell_many(3)
    return house


def ask(house: FigureHouse, *, scope: Scope, filters: dict[str, Any], now: datetime) -> list[str]:
    """What a look says otherwise than each figure by itself, by name."""
    plain, wrong = figure_overview_queries, []
    with reading(house.engine) as session:
        found = plain.look(session, scope=scope, filters=filters, now=now)
        if dict(found.figures) != plain.overview(session, scope=scope, filters=filters, now=now):
            wrong.append("figures")
        for by, lines in (("month", found.months), ("program", found.lines)):
            if list(lines) != plain.lines(session, scope=scope, filters=filters, by=by, now=now):
                wrong.append(by)
    return wrong


def scopes_of(house: FigureHouse) -> list[Scope]:
    return [
        EVERYTHING, Scope("regions", regions=frozenset({"West"})),
        Scope("regions", regions=frozenset({"West", "South"})),
        Scope("dealers", dealer_ids=frozenset({house.dealer})), Scope("regions"), Scope("dealers"),
    ]  # fmt: skip


QUESTION = st.fixed_dictionaries(
    {
        "scope": st.integers(0, 5), "program": st.integers(0, 6), "region": st.sampled_from(["", "West", ("West", "")]),
        "dealer": st.sampled_from([(), (0,), (1,), (0, 1)]), "first": st.integers(0, 90), "length": st.integers(0, 120),
        "later": st.integers(0, 40),
    }
)  # fmt: skip


@MANY
@given(question=QUESTION)
def test_a_look_says_what_each_figure_says_by_itself(houses: list[FigureHouse], question: dict[str, Any]) -> None:
    check_question(houses[0], question)


def check_question(house: FigureHouse, question: dict[str, Any]) -> None:
    first = BEGUN + timedelta(days=question["first"])
    dealers = (house.dealer, house.other_dealer)
    filters = {
        "from": first, "to": first + timedelta(days=question["length"]),
        "program": vars(house)["programs"][question["program"]], "region": question["region"],
        "dealer": tuple(dealers[n] for n in question["dealer"]),
    }  # fmt: skip
    now = datetime(2026, 11, 20, 15, 0, tzinfo=UTC) + timedelta(days=question["later"])
    assert ask(house, scope=scopes_of(house)[question["scope"]], filters=filters, now=now) == []


@pytest.mark.slow
def test_a_look_on_both_databases(engine):
    house = FigureHouse(engine)
    house.tell()
    more_told(house)
    for scope in range(6):
        for program in (0, 2, 3, 4, 5):
            for region, dealer in (("", ()), ("West", ()), ("", (0,)), (("West", ""), (0, 1))):
                question = {"scope": scope, "program": program, "region": region, "dealer": dealer}
                check_question(house, {**question, "first": 41, "length": 40, "later": 21})
    check_question(house, {"scope": 0, "program": 0, "region": "", "dealer": (), "first": 50, "length": 9, "later": 21})


def test_more_decisions_than_are_timed_are_the_newest(house, monkeypatch):
    monkeypatch.setattr(figure_queries, "MOST_TIMED", 2)
    assert ask(house, scope=EVERYTHING, filters=DAYS, now=LATER) == []


def test_only_periods_that_count_then_are_measured(house):
    with reading(house.engine) as session:
        for first, last, periods in (
            (date(2026, 11, 1), date(2026, 11, 30), {"2026-11"}), (date(2026, 11, 2), date(2026, 11, 29), set()),
            (date(2026, 10, 1), date(2026, 12, 12), {"2026-10", "2026-11", "2026-12", "2026-Q4"}),
        ):  # fmt: skip
            asked = checked(session, {"from": first, "to": last}, now=LATER)
            assert {period for _, period in spans_of(session, asked)} == periods


def test_dealers_somebody_keeps_are_not_read_again(house):
    fields = {}

    def known(on):
        if on not in fields:
            fields[on] = field_of(session, EVERYTHING, on)
        return fields[on]

    def look(**filters):
        return figure_overview_queries.look(
            session, scope=EVERYTHING, filters={**DAYS, **filters}, now=LATER, known=known
        )

    statements = []
    with reading(house.engine) as session:
        first = look()
        event.listen(house.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
        assert look() == first
        west = look(region="West")
    assert not [s for s in statements if f"FROM {Dealer.__tablename__} " in s and "status" in s]
    assert len(statements) <= 2 * 8
    assert west.figures["incentive_dealer_uptake"].denominator == 1


def test_a_month_nothing_was_posted_in_is_no_sum(house):
    """Cells of zeros remain when the last row of a cell moves away; they are no line."""
    with reading(house.engine) as session:
        asked = checked(session, DAYS, now=LATER)
        (now_, before) = figure_period_queries.periods(session, scope=EVERYTHING, asked=asked)
        posted = {m for (m,) in session.query(IncentiveMonth.month).where(IncentiveMonth.entries > 0)}
    assert {month for month, _ in now_.cells["money"]} == {m for m in posted if m >= date(2026, 11, 1)}
    assert not before.cells["money"]
