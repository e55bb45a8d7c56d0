"""What a document must be, whether it counts on a day, who has to have which, and when somebody is reminded.

Every day here is a day in the dealer's zone. Sources: domain-rules P20 and 2.11 (remind 90/60/30/7), 2.7 (evidence).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from db.core.problems import Problems

REMIND_DAYS = (90, 60, 30, 7)
ON_EXPIRY = 0
SOON_DAYS = 60
"""From here on a document "expires soon": the time a renewal takes."""
URGENT_DAYS = 30
LONGEST = {"title": 200, "number": 80, "issuer": 120, "reason": 400}
FIRST_YEAR, MOST_YEARS_AHEAD = 1950, 50


@dataclass(frozen=True, kw_only=True)
class DocumentType:
    """A kind of document. `valid_months` (0: none) fills in the form; `retention_years` count from when it ended.

    `is_licence_to_trade` types stop a dealer's business when they are missing or expired: their gap is a risk.
    """

    name: str
    label: str
    needs_expiry: bool = False
    valid_months: int = 0
    retention_years: int = 5
    remind_days: tuple[int, ...] = REMIND_DAYS
    is_licence_to_trade: bool = False
    needs_title: bool = False
    help: str = ""


TYPES: dict[str, DocumentType] = {
    one.name: one
    for one in (
        DocumentType(
            name="contract", label="Contract", needs_expiry=True, valid_months=60, retention_years=10,
            is_licence_to_trade=True, help="The dealer agreement",
        ),
        DocumentType(
            name="addendum", label="Addendum", retention_years=10, needs_title=True, help="A change to the agreement"
        ),
        DocumentType(
            name="licence", label="Licence", needs_expiry=True, valid_months=12, retention_years=7,
            is_licence_to_trade=True, help="The dealer or business licence of the state",
        ),
        DocumentType(
            name="insurance", label="Insurance", needs_expiry=True, valid_months=12, retention_years=7,
            is_licence_to_trade=True, help="The certificate of insurance",
        ),
        DocumentType(name="tax_id", label="Tax ID", retention_years=7, help="W-9, resale certificate"),
        DocumentType(
            name="certificate", label="Certificate", needs_expiry=True, valid_months=24, needs_title=True,
            help="Training, brand standard, calibration",
        ),
        DocumentType(name="evidence", label="Evidence", needs_title=True, help="Proof of a step of a checklist"),
        DocumentType(name="photo", label="Photo", retention_years=3, needs_title=True, help="A picture of the site"),
        DocumentType(name="other", label="Other", needs_title=True, help="Anything else; say what it is"),
    )
}  # fmt: skip
LABELS = {name: one.label for name, one in TYPES.items()}
RENEWABLE = ("contract", "licence", "insurance")
STATUS_LABELS = {"current": "Current", "superseded": "Superseded", "void": "Void"}


# ---- which are required ------------------------------------------------------------------------------------------
REQUIRING_STATUSES = ("onboarding", "active", "suspended")
DEFAULT_REQUIRED: dict[str, tuple[str, ...]] = {
    "onboarding": ("contract", "licence", "insurance", "tax_id"),
    "active": ("contract", "licence", "insurance", "tax_id"),
    "suspended": ("contract", "licence", "insurance"),
}


def required_types(dealer_status: str, changed: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What a dealer of a status has to have: what somebody decided, else the default; in the order of `TYPES`."""
    chosen = changed.get(dealer_status, DEFAULT_REQUIRED.get(dealer_status, ()))
    return tuple(name for name in TYPES if name in chosen)


# ---- whether it counts --------------------------------------------------------------------------------------------
State = Literal["valid", "soon", "expired", "later", "missing", "not_required"]
STATE_LABELS: dict[str, str] = {
    "valid": "Valid", "soon": "Expires soon", "expired": "Expired", "later": "Starts later", "missing": "Missing",
    "not_required": "Not required",
}  # fmt: skip
STATE_TONES: dict[str, str] = {
    "valid": "green", "soon": "orange", "expired": "red", "later": "violet", "missing": "red", "not_required": "gray",
}  # fmt: skip
GAPS = ("expired", "later", "missing")
_ORDER = ("valid", "soon", "later", "expired")


def days_left(expires_on: date | None, today: date) -> int | None:
    """Days until the last day it is good for: 0 on that day, negative afterwards, None without an end."""
    return None if expires_on is None else (expires_on - today).days


def document_state(*, covered_from: date | None, expires_on: date | None, today: date) -> State:
    """What one current document is worth on a day; `expires_on` is the last day it is good for."""
    left = days_left(expires_on, today)
    if left is not None and left < 0:
        return "expired"
    if covered_from is not None and covered_from > today:
        return "later"
    return "soon" if left is not None and left <= SOON_DAYS else "valid"


def coverage(dates: Iterable[tuple[date | None, date | None]], *, required: bool, today: date) -> State:
    """What a dealer's current documents of one type, as (covered from, expires on), are worth together: the best one.

    A type that is not required and not there is "not required".
    """
    states = [document_state(covered_from=start, expires_on=end, today=today) for start, end in dates]
    if states:
        return min(states, key=_ORDER.index)
    return "missing" if required else "not_required"


