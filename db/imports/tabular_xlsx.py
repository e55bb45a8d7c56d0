"""Workbooks: proved harmless entry by entry, then read with calamine, every cell as text (R21)."""

from __future__ import annotations

import datetime as dt
import functools
import io
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from db.imports.safety import FileRefused, Limits, check_zip, unpack
from db.imports.tabular_types import RawRow, RowProblem

_CONTENT_TYPES = "[Content_Types].xml"
_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_KEPT = 4 * 1024 * 1024
_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_SHARED_STRINGS = re.compile(rb"<(?:[^\s<>/]*:)?sst[\s/>]")
_SHEET_DATA = re.compile(rb"<(?:[^\s<>/]*:)?sheetData[\s/>]")
_DAMAGED = "The workbook is damaged and cannot be opened."


# An unknown encoding in the declaration comes as a LookupError, one expat cannot map as a ValueError.
_UNREADABLE_XML = (expat.ExpatError, LookupError, ValueError)


class _NotASheetError(Exception):
    pass


class _Scan:
    """Counts the cells of one part of a workbook while it is unpacked, if that part is a worksheet.

    calamine lays the used area out as a full rectangle, so two cells in opposite corners would take gigabytes; the
    corners are measured here first. It also sets aside room for as many texts as the shared strings say they hold, and
    a failed allocation in Rust ends the whole process, so that number is checked against the size of the part. Any
    document type declaration is refused.
    """

    def __init__(self, limits: Limits, size: int) -> None:
        self.limits = limits
        self.size = size
        self._tail = b""
        self.error_rows: list[int] = []
        self.root = ""
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._first
        self._parser.StartDoctypeDeclHandler = _refuse_doctype
        self._feeding: bool | None = None
        self._row = self._column = self._cells = 0
        self._top = self._left = 2**31
        self._bottom = self._right = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next unpacked piece."""
        self._parse(chunk)
        # calamine looks for these two wherever they stand; below another root they would escape the checks here, and no
        # program writes them so.
        seen = self._tail + chunk
        if (self.root != "sst" and _SHARED_STRINGS.search(seen)) or (
            self.root != "worksheet" and _SHEET_DATA.search(seen)
        ):
            raise FileRefused("damaged", _DAMAGED)
        self._tail = chunk[-64:]

    def _parse(self, chunk: bytes) -> None:
        if self._feeding is None:
            self._feeding = chunk.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"\xff\xfe", b"\xfe\xff"))
        if not self._feeding:
            return
        try:
            self._parser.Parse(chunk, False)
        except _NotASheetError:
            self._feeding = False
        except _UNREADABLE_XML as error:
            # Old drawings are not well-formed and harmless; a broken worksheet cannot be measured, so it is not read.
            if self.root in {"", "worksheet"}:
                raise FileRefused("damaged", _DAMAGED) from error
            self._feeding = False

    def close(self) -> None:
        """The part has ended."""
        if self.root == "worksheet":
            try:
                self._parser.Parse(b"", True)
            except _UNREADABLE_XML as error:
                raise FileRefused("damaged", _DAMAGED) from error

    def _first(self, name: str, attributes: dict[str, str]) -> None:
        self.root = name.rpartition(":")[2]
        if self.root == "sst":
            self._check_number_of_texts(attributes.get("uniqueCount", "0"))
        if self.root != "worksheet":
            raise _NotASheetError
        self._parser.StartElementHandler = self._element

    def _check_number_of_texts(self, given: str) -> None:
        if not (given.isascii() and given.isdigit() and len(given) < 10) or int(given) > self.size:
            raise FileRefused("damaged", _DAMAGED)

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2] if ":" in name else name
        if local == "c":
            self._cell(attributes)
        elif local in {"v", "is", "f"}:
            self._content()
        elif local == "row":
            self._row = _row_number(attributes["r"]) if "r" in attributes else self._row + 1
            self._column = 0

    def _cell(self, attributes: dict[str, str]) -> None:
        self._cells += 1
        given = attributes.get("r")
        if given is None:
            self._column += 1
        else:
            reference = _REFERENCE.fullmatch(given)
            if not reference:
                raise FileRefused("damaged", _DAMAGED)
            letters, digits = reference.groups()
            self._column = _column_number(letters)
            self._row = int(digits)
        if attributes.get("t") == "e":
            self.error_rows.append(self._row)
        if self._cells > self.limits.cells * 4:
            _refuse_cells(self._cells, self.limits)

    def _content(self) -> None:
        row, column = self._row, self._column
        if self._top <= row <= self._bottom and self._left <= column <= self._right:
            return
        self._top, self._bottom = min(self._top, row), max(self._bottom, row)
        self._left, self._right = min(self._left, column), max(self._right, column)
        area = (self._bottom - self._top + 1) * (self._right - self._left + 1)
        if area > self.limits.cells:
            _refuse_cells(area, self.limits)


def _row_number(given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) < 8):
        raise FileRefused("damaged", _DAMAGED)
    return int(given)


@functools.lru_cache(maxsize=1024)
def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def _refuse_cells(count: int, limits: Limits) -> None:
    sentence = (
        f"A sheet of the workbook uses {count:,} cells or more; at most {limits.cells:,} are read. "
        "Split it, or delete stray cells far from the table."
    )
    raise FileRefused("too_many_cells", sentence)


def records(raw: bytes, limits: Limits, sheet: str = "") -> tuple[Iterator[RawRow], tuple[str, ...]]:
    """The rows that are not blank of one worksheet (the first visible one with rows, or `sheet`), and warnings.

    Raises `FileRefused`: wrong_type, zip_bomb, too_many_cells, damaged, no_sheet, no_rows.
    """
    error_rows = _prove_harmless(raw, limits)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(raw)) as book:
            name, rows, first_row, others = _choose(book, sheet)
    except (CalamineError, ValueError, OSError, KeyError, IndexError, OverflowError) as error:
        raise FileRefused("damaged", _DAMAGED) from error
    except BaseException as error:
        # A panic inside the Rust reader arrives as a BaseException of its own; it is only one more damaged file.
        if type(error).__name__ == "PanicException":
            raise FileRefused("damaged", _DAMAGED) from None
        raise
    warnings: tuple[str, ...] = ()
    if others:
        names = ", ".join(f'"{other}"' for other in others[:5])
        warnings = (f'Only the sheet "{name}" was read, not {names}{" …" if len(others) > 5 else ""}.',)
    return _rows(rows, first_row, frozenset(error_rows.get(name, ()))), warnings


def _choose(book: CalamineWorkbook, wanted: str) -> tuple[str, list[list[object]], int, list[str]]:
    tables = [meta for meta in book.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
    visible = [meta.name for meta in tables if meta.visible == SheetVisibleEnum.Visible]
    if wanted:
        if wanted not in [meta.name for meta in tables]:
            raise FileRefused("no_sheet", f'The workbook has no sheet called "{wanted}".')
        candidates = [wanted]
    else:
        candidates = visible
    if not candidates:
        raise FileRefused("no_sheet", "The workbook has no visible sheet with a table.")
    for name in candidates:
        sheet = book.get_sheet_by_name(name)
        rows: list[list[object]] = list(sheet.to_python(skip_empty_area=True))  # type: ignore[arg-type]
        if rows:
            others = [] if wanted else [other for other in visible if other != name]
            return name, rows, (sheet.start or (0, 0))[0] + 1, others
    raise FileRefused("no_rows", "The workbook has no rows.")


def _rows(rows: list[list[object]], first_row: int, error_rows: frozenset[int]) -> Iterator[RawRow]:
    for number, row in enumerate(rows, start=first_row):
        cells = [cell_text(value) for value in row]
        problem = None
        if number in error_rows:
            problem = RowProblem("", "error_cell", "A cell of this row holds a formula error such as #N/A.")
        if problem or any(cell.strip() for cell in cells):
            yield RawRow(number, cells, problem=problem)


def cell_text(value: object) -> str:
    """A typed cell as the text a person would type: whole numbers without a fraction, days and times in ISO form."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        # Fifteen digits are what a spreadsheet keeps and shows; more would be noise of the binary fraction.
        number = Decimal(f"{value:.15g}")
        text = f"{number:f}" if number.is_finite() else ""
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.isoformat(timespec="seconds")
    if isinstance(value, dt.timedelta):
        seconds = round(value.total_seconds())
        sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
        return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return "" if value is None else str(value)


