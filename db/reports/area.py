"""What reports over all areas offer: metrics no single area could count, mails of reports and packs, frozen months."""

from __future__ import annotations

from db.core.area import Area
from db.reports.catalogue_queries import EXPORTS
from db.reports.funnel_retention_queries import METRICS
from db.reports.saved_checks import CHECKS as SAVED_CHECKS
from db.reports.saved_jobs import JOBS as SAVED_JOBS
from db.reports.scorecard_queries import EXPORT as SCORECARD
from db.reports.snapshot_checks import CHECKS as SNAPSHOT_CHECKS
from db.reports.snapshot_jobs import JOBS as SNAPSHOT_JOBS

AREA = Area(
    name="reports", title="Reports", metrics=METRICS, exports=(*EXPORTS, SCORECARD),
    jobs=(*SAVED_JOBS, *SNAPSHOT_JOBS),
    checks=(*SAVED_CHECKS, *SNAPSHOT_CHECKS),
)  # fmt: skip
