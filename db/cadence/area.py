"""What follow-up offers to the whole desk."""

from __future__ import annotations

from db.cadence.adherence_queries import METRICS
from db.cadence.checks import CHECKS
from db.cadence.dealer_queries import dealer_lines, dealer_signals
from db.cadence.followers import FOLLOWERS
from db.cadence.jobs import JOBS
from db.cadence.today_queries import work_counts, work_lines
from db.core.area import Area, DealerSource, WorkSource
from db.core.permissions import Permission

AREA = Area(
    name="cadence",
    title="Follow-up",
    work=(WorkSource(name="cadence", permission=Permission.TASKS_VIEW, lines=work_lines, counts=work_counts),),
    metrics=METRICS,
    jobs=JOBS,
    checks=CHECKS,
    dealer=(
        DealerSource(
            name="cadence", label="Follow-up", permission=Permission.CADENCE_VIEW, lines=dealer_lines,
            signals=dealer_signals,
        ),
    ),
    followers=FOLLOWERS,
)  # fmt: skip
