"""Nobody is shown anything of another territory, on any surface; a foreign id answers like one that is not there (R26).

tests/test_own_dealers.py does the same with the demo for one person; here every table of three dealers carries words
of its own, every person of a limited scope looks at everything, and each pair of person and screen is counted.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest

from db.claims.commands import COMMANDS as CLAIM_STEPS
from db.core.actor import Actor
from db.core.problems import Refused
from db.core.session import engine, run
from db.leads.commands import COMMANDS as LEAD_STEPS
from db.pricing.commands import COMMANDS as PRICE_STEPS
from tests.support.tier import figure, is_long, sized
from tests.support.users import actor_named
from tests.trust import canaries, screens
from tests.trust.canaries import Canaries
from tests.trust.territories import Land, Territory

FEW = ("board", "claims", "customers", "dealers", "price_requests")
WALKERS = sized(
    fast=("own_boss",), long=("own_boss", "own_staff", "near_boss", "near_staff", "far_boss", "far_staff", "wes")
)
STEPS = {"claim": CLAIM_STEPS, "lead": LEAD_STEPS, "price_request": PRICE_STEPS}
seen: set[tuple[str, str]] = set()


def _others(land: Land, actor: Actor) -> tuple[Territory, ...]:
    regions = {"own": "East", "near": "East", "far": "West"}
    return tuple(
        place for place in land.all if not actor.scope.allows(dealer_id=place.dealer_id, region=regions[place.name])
    )


def _marks(land: Land, actor: Actor) -> Canaries:
    return canaries.foreign(engine(), actor.scope, words=[place.word for place in _others(land, actor)])


def _clean(marks: Canaries, actor: Actor, looks: Iterator[screens.Look], *, typed: str = "") -> int:
    """Counts the looks, none of which may hold a foreign text; `typed` is what the person typed and may be echoed."""
    number = 0
    for name, content in looks:
        seen.add((actor.username, name))
        number += 1
        assert marks.found_in(content) == [], (actor.username, name)
    return number


def test_the_walk_would_notice(land: Land):
    """What somebody of the desk is shown holds the words of all three."""
    marks = _marks(land, land.own.manager)
    looks = screens.page_looks(land.desk["cora"], views=False, only=("claims",))
    assert any(marks.found_in(content) for _, content in looks)


@pytest.mark.parametrize("username", WALKERS)
def test_no_screen_shows_another_territory(land: Land, username: str):
    actor, now = actor_named(engine(), username), screens.moment()
    marks = _marks(land, actor)
    assert len(marks) > 80
    assert _clean(marks, actor, screens.page_looks(actor, views=is_long(), only=() if is_long() else FEW)) >= 5
    texts = ["Lena", "Jane", "04013", "04021", "WC-0000", *(text for text in marks.texts)][: None if is_long() else 40]
    assert _clean(marks, actor, screens.search_looks(actor, texts)) >= 40
    assert _clean(marks, actor, screens.export_looks(actor, now)) > 20
    assert _clean(marks, actor, screens.figure_looks(actor, now)) > 20


@pytest.mark.parametrize("username", WALKERS)
def test_a_foreign_id_answers_like_one_that_is_not_there(land: Land, username: str):
    """Pages by address, every query that takes an id, every step of three queues: the same words for both."""
    actor, now = actor_named(engine(), username), screens.moment()
    marks = _marks(land, actor)
    pages = asked = steps = 0
    wrong: list[str] = []
    for place in _others(land, actor):
        for function_name, function in screens.queries():
            for argument in inspect.signature(function).parameters:
                table = screens.table_for(function_name, argument)
                number = screens.foreign_id(engine(), table, place) if table else None
                if number is None:
                    continue
                given = [
                    screens.answer(
                        function, **screens.arguments_for(function, actor, now, id_name=argument, number=n)
                    )
                    for n in (number, screens.ABSENT)
                ]  # fmt: skip
                seen.add((username, f"{function_name} {argument} {place.name}"))
                asked += 1
                foreign, absent = (screens.same_words(g, number, screens.ABSENT) for g in given)
                if foreign != absent or marks.found_in(given[0].encode()):
                    wrong.append(f"{function_name}({argument}) of {place.name}: {foreign[:300]} / {absent[:100]}")
        for table, commands in STEPS.items():
            number = screens.foreign_id(engine(), table, place)
            assert number is not None
            for name, command in commands.items():
                said = []
                for n in (number, screens.ABSENT):
                    given_to = screens.arguments_for(command, actor, now, id_name="item_id", number=n)
                    try:
                        run(command, **given_to)
                    except Refused as refusal:
                        said.append(f"{refusal.code}: {refusal}")
                assert len(said) == 2, f"{name} was carried out on a record of another dealer"
                seen.add((username, f"{table} {name} {place.name}"))
                steps += 1
                if said[0] != said[1] or marks.found_in(said[0].encode()):
                    wrong.append(f"{table} {name} of {place.name}: {said}")
        for at, (page, name, number) in enumerate(screens.addresses(engine(), place)):
            if not is_long() and at % 12:
                continue
            shown = [screens.opened(username, page, name, n) for n in (number, screens.ABSENT)]
            assert not any(app.exception for app in shown)
            seen.add((username, f"{page}?{name}= {place.name}"))
            pages += 1
            foreign, absent = (
                screens.same_words("\n".join(screens.words(app)), number, screens.ABSENT) for app in shown
            )
            if foreign != absent or marks.found_in(screens.drawn(shown[0])):
                wrong.append(f"{page}?{name} of {place.name}: {foreign[:600]} / {absent[:600]}")
    assert not wrong, "\n".join(wrong)
    assert asked > 30
    assert steps > 20
    assert pages >= 4


def test_the_dealers_of_everybody_are_told_apart(land: Land):
    """The land itself: each table of the walk has rows of all three dealers, so that a leak would have a text."""
    for place in land.all:
        assert sum(screens.foreign_id(engine(), table, place) is not None for table in set(screens.IDS.values())) >= 12


def test_how_many_pairs_of_person_and_screen_were_looked_at(land: Land):
    """The last of this file: counts what the walks above saw."""
    figure("R26", "pairs of person and screen", len(seen))
    figure("R26", "canaries of other territories shown", 0)
    assert len(seen) >= sized(fast=150, long=2_000)
