"""What the sweep does for follow-up: the tasks of the new day, and what its day is over for, once (decision 0036)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, select, true
from sqlalchemy.orm import Session

from db.cadence import runs
from db.cadence.tables import CadenceRun, CadenceTask
from db.core import changes
from db.core.area import Job
from db.core.session import reading, run

MOST_A_SWEEP = 2000
AT_ONCE = 100


def keep_up(session: Session, *, run_ids: list[int], now: datetime) -> int:
    """Bring some runs up to now; gives how many tasks changed. Another sweep's runs are left alone, row by row."""
    changed = 0
    rows = session.scalars(
        select(CadenceRun)
        .where(CadenceRun.id.in_(run_ids), CadenceRun.is_open == true())
        .order_by(CadenceRun.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for one in rows:
        changed += runs.advance(session, one, now=now)
    if changed:
        changes.touch(session, "cadence")
    return changed


def run_days(bind: Engine, *, now: datetime) -> int:
    """Make the tasks of days that began, and mark missed what was not done on its day; gives how many tasks changed."""
    with reading(bind) as session:
        begun = session.scalars(
            select(CadenceRun.id)
            .where(CadenceRun.is_open == true(), CadenceRun.next_at <= now)
            .order_by(CadenceRun.next_at)
            .limit(MOST_A_SWEEP)
        ).all()
        over = session.scalars(
            select(CadenceTask.run_id)
            .where(CadenceTask.is_open == true(), CadenceTask.due_at <= now, CadenceTask.ends_at <= now)
            .distinct()
            .limit(MOST_A_SWEEP)
        ).all()
    ids = sorted({*begun, *over})
    return sum(
        run(keep_up, bind=bind, keeps_timeline=False, run_ids=ids[i : i + AT_ONCE], now=now)
        for i in range(0, len(ids), AT_ONCE)
    )


JOBS = (Job(name="Keep follow-up up to the day", run=run_days),)
