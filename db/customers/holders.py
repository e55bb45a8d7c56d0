"""Who keeps something of a customer: each area says so itself, and the catalogue fills the list."""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from db.core.area import PersonalData

_holders: dict[str, PersonalData] = {}


def register(holders: Iterable[PersonalData]) -> None:
    """Make holders known; the catalogue calls this once when it is loaded."""
    for holder in holders:
        _holders[holder.name] = holder


def all_holders() -> tuple[PersonalData, ...]:
    """Every area that keeps something of customers, in the order of the areas."""
    if not _holders:
        # Named as text, because this package may not import what stands on it; loading it calls `register`.
        importlib.import_module("db.catalog")
    return tuple(_holders.values())
