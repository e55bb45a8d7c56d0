"""Vehicle identification numbers: the 17-character shape, the check digit and the model year (ISO 3779, 49 CFR 565)."""

from __future__ import annotations

import re
from typing import Final

_SHAPE: Final = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_VALUES: Final = dict(
    zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", (*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True)
)
_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_YEAR_CODES: Final = "ABCDEFGHJKLMNPRSTVWXY123456789"
_FIRST_CYCLE: Final = 1980
_CYCLE: Final = 30
_NORTH_AMERICA: Final = "12345"


def clean(text: str) -> str:
    """The VIN as it is stored: upper case, without spaces, hyphens or a leading `VIN:`; not checked in any way."""
    bare = re.sub(r"[\s\-\u2010-\u2015.*]", "", text).upper()
    return re.sub(r"^VIN[:#]?(?=[A-Z0-9]{17}$)", "", bare)


def has_shape(vin: str) -> bool:
    """True when `vin` has 17 characters and none of I, O and Q (rule Q10, 3.4)."""
    return _SHAPE.fullmatch(vin) is not None


def check_digit(vin: str) -> str:
    """The check digit position 9 should carry: `0`-`9` or `X`; raises ValueError when the shape is wrong."""
    if not has_shape(vin):
        raise ValueError("a VIN has 17 characters and no I, O or Q")
    remainder = sum(_VALUES[letter] * weight for letter, weight in zip(vin, _WEIGHTS, strict=True)) % 11
    return "X" if remainder == 10 else str(remainder)


def check_ok(vin: str) -> bool:
    """True when the shape is right and position 9 is the computed check digit."""
    return has_shape(vin) and check_digit(vin) == vin[8]


def model_years(vin: str) -> tuple[int, ...]:
    """The model years position 10 can mean (it repeats every 30 years), the likelier first; empty when it says nothing.

    Position 7 tells the cycle on North American cars (a letter from 2010 on); on other vehicles it is only a hint.
    """
    if not has_shape(vin) or vin[9] not in _YEAR_CODES:
        return ()
    early = _FIRST_CYCLE + _YEAR_CODES.index(vin[9])
    late = early + _CYCLE
    return (late, early) if vin[6].isalpha() else (early, late)


def contradicts_year(vin: str, year: int) -> bool:
    """True when the model-year letter cannot mean `year` (rule Q10: a warning, never a refusal).

    Only North American VINs, and others whose check digit holds, are judged: elsewhere position 10 is free.
    """
    years = model_years(vin)
    return bool(years) and (vin[0] in _NORTH_AMERICA or check_ok(vin)) and year not in years
