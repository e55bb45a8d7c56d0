"""A page begins after the last row of the one before: nothing skipped or told twice, and no OR to walk through."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, Column, Engine, MetaData, Table, insert, select

from db.core.keyset import beyond
from db.core.types import UtcDateTime

ROOT = Path(__file__).parents[2]
MIXED = {
    "db/coop/radar_queries.py": "most money first, then by dealer: falls and rises at once, over a few sums",
    "db/incentives/recon_queries.py": "newest period first, then by dealer: over grouped rows, which no index has",
    "db/cadence/today_queries.py": "two sources one after the other",
}
"""Where the columns of an order do not all go the same way."""


@pytest.mark.parametrize("falls", [False, True], ids=["rises", "falls"])
def test_pages_are_the_list_in_its_order_with_moments_that_repeat(engine: Engine, falls: bool) -> None:
    table = Table("paged", MetaData(), Column("at", UtcDateTime), Column("id", BigInteger, primary_key=True))
    start = datetime(2026, 11, 1, 12, tzinfo=UTC)
    rows = [{"at": start + timedelta(hours=number % 3), "id": number} for number in range(1, 18)]
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(insert(table), rows)
        found: list[tuple[datetime, int]] = []
        while True:
            query = select(table.c.at, table.c.id).limit(4)
            if found:
                query = query.where(beyond((table.c.at, table.c.id), found[-1], falls=falls))
            order = (table.c.at.desc(), table.c.id.desc()) if falls else (table.c.at, table.c.id)
            page = [(at, number) for at, number in connection.execute(query.order_by(*order))]
            found += page
            if not page:
                break
    assert found == sorted(((row["at"], row["id"]) for row in rows), reverse=falls)


def test_no_page_begins_with_an_or_that_an_index_cannot_seek() -> None:
    loose = re.compile(r"(?<!where\()\bor_\(\s*[\w.]+ [<>] (after\[0\]|last\.\w+|at|name|due|day)\b,\s*and_\(")
    found = [
        str(path.relative_to(ROOT))
        for path in [*sorted((ROOT / "db").rglob("*_queries.py")), ROOT / "db/coop/lists.py"]
        if loose.search(path.read_text(encoding="utf-8"))
        or re.search(r"== after\[0\]", path.read_text(encoding="utf-8"))
    ]
    assert [path for path in found if path not in MIXED] == []
