"""What was found, as rows beside the goals: on the screen and as a page of the repository."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench.goals import BY_KEY, Goal

MET, MISSED, OPEN = "met", "**missed**", "–"


@dataclass(frozen=True, kw_only=True)
class Found:
    """One figure: of which page or query, how large, and what stood beside it. Without a value it failed."""

    key: str
    of: str = ""
    value: float | None = None
    note: str = ""

    @property
    def goal(self) -> Goal:
        """The goal it is held against."""
        return BY_KEY[self.key]

    @property
    def verdict(self) -> str:
        """met, missed, or a dash where there is no figure."""
        met = None if self.value is None else self.goal.is_met(self.value)
        return OPEN if met is None else MET if met else MISSED


def written(value: float | None, unit: str) -> str:
    """A figure with its unit, in as many digits as say something."""
    if value is None:
        return "not measured"
    digits = 0 if value >= 100 or value == 0 else 1 if value >= 10 else 2 if value >= 0.1 or unit != "x" else 4
    number = f"{value:,.{digits}f}"
    if unit in ("x", "/s"):
        return f"{number}{unit}"
    return f"{number} {unit}".strip()


def table(found: Sequence[Found]) -> str:
    """The rows as a table of Markdown: goal, figure, met or not."""
    lines = ["| what | goal | of | figure | met | beside it |", "|---|---|---|---|---|---|"]
    before = ""
    for row in found:
        goal = row.goal
        what = goal.what if goal.what != before else ""
        before = goal.what
        cells = (what, goal.words, row.of, written(row.value, goal.unit), row.verdict, row.note)
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines)


def summary(found: Iterable[Found]) -> str:
    """How many figures met their goals, in one sentence."""
    verdicts = [row.verdict for row in found]
    text = f"{verdicts.count(MET)} of {len(verdicts)} figures met their goal, {verdicts.count(MISSED)} missed it"
    left = verdicts.count(OPEN)
    return f"{text}, {left} could not be taken." if left else f"{text}."


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where and when it was measured."""

    cores: int
    model: str
    python: str
    sqlite: str
    database: str
    at: datetime
    load_before: tuple[float, float, float]
    load_after: tuple[float, float, float]
    commit: str = ""

    def lines(self) -> list[str]:
        """The machine in a few lines."""
        before, after = (" ".join(f"{n:.1f}" for n in load) for load in (self.load_before, self.load_after))
        return [
            f"- {self.cores} cores ({self.model}), Python {self.python}, SQLite {self.sqlite}",
            f"- database: {self.database}",
            f"- {self.at:%Y-%m-%d %H:%M} UTC, commit {self.commit or 'unknown'}; load average (1, 5, 15 minutes) "
            f"{before} before, {after} after (the bench itself keeps about both cores busy)",
        ]


def processor() -> str:
    """What the machine calls its processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return named or platform.machine()


def load() -> tuple[float, float, float]:
    """The load average, zeros where the system has none."""
    return os.getloadavg() if hasattr(os, "getloadavg") else (0.0, 0.0, 0.0)


def machine(
    *, database: str, at: datetime, before: tuple[float, float, float], after: tuple[float, float, float], commit: str
) -> Machine:
    """This machine."""
    return Machine(
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        model=processor(), python=sys.version.split()[0], sqlite=sqlite3.sqlite_version, database=database, at=at,
        load_before=before, load_after=after, commit=commit,
    )  # fmt: skip


def page(
    found: Sequence[Found], *, where: Machine, command: str, took: Sequence[tuple[str, float]], remark: str
) -> str:
    """bench/results.md: the command, the machine, the table, and how long each part took."""
    parts = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in took)
    lines = [
        "# Speed beside its goals", "", "Written by the bench; the goals are those of the issue \"KPIs and speed\" "
        "(`bench/goals.py`). Made by:", "", "```", command, "```", "", *where.lines(), f"- {parts}", "",
    ]  # fmt: skip
    if remark:
        lines += [f"**{remark}**", ""]
    lines += [summary(found), "", table(found), "", *NOTES, ""]
    return "\n".join(lines)


NOTES = (
    "How it is taken: the product, an empty page (`bench/pages/empty.py`) and the overview written the usual way "
    "(`bench/pages/usual.py`) are served by a process each with the same configuration, and clicked in turns over the "
    "websocket, so that each ratio is of one interleaved run; a click ends with the server's `script_finished`. A "
    "figure of a page is of clicks on filters that were not chosen before in that process; where they were, the page "
    "answers from its cache, and that figure stands beside it. Absolute figures are only as good as the machine was "
    "quiet.",
    "",
    "Peers: DuckDB and Superset are no dependencies and are not run here. On the issue's prototype DuckDB's native "
    "file took 36 ms for the KPI query, and Superset 6.1 1,090 to 1,290 ms from a region filter to all drawn; the "
    "ratio to Superset is to the lower of these.",
)
