"""What the lead desk offers to the whole desk: its queue, my work, search, export, metrics, jobs and checks."""

from __future__ import annotations

from functools import partial

from db.core.area import Area, DealerSource, ExportKind, SearchSource, WorkSource
from db.core.permissions import Permission
from db.core.rollups import rebuild
from db.leads import pipeline_metrics, pipeline_signals, rollup
from db.leads.checks import CHECKS
from db.leads.customer_line_queries import SOURCES as CUSTOMER_SOURCES
from db.leads.customer_queries import HELD
from db.leads.dealer_lines_queries import dealer_lines, dealer_signals
from db.leads.export_queries import COLUMNS, export_documents, export_rows
from db.leads.flow import FLOW
from db.leads.intake_kinds import KINDS
from db.leads.jobs import JOBS
from db.leads.metrics_queries import METRICS
from db.leads.milestones_queries import MILESTONES
from db.leads.won_queries import METRICS as WON_METRICS
from db.leads.won_sums import SUMS
from db.leads.work_queries import found_leads, work_counts, work_lines

AREA = Area(
    name="leads",
    title="Lead desk",
    flows=(FLOW,),
    work=(WorkSource(name="leads", permission=Permission.LEADS_VIEW, lines=work_lines, counts=work_counts),),
    search=(
        SearchSource(kind="lead", label="Leads", permission=Permission.LEADS_VIEW, load=found_leads),
    ),
    imports=KINDS,
    exports=(
        ExportKind(
            name="leads", title="Leads", permission=Permission.EXPORT_RUN, columns=COLUMNS, rows=export_rows,
            documents=export_documents, has_personal_data=True,
        ),
        ExportKind(
            name="pipeline", title="Pipelines by dealer and stage", permission=Permission.PIPELINE_VIEW,
            columns=pipeline_metrics.COLUMNS, rows=pipeline_metrics.export_rows,
        ),
    ),
    metrics=(*METRICS, *pipeline_metrics.METRICS, *WON_METRICS),
    jobs=JOBS,
    checks=CHECKS,
    rebuilds=(rollup.rebuild, partial(rebuild, rollups=(SUMS,))),
    personal_data=(HELD,),
    customer=CUSTOMER_SOURCES,
    dealer=(
        DealerSource(
            name="leads", label="Leads", permission=Permission.LEADS_VIEW, lines=dealer_lines, signals=dealer_signals
        ),
        pipeline_signals.SOURCE,
    ),
    milestones=MILESTONES,
)  # fmt: skip
