"""What must hold between investigations and their flags (`python -m db check`)."""

from __future__ import annotations

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from db.core.area import Check
from db.dealers.strays import in_another_region
from db.investigations.flow import FLOW
from db.investigations.tables import ClaimFlag, Investigation

MOST = 50


def investigations_are_whole(session: Session) -> list[str]:
    """Investigations that contradict themselves, lost flags, or lie in another region than their dealer."""
    found = []
    kept = (
        select(func.count()).where(ClaimFlag.investigation_id == Investigation.id).correlate(Investigation)
    ).scalar_subquery()  # fmt: skip
    open_states = list(FLOW.open_states)
    odd = or_(
        Investigation.flags != kept,
        and_(Investigation.flags == 0, Investigation.opened_because == ""),
        and_(Investigation.status.in_(open_states), or_(~Investigation.is_open, Investigation.closed_at.is_not(None))),
        and_(Investigation.status.not_in(open_states), or_(Investigation.is_open, Investigation.closed_at.is_(None))),
    )
    for number in session.scalars(select(Investigation.number).where(odd).limit(MOST)):
        found.append(f"investigation {number} contradicts itself or lost a flag")
    strays = in_another_region(session, Investigation, most=MOST)
    return found + [f"{number} lies in another region than its dealer" for number in strays]


CHECKS = (Check(name="investigations", run=investigations_are_whole),)
