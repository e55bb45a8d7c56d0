"""A file of sales as a table of typed rows: its columns by their headings, and what a person said of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from db.core.area import SourceFile
from db.core.problems import Problem, Refused
from db.imports import mapping as mappings
from db.imports.mapping import MappedRow, Mapping
from db.imports.mapping_spec import OnAmbiguousDate
from db.imports.tabular import Sheet, read_table
from db.incentives.sheet_lines import FIELDS, Line
from db.incentives.sheet_rules import fingerprint

KIND: Final = "incentive_check"
MOST_ROWS: Final = 2_000
"""More rows are for the import of sales: a file of claims is looked through by a person."""


def options_of(
    sheet: Sheet, *, dates: OnAmbiguousDate = "ask", checklist_done: bool = False
) -> Mapping:  # fmt: skip
    """How a file is read: columns by their headings; what the person said of its dates and of the checklists."""
    found = mappings.suggest(sheet.columns, FIELDS, kind=KIND, title="Incentive claims from a file")
    constants = {"checklist": "yes"} if checklist_done else {}
    return Mapping(
        kind=KIND, title=found.title, columns=found.columns, constants=constants, on_ambiguous_date=dates
    )  # fmt: skip


def read_sheet(file: SourceFile) -> Sheet:
    """The table of a file; raises `Refused` for what is no table, or has too many rows."""
    sheet = read_table(file.content, file_name=file.name)
    if len(sheet.rows) > MOST_ROWS:
        message = f"The file has {len(sheet.rows):,} rows; at most {MOST_ROWS:,} are checked at once."
        raise Refused(Problem(code="too_many_rows", field="file", message=message))
    return sheet


def mapped_rows(sheet: Sheet, mapping: Mapping) -> list[MappedRow]:
    """Every row as field values; raises `Refused` when a column that is needed is not there."""
    problems = mappings.problems_with(mapping, FIELDS, sheet.columns)
    if problems:
        raise Refused(*problems)
    return list(mappings.apply(mapping, FIELDS, sheet))


def seen_of(lines: Sequence[Line]) -> str:
    """What is claimable of some lines, as the person saw it."""
    return fingerprint((one.row.row, one.result) for one in lines)
