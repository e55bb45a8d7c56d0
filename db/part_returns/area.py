"""What parts returns offer to the whole desk."""

from __future__ import annotations

from db.core.area import Area

AREA = Area(name="part_returns", title="Parts returns")
