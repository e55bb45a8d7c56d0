"""The timeline: one entry a command, readable back on both databases, and closed to changes."""

from __future__ import annotations

import enum
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, select, text
from sqlalchemy.exc import DBAPIError

from db.core import timeline
from db.core.permissions import Role
from db.core.problems import Problem, Refused
from db.core.session import reading, run, writing
from db.core.timeline import Item, TimelineEntry, TimelineHead, TimelineLink
from tests.support.core import NOW, actor, note
from tests.support.tier import figure

NASTY = [
    ("line breaks", "Ann\r\n2026-06-29 admin deleted everything\n\x0b\x0c\x1c\x85\u2028\u2029"),
    ("ANSI escapes", "\x1b[31mred\x1b[0m \x1b]0;title\x07"),
    ("emoji and joined characters", "👩‍👩‍👧‍👦 🇺🇸 é e\u0301"),
    ("right-to-left and invisible marks", "\u202eabc\u202c \u200b\ufeff\u2066"),
    ("SQL", "'; DROP TABLE timeline_entry; -- \" ` $1 %s :name {0}"),
    ("markup", "<script>alert(1)</script> [x](javascript:alert(1)) **b**"),
    ("JSON", '{"a": "\\u0000"} \\ \\" \\u0041'),
    ("other scripts", "Ω≈ç√∫µ≤≥÷ 田中さん مرحبا ʇǝʌ ﷽"),
    ("very long", "x" * 50_000),
]


def entries(engine: Engine) -> list[Any]:
    with reading(engine) as session:
        return list(session.execute(select(TimelineEntry.__table__).order_by(TimelineEntry.seq)))


def verified(engine: Engine) -> timeline.ChainReport:
    with reading(engine) as session:
        return timeline.verify(session)


def test_each_command_writes_one_entry_in_its_own_transaction(engine: Engine) -> None:
    for number in (1, 2, 3):
        with writing(engine) as session:
            note(session, summary=f"Lead {number}", items=[Item("lead", number, 5), Item("dealer", 5)])
    found = entries(engine)
    assert [(e.seq, e.summary, e.actor, e.source, e.at) for e in found] == [
        (n, f"Lead {n}", "cora", "app", NOW) for n in (1, 2, 3)
    ]
    assert found[0].prev_hash == timeline.GENESIS
    assert [e.prev_hash for e in found[1:]] == [e.hash for e in found[:-1]]
    with reading(engine) as session:
        assert timeline.head_of(session) == (3, found[-1].hash)
        links = session.execute(select(TimelineLink.seq, TimelineLink.item_type, TimelineLink.item_id))
        assert sorted(links) == sorted([(n, t, i) for n in (1, 2, 3) for t, i in (("lead", n), ("dealer", 5))])
    assert verified(engine) == timeline.ChainReport(3, found[-1].hash, None, "3 entries, chain intact")


@pytest.mark.parametrize(
    ("queued", "keeps_timeline", "is_written"),
    [
        (0, True, False),  # a command that forgot its entry
        (1, True, True),
        (2, True, False),  # a command that calls another command
        (0, False, True),
        (1, False, False),  # housekeeping that is none
    ],
)
def test_a_transaction_with_another_number_of_entries_is_a_programming_error(
    sqlite_engine: Engine, queued: int, keeps_timeline: bool, is_written: bool
) -> None:
    def work() -> None:
        with writing(sqlite_engine, keeps_timeline=keeps_timeline) as session:
            for _ in range(queued):
                note(session)

    if is_written:
        work()
    else:
        with pytest.raises(AssertionError, match="timeline entry"):
            work()
    assert len(entries(sqlite_engine)) == (queued if is_written else 0)


def test_a_command_that_was_carried_out_before_writes_no_second_entry(sqlite_engine: Engine) -> None:
    with writing(sqlite_engine) as session:
        timeline.repeated(session)
    assert entries(sqlite_engine) == []
    with pytest.raises(AssertionError), writing(sqlite_engine) as session:  # noqa: PT012 - the block is the transaction
        timeline.repeated(session)
        note(session)


def test_an_entry_of_a_refused_command_is_not_written(engine: Engine) -> None:
    with pytest.raises(Refused), writing(engine) as session:  # noqa: PT012 - the block is the transaction
        note(session)
        raise Refused(Problem(code="required", message="A note is needed."))
    assert entries(engine) == []
    with reading(engine) as session:
        assert timeline.head_of(session) == (0, timeline.GENESIS)


