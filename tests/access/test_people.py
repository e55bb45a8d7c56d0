"""Who of the dealers can sign in: the list, its filters and flags, ending access, and what the desk hears of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, event

from db import catalog
from db.access import commands, left_queries
from db.access.people_queries import (
    AccountFilters,
    accounts_at,
    count_accounts,
    export_rows,
    get_account,
    list_accounts,
    managers_at,
)
from db.core.actor import EVERYTHING, Actor, Scope
from db.core.permissions import Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.dealers.people_commands import add_contact, mark_left
from db.exports import run_export
from db.people import sessions
from tests.access.factories import (
    NOW,
    House,
    account,
    ask,
    dealers_of,
    disable,
    entries,
    flags_of,
    make_house,
    signed_in,
)
from tests.support.users import actor_named, make_person, open_tab


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch):
    """Say whose contact left which dealer, as the contacts of dealers will."""

    def say(found: dict[tuple[int, int], date]) -> None:
        def contacts(_session, *, scope):
            return {
                (person, dealer): day for (person, dealer), day in found.items()
                if scope.is_all or dealer in scope.dealer_ids or scope.kind == "regions"
            }  # fmt: skip

        monkeypatch.setattr(left_queries, "contacts_who_left", contacts)

    return say


def names(engine: Engine, scope: Scope, **filters: object) -> list[str]:
    with reading(engine) as session:
        rows, _ = list_accounts(session, scope=scope, filters=AccountFilters(**filters), now=NOW)  # type: ignore[arg-type]
        assert count_accounts(session, scope=scope, filters=AccountFilters(**filters), now=NOW) == len(rows)  # type: ignore[arg-type]
    return [row.username for row in rows]


# ------------------------------------------------------------------------------------------------- the list
def test_each_sees_the_people_of_their_own_dealers_and_never_the_manufacturers(engine: Engine):
    house = make_house(engine)
    assert names(engine, EVERYTHING) == ["dana", "sam", "both", "drew", "sid", "walt"]
    assert names(engine, house.eve.scope) == ["dana", "sam", "both", "drew", "sid"]
    assert names(engine, house.dana.scope) == ["dana", "both", "drew"]
    assert names(engine, Scope("dealers")) == []
    with reading(engine) as session:
        both = get_account(session, person_id=house.both, scope=house.dana.scope, now=NOW)
        for hidden in (house.sid, house.cora.user_id or 0, 999):
            with pytest.raises(NotFound, match=r"^This account was not found\.$"):
                get_account(session, person_id=hidden, scope=house.dana.scope, now=NOW)
    assert both.dealers_label == "North Motors (0101)"  # and nothing of the other one


FILTERS = [
    ("a word of the name", {"text": "manager DANA"}, ["dana"]),
    ("a mail address", {"text": "sid@example"}, ["sid"]),
    ("a sign that means something in SQL", {"text": "100%"}, []),
    ("a role", {"role": "dealer_manager"}, ["dana", "sam"]),
    ("disabled", {"state": "disabled"}, ["walt"]),
    ("active", {"state": "active"}, ["dana", "sam", "both", "drew", "sid"]),
    ("one-time password", {"state": "one_time"}, []),
    ("an unknown state", {"state": "odd"}, []),
    ("never signed in", {"flag": "never"}, ["drew"]),
    ("quiet", {"flag": "quiet"}, ["sid"]),
    ("left", {"flag": "left"}, ["both"]),
    ("any doubt", {"flag": "any"}, ["both", "drew", "sid"]),
]


@pytest.mark.parametrize("filters, found", [f[1:] for f in FILTERS], ids=[f[0] for f in FILTERS])
def test_filters(sqlite_engine: Engine, left, filters, found):
    house = make_house(sqlite_engine)
    signed_in(sqlite_engine, "drew", at=None)
    signed_in(sqlite_engine, "sid", at=NOW - timedelta(days=91))
    disable(sqlite_engine, house.walt, house.west, house.cora)
    left({(house.both, house.south): date(2026, 11, 1), (house.walt, house.west): date(2026, 11, 1)})
    assert names(sqlite_engine, EVERYTHING, **filters) == found


def test_pages_follow_each_other_and_the_number_of_statements_does_not_grow(engine: Engine):
    house = make_house(engine)
    for number in range(7):
        make_person(
            engine, f"p{number}", Role.DEALER_STAFF, name=("ben", "Ben", "Bea")[number % 3], scope_kind="dealers",
            dealer_ids=[house.north],
        )  # fmt: skip
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    found, after, pages = [], None, []
    with reading(engine) as session:
        while True:
            statements.clear()
            rows, after = list_accounts(session, scope=EVERYTHING, now=NOW, after=after, limit=4)
            pages.append(len([s for s in statements if s.startswith("SELECT")]))
            found += [row.person_id for row in rows]
            if after is None:
                break
        everybody, _ = list_accounts(session, scope=EVERYTHING, now=NOW)
    assert found == [row.person_id for row in everybody]
    assert len(found) == len(set(found)) == 13
    assert max(pages) == 3  # the accounts, their dealers, and whose contact left


def test_flags_at_a_dealer_are_those_of_that_dealer(sqlite_engine: Engine, left):
    house = make_house(sqlite_engine)
    left({(house.both, house.south): date(2026, 11, 1)})
    with reading(sqlite_engine) as session:
        rows = accounts_at(session, dealer_ids=[house.north, house.south], scope=EVERYTHING, now=NOW)
        assert managers_at(session, dealer_ids=[house.north]) == {house.north: {house.dana.user_id}}
    flags = {(dealer, row.username): row.flags for dealer, row in rows}
    assert flags[house.north, "both"] == ()
    assert flags[house.south, "both"] == ("left",)


# ------------------------------------------------------------------------------------------------- ending access
def test_one_click_ends_access_and_the_open_tab(engine: Engine):
    house = make_house(engine)
    tab = open_tab(engine, "drew", now=NOW)
    before = len(entries(engine))
    assert disable(engine, house.drew, house.north, house.dana).names == ("Dealer staff Drew",)
    assert not account(engine, house.drew).is_active
    with reading(engine) as session:
        assert sessions.find_account(session, now=NOW, session_id=tab) is None
    (entry,) = entries(engine)[before:]
    assert (entry.command, entry.reason) == ("disable_access", "Left the house")
    assert entry.summary == "Access of Dealer staff Drew ended at North Motors (0101)"


def test_of_two_dealers_only_the_one_is_lost(engine: Engine):
    house = make_house(engine)
    disable(engine, house.both, house.north, house.dana)
    assert account(engine, house.both).is_active
    assert dealers_of(engine, house.both) == {house.south}
    disable(engine, house.both, house.south, house.cora)
    assert not account(engine, house.both).is_active
    assert names(engine, house.sam.scope, state="disabled") == ["both"]


REFUSED = [
    ("no reason", lambda h: (h.drew, h.north, h.dana, {"reason": " "}), "required"),
    ("one's own", lambda h: (h.dana.user_id, h.north, h.dana, {}), "own_account"),
    ("changed since", lambda h: (h.drew, h.north, h.dana, {"seen_version": 7}), "stale"),
    ("another dealer's person", lambda h: (h.sid, h.south, h.dana, {}), "not_found"),
    ("another dealer's person at one's own dealer", lambda h: (h.sid, h.north, h.dana, {}), "not_found"),
    ("one's own person at another dealer", lambda h: (h.both, h.south, h.dana, {}), "not_found"),
    ("a dealer that is not there", lambda h: (h.drew, 999, h.cora, {}), "not_found"),
    ("a person that is not there", lambda h: (999, h.north, h.cora, {}), "not_found"),
    ("somebody of the manufacturer", lambda h: (h.mason.user_id, h.north, h.cora, {}), "not_found"),
    ("out of the region", lambda h: (h.walt, h.west, h.eve, {}), "not_found"),
]


@pytest.mark.parametrize("make, code", [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_refused_changes_nothing(sqlite_engine: Engine, make, code):
    house = make_house(sqlite_engine)
    person, dealer, who, other = make(house)
    before = len(entries(sqlite_engine))
    with pytest.raises(Refused) as refusal:
        disable(sqlite_engine, person, dealer, who, **other)
    assert refusal.value.code == code
    assert len(entries(sqlite_engine)) == before
    if account_exists(sqlite_engine, person):
        assert account(sqlite_engine, person).version == 1


def account_exists(engine: Engine, person: int) -> bool:
    with reading(engine) as session:
        from db.people.tables import Person

        return session.get(Person, person) is not None


def test_disabled_is_disabled(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    disable(sqlite_engine, house.drew, house.north, house.dana)
    with pytest.raises(Refused) as refusal:
        disable(sqlite_engine, house.drew, house.north, house.cora)
    assert refusal.value.code == "already_disabled"


def test_the_last_manager_may_go(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    disable(sqlite_engine, house.dana.user_id or 0, house.north, house.cora)
    with reading(sqlite_engine) as session:
        assert managers_at(session, dealer_ids=[house.north]) == {}


def bulk(engine: Engine, who: Actor, *items: tuple[int, int], reason: str = "Spring cleaning") -> commands.Ended:
    return run(commands.disable_flagged, bind=engine, items=items, reason=reason, actor=who, now=NOW)


def doubtful(engine: Engine) -> House:
    house = make_house(engine)
    signed_in(engine, "drew", "both", at=NOW - timedelta(days=91))
    return house


def test_flagged_accounts_end_together_in_one_entry(sqlite_engine: Engine):
    house = doubtful(sqlite_engine)
    before = len(entries(sqlite_engine))
    done = bulk(sqlite_engine, house.cora, (house.drew, 1), (house.both, 1))
    assert done.names == ("Dealer staff Drew", "Dealer staff Both")
    assert not account(sqlite_engine, house.drew).is_active
    assert not account(sqlite_engine, house.both).is_active  # both of its dealers are Cora's
    (entry,) = entries(sqlite_engine)[before:]
    assert entry.summary == "Access of 2 people ended"


def test_a_managers_bulk_ends_access_at_their_own_dealer_only(engine: Engine):
    house = doubtful(engine)
    bulk(engine, house.dana, (house.drew, 1), (house.both, 1))
    assert not account(engine, house.drew).is_active
    assert account(engine, house.both).is_active
    assert dealers_of(engine, house.both) == {house.south}


BULKS = [
    ("nobody", lambda h: [], Refused, "required"),
    ("somebody who works", lambda h: [(h.drew, 1), (h.dana.user_id, 1)], Refused, "not_doubtful"),
    ("changed since", lambda h: [(h.both, 1), (h.drew, 2)], Stale, "stale"),
    ("somebody out of reach", lambda h: [(h.drew, 1), (h.sid, 1)], NotFound, "not_found"),
    ("somebody of the manufacturer", lambda h: [(h.drew, 1), (h.cora.user_id, 1)], NotFound, "not_found"),
]


@pytest.mark.parametrize("make, kind, code", [b[1:] for b in BULKS], ids=[b[0] for b in BULKS])
def test_all_or_nothing(sqlite_engine: Engine, make, kind, code):
    house = doubtful(sqlite_engine)
    with pytest.raises(kind) as refusal:
        bulk(sqlite_engine, house.dana, *make(house))
    assert refusal.value.code == code
    assert account(sqlite_engine, house.drew).is_active
    assert dealers_of(sqlite_engine, house.both) == {house.north, house.south}


# ------------------------------------------------------------------------------------------------- the rest of the desk
def test_the_export_holds_what_the_person_sees(engine: Engine):
    house = doubtful(engine)
    made = run(run_export, bind=engine, kind="dealer_access", file_format="csv", actor=house.dana, now=NOW)
    text = made.content.decode("utf-8-sig")
    assert "drew" in text
    assert "South Motors" not in text
    assert "sid" not in text
    with reading(engine) as session:
        rows = list(export_rows(session, actor=house.cora, scope=EVERYTHING, filters={"flag": "quiet"}, now=NOW))
        some = list(
            export_rows(session, actor=house.cora, scope=EVERYTHING, filters={"dealer_id": house.south}, now=NOW)
        )
    assert [(row[0], row[3], row[9]) for row in rows] == [
        ("0101", "both", "Not signed in for 90 days"), ("0102", "both", "Not signed in for 90 days"),
        ("0101", "drew", "Not signed in for 90 days"),
    ]  # fmt: skip
    assert {row[0] for row in some} == {"0102"}


def test_lines_before_a_call_and_signals(engine: Engine, left):
    house = make_house(engine)
    signed_in(engine, "drew", at=None)
    left({(house.both, house.north): date(2026, 11, 1), (house.walt, house.west): date(2027, 1, 1)})
    ask(engine, house.dana, dealer_id=house.north)
    late = NOW + timedelta(days=2)
    with reading(engine) as session:
        lines = catalog.dealer_lines(
            session, dealer_id=house.north, actor=house.cora, now=late, since=None
        )["Dealer access"]  # fmt: skip
        signals = catalog.dealer_signals(session, actor=house.cora, now=late)
        own = catalog.dealer_signals(session, actor=house.sam, now=late)
    assert [(line.kind, line.title) for line in lines] == [
        ("overdue", "New account asked for Ana Ortiz"), ("open", "Dealer staff Both has left, but can still sign in"),
        ("open", "1 person never signed in"),
    ]  # fmt: skip
    said = {i: [(s.level, s.sentence) for s in found if "sign in" in s.sentence] for i, found in signals.items()}
    assert {i: found for i, found in said.items() if found} == {
        house.north: [("risk", "Dealer staff Both has left, but can still sign in")]
    }
    assert set(own) <= house.sam.scope.dealer_ids
    assert not [s for found in own.values() for s in found if "sign in" in s.sentence]


def test_a_contact_who_left_is_found_by_account_or_by_mail(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    day = date(2026, 11, 1)

    def contact(dealer_id: int, email: str, *, left: bool = True, person_id: int | None = None) -> None:
        contact_id = run(
            add_contact, bind=sqlite_engine, dealer_id=dealer_id, name=f"Kim {email.partition('@')[0]}", role="other",
            email=email, person_id=person_id, actor=house.cora, now=NOW,
        )  # fmt: skip
        if left:
            run(
                mark_left, bind=sqlite_engine, contact_id=contact_id, seen_version=1, left_on=day, actor=house.cora,
                now=NOW,
            )  # fmt: skip

    contact(house.north, "x@y.test", person_id=house.drew)  # by account
    contact(house.north, "BOTH@example.test")  # by mail, at north
    contact(house.south, "both@example.test", left=False)  # ... where somebody is still there, at south
    contact(house.south, "both@example.test")
    contact(house.north, "sid@example.test")  # has no account at north
    with reading(sqlite_engine) as session:
        found = left_queries.contacts_who_left(session, scope=EVERYTHING)
        people = left_queries.people_who_left(session, scope=house.dana.scope)
        elsewhere = left_queries.people_who_left(session, scope=house.sam.scope)
    assert found == {(house.drew, house.north): day, (house.both, house.north): day}
    assert people == {house.drew: day, house.both: day}
    assert elsewhere == {}
    assert flags_of(sqlite_engine, house.drew) == ("left",)


def test_a_disabled_persons_actor_is_gone(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    disable(sqlite_engine, house.drew, house.north, house.cora)
    with pytest.raises(NotFound):
        actor_named(sqlite_engine, "drew")
