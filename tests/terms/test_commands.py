"""A term from the proposal to the day it holds: four eyes, stale bases, corrections, many at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from db.core import changes
from db.core.permissions import GRANTED, Permission, Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run, writing
from db.core.timeline import TimelineLink
from db.people.tables import Notification
from db.terms.checks import check_terms
from db.terms.commands import approve_many
from db.terms.propose_commands import propose_many
from db.terms.tables import DealerTerm, TermChange
from tests.dealers.examples import regional
from tests.support.contents import contents
from tests.support.core import NOW, actor, at_once
from tests.support.users import actor_named, make_people
from tests.terms.examples import (
    CORA,
    FINN,
    MASON,
    TODAY,
    days,
    decide,
    in_force,
    last_entry,
    own_manager,
    propose,
    seen,
    two_dealers,
    value,
)


def test_a_value_holds_once_a_second_person_agreed(engine):
    dealer = two_dealers(engine).south
    change = propose(engine, dealer, value=145_00, valid_from=days(3), reason="New posted rate")
    waiting = seen(engine, change)
    assert (waiting.number, waiting.status, waiting.row.base_label) == ("TC-000001", "proposed", "No value")
    assert value(engine, dealer, days(3)) is None
    # Two business days of the desk, from Monday 09:00 in New York: Tuesday 18:00.
    assert waiting.row.due_at == NOW + timedelta(days=1, hours=9)
    decide(engine, change, note="Budgeted")
    assert [value(engine, dealer, days(n)) for n in (2, 3, 400)] == [None, 145_00, 145_00]
    done = seen(engine, change)
    assert (done.status, done.row.decision_note, done.row.due_at) == ("in_force", "Budgeted", None)
    entry = last_entry(engine)
    assert entry.summary == "Approved TC-000001: labour rate of Dealer 00001 (00001) 145.00 an hour from 2 Jul 2026."
    assert (entry.detail["before"], entry.detail["after"]) == (
        {"labour_rate": "No value"}, {"labour_rate": "145.00 an hour"},
    )  # fmt: skip
    with reading(engine) as session:
        links = session.execute(
            select(TimelineLink.item_type, TimelineLink.item_id).where(TimelineLink.seq == entry.seq)
        )
        assert {tuple(link) for link in links} == {("term_change", change), ("dealer", dealer)}
        assert dict(changes.token(session))["terms"] == 2
        assert check_terms(session) == []


def test_nobody_approves_or_rejects_their_own_and_nobody_else_withdraws(engine):
    dealer = two_dealers(engine).south
    change = propose(engine, dealer, by=MASON)
    before = contents(engine, without=["timeline_entry", "timeline_head"])
    for step in ("approve", "reject"):
        with pytest.raises(Refused) as refusal:
            decide(engine, change, step, by=MASON)
        assert refusal.value.code == "own_request"
    with pytest.raises(Refused) as refusal:
        decide(engine, change, "withdraw", by=CORA)
    assert refusal.value.code == "not_yours"
    assert contents(engine, without=["timeline_entry", "timeline_head"]) == before
    decide(engine, change, "withdraw", by=MASON)
    assert seen(engine, change).status == "withdrawn"
    with pytest.raises(Refused) as refusal:
        decide(engine, change, seen_version=2)
    assert refusal.value.code == "wrong_state"
    assert value(engine, dealer, TODAY) is None


def test_a_rejection_needs_a_reason_and_frees_the_place(engine):
    dealer = two_dealers(engine).south
    change = propose(engine, dealer)
    with pytest.raises(Refused) as refusal:
        decide(engine, change, "reject", note=" ")
    assert [(p.field, p.code) for p in refusal.value.problems] == [("note", "required")]
    with pytest.raises(Refused) as refusal:
        propose(engine, dealer, value=150_00, by=FINN)
    assert refusal.value.problems[0].message == (
        "Labour rate of Dealer 00001 (00001) from 29 Jun 2026 is already asked for: TC-000001 of Cora waits for a"
        " decision."
    )
    decide(engine, change, "reject", note="Too much")
    assert propose(engine, dealer, value=150_00, by=FINN) == 2


def code_of(attempt):
    """The code of the refusal, or empty."""
    try:
        attempt()
    except Refused as refusal:
        return refusal.code
    return ""


@pytest.mark.parametrize("role", list(Role))
def test_who_may_propose_and_who_may_decide(sqlite_engine, role):
    dealer = two_dealers(sqlite_engine).south
    who = actor(role, username="who", user_id=None)
    change = propose(sqlite_engine, dealer)
    for permission, attempt in (
        (Permission.TERMS_DECIDE, lambda: decide(sqlite_engine, change, by=who)),
        (Permission.TERMS_PROPOSE, lambda: propose(sqlite_engine, dealer, valid_from=days(9), value=99_00, by=who)),
        (
            Permission.TERMS_DECIDE,
            lambda: run(approve_many, bind=sqlite_engine, items=[(change, 2)], actor=who, now=NOW),
        ),
        (
            Permission.TERMS_PROPOSE,
            lambda: run(
                propose_many, bind=sqlite_engine, items=[(dealer, 3)], kind="auth_tires", valid_from=TODAY, actor=who,
                now=NOW,
            ),
        ),
    ):  # fmt: skip
        allowed = permission in GRANTED[role]
        assert (code_of(attempt) != "not_allowed") == allowed, permission


def test_a_stale_screen_is_named(engine):
    dealer = two_dealers(engine).south
    change = propose(engine, dealer)
    decide(engine, change, by=FINN)
    with pytest.raises(Stale) as refusal:
        decide(engine, change, by=MASON)
    assert "changed by Finn" in str(refusal.value)
    assert "is now in force" in str(refusal.value)


def test_an_approval_whose_base_was_changed_is_refused_with_who_changed_it(engine):
    dealer = two_dealers(engine).south
    in_force(engine, dealer, 145_00, valid_from=days(-30))
    late, soon = propose(engine, dealer, value=155_00, valid_from=days(20)), None
    soon = propose(engine, dealer, value=152_00, valid_from=days(5))
    decide(engine, soon, by=FINN)
    assert seen(engine, late).is_stale
    assert seen(engine, late).suggested_step == "reject"
    before = contents(engine)
    with pytest.raises(Refused) as refusal:
        decide(engine, late)
    assert refusal.value.code == "stale"
    assert refusal.value.problems[0].message == (
        "Labour rate from 19 Jul 2026 is now 152.00 an hour, approved by Finn; this proposal was made against 145.00 an"
        " hour. Reject it or ask again."
    )
    assert contents(engine) == before
    # A change that begins later is none of its business.
    other = propose(engine, dealer, value=149_00, valid_from=days(2))
    decide(engine, propose(engine, dealer, value=160_00, valid_from=days(90)), by=FINN)
    decide(engine, other)
    assert [value(engine, dealer, days(n)) for n in (0, 2, 5, 90)] == [145_00, 149_00, 152_00, 160_00]


def test_of_two_who_decide_at_once_only_one_base_holds(engine):
    """Two proposals against the same base, decided in the same moment: the second is told about the first."""
    dealer = two_dealers(engine).south
    in_force(engine, dealer, 145_00, valid_from=days(-30))
    first, second = propose(engine, dealer, value=150_00, valid_from=days(1)), propose(
        engine, dealer, value=155_00, valid_from=days(2)
    )  # fmt: skip

    def attempt(number):
        try:
            decide(engine, (first, second)[number], by=(MASON, FINN)[number])
        except Refused as refusal:
            return refusal.code
        return "done"

    answers = at_once(attempt, threads=2)
    # When the later one came first, the earlier one's base is untouched and both hold.
    assert sorted(answers) in (["done", "stale"], ["done", "done"])
    assert value(engine, dealer, days(2)) == (150_00 if answers == ["done", "stale"] else 155_00)
    with reading(engine) as session:
        assert check_terms(session) == []


def test_two_who_ask_for_the_same_at_once_get_one_proposal(engine):
    dealer = two_dealers(engine).south

    def attempt(number):
        try:
            return propose(engine, dealer, value=(150 + number) * 100, by=(CORA, FINN)[number])
        except Refused as refusal:
            return refusal.code

    assert sorted(map(str, at_once(attempt, threads=2))) == ["1", "already_proposed"]


def test_the_same_form_twice_is_one_proposal(engine):
    dealer = two_dealers(engine).south
    assert propose(engine, dealer, form_key="k1") == propose(engine, dealer, form_key="k1", value=1)
    both: dict[str, Any] = {
        "items": [(dealer, 3), (two := dealer + 1, 4)],
        "kind": "auth_tires",
        "valid_from": TODAY,
        "form_key": "k2",
    }
    made = run(propose_many, bind=engine, **both, actor=CORA, now=NOW)
    assert run(propose_many, bind=engine, **both, actor=CORA, now=NOW) == made
    assert (len(made), two) == (2, dealer + 1)


def test_a_change_of_the_past_needs_a_reason_and_answers_for_its_days(engine):
    dealer = two_dealers(engine).south
    in_force(engine, dealer, 145_00, valid_from=days(-100))
    in_force(engine, dealer, 152_00, valid_from=days(-10))
    with pytest.raises(Refused) as refusal:
        propose(engine, dealer, value=149_00, valid_from=days(-50), reason="Too short")
    assert [(p.field, p.code) for p in refusal.value.problems] == [("reason", "too_short")]
    change = propose(engine, dealer, value=149_00, valid_from=days(-50), reason="The list was entered a month late")
    assert seen(engine, change).row.changes_past
    decide(engine, change)
    assert [value(engine, dealer, days(n)) for n in (-101, -51, -50, -11, -10)] == [
        None, 145_00, 149_00, 149_00, 152_00,
    ]  # fmt: skip
    # Of two values of one day the one recorded last holds; the first stays in the history.
    again = propose(engine, dealer, value=148_00, valid_from=days(-50), reason="The correction was wrong by one")
    decide(engine, again)
    assert value(engine, dealer, days(-50)) == 148_00
    with reading(engine) as session:
        assert len(session.scalars(select(DealerTerm)).all()) == 4


def test_a_value_can_end(engine):
    dealer = two_dealers(engine).south
    in_force(engine, dealer, "Gold", kind="tier", valid_from=days(-5))
    in_force(engine, dealer, None, kind="tier", valid_from=days(5))
    assert [value(engine, dealer, days(n), "tier") for n in (-6, 4, 5)] == [None, "Gold", None]
    with pytest.raises(Refused) as refusal:
        propose(engine, dealer, kind="tier", value=None, valid_from=days(6))
    assert refusal.value.code == "no_change"


WRONG = [
    ({"kind": "colour"}, [("kind", "required")]),
    ({"value": 1}, [("value", "out_of_range")]),
    ({"value": "Gold"}, [("value", "not_a_number")]),
    ({"kind": "tier", "value": 3}, [("value", "unknown_word")]),
    ({"valid_from": None, "value": 1}, [("value", "out_of_range"), ("valid_from", "required")]),
    ({"value": None}, [("value", "no_change")]),
]


@pytest.mark.parametrize(("wrong", "found"), WRONG)
def test_a_refused_proposal_says_where_and_stores_nothing(sqlite_engine, wrong, found):
    dealer = two_dealers(sqlite_engine).south
    before = contents(sqlite_engine)
    with pytest.raises(Refused) as refusal:
        propose(sqlite_engine, dealer, **wrong)
    assert [(p.field, p.code) for p in refusal.value.problems] == found
    assert contents(sqlite_engine) == before


def test_who_looks_after_one_region_reaches_no_other(engine):
    dealers = two_dealers(engine)
    rita, tom = regional("South"), regional("South", username="tom", role=Role.MANAGER)
    there = propose(engine, dealers.west)
    with pytest.raises(NotFound):
        propose(engine, dealers.west, kind="auth_tires", value=3, by=rita)
    with pytest.raises(NotFound):
        propose(engine, 999, by=rita)
    for step in ("approve", "reject"):
        with pytest.raises(NotFound):
            decide(engine, there, step, by=tom)
    with pytest.raises(Refused) as refusal:
        run(approve_many, bind=engine, items=[(there, 1)], actor=tom, now=NOW)
    assert refusal.value.problems[0].message == "A proposal: This proposal was not found."
    with pytest.raises(NotFound):
        run(
            propose_many, bind=engine, items=[(dealers.south, 3), (dealers.west, 3)], kind="auth_tires",
            valid_from=TODAY, actor=rita, now=NOW,
        )  # fmt: skip
    here = propose(engine, dealers.south, by=rita)
    decide(engine, here, by=tom)
    with pytest.raises(Refused):
        propose(engine, dealers.south, by=own_manager(dealers.south))


# ------------------------------------------------------------------------------------------------------- many at once
def test_many_are_proposed_together_or_not_at_all(engine):
    dealers = two_dealers(engine)
    in_force(engine, dealers.west, 145_00)
    ask: dict[str, Any] = {"kind": "labour_rate", "valid_from": TODAY, "actor": CORA, "now": NOW}
    before = contents(engine)
    with pytest.raises(Refused) as refusal:
        run(propose_many, bind=engine, items=[(dealers.south, 140_00), (dealers.west, 145_00)], **ask)
    assert [(p.field, p.code) for p in refusal.value.problems] == [("items", "no_change")]
    assert "Dealer 00002" in refusal.value.problems[0].message
    with pytest.raises(Refused) as refusal:
        run(propose_many, bind=engine, items=[(dealers.south, 1)], **ask)
    assert [(p.field, p.code) for p in refusal.value.problems] == [("items", "out_of_range")]
    with pytest.raises(Refused) as refusal:
        run(propose_many, bind=engine, items=[], **ask)
    assert refusal.value.problems[0].field == "items"
    assert contents(engine) == before
    made = run(propose_many, bind=engine, items=[(dealers.south, 140_00), (dealers.west, 150_00)], **ask)
    assert len(made) == 2
    entry = last_entry(engine)
    assert entry.summary == "Proposed labour rate of 2 dealers from 29 Jun 2026."
    assert entry.detail["before"] == {"00001": "No value", "00002": "145.00 an hour"}
    assert entry.detail["after"] == {"00001": "140.00 an hour", "00002": "150.00 an hour"}


def test_many_are_approved_together_and_the_others_are_named(engine):
    dealers = two_dealers(engine)
    good = propose(engine, dealers.south)
    own = propose(engine, dealers.west, by=MASON)
    gone = propose(engine, dealers.south, kind="auth_tires", value=3)
    decide(engine, gone, "withdraw", by=CORA)
    stale = propose(engine, dealers.south, value=150_00, valid_from=days(5))
    late = propose(engine, dealers.south, kind="parts_markup", value=40_00)
    items = [(good, 1), (own, 1), (gone, 2), (stale, 1), (late, 7), (999, 1)]
    outcome = run(approve_many, bind=engine, items=items, note="All as agreed", actor=MASON, now=NOW)
    assert outcome.approved == (good,)
    why = {s.number: s.why for s in outcome.skipped}
    assert list(why) == ["TC-000002", "TC-000003", "TC-000004", "TC-000005", "A proposal"]
    assert "yourself" in why["TC-000002"]
    assert "withdrawn" in why["TC-000003"]
    assert "is now 145.00 an hour, approved by Mason" in why["TC-000004"]
    assert "was changed by" in why["TC-000005"]
    assert last_entry(engine).summary == "Approved 1 proposal of terms."
    with pytest.raises(Refused) as refusal:
        run(approve_many, bind=engine, items=[(own, 1)], actor=MASON, now=NOW)
    assert refusal.value.code == "skipped"
    with reading(engine) as session:
        assert check_terms(session) == []


# --------------------------------------------------------------------------------------------------------- being told
def test_deciders_are_told_once_and_who_asked_hears_the_outcome(engine):
    make_people(engine)
    cora, mason = actor_named(engine, "coordinator"), actor_named(engine, "manager")
    dealers = two_dealers(engine)
    items = [(dealers.south, 140_00), (dealers.west, 150_00)]
    made = run(
        propose_many, bind=engine, items=items, kind="labour_rate", valid_from=TODAY, actor=cora, now=NOW
    )  # fmt: skip

    def told():
        with reading(engine) as session:
            rows = session.execute(select(Notification.person_id, Notification.title).order_by(Notification.id)).all()
            session.rollback()
            return [tuple(row) for row in rows]

    deciders = {actor_named(engine, name).user_id for name in ("admin", "manager", "finance")}
    assert dict(told()) == dict.fromkeys(deciders, "2 proposals wait for your decision")
    assert len(told()) == 3
    run(approve_many, bind=engine, items=[(i, 1) for i in made], actor=mason, now=NOW)
    assert told()[3:] == [(cora.user_id, f"2 proposals were approved by {mason.name}")]
    third = propose(engine, dealers.south, value=160_00, by=cora)
    decide(engine, third, "reject", by=mason, note="No budget")
    assert told()[-1] == (cora.user_id, f"TC-000003 was rejected by {mason.name}")


def test_the_check_finds_a_value_nobody_approved(sqlite_engine):
    dealers = two_dealers(sqlite_engine)
    change = propose(sqlite_engine, dealers.south)
    in_force(sqlite_engine, dealers.west, 150_00)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.add(
            DealerTerm(
                dealer_id=dealers.south, region="Elsewhere", kind="labour_rate", valid_from=TODAY, number=1, word="x",
                change_id=change, recorded_at=NOW, recorded_by="X",
            )
        )  # fmt: skip
        session.get_one(TermChange, change).open_key = None
    with reading(sqlite_engine) as session:
        assert check_terms(session) == [
            "proposal TC-000001 is proposed and has 1 value in force",
            "proposal TC-000001 is neither open nor closed",
            "the term labour_rate of dealer 00001 is a number and a word at once",
            "the term labour_rate of dealer 00001 is in another region than the dealer",
        ]
