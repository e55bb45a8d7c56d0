"""What a VIN says of its vehicle, decoded offline: by ultravin where it is installed, else by vininfo.

A decode that cannot be made says so; nothing is guessed. vininfo knows only the maker's code (the first three
characters), under which several makes may be built, and the two years a letter can mean.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from db.core import vin as vins

ULTRAVIN: Final = "ultravin (vPIC)"
VININFO: Final = "vininfo (maker's code)"
_SHORT_MAKES: Final = frozenset({"BMW", "GMC", "MG", "BYD", "DAF", "MAN"})
_SPECIAL: Final = {"MCLAREN": "McLaren", "MINI": "MINI", "FISKER": "Fisker"}
# Makers whose code stands for one make of cars; what is not here built several makes, or trucks and motorcycles.
_CAR_MAKERS: Final = frozenset(
    {
        "Acura", "Audi", "BMW", "Buick", "Cadillac", "Chevrolet", "Ford", "GMC", "Honda", "Infiniti", "Kia", "Lexus",
        "Lincoln", "Mazda", "Mercedes-Benz", "Mitsubishi", "Nissan", "Porsche", "Subaru", "Tesla", "Toyota",
        "Volkswagen", "Volvo",
    }
)  # fmt: skip
_SAME: Final = {"GMC Truck": "GMC", "Porsche car": "Porsche"}
# Codes of these makers under which motorcycles or heavy vehicles are built: there position 7 says nothing of the year.
_NOT_CARS: Final = frozenset({"JH2", "1HF", "3H1", "LAL", "ZDC", "MLH", "VTM", "WB1", "WB3", "1FD", "2FD", "3FD"})


@dataclass(frozen=True, kw_only=True)
class VinDecode:
    """What could be read. `year` is None and texts are empty where it could not; `note` is a sentence that says why."""

    vin: str
    year: int | None = None
    make: str = ""
    model: str = ""
    trim: str = ""
    source: str = ""
    note: str = ""

    @property
    def is_known(self) -> bool:
        """Whether anything was read."""
        return bool(self.year or self.make)


def decode(vin: str, *, this_year: int) -> VinDecode:
    """Read a normalised VIN. `this_year` bounds the model year: nothing is built more than a year ahead."""
    if not vins.has_shape(vin):
        return VinDecode(vin=vin, note="This is no regular VIN, so nothing can be read from it.")
    reader = _ultravin()
    found = _by_ultravin(vin, reader, this_year) if reader is not None else _by_vininfo(vin, this_year)
    if found.is_known:
        return found
    return VinDecode(vin=vin, source=found.source, note=found.note or "The decoder does not know this maker.")


def decoder_name() -> str:
    """Which decoder this installation has."""
    return ULTRAVIN if _ultravin() is not None else VININFO


@lru_cache(maxsize=1)
def _ultravin() -> Any:
    """The large decoder where somebody installed it (95 MB, so it is no requirement)."""
    try:
        return importlib.import_module("ultravin")  # named as text: it is nothing the product requires (decision 0002)
    except ImportError:
        return None


def _by_ultravin(vin: str, reader: Any, this_year: int) -> VinDecode:
    try:
        read = reader.decode(vin)
    except Exception:  # a decoder's fault must not keep a vehicle from being entered
        return VinDecode(vin=vin, source=ULTRAVIN, note="The decoder could not read this VIN.")
    facts = read.get("attributes") or {}
    make, year = _text(facts.get("Make")), read.get("model_year")
    if not make:
        return VinDecode(vin=vin, source=ULTRAVIN, note="The decoder does not know this maker or pattern.")
    year = year if isinstance(year, int) and 1980 <= year <= this_year + 1 else None
    clean = not (set(read.get("error_codes") or ()) - {0, 1})
    return VinDecode(
        vin=vin, year=year, make=nice_make(make), model=_text(facts.get("Model")), trim=_text(facts.get("Trim")),
        source=ULTRAVIN, note="" if clean else "The decoder marks parts of this VIN as unknown.",
    )  # fmt: skip


def _text(value: Any) -> str:
    """One word or the first of several."""
    if isinstance(value, list | tuple):
        value = value[0] if value else ""
    return str(value or "").strip()[:80]


def nice_make(make: str) -> str:
    """A make as people write it: "HONDA" is Honda, "BMW" stays."""
    word = make.strip()
    if not word.isupper() or word in _SHORT_MAKES:
        return word
    return _SPECIAL.get(word, word.title())


def _by_vininfo(vin: str, this_year: int) -> VinDecode:
    from vininfo import Vin
    from vininfo.exceptions import VininfoException

    try:
        name = str(Vin(vin).manufacturer or "")
    except VininfoException:
        return VinDecode(vin=vin, source=VININFO, note="The decoder could not read this VIN.")
    name = _SAME.get(name, re.sub(r" (Mexico|Canada|USA|Truck)$", "", name))
    make = name if name in _CAR_MAKERS else ""
    note = "" if make else "Several makes are built under this maker's code, so the make is not known."
    years = [year for year in vins.model_years(vin) if year <= this_year + 1]
    year = None
    if len(years) == 1:
        year = years[0]
    elif len(years) > 1 and make and vin[:3] not in _NOT_CARS and vins.check_ok(vin):
        year = years[0]  # 49 CFR 565: on a car position 7 says which of the two
    elif len(years) > 1:
        both = " or ".join(map(str, sorted(years)))
        note = f"{note} The model year is {both}.".strip()
    return VinDecode(vin=vin, year=year, make=make, source=VININFO, note=note)
