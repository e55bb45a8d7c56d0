"""What investigations offer to the whole desk."""

from __future__ import annotations

from db.core.area import Area, ExportKind, SearchSource, WorkSource
from db.core.permissions import Permission
from db.investigations import queries
from db.investigations.checks import CHECKS
from db.investigations.flow import FLOW
from db.investigations.follow import FOLLOWERS
from db.investigations.jobs import JOBS

AREA = Area(
    name="investigations",
    title="Investigations",
    flows=(FLOW,),
    work=(
        WorkSource(
            name="investigations", permission=Permission.CLAIMS_INVESTIGATE, lines=queries.work_lines,
            counts=queries.work_counts,
        ),
    ),
    search=(
        SearchSource(
            kind="investigation", label="Investigations", permission=Permission.CLAIMS_INVESTIGATE,
            load=queries.found_investigations,
        ),
    ),
    exports=(
        ExportKind(
            name="investigations", title="Investigations", permission=Permission.CLAIMS_INVESTIGATE,
            columns=queries.COLUMNS, rows=queries.export_rows,
        ),
    ),
    jobs=JOBS,
    checks=CHECKS,
    followers=FOLLOWERS,
)  # fmt: skip
