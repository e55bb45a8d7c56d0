"""What pricing and promotion approvals offer to the whole desk."""

from __future__ import annotations

from db.core.area import Area, DealerSource, ExportKind, SearchSource, WorkSource
from db.core.permissions import Permission
from db.pricing.checks import CHECKS
from db.pricing.figure_metrics_queries import EXPORTS as FIGURE_EXPORTS
from db.pricing.figure_metrics_queries import METRICS
from db.pricing.flow import FLOW
from db.pricing.jobs import JOBS
from db.pricing.record import ITEM
from db.pricing.request_queries import COLUMNS, export_rows
from db.pricing.work_queries import dealer_lines, found_requests, work_counts, work_lines

AREA = Area(
    name="pricing",
    title="Price requests",
    flows=(FLOW,),
    work=(WorkSource(name="pricing", permission=Permission.PRICING_VIEW, lines=work_lines, counts=work_counts),),
    search=(SearchSource(kind=ITEM, label="Price requests", permission=Permission.PRICING_VIEW, load=found_requests),),
    exports=(
        ExportKind(
            name="price_requests", title="Price requests", permission=Permission.PRICING_VIEW, columns=COLUMNS,
            rows=export_rows,
        ),
        *FIGURE_EXPORTS,
    ),
    metrics=METRICS,
    jobs=JOBS,
    checks=CHECKS,
    dealer=(
        DealerSource(name="pricing", label="Price requests", permission=Permission.PRICING_VIEW, lines=dealer_lines),
    ),
)  # fmt: skip
