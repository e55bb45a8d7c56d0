"""A told report drawn: its figures as tiles, then the table, bars, lines, grid of heat or pivot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import streamlit as st

from components import tables
from components.charts import reports as charts
from components.charts.base import draw, table
from components.labels import empty_state
from components.tiles import Tile, draw_tiles
from db.calendar.months import months_between
from db.core.labels import plural
from db.reports.builder_queries import NOTHING, Report
from db.reports.builder_rules import DIMS, TIMES, Figure, Part, Row, grid, label_of, said, scaled, shape_of

Point = tuple[str, int, str, int, Part | None]
"""The label along the axis, its order, the series, its order, the number."""
MOST_DRAWN: Final = 1_000
MOST_BARS: Final = 30
FORMATS: Final = {"money": "$%,.0f", "percent": "%.1f%%", "days": "%.1f d", "minutes": "%,.0f min"}


def draw_whole(report: Report, *, at: datetime, zone: str) -> None:
    """Each figure over all rows, as its metric says it, with its definition."""
    parts = report.totals.get((NOTHING, NOTHING)) or [r.parts for r in report.rows if not r.keys][:1] or [()]
    whole: Sequence[Part | None] = parts if isinstance(parts, tuple) else parts[0]
    tiles = []
    for place, (figure, what) in enumerate(zip(report.figures, report.definitions, strict=True)):
        part = whole[place] if place < len(whole) else None
        note = ""
        if part is not None and part.denominator is not None:
            note = f"n = {part.denominator:,.0f}" if figure.unit != "money" else ""
        tiles.append(Tile(definition=what, value=said(part, figure.unit), note=note))
    draw_tiles(tiles, key="rb", as_of=at, zone=zone)


def draw_report(report: Report) -> None:
    """The rows in the shape that was asked for; the table stands below a chart."""
    spec = report.spec
    if not any(p is not None and p.value is not None for row in report.rows for p in row.parts):
        empty_state("search_off", "There is nothing to count in these months.", action="Choose a longer period.")
        return
    shape = shape_of(spec)
    if shape == "table":
        draw_table(report)
        return
    for place, figure in enumerate(report.figures):
        with st.container(border=True):
            st.markdown(f"**{figure.title}** :gray[{_by(report)}]")
            if shape == "bars":
                _draw_bars(report, place, figure)
            elif shape == "line":
                _draw_lines(report, place, figure)
            elif shape == "heat":
                _draw_heat(report, place, figure)
            else:
                draw_pivot(report, place, figure)
    if shape != "pivot":
        with st.expander("The numbers", icon=":material/table_rows:"):
            draw_table(report)


def _by(report: Report) -> str:
    return "by " + " and ".join(DIMS[d].lower() for d in report.spec.by)


# ---- table ------------------------------------------------------------------------------------------------------
def _column(figure: Figure, values: Sequence[float | None]) -> Any:
    is_whole = figure.unit not in FORMATS and all(v is None or float(v).is_integer() for v in values)
    return tables.number(figure.title, width=130, format="localized" if is_whole else FORMATS.get(figure.unit, "%,.1f"))


def draw_table(report: Report) -> None:
    """One row for each combination, a column a figure, on demand with what each number is made of."""
    spec, rows = report.spec, report.rows[:MOST_DRAWN]
    data: dict[str, list[Any]] = {}
    columns: dict[str, Any] = {}
    for place, dim in enumerate(spec.by):
        data[dim] = [row.labels[place] for row in rows]
        columns[dim] = tables.text(DIMS[dim], width=190 if dim == "dealer" else 130, pinned=True)
    for place, figure in enumerate(report.figures):
        found = [row.parts[place] for row in rows]
        values = [scaled(p.value, figure.unit) if p else None for p in found]
        data[figure.name] = [v if v is None or figure.unit != "percent" else 100 * v for v in values]
        columns[figure.name] = _column(figure, values)
        if spec.parts and any(p is not None and p.denominator is not None for p in found):
            for name, label in (("numerator", "Counted"), ("denominator", "Out of")):
                key = f"{figure.name}_{name}"
                is_money = figure.unit == "money" and name == "numerator"
                data[key] = [scaled(getattr(p, name), "money" if is_money else "") if p else None for p in found]
                columns[key] = tables.number(
                    label, width=100, format="$%,.0f" if is_money else "localized", help=f"Of {figure.title}"
                )
    tables.show(
        table(data), key="rb_table", alt="The report as a table", columns=columns,
        height=430 if len(rows) > 11 else "auto",
    )  # fmt: skip
    if len(report.rows) > len(rows):
        st.caption(f"The first {len(rows):,} of {plural(len(report.rows), 'row')}; the file has all.")


def draw_pivot(report: Report, place: int, figure: Figure) -> None:
    """One figure with one dimension down and one across; the wholes come first and are told by the metric itself."""
    made = grid(report.rows, report.spec.by, place)
    data: dict[str, list[Any]] = {made.down: ["All", *(label for _, label in made.rows)]}
    columns: dict[str, Any] = {made.down: tables.text(DIMS[made.down], width=190, pinned=True)}

    def total(dims: tuple[str, ...], keys: tuple[str, ...]) -> str:
        parts = report.totals.get((dims, keys))
        return said(parts[place], figure.unit) if parts else said(None, figure.unit)

    right = st.column_config.TextColumn
    for key, label in made.columns:
        cells = [said(made.cells.get((row, key)), figure.unit) for row, _ in made.rows]
        data[f"c_{key}"] = [total((made.across,), (key,)), *cells]
        columns[f"c_{key}"] = right(label, width=92, alignment="right")
    ends = [total((made.down,), (row,)) for row, _ in made.rows]
    data["all"] = [total(NOTHING, NOTHING), *ends]
    columns["all"] = right("All", width=92, alignment="right")
    tables.show(
        table(data), key=f"rb_pivot_{figure.name}", alt=f"{figure.title} as a pivot", columns=columns,
        height=430 if len(made.rows) > 10 else "auto",
    )  # fmt: skip


# ---- charts -----------------------------------------------------------------------------------------------------
def _made(rows: Sequence[Point], unit: str) -> Any:
    values = [scaled(p.value, unit) if p else None for *_, p in rows]
    known = [v for v in values if v is not None]
    least, most = min(known, default=0.0), max(known, default=0.0)
    span = (most - least) or 1.0
    return table(
        {
            "what": [r[0] for r in rows], "order": [r[1] for r in rows], "series": [r[2] for r in rows],
            "series_order": [r[3] for r in rows], "value": values,
            "label": ["" if v is None else said(r[4], unit) for r, v in zip(rows, values, strict=True)],
            "dark": [0.0 if v is None else (v - least) / span for v in values],
        }
    )  # fmt: skip


def _series(report: Report, at: int) -> tuple[str, ...]:
    """The labels of a dimension that become series: the first ones in reading order."""
    return tuple(dict.fromkeys(row.labels[at] for row in report.rows))[: charts.MOST_SERIES]


def _split(report: Report, main: int, place: int) -> tuple[list[Point], tuple[str, ...]]:
    """Rows for a chart with one dimension along the axis and the other, where there is one, as series."""
    if len(report.spec.by) == 1:
        return [(r.labels[0], n, "", 0, r.parts[place]) for n, r in enumerate(report.rows)], ()
    other = 1 - main
    series = _series(report, other)
    order = {label: n for n, label in enumerate(dict.fromkeys(r.labels[main] for r in _along(report, main)))}
    rows = [
        (r.labels[main], order[r.labels[main]], r.labels[other], series.index(r.labels[other]), r.parts[place])
        for r in report.rows if r.labels[other] in series
    ]  # fmt: skip
    return rows, series


def _along(report: Report, main: int) -> list[Row]:
    rows = list(report.rows)
    return sorted(rows, key=lambda r: r.keys[main]) if report.spec.by[main] in TIMES else rows


def _cut(rows: Sequence[Point], most: int) -> int:
    found = len({r[0] for r in rows})
    if found > most:
        st.caption(f"The first {most} of {found:,}; the numbers below and the file have all.")
    return most


def _draw_bars(report: Report, place: int, figure: Figure) -> None:
    rows, series = _split(report, 0, place)
    most = _cut(rows, MOST_BARS)
    _say_series(report, 1, series)
    drawn = [r for r in rows if r[1] < most]
    draw(
        charts.bars(title=figure.title, unit=figure.unit, series=series), _made(drawn, figure.unit),
        alt_text=f"{figure.title} {_by(report)}", key=f"rb_bars_{figure.name}",
    )  # fmt: skip


def _draw_lines(report: Report, place: int, figure: Figure) -> None:
    main = next(n for n, dim in enumerate(report.spec.by) if dim in TIMES)
    rows, series = _split(report, main, place)
    rows = _unbroken(report, main, rows, series)
    _say_series(report, 1 - main, series)
    draw(
        charts.lines(title=figure.title, unit=figure.unit, series=series), _made(rows, figure.unit),
        alt_text=f"{figure.title} {_by(report)}", key=f"rb_lines_{figure.name}",
    )  # fmt: skip


def _unbroken(report: Report, main: int, rows: Sequence[Point], series: Sequence[str]) -> list[Point]:
    """Every month from the first that has a number to the last, so that one without a number leaves a gap."""
    times = dict.fromkeys(r.labels[main] for r in _along(report, main))
    if report.spec.by[main] == "month" and report.rows:
        first = date.fromisoformat(f"{min(r.keys[main] for r in report.rows)}-01")
        times = dict.fromkeys(label_of("month", f"{m:%Y-%m}") for m in months_between(first, report.last))
    order = {label: n for n, label in enumerate(times)}
    there = {(r[0], r[2]): r for r in rows}
    found: list[Point] = []
    for n, name in enumerate(series or ("",)):
        for label, at in order.items():
            known = there.get((label, name))
            found.append((label, at, name, n, known[4] if known else None))
    return found


def _say_series(report: Report, at: int, series: tuple[str, ...]) -> None:
    if series and len(found := {r.labels[at] for r in report.rows}) > len(series):
        st.caption(f"The first {len(series)} of {len(found):,}; choose some to see others.")


def _draw_heat(report: Report, place: int, figure: Figure) -> None:
    made = grid(report.rows, report.spec.by, place)
    rows = [
        (label, n, column, c, made.cells.get((row, key)))
        for n, (row, label) in enumerate(made.rows[:MOST_BARS])
        for c, (key, column) in enumerate(made.columns)
    ]
    if len(made.rows) > MOST_BARS:
        st.caption(f"The first {MOST_BARS} of {len(made.rows):,}; the numbers below and the file have all.")
    draw(
        charts.heat(title=figure.title, better=figure.better), _made(rows, figure.unit),
        alt_text=f"{figure.title} {_by(report)}", key=f"rb_heat_{figure.name}",
    )  # fmt: skip
