"""What documents offer to the whole desk."""

from __future__ import annotations

from db.core.area import Area, DealerSource, ExportKind, SearchSource, WorkSource
from db.core.permissions import Permission
from db.documents import coverage_queries, queries
from db.documents.checks import CHECKS
from db.documents.jobs import JOBS

AREA = Area(
    name="documents",
    title="Documents",
    work=(
        WorkSource(
            name="documents", permission=Permission.DOCUMENTS_ADD, lines=coverage_queries.work_lines,
            counts=coverage_queries.work_counts,
        ),
    ),
    search=(
        SearchSource(
            kind="document", label="Documents", permission=Permission.DOCUMENTS_VIEW, load=queries.search_results
        ),
    ),
    exports=(
        ExportKind(
            name="documents", title="Documents", permission=Permission.DOCUMENTS_VIEW, columns=queries.COLUMNS,
            rows=queries.export_rows,
        ),
    ),
    dealer=(
        DealerSource(
            name="documents", label="Documents", permission=Permission.DOCUMENTS_VIEW,
            lines=coverage_queries.dealer_lines, signals=coverage_queries.signals,
        ),
    ),
    jobs=JOBS,
    checks=CHECKS,
)  # fmt: skip
