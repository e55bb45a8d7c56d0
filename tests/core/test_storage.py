"""Column types, INSERT with ON CONFLICT and the outbox: the same on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from email.policy import SMTP
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, func, literal, select
from sqlalchemy.exc import StatementError

from db.core.changes import ChangeCounter
from db.core.insert import insert_or_add, insert_or_ignore, rows_changed, upsert
from db.core.outbox import OutboxMail, queue_mail
from db.core.problems import Refused
from db.core.session import reading, writing
from tests.support.core import NOW, at_once


# ------------------------------------------------------------------------------------------------------------ moments
def mail(at: datetime) -> OutboxMail:
    return OutboxMail(to_address="a@b.c", subject="", body="", created_at=at, next_try_at=at, tries=0, error="")


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 6, 29, 9, 0, tzinfo=UTC),
        datetime(2026, 6, 29, 9, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/New_York")),
        datetime(2026, 11, 1, 1, 30, fold=1, tzinfo=ZoneInfo("America/New_York")),
        datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=timezone(timedelta(hours=14))),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2100, 2, 28, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
    ],
    ids=str,
)
def test_a_moment_comes_back_as_the_same_moment_in_utc(engine: Engine, moment: datetime) -> None:
    with writing(engine, keeps_timeline=False) as session:
        session.add(mail(moment))
    with reading(engine) as session:
        found = session.scalar(select(OutboxMail.created_at))
        assert found == moment.astimezone(UTC)
        assert found is not None
        assert found.tzinfo is UTC
        assert session.scalar(select(OutboxMail.id).where(OutboxMail.created_at == moment)) is not None
        later = moment.astimezone(UTC) + timedelta(microseconds=1)
        assert session.scalar(select(OutboxMail.id).where(OutboxMail.created_at >= later)) is None


def test_a_moment_without_a_zone_is_refused_and_none_stays_none(engine: Engine) -> None:
    naive = datetime(2026, 6, 29, 9, 0)  # noqa: DTZ001 - the mistake this is about
    with pytest.raises(StatementError, match="needs a zone"), writing(engine, keeps_timeline=False) as session:  # noqa: PT012 - the block is the transaction
        session.add(mail(naive))
        session.flush()
    with writing(engine, keeps_timeline=False) as session:
        session.add(mail(NOW))
    with reading(engine) as session:
        assert session.scalars(select(OutboxMail.sent_at)).all() == [None]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moments=st.lists(
        st.datetimes(
            min_value=datetime(1980, 1, 1),  # noqa: DTZ001 - Hypothesis wants bounds without a zone
            max_value=datetime(2100, 1, 1),  # noqa: DTZ001
            timezones=st.timezones(),
        ),
        min_size=2, max_size=5,
    )
)  # fmt: skip
def test_stored_order_is_the_order_in_time(engine: Engine, moments: list[datetime]) -> None:
    """Text on SQLite, timestamps on PostgreSQL: a board sorted by due time must be right on both."""
    with reading(engine) as session:
        session.add_all(mail(m) for m in moments)
        session.flush()
        found = list(session.scalars(select(OutboxMail.created_at).order_by(OutboxMail.created_at)))
    assert found == sorted(m.astimezone(UTC) for m in moments)


# ------------------------------------------------------------------------------------------------------------- inserts
def test_insert_or_ignore_keeps_the_first_row_and_says_so(engine: Engine) -> None:
    with writing(engine, keeps_timeline=False) as session:
        assert insert_or_ignore(session, ChangeCounter, {"area": "leads", "n": 1}) is True
        assert insert_or_ignore(session, ChangeCounter, {"area": "leads", "n": 9}) is False
        assert insert_or_ignore(session, ChangeCounter, {"area": "people", "n": 2}) is True
        assert session.execute(select(ChangeCounter.area, ChangeCounter.n).order_by(ChangeCounter.area)).all() == [
            ("leads", 1), ("people", 2),
        ]  # fmt: skip


def test_upsert_replaces_the_named_columns_only(engine: Engine) -> None:
    values = {"to_address": "a@b.c", "subject": "s", "body": "b", "created_at": NOW, "next_try_at": NOW}
    with writing(engine, keeps_timeline=False) as session:
        upsert(session, OutboxMail, {"id": 1, **values}, key=["id"], update=["subject"])
        upsert(
            session, OutboxMail, {"id": 1, **values, "subject": "new", "body": "new"}, key=["id"], update=["subject"]
        )  # fmt: skip
        assert session.execute(select(OutboxMail.subject, OutboxMail.body, OutboxMail.tries)).all() == [("new", "b", 0)]


def test_insert_or_add_sums(engine: Engine) -> None:
    with writing(engine, keeps_timeline=False) as session:
        for n in (1, 2, 4):
            insert_or_add(session, ChangeCounter, {"area": "leads", "n": n}, key=["area"], add=["n"])
        assert session.scalar(select(ChangeCounter.n)) == 7
        assert rows_changed(session, delete(ChangeCounter)) == 1
        assert rows_changed(session, delete(ChangeCounter)) == 0


def test_of_eight_who_insert_the_same_key_one_wins(engine: Engine) -> None:
    def work(number: int) -> bool:
        with writing(engine, keeps_timeline=False) as session:
            return insert_or_ignore(session, ChangeCounter, {"area": "one", "n": number})

    assert sorted(at_once(work, threads=8)) == [False] * 7 + [True]


# -------------------------------------------------------------------------------------------------------------- outbox
HOSTILE_SUBJECTS = [
    "Lead L-1\r\nBcc: everybody@example.com",
    "Lead\nX-Evil: 1\n\nbody",
    "a\rb", "a\x0bb\x0cc", "a\x1cb\x85c", "a\u2028b\u2029c", "nul\x00nul", "\x1b[31mred", "\ud800half", "\t tab \t",
]  # fmt: skip


@pytest.mark.parametrize("subject", HOSTILE_SUBJECTS, ids=repr)
def test_no_header_can_be_put_into_a_subject(engine: Engine, subject: str) -> None:
    with writing(engine, keeps_timeline=False) as session:
        queue_mail(session, to=" ann@example.com ", subject=subject, body=f"Hello\n{subject}", now=NOW)
    with reading(engine) as session:
        to, kept, body = session.execute(select(OutboxMail.to_address, OutboxMail.subject, OutboxMail.body)).one()
    assert len(kept.splitlines()) == 1
    assert kept.isprintable()
    message = EmailMessage(policy=SMTP)
    message["To"], message["Subject"] = to, kept
    message.set_content(body)
    assert [name for name, _ in message.items() if name.startswith(("B", "X"))] == []
    assert message.as_bytes().split(b"\r\n\r\n")[0].count(b"Bcc") == subject.count("Bcc")


def test_a_long_subject_is_cut_and_a_body_kept(engine: Engine) -> None:
    with writing(engine, keeps_timeline=False) as session:
        queue_mail(
            session, to="ann@example.com", subject="é" * 999, body="b" * 99_999, now=NOW, item_type="lead", item_id=4
        )
    with reading(engine) as session:
        found = session.execute(
            select(func.length(OutboxMail.subject), func.length(OutboxMail.body), OutboxMail.item_id, literal(1))
        ).one()
        assert tuple(found) == (300, 99_999, 4, 1)


@pytest.mark.parametrize(
    "address",
    [
        "", " ", "ann", "@example.com", "ann@", "ann@example.com\nBcc: b@example.com", "ann@example.com\r\n\r\nbody",
        "a@example.com, b@example.com", "a@example.com;b@example.com", "a@b@example.com", "<a@example.com>",
        "ann lee@example.com", "ann\x00@example.com", "ann@exa\u2028mple.com", "a" * 250 + "@example.com",
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_not_one_address_is_refused(sqlite_engine: Engine, address: str) -> None:
    with pytest.raises(Refused) as refusal, writing(sqlite_engine, keeps_timeline=False) as session:
        queue_mail(session, to=address, subject="s", body="b", now=NOW)
    assert (refusal.value.code, refusal.value.problems[0].field) == ("bad_address", "to")
    with reading(sqlite_engine) as session:
        assert session.scalar(select(func.count()).select_from(OutboxMail)) == 0
