"""What claims offer to the whole desk."""

from __future__ import annotations

from db.claims import campaign_follow, dealer_queries
from db.claims.figure_exports import EXPORTS as FIGURE_EXPORTS
from db.claims.figures import CHECKS as FIGURE_CHECKS
from db.claims.flow import FLOW
from db.claims.jobs import JOBS
from db.claims.metrics_queries import METRICS
from db.claims.simulation_queries import EXPORT as SIMULATION_EXPORT
from db.core.area import Area

AREA = Area(
    name="claims",
    title="Claims",
    flows=(FLOW,),
    exports=(*FIGURE_EXPORTS, SIMULATION_EXPORT),
    metrics=METRICS,
    jobs=JOBS,
    checks=FIGURE_CHECKS,
    dealer=(dealer_queries.SOURCE,),
    followers=(campaign_follow.FOLLOWER,),
)
