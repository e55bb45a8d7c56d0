"""What incentives offer to the whole desk."""

from __future__ import annotations

from functools import partial

from db.core.area import Area, SearchSource, WorkSource
from db.core.permissions import Permission
from db.core.rollups import rebuild
from db.incentives.checks import CHECKS
from db.incentives.figure_exports import EXPORTS as FIGURE_EXPORTS
from db.incentives.figure_metrics_queries import METRICS
from db.incentives.flow import FLOW
from db.incentives.importing import SALES
from db.incentives.pay_checks import CHECKS as PAY_CHECKS
from db.incentives.pay_offers import EXPORTS as PAY_EXPORTS
from db.incentives.pay_offers import SEARCH as PAY_SEARCH
from db.incentives.pay_offers import WORK as PAY_WORK
from db.incentives.program_offers import EXPORT as PROGRAM_EXPORT
from db.incentives.program_offers import SEARCH as PROGRAM_SEARCH
from db.incentives.sheet_importing import CHECKED_SALES
from db.incentives.statement_importing import STATEMENTS
from db.incentives.sums import SALES as SOLD
from db.incentives.sums import SUMS
from db.incentives.target_importing import TARGETS
from db.incentives.work_queries import found_claims, found_sales, work_counts, work_lines

AREA = Area(
    name="incentives",
    title="Incentives",
    flows=(FLOW,),
    work=(
        WorkSource(name="incentives", permission=Permission.INCENTIVES_VIEW, lines=work_lines, counts=work_counts),
        *PAY_WORK,
    ),
    search=(
        SearchSource(kind="sale", label="Sales", permission=Permission.INCENTIVES_VIEW, load=found_sales),
        SearchSource(
            kind="incentive_claim", label="Incentive claims", permission=Permission.INCENTIVES_VIEW, load=found_claims
        ),
        PAY_SEARCH,
        PROGRAM_SEARCH,
    ),
    imports=(SALES, CHECKED_SALES, STATEMENTS, TARGETS),
    exports=(PROGRAM_EXPORT, *PAY_EXPORTS, *FIGURE_EXPORTS),
    metrics=METRICS,
    checks=(*CHECKS, *PAY_CHECKS),
    rebuilds=(partial(rebuild, rollups=(SUMS, SOLD)),),
)
