"""Groups of rooftops: entered, renamed, filled by moving dealers, and never telling of dealers one does not see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from db.core import search
from db.core.actor import EVERYTHING, Scope
from db.core.permissions import GRANTED, Permission, Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.core.timeline import TimelineEntry, TimelineLink
from db.dealers import queries
from db.dealers.area import check_people
from db.dealers.group_commands import add_group, rename_group
from db.dealers.group_queries import groups_to_choose, list_groups
from db.dealers.tables import DealerGroup
from tests.dealers.examples import ADMIN, NOW, enter, facts_by_code, regional
from tests.dealers.test_commands import change, last_entry
from tests.support.core import actor, at_once


def add(engine, name="Hendrick Group", *, by=ADMIN, **other):
    return run(add_group, bind=engine, name=name, actor=by, now=NOW, **other)


def rename(engine, group_id, name, *, seen=1, by=ADMIN, **other):
    return run(
        rename_group, bind=engine, group_id=group_id, seen_version=seen, name=name, actor=by,
        now=NOW + timedelta(hours=1), **other,
    )  # fmt: skip


def named(engine, scope=EVERYTHING):
    with reading(engine) as session:
        return [(g.name, g.rooftops) for g in list_groups(session, scope=scope)]


def test_dealers_move_into_a_group_and_out_of_it(engine):
    add(engine, code="HG")
    dealer_id = enter(engine, "1")
    assert change(engine, dealer_id, group="hendrick  group, Inc.") == 2
    assert facts_by_code(engine)["1"].group == "Hendrick Group"
    detail = last_entry(engine).detail
    assert (detail["before"], detail["after"]) == ({"group": ""}, {"group": "Hendrick Group"})
    with reading(engine) as session:
        assert search.find(session, "hendrick", kinds=["dealer"], scope=EVERYTHING) == [search.Hit("dealer", dealer_id)]
    assert change(engine, dealer_id, seen=2, group="Hendrick Group") == 2, "nothing differs"
    assert change(engine, dealer_id, seen=2, group="") == 3
    assert facts_by_code(engine)["1"].group == ""


def test_a_group_that_is_not_there_is_refused_at_its_field(sqlite_engine):
    dealer_id = enter(sqlite_engine, "1")
    for attempt in (
        lambda: change(sqlite_engine, dealer_id, group="Nobody"),
        lambda: enter(sqlite_engine, "2", group="X"),
    ):
        with pytest.raises(Refused) as refusal:
            attempt()
        assert [(p.field, p.code) for p in refusal.value.problems] == [("group", "unknown_group")]
    assert facts_by_code(sqlite_engine).keys() == {"1"}


def test_a_renamed_group_renames_nobody_but_its_dealers_are_found_by_it(engine):
    group_id = add(engine)
    ids = [enter(engine, code, group="Hendrick Group") for code in ("1", "2")]
    assert rename(engine, group_id, "Rick Group", code="RG") == 2
    assert {facts.group for facts in facts_by_code(engine).values()} == {"Rick Group"}
    entry = last_entry(engine)
    assert entry.detail["before"] == {"name": "Hendrick Group", "code": ""}
    assert entry.detail["after"] == {"name": "Rick Group", "code": "RG"}
    with reading(engine) as session:
        assert search.find(session, "hendrick", kinds=["dealer"], scope=EVERYTHING) == []
        assert len(search.find(session, "rick", kinds=["dealer"], scope=EVERYTHING)) == 2
        links = session.execute(
            select(TimelineLink.item_type, TimelineLink.item_id).where(TimelineLink.seq == entry.seq)
        ).all()
        assert sorted(map(tuple, links)) == sorted([("dealer_group", group_id), *(("dealer", i) for i in ids)])
        assert check_people(session) == []


REFUSED = [
    ("", "", [("name", "required")]), ("- -", "", [("name", "bad_name")]), ("Penske", "", [("name", "name_taken")]),
    ("New", "PAG", [("code", "code_taken")]), ("New", "a;b", [("code", "bad_code")]),
    ("N" * 121, "", [("name", "too_long")]), ("PENSKE, LLC", "", [("name", "name_taken")]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "code", "problems"), REFUSED)
def test_what_a_group_cannot_be_called(sqlite_engine, name, code, problems):
    add(sqlite_engine, "Penske", code="PAG")
    other = add(sqlite_engine, "Other")
    for attempt in (
        lambda: add(sqlite_engine, name, code=code),
        lambda: rename(sqlite_engine, other, name, code=code),
    ):
        with pytest.raises(Refused) as refusal:
            attempt()
        assert [(p.field, p.code) for p in refusal.value.problems] == problems
    assert named(sqlite_engine) == []
    with reading(sqlite_engine) as session:
        assert set(session.scalars(select(DealerGroup.name))) == {"Penske", "Other"}


def test_two_people_cannot_make_the_same_group(engine):
    def attempt(number):
        try:
            return add(engine, "Penske" if number else "penske inc")
        except Refused as refusal:
            return refusal.code

    results = at_once(attempt, threads=2)
    assert sorted(str(r) for r in results if r == "name_taken") == ["name_taken"]


def test_a_stale_screen_does_not_rename(sqlite_engine):
    group_id = add(sqlite_engine)
    rename(sqlite_engine, group_id, "Second")
    with pytest.raises(Stale, match="Ada"):
        rename(sqlite_engine, group_id, "Third")


@pytest.mark.parametrize("role", list(Role))
def test_who_may_make_a_group(sqlite_engine, role):
    by = actor(role)
    if Permission.DEALERS_MANAGE in GRANTED[role]:
        assert add(sqlite_engine, by=by)
    else:
        with pytest.raises(Refused) as refusal:
            add(sqlite_engine, by=by)
        assert refusal.value.code == "not_allowed"


def test_a_group_is_counted_and_changed_within_what_one_sees(engine):
    group_id = add(engine)
    add(engine, "Far Group")
    mine = enter(engine, "1", region="South", group="Hendrick Group", city="Waco")
    enter(engine, "2", region="West", group="Hendrick Group")
    enter(engine, "3", region="West", group="Far Group")
    own = Scope("dealers", dealer_ids=frozenset({mine}))
    assert named(engine) == [("Far Group", 1), ("Hendrick Group", 2)]
    assert named(engine, own) == [("Hendrick Group", 1)]
    assert named(engine, regional("South").scope) == [("Hendrick Group", 1)]
    add(engine, "Empty Group")
    with reading(engine) as session:
        offered = groups_to_choose(session, actor=regional("South"))
        assert [g.name for g in offered] == ["Empty Group", "Hendrick Group"]
        dealer_manager = actor(Role.DEALER_MANAGER, scope=own)
        assert [g.name for g in groups_to_choose(session, actor=dealer_manager)] == ["Hendrick Group"]
        filters = queries.DealerFilters(group=str(group_id))
        assert queries.count_dealers(session, scope=own, filters=filters) == 1
        assert queries.count_by_state(session, scope=own, filters=filters) == {"TX": 1}
        far = next(g.group_id for g in list_groups(session, scope=EVERYTHING) if g.name == "Far Group")
        assert queries.count_dealers(session, scope=own, filters=queries.DealerFilters(group=str(far))) == 0
    with pytest.raises(Refused) as refusal:
        rename(engine, group_id, "Mine now", by=regional("South"))
    assert refusal.value.code == "not_allowed"
    assert "2" not in str(refusal.value)
    with pytest.raises(NotFound):
        rename(engine, far, "Mine now", by=regional("South"))
    assert "Mine now" not in {name for name, _ in named(engine)}


def test_the_timeline_of_a_dealer_names_who_changed_it_not_its_people(engine):
    """A stale refusal speaks of the last change of the dealer itself."""
    from db.dealers.people_commands import add_contact

    dealer_id = enter(engine, "1")
    change(engine, dealer_id, city="Waco", by=actor(Role.MANAGER, username="max"))
    run(
        add_contact, bind=engine, dealer_id=dealer_id, name="Pat", role="other", now=NOW + timedelta(days=1),
        actor=actor(username="cora"),
    )  # fmt: skip
    with pytest.raises(Stale, match="Max"):
        change(engine, dealer_id, city="Austin")
    with reading(engine) as session:
        assert session.scalar(select(TimelineEntry.command).order_by(TimelineEntry.seq.desc())) == "add_contact"
