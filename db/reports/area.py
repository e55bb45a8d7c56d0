"""What reports over all areas offer to the whole desk: metrics that no single area could count, and the dictionary."""

from __future__ import annotations

from db.core.area import Area
from db.reports.catalogue_queries import EXPORTS
from db.reports.funnel_retention_queries import METRICS

AREA = Area(name="reports", title="Reports", metrics=METRICS, exports=tuple(EXPORTS))
