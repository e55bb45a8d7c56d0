"""What must hold whatever areas there are: the timeline and its guards, references, the file, the change counters."""

from __future__ import annotations

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from db.core import timeline
from db.core.area import Check
from db.core.changes import ChangeCounter
from db.triggers import GUARDED


def check_timeline(session: Session) -> list[str]:
    """Edits, deletions, swaps and insertions in the timeline, with the first bad number (R37)."""
    report = timeline.verify(session)
    return [] if report.first_bad is None else [f"timeline: {report.message}"]


def check_references(session: Session) -> list[str]:
    """References that lead nowhere. PostgreSQL keeps them itself, unless somebody switched a constraint off."""
    if session.get_bind().dialect.name == "sqlite":
        rows = session.execute(text("PRAGMA foreign_key_check")).all()
        return [f"{row[0]} row {row[1]} refers to a {row[2]} that does not exist" for row in rows[:100]]
    rows = session.execute(
        text(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint "
            "WHERE contype = 'f' AND NOT convalidated ORDER BY 1, 2"
        )
    ).all()
    return [f"{table}: the constraint {name} was never validated" for table, name in rows]


def check_file(session: Session) -> list[str]:
    """Damage to the database file (SQLite; PostgreSQL has its own checksums)."""
    if session.get_bind().dialect.name != "sqlite":
        return []
    rows = session.scalars(text("PRAGMA integrity_check")).all()
    return [] if rows == ["ok"] else [str(row) for row in rows[:100]]


def check_guards(session: Session) -> list[str]:
    """The triggers that keep the timeline from being changed must be there, and switched on (R39)."""
    if session.get_bind().dialect.name == "sqlite":
        there = set(session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")))
        needed = {f"{table}_no_{event}": table for table in GUARDED for event in ("update", "delete")}
    else:
        there = set(session.scalars(text("SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'")))
        needed = {f"{table}_final": table for table in GUARDED}
    return [f"{table} is not protected: {name} is missing" for name, table in needed.items() if name not in there]


def check_counters(session: Session) -> list[str]:
    """Change counters never go below one; caches stand on them."""
    rows = session.execute(select(ChangeCounter.area, ChangeCounter.n).where(ChangeCounter.n < 1))
    return [f"the change counter of {area} is {n}" for area, n in rows]


CORE_CHECKS: tuple[Check, ...] = (
    Check(name="timeline", run=check_timeline),
    Check(name="timeline guards", run=check_guards),
    Check(name="references", run=check_references),
    Check(name="database file", run=check_file),
    Check(name="change counters", run=check_counters),
)
