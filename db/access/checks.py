"""What `python -m db check` verifies about dealer access."""

from __future__ import annotations

from sqlalchemy import false, func, or_, select, true
from sqlalchemy.orm import Session

from db.access.flow import FLOW
from db.access.tables import AccessRequest, AccessReview, AccessReviewLine
from db.core.area import Check
from db.dealers.tables import Dealer

MOST = 20


def requests_are_possible(session: Session) -> list[str]:
    """Requests that contradict themselves, or stand in another region than their dealer, in sentences."""
    r, closed = AccessRequest, [s.name for s in FLOW.states if s.final]
    wrong = {
        "is open in a closed state, or closed in an open one": or_(
            (r.is_open == true()) & r.status.in_(closed),
            (r.is_open == false()) & r.status.not_in(closed),
        ),
        "was granted to no account": (r.status == "granted") & r.person_id.is_(None),
        "is decided and still bars asking again": (r.is_open == false()) & r.open_key.is_not(None),
    }
    found = []
    for what, condition in wrong.items():
        numbers = session.scalars(select(r.number).where(condition).order_by(r.id).limit(MOST)).all()
        if numbers:
            found.append(f"access request {', '.join(numbers)} {what}")
    for table, name in ((AccessRequest, "access request"), (AccessReview, "access review")):
        ids = session.scalars(
            select(table.id).join(Dealer, Dealer.id == table.dealer_id).where(table.region != Dealer.region).limit(MOST)
        ).all()
        found += [f"{name} {i} is in another region than its dealer" for i in ids]
    return found


def reviews_are_possible(session: Session) -> list[str]:
    """Reviews that are finished while an account waits, or open without a reason, in sentences."""
    waits = select(AccessReviewLine.id).where(
        AccessReviewLine.review_id == AccessReview.id, AccessReviewLine.outcome == ""
    )
    finished = session.scalars(
        select(AccessReview.id)
        .where(AccessReview.completed_at.is_not(None), waits.exists())
        .order_by(AccessReview.id)
        .limit(MOST)
    ).all()
    undated = session.scalars(
        select(AccessReview.id)
        .where(AccessReview.is_open == true(), AccessReview.completed_at.is_not(None))
        .order_by(AccessReview.id)
        .limit(MOST)
    ).all()
    twice = session.scalars(
        select(AccessReview.dealer_id)
        .where(AccessReview.is_open == true())
        .group_by(AccessReview.dealer_id)
        .having(func.count() > 1)
        .order_by(AccessReview.dealer_id)
        .limit(MOST)
    ).all()
    return [
        *(f"access review {i} is finished, but an account in it waits" for i in finished),
        *(f"access review {i} is open, but has the time it was finished" for i in undated),
        *(f"dealer {i} has two open access reviews" for i in twice),
    ]


CHECKS = (
    Check(name="Access requests are possible", run=requests_are_possible),
    Check(name="Access reviews are possible", run=reviews_are_possible),
)
