"""What may stand together in a report, its days and shapes, its address, its grid; how kept reports are sent."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.core.problems import Problems
from db.reports.builder_rules import (
    PERIODS,
    SHAPES,
    Figure,
    Part,
    Row,
    Spec,
    check,
    days_of,
    describe,
    from_query,
    grid,
    label_of,
    ordered,
    said,
    scaled,
    shape_of,
    shapes_of,
    shared_dims,
    to_query,
)
from db.reports.saved_rules import (
    as_text,
    check_schedule,
    check_sharing,
    may_read,
    next_day,
    schedule_words,
)

LEADS = Figure(
    name="received", title="Leads", unit="count", dims=("month", "region", "dealer", "source", "person"), area="leads",
    area_title="Leads",
)  # fmt: skip
SLA = Figure(
    name="sla", title="Answered", unit="percent", dims=("month", "region", "dealer", "person"), area="leads",
    area_title="Leads",
)  # fmt: skip
FILL = Figure(
    name="fill", title="Fill", unit="percent", dims=("month", "region", "dealer", "kind"), area="parts",
    area_title="Parts",
)  # fmt: skip
VISITS = Figure(
    name="visits", title="Visits", unit="count", dims=("region", "dealer", "kind", "person"), area="appointments",
    area_title="Appointments",
)  # fmt: skip
KNOWN = {f.name: f for f in (LEADS, SLA, FILL, VISITS)}
TODAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    "names, dims",
    [
        ((), ()),
        (("received",), ("month", "region", "dealer", "source", "person")),
        (("received", "sla"), ("month", "region", "dealer", "person")),
        (("received", "fill"), ("month", "region", "dealer")),
        (("fill",), ("month", "region", "dealer", "kind")),
        (("fill", "visits"), ("region", "dealer")),  # both have a kind: an order's and an appointment's
        (("received", "visits"), ("region", "dealer")),  # both have people: who answers and who receives
        (("received", "sla", "fill", "visits"), ("region", "dealer")),
    ],
)
def test_what_figures_share(names, dims):
    assert shared_dims([KNOWN[n] for n in names]) == dims


@pytest.mark.parametrize(
    "spec, problems",
    [
        (Spec(), [("metrics", "required")]),
        (Spec(metrics=("received",)), []),
        (Spec(metrics=("received", "fill"), by=("month", "region")), []),
        (Spec(metrics=("a", "b", "c", "d", "e")), [("metrics", "too_many"), ("metrics", "unknown")]),
        (Spec(metrics=("received", "secret")), [("metrics", "unknown")]),
        (Spec(metrics=("received",), by=("month", "region", "dealer")), [("by", "too_many")]),
        (Spec(metrics=("received", "fill"), by=("source",)), [("by", "not_shared")]),
        (Spec(metrics=("fill", "visits"), by=("kind",)), [("by", "not_shared")]),
        (Spec(metrics=("received",), period="own", since="2022-01", until="2026-01"), [("since", "too_long")]),
        (Spec(metrics=("received",), period="own", since="2024-01", until="2026-12"), []),
    ],
)
def test_what_keeps_a_report_from_being_told(spec, problems):
    assert [(p.field, p.code) for p in check(spec, KNOWN)] == problems


def test_the_reason_names_the_figure_or_the_areas():
    assert check(Spec(metrics=("received", "fill"), by=("source",)), KNOWN)[0].message == (
        "Fill cannot be split by source."
    )
    assert "something else in each of Parts and Appointments" in (
        check(Spec(metrics=("fill", "visits"), by=("kind",)), KNOWN)[0].message
    )


@pytest.mark.parametrize(
    "by, shapes",
    [
        ((), ("table",)),
        (("region",), ("table", "bars")),
        (("month",), ("table", "bars", "line")),
        (("quarter",), ("table", "bars", "line")),
        (("region", "dealer"), ("table", "bars", "heat", "pivot")),
        (("region", "month"), ("table", "bars", "line", "heat", "pivot")),
    ],
)
def test_the_shapes_of_dimensions(by, shapes):
    assert shapes_of(by) == shapes
    for shape in SHAPES:
        assert shape_of(Spec(by=by, shape=shape)) == (shape if shape in shapes else "table")


@pytest.mark.parametrize(
    "spec, days",
    [
        (Spec(), (date(2025, 12, 1), TODAY)),
        (Spec(period="1"), (date(2026, 11, 1), TODAY)),
        (Spec(period="3"), (date(2026, 9, 1), TODAY)),
        (Spec(period="3", as_of=date(2026, 8, 14)), (date(2026, 6, 1), date(2026, 8, 14))),
        (Spec(period="1", as_of=date(2027, 5, 1)), (date(2026, 11, 1), TODAY)),  # nothing is known of tomorrow
        (Spec(period="own"), (date(2025, 12, 1), TODAY)),
        (Spec(period="own", since="2026-02", until="2026-04"), (date(2026, 2, 1), date(2026, 4, 30))),
        (Spec(period="own", since="2026-04", until="2026-02"), (date(2026, 2, 1), date(2026, 4, 30))),
        (Spec(period="own", since="2026-02"), (date(2026, 2, 1), TODAY)),
        (Spec(period="own", until="2026-02"), (date(2025, 3, 1), date(2026, 2, 28))),
        (
            Spec(period="own", since="2026-02", until="2026-11", as_of=date(2026, 6, 10)),
            (date(2026, 2, 1), date(2026, 6, 10)),
        ),
        (Spec(period="own", since="2027-02"), (date(2026, 11, 1), TODAY)),
    ],
)
def test_the_days_of_a_report(spec, days):
    assert days_of(spec, TODAY) == days


def test_a_link_with_a_day_shows_the_same_days_later():
    spec = Spec(period="6", as_of=date(2026, 8, 14))
    assert days_of(spec, TODAY) == days_of(spec, date(2029, 1, 1))
    assert days_of(Spec(period="6"), TODAY) != days_of(Spec(period="6"), date(2029, 1, 1))


# ---- the address --------------------------------------------------------------------------------------------------
texts = st.lists(st.text(min_size=1, max_size=12), max_size=4, unique=True).map(tuple)
months = st.dates(date(2000, 1, 1), date(2100, 12, 31)).map(lambda d: f"{d:%Y-%m}")


@given(
    st.builds(
        Spec, metrics=texts, by=texts, regions=texts, dealers=texts, period=st.sampled_from(list(PERIODS)),
        since=months | st.just(""), until=months | st.just(""), shape=st.sampled_from(list(SHAPES)),
        parts=st.booleans(), as_of=st.none() | st.dates(date(2000, 1, 1), date(2100, 12, 31)),
    )
)  # fmt: skip
def test_the_address_is_the_report(spec):
    back = from_query(to_query(spec))
    assert to_query(back) == to_query(spec)
    assert days_of(back, TODAY) == days_of(spec, TODAY)
    if spec.period == "own":
        assert back == spec


@given(st.dictionaries(st.sampled_from(["rb_m", "rb_by", "rb_period", "rb_as_of", "rb_from", "rb_shape", "x"]),
                       st.lists(st.text(max_size=12), max_size=3)))  # fmt: skip
def test_an_address_of_nonsense_is_a_report_that_can_be_checked(query):
    spec = from_query(query)
    check(spec, KNOWN)
    first, last = days_of(spec, TODAY)
    assert first <= last <= TODAY


def test_an_empty_report_has_an_empty_address():
    assert to_query(Spec()) == {}
    assert to_query(Spec(since="2026-01")) == {}, "own months belong to the period of one's own"


# ---- rows -----------------------------------------------------------------------------------------------------------
def part(value):
    return Part(value, None, value)


ROWS = [
    Row(("East", "2026-02"), ("East", "Feb"), (part(3.0),)),
    Row(("West", "2026-01"), ("West", "Jan"), (part(9.0),)),
    Row(("East", "2026-01"), ("East", "Jan"), (part(1.0),)),
    Row(("North", "2026-01"), ("North", "Jan"), (None,)),
]


def test_rows_are_read_most_first_and_time_forward():
    assert [r.keys for r in ordered(ROWS, ("region", "month"))] == [
        ("West", "2026-01"), ("East", "2026-01"), ("East", "2026-02"), ("North", "2026-01"),
    ]  # fmt: skip
    turned = [Row(r.keys[::-1], r.labels[::-1], r.parts) for r in ROWS]
    assert [r.keys[0] for r in ordered(turned, ("month", "region"))] == ["2026-01", "2026-01", "2026-01", "2026-02"]


@pytest.mark.parametrize("by", [("region", "month"), ("month", "region")])
def test_time_goes_across(by):
    rows = ROWS if by[0] == "region" else [Row(r.keys[::-1], r.labels[::-1], r.parts) for r in ROWS]
    found = grid(ordered(rows, by), by, 0)
    assert (found.down, found.across) == ("region", "month")
    assert found.columns == (("2026-01", "Jan"), ("2026-02", "Feb"))
    assert {label for _, label in found.rows} == {"East", "West", "North"}
    assert found.cells["East", "2026-02"].value == 3.0
    assert ("North", "2026-01") not in found.cells


def test_of_two_that_are_not_time_the_second_goes_across():
    rows = [Row(("East", "web"), ("East", "Web"), (part(1.0),)), Row(("West", "web"), ("West", "Web"), (part(2.0),))]
    found = grid(ordered(rows, ("region", "source")), ("region", "source"), 0)
    assert (found.down, found.across, found.columns) == ("region", "source", (("web", "Web"),))
    assert [key for key, _ in found.rows] == ["West", "East"]


@pytest.mark.parametrize(
    "number, unit, words",
    [
        (None, "count", "–"), (Part(1, 2, None), "percent", "–"), (part(float("nan")), "count", "–"),
        (part(1234.0), "count", "1,234"), (Part(9_400, 100, 94.0), "count", "94.0"), (part(92.6), "count", "92.6"),
        (Part(45, 100, 0.45), "percent", "45.0%"),
        (Part(3, 7, 3 / 7), "percent", "3 of 7"), (part(1_234_56.0), "money", "$1,235"),
        (part(99_99.0), "money", "$99.99"),
        (part(-500_00.0), "money", "-$500"), (part(3.25), "days", "3.2 d"), (part(125.0), "minutes", "2 h 05 min"),
    ],
)  # fmt: skip
def test_a_number_in_words(number, unit, words):
    assert said(number, unit) == words


def test_small_words():
    assert [label_of(*x) for x in (("month", "2026-11"), ("month", "odd"), ("region", ""), ("source", "web"))] == [
        "Nov 2026", "odd", "None", "web",
    ]  # fmt: skip
    assert [scaled(v, u) for v, u in ((12_34, "money"), (0.5, "percent"), (None, "money"))] == [12.34, 0.5, None]
    assert describe(Spec(metrics=("received", "sla", "gone"), by=("month", "region")), KNOWN) == (
        "Leads, Answered and gone by month and region"
    )


# ---- kept -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("shared, reads", [
    ("me", {"mine", "recipient"}), ("desk", {"mine", "recipient", "desk"}),
    ("all", {"mine", "recipient", "desk", "dealer"}),
])  # fmt: skip
def test_who_reads_a_kept_report(shared, reads):
    who = {
        "mine": {"is_mine": True, "gets_it": False, "is_dealer": True},
        "recipient": {"is_mine": False, "gets_it": True, "is_dealer": True},
        "desk": {"is_mine": False, "gets_it": False, "is_dealer": False},
        "dealer": {"is_mine": False, "gets_it": False, "is_dealer": True},
    }
    assert {name for name, facts in who.items() if may_read(shared=shared, **facts)} == reads


@pytest.mark.parametrize(
    "asked, code",
    [
        ({"shared": "me", "may_share": False}, ""), ({"shared": "desk", "may_share": True}, ""),
        ({"shared": "desk", "may_share": False}, "not_allowed"), ({"shared": "world", "may_share": True}, "unknown"),
        ({"shared": "desk", "may_share": False, "was": "desk"}, ""),
        ({"shared": "all", "may_share": True, "spec": Spec(dealers=("04012",))}, "names_dealers"),
        ({"shared": "desk", "may_share": True, "spec": Spec(dealers=("04012",))}, ""),
        ({"shared": "all", "may_share": True, "spec": Spec(regions=("East",))}, ""),
    ],
)  # fmt: skip
def test_sharing(asked, code):
    problems = Problems()
    check_sharing(problems, **({"spec": Spec()} | asked))
    assert [p.code for p in problems.found] == ([code] if code else [])


@pytest.mark.parametrize(
    "rhythm, day, people, codes",
    [
        ("", 0, [], []), ("weekly", 7, [1], []), ("weekly", 8, [1], ["out_of_range"]), ("monthly", 28, [1], []),
        ("monthly", 29, [1], ["out_of_range"]), ("weekly", 0, [], ["out_of_range", "required"]),
        ("daily", 1, [1], ["unknown"]), ("weekly", 1, list(range(51)), ["too_many"]),
    ],
)  # fmt: skip
def test_schedules(rhythm, day, people, codes):
    problems = Problems()
    check_schedule(problems, rhythm=rhythm, day=day, people=people)
    assert [p.code for p in problems.found] == codes


@pytest.mark.parametrize(
    "rhythm, day, after, expected",
    [
        ("", 0, TODAY, None),
        ("weekly", 1, TODAY, date(2026, 11, 30)),  # the 27th is a Friday
        ("weekly", 5, TODAY, date(2026, 12, 4)),  # never the same day again
        ("weekly", 6, TODAY, date(2026, 11, 28)),
        ("monthly", 28, TODAY, date(2026, 11, 28)),
        ("monthly", 27, TODAY, date(2026, 12, 27)),
        ("monthly", 1, date(2026, 12, 31), date(2027, 1, 1)),
        ("monthly", 28, date(2027, 1, 30), date(2027, 2, 28)),
    ],
)
def test_the_next_day(rhythm, day, after, expected):
    assert next_day(rhythm, day, after) == expected


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(1, 7), st.integers(1, 28))
def test_the_next_day_is_always_later_and_never_far(after, weekday, day):
    week, month = next_day("weekly", weekday, after), next_day("monthly", day, after)
    assert week is not None
    assert month is not None
    assert 1 <= (week - after).days <= 7
    assert week.isoweekday() == weekday
    assert 1 <= (month - after).days <= 31
    assert month.day == day


def test_a_table_in_plain_letters():
    text = as_text(["Month", "Leads"], [["Jan 2026", "7"], ["Feb", "1,200"]], most=2)
    assert text.splitlines() == ["Month     Leads", "---------------", "Jan 2026      7", "Feb       1,200"]
    assert as_text(["M", "L"], [["a", "1"], ["b", "2"]], most=1).endswith("... and 1 more rows; the report has all.")
    assert [schedule_words(*x) for x in (("weekly", 1), ("monthly", 3), ("", 0))] == [
        "Every Monday", "On day 3 of every month", "Not sent",
    ]  # fmt: skip
