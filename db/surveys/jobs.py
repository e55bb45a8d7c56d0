"""What the sweep does for surveys: tell of unhappy customers nobody called in time, once, whoever runs it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, select, true

from db.core.actor import system_actor
from db.core.area import Job
from db.core.problems import Refused
from db.core.session import reading, run
from db.surveys.commands import escalate_alert
from db.surveys.tables import SurveyAlert

MOST_A_SWEEP = 1000


def run_escalations(bind: Engine, *, now: datetime) -> int:
    """Escalate alerts whose 24 hours are over without a call; gives how many."""
    with reading(bind) as session:
        due = list(
            session.scalars(
                select(SurveyAlert.id)
                .where(
                    SurveyAlert.is_open == true(), SurveyAlert.due_at < now, SurveyAlert.status == "open",
                    SurveyAlert.escalated_at.is_(None),
                )
                .order_by(SurveyAlert.due_at, SurveyAlert.id)
                .limit(MOST_A_SWEEP)
            )
        )  # fmt: skip
    done = 0
    for alert_id in due:
        try:
            run(escalate_alert, bind=bind, item_id=alert_id, actor=system_actor(), now=now)
        except Refused:
            continue  # somebody called meanwhile, or another sweep was faster
        done += 1
    return done


JOBS = (Job(name="Escalate unhappy customers nobody called", run=run_escalations),)
