"""How a checklist stands: readiness, due states, gates, what a template must be, and what changed between versions.

Source: domain-rules 2.7 (readiness % is weighted done, blocked if a dependency is open) and 2.8 (frozen versions).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Literal

from db.checklist import graph_rules
from db.checklist.model import EVIDENCE, OWNERS, Item, ItemSpec
from db.core.labels import plural
from db.core.problems import Problem

DueState = Literal["done", "late", "waived", "failed", "blocked", "overdue", "soon", "open"]
DUE_LABELS: dict[str, str] = {
    "done": "Done", "late": "Done late", "waived": "Waived", "failed": "Failed", "blocked": "Blocked",
    "overdue": "Overdue", "soon": "Due soon", "open": "Open",
}  # fmt: skip
DUE_TONES: dict[str, str] = {
    "done": "green", "late": "green", "waived": "gray", "failed": "red", "blocked": "gray", "overdue": "red",
    "soon": "orange", "open": "blue",
}  # fmt: skip
SOON_DAYS = 3
MOST_ITEMS = 200
_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")


def readiness(items: Sequence[Item]) -> int:
    """Weight of what is done or waived, in percent of all weight, rounded down so that 100 means everything.

    A waived item counts as done: it no longer stands between the dealer and going live (decision 0025). A failed gate
    and an open item count nothing. Without any weight, items count alike; without items there is nothing to wait for.
    """
    if not items:
        return 100
    weights = [i.weight for i in items] if any(i.weight for i in items) else [1] * len(items)
    done = sum(w for w, i in zip(weights, items, strict=True) if i.is_satisfied)
    percent = 100 * done // sum(weights)
    # An item of weight 0 that is open must not hide behind the number 100.
    return min(percent, 99) if any(not i.is_satisfied for i in items) else percent


def due_state(item: Item, *, today: date, is_blocked: bool) -> DueState:
    """Where an item stands on a day of the dealer's zone; one that is blocked and late is overdue all the same."""
    if item.status == "done":
        return "late" if item.due_on and item.done_on and item.done_on > item.due_on else "done"
    if item.status in ("waived", "failed"):
        return "waived" if item.status == "waived" else "failed"
    if item.due_on is not None and item.due_on < today:
        return "overdue"
    if is_blocked:
        return "blocked"
    return "soon" if item.due_on is not None and item.due_on <= today + timedelta(days=SOON_DAYS) else "open"


