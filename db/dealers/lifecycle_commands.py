"""The steps of a dealer's life that belong to its onboarding. A part of the onboarding's own commands."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes
from db.core.actor import Actor
from db.core.problems import NotFound, Problem, Refused
from db.dealers import record, rules
from db.dealers.record import DealerFacts
from db.dealers.tables import Dealer


def hold_dealer(session: Session, *, dealer_id: int, actor: Actor) -> DealerFacts:
    """The facts of a dealer, held until the command ends, so that two onboardings cannot begin; raises `NotFound`."""
    return record.facts_of(session, [_held(session, dealer_id, actor)])[dealer_id]


def set_lifecycle(session: Session, *, dealer_id: int, status: str, actor: Actor, now: datetime) -> str:
    """Give a dealer the status its onboarding leads to; gives the status it had. Raises `NotFound`.

    The calling command asks for its permission and records the one timeline entry, which names the dealer. Refused
    (`not_allowed_now`) for a step that is no part of onboarding.
    """
    dealer = _held(session, dealer_id, actor)
    former = dealer.status
    if former == status:
        return former
    if status not in rules.BY_ONBOARDING.get(former, ()):
        sentence = f"A dealer that is {rules.STATUSES[former].lower()} cannot become {rules.STATUSES[status].lower()}."
        raise Refused(Problem(code="not_allowed_now", field="dealer_id", message=sentence))
    facts = record.facts_of(session, [dealer])[dealer_id]
    record.write(session, dealer, facts, record.changed_with(facts, {"status": status}), now=now)
    changes.touch(session, "dealers")
    return former


def _held(session: Session, dealer_id: int, actor: Actor) -> Dealer:
    dealer = session.scalars(
        select(Dealer).where(Dealer.id == dealer_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
        raise NotFound("This dealer")
    return dealer
