"""Rows to files people take away: CSV, XLSX and JSON lines, with no cell a spreadsheet would run (U15, R23)."""

from __future__ import annotations

import csv
import io
import json
import math
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from db.core.problems import Problem, Refused

ExportKind = Literal["text", "integer", "decimal", "money", "datetime", "date", "percent", "bool"]

_FORMULA_START = frozenset("=+-@\u2212")
_RUNS_IN_SPREADSHEETS = frozenset("\t\r\n\0")
_NUMBER_KINDS = frozenset({"integer", "decimal", "money", "percent"})
_SHEET_ROWS = 1_048_576
_SHEET_CELL = 32_767
_EXACT_DIGITS = 10**15
"""A spreadsheet keeps 15 digits of a number; a longer whole number (an id) would silently change."""
_FIRST_SHEET_DAY = date(1900, 3, 1)
"""Spreadsheets believe in a 29 February 1900, so earlier days are written as text."""
_WIDTH_SAMPLE = 200
_FORMATS = {
    "integer": "#,##0",
    "decimal": "#,##0.######",
    "money": "#,##0.00",
    "percent": "0.0%",
    "date": "yyyy-mm-dd",
    "datetime": "yyyy-mm-dd hh:mm:ss",
}


@dataclass(frozen=True, kw_only=True)
class ExportColumn:
    """One column: `name` keys JSON lines, `label` heads the column in CSV and XLSX.

    Values by kind: `money` integer cents, `percent` a fraction (0.105 is 10.5%), `datetime` zone-aware; None is blank.
    """

    name: str
    label: str
    kind: ExportKind = "text"


@dataclass(frozen=True, kw_only=True)
class ExportAbout:
    """What an export holds and who took it.

    `row_count` is what the filter matched, `zone` the IANA zone its times are written in.
    """

    title: str
    filters: tuple[tuple[str, str], ...]
    as_of: datetime
    by: str
    row_count: int
    zone: str = "UTC"


def neutralise(text: str) -> str:
    """`text` with a leading ' when a spreadsheet could read it as a formula; `unguard` takes exactly that away (R23).

    Guarded: = + - @ and their full-width and other look-alike forms, also after white space, invisible characters or
    quotes; a leading tab or line break. NUL is no text and is dropped. Numbers are never passed here.
    """
    text = text.replace("\0", "")
    return "'" + text if _needs_guard(text) else text


def unguard(text: str) -> str:
    """The text `neutralise` was given: one leading ' is removed where, and only where, `neutralise` would add it."""
    return text[1:] if text[:1] == "'" and _needs_guard(text[1:]) else text


def _needs_guard(text: str) -> bool:
    for ch in text:
        # A quote counts as transparent, so a text that already looks guarded gets a second quote and comes back whole.
        if ch == "'":
            continue
        if ch in _RUNS_IN_SPREADSHEETS:
            return True
        if ch.isspace() or unicodedata.category(ch) in {"Cc", "Cf"}:
            continue
        return ch in _FORMULA_START or (ch > "\x7f" and unicodedata.normalize("NFKC", ch)[0] in _FORMULA_START)
    return False


