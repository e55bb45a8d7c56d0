"""What holds for whom on a day, what waits for whom, and that nobody sees more than their own dealers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import event

from db import catalog
from db.core.actor import EVERYTHING, Scope
from db.core.permissions import Role
from db.core.problems import NotFound
from db.core.session import reading, run
from db.dealers.commands import change_dealer
from db.exports import run_export
from db.terms.change_queries import ChangeFilters, count_changes, get_change, list_changes, open_of_dealer
from db.terms.queries import (
    TermsFilters,
    count_terms,
    list_terms,
    term_history,
    term_on,
    terms_on,
    tiers_on,
    today_of,
    values_of,
)
from db.terms.rules import KINDS
from db.terms.work_queries import dealer_lines, dealer_signals, found_changes, work_counts, work_lines
from tests.dealers.examples import enter, regional
from tests.support.again import begun
from tests.support.core import NOW, actor
from tests.terms.examples import CORA, FINN, MASON, TODAY, days, decide, in_force, own_manager, propose, two_dealers


@pytest.fixture
@begun
def desk(sqlite_engine):
    """Terms of two dealers; one proposal waits at each, the west one's changes the past."""
    dealers = two_dealers(sqlite_engine)
    in_force(sqlite_engine, dealers.south, "Gold", kind="tier", valid_from=days(-30))
    in_force(sqlite_engine, dealers.south, "Silver", kind="tier", valid_from=days(10))
    in_force(sqlite_engine, dealers.west, "Bronze", kind="tier", valid_from=days(-5))
    for kind, number in (("labour_rate", 150_00), ("parts_markup", 40_00), ("credit_limit", 9_00)):
        in_force(sqlite_engine, dealers.west, number, kind=kind)
    propose(sqlite_engine, dealers.south, value=140_00, valid_from=days(4))
    propose(
        sqlite_engine, dealers.west, value=141_00, valid_from=days(-4), by=MASON, reason="The dealer's own price list",
        now=NOW + timedelta(hours=1),
    )  # fmt: skip
    return dealers


def test_what_holds_on_a_day(sqlite_engine, desk):
    with reading(sqlite_engine) as session:
        assert tiers_on(session, scope=EVERYTHING, on=days(-31)) == {}
        assert tiers_on(session, scope=EVERYTHING, on=TODAY) == {desk.south: "Gold", desk.west: "Bronze"}
        assert tiers_on(session, scope=EVERYTHING, on=days(10)) == {desk.south: "Silver", desk.west: "Bronze"}
        found = terms_on(session, dealer_id=desk.west, on=TODAY, scope=EVERYTHING)
        assert list(found) == [k.name for k in KINDS]
        assert {k: v for k, v in found.items() if v is not None} == {
            "tier": "Bronze", "labour_rate": 150_00, "parts_markup": 40_00, "credit_limit": 9_00,
        }  # fmt: skip
        history = term_history(session, dealer_id=desk.south, kind="tier", scope=EVERYTHING)
        assert [(x.valid_from, x.value, x.recorded_by, x.changed_past) for x in history] == [
            (days(10), "Silver", "Mason", False), (days(-30), "Gold", "Mason", True),
        ]  # fmt: skip
        assert history[1].reason == "Entered too late, see mail"


def test_lists_are_read_page_by_page_and_narrowed(sqlite_engine, desk):
    enter(sqlite_engine, "00003", region="South", status="prospect")
    gone = enter(sqlite_engine, "00004", region="South")
    run(
        change_dealer, bind=sqlite_engine, dealer_id=gone, seen_version=1, changes={"status": "terminated"},
        reason="Closed", actor=MASON, now=NOW,
    )  # fmt: skip

    def codes(**narrowed):
        found, after = [], None
        with reading(sqlite_engine) as session:
            filters = TermsFilters(**narrowed)
            while True:
                rows, after = list_terms(session, scope=EVERYTHING, on=TODAY, filters=filters, after=after, limit=1)
                found += [r.code for r in rows]
                if after is None:
                    assert count_terms(session, scope=EVERYTHING, on=TODAY, filters=filters) == len(found)
                    return found

    assert codes() == ["00001", "00002", "00003"]
    assert codes(region="South") == ["00001", "00003"]
    assert codes(tier="Gold") == ["00001"]
    assert codes(tier="Silver") == []
    assert codes(missing=True) == ["00001"]  # the prospect needs none yet


