"""What co-op funds offer to the whole desk."""

from __future__ import annotations

from functools import partial

from db.coop import (
    campaign_exports,
    claim_queries,
    fund_queries,
    radar_queries,
    radar_work_queries,
    remind_jobs,
    request_queries,
)
from db.coop.checks import CHECKS
from db.coop.claim_flow import FLOW as CLAIM_FLOW
from db.coop.figure_exports import EXPORTS as FIGURE_EXPORTS
from db.coop.figure_metrics_queries import METRICS
from db.coop.flow import FLOW
from db.coop.importing import PURCHASES
from db.coop.jobs import JOBS
from db.coop.record import CLAIM, MEMO, REQUEST
from db.coop.sums import SUMS
from db.coop.work_queries import dealer_lines, found_claims, found_memos, found_requests, work_counts, work_lines
from db.core.area import Area, DealerSource, ExportKind, SearchSource, WorkSource
from db.core.permissions import Permission
from db.core.rollups import rebuild

VIEW = Permission.COOP_VIEW
AREA = Area(
    name="coop",
    title="Co-op",
    flows=(FLOW, CLAIM_FLOW),
    work=(
        WorkSource(name="coop", permission=VIEW, lines=work_lines, counts=work_counts),
        WorkSource(
            name="coop_radar", permission=VIEW, lines=radar_work_queries.work_lines,
            counts=radar_work_queries.work_counts,
        ),
    ),
    search=(
        SearchSource(kind=REQUEST, label="Co-op requests", permission=VIEW, load=found_requests),
        SearchSource(kind=CLAIM, label="Co-op claims", permission=VIEW, load=found_claims),
        SearchSource(kind=MEMO, label="Co-op credit memos", permission=VIEW, load=found_memos),
    ),
    imports=(PURCHASES,),
    exports=(
        ExportKind(
            name="coop_requests", title="Co-op requests", permission=VIEW, columns=request_queries.COLUMNS,
            rows=request_queries.export_rows,
        ),
        ExportKind(
            name="coop_claims", title="Co-op claims", permission=VIEW, columns=claim_queries.COLUMNS,
            rows=claim_queries.export_rows,
        ),
        ExportKind(
            name="coop_funds", title="Co-op funds", permission=VIEW, columns=fund_queries.COLUMNS,
            rows=fund_queries.export_rows,
        ),
        ExportKind(
            name="coop_expiring", title="Co-op money that expires", permission=VIEW, columns=radar_queries.COLUMNS,
            rows=radar_queries.export_rows,
        ),
        ExportKind(
            name="coop_campaigns", title="Campaigns", permission=VIEW, columns=campaign_exports.COLUMNS,
            rows=campaign_exports.export_rows,
        ),
        *FIGURE_EXPORTS,
    ),
    metrics=METRICS,
    jobs=(*JOBS, *remind_jobs.JOBS),
    checks=CHECKS,
    rebuilds=(partial(rebuild, rollups=(SUMS,)),),
    dealer=(DealerSource(name="coop", label="Co-op", permission=VIEW, lines=dealer_lines),),
)  # fmt: skip
