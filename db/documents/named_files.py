"""Which files of the store are named by a row, in whatever area: any table with a column `stored_name` names files.

Found in the declarations instead of a list somebody has to keep: a file of a later area is never taken for nobody's.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import null, select
from sqlalchemy.orm import Session

from db.core.base import Base


@dataclass(frozen=True)
class NamedFile:
    """A file as a row names it. `is_purged` says that the row stays without its file; `owner` is for sentences."""

    owner: str
    stored_name: str
    sha256: str
    is_purged: bool


def named_files(session: Session) -> Iterator[NamedFile]:
    """Every file any row names, table by table in the order of their names."""
    # Named as text: this package may not import what stands on it, and all tables must be known here.
    importlib.import_module("db.tables")
    for name, table in sorted(Base.metadata.tables.items()):
        if "stored_name" not in table.c:
            continue
        purged = table.c.purged_at if "purged_at" in table.c else null()
        for number, stored, sha256, gone in session.execute(
            select(table.c.id, table.c.stored_name, table.c.sha256, purged).order_by(table.c.id)
        ):
            owner = f"D-{number:06}" if name == "document" else f"{name} {number}"
            yield NamedFile(owner, stored, sha256, gone is not None)
