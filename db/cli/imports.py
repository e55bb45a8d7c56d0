"""import and undo-import: files in, with honest counts, and back out."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from db.cli.common import Commands, add, database

if TYPE_CHECKING:
    from db.core.area import RowOutcome
    from db.imports.commands import BatchResult

_SHOWN = 20


def add_commands(commands: Commands) -> None:
    """Declare the commands of this file."""
    parser = add(commands, "import", import_files, "Bring files in, whole or not at all.")
    parser.add_argument("kind", metavar="KIND", help="what the files hold, such as adf, leads or dealers")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--map", type=Path, metavar="MAPPING.toml", help="which column is which field")
    parser.add_argument("--dry-run", action="store_true", help="say what would happen and change nothing")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    parser = add(commands, "undo-import", undo, "Take a whole import back; refused when somebody worked on since.")
    parser.add_argument("batch", type=int, metavar="BATCH")
    parser.add_argument("--reason", default="Undone on the command line", help="why, for the timeline")


def import_files(chosen: Namespace) -> int:
    """`import`: 3 when a row was rejected, 2 when a file cannot be opened at all."""
    from db.core.actor import system_actor
    from db.core.area import SourceFile
    from db.core.session import run
    from db.imports.commands import dry_run_import, run_import
    from db.imports.mapping import load_mapping

    try:
        files = [SourceFile(name=path.name, content=path.read_bytes()) for path in chosen.files]
        mapping = load_mapping(chosen.map.read_text(encoding="utf-8")) if chosen.map else None
    except (OSError, UnicodeDecodeError) as error:
        print(f"{_why(error, chosen.map)}. Nothing was imported.", file=sys.stderr)
        return 2
    arguments = {
        "kind": chosen.kind, "files": files, "mapping": mapping, "channel": "file", "actor": system_actor("cli"),
        "now": chosen.now,
    }  # fmt: skip
    with database() as engine:
        if chosen.dry_run:
            result = dry_run_import(engine, **arguments)
        else:
            result = run(run_import, bind=engine, **arguments)
    if chosen.json:
        print(json.dumps(as_json(result), ensure_ascii=False))
    else:
        _print(result, is_dry_run=chosen.dry_run)
    return 3 if result.rejected else 0


def _why(error: Exception, mapping: Path | None) -> str:
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    return f"{mapping} is not UTF-8 text"


def as_json(result: BatchResult) -> dict[str, object]:
    """The result as `import --json` prints it: read = created + updated + duplicates + rejected."""
    return {
        "batch": result.batch_id,
        "read": result.read,
        "created": result.created,
        "updated": result.updated,
        "duplicates": result.duplicates,
        "rejected": [
            {"file": row.file, "row": row.row, "code": row.code, "message": row.message} for row in result.rejections
        ],
    }


def _print(result: BatchResult, *, is_dry_run: bool) -> None:
    if is_dry_run:
        print("Nothing was changed; this is what would happen.")
    for sentence in result.sentences:
        print(sentence)
    _print_rows(result.rejections, "Rejected")
    _print_rows(result.warnings, "To be looked at")
    if result.batch_id is not None and result.created + result.updated:
        print(f"Batch {result.batch_id}. To take it back: python -m db undo-import {result.batch_id}")


def _print_rows(rows: list[RowOutcome], heading: str) -> None:
    if not rows:
        return
    print(f"{heading}:")
    for row in rows[:_SHOWN]:
        print(
            f"  {row.file}, row {row.row}: {row.message} [{row.code}]"
            if row.row
            else f"  {row.file}: {row.message} [{row.code}]"
        )
    if len(rows) > _SHOWN:
        print(f"  … and {len(rows) - _SHOWN:,} more (--json lists all)")


def undo(chosen: Namespace) -> int:
    """`undo-import`: say how many records were taken back."""
    from db.core.actor import system_actor
    from db.core.session import run
    from db.imports.commands import undo_import

    with database() as engine:
        number = run(
            undo_import, bind=engine, batch_id=chosen.batch, reason=chosen.reason, actor=system_actor("cli"),
            now=chosen.now,
        )  # fmt: skip
    print(f"Batch {chosen.batch} was undone: {number:,} record{'' if number == 1 else 's'} taken back.")
    return 0
