"""Working hours as people type and read them, and the forms the calendar page is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

import streamlit as st

from components.clock import now
from components.labels import plain
from components.perform import problems_of
from db.calendar.model import WEEKDAYS, Calendar, Hours
from db.calendar.rules import NeverOpen, explain
from db.core.geo import STATES
from db.core.problems import Problem, Refused

CLOSED = "Closed"
HOURS_HELP = "Opening and closing time, such as 9:00-18:00. Several stretches with commas; empty means closed."
_CLOCK = r"(\d{1,2})(?::?(\d{2}))?\s*([ap]\.?m\.?)?"
_STRETCH = re.compile(rf"\s*{_CLOCK}\s*(?:-|–|—|to|until)\s*{_CLOCK}\s*", re.IGNORECASE)
ZONES = tuple(sorted({state.zone for state in STATES.values()}))


def hours_text(hours: Iterable[Hours]) -> str:
    """Opening hours as they are shown and typed: "09:00–12:00, 13:00–18:00"."""
    return ", ".join(str(stretch) for stretch in hours)


def read_hours(text: str | None, *, field: str, label: str) -> list[tuple[int, int]]:
    """Typed opening hours as minutes after midnight; refused, at `field`, when a stretch cannot be read."""
    found = []
    for part in re.split(r"[,;]|\band\b", text or ""):
        if not part.strip() or part.strip().casefold() == CLOSED.casefold():
            continue
        match = _STRETCH.fullmatch(part)
        start, end = (_minute(*match.groups()[:3]), _minute(*match.groups()[3:])) if match else (None, None)
        if start is None or end is None:
            sentence = f"{label}: “{part.strip()[:40]}” is not a stretch such as 9:00-18:00."
            raise Refused(Problem(field=field, code="not_hours", message=sentence))
        # Nobody closes at the first minute of the day that is just beginning: 0:00 is its end.
        found.append((start, 1440 if end == 0 else end))
    return found


def _minute(hour: str, minute: str | None, half: str | None) -> int | None:
    hours, minutes = int(hour), int(minute or 0)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half.lower().startswith("p") else 0)
    return hours * 60 + minutes if minutes < 60 and hours * 60 + minutes <= 1440 else None


def read_week(prefix: str) -> list[list[tuple[int, int]]]:
    """The seven typed days of the form `prefix`; every day that cannot be read is refused at once."""
    week: list[list[tuple[int, int]]] = []
    problems: list[Problem] = []
    for number, day in enumerate(WEEKDAYS):
        try:
            week.append(read_hours(st.session_state.get(f"{prefix}_day{number}"), field=f"day{number}", label=day))
        except Refused as refusal:
            problems += refusal.problems
    if problems:
        raise Refused(*problems)
    return week


def draw_week(prefix: str, *, form: str) -> None:
    """One box a day, Monday first."""
    with st.grid(4, min_column_width=190, gap="small"):
        for number, day in enumerate(WEEKDAYS):
            with st.container(gap="xxsmall"):
                st.text_input(day, key=f"{prefix}_day{number}", placeholder=CLOSED)
                problems_of(form, f"day{number}")


def draw_explain(calendar: Calendar, *, key: str) -> None:
    """Ask for a start and a promise, and tell when it is due and every stretch that counted or did not."""
    zone = ZoneInfo(calendar.zone)
    here = now().astimezone(zone)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        day = st.date_input("Starts on", value=here.date(), key=f"{key}_day", width=150)
        clock = st.time_input("At", value=time(here.hour, 0), key=f"{key}_time", width=110, step=900)
        minutes = st.number_input(
            "Working minutes", min_value=0, max_value=20_000, value=60, step=15, key=f"{key}_minutes", width=150
        )
    start = datetime.combine(day, clock, zone)
    try:
        sentences = explain(calendar, start, int(minutes)).sentences(most=24)
    except NeverOpen:
        st.caption("These hours never hold so many minutes within ten years.")
        return
    _draw_sentences(sentences)


def _draw_sentences(sentences: Sequence[str]) -> None:
    *steps, due = sentences
    st.markdown(f"**{plain(due)}**")
    st.markdown("\n".join(f"- :gray[:small[{plain(step)}]]" for step in steps))
