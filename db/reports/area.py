"""What reports over all areas offer to the whole desk: metrics no single area could count, and mails of reports."""

from __future__ import annotations

from db.core.area import Area
from db.reports.funnel_retention_queries import METRICS
from db.reports.saved_checks import CHECKS
from db.reports.saved_jobs import JOBS

AREA = Area(name="reports", title="Reports", metrics=METRICS, jobs=JOBS, checks=CHECKS)
