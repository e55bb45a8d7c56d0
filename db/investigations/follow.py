"""What investigations do when a claim is sent: they look at it, and raise flags. The claim goes its own way."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from db.claims.tables import Claim
from db.core.actor import Actor, system_actor
from db.core.events import Event, Follower
from db.investigations.evidence import flags_of
from db.investigations.record import raise_flags


def look(session: Session, *, event: Event, actor: Actor, now: datetime) -> None:
    """Look at each claim that was sent; the desk itself raises what it finds, whoever sent the claim."""
    desk = system_actor(actor.source)
    for claim_id in event.item_ids:
        claim = session.get_one(Claim, claim_id)
        if claim.dealer_id is None or claim.region is None:
            continue
        raise_flags(
            session, flags_of(session, claim), claim_id=claim.id, dealer_id=claim.dealer_id, region=claim.region,
            actor=desk, now=now,
        )  # fmt: skip


FOLLOWERS = (Follower(name="look at claims", on=("claims.submitted",), react=look),)
