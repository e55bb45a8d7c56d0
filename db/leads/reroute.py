"""Another dealer for a lead that was not answered in time, by the routing rules in force (domain-rules 2.2 C)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.leads.intake_batch import intake_batch
from db.leads.intake_route import choose, stored_facts
from db.leads.routing import Decision
from db.leads.tables import Dealer, Lead


def next_dealer(session: Session, lead: Lead, *, actor: Actor, now: datetime) -> tuple[Dealer, Decision] | None:
    """The dealer the rules give the lead to when those that had it are left out, its turn taken; None for nobody."""
    had_it = {moved.get("from") for moved in lead.routing.get("reassignments", ())} | {lead.dealer_id}
    excluded = frozenset(dealer_id for dealer_id in had_it if dealer_id is not None)
    with intake_batch(session, actor=actor, now=now) as batch:
        decision = choose(batch, stored_facts(session, lead, batch=batch, exclude=excluded))
    if decision.dealer is None or decision.dealer.id in excluded:
        return None
    return session.get_one(Dealer, decision.dealer.id), decision
