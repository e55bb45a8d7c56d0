"""Whether somebody gets the monthly pack by mail."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.reports.pack_tables import PackSubscription


def is_subscribed(session: Session, *, region: str, actor: Actor) -> bool:
    """Whether the actor gets the pack of a region, or of all their dealers, by mail."""
    return files_wanted(session, region=region, actor=actor) is not None


def files_wanted(session: Session, *, region: str, actor: Actor) -> str | None:
    """Which files (of `FILES`) go with the actor's mails of a region's pack; None where they get none."""
    actor.require(Permission.PACK_VIEW)
    return session.scalar(
        select(PackSubscription.files).where(
            PackSubscription.person_id == actor.user_id, PackSubscription.place == region
        )
    )
