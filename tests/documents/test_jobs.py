"""The sweep and the checks: reminders told once, holds set, the store kept clean and proved; and the renewal pack."""

from __future__ import annotations

import io
import os
import zipfile
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from db import catalog
from db.core.outbox import OutboxMail
from db.core.permissions import Role
from db.core.problems import NotFound
from db.core.session import reading, run, writing
from db.documents import commands, jobs, storage
from db.documents.checks import check_files, check_series
from db.documents.tables import Document
from db.people.tables import Notification, Person
from tests.documents.examples import CORA, NOW, TODAY, add, dana, do, pdf, renew, seen
from tests.support.core import at_once
from tests.support.users import make_dealer, make_person

DAY = timedelta(days=1)


def on(days: int) -> date:
    return TODAY + timedelta(days=days)


def told(engine) -> list[tuple[str, str]]:
    with reading(engine) as session:
        query = (
            select(Person.username, Notification.title)
            .join(Person, Person.id == Notification.person_id)
            .order_by(Notification.id)
        )
        return [(username, title) for username, title in session.execute(query)]


def people(engine) -> int:
    dealer = make_dealer(engine)
    make_person(engine, "cora", Role.COORDINATOR)
    make_person(engine, "dana", Role.DEALER_MANAGER)
    make_person(engine, "drew", Role.DEALER_STAFF)
    make_person(engine, "fin", Role.FINANCE)
    other = make_dealer(engine, code="0999", name="North Star", region="West")
    make_person(engine, "nora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[other])
    make_person(engine, "wes", Role.COORDINATOR, scope_kind="regions", regions=["West"])
    return dealer


# ---- reminders -------------------------------------------------------------------------------------------------------
def test_who_can_act_is_told_once_at_each_threshold(engine):
    dealer = people(engine)
    add(engine, dealer, expires_on=on(91), effective_on=None)
    assert jobs.run_reminders(engine, now=NOW) == 0
    moments = [NOW + n * DAY for n in (1, 2, 31, 61, 84, 90, 91, 92, 400)]
    assert [jobs.run_reminders(engine, now=moment) for moment in moments] == [1, 0, 1, 1, 1, 0, 1, 0, 0]
    assert {name for name, _ in told(engine)} == {"cora", "dana"}
    assert [title for name, title in told(engine) if name == "dana"] == [
        f"Licence of Lone Pine Motors expires {words}"
        for words in ("in 90 days", "in 60 days", "in 30 days", "in 7 days", "today")
    ]
    with reading(engine) as session:
        mails = session.scalars(select(OutboxMail.to_address)).all()
        assert sorted(set(mails)) == ["cora@example.test", "dana@example.test"]
        assert len(mails) == 10


def test_after_a_pause_the_nearest_threshold_alone_is_told(sqlite_engine):
    dealer = people(sqlite_engine)
    add(sqlite_engine, dealer, expires_on=on(95), effective_on=None)
    assert jobs.run_reminders(sqlite_engine, now=NOW + 93 * DAY) == 1
    assert [title for name, title in told(sqlite_engine) if name == "cora"] == [
        "Licence of Lone Pine Motors expires in 2 days"
    ]
    assert jobs.run_reminders(sqlite_engine, now=NOW + 99 * DAY) == 1
    assert told(sqlite_engine)[-1][1] == "Licence of Lone Pine Motors expired 4 days ago"


def test_sweeps_at_once_tell_once(engine):
    dealer = people(engine)
    for number in range(3):
        add(engine, dealer, expires_on=on(30 + number), effective_on=None)
    counts = at_once(lambda _: jobs.run_reminders(engine, now=NOW), threads=3)
    assert sum(counts) == 3
    assert len(told(engine)) == 6


def test_corrected_renewed_and_terminated_are_told_rightly(sqlite_engine):
    dealer = people(sqlite_engine)
    corrected = add(sqlite_engine, dealer, expires_on=on(7), effective_on=None)
    renewed = add(sqlite_engine, dealer, expires_on=on(8), effective_on=None)
    jobs.run_reminders(sqlite_engine, now=NOW)
    do(sqlite_engine, "correct_dates", corrected, effective_on=None, expires_on=on(6), reason="Misread")
    renew(sqlite_engine, renewed)
    assert jobs.run_reminders(sqlite_engine, now=NOW + DAY) == 1  # the corrected one, for its new day
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.execute(text("UPDATE dealer SET status = 'terminated'"))
    assert jobs.run_reminders(sqlite_engine, now=NOW + 30 * DAY) == 0


def test_the_day_is_the_dealers(sqlite_engine):
    dealer = people(sqlite_engine)
    add(sqlite_engine, dealer, expires_on=on(7), effective_on=None)
    from datetime import UTC

    assert jobs.run_reminders(sqlite_engine, now=datetime(2026, 6, 29, 3, 59, tzinfo=UTC)) == 1  # the 30-day one
    assert jobs.run_reminders(sqlite_engine, now=datetime(2026, 6, 29, 3, 59, tzinfo=UTC)) == 0
    assert jobs.run_reminders(sqlite_engine, now=datetime(2026, 6, 29, 4, 0, tzinfo=UTC)) == 1  # now it is the 29th


# ---- holds -----------------------------------------------------------------------------------------------------------
def test_documents_of_a_terminated_dealer_are_held_until_somebody_releases_them(engine):
    gone, there = make_dealer(engine), make_dealer(engine, code="0999", name="North Star")
    first, other = add(engine, gone), add(engine, there)
    with writing(engine, keeps_timeline=False) as session:
        session.execute(text("UPDATE dealer SET status = 'terminated' WHERE id = :i"), {"i": gone})
    assert sum(at_once(lambda _: jobs.run_holds(engine, now=NOW), threads=2)) == 1
    assert jobs.run_holds(engine, now=NOW) == 0
    row = seen(engine, first)
    assert (row.is_held, row.hold_reason, row.held_by) == (True, "The dealer was terminated.", "Automatic")
    assert not seen(engine, other).is_held
    do(engine, "release_hold", first, seen=2, reason="Closed")
    assert jobs.run_holds(engine, now=NOW) == 0
    assert not seen(engine, first).is_held


# ---- the store -------------------------------------------------------------------------------------------------------
def age(hours: float) -> None:
    """Let every file of the store be so old, counted back from NOW."""
    for found in storage.walk():
        moment = (NOW - timedelta(hours=hours)).timestamp()
        os.utime(found.path, (moment, moment))


def stray(content: bytes = b"x") -> str:
    return storage.save(content).stored_name


def names() -> set[str]:
    return {found.stored_name for found in storage.walk()}


def test_files_nobody_names_go_after_a_day_and_no_others(engine, documents_folder):
    make_person(engine, "cora", Role.COORDINATOR)  # a folder is claimed for the database once that has a history
    number = add(engine)
    kept, lost = names(), stray()
    part = next(iter(storage.walk())).path.parent / ("a" * 32 + ".part")
    part.write_bytes(b"half")
    (documents_folder / "README").write_text("not ours")
    age(23)
    assert jobs.run_clearing(engine, now=NOW) == 0
    assert lost in names()
    age(25)
    assert jobs.run_clearing(engine, now=NOW + timedelta(minutes=59)) == 0  # once an hour
    assert jobs.run_clearing(engine, now=NOW + timedelta(minutes=61)) == 2
    assert names() == kept
    assert (documents_folder / "README").exists()
    assert run(commands.fetch_document, bind=engine, document_id=number, actor=CORA, now=NOW).content


def test_a_folder_of_another_database_is_never_cleared(engine, documents_folder):
    make_person(engine, "cora", Role.COORDINATOR)
    add(engine)
    stray()
    age(999)
    (documents_folder / ".belongs-to").write_text("f" * 64)
    assert jobs.run_clearing(engine, now=NOW) == 0
    assert len(names()) == 2
    with reading(engine) as session:
        assert check_files(session) == [
            "the folder of documents belongs to another database (its file .belongs-to says so)"
        ]


def test_a_purged_file_that_is_still_there_goes_at_once(sqlite_engine, monkeypatch):
    make_person(sqlite_engine, "cora", Role.COORDINATOR)
    number = add(sqlite_engine, effective_on=None, expires_on=date(2010, 1, 1))
    monkeypatch.setattr(storage, "remove", lambda name: False)  # the process died between commit and removal
    do(sqlite_engine, "purge_file", number)
    assert len(names()) == 1
    assert jobs.run_clearing(sqlite_engine, now=NOW) == 1
    assert names() == set()


def test_the_check_names_what_is_missing_changed_and_nobodys(engine):
    first, second, third = (add(engine, expires_on=on(n)) for n in (100, 200, 300))
    with reading(engine) as session:
        assert check_files(session) == check_series(session) == []
        stored = dict(session.execute(select(Document.id, Document.stored_name)).all())
    paths = {found.stored_name: found.path for found in storage.walk()}
    paths[stored[first]].unlink()
    paths[stored[second]].write_bytes(b"another")
    lost = stray()
    with reading(engine) as session:
        fresh = check_files(session)
        age(2)
        late = check_files(session)
    assert fresh == [
        f"D-{first:06}: its file {stored[first]} is missing",
        f"D-{second:06}: its file {stored[second]} is not what was stored",
    ]
    assert late == [*fresh, f"no document names the file {lost}; the sweep removes it after a day"]
    assert third


def test_the_check_finds_two_current_versions_and_words_that_are_gone(sqlite_engine):
    first = add(sqlite_engine)
    renew(sqlite_engine, first)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.execute(text("UPDATE document SET status = 'current', is_held = 1 WHERE id = :i"), {"i": first})
        session.execute(text("DELETE FROM search_word WHERE kind = 'document' AND item_id = :i"), {"i": first})
    with reading(sqlite_engine) as session:
        assert check_series(session) == [
            f"series {first} has more than one current version", f"D-{first:06} cannot be found by the search box",
            f"D-{first:06} is held without a reason",
        ]  # fmt: skip


def test_a_name_from_outside_never_becomes_a_path():
    for name in ("../../etc/passwd", "", "A" * 32, "a" * 31, "a" * 32 + "/../x"):
        with pytest.raises(ValueError, match="not a name"):
            storage.load(name)


# ---- the renewal pack ------------------------------------------------------------------------------------------------
def pack(engine, dealer: int, by=CORA) -> Any:
    return run(commands.make_pack, bind=engine, dealer_id=dealer, open_items=catalog.dealer_lines, actor=by, now=NOW)


def test_the_renewal_pack_holds_the_listing_and_the_current_files(engine):
    dealer = make_dealer(engine, name="Łódź & Söhne “Motors”")
    add(engine, dealer, document_type="contract", title="Agreement – 2021", file_name="../a.pdf", content=pdf("old"))
    first = add(engine, dealer)
    renew(engine, first)
    missing = add(engine, dealer, document_type="insurance", expires_on=on(9), effective_on=None)
    with reading(engine) as session:
        storage.remove(session.get_one(Document, missing).stored_name)
    made = pack(engine, dealer, by=dana(dealer))
    assert (made.name, made.left_out) == ("Renewal pack 04012 2026-06-29.zip", (f"D-{missing:06} Dealer licence",))
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        inside = archive.namelist()
        assert inside == ["00 Renewal pack.pdf", "01 Contract a.pdf", "02 Licence licence-2027.pdf"]
        assert archive.read(inside[2]) == pdf("two")
        assert archive.read(inside[0]).startswith(b"%PDF-")
    with pytest.raises(NotFound):
        pack(engine, dealer, by=dana(99))
