"""Every step of a lead's life by name, for the drawer, the sweep and the tests that walk the flow (2.2 E)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from db.leads.activities import log_activity
from db.leads.assignment import BulkResult, Skipped, assign, bulk_assign, release
from db.leads.closing import expire, hold, lose, mark_bad, nurture, reopen
from db.leads.intake_commands import enter_lead
from db.leads.merge import merge, unmerge
from db.leads.progress import deliver, negotiate, qualify, sell, set_appointment, show_appointment

COMMANDS: dict[str, Callable[..., Any]] = {
    "log_activity": log_activity,
    "assign": assign,
    "release": release,
    "qualify": qualify,
    "set_appointment": set_appointment,
    "show_appointment": show_appointment,
    "negotiate": negotiate,
    "sell": sell,
    "deliver": deliver,
    "nurture": nurture,
    "lose": lose,
    "mark_bad": mark_bad,
    "reopen": reopen,
    "merge": merge,
    "unmerge": unmerge,
    "hold": hold,
    "expire": expire,
}

__all__ = [
    "COMMANDS", "BulkResult", "Skipped", "assign", "bulk_assign", "deliver", "enter_lead", "expire", "hold",
    "log_activity", "lose", "mark_bad", "merge", "negotiate", "nurture", "qualify", "release", "reopen", "sell",
    "set_appointment", "show_appointment", "unmerge",
]  # fmt: skip