def write_csv(
    columns: Sequence[ExportColumn],
    rows: Iterable[Sequence[Any]],
    about: ExportAbout,
    *,
    byte_order_mark: bool = True,
) -> bytes:
    """A CSV file (UTF-8, commas, CRLF): the labels, then one line a row.

    Times are ISO 8601 with the offset of `about.zone`; money and percent are plain numbers. The byte order mark makes
    spreadsheets read names in other scripts correctly; leave it out for programs.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    zone = ZoneInfo(about.zone)
    writer.writerow([neutralise(column.label) for column in columns])
    for row in rows:
        writer.writerow([_csv_cell(column.kind, value, zone) for column, value in zip(columns, row, strict=True)])
    return _utf8(out.getvalue(), "utf-8-sig" if byte_order_mark else "utf-8")


def _csv_cell(kind: ExportKind, value: Any, zone: ZoneInfo) -> str:
    value = _plain(value)
    if value is None:
        return ""
    number = _number(kind, value)
    if number is not None:
        return format(number, "f")
    return neutralise(_as_text(kind, value, zone))


def _number(kind: ExportKind, value: Any) -> Decimal | None:
    """The exact number of a cell, or None when it is no number: then it is text, whatever the column says."""
    if kind not in _NUMBER_KINDS or isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    number = Decimal(str(value))
    if not number.is_finite():
        return None
    return (number / 100).quantize(Decimal("0.01")) if kind == "money" else number


def _as_text(kind: ExportKind, value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a zone: {value!r}")
        return value.astimezone(zone).isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=_json_value)
    return str(value)


def _plain(value: Any) -> Any:
    """A numpy scalar as the Python value it stands for, and pandas' three ways to say "missing" as None."""
    if type(value).__name__ in {"NaTType", "NAType"} or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.item() if type(value).__module__ == "numpy" and hasattr(value, "item") else value


def _utf8(text: str, encoding: str = "utf-8") -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        # Half of a surrogate pair cannot be written; it is shown as the replacement character, never an error.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode(encoding)


def write_jsonl(columns: Sequence[ExportColumn], rows: Iterable[Sequence[Any]]) -> bytes:
    """One JSON object a line, keyed by column name; nested dicts and lists stay nested, missing values are null.

    Money and exact decimals are strings of digits ("1234.50"), never floats; times are ISO 8601 in UTC ending in Z.
    """
    names = [column.name for column in columns]
    kinds = [column.kind for column in columns]
    lines = []
    for row in rows:
        values = [_json_cell(kind, value) for kind, value in zip(kinds, row, strict=True)]
        record = dict(zip(names, values, strict=True))
        lines.append(json.dumps(record, ensure_ascii=False, allow_nan=False, default=_json_value))
    return _utf8("".join(line + "\n" for line in lines))


def _json_cell(kind: ExportKind, value: Any) -> Any:
    value = _plain(value)
    if kind == "money":
        number = _number(kind, value)
        return value if number is None else format(number, "f")
    return value


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a zone: {value!r}")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else None
    if isinstance(value, set | frozenset):
        return sorted(value)
    plain = _plain(value)
    return str(value) if plain is value else plain


