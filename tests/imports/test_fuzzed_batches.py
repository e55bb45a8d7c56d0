"""R17 through the engine: injured files come in whole or not at all, and every row that was read has its outcome."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from db import catalog
from db.core.problems import Refused
from db.core.session import reading
from db.dealers.tables import Dealer
from db.imports.commands import BatchResult
from db.imports.tables import ImportBatch, ImportRow
from db.imports.tabular import FileRefused, read_table
from tests.dealers.examples import bring_in, csv_file, row
from tests.imports.test_tabular_fuzz import mutated
from tests.support.paths import shared
from tests.support.tier import figure, sized

FILES = sized(fast=25, long=2_500)
OUTCOMES = ("created", "updated", "unchanged", "duplicate", "rejected")


def counts(engine: Engine) -> tuple[int, int, int]:
    with reading(engine) as session:
        first, second, third = (
            session.scalar(select(func.count()).select_from(table)) or 0 for table in (ImportBatch, ImportRow, Dealer)
        )
    return first, second, third


def rows_of(content: bytes, name: str, result: BatchResult) -> int:
    """How many outcomes there must be: one a row, or one for the whole of a file that cannot be used."""
    if not result.created and [one.outcome for one in result.outcomes] == ["rejected"]:
        return 1
    return len(read_table(content, file_name=name).rows)


@pytest.fixture
def raw() -> bytes:
    """Forty rows of a real directory under our own column names, and a few of our own."""
    real = read_table(shared("dealers_toyota_us", "dealers_directory.csv").read_bytes(), file_name="x.csv").rows[:40]
    rows = [row(one.cells["code"], name=next(iter(one.cells.values()))) for one in real]
    return csv_file([*rows, row("=1+1"), row("", name="No code"), row("00042", name="Zoë, Müller")]).content


def test_an_injured_file_is_a_whole_batch_or_none(sqlite_engine: Engine, raw: bytes):
    slowest, taken = 0.0, 0
    raised: list[Any] = []
    half: list[Any] = []
    lost: list[Any] = []
    before = counts(sqlite_engine)
    for seed in range(FILES):
        content = mutated(raw, seed)
        file = csv_file([], name=f"d{seed}.csv").__class__(name=f"d{seed}.csv", content=content)
        begun = time.monotonic()
        try:
            result = bring_in(sqlite_engine, file)
        except (Refused, FileRefused):
            result = None
        except Exception as error:
            raised.append((seed, repr(error)))
            result = None
        slowest = max(slowest, time.monotonic() - begun)
        after = counts(sqlite_engine)
        if result is None:
            half += [seed] if after != before else []
        else:
            taken += 1
            told = sum(one.outcome in OUTCOMES for one in result.outcomes)
            explained = all(one.message for one in result.outcomes if one.outcome == "rejected")
            if not told == len(result.outcomes) == rows_of(content, file.name, result) or not explained:
                lost.append((seed, told, len(result.outcomes)))
            if after[0] != before[0] + 1 or after[1] != before[1] + told or after[2] != before[2] + result.created:
                half.append((seed, before, after, told, result.created))
        before = after
    figure("R17", "injured files", FILES)
    figure("R17", "unhandled exceptions", len(raised))
    figure("R17", "half-applied batches", len(half))
    figure("R17", "rows not accounted for", len(lost))
    figure("R17", "slowest file, seconds", round(slowest, 2))
    assert raised == []
    assert half == []
    assert lost == []
    assert taken > FILES // 4, "most injuries leave a file that can be imported"
    with reading(sqlite_engine) as session:
        assert [problem for _, problems in catalog.run_checks(session) for problem in problems] == []


def test_the_same_seed_is_the_same_injury(raw: bytes):
    assert mutated(raw, 3) == mutated(raw, 3)
    assert random.Random(3).random() == random.Random(3).random()
