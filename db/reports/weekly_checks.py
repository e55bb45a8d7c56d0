"""What must hold of weekly reports: each that was sent can still be read, and each mail speaks of reports there are."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.area import Check
from db.reports.weekly_queries import from_json
from db.reports.weekly_tables import WeeklyMail, WeeklyReport

MOST = 50


def weeks_can_be_read(session: Session) -> list[str]:
    """Sent reports are of a whole week and of their own dealer; a mail names only dealers whose report was kept."""
    found, kept = list[str](), set[tuple[int, object]]()
    query = select(WeeklyReport.id, WeeklyReport.dealer_id, WeeklyReport.week, WeeklyReport.content)
    for report_id, dealer_id, week, content in session.execute(query.order_by(WeeklyReport.id).limit(100_000)):
        kept.add((dealer_id, week))
        try:
            report = from_json(content)
        except ValueError:
            found.append(f"weekly report {report_id} cannot be read")
            continue
        if (report.dealer_id, report.week) != (dealer_id, week) or week.weekday():
            found.append(f"weekly report {report_id} is of another dealer or week than it says")
    for mail_id, week, dealers in session.execute(
        select(WeeklyMail.id, WeeklyMail.week, WeeklyMail.dealers).order_by(WeeklyMail.id).limit(100_000)
    ):
        if any((dealer_id, week) not in kept for dealer_id in dealers):
            found.append(f"weekly mail {mail_id} speaks of a report that was not kept")
    return found[:MOST]


CHECKS = (Check(name="Sent weekly reports can be read", run=weeks_can_be_read),)
