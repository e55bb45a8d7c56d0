"""The weekly report in My work: how much the newest report that was sent tells a dealer's people to do."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.area import WorkCount, WorkLine
from db.core.labels import local_day
from db.reports.weekly_queries import from_json, narrowed
from db.reports.weekly_rules import last_week
from db.reports.weekly_tables import WeeklyReport

PAGE_FILE = "pages/reports/weekly_report.py"
MOST = 20
"""So many dealers of one person are read; more have a list of their own on the page."""


def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """None: what a report recommends waits in the queues of its areas already."""
    return []


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """What was recommended to the actor's own dealers in the week that is over, `overdue` is what is for today."""
    if not actor.role.is_dealer:
        return []
    week = last_week(local_day(now, actor.zone))
    rows = session.scalars(
        select(WeeklyReport.content)
        .where(actor.scope.where(WeeklyReport.dealer_id, WeeklyReport.region), WeeklyReport.week == week)
        .order_by(WeeklyReport.id)
        .limit(MOST)
    )
    advice = [one for content in rows for one in narrowed(from_json(content), actor).advice]
    if not advice:
        return []
    urgent = sum(one.urgency == 1 for one in advice)
    return [WorkCount(label="Recommended this week", count=len(advice), overdue=urgent, page=PAGE_FILE)]