def test_a_page_of_dealers_takes_the_same_number_of_statements_whatever_it_holds(sqlite_engine, desk):
    def statements(ids):
        asked = []

        def note(_c, _cursor, statement, *_more):
            asked.append(statement)

        event.listen(sqlite_engine, "before_cursor_execute", note)
        try:
            with reading(sqlite_engine) as session:
                list_terms(session, scope=Scope("dealers", dealer_ids=frozenset(ids)), on=TODAY)
                dealer_signals(session, scope=Scope("dealers", dealer_ids=frozenset(ids)), now=NOW)
        finally:
            event.remove(sqlite_engine, "before_cursor_execute", note)
        return len(asked)

    many = [enter(sqlite_engine, f"1{n:04}") for n in range(12)]
    for dealer_id in many:
        in_force(sqlite_engine, dealer_id, 3, kind="auth_tires")
    assert statements([desk.south]) == statements([desk.south, desk.west, *many])


@pytest.mark.parametrize("of", ["the dealership", "the region"])
def test_nobody_sees_more_than_their_own_dealers(sqlite_engine, desk, of):
    """Every query of the area, asked by somebody of the south: nothing of the west."""
    who = own_manager(desk.south) if of == "the dealership" else replace(regional("South"), user_id=None)
    scope = who.scope
    with reading(sqlite_engine) as session:
        assert set(tiers_on(session, scope=scope, on=TODAY)) == {desk.south}
        assert set(values_of(session, dealer_ids=[desk.south, desk.west], on=TODAY, scope=scope)) == {desk.south}
        rows, _ = list_terms(session, scope=scope, on=TODAY)
        assert [r.dealer_id for r in rows] == [desk.south]
        assert count_terms(session, scope=scope, on=TODAY) == 1
        changes, _ = list_changes(session, scope=scope)
        assert [c.dealer_id for c in changes] == [desk.south]
        done, _ = list_changes(session, scope=scope, filters=ChangeFilters(is_open=False))
        assert {c.dealer_id for c in done} == {desk.south}
        assert count_changes(session, scope=scope) == 1
        assert open_of_dealer(session, dealer_id=desk.west, scope=scope) == []
        assert set(dealer_signals(session, scope=scope, now=NOW)) == {desk.south}
        every = [c.id for c, in_scope in ((c, True) for c in list_changes(session, scope=EVERYTHING)[0]) if in_scope]
        assert [r.item_id for r in found_changes(session, ids=every, actor=who)] == [changes[0].id]
        west = next(c.id for c in list_changes(session, scope=EVERYTHING)[0] if c.dealer_id == desk.west)
        for refused in (
            lambda: term_on(session, dealer_id=desk.west, kind="tier", on=TODAY, scope=scope),
            lambda: terms_on(session, dealer_id=desk.west, on=TODAY, scope=scope),
            lambda: term_history(session, dealer_id=desk.west, kind="tier", scope=scope),
            lambda: today_of(session, dealer_id=desk.west, scope=scope, now=NOW),
            lambda: get_change(session, item_id=west, actor=who, now=NOW),
            lambda: dealer_lines(session, dealer_id=desk.west, actor=who, now=NOW, since=None),
        ):
            with pytest.raises(NotFound):
                refused()
    made = run(run_export, bind=sqlite_engine, kind="terms", file_format="csv", actor=who, now=NOW)
    assert b"00001" in made.content
    assert b"00002" not in made.content


def test_an_export_is_of_the_day_that_was_asked_for(sqlite_engine, desk):
    def lines(**filters):
        made = run(
            run_export, bind=sqlite_engine, kind="terms", file_format="csv", filters=filters, actor=CORA, now=NOW
        )
        return made.content.decode("utf-8-sig").splitlines()

    assert lines()[1].startswith("2026-06-29,00001,Dealer 00001,South,active,Gold,,,")
    assert lines(on=days(10).isoformat())[1].startswith("2026-07-09,00001,Dealer 00001,South,active,Silver")
    assert lines(region="West")[1:] == [
        "2026-06-29,00002,Dealer 00002,West,active,Bronze,150.00,0.4,9.00,,,,,,,,"
    ]  # fmt: skip


