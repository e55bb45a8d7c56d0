"""What the pages of figures of several areas share: the days asked for, a figure in words, its tile."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import streamlit as st

from components.filters import one, pick
from components.tiles import Tile
from db.calendar.months import MOST_MONTHS, add_months, month_of
from db.claims.overview_queries import Beside
from db.core.area import MetricDefinition
from db.core.labels import change_label, minutes_label, percent_label, points_label

DASH: Final = "–"
PERIODS: Final = {"1": "This month", "3": "3 months", "6": "6 months", "12": "12 months"}
FEW: Final = 10
"""A share of fewer is told as its two numbers."""


# ---- the days asked for ----------------------------------------------------------------------------------------------
def pick_days(today: date, *, prefix: str, default: str) -> tuple[date, date, str]:
    """Draw the period switch and the months of one's own; gives the days and what they are compared with."""
    period = one("Period", PERIODS, key=f"{prefix}_period", default=default)
    since, until = _pick_months(today, prefix=prefix)
    last_month = date.fromisoformat(f"{until}-01") if until else month_of(today)
    first = date.fromisoformat(f"{since}-01") if since else add_months(last_month, 1 - int(period))
    first, last_month = min(first, last_month), max(first, last_month)
    last = min(today, add_months(last_month, 1) - timedelta(days=1))
    number = (last_month.year - first.year) * 12 + last_month.month - first.month + 1
    return first, last, "vs the month before" if number == 1 else f"vs {number} months before"


def pick_own_months(today: date, *, prefix: str) -> tuple[date, date] | None:
    """Draw months of one's own beside a period of days; gives their days up to today, None where none is chosen."""
    since, until = _pick_months(today, prefix=prefix)
    if not since and not until:
        return None
    last_month = date.fromisoformat(f"{until}-01") if until else month_of(today)
    first = date.fromisoformat(f"{since}-01") if since else last_month
    first, last_month = min(first, last_month), max(first, last_month)
    return first, min(today, add_months(last_month, 1) - timedelta(days=1))


def months_words(first: date, last: date) -> str:
    """The months of days for people: "Oct 2026", "Aug 2026 to Oct 2026"."""
    return f"{last:%b %Y}" if month_of(first) == month_of(last) else f"{first:%b %Y} to {last:%b %Y}"


def _pick_months(today: date, *, prefix: str) -> tuple[str, str]:
    months = {f"{m:%Y-%m}": f"{m:%b %Y}" for m in (add_months(month_of(today), -n) for n in range(MOST_MONTHS))}
    own = any(st.session_state.get(f"{prefix}_{end}") for end in ("from", "until"))
    with st.popover("Own months" if own else "Months", icon=":material/date_range:", key=f"{prefix}_months"):
        since = pick("From", months, key=f"{prefix}_from", all_label="As the period says")
        until = pick("Until", months, key=f"{prefix}_until", all_label="Today")
    return since, until


def narrow(prefix: str, key: str, value: str) -> None:
    """Narrow the page to one row of the table (called from a callback); a month is both ends of the days."""
    for name in ("from", "until") if key == "month" else (key,):
        st.session_state[f"{prefix}_{name}"] = value


# ---- words -----------------------------------------------------------------------------------------------------------
def dollars(cents: float | None) -> str:
    """Whole dollars; cents below a hundred."""
    if cents is None:
        return DASH
    sign, whole = "-" if cents < 0 else "", abs(cents)
    return f"{sign}${whole / 100:,.2f}" if 0 < whole < 100_00 else f"{sign}${round(whole / 100):,}"


def share(part: float, whole: float) -> str:
    """A share; of fewer than ten its two numbers."""
    if not whole:
        return DASH
    return f"{part:.0f} of {whole:.0f}" if whole < FEW else percent_label(part, whole, 0)


def words(found: Beside, what: MetricDefinition, *, day_minutes: int) -> str:
    """A figure in its unit; `day_minutes` is how long a day of it is, told in minutes below one."""
    if found.value is None:
        return DASH
    if what.unit == "percent":
        return share(found.numerator or 0, found.denominator or 0)
    if what.unit == "money":
        return dollars(found.value)
    if what.unit == "days":
        return minutes_label(found.value * day_minutes) if found.value < 1 else f"{found.value:.1f} d"
    return f"{found.value:,.0f}"


def moved(found: Beside, what: MetricDefinition) -> str | None:
    """How a figure moved, in its unit; None where it is unknown."""
    digits = 1 if what.unit == "days" else 0
    say = {"percent": points_label, "money": dollars}.get(what.unit, f"{{:,.{digits}f}}".format)
    return change_label(found.change, say)


def tile_of(
    found: Beside,
    what: MetricDefinition,
    *,
    icon: str,
    versus: str,
    day_minutes: int,
    note: str = "",
    page: str = "",
    link: str = "",
) -> Tile:
    """One tile; what is good is said by the definition."""
    return Tile(
        definition=what, value=words(found, what, day_minutes=day_minutes), icon=f":material/{icon}:",
        delta=moved(found, what), up_is_good=None if what.better == "none" else what.better == "up",
        versus=versus, note=note, page=page, link=link,
    )  # fmt: skip
