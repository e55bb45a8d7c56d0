"""What sales objectives offer to the whole desk."""

from __future__ import annotations

from functools import partial

from db.core.area import Area, Check
from db.core.rollups import rebuild
from db.objectives.importing import KIND
from db.objectives.metrics_queries import EXPORT, METRICS
from db.objectives.sums import SUMS

AREA = Area(
    name="objectives", title="Sales objectives", imports=(KIND,), exports=(EXPORT,), metrics=METRICS,
    checks=(Check(name="Sums of objectives agree with the objectives", run=SUMS.differences),),
    rebuilds=(partial(rebuild, rollups=(SUMS,)),),
)  # fmt: skip
