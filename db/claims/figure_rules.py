"""How the figures of claims are reckoned: percentiles, intervals, spikes, Pareto, receivable (domain-rules 2.1 I).

Pure numbers. Shares are of 1, money is whole cents. What is a default of ours is marked (D).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from db.claims.money_rules import half_up

NOT_CLAIMS: Final = ("pre_authorization", "debit", "supplier_recovery")
"""Types no dealer is paid for: they are in no figure but the cost, which a debit lowers."""
UNPAID_TYPES: Final = ("pre_authorization", "supplier_recovery")
AWAITING: Final = ("in_review", "appealed", "pending_part", "pending_preauth", "with_engineering")
"""States in which the clock of the decision runs."""

LEAST_FOR_RANK: Final = 10
SMALL: Final = 30
"""Below ten nothing is ranked and a share is shown as its two numbers; below thirty with its interval (D)."""
WORKDAY_MINUTES: Final = 8 * 60
SERVICE_MONTHS: Final = 36
FEWEST_PEERS: Final = 5
NINE_IN_TEN: Final = 0.9

AGES: Final = (("0-7", 0, 7), ("8-15", 8, 15), ("16-30", 16, 30), ("31+", 31, None))
"""Whole days of 24 hours since a claim was received last."""
SPANS: Final = (
    ("same day", 0, 0), ("1-3", 1, 3), ("4-7", 4, 7), ("8-15", 8, 15), ("16-30", 16, 30), ("31+", 31, None),
)  # fmt: skip

STEPS: Final = ((480, 60), (2_880, 120), (11_520, 360), (44_640, 1_440))
"""Buckets decisions are counted in by the minutes they took: (below, width). 0 and 1 to 59 are two of their own, what
is longer than all of these is cut by `LAST`. Each border of `SPANS` is one of theirs (decision 0070)."""
LAST: Final = 44_640

PREVENTION: Final[dict[str, str]] = {
    "VIN_MISSING": "Enter the VIN from the vehicle, not from the customer file.",
    "VIN_INVALID": "Scan the VIN; letters I, O and Q are never in it.",
    "VIN_NOT_FOUND": "Register the sale before the first claim, or ask us which VIN is known.",
    "WARRANTY_BLOCKED": "Look the vehicle up before the repair: a blocked warranty shows there.",
    "WARRANTY_VOID": "Look the vehicle up before the repair: a void warranty shows there.",
    "OUT_OF_TIME": "Check the end of the coverage on the day of the failure before promising warranty.",
    "OUT_OF_MILEAGE": "Read the odometer at drop-off and compare it with the coverage before promising warranty.",
    "LATE_SUBMISSION": "Send the claim in the week the repair order is closed; say why where it is late.",
    "LABOR_OP_NEEDS_AUTH": "Ask for pre-authorization before this operation is started.",
    "LABOR_OP_INVALID": "Choose the operation from the list of the model and year.",
    "HOURS_EXCEED_FLATRATE": "Claim the flat rate; extra time needs its own line and a reason.",
    "PART_NOT_ON_FILE": "Use the part number as it is printed on the box.",
    "PART_NEEDS_AUTH": "Ask for pre-authorization before this part is ordered.",
    "PART_REPAIR_NOT_ALLOWED": "Replace this part; it may not be repaired.",
    "NO_ORIGINAL_FOR_DEBIT": "Name the number of the claim that is corrected.",
    "BEYOND_POLICY": "Ask before the repair where the customer is promised more than the policy says.",
    "DUPLICATE": "Look at the open claims of the VIN first; add a supplement where one is there.",
    "PREAUTH_MISSING": "Get the pre-authorization before the repair order is closed, and enter its number.",
    "DOC_MISSING": "Attach the documents of this type of claim before it is sent; the form lists them.",
    "NARRATIVE_INSUFFICIENT": "Write complaint, cause and correction each in its own words, with the measured value.",
    "NOT_DEFECT": "Note the test that showed the defect, and keep the old part.",
    "WEAR_ITEM": "Tell the customer before the repair that wear is not covered.",
    "MODIFIED": "Photograph the modification and ask before the repair.",
    "CAMPAIGN_VIN_NOT_LISTED": "Check the VIN against the list of the campaign before the work begins.",
    "TECH_NOT_CERTIFIED": "Give the job to a technician who is certified for it.",
    "RATE_ADJUSTED": "Use the labour rate and the net price of the day the repair order was opened.",
    "CAP_APPLIED": "Agree on rental and transport within the cap before the customer gets it.",
    "NOT_COVERED": "Check that the plan of the vehicle covers the component before promising warranty.",
    "DATES_CONTRADICT": "Enter failure, opening and closing in their order.",
    "ODOMETER_CONTRADICTS": "Write both odometer readings down at the vehicle, in whole miles.",
    "TYPE_NOT_ACCEPTED": "Choose a type of claim that is still accepted.",
    "DATA_MISSING": "Fill in repair order, its dates and both odometer readings before the claim is sent.",
    "AUDIT_FINDING": "Keep the signed repair order and the clock times with the claim.",
}
"""What a dealer does next time so that a reason does not come up again."""
NO_PREVENTION: Final = "Read the note of the decision; where it is not clear, ask the coordinator."


def percentile(histogram: Sequence[tuple[float, int]], share: float) -> float | None:
    """The smallest value that at least this share of all are not above (nearest rank); values ascending with counts."""
    total = sum(n for _, n in histogram)
    if not total:
        return None
    rank, seen = max(1, math.ceil(share * total - 1e-9)), 0
    for value, n in histogram:
        seen += n
        if seen >= rank:
            return value
    raise AssertionError("a rank within the total is always met")


def middle(histogram: Sequence[tuple[float, int]]) -> tuple[float, float] | None:
    """The two values in the middle, the same one twice of an odd number; None of nothing."""
    total = sum(n for _, n in histogram)
    if not total:
        return None
    low, high, seen = (total + 1) // 2, total // 2 + 1, 0
    first: float | None = None
    for value, n in histogram:
        seen += n
        if first is None and seen >= low:
            first = value
        if seen >= high:
            assert first is not None
            return first, value
    raise AssertionError("the middle of a total is always met")


def median(histogram: Sequence[tuple[float, int]]) -> float | None:
    """The middle value; the mean of the two middle ones of an even number."""
    found = middle(histogram)
    return None if found is None else sum(found) / 2


def bucket_from(minutes: int) -> int:
    """The lower border of the bucket some minutes fall into."""
    if minutes < STEPS[0][1]:
        return min(1, max(0, minutes))
    width = next((width for end, width in STEPS if minutes < end), LAST)
    return minutes // width * width


def bucket_last(first: int) -> int:
    """The most minutes in the bucket that begins there."""
    if first < STEPS[0][1]:
        return 0 if first < 1 else STEPS[0][1] - 1
    return first + next((width for end, width in STEPS if first < end), LAST) - 1


def bucket_of(days: int, buckets: Sequence[tuple[str, int, int | None]] = AGES) -> str:
    """The span some whole days fall into."""
    return next(name for name, first, last in buckets if days >= first and (last is None or days <= last))


@dataclass(frozen=True, kw_only=True)
class ParetoLine:
    """One reason with how often it came up, what it cost, and the share of all up to and with it."""

    code: str
    cases: int
    cents: int
    cumulative: float


def pareto(counted: Mapping[str, tuple[int, int]]) -> list[ParetoLine]:
    """Reasons by {code: (cases, cents)}, most cases first, with the cumulative share of cases."""
    total, seen, lines = sum(n for n, _ in counted.values()), 0, []
    for code, (cases, cents) in sorted(counted.items(), key=lambda one: (-one[1][0], -one[1][1], one[0])):
        seen += cases
        lines.append(ParetoLine(code=code, cases=cases, cents=cents, cumulative=seen / total if total else 0.0))
    return lines


LEAST_MONTHS: Final = 6
LEAST_IN_SPIKE: Final = 5


@dataclass(frozen=True, kw_only=True)
class Spike:
    """A month against those before it. `limit` is mean + 3 sd; None where too few months are known to say so."""

    count: int
    mean: float | None
    limit: float | None
    flagged: bool

    @property
    def growth(self) -> float | None:
        """How much more than the average of the months before, as a share of it."""
        return None if not self.mean else self.count / self.mean - 1


def spike(before: Sequence[int], count: int) -> Spike:
    """Whether a month stands out of the (up to twelve) months before it: above mean + 3 sd, with five claims or more.

    The deviation is that of the months as a whole (population); fewer than six months say nothing (D).
    """
    months = list(before)[-12:]
    if len(months) < LEAST_MONTHS:
        return Spike(count=count, mean=sum(months) / len(months) if months else None, limit=None, flagged=False)
    mean = sum(months) / len(months)
    limit = mean + 3 * math.sqrt(sum((n - mean) ** 2 for n in months) / len(months))
    return Spike(count=count, mean=mean, limit=limit, flagged=count >= LEAST_IN_SPIKE and count > limit)


@dataclass(frozen=True, kw_only=True)
class Receivable:
    """What we owe a dealer for approved claims beside its average month; `months` is None without such a month."""

    unpaid_cents: int
    month_cents: int
    months: float | None

    @property
    def is_high(self) -> bool:
        """More than one month of what is approved ([NI5])."""
        return self.months is not None and self.months > 1


def receivable(unpaid_cents: int, approved_cents: int, months: int) -> Receivable:
    """Unpaid approved amounts against the average of up to twelve months of approved amounts."""
    month = half_up(approved_cents, max(1, months))
    return Receivable(unpaid_cents=unpaid_cents, month_cents=month, months=_times(unpaid_cents, month))


def _times(whole: int, part: int) -> float | None:
    """How often a part goes into the whole; None of nothing."""
    return whole / part if part > 0 else None
