"""The data step of the upgrade that brought stages: since when each lead stands in its state, as the timeline knows."""

from __future__ import annotations

# fixed SQL: put together from constants of this file; what is compared comes from columns.
_STAMP = (
    "CASE status WHEN 'contacted' THEN contacted_at WHEN 'qualified' THEN qualified_at WHEN 'appointment_set' THEN "
    "appointment_set_at WHEN 'appointment_shown' THEN appointment_shown_at WHEN 'negotiation' THEN negotiation_at "
    "WHEN 'sold' THEN sold_at WHEN 'assigned' THEN routed_at ELSE closed_at END"
)


def fill_statements(dialect: str) -> list[str]:
    """UPDATE statements for SQLite or PostgreSQL that fill `negotiation_at` and `stage_entered_at` of all leads.

    Where the timeline does not tell (a lead taken over from elsewhere, or assigned with many at once), the stamp of
    its state says it, or the moment it was routed, closed or received.
    """
    is_open = "is_open = 1" if dialect == "sqlite" else "is_open"
    after = "json_extract(e.detail, '$.after.status')" if dialect == "sqlite" else "e.detail #>> '{after,status}'"
    told = (  # fixed SQL: see above
        "FROM timeline_entry e JOIN timeline_link l ON l.seq = e.seq "
        f"WHERE l.item_type = 'lead' AND l.item_id = lead.id AND e.area = 'leads' AND {after}"
    )
    return [
        f"UPDATE lead SET negotiation_at = (SELECT MIN(e.at) {told} = 'negotiation')",  # fixed SQL: see above
        # fixed SQL: see above
        f"UPDATE lead SET stage_entered_at = (SELECT MAX(e.at) {told} = lead.status) WHERE {is_open}",
        # fixed SQL: see above
        f"UPDATE lead SET stage_entered_at = COALESCE({_STAMP}, received_at) WHERE stage_entered_at IS NULL",
    ]
