"""What reports over all areas offer to the whole desk: metrics that no single area could count, the scorecard."""

from __future__ import annotations

from db.core.area import Area
from db.reports.funnel_retention_queries import METRICS
from db.reports.scorecard_queries import EXPORT as SCORECARD

AREA = Area(name="reports", title="Reports", metrics=METRICS, exports=(SCORECARD,))
