"""Made-up vehicle numbers with a right check digit, no two alike; no maker has the code ZZ9."""

from __future__ import annotations

from random import Random

_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", map(int, "123456781234579234567890123456789"), strict=True))
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_YEARS = "ABCDEFGHJKLMNPRSTVWXY123456789"


def vin_of(number: int, year: int, plant: str, rng: Random) -> str:
    """The VIN of the vehicle with a running number, of a model year, from a plant that tells who numbers."""
    described = f"{'ABCDEFGHJK'[number // 1_000_000]}{rng.choice('CDEFGHJKLMNPRSTV')}{rng.randrange(100, 1_000)}"
    body = f"ZZ9{described}0{_YEARS[(year - 2010) % 30]}{plant}{number % 1_000_000:06}"
    total = sum(weight * _VALUES[c] for c, weight in zip(body, _WEIGHTS, strict=True)) % 11
    return f"{body[:8]}{'X' if total == 10 else total}{body[9:]}"
