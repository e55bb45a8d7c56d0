"""What claims offer to the whole desk."""

from __future__ import annotations

from db.claims.flow import FLOW
from db.claims.preauth import FOLLOWER
from db.core.area import Area

AREA = Area(name="claims", title="Claims", flows=(FLOW,), followers=(FOLLOWER,))