def _prove_harmless(raw: bytes, limits: Limits) -> dict[str, list[int]]:
    """Unpack every part once in small pieces, refusing what is no plain workbook; gives rows with error cells by sheet.

    Nothing is kept but three small parts, so a refusal costs little memory and comes before calamine sees a byte.
    """
    entries = check_zip(raw, limits)
    names = {entry.filename for entry in entries}
    if _CONTENT_TYPES not in names or _WORKBOOK not in names:
        raise FileRefused("wrong_type", "The file is not an Excel workbook (.xlsx).")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise FileRefused("wrong_type", "The workbook holds macros. Save it as .xlsx without macros and try again.")
    kept: dict[str, bytes] = {}
    # The content types come first: they say cheaply whether the rest is worth unpacking.
    for entry in sorted(entries, key=lambda e: e.filename != _CONTENT_TYPES):
        _prove_size(raw, entry, limits, kept)
        if entry.filename == _CONTENT_TYPES:
            _check_content_types(kept.get(_CONTENT_TYPES, b""))
    errors: dict[str, list[int]] = {}
    for entry in entries:
        scan = _Scan(limits, entry.file_size)
        for chunk in unpack(raw, entry):
            scan.feed(chunk)
        scan.close()
        if scan.error_rows:
            errors[entry.filename] = scan.error_rows
    return _by_sheet(errors, kept) if errors else {}


