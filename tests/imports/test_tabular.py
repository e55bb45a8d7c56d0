"""Reading CSV and workbooks: what comes out is the text that stands in the file, row by row, or a plain refusal."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Sequence

import pytest
import xlsxwriter

from db.imports.tabular import FileRefused, Limits, ReadOptions, Sheet, read_table
from tests.support.paths import shared
from tests.support.tier import figure


def table(text: str, name: str = "leads.csv", **options: object) -> Sheet:
    return read_table(text.encode(), file_name=name, options=ReadOptions(**options))  # type: ignore[arg-type]


def cells(sheet: Sheet) -> list[list[str]]:
    return [list(row.cells.values()) for row in sheet.rows]


def codes(sheet: Sheet) -> list[list[str]]:
    return [[problem.code for problem in row.problems] for row in sheet.rows]


def workbook(rows: Sequence[Sequence[object]], *, name: str = "Leads") -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet(name)
    styles = {
        dt.datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        dt.date: book.add_format({"num_format": "yyyy-mm-dd"}),
        dt.time: book.add_format({"num_format": "hh:mm"}),
    }
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            sheet.write(number, column, value, styles.get(type(value)))
    book.close()
    return out.getvalue()


SPECTRUM = (
    "comma_in_quotes",
    "empty",
    "empty_crlf",
    "escaped_quotes",
    "json",
    "location_coordinates",
    "newlines",
    "newlines_crlf",
    "quotes_and_newlines",
    "simple",
    "simple_crlf",
    "utf8",
)


@pytest.mark.parametrize("name", SPECTRUM)
def test_csv_spectrum_reads_as_its_authors_say(name: str) -> None:
    """All twelve conformance files; one expected answer of the set is itself about another row than its file."""
    raw = shared("torture", "csv-spectrum", "csvs", f"{name}.csv").read_bytes()
    expected = json.loads(shared("torture", "csv-spectrum", "json", f"{name}.json").read_text(encoding="utf-8"))
    found = [row.cells for row in read_table(raw, file_name=f"{name}.csv").rows]
    if name == "location_coordinates":
        # The set's JSON leaves two columns out and has a made-up telephone number; the coordinates are the point of it.
        assert found[0]["Location Coordinates"] == expected["Location Coordinates"]
        assert list(found[0].values())[:1] + list(found[0].values())[2:] == ["2095257564", "Modesto", "Stanislaus"]
    else:
        assert found == expected
    figure("R19", "csv-spectrum files read as published", 1)


@pytest.mark.parametrize(
    ("sentence", "encoding"),
    [
        ("UTF-8", "utf-8"),
        ("UTF-8 with a mark", "utf-8-sig"),
        ("UTF-16 with a mark", "utf-16"),
        ("UTF-16 little endian without a mark", "utf-16-le"),
        ("UTF-16 big endian without a mark", "utf-16-be"),
        ("UTF-32 with a mark", "utf-32"),
        ("Windows-1252", "cp1252"),
    ],
)
def test_names_are_equal_after_decoding(sentence: str, encoding: str) -> None:
    text = "code,name\r\n00123,Zoë Müller\r\n00124,Peña & Fils – “Été”\r\n"
    sheet = read_table(text.encode(encoding), file_name="dealers.csv")
    assert sheet.columns == ("code", "name"), sentence
    assert cells(sheet) == [["00123", "Zoë Müller"], ["00124", "Peña & Fils – “Été”"]], sentence


def test_another_code_page_can_be_named() -> None:
    raw = "name\nŁódź\nKraków\n".encode("cp1250")
    assert cells(read_table(raw, file_name="a.csv", options=ReadOptions(encoding="cp1250"))) == [["Łódź"], ["Kraków"]]
    for wrong in ("no-such-thing", "zip", "rot13", "ascii"):
        with pytest.raises(FileRefused, match=r"cannot be read|not an encoding"):
            read_table(raw, file_name="a.csv", options=ReadOptions(encoding=wrong))


def test_one_damaged_byte_rejects_one_row_and_leaves_the_other_names_alone() -> None:
    raw = "name\nZoë\nMüller\nPeña\n".encode().replace("ü".encode(), b"\xff")
    sheet = read_table(raw, file_name="a.csv")
    assert sheet.encoding == "utf-8"
    assert cells(sheet) == [["Zoë"], ["M\ufffdller"], ["Peña"]]
    assert codes(sheet) == [[], ["unreadable_characters"], []]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_seen(delimiter: str) -> None:
    lines = ["code,name,price", '1,"Smith, John; Co|x\ty","1,50"', "2,Doe,3"]
    rows = [["code", "name", "price"], ["1", "Smith, John; Co|x\ty", "1,50"], ["2", "Doe", "3"]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    sheet = table(text)
    assert len(lines) == len(rows)
    assert sheet.delimiter == delimiter
    assert cells(sheet) == rows[1:]


def test_a_semicolon_file_with_decimal_commas_is_not_read_by_its_commas() -> None:
    assert cells(table("part;price;list\nA;1,50;2,50\nB;3,25;4,00\n")) == [["A", "1,50", "2,50"], ["B", "3,25", "4,00"]]


def test_the_separator_line_of_spreadsheets_is_obeyed_and_still_counted() -> None:
    sheet = table("sep=;\na;b\n1;2\n")
    assert (sheet.columns, [row.row for row in sheet.rows]) == (("a", "b"), [3])


def test_rows_quoted_as_a_whole_are_split_again_and_marked() -> None:
    sheet = table('id,name,note\n1,Ann,x\n"2,""Doe, J"",y"\n"3,Bob,z"\n')
    assert cells(sheet) == [["1", "Ann", "x"], ["2", "Doe, J", "y"], ["3", "Bob", "z"]]
    assert codes(sheet) == [[], [], []]
    assert [bool(row.notes) for row in sheet.rows] == [False, True, True]
    assert sheet.warnings == ("2 rows were quoted as a whole and have been split again (first: 3).",)


def test_a_file_whose_header_is_quoted_as_a_whole_too() -> None:
    sheet = table('"id,name,note"\n"1,""Doe, J"",x"\n"2,Bob,y"\n')
    assert sheet.columns == ("id", "name", "note")
    assert cells(sheet) == [["1", "Doe, J", "x"], ["2", "Bob", "y"]]


def test_one_column_stays_one_column() -> None:
    """A heading without a delimiter, and quoted texts with a comma here and there, do not make two columns."""
    sheet = table('e-mail\n"Doe, John <j@x.com>"\nann@x.com\n')
    assert (sheet.columns, len(sheet.rows)) == (("e-mail",), 2)
    assert table('"remarks, if any"\nfine\n"late, twice"\nfine\n').columns == ("remarks, if any",)


def test_rows_that_do_not_fit_the_header_are_listed_with_their_line() -> None:
    sheet = table("a,b,c\n1,2,3\n\n4,5\n6,7,8,9\n,,\n10,11,12\n")
    assert [row.row for row in sheet.rows] == [2, 4, 5, 7]
    assert codes(sheet) == [[], ["fewer_cells"], ["more_cells"], []]
    assert cells(sheet)[1] == ["4", "5", ""]
    assert "2 of 4 rows" in sheet.warnings[0]


def test_a_shifted_row_is_not_forgiven_for_ending_in_a_blank() -> None:
    """An unquoted comma in a name shifts the row; that its last cell is blank is no proof that nothing moved."""
    sheet = table("name,mail,note\nSmith, John,j@x.com,\nAnn,a@x.com,\nBob,b@x.com,z\nEve,e@x.com,\n")
    assert codes(sheet) == [["more_cells"], [], [], []]


def test_a_delimiter_at_the_end_of_every_row_is_a_habit_not_a_shift() -> None:
    sheet = table("a,b\n1,2,\n3,4,\n5,6,\n")
    assert codes(sheet) == [[], [], []]
    assert cells(sheet) == [["1", "2"], ["3", "4"], ["5", "6"]]


def test_a_stray_quotation_mark_costs_one_row_not_the_rest_of_the_file() -> None:
    body = "".join(f"{n},name {n},x\n" for n in range(1, 5_001))
    sheet = table("id,name,note\n" + body.replace("17,name 17,x", '17,"name 17,x'))
    assert len(sheet.rows) == 5_000
    assert [row.row for row in sheet.rows if row.problems] == [18]
    assert sheet.rows[16].problems[0].code == "broken_quotes"


def test_two_stray_quotation_marks_that_close_each_other_swallow_no_row() -> None:
    """The text between them is well-formed; only its number of cells tells that rows were swallowed."""
    sheet = table('id,name,note\n1,"Ann,x\n2,Bob,y\n3,Cy,z"\n4,Di,w\n')
    assert [(row.row, [p.code for p in row.problems]) for row in sheet.rows] == [
        (2, ["broken_quotes"]),
        (3, []),
        (4, []),
        (5, []),
    ]


def test_a_cell_over_several_lines_counts_from_the_line_it_begins_on() -> None:
    sheet = table('a,b\n"one\ntwo\nthree",1\nx,2\n')
    assert [row.row for row in sheet.rows] == [2, 5]
    assert sheet.rows[0].cells["a"] == "one\ntwo\nthree"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\r\n"])
def test_every_line_end_is_one(end: str) -> None:
    assert cells(table(end.join(["a,b", "1,2", "3,4"]))) == [["1", "2"], ["3", "4"]]


def test_a_huge_cell_is_cut_and_its_row_rejected() -> None:
    sheet = table("a,b\n1," + "x" * 1_000_000 + "\n2,y\n")
    assert codes(sheet) == [["cell_too_long"], []]
    assert len(sheet.rows[0].cells["b"]) == Limits().cell_chars


def test_a_nul_character_rejects_its_row_only() -> None:
    sheet = table("a,b\n1,x\0y\n2,z\n" + "3,long enough not to look like binary data at all\n" * 5)
    assert codes(sheet)[:2] == [["nul_character"], []]
    assert sheet.rows[0].cells["b"] == "xy"


def test_without_a_header_the_columns_are_numbered() -> None:
    sheet = table("1|Alexandria|NSW\n2|Coffs Harbour|NSW\n", header=False)
    assert sheet.columns == ("column 1", "column 2", "column 3")
    assert [row.row for row in sheet.rows] == [1, 2]


def test_unnamed_columns_get_a_name_and_empty_ones_go() -> None:
    sheet = table(" a ,,b,\n1,kept,2,\n3,,4,\n")
    assert sheet.columns == ("a", "column 2", "b")
    assert cells(sheet) == [["1", "kept", "2"], ["3", "", "4"]]


def test_a_workbook_gives_the_text_a_person_would_type() -> None:
    moment = dt.datetime(2018, 2, 1, 9, 30)  # noqa: DTZ001 - a workbook knows no zones
    raw = workbook(
        [
            ["code", "amount", "share", "id", "day", "when", "clock", "yes", "blank", "text"],
            ["00123", 5, 0.1 + 0.2, 12_345_678_901_234, moment.date(), moment, moment.time(), True, None, " kept "],
        ]
    )
    sheet = read_table(raw, file_name="Leads.XLSX")
    assert cells(sheet) == [
        ["00123", "5", "0.3", "12345678901234", "2018-02-01", "2018-02-01 09:30:00", "09:30:00", "TRUE", "", " kept "]
    ]
    assert (sheet.rows[0].row, sheet.delimiter, sheet.encoding) == (2, "", "")


def test_a_table_that_does_not_begin_at_a1_keeps_its_row_numbers() -> None:
    raw = workbook([[], [], [None, "a", "b"], [None, "1", "2"], [], [None, "3", "4"]])
    sheet = read_table(raw, file_name="a.xlsx")
    assert [row.row for row in sheet.rows] == [4, 6]
    assert cells(sheet) == [["1", "2"], ["3", "4"]]


def test_the_first_visible_sheet_with_rows_is_read_and_the_others_are_named() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    names = ("Cover", "Secret", "Data", "About")
    sheets = {name: book.add_worksheet(name) for name in names}
    for name in names[1:]:
        sheets[name].write_column(0, 0, [name, "1"])
    sheets["Secret"].hide()
    book.close()
    sheet = read_table(out.getvalue(), file_name="a.xlsx")
    assert sheet.columns == ("Data",)
    assert sheet.warnings == ('Only the sheet "Data" was read, not "Cover", "About".',)
    named = read_table(out.getvalue(), file_name="a.xlsx", options=ReadOptions(sheet="About"))
    assert named.columns == ("About",)
    with pytest.raises(FileRefused) as refused:
        read_table(out.getvalue(), file_name="a.xlsx", options=ReadOptions(sheet="Nowhere"))
    assert refused.value.code == "no_sheet"


def test_a_formula_error_is_a_problem_not_a_blank() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("Data & more")
    sheet.write_row(0, 0, ["a", "b"])
    sheet.write_row(1, 0, ["1", "2"])
    sheet.write_string(2, 0, "3")
    sheet.write_formula(2, 1, "=NA()", None, "#N/A")
    sheet.write_formula(3, 0, "=1+1", None, 2)
    book.close()
    found = read_table(out.getvalue(), file_name="a.xlsx")
    assert codes(found) == [[], ["error_cell"], []]
    assert cells(found)[2] == ["2", ""]


@pytest.mark.parametrize(
    ("path", "columns", "rows"),
    [
        (("dealers_toyota_us", "dealers_directory.csv"), 8, 1_415),
        (("crm_sales", "sales_pipeline.csv"), 8, 8_800),
        (("olist_funnel", "olist_marketing_qualified_leads_dataset.csv"), 4, 8_000),
        (("olist_funnel", "olist_closed_deals_dataset.csv"), 14, 842),
        (("incident_sla", "incident_event_log.csv"), 36, 5_998),
        (("parts_backorder", "Kaggle_Test_Dataset_v2.csv"), 23, 5_049),
        (("warranty_claims_text", "warranty_claims.csv"), 8, 500),
        (("adventureworks_dealers", "FactResellerSales.csv"), 11, 57_851),
        (("adventureworks_dealers", "ResellerSalesTargets.csv"), 14, 34),
    ],
)
def test_real_files_read_whole(path: tuple[str, str], columns: int, rows: int) -> None:
    file = shared(*path)
    sheet = read_table(file.read_bytes(), file_name=file.name)
    assert (len(sheet.columns), len(sheet.rows), sheet.warnings) == (columns, rows, ())


def test_dealer_codes_keep_their_leading_zeros_as_text_and_through_a_workbook() -> None:
    file = shared("dealers_toyota_us", "dealers_directory.csv")
    sheet = read_table(file.read_bytes(), file_name=file.name)
    zeros = sum(row.cells["code"].startswith("0") for row in sheet.rows)
    figure("R19", "codes with their leading zero", zeros)
    assert zeros == 332
    raw = workbook([list(sheet.columns), *[list(row.cells.values()) for row in sheet.rows]])
    again = read_table(raw, file_name="dealers.xlsx")
    assert [row.cells for row in again.rows] == [row.cells for row in sheet.rows]
