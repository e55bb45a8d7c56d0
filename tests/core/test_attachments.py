"""Files that go with a mail through a real SMTP server: whole, with the mail they belong to, and gone afterwards."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, func, select

from db.core.mailer import MOST_TRIES, deliver_due
from db.core.outbox import MOST_ATTACHED, Attachment, OutboxAttachment, OutboxMail, fits, queue_mail
from db.core.problems import Refused
from db.core.session import reading, writing
from tests.leads.factories import NOW
from tests.support.post import Post, post_office

PDF = Attachment(name="pack-2026-05.pdf", media_type="application/pdf", content=random.Random(5).randbytes(200_000))
BOOK = Attachment(
    name="Zürich\r\nBcc: x@y.example.xlsx", content=b"PK\x03\x04 rows",
    media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)  # fmt: skip


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    yield from post_office(monkeypatch)


def queue(engine: Engine, *files: Attachment, to: str = "mason@maker.example") -> None:
    with writing(engine, keeps_timeline=False) as session:
        queue_mail(session, to=to, subject="The pack", body="October", now=NOW, attachments=files)


def kept(engine: Engine) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(OutboxAttachment)) or 0


def files_of(message: Any) -> list[tuple[str, str, bytes]]:
    return [(p.get_filename(), p.get_content_type(), p.get_payload(decode=True)) for p in message.iter_attachments()]


def test_files_arrive_whole_with_their_own_mail_and_are_not_kept(engine: Engine, post: Post):
    queue(engine, PDF, BOOK)
    queue(engine, to="finn@maker.example")
    assert kept(engine) == 2
    assert deliver_due(engine, now=NOW) == 2
    with_files, without = (message for _, _, message in post.got)
    (pdf, book) = files_of(with_files)
    assert pdf == ("pack-2026-05.pdf", "application/pdf", PDF.content)
    assert book == ("Zürich Bcc: x@y.example.xlsx", BOOK.media_type, BOOK.content)
    assert with_files["Bcc"] is None
    text = with_files.get_body(("plain",))
    assert text is not None
    assert text.get_content().strip() == "October"
    assert files_of(without) == []
    assert kept(engine) == 0, "what was sent is not kept a second time"


def test_a_failure_keeps_the_files_for_the_next_try_and_giving_up_does_not(engine: Engine, post: Post):
    queue(engine, PDF)
    post.refuse = 1
    assert deliver_due(engine, now=NOW) == 0
    assert kept(engine) == 1
    assert deliver_due(engine, now=NOW + timedelta(minutes=2)) == 1
    assert files_of(post.got[0][2])[0][2] == PDF.content
    queue(engine, PDF)
    post.refuse, at = MOST_TRIES, NOW
    for _ in range(MOST_TRIES):
        assert kept(engine) == 1
        at += timedelta(hours=7)
        deliver_due(engine, now=at)
    assert kept(engine) == 0


def test_more_than_a_mail_holds_is_refused_and_nothing_is_queued(sqlite_engine: Engine):
    half = Attachment(name="a.pdf", media_type="application/pdf", content=bytes(MOST_ATTACHED // 2))
    assert fits([half, half])
    more = Attachment(name="b.pdf", media_type="application/pdf", content=b"x")
    assert not fits([half, half, more])
    with pytest.raises(Refused, match="too large for a mail: at most 5 MB"):
        queue(sqlite_engine, half, half, more)
    with reading(sqlite_engine) as session:
        assert session.scalar(select(func.count()).select_from(OutboxMail)) == 0


def test_files_go_when_their_mail_goes(engine: Engine):
    queue(engine, PDF, BOOK)
    with writing(engine, keeps_timeline=False) as session:
        session.execute(delete(OutboxMail))
    assert kept(engine) == 0
