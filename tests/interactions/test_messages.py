"""Writing to a customer: into the outbox and onto the lead at once, with consent, once, and worth what it is worth."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from db.core.actor import Scope
from db.core.mailer import MOST_TRIES
from db.core.outbox import OutboxMail
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run, writing
from db.core.timeline import TimelineEntry
from db.customers.customer_commands import set_consent
from db.customers.merge_commands import merge_customers
from db.customers.purge_commands import purge_customers
from db.customers.tables import Customer
from db.exports import run_export
from db.interactions.area import AREA
from db.interactions.commands import log_interaction, send_again
from db.interactions.line_queries import contact_lines, message_lines
from db.interactions.queries import get_draft, list_messages, open_leads
from db.interactions.tables import Message
from tests.customers.factories import customer, load_customer
from tests.interactions.factories import PERSONAL, contacts, drafted, mails, messages, send, template
from tests.leads.factories import NOW, Network, lead_at, load, make_network, may_text, minutes, receive, step
from tests.leads.looks import activities, entries
from tests.support.again import begun


@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


@pytest.fixture
@begun
def lite(sqlite_engine: Engine) -> tuple[Engine, Network]:
    return sqlite_engine, make_network(sqlite_engine)


def problems(refused: pytest.ExceptionInfo[Refused]) -> list[tuple[str, str]]:
    return [(p.field, p.code) for p in refused.value.problems]


def wrong(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return [sentence for check in AREA.checks for sentence in check.run(session)]


# ---- what it counts for --------------------------------------------------------------------------------------------
def test_an_unedited_template_is_sent_and_counts_for_nothing(engine: Engine, network: Network):
    lead = receive(engine, dealer_id=network.north)
    made = template(engine, network)
    subject, body = drafted(engine, network, made, lead_id=lead)
    assert (subject, body.split(".")[0]) == (
        "Your 2026 Toyota Camry",
        "Hi Jane, thank you for asking about the 2026 Toyota Camry",
    )
    send(engine, network, lead_id=lead, subject=subject, body=body, template_id=made)
    (mail,), (message,), (activity,) = mails(engine), messages(engine), activities(engine, lead)
    assert (mail.to_address, mail.subject, mail.body) == ("jane@mail.example", subject, body)
    assert (mail.reply_to, mail.from_name) == ("sam@desk.example", "North Motors")
    assert (message.outcome, message.template_version, message.mail_id) == ("template", 1, mail.id)
    assert (message.activity_id, message.interaction_id) == (activity.id, None)
    assert (activity.kind, activity.outcome) == ("email", "template")
    stored = load(engine, lead)
    assert (stored.status, stored.first_action_at, stored.first_quality_at) == ("assigned", None, None)
    assert (stored.contacted_at, stored.attempts) == (None, 0)
    assert wrong(engine) == []


COUNTS = [
    ("a personal mail", "", False, "sent", (True, False)),
    ("a personal answer", "", True, "answered", (True, True)),
    ("a template with a sentence more", " The red one is here.", False, "sent", (True, False)),
]


@pytest.mark.parametrize(("why", "more", "answers", "outcome", "stops"), COUNTS, ids=[case[0] for case in COUNTS])
def test_what_a_person_wrote_counts(lite, why, more, answers, outcome, stops):
    engine, network = lite
    lead = receive(engine, dealer_id=network.north)
    body = drafted(engine, network, template(engine, network), lead_id=lead)[1] + more if more else PERSONAL
    send(engine, network, lead_id=lead, body=body, answers=answers)
    stored = load(engine, lead)
    assert (stored.first_action_at is not None, stored.first_quality_at is not None) == stops
    assert messages(engine)[0].outcome == outcome
    assert stored.status == "attempted"


def test_a_template_cannot_be_ticked_into_an_answer(lite):
    engine, network = lite
    lead = receive(engine, dealer_id=network.north)
    body = drafted(engine, network, template(engine, network), lead_id=lead)[1]
    with pytest.raises(Refused) as refused:
        send(engine, network, lead_id=lead, body=body, answers=True)  # copied by hand, no template chosen
    assert problems(refused) == [("answers", "unedited")]
    assert (mails(engine), messages(engine), activities(engine, lead)) == ([], [], [])


def test_the_timeline_has_one_entry_and_no_word_of_the_text(lite):
    engine, network = lite
    lead = receive(engine, dealer_id=network.north)
    send(engine, network, lead_id=lead)
    jane = customer(engine, network, name="Jane Quartz", email="quartz@mail.example")
    send(engine, network, customer_id=jane, form_key="f2")
    written = [e for e in entries(engine) if e.command in ("log_activity", "send_message")]
    assert [e.command for e in written] == ["log_activity", "send_message"]
    for entry in written:
        kept = f"{entry.summary} {entry.reason} {entry.detail}"
        assert not [w for w in ("sunroof", "Jane", "Quartz", "@", "Your Camry") if w in kept], kept


# ---- consent (2.2 E) -----------------------------------------------------------------------------------------------
def test_no_mail_after_the_customer_said_no(lite):
    engine, network = lite
    lead = receive(engine, dealer_id=network.north)
    run(
        set_consent, bind=engine, customer_id=load(engine, lead).customer_id, channel="email", is_given=False,
        source="phone", actor=network.staff, now=NOW,
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        send(engine, network, lead_id=lead)
    assert problems(refused) == [("channel", "no_consent")]
    assert refused.value.problems[0].rule == "2.2 E"
    assert (mails(engine), activities(engine, lead)) == ([], [])


def test_a_text_needs_consent_and_is_logged_without_a_mail(lite):
    engine, network = lite
    lead = receive(engine, dealer_id=network.north)
    with pytest.raises(Refused) as refused:
        send(engine, network, lead_id=lead, channel="text")
    assert problems(refused) == [("channel", "no_consent")]
    may_text(engine, lead, network)
    send(engine, network, lead_id=lead, channel="text")
    (activity,) = activities(engine, lead)
    assert (activity.kind, activity.outcome, activity.note) == ("text", "sent", PERSONAL)
    assert (mails(engine), messages(engine)[0].mail_id) == ([], None)
    assert wrong(engine) == []


# ---- refused -------------------------------------------------------------------------------------------------------
REFUSED = [
    ("a placeholder without a value", {"body": "See you on {appointment}, Jane."}, ("body", "missing_value")),
    ("no text", {"body": " "}, ("body", "required")),
    ("no subject", {"subject": " "}, ("subject", "required")),
    ("a channel there is not", {"channel": "fax"}, ("channel", "required")),
    ("an address of somebody else", {"way": "k999"}, ("way", "unknown")),
    ("a template that is not there", {"template_id": 99}, ("template_id", "not_found")),
    ("a form without a key", {"form_key": ""}, ("form_key", "required")),
]


@pytest.mark.parametrize(("why", "given", "problem"), REFUSED, ids=[case[0] for case in REFUSED])
def test_what_cannot_be_sent_is_refused_and_nothing_is_stored(lite, why, given, problem):
    engine, network = lite
    lead = receive(engine, dealer_id=network.north)
    with pytest.raises(Refused) as refused:
        send(engine, network, lead_id=lead, **given)
    assert problem in problems(refused)
    assert (mails(engine), messages(engine), activities(engine, lead)) == ([], [], [])


def test_a_customer_without_an_address_cannot_be_written_to(lite):
    engine, network = lite
    with pytest.raises(Refused) as refused:
        send(engine, network, customer_id=customer(engine, network))
    assert problems(refused) == [("way", "no_way")]


def test_a_stale_screen_sends_nothing(engine: Engine, network: Network):
    lead = receive(engine, dealer_id=network.north)
    step(engine, "log_activity", lead, actor=network.colleague, now=NOW, kind="call", outcome="reached")
    with pytest.raises(Stale, match="Kim Colleague"):
        send(engine, network, lead_id=lead, seen_version=1)
    assert (mails(engine), messages(engine)) == ([], [])


def test_who_may_not_write_sends_nothing(lite):
    engine, network = lite
    lead = receive(engine, dealer_id=network.north)
    for actor in (network.sales_leader, network.finance):
        with pytest.raises(Refused) as refused:
            send(engine, network, lead_id=lead, actor=actor)
        assert refused.value.code == "not_allowed"
    with pytest.raises(NotFound, match="This lead was not found"):
        send(engine, network, lead_id=lead, actor=network.south_staff)
    with pytest.raises(NotFound, match="This customer was not found"):
        send(engine, network, customer_id=load(engine, lead).customer_id, actor=network.south_staff)
    assert mails(engine) == []


# ---- once ----------------------------------------------------------------------------------------------------------
def test_a_double_click_sends_one_mail(engine: Engine, network: Network):
    lead = receive(engine, dealer_id=network.north)
    first = send(engine, network, lead_id=lead)
    assert send(engine, network, lead_id=lead, seen_version=1) == first
    with pytest.raises(Refused) as refused:
        send(engine, network, lead_id=lead, actor=network.colleague)
    assert problems(refused) == [("form_key", "form_used")]
    assert (len(mails(engine)), len(activities(engine, lead))) == (1, 1)


def test_two_clicks_at_the_same_moment_send_one_mail(engine: Engine, network: Network):
    lead = receive(engine, dealer_id=network.north)
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: send(engine, network, lead_id=lead, seen_version=1), range(2)))
    assert made[0] == made[1]
    assert (len(mails(engine)), len(messages(engine)), len(activities(engine, lead))) == (1, 1, 1)


def test_a_mail_that_failed_is_sent_again_once(engine: Engine, network: Network):
    message = send(engine, network, lead_id=receive(engine, dealer_id=network.north))
    with pytest.raises(Refused) as refused:
        run(send_again, bind=engine, message_id=message, actor=network.staff, now=NOW)
    assert refused.value.code == "not_failed"
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(OutboxMail).values(tries=MOST_TRIES, error="SMTPServerDisconnected"))
    with reading(engine) as session:
        (line,) = list_messages(session, actor=network.staff, customer_id=messages(engine)[0].customer_id)
    assert line.delivery is not None
    assert (line.delivery.state, line.delivery.words) == ("failed", "SMTPServerDisconnected")
    with pytest.raises(NotFound):
        run(send_again, bind=engine, message_id=message, actor=network.south_staff, now=NOW)
    run(send_again, bind=engine, message_id=message, actor=network.staff, now=NOW)
    assert (mails(engine)[0].tries, mails(engine)[0].error) == (0, "")


# ---- contacts without a lead ---------------------------------------------------------------------------------------
LOGGED = [
    ("call", "reached", "out"), ("call", "inbound", "in"), ("email", "inbound", "in"), ("text", "inbound", "in"),
    ("visit", "shown", "out"), ("chat", "reached", "out"), ("letter", "sent", "out"), ("note", "note", "internal"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "outcome", "direction"), LOGGED, ids=[f"{k} {o}" for k, o, _ in LOGGED])
def test_any_contact_is_logged_with_the_customer(lite, kind, outcome, direction):
    engine, network = lite
    jane = customer(engine, network)
    given = {"customer_id": jane, "kind": kind, "outcome": outcome, "note": "Asked for the bill", "form_key": "k"}
    first = run(log_interaction, bind=engine, actor=network.staff, now=NOW, **given)
    assert run(log_interaction, bind=engine, actor=network.staff, now=NOW, **given) == first
    (stored,) = contacts(engine)
    with reading(engine) as session:
        (line,) = contact_lines(session, customer_id=jane, actor=network.staff, limit=9)
    assert (stored.direction, stored.dealer_id, stored.by_username) == (direction, network.north, "sam")
    assert (line.note, line.by) == ("Asked for the bill", "Sam Staff")
    assert "bill" not in f"{entries(engine)[-1].summary}{entries(engine)[-1].detail}"
    assert wrong(engine) == []


UNLOGGED = [
    ("no outcome", {"outcome": ""}, ("outcome", "required")),
    ("no kind", {"kind": ""}, ("kind", "required")),
    ("an outcome of another kind", {"kind": "letter", "outcome": "voicemail"}, ("outcome", "required")),
    ("an empty note", {"kind": "note", "outcome": "note"}, ("note", "required")),
    ("a text without consent", {"kind": "text", "outcome": "sent"}, ("kind", "no_consent")),
    ("a long note", {"note": "x" * 4001}, ("note", "too_long")),
]


@pytest.mark.parametrize(("why", "given", "problem"), UNLOGGED, ids=[case[0] for case in UNLOGGED])
def test_a_contact_that_says_nothing_is_refused(lite, why, given, problem):
    engine, network = lite
    jane = customer(engine, network)
    with pytest.raises(Refused) as refused:
        run(
            log_interaction, bind=engine, actor=network.staff, now=NOW,
            **({"customer_id": jane, "kind": "call", "outcome": "reached"} | given),
        )  # fmt: skip
    assert problem in problems(refused)
    assert contacts(engine) == []


def test_a_contact_about_a_lead_is_one_of_the_lead(engine: Engine, network: Network):
    lead = receive(engine, dealer_id=network.north)
    jane = load(engine, lead).customer_id
    with reading(engine) as session:
        (choice,) = open_leads(session, customer_id=jane, actor=network.staff)
        assert open_leads(session, customer_id=jane, actor=network.south_staff) == []
    about: dict[str, Any] = {
        "kind": "call",
        "outcome": "reached",
        "lead_id": choice.lead_id,
        "seen_version": choice.version,
    }
    other = customer(engine, network, name="Ann Other", phone="212-555-0199")
    with pytest.raises(NotFound):
        run(log_interaction, bind=engine, customer_id=other, actor=network.staff, now=NOW, **about)
    run(log_interaction, bind=engine, customer_id=jane, actor=network.staff, now=NOW + minutes(3), **about)
    assert load(engine, lead).first_quality_at == NOW + minutes(3)
    assert contacts(engine) == []


def test_a_lead_that_is_held_or_closed_is_not_offered(lite):
    engine, network = lite
    for stage in ("held", "lost", "delivered"):
        lead = lead_at(engine, stage, network)
        with reading(engine) as session:
            assert open_leads(session, customer_id=load(engine, lead).customer_id, actor=network.staff) == [], stage


# ---- who sees what -------------------------------------------------------------------------------------------------
def test_another_dealer_sees_nothing_and_a_leader_no_words(lite):
    engine, network = lite
    jane = customer(engine, network, email="jane@mail.example")
    send(engine, network, customer_id=jane)
    run(
        log_interaction, bind=engine, customer_id=jane, kind="call", outcome="inbound", note="Secret words",
        actor=network.staff, now=NOW,
    )  # fmt: skip
    south = network.south_staff
    west = replace(network.sales_leader, scope=Scope("regions", regions=frozenset({"West"})))
    with reading(engine) as session:
        for actor in (south, west):
            assert contact_lines(session, customer_id=jane, actor=actor, limit=9) == []
            assert message_lines(session, customer_id=jane, actor=actor, limit=9) == []
            assert list_messages(session, customer_id=jane, actor=actor) == []
        with pytest.raises(NotFound):
            get_draft(session, channel="email", customer_id=jane, actor=south, now=NOW)
        shown = contact_lines(session, customer_id=jane, actor=network.sales_leader, limit=9)
        assert {line.note for line in shown} == {"Hidden for your role"}
        (line,) = list_messages(session, customer_id=jane, actor=network.sales_leader)
        assert line.subject == ""
        draft = get_draft(session, channel="email", customer_id=jane, actor=network.coordinator, now=NOW)
        assert [way.shown for way in draft.ways] == ["j•••@•••.example"]
        draft = get_draft(session, channel="email", customer_id=jane, actor=network.staff, now=NOW)
        assert [way.shown for way in draft.ways] == ["jane@mail.example"]


def test_the_export_is_masked_and_of_ones_own_dealers(lite):
    engine, network = lite
    jane = customer(engine, network, name="Jane Quartz", email="quartz@mail.example")
    send(engine, network, customer_id=jane)
    send(engine, network, lead_id=receive(engine, dealer_id=network.south, name="Zoe Quill"), form_key="f2",
         actor=network.south_staff)  # fmt: skip

    def rows(actor: object) -> str:
        made = run(
            run_export, bind=engine, kind="interactions", file_format="csv", purpose="Test", actor=actor, now=NOW
        )
        return str(made.content.decode())

    own = rows(network.dealer_manager)
    words = ("Jane Quartz", "J. Q.", "Zoe Quill", "sunroof")
    assert [word in own for word in words] == [True, False, False, True]
    assert [word in rows(network.coordinator) for word in words] == [True, False, True, True]
    assert [word in rows(network.sales_leader) for word in words] == [False, True, False, False]


# ---- what goes and what stays --------------------------------------------------------------------------------------
def test_a_purge_takes_the_texts_and_the_mails(lite):
    engine, network = lite
    jane = customer(engine, network, email="jane@mail.example", now=NOW - timedelta(days=4_000))
    send(engine, network, customer_id=jane, now=NOW - timedelta(days=3_990))
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(Customer).where(Customer.id == jane).values(updated_at=NOW - timedelta(days=3_990)))
    run(purge_customers, bind=engine, customer_ids=[jane], reason="Yearly review", actor=network.manager, now=NOW)
    assert load_customer(engine, jane).purged_at is not None
    assert mails(engine) == []
    (kept,) = contacts(engine)
    assert (kept.note, kept.kind) == ("", "email")
    assert messages(engine)[0].mail_id is None
    assert wrong(engine) == []


def test_a_contact_within_the_period_keeps_a_customer(lite):
    engine, network = lite
    jane = customer(engine, network, now=NOW - timedelta(days=4_000))
    run(
        log_interaction, bind=engine, customer_id=jane, kind="call", outcome="reached", actor=network.staff,
        now=NOW - timedelta(days=30),
    )  # fmt: skip
    with pytest.raises(Refused):
        run(purge_customers, bind=engine, customer_ids=[jane], reason="Review", actor=network.manager, now=NOW)


def test_a_merge_brings_contacts_and_messages_along(lite):
    engine, network = lite
    jane = customer(engine, network, email="jane@mail.example")
    twin = customer(engine, network, name="J Doe", phone="212-555-0188", email="jd@mail.example")
    send(engine, network, customer_id=twin)
    run(
        merge_customers, bind=engine, keep_id=jane, gone_id=twin, reason="Same person", actor=network.dealer_manager,
        seen_versions=(load_customer(engine, jane).version, load_customer(engine, twin).version), now=NOW,
    )  # fmt: skip
    assert messages(engine)[0].customer_id == jane
    with reading(engine) as session:
        assert len(contact_lines(session, customer_id=jane, actor=network.staff, limit=9)) == 1


def test_a_mail_that_is_gone_is_found_by_the_check(lite):
    engine, network = lite
    send(engine, network, lead_id=receive(engine, dealer_id=network.north))
    with writing(engine, keeps_timeline=False) as session:
        session.delete(session.scalars(select(OutboxMail)).one())
        session.execute(update(Message).values(outcome="template"))
    assert len(wrong(engine)) == 2
    with reading(engine) as session:
        assert session.scalars(select(TimelineEntry.summary).where(TimelineEntry.summary.like("%sunroof%"))).all() == []
