"""The sweep mails the week that is over from Monday 06:00 where the dealer is; two sweeps at once mail each once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from sqlalchemy import Engine

from db.core.actor import EVERYTHING, system_actor
from db.core.area import Job
from db.core.incidents import report
from db.core.session import reading, run
from db.reports.weekly_commands import send_weekly
from db.reports.weekly_queries import Weekly, build_reports, due_mails

MOST: Final = 500
"""So many people in one sweep; the rest follow with the next."""


def run_weekly(bind: Engine | None, *, now: datetime) -> int:
    """Mail what is due; gives how many people were reached. All dealers of a week are counted at once."""
    with reading(bind) as session:
        due = dict(sorted(due_mails(session, now=now, scope=EVERYTHING).items())[:MOST])
        built: dict[date, dict[int, Weekly]] = {}
        for week in sorted({week for _, week in due}):
            ids = sorted({i for (_, of), dealers in due.items() if of == week for i in dealers})
            built[week] = build_reports(session, scope=EVERYTHING, week=week, now=now, dealer_ids=ids)
    reached = 0
    for (person_id, week), dealers in due.items():
        reports = [built[week][i] for i in dealers if i in built[week]]
        try:
            reached += run(
                send_weekly, bind=bind, person_id=person_id, week=week, reports=reports, actor=system_actor(), now=now
            )
        except Exception as error:  # what fails for one person must not keep the others from theirs
            report(error, where=f"sending the weekly report to person {person_id}")
    return reached


JOBS = (Job(name="Send weekly reports", run=run_weekly),)
