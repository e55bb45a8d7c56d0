"""Columns of other systems onto our fields: what is suggested, refused, translated, and given back row by row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from db.core.problems import Refused
from db.imports.mapping import (
    ColumnRule,
    FieldKind,
    Join,
    Mapping,
    TargetField,
    apply,
    combine,
    problems_with,
    suggest,
    unused_columns,
)
from db.imports.tabular import Sheet, read_table
from tests.support.paths import shared


def sheet_of(text: str, name: str = "leads.csv") -> Sheet:
    return read_table(text.encode(), file_name=name)


def read(kind: FieldKind, text: str, **rule: Any) -> Any:
    """One cell through `apply`: its value, or the code of its problem."""
    choices = ("New", "Won", "Lost") if kind == "choice" else ()
    target = TargetField(name="value", label="Value", kind=kind, choices=choices)
    cell = text.replace('"', '""')
    sheet = sheet_of(f'x,v\n1,"{cell}"\n')
    mapping = Mapping(kind="k", title="t", columns={"value": ColumnRule(columns=("v",), **rule)})
    (row,) = apply(mapping, [target], sheet)
    if row.problems:
        assert row.problems[0].field == "value"
        assert row.problems[0].message.startswith("Value: ")
        return row.problems[0].code
    return row.values["value"]


@pytest.mark.parametrize(
    ("sentence", "kind", "text", "value"),
    [
        ("text keeps its zeros", "text", "00123", "00123"),
        ("text loses only the blanks around it", "text", "  a  b ", "a  b"),
        ("a blank is nothing", "text", "   ", None),
        ("a whole number", "integer", "42", 42),
        ("a whole number with thousands", "integer", "1,234,567", 1_234_567),
        ("thousands in the wrong place are no number", "integer", "12,34", "not_a_number"),
        ("a workbook's whole number", "integer", "42.0", 42),
        ("a fraction is not whole", "integer", "42.5", "not_whole"),
        ("a sign", "integer", "-7", -7),
        ("a number too long to store", "integer", "9" * 19, "too_large"),
        ("no exponents", "decimal", "1e5", "not_a_number"),
        ("no numerals of other scripts", "integer", "٣", "not_a_number"),
        ("not NaN", "decimal", "NaN", "not_a_number"),
        ("not infinity", "decimal", "inf", "not_a_number"),
        ("an exact fraction", "decimal", "0.10", Decimal("0.10")),
        ("a bare fraction", "decimal", ".5", Decimal("0.5")),
        ("only a mark", "decimal", ".", "not_a_number"),
        ("money in cents", "money", "1234.5", 123_450),
        ("money with a sign and thousands", "money", "$1,234.50", 123_450),
        ("money with its code", "money", "1,234.50 USD", 123_450),
        ("money in brackets is negative", "money", "($5.00)", -500),
        ("a sign before the currency", "money", "-$5", -500),
        ("half a cent is rounded up", "money", "0.005", 1),
        ("half a cent below zero goes away from zero", "money", "-0.005", -1),
        ("four decimals of zeros", "money", "28000.0000", 2_800_000),
        ("only a currency", "money", "$", "not_a_number"),
        ("a decimal comma is not guessed", "money", "1,5", "not_a_number"),
        ("an address", "email", "Ann.O'Neil+x@mail.example.co.uk", "Ann.O'Neil+x@mail.example.co.uk"),
        ("a link to an address", "email", "mailto:ann@example.com", "ann@example.com"),
        ("no address", "email", "ann@example", "not_an_email"),
        ("two addresses", "email", "a@x.com, b@x.com", "not_an_email"),
        ("an address with dots in a row", "email", "a@x..com", "not_an_email"),
        ("a phone number", "phone", "+1 (555) 010-0123 x42", "+1 (555) 010-0123 x42"),
        ("no phone number", "phone", "call me", "not_a_phone"),
        ("too short for a phone number", "phone", "12345", "not_a_phone"),
        ("a choice in any case", "choice", "WON", "Won"),
        ("no choice", "choice", "maybe", "not_a_choice"),
        ("yes", "bool", "Y", True),
        ("no", "bool", "False", False),
        ("neither", "bool", "maybe", "not_yes_or_no"),
        ("an ISO day", "date", "2018-02-01", date(2018, 2, 1)),
        ("an ISO day with its time", "date", "2018-02-01 10:30:00", date(2018, 2, 1)),
        ("a day with the month as a word", "date", "3 Apr 2018", date(2018, 4, 3)),
        ("the American way", "date", "April 3, 2018", date(2018, 4, 3)),
        ("a day that does not exist", "date", "2018-02-30", "not_a_date"),
        ("the number of a day in a workbook is not guessed", "date", "43101", "not_a_date"),
        ("a year of two digits is not guessed", "date", "20/10/17", "not_a_date"),
        ("a doubtful date is asked for", "date", "03/04/2018", "ambiguous_date"),
        ("the same day either way is no doubt", "date", "05/05/2018", date(2018, 5, 5)),
        ("one value that reads one way proves the order", "date", "13/04/2018", date(2018, 4, 13)),
        ("an offset needs no zone", "datetime", "2018-02-01T10:30:00-05:00", datetime(2018, 2, 1, 15, 30, tzinfo=UTC)),
        ("Z is an offset", "datetime", "2018-02-01T10:30:00Z", datetime(2018, 2, 1, 10, 30, tzinfo=UTC)),
        ("without an offset a zone must be named", "datetime", "2018-02-01 10:30", "zone_needed"),
        ("endless cells are no numbers", "decimal", "1" * 400, "too_long"),
    ],
)
def test_a_cell_becomes_its_value_or_a_reason(sentence: str, kind: FieldKind, text: str, value: object) -> None:
    found = read(kind, text)
    assert found == value, sentence
    assert type(found) is type(value), sentence


@pytest.mark.parametrize(
    ("sentence", "kind", "text", "rule", "value"),
    [
        ("a decimal comma", "money", "1.234,50 €", {"decimal_mark": ","}, 123_450),
        ("a decimal point where a comma is agreed", "money", "1.5", {"decimal_mark": ","}, "not_a_number"),
        ("a translation", "choice", "Geschlossen", {"values": {"geschlossen": "Won"}}, "Won"),
        ("an exact translation wins", "text", "a", {"values": {"A": "upper", "a": "lower"}}, "lower"),
        ("all others are translated alike", "choice", "2018-02-26", {"values": {"*": "Won", "x": "Lost"}}, "Won"),
        ("a translation wins over that for all others", "choice", "X", {"values": {"*": "Won", "x": "Lost"}}, "Lost"),
        ("a blank is none of the others", "choice", " ", {"values": {"*": "Won"}}, None),
        ("a translation to nothing", "choice", "n/a", {"values": {"n/a": ""}}, None),
        ("a text that means nothing", "integer", "?", {"blank": ("?", "NULL")}, None),
        ("a default for a blank", "integer", "?", {"blank": ("?",), "default": "7"}, 7),
        ("a format", "date", "01-02-2018", {"formats": ("%d-%m-%Y",)}, date(2018, 2, 1)),
        ("a short year by its format", "date", "01/02/18", {"formats": ("%m/%d/%y",)}, date(2018, 1, 2)),
        ("several formats", "date", "01-02-2018", {"formats": ("%d-%m-%Y %H:%M", "%d-%m-%Y")}, date(2018, 2, 1)),
        ("formats that disagree", "date", "01/02/2018", {"formats": ("%d/%m/%Y", "%m/%d/%Y")}, "ambiguous_date"),
        ("another format than agreed", "date", "01/02/2018", {"formats": ("%d-%m-%Y",)}, "not_a_date"),
        ("a workbook's date under a text format", "date", "2018-02-01", {"formats": ("%d-%m-%Y",)}, date(2018, 2, 1)),
        (
            "but not where the format itself begins with the year",
            "date",
            "2018-02-01",
            {"formats": ("%Y/%d/%m",)},
            "not_a_date",
        ),
        (
            "a zone in winter",
            "datetime",
            "01-02-2018 09:00",
            {"formats": ("%d-%m-%Y %H:%M",), "zone": "America/Chicago"},
            datetime(2018, 2, 1, 15, tzinfo=UTC),
        ),
        (
            "a zone in summer",
            "datetime",
            "2018-07-01 09:00",
            {"zone": "America/Chicago"},
            datetime(2018, 7, 1, 14, tzinfo=UTC),
        ),
        (
            "midnight that summer time skipped is the moment it began",
            "datetime",
            "15-10-2017",
            {"formats": ("%d-%m-%Y",), "zone": "America/Sao_Paulo"},
            datetime(2017, 10, 15, 3, tzinfo=UTC),
        ),
        ("a zone nobody knows", "datetime", "2018-07-01 09:00", {"zone": "Moon/Base"}, "unknown_zone"),
        ("the first moment there is", "datetime", "0001-01-01 00:00", {"zone": "Asia/Tokyo"}, "not_a_date"),
    ],
)
def test_a_rule_says_how_a_column_is_read(
    sentence: str, kind: FieldKind, text: str, rule: dict[str, Any], value: object
) -> None:
    assert read(kind, text, **rule) == value, sentence


LEAD = (
    TargetField(name="external_id", label="Reference", required=True, synonyms=("mql id", "lead id")),
    TargetField(name="customer_name", label="Customer name", synonyms=("name", "full name")),
    TargetField(name="email", label="E-mail", kind="email", synonyms=("mail",)),
    TargetField(name="received_at", label="Received", kind="datetime", synonyms=("first contact date",)),
    TargetField(name="status", label="Status", kind="choice", choices=("new", "won")),
    TargetField(name="source", label="Source", required=True, synonyms=("origin",)),
)


def test_several_columns_are_joined_without_their_blanks() -> None:
    sheet = sheet_of("id,first,mid,last\n1,Ann,,Smith\n2,,,Cher\n3,,,\n")
    rule = ColumnRule(columns=("first", "mid", "last"))
    mapping = Mapping(
        kind="leads", title="t", columns={"customer_name": rule}, constants={"external_id": "x", "source": "web"}
    )
    rows = list(apply(mapping, LEAD, sheet))
    assert [row.values["customer_name"] for row in rows] == ["Ann Smith", "Cher", None]
    assert {row.values["source"] for row in rows} == {"web"}
    assert "email" not in rows[0].values, "a field the mapping does not name is left alone"


def test_a_needed_field_without_a_value_rejects_its_row() -> None:
    sheet = sheet_of("id,origin\n1,web\n,web\n2,\n")
    mapping = suggest(["origin"], LEAD)
    mapping = Mapping(kind="k", title="t", columns={**mapping.columns, "external_id": ColumnRule(columns=("id",))})
    found = [[(p.field, p.code) for p in row.problems] for row in apply(mapping, LEAD, sheet)]
    assert found == [[], [("external_id", "required")], [("source", "required")]]
    without = Mapping(kind="k", title="t", columns={"source": ColumnRule(columns=("origin",))})
    assert all(
        ("external_id", "required") in [(p.field, p.code) for p in row.problems] for row in apply(without, LEAD, sheet)
    )


def test_a_row_that_does_not_fit_the_header_is_not_mapped_at_all() -> None:
    mapping = Mapping(
        kind="k", title="t", columns={"external_id": ColumnRule(columns=("id",))}, constants={"source": "s"}
    )
    rows = list(apply(mapping, LEAD, sheet_of("id,b\n1,2\n3\n")))
    assert [(row.values, [p.code for p in row.problems]) for row in rows] == [
        ({"external_id": "1", "source": "s"}, []),
        ({}, ["fewer_cells"]),
    ]


@pytest.mark.parametrize(
    ("sentence", "columns", "expected"),
    [
        (
            "names and synonyms in any spelling",
            ["MQL_ID", "Full-Name", "E-Mail"],
            {"external_id": "MQL_ID", "customer_name": "Full-Name", "email": "E-Mail"},
        ),
        ("accents do not matter", ["Réference"], {"external_id": "Réference"}),
        ("a name wins over a synonym", ["mail", "email"], {"email": "email"}),
        ("two synonyms of one field are left for a person", ["name", "full name"], {}),
        ("what nobody knows is left", ["foo", "", "  "], {}),
        ("part of a name is no name", ["customer"], {}),
    ],
)
def test_only_what_is_certain_is_suggested(sentence: str, columns: list[str], expected: dict[str, str]) -> None:
    found = {name: rule.columns[0] for name, rule in suggest(columns, LEAD).columns.items()}
    assert found == expected, sentence


def test_a_heading_that_could_mean_two_fields_is_left() -> None:
    fields = (
        TargetField(name="a", label="A", synonyms=("date",)),
        TargetField(name="b", label="B", synonyms=("Date",)),
    )
    assert suggest(["date"], fields).columns == {}


GOOD = {"external_id": ColumnRule(columns=("id",)), "source": ColumnRule(columns=("origin",))}


@pytest.mark.parametrize(
    ("sentence", "change", "expected"),
    [
        ("a fit mapping", {}, []),
        ("a column the file lacks", {"email": ColumnRule(columns=("e",))}, [("email", "unknown_column")]),
        ("a field nobody has", {"colour": ColumnRule(columns=("id",))}, [("colour", "unknown_field")]),
        ("no column at all", {"email": ColumnRule(columns=())}, [("email", "required")]),
        ("times without a zone", {"received_at": ColumnRule(columns=("id",))}, [("received_at", "zone_needed")]),
        ("times with an offset", {"received_at": ColumnRule(columns=("id",), formats=("%Y-%m-%dT%H:%M:%S%z",))}, []),
        (
            "an unknown zone",
            {"received_at": ColumnRule(columns=("id",), zone="Mars")},
            [("received_at", "unknown_zone")],
        ),
        (
            "formats that are none",
            {"received_at": ColumnRule(columns=("id",), formats=("%d-%m", "%Q", "%"), zone="UTC")},
            [("received_at", "bad_format")] * 3,
        ),
        (
            "a format on a text",
            {"customer_name": ColumnRule(columns=("id",), formats=("%d",))},
            [("customer_name", "format_not_used")],
        ),
        (
            "a translation to no choice",
            {"status": ColumnRule(columns=("id",), values={"x": "old"})},
            [("status", "not_a_choice")],
        ),
        (
            "a default that is no choice",
            {"status": ColumnRule(columns=("id",), default="old")},
            [("status", "not_a_choice")],
        ),
        (
            "a strange decimal mark",
            {"email": ColumnRule(columns=("id",), decimal_mark=";")},
            [("email", "bad_decimal_mark")],
        ),
    ],
)
def test_problems_of_a_mapping_are_tied_to_their_field(
    sentence: str, change: dict[str, ColumnRule], expected: list[tuple[str, str]]
) -> None:
    mapping = Mapping(kind="leads", title="t", columns=GOOD | change)
    assert [(p.field, p.code) for p in problems_with(mapping, LEAD, ["id", "origin"])] == expected, sentence


def test_constants_and_missing_fields_are_checked_too() -> None:
    mapping = Mapping(kind="leads", title="t", constants={"email": "nobody", "colour": "red"}, zone="Mars")
    found = [(p.field, p.code) for p in problems_with(mapping, LEAD, ["id"])]
    assert found == [
        ("colour", "unknown_field"),
        ("external_id", "required"),
        ("email", "not_an_email"),
        ("source", "required"),
        ("zone", "unknown_zone"),
    ]


JOINED = Mapping(
    kind="leads",
    title="Two files",
    columns={"external_id": ColumnRule(columns=("id",)), "status": ColumnRule(columns=("deal.state",), default="new")},
    constants={"source": "x"},
    joins=(Join(name="deal", file="*deals*.csv", key="id", other_key="lead"),),
)


def test_a_second_file_is_put_beside_the_first() -> None:
    leads = sheet_of("id\n1\n2\n3\n4\n")
    deals = sheet_of("lead,state\n2, won \n3,won\n3,won\n9,won\n4\n", "My_Deals_2018.csv")
    (sheet,) = combine(JOINED, [deals, leads])
    assert sheet.columns == ("id", "deal.lead", "deal.state")
    assert problems_with(JOINED, LEAD, sheet.columns) == []
    rows = list(apply(JOINED, LEAD, sheet))
    assert [(row.values.get("status"), [p.code for p in row.problems]) for row in rows] == [
        ("new", []),
        ("won", []),
        (None, ["several_partners"]),
        (None, ["partner_unreadable"]),
    ]
    assert sheet.warnings[-1] == '1 rows of "My_Deals_2018.csv" match no row of "leads.csv" (first: 5).'
    assert unused_columns(JOINED, sheet.columns) == ("deal.lead",)


def test_an_optional_second_file_may_be_left_out_and_a_needed_one_not() -> None:
    leads = sheet_of("id\n1\n")
    (sheet,) = combine(JOINED, [leads])
    assert problems_with(JOINED, LEAD, sheet.columns) == []
    assert [row.values["status"] for row in apply(JOINED, LEAD, sheet)] == ["new"]
    needed = Mapping(kind="k", title="t", joins=(Join(name="deal", file="*deals*", key="id", optional=False),))
    deals = sheet_of("lead\n1\n", "deals.csv")
    for sheets, code in (
        ([leads], "join_file_missing"),
        ([deals], "no_main_file"),
        ([leads, deals, deals], "join_file_twice"),
        ([leads, deals], "join_key_missing"),
    ):
        with pytest.raises(Refused) as refused:
            combine(needed, sheets)
        assert refused.value.code == code


def test_the_real_pipeline_with_american_dates_and_a_translated_product() -> None:
    file = shared("crm_sales", "sales_pipeline.csv")
    fields = (
        TargetField(name="external_id", label="Reference", required=True),
        TargetField(
            name="product",
            label="Product",
            kind="choice",
            choices=("GTX Pro", "GTX Basic", "GTX Plus Basic", "GTX Plus Pro", "GTK 500", "MG Special", "MG Advanced"),
            required=True,
        ),
        TargetField(
            name="stage",
            label="Stage",
            kind="choice",
            choices=("won", "lost", "engaging", "prospecting"),
            required=True,
        ),
        TargetField(name="engaged", label="Engaged", kind="date"),
        TargetField(name="closed", label="Closed", kind="date"),
        TargetField(name="value", label="Value", kind="money"),
    )
    mapping = Mapping(
        kind="opportunities",
        title="Maven",
        columns={
            "external_id": ColumnRule(columns=("opportunity_id",)),
            "product": ColumnRule(columns=("product",), values={"GTXPro": "GTX Pro"}),
            "stage": ColumnRule(columns=("deal_stage",)),
            "engaged": ColumnRule(columns=("engage_date",)),
            "closed": ColumnRule(columns=("close_date",)),
            "value": ColumnRule(columns=("close_value",)),
        },
    )
    rows = list(apply(mapping, fields, read_table(file.read_bytes(), file_name=file.name)))
    assert [row for row in rows if row.problems] == []
    won = [row.values for row in rows if row.values["stage"] == "won"]
    assert (len(rows), len(won), sum(values["value"] for values in won)) == (8_800, 4_238, 1_000_553_400)
    first_quarter = sum(v["value"] for v in won if date(2017, 1, 1) <= v["closed"] <= date(2017, 3, 31))
    assert first_quarter == 113_467_200
