"""What must hold of kept reports: they name figures there are, what is sent has a day and people."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from db.core.area import Check
from db.reports.builder_figures import all_figures
from db.reports.saved_record import spec_of
from db.reports.saved_tables import ReportRecipient, SavedReport


def _check_reports(session: Session) -> list[str]:
    figures = all_figures()
    gets_it = exists().where(ReportRecipient.report_id == SavedReport.id)
    found = []
    query = select(SavedReport, gets_it).where(SavedReport.removed_at.is_(None)).order_by(SavedReport.id)
    for report, is_received in session.execute(query):
        gone = [name for name in spec_of(report).metrics if name not in figures]
        if gone:
            found.append(f'report {report.id} "{report.name}" names {", ".join(gone)}, which there is not')
        if bool(report.rhythm) != (report.next_on is not None) or bool(report.rhythm) != is_received:
            found.append(f'report {report.id} "{report.name}" is to be sent, but has no day or nobody to get it')
    return found


CHECKS = (Check(name="Kept reports can be told and sent", run=_check_reports),)
