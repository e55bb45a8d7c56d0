"""What must hold of warranty data (`python -m db check`)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import vin as vins
from db.core.area import Check
from db.dealers.tables import Dealer
from db.warranty import rules
from db.warranty.tables import CampaignVehicle, CoveragePlan, LabourOperation, Technician

MOST = 50


def periods_never_overlap(session: Session) -> list[str]:
    """Plans and operations of which two versions hold on one day."""
    found = []
    tables: tuple[tuple[str, Any], ...] = (("plan", CoveragePlan), ("operation", LabourOperation))
    for word, table in tables:
        periods: dict[str, list[Any]] = {}
        for code, first, last in session.execute(select(table.code, table.valid_from, table.valid_until)):
            periods.setdefault(code, []).append((first, last))
        for code in sorted(periods):
            for first, second in rules.overlaps(periods[code]):
                found.append(f"{word} {code} holds twice: from {first} and from {second}")
    return found[:MOST]


def campaign_vins_are_regular(session: Session) -> list[str]:
    """Entries of campaigns whose number has not the form of a VIN."""
    found = []
    for one in session.execute(select(CampaignVehicle.id, CampaignVehicle.vin)).yield_per(1000):
        if not vins.has_shape(one.vin):
            found.append(f"campaign entry {one.id} has an irregular VIN")
            if len(found) >= MOST:
                break
    return found


def technicians_lie_with_their_dealer(session: Session) -> list[str]:
    """Technicians in another region than their dealer: people of the wrong region would see them."""
    rows = session.execute(
        select(Technician.id, Dealer.code)
        .join(Dealer, Dealer.id == Technician.dealer_id)
        .where(Technician.region != Dealer.region)
        .order_by(Technician.id)
        .limit(MOST)
    )
    return [f"technician {one} lies in another region than dealer {code}" for one, code in rows]


CHECKS = (
    Check(name="warranty periods", run=periods_never_overlap),
    Check(name="campaign VINs", run=campaign_vins_are_regular),
    Check(name="technicians' regions", run=technicians_lie_with_their_dealer),
)
