"""Vehicles sold before the demo begins: the cars its warranty claims are about, each with its dealer and its habits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from seed.arrivals import made_up_vin
from seed.places import LINES, MAKE, PLACES, Place

COUNT = 190
AT_HOME = 26
"""How many of them were sold by the dealer whose people can sign in."""
HOME = "00402"
COLUMNS = ("VIN", "Model year", "Make", "Model", "In service")


class Car(NamedTuple):
    """One vehicle: who sold it, since when it runs, and how far it is driven each day."""

    vin: str
    code: str
    model: str
    in_service: date
    miles_a_day: int

    def odometer(self, on: date) -> int:
        """Its reading on a day: it is driven as much every day, so readings only grow."""
        return 12 + max(0, (on - self.in_service).days) * self.miles_a_day


def cars(seed: int, *, end: date) -> tuple[Car, ...]:
    """The vehicles, the same for the same seed and day; most are young and little driven enough to be covered."""
    rng = Random(f"{seed}:parc")
    sellers = [place for place in PLACES if place.status == "active"]
    found = []
    for number in range(COUNT):
        code = HOME if number < AT_HOME else rng.choices(sellers, [_share(p) for p in sellers])[0].code
        _, models, _, _ = rng.choices(LINES, (5, 6, 6, 4, 2, 2))[0]
        old = number % 13 == 12  # what is out of its warranty by now
        days = rng.randint(1_900, 2_300) if old else rng.randint(215, 980)
        since = end - timedelta(days=days)
        found.append(
            Car(made_up_vin(rng, since.year), code, rng.choice(models), since, rng.randint(26, 36) if old
                else rng.randint(15, 32))
        )  # fmt: skip
    return tuple(found)


def _share(place: Place) -> int:
    return place.weight**2


def rows(parc: Sequence[Car]) -> list[tuple[object, ...]]:
    """The vehicles as the lines of a file, in the order of `COLUMNS`."""
    return [(car.vin, car.in_service.year, MAKE, car.model, car.in_service.isoformat()) for car in parc]
