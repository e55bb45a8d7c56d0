"""What the sweep does for access: open the quarter's reviews, once, and remind of them. Safe twice and side by side."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, select

from db.access.review_commands import open_quarter, remind, reviews_to_remind
from db.access.rules import opens_by_itself, quarter_of
from db.access.tables import AccessQuarter
from db.calendar.queries import DESK_ZONE
from db.core.actor import system_actor
from db.core.area import Job
from db.core.session import reading, run, writing


def run_opening(bind: Engine | None, *, now: datetime) -> int:
    """Open the reviews of a quarter that has just begun; gives how many."""
    if not opens_by_itself(now, DESK_ZONE):
        return 0
    with reading(bind) as session:
        if session.scalar(select(AccessQuarter.quarter).where(AccessQuarter.quarter == quarter_of(now, DESK_ZONE))):
            return 0
    return run(open_quarter, bind=bind, actor=system_actor(), now=now)


def run_reminders(bind: Engine | None, *, now: datetime) -> int:
    """Tell about reviews that end within a week or are overdue; gives how many reviews were told of."""
    with reading(bind) as session:
        found = reviews_to_remind(session, now=now)
    if not found:
        return 0
    with writing(bind, keeps_timeline=False) as session:
        return remind(session, found=found, now=now)


JOBS = (
    Job(name="Open the quarter's access reviews", run=run_opening),
    Job(name="Remind of access reviews", run=run_reminders),
)
