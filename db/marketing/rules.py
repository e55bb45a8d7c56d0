"""What a line of marketing spend must say, when it counts, and what a lead or a sale then costs (H12, C4)."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from db.core.problems import Problems

LARGEST = 1_000_000_000  # ten million, in cents
FIRST_MONTH = date(2000, 1, 1)
MONTHS_AHEAD = 24


def month_of(day: date) -> date:
    """The first day of the month of a day."""
    return day.replace(day=1)


def check_amount(cents: object, problems: Problems, *, field: str = "cents") -> int:
    """The amount in cents; nothing spent is 0, and none or a negative one is a problem."""
    if isinstance(cents, bool) or not isinstance(cents, int):
        problems.add(field, "required", "The amount is needed; write 0 for a source that costs nothing.")
        return 0
    if not 0 <= cents <= LARGEST:
        problems.add(field, "out_of_range", "The amount has to be between 0 and 10,000,000.")
    return cents


def check_month(month: date | None, problems: Problems, *, today: date, field: str = "month") -> date:
    """The first day of the month; any day of it will do. At most two years ahead, for a plan."""
    if not isinstance(month, date):
        problems.add(field, "required", "The month is needed.")
        return FIRST_MONTH
    first = month_of(month)
    ahead = (first.year - today.year) * 12 + first.month - today.month
    if first < FIRST_MONTH or ahead > MONTHS_AHEAD:
        problems.add(field, "out_of_range", f"{first:%B %Y} is not between January 2000 and two years from now.")
    return first


def is_planned(month: date, *, today: date) -> bool:
    """Whether spend of this month is a plan: the month has not begun at the desk. The present month counts."""
    return month_of(month) > month_of(today)


def place_key(source: str, month: date, *, dealer_id: int | None, region: str | None) -> str:
    """What two lines that count must not share: a source in any spelling of capitals, a month and a place."""
    place = f"d{dealer_id}" if dealer_id is not None else f"r{region}" if region else "network"
    return f"{month:%Y-%m}|{place}|{source.casefold()}"


def cost_of_each(cents: int | None, count: int) -> int | None:
    """Cents a lead or a sale costs, rounded half up; None where no spend was entered or there is nothing to share."""
    if cents is None or not count:
        return None
    return int((Decimal(cents) / count).to_integral_value(ROUND_HALF_UP))
