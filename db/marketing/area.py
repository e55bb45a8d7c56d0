"""What marketing spend offers to the whole desk."""

from __future__ import annotations

from db.core.area import Area

AREA = Area(name="marketing", title="Marketing spend")
