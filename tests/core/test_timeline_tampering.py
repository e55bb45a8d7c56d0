"""R37: whatever is changed in a stored chain is found, with the first wrong number; R38: writers never fork it."""

from __future__ import annotations

import json
import multiprocessing
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from db.core import timeline
from db.core.session import make_engine, reading, run, writing
from db.core.timeline import Item, TimelineEntry, TimelineHead, TimelineLink
from tests.core.test_timeline import drop_guards
from tests.support.again import begun
from tests.support.core import NOW, actor, at_once, note
from tests.support.tier import figure, sized

LENGTH = sized(fast=40, long=10_000)
TAMPERINGS = sized(fast=200, long=1_000)


@pytest.fixture
@begun
def chain(engine: Engine) -> Engine:
    """A chain of `LENGTH` entries on a database whose triggers were dropped: what an intruder with the file has."""
    with writing(engine, keeps_timeline=False) as session:
        for number in range(1, LENGTH + 1):
            note(
                session, summary=f"Lead {number} assigned", before={"status": "new", "score": number},
                after={"status": "assigned"}, reason="nearest", items=[Item("lead", number, 3), Item("dealer", 3)],
            )  # fmt: skip
        timeline.write(session, expected=LENGTH)
    with writing(engine, keeps_timeline=False) as session:
        drop_guards(session)
    return engine


Tampering = Callable[[Session, random.Random], int]


def _row(session: Session, seq: int) -> dict[str, Any]:
    return dict(session.execute(select(TimelineEntry.__table__).where(TimelineEntry.seq == seq)).mappings().one())


def edit(session: Session, rng: random.Random) -> int:
    """One column of one entry gets another value."""
    seq = rng.randint(1, LENGTH)
    row = _row(session, seq)
    column = rng.choice([c for c in row if c != "seq"])
    if column == "at":
        value: Any = row["at"].replace(microsecond=row["at"].microsecond ^ 1)
    elif column == "detail":
        value = json.loads(json.dumps(row["detail"]))
        value["before"]["score"] += 1
    elif column in ("hash", "prev_hash"):
        value = f"{rng.getrandbits(256):064x}"
    else:
        value = row[column] + "x"
    session.execute(update(TimelineEntry).where(TimelineEntry.seq == seq).values({column: value}))
    return seq


def remove(session: Session, rng: random.Random) -> int:
    """One entry disappears; the numbers stay as they are."""
    seq = rng.randint(1, LENGTH)
    session.execute(delete(TimelineLink).where(TimelineLink.seq == seq))
    session.execute(delete(TimelineEntry).where(TimelineEntry.seq == seq))
    return seq


def remove_and_renumber(session: Session, rng: random.Random) -> int:
    """One entry disappears and the later ones close the gap."""
    seq = rng.randint(1, LENGTH - 1)
    remove_links_of_all(session)
    session.execute(delete(TimelineEntry).where(TimelineEntry.seq == seq))
    # By way of negative numbers: some of them in one statement would meet a neighbour that has not moved yet.
    session.execute(update(TimelineEntry).where(TimelineEntry.seq > seq).values(seq=-TimelineEntry.seq))
    session.execute(update(TimelineEntry).where(TimelineEntry.seq < 0).values(seq=-TimelineEntry.seq - 1))
    return 1  # the links had to go, so the first entry is wrong already


def remove_links_of_all(session: Session) -> None:
    session.execute(delete(TimelineLink))


def swap(session: Session, rng: random.Random) -> int:
    """Two entries change places, hashes and all."""
    first, second = sorted(rng.sample(range(1, LENGTH + 1), 2))
    a, b = _row(session, first), _row(session, second)
    session.execute(delete(TimelineLink).where(TimelineLink.seq.in_([first, second])))
    session.execute(delete(TimelineEntry).where(TimelineEntry.seq.in_([first, second])))
    session.execute(insert(TimelineEntry).values(**(a | {"seq": second})))
    session.execute(insert(TimelineEntry).values(**(b | {"seq": first})))
    return first


def insert_between(session: Session, rng: random.Random) -> int:
    """A forged entry after the last one, correctly hashed."""
    head = session.execute(select(TimelineHead.seq, TimelineHead.hash)).one()
    forged = _row(session, rng.randint(1, LENGTH)) | {"seq": head.seq + 1, "prev_hash": head.hash}
    fields = {k: forged[k] for k in ("seq", "actor", "actor_name", "source", "area", "command", "summary", "reason")}
    fields |= {"at": forged["at"].isoformat(), "detail": forged["detail"], "items": []}
    session.execute(insert(TimelineEntry).values(**(forged | {"hash": timeline.digest(head.hash, fields)})))
    return LENGTH + 1


