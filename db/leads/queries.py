"""Everything that can be asked about leads, in one place for pages and for other areas."""

from __future__ import annotations

from db.leads.board_queries import (
    VIEWS,
    BoardCounts,
    BoardFilters,
    BoardPage,
    BoardRow,
    board_counts,
    cards_by_status,
    list_board,
)
from db.leads.drill_queries import DrillPage, DrillRow, drill
from db.leads.handover import list_assignable
from db.leads.lead_queries import LeadPage, get_lead
from db.leads.metrics_queries import (
    METRICS,
    Comparison,
    compare,
    compute,
    definition,
    funnel,
    provider_scorecard,
    trend,
)

__all__ = [
    "METRICS", "VIEWS", "BoardCounts", "BoardFilters", "BoardPage", "BoardRow", "Comparison", "DrillPage", "DrillRow",
    "LeadPage", "board_counts", "cards_by_status", "compare", "compute", "definition", "drill", "funnel", "get_lead",
    "list_assignable", "list_board", "provider_scorecard", "trend",
]  # fmt: skip
