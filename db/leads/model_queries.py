"""Which models people ask for that no product line counts, so that nothing hides in "Other"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.leads.product_lines import OTHER
from db.leads.tables import Lead, LeadVehicle

DAYS: Final = 365
MOST: Final = 50


@dataclass(frozen=True, kw_only=True)
class UnknownModel:
    """A make and model as senders write it, with its leads; both are empty where only a product name was given."""

    make: str
    model: str
    leads: int
    newest: datetime


def unknown_models(session: Session, *, scope: Scope, now: datetime) -> list[UnknownModel]:
    """What leads of the last year counted as "Other" wanted, the most frequent first, at most 50."""
    make, model = func.coalesce(LeadVehicle.make, ""), func.coalesce(LeadVehicle.model, "")
    number = func.count(Lead.id.distinct())
    rows = session.execute(
        select(make, model, number, func.max(Lead.received_at))
        .outerjoin(LeadVehicle, (LeadVehicle.lead_id == Lead.id) & (LeadVehicle.role == "wanted"))
        .where(Lead.product == OTHER, Lead.received_at >= now - timedelta(days=DAYS))
        .where(scope.where(Lead.dealer_id, Lead.region))
        .group_by(make, model)
        .order_by(number.desc(), make, model)
        .limit(MOST)
    )
    return [UnknownModel(make=a, model=b, leads=count, newest=at) for a, b, count, at in rows]