def test_what_waits_stands_in_the_work_of_who_may_decide_it(sqlite_engine, desk):
    with reading(sqlite_engine) as session:
        assert [w.number for w in work_lines(session, actor=MASON, now=NOW, limit=9)] == ["TC-000007"]
        lines = work_lines(session, actor=FINN, now=NOW, limit=9)
        assert [(w.number, w.why, w.dealer) for w in lines] == [
            ("TC-000007", "Approve", "Dealer 00001"), ("TC-000008", "Approve", "Dealer 00002"),
        ]  # fmt: skip
        assert lines[1].title == "Labour rate 141.00 an hour from 25 Jun 2026 (First value)"
        assert work_lines(session, actor=CORA, now=NOW, limit=9) == []
        assert work_counts(session, actor=CORA, now=NOW) == []
        (count,) = work_counts(session, actor=MASON, now=NOW + timedelta(days=5))
        assert (count.count, count.overdue) == (1, 1)
        assert catalog.open_page("term_change", 7) == ("pages/network/terms.py", {"change": "7"})
        results = catalog.search_everything(session, "TC-000007", actor=CORA)["Proposed terms"]
        assert [r.subtitle for r in results] == ["Dealer 00001, from 3 Jul 2026, proposed"]


def test_closed_proposals_are_listed_newest_first_page_by_page(sqlite_engine, desk):
    seen, after = [], None
    with reading(sqlite_engine) as session:
        while True:
            rows, after = list_changes(
                session, scope=EVERYTHING, filters=ChangeFilters(is_open=False), after=after, limit=4
            )
            seen += [r.id for r in rows]
            if after is None:
                break
    assert seen == [6, 5, 4, 3, 2, 1]


def test_what_a_dealer_should_hear_of_its_terms(sqlite_engine, desk):
    def said(dealer_id, *, since, now=NOW):
        with reading(sqlite_engine) as session:
            lines = dealer_lines(session, dealer_id=dealer_id, actor=CORA, now=now, since=since)
        return [(line.kind, line.title) for line in lines]

    assert said(desk.south, since=NOW) == [
        ("open", "Labour rate 140.00 an hour from 3 Jul 2026 waits for approval"),
        ("open", "No labour rate"), ("open", "No parts markup"), ("open", "No credit limit"),
    ]  # fmt: skip
    later = said(desk.south, since=NOW - timedelta(minutes=1), now=NOW + timedelta(days=9))
    assert later[0] == ("overdue", "Labour rate 140.00 an hour from 3 Jul 2026 waits for approval")
    assert ("changed", "Tier Silver from 9 Jul 2026") in later
    with reading(sqlite_engine) as session:
        signals = dealer_signals(session, scope=EVERYTHING, now=NOW)
        assert {k: [(s.level, s.sentence) for s in v] for k, v in signals.items()} == {
            desk.south: [("watch", "No labour rate, no parts markup, no credit limit")]
        }
        assert set(catalog.dealer_signals(session, actor=CORA, now=NOW)) >= {desk.south}


def test_a_term_follows_its_dealer_to_another_region(sqlite_engine, desk):
    run(
        change_dealer, bind=sqlite_engine, dealer_id=desk.south, seen_version=1, changes={"region": "West"},
        actor=MASON, now=NOW,
    )  # fmt: skip
    west = actor(Role.COORDINATOR, scope=Scope("regions", regions=frozenset({"West"})))
    with reading(sqlite_engine) as session:
        assert tiers_on(session, scope=west.scope, on=TODAY) == {desk.south: "Gold", desk.west: "Bronze"}
        assert count_changes(session, scope=west.scope) == 2
    decide(sqlite_engine, 7, by=FINN)
    with reading(sqlite_engine) as session:
        assert term_on(session, dealer_id=desk.south, kind="labour_rate", on=days(4), scope=west.scope) == 140_00


def test_the_day_is_the_dealers_own(sqlite_engine):
    honolulu = enter(sqlite_engine, "00009", state="HI")
    with reading(sqlite_engine) as session:
        early = NOW.replace(hour=3)
        assert today_of(session, dealer_id=honolulu, scope=EVERYTHING, now=early) == date(2026, 6, 28)
    # There it is still the 28th, so that day is no change of the past.
    assert propose(sqlite_engine, honolulu, valid_from=date(2026, 6, 28), now=NOW.replace(hour=3)) == 1
