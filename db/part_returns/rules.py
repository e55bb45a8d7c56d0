"""What becomes of the replaced part of each job of a decided claim, by when, and why (domain-rules 2.1 G).

Money is cents, days are those of the dealer: a part may be sent in until the end of its last day there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

Disposition = Literal["scrap", "hold", "return"]
DISPOSITIONS: Final[dict[str, str]] = {"scrap": "Scrap", "hold": "Keep", "return": "Send in"}

NO_PART: Final = ("pre_authorization", "add_credit", "debit", "supplier_recovery", "customer_reimbursement")
"""Types without a part of their own: nothing was replaced yet, it is the original's, or it is elsewhere."""
STANDS: Final = ("approved", "partially_approved", "paid", "adjusted", "charged_back")
"""The decision stands and paid for something, so a part that does not come is charged. Not while it is appealed."""
SETTLED: Final = (*STANDS, "denied", "void")
"""Nobody decides the claim now, so a part that was kept long enough may go."""
WAITS_FOR_PART: Final = "pending_part"
AT_DEALER: Final = ("held", "requested")
CLOCK_RUNS: Final = (*SETTLED, WAITS_FOR_PART)
"""States of the claim in which the days of a part at the dealer count; an appeal stops them."""
NOT_A_DEFECT: Final = "NOT_DEFECT"

FINDINGS: Final[dict[str, str]] = {
    "defective": "Defective", "not_defect": "Not defective", "wrong_part": "Another part",
    "damaged": "Cannot be judged",
}  # fmt: skip
THEN: Final[dict[str, str]] = {"scrap": "Scrap it", "keep": "Keep it", "later": "Decide later"}

ARRIVE_DAYS: Final = 14
INSPECT_DAYS: Final = 10
SETTLE_DAYS: Final = 15
"""Days a box may travel, days we take to inspect, days to send back or pay what we owe: our own promises."""
COMEBACK: Final = ("W18", "W19")
UNUSUAL: Final = ("W08", "W27")
LONGEST_NUMBER: Final = 20
MOST_SHOWN: Final = 20
MOST_AT_ONCE: Final = 100
_NUMBER: Final = re.compile(r"(?:RMA)?[-_ ]*0*(\d{1,9})")


@dataclass(frozen=True, kw_only=True)
class ReturnRules:
    """One version of the rule for old parts. Below one amount parts are scrapped, from the other on sent in."""

    number: int = 1
    effective_from: date = date(2000, 1, 1)
    scrap_below_cents: int = 50_00
    return_from_cents: int = 500_00
    return_major: bool = True
    return_unusual: bool = True
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class PartFacts:
    """What is known of the replaced part of one job. `failed_rules` are those the claim failed (W18, W27 ...).

    `recovery` is the number of the claim against the supplier that needs the part as evidence; `campaign` that of the
    recall it was replaced for.
    """

    part_cents: int
    is_major: bool = False
    failed_rules: frozenset[str] = frozenset()
    recovery: str = ""
    campaign: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What becomes of a part, and the sentence the dealer reads."""

    disposition: Disposition
    why: str


def money(cents: int) -> str:
    """An amount for people: "$1,234.50"."""
    return f"{'-' if cents < 0 else ''}${abs(cents) // 100:,}.{abs(cents) % 100:02}"


def is_replaced(action: str, causal_part: str, charged: Sequence[str]) -> bool:
    """Whether a job leaves an old part: it was replaced, or a new one of its number was charged."""
    return bool(causal_part) and (action == "replacement" or causal_part in charged)


def decide(facts: PartFacts, rules: ReturnRules, *, hold_days: int) -> Verdict:
    """Scrap, keep or send in: the first reason that holds decides (decision 0053)."""
    part = money(facts.part_cents)
    if facts.recovery:
        return Verdict(
            disposition="return", why=f"{facts.recovery} recovers it from the supplier, who asks for the part."
        )
    if facts.part_cents <= 0:
        return Verdict(disposition="scrap", why="Nothing was paid for this part.")
    if facts.campaign:
        return Verdict(disposition="scrap", why=f"Campaign {facts.campaign}: the cause is known, no part is looked at.")
    if facts.part_cents < rules.scrap_below_cents:
        return Verdict(
            disposition="scrap", why=f"{part} was paid; below {money(rules.scrap_below_cents)} it is scrapped."
        )
    if facts.failed_rules & set(COMEBACK):
        return Verdict(
            disposition="return", why="It was replaced on this vehicle before; we want to see why it failed again."
        )
    if rules.return_unusual and facts.failed_rules & set(UNUSUAL):
        return Verdict(disposition="return", why="The claim is not a usual one; we want to see the part.")
    if rules.return_major and facts.is_major:
        return Verdict(disposition="return", why="It is a major assembly; those are sent in.")
    if facts.part_cents >= rules.return_from_cents:
        return Verdict(
            disposition="return", why=f"{part} was paid; from {money(rules.return_from_cents)} on it is sent in."
        )
    return Verdict(
        disposition="hold",
        why=f"{part} was paid; for {hold_days} days we may still ask for it, then it may be scrapped.",
    )


# ---- days ------------------------------------------------------------------------------------------------------------
def end_of_day(day: date, zone: str) -> datetime:
    """The moment a day of the dealer ends."""
    return datetime.combine(day, time(0), tzinfo=ZoneInfo(zone)) + timedelta(days=1)


def day_of(moment: datetime, zone: str) -> date:
    """The dealer's day at a moment."""
    return moment.astimezone(ZoneInfo(zone)).date()


