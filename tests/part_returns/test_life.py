"""An old part from the decision of its claim to its end, step by step, by command."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from db.core.permissions import Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.core.timeline import TimelineEntry
from db.part_returns import jobs
from db.part_returns.bulk_commands import receive_box, ship_many
from db.part_returns.commands import COMMANDS
from db.part_returns.queries import get_return
from db.part_returns.tables import PartReturn
from tests.claims.factories import NOW, claim_of
from tests.part_returns.factories import PAID, STEPS, at, charged, kept, problems, row_of, step
from tests.support.users import actor_named, make_dealer, make_person

DUE = datetime(2026, 12, 8, 5, 0, tzinfo=UTC)
"""The end of the 15th day after the request, in New York."""


def people(engine):
    dealer = make_dealer(engine)
    other = make_dealer(engine, code="04013", name="Oak Motors")
    make_person(engine, "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[dealer])
    make_person(engine, "otto", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[other])
    make_person(engine, "cora", Role.COORDINATOR)
    make_person(engine, "max", Role.MANAGER)
    return dealer, *(actor_named(engine, name) for name in ("dora", "cora", "max", "otto"))


def entries(engine):
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(TimelineEntry))


# ---- the way of a part -----------------------------------------------------------------------------------------------
def test_from_the_decision_to_the_shelf(sqlite_engine):
    dealer, dora, cora, _, _ = people(sqlite_engine)
    item = kept(sqlite_engine, dealer_id=dealer, actor=dora)
    row = row_of(sqlite_engine, item)
    assert (row.number, row.disposition, row.part_cents) == ("RMA-000001", "hold", PAID)
    assert row.hold_until == date(2026, 12, 22)
    assert row.part_name == "Turbocharger assembly"
    step(sqlite_engine, "request", item, actor=cora, note="The supplier wants to see it.")
    row = row_of(sqlite_engine, item)
    assert (row.due_on, row.due_at) == (date(2026, 12, 7), DUE)
    step(sqlite_engine, "ship", item, actor=dora, carrier="UPS", tracking="1Z 999")
    step(sqlite_engine, "receive", item, actor=cora)
    assert step(sqlite_engine, "inspect", item, actor=cora, finding="defective", then="keep", note="Play.") == "kept"
    row = row_of(sqlite_engine, item)
    assert (row.is_open, row.finding, row.inspected_by) == (False, "defective", "Coordinator Cora")
    assert problems(sqlite_engine) == []


MORE = {
    **STEPS, "send_back": {"carrier": "UPS"}, "pay": {"note": "CA."}, "keep": {}, "scrap": {}, "release": {},
    "ask_again": {"note": "Wrong one."}, "extend": {"due_on": date(2026, 12, 20), "note": "Holidays."},
    "not_arrived": {"note": "Lost."}, "cancel": {"note": "Not needed."}, "waive": {"note": "Lost by us."}, "miss": {},
}  # fmt: skip


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_step_is_refused_elsewhere_and_stores_nothing(sqlite_engine, name):
    """Wrong state, another dealer's part, a stale screen: refused, and nothing stored but the refusal of a right."""
    dealer, dora, cora, max_, otto = people(sqlite_engine)
    wrong = "held" if "held" not in _sources(name) else "received"
    item = at(sqlite_engine, wrong, dealer_id=dealer, actor=dora, ours=cora)
    who = max_ if name not in ("ship",) else dora
    before, count = row_of(sqlite_engine, item), entries(sqlite_engine)
    with pytest.raises(Refused) as refused:
        step(sqlite_engine, name, item, actor=who, **MORE[name])
    assert refused.value.code == "wrong_state"
    with pytest.raises(NotFound):
        step(sqlite_engine, name, item, actor=otto, **MORE[name])
    with pytest.raises(Stale):
        step(sqlite_engine, name, item, actor=who, seen_version=99, **MORE[name])
    after = row_of(sqlite_engine, item)
    assert (after.version, after.status, entries(sqlite_engine)) == (before.version, before.status, count)


