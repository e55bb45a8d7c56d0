"""What `python -m db check` verifies about marketing spend: one amount a source, month and place."""

from __future__ import annotations

from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session, aliased

from db.marketing.rules import place_key
from db.marketing.tables import Dealer, MarketingSpend

MOST = 20


def check_spend(session: Session) -> list[str]:
    """Lines whose key is not what they say, that replace another source or month, or stand in another region."""
    found: list[str] = []
    for line in session.scalars(
        select(MarketingSpend).where(MarketingSpend.is_current == true()).order_by(MarketingSpend.id)
    ):
        # The key of a dealer's line names the dealer only, so that a dealer may change its region.
        key = place_key(line.source, line.month, dealer_id=line.dealer_id, region=line.region)
        if line.place_key != key and len(found) < MOST:
            found.append(f"spend {line.number} counts under another key than it says")
    former = aliased(MarketingSpend)
    for number, replaced in session.execute(
        select(MarketingSpend.number, former.number)
        .join(former, former.id == MarketingSpend.replaces_id)
        .where(
            or_(
                former.source != MarketingSpend.source,
                former.month != MarketingSpend.month,
                former.is_current == true(),
            )
        )
        .order_by(MarketingSpend.id)
        .limit(MOST)
    ):
        found.append(f"spend {number} replaces {replaced}, which is about something else or still counts")
    for number in session.scalars(
        select(MarketingSpend.number)
        .join(Dealer, Dealer.id == MarketingSpend.dealer_id)
        .where(or_(MarketingSpend.region.is_(None), MarketingSpend.region != Dealer.region))
        .order_by(MarketingSpend.id)
        .limit(MOST)
    ):
        found.append(f"spend {number} is in another region than its dealer")
    return found
