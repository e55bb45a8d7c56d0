"""Plans, days, which task a contact does, and what counts as kept: tables of cases and properties."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.cadence import rules
from db.cadence.rules import Adherence, OpenTask, PlanStep, TaskFact
from db.calendar.queries import usual_calendar

CALENDAR = usual_calendar("America/New_York")
MONDAY = datetime(2026, 6, 29, 14, 0, tzinfo=UTC)  # 10:00 at the dealer, which closes at 18:00


def local(day: int, hour: int, minute: int = 0, month: int = 6) -> datetime:
    """A moment in New York in the summer of 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) + timedelta(hours=4)


SLOTS = [
    ("in opening hours", PlanStep(day=0, kind="call", minutes=15), local(29, 10), local(29, 10, 15), date(2026, 6, 29)),
    ("over closing time", PlanStep(day=0, kind="call", minutes=60), local(29, 17, 30), local(30, 9, 30), date(2026, 6, 30)),  # noqa: E501
    ("over the weekend", PlanStep(day=0, kind="call", minutes=240), local(27, 15), local(29, 12), date(2026, 6, 29)),
    ("a plain day", PlanStep(day=1, kind="any"), local(29, 10), local(30, 18), date(2026, 6, 30)),
    ("a Sunday", PlanStep(day=2, kind="any"), local(26, 10), local(29, 18), date(2026, 6, 29)),
    ("a Saturday closes at 16:00", PlanStep(day=1, kind="any"), local(26, 10), local(27, 16), date(2026, 6, 27)),
    ("a holiday", PlanStep(day=5, kind="any"), local(28, 10), local(6, 18, month=7), date(2026, 7, 6)),
    ("begins after closing", PlanStep(day=0, kind="any"), local(29, 20), local(30, 18), date(2026, 6, 30)),
]  # fmt: skip


@pytest.mark.parametrize("name, step, start, due, on", SLOTS, ids=[s[0] for s in SLOTS])
def test_when_a_step_is_due(name, step, start, due, on):
    slot = rules.slot_of(CALENDAR, step, started_at=start)
    assert (slot.due_at, slot.on) == (due, on)
    assert slot.opens_at <= slot.due_at <= slot.ends_at
    assert slot.opens_at >= start


@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - Hypothesis adds the zone
    day=st.integers(0, 90), minutes=st.one_of(st.none(), st.integers(1, 540)),
)  # fmt: skip
def test_no_step_is_due_before_it_may_be_done(start, day, minutes):
    step = PlanStep(day=day, kind="any", minutes=minutes if day == 0 else None)
    slot = rules.slot_of(CALENDAR, step, started_at=start)
    assert start <= slot.opens_at <= slot.due_at <= slot.ends_at
    later = rules.slot_of(CALENDAR, PlanStep(day=day + 1, kind="any"), started_at=start)
    assert day == 0 or later.due_at >= slot.due_at


WRONG = [
    ((), "required"),
    ((PlanStep(day=1, kind="any"),), "no_first_day"),
    ((PlanStep(day=0, kind="any", required=False),), "no_first_day"),
    ((PlanStep(day=0, kind="any"), PlanStep(day=91, kind="any")), "day"),
    ((PlanStep(day=0, kind="fax"),), "kind"),
    ((PlanStep(day=0, kind="any"), PlanStep(day=2, kind="any", minutes=15)), "minutes"),
    ((PlanStep(day=0, kind="any", minutes=0),), "minutes"),
    (tuple(PlanStep(day=0, kind="call", minutes=15) for _ in range(41)), "too_many"),
]


@pytest.mark.parametrize("steps, code", WRONG, ids=range(len(WRONG)))
def test_a_plan_that_is_refused_says_why(steps, code):
    found = rules.check_steps(steps)
    assert code in [p.code for p in found]
    assert {p.field for p in found} == {"steps"}


@pytest.mark.parametrize("plan", sorted(rules.DEFAULTS))
def test_the_declared_plans_are_sound_and_read_back(plan):
    steps = rules.DEFAULTS[plan]
    assert rules.check_steps(steps) == []
    assert rules.read_steps(s.stored() for s in steps) == steps


def test_the_usual_plan_is_that_of_the_rules():
    steps = rules.DEFAULTS["new_lead"]
    assert sorted(s.kind for s in steps if s.day == 0) == ["call", "call", "email", "text"]
    assert rules.days_of(steps) == (0, 1, 2, 3, 5, 7, 10, 14, 21, 30)
    assert rules.days_of(rules.DEFAULTS["no_show"])[:3] == (0, 1, 3)
    assert rules.DEFAULTS["no_show"][0] == PlanStep(day=0, kind="call", minutes=60)


def test_what_differs_between_versions():
    old = rules.DEFAULTS["new_lead"]
    new = (*old[1:], PlanStep(day=4, kind="call"))
    assert rules.compare_steps(old, new) == [("removed", old[0]), ("added", PlanStep(day=4, kind="call"))]
    assert rules.compare_steps(old, old) == []


FITS = [
    ("call", "call", True),
    ("any", "text", True),
    ("call", "email", False),
    ("any", "visit", False),
    ("text", "note", False),
]


