"""Files for tests of imports, brought in as a person does, and what the database holds before and after."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, select

from db import catalog  # noqa: F401 - makes the kinds of import known
from db.core.actor import Actor
from db.core.area import SourceFile
from db.core.export_files import ExportAbout, ExportColumn, write_xlsx
from db.core.session import reading, run
from db.imports.commands import BatchResult, dry_run_import, run_import, undo_import

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
FORMATS = ("csv", "bom", "semicolon", "xlsx")
STAMPS = ("version", "updated_at", "updated_by")
"""Columns an undo may leave changed: it is a change, too."""


def table(
    header: Sequence[str], rows: Iterable[Sequence[object]], *, form: str = "csv", name: str = "table"
) -> SourceFile:
    """A table as a file: plain, with a UTF-8 mark, with semicolons, or as a workbook."""
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if form == "xlsx":
        columns = tuple(ExportColumn(name=f"c{n}", label=label) for n, label in enumerate(header))
        about = ExportAbout(title="Table", filters=(), as_of=NOW, by="Test", row_count=len(cells))
        return SourceFile(name=f"{name}.xlsx", content=write_xlsx(columns, cells, about))
    text = io.StringIO()
    csv.writer(text, delimiter=";" if form == "semicolon" else ",").writerows([header, *cells])
    content = text.getvalue().encode("utf-8-sig" if form == "bom" else "utf-8")
    return SourceFile(name=f"{name}.csv", content=content)


def bring(
    engine: Engine, kind: str, *files: SourceFile, actor: Actor, dry_run: bool = False, **more: Any
) -> BatchResult:
    """Import files, or only try it."""
    arguments = {"kind": kind, "files": list(files), "channel": "page", "actor": actor, "now": NOW, **more}
    if dry_run:
        return dry_run_import(engine, **arguments)
    return run(run_import, bind=engine, **arguments)


def take_back(engine: Engine, batch: BatchResult, *, actor: Actor) -> int:
    """Undo an import."""
    return run(undo_import, bind=engine, batch_id=batch.batch_id, reason="A test", actor=actor, now=NOW)


def held(engine: Engine, *tables: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of some tables, without stamps, in the order of their ids."""
    with reading(engine) as session:
        return {
            one.__tablename__: [
                tuple(row)
                for row in session.execute(
                    select(*(c for c in one.__table__.c if c.name not in STAMPS)).order_by(*one.__table__.primary_key)
                )
            ]
            for one in tables
        }


def fates(batch: BatchResult) -> list[tuple[int, str, str]]:
    """(row, outcome, code) of every row."""
    return [(o.row, o.outcome, o.code) for o in batch.outcomes]
