"""What pages may ask about leads, in one place: the board, one lead, the numbers, and the leads behind a number."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.leads.board_queries import (
    BoardCounts,
    BoardFilters,
    BoardPage,
    BoardRow,
    board_counts,
    cards_by_status,
    list_board,
)
from db.leads.clock import ClockLine, get_clock
from db.leads.drill_queries import DrillPage, drill
from db.leads.handover import people_of_dealer
from db.leads.lead_queries import Event, LeadPage, VehicleLine, get_lead
from db.leads.metrics_queries import compare, compute, definition, funnel, months_before, provider_scorecard, trend
from db.leads.tables import LeadDealerMonth, LeadRegionMonth


def list_sources(session: Session, *, scope: Scope, limit: int = 60) -> list[str]:
    """The sources leads of this scope came from, by name (from the rollups, so it never reads the leads)."""
    query = select(LeadRegionMonth.source)  # a few thousand rows; by dealer there are half a million
    if scope.kind == "regions":
        query = query.where(LeadRegionMonth.region.in_(sorted(scope.regions)))
    elif not scope.is_all:
        query = select(LeadDealerMonth.source).where(LeadDealerMonth.dealer_id.in_(sorted(scope.dealer_ids)))
    return list(session.scalars(query.distinct().order_by(query.selected_columns[0]).limit(limit)))


def list_products(session: Session, *, scope: Scope, limit: int = 40) -> list[str]:
    """The product lines leads of this scope asked for, by name (from the rollup; all lines for a dealer's people)."""
    query = select(LeadRegionMonth.product)
    if scope.kind == "regions":
        query = query.where(LeadRegionMonth.region.in_(sorted(scope.regions)))
    return list(session.scalars(query.distinct().order_by(LeadRegionMonth.product).limit(limit)))


__all__ = [
    "BoardCounts", "BoardFilters", "BoardPage", "BoardRow", "ClockLine", "DrillPage", "Event", "LeadPage",
    "VehicleLine", "board_counts", "cards_by_status", "compare", "compute", "definition", "drill", "funnel",
    "get_clock", "get_lead", "list_board", "list_products", "list_sources", "months_before", "people_of_dealer",
    "provider_scorecard", "trend",
]  # fmt: skip