def days_late(item: Item, *, today: date) -> int:
    """Days an item is past its due day and still not done; 0 when it is not."""
    if item.is_satisfied or item.due_on is None:
        return 0
    return max(0, (today - item.due_on).days)


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One gate as it stands: passed (or waived), open, or failed; `why` says why it is not passed."""

    code: str
    title: str
    state: Literal["passed", "open", "failed"]
    why: str = ""


def gates(items: Sequence[Item]) -> tuple[Gate, ...]:
    """The gates in the order of the checklist."""
    by_code = {i.code: i for i in items}
    found = []
    for item in items:
        if not item.is_gate:
            continue
        if item.is_satisfied:
            found.append(Gate(code=item.code, title=item.title, state="passed", why=item.reason))
        elif item.status == "failed":
            found.append(Gate(code=item.code, title=item.title, state="failed", why=item.reason or "It did not pass"))
        else:
            why = graph_rules.waits_on(item, by_code).removeprefix(f"{item.title} ")
            found.append(
                Gate(
                    code=item.code, title=item.title, state="open", why=why[:1].upper() + why[1:] or "Not reviewed yet"
                )
            )
    return tuple(found)


def in_the_way(items: Sequence[Item], *, stages: Sequence[str] | None = None) -> list[str]:
    """A sentence for each item (of some stages) that is not done or waived: failed gates first, then open ones."""
    by_code = {i.code: i for i in items}
    found: list[tuple[int, str]] = []
    for item in items:
        if item.is_satisfied or (stages is not None and item.stage not in stages):
            continue
        word = "Gate " if item.is_gate else ""
        if item.status == "failed":
            found.append((0, f"{word}“{item.title}” failed: {item.reason or 'no reason was given'}"))
        elif waits := graph_rules.waits_on(item, by_code):
            found.append((2 - item.is_gate, f"{word}“{item.title}” is open: {waits.removeprefix(item.title).strip()}"))
        else:
            found.append((2 - item.is_gate, f"{word}“{item.title}” is open"))
    return [f"{text}." for _, text in sorted(found, key=lambda pair: pair[0])]


# ---- templates -----------------------------------------------------------------------------------------------------
def template_problems(items: Sequence[ItemSpec], *, stages: Sequence[str] = ()) -> list[Problem]:
    """Everything wrong with a template, each problem at `items` with the row it belongs to named in its sentence."""
    if not items:
        return [_problem("required", "A checklist needs at least one item.")]
    found: list[Problem] = []
    if len(items) > MOST_ITEMS:
        found.append(_problem("too_many", f"A checklist has at most {MOST_ITEMS} items."))
    counts = Counter(i.code for i in items)
    for item in items:
        name = item.title.strip() or item.code or "An item without a title"
        found += [
            _problem(code, f"{name}: {sentence}")
            for code, sentence, is_wrong in (*_item_cases(item, counts), *_choice_cases(item, stages))
            if is_wrong
        ]
        found += [
            _problem("unknown_item", f"{name}: it waits on “{d}”, which is no item.")
            for d in item.depends_on
            if d not in counts
        ]
    circle = graph_rules.find_cycle(items)
    if circle:
        titles = {i.code: i.title or i.code for i in items}
        names = " waits on ".join(titles[code] for code in (*circle, circle[0]))
        sentence = f"These items wait for each other in a circle: {names}."
        found.append(_problem("circle", f"{titles[circle[0]]} waits on itself." if len(circle) == 1 else sentence))
    elif stages and not found:
        found += _stage_problems(items, stages)
    return found


def _problem(code: str, message: str) -> Problem:
    return Problem(field="items", code=code, message=message, rule="domain-rules 2.7")


def _item_cases(item: ItemSpec, counts: Counter[str]) -> tuple[tuple[str, str, bool], ...]:
    """(code, sentence, whether it is wrong) of the texts and numbers of an item."""
    return (
        ("bad_code", "the code has small letters, digits and _ only, 2 to 40 of them, a letter first.",
         not _CODE.fullmatch(item.code)),
        ("code_twice", f"the code {item.code} is used {counts[item.code]} times.", counts[item.code] > 1),
        ("required", "the title is needed.", not item.title.strip()),
        ("required", "the section is needed.", not item.section.strip()),
        ("too_long", "the title has at most 120 characters, the section 60, the help 1,000.",
         len(item.title) > 120 or len(item.section) > 60 or len(item.help) > 1000),
        ("out_of_range", "due days and planned days are whole numbers from 0 to 999.",
         not (0 <= item.due_days <= 999 and 0 <= item.duration_days <= 999)),
        ("out_of_range", "the weight is a whole number from 0 to 100.", not 0 <= item.weight <= 100),
    )  # fmt: skip


def _choice_cases(item: ItemSpec, stages: Sequence[str]) -> tuple[tuple[str, str, bool], ...]:
    """(code, sentence, whether it is wrong) of what is chosen from a list, and of gates."""
    return (
        ("unknown_stage", f"the stage is one of {', '.join(stages)}.", bool(stages) and item.stage not in stages),
        ("unknown_owner", f"the owner is one of {', '.join(OWNERS)}.", item.owner not in OWNERS),
        ("unknown_evidence", f"the evidence is one of {', '.join(EVIDENCE)}.", item.evidence not in EVIDENCE),
        ("not_a_gate", "only a gate can ask for a second person.", item.second_person and not item.is_gate),
        ("gate_of_dealer", "a gate is passed by us, never by the dealer.", item.is_gate and item.owner == "dealer"),
    )


def _stage_problems(items: Sequence[ItemSpec], stages: Sequence[str]) -> list[Problem]:
    """An item that waits on one of a later stage could never be done in its own."""
    place = {name: position for position, name in enumerate(stages)}
    by_code = {i.code: i for i in items}
    return [
        Problem(
            field="items", code="later_stage",
            message=f"{item.title}: it waits on {by_code[d].title}, which belongs to a later stage.",
        )
        for item in items
        for d in item.depends_on
        if place[by_code[d].stage] > place[item.stage]
    ]  # fmt: skip


_WORDS = {
    "title": "title", "section": "section", "stage": "stage", "owner": "owner", "due_days": "due days",
    "duration_days": "planned days", "weight": "weight", "depends_on": "waits on", "evidence": "evidence",
    "is_gate": "gate", "second_person": "second person", "help": "help",
}  # fmt: skip


def differences(before: Sequence[ItemSpec], after: Sequence[ItemSpec]) -> list[str]:
    """What a version changes, in sentences: items that come, that go, and each field of the others."""
    old, new = {i.code: i for i in before}, {i.code: i for i in after}
    found = [f"New: {i.title} ({_place(i)})" for i in after if i.code not in old]
    found += [f"Gone: {i.title}" for i in before if i.code not in new]
    for item in after:
        was = old.get(item.code)
        if was is None or was == item:
            continue
        parts = []
        for name in (f.name for f in fields(ItemSpec) if f.name in _WORDS):
            one, other = getattr(was, name), getattr(item, name)
            if one != other:
                parts.append(f"{_WORDS[name]} {_said(one)} → {_said(other)}" if name != "help" else "another help text")
        found.append(f"{was.title}: {', '.join(parts)}")
    kept = [c for c in old if c in new]
    if kept != [c for c in new if c in old]:
        found.append("The order of the items is another one")
    return found


def _place(item: ItemSpec) -> str:
    return f"{item.section}, due after {plural(item.due_days, 'day')}" + (", a gate" if item.is_gate else "")


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " + ".join(value) or "nothing"
    return str(value) or "nothing"
