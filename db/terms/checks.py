"""What `python -m db check` verifies about terms: proposals and values in force that agree with each other."""

from __future__ import annotations

from sqlalchemy import and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from db.core.labels import plural
from db.terms.flow import FLOW
from db.terms.tables import Dealer, DealerTerm, TermChange

MOST = 20


def check_terms(session: Session) -> list[str]:
    """Approved proposals without their value, values nobody approved, and states that contradict themselves."""
    found: list[str] = []
    terms = (
        select(DealerTerm.change_id, func.count().label("n"))
        .group_by(DealerTerm.change_id)
        .subquery()
    )  # fmt: skip
    for number, status, n in session.execute(
        select(TermChange.number, TermChange.status, terms.c.n)
        .outerjoin(terms, terms.c.change_id == TermChange.id)
        .where(
            or_(
                and_(TermChange.status == "in_force", func.coalesce(terms.c.n, 0) != 1),
                and_(TermChange.status != "in_force", terms.c.n.is_not(None)),
            )
        )
        .order_by(TermChange.id)
        .limit(MOST)
    ):
        found.append(
            f"proposal {number} is {FLOW.state(status).label.lower()} and has {plural(n or 0, 'value')} in force"
        )
    for number in session.scalars(
        select(TermChange.number)
        .where(
            or_(
                and_(TermChange.is_open == true(), TermChange.open_key.is_(None)),
                and_(TermChange.is_open == false(), TermChange.open_key.is_not(None)),
                and_(TermChange.is_open == true(), TermChange.status != FLOW.initial),
                and_(TermChange.is_open == false(), TermChange.status == FLOW.initial),
            )
        )
        .order_by(TermChange.id)
        .limit(MOST)
    ):
        found.append(f"proposal {number} is neither open nor closed")
    for code, kind in session.execute(
        select(Dealer.code, DealerTerm.kind)
        .join(Dealer, Dealer.id == DealerTerm.dealer_id)
        .where(DealerTerm.number.is_not(None), DealerTerm.word.is_not(None))
        .order_by(DealerTerm.id)
        .limit(MOST)
    ):
        found.append(f"the term {kind} of dealer {code} is a number and a word at once")
    for code, kind in session.execute(
        select(Dealer.code, DealerTerm.kind)
        .join(Dealer, Dealer.id == DealerTerm.dealer_id)
        .where(DealerTerm.region != Dealer.region)
        .order_by(DealerTerm.id)
        .limit(MOST)
    ):
        found.append(f"the term {kind} of dealer {code} is in another region than the dealer")
    return found
