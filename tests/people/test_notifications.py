"""Telling people: once each, in the app and by mail, and delivering the mail (outbox)."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from db.core import mailer, outbox
from db.core.actor import system_actor
from db.core.permissions import Role
from db.core.session import reading, run, writing
from db.core.settings import settings
from db.people import commands
from db.people.notifications import notify
from db.people.own_commands import mark_read
from db.people.queries import count_unread, list_notifications
from tests.support.again import begun
from tests.support.users import NOW, make_person

LINE: dict[str, Any] = {
    "kind": "breached", "title": "L-000012 is overdue", "body": "Lone Pine Motors", "item_type": "lead", "item_id": 12,
    "now": NOW, "mail": True,
}  # fmt: skip


@pytest.fixture
@begun
def people(engine: Engine) -> list[int]:
    gone = make_person(engine, "gone", Role.COORDINATOR)
    run(commands.disable_person, bind=engine, person_id=gone, actor=system_actor("seed"), now=NOW)
    return [make_person(engine, "cora", Role.COORDINATOR), make_person(engine, "ben", Role.FINANCE, email=""), gone]


@pytest.fixture
def mail_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    settings.cache_clear()
    yield tmp_path / "outbox"
    monkeypatch.undo()
    settings.cache_clear()


def tell(engine: Engine, person_ids: list[int], *, key: str = "breach:12", **more) -> int:
    with writing(engine, keeps_timeline=False) as session:
        return notify(session, person_ids=person_ids, dedupe_key=key, **(LINE | more))


def waiting(engine: Engine) -> int:
    with reading(engine) as session:
        return (
            session.scalar(
                select(func.count()).select_from(outbox.OutboxMail).where(outbox.OutboxMail.sent_at.is_(None))
            )
            or 0
        )


def test_each_person_is_told_once_and_mail_goes_to_those_with_an_address(engine: Engine, people: list[int]):
    assert tell(engine, people) == 2
    assert tell(engine, people) == 0
    assert tell(engine, people, key="breach:13") == 2
    assert waiting(engine) == 2
    with reading(engine) as session:
        assert [count_unread(session, person_id=p) for p in people] == [2, 2, 0]


def test_without_mail_nothing_is_queued(engine: Engine, people: list[int]):
    assert tell(engine, people, mail=False) == 2
    assert waiting(engine) == 0


def test_a_list_continues_and_is_read_by_its_owner_only(engine: Engine, people: list[int]):
    cora, ben, _ = people
    for n in range(5):
        tell(engine, [cora, ben], key=f"k{n}", title=f"Line {n}")
    with reading(engine) as session:
        first = list_notifications(session, person_id=cora, limit=3)
        rest = list_notifications(session, person_id=cora, limit=3, before_id=first[-1].notification_id)
    assert [line.title for line in (*first, *rest)] == ["Line 4", "Line 3", "Line 2", "Line 1", "Line 0"]
    with writing(engine, keeps_timeline=False) as session:
        assert mark_read(session, person_id=ben, ids=[first[0].notification_id], now=NOW) == 0
        assert mark_read(session, person_id=cora, ids=[first[0].notification_id], now=NOW) == 1
        assert mark_read(session, person_id=cora, now=NOW) == 4
    with reading(engine) as session:
        assert list_notifications(session, person_id=cora, only_unread=True) == []
        assert count_unread(session, person_id=ben) == 5


def queue(engine: Engine, **more: Any) -> None:
    mail: dict[str, Any] = {"to": "ana@example.test", "subject": "Overdue", "body": "Zürich\n", "now": NOW} | more
    with writing(engine, keeps_timeline=False) as session:
        outbox.queue_mail(session, **mail)


def test_mail_becomes_a_file_once(engine: Engine, mail_folder: Path):
    queue(engine, subject="Overdue\r\nBcc: x@y.test", body="Olá – Zürich\nsecond line")
    assert mailer.deliver_due(engine, now=NOW) == 1
    assert mailer.deliver_due(engine, now=NOW + timedelta(days=1)) == 0
    (path,) = mail_folder.iterdir()
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert message["To"] == "ana@example.test"
    assert message["Bcc"] is None
    assert message["Subject"] == "Overdue Bcc: x@y.test"
    assert message.get_content() == "Olá – Zürich\nsecond line\n"


def test_several_processes_deliver_each_mail_once(engine: Engine, mail_folder: Path, monkeypatch: pytest.MonkeyPatch):
    written: list[int] = []
    original = mailer.write_file

    def counted(*given: Any) -> Path:
        written.append(given[2])
        return original(*given)

    monkeypatch.setattr(mailer, "write_file", counted)
    for _ in range(12):
        queue(engine)
    with ThreadPoolExecutor(4) as pool:
        sent = sum(pool.map(lambda _: mailer.deliver_due(engine, now=NOW), range(4)))
    assert sent == 12
    assert len(written) == len(set(written)) == 12


def test_a_failure_is_tried_again_later_and_later_and_given_up_after_ten(
    engine: Engine, mail_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_args: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(mailer, "write_file", broken)
    queue(engine)
    at = NOW
    for tries in range(1, 11):
        assert mailer.deliver_due(engine, now=at) == 0
        with reading(engine) as session:
            mail = session.scalars(select(outbox.OutboxMail)).one()
            assert (mail.tries, mail.error) == (tries, "OSError: no route to host")
            assert mail.next_try_at == at + mailer.next_try(tries)
            at = mail.next_try_at
    monkeypatch.undo()
    assert mailer.deliver_due(engine, now=at + timedelta(days=9)) == 0


def test_a_process_that_died_while_sending_leaves_the_mail_to_another(engine: Engine, mail_folder: Path):
    queue(engine)
    with reading(engine) as session:
        mail_id = session.scalars(select(outbox.OutboxMail.id)).one()
    assert mailer._claim(engine, mail_id, NOW) is not None
    assert mailer.deliver_due(engine, now=NOW + timedelta(minutes=4)) == 0
    assert mailer.deliver_due(engine, now=NOW + mailer.LEASE) == 1


class _Smtp(socketserver.StreamRequestHandler):
    """Just enough of a mail server to take one message."""

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                body = b""
                while (text := self.rfile.readline()) != b".\r\n":
                    body += text
                self.server.taken.append(body)  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")


def test_mail_goes_out_by_smtp_when_a_server_is_named(
    engine: Engine, mail_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    with socketserver.TCPServer(("127.0.0.1", 0), _Smtp) as server:
        server.taken = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{server.server_address[1]}")
        settings.cache_clear()
        queue(engine)
        assert mailer.deliver_due(engine, now=NOW) == 1
        server.shutdown()
        (raw,) = server.taken  # type: ignore[attr-defined]
    assert b"Subject: Overdue" in raw
    assert not mail_folder.exists()


@pytest.mark.parametrize(("tries", "minutes"), [(1, 1), (2, 2), (3, 4), (8, 128), (9, 256), (10, 360), (50, 360)])
def test_the_wait_doubles_up_to_six_hours(tries: int, minutes: int):
    assert mailer.next_try(tries) == timedelta(minutes=minutes)
