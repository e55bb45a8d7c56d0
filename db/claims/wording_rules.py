"""The words of claims that screens show: types, kinds of charges and files, outcomes, reasons."""

from __future__ import annotations

from db.claims.model import ATTACHMENT_KINDS, CHARGE_KINDS, CLAIM_TYPES, OUTCOMES
from db.claims.reason_rules import REASON_CODES

__all__ = ["ATTACHMENT_KINDS", "CHARGE_KINDS", "CLAIM_TYPES", "OUTCOMES", "REASON_CODES"]
