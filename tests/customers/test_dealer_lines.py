"""What customers say of one dealer, and who is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from db.core.session import reading, run
from db.customers.customer_commands import set_consent
from db.customers.dealer_lines_queries import REFUSALS_WATCH, count_of_dealer, dealer_lines, dealer_signals
from tests.customers.factories import NOW, TODAY, customer, days, vehicle, visit
from tests.leads.factories import Network, make_network


@pytest.fixture
def network(sqlite_engine: Engine) -> Network:
    return make_network(sqlite_engine)


def titles(engine, network, actor, *, at=NOW, since=None):
    with reading(engine) as session:
        return [x.title for x in dealer_lines(session, dealer_id=network.north, actor=actor, now=at, since=since)]


def test_what_waits_for_a_decision_is_told_within_the_scope_only(sqlite_engine, network):
    home: dict[str, Any] = {"postal_code": "12207", "street": "1 Elm St"}
    jane = customer(sqlite_engine, network, **home)
    customer(sqlite_engine, network, name="Jayne Doe", phone="212-555-0199", **home)
    car = vehicle(sqlite_engine, network, jane)
    visit(sqlite_engine, network, car, ro="R1", opened=TODAY - days(60), odometer=41_000)
    visit(sqlite_engine, network, car, ro="R2", opened=TODAY - days(9), odometer=32_000)
    run(
        set_consent, bind=sqlite_engine, customer_id=jane, channel="email", is_given=False, source="phone",
        actor=network.staff, now=NOW - timedelta(days=2),
    )  # fmt: skip
    told = titles(sqlite_engine, network, network.coordinator)
    assert told[0] == "1 possible duplicate among customers"
    assert told[1].startswith("Odometer to be reviewed: 2003 Honda")  # the model is read where ultravin is installed
    assert told[2] == "1 customer said no to being contacted"
    assert len(told) == 3
    assert titles(sqlite_engine, network, network.south_staff) == []
    assert "1 customer said no" not in str(titles(sqlite_engine, network, network.coordinator, since=NOW))
    due = titles(sqlite_engine, network, network.manager, at=NOW + timedelta(days=9 * 365))
    assert "2 customer records due for removal" in due
    with reading(sqlite_engine) as session:
        for scope, number in ((network.staff.scope, 2), (network.south_staff.scope, 0)):
            assert count_of_dealer(session, dealer_id=network.north, scope=scope) == number


def test_many_refusals_are_a_signal(sqlite_engine, network):
    for number in range(REFUSALS_WATCH):
        with reading(sqlite_engine) as session:
            assert dealer_signals(session, scope=network.manager.scope, now=NOW) == {}
        one = customer(sqlite_engine, network, name=f"Ann{number} Lee", phone=f"212-555-01{number:02}")
        run(
            set_consent, bind=sqlite_engine, customer_id=one, channel="sms", is_given=False, source="phone",
            actor=network.staff, now=NOW - timedelta(days=1),
        )  # fmt: skip
    with reading(sqlite_engine) as session:
        assert list(dealer_signals(session, scope=network.manager.scope, now=NOW)) == [network.north]
        assert dealer_signals(session, scope=network.south_staff.scope, now=NOW) == {}
        assert dealer_signals(session, scope=network.manager.scope, now=NOW + timedelta(days=40)) == {}
