"""What dealer access offers to the whole desk."""

from __future__ import annotations

from db.access import people_queries, queries, review_queries
from db.access.checks import CHECKS
from db.access.dealer_queries import dealer_lines, dealer_signals
from db.access.flow import FLOW
from db.access.jobs import JOBS
from db.core.area import Area, DealerSource, ExportKind, SearchSource, WorkSource
from db.core.permissions import Permission

VIEW = Permission.ACCESS_VIEW
AREA = Area(
    name="access",
    title="Dealer access",
    flows=(FLOW,),
    work=(
        WorkSource(
            name="access requests", permission=VIEW, lines=queries.work_lines, counts=queries.work_counts
        ),
        WorkSource(
            name="access reviews", permission=VIEW, lines=review_queries.work_lines, counts=review_queries.work_counts
        ),
    ),
    search=(
        SearchSource(kind="access_request", label="Access requests", permission=VIEW, load=queries.found_requests),
    ),
    exports=(
        ExportKind(
            name="dealer_access", title="People with access", permission=VIEW, columns=people_queries.COLUMNS,
            rows=people_queries.export_rows, has_personal_data=True,
        ),
    ),
    jobs=JOBS,
    checks=CHECKS,
    dealer=(
        DealerSource(
            name="access", label="Dealer access", permission=VIEW, lines=dealer_lines, signals=dealer_signals
        ),
    ),
)  # fmt: skip
