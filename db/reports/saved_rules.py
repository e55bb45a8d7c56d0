"""Rules of kept reports: who may read one, when one is sent next, and how it reads as a mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from db.calendar.months import add_months, month_of
from db.core.problems import Problems
from db.reports.builder_rules import Spec

SHARED: Final = {"me": "Only me", "desk": "The desk", "all": "Everybody, dealers too"}
RHYTHMS: Final = {"": "Not sent", "weekly": "Every week", "monthly": "Every month"}
WEEKDAYS: Final = {
    1: "Monday", 2: "Tuesday", 3: "Wednesday", 4: "Thursday", 5: "Friday", 6: "Saturday", 7: "Sunday",
}  # fmt: skip
LAST_DAY: Final = 28
"""Every month has a 28th; later days would be skipped in February."""
MOST_RECIPIENTS: Final = 50
LONGEST_NAME: Final = 120
MAIL_ROWS: Final = 40


def may_read(*, shared: str, is_mine: bool, gets_it: bool, is_dealer: bool) -> bool:
    """Whether somebody may read a kept report, as those do it is sent to; they see their own scope and role in it."""
    return is_mine or gets_it or shared == "all" or (shared == "desk" and not is_dealer)


def check_sharing(problems: Problems, *, shared: str, spec: Spec, may_share: bool, was: str = "me") -> None:
    """Refuse what must not be shared: a report that names dealers tells every dealer of the others."""
    if shared not in SHARED:
        problems.add("shared", "unknown", "Choose who may read it.")
    elif shared not in ("me", was) and not may_share:
        problems.add("shared", "not_allowed", "Your role may keep reports for yourself only.")
    elif shared == "all" and spec.dealers:
        problems.add(
            "shared", "names_dealers",
            "It names dealers, so dealers must not read it. Take the dealers away, or share it with the desk.",
        )  # fmt: skip


def check_schedule(problems: Problems, *, rhythm: str, day: int, people: Sequence[int]) -> None:
    """Refuse a day there is not, and a mail to nobody or to too many."""
    if rhythm not in RHYTHMS:
        problems.add("rhythm", "unknown", "Choose how often it is sent.")
    elif rhythm:
        most = 7 if rhythm == "weekly" else LAST_DAY
        if not 1 <= day <= most:
            problems.add("day", "out_of_range", f"Choose a day from 1 to {most}.")
        if not people:
            problems.add("people", "required", "Choose at least one person.")
        if len(people) > MOST_RECIPIENTS:
            problems.add("people", "too_many", f"A report goes to at most {MOST_RECIPIENTS} people.")


def next_day(rhythm: str, day: int, after: date) -> date | None:
    """The next day a report is sent, after a day of the desk; None when it is not sent.

    What was missed is not made up for one by one: after a week without a sweep there is one mail, not seven.
    """
    if rhythm == "weekly":
        return after + timedelta(days=(day - after.isoweekday() - 1) % 7 + 1)
    if rhythm == "monthly":
        this = month_of(after).replace(day=day)
        return this if this > after else add_months(after, 1).replace(day=day)
    return None


def schedule_words(rhythm: str, day: int) -> str:
    """ "Every Monday", "On day 3 of every month"."""
    if rhythm == "weekly":
        return f"Every {WEEKDAYS.get(day, 'week')}"
    return f"On day {day} of every month" if rhythm == "monthly" else RHYTHMS[""]


def as_text(head: Sequence[str], rows: Sequence[Sequence[str]], *, most: int = MAIL_ROWS) -> str:
    """A table in plain letters: the first column to the left, numbers to the right, at most `most` rows."""
    shown = [[str(cell)[:40] for cell in row] for row in [head, *rows[:most]]]
    widths = [max(len(row[n]) for row in shown) for n in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(w) if n == 0 else cell.rjust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in shown
    ]
    lines.insert(1, "-" * len(lines[0]))
    if len(rows) > most:
        lines.append(f"... and {len(rows) - most:,} more rows; the report has all.")
    return "\n".join(line.rstrip() for line in lines)
