"""What reports over all areas offer: metrics no single area could count, mails, frozen months."""

from __future__ import annotations

from db.core.area import Area, WorkSource
from db.core.permissions import Permission
from db.reports.catalogue_queries import EXPORTS
from db.reports.funnel_retention_queries import METRICS
from db.reports.saved_checks import CHECKS as SAVED_CHECKS
from db.reports.saved_jobs import JOBS as SAVED_JOBS
from db.reports.scorecard_queries import EXPORT as SCORECARD
from db.reports.snapshot_checks import CHECKS as SNAPSHOT_CHECKS
from db.reports.snapshot_jobs import JOBS as SNAPSHOT_JOBS
from db.reports.weekly_checks import CHECKS as WEEKLY_CHECKS
from db.reports.weekly_export_queries import EXPORT as WEEKLY
from db.reports.weekly_jobs import JOBS as WEEKLY_JOBS
from db.reports.weekly_work_queries import work_counts, work_lines

AREA = Area(
    name="reports", title="Reports", metrics=METRICS, exports=(*EXPORTS, SCORECARD, WEEKLY),
    work=(WorkSource(name="weekly", permission=Permission.WEEKLY_VIEW, lines=work_lines, counts=work_counts),),
    jobs=(*SAVED_JOBS, *SNAPSHOT_JOBS, *WEEKLY_JOBS),
    checks=(*SAVED_CHECKS, *SNAPSHOT_CHECKS, *WEEKLY_CHECKS),
)  # fmt: skip
