"""E-mail to customers through a real SMTP server: whole, once, in the dealer's name, and again after a failure."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from db.core.mailer import compose, deliver_due
from db.core.outbox import queue_mail
from db.core.problems import Refused
from db.core.session import reading, writing
from db.core.settings import settings
from db.dealers.queries import get_dealer
from db.interactions.queries import list_messages
from tests.interactions.factories import mails, send
from tests.leads.factories import NOW, Network, load, make_network, minutes, receive
from tests.support.ports import free_port
from tests.support.post import Post, post_office

LATER = NOW + minutes(10)


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    yield from post_office(monkeypatch)


@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


def state(engine: Engine, network: Network, lead: int) -> tuple[str, str]:
    with reading(engine) as session:
        (line,) = list_messages(session, lead_id=lead, actor=network.staff)
    assert line.delivery is not None
    return line.delivery.state, line.delivery.words


def test_a_mail_arrives_whole_and_in_the_dealers_name(engine: Engine, network: Network, post: Post):
    lead = receive(engine, dealer_id=network.north)
    text = "Grüße, Jane – 你好.\nThe red one is here.\n.\nA dot alone ends no mail."
    send(engine, network, lead_id=lead, subject="Ihr Škoda – ☀", body=text)
    assert state(engine, network, lead) == ("waiting", "")
    assert deliver_due(engine, now=LATER) == 1
    ((envelope_from, to, message),) = post.got
    assert (envelope_from, to) == ("desk@maker.example", ["jane@mail.example"])
    assert message["From"] == "North Motors <desk@maker.example>"
    assert message["Reply-To"] == "sam@desk.example"
    assert (message["To"], message["Subject"]) == ("jane@mail.example", "Ihr Škoda – ☀")
    assert message["Auto-Submitted"] is None
    assert message["Message-ID"].endswith("@maker.example>")
    assert message.get_content().replace("\r\n", "\n").strip() == text
    assert state(engine, network, lead) == ("sent", "")


def test_answers_go_to_the_dealer_where_the_person_has_no_address(engine: Engine, network: Network):
    from sqlalchemy import update

    from db.dealers.tables import Dealer
    from db.people.tables import Person

    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(Person).values(email=""))
        session.execute(update(Dealer).where(Dealer.id == network.north).values(email="front@north.example"))
        assert get_dealer(session, dealer_id=network.north, scope=network.staff.scope).facts.name == "North Motors"
    send(engine, network, lead_id=receive(engine, dealer_id=network.north))
    assert mails(engine)[0].reply_to == "front@north.example"


EVIL = "Hello\r\nBcc: everybody@bad.example\r\n\r\nBuy now"


def test_no_header_can_be_slipped_in(engine: Engine, network: Network, post: Post):
    lead = receive(engine, dealer_id=network.north)
    send(engine, network, lead_id=lead, subject=EVIL)
    with writing(engine, keeps_timeline=False) as session:
        queue_mail(
            session, to="jane@mail.example", subject="Hi", body="Hi", now=NOW, reply_to="sam@desk.example",
            from_name="North\r\nBcc: everybody@bad.example",
        )  # fmt: skip
        with pytest.raises(Refused) as refused:
            queue_mail(session, to="a@b.example", subject="Hi", body="Hi", now=NOW, reply_to="a@b.example\nBcc: c@d.e")
    assert refused.value.problems[0].field == "reply_to"
    assert deliver_due(engine, now=LATER) == 2
    for _, to, message in post.got:
        assert (to, message["Bcc"]) == (["jane@mail.example"], None)
    subjects = {str(message["Subject"]) for _, _, message in post.got}
    assert subjects == {"Hi", "Hello Bcc: everybody@bad.example Buy now"}


def test_a_failure_is_shown_and_the_mail_goes_out_later_once(engine: Engine, network: Network, post: Post):
    lead = receive(engine, dealer_id=network.north)
    send(engine, network, lead_id=lead)
    post.refuse = 1
    assert deliver_due(engine, now=LATER) == 0
    stands, words = state(engine, network, lead)
    assert stands == "waiting"
    assert "451" in words
    assert deliver_due(engine, now=LATER + timedelta(seconds=59)) == 0  # not before its time
    assert deliver_due(engine, now=LATER + minutes(2)) == 1
    assert state(engine, network, lead) == ("sent", "")
    assert deliver_due(engine, now=LATER + timedelta(days=2)) == 0
    assert len(post.got) == 1
    assert load(engine, lead).attempts == 1  # the tries of a server are none of a person


def test_two_processes_deliver_a_mail_once(engine: Engine, network: Network, post: Post):
    for number in range(4):
        send(engine, network, lead_id=receive(engine, dealer_id=network.north), form_key=f"f{number}")
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: deliver_due(engine, now=LATER), range(3)))
    assert sum(done) == len(post.got) == 4
    assert len({message["Message-ID"] for _, _, message in post.got}) == 4


def test_a_server_that_is_not_there_is_no_error_of_the_page(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch):
    network = make_network(sqlite_engine)
    monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{free_port()}")
    settings.cache_clear()
    lead = receive(sqlite_engine, dealer_id=network.north)
    send(sqlite_engine, network, lead_id=lead)
    assert deliver_due(sqlite_engine, now=LATER) == 0
    assert "ConnectionRefusedError" in state(sqlite_engine, network, lead)[1]
    monkeypatch.undo()
    settings.cache_clear()


def test_what_the_desk_sends_by_itself_is_marked_as_automatic():
    plain = compose("a@b.example", "Hi", "Hi", mail_id=1, at=NOW)
    personal = compose("a@b.example", "Hi", "Hi", mail_id=1, at=NOW, reply_to="c@d.example", from_name="North, Inc.")
    assert (plain["Auto-Submitted"], personal["Auto-Submitted"]) == ("auto-generated", None)
    assert personal["From"].addresses[0].display_name == "North, Inc."


def test_without_a_server_mails_are_kept_as_files(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
):
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    settings.cache_clear()
    network = make_network(sqlite_engine)
    send(sqlite_engine, network, lead_id=receive(sqlite_engine, dealer_id=network.north))
    assert deliver_due(sqlite_engine, now=LATER) == 1
    (kept,) = (tmp_path / "outbox").glob("*.eml")
    message = email.message_from_bytes(kept.read_bytes(), policy=email.policy.default)
    assert message["Reply-To"] == "sam@desk.example"
    monkeypatch.undo()
    settings.cache_clear()


def test_nobody_waits_for_the_server_inside_a_command(sqlite_engine: Engine, post: Post):
    network = make_network(sqlite_engine)
    send(sqlite_engine, network, lead_id=receive(sqlite_engine, dealer_id=network.north))
    assert post.got == []
