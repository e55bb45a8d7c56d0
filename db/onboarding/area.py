"""What onboarding offers to the whole desk: its queue, my work, search, export, metrics, jobs, checks, dealer facts."""

from __future__ import annotations

from db.core.area import Area, DealerSource, ExportKind, SearchSource, WorkSource
from db.core.permissions import Permission
from db.onboarding.checks import CHECKS
from db.onboarding.flow import FLOW
from db.onboarding.jobs import JOBS
from db.onboarding.kpi_queries import METRICS
from db.onboarding.queries import COLUMNS, export_rows, found_cases
from db.onboarding.work_queries import dealer_lines, dealer_signals, work_counts, work_lines

AREA = Area(
    name="onboarding",
    title="Onboarding",
    flows=(FLOW,),
    work=(
        WorkSource(name="onboarding", permission=Permission.ONBOARDING_VIEW, lines=work_lines, counts=work_counts),
    ),
    search=(
        SearchSource(kind="onboarding", label="Onboarding", permission=Permission.ONBOARDING_VIEW, load=found_cases),
    ),
    exports=(
        ExportKind(
            name="onboardings", title="Onboardings", permission=Permission.ONBOARDING_VIEW, columns=COLUMNS,
            rows=export_rows,
        ),
    ),
    metrics=METRICS,
    jobs=JOBS,
    checks=CHECKS,
    dealer=(
        DealerSource(
            name="onboarding", label="Onboarding", permission=Permission.ONBOARDING_VIEW, lines=dealer_lines,
            signals=dealer_signals,
        ),
    ),
)  # fmt: skip
