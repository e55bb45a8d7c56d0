"""The bands requests are judged with now, and how they came to be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.pricing.band_rules import DEFAULT, Policy
from db.pricing.limit_rules import policy_with
from db.pricing.tables import PricePolicy


@dataclass(frozen=True, kw_only=True)
class PolicyView:
    """The bands as they are: version 0 is as delivered."""

    number: int
    policy: Policy
    reason: str = ""
    recorded_at: datetime | None = None
    recorded_by: str = ""


def policy_now(session: Session) -> tuple[int, Policy]:
    """The number and the limits of the newest version; 0 and the limits as delivered when there is none.

    Bands are the desk's and belong to no dealer.
    """
    row = session.scalars(select(PricePolicy).order_by(PricePolicy.number.desc()).limit(1)).one_or_none()
    return (0, DEFAULT) if row is None else (row.number, policy_with(row.limits))


def policy_view(session: Session, *, actor: Actor) -> PolicyView:
    """The bands with who changed them last and why. Needs pricing.view."""
    actor.require(Permission.PRICING_VIEW)
    row = session.scalars(select(PricePolicy).order_by(PricePolicy.number.desc()).limit(1)).one_or_none()
    if row is None:
        return PolicyView(number=0, policy=DEFAULT)
    return PolicyView(
        number=row.number, policy=policy_with(row.limits), reason=row.reason, recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
    )  # fmt: skip
