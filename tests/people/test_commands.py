"""Accounts: what an administrator may do, what is refused and why, and the one entry each change leaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from db.core import search
from db.core.actor import EVERYTHING, Actor, system_actor
from db.core.permissions import Permission, Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.core.timeline import TimelineEntry, verify
from db.people import commands, own_commands, passwords, queries, sign_in
from db.people.tables import Person
from tests.support.users import NOW, PASSWORD, actor_named, make_dealer, make_people, make_person, open_tab

SEED = system_actor("seed")


def do(engine: Engine, command: Any, **arguments: Any) -> Any:
    given: dict[str, Any] = {"actor": SEED, "now": NOW} | arguments
    return run(command, bind=engine, **given)


def entries(engine: Engine) -> list[TimelineEntry]:
    with reading(engine) as session:
        found = list(session.scalars(select(TimelineEntry).order_by(TimelineEntry.seq)))
        session.expunge_all()
    return found


def problems_of(engine: Engine, command: Any, **arguments: Any) -> dict[str, str]:
    before = len(entries(engine))
    with pytest.raises(Refused) as refusal:
        do(engine, command, **arguments)
    assert len(entries(engine)) == before
    return {p.field: p.code for p in refusal.value.problems}


NEW = {"username": "ana.ortiz", "name": "Ana Ortiz", "role": "coordinator", "scope_kind": "all"}


def test_a_new_person_signs_in_with_the_one_time_password_and_must_change_it(engine: Engine):
    made = do(engine, commands.add_person, **NEW, email="ana@example.test")
    assert (
        sign_in.verify(engine, username="ana.ortiz", password=made.one_time_password, source="", now=NOW)
        == made.person_id
    )
    with reading(engine) as session:
        person = queries.get_person(session, actor=SEED, username="Ana.Ortiz")
    assert person.must_change_password
    assert person.state[0] == "One-time password"
    (entry,) = entries(engine)
    assert (entry.area, entry.command) == ("people", "add_person")
    assert made.one_time_password not in f"{entry.summary}{entry.detail}"


def test_a_one_time_password_is_out_of_date_after_seven_days(engine: Engine):
    made = do(engine, commands.add_person, **NEW)
    late = NOW + timedelta(days=7)
    assert sign_in.verify(engine, username="ana.ortiz", password=made.one_time_password, source="", now=late) is None


REFUSED = [
    ("no name", {"name": " "}, {"name": "required"}),
    ("no user name", {"username": ""}, {"username": "required"}),
    ("a user name with a space", {"username": "ana ortiz"}, {"username": "bad_username"}),
    ("a user name of 81 characters", {"username": "a" * 81}, {"username": "too_long"}),
    ("an unknown role", {"role": "owner"}, {"role": "unknown_role"}),
    ("an unknown scope", {"scope_kind": "galaxy"}, {"scope_kind": "unknown_scope"}),
    ("regions without a region", {"scope_kind": "regions"}, {"regions": "required"}),
    ("regions with an empty one", {"scope_kind": "regions", "regions": [" "]}, {"regions": "required"}),
    ("dealers without a dealer", {"scope_kind": "dealers"}, {"dealer_ids": "required"}),
    ("a dealer that is not there", {"scope_kind": "dealers", "dealer_ids": [999]}, {"dealer_ids": "unknown_dealer"}),
    ("dealer staff who see all", {"role": "dealer_staff"}, {"scope_kind": "role_needs_dealers"}),
    (
        "a dealer manager with a region", {"role": "dealer_manager", "scope_kind": "regions", "regions": ["East"]},
        {"scope_kind": "role_needs_dealers"},
    ),
    ("an e-mail that is none", {"email": "ana at home"}, {"email": "bad_email"}),
    ("an e-mail that smuggles a header", {"email": "a@b.test\nBcc: c@d.test"}, {"email": "bad_email"}),
    ("a zone that is none", {"zone": "Mars/Olympus"}, {"zone": "unknown_zone"}),
    ("a password that is too short", {"password": "short"}, {"password": "too_short"}),
    ("a password made of the name", {"password": "Ana Ortiz Ana Ortiz"}, {"password": "easily_guessed"}),
    (
        "everything at once", {"name": "", "role": "x", "zone": ""},
        {"name": "required", "role": "unknown_role", "zone": "unknown_zone"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "found"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_what_a_new_person_may_not_be(engine: Engine, change: dict[str, Any], found: dict[str, str]):
    assert problems_of(engine, commands.add_person, **(NEW | change)) == found


def test_a_user_name_is_given_once_whatever_its_case(engine: Engine):
    do(engine, commands.add_person, **NEW)
    assert problems_of(engine, commands.add_person, **(NEW | {"username": "ANA.Ortiz"})) == {"username": "taken"}


def test_a_dealers_name_may_not_carry_a_password(engine: Engine):
    dealer = make_dealer(engine, name="Bayou Crossing Motors")
    at_dealer = {"role": "dealer_staff", "scope_kind": "dealers", "dealer_ids": [dealer]}
    refused = problems_of(engine, commands.add_person, **(NEW | at_dealer | {"password": "bayou motors crossing 77"}))
    assert refused == {"password": "easily_guessed"}


def test_editing_records_only_what_changed(engine: Engine):
    person = make_person(engine, "cora", Role.COORDINATOR, name="Cora Reyes")
    do(
        engine, commands.edit_person, person_id=person, seen_version=1, name="Cora Reyes", email="new@example.test",
        zone="America/Chicago", role="manager", scope_kind="regions", regions=["West"],
    )  # fmt: skip
    detail = entries(engine)[-1].detail
    assert set(detail["after"]) == {"email", "zone", "role", "scope", "regions"}
    assert (detail["before"]["role"], detail["after"]["role"]) == ("coordinator", "manager")


def test_a_stale_screen_is_told_who_was_first(engine: Engine):
    person = make_person(engine, "cora", Role.COORDINATOR)
    do(engine, commands.change_role, person_id=person, role="manager", seen_version=1)
    with pytest.raises(Stale) as stale:
        do(engine, commands.change_role, person_id=person, role="finance", seen_version=1)
    assert stale.value.changed_by == "Demo data"
    assert stale.value.changed_at == NOW


def test_nobody_locks_the_door_from_inside(engine: Engine):
    admin = make_person(engine, "admin", Role.ADMIN)
    herself = actor_named(engine, "admin")
    assert problems_of(engine, commands.disable_person, person_id=admin, actor=herself) == {"": "own_account"}
    assert problems_of(engine, commands.disable_person, person_id=admin) == {"role": "last_administrator"}
    assert problems_of(engine, commands.change_role, person_id=admin, role="manager") == {"role": "last_administrator"}
    make_person(engine, "second", Role.ADMIN)
    do(engine, commands.change_role, person_id=admin, role="manager")


def test_two_administrators_cannot_remove_each_other_at_once(engine: Engine):
    ids = [make_person(engine, name, Role.ADMIN) for name in ("one", "two")]

    def demote(person_id: int) -> bool:
        try:
            do(engine, commands.change_role, person_id=person_id, role="manager")
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, ids)) == [False, True]


def test_disabling_twice_and_enabling_twice_are_refused(engine: Engine):
    person = make_person(engine, "cora", Role.COORDINATOR)
    do(engine, commands.disable_person, person_id=person, reason="left the company")
    assert entries(engine)[-1].reason == "left the company"
    assert problems_of(engine, commands.disable_person, person_id=person) == {"": "already_disabled"}
    do(engine, commands.enable_person, person_id=person)
    assert problems_of(engine, commands.enable_person, person_id=person) == {"": "already_enabled"}
    assert sign_in.verify(engine, username="cora", password=PASSWORD, source="", now=NOW) == person


def test_a_reset_password_replaces_the_old_one(engine: Engine):
    person = make_person(engine, "cora", Role.COORDINATOR)
    made = do(engine, commands.set_password, person_id=person)
    assert sign_in.verify(engine, username="cora", password=PASSWORD, source="", now=NOW) is None
    assert sign_in.verify(engine, username="cora", password=made.one_time_password, source="", now=NOW) == person
    chosen = do(engine, commands.set_password, person_id=person, password="violet harbour kettle", must_change=False)
    assert chosen.one_time_password == ""
    with reading(engine) as session:
        assert not session.get_one(Person, person).must_change_password


def test_ones_own_password_keeps_the_policy_too(engine: Engine):
    make_person(engine, "cora", Role.COORDINATOR, name="Cora Reyes")
    me = actor_named(engine, "cora")
    arguments = {"session_id": None, "actor": me, "password_hash": passwords.hash_password("x", cost=4)}
    assert problems_of(engine, own_commands.change_own_password, password="cora reyes cora reyes", **arguments) == {
        "password": "easily_guessed"
    }
    assert problems_of(engine, own_commands.change_own_password, password="short", **arguments) == {
        "password": "too_short"
    }


def test_somebody_elses_sign_in_cannot_be_ended(engine: Engine):
    make_person(engine, "cora", Role.COORDINATOR)
    make_person(engine, "ben", Role.FINANCE)
    theirs = open_tab(engine, "ben", now=NOW)
    with pytest.raises(NotFound):
        do(engine, own_commands.end_other_browser, session_id=theirs, actor=actor_named(engine, "cora"))


MANAGED: dict[Any, dict[str, Any]] = {
    commands.add_person: NEW,
    commands.edit_person: {
        "person_id": 1, "seen_version": 1, "name": "x", "email": "", "zone": "UTC", "role": "admin",
        "scope_kind": "all",
    },
    commands.change_role: {"person_id": 1, "role": "admin"},
    commands.change_scope: {"person_id": 1, "scope_kind": "all"},
    commands.disable_person: {"person_id": 1},
    commands.enable_person: {"person_id": 1},
    commands.end_sessions: {},
    commands.set_password: {"person_id": 1},
}  # fmt: skip


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.ADMIN])
@pytest.mark.parametrize("command", MANAGED, ids=lambda c: c.__name__)
def test_only_administrators_manage_accounts(sqlite_engine: Engine, command: Any, role: Role):
    actor = Actor(user_id=9, username="x", name="X", role=role, scope=EVERYTHING)
    with pytest.raises(Refused) as refusal:
        do(sqlite_engine, command, actor=actor, **MANAGED[command])
    assert refusal.value.code == "not_allowed"
    with reading(sqlite_engine) as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 0


def test_every_public_command_is_in_the_table_above():
    import inspect

    public = {
        f for n, f in inspect.getmembers(commands, inspect.isfunction)
        if f.__module__ == commands.__name__ and not n.startswith("_")
    }  # fmt: skip
    assert public == set(MANAGED)


# ---------------------------------------------------------------------------------------------------- queries
@pytest.mark.parametrize("role", list(Role))
def test_who_may_read_the_list(engine: Engine, role: Role):
    people = make_people(engine)
    actor = actor_named(engine, role.value)
    with reading(engine) as session:
        if actor.can(Permission.PEOPLE_VIEW):
            assert len(queries.list_people(session, actor=actor)) == len(people)
        else:
            with pytest.raises(Refused):
                queries.list_people(session, actor=actor)
            with pytest.raises(Refused):
                queries.get_person(session, actor=actor, person_id=people[Role.ADMIN])
        assert queries.get_person(session, actor=actor, person_id=people[role]).role is role


FOUND = [
    ("by name", {"text": "cora"}, {"cora"}),
    ("by two words in any order", {"text": "reyes CORA"}, {"cora"}),
    ("by e-mail", {"text": "ben@example"}, {"ben"}),
    ("a percent sign is a percent sign", {"text": "%"}, set()),
    ("an underscore is an underscore", {"text": "_"}, set()),
    ("by role", {"roles": [Role.FINANCE]}, {"ben"}),
    ("active only", {"is_active": True}, {"cora", "ben"}),
    ("disabled only", {"is_active": False}, {"dan"}),
    ("all", {}, {"cora", "ben", "dan"}),
]


@pytest.mark.parametrize(("filters", "names"), [c[1:] for c in FOUND], ids=[c[0] for c in FOUND])
def test_finding_people(engine: Engine, filters: dict[str, Any], names: set[str]):
    make_person(engine, "cora", Role.COORDINATOR, name="Cora Reyes")
    make_person(engine, "ben", Role.FINANCE, name="Ben Ode")
    dan = make_person(engine, "dan", Role.MANAGER, name="Dan Low")
    do(engine, commands.disable_person, person_id=dan)
    with reading(engine) as session:
        assert {p.username for p in queries.list_people(session, actor=SEED, **filters)} == names


def test_who_is_told_about_a_dealers_lead(engine: Engine):
    here, there = make_dealer(engine), make_dealer(engine, code="09120", name="Bayou Ford", region="South")
    everywhere = make_person(engine, "all", Role.COORDINATOR)
    east = make_person(engine, "east", Role.MANAGER, scope_kind="regions", regions=["East", "North"])
    make_person(engine, "south", Role.MANAGER, scope_kind="regions", regions=["South"])
    both = make_person(engine, "both", Role.DEALER_STAFF, scope_kind="dealers", dealer_ids=[here, there])
    make_person(engine, "other", Role.DEALER_STAFF, scope_kind="dealers", dealer_ids=[there])
    make_person(engine, "money", Role.FINANCE)  # may not see leads
    gone = make_person(engine, "gone", Role.COORDINATOR)
    do(engine, commands.disable_person, person_id=gone)
    with reading(engine) as session:
        told = queries.people_to_tell(session, dealer_id=here, region="East", permission=Permission.LEADS_VIEW)
        unassigned = queries.people_to_tell(session, dealer_id=None, region="East", permission=Permission.LEADS_VIEW)
        nowhere = queries.people_to_tell(session, dealer_id=None, region=None, permission=Permission.LEADS_VIEW)
    assert told == sorted([everywhere, east, both])
    assert unassigned == sorted([everywhere, east])
    assert nowhere == [everywhere]


def test_people_are_found_by_the_search_box_and_follow_a_new_name(engine: Engine):
    person = make_person(engine, "cora", Role.COORDINATOR, name="Cora Reyes")
    do(
        engine, commands.edit_person, person_id=person, seen_version=1, name="Cora Vega", email="", zone="UTC",
        role="coordinator", scope_kind="all",
    )  # fmt: skip
    with reading(engine) as session:
        assert [h.item_id for h in search.find(session, "vega", kinds=["person"], scope=EVERYTHING)] == [person]
        assert search.find(session, "reyes", kinds=["person"], scope=EVERYTHING) == []


def test_the_chain_of_entries_holds(engine: Engine):
    make_people(engine)
    with reading(engine) as session:
        assert verify(session).first_bad is None