def covered_from(effective_on: date | None, before: tuple[date | None, date | None] | None) -> date | None:
    """From which day on a version covers the dealer. `before` is its predecessor's (covered from, expires on).

    A renewal that starts no later than the day after its predecessor ends leaves no gap, so the cover began with the
    predecessor; uploaded ahead of time it must not look as if the dealer had nothing today.
    """
    if effective_on is None or before is None:
        return effective_on
    start, end = before
    leaves_a_gap = end is not None and end < effective_on - timedelta(days=1)
    return effective_on if leaves_a_gap else start


# ---- dates ----------------------------------------------------------------------------------------------------------
def plus_months(day: date, months: int) -> date:
    """The same day so many months on; the last day of a shorter month (31 January + 1 is 28 or 29 February)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), following - timedelta(days=1))


def usual_expiry(document_type: str, effective_on: date | None) -> date | None:
    """The last day a document of this type is usually good for: 12 months from 1 July end on 30 June."""
    months = TYPES[document_type].valid_months if document_type in TYPES else 0
    if effective_on is None or not months:
        return None
    return plus_months(effective_on, months) - timedelta(days=1)


def follows_on(document_type: str, expires_on: date, *, today: date) -> date:
    """The day a renewal usually takes effect: the one after, or today when it would be over already by now."""
    starts = expires_on + timedelta(days=1)
    ends = usual_expiry(document_type, starts)
    return today if ends is not None and ends < today else starts


def retention_until(document_type: str, *, ended_on: date | None, expires_on: date | None) -> date | None:
    """The last day the file has to be kept: so many years after it ended or expired, whichever is later.

    None for a document without an end: it is kept as long as it is in force.
    """
    days = [day for day in (ended_on, expires_on) if day is not None]
    if not days:
        return None
    return plus_months(max(days), 12 * TYPES[document_type].retention_years)


def check_type(document_type: str, problems: Problems) -> DocumentType:
    """A known type; else a problem, and the type "other" to go on with."""
    if document_type not in TYPES:
        problems.add("document_type", "unknown_type", "Choose what kind of document it is.")
    return TYPES.get(document_type, TYPES["other"])


def check_dates(
    kind: DocumentType, effective_on: date | None, expires_on: date | None, problems: Problems, *, today: date
) -> None:
    """An end where the type needs one, not before the start, and neither out of this world."""
    if kind.needs_expiry and expires_on is None:
        sentence = f"{kind.label} needs the day it expires: the desk reminds of it and says when it is not valid."
        problems.add("expires_on", "required", sentence, rule="domain-rules 2.11")
    if effective_on is not None and expires_on is not None and expires_on < effective_on:
        problems.add("expires_on", "before_start", "It cannot expire before it takes effect.")
    for field, label, day in (
        ("effective_on", "The day it takes effect", effective_on), ("expires_on", "The day it expires", expires_on),
    ):  # fmt: skip
        if day is not None and not FIRST_YEAR <= day.year <= today.year + MOST_YEARS_AHEAD:
            sentence = f"{label} must lie between {FIRST_YEAR} and {today.year + MOST_YEARS_AHEAD}."
            problems.add(field, "out_of_range", sentence)


# ---- reminders -----------------------------------------------------------------------------------------------------
def threshold_reached(expires_on: date, today: date, thresholds: Sequence[int] = REMIND_DAYS) -> int | None:
    """The nearest threshold reached: 60 with 45 days left, `ON_EXPIRY` from the last day on, None before all."""
    left = (expires_on - today).days
    return min((t for t in (*thresholds, ON_EXPIRY) if left <= t), default=None)


def reminder_due(
    expires_on: date | None, today: date, *, told: int | None, thresholds: Sequence[int] = REMIND_DAYS
) -> int | None:
    """The threshold to tell now, or None. `told` is the nearest one already told for this day of expiry.

    A sweep that was down for weeks tells the nearest threshold only, not each it missed (domain-rules 2.11).
    """
    reached = threshold_reached(expires_on, today, thresholds) if expires_on is not None else None
    if reached is None or (told is not None and told <= reached):
        return None
    return reached


def next_reminder(expires_on: date | None, *, told: int | None, thresholds: Sequence[int] = REMIND_DAYS) -> date | None:
    """The day on which the next threshold is reached, when `told` was the last; None when there is none left."""
    if expires_on is None:
        return None
    left = [t for t in (*thresholds, ON_EXPIRY) if told is None or t < told]
    return expires_on - timedelta(days=max(left)) if left else None


def left_words(left: int | None) -> str:
    """Days left as people say it: "in 12 days", "today", "12 days ago"."""
    if left is None:
        return "No end"
    if left == 0:
        return "today"
    days = f"{abs(left):,} day{'' if abs(left) == 1 else 's'}"
    return f"in {days}" if left > 0 else f"{days} ago"
