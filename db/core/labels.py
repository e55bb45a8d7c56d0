"""Words and shapes people read: durations, counts, moments in the viewer's zone."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

NO_CHANGE: Final = "No change"
"""What is said of a number that is as it was, to the digits it is told in."""

_Number = TypeVar("_Number", int, float)
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """A text that both databases can keep: NUL becomes a visible stand-in, half of a character pair becomes U+FFFD.

    PostgreSQL refuses U+0000 in every text and neither database can encode a lone surrogate; both reach us in file
    names and broken uploads, and a command must not fail on them.
    """
    return _LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text.replace("\x00", "\N{SYMBOL FOR NULL}"))


def local_day(moment: datetime, zone: str) -> date:
    """The day it is in an IANA zone at a moment."""
    return moment.astimezone(ZoneInfo(zone)).date()


def change_label(change: _Number | None, say: Callable[[_Number], str]) -> str | None:
    """How a number moved: "+1.3 pp", "-$250"; `NO_CHANGE` where that reads as nothing, None where it is unknown.

    `say` words the size of the change in the number's unit. A fall has a plain hyphen: Streamlit's arrow goes by it.
    """
    if change is None:
        return None
    size = say(abs(change))
    return NO_CHANGE if size == say(0) else ("-" if change < 0 else "+") + size


def days_label(days: float) -> str:
    """Days with one decimal, "3.4 d"; "under 0.1 d" where that would read as none (half were answered at once)."""
    return f"{days:,.1f} d" if abs(days) >= 0.05 else "under 0.1 d"


def points_label(share: float) -> str:
    """A difference of two shares in percentage points: 0.013 is "1.3 pp"."""
    return f"{100 * share:,.1f} pp"


def minutes_label(minutes: float | None) -> str:
    """A duration in at most two units: "45 min", "3 h 05 min", "2 d 4 h"; an en dash when unknown."""
    if minutes is None or math.isnan(minutes):  # a missing number of a DataFrame is NaN
        return "–"
    whole = round(minutes)
    if whole < 60:
        return f"{whole} min"
    if whole < 24 * 60:
        hours, rest = divmod(whole, 60)
        return f"{hours} h {rest:02d} min" if rest else f"{hours} h"
    days, rest = divmod(whole, 24 * 60)
    hours = rest // 60
    return f"{days} d {hours} h" if hours else f"{days} d"


def relative_label(moment: datetime | None, now: datetime) -> str:
    """How far a moment is from now: "in 12 min", "3 h ago", "now"."""
    if moment is None:
        return "–"
    minutes = (moment - now) / timedelta(minutes=1)
    if abs(minutes) < 1:
        return "now"
    return f"in {minutes_label(minutes)}" if minutes > 0 else f"{minutes_label(-minutes)} ago"


def moment_label(moment: datetime | None, zone: str, *, now: datetime | None = None) -> str:
    """A moment in a zone: "Mon 29 Jun, 10:45"; the year is added when it is not this one, "Today" when it is today."""
    if moment is None:
        return "–"
    local = moment.astimezone(ZoneInfo(zone))
    clock = f"{local:%H:%M}"
    if now is not None:
        today = now.astimezone(ZoneInfo(zone)).date()
        if local.date() == today:
            return f"Today, {clock}"
        if local.year == today.year:
            return f"{local:%a} {local.day} {local:%b}, {clock}"
    return f"{local:%a} {local.day} {local:%b %Y}, {clock}"


def moment_words(moment: datetime | None, zone: str, *, now: datetime | None = None) -> str:
    """A moment in a zone in the middle of a sentence: "Mon 29 Jun, 10:45", "today, 10:45"; see `moment_label`."""
    said = moment_label(moment, zone, now=now)
    return f"t{said[1:]}" if said.startswith("Today") else said


def count_label(count: int, cap: int = 1000) -> str:
    """A count that was capped when it was made: "37", "1,000+"."""
    return f"{cap:,}+" if count > cap else f"{count:,}"


def plural(count: int, one: str, many: str = "") -> str:
    """ "1 lead", "2 leads"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def percent_label(part: float | None, whole: float | None, digits: int = 1) -> str:
    """A share in percent, an en dash when there is nothing to share."""
    if not whole or part is None or math.isnan(whole) or math.isnan(part):
        return "–"
    return f"{100 * part / whole:.{digits}f}%"
