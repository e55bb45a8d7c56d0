"""What claim payments offer to the whole desk."""

from __future__ import annotations

from db.claim_payments.checks import CHECKS
from db.claim_payments.followers import FOLLOWERS
from db.core.area import Area

AREA = Area(name="claim_payments", title="Claim payments", checks=CHECKS, followers=FOLLOWERS)