@pytest.mark.parametrize("task, contact, does", FITS)
def test_which_contact_fits(task, contact, does):
    assert rules.fits(task, contact) is does


def task(task_id: int, kind: str, *, opens: int = 0, due: int = 60) -> OpenTask:
    return OpenTask(
        task_id=task_id, kind=kind, opens_at=MONDAY + timedelta(minutes=opens), due_at=MONDAY + timedelta(minutes=due)
    )


CHOSEN = [
    ("the earliest of its kind", [task(1, "call", due=90), task(2, "call", due=30)], "call", True, 2),
    ("not another kind", [task(1, "email")], "call", True, None),
    ("any kind does", [task(1, "any")], "email", True, 1),
    ("no attempt does nothing", [task(1, "call")], "call", False, None),
    ("its day has not begun", [task(1, "call", opens=30)], "call", True, None),
    ("nothing is open", [], "call", True, None),
]


@pytest.mark.parametrize("name, tasks, kind, attempt, expected", CHOSEN, ids=[c[0] for c in CHOSEN])
def test_the_task_a_contact_does(name, tasks, kind, attempt, expected):
    found = rules.task_done_by(tasks, kind=kind, at=MONDAY + timedelta(minutes=5), is_attempt=attempt)
    assert (found.task_id if found else None) == expected


ENDS = [
    ("attempted", "new_lead", True, ""), ("contacted", "new_lead", True, "reached"), ("lost", "new_lead", True, "closed"),  # noqa: E501
    ("nurture", "new_lead", True, "parked"), ("held", "new_lead", True, "held"), ("duplicate", "no_show", True, "merged"),  # noqa: E501
    ("contacted", "no_show", True, ""), ("appointment_set", "no_show", True, "appointment"), ("assigned", "new_lead", False, "unassigned"),  # noqa: E501
]  # fmt: skip


@pytest.mark.parametrize("status, plan, has_dealer, reason", ENDS)
def test_why_a_run_ends(status, plan, has_dealer, reason):
    assert rules.end_reason(status, plan=plan, has_dealer=has_dealer) == reason


DUE, NOW = MONDAY, MONDAY + timedelta(hours=1)
RESULTS = [
    (TaskFact(state="done", required=True, due_at=DUE, done_at=DUE), "on_time"),
    (TaskFact(state="done", required=True, due_at=DUE, done_at=DUE + timedelta(seconds=1)), "late"),
    (TaskFact(state="missed", required=True, due_at=DUE), "missed"),
    (TaskFact(state="open", required=True, due_at=DUE), "missed"),
    (TaskFact(state="open", required=True, due_at=NOW), ""),
    (TaskFact(state="cancelled", required=True, due_at=NOW), ""),
    (TaskFact(state="skipped", required=True, due_at=DUE), ""),
    (TaskFact(state="done", required=False, due_at=DUE, done_at=DUE), ""),
]


@pytest.mark.parametrize("fact, result", RESULTS, ids=range(len(RESULTS)))
def test_what_counts(fact, result):
    assert rules.result_of(fact, now=NOW) == result


facts = st.builds(
    TaskFact, state=st.sampled_from(sorted(rules.STATES)), required=st.booleans(),
    due_at=st.integers(-99, 99).map(lambda m: NOW + timedelta(minutes=m)),
    done_at=st.integers(-99, 99).map(lambda m: NOW + timedelta(minutes=m)),
)  # fmt: skip


@given(tasks=st.lists(facts), shuffled=st.randoms(use_true_random=False))
def test_adherence_is_a_share_and_adds_up_in_any_order(tasks, shuffled):
    found = rules.adherence(tasks, now=NOW)
    assert found.on_time + found.late + found.missed == found.due <= sum(t.required for t in tasks)
    assert (found.share is None) is (found.due == 0)
    assert 0 <= (found.share or 0) <= 1
    again = list(tasks)
    shuffled.shuffle(again)
    assert rules.adherence(again, now=NOW) == found
    half = len(tasks) // 2
    assert rules.adherence(tasks[:half], now=NOW) + rules.adherence(tasks[half:], now=NOW) == found


@given(tasks=st.lists(facts), later=st.integers(0, 500))
def test_time_alone_never_makes_it_better(tasks, later):
    before = rules.adherence(tasks, now=NOW)
    after = rules.adherence(tasks, now=NOW + timedelta(minutes=later))
    assert (after.on_time, after.late) == (before.on_time, before.late)
    assert after.missed >= before.missed


TODAY = date(2026, 6, 29)
AWAY = [
    (None, TODAY, ["first_day"]), (TODAY, None, ["last_day"]), (TODAY, TODAY - timedelta(days=1), ["last_day"]),
    (TODAY - timedelta(days=5), TODAY - timedelta(days=1), ["last_day"]), (TODAY, TODAY, []),
    (TODAY, TODAY + timedelta(days=181), ["last_day"]),
]  # fmt: skip


@pytest.mark.parametrize("first, last, fields", AWAY, ids=range(len(AWAY)))
def test_days_away(first, last, fields):
    assert [p.field for p in rules.check_absence(first, last, today=TODAY)] == fields


def test_nothing_due_has_no_share():
    assert Adherence().share is None
