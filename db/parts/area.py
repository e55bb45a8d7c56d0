"""What parts orders and parts claims offer to the whole desk."""

from __future__ import annotations

from db.core.area import Area, ExportKind, SearchSource, WorkSource
from db.core.permissions import Permission
from db.parts import claim_queries, dealer_queries, order_queries
from db.parts.checks import CHECKS
from db.parts.flow import CLAIMS, ORDERS
from db.parts.importing import KINDS
from db.parts.metrics_queries import METRICS

AREA = Area(
    name="parts",
    title="Parts",
    flows=(ORDERS, CLAIMS),
    work=(
        WorkSource(
            name="parts_orders", permission=Permission.PARTS_MANAGE, lines=order_queries.work_lines,
            counts=order_queries.work_counts,
        ),
        WorkSource(
            name="parts_claims", permission=Permission.PARTS_CLAIM, lines=claim_queries.work_lines,
            counts=claim_queries.work_counts,
        ),
    ),
    search=(
        SearchSource(
            kind="parts_order", label="Parts orders", permission=Permission.PARTS_VIEW,
            load=order_queries.found_orders,
        ),
        SearchSource(
            kind="parts_claim", label="Parts claims", permission=Permission.PARTS_VIEW,
            load=claim_queries.found_claims,
        ),
    ),
    imports=KINDS,
    exports=(
        ExportKind(
            name="parts_lines", title="Lines of parts orders", permission=Permission.PARTS_VIEW,
            columns=claim_queries.COLUMNS, rows=claim_queries.export_lines,
        ),
    ),
    metrics=METRICS,
    checks=CHECKS,
    dealer=(dealer_queries.SOURCE,),
)  # fmt: skip