def insert_in_front(session: Session, rng: random.Random) -> int:
    """A forged entry with a number before the first."""
    forged = _row(session, 1) | {"seq": rng.randint(-5, 0), "hash": "a" * 64, "prev_hash": "b" * 64}
    session.execute(insert(TimelineEntry).values(**forged))
    return 1


def forge_the_last(session: Session, rng: random.Random) -> int:
    """The last entry is edited and hashed anew, the head forgotten."""
    row = _row(session, LENGTH) | {"summary": f"forged {rng.random()}"}
    fields = {k: row[k] for k in ("seq", "actor", "actor_name", "source", "area", "command", "summary", "reason")}
    fields |= {"at": row["at"].isoformat(), "detail": row["detail"]}
    fields["items"] = [["lead", LENGTH, 3], ["dealer", 3, None]]
    forged = timeline.digest(row["prev_hash"], fields)
    session.execute(
        update(TimelineEntry).where(TimelineEntry.seq == LENGTH).values(summary=row["summary"], hash=forged)
    )
    return LENGTH


def relink(session: Session, rng: random.Random) -> int:
    """An entry is hung onto another record, or loses or gains one."""
    link = session.execute(select(TimelineLink.id, TimelineLink.seq).order_by(func.random()).limit(1)).one()
    kind = rng.choice(["edit", "delete", "insert", "move"])
    if kind == "edit":
        session.execute(update(TimelineLink).where(TimelineLink.id == link.id).values(item_id=9999))
    elif kind == "delete":
        session.execute(delete(TimelineLink).where(TimelineLink.id == link.id))
    elif kind == "insert":
        session.execute(insert(TimelineLink).values(seq=link.seq, item_type="lead", item_id=77))
    else:
        other = rng.choice([n for n in range(1, LENGTH + 1) if n != link.seq])
        session.execute(update(TimelineLink).where(TimelineLink.id == link.id).values(seq=other))
        return min(link.seq, other)
    return int(link.seq)


def cut_the_tail(session: Session, rng: random.Random) -> int:
    """The newest entries are removed and the head is left behind."""
    last = rng.randint(0, LENGTH - 1)
    session.execute(delete(TimelineLink).where(TimelineLink.seq > last))
    session.execute(delete(TimelineEntry).where(TimelineEntry.seq > last))
    return last + 1


WAYS = [
    edit, edit, edit, remove, remove_and_renumber, swap, insert_between, insert_in_front, forge_the_last, relink,
    relink, cut_the_tail,
]  # fmt: skip


@pytest.mark.parametrize("seed", [20261122])
def test_random_tamperings_are_found_at_the_right_number(chain: Engine, seed: int) -> None:
    """Of a long chain a thousand on SQLite, whose reads are the quicker ones; PostgreSQL meets a fifth of them."""
    rng, wrong = random.Random(seed), []
    attempts = TAMPERINGS if chain.dialect.name == "sqlite" else TAMPERINGS // 5
    with reading(chain) as session:
        for attempt in range(attempts):
            way = rng.choice(WAYS)
            with session.begin_nested() as savepoint:
                expected = way(session, rng)
                report = timeline.verify(session)
                savepoint.rollback()
            if report.first_bad != expected:
                wrong.append((seed, attempt, way.__name__, report))
        begun = time.monotonic()
        assert timeline.verify(session).first_bad is None
        seconds = time.monotonic() - begun
    figure("R37", "entries", LENGTH)
    figure("R37", "tamperings", attempts)
    figure("R37", "tamperings not found at their number", len(wrong))
    figure("R37", "seconds to verify", round(seconds, 3))
    assert wrong == []


def test_a_tail_cut_with_its_head_is_found_against_the_exported_one(chain: Engine) -> None:
    with reading(chain) as session:
        exported = timeline.head_of(session)
        middle = (10, _row(session, 10)["hash"])
        assert timeline.verify(session, exported=exported).first_bad is None
        last = _row(session, LENGTH - 5)
        session.execute(delete(TimelineLink).where(TimelineLink.seq > LENGTH - 5))
        session.execute(delete(TimelineEntry).where(TimelineEntry.seq > LENGTH - 5))
        session.execute(update(TimelineHead).values(seq=last["seq"], hash=last["hash"]))
        assert timeline.verify(session).first_bad is None, "the chain alone cannot know"
        assert timeline.verify(session, exported=middle).first_bad is None
        found = timeline.verify(session, exported=exported).first_bad
        figure("R37", "cut ends not found", int(found != LENGTH - 4))
        assert found == LENGTH - 4


