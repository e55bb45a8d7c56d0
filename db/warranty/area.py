"""What warranty data offer to the whole desk."""

from __future__ import annotations

from db.core.area import Area

AREA = Area(name="warranty", title="Warranty data")
