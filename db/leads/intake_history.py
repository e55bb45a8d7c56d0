"""Leads another system has already worked: their state and stamps as that system tells them (issue 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from db.leads.flow import FLOW

_REACHED: Final = frozenset(
    {"contacted", "qualified", "appointment_set", "appointment_shown", "negotiation", "sold", "delivered"}
)


@dataclass(frozen=True, kw_only=True)
class History:
    """What became of a lead elsewhere. Moments are those of the other system; None where it does not tell."""

    contacted_at: datetime | None = None
    appointment_at: datetime | None = None
    answer_due: datetime | None = None
    answer_kept: bool | None = None
    closed_at: datetime | None = None
    value_cents: int | None = None
    close_reason: str = ""
    agent: str = ""
    product: str = ""
    region: str = ""


def stamps(status: str, history: History, *, received_at: datetime) -> dict[str, Any]:
    """The columns of a lead in a state it reached elsewhere; the ladder never has a later stamp without the first.

    Where only the end is known, contact is stamped with it: a sale without a conversation does not exist.
    """
    is_open = not FLOW.state(status).final
    end = history.closed_at or received_at
    values: dict[str, Any] = {"is_open": is_open, "value_cents": history.value_cents}
    if history.contacted_at is not None or status in _REACHED:
        values["contacted_at"] = history.contacted_at or end
    if status == "qualified":
        values["qualified_at"] = end
    if history.appointment_at is not None or status in ("appointment_set", "appointment_shown"):
        values["appointment_set_at"] = history.appointment_at or end
    if status == "appointment_shown":
        values["appointment_shown_at"] = history.appointment_at or end
    if status == "negotiation":
        values["negotiation_at"] = end
    if status in ("sold", "delivered"):
        values["sold_at"] = end
    if status == "delivered":
        values["delivered_at"] = end
    if not is_open:
        values |= {
            "closed_at": end, "close_reason": history.close_reason[:40],
            "close_note": "As another system had it" if history.close_reason or status in ("lost", "bad") else "",
        }  # fmt: skip
    values |= _promise(history, received_at=received_at)
    values["last_activity_at"] = max(end, received_at)
    told = {
        "contacted": history.contacted_at, "appointment_set": history.appointment_at,
        "appointment_shown": history.appointment_at,
    }  # fmt: skip
    # An appointment of another system may be dated ahead; a stage is not entered later than everything known of it.
    values["stage_entered_at"] = told.get(status) or end
    return values


def _promise(history: History, *, received_at: datetime) -> dict[str, Any]:
    """The promise of an answer as the other system tells it; nothing where it tells none.

    Of a verdict alone only the bound is known: a kept promise was due at the answer or later, a missed one before it.
    The bound is what is stored, so that the lead counts as answered in time or late, as it did there.
    """
    due, acted = history.answer_due, history.contacted_at
    if due is None and history.answer_kept is not None:
        due = acted if history.answer_kept else received_at
        if not history.answer_kept and acted is not None and acted <= received_at:
            return {}  # late within the very minute it came: the two moments say otherwise
    if due is None:
        return {}
    return {"first_action_due_at": due, "first_action_at": acted}
