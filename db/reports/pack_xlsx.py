"""The monthly pack as a workbook: figures, 13 months with native charts, dealers, changes, sentences with their rows.

Texts are always strings, never formulas or links (R23). Money is written in units of the currency, shares as percent.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC
from typing import Any, Final

import xlsxwriter

from db.core.labels import moment_label
from db.reports.pack_queries import Headline, Pack, standing
from db.reports.pack_rules import RULES, Sentence

FORMATS: Final = {"money": "#,##0.00", "percent": "0.0%", "days": "0.0", "minutes": "#,##0", "count": "#,##0.##"}
UNITS: Final = {"money": "USD", "percent": "%", "days": "days", "minutes": "minutes", "count": "number"}
NAVY: Final = "#0F1B33"
BLUE: Final = "#1D4ED8"
CHART_ROWS, CHART_WIDE, CHART_HIGH = 13, 460, 250


def make_xlsx(pack: Pack, *, house: str) -> bytes:
    """The workbook of a pack."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    )
    book.set_properties(
        {"title": f"Monthly pack {pack.title}", "author": pack.reader, "created": pack.made_at.astimezone(UTC)}
    )
    _Book(book, pack, house).write()
    book.close()
    return out.getvalue()


def written(value: float | None, unit: str) -> float | None:
    """A figure as it stands in a cell: money in units of the currency."""
    return value / 100 if value is not None and unit == "money" else value


