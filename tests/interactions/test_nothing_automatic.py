"""Nothing automatic counts as a response: whatever the desk does by itself leaves the clocks running (2.2 A)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from db import catalog
from db.core.mailer import deliver_due
from db.core.outbox import queue_mail
from db.core.session import writing
from db.core.settings import settings
from db.leads import rules as lead_rules
from db.leads.flow import OUTCOMES
from db.people.notifications import notify
from tests.interactions.factories import drafted, send, template
from tests.leads.factories import NOW, SYSTEM, Network, load, make_network, may_text, minutes, receive, step

Way = Callable[[Engine, Network, int], None]


def templated_mail(engine: Engine, network: Network, lead: int) -> None:
    made = template(engine, network)
    subject, body = drafted(engine, network, made, lead_id=lead)
    send(engine, network, lead_id=lead, subject=subject, body=body, template_id=made)


def templated_text(engine: Engine, network: Network, lead: int) -> None:
    may_text(engine, lead, network)
    body = "Thank you, we have got your message and will call you."
    made = template(engine, network, channel="text", body=body)
    send(engine, network, lead_id=lead, channel="text", body=body, template_id=made)


def logged_template(engine: Engine, network: Network, lead: int) -> None:
    step(engine, "log_activity", lead, actor=network.staff, now=NOW + minutes(5), kind="email", outcome="template")


def auto_reply(engine: Engine, network: Network, lead: int) -> None:
    """What an auto-responder or a confirmation is: a mail in the outbox about the lead, delivered by the sweep."""
    with writing(engine, keeps_timeline=False) as session:
        for subject in ("We got your enquiry", "Your appointment is confirmed"):
            queue_mail(
                session, to="jane@mail.example", subject=subject, body="Thank you", now=NOW, item_type="lead",
                item_id=lead,
            )  # fmt: skip
    assert deliver_due(engine, now=NOW + minutes(5)) == 2


def notification(engine: Engine, network: Network, lead: int) -> None:
    assert network.staff.user_id is not None
    with writing(engine, keeps_timeline=False) as session:
        told = notify(
            session, person_ids=[network.staff.user_id], kind="assigned", title="A lead", body="", item_type="lead",
            item_id=lead, dedupe_key="x", now=NOW, mail=True,
        )  # fmt: skip
    assert told == 1


def every_job(engine: Engine, network: Network, lead: int) -> None:
    for hours in (1, 30, 24 * 10):
        assert [r.error for r in catalog.run_jobs(NOW + timedelta(hours=hours), engine)] == [""] * len(
            catalog.all_jobs()
        )


def expired_by_job(engine: Engine, network: Network, lead: int) -> None:
    catalog.run_jobs(NOW + timedelta(days=100), engine)
    assert load(engine, lead).status == "expired"


def expired(engine: Engine, network: Network, lead: int) -> None:
    step(engine, "expire", lead, actor=SYSTEM, now=NOW + timedelta(days=95))


def inbound(engine: Engine, network: Network, lead: int) -> None:
    for kind in ("call", "email", "text", "chat", "letter"):
        step(engine, "log_activity", lead, actor=network.staff, now=NOW + minutes(5), kind=kind, outcome="inbound")


def note(engine: Engine, network: Network, lead: int) -> None:
    step(engine, "log_activity", lead, actor=network.staff, now=NOW + minutes(5), kind="note", outcome="note", note="x")


WAYS: tuple[Way, ...] = (
    templated_mail, templated_text, logged_template, auto_reply, notification, every_job, expired_by_job, expired,
    inbound, note,
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=[way.__name__ for way in WAYS])
def test_no_stamp_and_no_attempt(way: Way, sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    settings.cache_clear()
    network = make_network(sqlite_engine)
    lead = receive(sqlite_engine, dealer_id=network.north)
    way(sqlite_engine, network, lead)
    stored = load(sqlite_engine, lead)
    assert (stored.first_action_at, stored.first_action_by, stored.first_quality_at) == (None, "", None)
    assert (stored.contacted_at, stored.qualified_at, stored.attempts) == (None, None, 0)
    assert stored.status in ("assigned", "expired")
    monkeypatch.undo()
    settings.cache_clear()


def test_the_same_lead_is_stamped_by_a_person(sqlite_engine: Engine):
    """The other side: were nothing ever stamped, the tests above would prove nothing."""
    network = make_network(sqlite_engine)
    lead = receive(sqlite_engine, dealer_id=network.north)
    send(sqlite_engine, network, lead_id=lead)
    assert load(sqlite_engine, lead).first_action_at == NOW + minutes(5)


def test_no_outcome_of_a_message_counts_but_those_a_person_wrote():
    counting = {
        (kind, outcome)
        for kind, outcomes in OUTCOMES.items()
        for outcome, _ in outcomes
        if lead_rules.meaning_of(kind, outcome).is_action
    }
    assert {outcome for kind, outcome in counting if kind in ("email", "text")} == {"sent", "answered"}
