"""Personal data that is no longer needed: who is due, what goes, what stays, and that nothing happens silently."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select, text, update

from db import catalog
from db.core import search, timeline
from db.core.actor import EVERYTHING
from db.core.problems import NotFound, Refused
from db.core.session import reading, run, writing
from db.customers.customer_commands import hold_customer, set_consent
from db.customers.holders import all_holders
from db.customers.purge_commands import purge_customers, remains
from db.customers.purge_queries import count_due, due_ids, list_due
from db.customers.retention_rules import REMOVED
from db.customers.tables import Consent, Customer, CustomerKey
from db.customers.vehicle_tables import Ownership, ServiceVisit
from db.leads.rollup import differences
from db.leads.tables import Lead, LeadActivity, LeadContact, LeadMonth, LeadVehicle
from tests.customers.factories import customer, days, load_customer, vehicle, visit
from tests.leads.factories import NOW, Network, lead_at, make_network, within

LATER = NOW.replace(year=NOW.year + 6)


@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


def sold(engine: Engine, network: Network, **arrival: Any) -> tuple[int, int]:
    """(customer, lead) of somebody who bought, with everything a lead holds of a person."""
    arrival = {"question": "Is Jane's blue one there?", "comments": "Call Jane Doe at home", **arrival}
    lead_id = lead_at(engine, "delivered", network, **arrival)
    with reading(engine) as session:
        return session.get_one(Lead, lead_id).customer_id, lead_id


def purge(engine: Engine, network: Network, *ids: int, now: datetime = LATER, **other: Any) -> int:
    arguments = {"reason": "Yearly review", "actor": network.manager, "now": now, "customer_ids": ids, **other}
    return int(run(purge_customers, bind=engine, **arguments))


def due(engine: Engine, network: Network, now: datetime = LATER, **other: Any) -> list[int]:
    with reading(engine) as session:
        return list(due_ids(session, actor=network.manager, now=now, **other))


def figures(engine: Engine) -> list[Any]:
    """What is counted of leads: the rollup and the measures of each lead."""
    with reading(engine) as session:
        months = session.execute(select(*LeadMonth.__table__.c).order_by(*LeadMonth.__table__.primary_key)).all()
        leads = session.execute(
            select(Lead.id, Lead.status, Lead.sold_at, Lead.value_cents, Lead.source, Lead.first_action_minutes)
        ).all()
        return [*map(tuple, months), *map(tuple, leads)]


def test_every_area_that_keeps_something_says_so():
    names = {holder.name for holder in all_holders()}
    assert names == {h.name for area in catalog.AREAS for h in area.personal_data} >= {"customers", "leads"}


def test_who_is_due(engine: Engine, network: Network):
    quiet, _ = sold(engine, network)
    busy, _ = sold(engine, network, email="b@x.example", phone="+12125550151")
    lead_at(engine, "assigned", network, customer_id=busy)
    served, _ = sold(engine, network, email="c@x.example", phone="+12125550152")
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(Customer).where(Customer.id == served).values(dealer_id=network.north, region="East"))
    car = vehicle(engine, network, served)
    visit(engine, network, car, customer_id=served, actor=network.staff)
    assert due(engine, network) == [quiet]
    assert due(engine, network, now=NOW + days(30)) == []
    assert due(engine, network, now=NOW + days(3 * 365), years=2) == [quiet]
    with reading(engine) as session:
        (line,), following = list_due(session, actor=network.manager, now=LATER)
        assert count_due(session, actor=network.manager, now=LATER) == 1
    assert (line.customer_id, following) == (quiet, None)
    assert "Nothing has happened since 2026-06-29" in line.why


def test_what_goes_and_what_stays(engine: Engine, network: Network):
    one, lead_id = sold(engine, network)
    run(
        set_consent, bind=engine, customer_id=one, channel="sms", is_given=True, source="form",
        actor=network.coordinator, now=NOW,
    )  # fmt: skip
    counted = figures(engine)
    assert purge(engine, network, one) == 1
    with reading(engine) as session:
        row = session.get_one(Customer, one)
        assert (row.name, row.first_name, row.street, row.postal_code, row.purged_at) == (REMOVED, "", "", "", LATER)
        for table in (CustomerKey, Consent):
            assert session.scalars(select(table).where(table.customer_id == one)).all() == []
        lead = session.get_one(Lead, lead_id)
        assert (lead.customer_name, lead.comments, lead.question, lead.close_note) == (REMOVED, "", "", "")
        assert session.scalars(select(LeadContact)).all() == []
        assert set(session.scalars(select(LeadActivity.note))) <= {""}
        assert set(session.scalars(select(LeadVehicle.vin))) == {None}
        for words in ("jane", "doe", "2125550143", "jane@mail.example"):
            assert search.find(session, words, kinds=("customer", "lead"), scope=EVERYTHING) == [], words
        assert [h.item_id for h in search.find(session, lead.number, kinds=("lead",), scope=EVERYTHING)] == [lead_id]
        assert {name: found for name, found in catalog.run_checks(session) if found and name != "dealers"} == {}
        assert differences(session) == []
    assert figures(engine) == counted


def test_no_table_of_the_database_holds_the_name_any_more(sqlite_engine: Engine):
    network = make_network(sqlite_engine)
    one, _ = sold(sqlite_engine, network, name="Quintessa Zebulon", email="qz@mail.example")
    purge(sqlite_engine, network, one)
    with sqlite_engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        for table in names:
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):  # fixed SQL: names of our own tables
                found = [secret for secret in ("Quintessa", "Zebulon", "qz@mail") if secret in repr(row)]
                assert found == [], table


def test_vehicles_keep_their_periods_and_lose_the_plate_and_the_words(engine: Engine, network: Network):
    one = customer(engine, network)
    car = vehicle(engine, network, one, facts={"plate": "ABC 123"})
    visit(engine, network, car, customer_id=one, complaint="Jane says it rattles", closed_on=NOW.date())
    purge(engine, network, one)
    with reading(engine) as session:
        assert session.scalars(select(Ownership.customer_id)).all() == [one]
        assert session.execute(select(ServiceVisit.complaint, ServiceVisit.odometer_in)).one() == ("", 20_000)
    from tests.customers.factories import load_vehicle

    assert load_vehicle(engine, car).plate == ""


def test_merged_records_go_along(engine: Engine, network: Network):
    from tests.customers.test_merge import merge, undo

    kept, gone = customer(engine, network), customer(engine, network, name="J Doe", phone="518-555-0188")
    merge_id = merge(engine, network, kept, gone)
    purge(engine, network, kept)
    assert load_customer(engine, gone).name == REMOVED
    with pytest.raises(Refused, match="was removed"):
        undo(engine, network, merge_id)


def refused(engine: Engine, network: Network, *ids: int, **other: Any) -> list[str]:
    with pytest.raises(Refused) as refusal:
        purge(engine, network, *ids, **other)
    return [p.code for p in refusal.value.problems]


def test_a_batch_is_refused_whole_when_one_is_not_due(engine: Engine, network: Network):
    quiet, _ = sold(engine, network)
    fresh = customer(engine, network, name="Ann Lee", phone="212-555-0199", now=LATER - days(30))
    assert refused(engine, network, quiet, fresh) == ["not_due"]
    assert load_customer(engine, quiet).name == "Jane Doe"
    assert refused(engine, network) == ["required"]
    assert refused(engine, network, quiet, reason=" ") == ["required"]
    assert refused(engine, network, quiet, years=0) == ["out_of_range"]
    assert refused(engine, network, quiet, actor=network.coordinator) == ["not_allowed"]
    assert refused(engine, network, *range(1, 300)) == ["too_many"]
    elsewhere = within(network.manager, kind="regions", regions=frozenset({"West"}))
    with pytest.raises(NotFound):
        purge(engine, network, quiet, actor=elsewhere)
    assert purge(engine, network, quiet) == 1
    assert refused(engine, network, quiet) == ["purged"]


def test_a_hold_keeps_a_record_and_is_ended(engine: Engine, network: Network):
    one, _ = sold(engine, network)
    hold: dict[str, Any] = {"bind": engine, "customer_id": one, "actor": network.manager, "now": NOW}
    run(hold_customer, reason="Lawsuit", **hold)
    assert due(engine, network) == []
    assert refused(engine, network, one) == ["not_due"]
    with pytest.raises(Refused, match="for this reason already"):
        run(hold_customer, reason="Lawsuit", **hold)
    run(hold_customer, reason="", **hold)
    assert due(engine, network) == [one]
    with pytest.raises(Refused, match="may not"):
        run(hold_customer, reason="x", **{**hold, "actor": network.coordinator})


def test_one_entry_names_everybody_and_no_name_stands_in_it(engine: Engine, network: Network):
    one, _ = sold(engine, network)
    other = customer(engine, network, name="Ann Lee", phone="212-555-0199")
    purge(engine, network, one, other)
    with reading(engine) as session:
        entry = session.scalars(
            select(timeline.TimelineEntry).where(timeline.TimelineEntry.command == "purge_customers")
        ).one()
        links = session.scalars(select(timeline.TimelineLink.item_id).where(timeline.TimelineLink.seq == entry.seq))
        assert set(links) == {one, other}
        assert (entry.summary, entry.reason) == ("The personal data of 2 customers was removed", "Yearly review")


def test_the_check_sees_what_was_left(engine: Engine, network: Network):
    one, _ = sold(engine, network)
    purge(engine, network, one)
    with writing(engine, keeps_timeline=False) as session:
        session.add(CustomerKey(customer_id=one, kind="phone", value="+12125550143"))
        session.execute(update(Customer).where(Customer.id == one).values(name="Jane"))
    with reading(engine) as session:
        assert remains(session) == [
            f"customer C-{one:06} still has a name after the purge",
            f"customer C-{one:06} still has keys after the purge",
        ]


def test_the_command_line_shows_first_and_removes_in_batches(app_database: str, capsys: pytest.CaptureFixture[str]):
    from db.cli.main import main
    from db.core.session import engine as process_engine

    network = make_network(process_engine())
    one, _ = sold(process_engine(), network)
    assert main(["purge-customers"], now=LATER) == 0
    assert f"C-{one:06}" in (said := capsys.readouterr().out)
    assert "1 due. Nothing was changed" in said
    assert main(["purge-customers", "--remove"], now=LATER) == 4
    assert main(["purge-customers", "--remove", "--reason", "Yearly review"], now=LATER) == 0
    assert "of 1 customers was removed" in capsys.readouterr().out
    from db.core.session import engine as again

    assert load_customer(again(), one).name == REMOVED
