"""What the lead desk says of a dealer: signals for its health, lines before a call, and its first successes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from db import catalog
from db.core.actor import EVERYTHING, Scope
from db.core.area import CAP
from db.core.session import reading
from db.leads.dealer_lines_queries import (
    HELD_WATCH,
    LATE_FOR_RISK,
    LATE_RISK,
    dealer_lines,
    dealer_signals,
    signals_of,
)
from db.leads.milestones_queries import WITHIN_DAYS, first_answers, first_sales
from tests.leads.factories import NOW, lead_at, load, make_network, minutes, receive, step

DAY = timedelta(hours=24)
CASES = [
    ("nothing", {}, []), ("one late", {"late": 1, "behind": minutes(5)}, ["watch"]),
    ("four late", {"late": LATE_RISK - 1, "behind": minutes(5)}, ["watch"]),
    ("five late", {"late": LATE_RISK, "behind": minutes(5)}, ["risk"]),
    ("one a day late", {"late": 1, "behind": LATE_FOR_RISK}, ["watch"]),
    ("one more than a day late", {"late": 1, "behind": LATE_FOR_RISK + minutes(1)}, ["risk"]),
    ("two held", {"held": HELD_WATCH - 1}, []), ("three held", {"held": HELD_WATCH}, ["watch"]),
    ("both", {"late": 1, "behind": minutes(1), "held": HELD_WATCH}, ["watch", "watch"]),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "levels"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_when_leads_are_a_signal(facts, levels):
    behind = facts.get("behind")
    found = signals_of(
        late=facts.get("late", 0), oldest=NOW - behind if behind else None, held=facts.get("held", 0), now=NOW
    )
    assert [signal.level for signal in found] == levels


def test_the_signals_of_a_network_in_one_look(engine: Engine):
    network = make_network(engine)
    for hours in range(LATE_RISK):
        receive(engine, dealer_id=network.north, received_at=NOW - timedelta(hours=1, minutes=hours))
    receive(engine, dealer_id=network.south, received_at=NOW)
    receive(engine, dealer_id=network.west, received_at=NOW - 5 * DAY)
    for _ in range(HELD_WATCH):
        receive(engine, dealer_id=network.south, status="held")
    receive(engine)
    late = NOW + minutes(20)
    with reading(engine) as session:
        found = dealer_signals(session, scope=EVERYTHING, now=late)
        assert {number: [s.level for s in signals] for number, signals in found.items()} == {
            network.north: ["risk"], network.south: ["watch", "watch"], network.west: ["risk"],
        }  # fmt: skip
        assert found[network.north][0].sentence.startswith("5 leads without a first action; the oldest is ")
        own = Scope("dealers", dealer_ids=frozenset({network.south}))
        assert set(dealer_signals(session, scope=own, now=late)) == {network.south}
        assert set(dealer_signals(session, scope=network.east_coordinator.scope, now=late)) == {
            network.north, network.south,
        }  # fmt: skip
        assert catalog.dealer_signals(session, actor=network.finance, now=late).keys() >= {network.north}


def test_an_answered_lead_is_no_signal(sqlite_engine: Engine):
    network = make_network(sqlite_engine)
    lead_at(sqlite_engine, "contacted", network)
    with reading(sqlite_engine) as session:
        assert dealer_signals(session, scope=EVERYTHING, now=NOW + 30 * DAY) == {}


def test_what_to_know_before_a_call(engine: Engine):
    network = make_network(engine)
    for days in (2, 9, 5, 7):
        receive(engine, dealer_id=network.north, received_at=NOW - days * DAY, name=f"Buyer {days}")
    lead_at(engine, "sold", network)
    receive(engine, dealer_id=network.south)
    with reading(engine) as session:

        def lines(actor, since=None, dealer_id=network.north):
            return dealer_lines(session, dealer_id=dealer_id, actor=actor, now=NOW, since=since)

        found = lines(network.coordinator)
        overdue = [line for line in found if line.kind == "overdue"]
        assert overdue[0].title == "4 leads overdue"
        assert overdue[0].query == {"lead_dealer": str(network.north), "lead_view": "overdue"}
        assert ["Buyer 9" in overdue[1].title, "Buyer 7" in overdue[2].title, "Buyer 5" in overdue[3].title] == [
            True
        ] * 3
        assert all(line.page == "pages/leads/lead.py" and line.at for line in overdue[1:])
        assert [line.title for line in found if line.kind == "open"] == ["5 open leads"]
        assert [line.title for line in found if line.kind == "changed"] == ["5 leads arrived", "1 lead sold"]
        recent = [line.title for line in lines(network.coordinator, NOW - 3 * DAY) if line.kind == "changed"]
        assert recent == ["2 leads arrived", "1 lead sold"]
        assert not any("Buyer" in line.title for line in lines(network.sales_leader)), "names are personal data"
        assert lines(network.south_staff) == []
        assert CAP > 5


def test_the_first_answer_and_the_first_sale(engine: Engine):
    network = make_network(engine)
    late = receive(engine, dealer_id=network.north, received_at=NOW - 9 * DAY)
    step(engine, "log_activity", late, actor=network.staff, now=NOW - 6 * DAY, kind="call", outcome="voicemail")
    first = lead_at(engine, "sold", network, now=NOW - DAY)
    lead_at(engine, "sold", network)
    moved = lead_at(engine, "contacted", network)
    step(
        engine, "assign", moved, actor=network.coordinator, now=NOW + minutes(9), dealer_id=network.south, note="Closer"
    )
    ids = [network.north, network.south, network.west]
    with reading(engine) as session:
        answers = first_answers(session, dealer_ids=ids)
        sales = first_sales(session, dealer_ids=ids)
        assert first_sales(session, dealer_ids=[network.west]) == first_answers(session, dealer_ids=[]) == {}
    assert set(answers) == set(sales) == {network.north}
    assert answers[network.north][0] == load(engine, first).first_action_at
    assert sales[network.north] == (load(engine, first).sold_at, f"{load(engine, first).number} was sold")
    assert load(engine, first).number in answers[network.north][1]


def test_the_desk_knows_both_milestones():
    known = {m.name: m.within_days for m in catalog.milestones() if m.name in ("first_answer", "first_sale")}
    assert known == {"first_answer": WITHIN_DAYS, "first_sale": WITHIN_DAYS}
