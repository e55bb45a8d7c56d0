"""The sweep over the demo's claims: warnings at 50, 80 and 100% of the clock, approval by silence, reminders."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from db.claims.jobs import run_deemed, run_never_corrected, run_warnings
from seed.story import Story

EVERY = timedelta(days=3)


def expect(story: Story, *, start: datetime) -> None:
    """Let the sweep look every third day, in the morning of the desk; at the end `close_day` looks once more."""
    day = start.replace(hour=12, minute=5) + EVERY
    while day < story.until:
        story.at(day, partial(_sweep, story))
        day += EVERY


def _sweep(story: Story, now: datetime) -> None:
    run_deemed(story.bind, now=now)
    run_warnings(story.bind, now=now)
    run_never_corrected(story.bind, now=now)


def close_day(story: Story) -> None:
    """What is true at the end: nothing that is due by the clock was left undone."""
    _sweep(story, story.until)