def _prove_size(raw: bytes, entry: zipfile.ZipInfo, limits: Limits, kept: dict[str, bytes]) -> None:
    """Unpack one part to see its true size, counting cells as plain bytes: a cheap first look before the exact one."""
    keep = entry.filename in {_CONTENT_TYPES, _WORKBOOK, _RELATIONS} and entry.file_size <= _KEPT
    sheet = entry.filename.startswith("xl/worksheets/")
    pieces: list[bytes] = []
    filled = 0
    for chunk in unpack(raw, entry):
        if keep:
            pieces.append(chunk)
        if sheet:
            filled += chunk.count(b"</v>") + chunk.count(b"</is>")
            if filled > limits.cells:
                _refuse_cells(filled, limits)
    if keep:
        kept[entry.filename] = b"".join(pieces)


def _refuse_doctype(*_: object) -> None:
    raise FileRefused("not_a_table", "The workbook declares a document type, which no spreadsheet program does.")


def _check_content_types(content: bytes) -> None:
    text = content.decode("utf-8", "replace").lower()
    if "macroenabled" in text:
        raise FileRefused("wrong_type", "The workbook holds macros. Save it as .xlsx without macros and try again.")
    if "spreadsheetml.sheet.main+xml" not in text:
        raise FileRefused("wrong_type", "The file is not an Excel workbook (.xlsx).")


def _by_sheet(errors: dict[str, list[int]], kept: dict[str, bytes]) -> dict[str, list[int]]:
    targets: dict[str, str] = {}
    sheets: dict[str, str] = {}

    def relation(name: str, attributes: dict[str, str]) -> None:
        if name.endswith("Relationship"):
            target = attributes.get("Target", "")
            targets[attributes.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "sheet":
            link = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            sheets[attributes.get("name", "")] = targets.get(link, "")

    for part, handler in ((_RELATIONS, relation), (_WORKBOOK, sheet)):
        parser = expat.ParserCreate()
        parser.StartElementHandler = handler
        try:
            parser.Parse(kept.get(part, b""), True)
        except _UNREADABLE_XML as error:
            raise FileRefused("damaged", _DAMAGED) from error
    return {name: errors[part] for name, part in sheets.items() if part in errors}
