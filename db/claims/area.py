"""What claims offer to the whole desk."""

from __future__ import annotations

from db.claims.flow import FLOW
from db.claims.preauth import FOLLOWER
from db.claims.work_queries import work_counts, work_lines
from db.core.area import Area, WorkSource
from db.core.permissions import Permission

AREA = Area(
    name="claims",
    title="Claims",
    flows=(FLOW,),
    followers=(FOLLOWER,),
    work=(WorkSource(name="claims", permission=Permission.CLAIMS_VIEW, lines=work_lines, counts=work_counts),),
)
