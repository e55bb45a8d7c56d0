"""Which vehicle a lead was sold with, and what is still missing of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.customers.vehicle_queries import list_purchases
from db.leads.tables import Lead, LeadVehicle

LATEST_YEAR: Final = 2100


@dataclass(frozen=True, kw_only=True)
class WantedVin:
    """The one VIN somebody asked for; `condition` is empty where nobody said, `facts` are year and names."""

    vin: str
    condition: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class SaleOfLead:
    """What is on record of a delivered lead. Without a `vehicle_id` a person has to add it; `why` says what is missing.

    `vin` and `condition` are what the form begins with.
    """

    vehicle_id: int | None = None
    title: str = ""
    bought_on: date | None = None
    condition: str = ""
    vin: str = ""
    why: str = ""


def vin_of(session: Session, lead_id: int) -> WantedVin | None:
    """The VIN of the wanted vehicle; None without one, or where several are wanted: which was sold is not guessed.

    For commands that hold the lead, so no scope is asked.
    """
    rows = session.scalars(
        select(LeadVehicle)
        .where(LeadVehicle.lead_id == lead_id, LeadVehicle.role == "wanted", LeadVehicle.vin.is_not(None))
        .order_by(LeadVehicle.position)
    )
    found = {row.vin.strip().upper(): row for row in rows if row.vin and row.vin.strip()}
    if len(found) != 1:
        return None
    vin, row = next(iter(found.items()))
    year = int(row.year) if row.year and row.year.isdecimal() and 1886 <= int(row.year) <= LATEST_YEAR else None
    facts = {"year": year, "make": row.make, "model": row.model, "trim": row.trim}
    return WantedVin(vin=vin, condition=row.condition, facts=facts)


def sale_of_lead(session: Session, *, lead_id: int, actor: Actor) -> SaleOfLead | None:
    """What was bought with a delivered lead of this person's scope; None while nothing was delivered."""
    lead = session.execute(
        select(Lead.id, Lead.number, Lead.status, Lead.customer_id).where(
            Lead.id == lead_id, actor.scope.where(Lead.dealer_id, Lead.region)
        )
    ).one_or_none()
    if lead is None or lead.status != "delivered":
        return None
    if actor.can(Permission.CUSTOMERS_VIEW):
        for one in list_purchases(session, actor=actor, customer_id=lead.customer_id):
            if one.reference == lead.number:
                return SaleOfLead(
                    vehicle_id=one.vehicle_id, title=one.vehicle, bought_on=one.bought_on, condition=one.condition
                )
    wanted = vin_of(session, lead.id)
    if wanted is None:
        return SaleOfLead(why="Enter the VIN of what was sold.")
    vin = wanted.vin if actor.can(Permission.PERSONAL_DATA_VIEW) else ""
    why = "New or used was not said." if not wanted.condition else "The VIN on the lead could not be taken over."
    return SaleOfLead(vin=vin, condition=wanted.condition, why=why)
