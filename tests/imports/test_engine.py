"""The import engine: whole or not at all, every row accounted for, replayed, taken back (U14, U15, R03, R09)."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select, update

from db.core import changes
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.permissions import Permission, Role
from db.core.problems import NotFound, Refused
from db.core.session import make_engine, reading, run, writing
from db.core.timeline import TimelineEntry, TimelineLink
from db.customers.tables import Customer
from db.dealers.commands import change_dealer
from db.imports import area, kinds, queries
from db.imports import reading as tables
from db.imports.commands import dry_run_import, run_import, save_mapping, undo_import
from db.imports.tables import ImportBatch, ImportFile, ImportRow
from tests.dealers.examples import (
    ADMIN,
    COORDINATOR,
    NOW,
    STAFF,
    batch_of,
    bring_in,
    csv_file,
    enter,
    facts_by_code,
    id_of,
    regional,
    row,
)
from tests.support.contents import contents
from tests.support.core import actor, at_once
from tests.support.databases import migrate

LATER = NOW + timedelta(hours=1)
MIXED = [row("00001"), row("00002", state="Nowhere"), row("00003"), row("00001"), row("", name="No code")]


def taken_back(engine, batch_id, *, by=ADMIN, reason="Wrong file"):
    return run(undo_import, bind=engine, batch_id=batch_id, reason=reason, actor=by, now=LATER)


def entries(engine):
    with reading(engine) as session:
        found = list(session.scalars(select(TimelineEntry).order_by(TimelineEntry.seq)))
        session.expunge_all()
        return found


# ------------------------------------------------------------------------------------------------------------ running
def test_every_row_is_accounted_for(engine):
    result = bring_in(engine, csv_file(MIXED))
    assert (result.read, result.created, result.updated, result.duplicates, result.rejected) == (5, 2, 0, 1, 2)
    assert [(o.row, o.outcome, o.code) for o in result.outcomes] == [
        (2, "created", ""), (3, "rejected", "unknown_state"), (4, "created", ""), (5, "duplicate", "repeated"),
        (6, "rejected", "required"),
    ]  # fmt: skip
    assert all(o.message for o in result.rejections)
    assert result.sentences[0] == "5 rows read: 2 created, 1 already there, 2 rejected."


def test_what_is_kept_of_an_import(engine):
    file = csv_file(MIXED)
    result = bring_in(engine, file)
    with reading(engine) as session:
        batch = session.get_one(ImportBatch, result.batch_id)
        kept = session.scalars(select(ImportFile)).one()
        rows = session.scalars(select(ImportRow).order_by(ImportRow.id)).all()
        links = session.execute(select(TimelineLink.item_type, TimelineLink.item_id)).all()
        session.expunge_all()
    assert (batch.status, batch.imported_by, batch.imported_at, batch.channel) == ("applied", "ada", NOW, "page")
    assert (kept.content, kept.sha256) == (file.content, hashlib.sha256(file.content).hexdigest())
    assert [(r.row, r.outcome) for r in rows] == [(o.row, o.outcome) for o in result.outcomes]
    touched = {("dealer", o.item_id) for o in result.outcomes if o.outcome == "created"}
    assert {tuple(link) for link in links} == {("import_batch", batch.id), *touched}
    assert [e.command for e in entries(engine)] == ["run_import"]


def test_a_dry_run_says_the_same_and_changes_nothing(engine):
    enter(engine, "00001", city="Waco")
    before = contents(engine)
    dry = dry_run_import(engine, kind="dealers", files=[csv_file(MIXED)], channel="page", actor=ADMIN, now=NOW)
    assert contents(engine) == before
    real = bring_in(engine, csv_file(MIXED))
    assert dry.batch_id is None
    assert real.batch_id is not None
    assert [(o.row, o.outcome, o.code, o.message) for o in dry.outcomes] == [
        (o.row, o.outcome, o.code, o.message) for o in real.outcomes
    ]
    assert dry.sentences == real.sentences


def test_a_dry_run_of_its_own_commits_nothing_and_copies_no_page(engine):
    """It is the transaction itself that is taken back: a savepoint would have its pages written twice."""
    ran: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: ran.append(args[2].split()[0]))
    event.listen(engine, "savepoint", lambda *_: ran.append("SAVEPOINT"))
    event.listen(engine, "commit", lambda connection: ran.append(f"COMMIT after {ran[-1]}"))
    event.listen(engine, "rollback", lambda _: ran.append("ROLLBACK"))
    dry_run_import(engine, kind="dealers", files=[csv_file(MIXED)], channel="page", actor=ADMIN, now=NOW)
    assert "INSERT" in ran
    assert "SAVEPOINT" not in ran
    assert not [one for one in ran[: ran.index("ROLLBACK")] if one.startswith("COMMIT")]
    assert "INSERT" not in ran[ran.index("ROLLBACK") :]


def test_a_dry_run_leaves_the_rest_of_its_transaction_alone(engine):
    with writing(engine) as session:
        changes.touch(session, "people")
        tables.tell(session)
        run_import(
            session, kind="dealers", files=[csv_file(MIXED)], channel="page", actor=ADMIN, now=NOW, dry_run=True
        )  # fmt: skip
        run_import(session, kind="dealers", files=[csv_file(MIXED)], channel="page", actor=ADMIN, now=NOW)
    with reading(engine) as session:
        assert dict(changes.token(session)) == {"people": 1, "dealers": 1, "imports": 1}
        assert session.scalar(select(func.count()).select_from(ImportBatch)) == 1


def kind_that(apply):
    return ImportKind(
        name="odd", title="Odd things", permission=Permission.DEALERS_IMPORT, extensions=(".txt",), apply=apply,
        undo=lambda session, **_: 0,
    )  # fmt: skip


def test_a_kind_that_fails_half_way_leaves_nothing(engine):
    def apply(session, **_):
        session.add(ImportBatch(
            kind="x", channel="page", status="applied", rows_read=0, created=0, updated=0, duplicates=0, rejected=0,
            imported_at=NOW, imported_by="ada",
        ))  # fmt: skip
        session.flush()
        raise RuntimeError("the program has a mistake")

    before = contents(engine)
    with pytest.raises(RuntimeError):
        bring_in(engine, SourceFile(name="a.txt", content=b"x"), kind=kind_that(apply))
    assert contents(engine) == before


def test_a_kind_may_not_lose_a_row_silently(engine):
    def apply(session, **_):
        return [RowOutcome(file="a.txt", row=1, outcome="skipped")]  # type: ignore[arg-type]

    with pytest.raises(AssertionError):
        bring_in(engine, SourceFile(name="a.txt", content=b"x"), kind=kind_that(apply))


REFUSED = [
    ("a role without the right", {"by": STAFF}, "not_allowed"),
    ("no file", {"files": []}, "required"),
    ("a kind there is not", {"kind": "cars"}, "unknown_kind"),
    ("too many files", {"files": [SourceFile(name="a.csv", content=b"x")] * 1_001}, "too_many"),
]


@pytest.mark.parametrize(("other", "code"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_refused_changes_nothing(sqlite_engine, other, code):
    before = contents(sqlite_engine, without={"timeline_entry", "timeline_head", "timeline_link"})
    with pytest.raises(Refused) as refusal:
        bring_in(sqlite_engine, csv_file(MIXED), **other)
    assert refusal.value.code == code
    assert contents(sqlite_engine, without={"timeline_entry", "timeline_head", "timeline_link"}) == before


def test_a_file_that_came_before_is_named(sqlite_engine):
    first = bring_in(sqlite_engine, csv_file([row("00001")]))
    again = bring_in(sqlite_engine, csv_file([row("00001")]), now=LATER)
    assert (again.created, again.duplicates) == (0, 1)
    assert any(f"(batch {first.batch_id})" in sentence for sentence in again.sentences)


def test_a_file_name_is_only_ever_text(sqlite_engine):
    named = SourceFile(name="../../etc/\u202edealers.csv", content=csv_file([row()]).content)
    bring_in(sqlite_engine, named)
    with reading(sqlite_engine) as session:
        assert session.scalars(select(ImportFile.name)).one() == "dealers.csv"
        assert session.scalars(select(ImportRow.file)).one() == "dealers.csv"


# ----------------------------------------------------------------------------------------------------------- form key
def test_the_same_form_again_gives_the_first_result(engine):
    first = bring_in(engine, csv_file(MIXED), form_key="k1")
    again = bring_in(engine, csv_file(MIXED), form_key="k1", now=LATER)
    assert again.is_replay
    assert (again.batch_id, again.created, again.duplicates) == (first.batch_id, first.created, first.duplicates)
    assert [(o.row, o.outcome, o.item_id) for o in again.outcomes] == [
        (o.row, o.outcome, o.item_id) for o in first.outcomes
    ]
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(ImportBatch)) == 1


@pytest.mark.parametrize("other", [{"files": [csv_file([row("00009")])]}, {"by": COORDINATOR}], ids=["files", "person"])
def test_a_form_key_is_good_for_one_import_of_one_person(sqlite_engine, other):
    bring_in(sqlite_engine, csv_file(MIXED), form_key="k1")
    with pytest.raises(Refused) as refusal:
        bring_in(sqlite_engine, csv_file(MIXED), form_key="k1", **other)
    assert refusal.value.code == "form_key_reused"


def test_a_double_click_makes_one_batch(engine):
    results = at_once(lambda _: bring_in(engine, csv_file(MIXED), form_key="k1"), threads=4)
    assert len({result.batch_id for result in results}) == 1
    assert sum(result.is_replay for result in results) == 3
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(ImportBatch)) == 1
        assert area.check_counts(session) == []


# --------------------------------------------------------------------------------------------------------------- undo
def test_undo_gives_everything_back(engine):
    enter(engine, "00001", city="Waco", brands=("Ford",), territories=("787",))
    enter(engine, "00002")
    before = facts_by_code(engine)
    result = bring_in(engine, csv_file([row("00001", region="West"), row("00002", region="South"), row("00003")]))
    assert (result.created, result.updated) == (1, 2)
    assert taken_back(engine, result.batch_id) == 3
    assert facts_by_code(engine) == before
    with reading(engine) as session:
        batch = session.get_one(ImportBatch, result.batch_id)
        assert (batch.status, batch.undone_by, batch.undone_at) == ("undone", "ada", LATER)
        assert area.check_counts(session) == []
    last = entries(engine)[-1]
    assert (last.command, last.reason) == ("undo_import", "Wrong file")


def test_the_same_file_comes_in_again_after_an_undo(engine):
    first = bring_in(engine, csv_file([row("00001"), row("00002")]))
    taken_back(engine, first.batch_id)
    again = bring_in(engine, csv_file([row("00001"), row("00002")]))
    assert again.created == 2
    assert len(again.sentences) == 1


def test_undo_is_refused_with_every_record_somebody_changed(engine):
    result = bring_in(engine, csv_file([row("00001"), row("00002"), row("00003")]))
    for dealer_id in (id_of(engine, "00001"), id_of(engine, "00003")):
        run(
            change_dealer, bind=engine, dealer_id=dealer_id, seen_version=1, changes={"city": "Waco"},
            actor=COORDINATOR, now=NOW,
        )  # fmt: skip
    before = contents(engine)
    with pytest.raises(Refused) as refusal:
        taken_back(engine, result.batch_id)
    assert [p.code for p in refusal.value.problems] == ["changed_since", "changed_since"]
    assert [("Row 2 " in p.message, "Cora" in p.message) for p in refusal.value.problems] == [
        (True, True), (False, True),
    ]  # fmt: skip
    assert contents(engine) == before


def test_a_later_import_of_the_same_records_counts_as_a_change(sqlite_engine):
    first = bring_in(sqlite_engine, csv_file([row("00001")]))
    second = bring_in(sqlite_engine, csv_file([row("00001", city="Waco")]))
    with pytest.raises(Refused) as refusal:
        taken_back(sqlite_engine, first.batch_id)
    assert refusal.value.code == "changed_since"
    taken_back(sqlite_engine, second.batch_id)


def test_undo_is_refused_while_another_record_needs_the_dealer(engine):
    result = bring_in(engine, csv_file([row("00001"), row("00002")]))
    with writing(engine, keeps_timeline=False) as session:
        session.add(Customer(dealer_id=id_of(engine, "00002"), region="South", name="Ann Lee", created_at=NOW))
    before = contents(engine)
    with pytest.raises(Refused) as refusal:
        taken_back(engine, result.batch_id)
    assert [(p.code, "00002" in p.message, "customer" in p.message) for p in refusal.value.problems] == [
        ("in_use", True, True)
    ]
    assert contents(engine) == before


UNDO_REFUSED = [
    ("a role without the right", {"by": STAFF}, "not_allowed"),
    ("no reason", {"reason": "  "}, "required"),
    ("somebody else's import", {"by": regional("South")}, "not_found"),
]


@pytest.mark.parametrize(("other", "code"), [c[1:] for c in UNDO_REFUSED], ids=[c[0] for c in UNDO_REFUSED])
def test_who_may_undo_and_how(sqlite_engine, other, code):
    result = bring_in(sqlite_engine, csv_file([row("00001")]))
    with pytest.raises(Refused) as refusal:
        taken_back(sqlite_engine, result.batch_id, **other)
    assert refusal.value.code == code
    assert len(facts_by_code(sqlite_engine)) == 1


def test_an_import_is_undone_once(engine):
    result = bring_in(engine, csv_file([row("00001")]))

    def attempt(_):
        try:
            return taken_back(engine, result.batch_id)
        except Refused as refusal:
            return refusal.code

    assert sorted(map(str, at_once(attempt, threads=3))) == ["1", "already_undone", "already_undone"]


# ------------------------------------------------------------------------------------------------------------ queries
def test_people_of_a_region_see_their_own_imports_only(sqlite_engine):
    theirs = bring_in(
        sqlite_engine, csv_file([row("00001", region="South"), row("", region="South")]), by=regional("South")
    )
    others = bring_in(sqlite_engine, csv_file([row("00002", region="West")]))
    with reading(sqlite_engine) as session:
        rita, ada = regional("South"), ADMIN
        assert list(queries.list_batches(session, actor=rita)["id"]) == [theirs.batch_id]
        assert list(queries.list_batches(session, actor=ada)["id"]) == [others.batch_id, theirs.batch_id]
        assert queries.get_batch(session, actor=rita, batch_id=batch_of(theirs)).can_undo
        file_id = queries.get_batch(session, actor=ada, batch_id=batch_of(others)).files[0].file_id
        for look in (
            lambda: queries.get_batch(session, actor=rita, batch_id=batch_of(others)),
            lambda: queries.list_rows(session, actor=rita, batch_id=batch_of(others)),
            lambda: queries.list_rejection_reasons(session, actor=rita, batch_id=batch_of(others)),
            lambda: queries.get_file(session, actor=rita, file_id=file_id),
            lambda: queries.get_batch(session, actor=rita, batch_id=999),
        ):
            with pytest.raises(NotFound):
                look()
        for role in (Role.DEALER_MANAGER, Role.FINANCE, Role.SALES_LEADER):
            with pytest.raises(Refused):
                queries.list_batches(session, actor=actor(role))


def test_lists_are_read_page_by_page(sqlite_engine):
    for number in range(5):
        bring_in(sqlite_engine, csv_file([row(f"bad code {i}!") for i in range(number + 1)]))
    with reading(sqlite_engine) as session:
        first = queries.list_batches(session, actor=ADMIN, limit=2)
        second = queries.list_batches(session, actor=ADMIN, limit=2, before=int(first["id"].iloc[-1]))
        assert [*first["rejected"], *second["rejected"]] == [5, 4, 3, 2]
        batch_id = int(first["id"].iloc[0])
        rows = queries.list_rows(session, actor=ADMIN, batch_id=batch_id, limit=3)
        rest = queries.list_rows(session, actor=ADMIN, batch_id=batch_id, limit=3, after=int(rows["id"].iloc[-1]))
        assert [*rows["row"], *rest["row"]] == [2, 3, 4, 5, 6]
        reasons = queries.list_rejection_reasons(session, actor=ADMIN, batch_id=batch_id)
        assert [tuple(r) for r in reasons[["code", "rows"]].itertuples(index=False)] == [("bad_code", 5)]
        assert list(queries.list_batches(session, actor=ADMIN, kind="adf")["id"]) == []


def test_the_checks_find_what_was_tampered_with(engine):
    result = bring_in(engine, csv_file(MIXED))
    with reading(engine) as session:
        assert (area.check_counts(session), area.check_files(session)) == ([], [])
    with engine.begin() as connection:
        connection.execute(update(ImportBatch).values(created=ImportBatch.created + 1))
        connection.execute(update(ImportFile).values(content=b"x" * 10, size=10))
    with reading(engine) as session:
        assert str(result.batch_id) in area.check_counts(session)[0]
        assert "changed" in area.check_files(session)[0]


# ----------------------------------------------------------------------------------------------------------- mappings
TOML = 'kind = "dealers"\ntitle = "Old"\n[columns]\ncode = "Nr"\nname = "Firm"\nstate = "ST"\n'


def test_a_mapping_is_kept_under_its_title_and_used_again(sqlite_engine):
    keep: dict[str, Any] = {"kind": "dealers", "title": "Their system", "actor": COORDINATOR, "now": NOW}
    first = run(save_mapping, bind=sqlite_engine, toml=TOML, **keep)
    again = run(save_mapping, bind=sqlite_engine, toml=TOML.replace("Firm", "Company"), **keep)
    assert first == again
    with reading(sqlite_engine) as session:
        kept = queries.list_mappings(session, actor=COORDINATOR, kind="dealers")
        assert queries.list_mappings(session, actor=STAFF, kind="dealers") == []
    assert [(m.title, "Company" in m.toml, "Their system" in m.toml) for m in kept] == [("Their system", True, True)]
    file = csv_file([{"Nr": "007", "Firm": "x", "Company": "Bond", "ST": "TX"}], header=("Nr", "Company", "ST"))
    result = bring_in(sqlite_engine, file, mapping=tables.mappings.load_mapping(kept[0].toml))
    assert (result.created, facts_by_code(sqlite_engine)["007"].name) == (1, "Bond")


@pytest.mark.parametrize(
    ("toml", "code"), [("kind = ", "not_toml"), (TOML.replace('"dealers"', '"leads"'), "wrong_kind")]
)
def test_a_mapping_that_is_none_is_not_kept(sqlite_engine, toml, code):
    with pytest.raises(Refused) as refusal:
        run(save_mapping, bind=sqlite_engine, kind="dealers", title="T", toml=toml, actor=ADMIN, now=NOW)
    assert refusal.value.code == code


def test_every_kind_of_the_catalogue_is_known_by_name():
    from db import catalog

    for kind in catalog.all_imports():
        assert kinds.get_kind(kind.name) is kind


# ------------------------------------------------------------------------------------------------------- any old file
CODES = st.sampled_from(["00001", "00002", "00003", "00004", "", "!", "x" * 30])
ROWS = st.lists(
    st.builds(
        row, CODES, state=st.sampled_from(["TX", "texas", "Ontario", "??", ""]), city=st.sampled_from(["", "Waco"]),
        lat=st.sampled_from(["", "31.5", "95", "x"]), long=st.sampled_from(["", "-97.1"]),
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=40)
@given(first=ROWS, second=ROWS)
def test_whatever_comes_the_counts_are_honest(sqlite_templates, tmp_path_factory, first, second):
    """Two files after each other: no row is lost, the same file again changes nothing, undo gives everything back."""
    folder = tmp_path_factory.mktemp("engine")
    scratch = make_engine(sqlite_templates.copy("migrated", migrate, to=folder / "dealer.db"))
    batches = []
    for rows in (first, second):
        result = bring_in(scratch, csv_file(rows))
        assert result.read == result.created + result.updated + result.duplicates + result.rejected
        assert result.read == max(len(rows), 1)  # a file without rows is one rejected file
        assert all(o.code and o.message for o in result.rejections)
        batches.append(result.batch_id)
        known = facts_by_code(scratch)
        again = bring_in(scratch, csv_file(rows))
        assert (again.created, again.updated, again.rejected) == (0, 0, result.rejected)
        assert facts_by_code(scratch) == known
    for batch_id in reversed(batches):
        taken_back(scratch, batch_id)
    assert facts_by_code(scratch) == {}
    scratch.dispose()
