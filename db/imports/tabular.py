"""Uploads as tables of text: .csv, .tsv, .txt and .xlsx, read safely and with nothing guessed (U14, U15, R17-R21)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from db.core.export_files import unguard
from db.imports import tabular_csv, tabular_xlsx
from db.imports.safety import FileRefused, Limits, check_size, check_text, content_kind, extension, shown_name
from db.imports.tabular_types import RawRow, ReadOptions, RowProblem, Sheet, SourceRow

__all__ = ["FileRefused", "Limits", "ReadOptions", "RowProblem", "Sheet", "SourceRow", "read_table"]

_TEXT_EXTENSIONS = frozenset({".csv", ".tsv", ".txt"})
_LONGEST_NAME = 255
_TRAILING_PROOF = 3
"""From this many rows on, an extra blank cell at the end of every row is a habit of the writer, not a shifted row."""


def read_table(
    raw: bytes, *, file_name: str, limits: Limits | None = None, options: ReadOptions | None = None
) -> Sheet:
    """The table in an uploaded file, every cell as the text that stands in it; raises `FileRefused`, nothing else.

    Codes: too_large, wrong_type, not_a_table, zip_bomb, damaged, undecodable, too_many_cells, duplicate_columns,
    no_rows, no_sheet. The content must be what the extension says. Rows that do not fit the header are kept with their
    problem; the guard of our own exports (`neutralise`) is taken off again.
    """
    limits = limits or Limits()
    options = options or ReadOptions()
    ending = extension(file_name)
    if ending not in _TEXT_EXTENSIONS and ending != ".xlsx":
        raise FileRefused(
            "wrong_type", "Only CSV files (.csv, .tsv, .txt) and Excel workbooks (.xlsx) can be imported."
        )
    check_size(raw, limits)
    kind = content_kind(raw)
    name = shown_name(file_name)
    if ending == ".xlsx":
        if kind == "ole":
            sentence = "The workbook is protected by a password or of the old kind. Save it as .xlsx and try again."
            raise FileRefused("wrong_type", sentence)
        if kind != "zip":
            raise FileRefused("wrong_type", f"The file is called {ending} but is not an Excel workbook.")
        rows, warnings = tabular_xlsx.records(raw, limits, options.sheet)
        return _Table(name, limits, most_cells=limits.cells).read(rows, options, warnings, encoding="", delimiter="")
    if kind:
        raise FileRefused("wrong_type", f"The file is called {ending} but is not text; it looks like a {kind} file.")
    if len(options.delimiter) > 1 or options.delimiter in {'"', "\r", "\n", "\0"}:
        raise FileRefused(
            "not_a_table", "A delimiter is one character that is neither a quotation mark nor a line end."
        )
    text, encoding, warnings = tabular_csv.decode(raw, options.encoding)
    check_text(text)
    delimiter, rows = tabular_csv.records(text, options.delimiter)
    table = _Table(name, limits, most_cells=limits.text_cells)
    return table.read(rows, options, warnings, encoding=encoding, delimiter=delimiter)


class _Table:
    """Puts rows under their header, one by one, and notes what does not fit."""

    def __init__(self, file: str, limits: Limits, *, most_cells: int) -> None:
        self.file = file
        self.limits = limits
        self.most_cells = most_cells
        self.names: list[str] = []
        self.unnamed: set[int] = set()
        self.rows: list[SourceRow] = []
        self.extra_blank = 0
        self.split_again = 0

    def read(
        self, rows: Iterator[RawRow], options: ReadOptions, warnings: tuple[str, ...], *, encoding: str, delimiter: str
    ) -> Sheet:
        """The whole sheet; the first row names the columns unless the options say there is no header."""
        first = next(rows, None)
        if first is None:
            raise FileRefused("no_rows", "The file has no rows.")
        self._name_columns(first, header=options.header)
        if not options.header:
            self._add(first)
        for raw in rows:
            self._add(raw)
        if not self.rows:
            raise FileRefused("no_rows", "The file has column names but no rows.")
        self._forgive_trailing_blanks()
        columns = self._drop_empty_unnamed()
        return Sheet(
            file=self.file,
            columns=columns,
            rows=self.rows,
            encoding=encoding,
            delimiter=delimiter,
            warnings=warnings + self._warnings(),
        )

    def _name_columns(self, first: RawRow, *, header: bool) -> None:
        cells = first.cells
        if len(cells) > self.limits.columns:
            sentence = f"The file has {len(cells):,} columns; at most {self.limits.columns:,} are read."
            raise FileRefused("too_many_cells", sentence)
        if not header:
            self.names = [f"column {index}" for index in range(1, len(cells) + 1)]
            return
        if first.problem:
            raise FileRefused("not_a_table", "The first row cannot be read as column names.")
        names = [_column_name(cell) for cell in cells]
        if any(len(name) > _LONGEST_NAME for name in names):
            raise FileRefused("not_a_table", "The first row is too long to be column names.")
        given = [name for name in names if name]
        if not given:
            raise FileRefused("not_a_table", "The first row holds no column names.")
        twice = sorted({name for name in given if given.count(name) > 1})
        if twice:
            listed = ", ".join(f'"{name}"' for name in twice[:5])
            raise FileRefused("duplicate_columns", f"Columns must have different names; these occur twice: {listed}.")
        for index, name in enumerate(names):
            made = f"column {index + 1}"
            while not name and made in given:
                made += "*"
            if not name:
                self.unnamed.add(index)
            self.names.append(name or made)

    def _add(self, raw: RawRow) -> None:
        if len(self.rows) >= self.limits.rows or (len(self.rows) + 1) * len(self.names) > self.most_cells:
            sentence = f"The file has more than {len(self.rows):,} rows of {len(self.names):,} columns. Split it."
            raise FileRefused("too_many_cells", sentence)
        problems = [raw.problem] if raw.problem else []
        width, expected = len(raw.cells), len(self.names)
        cells = [self._clean(self.names[index], cell, problems) for index, cell in enumerate(raw.cells[:expected])]
        if width != expected and not raw.problem:
            problems.append(_width_problem(width, expected))
            if width == expected + 1 and not raw.cells[-1].strip():
                self.extra_blank += 1
        cells += [""] * (expected - width)
        self.split_again += raw.note is not None
        values = dict(zip(self.names, cells, strict=True))
        notes = (raw.note,) if raw.note else ()
        self.rows.append(SourceRow(self.file, raw.line, values, tuple(problems), notes))

    def _clean(self, column: str, cell: str, problems: list[RowProblem]) -> str:
        if len(cell) > self.limits.cell_chars:
            sentence = f'"{column}" has {len(cell):,} characters; at most {self.limits.cell_chars:,} are read.'
            problems.append(RowProblem(column, "cell_too_long", sentence))
            cell = cell[: self.limits.cell_chars]
        if "\0" in cell:
            problems.append(RowProblem(column, "nul_character", f'"{column}" holds a character that is no text (NUL).'))
            cell = cell.replace("\0", "")
        if not cell.isascii() and tabular_csv.DAMAGE.search(cell):
            sentence = f'"{column}" holds characters that cannot be read.'
            problems.append(RowProblem(column, "unreadable_characters", sentence))
            cell = tabular_csv.DAMAGE.sub("\ufffd", cell)
        return unguard(cell) if cell[:1] == "'" else cell

    def _forgive_trailing_blanks(self) -> None:
        # Some systems end every line with a delimiter, though not the header; then, and only then, nothing has shifted.
        if self.extra_blank != len(self.rows) or self.extra_blank < _TRAILING_PROOF:
            return
        for index, row in enumerate(self.rows):
            rest = tuple(problem for problem in row.problems if problem.code != "more_cells")
            self.rows[index] = dataclasses.replace(row, problems=rest)

    def _drop_empty_unnamed(self) -> tuple[str, ...]:
        empty = {self.names[index] for index in self.unnamed}
        for row in self.rows:
            if not empty:
                break
            empty -= {name for name in empty if row.cells[name].strip()}
        for row in self.rows if empty else ():
            for name in empty:
                del row.cells[name]
        return tuple(name for name in self.names if name not in empty)

    def _warnings(self) -> tuple[str, ...]:
        found = []
        if self.split_again:
            first = next((row.row for row in self.rows if row.notes), 1)
            found.append(
                f"{self.split_again:,} rows were quoted as a whole and have been split again (first: {first:,})."
            )
        bad = [row.row for row in self.rows if row.problems]
        if bad:
            found.append(f"{len(bad):,} of {len(self.rows):,} rows cannot be taken as they are (first: {bad[0]:,}).")
        return tuple(found)


def _column_name(cell: str) -> str:
    readable = tabular_csv.DAMAGE.sub("\ufffd", cell).replace("\0", "").replace("\ufeff", "")
    return unguard(re.sub(r"\s+", " ", readable).strip())


def _width_problem(width: int, expected: int) -> RowProblem:
    code = "fewer_cells" if width < expected else "more_cells"
    cells = "cell" if width == 1 else "cells"
    return RowProblem("", code, f"This row has {width:,} {cells} where the header has {expected:,}.")
