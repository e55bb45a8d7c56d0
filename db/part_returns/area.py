"""What parts returns offer to the whole desk."""

from __future__ import annotations

from db.core.area import Area, DealerSource, ExportKind, SearchSource, WorkSource
from db.core.permissions import Permission
from db.part_returns import offers
from db.part_returns.checks import CHECKS
from db.part_returns.flow import FLOW
from db.part_returns.follow import FOLLOWERS
from db.part_returns.jobs import JOBS

AREA = Area(
    name="part_returns",
    title="Parts returns",
    flows=(FLOW,),
    work=(
        WorkSource(
            name="part_returns", permission=Permission.RETURNS_SHIP, lines=offers.work_lines, counts=offers.work_counts
        ),
    ),
    search=(
        SearchSource(
            kind="part_return", label="Parts returns", permission=Permission.CLAIMS_VIEW, load=offers.found_returns
        ),
    ),
    exports=(
        ExportKind(
            name="part_returns", title="Parts returns", permission=Permission.CLAIMS_VIEW, columns=offers.COLUMNS,
            rows=offers.export_rows,
        ),
    ),
    dealer=(
        DealerSource(
            name="part_returns", label="Parts returns", permission=Permission.CLAIMS_VIEW, lines=offers.dealer_lines
        ),
    ),
    jobs=JOBS,
    checks=CHECKS,
    followers=FOLLOWERS,
)  # fmt: skip
