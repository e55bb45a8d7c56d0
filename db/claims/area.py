"""What claims offer to the whole desk."""

from __future__ import annotations

from db.claims import campaign_follow
from db.claims.flow import FLOW
from db.claims.jobs import JOBS
from db.core.area import Area

AREA = Area(name="claims", title="Claims", flows=(FLOW,), followers=(campaign_follow.FOLLOWER,), jobs=JOBS)
