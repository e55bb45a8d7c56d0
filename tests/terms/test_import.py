"""Terms from a file become proposals, never values in force; undo takes back those that are still open."""

from __future__ import annotations

import csv
import io

import pytest

from db.core.area import SourceFile
from db.core.problems import Refused
from db.core.session import reading, run
from db.imports.commands import dry_run_import, run_import, undo_import
from db.terms.change_queries import ChangeFilters, list_changes
from db.terms.checks import check_terms
from tests.dealers.examples import regional
from tests.support.contents import counts
from tests.support.core import NOW
from tests.terms.examples import CORA, EVERYTHING, FINN, TODAY, days, decide, in_force, two_dealers, value

HEADER = ("Dealer code", "Term", "Value", "Valid from", "Reason")


def file_of(*rows):
    out = io.StringIO()
    csv.writer(out).writerows([HEADER, *rows])
    return SourceFile(name="terms.csv", content=out.getvalue().encode())


def bring(engine, *rows, by=CORA, **other):
    return run(
        run_import, bind=engine, kind="terms", files=[file_of(*rows)], channel="page", actor=by, now=NOW, **other
    )


def waiting(engine, *, is_open=True):
    with reading(engine) as session:
        return list_changes(session, scope=EVERYTHING, filters=ChangeFilters(is_open=is_open))[0]


def test_rows_become_proposals_and_each_says_what_became_of_it(engine):
    dealers = two_dealers(engine)
    in_force(engine, dealers.west, 145_00)
    result = bring(
        engine,
        ("00001", "Labor rate", "$150.00", "2026-07-01", "Posted rate"),
        ("00001", "Tier", "gold", "2026-07-01", ""),
        ("00002", "Labour rate", "145", "2026-07-01", ""),
        ("00002", "Labour rate", "152", "2026-05-01", "too short"),
        ("00002", "Colour", "152", "2026-07-01", ""),
        ("77777", "Tier", "Gold", "2026-07-01", ""),
        ("00001", "Tier", "Silver", "2026-07-01", ""),
        ("00001", "Payment terms", "soon", "2026-07-01", ""),
        ("00001", "Credit limit", "1000", "", ""),
    )
    assert [(o.row, o.outcome, o.code) for o in result.outcomes] == [
        (2, "created", ""), (3, "created", ""), (4, "duplicate", "unchanged"), (5, "rejected", "too_short"),
        (6, "rejected", "unknown_term"), (7, "rejected", "unknown_dealer"), (8, "rejected", "already_proposed"),
        (9, "rejected", "not_a_number"), (10, "rejected", "required"),
    ]  # fmt: skip
    assert [(c.kind, c.value, c.submitted_by) for c in waiting(engine)] == [
        ("labour_rate", 150_00, "cora"), ("tier", "Gold", "cora"),
    ]  # fmt: skip
    assert value(engine, dealers.south, days(30)) is None
    again = bring(engine, ("00001", "Labour rate", "150", "2026-07-01", ""))
    assert [(o.outcome, o.code) for o in again.outcomes] == [("rejected", "already_proposed")]
    with pytest.raises(Refused) as refusal:
        decide(engine, result.outcomes[0].item_id, by=CORA)
    assert refusal.value.code == "not_allowed"
    decide(engine, result.outcomes[0].item_id, by=FINN)
    assert value(engine, dealers.south, days(30)) == 150_00


def test_undo_withdraws_what_is_open_and_is_refused_once_somebody_decided(engine):
    dealers = two_dealers(engine)
    rows = [("00001", "Tires", "3", "2026-07-01", ""), ("00002", "Self-authorization: tires", "3", "2026-07-01", "")]
    first = bring(engine, rows[1])
    undo = {"bind": engine, "reason": "Wrong list", "actor": CORA, "now": NOW}
    assert run(undo_import, batch_id=first.batch_id, **undo) == 1
    assert [c.status for c in waiting(engine, is_open=False)] == ["withdrawn"]
    assert waiting(engine) == []
    second = bring(engine, rows[1])
    decide(engine, second.outcomes[0].item_id, by=FINN)
    with pytest.raises(Refused) as refusal:
        run(undo_import, batch_id=second.batch_id, **undo)
    assert refusal.value.code == "changed_since"
    assert value(engine, dealers.west, days(9), "auth_tires") == 3
    with reading(engine) as session:
        assert check_terms(session) == []


def test_a_dry_run_leaves_nothing(sqlite_engine):
    two_dealers(sqlite_engine)
    before = counts(sqlite_engine)
    result = dry_run_import(
        sqlite_engine, kind="terms", files=[file_of(("00001", "Tier", "Gold", TODAY.isoformat(), ""))], channel="page",
        actor=CORA, now=NOW,
    )  # fmt: skip
    assert result.created == 1
    assert counts(sqlite_engine) == before


def test_a_dealer_outside_of_ones_region_is_as_if_it_did_not_exist(sqlite_engine):
    two_dealers(sqlite_engine)
    row = ("Tier", "Gold", TODAY.isoformat(), "")
    result = bring(sqlite_engine, ("00002", *row), ("88888", *row), by=regional("South"))
    assert {o.message.replace("00002", "N").replace("88888", "N") for o in result.outcomes} == {
        'There is no dealer "N" among those you look after.'
    }
