"""What sales objectives offer to the whole desk."""

from __future__ import annotations

from db.core.area import Area
from db.objectives.importing import KIND
from db.objectives.metrics_queries import EXPORT, METRICS

AREA = Area(name="objectives", title="Sales objectives", imports=(KIND,), exports=(EXPORT,), metrics=METRICS)
