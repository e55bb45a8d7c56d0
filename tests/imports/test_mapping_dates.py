"""Which of day and month comes first: proved from the values of a column or asked for, never guessed (R19)."""

from __future__ import annotations

from datetime import date
from statistics import median

import pytest

from db.imports.mapping import ColumnRule, Mapping, TargetField, ambiguous_dates, apply, combine, date_findings
from db.imports.mapping_dates import date_finding
from db.imports.mapping_spec import Join, OnAmbiguousDate
from db.imports.tabular import Sheet, read_table
from tests.support.paths import shared
from tests.support.tier import figure

DAY = (TargetField(name="day", label="Day", kind="date"),)


@pytest.mark.parametrize(
    ("sentence", "values", "verdict", "formats"),
    [
        ("nothing", ["", " "], "blank", ()),
        ("years first", ["2018-02-01", "2018/02/01"], "clear", ()),
        ("months as words", ["1 Feb 2018", "Feb 2, 2018"], "clear", ()),
        ("the same either way", ["05/05/2018"], "clear", ()),
        ("all doubtful", ["01/02/2018", "11/12/2018"], "ambiguous", ()),
        ("a day over twelve proves the day first", ["01/02/2018", "13/02/2018"], "day_first", ("%d/%m/%Y",)),
        (
            "a day over twelve in second place proves the month first",
            ["01.02.2018", "02.13.2018"],
            "month_first",
            ("%m.%d.%Y",),
        ),
        ("both proofs are a contradiction", ["13/02/2018", "02/13/2018"], "contradictory", ()),
        (
            "several shapes of one order",
            ["13-02-2018 10:15", "01-02-2018"],
            "day_first",
            ("%d-%m-%Y %H:%M", "%d-%m-%Y"),
        ),
        ("a clock with halves", ["2/13/2018 1:05:09 PM"], "month_first", ("%m/%d/%Y %I:%M:%S %p",)),
        ("no dates", ["soon", "43101", "99/99/2018", "20/10/17"], "unreadable", ()),
        ("the 29th of February decides by the year", ["29/02/2016"], "day_first", ("%d/%m/%Y",)),
    ],
)
def test_what_a_column_proves(sentence: str, values: list[str], verdict: str, formats: tuple[str, ...]) -> None:
    found = date_finding("day", values)
    assert (found.verdict, found.formats) == (verdict, formats), sentence
    assert found.must_ask == (verdict in {"ambiguous", "contradictory"}), sentence
    counts = (
        found.iso,
        found.named_month,
        found.ambiguous,
        found.only_day_first,
        found.only_month_first,
        found.unreadable,
    )
    assert sum(counts) == found.total == sum(bool(value.strip()) for value in values), sentence


def mapped(values: list[str], on_ambiguous: OnAmbiguousDate = "ask") -> list[object]:
    text = "n,day\n" + "".join(f"{n},{value}\n" for n, value in enumerate(values))
    mapping = Mapping(
        kind="k", title="t", columns={"day": ColumnRule(columns=("day",))}, on_ambiguous_date=on_ambiguous
    )
    rows = apply(mapping, DAY, read_table(text.encode(), file_name="a.csv"))
    return [row.problems[0].code if row.problems else row.values["day"] for row in rows]


def test_a_proved_order_holds_for_the_doubtful_values_of_the_column() -> None:
    assert mapped(["03/04/2018", "13/04/2018"]) == [date(2018, 4, 3), date(2018, 4, 13)]
    assert mapped(["03/04/2018", "04/13/2018"]) == [date(2018, 3, 4), date(2018, 4, 13)]


def test_an_unproved_order_is_asked_for_and_then_kept() -> None:
    assert mapped(["03/04/2018", "05/05/2018"]) == ["ambiguous_date", date(2018, 5, 5)]
    assert mapped(["03/04/2018"], "day_first") == [date(2018, 4, 3)]
    assert mapped(["03/04/2018"], "month_first") == [date(2018, 3, 4)]


