"""What parts orders and parts claims offer to the whole desk."""

from __future__ import annotations

from db.core.area import Area

AREA = Area(name="parts", title="Parts")
