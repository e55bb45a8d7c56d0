"""What parts orders are measured by: kinds, line states, promises and their slips, fill, ageing, windows, stock risk.

Days are the dealer's own (its zone) unless said otherwise. Source: domain-rules 2.11, decision 0051.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from db.calendar.model import Calendar

KINDS = {"vehicle_down": "Vehicle down", "emergency": "Emergency", "stock": "Stock"}
RANKS = {"vehicle_down": 0, "emergency": 1, "stock": 2}
KIND_OF_RANK = {rank: kind for kind, rank in RANKS.items()}
WEIGHTS = {"vehicle_down": 5, "emergency": 2, "stock": 1}
"""How much a waiting line weighs in the backorder figures: a vehicle that stands counts as five stock lines."""
DEFAULT_DAYS = {"vehicle_down": 1, "emergency": 3, "stock": 10}
"""Working days until a line is needed where the dealer names no day."""
CONFIRM_MINUTES = {"vehicle_down": 2 * 60, "emergency": 4 * 60, "stock": 8 * 60}
"""Working minutes of the dealer's calendar within which an order is to be confirmed."""
MOST_LINES = 200
MOST_UNITS = 100_000

HEADLINE_FILL = "parts_line_fill"
"""The fill rate shown first: strict by line, from the whole network (2.11: strict is the default)."""
FILL_TARGET = (90, 95)
"""Targets in percent: from the second on it is green, under the first red (2.11)."""

BUCKETS: tuple[tuple[str, int, int | None], ...] = (
    ("0–3", 0, 3), ("4–7", 4, 7), ("8–14", 8, 14), ("15–30", 15, 30), ("30+", 31, None),
)  # fmt: skip
"""Ages of backorders in days since the order, both ends included (2.11)."""

CAUSES = {
    "first": "First promise", "supplier": "Supplier late", "carrier": "Carrier late", "us": "Our planning",
    "customs": "Customs", "quality": "Quality block", "earlier": "Comes earlier",
}  # fmt: skip
"""Who or what moved a promised date."""

CLAIM_KINDS = {
    "shortage": "Shortage", "overage": "Overage", "wrong_part": "Wrong part", "damaged": "Damaged on arrival",
    "concealed": "Concealed damage", "defective": "Defective out of the box",
}  # fmt: skip
WINDOWS: dict[str, tuple[int, bool]] = {
    "shortage": (3, True), "overage": (3, True), "wrong_part": (5, True), "damaged": (1, True), "concealed": (5, True),
    "defective": (30, False),
}  # fmt: skip
"""Days after the receipt within which to claim; True: the dealer's working days, False: calendar days."""
CLAIM_MINUTES = 3 * 8 * 60
"""Working minutes within which a parts claim is to be decided."""
DENY_REASONS = {
    "late": "Claimed too late", "not_short": "Delivered complete", "no_evidence": "Not shown",
    "handling": "Damaged at the dealer", "works": "Part works as it should", "other": "Other",
}  # fmt: skip


# ---- lines -----------------------------------------------------------------------------------------------------------
LINE_STATES = {
    "unpromised": ("No promise", "orange"), "late": ("Promise passed", "red"), "slipped": ("Slipped", "orange"),
    "promised": ("Promised", "blue"), "shipped": ("Shipped", "green"), "part_cancelled": ("Rest cancelled", "gray"),
    "cancelled": ("Cancelled", "gray"),
}  # fmt: skip


def line_state(
    *, ordered: int, shipped: int, cancelled: int, first_promised_on: date | None, promised_on: date | None, today: date
) -> str:
    """The state of a line, derived and never stored; `today` in the zone of whoever looks."""
    if shipped + cancelled >= ordered:
        if not cancelled:
            return "shipped"
        return "part_cancelled" if shipped else "cancelled"
    if promised_on is None:
        return "unpromised"
    if promised_on < today:
        return "late"
    return "slipped" if first_promised_on is not None and first_promised_on < promised_on else "promised"


def is_backorder(*, open_units: int, first_promised_on: date | None, today: date) -> bool:
    """Whether open units wait without a promise, or past the first one: a later date does not make them on time."""
    return open_units > 0 and (first_promised_on is None or first_promised_on < today)


def bucket(days: int) -> str:
    """The age group of a number of days since the order; a day to come counts as today."""
    days = max(0, days)
    return next(name for name, low, high in BUCKETS if low <= days and (high is None or days <= high))


@dataclass(frozen=True, kw_only=True)
class Slip:
    """Days a new promise lies after the last one and after the first; negative is earlier."""

    last: int
    first: int


