"""What response quality offers to the whole desk.

Coaching notes move through a flow of their own (`flow.COACHING`); the desk's list holds one flow an area, the reviews.
"""

from __future__ import annotations

from db.core.area import Area, DealerSource, ExportKind, WorkSource
from db.core.permissions import Permission
from db.quality.checks import CHECKS
from db.quality.dealer_queries import dealer_lines, dealer_signals
from db.quality.export_queries import COLUMNS, export_rows
from db.quality.flow import FLOW
from db.quality.jobs import JOBS
from db.quality.metrics_queries import METRICS
from db.quality.own_holder import HELD
from db.quality.work_queries import work_counts, work_lines

AREA = Area(
    name="quality",
    title="Response quality",
    flows=(FLOW,),
    work=(WorkSource(name="quality", permission=Permission.QUALITY_VIEW, lines=work_lines, counts=work_counts),),
    exports=(
        ExportKind(
            name="quality_reviews", title="Response reviews", permission=Permission.QUALITY_REVIEW, columns=COLUMNS,
            rows=export_rows,
        ),
    ),
    metrics=METRICS,
    jobs=JOBS,
    checks=CHECKS,
    dealer=(
        DealerSource(
            name="quality", label="Response quality", permission=Permission.QUALITY_VIEW, lines=dealer_lines,
            signals=dealer_signals,
        ),
    ),
    personal_data=(HELD,),
)  # fmt: skip
