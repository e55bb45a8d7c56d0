"""What appointments offer to the whole desk: the queue, my work, search, export, metrics, jobs and checks."""

from __future__ import annotations

from db.appointments.checks import CHECKS
from db.appointments.flow import FLOW
from db.appointments.follow import FOLLOWERS
from db.appointments.holder import HELD
from db.appointments.jobs import JOBS
from db.appointments.lines_queries import (
    COLUMNS,
    customer_lines,
    dealer_lines,
    export_rows,
    found_appointments,
    work_counts,
    work_lines,
)
from db.appointments.rate_queries import METRICS
from db.core.area import Area, CustomerSource, DealerSource, ExportKind, SearchSource, WorkSource
from db.core.permissions import Permission

VIEW = Permission.APPOINTMENTS_VIEW
AREA = Area(
    name="appointments",
    title="Appointments",
    flows=(FLOW,),
    work=(WorkSource(name="appointments", permission=VIEW, lines=work_lines, counts=work_counts),),
    search=(SearchSource(kind="appointment", label="Appointments", permission=VIEW, load=found_appointments),),
    exports=(
        ExportKind(
            name="appointments", title="Appointments", permission=VIEW, columns=COLUMNS, rows=export_rows,
        ),
    ),
    metrics=METRICS,
    jobs=JOBS,
    checks=CHECKS,
    dealer=(DealerSource(name="appointments", label="Appointments", permission=VIEW, lines=dealer_lines),),
    personal_data=(HELD,),
    customer=(CustomerSource(name="appointments", label="Appointments", permission=VIEW, lines=customer_lines),),
    followers=FOLLOWERS,
)  # fmt: skip
