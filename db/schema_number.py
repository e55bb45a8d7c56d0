"""The number of the newest schema, from the names of the migrations: nothing has to be loaded to know it."""

from __future__ import annotations

from pathlib import Path

MIGRATIONS = Path(__file__).parent / "migrations"


def newest_in(migrations: Path) -> str:
    """The revision of the last migration in this folder; `python -m db revise` begins their names with it."""
    return max(path.name[:4] for path in (migrations / "versions").glob("[0-9]*.py"))