def write_xlsx(
    columns: Sequence[ExportColumn],
    rows: Iterable[Sequence[Any]],
    about: ExportAbout,
    *,
    sheets: Callable[..., None] | None = None,
) -> bytes:
    """A workbook with the sheet "Data" (frozen header, filter, typed cells) and the sheet "About".

    Texts are always strings, never formulas or links. Times are local times of `about.zone`, which "About" names.
    `sheets` is called with the book and the rows first, to put sheets of its own in front.
    Raises `Refused` with `too_many_rows` when a sheet cannot hold the rows.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {
            # Rows go to a temporary file as they come, so a long export does not hold every cell in memory.
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "nan_inf_to_errors": False,
        },
    )
    try:
        book.set_properties({"title": about.title, "author": about.by, "created": about.as_of.astimezone(UTC)})
        if sheets is not None:
            rows = list(rows)
            sheets(book, rows)
        data = _DataSheet(book, columns, ZoneInfo(about.zone))
        for row in rows:
            data.add(row)
        data.finish()
        _write_about(book, about, data)
        book.close()
    except XlsxWriterException as error:
        raise Refused(Problem(code="not_written", message="The spreadsheet could not be written.")) from error
    return out.getvalue()


class _DataSheet:
    """The sheet with the rows; counts what had to be cut or could not stay a number."""

    def __init__(self, book: Any, columns: Sequence[ExportColumn], zone: ZoneInfo) -> None:
        self.columns = columns
        self.zone = zone
        self.rows = 0
        self.cut = 0
        self.sheet = book.add_worksheet("Data")
        self.formats = {kind: book.add_format({"num_format": mask}) for kind, mask in _FORMATS.items()}
        self.widths = [0] * len(columns)
        head = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
        self.sheet.freeze_panes(1, 0)
        for index, column in enumerate(columns):
            self._write_text(0, index, column.label, head)

    def add(self, row: Sequence[Any]) -> None:
        """Write one row below the others."""
        self.rows += 1
        if self.rows >= _SHEET_ROWS:
            sentence = f"A spreadsheet holds {_SHEET_ROWS - 1:,} rows. Narrow the filter or choose CSV."
            raise Refused(Problem(code="too_many_rows", message=sentence))
        for index, (column, value) in enumerate(zip(self.columns, row, strict=True)):
            self._write(self.rows, index, column.kind, value)

    def finish(self) -> None:
        """Set the filter and the widths, which are only known now."""
        if self.columns:
            self.sheet.autofilter(0, 0, max(self.rows, 1), len(self.columns) - 1)
        for index, width in enumerate(self.widths):
            self.sheet.set_column(index, index, min(max(width + 2, 8), 60))

    def _write(self, row: int, index: int, kind: ExportKind, value: Any) -> None:
        value = _plain(value)
        if value is None:
            return
        number = _number(kind, value)
        if number is not None and (kind != "integer" or abs(number) < _EXACT_DIGITS):
            self.sheet.write_number(row, index, float(number), self.formats[kind])
            self._widen(row, index, len(f"{number:,.2f}"))
        elif isinstance(value, bool):
            self.sheet.write_boolean(row, index, value)
        elif isinstance(value, datetime) and self._fits(value.astimezone(self.zone).date()):
            local = value.astimezone(self.zone).replace(tzinfo=None)
            self.sheet.write_datetime(row, index, local, self.formats["datetime"])
            self._widen(row, index, 19)
        elif isinstance(value, date) and not isinstance(value, datetime) and self._fits(value):
            self.sheet.write_datetime(row, index, value, self.formats["date"])
            self._widen(row, index, 10)
        else:
            self._write_text(row, index, _as_text(kind, value, self.zone))

    def _write_text(self, row: int, index: int, text: str, style: Any = None) -> None:
        safe = neutralise(_utf8(text).decode())
        # A cell over the limit would be dropped whole by the writer, so it is cut where a person can see it.
        if len(safe) > _SHEET_CELL:
            safe = safe[: _SHEET_CELL - 1] + "…"
            self.cut += 1
        self.sheet.write_string(row, index, safe, style)
        self._widen(row, index, max(map(len, safe.splitlines()), default=0))

    def _widen(self, row: int, index: int, width: int) -> None:
        if row <= _WIDTH_SAMPLE:
            self.widths[index] = max(self.widths[index], width)

    @staticmethod
    def _fits(day: date) -> bool:
        return _FIRST_SHEET_DAY <= day <= date(9999, 12, 31) - timedelta(days=1)


def _write_about(book: Any, about: ExportAbout, data: _DataSheet) -> None:
    sheet = book.add_worksheet("About")
    bold = book.add_format({"bold": True, "valign": "top"})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    whole = book.add_format({"num_format": "#,##0", "align": "left"})
    zone = ZoneInfo(about.zone)
    lines: list[tuple[str, str | int]] = [("Export", about.title)]
    lines += [(f"Filter: {name}", value) for name, value in about.filters] or [("Filter", "none")]
    lines += [
        ("As of", f"{about.as_of.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone.key}"),
        ("Taken by", about.by),
        ("Times are those of", zone.key),
        ("Rows", data.rows),
    ]
    if about.row_count != data.rows:
        lines.append(("Rows the filter matched", about.row_count))
    if data.cut:
        lines.append((f"Texts cut to {_SHEET_CELL:,} characters", data.cut))
    for row, (name, value) in enumerate(lines):
        sheet.write_string(row, 0, neutralise(_utf8(name).decode()), bold)
        if isinstance(value, int):
            sheet.write_number(row, 1, value, whole)
        else:
            sheet.write_string(row, 1, neutralise(_utf8(value).decode())[:_SHEET_CELL], wrap)
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 60)
