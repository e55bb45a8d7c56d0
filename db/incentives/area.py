"""What incentives offer to the whole desk."""

from __future__ import annotations

from db.core.area import Area, SearchSource, WorkSource
from db.core.permissions import Permission
from db.incentives.checks import CHECKS
from db.incentives.flow import FLOW
from db.incentives.importing import SALES
from db.incentives.work_queries import found_claims, found_sales, work_counts, work_lines

AREA = Area(
    name="incentives",
    title="Incentives",
    flows=(FLOW,),
    work=(WorkSource(name="incentives", permission=Permission.INCENTIVES_VIEW, lines=work_lines, counts=work_counts),),
    search=(
        SearchSource(kind="sale", label="Sales", permission=Permission.INCENTIVES_VIEW, load=found_sales),
        SearchSource(
            kind="incentive_claim", label="Incentive claims", permission=Permission.INCENTIVES_VIEW, load=found_claims
        ),
    ),
    imports=(SALES,),
    checks=CHECKS,
)
