"""People of dealers from files: each row's fate, handing on the primary mark, and the whole way back."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from db.core.area import SourceFile
from db.core.permissions import Role
from db.core.problems import Refused
from db.core.session import reading, run
from db.dealers.area import check_people
from db.dealers.tables import DealerContact
from db.exports import run_export
from db.imports.commands import dry_run_import, run_import, undo_import
from tests.dealers.examples import ADMIN, NOW, batch_of, enter, regional
from tests.dealers.test_people import add, edit, leave, of
from tests.support.contents import contents
from tests.support.core import actor

HEADER = ("Dealer code", "Name", "Title", "E-mail", "Phone", "Primary", "Left on")


def sheet(*rows, name="people.csv"):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    writer.writerows([*row, *[""] * (len(HEADER) - len(row))] for row in rows)
    return SourceFile(name=name, content=out.getvalue().encode())


def bring(engine, *rows, by=ADMIN, dry=False, **other):
    arguments = {"kind": "dealer_contacts", "files": [sheet(*rows)], "channel": "page", "actor": by, "now": NOW} | other
    if dry:
        return dry_run_import(engine, **arguments)
    return run(run_import, bind=engine, **arguments)


def undo(engine, result, *, later=2):
    return run(
        undo_import, bind=engine, batch_id=batch_of(result), reason="Wrong list", actor=ADMIN,
        now=NOW + timedelta(hours=later),
    )  # fmt: skip


PAT = ("001", "Pat Lee", "Dealer principal", "pat@x.example")
ROWS = [
    ("somebody new", [("001", "Kim Ode", "Other")], [("created", "")]),
    ("the same facts", [PAT], [("duplicate", "unchanged")]),
    ("a blank role says nothing", [("001", "Pat Lee", "", "pat@x.example")], [("duplicate", "unchanged")]),
    ("known by the address under a new name", [("001", "Pat Lee-Ode", "", "PAT@x.example")], [("updated", "")]),
    ("known by the name", [("001", "pat  LEE", "general manager")], [("updated", "")]),
    ("another address is another person", [("001", "Pat Lee", "Other", "other@x.example")], [("created", "")]),
    ("another dealer", [("002", "Pat Lee", "Other", "pat@x.example")], [("created", "")]),
    ("zeros in front count", [("1", "Pat Lee")], [("rejected", "unknown_dealer")]),
    ("no dealer", [("", "Pat Lee")], [("rejected", "required")]),
    ("no name", [("001", "")], [("rejected", "required")]),
    ("an unknown role", [("001", "Kim", "Boss")], [("rejected", "unknown_role")]),
    ("a bad address", [("001", "Kim", "Other", "kim")], [("rejected", "bad_email")]),
    ("a bad number", [("001", "Kim", "Other", "", "none")], [("rejected", "bad_phone")]),
    ("the same person twice", [("001", "Kim"), ("001", "KIM")], [("created", ""), ("rejected", "person_twice")]),
    (
        "two of one name with their own addresses",
        [("001", "Kim", "", "a@x.example"), ("001", "Kim", "", "b@x.example")], [("created", ""), ("created", "")],
    ),
    (
        "a name that may be either", [("001", "Kim", "", "a@x.example"), ("001", "Kim", "Other")],
        [("created", ""), ("rejected", "person_twice")],
    ),
    ("a second primary contact", [("001", "Kim", "", "", "", "yes")], [("rejected", "primary_taken")]),
    (
        "the mark is handed on, whatever the order",
        [("001", "Kim", "", "", "", "yes"), ("001", "Pat Lee", "", "", "", "no")], [("created", ""), ("updated", "")],
    ),
    (
        "two primary contacts in one file", [("002", "Kim", "", "", "", "yes"), ("002", "Joe", "", "", "", "yes")],
        [("created", ""), ("rejected", "primary_taken")],
    ),
    ("who left loses the mark", [("001", "Pat Lee", "", "", "", "", "2026-06-01")], [("updated", "")]),
    ("nobody leaves tomorrow", [("001", "Pat Lee", "", "", "", "", "2026-07-01")], [("rejected", "future")]),
    ("gone and primary", [("001", "Pat Lee", "", "", "", "yes", "2026-06-01")], [("rejected", "has_left")]),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "outcomes"), [case[1:] for case in ROWS], ids=[case[0] for case in ROWS])
def test_what_becomes_of_a_row(sqlite_engine, rows, outcomes):
    add(sqlite_engine, enter(sqlite_engine, "001"), "Pat Lee", email="pat@x.example", is_primary=True)
    enter(sqlite_engine, "002")
    before = contents(sqlite_engine)
    tried = bring(sqlite_engine, *rows, dry=True)
    assert contents(sqlite_engine) == before, "a trial changes nothing"
    result = bring(sqlite_engine, *rows)
    assert [(o.outcome, o.code) for o in result.outcomes] == outcomes
    assert [(o.outcome, o.code) for o in tried.outcomes] == outcomes
    with reading(sqlite_engine) as session:
        assert check_people(session) == []


def kept(engine):
    """Everybody as they are, but for version and moments."""
    facts = (DealerContact.name, DealerContact.role, DealerContact.email, DealerContact.phone)
    with reading(engine) as session:
        rows = session.execute(
            select(*facts, DealerContact.is_primary, DealerContact.left_on, DealerContact.note).order_by(
                DealerContact.id
            )
        )
        return [tuple(row) for row in rows]


def words(engine):
    return {row[1:] for row in contents(engine)["search_word"]}


def test_an_undo_gives_everybody_back_as_they_were(engine):
    dealer_id = enter(engine, "001")
    add(engine, dealer_id, "Pat Lee", email="pat@x.example", is_primary=True)
    add(engine, dealer_id, "Sam")
    before, found_by = kept(engine), words(engine)
    result = bring(
        engine, ("001", "Kim", "", "kim@x.example", "", "yes"), ("001", "Pat Lee", "Other", "", "", "no", "2026-06-01"),
        ("001", "Sam Q", "", "sam@x.example"),
    )  # fmt: skip
    assert (result.created, result.updated, result.rejected) == (2, 1, 0)
    assert [line.name for line in of(engine, dealer_id) if line.is_primary] == ["Kim"]
    assert undo(engine, result) == 3
    assert kept(engine) == before
    assert words(engine) == found_by
    with reading(engine) as session:
        assert check_people(session) == []


def test_nobodys_later_work_is_lost_by_an_undo(engine):
    dealer_id = enter(engine, "001")
    result = bring(engine, ("001", "Kim"), ("001", "Joe"))
    kim = next(line for line in of(engine, dealer_id) if line.name == "Kim")
    edit(engine, kim.contact_id, note="Called her")
    with pytest.raises(Refused) as refusal:
        undo(engine, result)
    assert refusal.value.code == "changed_since"
    assert len(kept(engine)) == 2


def test_an_undo_does_not_make_two_primary_contacts(engine):
    dealer_id = enter(engine, "001")
    add(engine, dealer_id, "Pat Lee", is_primary=True)
    result = bring(engine, ("001", "Pat Lee", "", "", "", "no"))
    add(engine, dealer_id, "New", is_primary=True)
    with pytest.raises(Refused) as refusal:
        undo(engine, result)
    assert refusal.value.code == "primary_taken"
    assert [line.name for line in of(engine, dealer_id) if line.is_primary] == ["New"]


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_what_is_exported_comes_in_again_as_nothing_new(sqlite_engine, file_format):
    dealer_id = enter(sqlite_engine, "001")
    add(sqlite_engine, dealer_id, "=SUM(A1)", email="pat@x.example", phone="4195550188 x3", is_primary=True, note="@x")
    gone = add(sqlite_engine, dealer_id, "Zoë Ode", role="warranty_administrator")
    leave(sqlite_engine, gone)
    file = run(
        run_export, bind=sqlite_engine, kind="dealer_contacts", file_format=file_format, filters={"with_left": True},
        actor=ADMIN, now=NOW,
    )  # fmt: skip
    result = bring(sqlite_engine, files=[SourceFile(name=file.name, content=file.content)])
    assert [(o.outcome, o.message) for o in result.outcomes] == [
        ("duplicate", "This person is already there with the same facts.")
    ] * 2


def test_rows_of_dealers_out_of_scope_read_as_unknown(sqlite_engine):
    enter(sqlite_engine, "001", region="West", name="Far Motors")
    result = bring(sqlite_engine, ("001", "Kim"), ("002", "Kim"), by=regional("South"))
    assert [(o.code, o.message.replace("002", "001")) for o in result.outcomes] == [
        ("unknown_dealer", "There is no dealer with the code 001.")
    ] * 2
    with pytest.raises(Refused):
        bring(sqlite_engine, ("001", "Kim"), by=actor(Role.FINANCE))
