"""What a claim is tied to beside its own rows: the vehicle and the customer where they are known, and the search index.

A claim keeps the VIN as text; vehicle and customer need not exist.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claims.tables import Claim
from db.core import search
from db.customers.tables import Customer
from db.customers.vehicle_tables import Ownership, ServiceVisit, Vehicle

SEARCH_KIND = "claim"


def link(session: Session, claim: Claim) -> None:
    """Tie the claim to the vehicle of its VIN and to the customer of its repair order, or to the vehicle's owner.

    Only a customer of this dealer counts: an owner another dealer keeps is none of this dealer's business.
    """
    claim.vehicle_id = session.scalar(select(Vehicle.id).where(Vehicle.vin == claim.vin)) if claim.vin else None
    claim.customer_id = None
    if claim.vehicle_id is None:
        return
    claim.customer_id = session.scalar(
        select(ServiceVisit.customer_id).where(
            ServiceVisit.dealer_id == claim.dealer_id, ServiceVisit.ro_number == claim.ro_number,
            ServiceVisit.vehicle_id == claim.vehicle_id,
        )
    ) or session.scalar(
        select(Ownership.customer_id)
        .join(Customer, Customer.id == Ownership.customer_id)
        .where(
            Ownership.vehicle_id == claim.vehicle_id, Ownership.until.is_(None), Customer.dealer_id == claim.dealer_id
        )
        .order_by(Ownership.id.desc())
        .limit(1)
    )  # fmt: skip


def search_texts(claim: Claim) -> list[str]:
    """What the search box finds a claim by: number, the end of the VIN and all of it, repair order, foreign number."""
    return [claim.number, claim.vin, claim.vin[-8:], claim.ro_number, claim.external_number or ""]


def reindex(session: Session, claim: Claim, *, is_new: bool = False) -> None:
    """Make the claim findable."""
    search.index(
        session, kind=SEARCH_KIND, item_id=claim.id, texts=search_texts(claim), dealer_id=claim.dealer_id,
        region=claim.region, is_new=is_new,
    )  # fmt: skip
