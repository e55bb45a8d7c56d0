"""What surveys offer to the whole desk."""

from __future__ import annotations

from functools import partial

from db.core.area import Area, CustomerSource, DealerSource, ExportKind, SearchSource, WorkSource
from db.core.permissions import Permission
from db.core.rollups import rebuild
from db.surveys import alert_queries, survey_queries
from db.surveys.checks import CHECKS
from db.surveys.dealer_queries import dealer_lines, dealer_signals
from db.surveys.flow import FLOW
from db.surveys.holder import HELD
from db.surveys.importing import KINDS
from db.surveys.jobs import JOBS
from db.surveys.metrics_queries import METRICS
from db.surveys.sums import SUMS

AREA = Area(
    name="surveys",
    title="Surveys",
    flows=(FLOW,),
    work=(
        WorkSource(
            name="survey_alerts", permission=Permission.SURVEYS_WORK, lines=alert_queries.work_lines,
            counts=alert_queries.work_counts,
        ),
    ),
    search=(
        SearchSource(
            kind="survey", label="Surveys", permission=Permission.SURVEYS_VIEW, load=survey_queries.found_surveys
        ),
    ),
    imports=KINDS,
    exports=(
        ExportKind(
            name="surveys", title="Customer surveys", permission=Permission.SURVEYS_VIEW,
            columns=survey_queries.COLUMNS, rows=survey_queries.export_rows, has_personal_data=True,
        ),
    ),
    metrics=METRICS,
    jobs=JOBS,
    checks=CHECKS,
    rebuilds=(partial(rebuild, rollups=(SUMS,)),),
    dealer=(
        DealerSource(
            name="surveys", label="Surveys", permission=Permission.SURVEYS_VIEW, lines=dealer_lines,
            signals=dealer_signals,
        ),
    ),
    customer=(
        CustomerSource(
            name="surveys", label="Surveys", permission=Permission.SURVEYS_VIEW, lines=survey_queries.customer_lines
        ),
    ),
    personal_data=(HELD,),
)  # fmt: skip
