"""Where a promise stands (domain-rules 2.10), as a table of cases with one sentence each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.workflow.sla import LABELS, SlaState, sla_state
from tests.support.core import NOW

# sentence, minutes used of 100, minutes until due, answered so many minutes before due (None: open), paused,
# expected status, percent used, minutes late
CASES = [
    ("nothing used yet", 0, 100, None, False, "on_track", 0, 0),
    ("one minute short of the warning", 79, 21, None, False, "on_track", 79, 0),
    ("the warning comes at exactly 80%", 80, 20, None, False, "at_risk", 80, 0),
    ("all used, the second it is due", 100, 0, None, False, "at_risk", 100, 0),
    ("one minute late", 101, -1, None, False, "breached", 101, 1),
    ("late since closing time, though no working minute has passed", 100, -60, None, False, "breached", 101, 0),
    ("twice the promise", 200, -100, None, False, "breached", 200, 100),
    ("answered early", 10, 90, 90, False, "met", 10, 0),
    ("answered the second it was due", 100, -500, 0, False, "met", 100, 0),
    ("answered a minute late", 101, -500, -1, False, "missed", 101, 1),
    ("answered after hours, past the due time", 100, -500, -60, False, "missed", 100, 0),
    ("an answer outlives a pause", 10, 90, 90, True, "met", 10, 0),
    ("paused in time", 50, 50, None, True, "paused", 50, 0),
    ("paused in time, and the old due time has gone by: the clock stands", 75, -900, None, True, "paused", 75, 0),
    ("paused with every minute used", 100, -10, None, True, "paused", 100, 0),
    ("paused after it was late: it stays late", 130, -900, None, True, "breached", 130, 30),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[c[0] for c in CASES])
def test_where_a_promise_stands(case: tuple[str, int, int, int | None, bool, str, int, int]) -> None:
    _, used, until_due, early, paused, status, percent, late = case
    due = NOW + timedelta(minutes=until_due)
    met = None if early is None else due - timedelta(minutes=early)
    found = sla_state(target_minutes=100, elapsed_minutes=used, due_at=due, met_at=met, now=NOW, paused=paused)
    assert found == SlaState(status=status, used_percent=percent, failed_by_minutes=late, due_at=due)  # type: ignore[arg-type]
    assert found.label == LABELS[status]


@pytest.mark.parametrize("target, due", [(0, NOW), (-5, NOW), (100, None)])
def test_no_promise_is_no_state(target: int, due: object) -> None:
    found = sla_state(target_minutes=target, elapsed_minutes=7, due_at=due, met_at=None, now=NOW)  # type: ignore[arg-type]
    assert found == SlaState(status="none")


@pytest.mark.parametrize(
    "target, used, warn_at, status",
    [
        (15, 11, 80, "on_track"), (15, 12, 80, "at_risk"),  # 73.3 and 80 percent
        (240, 191, 80, "on_track"),  # 79.6 percent is not 80, whatever it rounds to
        (240, 192, 80, "at_risk"), (100, 50, 50, "at_risk"), (100, 49, 50, "on_track"),
    ],
)  # fmt: skip
def test_the_warning_counts_exactly(target: int, used: int, warn_at: int, status: str) -> None:
    due = NOW + timedelta(minutes=1)
    found = sla_state(
        target_minutes=target, elapsed_minutes=used, due_at=due, met_at=None, now=NOW, warn_at=warn_at
    )  # fmt: skip
    assert found.status == status


@given(
    used=st.integers(0, 500),
    until=st.integers(-500, 500),
    paused=st.booleans(),
    answered=st.none() | st.integers(-500, 500),
)
def test_late_means_late(used: int, until: int, paused: bool, answered: int | None) -> None:
    """What is open and not paused is breached exactly after its due time; minutes late only go with a failure."""
    due = NOW + timedelta(minutes=until)
    met = None if answered is None else NOW + timedelta(minutes=answered)
    found = sla_state(target_minutes=100, elapsed_minutes=used, due_at=due, met_at=met, now=NOW, paused=paused)
    if met is not None:
        assert found.status == ("met" if met <= due else "missed")
    elif not paused:
        assert (found.status == "breached") == (due < NOW)
    if found.failed_by_minutes:
        assert found.status in ("breached", "missed")
