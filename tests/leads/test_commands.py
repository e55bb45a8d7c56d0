"""Steps of a lead: what each does and what is refused with nothing stored (domain-rules 2.2 A, E)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from db.core.permissions import Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, writing
from db.core.timeline import verify
from db.leads.tables import Lead
from tests.leads.factories import (
    NOW,
    SYSTEM,
    Network,
    lead_at,
    load,
    make_network,
    may_text,
    minutes,
    receive,
    step,
    version_of,
)
from tests.leads.looks import activities, entries, log, snapshot
from tests.support.again import begun

DAY = timedelta(days=1)
NAIVE = datetime(2026, 7, 1)  # noqa: DTZ001 - a moment without a zone is what is tested


@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


@pytest.fixture
@begun
def lite(sqlite_engine: Engine) -> tuple[Engine, Network]:
    return sqlite_engine, make_network(sqlite_engine)


# ---- logging a contact ---------------------------------------------------------------------------------------------
# kind, outcome, state after, first action, quality response, two-way, attempts
CONTACTS = [
    ("a conversation stops both clocks", "call", "reached", "contacted", True, True, True, 1),
    ("a voicemail stops the first clock only", "call", "voicemail", "attempted", True, False, False, 1),
    ("a call nobody answered is an attempt", "call", "no_answer", "attempted", True, False, False, 1),
    ("a wrong number is an attempt", "call", "wrong_number", "attempted", True, False, False, 1),
    ("the customer's call is no answer", "call", "inbound", "assigned", False, False, False, 0),
    ("a personal mail stops the first clock only", "email", "sent", "attempted", True, False, False, 1),
    ("a mail that answers stops both", "email", "answered", "attempted", True, True, False, 1),
    ("a mail from the customer is no answer", "email", "inbound", "assigned", False, False, False, 0),
    ("a template is no answer", "email", "template", "assigned", False, False, False, 0),
    ("a personal text stops the first clock only", "text", "sent", "attempted", True, False, False, 1),
    ("a text that answers stops both", "text", "answered", "attempted", True, True, False, 1),
    ("an automatic text is no answer", "text", "template", "assigned", False, False, False, 0),
    ("a text of the customer is no answer", "text", "inbound", "assigned", False, False, False, 0),
    ("a conversation by chat stops both clocks", "chat", "reached", "contacted", True, True, True, 1),
    ("a chat nobody answered is the customer's", "chat", "inbound", "assigned", False, False, False, 0),
    ("a personal letter stops the first clock only", "letter", "sent", "attempted", True, False, False, 1),
    ("a letter of the customer is no answer", "letter", "inbound", "assigned", False, False, False, 0),
    ("a visit is contact", "visit", "shown", "contacted", True, True, True, 0),
    ("a note is no answer", "note", "note", "assigned", False, False, False, 0),
]


@pytest.mark.parametrize(
    ("why", "kind", "outcome", "status", "acts", "answers", "two_way", "attempts"),
    CONTACTS,
    ids=[c[0] for c in CONTACTS],
)
def test_what_a_contact_counts_for(lite, why, kind, outcome, status, acts, answers, two_way, attempts):
    engine, network = lite
    item_id = receive(engine, dealer_id=network.north)
    if kind == "text":
        may_text(engine, item_id, network)
    log(engine, item_id, network.staff, NOW + minutes(7), kind, outcome, note="As said")
    lead = load(engine, item_id)
    assert lead.status == status
    assert (lead.first_action_at is not None, lead.first_quality_at is not None) == (acts, answers)
    assert (lead.contacted_at is not None) == two_way
    assert lead.attempts == attempts
    assert lead.first_action_minutes == (7 if acts else None)
    assert lead.first_quality_minutes == (7 if answers else None)
    (stored,) = activities(engine, item_id)
    assert (stored.is_first_action, stored.is_quality, stored.is_two_way) == (acts, answers, two_way)
    assert stored.by_username == "sam"


def test_a_contact_writes_one_entry_and_moves_the_promise(engine: Engine, network: Network):
    item_id = receive(engine, dealer_id=network.north)
    before = load(engine, item_id)
    assert before.due_at == before.first_action_due_at == NOW + minutes(15)
    log(engine, item_id, network.staff, NOW + minutes(4), "call", "voicemail")
    after = load(engine, item_id)
    assert (after.version, after.updated_by, after.is_open) == (2, "Sam Staff", True)
    assert after.due_at == after.first_quality_due_at == NOW + minutes(60)
    assert after.next_step == "Answer the question asked"
    (entry,) = entries(engine)
    assert (entry.command, entry.actor) == ("log_activity", "sam")
    assert "left a voicemail" in entry.summary
    assert entry.detail["after"]["status"] == "attempted"
    with reading(engine) as session:
        assert verify(session).first_bad is None


def test_the_clock_stops_once(engine: Engine, network: Network):
    item_id = receive(engine, dealer_id=network.north)
    log(engine, item_id, network.staff, NOW + minutes(3), "call", "voicemail")
    log(engine, item_id, network.colleague, NOW + minutes(30), "call", "reached")
    lead = load(engine, item_id)
    assert (lead.first_action_at, lead.first_action_by) == (NOW + minutes(3), "Sam Staff")
    assert lead.first_quality_at == lead.contacted_at == NOW + minutes(30)
    assert [a.is_first_action for a in activities(engine, item_id)] == [True, False]


def test_the_earliest_genuine_contact_wins_when_events_come_late(engine: Engine, network: Network):
    """A CRM that sends its calls in the evening: the earlier call takes the stamp, the one after it changes nothing."""
    from db.leads.activities import add_contact

    item_id = receive(engine, dealer_id=network.north)
    log(engine, item_id, network.staff, NOW + minutes(30), "call", "voicemail")
    with writing(engine, keeps_timeline=False) as session:
        lead = session.get_one(Lead, item_id)
        activity, values = add_contact(
            session, lead, kind="email", outcome="sent", note="", at=NOW + minutes(9), by=network.colleague
        )
        assert (values["first_action_at"], values["first_action_minutes"]) == (NOW + minutes(9), 9)
        assert values["first_action_by"] == "Kim Colleague"
        assert activity.is_first_action
        _, later = add_contact(
            session, lead, kind="email", outcome="sent", note="", at=NOW + minutes(45), by=network.colleague
        )
        assert "first_action_at" not in later
    assert [a.is_first_action for a in activities(engine, item_id)] == [False, True, False]


def test_a_reply_of_the_customer_is_contact_only_after_we_wrote(engine: Engine, network: Network):
    item_id = receive(engine, dealer_id=network.north)
    log(engine, item_id, network.staff, NOW + minutes(2), "email", "inbound")
    assert load(engine, item_id).contacted_at is None
    log(engine, item_id, network.staff, NOW + minutes(5), "email", "sent")
    log(engine, item_id, network.staff, NOW + minutes(9), "email", "inbound")
    lead = load(engine, item_id)
    assert (lead.status, lead.contacted_at) == ("contacted", NOW + minutes(9))
    assert lead.first_quality_at is None


def test_minutes_are_working_minutes_of_the_dealer(engine: Engine, network: Network):
    """Saturday 15:50 in Los Angeles is ten minutes before closing; Monday 09:05 is fifteen working minutes later."""
    saturday = datetime(2026, 6, 27, 22, 50, tzinfo=UTC)
    item_id = receive(engine, dealer_id=network.west, received_at=saturday)
    monday = datetime(2026, 6, 29, 16, 5, tzinfo=UTC)
    log(engine, item_id, network.coordinator, monday, "call", "voicemail")
    assert load(engine, item_id).first_action_minutes == 15


def test_a_double_click_stores_one_contact(engine: Engine, network: Network):
    item_id = receive(engine, dealer_id=network.north)
    once = {"kind": "call", "outcome": "reached", "note": "Wants red", "form_key": "abc", "seen_version": 1}
    step(engine, "log_activity", item_id, actor=network.staff, now=NOW + minutes(1), **once)
    before = snapshot(engine, item_id)
    step(engine, "log_activity", item_id, actor=network.staff, now=NOW + minutes(1), **once)
    assert snapshot(engine, item_id) == before
    assert len(activities(engine, item_id)) == 1
    for other in ({"note": "Wants blue"}, {"outcome": "voicemail"}):
        with pytest.raises(Refused) as refused:
            step(engine, "log_activity", item_id, actor=network.staff, now=NOW, **{**once, **other})
        assert (refused.value.code, refused.value.problems[0].field) == ("form_used", "form_key")
    with pytest.raises(Refused):
        step(engine, "log_activity", item_id, actor=network.colleague, now=NOW, **once)
    assert snapshot(engine, item_id) == before


WRONG_CONTACTS = [
    ("no kind", {"kind": "", "outcome": "reached"}, "kind"),
    ("no outcome (a task is never done without one)", {"kind": "call", "outcome": ""}, "outcome"),
    ("an outcome of another kind", {"kind": "email", "outcome": "reached"}, "outcome"),
    ("an empty note", {"kind": "note", "outcome": "note", "note": "  "}, "note"),
    ("a note that is too long", {"kind": "call", "outcome": "reached", "note": "x" * 4001}, "note"),
]


@pytest.mark.parametrize(("why", "given", "field"), WRONG_CONTACTS, ids=[c[0] for c in WRONG_CONTACTS])
def test_a_contact_that_says_nothing_is_refused(lite, why, given, field):
    engine, network = lite
    item_id = receive(engine, dealer_id=network.north)
    before = snapshot(engine, item_id)
    with pytest.raises(Refused) as refused:
        step(engine, "log_activity", item_id, actor=network.staff, now=NOW, **given)
    assert field in [p.field for p in refused.value.problems]
    assert snapshot(engine, item_id) == before


def test_after_the_quality_promise_the_cadence_asks_again(engine: Engine, network: Network):
    item_id = receive(engine, dealer_id=network.north)
    log(engine, item_id, network.staff, NOW + minutes(5), "call", "voicemail")
    log(engine, item_id, network.staff, NOW + minutes(90), "call", "no_answer")
    lead = load(engine, item_id)
    # Day 1 of the cadence ends with Tuesday's opening hours, 18:00 in New York.
    assert lead.due_at == datetime(2026, 6, 30, 22, 0, tzinfo=UTC)
    assert lead.next_step == "Try again"


# ---- the ladder ----------------------------------------------------------------------------------------------------
STAGES = [
    "new", "held", "assigned", "attempted", "contacted", "qualified", "appointment_set", "appointment_shown",
    "negotiation", "nurture", "sold", "delivered", "lost", "bad", "expired",
]  # fmt: skip


@pytest.mark.parametrize("outcome", ["sent", "answered", "template"])
@pytest.mark.parametrize("said", [None, False], ids=["nobody asked", "the customer said no"])
def test_nobody_is_texted_without_consent(lite, said, outcome):
    engine, network = lite
    item_id = receive(engine, dealer_id=network.north)
    if said is not None:
        may_text(engine, item_id, network, is_given=said)
    with pytest.raises(Refused) as refusal:
        log(engine, item_id, network.staff, NOW + minutes(7), "text", outcome)
    (problem,) = refusal.value.problems
    assert (problem.field, problem.code, problem.rule) == ("kind", "no_consent", "2.2 E")
    assert "on their page" in problem.message
    assert activities(engine, item_id) == []
    log(engine, item_id, network.staff, NOW + minutes(8), "text", "inbound")
    may_text(engine, item_id, network, now=NOW + minutes(9))
    log(engine, item_id, network.staff, NOW + minutes(10), "text", outcome)


@pytest.mark.parametrize("stage", STAGES)
def test_a_lead_reaches_every_stage_through_commands(engine: Engine, network: Network, stage: str):
    lead = load(engine, lead_at(engine, stage, network))
    assert lead.status == stage
    closed = stage in ("delivered", "lost", "bad", "expired")
    assert lead.is_open != closed
    assert (lead.closed_at is not None) == closed
    from db.leads.area import AREA

    with reading(engine) as session:
        assert [s for check in AREA.checks for s in check.run(session)] == []
        assert verify(session).first_bad is None


def test_an_appointment_is_due_when_it_is(engine: Engine, network: Network):
    item_id = lead_at(engine, "contacted", network)
    tomorrow = NOW + timedelta(days=1)
    step(engine, "set_appointment", item_id, actor=network.staff, now=NOW, appointment_at=tomorrow)
    assert load(engine, item_id).due_at == tomorrow
    may_text(engine, item_id, network)
    log(engine, item_id, network.staff, NOW + minutes(5), "text", "sent")
    assert load(engine, item_id).due_at == tomorrow
    log(engine, item_id, network.staff, tomorrow, "visit", "shown")
    lead = load(engine, item_id)
    assert (lead.status, lead.appointment_shown_at) == ("appointment_shown", tomorrow)


@pytest.mark.parametrize(
    ("why", "name", "stage", "given", "field"),
    [
        ("an appointment in the past", "set_appointment", "contacted", {"appointment_at": NOW - DAY}, "appointment_at"),
        ("in two years", "set_appointment", "contacted", {"appointment_at": NOW + 800 * DAY}, "appointment_at"),
        ("an appointment without a zone", "set_appointment", "contacted", {"appointment_at": NAIVE}, "appointment_at"),
        ("a price of nothing", "sell", "contacted", {"value_cents": 0}, "value_cents"),
        ("a price with fractions of a cent", "sell", "contacted", {"value_cents": 12.5}, "value_cents"),
        ("qualified without a word", "qualify", "contacted", {"note": " "}, "note"),
        ("parked without a word", "nurture", "contacted", {"note": ""}, "note"),
        ("lost without a reason", "lose", "contacted", {"reason": ""}, "reason"),
        ("lost for an unknown reason", "lose", "contacted", {"reason": "weather"}, "reason"),
        ("bad for an unknown reason", "mark_bad", "contacted", {"reason": "odd", "note": "x"}, "reason"),
        ("reopened without a word", "reopen", "lost", {"note": ""}, "note"),
        ("assigned without a word", "assign", "contacted", {"dealer_id": 1, "note": ""}, "note"),
        ("assigned to no dealer", "assign", "contacted", {"dealer_id": 999, "note": "x"}, "dealer_id"),
        ("assigned to nobody", "assign", "contacted", {"dealer_id": 1, "note": "x", "assignee_id": 999}, "assignee_id"),
        ("released without a contact", "release", "held", {}, "email"),
        ("released with half an address", "release", "held", {"email": "jane@"}, "email"),
        ("released with a number of nobody", "release", "held", {"phone": "123"}, "phone"),
    ],
)  # fmt: skip
def test_a_step_that_is_not_filled_in_is_refused_and_nothing_is_stored(lite, why, name, stage, given, field):
    engine, network = lite
    item_id = lead_at(engine, stage, network)
    before = snapshot(engine, item_id)
    with pytest.raises(Refused) as refused:
        step(engine, name, item_id, actor=network.coordinator, now=NOW, **given)
    assert field in [p.field for p in refused.value.problems], refused.value
    assert snapshot(engine, item_id) == before


def test_a_decision_of_a_person_stops_the_first_clock(engine: Engine, network: Network):
    for name, given in (
        ("nurture", {"note": "Spring"}),
        ("lose", {"reason": "price"}),
        ("mark_bad", {"reason": "fake", "note": "n"}),
    ):
        item_id = receive(engine, dealer_id=network.north)
        step(engine, name, item_id, actor=network.staff, now=NOW + minutes(8), **given)
        lead = load(engine, item_id)
        assert (lead.first_action_at, lead.first_action_minutes) == (NOW + minutes(8), 8), name
        assert lead.first_quality_at is None
        assert lead.due_at is None


# ---- closing -------------------------------------------------------------------------------------------------------
def tried(engine: Engine, network: Network, days: list[int]) -> int:
    item_id = receive(engine, dealer_id=network.north)
    for day in days:
        log(engine, item_id, network.staff, NOW + timedelta(days=day) + minutes(1), "call", "no_answer")
    return item_id


@pytest.mark.parametrize(
    ("why", "days", "allowed"),
    [
        ("eight attempts over ten days are enough", [0, 0, 0, 1, 2, 3, 5, 10], True),
        ("seven attempts are too few", [0, 0, 1, 2, 3, 5, 10], False),
        ("nine days are too short", [0, 0, 0, 1, 2, 3, 5, 9], False),
        ("no attempt at all", [], False),
    ],
)
def test_unresponsive_needs_the_minimum_of_the_cadence(lite, why, days, allowed):
    engine, network = lite
    item_id = tried(engine, network, days)
    close = {"actor": network.staff, "now": NOW + timedelta(days=11), "reason": "unresponsive"}
    if allowed:
        step(engine, "lose", item_id, **close)
        assert load(engine, item_id).close_reason == "unresponsive"
    else:
        with pytest.raises(Refused, match="8 attempts over 10 days") as refused:
            step(engine, "lose", item_id, **close)
        assert refused.value.problems[0].field == "reason"
        assert load(engine, item_id).is_open


@pytest.mark.parametrize(
    ("why", "reason", "attempts", "note", "allowed"),
    [
        ("a wrong number needs an attempt", "wrong_number", 0, "Called", False),
        ("a wrong number that was called", "wrong_number", 1, "Called", True),
        ("under age needs an attempt", "under_age", 0, "Said so", False),
        ("out of market needs an attempt", "out_of_market", 0, "Lives in Peru", False),
        ("out of market after a call", "out_of_market", 1, "Lives in Peru", True),
        ("a test is proven by its note", "test", 0, "Says test", True),
        ("a fake is proven by its note", "fake", 0, "Mickey Mouse", True),
        ("a fake without a note is not proven", "fake", 0, " ", False),
    ],
)
def test_a_bad_lead_needs_proof(lite, why, reason, attempts, note, allowed):
    engine, network = lite
    item_id = tried(engine, network, [0] * attempts)
    bad = {"actor": network.staff, "now": NOW + minutes(30), "reason": reason, "note": note}
    if allowed:
        step(engine, "mark_bad", item_id, **bad)
        assert load(engine, item_id).status == "bad"
    else:
        with pytest.raises(Refused):
            step(engine, "mark_bad", item_id, **bad)
        assert load(engine, item_id).is_open


def test_a_sale_that_falls_through_is_no_sale(engine: Engine, network: Network):
    item_id = lead_at(engine, "sold", network)
    assert load(engine, item_id).value_cents == 3_450_000
    step(engine, "lose", item_id, actor=network.staff, now=NOW, reason="finance")
    lead = load(engine, item_id)
    assert (lead.status, lead.sold_at) == ("lost", None)
    assert entries(engine)[-1].detail["before"]["sold_at"] is not None


def test_reopening_starts_no_clock(engine: Engine, network: Network):
    item_id = lead_at(engine, "lost", network)
    before = load(engine, item_id)
    step(engine, "reopen", item_id, actor=network.staff, now=NOW + timedelta(days=3), note="Called us back")
    after = load(engine, item_id)
    assert (after.status, after.is_open, after.closed_at, after.close_reason) == ("assigned", True, None, "")
    assert after.first_action_at == before.first_action_at
    assert after.clock_started_at == before.clock_started_at


def test_a_lead_expires_only_when_nothing_happened_for_90_days(engine: Engine, network: Network):
    item_id = receive(engine, dealer_id=network.north)
    with pytest.raises(Refused) as refused:
        step(engine, "expire", item_id, actor=SYSTEM, now=NOW + timedelta(days=90) - minutes(1))
    assert refused.value.code == "not_idle"
    step(engine, "expire", item_id, actor=SYSTEM, now=NOW + timedelta(days=90))
    lead = load(engine, item_id)
    assert (lead.status, lead.first_action_at, lead.last_activity_at) == ("expired", None, NOW)


# ---- what no step may do -------------------------------------------------------------------------------------------
def test_the_second_of_two_tabs_is_told_who_was_first(engine: Engine, network: Network):
    item_id = lead_at(engine, "contacted", network)
    seen = version_of(engine, item_id)
    step(engine, "qualify", item_id, actor=network.staff, now=NOW, note="Ready", seen_version=seen)
    before = snapshot(engine, item_id)
    with pytest.raises(Stale, match="Sam Staff") as stale:
        step(engine, "lose", item_id, actor=network.colleague, now=NOW, reason="price", seen_version=seen)
    assert "qualified" in str(stale.value)
    assert snapshot(engine, item_id) == before


def test_a_lead_of_another_dealer_does_not_exist(engine: Engine, network: Network):
    item_id = lead_at(engine, "contacted", network)
    before = snapshot(engine, item_id)
    for name, given in (
        ("log_activity", {"kind": "call", "outcome": "reached", "form_key": "k"}),
        ("qualify", {"note": "x"}),
    ):
        with pytest.raises(NotFound) as refused:
            step(engine, name, item_id, actor=network.south_staff, now=NOW, **given)
        assert "was not found" in str(refused.value)
    assert snapshot(engine, item_id) == before


def test_only_readers_change_nothing(engine: Engine, network: Network):
    item_id = lead_at(engine, "contacted", network)
    before = snapshot(engine, item_id)
    for reader in (network.sales_leader, network.finance):
        assert reader.role in (Role.SALES_LEADER, Role.FINANCE)
        with pytest.raises(Refused) as refused:
            step(engine, "qualify", item_id, actor=reader, now=NOW, note="x")
        assert refused.value.code == "not_allowed"
    assert snapshot(engine, item_id)[0] == before[0]
    assert [e.detail.get("denied") for e in entries(engine)[-2:]] == ["not_allowed", "not_allowed"]
