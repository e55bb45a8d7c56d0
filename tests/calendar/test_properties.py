"""What must hold for any calendar, start, target and pauses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from db.calendar.rules import (
    Calendar,
    DayException,
    Hours,
    due_after_seconds,
    due_at,
    elapsed_seconds,
    explain,
    is_open,
    next_opening,
    state,
)

ZONES = ["America/Chicago", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana", "UTC"]
FIRST = datetime(2026, 2, 20, tzinfo=UTC)


@st.composite
def hours(draw: st.DrawFn, *, at_least: int = 0) -> tuple[Hours, ...]:
    edges = draw(st.lists(st.integers(0, 1440), min_size=2 * at_least, max_size=6, unique=True))
    edges.sort()
    return tuple(Hours(low, high) for low, high in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    weekly = [draw(hours()) for _ in range(6)]
    weekly.insert(draw(st.integers(0, 6)), draw(hours(at_least=1)))
    days = st.dates(date(2026, 2, 20), date(2026, 4, 10))
    first = draw(days)
    exception = DayException(first=first, last=first + timedelta(days=draw(st.integers(0, 5))), intervals=draw(hours()))
    return Calendar(
        name="any",
        zone=draw(st.sampled_from(ZONES)),
        weekly=tuple(weekly),
        holidays=draw(st.frozensets(days, max_size=5)),
        exceptions=(exception,),
    )


moments = st.integers(0, 30 * 86_400).map(lambda seconds: FIRST + timedelta(seconds=seconds))
targets = st.integers(0, 3_000)
pauses = st.lists(
    st.tuples(moments, st.integers(0, 5 * 86_400)).map(lambda p: (p[0], p[0] + timedelta(seconds=p[1]))), max_size=4
)


@settings(max_examples=200, deadline=None)
@given(calendars(), moments, targets, pauses)
def test_the_deadline_is_where_the_target_is_used_up_and_not_earlier(calendar, start, minutes, paused):
    due = due_at(calendar, start, minutes, paused=paused)
    assert due >= start
    assert elapsed_seconds(calendar, start, due, paused=paused) == minutes * 60
    if minutes:
        assert elapsed_seconds(calendar, start, due - timedelta(seconds=1), paused=paused) == minutes * 60 - 1


@settings(max_examples=200, deadline=None)
@given(calendars(), moments, moments, targets, targets, pauses)
def test_later_starts_and_longer_targets_are_never_due_earlier(calendar, one, other, few, many, paused):
    early, late = sorted((one, other))
    few, many = sorted((few, many))
    assert due_at(calendar, early, few, paused=paused) <= due_at(calendar, early, many, paused=paused)
    assert due_at(calendar, early, many, paused=paused) <= due_at(calendar, late, many, paused=paused)


@settings(max_examples=200, deadline=None)
@given(calendars(), moments, targets, pauses)
def test_pauses_add_exactly_the_opening_time_they_cover(calendar, start, minutes, paused):
    without, due = due_at(calendar, start, minutes), due_at(calendar, start, minutes, paused=paused)
    covered = sum(
        elapsed_seconds(calendar, max(low, start), min(high, due)) for low, high in _joined(paused) if low < due
    )
    assert elapsed_seconds(calendar, start, due) == minutes * 60 + covered
    assert due == (due_after_seconds(calendar, start, minutes * 60 + covered) if minutes else due)
    assert due >= without


def _joined(paused: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Join overlapping pauses the plain way: grow one until the next begins later."""
    joined: list[tuple[datetime, datetime]] = []
    for low, high in sorted(paused):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return joined


@settings(max_examples=200, deadline=None)
@given(calendars(), moments, moments, moments, pauses)
def test_working_time_of_two_stretches_adds_up(calendar, one, two, three, paused):
    first, middle, last = sorted((one, two, three))
    parts = [elapsed_seconds(calendar, *pair, paused=paused) for pair in ((first, middle), (middle, last))]
    assert sum(parts) == elapsed_seconds(calendar, first, last, paused=paused)


@settings(max_examples=100, deadline=None)
@given(calendars(), moments)
def test_the_next_opening_is_open_and_nothing_before_it_is(calendar, at):
    opening = next_opening(calendar, at)
    assert is_open(calendar, opening)
    assert elapsed_seconds(calendar, at, opening) == 0
    assert (opening == at) == is_open(calendar, at)


@settings(max_examples=100, deadline=None)
@given(calendars(), moments, targets, pauses)
def test_an_explanation_covers_every_moment_once_and_adds_up(calendar, start, minutes, paused):
    told = explain(calendar, start, minutes, paused=paused)
    assert told.end == due_at(calendar, start, minutes, paused=paused)
    assert told.counted_seconds == minutes * 60
    edges = [start, *(span.end for span in told.spans)]
    assert [span.start for span in told.spans] == edges[:-1]
    assert edges[-1] == told.end
    assert told.paused_seconds == elapsed_seconds(calendar, start, told.end) - minutes * 60


@settings(max_examples=100, deadline=None)
@given(calendars(), moments, targets, moments, moments, pauses)
def test_an_open_pause_is_a_pause_that_ends_now(calendar, start, minutes, begun, now, paused):
    begun, now = sorted((begun, now))
    open_now = state(calendar, start, minutes, now, paused=[*paused, (begun, None)])
    ended = state(calendar, start, minutes, now, paused=[*paused, (begun, now)])
    assert open_now.elapsed_seconds == ended.elapsed_seconds
    assert open_now.due_at is None or open_now.due_at == ended.due_at