def slip(new: date, *, first: date | None, last: date | None) -> Slip:
    """How far a new date moves a promise; a first promise moves nothing."""
    return Slip(last=(new - last).days if last else 0, first=(new - first).days if first else 0)


def slip_words(days: int) -> str:
    """ "3 days later", "1 day earlier", "as before"."""
    if not days:
        return "as before"
    count = abs(days)
    return f"{count} day{'' if count == 1 else 's'} {'later' if days > 0 else 'earlier'}"


# ---- fill ------------------------------------------------------------------------------------------------------------
def covered(wanted: int, *, on_hand: int, reserved: int) -> int:
    """Units of a line that free stock covers at the moment of the order; `reserved` is promised to earlier lines."""
    return max(0, min(wanted, on_hand - reserved))


def fill_tone(percent: float | None) -> str:
    """The colour of a fill rate against its target."""
    if percent is None:
        return "gray"
    return "green" if percent >= FILL_TARGET[1] else "orange" if percent >= FILL_TARGET[0] else "red"


# ---- working days ----------------------------------------------------------------------------------------------------
def add_days(calendar: Calendar, day: date, count: int) -> date:
    """`count` working days after `day`: the first one after it is 1. A calendar without any gives calendar days."""
    found, left = day, count
    for _ in range(10 * count + 60):
        if left <= 0:
            return found
        found += timedelta(days=1)
        if calendar.plan_on(found).hours:
            left -= 1
    return day + timedelta(days=count)


def claim_until(kind: str, received_on: date, calendar: Calendar) -> date:
    """The last day on which a claim of this kind is in time."""
    days, is_working = WINDOWS[kind]
    return add_days(calendar, received_on, days) if is_working else received_on + timedelta(days=days)


# ---- stock -----------------------------------------------------------------------------------------------------------
FLAGS = {
    "potential_issue": "Known issue", "deck_risk": "Deck risk", "oe_constraint": "Original-equipment constraint",
    "ppap_risk": "Approval of the part is at risk", "stop_auto_buy": "Not bought automatically",
    "rev_stop": "Revision stop",
}  # fmt: skip
NO_DATA = -99
"""What the planning system writes where a supplier's performance is not known."""
POOR_PERFORMANCE = 50


@dataclass(frozen=True, kw_only=True)
class StockFacts:
    """A part at a warehouse as the risk rules see it, in units; None is unknown. Performance in hundredths."""

    on_hand: int
    oversold: int = 0
    in_transit: int = 0
    lead_time_days: int | None = None
    forecast_3: int | None = None
    min_bank: int | None = None
    past_due: int = 0
    local_backorder: int = 0
    perf_6: int | None = None
    flags: Sequence[str] = ()


def split_stock(counted: int) -> tuple[int, int]:
    """(on hand, oversold) of a counted stock: a negative count is units sold that are not there."""
    return max(0, counted), max(0, -counted)


def shortfall(facts: StockFacts) -> int:
    """Units the next three months ask for beyond what is there and on its way; 0 when it suffices.

    Demand is the three-month forecast (unknown: none), pieces past due, local backorders and what is oversold.
    """
    demand = (facts.forecast_3 or 0) + facts.past_due + facts.local_backorder + facts.oversold
    return max(0, demand - facts.on_hand - facts.in_transit)


def risk_reasons(facts: StockFacts) -> list[str]:
    """Why a part is at risk, in sentences, the weightiest first; empty when nothing is."""
    found = []
    short = shortfall(facts)
    if short:
        forecast = "no forecast" if facts.forecast_3 is None else f"forecast {facts.forecast_3:,} in 3 months"
        found.append(f"{short:,} short: {facts.on_hand:,} on hand, {facts.in_transit:,} on the way, {forecast}")
    if facts.oversold:
        found.append(f"{facts.oversold:,} oversold")
    if facts.past_due:
        found.append(f"{facts.past_due:,} past due from the supplier")
    if facts.local_backorder:
        found.append(f"{facts.local_backorder:,} on local backorder")
    if facts.min_bank and facts.on_hand < facts.min_bank:
        found.append(f"below the minimum of {facts.min_bank:,}")
    if facts.lead_time_days is None:
        found.append("lead time unknown")
    if facts.perf_6 is not None and facts.perf_6 < POOR_PERFORMANCE:
        found.append(f"supplier at {facts.perf_6}% over 6 months")
    found += [FLAGS[flag].lower() for flag in ("potential_issue", "oe_constraint", "rev_stop") if flag in facts.flags]
    return found
