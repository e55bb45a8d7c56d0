"""What the rules of incentives are told, and what they answer: a sale, a claim for it, checks, a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

Level = Literal["none", "pass", "warn", "missing", "fail"]
"""`none` is not asked by this program; `missing` sends a claim back, `fail` denies it, `warn` is to be read."""
LEVELS: Final[dict[str, str]] = {
    "none": "Not asked", "pass": "Passed", "warn": "Look at it", "missing": "Incomplete", "fail": "Failed",
}  # fmt: skip
Outcome = Literal["valid", "returned", "not_eligible"]
OUTCOMES: Final[dict[str, str]] = {
    "valid": "Everything is in order", "returned": "Something is missing; to be completed",
    "not_eligible": "The program does not pay for this sale",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """A vehicle the customer had before this sale; `until` is empty while he has it still."""

    make: str
    model: str = ""
    year: int | None = None
    since: date
    until: date | None = None


@dataclass(frozen=True, kw_only=True)
class SaleFacts:
    """One reported sale with what is known of its vehicle and dealer. `today` is the dealer's day of judging.

    `tier` is the dealer's on the day of delivery. `sold_before` names another sale of this vehicle that stands.
    `proofs` are the papers that have a name, as (kind, file or reference). `earlier` are vehicles the chosen customer
    had before, the newest first.
    """

    vin: str
    vin_ok: bool = True
    make: str = ""
    model: str = ""
    year: int | None = None
    trim: str = ""
    condition: str = "new"
    sale_type: str = "cash"
    dealer_code: str = ""
    dealer_name: str = ""
    dealer_status: str = "active"
    region: str = ""
    tier: str = ""
    stocked_on: date | None = None
    contract_on: date | None = None
    delivered_on: date | None = None
    reported_on: date | None = None
    unwound_on: date | None = None
    sold_before: str = ""
    customer_ref: str = ""
    documents: tuple[str, ...] = ()
    proofs: tuple[tuple[str, str], ...] = ()
    earlier: tuple[Earlier, ...] = ()
    trade_make: str = ""
    trade_year: int | None = None
    affinity: str = ""
    certificates: tuple[str, ...] = ()
    lease_ends_on: date | None = None
    waived_payments: int | None = None
    payment_cents: int | None = None
    number: str = ""
    sale_id: int = 0
    today: date


@dataclass(frozen=True, kw_only=True)
class PriorClaim:
    """Another claim for the same vehicle that waits or was approved. `state` is open or approved."""

    number: str
    program: str
    state: Literal["open", "approved"]
    exclusive: bool = False
    stack_group: str = ""
    compatible: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ClaimFacts:
    """What is claimed and what was used up before, in the period and by the customer. `budget_left` None: no budget.

    `lost_to` holds the programs stacking chose instead of this one, with the sentence why; empty: chosen or alone.
    """

    claimed_cents: int | None = None
    claimed_on: date
    checked: tuple[str, ...] = ()
    prior: tuple[PriorClaim, ...] = ()
    dealer_units: int = 0
    dealer_cents: int = 0
    customer_units: int = 0
    budget_left: int | None = None
    lost_to: tuple[str, ...] = ()
    lost_why: str = ""


@dataclass(frozen=True, kw_only=True)
class Check:
    """The answer of one rule. `document` names the paper that proves it, or that would."""

    rule: str
    version: int
    level: Level
    sentence: str
    observed: str = ""
    limit: str = ""
    document: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """All checks of a claim, what they come to, and the amount the program pays for this sale."""

    outcome: Outcome
    entitled_cents: int
    checks: tuple[Check, ...]

    @property
    def first(self) -> Check | None:
        """The check that decided an outcome other than valid."""
        wanted = {"returned": "missing", "not_eligible": "fail"}.get(self.outcome)
        return next((c for c in self.checks if c.level == wanted), None)


@dataclass(frozen=True, kw_only=True)
class PeriodFacts:
    """The volume of a dealer in a period as it is claimed; `last_day` is the period's last."""

    period: str
    last_day: date
    today: date
    dealer_status: str
    units: int
    earned_cents: int
    approved_cents: int
    claimed_cents: int | None
    checked: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A sale that counts for a program in a period; `cents` is what it pays by itself (0 where volume is counted)."""

    sale_id: int
    delivered_on: date
    cents: int = 0
    customer_ref: str = ""


@dataclass(frozen=True, kw_only=True)
class Earned:
    """What a dealer has earned with a program in a period, and how it came about, in sentences."""

    units: int
    cents: int
    said: tuple[str, ...] = ()
