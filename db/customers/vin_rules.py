"""Whether a vehicle's number may be taken: a regular VIN, or another number with the reason why (domain-rules W01)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from db.core import vin as vins
from db.core.problems import Problems

SHORTEST: Final = 4
LONGEST: Final = 30
REASONS: Final[dict[str, str]] = {
    "before_1981": "Built before VINs had 17 characters",
    "damaged": "The plate is damaged and cannot be read whole",
    "other_market": "Built for a market with other numbers",
    "equipment": "Equipment with a serial number, no road vehicle",
}
_NORTH_AMERICA: Final = "12345"


@dataclass(frozen=True, kw_only=True)
class VehicleNumber:
    """A number as it is stored. `warnings` are sentences to show; they never keep the number from being taken."""

    number: str
    is_regular: bool
    check_ok: bool
    warnings: tuple[str, ...] = ()


def judge(text: str, *, reason: str, problems: Problems, year: int | None = None) -> VehicleNumber:
    """The number people typed, checked; problems belong to `vin` and `vin_reason`.

    17 characters without I, O and Q are required unless a reason of `REASONS` is given. The check digit is a warning,
    and only on North American VINs: elsewhere position 9 is free. `year` is a stated model year to compare with.
    """
    number = vins.clean(text or "")
    if not number:
        problems.add("vin", "required", "The VIN is needed.", rule="W01")
        return VehicleNumber(number="", is_regular=False, check_ok=False)
    if vins.has_shape(number):
        return VehicleNumber(
            number=number, is_regular=True, check_ok=vins.check_ok(number), warnings=doubts(number, year)
        )
    if reason not in REASONS:
        problems.add("vin", "bad_vin", _what_is_wrong(number), rule="W01")
        if reason:
            problems.add("vin_reason", "unknown_reason", "Choose a reason from the list.")
    elif not number.isalnum() or not SHORTEST <= len(number) <= LONGEST:
        sentence = f"A number without the form of a VIN has {SHORTEST} to {LONGEST} letters and digits."
        problems.add("vin", "bad_number", sentence, rule="W01")
    return VehicleNumber(number=number[:LONGEST], is_regular=False, check_ok=False)


def _what_is_wrong(number: str) -> str:
    """The sentence that helps to find the slip."""
    wrong = sorted({c for c in number if c in "IOQ"})
    if wrong:
        return f"A VIN has no {' and no '.join(wrong)}: it is probably 1 or 0. Otherwise say why it is no regular VIN."
    if len(number) != 17:
        return f"This has {len(number)} characters; a VIN has 17. Otherwise say why it is no regular VIN."
    return "A VIN has letters and digits only. Otherwise say why it is no regular VIN."


def doubts(number: str, year: int | None) -> tuple[str, ...]:
    """What is odd about a regular VIN, as sentences: its check digit, and a model year it cannot mean (W01)."""
    found = []
    if number[0] in _NORTH_AMERICA and not vins.check_ok(number):
        found.append(f"Position 9 should be {vins.check_digit(number)}: one character is probably wrong.")
    if year is not None and vins.contradicts_year(number, year):
        meant = " or ".join(str(y) for y in sorted(vins.model_years(number)))
        found.append(f"Position 10 means the model year {meant}, not {year}.")
    return tuple(found)
