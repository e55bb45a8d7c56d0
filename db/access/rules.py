"""The policy of dealer access: what makes an account doubtful, quarters, and what a user name is made of.

Source: duty P14 (access certification, orphan accounts) and reliability.md R29; no database here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

NEVER_AFTER = timedelta(days=30)
QUIET_AFTER = timedelta(days=90)
REVIEW_DAYS = 30
REMIND_DAYS = 7
# The sweep opens a quarter's reviews on its first day; after an outage it still does so for this long.
CATCH_UP_DAYS = 14

KINDS: dict[str, str] = {"new": "New account", "change": "Other role", "close": "Close access"}
ROLES: dict[str, str] = {"dealer_manager": "Dealer manager", "dealer_staff": "Dealer staff"}
"""The roles that can be given through this door; a role of the manufacturer never can."""

FLAGS: dict[str, str] = {
    "left": "Contact left", "never": "Never signed in", "quiet": "Not signed in for 90 days",
}  # fmt: skip
FLAG_TONES: dict[str, str] = {"left": "red", "never": "orange", "quiet": "orange"}
STATES: dict[str, tuple[str, str]] = {
    "active": ("Active", "green"), "one_time": ("One-time password", "orange"),
    "no_password": ("No password yet", "gray"), "disabled": ("Disabled", "gray"),
}  # fmt: skip
OUTCOMES: dict[str, tuple[str, str]] = {
    "": ("Waits", "blue"), "keep": ("Kept", "green"), "disable": ("Disabled", "red"), "gone": ("Left before", "gray"),
}  # fmt: skip
REVIEW_STATES: dict[str, tuple[str, str]] = {
    "open": ("Open", "blue"), "partly": ("Partly reviewed", "orange"), "overdue": ("Overdue", "red"),
    "reviewed": ("Reviewed", "green"), "missed": ("Not done", "gray"),
}  # fmt: skip
# Who may be given an account: not yet while a dealer is a prospect, no more once the contract has ended.
STATUSES_WITH_ACCOUNTS = ("onboarding", "active", "suspended")


def account_state(
    *, is_active: bool, must_change: bool, expires_at: datetime | None, last_sign_in_at: datetime | None
) -> str:
    """The name (in `STATES`) of how an account stands; one that has signed in before evidently had a password."""
    if not is_active:
        return "disabled"
    if must_change and expires_at is None and last_sign_in_at is None:
        return "no_password"
    return "one_time" if must_change and expires_at is not None else "active"


def flags_of(
    *, is_active: bool, created_at: datetime, last_sign_in_at: datetime | None, left_on: date | None, now: datetime
) -> tuple[str, ...]:
    """Why an account is doubtful, gravest first; a disabled one never is. `left_on` is the contact's last day."""
    if not is_active:
        return ()
    found = []
    if left_on is not None and left_on <= now.date():
        found.append("left")
    if last_sign_in_at is None:
        if created_at <= now - NEVER_AFTER:
            found.append("never")
    elif last_sign_in_at < now - QUIET_AFTER:
        found.append("quiet")
    return tuple(found)


def preset(flags: Iterable[str]) -> str:
    """What a review proposes for an account: keep it, unless something speaks against it."""
    return "disable" if any(True for _ in flags) else "keep"


def quarter_of(moment: datetime, zone: str) -> date:
    """The first day of the quarter a moment lies in, by the desk's calendar day in `zone`."""
    day = moment.astimezone(ZoneInfo(zone)).date()
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


def quarter_label(first_day: date) -> str:
    """A quarter as people say it: "2026 Q4"."""
    return f"{first_day.year} Q{(first_day.month + 2) // 3}"


def opens_by_itself(moment: datetime, zone: str) -> bool:
    """Whether the sweep may open the quarter's reviews now: from its first day, for two weeks."""
    day = moment.astimezone(ZoneInfo(zone)).date()
    return (day - quarter_of(moment, zone)).days < CATCH_UP_DAYS


def review_state(*, is_open: bool, completed_at: datetime | None, decided: int, due_at: datetime, now: datetime) -> str:
    """The name (in `REVIEW_STATES`) of how a review stands; `decided` counts the accounts somebody has judged.

    One that is closed without having been completed was overtaken by the next quarter's.
    """
    if not is_open:
        return "missed" if completed_at is None else "reviewed"
    if now > due_at:
        return "overdue"
    return "partly" if decided else "open"


def last_managers(managers: Mapping[int, Iterable[int]], ending: Iterable[tuple[int, int]]) -> list[int]:
    """The dealers that would be left without a manager who can sign in.

    `managers` has each dealer's active managers, `ending` the (person, dealer) pairs whose access is to end.
    """
    losing: dict[int, set[int]] = {}
    for person_id, dealer_id in ending:
        losing.setdefault(dealer_id, set()).add(person_id)
    return sorted(
        dealer_id for dealer_id, people in losing.items() if (own := set(managers.get(dealer_id, ()))) and own <= people
    )


_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})


def suggested_username(name: str, email: str, *, taken: Callable[[str], bool]) -> str:
    """A free user name from a person's name ("ana.ortiz"), else from the mail address; numbered when it is taken."""
    base = _words(name) or _words(email.partition("@")[0]) or "person"
    base = base[:60] if len(base) > 1 else f"{base}.1"
    if not taken(base):
        return base
    number = 2
    while taken(f"{base}{number}"):
        number += 1
    return f"{base}{number}"


def _words(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    return ".".join(re.findall(r"[a-z0-9]+", plain))
