"""What a campaign may say, which leads are its own, and how it does against its goal (domain-rules 2.3, S2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from db.core.problems import Problems

GOALS: Final[dict[str, str]] = {"leads": "Leads", "sales": "Sales"}
CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9-]{2,29}")
TAIL_DAYS: Final = 30
"""A lead that names the campaign counts until so many days after its last day."""
LONGEST_DAYS: Final = 366
MOST_GOAL: Final = 100_000
State = Literal["coming", "running", "over", "closed"]
STATES: Final[dict[str, tuple[str, str]]] = {
    "coming": ("Coming", "blue"), "running": ("Running", "green"), "over": ("Over", "orange"),
    "closed": ("Closed", "gray"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a form says of a campaign; days are the dealer's."""

    code: str = ""
    name: str = ""
    medium: str = ""
    goal_kind: str = "leads"
    goal: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    note: str = ""


def clean_code(text: str | None) -> str:
    """A code as it is stored and compared: capitals, no space around it."""
    return (text or "").strip().upper()


def counts_until(ends_on: date) -> date:
    """The last day a lead is counted for a campaign."""
    return ends_on + timedelta(days=TAIL_DAYS)


def state_of(*, is_open: bool, starts_on: date, ends_on: date, today: date) -> State:
    """Where a campaign stands on a day."""
    if not is_open:
        return "closed"
    return "coming" if today < starts_on else "running" if today <= ends_on else "over"


def expected(goal: int, *, starts_on: date, ends_on: date, today: date) -> int:
    """The part of a goal that belongs to the days so far, on a straight line, rounded half up."""
    total = (ends_on - starts_on).days + 1
    elapsed = min(total, max(0, (today - starts_on).days + 1))
    return (2 * goal * elapsed + total) // (2 * total)


def cost_of_each(cents: int, count: int) -> int | None:
    """Cents for each, rounded half up; None for nothing of it, or where nothing was spent yet."""
    return (2 * cents + count) // (2 * count) if count and cents else None


def check_plan(plan: Plan, problems: Problems, *, media: dict[str, str]) -> Plan:
    """The plan as it is stored. Problems: every field that does not hold, with a sentence."""
    code = clean_code(plan.code)
    if not CODE.fullmatch(code):
        problems.add("code", "malformed", "3 to 30 letters, digits and hyphens, such as SPRING-26.")
    name = problems.require(" ".join((plan.name or "").split()), "name", "A name", longest=120)
    if plan.medium not in media:
        problems.add("medium", "required", "Choose a medium.")
    if plan.goal_kind not in GOALS:
        problems.add("goal_kind", "unknown_choice", "The goal is a number of leads or of sales.")
    if plan.goal is None or not 0 < plan.goal <= MOST_GOAL:
        problems.add("goal", "out_of_range", f"A goal lies between 1 and {MOST_GOAL:,}.")
    if plan.starts_on is None:
        problems.add("starts_on", "required", "Choose the first day.")
    if plan.ends_on is None:
        problems.add("ends_on", "required", "Choose the last day.")
    elif plan.starts_on is not None and plan.ends_on < plan.starts_on:
        problems.add("ends_on", "reversed", "The last day is before the first.")
    elif plan.starts_on is not None and (plan.ends_on - plan.starts_on).days >= LONGEST_DAYS:
        problems.add("ends_on", "too_long", "A campaign lasts a year at most.")
    note = (plan.note or "").strip()
    if len(note) > 1_000:
        problems.add("note", "too_long", "At most 1,000 characters fit.")
    return Plan(
        code=code, name=name, medium=plan.medium, goal_kind=plan.goal_kind, goal=plan.goal, starts_on=plan.starts_on,
        ends_on=plan.ends_on, note=note,
    )  # fmt: skip
