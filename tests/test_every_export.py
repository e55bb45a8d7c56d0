"""R23: every table that can be taken out of the desk, with a formula in each of its cells: none of them is one."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from db import catalog
from db.core.session import run
from db.exports import run_export
from db.imports.tabular import read_table
from tests.dealers.examples import ADMIN
from tests.imports.test_export_files import FORMULA_STARTS, PAYLOADS, csv_cells
from tests.support.core import NOW
from tests.support.tier import figure

EXPORTS = {kind.name: kind for kind in catalog.all_exports()}


def with_payloads(kind: Any) -> Any:
    """The export with rows that hold a payload in every cell."""

    def rows(*_args: Any, **_more: Any) -> Any:
        for payload in PAYLOADS:
            yield (payload,) * len(kind.columns)

    return replace(kind, rows=rows, documents=None, sheets=None)


@pytest.mark.parametrize("name", EXPORTS)
def test_no_cell_of_an_export_begins_a_formula(sqlite_engine: Engine, name: str):
    kind = with_payloads(EXPORTS[name])
    asked = {"kind": kind, "purpose": "A look at every cell", "actor": ADMIN, "now": NOW}
    made = run(run_export, bind=sqlite_engine, file_format="csv", **asked)
    cells = [cell for line in csv_cells(made.content) for cell in line]
    wrong = [cell for cell in cells if cell.strip(" \u00a0\u200b\ufeff")[:1] in tuple(FORMULA_STARTS)]
    made = run(run_export, bind=sqlite_engine, file_format="xlsx", **asked)
    back = read_table(made.content, file_name="x.xlsx")
    figure("R23", "exports asked", 1)
    figure("R23", "payloads", len(PAYLOADS))
    figure("R23", "cells that begin a formula", len([cell for cell in wrong if cell]))
    assert [cell for cell in wrong if cell] == []
    assert len(back.rows) == len(PAYLOADS)
    assert b"<f>" not in _sheets(made.content)


def test_every_export_was_asked():
    missed = {kind.name for kind in catalog.all_exports()} - set(EXPORTS)
    figure("R23", "exports that were not asked", len(missed))
    assert missed == set()
    assert len(EXPORTS) > 20


def _sheets(raw: bytes) -> bytes:
    """The sheets of a workbook as they are written: a formula would be an <f> there."""
    import zipfile

    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return b"".join(archive.read(n) for n in archive.namelist() if n.startswith("xl/worksheets/"))
