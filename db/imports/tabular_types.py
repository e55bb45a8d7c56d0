"""What a tabular file is once it is read: text cells, with the line each row stands on and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One reason why a row cannot be taken; `field` is a target field, a column, or empty for the whole row."""

    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of a file: `row` is its line in the file (or row of the sheet), counted from 1 with the header first.

    `cells` has every column of the sheet, blank cells as empty texts. A row with `problems` must be rejected; `notes`
    say what was repaired.
    """

    file: str
    row: int
    cells: dict[str, str]
    problems: tuple[RowProblem, ...] = ()
    notes: tuple[RowProblem, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A whole file as text: nothing in it was guessed, rounded or dropped; `warnings` are sentences for the person."""

    file: str
    columns: tuple[str, ...]
    rows: list[SourceRow]
    encoding: str
    delimiter: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What a person said about a file because it cannot be seen in it; empty means: look at the file.

    `encoding` is a Python codec name, `delimiter` one character, `sheet` the name of a worksheet; without `header` the
    columns are called "column 1", "column 2" …
    """

    encoding: str = ""
    delimiter: str = ""
    header: bool = True
    sheet: str = ""


@dataclass(slots=True)
class RawRow:
    """A row before it meets the header: its line, its cells as they stand in the file, and what the reader noticed."""

    line: int
    cells: list[str]
    problem: RowProblem | None = None
    note: RowProblem | None = None