def test_in_a_contradictory_column_only_the_certain_values_are_taken() -> None:
    values = ["03/04/2018", "13/04/2018", "04/13/2018"]
    assert mapped(values) == ["ambiguous_date", date(2018, 4, 13), date(2018, 4, 13)]
    assert mapped(values, "day_first") == [date(2018, 4, 3), date(2018, 4, 13), "not_a_date"]


def test_shifted_rows_prove_nothing() -> None:
    sheet = read_table(b"n,day\n1,03/04/2018\n2,13/04/2018,x\n", file_name="a.csv")
    assert ambiguous_dates(sheet, "day").verdict == "ambiguous"


def real(name: str) -> Sheet:
    file = shared("olist_funnel", name)
    return read_table(file.read_bytes(), file_name=file.name)


def test_the_real_leads_have_their_ambiguous_dates_counted_and_their_order_proved() -> None:
    found = ambiguous_dates(real("olist_marketing_qualified_leads_dataset.csv"), "first_contact_date")
    assert (found.total, found.ambiguous, found.only_day_first, found.only_month_first) == (8_000, 3_058, 4_942, 0)
    assert (found.verdict, found.formats, found.same_either_way) == ("day_first", ("%d-%m-%Y",), 196)


def test_the_doubtful_real_dates_alone_would_be_asked_for() -> None:
    """Without the 4,942 values that prove the order, the other 2,862 are rejected rather than guessed."""
    sheet = real("olist_marketing_qualified_leads_dataset.csv")
    doubtful = [row for row in sheet.rows if int(row.cells["first_contact_date"][:2]) <= 12]
    part = Sheet(sheet.file, sheet.columns, doubtful, sheet.encoding, sheet.delimiter)
    mapping = Mapping(kind="k", title="t", columns={"day": ColumnRule(columns=("first_contact_date",))})
    rows = list(apply(mapping, DAY, part))
    codes = [row.problems[0].code for row in rows if row.problems]
    taken = [row.values["day"] for row in rows if not row.problems]
    figure("R19", "doubtful real dates guessed", sum(day.day != day.month for day in taken))
    assert (len(doubtful), len(codes), set(codes)) == (3_058, 2_862, {"ambiguous_date"})
    assert date_findings(mapping, DAY, part)["day"].must_ask


def test_the_real_funnel_of_two_files_gives_its_known_answers() -> None:
    fields = (
        TargetField(name="external_id", label="Reference", required=True),
        TargetField(name="contact", label="First contact", kind="datetime", required=True),
        TargetField(name="won", label="Won", kind="datetime"),
        TargetField(name="source", label="Source"),
    )
    mapping = Mapping(
        kind="leads",
        title="Olist",
        zone="UTC",
        columns={
            "external_id": ColumnRule(columns=("mql_id",)),
            "contact": ColumnRule(columns=("first_contact_date",), formats=("%d-%m-%Y",)),
            "won": ColumnRule(columns=("closed.won_date",), formats=("%d-%m-%Y %H:%M",)),
            "source": ColumnRule(columns=("origin",)),
        },
        joins=(Join(name="closed", file="*closed_deals*", key="mql_id"),),
    )
    (sheet,) = combine(
        mapping, [real("olist_marketing_qualified_leads_dataset.csv"), real("olist_closed_deals_dataset.csv")]
    )
    rows = [row.values for row in apply(mapping, fields, sheet) if not row.problems]
    won = [row for row in rows if row["won"]]
    days = [(row["won"] - row["contact"]).total_seconds() / 86_400 for row in won]
    assert (len(rows), len(won), sum(day < 0 for day in days)) == (8_000, 842, 1)
    assert median(days) == pytest.approx(14.6503, abs=0.0001)
    assert sum(row["source"] is None for row in rows) == 60
    assert (min(row["contact"] for row in rows).date(), max(row["contact"] for row in rows).date()) == (
        date(2017, 6, 14),
        date(2018, 5, 31),
    )