def test_a_chain_rewritten_as_a_whole_is_found_against_an_exported_hash(chain: Engine) -> None:
    with reading(chain) as session:
        exported = (10, _row(session, 10)["hash"])
        previous = timeline.GENESIS
        session.execute(delete(TimelineLink))
        for seq in range(1, LENGTH + 1):
            row = _row(session, seq) | {"summary": "Nothing happened"}
            fields = {
                k: row[k] for k in ("seq", "actor", "actor_name", "source", "area", "command", "summary", "reason")
            }
            fields |= {"at": row["at"].isoformat(), "detail": row["detail"], "items": []}
            forged = timeline.digest(previous, fields)
            values = {"summary": row["summary"], "prev_hash": previous, "hash": forged}
            session.execute(update(TimelineEntry).where(TimelineEntry.seq == seq).values(values))
            previous = forged
        session.execute(update(TimelineHead).values(hash=previous))
        assert timeline.verify(session).first_bad is None
        assert timeline.verify(session, exported=exported).first_bad == 10


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE timeline_entry SET detail = '{\"a\": ' WHERE seq = 4",
        "UPDATE timeline_entry SET detail = '[NaN]' WHERE seq = 4",
        "UPDATE timeline_entry SET at = 'yesterday' WHERE seq = 4",
        "UPDATE timeline_entry SET actor = x'ff00' WHERE seq = 4",
        "UPDATE timeline_entry SET hash = '' WHERE seq = 4",
    ],
)
def test_values_no_command_could_write_are_reported_not_raised(sqlite_engine: Engine, statement: str) -> None:
    """SQLite stores anything in any column; the check must still name the entry."""
    with writing(sqlite_engine, keeps_timeline=False) as session:
        for _ in range(6):
            note(session)
        timeline.write(session, expected=6)
        drop_guards(session)
        session.execute(text(statement.replace(":", "\\:")))
        assert timeline.verify(session).first_bad == 4


def test_a_link_to_nowhere_and_a_lost_head_are_named(sqlite_engine: Engine) -> None:
    with writing(sqlite_engine) as session:
        note(session)
    with sqlite_engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("INSERT INTO timeline_link (seq, item_type, item_id) VALUES (17, 'lead', 1)")
        connection.exec_driver_sql("BEGIN")
    with reading(sqlite_engine) as session:
        assert timeline.verify(session).first_bad == 17
        session.execute(delete(TimelineHead))
        assert timeline.verify(session).first_bad == 2


# ------------------------------------------------------------------------------------------------- R38: many writers
def _record(session: Session, *, actor: Any, now: Any, words: str) -> None:
    note(session, summary=words, by=actor, now=now, items=[Item("lead", 1)])


EACH = sized(fast=50, long=500)


def _write_many(url: str, number: int) -> None:
    engine = make_engine(url)
    for step in range(EACH):
        run(_record, bind=engine, actor=actor(username=f"p{number}"), now=NOW, words=f"{number}/{step}")
    engine.dispose()


def _assert_whole(engine: Engine, entries: int) -> None:
    with reading(engine) as session:
        report = timeline.verify(session)
        before = session.scalar(select(func.count(func.distinct(TimelineEntry.prev_hash)))) or 0
        last = session.scalar(select(func.max(TimelineEntry.seq))) or 0
        figure("R38", "forks", entries - before)
        figure("R38", "gaps", last - report.entries)
        assert (report.first_bad, report.entries) == (None, entries), report
        assert before == last == entries
        assert session.scalar(select(func.count(func.distinct(TimelineEntry.summary)))) == entries


@pytest.mark.slow
def test_eight_processes_write_one_chain_without_fork_or_gap(database_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_write_many, args=(database_url, n)) for n in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [p.exitcode for p in processes] == [0] * 8
    engine = make_engine(database_url)
    figure("R38", "entries", 8 * EACH)
    _assert_whole(engine, 8 * EACH)
    engine.dispose()


def test_eight_threads_write_one_chain_while_it_is_verified(engine: Engine) -> None:
    def work(number: int) -> list[timeline.ChainReport]:
        reports = []
        for step in range(50):
            if number == 8:
                with reading(engine) as session:
                    reports.append(timeline.verify(session))
            else:
                run(_record, bind=engine, actor=actor(), now=NOW, words=f"{number}/{step}")
        return reports

    reports = at_once(work, threads=9)[8]
    assert [r for r in reports if r.first_bad is not None] == []
    _assert_whole(engine, 400)