def _sources(name):
    from db.part_returns.flow import FLOW

    return FLOW.step(name).sources


@pytest.mark.parametrize("name", ["receive", "inspect", "request", "cancel"])
def test_a_dealer_takes_no_step_of_ours(sqlite_engine, name):
    dealer, dora, cora, _, _ = people(sqlite_engine)
    state = _sources(name)[0]
    item = at(sqlite_engine, state, dealer_id=dealer, actor=dora, ours=cora)
    with pytest.raises(Refused) as refused:
        step(sqlite_engine, name, item, actor=dora, **MORE[name])
    assert refused.value.code == "not_allowed"


WRONG = [
    ("requested", "ship", {"carrier": " "}, "carrier"), ("requested", "ship", {"carrier": "x" * 61}, "carrier"),
    ("requested", "ship", {"carrier": "UPS", "tracking": "1" * 61}, "tracking"),
    ("held", "request", {"note": ""}, "note"),
    ("held", "request", {"note": "x", "due_on": date(2026, 11, 21)}, "due_on"),
    ("held", "extend", {"note": "x", "due_on": None}, "due_on"), ("held", "cancel", {"note": " "}, "note"),
    ("received", "inspect", {"finding": "", "then": "keep", "note": "x"}, "finding"),
    ("received", "inspect", {"finding": "defective", "then": "", "note": "x"}, "then"),
    ("received", "inspect", {"finding": "wrong_part", "then": "scrap", "note": "x"}, "then"),
    ("received", "inspect", {"finding": "defective", "then": "keep", "note": ""}, "note"),
    ("inspected", "send_back", {"carrier": ""}, "carrier"), ("inspected", "pay", {"note": "x"}, ""),
]  # fmt: skip


@pytest.mark.parametrize("state, name, typed, field", WRONG)
def test_what_is_typed_wrong_is_named(sqlite_engine, state, name, typed, field):
    dealer, dora, cora, max_, _ = people(sqlite_engine)
    item = at(sqlite_engine, state, dealer_id=dealer, actor=dora, ours=cora)
    count = entries(sqlite_engine)
    with pytest.raises(Refused) as refused:
        step(sqlite_engine, name, item, actor=max_, **typed)
    assert [p.field for p in refused.value.problems] == [field]
    assert (row_of(sqlite_engine, item).status, entries(sqlite_engine)) == (state, count)


# ---- not returned ----------------------------------------------------------------------------------------------------
def test_a_part_that_does_not_come_is_charged_once_and_a_late_arrival_takes_it_back_once(engine):
    dealer, dora, cora, _, _ = people(engine)
    item = at(engine, "requested", dealer_id=dealer, actor=dora, ours=cora)
    assert jobs.run_charges(engine, now=DUE - timedelta(seconds=1)) == 0
    assert jobs.run_charges(engine, now=DUE) == 1
    assert jobs.run_charges(engine, now=DUE) == 0
    row = row_of(engine, item)
    assert (row.status, row.debits, charged(engine, item)) == ("missing", 1, PAID)
    step(engine, "ship", item, actor=dora, now=DUE, carrier="UPS")
    assert charged(engine, item) == PAID
    outcome = run(receive_box, bind=engine, numbers="RMA-000001", actor=cora, now=DUE)
    assert (outcome.cents, charged(engine, item)) == (PAID, 0)
    with pytest.raises(Refused):
        run(receive_box, bind=engine, numbers="RMA-000001", actor=cora, now=DUE)
    assert charged(engine, item) == 0
    assert problems(engine) == []


def test_the_charge_can_be_waived(sqlite_engine):
    dealer, dora, cora, max_, _ = people(sqlite_engine)
    item = at(sqlite_engine, "requested", dealer_id=dealer, actor=dora, ours=cora)
    jobs.run_charges(sqlite_engine, now=DUE)
    with pytest.raises(Refused):
        step(sqlite_engine, "waive", item, actor=cora, note="Lost by us.")
    step(sqlite_engine, "waive", item, actor=max_, note="Lost by us.", now=DUE)
    assert (row_of(sqlite_engine, item).status, charged(sqlite_engine, item)) == ("cancelled", 0)


