"""What the commands of the command line share: an open database of the right schema, and tables of text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from sqlalchemy import Engine

    Run = Callable[[Namespace], int]

Commands: TypeAlias = Any  # argparse keeps the class of its sub-parsers private


def add(commands: Commands, name: str, run: Run, help_text: str) -> ArgumentParser:
    """Declare one command; `run` gets the parsed arguments and gives the exit code."""
    parser: ArgumentParser = commands.add_parser(name, help=help_text, description=help_text)
    parser.set_defaults(run=run)
    return parser


@contextmanager
def database() -> Iterator[Engine]:
    """The engine of DATABASE_URL; raises `SchemaUnknown`, saying what to do, unless its schema is this program's."""
    from db.core.session import dispose, engine
    from db.migrate import current, newest, require_known

    try:
        opened = engine()
        if current(opened) != newest():
            require_known(opened)
        yield opened
    finally:
        dispose()


def width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(0 if unicodedata.combining(ch) else 2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in text)


def print_table(
    headings: Sequence[str], rows: Sequence[Sequence[Any]], *, numbers: frozenset[int] = frozenset()
) -> None:
    """Print aligned columns; those whose index is in `numbers` to the right."""
    cells = [[_shown(cell) for cell in row] for row in rows]
    wide = [max(map(width, column)) for column in zip(headings, *cells, strict=True)]
    for line in ([*map(str, headings)], ["-" * w for w in wide], *cells):
        parts = [
            " " * (w - width(cell)) + cell if index in numbers else cell + " " * (w - width(cell))
            for index, (cell, w) in enumerate(zip(line, wide, strict=True))
        ]
        print("  ".join(parts).rstrip())


def _shown(cell: Any) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:,.6f}".rstrip("0").rstrip(".")
    text = f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)
    # A name may hold anything; nothing of it may move the cursor or colour the terminal.
    return "".join(ch if unicodedata.category(ch) not in {"Cc", "Cf"} else " " for ch in text)
