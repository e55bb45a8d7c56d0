"""Figures of many areas side by side: the same numbers as their metrics, narrowed, compared, and within a scope."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, event

from db import catalog
from db.core.actor import EVERYTHING, Scope
from db.core.problems import Refused
from db.core.session import reading, writing
from db.dealers.tables import DealerBrand
from db.reports.overview_queries import (
    Figure,
    Narrowed,
    Part,
    by_dealer,
    by_region,
    is_few,
    leading,
    lines,
    metric,
    narrowed_scope,
    ordered,
    overview,
)
from db.reports.period_rules import Span
from db.reports.scorecard_queries import OFFERED
from tests.leads.factories import NOW, Network, lead_at, make_dealer, make_network, receive
from tests.support.again import begun

EAST = Scope("regions", regions=frozenset({"East"}))
JUNE = Span(first=date(2026, 6, 1), last=date(2026, 6, 30))
NAMES = ("received", "valid", "response_sla", "close_rate", "won", "won_value", "median_first_response", "claims_sent")
DAY = date(2026, 6, 29)


@pytest.fixture
@begun
def network(sqlite_engine: Engine) -> Network:
    made = make_network(sqlite_engine)
    for stage in ("attempted", "contacted", "sold"):
        lead_at(sqlite_engine, stage, made)
    receive(sqlite_engine, dealer_id=made.south)
    receive(sqlite_engine, dealer_id=made.west)
    receive(sqlite_engine)
    for dealer in (made.north, made.west, made.west):
        receive(sqlite_engine, dealer_id=dealer, received_at=NOW - timedelta(days=31))
    receive(sqlite_engine, dealer_id=made.north, received_at=NOW - timedelta(days=365))
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.add(DealerBrand(dealer_id=made.south, brand="Halden"))
        session.add(DealerBrand(dealer_id=made.north, brand="Other"))
    return made


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    said: list[str] = []

    def note(*arguments: object) -> None:
        said.append(str(arguments[2]))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_every_metric_is_the_one_of_the_catalogue():
    assert all(catalog.metric(name) is metric(name) for name in OFFERED)
    with pytest.raises(Refused, match="no metric"):
        metric("onboarding_days")  # it has no dealers
    with pytest.raises(Refused, match="no metric"):
        metric("nonsense")


@pytest.mark.parametrize("scope", [EVERYTHING, EAST], ids=["all", "east"])
def test_figures_are_what_their_metrics_say(sqlite_engine: Engine, network: Network, scope: Scope):
    with reading(sqlite_engine) as session:
        found = overview(session, scope=scope, span=JUNE, names=NAMES, now=NOW)
        for name in NAMES:
            for part, days in (
                (found[name].now, JUNE),
                (found[name].prior, Span(first=date(2026, 5, 1), last=date(2026, 5, 31))),
                (found[name].year, Span(first=date(2025, 6, 1), last=date(2025, 6, 30))),
            ):
                rows = catalog.metric(name).compute(
                    session, scope=scope, by=(), filters={"from": days.first, "to": days.last}, now=NOW
                )
                assert part.value == rows[0]["value"], (name, days)
        assert [m for m, _ in found["received"].months][-1] == date(2026, 6, 1)
        assert len(found["received"].months) == 24
        assert found["received"].months[-1][1].value == found["received"].now.value
        assert found["received"].months[-2][1].value == found["received"].prior.value


def test_the_numbers_of_a_small_network(sqlite_engine: Engine, network: Network):
    with reading(sqlite_engine) as session:
        found = overview(session, scope=EVERYTHING, span=JUNE, names=NAMES, now=NOW)
        places = dict(by_region(session, scope=EVERYTHING, span=JUNE, name="received", now=NOW))
        rows = lines(session, scope=EVERYTHING, span=JUNE, names=("received", "won"), now=NOW)
    received = found["received"]
    assert (received.now.value, received.prior.value, received.year.value) == (6, 3, 1)
    assert (received.change, received.year_change, received.small) == (3, 5, False)
    assert found["response_sla"].small
    assert found["response_sla"].change is None
    assert {place: part.value for place, part in places.items()} == {"East": 4, "West": 1}
    assert {line.name: line.parts["received"].value for line in rows} == {
        "North Motors": 3, "South Motors": 1, "West Motors": 1,
    }  # fmt: skip


def test_a_running_month_is_compared_only_where_that_is_fair(sqlite_engine: Engine, network: Network):
    running = Span(first=date(2026, 6, 1), last=DAY)
    with reading(sqlite_engine) as session:
        found = overview(session, scope=EVERYTHING, span=running, names=("received", "claims_sent"), now=NOW)
    assert not found["received"].is_fair
    assert found["received"].change is None
    assert found["claims_sent"].is_fair


@pytest.mark.parametrize(
    "chosen, expected",
    [
        (Narrowed(), {"north", "south", "west", "closed"}),
        (Narrowed(region="East"), {"north", "south", "closed"}),
        (Narrowed(region="West"), {"west"}),
        (Narrowed(region="Nowhere"), set()),
        (Narrowed(brand="Halden"), {"south", "west", "closed"}),
        (Narrowed(brand="Halden", region="East"), {"south", "closed"}),
        (Narrowed(tier="Gold"), set()),
    ],
)
@pytest.mark.parametrize("scope", ["all", "east", "own"])
def test_what_is_asked_for_is_never_more_than_the_scope(
    sqlite_engine: Engine, network: Network, chosen: Narrowed, expected: set[str], scope: str
):
    scopes = {"all": EVERYTHING, "east": EAST, "own": network.dealer_manager.scope}
    mine = {"all": {"north", "south", "west", "closed"}, "east": {"north", "south", "closed"}, "own": {"north"}}[scope]
    with reading(sqlite_engine) as session:
        found = narrowed_scope(session, scope=scopes[scope], chosen=chosen, on=DAY)
    regions = {"north": "East", "south": "East", "west": "West", "closed": "East"}
    seen = {n for n in regions if found.allows(dealer_id=getattr(network, n), region=regions[n])}
    assert seen == expected & mine


@pytest.mark.parametrize("most", [1, 2, 3, 50])
@pytest.mark.parametrize("scope", ["all", "east", "own"])
def test_the_first_dealers_are_those_of_the_whole_list(sqlite_engine: Engine, network: Network, scope: str, most: int):
    named = {"all": EVERYTHING, "east": EAST, "own": network.dealer_manager.scope}[scope]
    with reading(sqlite_engine) as session:
        every = lines(session, scope=named, span=JUNE, names=NAMES, now=NOW)
        for name in NAMES:
            found = leading(session, scope=named, span=JUNE, names=NAMES, by=name, most=most, now=NOW)
            assert list(found.lines) == ordered(every, name)[:most], name
            assert len(every) <= found.among <= 4


def test_a_dealer_of_another_scope_narrows_to_nothing(sqlite_engine: Engine, network: Network):
    with reading(sqlite_engine) as session:
        scope = network.dealer_manager.scope
        found = narrowed_scope(session, scope=scope, chosen=Narrowed(dealer_id=network.south), on=DAY)
        assert not found.dealer_ids
        rows = lines(session, scope=scope, span=JUNE, names=("received",), now=NOW)
        parts = by_dealer(session, scope=scope, span=JUNE, names=("received",), now=NOW)
    assert [line.name for line in rows] == ["North Motors"]
    assert set(parts["received"]) == {network.north}


def test_as_many_statements_for_a_large_network_as_for_a_small_one(sqlite_engine: Engine, network: Network):
    def ask() -> int:
        with reading(sqlite_engine) as session, counted(sqlite_engine) as said:
            overview(session, scope=EVERYTHING, span=JUNE, names=NAMES, now=NOW)
            leading(session, scope=EVERYTHING, span=JUNE, names=NAMES, by="received", most=2, now=NOW)
            narrowed_scope(session, scope=EVERYTHING, chosen=Narrowed(brand="Halden", tier="Gold"), on=DAY)
        return len(said)

    before = ask()
    with writing(sqlite_engine, keeps_timeline=False) as session:
        ids = [make_dealer(session, f"009{n:02}", f"Dealer {n}").id for n in range(20)]
    for dealer_id in ids:
        receive(sqlite_engine, dealer_id=dealer_id)
    assert ask() == before
    assert before < 120


@pytest.mark.parametrize(
    "name, part, expected",
    [
        ("response_sla", Part(value=0.5, numerator=4, denominator=8), True),
        ("response_sla", Part(value=0.5, numerator=5, denominator=10), False),
        ("received", Part(value=3, numerator=3), False),
        ("won_value", Part(value=300, numerator=300, denominator=3), False),
        ("coop_utilisation", Part(value=0.5, numerator=4, denominator=8), False),
    ],
)
def test_which_figures_are_of_too_few_cases(name: str, part: Part, expected: bool):
    assert is_few(name, part) is expected
    figure = Figure(name=name, now=part, prior=part, year=part, is_fair=True)
    assert figure.change == (None if expected else 0)
