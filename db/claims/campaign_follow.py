"""Campaigns follow the claims: an approved recall claim remedies its vehicle, an appeal takes that back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.claims.record import claims_by_id
from db.core import changes
from db.core import vin as vins
from db.core.actor import Actor
from db.core.events import Event, Follower
from db.core.insert import rows_changed
from db.core.labels import local_day
from db.warranty.codes import clean_code
from db.warranty.tables import Campaign, CampaignVehicle

RECALL = "recall"
REMEDIED = ("approved", "partially_approved", "paid")


def mark_campaign_done(session: Session, *, event: Event, actor: Actor, now: datetime) -> None:
    """Note on the lists of campaigns which vehicles these claims remedied, or no longer did.

    The day is that the repair order was closed, else the day of the decision (UTC). What an earlier claim or a file
    said stays: only the claim that remedied a vehicle can take it back. A bounded number of statements a claim.
    """
    claims = [
        c for c in claims_by_id(session, event.item_ids) if c.claim_type == RECALL and c.campaign_number != ""
    ]  # fmt: skip
    changed = 0
    for claim in claims:
        if event.name == "claims.decided" and claim.status in REMEDIED:
            listed = select(Campaign.id).where(Campaign.number == clean_code(claim.campaign_number)).scalar_subquery()
            changed += rows_changed(
                session,
                update(CampaignVehicle)
                .where(
                    CampaignVehicle.campaign_id == listed, CampaignVehicle.vin == vins.clean(claim.vin),
                    CampaignVehicle.done_on.is_(None),
                )
                .values(done_on=claim.ro_closed_on or local_day(now, "UTC"), done_claim=claim.number),
            )  # fmt: skip
        else:
            changed += rows_changed(
                session,
                update(CampaignVehicle)
                .where(CampaignVehicle.vin == vins.clean(claim.vin), CampaignVehicle.done_claim == claim.number)
                .values(done_on=None, done_claim=""),
            )
    if changed:
        changes.touch(session, "warranty")


FOLLOWER = Follower(
    name="campaigns_of_claims", on=("claims.decided", "claims.reopened", "claims.removed"), react=mark_campaign_done
)  # fmt: skip
