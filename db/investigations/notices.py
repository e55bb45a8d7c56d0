"""Who is told of a new investigation, and of one handed over. Dealers never are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from db.core.permissions import Permission
from db.investigations.tables import Investigation
from db.people.notifications import notify
from db.people.queries import people_to_tell


def who_may_look(session: Session, found: Investigation) -> list[int]:
    """Ids of the people who may look into it."""
    return people_to_tell(
        session, dealer_id=found.dealer_id, region=found.region, permission=Permission.CLAIMS_INVESTIGATE
    )


def tell_flagged(session: Session, found: Investigation, *, sentences: Sequence[str], now: datetime) -> int:
    """Something looks odd: the person who looks into it, or everybody who may, once an investigation."""
    people = [found.assignee_id] if found.assignee_id is not None else who_may_look(session, found)
    return notify(
        session, person_ids=people, kind="investigation", item_type="investigation", item_id=found.id, now=now,
        title=f"{found.number}: a claim looks odd" if found.claim_id else f"{found.number}: a dealer's claims look odd",
        body=" ".join(sentences), mail=False, dedupe_key=f"investigation:{found.id}:flagged",
    )  # fmt: skip


def tell_handed_over(session: Session, found: Investigation, *, by: int | None, now: datetime) -> int:
    """Somebody was made to look into it; whoever did it to themselves is not told."""
    if found.assignee_id is None or found.assignee_id == by:
        return 0
    return notify(
        session, person_ids=[found.assignee_id], kind="investigation", item_type="investigation", item_id=found.id,
        title=f"{found.number} is yours to look into", body=found.opened_because, now=now, mail=True,
        dedupe_key=f"investigation:{found.id}:given:{found.version}",
    )  # fmt: skip
