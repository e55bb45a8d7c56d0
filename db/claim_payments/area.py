"""What claim payments offer to the whole desk."""

from __future__ import annotations

from db.core.area import Area

AREA = Area(name="claim_payments", title="Claim payments")
