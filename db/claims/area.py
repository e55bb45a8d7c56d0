"""What claims offer to the whole desk."""

from __future__ import annotations

from db.claims import campaign_follow, dealer_queries, export_queries
from db.claims.claim_queries import found_claims
from db.claims.figure_exports import EXPORTS as FIGURE_EXPORTS
from db.claims.figures import CHECKS as FIGURE_CHECKS
from db.claims.flow import FLOW
from db.claims.importing import CLAIMS
from db.claims.jobs import JOBS
from db.claims.line_queries import customer_lines
from db.claims.metrics_queries import METRICS
from db.claims.preauth import FOLLOWER as PREAUTH_FOLLOWER
from db.claims.simulation_queries import EXPORT as SIMULATION_EXPORT
from db.claims.work_queries import work_counts, work_lines
from db.core.area import Area, CustomerSource, ExportKind, SearchSource, WorkSource
from db.core.permissions import Permission

AREA = Area(
    name="claims",
    title="Claims",
    flows=(FLOW,),
    work=(WorkSource(name="claims", permission=Permission.CLAIMS_VIEW, lines=work_lines, counts=work_counts),),
    search=(SearchSource(kind="claim", label="Claims", permission=Permission.CLAIMS_VIEW, load=found_claims),),
    imports=(CLAIMS,),
    exports=(
        ExportKind(
            name="claims", title="Claims", permission=Permission.CLAIMS_VIEW, columns=export_queries.CLAIM_COLUMNS,
            rows=export_queries.claim_rows,
        ),
        ExportKind(
            name="claim_lines", title="Lines of claims", permission=Permission.CLAIMS_VIEW,
            columns=export_queries.LINE_COLUMNS, rows=export_queries.line_rows,
        ),
        ExportKind(
            name="claim_findings", title="Findings of claims", permission=Permission.CLAIMS_VIEW,
            columns=export_queries.FINDING_COLUMNS, rows=export_queries.finding_rows,
        ),
        *FIGURE_EXPORTS,
        SIMULATION_EXPORT,
    ),
    metrics=METRICS,
    jobs=JOBS,
    checks=FIGURE_CHECKS,
    dealer=(dealer_queries.SOURCE,),
    customer=(
        CustomerSource(name="claims", label="Claims", permission=Permission.CLAIMS_VIEW, lines=customer_lines),
    ),
    followers=(campaign_follow.FOLLOWER, PREAUTH_FOLLOWER),
)  # fmt: skip
