"""Files that are not read at all: too large, of another kind, or made to exhaust the reader (R21, R22)."""

from __future__ import annotations

import gzip
import io
import struct
import time
import tracemalloc
import zipfile
import zlib

import pytest
import xlsxwriter

from db.imports.safety import FileRefused, Limits, extension, shown_name
from db.imports.tabular import ReadOptions, read_table
from tests.support.tier import figure

CONTENT_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'spreadsheetml.sheet.main+xml"/></Types>'
)
SHEET_START = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
HUGE = 'uniqueCount="9999999999"'
SHEET_END = "</sheetData></worksheet>"


def refused(raw: bytes, name: str = "leads.xlsx", limits: Limits | None = None) -> str:
    with pytest.raises(FileRefused) as caught:
        read_table(raw, file_name=name, limits=limits)
    assert caught.value.message
    assert caught.value.problems[0].field == "file"
    return caught.value.code


def workbook() -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("Data")
    sheet.write_row(0, 0, ["a", "b"])
    sheet.write_row(1, 0, ["1", "2"])
    book.close()
    return out.getvalue()


def rebuilt(changes: dict[str, str | bytes], *, drop: str = "", level: int = 6) -> bytes:
    """A real workbook with parts replaced or added."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook())) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as new,
    ):
        for item in old.namelist():
            if item != drop and item not in changes:
                new.writestr(item, old.read(item))
        for name, content in changes.items():
            new.writestr(name, content)
    return out.getvalue()


def sheet_with(rows: str) -> bytes:
    return rebuilt({"xl/worksheets/sheet1.xml": SHEET_START + rows + SHEET_END})


def test_the_helper_makes_workbooks_that_are_read() -> None:
    """Without this the refusals below could come from the helper."""
    raw = sheet_with('<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>')
    assert [row.cells for row in read_table(raw, file_name="a.xlsx").rows] == [{"1": "2"}]


@pytest.mark.parametrize(
    ("sentence", "name", "raw"),
    [
        ("a PDF", "leads.csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"),
        ("a PNG", "leads.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        ("a JPEG", "leads.txt", b"\xff\xd8\xff\xe0\0\x10JFIF"),
        ("a GIF", "leads.tsv", b"GIF89a\x01\0\x01\0"),
        ("a workbook", "leads.csv", workbook()),
        ("an old workbook", "leads.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504),
        ("a gzip", "leads.csv", gzip.compress(b"a,b\n1,2\n", mtime=0)),  # the same case in every process
        ("a Windows program", "leads.csv", b"MZ\x90\0\x03\0\0\0"),
        ("a Linux program", "leads.csv", b"\x7fELF\x02\x01\x01\0"),
        ("a database", "leads.csv", b"SQLite format 3\0\x10\0"),
        ("a Parquet file", "leads.csv", b"PAR1\x15\x04"),
        ("rich text", "leads.csv", b"{\\rtf1\\ansi hello}"),
        ("text", "leads.xlsx", b"a,b\n1,2\n"),
        ("an old workbook", "leads.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504),
        ("a PDF", "leads.xlsx", b"%PDF-1.7\n"),
        ("a plain zip", "leads.xlsx", b"PK\x05\x06" + b"\0" * 18),
        ("an old kind by name", "leads.xls", workbook()),
        ("macros by name", "leads.xlsm", workbook()),
        ("a program by its last name", "leads.csv.exe", b"a,b\n1,2\n"),
        ("no extension", "leads", b"a,b\n1,2\n"),
        ("only an extension", ".csv", b"a,b\n1,2\n"),
    ],
)
def test_content_that_is_not_what_the_name_says(sentence: str, name: str, raw: bytes) -> None:
    assert refused(raw, name) == "wrong_type", sentence


@pytest.mark.parametrize(
    ("sentence", "raw"),
    [
        ("HTML", b"<!doctype html><table><tr><td>1,2</td></tr></table>"),
        ("XML", b'<?xml version="1.0"?><adf><prospect/></adf>'),
        ("XML in UTF-16", '<?xml version="1.0"?><adf/>'.encode("utf-16")),
        ("a picture as text", b'  <svg xmlns="http://www.w3.org/2000/svg"/>'),
        ("a JSON object", b'{"a": 1, "b": 2}'),
        ("a JSON list", b'[{"a": 1}]'),
        ("a script", b"#!/bin/sh\nrm -rf a,b\n"),
        ("a visiting card", b"BEGIN:VCARD\nVERSION:3.0\n"),
        ("a key", b"-----BEGIN PRIVATE KEY-----\nabc\n"),
        ("binary data", bytes(range(256)) * 8),
        ("zeros", b"\0" * 5_000),
    ],
)
def test_text_that_is_no_table(sentence: str, raw: bytes) -> None:
    assert refused(raw, "leads.csv") == "not_a_table", sentence


@pytest.mark.parametrize(
    ("sentence", "text", "code"),
    [
        ("nothing", "", "no_rows"),
        ("blank lines", "\n\n  \n,,,\n", "no_rows"),
        ("only a header", "a,b,c\n", "no_rows"),
        ("a doubled column", "a,b,a\n1,2,3\n", "duplicate_columns"),
        ("a doubled column but for blanks", "a, a \n1,2\n", "duplicate_columns"),
        ("a header that never ends", "x" * 300 + ",b\n1,2\n", "not_a_table"),
        ("a header of invisible characters", "\0,\0\n1,2\n", "not_a_table"),
        ("a broken header", '"a"b,"c\n1,2\n', "not_a_table"),
        ("too many columns", ",".join(f"c{n}" for n in range(1_001)) + "\n1\n", "too_many_cells"),
    ],
)
def test_tables_that_cannot_be_used(sentence: str, text: str, code: str) -> None:
    assert refused(text.encode(), "leads.csv") == code, sentence


def test_limits_of_text_files() -> None:
    assert refused(b"a\n" + b"1\n" * 50, "a.csv", Limits(file_bytes=60)) == "too_large"
    assert refused(b"a,b\n" + b"1,2\n" * 50, "a.csv", Limits(text_cells=60)) == "too_many_cells"
    assert refused(b"a,b\n" + b"1,2\n" * 50, "a.csv", Limits(rows=49)) == "too_many_cells"
    assert len(read_table(b"a,b\n" + b"1,2\n" * 50, file_name="a.csv", limits=Limits(rows=50)).rows) == 50


def test_quotation_marks_broken_everywhere_stop_the_reading() -> None:
    assert refused(b"a,b\n1,2\n" + b'"x"y,1\n' * 1_500, "a.csv") == "not_a_table"


def test_an_odd_delimiter_is_refused_not_raised() -> None:
    for delimiter in ('"', "\n", "ab"):
        with pytest.raises(FileRefused):
            read_table(b"a,b\n1,2\n", file_name="a.csv", options=ReadOptions(delimiter=delimiter))


def bomb(kind: str) -> bytes:
    if kind == "ratio":
        return rebuilt({"xl/media/zeros.bin": b"\0" * 5_000_000})
    if kind == "unpacked size":
        # Ten parts of 11 MB, each compressed only about fifty times, so only their sum is too large.
        part = (b"".join(struct.pack("<H", n * 7919 % 65_536) for n in range(20_000)) + b"\0" * 1_000_000) * 11
        return rebuilt({f"xl/media/{n}.bin": part for n in range(10)}, level=1)
    if kind == "entries":
        return rebuilt({f"xl/media/{n}.txt": b"" for n in range(1_001)})
    if kind == "very many entries":
        return rebuilt({f"xl/media/{n}.txt": b"" for n in range(6_000)})
    if kind == "a directory that lies about the size":
        raw = bytearray(rebuilt({"xl/worksheets/sheet1.xml": SHEET_START + " " * 3_000_000 + SHEET_END}))
        with zipfile.ZipFile(io.BytesIO(bytes(raw))) as archive:
            true = archive.getinfo("xl/worksheets/sheet1.xml").file_size
        return bytes(raw).replace(struct.pack("<I", true), struct.pack("<I", 1_000))
    raise AssertionError(kind)


@pytest.mark.parametrize(
    "kind", ["ratio", "unpacked size", "entries", "very many entries", "a directory that lies about the size"]
)
def test_zip_bombs_are_refused_with_little_memory(kind: str) -> None:
    raw = bomb(kind)
    assert len(raw) < Limits().file_bytes
    begun = time.monotonic()
    answer = refused(raw)
    seconds = time.monotonic() - begun
    tracemalloc.start()
    try:
        assert refused(raw) == answer == "zip_bomb"
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    figure("R21", "bombs refused", 1)
    figure("R21", "slowest refusal, seconds", round(seconds, 3))
    figure("R21", "most memory, MB", round(peak / 2**20, 1))
    assert peak < 50 * 1024 * 1024


@pytest.mark.parametrize(
    ("sentence", "rows"),
    [
        (
            "two cells in opposite corners, which would be laid out as 17 billion",
            '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        ),
        (
            "the same without cell references",
            '<row r="1"><c><v>1</v></c></row><row r="1048576"><c><v>1</v></c><c><v>1</v></c></row>',
        ),
        (
            "the same with a prefix and single quotes",
            "<x:row r='1'><x:c r='A1'><x:v>1</x:v></x:c></x:row>"
            "<x:row r='9'><x:c a='>' r='xfd999999'><x:v/></x:c></x:row>",
        ),
        ("more cells than may be read", "<row>" + "<c><v>1</v></c>" * 10_001 + "</row>"),
        ("more empty cells than anybody needs", "<row>" + "<c/>" * 40_001 + "</row>"),
    ],
)
def test_sheets_that_would_fill_the_memory(sentence: str, rows: str) -> None:
    raw = sheet_with(rows)
    assert len(rows) < 1024 * 1024, "larger parts would be refused for their ratio and prove nothing here"
    tracemalloc.start()
    try:
        assert refused(raw, limits=Limits(cells=10_000)) == "too_many_cells", sentence
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    figure("R21", "bombs refused", 1)
    figure("R21", "most memory, MB", round(peak / 2**20, 1))
    assert peak < 50 * 1024 * 1024, sentence


@pytest.mark.parametrize(
    ("sentence", "changes", "code"),
    [
        ("a macro part", {"xl/vbaProject.bin": b"x"}, "wrong_type"),
        (
            "a macro type",
            {
                "[Content_Types].xml": CONTENT_TYPES.replace("openxmlformats-officedocument.", "ms-excel.").replace(
                    "spreadsheetml.sheet.main", "sheet.macroEnabled.main"
                )
            },
            "wrong_type",
        ),
        (
            "a text document",
            {"[Content_Types].xml": CONTENT_TYPES.replace("spreadsheetml.sheet", "word")},
            "wrong_type",
        ),
        (
            "a document type declaration",
            {"xl/worksheets/sheet1.xml": '<!DOCTYPE w [<!ENTITY a "x">]>' + SHEET_START + SHEET_END},
            "not_a_table",
        ),
        ("a sheet that breaks off", {"xl/worksheets/sheet1.xml": SHEET_START + '<row r="1"><c r="A1">'}, "damaged"),
        ("a cell nowhere", {"xl/worksheets/sheet1.xml": SHEET_START + '<row><c r="1A"/></row>' + SHEET_END}, "damaged"),
        ("more texts than there are bytes", {"xl/sharedStrings.xml": f"<sst {HUGE}/>"}, "damaged"),
        ("the same with a prefix", {"xl/sharedStrings.xml": f"<x:sst {HUGE}/>"}, "damaged"),
        ("the same below another root", {"xl/sharedStrings.xml": f"<a><sst {HUGE}/></a>"}, "damaged"),
        ("the same behind a text", {"xl/sharedStrings.xml": f"text<sst {HUGE}/>"}, "damaged"),
        ("the same far behind", {"xl/sharedStrings.xml": "<a>" + " " * 262_138 + f"<sst {HUGE}/></a>"}, "damaged"),
        ("the same in a sheet", {"xl/worksheets/sheet1.xml": SHEET_START + f"<sst {HUGE}/>" + SHEET_END}, "damaged"),
        ("a sheet under another root", {"xl/worksheets/sheet1.xml": f"<x>{SHEET_START}{SHEET_END}</x>"}, "damaged"),
        ("a row with a sign", {"xl/worksheets/sheet1.xml": SHEET_START + '<row r="+9"/>' + SHEET_END}, "damaged"),
        ("no workbook part", {"xl/workbook.xml": "not xml at all"}, "damaged"),
        ("an empty sheet", {"xl/worksheets/sheet1.xml": SHEET_START + SHEET_END}, "no_rows"),
    ],
)
def test_workbooks_that_are_not_plain(sentence: str, changes: dict[str, str | bytes], code: str) -> None:
    assert refused(rebuilt(changes)) == code, sentence


def test_a_zip_without_a_workbook_and_a_damaged_one() -> None:
    assert refused(rebuilt({}, drop="xl/workbook.xml")) == "wrong_type"
    assert refused(workbook()[:-200]) == "damaged"
    raw = bytearray(workbook())
    raw[60] ^= 0xFF
    assert refused(bytes(raw)) == "damaged"


def test_a_part_with_a_password_is_refused() -> None:
    raw = bytearray(workbook())
    at = raw.index(b"PK\x01\x02")
    raw[at + 8] |= 1
    assert refused(bytes(raw)) == "wrong_type"


def test_the_checksum_helper_of_python_agrees() -> None:
    """The proof of each part rests on this checksum being the zip one."""
    with zipfile.ZipFile(io.BytesIO(workbook())) as archive:
        item = archive.infolist()[0]
        assert zlib.crc32(archive.read(item)) == item.CRC


@pytest.mark.parametrize(
    ("given", "shown", "ending"),
    [
        ("leads.csv", "leads.csv", ".csv"),
        ("../../etc/passwd", "passwd", ""),
        ("C:\\Users\\x\\Leads.XLSX", "Leads.XLSX", ".xlsx"),
        ("a\0b\n.csv", "ab.csv", ".csv"),
        ("gpj\u202e.csv", "gpj.csv", ".csv"),
        ("leads.csv. ", "leads.csv.", ".csv"),
        ("", "file", ""),
        ("\u200b", "file", ""),
    ],
)
def test_names_are_for_people_only(given: str, shown: str, ending: str) -> None:
    assert shown_name(given) == shown
    assert extension(given) == ending
    assert len(shown_name("x" * 300 + ".csv")) == 120
    assert extension("x" * 300 + ".csv") == ".csv"
