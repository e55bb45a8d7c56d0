"""Delimited text: which encoding, which delimiter, and rows that survive broken quotes (R17, R19)."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator

from db.imports.safety import FileRefused
from db.imports.tabular_types import RawRow, RowProblem

csv.field_size_limit(
    2**31 - 1
)  # The file is bounded; the module's own 128 KB would refuse long notes with an exception.

DELIMITERS = ("\t", "|", ";", ",")
"""In the order in which they win a tie: a comma is by far the likeliest to stand inside a text."""
DAMAGE = re.compile("[\ud800-\udfff]")
"""Bytes that could not be decoded arrive as lone surrogates, which no proper text holds."""
_SAMPLE_CHARS = 65_536
_SAMPLE_RECORDS = 200
_RECORD_LINES = 2_000
_MOST_RECOVERIES = 1_000
_EXCEL_HINT = re.compile(r'\ufeff?"?sep=(.)"?\r?\n')
_BROKEN = "The quotation marks in this row do not close where they should, so it could not be read reliably."


def decode(raw: bytes, encoding: str = "") -> tuple[str, str, tuple[str, ...]]:
    """The text, the name of its encoding and warnings; undecodable bytes become lone surrogates (see `DAMAGE`).

    Order: what the person said, byte order mark, UTF-8, UTF-16 by its zeros, UTF-8 with a few damaged bytes,
    Windows-1252. Raises `FileRefused` with `undecodable`.
    """
    if encoding:
        return _decode_as(raw, encoding)
    for mark, name in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32")):
        if raw.startswith(mark):
            return _marked(raw, "utf-8-sig" if name == "utf-8" else name, name)
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _marked(raw, "utf-16", "utf-16")
    wide = _utf16_without_mark(raw)
    if wide:
        return _marked(raw, wide, wide)
    text = raw.decode("utf-8", "surrogateescape")
    damaged = len(DAMAGE.findall(text))
    if not damaged:
        return text, "utf-8", ()
    proper = sum(1 for ch in text if ch > "\x7f") - damaged
    # Windows-1252 text almost never happens to hold proper UTF-8 sequences, so a majority of them decides.
    if proper > damaged:
        return text, "utf-8", (f"{damaged:,} characters could not be read; their rows are listed.",)
    text = raw.decode("cp1252", "surrogateescape")
    _refuse_if_mostly_damaged(text)
    return text, "cp1252", ("The file is not UTF-8; it was read as Windows-1252 (Western European). Check the names.",)


def _decode_as(raw: bytes, encoding: str) -> tuple[str, str, tuple[str, ...]]:
    try:
        name = codecs.lookup(encoding).name
        text = raw.decode(name, "strict")
    except (LookupError, ValueError) as error:
        raise FileRefused("undecodable", f'The file cannot be read as "{encoding}".') from error
    if not isinstance(text, str):
        raise FileRefused("undecodable", f'"{encoding}" is not an encoding of text.')
    return text.removeprefix("\ufeff"), name, ()


def _marked(raw: bytes, codec: str, name: str) -> tuple[str, str, tuple[str, ...]]:
    try:
        return raw.decode(codec).removeprefix("\ufeff"), name, ()
    except UnicodeDecodeError:
        text = raw.decode(codec, "replace").removeprefix("\ufeff").replace("\ufffd", "\udcff")
        _refuse_if_mostly_damaged(text)
        damaged = len(DAMAGE.findall(text))
        return text, name, (f"{damaged:,} characters could not be read; their rows are listed.",)


def _utf16_without_mark(raw: bytes) -> str:
    head = raw[:4096]
    half = len(head) // 2
    if half < 8:
        return ""
    if head[1::2].count(0) > half * 0.7 and head[::2].count(0) < half * 0.05:
        return "utf-16-le"
    if head[::2].count(0) > half * 0.7 and head[1::2].count(0) < half * 0.05:
        return "utf-16-be"
    return ""


def _refuse_if_mostly_damaged(text: str) -> None:
    if len(DAMAGE.findall(text)) * 50 > len(text):
        sentence = "The characters of the file cannot be read. Save it as CSV UTF-8 and try again."
        raise FileRefused("undecodable", sentence)


def sniff(text: str) -> tuple[str, bool]:
    """The delimiter among comma, semicolon, tab and bar, and whether the lines, header included, are quoted as a whole.

    A delimiter counts when it splits the header; the one whose rows agree best with the header wins, then the widest.
    """
    sample = text[:_SAMPLE_CHARS]
    if len(text) > _SAMPLE_CHARS:
        # The last line of the sample may be cut in the middle.
        sample = sample[: max(sample.rfind("\n"), sample.rfind("\r"), 0)] or sample
    best: tuple[float, int, int] | None = None
    chosen, whole = ",", False
    for rank, delimiter in enumerate(DELIMITERS):
        records = _sample_records(sample, delimiter)
        if not records:
            continue
        unwrapped = False
        if len(records[0]) == 1:
            inner = [_unwrapped(record, delimiter) for record in records]
            width = len(inner[0])
            # One column whose texts hold commas looks the same, so nearly all rows must split alike.
            if width < 2 or sum(len(cells) == width for cells in inner) * 10 < len(inner) * 9 or len(inner) < 2:
                continue
            records, unwrapped = inner, True
        width = len(records[0])
        others = records[1:]
        agreeing = sum(len(cells) == width or len(_unwrapped(cells, delimiter)) == width for cells in others)
        score = (round(agreeing / len(others), 1) if others else 1.0, width, -rank)
        if best is None or score > best:
            best, chosen, whole = score, delimiter, unwrapped
    return chosen, whole


def _sample_records(sample: str, delimiter: str) -> list[list[str]]:
    records = []
    try:
        for cells in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if any(cell.strip() for cell in cells):
                records.append(cells)
            if len(records) >= _SAMPLE_RECORDS:
                break
    except csv.Error:
        pass
    return records


def _unwrapped(cells: list[str], delimiter: str) -> list[str]:
    """The cells inside a single cell that holds a whole quoted line, or the cells unchanged."""
    if len(cells) != 1 or delimiter not in cells[0]:
        return cells
    try:
        records = list(csv.reader(io.StringIO(cells[0], newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return cells
    return records[0] if len(records) == 1 else cells


class _Lines:
    """The lines of a text one by one, with a way back; stops a record that swallows too many lines."""

    def __init__(self, text: str) -> None:
        self._text = io.StringIO(text, newline="")
        self.count = 0
        self.of_record = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline() if self.of_record < _RECORD_LINES else ""
        if not line:
            raise StopIteration
        self.count += 1
        self.of_record += 1
        return line

    def begin_record(self) -> tuple[int, int]:
        """Where the next record begins: position and number of lines before it."""
        self.of_record = 0
        return self._text.tell(), self.count

    def back_to(self, place: tuple[int, int]) -> None:
        """Return to a place that `begin_record` gave."""
        position, self.count = place
        self._text.seek(position)
        self.of_record = 0


def records(text: str, delimiter: str = "") -> tuple[str, Iterator[RawRow]]:
    """The delimiter and the rows that are not blank, each with the line it begins on.

    A row with broken quotes is given alone with a problem and reading goes on behind it, so one stray quotation mark
    never swallows the rows below. A row quoted as a whole is split again and says so.
    """
    lines = _Lines(text)
    hint = _EXCEL_HINT.match(text)
    if hint and hint.group(1) in DELIMITERS:
        delimiter = delimiter or hint.group(1)
        next(lines)
    unwrap_all = False
    if not delimiter:
        delimiter, unwrap_all = sniff(text)
    return delimiter, _rows(lines, delimiter, unwrap_all=unwrap_all)


def _rows(lines: _Lines, delimiter: str, *, unwrap_all: bool) -> Iterator[RawRow]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    width = recoveries = 0
    while True:
        place = lines.begin_record()
        line = place[1] + 1
        broken = False
        cells: list[str] = []
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            broken = True
        if broken or (lines.of_record > 1 and width and len(cells) != width):
            recoveries += 1
            if recoveries > _MOST_RECOVERIES or not width:
                raise FileRefused("not_a_table", f"The quotation marks are broken from line {line:,} on.")
            lines.back_to(place)
            alone = next(lines).rstrip("\r\n").split(delimiter)
            yield RawRow(line, alone, problem=RowProblem("", "broken_quotes", _BROKEN))
            continue
        if not any(cell.strip() for cell in cells):
            continue
        note = None
        if len(cells) == 1 and (width > 1 or (unwrap_all and not width)):
            inner = _unwrapped(cells, delimiter)
            if len(inner) == width or not width:
                cells = inner
                note = RowProblem("", "split_again", "The line was quoted as a whole and has been split again.")
        width = width or len(cells)
        yield RawRow(line, cells, note=note)
