"""Change counters: one row an area, raised in each writing transaction, so that a cache key can never be stale."""

from __future__ import annotations

from sqlalchemy import BigInteger, String, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from db.core.base import Base
from db.core.insert import insert_or_add

HOUSEKEEPING = "housekeeping"
"""Counts what changes no area, where a standby answers reads (db/core/replica.py); no cache depends on it."""


class ChangeCounter(Base):
    """How often an area has been written to."""

    __tablename__ = "change_counter"

    area: Mapped[str] = mapped_column(String(40), primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, nullable=False)


def touch(session: Session, *areas: str) -> None:
    """Note that this transaction changes `areas`; written once, when the transaction ends."""
    session.info.setdefault("areas", set()).update(areas)


def write(session: Session) -> None:
    """Raise the counters that were noted, always in the same order.

    One statement a counter: two transactions that both write an area for the first time must both be counted.
    """
    for area in sorted(session.info.pop("areas", ())):
        insert_or_add(session, ChangeCounter, {"area": area, "n": 1}, key=("area",), add=("n",))


def token(session: Session, *areas: str) -> tuple[tuple[str, int], ...]:
    """The counters of `areas` (all areas when none is named) as a hashable key for caches."""
    rows = session.execute(_SOME, {"areas": areas}) if areas else session.execute(_ALL)
    return tuple((area, n) for area, n in rows)


# Made once: a token is asked for with every cached read and several times in a command.
_EACH = select(ChangeCounter.area, ChangeCounter.n).order_by(ChangeCounter.area)
_ALL = _EACH.where(ChangeCounter.area != HOUSEKEEPING)
_SOME = _EACH.where(ChangeCounter.area.in_(bindparam("areas", expanding=True)))
