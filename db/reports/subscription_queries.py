"""Whether somebody gets the monthly pack by mail."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.reports.pack_tables import PackSubscription


def is_subscribed(session: Session, *, region: str, actor: Actor) -> bool:
    """Whether the actor gets the pack of a region, or of all their dealers, by mail."""
    actor.require(Permission.PACK_VIEW)
    found = session.scalar(
        select(PackSubscription.id).where(PackSubscription.person_id == actor.user_id, PackSubscription.place == region)
    )
    return found is not None
