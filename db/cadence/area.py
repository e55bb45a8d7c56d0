"""What follow-up offers to the whole desk."""

from __future__ import annotations

from db.cadence.followers import FOLLOWERS
from db.cadence.jobs import JOBS
from db.core.area import Area

AREA = Area(name="cadence", title="Follow-up", jobs=JOBS, followers=FOLLOWERS)
