"""Ids known before the rows are written, so that many rows with their children go in at once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from db.core.base import Base
from db.core.timeline import TimelineLink


def next_ids(session: Session, table: type[Base], *, item_type: str, count: int, after: int = 0) -> list[int]:
    """`count` new ids for `table`, in order; nobody else gets them.

    An id is never used twice, not even after the newest record was taken back: SQLite would give it out again, and the
    timeline of the old record would show on the new one. `after` is the last id given out but not written yet; the
    caller holds SQLite's write lock already.
    """
    key: Any = table.__table__.c.id
    if session.get_bind().dialect.name == "postgresql":
        numbers = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :n)")
        return sorted(session.scalars(numbers, {"name": table.__tablename__, "n": count}))
    used = max(
        after,
        session.scalar(select(func.max(key))) or 0,
        session.scalar(select(func.max(TimelineLink.item_id)).where(TimelineLink.item_type == item_type)) or 0,
    )
    return list(range(used + 1, used + 1 + count))
