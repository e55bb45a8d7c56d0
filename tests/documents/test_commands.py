"""Adding, renewing, correcting, voiding, holding, purging, taking out: what happens, what is refused, what is told."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from db.core import changes, timeline
from db.core.permissions import Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.documents import commands, storage
from db.documents.checks import check_files, check_series
from db.documents.queries import get_document_fact, list_versions, requirements
from db.documents.tables import Document
from tests.documents.examples import CORA, FINN, NOW, add, dana, do, fetch, pdf, png, regional, renew, seen
from tests.support.core import actor, at_once
from tests.support.users import make_dealer

LATER = NOW + timedelta(days=1)
REASON = "Typed wrong"


def entries(engine) -> list[Any]:
    with reading(engine) as session:
        found = list(session.scalars(select(timeline.TimelineEntry).order_by(timeline.TimelineEntry.seq)))
        session.expunge_all()
        return found


def count(engine) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(Document)) or 0


def files() -> list[str]:
    return [found.stored_name for found in storage.walk()]


def and_fail(command):
    """A command whose transaction breaks at its end."""

    def failing(session, **arguments):
        command(session, **arguments)
        raise ZeroDivisionError

    return failing


# ---- adding ----------------------------------------------------------------------------------------------------------
def test_a_document_is_kept_as_it_came(engine):
    dealer = make_dealer(engine)
    number = add(engine, dealer, number=" DL 4-711 ", issuer="State of New  York", by=dana(dealer))
    row = seen(engine, number)
    assert (row.label, row.type_label, row.title, row.number, row.issuer) == (
        f"D-{number:06}", "Licence", "Dealer licence", "DL 4-711", "State of New York",
    )  # fmt: skip
    assert (row.status, row.state, row.series_version, row.retention_until) == (
        "current",
        "valid",
        1,
        date(2033, 12, 31),
    )
    assert (row.media_type, row.file_name, row.uploaded_by_name) == ("application/pdf", "licence.pdf", "Dana")
    entry = entries(engine)[-1]
    assert (entry.command, entry.actor) == ("add_document", "dana")
    assert entry.detail["after"]["expires_on"] == "2026-12-31"
    assert entry.detail["after"]["sha256"] == row.sha256
    with reading(engine) as session:
        assert dict(changes.token(session))["documents"] == 1
        kept = session.get_one(Document, number)
        assert storage.load(kept.stored_name) == pdf("2026-12-31")
        assert (kept.remind_on, kept.reminded) == (date(2026, 12, 31) - timedelta(days=90), None)


def test_a_form_sent_twice_is_one_document(engine):
    first = add(engine, form_key="k1")
    assert add(engine, form_key="k1") == first
    assert (count(engine), len(entries(engine)), len(files())) == (1, 1, 1)


def test_the_same_form_sent_by_four_threads_at_once_is_one_document(engine):
    dealer = make_dealer(engine)
    assert len(set(at_once(lambda _: add(engine, dealer, form_key="k1"), threads=4))) == 1
    assert count(engine) == 1


def test_the_same_bytes_are_told_where_they_are_unless_the_type_is_another(engine):
    dealer = make_dealer(engine)
    first = add(engine, dealer)
    with pytest.raises(Refused, match=f'already there as D-{first:06} "Dealer licence", version 1') as refusal:
        add(engine, dealer, title="Again")
    assert [(p.code, p.field) for p in refusal.value.problems] == [("already_there", "file")]
    assert add(engine, dealer, document_type="other", title="Copy", content=pdf("2026-12-31"))
    assert add(engine, make_dealer(engine, code="0999", name="North Star"), content=pdf("2026-12-31"))


def test_the_same_bytes_by_four_threads_at_once_are_kept_once(engine):
    dealer = make_dealer(engine)

    def attempt(number: int) -> str:
        try:
            return str(add(engine, dealer, form_key=f"k{number}"))
        except Refused as refusal:
            return refusal.code

    answers = at_once(attempt, threads=4)
    assert sorted(answers)[1:] == ["already_there"] * 3
    assert count(engine) == 1


WRONG = [
    ({"document_type": "recipe"}, {"document_type"}),
    ({"expires_on": None}, {"expires_on"}),
    ({"expires_on": date(2025, 1, 1)}, {"expires_on"}),
    ({"title": "x" * 201, "number": "x" * 81, "issuer": "x" * 121}, {"title", "number", "issuer"}),
    ({"document_type": "other", "title": " \u200b "}, {"title"}),
    ({"content": None}, {"file"}),
    ({"content": b""}, {"file"}),
    ({"file_name": "licence.exe"}, {"file"}),
    ({"content": b"MZ" + b"\0" * 99, "expires_on": None}, {"file", "expires_on"}),
]


@pytest.mark.parametrize("wrong, fields", WRONG)
def test_what_is_refused_says_where_and_leaves_nothing(sqlite_engine, wrong, fields):
    with pytest.raises(Refused) as refusal:
        add(sqlite_engine, **wrong)
    assert {p.field for p in refusal.value.problems} == fields
    assert (count(sqlite_engine), entries(sqlite_engine), files()) == (0, [], [])


@pytest.mark.parametrize("by", [dana(99), regional("West"), dana(99, role=Role.DEALER_STAFF), FINN])
def test_who_may_not_add(sqlite_engine, by):
    with pytest.raises(Refused) as refusal:
        add(sqlite_engine, by=by)
    assert refusal.value.code == ("not_found" if by.role in (Role.DEALER_MANAGER, Role.COORDINATOR) else "not_allowed")
    assert (count(sqlite_engine), files()) == (0, [])


def test_a_failed_transaction_leaves_a_file_and_never_a_row_without_one(sqlite_engine):
    dealer = make_dealer(sqlite_engine)
    with pytest.raises(ZeroDivisionError):
        run(
            and_fail(commands.add_document), bind=sqlite_engine, dealer_id=dealer, document_type="tax_id",
            file_name="w9.png", content=png(), actor=CORA, now=NOW,
        )  # fmt: skip
    assert count(sqlite_engine) == 0
    assert len(files()) == 1


def test_a_disk_that_refuses_is_told_plainly(sqlite_engine, documents_folder):
    documents_folder.parent.mkdir()
    documents_folder.write_text("a file where the folder should be")
    with pytest.raises(Refused, match="Nothing was saved") as refusal:
        add(sqlite_engine)
    assert [(p.code, p.field) for p in refusal.value.problems] == [("not_stored", "file")]
    assert count(sqlite_engine) == 0


def test_what_kind_of_document_needs_no_end(sqlite_engine):
    number = add(sqlite_engine, document_type="tax_id", title="", effective_on=None, expires_on=None)
    row = seen(sqlite_engine, number)
    assert (row.title, row.state, row.retention_until, row.days_left) == ("Tax ID", "valid", None, None)


def test_evidence_of_another_area_is_a_fact_of_its_record(sqlite_engine):
    dealer = make_dealer(sqlite_engine)
    number = add(
        sqlite_engine, dealer, document_type="evidence", title="Sign order", item_type="checklist_item", item_id=7,
        expires_on=None,
    )  # fmt: skip
    with reading(sqlite_engine) as session:
        fact = get_document_fact(session, document_id=number, scope=dana(dealer).scope, now=NOW)
        assert (fact.title, fact.item_type, fact.item_id, fact.state) == ("Sign order", "checklist_item", 7, "valid")
        with pytest.raises(NotFound):
            get_document_fact(session, document_id=number, scope=dana(99).scope, now=NOW)
        links = select(timeline.TimelineLink.item_type, timeline.TimelineLink.item_id)
        assert ("checklist_item", 7) in set(map(tuple, session.execute(links)))


# ---- renewing --------------------------------------------------------------------------------------------------------
def test_a_renewal_is_the_next_version_and_the_one_before_stays(engine):
    first = add(engine)
    second = renew(engine, first, number="DL-2027")
    with reading(engine) as session:
        versions = list_versions(session, series_id=first, scope=CORA.scope, now=NOW)
    assert [(v.id, v.series_version, v.status, v.number) for v in versions] == [
        (second, 2, "current", "DL-2027"), (first, 1, "superseded", ""),
    ]  # fmt: skip
    assert versions[0].title == "Dealer licence"
    assert versions[0].state == "valid"  # uploaded ahead: the old one still covers today
    assert (versions[0].covered_from, versions[1].version) == (date(2026, 1, 1), 2)
    assert fetch(engine, first).content != fetch(engine, second).content
    with reading(engine) as session:
        assert session.get_one(Document, first).remind_on is None


def test_a_renewal_that_begins_too_late_leaves_the_gap_visible(sqlite_engine):
    first = add(sqlite_engine, expires_on=date(2026, 6, 30))
    row = seen(sqlite_engine, renew(sqlite_engine, first, effective_on=date(2026, 7, 15)))
    assert (row.covered_from, row.state) == (date(2026, 7, 15), "later")


def test_of_two_renewals_at_once_one_is_told_it_is_stale(engine):
    first = add(engine)

    def attempt(number: int) -> str:
        try:
            renew(engine, first, content=pdf(f"by {number}"))
            return "done"
        except Stale:
            return "stale"

    assert sorted(at_once(attempt, threads=3)) == ["done", "stale", "stale"]


def test_only_the_current_version_is_renewed(sqlite_engine):
    first = add(sqlite_engine)
    renew(sqlite_engine, first)
    with pytest.raises(Refused, match="Only the current version"):
        renew(sqlite_engine, first, seen=2, content=pdf("three"))
    with pytest.raises(Refused, match="already there"):
        renew(sqlite_engine, first + 1, content=pdf("2026-12-31"))  # the first version's own bytes
    with pytest.raises(NotFound):
        renew(sqlite_engine, first + 1, by=dana(99))
    assert count(sqlite_engine) == 2


# ---- changing --------------------------------------------------------------------------------------------------------
def test_corrected_days_keep_the_old_ones_and_plan_the_reminders_again(engine):
    number = add(engine)
    do(engine, "correct_dates", number, effective_on=date(2026, 2, 1), expires_on=date(2027, 1, 31), reason=REASON)
    row = seen(engine, number)
    assert (row.effective_on, row.covered_from, row.expires_on, row.version) == (
        date(2026, 2, 1), date(2026, 2, 1), date(2027, 1, 31), 2,
    )  # fmt: skip
    entry = entries(engine)[-1]
    assert entry.reason == REASON
    assert entry.detail["before"] == {"effective_on": "2026-01-01", "expires_on": "2026-12-31"}
    with reading(engine) as session:
        assert session.get_one(Document, number).remind_on == date(2027, 1, 31) - timedelta(days=90)


CHANGES: dict[str, dict[str, Any]] = {
    "correct_dates": {"effective_on": None, "expires_on": date(2027, 1, 31), "reason": REASON},
    "void_document": {"reason": "Wrong dealer"},
    "set_hold": {"reason": "Audit 2026"},
    "release_hold": {"reason": "Audit closed"},
    "purge_file": {},
}


@pytest.mark.parametrize("name", CHANGES)
def test_changes_are_the_desks_within_its_scope_and_never_stale(sqlite_engine, name):
    dealer = make_dealer(sqlite_engine)
    number = add(sqlite_engine, dealer)
    before = asdict(seen(sqlite_engine, number))
    for by, code in ((dana(dealer), "not_allowed"), (FINN, "not_allowed"), (regional("West"), "not_found")):
        with pytest.raises(Refused) as refusal:
            do(sqlite_engine, name, number, by=by, **CHANGES[name])
        assert refusal.value.code == code
    with pytest.raises(Stale, match="was changed by Cora"):
        do(sqlite_engine, name, number, seen=5, **CHANGES[name])
    if "reason" in CHANGES[name]:
        with pytest.raises(Refused) as refusal:
            do(sqlite_engine, name, number, **CHANGES[name] | {"reason": " "})
        assert [p.field for p in refusal.value.problems] == ["reason"]
    assert asdict(seen(sqlite_engine, number)) == before


def test_a_void_renewal_brings_the_version_before_back(engine):
    first = add(engine)
    second = renew(engine, first)
    do(engine, "void_document", second, reason="Scan of another dealer")
    assert (seen(engine, second).status, seen(engine, second).void_reason) == ("void", "Scan of another dealer")
    back = seen(engine, first)
    assert (back.status, back.ended_on, back.retention_until) == ("current", None, date(2033, 12, 31))
    with reading(engine) as session:
        assert session.get_one(Document, first).remind_on is not None
    third = renew(engine, first, seen=3)  # the bytes of the void one may come again
    assert seen(engine, third).series_version == 3
    with pytest.raises(Refused, match="is void"):
        do(engine, "void_document", second, seen=2, reason="Twice")


def test_a_superseded_version_is_made_void_alone(sqlite_engine):
    first = add(sqlite_engine)
    second = renew(sqlite_engine, first)
    do(sqlite_engine, "void_document", first, seen=2, reason="Never valid")
    assert (seen(sqlite_engine, first).status, seen(sqlite_engine, second).status) == ("void", "current")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_is_done_to_a_series_one_version_at_most_is_current(sqlite_engine, seed):
    """Forty steps at random: renewals with and without gaps, corrected days, versions made void."""
    rng = random.Random(seed)
    add(sqlite_engine)
    for step in range(40):
        with reading(sqlite_engine) as session:
            versions = list_versions(session, series_id=1, scope=CORA.scope, now=NOW)
        one = rng.choice([v for v in versions if v.status != "void"] or versions)
        starts = date(2026, 1, 1) + timedelta(days=rng.randrange(900))
        ends = starts + timedelta(days=rng.randrange(700))
        days: dict[str, Any] = {"effective_on": rng.choice([None, starts]), "expires_on": ends}
        with suppress(Refused):
            match rng.randrange(4):
                case 0 | 1:
                    renew(sqlite_engine, one.id, seen=one.version, content=pdf(f"{seed} {step}"), **days)
                case 2:
                    do(sqlite_engine, "correct_dates", one.id, seen=one.version, reason=REASON, **days)
                case 3:
                    do(sqlite_engine, "void_document", one.id, seen=one.version, reason=REASON)
        with reading(sqlite_engine) as session:
            assert check_series(session) == []
            after = list_versions(session, series_id=1, scope=CORA.scope, now=NOW)
        living = [v for v in after if v.status != "void"]
        assert [v.status for v in living][:1] in ([], ["current"])
        assert {v.status for v in living[1:]} <= {"superseded"}
    with reading(sqlite_engine) as session:
        assert check_files(session) == []


# ---- holds and purging -----------------------------------------------------------------------------------------------
OLD: dict[str, Any] = {"effective_on": date(2010, 1, 1), "expires_on": date(2010, 12, 31)}


def test_a_file_is_purged_after_its_time_and_the_record_stays(engine):
    number = add(engine, **OLD)
    assert seen(engine, number).may_be_purged
    do(engine, "purge_file", number)
    row = seen(engine, number)
    assert row.purged_at == NOW
    assert row.sha256
    assert files() == []
    with pytest.raises(Refused, match="was removed on 2026-06-29"):
        fetch(engine, number)
    with pytest.raises(Refused, match="was removed before"):
        do(engine, "purge_file", number, seen=2)


def test_a_hold_keeps_the_file_and_says_who_and_why(sqlite_engine):
    number = add(sqlite_engine, **OLD)
    do(sqlite_engine, "set_hold", number, reason="Audit 2026")
    with pytest.raises(Refused, match="held by Cora since 2026-06-29: Audit 2026") as refusal:
        do(sqlite_engine, "purge_file", number, seen=2)
    assert refusal.value.code == "held"
    assert len(files()) == 1
    with pytest.raises(Refused, match="held already"):
        do(sqlite_engine, "set_hold", number, seen=2, reason="Again")
    do(sqlite_engine, "release_hold", number, seen=2, reason="Audit closed")
    with pytest.raises(Refused, match="is not held"):
        do(sqlite_engine, "release_hold", number, seen=3, reason="Again")
    do(sqlite_engine, "purge_file", number, seen=3)
    assert files() == []


@pytest.mark.parametrize(
    "what", [{"expires_on": date(2020, 1, 1), "effective_on": None}, {"document_type": "tax_id", "expires_on": None}]
)
def test_nothing_is_purged_before_its_time(sqlite_engine, what):
    number = add(sqlite_engine, **what)
    with pytest.raises(Refused, match="has to be kept") as refusal:
        do(sqlite_engine, "purge_file", number)
    assert refusal.value.code == "retained"
    assert len(files()) == 1


def test_a_rolled_back_purge_costs_no_file(sqlite_engine):
    number = add(sqlite_engine, **OLD)
    with pytest.raises(ZeroDivisionError):
        run(and_fail(commands.purge_file), bind=sqlite_engine, document_id=number, seen_version=1, actor=CORA, now=NOW)
    assert fetch(sqlite_engine, number).content == pdf("2010-12-31")


def test_all_documents_of_a_dealer_are_held_in_one_entry(engine):
    dealer = make_dealer(engine)
    first, second = add(engine, dealer), add(engine, dealer, expires_on=date(2027, 3, 1))
    do(engine, "set_hold", first, reason="Dispute")
    held = run(commands.hold_dealer, bind=engine, dealer_id=dealer, reason="Audit", actor=CORA, now=LATER)
    assert held == 1
    assert [seen(engine, n).hold_reason for n in (first, second)] == ["Dispute", "Audit"]
    with pytest.raises(Refused, match="nothing to hold"):
        run(commands.hold_dealer, bind=engine, dealer_id=dealer, reason="Audit", actor=CORA, now=LATER)
    with pytest.raises(NotFound):
        run(commands.hold_dealer, bind=engine, dealer_id=dealer, reason="x", actor=regional("West"), now=LATER)


# ---- taking out ------------------------------------------------------------------------------------------------------
def test_who_takes_a_file_is_written_down(engine):
    dealer = make_dealer(engine)
    number = add(engine, dealer, file_name="..\\CON\u202e.pdf")
    made = fetch(engine, number, by=dana(dealer))
    assert (made.name, made.media_type, made.content) == ("_CON.pdf", "application/pdf", pdf("2026-12-31"))
    entry = entries(engine)[-1]
    assert (entry.command, entry.actor) == ("fetch_document", "dana")
    with reading(engine) as session:
        assert dict(changes.token(session))["documents"] == 1  # nothing changed


def test_a_file_of_another_dealer_does_not_exist(sqlite_engine):
    number = add(sqlite_engine)
    with pytest.raises(NotFound) as theirs:
        fetch(sqlite_engine, number, by=dana(99))
    with pytest.raises(NotFound) as absent:
        fetch(sqlite_engine, number + 1, by=dana(99))
    assert str(theirs.value) == str(absent.value) == "This document was not found."
    with pytest.raises(Refused, match="may not do this"):
        fetch(sqlite_engine, number, by=actor(Role.SALES_LEADER))


def test_a_file_that_is_not_what_was_stored_is_not_handed_out(sqlite_engine):
    number = add(sqlite_engine)
    (found,) = storage.walk()
    found.path.write_bytes(pdf("another"))
    with pytest.raises(Refused, match="not the one that was stored"):
        fetch(sqlite_engine, number)
    found.path.unlink()
    with pytest.raises(Refused, match="is missing in the store"):
        fetch(sqlite_engine, number)


# ---- what is required ------------------------------------------------------------------------------------------------
def decide(engine, *, seen: int = 0, by=CORA, status: str = "active", types=("contract", "photo")) -> int:
    return run(
        commands.save_requirement, bind=engine, dealer_status=status, document_types=types, seen_version=seen,
        reason="New policy", actor=by, now=NOW,
    )  # fmt: skip


def test_what_is_required_is_decided_version_by_version(engine):
    assert decide(engine) == 1
    assert decide(engine, seen=1, types=()) == 2
    with reading(engine) as session:
        found = requirements(session)
    assert (found["active"].document_types, found["active"].version, found["active"].updated_by) == ((), 2, "Cora")
    assert (found["onboarding"].version, len(found["onboarding"].document_types)) == (0, 4)
    entry = entries(engine)[-1]
    assert entry.detail == {"before": {"document_types": ["contract", "photo"]}, "after": {"document_types": []}}
    with pytest.raises(Stale, match="was changed by Cora"):
        decide(engine, seen=1)
    with pytest.raises(Stale):
        decide(engine, seen=0)


def test_two_who_decide_first_at_once_do_not_overwrite_each_other(engine):
    def attempt(number: int) -> str:
        try:
            return str(decide(engine, types=("contract",) if number else ("licence",)))
        except Stale:
            return "stale"

    assert sorted(at_once(attempt, threads=3)) == ["1", "stale", "stale"]


@pytest.mark.parametrize(
    "other, code",
    [
        ({"by": dana(1)}, "not_allowed"),
        ({"by": regional("East")}, "not_allowed"),
        ({"status": "prospect"}, "unknown_status"),
        ({"types": ("recipe",)}, "unknown_type"),
    ],
)
def test_who_and_what_may_not_be_decided(sqlite_engine, other, code):
    with pytest.raises(Refused) as refusal:
        decide(sqlite_engine, **other)
    assert refusal.value.code == code
    with reading(sqlite_engine) as session:
        assert requirements(session)["active"].version == 0