def last_day(now: datetime, days: int, zone: str) -> date:
    """The last of so many days from today on; a decision late in the evening counts from the dealer's own day."""
    return day_of(now, zone) + timedelta(days=days)


def used_percent(requested_at: datetime | None, due_at: datetime | None, now: datetime) -> int:
    """How much of the time to send a part in is used, rounded down; 0 where no clock runs, above 100 when late."""
    if requested_at is None or due_at is None or due_at <= requested_at:
        return 0
    return int(max(0.0, (now - requested_at) / (due_at - requested_at)) * 100)


def reminder(used: int, warned: int, warn_at: Sequence[int]) -> int | None:
    """The threshold to remind of now: the highest passed below 100%. The last one is the charge itself."""
    passed = [p for p in warn_at if warned < p <= used and p < 100]
    return max(passed) if passed and used < 100 else None


# ---- money -----------------------------------------------------------------------------------------------------------
def may_charge(*, status: str, claim_status: str, due_at: datetime | None, now: datetime) -> str:
    """Why a part that did not come is not charged now; empty when it is."""
    if status != "requested":
        return "It is no longer waited for."
    if due_at is None or now < due_at:
        return "There is still time to send it in."
    if claim_status == WAITS_FOR_PART:
        return "The claim is not decided yet; it waits for this part."
    if claim_status not in STANDS:
        return "The claim is being decided again; nothing is charged meanwhile."
    return ""


def wanted_charge(*, status: str, part_cents: int, claim_status: str, worth_cents: int) -> int:
    """What should stand as charged for a part: its price while it is missing, never more than the claim is worth.

    `worth_cents` is what all versions of the claim come to without this charge. A denied claim charges nothing.
    """
    if status != "missing" or claim_status not in STANDS:
        return 0
    return max(0, min(part_cents, worth_cents))


# ---- after the inspection --------------------------------------------------------------------------------------------
def is_back_owed(*, claim_status: str, reasons: Sequence[str]) -> bool:
    """Whether the part belongs back to the dealer at our cost: denied because it has no defect (CA VC 3065)."""
    return claim_status == "denied" and NOT_A_DEFECT in reasons


def after_inspection(finding: str, then: str, *, back_owed: bool) -> tuple[str, str]:
    """(state an inspection leads to, why it is refused): what we owe to the dealer is neither scrapped nor kept."""
    if then not in THEN:
        return "", "Choose what becomes of it."
    if then == "later":
        return "inspected", ""
    if back_owed:
        return "", "The claim was denied because the part has no defect: send it back at our cost, or pay for it."
    if finding == "wrong_part":
        return "", "It is another part: decide later, then ask for the right one or send it back."
    return ("scrapped" if then == "scrap" else "kept"), ""


# ---- boxes -----------------------------------------------------------------------------------------------------------
def numbers_in(text: str) -> tuple[str, ...]:
    """RMA numbers as scanned or typed, each once, in their order: "RMA-000012", "rma 12" and "12" are the same.

    What is no such number stays as it was written, so that it can be named.
    """
    found: dict[str, None] = {}
    for piece in re.split(r"[,;\r\n\t]+", re.sub(r"(?i)\brma[ _-]+", "RMA-", text)):
        for word in piece.split():
            clean = word.strip("* ").upper()  # Code 39 begins and ends with it
            if not clean:
                continue
            match = _NUMBER.fullmatch(clean)
            found[f"RMA-{int(match.group(1)):06}" if match else clean[:LONGEST_NUMBER]] = None
    return tuple(found)


def check_rules(rules: ReturnRules) -> list[tuple[str, str]]:
    """(field, sentence) for each thing wrong with a version of the rule."""
    found = []
    if not 0 <= rules.scrap_below_cents <= 100_000_00:
        found.append(("scrap_below_cents", "An amount from 0 to 100,000 is needed."))
    if not rules.scrap_below_cents <= rules.return_from_cents <= 100_000_00:
        found.append(("return_from_cents", "Not less than the amount below which parts are scrapped."))
    if len(rules.address) > 400:
        found.append(("address", "At most 400 characters fit on the label."))
    return found
