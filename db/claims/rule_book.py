"""The rules W01 to W28 in words: a title, the question each asks, and what its numbers mean (domain-rules 2.1 D).

The one place for these words: the entry form, the simulator, the policy page and the figures all use them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

Unit = Literal["money", "hours", "percent", "days", "distance", "characters", "count"]
UNITS: Final[dict[str, str]] = {
    "money": "USD", "hours": "h", "percent": "%", "days": "days", "distance": "mi", "characters": "characters",
    "count": "",
}  # fmt: skip
HUNDREDTHS: Final = frozenset({"money", "hours", "percent"})
"""Units whose numbers are stored as hundredths of what people read."""
LEVELS: Final[dict[str, str]] = {
    "E": "Blocks", "W": "Warns", "A": "Needs a person", "X": "Denies", "R": "Corrects the amount",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LimitInfo:
    """One number of a rule: what people call it, in which unit, and the largest value that makes sense."""

    label: str
    unit: Unit
    most: int = 1_000_000_00


@dataclass(frozen=True, kw_only=True)
class RuleInfo:
    """One rule in words; `question` is what it asks of a claim, `limits` its numbers by name."""

    title: str
    question: str
    limits: dict[str, LimitInfo] = field(default_factory=dict)


def _rule(title: str, question: str, **limits: LimitInfo) -> RuleInfo:
    return RuleInfo(title=title, question=question, limits=limits)


def _limit(label: str, unit: Unit, most: int = 1_000_000_00) -> LimitInfo:
    return LimitInfo(label=label, unit=unit, most=most)


RULE_BOOK: Final[dict[str, RuleInfo]] = {
    "W01": _rule("VIN is well formed", "Has the VIN 17 characters without I, O and Q, and does its check digit hold?"),
    "W02": _rule("Vehicle is known and free", "Do we know the vehicle, and is its warranty neither blocked nor void?"),
    "W03": _rule("One vehicle per repair order", "Is this repair order used for this vehicle only?"),
    "W04": _rule(
        "Odometer makes sense", "Are the readings there, is out not below in, and was it a test drive between them?",
        test_drive=_limit("Test drive up to", "distance", 1_000),
    ),
    "W05": _rule(
        "Dates in order", "Do in service, failure, opening, closing and sending of the repair order follow each other?"
    ),
    "W06": _rule(
        "Covered by time and distance", "Did it fail while a plan of the vehicle still ran, in months and in miles?"
    ),
    "W07": _rule(
        "Component is covered", "Is the component of the causal part inside a plan, and is it no wear item?"
    ),
    "W08": _rule(
        "Nothing excluded", "Is the vehicle unmodified, maintained and free of misuse and aftermarket parts?"
    ),
    "W09": _rule(
        "Complaint, cause and correction", "Do the three texts each say something of their own, and enough of it?",
        characters=_limit("Each text at least", "characters", 500),
    ),
    "W10": _rule(
        "Labour operation and flat rate", "Does the operation fit vehicle and day, and are the hours within flat rate?"
    ),
    "W11": _rule(
        "Straight and other time", "Is straight time small, and not claimed beside a flat-rate operation?",
        hours=_limit("Straight time alone up to", "hours", 100_00),
    ),
    "W12": _rule("Labour rate of the day", "Is the hourly rate the dealer's own on the day of the repair order?"),
    "W13": _rule(
        "Price of the part", "Is the part charged at no more than the net price of the day with the dealer's markup?",
        default_markup=_limit("Markup without terms", "percent", 200_00),
    ),
    "W14": _rule("Causal part was replaced", "Is the causal part among the parts charged, when it was replaced?"),
    "W15": _rule(
        "Sent in time", "Was the claim sent within the window after the repair order was closed?",
        days=_limit("Days after closing", "days", 730),
    ),
    "W16": _rule("Not claimed before", "Has this job of this repair order not been claimed already?"),
    "W17": _rule("Not claimed elsewhere", "Has no dealer claimed the same work on this vehicle around the same day?"),
    "W18": _rule(
        "No comeback", "Was this component of this vehicle not repaired shortly before?",
        days=_limit("Within days", "days", 730), distance=_limit("Within distance", "distance", 100_000),
    ),
    "W19": _rule(
        "First replacement of an assembly", "Is it the first time that this major assembly is replaced on this vehicle?"
    ),
    "W20": _rule(
        "Authorized beforehand", "Was the work authorized beforehand where amount, operation, part or type ask for it?",
        amount=_limit("Needed above", "money"),
    ),
    "W21": _rule(
        "Within the authorization", "Does the claim stay within the lines and amounts that were authorized?",
        excess_share=_limit("Excess allowed", "percent", 100_00),
    ),
    "W22": _rule(
        "Technician is certified", "Did the technician work there, certified for the operation, on that day?"
    ),
    "W23": _rule(
        "Campaign applies", "Is the VIN on the list, not remedied yet, and only work of the campaign claimed?"
    ),
    "W24": _rule(
        "Rental and transport caps", "Do rental and transport stay below what is paid for them?",
        rental_day=_limit("Rental a day up to", "money"), rental_total=_limit("Rental in all up to", "money"),
        transport=_limit("Transport up to", "money"),
    ),
    "W25": _rule("Files are attached", "Are the files attached that this type of claim and its amounts ask for?"),
    "W26": _rule("Deductible once a visit", "Is the deductible of the plan taken, and only once for this visit?"),
    "W27": _rule(
        "Usual amount", "Is the amount within what this operation usually comes to on this model?",
        deviations=_limit("Standard deviations above the mean", "count", 10),
        claims=_limit("Asked from claims on file", "count", 1_000),
    ),
    "W28": _rule("Type is accepted", "Do we still take claims of this type?"),
}  # fmt: skip
