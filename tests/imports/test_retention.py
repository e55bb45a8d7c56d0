"""Raw files go after their period; what was counted stays, and the undo says why it cannot be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from db.core.problems import Refused
from db.core.session import reading, run, writing
from db.imports import area
from db.imports.commands import undo_import
from db.imports.file_commands import take_file
from db.imports.queries import get_batch
from db.imports.retention import check_cleared, clear_batch, run_clearing
from db.imports.tables import ImportBatch, ImportFile, ImportRow
from tests.dealers.examples import ADMIN, NOW, STAFF, bring_in, csv_file, row


def kept(engine, batch_id):
    with reading(engine) as session:
        files = [f.content for f in session.scalars(select(ImportFile).where(ImportFile.batch_id == batch_id))]
        rows = list(session.scalars(select(ImportRow).where(ImportRow.batch_id == batch_id).order_by(ImportRow.row)))
        return files, [(r.outcome, r.code, r.message, r.undo) for r in rows]


DAYS = [(179, 0), (180, 1), (400, 1)]


@pytest.mark.parametrize("days, cleared", DAYS)
def test_a_batch_is_cleared_when_its_period_is_over(engine, days, cleared):
    batch = bring_in(engine, csv_file([row("00001"), row("00002", state="Nowhere")])).batch_id
    at = NOW + timedelta(days=days)
    assert run_clearing(engine, now=at) == cleared
    assert run_clearing(engine, now=at) == 0  # a second sweep finds nothing to do
    files, rows = kept(engine, batch)
    assert [r[:2] for r in rows] == [("created", ""), ("rejected", "unknown_state")]
    assert all(content == b"" for content in files) == bool(cleared)
    assert all(r[2] == "" and r[3] is None for r in rows) == bool(cleared)
    with reading(engine) as session:
        assert area.check_counts(session) == area.check_files(session) == check_cleared(session) == []


def test_what_was_cleared_says_why_it_cannot_be_undone_or_taken(engine):
    batch = bring_in(engine, csv_file([row("00001")])).batch_id
    at = NOW + timedelta(days=200)
    run_clearing(engine, now=at)
    for command, given in ((undo_import, {"batch_id": batch, "reason": "Wrong file"}), (take_file, {"file_id": 1})):
        with pytest.raises(Refused) as refusal:
            run(command, bind=engine, actor=ADMIN, now=at, **given)
        assert refusal.value.code == "cleared"
    with reading(engine) as session:
        assert batch is not None
        seen = get_batch(session, actor=ADMIN, batch_id=batch)
        assert (seen.can_undo, seen.cleared_at, seen.created) == (False, at, 1)


def test_a_young_batch_and_a_stranger_are_refused(engine):
    batch = bring_in(engine, csv_file([row("00001")])).batch_id
    for by, days, code in ((ADMIN, 20, "too_young"), (STAFF, 400, "not_allowed")):
        with pytest.raises(Refused) as refusal:
            run(clear_batch, bind=engine, batch_id=batch, days=1, actor=by, now=NOW + timedelta(days=days))
        assert refusal.value.code == code
    assert kept(engine, batch)[0] != [b""]


def test_the_check_finds_what_a_clearing_left(sqlite_engine):
    batch = bring_in(sqlite_engine, csv_file([row("00001")])).batch_id
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.get_one(ImportBatch, batch).cleared_at = NOW
    with reading(sqlite_engine) as session:
        assert check_cleared(session) == [f"batch {batch} was cleared and still holds what was written in it"]