@pytest.mark.parametrize("code, is_noted", [("not_allowed", True), ("own_request", True), ("stale", False)])
def test_a_denied_command_leaves_one_entry_and_nothing_else(engine: Engine, code: str, is_noted: bool) -> None:
    def approve(session: Any, *, item_id: int, actor: Any, now: datetime) -> None:
        note(session, summary="should never be seen")
        raise Refused(Problem(code=code, message="Your role may not do this.", rule="leads.assign"))

    with pytest.raises(Refused):
        run(approve, bind=engine, item_id=12, actor=actor(Role.FINANCE, username="fay"), now=NOW)
    found = entries(engine)
    assert len(found) == is_noted
    if found:
        assert (found[0].actor, found[0].command, found[0].summary) == (
            "fay", "approve", "Denied: Your role may not do this.",
        )  # fmt: skip
        assert found[0].detail == {"denied": code, "item_id": 12, "rule": "leads.assign"}
    assert verified(engine).first_bad is None


@pytest.mark.parametrize("what, words", NASTY, ids=[w for w, _ in NASTY])
def test_what_people_type_comes_back_unchanged_and_stays_one_entry(engine: Engine, what: str, words: str) -> None:
    """R40: names with line breaks or escapes cannot make a second line."""
    by = actor(username=words[:80], name=words[:120])
    with writing(engine) as session:
        note(session, summary=words, reason=words, by=by, before={"name": words}, after={words: [words]})
    (found,) = entries(engine)
    assert (found.summary, found.reason, found.actor, found.actor_name) == (words, words, words[:80], words[:120])
    assert found.detail == {"before": {"name": words}, "after": {words: [words]}}
    assert verified(engine).first_bad is None


def test_what_no_database_keeps_is_replaced_visibly(engine: Engine) -> None:
    broken = "a\x00b\ud800c"
    with writing(engine) as session:
        note(
            session, summary=broken, reason=broken, after={broken: {broken}}, by=actor(username=broken, name=broken)
        )  # fmt: skip
    (found,) = entries(engine)
    kept = "a␀b\ufffdc"
    assert (found.summary, found.reason, found.actor, found.actor_name) == (kept, kept, kept, kept)
    assert found.detail == {"after": {kept: [kept]}}
    assert verified(engine).first_bad is None


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    "value, kept",
    [
        (1.0, 1),  # JSONB forgets the point
        (-0.0, 0),
        (0.1, 0.1),
        (1e22, 10**22),
        (1e300, int(1e300)),
        (5e-324, 5e-324),
        (1.7976931348623157e308, int(1.7976931348623157e308)),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (2**63, 2**63),
        (-(10**40), -(10**40)),
        (True, True),
        (None, None),
        (Decimal("12.50"), "12.50"),
        (datetime(2026, 6, 29, 9, 0, tzinfo=timezone(timedelta(hours=-4))), "2026-06-29T13:00:00+00:00"),
        (date(2026, 6, 29), "2026-06-29"),
        (Role.ADMIN, "admin"),
        (Colour.RED, "red"),
        ({"b", "a"}, ["a", "b"]),
        ({1, "a", None}, ["a", 1, None]),
        ((1, (2,)), [1, [2]]),
        (PurePosixPath("a/b"), "a/b"),
        ({"b": 1, "a": {"z": 1, "aa": 2, "é": 3, "": 4}}, {"b": 1, "a": {"z": 1, "aa": 2, "é": 3, "": 4}}),
        ({2: "x"}, {"2": "x"}),
    ],
    # A set has no order of its own, and every process that runs tests has to give a case the same name.
    ids=lambda value: repr(sorted(value, key=repr)) if isinstance(value, set) else repr(value),
)
def test_values_read_back_as_they_were_hashed(engine: Engine, value: object, kept: object) -> None:
    with writing(engine) as session:
        note(session, after={"value": value})
    (found,) = entries(engine)
    assert found.detail == {"after": {"value": kept}}
    assert type(found.detail["after"]["value"]) is type(kept)
    assert verified(engine).first_bad is None


def test_a_value_without_a_json_form_is_refused_where_it_is_recorded(sqlite_engine: Engine) -> None:
    with pytest.raises(TypeError, match="cannot keep a bytes"), writing(sqlite_engine) as session:
        note(session, after={"raw": b"x"})


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.dictionaries(st.text(max_size=8), JSON_VALUES, max_size=4), words=st.text(st.characters()))
def test_any_detail_verifies_after_reading_back(engine: Engine, value: dict[str, Any], words: str) -> None:
    with writing(engine) as session:
        note(session, summary=words, before=value, after=value)
        session.flush()
    report = verified(engine)
    assert report.first_bad is None, report.message


