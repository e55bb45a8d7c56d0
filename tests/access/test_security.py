"""Nobody reaches through this door what is not theirs: other dealers' people, the manufacturer's, or a higher role."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db import catalog
from db.access import commands, people_queries, queries, review_commands, review_queries
from db.access.people_queries import AccountFilters
from db.access.rules import suggested_username
from db.core.actor import Actor
from db.core.outbox import OutboxMail
from db.core.permissions import Role
from db.core.problems import NotFound, Refused
from db.core.session import reading, run, writing
from db.people import dealer_account_commands as door
from db.people.tables import Notification, Person, PersonScope
from db.reports.history_queries import item_history
from tests.access.factories import (
    NOW,
    House,
    account,
    ask,
    confirm,
    dealers_of,
    disable,
    entries,
    grant,
    make_house,
    open_all,
    screen,
)
from tests.support.users import actor_named, make_person

CANARY = "Zyxquill"


def with_canary(engine: Engine) -> tuple[House, int]:
    """Everything that can happen at the dealer south, with a name nobody of north may ever read."""
    house = make_house(engine)
    canary = make_person(
        engine, "canary", Role.DEALER_STAFF, name=f"{CANARY} Person", scope_kind="dealers",
        dealer_ids=[house.south, house.north], email="zyxquill@example.test",
    )  # fmt: skip
    wish = {"dealer_id": house.south, "reason": f"{CANARY} asks"}
    ask(engine, house.sam, name=f"{CANARY} New", email="zyxquill.new@example.test", **wish)
    ask(engine, house.sam, kind="close", person_id=house.sid, **wish)
    open_all(engine, house.cora)
    disable(engine, canary, house.north, house.cora)  # now of south only
    return house, canary


def test_a_canary_of_another_dealer_is_read_nowhere(engine: Engine):
    house, _ = with_canary(engine)
    quarter = review_queries.quarter_of(NOW, "America/New_York")
    with reading(engine) as session:
        scope: Any = house.dana.scope
        seen: dict[str, Any] = {
            "accounts": people_queries.list_accounts(session, scope=scope, now=NOW),
            "found": people_queries.list_accounts(session, scope=scope, filters=AccountFilters(text=CANARY), now=NOW),
            "at": people_queries.accounts_at(session, dealer_ids=[house.south, house.north], scope=scope, now=NOW),
            "export": list(people_queries.export_rows(session, actor=house.dana, scope=scope, filters={}, now=NOW)),
            "requests": queries.list_requests(session, scope=scope),
            "count": queries.count_requests(session, scope=scope),
            "work": catalog.work_lines(session, actor=house.dana, now=NOW),
            "counts": catalog.work_counts(session, actor=house.dana, now=NOW),
            "search": catalog.search_everything(session, CANARY, actor=house.dana),
            "screen": review_queries.waiting_page(session, actor=house.dana, now=NOW),
            "screen of south": review_queries.waiting_page(session, actor=house.dana, now=NOW, dealer_id=house.south),
            "reviews": review_queries.list_reviews(session, scope=scope, quarter=quarter),
            "signals": catalog.dealer_signals(session, actor=house.dana, now=NOW),
            "told": session.execute(
                select(Notification.title, Notification.body).where(Notification.person_id == house.dana.user_id)
            ).all(),
            "mail": session.execute(
                select(OutboxMail.subject, OutboxMail.body).where(OutboxMail.to_address == "dana@example.test")
            ).all(),
        }
    # That somebody of hers lost access is told to Dana; the canary was hers until then.
    seen["told"] = [row for row in seen["told"] if "no longer has access" not in row.title]
    for name, found in seen.items():
        assert CANARY not in repr(found), name
        assert "South Motors" not in repr(found), name
    assert seen["found"] == ([], None)
    assert seen["count"] == 0
    with reading(engine) as session, pytest.raises(NotFound):
        catalog.dealer_lines(session, dealer_id=house.south, actor=house.dana, now=NOW, since=NOW)


def test_every_public_query_takes_a_scope_or_an_actor():
    """Those that take neither answer about ids the caller was given by one that does, or serve who decides."""
    without = {"accounts_with_email", "managers_at", "account_versions"}
    for module in (queries, people_queries, review_queries):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ != module.__name__ or name.startswith("_") or name in without:
                continue
            assert {"scope", "actor"} & set(inspect.signature(function).parameters), f"{module.__name__}.{name}"


def errors_of(
    engine: Engine, who: Actor, house: House, *, person: int, request: int = 99_999, review: int = 99_999,
    reaches_south: bool = False,
) -> list[str]:  # fmt: skip
    """What each command says to somebody who names ids of others."""
    base: dict[str, Any] = {"actor": who, "now": NOW}
    wish = {"name": "", "email": "", "role": "dealer_staff", "reason": "x", "form_key": None}
    one = review_commands.Judged(review_id=review, person_id=person, role="dealer_staff", flags=(), outcome="disable")
    calls: list[tuple[Any, dict[str, Any]]] = [
        (commands.submit_request, wish | {"kind": "close", "dealer_id": house.south, "person_id": person}),
        (commands.submit_request, wish | {"kind": "close", "dealer_id": house.north, "person_id": person}),
        (commands.submit_request, wish | {"kind": "change", "dealer_id": house.north, "person_id": person}),
        (commands.withdraw, {"item_id": request, "seen_version": 1}),
        (commands.disable_access, {"person_id": person, "dealer_id": house.south, "seen_version": 1, "reason": "x"}),
        (commands.disable_access, {"person_id": person, "dealer_id": house.north, "seen_version": 1, "reason": "x"}),
        (commands.disable_flagged, {"items": [(person, 1)], "reason": "x"}),
        (review_commands.open_reviews, {"dealer_ids": [house.south]}),
        (review_commands.confirm_reviews, {"reviews": [(review, 1)], "judged": [one]}),
    ]
    if reaches_south:
        calls = [(command, arguments) for command, arguments in calls if command is not review_commands.open_reviews]
    found = []
    for command, arguments in calls:
        with pytest.raises(NotFound) as refusal:
            run(command, bind=engine, **base, **arguments)
        found.append(str(refusal.value))
    return found


def test_ids_of_another_dealer_answer_like_ids_of_nobody(engine: Engine):
    house, canary = with_canary(engine)
    review = screen(engine, house.sam).reviews[0].id
    before = len(entries(engine))
    theirs = errors_of(engine, house.dana, house, person=canary, request=1, review=review)
    nobodys = errors_of(engine, house.dana, house, person=99_999)
    assert theirs == nobodys
    assert not [text for text in theirs if CANARY in text or "South" in text]
    assert len(entries(engine)) == before
    assert dealers_of(engine, canary) == {house.south}


def test_the_manufacturers_accounts_cannot_be_reached_by_anybody(sqlite_engine: Engine):
    """Not even by an administrator, and not when such an account happens to be bound to dealers."""
    house = make_house(sqlite_engine)
    bound = make_person(sqlite_engine, "bob", Role.COORDINATOR, scope_kind="dealers", dealer_ids=[house.north])
    make_person(sqlite_engine, "ada", Role.ADMIN)
    ada = actor_named(sqlite_engine, "ada")
    targets = {person: account(sqlite_engine, person).version for person in (bound, house.mason.user_id or 0)}
    for person in targets:
        errors = errors_of(sqlite_engine, ada, house, person=person, reaches_south=True)
        assert {*errors[:3], *errors[4:7]} == {"This account was not found."}
        reaching: list[tuple[Any, dict[str, Any]]] = [
            (door.end_access, {}), (door.change_account_role, {"role": "dealer_staff"}),
            (door.add_dealer_to_account, {"role": "coordinator"}), (door.reopen_account, {"role": "dealer_staff"}),
        ]  # fmt: skip
        for call, more in reaching:
            with pytest.raises(NotFound), writing(sqlite_engine, keeps_timeline=False) as session:
                call(session, person_id=person, dealer_id=house.north, actor=ada, now=NOW, **more)
    assert {person: account(sqlite_engine, person).version for person in targets} == targets
    assert not {a.account.username for a in _all(sqlite_engine, house)} & {"bob", "mason"}


def _all(engine: Engine, house: House) -> Any:
    open_all(engine, house.cora)
    return screen(engine, house.cora).accounts


@pytest.mark.parametrize("role", [r for r in Role if not r.is_dealer])
def test_no_role_of_the_manufacturer_comes_through_the_door(sqlite_engine: Engine, role: Role):
    house = make_house(sqlite_engine)
    common = {"dealer_id": house.north, "actor": house.cora, "now": NOW, "role": role.value}
    calls: list[tuple[Any, dict[str, Any]]] = [
        (door.open_account, {"name": "Eve", "email": "e@e.test", "zone": "UTC", "username": lambda _t: "eve2"}),
        (door.change_account_role, {"person_id": house.drew}),
        (door.add_dealer_to_account, {"person_id": house.sid}),
    ]  # fmt: skip
    disable(sqlite_engine, house.walt, house.west, house.cora)
    calls.append((door.reopen_account, {"person_id": house.walt}))
    for call, more in calls:
        with pytest.raises(Refused), writing(sqlite_engine, keeps_timeline=False) as session:
            call(session, **common, **more)
    with reading(sqlite_engine) as session:
        assert set(session.scalars(select(Person.role).where(Person.role == role.value))) <= (
            {role.value} if role in (Role.COORDINATOR, Role.MANAGER) else set()
        )
        assert session.scalar(select(Person.id).where(Person.username == "eve2")) is None


@pytest.mark.parametrize("role", [Role.DEALER_MANAGER, Role.DEALER_STAFF, Role.FINANCE, Role.SALES_LEADER])
def test_the_door_itself_asks_for_permission(sqlite_engine: Engine, role: Role):
    house = make_house(sqlite_engine)
    who = house.as_role(role)
    common = {"dealer_id": house.north, "actor": who, "now": NOW}
    new = {"name": "Eve", "email": "e@e.test", "role": "dealer_staff", "zone": "UTC", "username": lambda _t: "eve2"}
    calls: list[tuple[Any, dict[str, Any]]] = [
        (door.open_account, new), (door.change_account_role, {"person_id": house.drew, "role": "dealer_manager"}),
        (door.add_dealer_to_account, {"person_id": house.sid, "role": "dealer_staff"}),
        (door.reopen_account, {"person_id": house.drew, "role": "dealer_staff"}),
    ]  # fmt: skip
    if role is not Role.DEALER_MANAGER:
        calls.append((door.end_access, {"person_id": house.drew}))
    for call, more in calls:
        with pytest.raises(Refused) as refusal, writing(sqlite_engine, keeps_timeline=False) as session:
            call(session, **common, **more)
        assert refusal.value.code == "not_allowed", call


def test_a_region_of_ones_own_is_not_left(sqlite_engine: Engine):
    house = make_house(sqlite_engine)
    for call, more in (
        (door.end_access, {"person_id": house.walt}),
        (door.add_dealer_to_account, {"person_id": house.drew, "role": "dealer_staff"}),
        (door.change_account_role, {"person_id": house.walt, "role": "dealer_manager"}),
    ):
        with pytest.raises(NotFound), writing(sqlite_engine, keeps_timeline=False) as session:
            call(session, dealer_id=house.west, actor=house.eve, now=NOW, **more)


def test_a_staff_member_does_not_make_a_manager_of_themselves(sqlite_engine: Engine):
    """Asking is the managers', deciding the manufacturer's: two people are always between a wish and a role."""
    house = make_house(sqlite_engine)
    drew = actor_named(sqlite_engine, "drew")
    with pytest.raises(Refused):
        ask(sqlite_engine, drew, kind="change", dealer_id=house.north, person_id=house.drew, role="dealer_manager")
    own = ask(
        sqlite_engine, house.dana, kind="change", dealer_id=house.north, person_id=house.dana.user_id,
        role="dealer_staff",
    )  # fmt: skip
    with pytest.raises(Refused):
        grant(sqlite_engine, own, house.dana, account="same")
    assert actor_named(sqlite_engine, "dana").role is Role.DEALER_MANAGER


ROLES = [role.value for role in Role] + ["owner", ""]
NAMES = ["dana", "sam", "drew", "sid", "both", "walt", "cora", "mason", "eve"]
OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["open", "reopen", "add", "change", "end"]), st.sampled_from(NAMES), st.integers(0, 2),
        st.sampled_from(ROLES), st.sampled_from(["cora", "eve", "dana", "sam"]),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


def facts_of(session: Session) -> dict[str, tuple[Any, ...]]:
    """Role, kind of scope, dealers and whether it is active, of every account."""
    rows = session.execute(
        select(Person.username, Person.role, Person.scope_kind, Person.is_active, PersonScope.dealer_id)
        .outerjoin(PersonScope, PersonScope.person_id == Person.id)
        .order_by(Person.username, PersonScope.dealer_id)
    ).all()
    return {
        name: (*next((r.role, r.scope_kind, r.is_active) for r in rows if r.username == name),
               tuple(r.dealer_id for r in rows if r.username == name))
        for name in {row.username for row in rows}
    }  # fmt: skip


def test_whatever_is_tried_at_the_door_nobody_gets_more_than_a_dealers_account(sqlite_engine: Engine):
    """Random wishes of four people, one after the other: what must always hold holds after each of them."""
    house = make_house(sqlite_engine)
    dealers = (house.north, house.south, house.west)
    with reading(sqlite_engine) as session:
        ids = dict(session.execute(select(Person.username, Person.id)).all())
        before = facts_of(session)

    @given(OPERATIONS)
    @settings(max_examples=40)
    def tried(operations: list[tuple[str, str, int, str, str]]) -> None:
        with reading(sqlite_engine) as session:
            for number, (name, whom, where, role, by) in enumerate(operations):
                actor = getattr(house, by)
                was = facts_of(session)
                common = {"dealer_id": dealers[where], "actor": actor, "now": NOW}
                try:
                    with session.begin_nested():
                        _operate(session, name, ids[whom], role, number, common)
                except Refused:
                    assert facts_of(session) == was
                now_is = facts_of(session)
                if not actor.scope.allows(dealer_id=dealers[where], region=("East", "East", "West")[where]):
                    assert now_is == was
            for username, (role, kind, is_active, own) in facts_of(session).items():
                if username in ("cora", "mason", "eve"):
                    assert (role, kind, is_active, own) == before[username]
                else:
                    assert role in door.DEALER_ROLES
                    assert kind == "dealers"
                    assert own
                    assert None not in own

    tried()


def _operate(session: Session, name: str, person_id: int, role: str, number: int, common: dict[str, Any]) -> None:
    if name == "open":
        door.open_account(
            session, name="Eve Lo", email=f"e{number % 3}@x.test", role=role, zone="UTC",
            username=lambda taken: suggested_username("Eve Lo", "", taken=taken), **common,
        )  # fmt: skip
    elif name == "end":
        door.end_access(session, person_id=person_id, **common)
    else:
        call: Any = {
            "reopen": door.reopen_account, "add": door.add_dealer_to_account, "change": door.change_account_role,
        }[name]  # fmt: skip
        call(session, person_id=person_id, role=role, **common)


def test_the_history_of_a_dealer_names_nobody_of_another(sqlite_engine: Engine):
    house, _ = with_canary(sqlite_engine)
    confirm(sqlite_engine, house.cora, screen(sqlite_engine, house.cora), canary="disable", sid="disable")
    with reading(sqlite_engine) as session:
        lines = item_history(session, item_type="dealer", item_id=house.north, limit=50)
    text = " ".join(f"{line.summary} {line.reason}" for line in lines if "ended at North" not in line.summary)
    assert "Access review 2026 Q4 confirmed" in text
    assert CANARY not in text
    assert "South" not in text
    assert "Sid" not in text
