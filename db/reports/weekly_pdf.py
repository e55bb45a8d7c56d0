"""A dealer's week on paper: what to do first with its rule and rows, then the figures and what they say.

The fonts every PDF reader has know the characters of cp1252 only (db/core/printing.py); nothing stops the print.
"""

from __future__ import annotations

from typing import Any

from db.core.labels import moment_words, plural
from db.core.printing import printable
from db.reports.brief_pdf import BAND, FOOT, GAP, INK, LINE, MARGIN, NAVY, SOFT
from db.reports.paper import ROW, TONES, Paper
from db.reports.weekly_advice_rules import RULES
from db.reports.weekly_facts_rules import STATES, URGENCIES, Verdict
from db.reports.weekly_queries import Weekly
from db.reports.weekly_rules import MEAN_OF, Figure, moved, told, week_label

HOW_SOON = {1: (200, 30, 30), 2: (180, 83, 9), 3: (29, 78, 216)}
BLUE, TILE, ACROSS = (29, 78, 216), 20.0, 4


def make_pdf(report: Weekly, *, house: str, reader: str) -> bytes:
    """The report as letter pages; the same report gives the same bytes."""
    return _Pages(report, house, reader).finished()


class _Pages(Paper):
    """Draws one report from the top to the bottom; every measure is in millimetres."""

    def __init__(self, report: Weekly, house: str, reader: str) -> None:
        self.report, self.house, self.reader = report, house, reader
        super().__init__(title=f"Week {week_label(report.week)}: {report.name}", author=reader, made_at=report.made_at)

    def finished(self) -> bytes:
        self._page()
        self._tiles()
        self._heading("What to do")
        if not self.report.advice:
            self._line("No rule found anything to do.", soft=True)
        for number, one in enumerate(self.report.advice, start=1):
            self._advice(number, one)
        if self.report.further:
            named = ", ".join(f"{v.rule} {RULES[v.rule].title}" for v in self.report.further)
            self._line(f"Also: {named}.", soft=True)
        self._heading("What the week says")
        for said in self.report.said:
            self._line(said.text, dot=TONES[said.tone])
        if not self.report.said:
            self._line("No figure to speak of.", soft=True)
        self._heading("Every rule that was asked")
        for verdict in self.report.verdicts:
            words = f"{verdict.rule} {RULES[verdict.rule].title}: {STATES[verdict.state].lower()}"
            self._line(f"{words}. {verdict.because}".strip(), soft=True)
        return bytes(self.pdf.output())

    # ---- text ------------------------------------------------------------------------------------------------------
    def _line(
        self, text: str, *, soft: bool = False, bold: bool = False, dot: tuple[int, int, int] | None = None,
        inset: float = 0.0,
    ) -> None:  # fmt: skip
        inset += 3.4 if dot else 0
        self._font(8.5, bold=bold, colour=SOFT if soft else INK)
        rows: Any = self.pdf.multi_cell(
            self.wide - inset, ROW, printable(text), dry_run=True, output="LINES", align="L"
        )
        self._room(ROW * len(rows))
        self._font(8.5, bold=bold, colour=SOFT if soft else INK)
        if dot:
            self.pdf.set_fill_color(*dot)
            self.pdf.rect(MARGIN + inset - 2.5, self.y + 1.5, 1.5, 1.5, style="F")
        for row in rows:
            self._write(MARGIN + inset, self.y, row, width=self.wide - inset + 1)
            self.y += ROW
        self.y += 0.4

    # ---- the parts -------------------------------------------------------------------------------------------------
    def _page(self) -> None:
        pdf, report = self.pdf, self.report
        pdf.add_page()
        first = pdf.page_no() == 1
        high = BAND if first else 12.0
        pdf.set_fill_color(*NAVY)
        pdf.rect(0, 0, pdf.w, high, style="F")
        self._font(8, bold=True, colour=(147, 197, 253))
        self._write(MARGIN, 4 if first else 5.5, f"{self.house} · WEEKLY REPORT".upper(), width=self.wide * 0.6)
        self._font(8, colour=(203, 213, 225))
        as_of = f"As of {moment_words(report.made_at, report.zone)} ({report.zone})"
        self._write(MARGIN, 4 if first else 5.5, as_of if first else report.name, width=self.wide, align="R")
        if first:
            self._font(18, bold=True, colour=(255, 255, 255))
            pdf.set_xy(MARGIN, 11)
            pdf.cell(self.wide, 8, printable(f"{report.name} ({report.code})"))
            self._font(9, colour=(226, 232, 240))
            place = " · ".join(p for p in (week_label(report.week), report.region, report.tier) if p)
            hidden = f" · {plural(report.hidden, 'figure or rule', 'figures and rules')} not shown to your role"
            self._write(MARGIN, 20.5, place + (hidden if report.hidden else ""), width=self.wide)
        y = pdf.h - FOOT
        pdf.set_draw_color(*LINE)
        pdf.line(MARGIN, y - 1, MARGIN + self.wide, y - 1)
        self._font(7.5, colour=SOFT)
        self._write(MARGIN, y, "Each recommendation names its rule.", width=self.wide)
        self._write(MARGIN, y, f"Made for {self.reader} · Page {pdf.page_no()}", width=self.wide, align="R")
        self.y = high + (6 if first else 2)

    def _tiles(self) -> None:
        width = (self.wide - GAP / 2 * (ACROSS - 1)) / ACROSS
        for start in range(0, len(self.report.figures), ACROSS):
            self._room(TILE)
            for position, figure in enumerate(self.report.figures[start : start + ACROSS]):
                self._tile(figure, MARGIN + position * (width + GAP / 2), self.y, width)
            self.y += TILE + 1.5

    def _tile(self, figure: Figure, x: float, y: float, width: float) -> None:
        what = figure.what
        self.pdf.set_draw_color(*LINE)
        self.pdf.rect(x, y, width, TILE, style="D")
        self._font(7, colour=SOFT)
        self._write(x + 0.5, y + 1, what.title, width=width - 1)
        self._font(13, bold=True)
        self._write(x + 0.5, y + 6.5, told(what, figure.now), width=width * 0.7)
        self._font(7, colour=SOFT)
        change = moved(what, figure.now, figure.before)
        versus = f"{change} on the week before" if change else f"week before {told(what, figure.before)}"
        self._write(x + 0.5, y + 11.5, versus, width=width - 1)
        self._write(x + 0.5, y + 15, f"mean of {MEAN_OF} before: {told(what, figure.mean)}", width=width - 1)

    def _advice(self, number: int, one: Verdict) -> None:
        rule = RULES[one.rule]
        self._room(ROW * 4)
        self._line(f"{number}. {one.action} · {URGENCIES[one.urgency]}", bold=True, dot=HOW_SOON[one.urgency])
        self._line(f"Because {one.because[:1].lower()}{one.because[1:]}", inset=3.4)
        for row in one.rows:
            self._line(f"– {row.label}{f': {row.words}' if row.words else ''}", inset=6.4)
        if one.more:
            self._line(f"and {one.more:,} more", inset=6.4, soft=True)
        self._line(f"Rule {rule.id} {rule.title}: {rule.condition} ({rule.source})", soft=True, inset=3.4)
        self.y += 1
