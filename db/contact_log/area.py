"""What dealer contacts offer to the whole desk."""

from __future__ import annotations

from db.contact_log import contact_queries, promise_queries
from db.contact_log.checks import CHECKS
from db.contact_log.dealer_queries import dealer_lines, dealer_signals
from db.contact_log.flow import FLOW
from db.contact_log.jobs import JOBS
from db.contact_log.metrics_queries import METRICS
from db.core.area import Area, DealerSource, ExportKind, SearchSource, WorkSource
from db.core.permissions import Permission

AREA = Area(
    name="contact_log",
    title="Dealer contacts",
    flows=(FLOW,),
    work=(
        WorkSource(
            name="promises", permission=Permission.CONTACTS_LOG, lines=promise_queries.work_lines,
            counts=promise_queries.work_counts,
        ),
    ),
    search=(
        SearchSource(
            kind="contact_report", label="Dealer contacts", permission=Permission.CONTACTS_VIEW,
            load=contact_queries.found_reports,
        ),
    ),
    exports=(
        ExportKind(
            name="contact_reports", title="Dealer contacts", permission=Permission.CONTACTS_VIEW,
            columns=contact_queries.COLUMNS, rows=contact_queries.export_rows, has_personal_data=True,
        ),
    ),
    metrics=METRICS,
    jobs=JOBS,
    checks=CHECKS,
    dealer=(
        DealerSource(
            name="contact_log", label="Contacts", permission=Permission.CONTACTS_VIEW,
            lines=dealer_lines, signals=dealer_signals,
        ),
    ),
)  # fmt: skip
