"""Slow and obvious answers to what the checklist's rules compute, and random checklists to ask both about."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

from hypothesis import strategies as st

from db.checklist.model import Item

TODAY = date(2026, 11, 22)


@st.composite
def checklists(draw, most: int = 9):
    """Items that wait on earlier ones only; done items wait on satisfied ones, as the commands keep it."""
    count = draw(st.integers(0, most))
    items: list[Item] = []
    for number in range(count):
        waits = (
            tuple(f"i{n}" for n in draw(st.lists(st.integers(0, number - 1), unique=True, max_size=3)))
            if number
            else ()
        )
        satisfied = all(i.is_satisfied for i in items if i.code in waits)
        is_gate = draw(st.booleans())
        choices = ["open", "waived", *(["done"] if satisfied else []), *(["failed"] if is_gate else [])]
        status = draw(st.sampled_from(choices))
        items.append(
            Item(
                code=f"i{number}", title=f"Item {number}", status=status, weight=draw(st.integers(0, 5)),
                duration_days=draw(st.integers(0, 20)), depends_on=waits, is_gate=is_gate,
                due_on=TODAY + timedelta(days=draw(st.integers(-30, 30))),
                ready_on=TODAY - timedelta(days=draw(st.integers(0, 25))) if satisfied else None,
                done_on=TODAY if status == "done" else None, reason="why" if status in ("waived", "failed") else "",
            )
        )  # fmt: skip
    order = draw(st.permutations(range(count)))
    return [items[position] for position in order]


def is_held_up(item: Item, by_code: dict[str, Item]) -> bool:
    """Whether any way from the item through unsatisfied items begins with an unsatisfied one."""
    return not item.is_satisfied and any(not by_code[c].is_satisfied for c in item.depends_on if c in by_code)


def every_path(items: list[Item]) -> list[list[Item]]:
    """Every chain of unsatisfied items in which each waits on the one before it."""
    left = [i for i in items if not i.is_satisfied]
    paths = [[i] for i in left]
    found = list(paths)
    while paths:
        paths = [[*path, nxt] for path, nxt in product(paths, left) if path[-1].code in nxt.depends_on]
        found += paths
    return found
