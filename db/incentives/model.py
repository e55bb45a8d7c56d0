"""Incentive programs as data: rule kinds, windows, eligibility, papers, caps and stacking (domain-rules 2.4).

A program is a pydantic model, so that a version is stored as JSON and read back with every field checked. There is no
expression language: a new kind of rule is a new class here and a branch in amount_rules or tier_rules. Money is cents,
days are those of the dealer, percentages are hundredths of a percent.
"""

from __future__ import annotations

import json
import re
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

SALE_TYPES: Final[dict[str, str]] = {
    "cash": "Cash", "loan": "Loan", "lease": "Lease", "fleet": "Fleet", "resale": "Resale to another dealer",
    "export": "Export", "demo": "Demonstrator", "employee": "Employee purchase",
}  # fmt: skip
RETAIL: Final = ("cash", "loan", "lease")
DOCUMENTS: Final[dict[str, str]] = {
    "buyers_order": "Signed buyer's order", "registration": "Registration", "title": "Title of the vehicle",
    "trade_title": "Title of the trade-in", "lease_statement": "Statement of the previous lease",
    "diploma": "Diploma or student ID", "military_id": "Military ID", "age_proof": "Proof of age",
    "employment_letter": "Letter of employment", "certificate": "Training certificate", "invoice": "Stock invoice",
    "odometer": "Odometer statement",
}  # fmt: skip
AFFINITIES: Final[dict[str, str]] = {
    "graduate": "Graduates", "military": "Military", "senior": "Seniors", "employee_plan": "Employee plan",
}  # fmt: skip
DEALER_STATUSES: Final = ("active",)

Amount = Annotated[int, Field(gt=0, le=100_000_000_00)]
Count = Annotated[int, Field(gt=0, le=1_000_000)]
Days = Annotated[int, Field(ge=0, le=3_650)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Z0-9][A-Z0-9-]{1,29}$")]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Target = Annotated[int, Field(ge=0, le=1_000_000)]


def _period_name(name: str) -> str:
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2]|Q[1-4])|program", name):
        raise ValueError("name a month (2026-11), a quarter (2026-Q4), or program")
    return name


PeriodName = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_period_name)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Window(_Frozen):
    """Days from `first` to `last`, both included."""

    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("a window ends on its first day or later")
        return self

    def holds(self, day: date) -> bool:
        """Whether a day lies in the window."""
        return self.first <= day <= self.last


# ---- kinds of rules --------------------------------------------------------------------------------------------------
class PerUnit(_Frozen):
    """A fixed amount for each vehicle, paid to the dealer's people (spiff)."""

    kind: Literal["per_unit"] = "per_unit"
    cents: Amount


class DealerCash(_Frozen):
    """A fixed amount for each vehicle, paid to the dealer."""

    kind: Literal["dealer_cash"] = "dealer_cash"
    cents: Amount


class CustomerCash(_Frozen):
    """Cash the dealer has passed on to the retail customer, paid back to the dealer."""

    kind: Literal["customer_cash"] = "customer_cash"
    cents: Amount


class Tier(_Frozen):
    """From this unit on, each unit pays so much."""

    from_units: Count
    cents: Annotated[int, Field(ge=0, le=100_000_000_00)]


class StairStep(_Frozen):
    """Volume in a period. Retroactive pays the tier reached for every unit, incremental each unit at its own tier."""

    kind: Literal["stair_step"] = "stair_step"
    method: Literal["retroactive", "incremental"]
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _rising(self) -> Self:
        starts = [t.from_units for t in self.tiers]
        if starts != sorted(set(starts)):
            raise ValueError("each tier begins at more units than the one before")
        return self


class Growth(_Frozen):
    """Units above a baseline: the same days of the year before, or a target for each dealer.

    `targets` hold for every period; `by_period` names those of single periods ("2026-11", "2026-Q4"), which win.

    It pays from `min_percent` growth on, for the units above the baseline or for all. A dealer without a baseline earns
    nothing unless `without_baseline` says all.
    """

    kind: Literal["growth"] = "growth"
    baseline: Literal["year_before", "target"]
    targets: dict[Word, Target] = {}
    by_period: dict[PeriodName, dict[Word, Target]] = {}
    min_percent: Annotated[int, Field(ge=0, le=1_000_00)] = 0
    pays: Literal["above", "all"] = "above"
    without_baseline: Literal["nothing", "all"] = "nothing"
    cents: Amount


