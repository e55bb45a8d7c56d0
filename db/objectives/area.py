"""What sales objectives offer to the whole desk."""

from __future__ import annotations

from db.core.area import Area
from db.core.rollups import sums_check
from db.objectives.importing import KIND
from db.objectives.metrics_queries import EXPORT, METRICS
from db.objectives.sums import SUMS

AREA = Area(
    name="objectives", title="Sales objectives", imports=(KIND,), exports=(EXPORT,), metrics=METRICS,
    checks=(sums_check("Sums of objectives agree with the objectives", SUMS),),
)  # fmt: skip
