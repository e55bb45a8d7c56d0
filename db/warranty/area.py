"""What warranty data offer to the whole desk."""

from __future__ import annotations

from db.core.area import Area, SearchSource
from db.core.permissions import Permission
from db.warranty import export_queries, importing, list_queries
from db.warranty.checks import CHECKS

AREA = Area(
    name="warranty",
    title="Warranty data",
    search=(
        SearchSource(
            kind="part", label="Parts", permission=Permission.WARRANTY_VIEW, load=list_queries.found_parts,
            is_shared=True,
        ),
        SearchSource(
            kind="labour_operation", label="Labour operations", permission=Permission.WARRANTY_VIEW,
            load=list_queries.found_operations, is_shared=True,
        ),
        SearchSource(
            kind="campaign", label="Campaigns", permission=Permission.WARRANTY_VIEW,
            load=list_queries.found_campaigns, is_shared=True,
        ),
        SearchSource(
            kind="coverage_plan", label="Coverage plans", permission=Permission.WARRANTY_VIEW,
            load=list_queries.found_plans, is_shared=True,
        ),
    ),
    imports=importing.KINDS,
    exports=export_queries.KINDS,
    checks=CHECKS,
)  # fmt: skip
