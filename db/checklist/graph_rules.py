"""What waits on what: circles, an order to work in, blocked items with the whole chain in words (domain-rules 2.7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from db.checklist.model import Item


class Node(Protocol):
    """Anything with a code and what it waits on."""

    @property
    def code(self) -> str: ...

    @property
    def depends_on(self) -> tuple[str, ...]: ...


def find_cycle(nodes: Sequence[Node]) -> tuple[str, ...]:
    """The codes of one circle of dependencies, each once in the order they wait; empty when there is none."""
    waits = {n.code: list(n.depends_on) for n in nodes}
    state: dict[str, int] = {}
    for start, first in waits.items():
        if state.get(start):
            continue
        path: list[str] = [start]
        rest = [iter(first)]
        state[start] = 1
        while path:
            following = next(rest[-1], None)
            if following is None:
                state[path.pop()] = 2
                rest.pop()
            elif following not in waits:
                continue
            elif state.get(following) == 1:
                return tuple(path[path.index(following) :])
            elif not state.get(following):
                state[following] = 1
                path.append(following)
                rest.append(iter(waits[following]))
    return ()


def in_order(items: Sequence[Item]) -> list[Item]:
    """The items so that each comes after everything it waits on, otherwise as given; ValueError for a circle."""
    known = {i.code for i in items}
    placed: set[str] = set()
    left, ordered = list(items), []
    while left:
        ready = [i for i in left if all(d in placed or d not in known for d in i.depends_on)]
        if not ready:
            raise ValueError(f"the items wait for each other in a circle: {', '.join(i.code for i in left)}")
        ordered += ready
        placed |= {i.code for i in ready}
        left = [i for i in left if i.code not in placed]
    return ordered


def blockers(item: Item, by_code: Mapping[str, Item]) -> tuple[Item, ...]:
    """The items it directly waits on that are neither done nor waived, in the order it names them."""
    found = (by_code[code] for code in item.depends_on if code in by_code)
    return tuple(other for other in found if not other.is_satisfied)


def is_blocked(item: Item, by_code: Mapping[str, Item]) -> bool:
    """Whether something it waits on is still open or failed. A waived item holds nothing up, whatever it waited on."""
    return not item.is_satisfied and bool(blockers(item, by_code))


def chain(item: Item, by_code: Mapping[str, Item]) -> tuple[Item, ...]:
    """From what the item waits on down to the item that can be worked on now: the first blocker of each, in turn."""
    found: list[Item] = []
    here = item
    while True:
        some = blockers(here, by_code)
        if not some or some[0] in found:
            return tuple(found)
        here = some[0]
        found.append(here)


def waits_on(item: Item, by_code: Mapping[str, Item]) -> str:
    """The chain in words: "Portal access waits on Dealer code, which waits on Signed agreement (failed)"; or empty."""
    if item.is_satisfied:
        return ""
    found = chain(item, by_code)
    if not found:
        return ""
    others = len(blockers(item, by_code)) - 1
    more = f", and on {others} more" if others else ""
    links = ", which waits on ".join(o.title + (" (failed)" if o.status == "failed" else "") for o in found)
    return f"{item.title} waits on {links}{more}"


def downstream(code: str, items: Iterable[Item]) -> tuple[Item, ...]:
    """Everything that waits on an item, directly or through others, in the order of the items."""
    rows = list(items)
    reached, grew = {code}, True
    while grew:
        new = {i.code for i in rows if i.code not in reached and reached & set(i.depends_on)}
        grew = bool(new)
        reached |= new
    return tuple(i for i in rows if i.code in reached and i.code != code)


def holding_up(items: Sequence[Item]) -> tuple[Item, int] | None:
    """The workable item most others wait on, with how many; the earliest due of several, None when nothing is open.

    This is what the board names: what a case waits on first.
    """
    by_code = {i.code: i for i in items}
    workable = [i for i in items if not i.is_satisfied and not is_blocked(i, by_code)]
    if not workable:
        return None
    ranked = sorted(
        ((sum(not o.is_satisfied for o in downstream(i.code, items)), i) for i in workable),
        key=lambda pair: (pair[1].status != "failed", -pair[0], pair[1].due_on is None, pair[1].due_on or 0),
    )
    count, item = ranked[0]
    return item, count
