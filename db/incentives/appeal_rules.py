"""Until when a denied incentive claim can be appealed, and how often (domain-rules 2.1 C and H, 2.4)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from db.incentives.model import Program
from db.incentives.say_rules import day

MOST_APPEALS: Final = 1


def last_day(decided_on: date, program: Program) -> date:
    """The dealer's last day to appeal a claim that was denied on a day of his."""
    return decided_on + timedelta(days=program.appeal_days)


def refusal(*, number: str, appeals: int, decided_on: date, today: date, program: Program) -> tuple[str, str] | None:
    """Why a denied claim cannot be appealed, as (code, sentence); None when it can."""
    if appeals >= MOST_APPEALS:
        return "appeals_used", f"{number} was appealed already; one appeal a claim is the most."
    if not program.appeal_days:
        return "no_appeals", f"{program.code} takes no appeals."
    last = last_day(decided_on, program)
    if today > last:
        return "too_late", f"{number} was denied on {day(decided_on)}; it could be appealed until {day(last)}."
    return None