class _Book:
    """Writes the sheets of one pack."""

    def __init__(self, book: Any, pack: Pack, house: str) -> None:
        self.book, self.pack, self.house = book, pack, house
        self.head = book.add_format({"bold": True, "bg_color": NAVY, "font_color": "white", "text_wrap": True})
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.soft = book.add_format({"font_color": "#64748B"})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.number = {unit: book.add_format({"num_format": shape}) for unit, shape in FORMATS.items()}
        self.names = [f"{m.month:%b %Y}" for m in pack.headlines[0].points] if pack.headlines else []

    def write(self) -> None:
        """Every sheet, in the order they are read."""
        self._summary()
        self._trends()
        self._dealers()
        self._said("Sentences", self.pack.sentences + self.pack.rank_sentences)
        self._said("Changes", self.pack.changed + self.pack.own_changed)
        self._about()

    def _table(self, sheet: Any, row: int, heads: Sequence[tuple[str, float]]) -> None:
        for column, (label, width) in enumerate(heads):
            sheet.write_string(row, column, label, self.head)
            sheet.set_column(column, column, width)

    def _cell(self, sheet: Any, row: int, column: int, value: float | None, unit: str) -> None:
        cell = written(value, unit)
        if cell is None:
            sheet.write_blank(row, column, None)
        else:
            sheet.write_number(row, column, cell, self.number.get(unit, self.number["count"]))

    def _summary(self) -> None:
        sheet = self.book.add_worksheet("Summary")
        sheet.hide_gridlines(2)
        sheet.write_string(0, 0, f"Monthly pack: {self.pack.title}", self.title)
        sheet.write_string(1, 0, standing(self.pack), self.soft)
        self._table(sheet, 3, (
            ("Figure", 34), ("Unit", 10), ("This month", 14), ("Month before", 14), ("Change", 12),
            ("Same month last year", 14), ("Counted", 12), ("Out of", 12), ("Good when", 11), ("Source", 22),
        ))  # fmt: skip
        for row, head in enumerate(self.pack.headlines, start=4):
            self._figure(sheet, row, head)
        last = max(4, 3 + len(self.pack.headlines))
        sheet.autofilter(3, 0, last, 9)
        sheet.freeze_panes(4, 1)

    def _figure(self, sheet: Any, row: int, head: Headline) -> None:
        what, now, before = head.what, head.now, head.before
        sheet.write_string(row, 0, what.title)
        sheet.write_string(row, 1, UNITS.get(what.unit, what.unit))
        self._cell(sheet, row, 2, now.value, what.unit)
        was = before.value if before else None
        self._cell(sheet, row, 3, was, what.unit)
        moved = None if now.value is None or was is None else now.value - was
        self._cell(sheet, row, 4, moved, what.unit)
        self._cell(sheet, row, 5, head.points[0].value if len(head.points) > 12 else None, what.unit)
        top = "money" if what.unit == "money" else "count"
        self._cell(sheet, row, 6, now.numerator, top)
        self._cell(sheet, row, 7, now.denominator, "money" if what.name == "coop_utilisation" else "count")
        sheet.write_string(row, 8, {"up": "higher", "down": "lower"}.get(what.better, "neither"))
        sheet.write_string(row, 9, f"frozen, version {now.version}" if now.version else "counted now")

    def _trends(self) -> None:
        """The months as rows, a figure a column, and a native line chart for each figure."""
        sheet = self.book.add_worksheet("Trends")
        heads = self.pack.headlines
        self._table(sheet, 0, [("Month", 12), *((h.what.title, 15) for h in heads)])
        for row, name in enumerate(self.names, start=1):
            sheet.write_string(row, 0, name)
            for column, head in enumerate(heads, start=1):
                self._cell(sheet, row, column, head.points[row - 1].value, head.what.unit)
        sheet.freeze_panes(1, 1)
        for number, head in enumerate(heads):
            chart = self.book.add_chart({"type": "line"})
            chart.add_series({
                "name": head.what.title, "categories": ["Trends", 1, 0, len(self.names), 0],
                "values": ["Trends", 1, number + 1, len(self.names), number + 1],
                "line": {"color": BLUE, "width": 2}, "marker": {"type": "circle", "size": 4, "fill": {"color": BLUE}},
            })  # fmt: skip
            chart.set_title({"name": head.what.title, "name_font": {"size": 11}})
            chart.set_legend({"none": True})
            chart.set_y_axis({"num_format": FORMATS.get(head.what.unit, "#,##0"), "major_gridlines": {"visible": True}})
            chart.show_blanks_as("gap")
            chart.set_size({"width": CHART_WIDE, "height": CHART_HIGH})
            across, down = number % 3, number // 3
            sheet.insert_chart(
                len(self.names) + 2 + down * CHART_ROWS, 0, chart, {"x_offset": across * (CHART_WIDE + 12)}
            )

    def _dealers(self) -> None:
        """First and last dealers by each figure; bars beside them."""
        sheet = self.book.add_worksheet("Dealers")
        self._table(
            sheet, 0, (("Figure", 34), ("Where", 8), ("Code", 10), ("Dealer", 30), ("Value", 12), ("Out of", 12))
        )
        row = 1
        for charts, found in enumerate(self.pack.rankings):
            start = row
            for where, listed in (("First", found.top), ("Last", found.bottom)):
                for one in listed:
                    for column, text in enumerate((found.what.title, where, one.code, one.name)):
                        sheet.write_string(row, column, text)
                    self._cell(sheet, row, 4, one.value, found.what.unit)
                    self._cell(
                        sheet, row, 5, one.denominator, "money" if found.what.name == "coop_utilisation" else "count"
                    )
                    row += 1
            chart = self.book.add_chart({"type": "bar"})
            chart.add_series({
                "name": found.what.title, "categories": ["Dealers", start, 3, row - 1, 3],
                "values": ["Dealers", start, 4, row - 1, 4], "fill": {"color": BLUE}, "gap": 40,
            })  # fmt: skip
            chart.set_title({"name": found.what.title, "name_font": {"size": 11}})
            chart.set_legend({"none": True})
            chart.set_y_axis({"reverse": True})
            chart.set_size({"width": CHART_WIDE, "height": 300})
            sheet.insert_chart(1 + charts * 16, 7, chart)
        sheet.freeze_panes(1, 0)

    def _said(self, name: str, found: Sequence[Sentence]) -> None:
        """One row a sentence, with its rule and the rows it stands on."""
        sheet = self.book.add_worksheet(name)
        self._table(
            sheet, 0, (("Sentence", 90), ("Judged", 10), ("Metric", 20), ("Rule", 14), ("Rows it stands on", 70))
        )
        for row, one in enumerate(found, start=1):
            rows = "; ".join(f"{r.month:%Y-%m} {r.place}: {r.words}" for r in one.rows)
            for column, text in enumerate((one.text, one.tone, one.metric, one.rule, rows)):
                sheet.write_string(row, column, text, self.wrap)
        sheet.freeze_panes(1, 0)

    def _about(self) -> None:
        sheet = self.book.add_worksheet("About")
        pack = self.pack
        facts = [
            ("House", self.house), ("Month", f"{pack.month:%B %Y}"), ("Dealers", pack.place),
            ("Figures", standing(pack)), ("Made", f"{moment_label(pack.made_at, pack.zone)} ({pack.zone})"),
            ("Made for", pack.reader), ("Not shown to this role", f"{pack.hidden} figures"),
            *((f"Version {v.version}", f"{v.frozen_at:%Y-%m-%d %H:%M} UTC, {v.by}: {v.reason or 'first frozen'}")
              for v in pack.versions),
            *((f"Rule: {rule}", words) for rule, words in RULES.items()),
            *((f"Metric: {h.what.title}", f"{h.definition.formula}. {h.definition.excluded}".strip())
              for h in pack.headlines),
        ]  # fmt: skip
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 1, 100)
        for row, (label, text) in enumerate(facts):
            sheet.write_string(row, 0, label)
            sheet.write_string(row, 1, text, self.wrap)
