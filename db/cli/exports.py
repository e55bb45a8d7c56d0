"""export and metric: rows and numbers out."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

from db.cli.common import Commands, add, database, print_table


def add_commands(commands: Commands) -> None:
    """Declare the commands of this file."""
    parser = add(commands, "export", export, "Take rows out; every export is logged.")
    parser.add_argument("kind", metavar="KIND", help="what to take out, such as leads or dealers")
    parser.add_argument("--format", choices=("csv", "jsonl", "xlsx"), default="csv")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write here instead of to the standard output")
    parser.add_argument(
        "--filter", action="append", default=[], type=_pair, metavar="NAME=VALUE", help="may be repeated"
    )
    parser.add_argument("--purpose", default="", help="what for, for the export log")
    parser = add(commands, "metric", metric, "A number of the catalogue, with its parts.")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--by", nargs="+", action="extend", default=[], metavar="DIM", help="split by these")
    parser.add_argument(
        "--filter", action="append", default=[], type=_pair, metavar="NAME=VALUE", help="may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def export(chosen: Namespace) -> int:
    """`export`: the file, and a line on the standard error that says how many rows it has."""
    from db.core.actor import system_actor
    from db.core.session import run
    from db.exports import run_export

    if chosen.format == "xlsx" and chosen.out is None and sys.stdout.isatty():
        print("A workbook is no text: name a file with --out.", file=sys.stderr)
        return 2
    with database() as engine:
        file = run(
            run_export, bind=engine, kind=chosen.kind, file_format=chosen.format, filters=dict(chosen.filter),
            purpose=chosen.purpose, actor=system_actor("cli"), now=chosen.now,
        )  # fmt: skip
    if chosen.out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(file.content)
        sys.stdout.buffer.flush()
    else:
        chosen.out.write_bytes(file.content)
        print(f"{chosen.out}: {file.row_count:,} row{'' if file.row_count == 1 else 's'}.", file=sys.stderr)
    return 0


def metric(chosen: Namespace) -> int:
    """`metric`: the value with numerator and denominator, whole or split."""
    from db import catalog
    from db.core.actor import system_actor
    from db.core.problems import Problem, Refused
    from db.core.session import reading

    found = catalog.metric(chosen.name)
    unknown = [dim for dim in chosen.by if dim not in found.dims]
    if unknown:
        known = ", ".join(found.dims) or "nothing"
        sentence = f"{found.definition.title} cannot be split by {', '.join(unknown)}; it can by {known}."
        raise Refused(Problem(code="unknown_dimension", message=sentence, field="by"))
    actor = system_actor("cli")
    with database() as engine, reading(engine) as session:
        rows = found.compute(
            session, scope=actor.scope, by=tuple(chosen.by), filters=dict(chosen.filter), now=chosen.now
        )
    if chosen.json:
        print(json.dumps(_as_json(found.definition, chosen, rows), ensure_ascii=False, default=str))
    else:
        columns = [*chosen.by, "value", "numerator", "denominator"]
        print(f"{found.definition.title} ({found.definition.unit}): {found.definition.formula}")
        numbers = frozenset(range(len(chosen.by), len(columns)))
        in_cents = {"value", "numerator"} if found.definition.unit == "money" else set()
        print_table(
            columns,
            [[_dollars(row.get(name)) if name in in_cents else row.get(name) for name in columns] for row in rows],
            numbers=numbers,
        )
    return 0


def _dollars(cents: Any) -> Any:
    """Cents as an amount: 1,250.00; what is unknown stays so."""
    return f"{cents / 100:,.2f}" if isinstance(cents, int) and not isinstance(cents, bool) else cents


def _as_json(definition: Any, chosen: Namespace, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "metric": definition.name,
        "title": definition.title,
        "unit": definition.unit,
        "formula": definition.formula,
        "as_of": chosen.now.isoformat(),
        "by": chosen.by,
        "filters": dict(chosen.filter),
        "rows": rows,
    }
