"""What investigations offer to the whole desk."""

from __future__ import annotations

from db.core.area import Area

AREA = Area(name="investigations", title="Investigations")
