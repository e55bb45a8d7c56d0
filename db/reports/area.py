"""What reports over all areas offer to the whole desk: metrics that no single area could count, and frozen months."""

from __future__ import annotations

from db.core.area import Area
from db.reports.funnel_retention_queries import METRICS
from db.reports.snapshot_checks import CHECKS
from db.reports.snapshot_jobs import JOBS

AREA = Area(name="reports", title="Reports", metrics=METRICS, jobs=JOBS, checks=CHECKS)
