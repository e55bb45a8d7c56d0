"""Who keeps something of a customer: each area says so itself, and the catalogue fills the list."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

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


def open_and_newest(
    session: Session, table: Any, newest: Any, *, customer_ids: Sequence[int]
) -> Mapping[int, tuple[int, datetime | None]]:
    """{customer: (how many are open, the newest moment)} of a queue's records; `newest` is a column of moments."""
    rows = session.execute(
        select(table.customer_id, table.is_open, func.count(), func.max(newest))
        .where(table.customer_id.in_(list(customer_ids)))
        .group_by(table.customer_id, table.is_open)
    )
    found: dict[int, tuple[int, datetime | None]] = {}
    for customer_id, is_open, count, last in rows:
        before = found.get(customer_id, (0, None))
        latest = max((at for at in (before[1], last) if at is not None), default=None)
        found[customer_id] = (before[0] + (count if is_open else 0), latest)
    return found
