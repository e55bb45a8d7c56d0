"""Everything a database holds, as plain rows: for comparing before with after."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine, select

from db.tables import METADATA


def contents(engine: Engine, *, without: Iterable[str] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, sorted; the tables named in `without` are left out."""
    left_out = set(without)
    with engine.connect() as connection:
        return {
            table.name: sorted(tuple(map(_shown, row)) for row in connection.execute(select(table)))
            for table in METADATA.sorted_tables
            if table.name not in left_out
        }


def _shown(value: Any) -> str:
    # PostgreSQL keeps the keys of a JSON object in an order of its own.
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else repr(value)


def counts(engine: Engine) -> dict[str, int]:
    """How many rows each table has."""
    return {name: len(rows) for name, rows in contents(engine).items()}
