"""What the entry form reads and keeps: hints of one's own dealer, a catalogue, what is typed by whom, copies."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine

from db.claims.claim_queries import copied_draft, preview
from db.claims.entry_queries import find_in_catalogue, hints_for
from db.claims.typed_commands import Typed, drop_typed, find_typed, keep_typed
from db.core.permissions import Role
from db.core.problems import NotFound, Refused
from db.core.session import reading, writing
from tests.claims.factories import CLAIM, NOW, saved, sent
from tests.support.again import begun
from tests.support.users import actor_named, make_dealer, make_person

TODAY = date(2026, 11, 22)


@pytest.fixture
@begun
def people(sqlite_engine: Engine):
    engine = sqlite_engine
    own, other = make_dealer(engine), make_dealer(engine, code="00999")
    make_person(engine, "dora", Role.DEALER_STAFF, scope_kind="dealers", dealer_ids=[own])
    make_person(engine, "nora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[other])
    make_person(engine, "finn", Role.FINANCE)
    return engine, own, other, {name: actor_named(engine, name) for name in ("dora", "nora", "finn")}


def test_hints_tell_of_the_own_dealer_only(people):
    engine, own, other, who = people
    first = sent(engine, dealer_id=own, actor=who["dora"])
    with reading(engine) as session:
        mine = hints_for(session, CLAIM, dealer_id=own, today=TODAY, actor=who["dora"])
        theirs = hints_for(session, CLAIM, dealer_id=other, today=TODAY, actor=who["nora"])
        itself = hints_for(session, CLAIM, dealer_id=own, today=TODAY, actor=who["dora"], claim_id=first)
        foreign = hints_for(session, CLAIM, dealer_id=own, today=TODAY, actor=who["nora"])
    assert mine is not None
    assert theirs is not None
    assert itself is not None
    assert foreign is not None
    assert [c.id for c in mine.earlier] == [first]
    assert [v.ro_number for v in mine.visits] == ["RO-4711"]
    assert [p.plan.code for p in mine.cover.plans] == ["BASIC"]
    assert mine.cover.plans[0].left.distance == 36_000 - 21_400
    # A whole VIN tells every dealer its cover, and nothing of what another dealer did.
    assert (theirs.cover.title, theirs.earlier, theirs.visits) == (mine.cover.title, (), ())
    assert (itself.earlier, foreign.earlier, foreign.visits) == ((), (), ())


@pytest.mark.parametrize("vin, known", [("", False), ("1HGCM", False), ("1HGCM82633A004353", True)])
def test_hints_begin_with_a_whole_vin(people, vin, known):
    engine, own, _, who = people
    saved(engine, dealer_id=own, actor=who["dora"])
    with reading(engine) as session:
        found = hints_for(session, replace(CLAIM, vin=vin), dealer_id=own, today=TODAY, actor=who["dora"])
    assert (found is not None) is known


def test_a_word_finds_operations_and_parts_of_the_day(people):
    engine, own, _, who = people
    saved(engine, dealer_id=own, actor=who["dora"])
    with reading(engine) as session:
        for text, operations, parts in (("turbo", ["E1205"], ["TC-5000"]), ("e12", ["E1205"], []), ("zz", [], [])):
            found = find_in_catalogue(session, text=text, on=TODAY, model="Accord", actor=who["dora"])
            assert ([o.code for o in found.operations], [p.number for p in found.parts]) == (operations, parts)
        early = find_in_catalogue(session, text="turbo", on=date(2019, 1, 1), model="", actor=who["dora"])
        assert (early.operations, [p.net_cents for p in early.parts]) == ((), [None])


def test_what_is_typed_is_kept_for_its_person_and_claim(people):
    engine, own, _, who = people
    for claim_id, note in ((None, "new"), (7, "of seven")):
        typed = Typed(draft=replace(CLAIM, note=note), claim_id=claim_id, version=3, dealer_id=own)
        with writing(engine, keeps_timeline=False) as session:
            keep_typed(session, typed=typed, actor=who["dora"], now=NOW)
        with reading(engine) as session:
            assert find_typed(session, claim_id=claim_id, actor=who["dora"], now=NOW) == typed
            assert find_typed(session, claim_id=claim_id, actor=who["nora"], now=NOW) is None
    with writing(engine, keeps_timeline=False) as session:
        drop_typed(session, claim_id=7, actor=who["dora"], now=NOW)
    with reading(engine) as session:
        assert find_typed(session, claim_id=7, actor=who["dora"], now=NOW) is None
        assert find_typed(session, claim_id=None, actor=who["dora"], now=NOW) is not None
        with pytest.raises(Refused):
            find_typed(session, claim_id=None, actor=who["finn"], now=NOW)


def test_a_copy_is_the_work_without_the_visit(people):
    engine, own, _, who = people
    claim_id = saved(engine, dealer_id=own, actor=who["dora"], pre_auth_number="WC-000009", note="Only here")
    with reading(engine) as session:
        with pytest.raises(NotFound):
            copied_draft(session, claim_id=claim_id, actor=who["nora"])
        copy = copied_draft(session, claim_id=claim_id, actor=who["dora"])
        said = preview(session, copy, dealer_id=own, actor=who["dora"], now=NOW)
    assert (copy.vin, copy.jobs[0].complaint) == (CLAIM.vin, CLAIM.jobs[0].complaint)
    assert (copy.ro_number, copy.ro_opened_on, copy.odometer_in, copy.pre_auth_number, copy.note) == (
        "", None, None, "", "",
    )  # fmt: skip
    assert said.verdict.claimed_cents == 720_00  # hours, rate, price and markup of the day
    assert said.needed == ("ro_copy",)
