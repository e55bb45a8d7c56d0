"""A lock by name until the transaction ends, for a promise that spans rows and that no unique key can keep."""

from __future__ import annotations

import hashlib

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def hold(session: Session, name: str) -> None:
    """Wait until nobody else holds `name`, then hold it until this transaction ends.

    What others committed while we waited is seen by the next statement, so read after holding. A command that also
    locks rows locks them first, in the order of their ids. SQLite has one writer at a time, so nothing is needed there.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(key_of(name))))


def key_of(name: str) -> int:
    """The 64-bit number PostgreSQL knows the lock by, the same in every process."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
