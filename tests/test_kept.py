"""What pages keep: asked once while nothing changes, anew as soon as something does, and never across scopes."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from sqlalchemy import Engine

from components import kept as shelf
from components.areas.places import places
from components.kept import Shelf, derived, kept, shelved
from db.core import changes
from db.core.actor import EVERYTHING, Scope
from db.core.session import reading, writing
from tests.support.users import make_dealer


class Counted:
    """A maker that says how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        return self.times


def look(engine: Engine, make, *key, areas=("leads",)):
    with reading(engine) as session:
        return kept(session, make, *key, areas=areas)


def change(engine: Engine, area: str) -> None:
    with writing(engine, keeps_timeline=False) as session:
        changes.touch(session, area)


@pytest.mark.parametrize(("area", "areas", "anew"), [
    ("leads", ("leads",), True), ("claims", ("leads",), False), ("claims", None, True), ("leads", (), False),
])  # fmt: skip
def test_an_answer_stays_until_its_area_changes(sqlite_engine: Engine, area, areas, anew):
    make = Counted()
    name = f"stays {sqlite_engine.url} {area} {areas}"
    assert look(sqlite_engine, make, name, areas=areas) == look(sqlite_engine, make, name, areas=areas) == 1
    change(sqlite_engine, area)
    assert look(sqlite_engine, make, name, areas=areas) == (2 if anew else 1)


def test_a_change_while_it_is_made_is_seen_by_the_next_look(sqlite_engine: Engine):
    """The counters are read first: an answer made from older rows is kept under the older counters."""
    name = f"meanwhile {sqlite_engine.url}"
    found: list[str] = []

    def make() -> str:
        if not found:
            change(sqlite_engine, "leads")
        found.append("asked")
        return f"answer {len(found)}"

    assert look(sqlite_engine, make, name) == "answer 1"
    assert look(sqlite_engine, make, name) == "answer 2"
    assert look(sqlite_engine, make, name) == "answer 2"


def test_dealers_of_a_scope_are_its_own_and_follow_a_new_one(sqlite_engine: Engine):
    first = make_dealer(sqlite_engine, code="10001", name="First Motors", region="West")
    other = make_dealer(sqlite_engine, code="10002", name="Other Motors", region="East")
    mine = Scope("dealers", dealer_ids=frozenset({first}))
    with reading(sqlite_engine) as session:
        assert set(places(EVERYTHING, session=session).dealers) == {str(first), str(other)}
        assert dict(places(mine, session=session).dealers) == {str(first): "First Motors (10001)"}
        assert places(mine, session=session).regions == ("West",)
    change(sqlite_engine, "dealers")
    third = make_dealer(sqlite_engine, code="10003", name="Third Motors", region="East")
    change(sqlite_engine, "dealers")
    with reading(sqlite_engine) as session:
        assert str(third) in places(EVERYTHING, session=session).dealers
        assert str(third) not in places(mine, session=session).dealers


def test_nobody_can_change_the_dealers_another_page_gets(sqlite_engine: Engine):
    make_dealer(sqlite_engine, code="10001", name="First Motors", region="West")
    with reading(sqlite_engine) as session, pytest.raises(TypeError):
        places(EVERYTHING, session=session).dealers["1"] = "changed"  # type: ignore[index]


def test_arguments_are_the_key_but_for_those_with_an_underscore():
    asked: list[tuple[int, int]] = []

    @shelved(room=10, seconds=60)
    def answer(number: int, _at: int, change: int = 0) -> int:
        asked.append((number, _at))
        return 10 * number + change

    assert [answer(1, 5), answer(1, 6), answer(2, 7), answer(1, 8, change=1)] == [10, 10, 20, 11]
    assert asked == [(1, 5), (2, 7), (1, 8)]


def test_an_answer_grows_too_old(monkeypatch: pytest.MonkeyPatch):
    clock = [100.0]
    monkeypatch.setattr(shelf.time, "monotonic", lambda: clock[0])
    things, make = Shelf(5, seconds=60), Counted()
    assert [things.get("a", make), things.get("a", make)] == [1, 1]
    clock[0] += 61
    assert things.get("a", make) == 2


def test_the_one_nobody_asked_for_goes_first():
    things = Shelf(2)
    for name in ("a", "b", "a", "c"):
        things.get(name, partial(str, name))
    assert [things.look(name)[0] for name in ("a", "b", "c")] == [True, False, True]


def test_what_several_ask_for_at_once_is_made_once():
    things, make = Shelf(5), Counted()
    begin = threading.Barrier(4)
    found: list[int] = []

    def ask() -> None:
        begin.wait()
        found.append(things.get("a", make))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1, 1, 1, 1]


def test_an_answer_that_could_not_be_made_is_asked_for_again():
    things = Shelf(5)
    with pytest.raises(ValueError, match="no"):
        things.get("a", lambda: (_ for _ in ()).throw(ValueError("no")))
    assert things.get("a", lambda: "yes") == "yes"


def test_what_is_derived_belongs_to_one_object():
    make = Counted()
    rows, same = [1, 2], [1, 2]
    assert [derived(rows, make, "t"), derived(rows, make, "t"), derived(same, make, "t"), derived(rows, make, "u")] == [
        1, 1, 2, 3,
    ]  # fmt: skip


def test_an_answer_of_an_older_stand_makes_room_for_the_newer_one():
    things, make = Shelf(5), Counted()
    assert [things.get("a", make, stand=1), things.get("a", make, stand=1), things.get("a", make, stand=2)] == [1, 1, 2]
    assert things.look("a", 1) == (False, None)
    assert len(things._things) == 1


def test_what_grew_too_old_goes_with_the_next_answer(monkeypatch: pytest.MonkeyPatch):
    clock = [100.0]
    monkeypatch.setattr(shelf.time, "monotonic", lambda: clock[0])
    things = Shelf(100, seconds=60)
    for name in "abc":
        things.get(name, str)
    clock[0] += 30
    things.get("d", str)
    clock[0] += 31
    things.get("e", str)
    assert list(things._things) == ["d", "e"]
