"""The lines of the response board, as they are drawn and kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from components.areas.leads import HEAT
from components.charts.base import table
from db.core.actor import Actor
from db.core.labels import minutes_label, relative_label
from db.core.permissions import Permission
from db.leads.queries import BoardFilters, BoardPage, BoardRow, list_board

AREAS = ("leads", "dealers", "people", "calendar", "calendars", "routing", "contact_log", "customers")
"""Where a line of the board is read from."""


def due_words(row: BoardRow, at: object) -> str:
    """The next promise as the list shows it."""
    return relative_label(row.due_at, at) if row.due_at else "–"  # type: ignore[arg-type]


def listed(session: Any, *, actor: Actor, filters: BoardFilters, at: datetime, after: Any) -> tuple[BoardPage, Any]:
    """A page of leads, and its lines as they are drawn."""
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    page = list_board(session, scope=actor.scope, filters=filters, after=after, now=at, personal=personal)
    rows = page.rows
    lines = table(
        {
            "Lead": [r.number for r in rows],
            "Customer": [r.customer_name or "–" for r in rows],
            "Wants": [r.wants or "–" for r in rows],
            "Dealer": [r.dealer_name or "No dealer" for r in rows],
            "Status": [[r.status_label] for r in rows],
            "Used": [min(r.sla.used_percent, 100) if r.sla.status != "none" else None for r in rows],
            "Due": [[due_words(r, at)] for r in rows],
            "Score": [[HEAT[r.temperature][0]] for r in rows],
            "Next step": [r.next_step or "–" for r in rows],
            "Source": [r.source for r in rows],
            "Person": [r.assignee_name or "–" for r in rows],
            "Age": [minutes_label(r.age_minutes) for r in rows],
        }
    )
    return page, lines
