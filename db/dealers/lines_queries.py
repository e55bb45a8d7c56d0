"""What the master data says of a dealer: gaps to close, and the signals of its health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import DealerLine, Signal
from db.dealers import rules
from db.dealers.health_rules import LOOKED_AFTER
from db.dealers.queries import PAGE, get_dealer, position_conflicts
from db.dealers.tables import Dealer, DealerContact
from db.dealers.whereabouts import position_warning


def dealer_lines(
    session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None
) -> list[DealerLine]:
    """What is missing or doubtful in a dealer's record, each with what to do; nothing for one that nobody calls."""
    dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope)
    facts = dealer.facts
    lines = []

    def gap(title: str, detail: str) -> None:
        lines.append(DealerLine(kind="open", title=title, detail=detail, page=PAGE, query={"dealer": str(dealer_id)}))

    if facts.status == "suspended":
        gap("Suspended", "It gets no leads until somebody ends the suspension.")
    if facts.status in LOOKED_AFTER:
        people = session.execute(
            select(DealerContact.role, DealerContact.is_primary).where(
                DealerContact.dealer_id == dealer_id, DealerContact.left_on.is_(None)
            )
        ).all()
        if not any(is_primary for _, is_primary in people):
            gap("No primary contact", "Say whom to call first.")
        if not any(role == "principal" for role, _ in people):
            gap("No dealer principal", "Enter who owns or leads this dealer.")
        missing = [label for label, value in (("telephone number", facts.phone), ("street", facts.street)) if not value]
        if missing:
            gap(f"No {' and no '.join(missing)}", "Enter how the dealer is reached.")
    warning = position_warning(facts.state, facts.latitude, facts.longitude)
    if warning:
        gap("State and position disagree", warning)
    return lines


def dealer_signals(session: Session, *, scope: Scope, now: datetime) -> Mapping[int, Sequence[Signal]]:
    """Suspended is a risk; a doubtful position and nobody to call are to be watched (decision 0017)."""
    found: dict[int, list[Signal]] = {}
    seen = scope.where(Dealer.id, Dealer.region)
    for dealer_id in session.scalars(select(Dealer.id).where(seen, Dealer.status == "suspended")):
        found.setdefault(dealer_id, []).append(
            Signal(level="risk", sentence=f"{rules.STATUSES['suspended']}: it gets no leads.")
        )
    somebody = exists().where(DealerContact.dealer_id == Dealer.id, DealerContact.left_on.is_(None))
    for dealer_id in session.scalars(select(Dealer.id).where(seen, Dealer.status.in_(LOOKED_AFTER), ~somebody)):
        found.setdefault(dealer_id, []).append(Signal(level="watch", sentence="Nobody of this dealer is on file."))
    for dealer_id in position_conflicts(session, scope=scope):
        found.setdefault(dealer_id, []).append(Signal(level="watch", sentence="State and position disagree."))
    return found
