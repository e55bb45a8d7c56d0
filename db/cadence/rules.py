"""What a plan asks for and when, which contact does which task, and what counts as kept (domain-rules 2.2 E, G).

Pure functions over facts: no database, no clock. Days are days at the dealer, moments are UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from db.calendar.rules import Calendar, NeverOpen, due_at, intervals, next_opening
from db.core.labels import local_day
from db.core.problems import Problem

PLANS: Final[dict[str, str]] = {"new_lead": "New lead", "no_show": "No-show"}
KINDS: Final[dict[str, str]] = {"call": "Call", "email": "E-mail", "text": "Text", "any": "Call or write"}
STATES: Final[dict[str, tuple[str, str]]] = {
    "open": ("To do", "blue"), "done": ("Done", "green"), "missed": ("Missed", "red"), "skipped": ("Skipped", "gray"),
    "cancelled": ("Not needed", "gray"),
}  # fmt: skip
END_REASONS: Final[dict[str, str]] = {
    "reached": "The customer was reached", "appointment": "A new appointment was agreed", "closed": "The lead closed",
    "parked": "Kept for later", "held": "The lead was held", "merged": "Merged into another lead",
    "unassigned": "The lead has no dealer", "completed": "Every day of the plan is over",
    "replaced": "Another plan began", "restarted": "The lead was taken up again",
}  # fmt: skip
FOLLOWED: Final = ("new", "assigned", "attempted")
"""States of a lead in which a plan for new leads runs: the customer was not reached yet."""
RECOVERED: Final = ("appointment_set", "appointment_shown", "negotiation", "sold")
"""States of a lead in which a recovery has reached its goal."""
LATEST_DAY: Final = 90
MOST_STEPS: Final = 40
LONGEST_MINUTES: Final = 540


@dataclass(frozen=True, kw_only=True)
class PlanStep:
    """One thing a plan asks for on a day; `minutes` of working time after the start on day 0, else None.

    None means by the end of opening hours of that day.
    """

    day: int
    kind: str
    required: bool = True
    minutes: int | None = None

    def stored(self) -> dict[str, Any]:
        """As it is kept in a version of a plan."""
        return {"day": self.day, "kind": self.kind, "required": self.required, "minutes": self.minutes}


_REST = tuple(PlanStep(day=day, kind="any") for day in (5, 7, 10, 14, 21, 30))
DEFAULTS: Final[dict[str, tuple[PlanStep, ...]]] = {
    "new_lead": (
        PlanStep(day=0, kind="call", minutes=15),
        PlanStep(day=0, kind="email", minutes=60),
        PlanStep(day=0, kind="text", minutes=60),
        PlanStep(day=0, kind="call", minutes=240),
        *(PlanStep(day=day, kind="any") for day in (1, 2, 3)),
        *_REST,
    ),
    "no_show": (
        PlanStep(day=0, kind="call", minutes=60),
        *(PlanStep(day=day, kind="any") for day in (1, 3)),
        *_REST,
    ),
}


def read_steps(stored: Iterable[Mapping[str, Any]]) -> tuple[PlanStep, ...]:
    """The steps of a stored version."""
    return tuple(
        PlanStep(day=int(s["day"]), kind=str(s["kind"]), required=bool(s["required"]), minutes=s.get("minutes"))
        for s in stored
    )


def in_order(steps: Iterable[PlanStep]) -> tuple[PlanStep, ...]:
    """By day, then by the time they are due; steps alike keep their order."""
    return tuple(sorted(steps, key=lambda s: (s.day, s.minutes if s.minutes is not None else LONGEST_MINUTES + 1)))


def check_steps(steps: Sequence[PlanStep]) -> list[Problem]:
    """Problems of a plan somebody drafts; all belong to steps."""

    def problem(code: str, message: str) -> Problem:
        return Problem(field="steps", code=code, message=message, rule="2.2 E")

    found = []
    if not steps:
        found.append(problem("required", "A plan needs at least one step."))
    elif not any(s.day == 0 and s.required for s in steps):
        found.append(problem("no_first_day", "A plan begins with something required on day 0."))
    if len(steps) > MOST_STEPS:
        found.append(problem("too_many", f"A plan has at most {MOST_STEPS} steps."))
    for s in steps:
        if not 0 <= s.day <= LATEST_DAY:
            found.append(problem("day", f"Day {s.day} is not between 0 and {LATEST_DAY}: idle leads expire then."))
        if s.kind not in KINDS:
            found.append(problem("kind", f'"{s.kind}" is no kind of contact.'))
        if s.day > 0 and s.minutes is not None:
            found.append(problem("minutes", f"Day {s.day} is due by the end of opening hours, not after minutes."))
        if s.minutes is not None and not 1 <= s.minutes <= LONGEST_MINUTES:
            found.append(problem("minutes", f"{s.minutes} minutes are not between 1 and {LONGEST_MINUTES}."))
    return found


def compare_steps(old: Sequence[PlanStep], new: Sequence[PlanStep]) -> list[tuple[str, PlanStep]]:
    """What differs between two versions: ("added" or "removed", step), in the order of days."""
    left, added = list(old), []
    for step in new:
        if step in left:
            left.remove(step)
        else:
            added.append(step)
    found = [("removed", s) for s in left] + [("added", s) for s in added]
    return sorted(found, key=lambda pair: (pair[1].day, pair[0] == "added", pair[1].minutes or 0))


def step_words(step: PlanStep) -> str:
    """ "Call within 15 min", "Call or write by the end of the day"."""
    when = f"within {step.minutes} min of opening hours" if step.minutes is not None else "by closing time"
    return f"{KINDS.get(step.kind, step.kind)} {when}" + ("" if step.required else " (optional)")


# ---- when (2.2 E: a closed day moves to the next opening day) ------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Slot:
    """When a step may be done, is due, and is over; `on` is its day at the dealer."""

    opens_at: datetime
    due_at: datetime
    on: date
    ends_at: datetime


def midnight(day: date, zone: str) -> datetime:
    """The moment a day begins in a zone."""
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone))


def opening_day(calendar: Calendar, day: date) -> date:
    """That day, or the next one on which the dealer opens; the day itself where the calendar never opens again."""
    try:
        return local_day(next_opening(calendar, midnight(day, calendar.zone)), calendar.zone)
    except NeverOpen:
        return day


def closing_time(calendar: Calendar, day: date) -> datetime:
    """The end of the opening hours of a day; its midnight where the dealer is closed."""
    end = midnight(day + timedelta(days=1), calendar.zone)
    spans = intervals(calendar, midnight(day, calendar.zone), end)
    return spans[-1].end if spans else end


def slot_of(calendar: Calendar, step: PlanStep, *, started_at: datetime) -> Slot:
    """When one step of a run that began at `started_at` is to be done."""
    zone = calendar.zone
    first = local_day(started_at, zone)
    if step.minutes is not None:
        try:
            due = due_at(calendar, started_at, step.minutes)
        except NeverOpen:
            due = started_at + timedelta(minutes=step.minutes)
        on = local_day(due, zone)
        return Slot(opens_at=started_at, due_at=due, on=on, ends_at=midnight(on + timedelta(days=1), zone))
    on = opening_day(calendar, first + timedelta(days=step.day))
    due = closing_time(calendar, on)
    if due <= started_at:  # it began after closing time: nobody can be asked for the day that is over
        on = opening_day(calendar, on + timedelta(days=1))
        due = closing_time(calendar, on)
    opens = max(midnight(on, zone), started_at)
    return Slot(opens_at=opens, due_at=due, on=on, ends_at=midnight(on + timedelta(days=1), zone))


def days_of(steps: Sequence[PlanStep]) -> tuple[int, ...]:
    """The days a plan asks something on."""
    return tuple(sorted({s.day for s in steps}))


def day_after(steps: Sequence[PlanStep], day: int) -> int | None:
    """The next day of the plan, None after the last."""
    return next((d for d in days_of(steps) if d > day), None)


def steps_on(steps: Sequence[PlanStep], day: int) -> tuple[PlanStep, ...]:
    """What a plan asks for on a day, first due first."""
    return tuple(s for s in in_order(steps) if s.day == day)


# ---- which task a contact does (U20: completion needs an outcome) --------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class OpenTask:
    """What choosing a task needs to know of it."""

    task_id: int
    kind: str
    opens_at: datetime
    due_at: datetime


def fits(task_kind: str, contact_kind: str) -> bool:
    """Whether a contact of this kind is what the task asks for."""
    return contact_kind in ("call", "email", "text") and task_kind in (contact_kind, "any")


def task_done_by(tasks: Iterable[OpenTask], *, kind: str, at: datetime, is_attempt: bool) -> OpenTask | None:
    """The earliest open task an attempt does: one of its kind, or of any kind, whose day has begun."""
    if not is_attempt:
        return None
    able = [t for t in tasks if fits(t.kind, kind) and t.opens_at <= at]
    return min(able, key=lambda t: (t.due_at, t.task_id), default=None)


def end_reason(status: str, *, plan: str, has_dealer: bool) -> str:
    """Why a run of this plan ends when its lead stands in this state; empty while it goes on."""
    ended = {
        "held": "held", "nurture": "parked", "duplicate": "merged", "lost": "closed", "bad": "closed",
        "expired": "closed", "delivered": "closed",
    }  # fmt: skip
    if status in ended:
        return ended[status]
    if not has_dealer:
        return "unassigned"
    if plan == "no_show":
        return "appointment" if status in RECOVERED else ""
    return "" if status in FOLLOWED else "reached"


def state_at_end(due: datetime, ended_at: datetime) -> str:
    """What an open task becomes when its run ends: missed when it was due already, else it was never due."""
    return "missed" if due <= ended_at else "cancelled"


# ---- adherence (2.2 E: required steps done on time / required steps due) -------------------------------------------
@dataclass(frozen=True, kw_only=True)
class TaskFact:
    """What counting needs to know of a task."""

    state: str
    required: bool
    due_at: datetime
    done_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Adherence:
    """Required steps: those due, and what became of them; `on_time + late + missed == due`."""

    on_time: int = 0
    late: int = 0
    missed: int = 0

    @property
    def due(self) -> int:
        """Required steps that were done or whose time is over."""
        return self.on_time + self.late + self.missed

    @property
    def share(self) -> float | None:
        """Done on time ÷ due, of 1; None where nothing was due."""
        return self.on_time / self.due if self.due else None

    def __add__(self, other: Adherence) -> Adherence:
        return Adherence(
            on_time=self.on_time + other.on_time, late=self.late + other.late, missed=self.missed + other.missed
        )


def result_of(task: TaskFact, *, now: datetime) -> str:
    """on_time, late or missed; empty for what does not count: optional, skipped, not needed, or not due yet."""
    if not task.required or task.state in ("skipped", "cancelled"):
        return ""
    if task.state == "done":
        return "on_time" if task.done_at is not None and task.done_at <= task.due_at else "late"
    if task.state == "missed" or task.due_at < now:
        return "missed"
    return ""


def adherence(tasks: Iterable[TaskFact], *, now: datetime) -> Adherence:
    """How many required steps were done on time, late or not at all."""
    counts = {"on_time": 0, "late": 0, "missed": 0}
    for task in tasks:
        result = result_of(task, now=now)
        if result:
            counts[result] += 1
    return Adherence(**counts)


# ---- who is away ---------------------------------------------------------------------------------------------------
LONGEST_ABSENCE: Final = timedelta(days=180)


def overlap(first: date, last: date, other_first: date, other_last: date) -> bool:
    """Whether two stretches of days share one, ends included."""
    return first <= other_last and other_first <= last


def check_absence(first: date | None, last: date | None, *, today: date) -> list[Problem]:
    """Problems of the days somebody is away; they belong to first_day and last_day."""
    found = []
    if first is None:
        found.append(Problem(field="first_day", code="required", message="Choose the first day."))
    if last is None:
        found.append(Problem(field="last_day", code="required", message="Choose the last day."))
    if first is None or last is None:
        return found
    if last < first:
        found.append(Problem(field="last_day", code="before_first", message="The last day is before the first."))
    elif last < today:
        found.append(Problem(field="last_day", code="past", message="These days are over."))
    elif last - first > LONGEST_ABSENCE:
        found.append(Problem(field="last_day", code="too_long", message="Hand the leads over for more than 180 days."))
    return found


# ---- the list of what to do now ------------------------------------------------------------------------------------
def why_now(*, plan: str, day: int, position: int, due_at: datetime, now: datetime, first_action: bool) -> str:
    """Why a task stands in the list now, in one clause."""
    late = due_at < now
    if plan == "no_show":
        return "Did not come to the appointment" if day == 0 else f"Did not come: day {day} after it"
    if first_action and day == 0 and position == 0:
        return "Nobody has answered yet, overdue" if late else "New lead, nobody has answered yet"
    return f"Day {day} of the follow-up" + (", overdue" if late else "")
