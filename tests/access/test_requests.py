"""Requests for access from the wish to the account: what works, what is refused, and what is left behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db import catalog
from db.access.queries import list_requests
from db.access.tables import AccessRequest
from db.core.actor import EVERYTHING, Scope
from db.core.permissions import Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, writing
from db.dealers.tables import Dealer
from db.people import sessions, sign_in
from db.people.tables import Notification, Person, PersonScope
from tests.access.factories import (
    NOW,
    account,
    ask,
    choice_of,
    dealers_of,
    disable,
    entries,
    grant,
    make_house,
    request_of,
    step,
)
from tests.support.core import at_once
from tests.support.users import actor_named, open_tab


def refused(call: Any, *arguments: Any, **named: Any) -> dict[str, str]:
    with pytest.raises(Refused) as refusal:
        call(*arguments, **named)
    return {p.field: p.code for p in refusal.value.problems}


# ------------------------------------------------------------------------------------------------- a new account
def test_a_manager_asks_and_the_desk_grants_an_account_that_sees_exactly_that_dealer(engine: Engine):
    house = make_house(engine)
    item = ask(engine, house.dana, dealer_id=house.north, form_key="once")
    before = len(entries(engine))
    assert ask(engine, house.dana, dealer_id=house.north, form_key="once") == item  # a double click
    assert len(entries(engine)) == before
    asked = request_of(engine, item, house.cora)
    assert (asked.number, asked.status, asked.dealer_label) == ("AR-00001", "requested", "North Motors (0101)")
    assert asked.due_at == NOW + timedelta(days=1)  # Monday 10:00, so Tuesday 10:00
    made = grant(engine, item, house.cora)
    assert [e.command for e in entries(engine)[before:]] == ["grant"]
    assert made.username == "ana.ortiz"
    signed = sign_in.verify(engine, username="ana.ortiz", password=made.one_time_password, source="t", now=NOW)
    assert signed == made.person_id
    ana = actor_named(engine, "ana.ortiz")
    assert ana.role is Role.DEALER_STAFF
    assert ana.scope == Scope("dealers", dealer_ids=frozenset({house.north}))
    assert account(engine, made.person_id).must_change_password
    done = request_of(engine, item, house.dana)
    assert (done.status, done.person_id, done.decided_by) == ("granted", made.person_id, house.cora.name)
    last = entries(engine)[-1]
    assert made.one_time_password not in f"{last.summary}{last.detail}{last.reason}"


def test_the_secret_is_stored_nowhere(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    made = grant(sqlite_engine, ask(sqlite_engine, house.dana, dealer_id=house.north), house.cora)
    with sqlite_engine.connect() as connection:
        raw: Any = connection.connection
        everything = "\n".join(raw.iterdump())
    assert made.username in everything
    assert made.one_time_password not in everything


WRONG = [
    ("no reason", {"reason": "  "}, {"reason": "required"}),
    ("no dealer", {"dealer_id": None}, {"dealer_id": "required"}),
    ("an unknown kind", {"kind": "borrow"}, {"kind": "unknown_kind"}),
    ("no name", {"name": " "}, {"name": "required"}),
    ("no e-mail", {"email": ""}, {"email": "required"}),
    ("no address", {"email": "ana at dealer"}, {"email": "bad_email"}),
    ("a role of the manufacturer", {"role": "admin"}, {"role": "not_a_dealer_role"}),
    ("a coordinator", {"role": "coordinator"}, {"role": "not_a_dealer_role"}),
    ("a role that is none", {"role": "owner"}, {"role": "not_a_dealer_role"}),
    ("no role", {"role": ""}, {"role": "not_a_dealer_role"}),
    ("somebody who has access", {"email": "DREW@example.test"}, {"email": "has_access"}),
    ("a change of nobody", {"kind": "change"}, {"person_id": "required"}),
]


@pytest.mark.parametrize("other, problems", [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_a_wish_that_is_refused_says_where_and_stores_nothing(sqlite_engine: Engine, other: Any, problems: Any):
    house = make_house(sqlite_engine)
    before = len(entries(sqlite_engine))
    assert refused(ask, sqlite_engine, house.dana, **({"dealer_id": house.north} | other)) == problems
    with reading(sqlite_engine) as session:
        assert session.scalars(select(AccessRequest.id)).all() == []
    assert len(entries(sqlite_engine)) == before


def waiting(engine: Engine) -> list[Any]:
    with reading(engine) as session:
        return list_requests(session, scope=EVERYTHING)[0]


def test_the_same_wish_is_open_once_even_when_asked_at_once(engine: Engine):
    house = make_house(engine)

    def go(number: int) -> str:
        try:
            ask(engine, (house.dana, house.cora)[number], dealer_id=house.north)
        except Refused as refusal:
            return refusal.problems[0].code
        return "ok"

    assert sorted(at_once(go, threads=2)) == ["asked_already", "ok"]
    (first,) = [r.id for r in waiting(engine)]
    step(engine, "reject", first, house.mason, note="Not known here")
    ask(engine, house.dana, dealer_id=house.north)  # free again once it is decided


def test_a_dealer_whose_contract_ended_gets_no_account(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    item = ask(sqlite_engine, house.dana, dealer_id=house.north)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.get_one(Dealer, house.north).status = "terminated"
    assert refused(ask, sqlite_engine, house.cora, dealer_id=house.north, email="b@b.test") == {
        "dealer_id": "no_accounts_now"
    }
    assert refused(grant, sqlite_engine, item, house.cora) == {"dealer_id": "no_accounts_now"}
    assert request_of(sqlite_engine, item, house.cora).status == "requested"


def test_names_that_are_taken_get_a_number_and_two_grants_at_once_make_two_accounts(engine: Engine):
    house = make_house(engine)
    items = [
        ask(engine, house.cora, dealer_id=dealer, email=f"ana{dealer}@dealer.test")
        for dealer in (house.north, house.south)
    ]
    made = at_once(lambda n: grant(engine, items[n], house.mason), threads=2)
    assert {m.username for m in made} == {"ana.ortiz", "ana.ortiz2"}
    seen = {frozenset(dealers_of(engine, m.person_id)) for m in made}
    assert seen == {frozenset({house.north}), frozenset({house.south})}


def test_one_address_gets_one_account_even_when_two_dealers_ask_at_once(engine: Engine):
    house = make_house(engine)
    items = [ask(engine, house.cora, dealer_id=dealer) for dealer in (house.north, house.south)]

    def go(number: int) -> str:
        try:
            grant(engine, items[number], house.mason, account="new")
        except Refused as refusal:
            return refusal.problems[0].code
        return "ok"

    results = sorted(at_once(go, threads=2))
    assert results[1] == "ok"
    assert results[0] in ("account_changed", "email_taken")
    with reading(engine) as session:
        assert len(session.scalars(select(Person.id).where(Person.email == "ana@dealer.test")).all()) == 1


# --------------------------------------------------------------------------------------------- an address that is known
def test_an_address_of_another_dealers_person_gets_the_dealer_in_addition(engine: Engine):
    house = make_house(engine)
    item = ask(engine, house.dana, dealer_id=house.north, email="Sid@Example.test", name="Sid")
    assert choice_of(engine, item, house.cora) == f"widen:{house.sid}"
    assert refused(grant, engine, item, house.cora, account="new") == {"account": "account_changed"}
    assert grant(engine, item, house.cora) is None  # the password stays, there is none to hand over
    assert dealers_of(engine, house.sid) == {house.north, house.south}
    assert account(engine, house.sid).is_active


def test_an_address_of_the_manufacturers_people_leads_nowhere(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    item = ask(sqlite_engine, house.dana, dealer_id=house.north, email="cora@example.test")
    assert choice_of(sqlite_engine, item, house.mason) == ""
    for choice in ("new", "", f"widen:{house.cora.user_id}", f"reopen:{house.cora.user_id}"):
        assert refused(grant, sqlite_engine, item, house.mason, account=choice) == {"account": "account_changed"}
    stored = account(sqlite_engine, house.cora.user_id or 0)
    assert (stored.role, stored.scope_kind, stored.version) == ("coordinator", "all", 1)


def test_another_role_than_the_account_has_is_not_given_by_the_way(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    item = ask(sqlite_engine, house.dana, dealer_id=house.north, email="sid@example.test", role="dealer_manager")
    assert choice_of(sqlite_engine, item, house.cora) == ""
    assert refused(grant, sqlite_engine, item, house.cora, account=f"widen:{house.sid}") == {
        "account": "account_changed"
    }
    assert dealers_of(sqlite_engine, house.sid) == {house.south}


def test_a_disabled_account_is_opened_again_with_a_new_password(engine: Engine):
    house = make_house(engine)
    disable(engine, house.drew, house.north, house.dana)
    item = ask(engine, house.dana, dealer_id=house.north, email="drew@example.test", role="dealer_manager")
    made = grant(engine, item, house.cora)
    assert made.person_id == house.drew
    stored = account(engine, house.drew)
    assert (stored.is_active, stored.role, stored.must_change_password) == (True, "dealer_manager", True)
    assert sign_in.verify(engine, username="drew", password=made.one_time_password, source="t", now=NOW) == house.drew


def test_what_belongs_to_a_dealer_out_of_reach_is_not_opened_again(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    disable(sqlite_engine, house.walt, house.west, house.cora)
    item = ask(sqlite_engine, house.dana, dealer_id=house.north, email="walt@example.test")
    assert refused(grant, sqlite_engine, item, house.eve) == {"account": "not_all_dealers"}
    assert not account(sqlite_engine, house.walt).is_active


# ---------------------------------------------------------------------------------------------- another role, an end
def test_a_role_is_changed_and_told(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    item = ask(
        sqlite_engine, house.dana, kind="change", dealer_id=house.north, person_id=house.drew, role="dealer_manager"
    )
    assert request_of(sqlite_engine, item, house.dana).name == "Dealer staff Drew"
    grant(sqlite_engine, item, house.cora)
    assert actor_named(sqlite_engine, "drew").role is Role.DEALER_MANAGER
    assert entries(sqlite_engine)[-1].detail["before"]["role"] == "dealer_staff"


CHANGES = [
    ("the role it has", {"role": "dealer_staff"}, {"role": "same_role"}),
    ("a role of the manufacturer", {"role": "manager"}, {"role": "not_a_dealer_role"}),
]


@pytest.mark.parametrize("other, problems", [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_a_change_that_is_refused(sqlite_engine: Engine, other: Any, problems: Any):
    house = make_house(sqlite_engine)
    wish = {"kind": "change", "dealer_id": house.north, "person_id": house.drew}
    assert refused(ask, sqlite_engine, house.dana, **(wish | other)) == problems


def test_a_role_that_would_hold_beyond_the_deciders_reach_is_refused(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.add(PersonScope(person_id=house.drew, dealer_id=house.west))
    item = ask(
        sqlite_engine, house.dana, kind="change", dealer_id=house.north, person_id=house.drew, role="dealer_manager"
    )
    assert refused(grant, sqlite_engine, item, house.eve) == {"account": "not_all_dealers"}
    grant(sqlite_engine, item, house.cora)
    assert account(sqlite_engine, house.drew).role == "dealer_manager"


def test_closing_disables_the_account_or_takes_the_dealer_and_ends_sessions(engine: Engine):
    house = make_house(engine)
    tabs = {name: open_tab(engine, name, now=NOW) for name in ("drew", "both")}
    for person in (house.drew, house.both):
        grant(engine, ask(engine, house.dana, kind="close", dealer_id=house.north, person_id=person), house.cora)
    assert not account(engine, house.drew).is_active
    assert account(engine, house.both).is_active
    assert dealers_of(engine, house.both) == {house.south}
    with reading(engine) as session:
        assert [sessions.find_account(session, now=NOW, session_id=tab) for tab in tabs.values()] == [None, None]


# ------------------------------------------------------------------------------------------ who may, in which state
def test_four_eyes_and_nobody_of_the_dealer(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    own = ask(sqlite_engine, house.cora, dealer_id=house.north)
    for name, inputs in (("grant", {"account": "new"}), ("reject", {"note": "No"})):
        assert refused(step, sqlite_engine, name, own, house.cora, **inputs) == {"": "own_request"}
        assert refused(step, sqlite_engine, name, own, house.dana, **inputs) == {"": "not_allowed"}
    assert request_of(sqlite_engine, own, house.mason).status == "requested"
    grant(sqlite_engine, own, house.mason)


@pytest.mark.parametrize("name", ["grant", "reject", "withdraw"])
def test_a_decided_request_is_decided(sqlite_engine: Engine, name: str):
    house = make_house(sqlite_engine)
    item = ask(sqlite_engine, house.dana, dealer_id=house.north)
    step(sqlite_engine, "withdraw", item, house.dana)
    inputs = {"grant": {"account": "new"}, "reject": {"note": "No"}, "withdraw": {}}[name]
    assert refused(step, sqlite_engine, name, item, house.cora, seen_version=2, **inputs) == {"": "wrong_state"}
    with pytest.raises(Stale, match=r"changed by Dealer manager Dana"):
        step(sqlite_engine, name, item, house.cora, seen_version=1, **inputs)


def test_two_deciders_at_once_decide_once(engine: Engine):
    house = make_house(engine)
    item = ask(engine, house.dana, dealer_id=house.north)

    def go(number: int) -> str:
        try:
            grant(engine, item, (house.cora, house.mason)[number], account="new")
        except Stale:
            return "stale"
        return "ok"

    assert sorted(at_once(go, threads=2)) == ["ok", "stale"]


def test_a_rejection_needs_words(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    item = ask(sqlite_engine, house.dana, dealer_id=house.north)
    assert refused(step, sqlite_engine, "reject", item, house.cora, note=" ") == {"note": "required"}
    step(sqlite_engine, "reject", item, house.cora, note="Please use the mail of the house.")
    assert request_of(sqlite_engine, item, house.dana).answer == "Please use the mail of the house."


ROLES_THAT = {
    "ask": {Role.ADMIN, Role.MANAGER, Role.COORDINATOR, Role.DEALER_MANAGER},
    "grant": {Role.ADMIN, Role.MANAGER, Role.COORDINATOR},
    "reject": {Role.ADMIN, Role.MANAGER, Role.COORDINATOR},
    "withdraw": {Role.ADMIN, Role.MANAGER, Role.COORDINATOR, Role.DEALER_MANAGER},
    "disable": {Role.ADMIN, Role.MANAGER, Role.COORDINATOR, Role.DEALER_MANAGER},
}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_with_each_command(sqlite_engine: Engine, role: Role):
    house = make_house(sqlite_engine)
    who = house.as_role(role)
    item = ask(sqlite_engine, house.dana, dealer_id=house.north)
    calls = {
        "grant": lambda: step(sqlite_engine, "grant", item, who, account="nothing of the kind"),
        "reject": lambda: step(sqlite_engine, "reject", item, who, note=""),
        "withdraw": lambda: step(sqlite_engine, "withdraw", item, who, note="x" * 2000),
        "ask": lambda: ask(sqlite_engine, who, dealer_id=house.north, reason=""),
        "disable": lambda: disable(sqlite_engine, house.drew, house.north, who, reason=""),
    }  # each would be refused for its words, so nothing changes whoever may
    for name, call in calls.items():
        codes = set(refused(call).values())
        assert ("not_allowed" in codes) == (role not in ROLES_THAT[name]), (name, role, codes)


# ------------------------------------------------------------------------------------------ who is told, where it shows
def told(engine: Engine, username: str) -> list[tuple[str, str]]:
    with reading(engine) as session:
        person = session.scalar(select(Person.id).where(Person.username == username))
        rows = session.execute(
            select(Notification.title, Notification.body)
            .where(Notification.person_id == person)
            .order_by(Notification.id)
        )
        return [(title, body) for title, body in rows]


def test_deciders_hear_of_the_wish_and_the_dealer_of_the_answer(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    item = ask(sqlite_engine, house.dana, dealer_id=house.north)
    wish = "North Motors (0101), asked for by Dealer manager Dana. Starts on Monday"
    for name in ("cora", "mason", "eve"):
        assert told(sqlite_engine, name) == [("AR-00001 New account: Ana Ortiz", wish)]
    assert told(sqlite_engine, "sam") == told(sqlite_engine, "drew") == []
    step(sqlite_engine, "reject", item, house.cora, note="Who is this?")
    assert told(sqlite_engine, "dana") == [("AR-00001 New account: Ana Ortiz: rejected", "Who is this?")]


def test_who_left_the_dealer_does_not_hear_of_its_requests_any_more(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    item = ask(sqlite_engine, house.dana, dealer_id=house.north)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        scope = session.scalars(select(PersonScope).where(PersonScope.person_id == house.dana.user_id)).one()
        scope.dealer_id = house.west
    step(sqlite_engine, "reject", item, house.cora, note="Who is this?")
    assert told(sqlite_engine, "dana") == []


def test_it_waits_in_the_deciders_work_and_is_found(engine: Engine, only):
    only("access")
    house = make_house(engine)
    ask(engine, house.dana, dealer_id=house.north)
    ask(engine, house.cora, dealer_id=house.west, email="will@dealer.test", name="Will")
    late = NOW + timedelta(days=3)
    with reading(engine) as session:
        lines = {
            who.username: [w.number for w in catalog.work_lines(session, actor=who, now=NOW)]
            for who in (house.cora, house.mason, house.eve, house.dana)
        }
        found = catalog.search_everything(session, "ana", actor=house.dana)["Access requests"]
        hidden = catalog.search_everything(session, "ana", actor=house.sam)
        counts = {c.label: (c.count, c.overdue) for c in catalog.work_counts(session, actor=house.mason, now=late)}
    assert lines == {"cora": ["AR-00001"], "mason": ["AR-00001", "AR-00002"], "eve": ["AR-00001"], "dana": []}
    assert [r.title for r in found] == ["AR-00001 New account: Ana Ortiz"]
    assert "Access requests" not in hidden
    assert counts["Access requests"] == (2, 2)


def test_a_request_of_another_dealer_answers_like_none(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    item = ask(sqlite_engine, house.dana, dealer_id=house.north)
    for wanted in (item, 999):
        with pytest.raises(NotFound, match=r"^This access request was not found\.$"):
            request_of(sqlite_engine, wanted, house.sam)
        with pytest.raises(NotFound, match=r"^This access request was not found\.$"):
            step(sqlite_engine, "withdraw", wanted, house.sam)
    with pytest.raises(NotFound, match=r"^This dealer was not found\.$"):
        ask(sqlite_engine, house.sam, dealer_id=house.north)
