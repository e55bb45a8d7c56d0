"""Thousands of rows by one statement: stored as a mapped insert stores them, nothing cut and nothing kept half."""

from __future__ import annotations

import gc
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import BigInteger, Boolean, Date, Engine, LargeBinary, String, event, func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from db.core import insert
from db.core.base import Base
from db.core.garbage import uncollected
from db.core.insert import Written, add_new, insert_many, insert_rows, roomy
from db.core.session import reading, writing
from db.core.types import BigId, Cents, Json, UtcDateTime
from tests.support.again import begun

NOW = datetime(2026, 11, 27, 12, 30, 15, 250_000, tzinfo=UTC)


class Own(DeclarativeBase):
    """Tables of this test only."""


class Thing(Own):
    __tablename__ = "bulk_thing"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(10), nullable=False, unique=True)
    note: Mapped[str] = mapped_column(String(40), nullable=False, default="nothing said")
    cents: Mapped[int | None] = mapped_column(Cents)
    other: Mapped[int] = mapped_column(BigInteger, nullable=False, default=7)
    is_new: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    on_day: Mapped[date | None] = mapped_column(Date)
    said: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False, default=dict)
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)


@pytest.fixture
@begun
def things(engine: Engine) -> Engine:
    Own.metadata.create_all(engine)
    return engine


TABLE = cast("type[Base]", Thing)  # of another family of tables, so that no check of the desk's schema sees it


def rows(number: int) -> list[dict[str, Any]]:
    return [
        {
            "code": f"c{n}", "note": None if n % 4 == 0 else 'quo"te, {brace} \\ % ü',
            "cents": n * 10**12 if n % 2 else None, "is_new": n % 3 == 0,
            "at": NOW + timedelta(hours=n) if n % 5 else None,
            "on_day": date(2026, 1, 1) + timedelta(days=n) if n % 2 else None,
            "said": {"n": n, "list": [1, None, "ü"]}, "raw": bytes([n % 256, 0, 255]) if n % 2 else None,
        }
        for n in range(number)
    ]  # fmt: skip


def test_every_kind_of_value_is_stored_and_read_back(things: Engine):
    given = rows(11)
    with writing(things, keeps_timeline=False) as session:
        insert_many(session, TABLE, given)
    with reading(things) as session:
        found = session.scalars(select(Thing).order_by(Thing.id)).all()
        assert len(found) == 11
        for one, row in zip(found, given, strict=True):
            expected = {**row, "note": row["note"] or "nothing said", "other": 7}
            assert {name: getattr(one, name) for name in expected} == expected


def test_moments_that_are_equal_and_yet_an_hour_apart_stay_apart(things: Engine):
    """Two o'clock of the night clocks are set back comes twice: equal in Python, two moments all the same."""
    first = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/New_York"))
    second = first.replace(fold=1)
    assert first == second
    moments = [first, second, NOW, NOW, None]
    with writing(things, keeps_timeline=False) as session:
        insert_many(session, TABLE, [{"code": f"m{n}", "at": at} for n, at in enumerate(moments)])
    with reading(things) as session:
        found = session.scalars(select(Thing.at).order_by(Thing.id)).all()
    assert found == [at and at.astimezone(UTC) for at in moments]


def test_json_that_is_text_already_is_stored_as_what_it_says(things: Engine):
    said = {"n": 1, "list": [None, "ü", 'quo"te']}
    with writing(things, keeps_timeline=False) as session:
        insert_many(session, TABLE, [{"code": "a", "said": said}, {"code": "b", "said": Written(json.dumps(said))}])
        session.execute(update(Thing).values(other=1))
    with reading(things) as session:
        assert session.scalars(select(Thing.said)).all() == [said, said]


def test_rows_of_values_are_stored_like_rows_of_names(things: Engine):
    with writing(things, keeps_timeline=False) as session:
        insert_rows(session, TABLE, ("code", "cents"), [("a", 5), ("b", None)])
        insert_rows(session, TABLE, ("code",), [("c",)])
        insert_many(session, TABLE, [{"code": "d"}])
        insert_rows(session, TABLE, ("code",), [])
    with reading(things) as session:
        found = session.execute(select(Thing.code, Thing.cents, Thing.note).order_by(Thing.id)).all()
    assert [tuple(row) for row in found] == [(code, cents, "nothing said") for code, cents in
                                             (("a", 5), ("b", None), ("c", None), ("d", None))]  # fmt: skip


def test_an_import_has_room_and_gives_it_back(things: Engine):
    def pages(session: Session) -> int | None:
        return session.scalar(text("PRAGMA cache_size")) if things.dialect.name == "sqlite" else None

    with writing(things, keeps_timeline=False) as session:
        usual = pages(session)
        with roomy(session), uncollected():
            assert usual is None or pages(session) == -65_536
            with uncollected():
                pass
            assert not gc.isenabled()
        assert gc.isenabled()
        with pytest.raises(ZeroDivisionError), roomy(session), uncollected():
            _ = 1 // 0
        assert pages(session) == usual
    assert gc.isenabled()


def test_parts_of_a_long_list_are_one_statement_each(things: Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(insert, "MOST_AT_ONCE", 4)
    ran: list[str] = []
    event.listen(things, "before_cursor_execute", lambda *a: ran.append(a[2]))
    with writing(things, keeps_timeline=False) as session:
        insert_many(session, TABLE, rows(11))
        insert_many(session, TABLE, [])
    assert sum("bulk_thing" in one for one in ran) == 3
    with reading(things) as session:
        assert session.scalar(select(func.count()).select_from(Thing)) == 11


def test_one_row_that_cannot_be_stored_refuses_all(things: Engine):
    bad = [*rows(5), {**rows(1)[0], "code": "c3"}]
    with pytest.raises(IntegrityError), writing(things, keeps_timeline=False) as session:
        insert_many(session, TABLE, bad)
    with reading(things) as session:
        assert session.scalar(select(func.count()).select_from(Thing)) == 0


def test_text_that_is_too_long_is_refused_and_never_cut(things: Engine):
    if things.dialect.name != "postgresql":
        pytest.skip("SQLite keeps text of any length")
    with pytest.raises(DBAPIError, match="too long"), writing(things, keeps_timeline=False) as session:
        insert_many(session, TABLE, [{**rows(1)[0], "code": "c" * 11}])


def test_what_is_there_already_is_left_alone_and_not_named(things: Engine):
    with writing(things, keeps_timeline=False) as session:
        insert_many(session, TABLE, rows(3))
        more = [{**row, "note": "said again"} for row in rows(6)]
        added = add_new(session, TABLE, more + more[5:], key="code")
        assert added == {"c3", "c4", "c5"}
        assert add_new(session, TABLE, [], key="code") == set()
    with reading(things) as session:
        assert session.scalars(select(Thing.code).order_by(Thing.id)).all() == [f"c{n}" for n in range(6)]
