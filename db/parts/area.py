"""What parts orders and parts claims offer to the whole desk."""

from __future__ import annotations

from db.core.area import Area
from db.parts.flow import CLAIMS, ORDERS
from db.parts.importing import KINDS

AREA = Area(name="parts", title="Parts", flows=(ORDERS, CLAIMS), imports=KINDS)