def test_reminders_come_once_each(sqlite_engine):
    dealer, dora, cora, _, _ = people(sqlite_engine)
    at(sqlite_engine, "requested", dealer_id=dealer, actor=dora, ours=cora)
    days = [jobs.run_reminders(sqlite_engine, now=NOW + timedelta(days=d)) for d in (5, 8, 8, 13, 13, 16)]
    assert days == [0, 1, 0, 1, 0, 0]


def test_what_was_kept_long_enough_may_be_scrapped(sqlite_engine):
    dealer, dora, _, _, _ = people(sqlite_engine)
    item = kept(sqlite_engine, dealer_id=dealer, actor=dora)
    end = datetime(2026, 12, 23, 5, 0, tzinfo=UTC)
    assert jobs.run_releases(sqlite_engine, now=end - timedelta(seconds=1)) == 0
    assert jobs.run_releases(sqlite_engine, now=end) == 1
    assert jobs.run_releases(sqlite_engine, now=end) == 0
    assert row_of(sqlite_engine, item).status == "released"


# ---- boxes -----------------------------------------------------------------------------------------------------------
def test_a_box_is_shipped_and_received_at_once(engine):
    dealer, dora, cora, _, otto = people(engine)
    one = at(engine, "requested", dealer_id=dealer, actor=dora, ours=cora)
    two = at(engine, "requested", dealer_id=dealer, actor=dora, ours=cora, key="f2", ro_number="RO-2",
             vin="1M8GDM9AXKP042788")  # fmt: skip
    three = at(engine, "held", dealer_id=dealer, actor=dora, ours=cora, key="f3", ro_number="RO-3",
               vin="5YJSA1E14HF000337")  # fmt: skip
    count = entries(engine)
    with pytest.raises(Refused):
        run(ship_many, bind=engine, items=[(one, 2)], carrier="UPS", actor=otto, now=NOW)
    items = [(i, row_of(engine, i).version) for i in (one, two, three)]
    outcome = run(ship_many, bind=engine, items=items, carrier="UPS", tracking="1Z", actor=dora, now=NOW)
    assert outcome.done == ("RMA-000001", "RMA-000002")
    assert [s.number for s in outcome.skipped] == ["RMA-000003"]
    assert entries(engine) == count + 1
    found = run(receive_box, bind=engine, numbers="rma 1\n2, RMA-000099 RMA-000003", actor=cora, now=NOW)
    assert found.done == ("RMA-000001", "RMA-000002")
    assert [s.number for s in found.skipped] == ["RMA-000099", "RMA-000003"]
    assert entries(engine) == count + 2


def test_a_box_of_nothing_is_refused(sqlite_engine):
    _, dora, cora, _, _ = people(sqlite_engine)
    with pytest.raises(Refused) as refused:
        run(receive_box, bind=sqlite_engine, numbers=" ", actor=cora, now=NOW)
    assert refused.value.problems[0].field == "numbers"
    with pytest.raises(Refused) as refused:
        run(receive_box, bind=sqlite_engine, numbers="RMA-1", actor=dora, now=NOW)
    assert refused.value.code == "not_allowed"


def test_the_drawer_of_another_dealer_is_not_found(sqlite_engine):
    dealer, dora, _, _, otto = people(sqlite_engine)
    item = kept(sqlite_engine, dealer_id=dealer, actor=dora)
    assert claim_of(sqlite_engine, row_of(sqlite_engine, item).claim_id).status == "approved"
    with reading(sqlite_engine) as session:
        assert get_return(session, item_id=item, actor=dora, now=NOW).number == "RMA-000001"
        with pytest.raises(NotFound):
            get_return(session, item_id=item, actor=otto, now=NOW)
        assert session.scalar(select(func.count()).select_from(PartReturn)) == 1
