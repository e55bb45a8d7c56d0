"""docs/reliability.md, made from docs/reliability.json: what was last seen of each row, and whether it is enough."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.mutants import MUTANTS
from tests.reliability_rows import GROUPS, MINUTES, ROWS, RULES, Goal, Row
from tests.support.paths import ROOT

PAGE: Final = ROOT / "docs" / "reliability.md"
STORE: Final = ROOT / "docs" / "reliability.json"
PLAN: Final = 12
"""Faults the plan asks for; one more of its list is held by a test of the configuration."""
HEAD: Final = f"""# Reliability

Made by `python -m tests.reliability` from `docs/reliability.json`; never edited by hand (decision
[0078](decisions/0078-figures-come-from-the-tests.md)). `make acceptance` runs everything in its long size, within
{MINUTES} minutes on two cores, then puts the known faults in; `ARGS="--only R08,R14"` some of it, `ARGS="--fast"` the
sizes of `make test`. A row keeps the figures of its last run, with that run's day.

**Met**: every test of the row passed and each figure keeps its target. **Small size**: the same, but fewer were tried
than the target asks for. **Not run**: nothing was ever reported.
"""
SIGNS: Final = {"=": "", "<=": "at most ", ">=": "at least "}

Seen = dict[str, Any]
"""What one run of a row left in the store."""


def fold(values: Iterable[float | str]) -> Seen:
    """Several reports of one figure as what can be judged later: how many, least, most, sum; words as they are."""
    found = list(values)
    numbers = [value for value in found if isinstance(value, int | float)]
    if len(numbers) != len(found):
        return {"words": sorted({str(value) for value in found})}
    return {"n": len(numbers), "least": min(numbers), "most": max(numbers), "sum": round(sum(numbers), 6)}


def judged(goal: Goal, seen: Seen | None) -> bool:
    """Whether a folded figure keeps the bound; one that was never reported does not."""
    if seen is None or "n" not in seen:
        return False
    if goal.is_sum:
        low = high = seen["sum"]
    else:
        low, high = seen["least"], seen["most"]
    return {"=": low == high == goal.bound, "<=": high <= goal.bound, ">=": low >= goal.bound}[goal.way]


@dataclass(frozen=True)
class Verdict:
    """What a row is called, and why where it is not met."""

    word: str
    why: tuple[str, ...] = ()


def verdict(row: Row, seen: Seen | None) -> Verdict:
    """Judge the last run of a row by its goals as they stand now."""
    if seen is None:
        return Verdict("not run")
    why: list[str] = []
    if seen.get("cut"):
        why.append(f"cut after {seen['cut']} minutes")
    if seen["failed"]:
        why.append(f"{seen['failed']} of {seen['failed'] + seen['passed']} tests failed")
    if seen["skipped"]:
        why.append(f"{seen['skipped']} tests skipped")
    if not seen["passed"]:
        why.append("no test passed")
    short: list[str] = []
    for goal in row.goals:
        if judged(goal, seen["figures"].get(goal.what)):
            continue
        told = f"{goal.what}: {SIGNS[goal.way]}{number(goal.bound)} wanted"
        (short if goal.is_size and goal.what in seen["figures"] else why).append(told)
    if why:
        return Verdict("not met", tuple(why + short))
    if short:
        return Verdict("not met", tuple(short)) if seen["tier"] == "long" else Verdict("small size", ())
    return Verdict("met")


def number(value: float) -> str:
    """10,000 or 0.43; six digits are enough for people."""
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"


def told(row: Row, seen: Seen) -> Iterator[str]:
    """The figures of a run in the order of the goals, then what else was reported, then the tests."""
    by_name = {goal.what: goal for goal in row.goals}
    names = [name for name in by_name if name in seen["figures"]]
    for what in [*names, *(name for name in sorted(seen["figures"]) if name not in by_name)]:
        found = seen["figures"][what]
        goal = by_name.get(what)
        if "words" in found:
            value = ", ".join(found["words"])
        elif goal and goal.is_sum:
            value = number(found["sum"])
        elif goal and goal.way == ">=":
            value = number(found["least"])
        elif goal or found["least"] == found["most"]:
            value = number(found["most"])
        else:
            value = f"{number(found['least'])} to {number(found['most'])}"
        yield f"{what} {value}"
    yield f"{seen['passed']} tests passed"


def cell(words: str) -> str:
    """Text for a cell of a table."""
    return words.replace("|", "\\|").replace("\n", " ")


def row_line(row: Row, seen: Seen | None) -> str:
    """The row of the page."""
    found = verdict(row, seen)
    figures = "; ".join(told(row, seen)) if seen else "not run"
    word = f"**{found.word}**" if found.word != "met" else "met"
    if found.why:
        word += f": {'; '.join(found.why)}"
    tests = "<br>".join(f"`{name}`" for name in row.tests)
    ran = f"{seen['at'][:10]}, {seen['seconds']} s, {seen['machine']}, `{seen['commit']}`" if seen else "-"
    tier = seen["tier"] if seen else "-"
    cells = (row.number, row.measure, row.target, figures, word, tier, row.database, tests, ran)
    return "| " + " | ".join(map(cell, cells)) + " |"


def mutant_lines(store: Seen) -> Iterator[str]:
    """The table of known faults, in the order of tests/mutants.py."""
    seen = store.get("mutants", {})
    killed = sum(seen.get(mutant.name, {}).get("answer") == "killed" for mutant in MUTANTS)
    yield "## Known faults"
    yield ""
    yield (
        f"Each is put into a copy of the tree by `python -m tests.mutants`; the test beside it passes without the fault"
        f" and fails with it. **{killed} of {len(MUTANTS)}** found: the {PLAN} of the plan, and synchronous=OFF, which"
        f" no kill -9 shows and a test of the configuration holds."
    )
    yield ""
    yield "| Fault | Answer | Test | Seconds | When, machine, commit |"
    yield "|---|---|---|---|---|"
    for mutant in MUTANTS:
        one = seen.get(mutant.name)
        test = f"`{' '.join(mutant.test)}`"
        ran = f"{one['at'][:10]}, {one['machine']}, `{one['commit']}`" if one else "-"
        cells = (mutant.name, one["answer"] if one else "not run", test, str(one["seconds"]) if one else "-", ran)
        yield "| " + " | ".join(map(cell, cells)) + " |"


def page(store: Seen) -> str:
    """The whole page."""
    words = [verdict(row, store.get("rows", {}).get(row.number)).word for row in ROWS]
    counted = ", ".join(
        f"{words.count(word)} {word}" for word in ("met", "small size", "not met", "not run") if word in words
    )
    lines = [HEAD, f"Of {len(ROWS)} rows: {counted}.", ""]
    for title, rows in GROUPS.items():
        lines += [f"## {title}", "", "| | Measured | Target | Seen | Met | Tier | Database | Tests | Last run |"]
        lines.append("|---|---|---|---|---|---|---|---|---|")
        lines += [row_line(row, store.get("rows", {}).get(row.number)) for row in rows]
        lines.append("")
    seen = store.get("rows", {}).get(RULES.number)
    said = f"{verdict(RULES, seen).word}; {'; '.join(told(RULES, seen))}, {seen['at'][:10]}" if seen else "not run"
    lines += ["## Beside the plan", "", f"{RULES.measure}: {said}.", ""]
    lines += mutant_lines(store)
    return "\n".join(lines) + "\n"


def load(path: Path = STORE) -> Seen:
    """What was seen so far; empty before the first run."""
    found: Seen = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"rows": {}, "mutants": {}}
    return found


def save(store: Seen, *, path: Path = STORE, page_path: Path = PAGE) -> None:
    """Write both files, each whole or not at all."""
    written = {path: json.dumps(store, indent=1, sort_keys=True, ensure_ascii=False) + "\n", page_path: page(store)}
    for target, text in written.items():
        draft = target.with_suffix(".new")
        draft.write_text(text, encoding="utf-8")
        draft.replace(target)
