"""Uploaded tables as mapped rows, and all that could not be read as rejected rows: where each table kind starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from db.core.area import RowOutcome, SourceFile
from db.core.problems import Problem, Refused
from db.core.timeline import Item
from db.imports import mapping as mappings
from db.imports.mapping import MappedRow, Mapping, TargetField
from db.imports.mapping_dates import DateFinding, both_readings
from db.imports.safety import FileRefused
from db.imports.tabular import Sheet, read_table

_WHOLE_FILE = 0
_NOTES = "import_notes"
_ITEMS = "import_items"


@dataclass
class Tables:
    """The rows of all files: `rows` can be taken, `rejected` cannot (row 0 stands for a whole file).

    `unreadable` are the rows of `rejected` with what could be read of them: where several rows make one record, the
    others must know that one is missing.
    """

    rows: list[MappedRow] = field(default_factory=list)
    unreadable: list[MappedRow] = field(default_factory=list)
    rejected: list[RowOutcome] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)


def read_tables(
    files: Sequence[SourceFile], *, mapping: Mapping | None, fields: Sequence[TargetField], zone: str = ""
) -> Tables:
    """Every row of `files` as field values or as a rejected row, each exactly once; raises nothing for what is in them.

    Without a mapping the headings themselves say which column is which (U14), and times without an offset are read in
    `zone`; a file whose headings do not is rejected whole, with the columns that are missing.
    """
    tables = Tables()
    sheets: list[Sheet] = []
    for file in files:
        try:
            sheets.append(
                read_table(file.content, file_name=file.name, options=mapping.reading if mapping else None),
            )
        except FileRefused as refusal:
            tables.rejected.append(_reject(file.name, _WHOLE_FILE, refusal.problems))
    if mapping and sheets:
        try:
            sheets = mappings.combine(mapping, sheets)
        except Refused as refusal:
            tables.rejected += [_reject(sheet.file, _WHOLE_FILE, refusal.problems) for sheet in sheets]
            return tables
    for sheet in sheets:
        _map(sheet, mapping or replace(mappings.suggest(sheet.columns, fields), zone=zone), fields, tables)
    return tables


def _map(sheet: Sheet, used: Mapping, fields: Sequence[TargetField], tables: Tables) -> None:
    problems = mappings.problems_with(used, fields, sheet.columns)
    if problems:
        tables.rejected.append(_reject(sheet.file, _WHOLE_FILE, problems))
        return
    findings = mappings.date_findings(used, fields, sheet).values()
    asked = [one for one in findings if one.must_ask] if used.on_ambiguous_date == "ask" else []
    if asked:
        tables.rejected.append(_reject(sheet.file, _WHOLE_FILE, [date_question(one) for one in asked]))
        return
    tables.sentences += [f"{sheet.file}: {warning}" for warning in sheet.warnings]
    tables.sentences += [f"{sheet.file}: {words}" for one in findings if (words := date_proof(one))]
    unused = mappings.unused_columns(used, sheet.columns)
    if unused:
        listed = ", ".join(f'"{column}"' for column in unused[:12]) + (" …" if len(unused) > 12 else "")
        tables.sentences.append(f"{sheet.file}: not imported: {listed}.")
    for row in mappings.apply(used, fields, sheet):
        if row.problems:
            tables.unreadable.append(row)
            tables.rejected.append(_reject(row.file, row.row, row.problems))
        else:
            tables.rows.append(row)


def date_question(found: DateFinding) -> Problem:
    """What a person has to say before the dates of a column can be read: both readings and how many are concerned."""
    reading = both_readings(found.example)
    readings = ""
    if reading is not None and reading.day_first and reading.month_first:
        day, month = reading.day_first, reading.month_first
        readings = (
            f', such as "{found.example}": {day.day} {day:%b %Y} with the day first, {month.day} {month:%b %Y} with '
            "the month first"
        )
    counted = f"{found.ambiguous:,} of {found.total:,} dates read both ways{readings}"
    if found.verdict == "contradictory":
        counted += (
            f"; {found.only_day_first:,} others can only have the day first, {found.only_month_first:,} only the month"
        )
    sentence = f'Column "{found.column}": {counted}. Say which comes first (a date format, or on_ambiguous_date).'
    return Problem(field=found.column, code="ambiguous_date", message=sentence)


def date_proof(found: DateFinding) -> str:
    """How the order of day and month was proved where some dates read both ways; empty where none does."""
    if not found.ambiguous or found.verdict not in ("day_first", "month_first"):
        return ""
    first = "day" if found.verdict == "day_first" else "month"
    proving = found.only_day_first or found.only_month_first
    return (
        f'column "{found.column}": {found.ambiguous:,} of {found.total:,} dates read both ways; {proving:,} others '
        f"prove that the {first} comes first, and none says otherwise."
    )


def _reject(file: str, row: int, problems: Sequence[Problem | mappings.RowProblem]) -> RowOutcome:
    return RowOutcome(
        file=file, row=row, outcome="rejected", code=problems[0].code, message=" ".join(p.message for p in problems)
    )


def refuse_row(row: MappedRow, *problems: Problem) -> RowOutcome:
    """A row the kind itself cannot take, with every reason."""
    return _reject(row.file, row.row, problems)


def tell(session: Session, *sentences: str) -> None:
    """Add sentences to the result of the import that runs in this session (what was repaired, left out, unmatched)."""
    session.info.setdefault(_NOTES, []).extend(sentences)


def told(session: Session) -> list[str]:
    """The sentences added since the last call; the engine takes them."""
    found: list[str] = session.info.pop(_NOTES, [])
    return found


def touch(session: Session, *items: Item) -> None:
    """Add records to those the entry of the running import is about: what a row made besides its own record."""
    session.info.setdefault(_ITEMS, []).extend(items)


def touched(session: Session) -> list[Item]:
    """The records added since the last call; the engine takes them."""
    found: list[Item] = session.info.pop(_ITEMS, [])
    return found