class Loyalty(_Frozen):
    """The customer has owned one of these makes."""

    kind: Literal["loyalty"] = "loyalty"
    cents: Amount
    makes: Annotated[tuple[Word, ...], Field(min_length=1)]


class Conquest(_Frozen):
    """The customer comes from another make; the trade-in is not older than so many model years (I09)."""

    kind: Literal["conquest"] = "conquest"
    cents: Amount
    makes: tuple[Word, ...] = ()
    own_makes: Annotated[tuple[Word, ...], Field(min_length=1)]
    max_years: Annotated[int, Field(gt=0, le=60)]


class TradeIn(_Frozen):
    """A vehicle is traded in that is not older than so many model years."""

    kind: Literal["trade_in"] = "trade_in"
    cents: Amount
    makes: tuple[Word, ...] = ()
    max_years: Annotated[int, Field(gt=0, le=60)]


class Affinity(_Frozen):
    """The customer belongs to a group: graduates, military, seniors, the employee plan."""

    kind: Literal["affinity"] = "affinity"
    cents: Amount
    groups: Annotated[tuple[Literal["graduate", "military", "senior", "employee_plan"], ...], Field(min_length=1)]


class LeasePullAhead(_Frozen):
    """We take over the last payments of a lease that ends soon, when the customer takes another vehicle."""

    kind: Literal["lease_pull_ahead"] = "lease_pull_ahead"
    max_payments: Annotated[int, Field(gt=0, le=24)]
    max_payment_cents: Amount
    ends_within_days: Days


class PriceProtection(_Frozen):
    """Our price fell while the vehicle stood in stock: the difference, by model."""

    kind: Literal["price_protection"] = "price_protection"
    changed_on: date
    stocked_within_days: Days
    by_model: Annotated[dict[Word, Amount], Field(min_length=1)]


class Certified(_Frozen):
    """A bonus for a sale by somebody who holds a certificate."""

    kind: Literal["certified"] = "certified"
    cents: Amount
    certificates: Annotated[tuple[Word, ...], Field(min_length=1)]


Rule = Annotated[
    PerUnit | DealerCash | CustomerCash | StairStep | Growth | Loyalty | Conquest | TradeIn | Affinity | LeasePullAhead
    | PriceProtection | Certified,
    Field(discriminator="kind"),
]  # fmt: skip
KINDS: Final[dict[str, str]] = {
    "per_unit": "Bonus per unit", "dealer_cash": "Dealer cash", "customer_cash": "Retail customer cash",
    "stair_step": "Stair step", "growth": "Growth", "loyalty": "Loyalty", "conquest": "Conquest",
    "trade_in": "Trade-in", "affinity": "Affinity", "lease_pull_ahead": "Lease pull-ahead",
    "price_protection": "Price protection", "certified": "Certified sale",
}  # fmt: skip
VOLUME: Final = ("stair_step", "growth")
"""Kinds that count a dealer's units of a period; they are earned by the period, not claimed by the vehicle."""


# ---- the program -----------------------------------------------------------------------------------------------------
class Eligibility(_Frozen):
    """Which sales a program takes; an empty list takes any. `sale_types` names what is taken, all else is excluded.

    `any_serial` takes goods that have a serial number and no VIN.
    """

    makes: tuple[Word, ...] = ()
    models: tuple[Word, ...] = ()
    years: tuple[Annotated[int, Field(ge=1980, le=2100)], ...] = ()
    trims: tuple[Word, ...] = ()
    vins: tuple[Word, ...] = ()
    any_serial: bool = False
    conditions: Annotated[tuple[Literal["new", "used"], ...], Field(min_length=1)] = ("new",)
    sale_types: Annotated[
        tuple[Literal["cash", "loan", "lease", "fleet", "resale", "export", "demo", "employee"], ...],
        Field(min_length=1),
    ] = RETAIL
    regions: tuple[Word, ...] = ()
    tiers: tuple[Word, ...] = ()
    enrolled: tuple[Word, ...] = ()
    """Codes of the dealers that take part; empty: every active dealer."""


