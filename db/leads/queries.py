"""What pages may ask about leads, in one place: the board, one lead, the numbers, and the leads behind a number."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.leads.board_queries import BoardCounts, BoardFilters, BoardPage, BoardRow, board_counts, cards_by_status, list_board
from db.leads.drill_queries import DrillPage, drill
from db.leads.lead_queries import Event, LeadPage, VehicleLine, get_lead
from db.leads.metrics_queries import compare, compute, definition, funnel, months_before, provider_scorecard, trend
from db.leads.tables import Dealer, LeadDealerMonth, Person
from db.people.tables import PersonScope


def list_sources(session: Session, *, scope: Scope, limit: int = 60) -> list[str]:
    """The sources leads of this scope came from, by name (from the dealer rollup, so it never reads the leads)."""
    query = select(LeadDealerMonth.source).join(Dealer, Dealer.id == LeadDealerMonth.dealer_id, isouter=True)
    if not scope.is_all:
        query = query.where(scope.where(LeadDealerMonth.dealer_id, Dealer.region))
    return list(session.scalars(query.distinct().order_by(LeadDealerMonth.source).limit(limit)))


def people_of_dealer(session: Session, *, dealer_id: int, actor: Actor) -> list[tuple[int, str]]:
    """(id, name) of the active people a lead of this dealer can be given to, by name; empty out of scope."""
    region = session.scalar(select(Dealer.region).where(Dealer.id == dealer_id))
    if not actor.scope.allows(dealer_id=dealer_id, region=region):
        return []
    rows = session.execute(
        select(Person.id, Person.name)
        .join(PersonScope, PersonScope.person_id == Person.id)
        .where(PersonScope.dealer_id == dealer_id, Person.is_active.is_(True))
        .order_by(Person.name)
    )
    return [(person_id, name) for person_id, name in rows]


__all__ = [
    "BoardCounts", "BoardFilters", "BoardPage", "BoardRow", "DrillPage", "Event", "LeadPage", "VehicleLine",
    "board_counts", "cards_by_status", "compare", "compute", "definition", "drill", "funnel", "get_lead", "list_board",
    "list_sources", "months_before", "people_of_dealer", "provider_scorecard", "trend",
]  # fmt: skip
