"""What may stand together in a report of one's own, which days it covers, its shape, and how its rows become a grid.

A report is a `Spec`. Its address and its stored form are the same lists of words (`to_query`, `from_query`). Months are
those of the desk. Source: feature list 1.3, issue 8; decision 0064 on dimensions and totals.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from db.calendar.months import DAY, MOST_MONTHS, add_months, month_of, months_between
from db.core.labels import days_label, minutes_label, percent_label
from db.core.problems import Problem, Problems

MOST_METRICS: Final = 4
MOST_DIMS: Final = 2
MOST_CELLS: Final = 5_000
"""A report with more cells than this is not drawn: it has to be narrowed."""
FEW: Final = 10
"""A share of fewer is told as its two numbers."""
DASH: Final = "–"
PERIODS: Final = {"1": "This month", "3": "3 months", "6": "6 months", "12": "12 months", "own": "Own months"}
SHAPES: Final = {"table": "Table", "bars": "Bars", "line": "Line", "heat": "Heat grid", "pivot": "Pivot"}
TIMES: Final = ("day", "due_on", "week", "month", "quarter")
COMMON: Final = frozenset({"month", "quarter", "region", "dealer", "state", "source", "product"})
"""What means the same in every area. A `kind` is an order's in one area and an appointment's in another."""
DIMS: Final = {
    "month": "Month", "quarter": "Quarter", "week": "Week", "day": "Day", "due_on": "Due day", "region": "Region",
    "dealer": "Dealer", "state": "State", "source": "Source", "product": "Product line", "person": "Person",
    "kind": "Kind", "touch": "Touch", "host": "Host", "plan": "Plan", "type": "Type", "component": "Component",
    "model": "Model", "part": "Part", "program": "Program", "programme": "Programme", "medium": "Medium",
    "made_by": "Promised by",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A metric as a report needs it: what it can be split by, and the area whose words it speaks."""

    name: str
    title: str
    unit: str
    dims: tuple[str, ...]
    area: str
    area_title: str
    better: str = "none"


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A report: one to four metrics by up to two dimensions.

    `period` is a number of months that end with the last day, or "own" with `since` and `until` ("YYYY-MM"). `as_of`
    is the last day anything counts of; without it that is today. `parts` shows numerator and denominator.
    """

    metrics: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    period: str = "12"
    since: str = ""
    until: str = ""
    regions: tuple[str, ...] = ()
    dealers: tuple[str, ...] = ()
    shape: str = "table"
    parts: bool = False
    as_of: date | None = None


@dataclass(frozen=True)
class Part:
    """One number: what it is made of, and the value as its metric gives it."""

    numerator: float | None
    denominator: float | None
    value: float | None


@dataclass(frozen=True)
class Row:
    """One row: a key and a label for each dimension, a number (or None) for each metric."""

    keys: tuple[str, ...]
    labels: tuple[str, ...]
    parts: tuple[Part | None, ...]


@dataclass(frozen=True)
class Grid:
    """One metric of a report by two dimensions. `cells` by (row key, column key); an absent cell has no number."""

    across: str
    down: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str], ...]
    cells: Mapping[tuple[str, str], Part]


# ---- the address ------------------------------------------------------------------------------------------------
PREFIX: Final = "rb_"
_LISTS: Final = {"m": "metrics", "by": "by", "region": "regions", "dealer": "dealers"}
MOST_WORDS: Final = 200
_WORDS: Final = {"period": "period", "from": "since", "to": "until", "shape": "shape"}


QUERY: Final = tuple(PREFIX + short for short in (*_LISTS, *_WORDS, "parts", "as_of"))


def to_query(spec: Spec) -> dict[str, list[str]]:
    """The report as the query of its address: only what differs from an empty report."""
    empty, found = Spec(), {}
    for short, name in _LISTS.items():
        if getattr(spec, name):
            found[PREFIX + short] = list(getattr(spec, name))
    for short, name in _WORDS.items():
        is_own = spec.period == "own" or name not in ("since", "until")
        if is_own and getattr(spec, name) != getattr(empty, name):
            found[PREFIX + short] = [getattr(spec, name)]
    if spec.parts:
        found[PREFIX + "parts"] = ["1"]
    if spec.as_of:
        found[PREFIX + "as_of"] = [spec.as_of.isoformat()]
    return found


def from_query(query: Mapping[str, Sequence[str]]) -> Spec:
    """The report an address names; a word that makes no sense is left out, never an error."""

    def words(short: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(w for w in query.get(PREFIX + short, ()) if w))[:MOST_WORDS]

    def word(short: str) -> str:
        return (words(short) or ("",))[-1]

    period, shape, since, until = word("period"), word("shape"), word("from"), word("to")
    return Spec(
        metrics=words("m"), by=words("by"), regions=words("region"), dealers=words("dealer"),
        period=period if period in PERIODS else Spec().period, shape=shape if shape in SHAPES else Spec().shape,
        since=since if _month(since) else "", until=until if _month(until) else "", parts=word("parts") == "1",
        as_of=_day(word("as_of")),
    )  # fmt: skip


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2100 else None


def _month(text: str) -> date | None:
    return _day(f"{text}-01") if len(text) == 7 else None


# ---- days -------------------------------------------------------------------------------------------------------
def days_of(spec: Spec, today: date) -> tuple[date, date]:
    """The first and the last day of a report, both included; nothing after its as-of day or today counts."""
    end = min(today, spec.as_of) if spec.as_of else today
    since, until = _month(spec.since), _month(spec.until)
    if spec.period == "own" and (since or until):
        last_month = until or max(month_of(end), since or month_of(end))
        first = since or add_months(last_month, -11)
        first, last_month = min(first, last_month), max(first, last_month)
        last = min(add_months(last_month, 1) - DAY, end)
        return min(first, month_of(last)), last
    months = 12 if spec.period == "own" else int(spec.period)
    return add_months(month_of(end), 1 - months), end


# ---- what may stand together ------------------------------------------------------------------------------------
def shared_dims(figures: Sequence[Figure]) -> tuple[str, ...]:
    """What all of these can be split by, in the meaning they share; of one area also what only that area knows."""
    if not figures:
        return ()
    same = len({f.area for f in figures}) == 1
    return tuple(
        dim for dim in DIMS if all(dim in f.dims for f in figures) and (same or dim in COMMON)
    )  # fmt: skip


def shapes_of(by: Sequence[str]) -> tuple[str, ...]:
    """The shapes a report with these dimensions can take; the first is always there."""
    found = ["table"]
    if by:
        found.append("bars")
    if any(dim in TIMES for dim in by):
        found.append("line")
    if len(by) == MOST_DIMS:
        found += ["heat", "pivot"]
    return tuple(found)


def shape_of(spec: Spec) -> str:
    """The shape that is drawn: the one asked for, or the table where that is not possible."""
    return spec.shape if spec.shape in shapes_of(spec.by) else "table"


def check(spec: Spec, known: Mapping[str, Figure]) -> tuple[Problem, ...]:
    """Everything that keeps a report from being told, field by field; nothing when it can be."""
    problems = Problems()
    if not spec.metrics:
        problems.add("metrics", "required", "Choose at least one figure.")
    if len(spec.metrics) > MOST_METRICS:
        problems.add("metrics", "too_many", f"A report has at most {MOST_METRICS} figures.")
    unknown = [name for name in spec.metrics if name not in known]
    if unknown:
        problems.add("metrics", "unknown", f"There is no figure {', '.join(unknown)} for your role.")
    if len(spec.by) > MOST_DIMS:
        problems.add("by", "too_many", f"A report is split by at most {MOST_DIMS} things.")
    figures = [known[name] for name in spec.metrics if name in known]
    shared = shared_dims(figures)
    for dim in spec.by:
        if figures and dim not in shared:
            problems.add("by", "not_shared", _why_not(dim, figures))
    since, until = _month(spec.since), _month(spec.until)
    if spec.period == "own" and since and until and len(months_between(min(since, until), max(since, until))) > 36:
        problems.add("since", "too_long", f"A report covers at most {MOST_MONTHS} months.")
    return tuple(problems.found)


def _why_not(dim: str, figures: Sequence[Figure]) -> str:
    label = DIMS.get(dim, dim)
    without = [f.title for f in figures if dim not in f.dims]
    if without:
        return f"{' and '.join(without)} cannot be split by {label.lower()}."
    areas = " and ".join(dict.fromkeys(f.area_title for f in figures))
    return f"{label} means something else in each of {areas}, so these figures do not share it."


# ---- rows -------------------------------------------------------------------------------------------------------
def ordered(rows: Sequence[Row], by: Sequence[str]) -> list[Row]:
    """Rows in the order people read: time forward, everything else by its first number, most first."""
    best: dict[tuple[int, str], float] = {}
    for row in rows:
        value = row.parts[0].value if row.parts and row.parts[0] else None
        for place, key in enumerate(row.keys):
            best[place, key] = max(best.get((place, key), -math.inf), -math.inf if value is None else value)

    def rank(row: Row) -> tuple[object, ...]:
        found: list[object] = []
        for place, (dim, key) in enumerate(zip(by, row.keys, strict=True)):
            found += [0.0, key] if dim in TIMES else [-best[place, key], row.labels[place].casefold(), key]
        return tuple(found)

    return sorted(rows, key=rank)


def grid(rows: Sequence[Row], by: Sequence[str], metric: int) -> Grid:
    """One metric with a dimension down and one across; time goes across, else the second dimension does."""
    across = 0 if by[0] in TIMES and by[1] not in TIMES else 1
    down = 1 - across
    columns = dict.fromkeys((r.keys[across], r.labels[across]) for r in rows)
    lines = dict.fromkeys((r.keys[down], r.labels[down]) for r in rows)
    if by[across] in TIMES:
        columns = dict.fromkeys(sorted(columns))
    cells = {(r.keys[down], r.keys[across]): p for r in rows if (p := r.parts[metric]) is not None}
    return Grid(by[across], by[down], tuple(columns), tuple(lines), cells)


# ---- words ------------------------------------------------------------------------------------------------------
def said(part: Part | None, unit: str) -> str:
    """A number in the words of its unit; an en dash where there is none. A share of few is told as two numbers."""
    if part is None or part.value is None or not math.isfinite(part.value):
        return DASH
    value = part.value
    if unit == "percent":
        if part.denominator is not None and part.numerator is not None and 0 < part.denominator < FEW:
            return f"{part.numerator:g} of {part.denominator:g}"
        return percent_label(value, 1)
    if unit == "money":
        sign, whole = "-" if value < 0 else "", abs(value)
        return f"{sign}${whole / 100:,.2f}" if 0 < whole < 100_00 else f"{sign}${round(whole / 100):,}"
    if unit == "minutes":
        return minutes_label(value)
    if unit == "days":
        return days_label(value)
    is_whole = float(value).is_integer() and part.denominator is None  # an index of 94 stands among others with digits
    return f"{value:,.0f}" if is_whole else f"{value:,.1f}"


def scaled(value: float | None, unit: str) -> float | None:
    """A value as a chart draws it: dollars of cents, everything else as it is."""
    if value is None or not math.isfinite(value):
        return None
    return value / 100 if unit == "money" else float(value)


def label_of(dim: str, key: str) -> str:
    """The words of a key: a month as "Nov 2026", nothing as "None"."""
    if dim == "month" and (month := _month(key)):
        return f"{month:%b %Y}"
    return key or "None"


def describe(spec: Spec, known: Mapping[str, Figure]) -> str:
    """A report in one line: "Leads received and Closed by month and region"."""
    titles = [known[m].title if m in known else m for m in spec.metrics]
    words = ", ".join(titles[:-1]) + (" and " if len(titles) > 1 else "") + (titles[-1] if titles else "")
    by = " and ".join(DIMS.get(d, d).lower() for d in spec.by)
    return f"{words} by {by}" if by else words
