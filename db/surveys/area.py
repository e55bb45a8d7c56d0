"""What surveys offers to the whole desk."""

from __future__ import annotations

from db.core.area import Area

AREA = Area(name="surveys", title="Surveys")
