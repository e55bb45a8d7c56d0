"""Whether a start finds everything there: asked with the standard library, since each start of the app waits for it.

SQLAlchemy and the data layer take longer to load than everything else `python -m seed --ensure` does on a database that
is filled; whatever is not plainly there is left to them.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from db.schema_number import MIGRATIONS, newest_in

SQLITE = "sqlite:///"


def holds_dealers(url: str) -> bool:
    """Whether a SQLite database has the newest schema and a dealer; False, too, where that cannot be told."""
    path = Path(url.removeprefix(SQLITE))
    if not url.startswith(SQLITE) or not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=rw", uri=True)) as connection:
            versions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            dealer = connection.execute("SELECT id FROM dealer LIMIT 1").fetchone()
    except sqlite3.Error:
        return False
    return versions == [(newest_in(MIGRATIONS),)] and dealer is not None
