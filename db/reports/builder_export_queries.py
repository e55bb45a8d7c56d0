"""A report as a file: its rows flat, each number with what it is made of, and in a workbook a sheet with charts.

xlsxwriter cannot write pivot tables; the sheet "Data" has one row a combination, ready to make one of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.area import ExportKind
from db.core.export_files import ExportAbout, ExportColumn, neutralise, write_xlsx
from db.core.permissions import Permission
from db.reports.builder_figures import all_figures, figures_of
from db.reports.builder_queries import run_report
from db.reports.builder_rules import DIMS, TIMES, Figure, Grid, Part, Row, Spec, describe, grid, scaled, shape_of

KINDS: Final = {"percent": "percent", "money": "money"}
MASKS: Final = {"percent": "0.0%", "money": "$#,##0", "days": "0.0", "minutes": "#,##0", "count": "#,##0.##"}
UNITS: Final = {"minutes": " (minutes)", "days": " (days)"}
MOST_ROWS: Final = 200
MOST_SERIES: Final = 12


def report_export(spec: Spec, *, actor: Actor) -> ExportKind:
    """The report as a kind of export for this actor: columns of the figures their role may see."""
    figures = [f for name, f in figures_of(actor).items() if name in spec.metrics]
    figures.sort(key=lambda f: spec.metrics.index(f.name))
    return ExportKind(
        name="report", title=describe(spec, all_figures()), permission=Permission.REPORTS_VIEW,
        columns=tuple(_columns(spec, figures)), rows=partial(_rows, spec, tuple(figures)),
        sheets=partial(_sheets, spec, tuple(figures)),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Workbook:
    """A report as a workbook for one reader, and what the export log says of it."""

    content: bytes
    row_count: int
    columns: tuple[str, ...]
    filters: dict[str, Any]


def workbook(session: Session, spec: Spec, *, actor: Actor, now: datetime) -> Workbook:
    """The same file a reader would take from the page, told within their scope and role. Needs export.run."""
    actor.require(Permission.EXPORT_RUN)
    kind, filters = report_export(spec, actor=actor), report_filters(spec)
    used = {name: value for name, value in filters.items() if value not in (None, "", (), [])}
    rows = list(kind.rows(session, actor=actor, scope=actor.scope, filters=used, now=now))
    about = ExportAbout(
        title=kind.title, as_of=now, by=actor.name, row_count=len(rows), zone=actor.zone,
        filters=(("Dealers", actor.scope.describe()), *((name, _words(value)) for name, value in used.items())),
    )  # fmt: skip
    return Workbook(
        content=write_xlsx(kind.columns, rows, about, sheets=kind.sheets), row_count=len(rows),
        columns=tuple(c.name for c in kind.columns),
        filters={name: value if isinstance(value, list | str) else str(value) for name, value in used.items()},
    )  # fmt: skip


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def report_filters(spec: Spec) -> dict[str, Any]:
    """What the log and the sheet "About" say the report was narrowed to."""
    found: dict[str, Any] = {"by": [DIMS.get(d, d) for d in spec.by], "months": spec.period}
    if spec.period == "own":
        found |= {"months": "own", "from": spec.since, "to": spec.until}
    return found | {"region": list(spec.regions), "dealer": list(spec.dealers), "as of": spec.as_of}


def _columns(spec: Spec, figures: Sequence[Figure]) -> list[ExportColumn]:
    columns = []
    for dim in spec.by:
        columns += [
            ExportColumn(name=dim, label=DIMS[dim]), ExportColumn(name=f"{dim}_label", label=f"{DIMS[dim]} (words)")
        ]  # fmt: skip
    for f in figures:
        kind: Any = KINDS.get(f.unit, "decimal")
        top: Any = "money" if f.unit == "money" else "decimal"
        columns += [
            ExportColumn(name=f.name, label=f.title + UNITS.get(f.unit, ""), kind=kind),
            ExportColumn(name=f"{f.name}_numerator", label=f"{f.title}: numerator", kind=top),
            ExportColumn(name=f"{f.name}_denominator", label=f"{f.title}: denominator", kind="decimal"),
        ]
    return columns


def _rows(
    spec: Spec, figures: tuple[Figure, ...], session: Session, *, actor: Actor, now: datetime, **_: Any
) -> list[tuple[Any, ...]]:
    """The rows flat, asked anew for whoever clicks; a figure that was taken from their role meanwhile stays empty."""
    report = run_report(session, spec, actor=actor, now=now, totals=False)
    place = {f.name: n for n, f in enumerate(report.figures)}
    rows = []
    for row in report.rows:
        words: list[Any] = [text for pair in zip(row.keys, row.labels, strict=True) for text in pair]
        for f in figures:
            part = row.parts[place[f.name]] if f.name in place else None
            words += [part.value, part.numerator, part.denominator] if part else [None, None, None]
        rows.append(tuple(words))
    return rows


# ---- the sheet with charts --------------------------------------------------------------------------------------
def _sheets(spec: Spec, figures: tuple[Figure, ...], book: Any, rows: Sequence[Sequence[Any]]) -> None:
    """The sheet "Report": a block for each figure, its numbers as they stand on the page and a native chart."""
    sheet = book.add_worksheet("Report")
    bold, wrap = book.add_format({"bold": True}), book.add_format({"italic": True, "font_color": "#64748B"})
    masks = {unit: book.add_format({"num_format": mask}) for unit, mask in MASKS.items()}
    wide = 2 * len(spec.by)
    told = [
        Row(
            tuple(r[0:wide:2]), tuple(r[1:wide:2]),
            tuple(Part(r[wide + 3 * n + 1], r[wide + 3 * n + 2], r[wide + 3 * n]) for n in range(len(figures))),
        )
        for r in rows
    ]  # fmt: skip
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 40, 13)
    line = 0
    for place, figure in enumerate(figures):
        sheet.write_string(line, 0, neutralise(figure.title + UNITS.get(figure.unit, "")), bold)
        made = _block(spec, told, place)
        line = _write_block(
            book, sheet, line + 1, made=made, figure=figure, shape=shape_of(spec), masks=masks, bold=bold
        )
        line += 2
    sheet.write_string(line, 0, "For a pivot table of your own: sheet Data, all cells, Insert, PivotTable.", wrap)


def _block(spec: Spec, rows: Sequence[Row], place: int) -> Grid:
    """The numbers of one figure as a grid; with one dimension or none a single column."""
    if len(spec.by) == 2:
        return grid(rows, spec.by, place)
    lines = tuple((r.keys[0], r.labels[0]) if r.keys else ("", "All") for r in rows)
    cells = {((r.keys[0] if r.keys else ""), ""): p for r in rows if (p := r.parts[place]) is not None}
    return Grid("", spec.by[0] if spec.by else "", (("", "Value"),), lines, cells)


def _write_block(
    book: Any, sheet: Any, top: int, *, made: Grid, figure: Figure, shape: str, masks: Mapping[str, Any], bold: Any
) -> int:  # fmt: skip
    """Write head, numbers and chart of one figure; gives the first free line."""
    lines = made.rows[:MOST_ROWS]
    sheet.write_string(top, 0, DIMS.get(made.down, ""), bold)
    for n, (_, label) in enumerate(made.columns):
        sheet.write_string(top, n + 1, neutralise(label), bold)
    for n, (key, label) in enumerate(lines):
        sheet.write_string(top + 1 + n, 0, neutralise(label))
        for c, (column, _) in enumerate(made.columns):
            part = made.cells.get((key, column))
            value = scaled(part.value, figure.unit) if part else None
            if value is not None:
                sheet.write_number(top + 1 + n, c + 1, value, masks[figure.unit])
    last, right = top + len(lines), len(made.columns)
    if shape == "heat":
        sheet.conditional_format(top + 1, 1, last, right, _heat(figure))
    elif lines and made.down:
        sheet.insert_chart(top, right + 2, _chart(book, sheet, top, last, made=made, figure=figure, shape=shape))
        return max(last + 1, top + 16)
    return last + 1


def _heat(figure: Figure) -> dict[str, Any]:
    most = {"up": "#63BE7B", "down": "#F8696B"}.get(figure.better, "#5A8AC6")
    return {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": most}


def _chart(book: Any, sheet: Any, top: int, last: int, *, made: Grid, figure: Figure, shape: str) -> Any:
    """A native chart over the cells of the block: time along the axis, the other dimension as series."""
    is_time = made.down in TIMES or made.across in TIMES
    kind = "line" if shape == "line" or is_time else "bar" if not made.across else "column"
    chart = book.add_chart({"type": kind})
    name = sheet.get_name()
    if made.across in TIMES:  # a series for each line, months along
        for n in range(top + 1, min(last, top + MOST_SERIES) + 1):
            chart.add_series({"name": [name, n, 0], "categories": [name, top, 1, top, len(made.columns)],
                              "values": [name, n, 1, n, len(made.columns)]})  # fmt: skip
    else:
        for c in range(1, min(len(made.columns), MOST_SERIES) + 1):
            chart.add_series({"name": [name, top, c], "categories": [name, top + 1, 0, last, 0],
                              "values": [name, top + 1, c, last, c]})  # fmt: skip
    chart.set_title({"name": figure.title + UNITS.get(figure.unit, ""), "name_font": {"size": 11}})
    chart.set_legend({"none": True} if not made.across else {"position": "bottom"})
    axis = {"num_format": MASKS[figure.unit], "major_gridlines": {"visible": True, "line": {"color": "#E2E8F0"}}}
    if kind == "bar":
        chart.set_y_axis({"reverse": True})
        chart.set_x_axis(axis)
    else:
        chart.set_y_axis(axis)
    chart.set_size({"width": 620, "height": 300})
    return chart
