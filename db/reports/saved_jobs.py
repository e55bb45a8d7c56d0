"""The sweep sends the kept reports that are due; two sweeps at once send each of them once."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Engine, select

from db.calendar.queries import DESK_ZONE
from db.core.actor import system_actor
from db.core.area import Job
from db.core.incidents import report
from db.core.labels import local_day
from db.core.problems import Refused
from db.core.session import reading, run
from db.reports.saved_delivery import prepare, send_report
from db.reports.saved_tables import SavedReport

MOST: Final = 200
"""So many reports in one sweep; the rest follow with the next."""


def run_reports(bind: Engine | None, *, now: datetime) -> int:
    """Send what is due today by the desk's calendar; gives how many people were reached."""
    with reading(bind) as session:
        due = session.execute(
            select(SavedReport.id, SavedReport.next_on)
            .where(SavedReport.next_on <= local_day(now, DESK_ZONE), SavedReport.removed_at.is_(None))
            .order_by(SavedReport.next_on, SavedReport.id)
            .limit(MOST)
        ).all()
    reached = 0
    for report_id, due_on in due:
        try:
            with reading(bind) as session:
                prepared = prepare(session, report_id=report_id, now=now)
            reached += run(
                send_report, bind=bind, report_id=report_id, due_on=due_on, prepared=prepared, actor=system_actor(),
                now=now,
            )  # fmt: skip
        except Refused:
            continue  # another sweep was faster
        except Exception as error:
            report(error, where=f"sending report {report_id}")
    return reached


JOBS = (Job(name="Send kept reports", run=run_reports),)