@pytest.mark.parametrize("table", ["timeline_entry", "timeline_link"])
def test_the_app_itself_cannot_change_the_trail(engine: Engine, table: str) -> None:
    """R39, with the same connection every command uses."""
    for number in (1, 2):
        with writing(engine) as session:
            note(session, items=[Item("lead", number)])
    statements = [
        f"UPDATE {table} SET seq = seq",
        f"UPDATE {table} SET seq = 99 WHERE seq = 1",
        f"DELETE FROM {table} WHERE seq = 2",
        f"DELETE FROM {table}",
    ]
    columns = "seq, at, actor, actor_name, source, area, command, summary, reason, detail, prev_hash, hash"
    if engine.dialect.name == "postgresql":
        statements += [f"TRUNCATE {table} CASCADE", "TRUNCATE timeline_head, timeline_entry CASCADE"]
        statements += [
            f"INSERT INTO timeline_entry SELECT {columns} FROM timeline_entry WHERE seq = 1 "
            "ON CONFLICT (seq) DO UPDATE SET summary = 'forged'"
        ]
    else:
        forged, renumbered = columns.replace("summary", "'forged'"), columns.replace("seq", "7", 1)
        statements += [
            f"INSERT OR REPLACE INTO timeline_entry ({columns}) SELECT {forged} FROM timeline_entry WHERE seq = 1",
            f"INSERT OR REPLACE INTO timeline_entry ({columns}) SELECT {renumbered} FROM timeline_entry WHERE seq = 1",
            "INSERT OR REPLACE INTO timeline_link (id, seq, item_type, item_id)"
            " SELECT id, seq, 'lead', 99 FROM timeline_link",
            f"INSERT INTO timeline_entry ({columns}) SELECT {columns} FROM timeline_entry WHERE seq = 1 "
            "ON CONFLICT (seq) DO UPDATE SET summary = 'forged'",
        ]
    before = [(e.seq, e.hash) for e in entries(engine)]
    refused = 0
    for statement in statements:
        with (
            pytest.raises(DBAPIError, match="timeline cannot be changed"),
            writing(engine, keeps_timeline=False) as session,
        ):
            session.execute(text(statement))
        refused += 1
    figure("R39", "statements refused", refused)
    figure("R39", "statements carried out", len(statements) - refused)
    assert [(e.seq, e.hash) for e in entries(engine)] == before
    assert verified(engine).first_bad is None


def test_a_session_that_read_the_head_before_still_continues_the_chain(engine: Engine) -> None:
    with writing(engine) as session:
        note(session)
    with writing(engine) as session:
        assert session.get_one(TimelineHead, 1).seq == 1
        note(session)
    assert verified(engine).entries == 2


def test_verifying_reads_the_database_not_the_session(engine: Engine) -> None:
    """Objects a session has loaded before would hide a change made behind its back."""
    with writing(engine) as session:
        note(session)
    with reading(engine) as session:
        kept = list(session.scalars(select(TimelineEntry)))
        drop_guards(session)
        session.execute(text("UPDATE timeline_entry SET summary = 'forged'"))
        assert timeline.verify(session).first_bad == 1
        assert kept


def drop_guards(session: Any) -> None:
    if session.get_bind().dialect.name == "sqlite":
        names = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'timeline%'"))
        for name in list(names):
            session.execute(text(f"DROP TRIGGER {name}"))
    else:
        session.execute(text("DROP FUNCTION timeline_is_final() CASCADE"))


def test_verifying_walks_in_pages(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "PAGE", 3)
    for number in range(1, 11):
        with writing(engine) as session:
            note(session, items=[Item("lead", number)] * (number % 3))
    assert verified(engine).entries == 10
    with reading(engine) as session:
        drop_guards(session)
        session.execute(text("DELETE FROM timeline_link WHERE seq = 8"))
        assert timeline.verify(session).first_bad == 8


def test_a_long_chain_is_read_in_pages_through_indexes(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verifying is one pass: the number of statements grows with the pages, and none of them scans or sorts a table."""
    monkeypatch.setattr(timeline, "PAGE", 100)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        for _ in range(1000):
            note(session, items=[Item("lead", 1)])
        timeline.write(session, expected=1000)
    statements: list[str] = []
    event.listen(sqlite_engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    with reading(sqlite_engine) as session:
        assert timeline.verify(session).entries == 1000
    assert len(statements) <= 1 + 2 * 10 + 3
    with sqlite_engine.connect() as connection:
        for statement in statements[3:5]:  # the second page: its entries and their links
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (1,) * statement.count("?"))
            assert not [row for row in plan if row[3].startswith("SCAN") or "TEMP B-TREE" in row[3]], statement


def test_a_moment_is_kept_to_the_microsecond_and_in_utc(engine: Engine) -> None:
    moment = datetime(2026, 11, 1, 1, 30, 0, 123456, tzinfo=timezone(timedelta(hours=-5)))
    with writing(engine) as session:
        note(session, now=moment)
    (found,) = entries(engine)
    assert found.at == moment
    assert found.at.tzinfo == UTC
    assert verified(engine).first_bad is None