class Requirement(_Frozen):
    """A proof that is asked for, and the papers that count as it: any one of them, and no other (I08)."""

    label: Word
    accepted: Annotated[tuple[Word, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _known(self) -> Self:
        unknown = sorted(set(self.accepted) - set(DOCUMENTS))
        if unknown:
            raise ValueError(f"no such kind of paper: {', '.join(unknown)}")
        return self


class Caps(_Frozen):
    """The most that is paid: to a dealer in a period (units, money), for one VIN, for one customer in a period."""

    dealer_units: Count | None = None
    dealer_cents: Amount | None = None
    vin_cents: Amount | None = None
    customer_units: Count | None = None


class Program(_Frozen):
    """One version of a program, whole. `compatible` names programs it may be combined with in spite of the rules.

    `delivery`, `reports` and `claims` are windows of their own; without one the deliveries are those of the program,
    and reports and claims have `report_days` and `claim_days` from the delivery on. `period` is what is summed up.
    A denial can be appealed for `appeal_days` after it; 0: never.
    """

    code: Code
    name: Word
    version: int = 1
    rule: Rule
    program: Window
    delivery: Window | None = None
    reports: Window | None = None
    claims: Window | None = None
    report_days: Days = 10
    claim_days: Days = 60
    appeal_days: Days = 30
    eligible: Eligibility = Eligibility()
    documents: tuple[Requirement, ...] = ()
    checklist: tuple[Word, ...] = ()
    budget_cents: Amount | None = None
    caps: Caps = Caps()
    period: Literal["month", "quarter", "program"] = "month"
    stack_group: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = ""
    exclusive: bool = False
    compatible: tuple[Code, ...] = ()
    bulletin: Annotated[str, StringConstraints(strip_whitespace=True, max_length=60)] = ""

    @property
    def deliveries(self) -> Window:
        """The days on which a delivery counts."""
        return self.delivery or self.program

    @property
    def is_volume(self) -> bool:
        """Whether units of a period are counted, so that nothing is claimed for one vehicle."""
        return self.rule.kind in VOLUME


def program_to_json(program: Program) -> dict[str, Any]:
    """A program as it is stored with its version."""
    return program.model_dump(mode="json")


def program_from_json(body: dict[str, Any]) -> Program:
    """A stored program; what an older version did not know has its default.

    Kept by its text, because every session reads the same published versions; a program is never changed.
    """
    return _read(json.dumps(body, sort_keys=True, default=str))  # days may still be days


@lru_cache(maxsize=1024)
def _read(text: str) -> Program:
    return Program.model_validate(json.loads(text))


def read_program(body: dict[str, Any]) -> tuple[Program | None, list[tuple[str, str]]]:
    """A program from what a form holds, or (field, sentence) of everything that is wrong with it."""
    try:
        return Program.model_validate(body), []
    except ValidationError as error:
        return None, [
            (".".join(str(p) for p in one["loc"] if p not in KINDS), _say(one["type"], one["msg"]))
            for one in error.errors()
        ]


_SENTENCES: Final[dict[str, str]] = {
    "int_parsing": "Give a whole number or an amount.", "int_type": "This is needed.", "date_type": "Choose a day.",
    "date_from_datetime_parsing": "Choose a day.", "string_too_short": "This is needed.", "missing": "This is needed.",
    "too_short": "Give at least one.", "union_tag_not_found": "Choose a kind.", "union_tag_invalid": "Choose a kind.",
    "string_pattern_mismatch": "Use 2 to 30 letters, digits and hyphens.", "greater_than": "This has to be above 0.",
    "literal_error": "Choose one of the list.", "string_type": "This is needed.",
}  # fmt: skip
"""What a person reads instead of pydantic's words, by the type of the error."""


def _say(kind: str, message: str) -> str:
    bare = message.removeprefix("Value error, ")
    return _SENTENCES.get(kind) or f"{bare[:1].upper()}{bare[1:]}."
