"""The monthly pack on paper: figures with their trend on the first page, then sentences, dealers and what changed.

The fonts every PDF reader has know the characters of cp1252 only (db/core/printing.py); nothing stops the print.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from db.core.labels import moment_label, plural
from db.core.printing import printable
from db.reports.brief_pdf import BAND, FOOT, GAP, INK, LINE, MARGIN, NAVY, SOFT
from db.reports.pack_queries import Headline, Pack, nothing_changed, standing
from db.reports.pack_rules import (
    DASH,
    FEW,
    RULES,
    Ranking,
    Sentence,
    amount,
    change,
    is_few,
    told,
    tone_of,
    way,
)
from db.reports.paper import ROW, TONES, Paper

BLUE = (29, 78, 216)
TILE_HIGH, ACROSS = 21.0, 3


def make_pdf(pack: Pack, *, house: str) -> bytes:
    """The pack as letter pages; the same pack gives the same bytes."""
    return _Pages(pack, house).finished()


class _Pages(Paper):
    """Draws one pack from the top to the bottom; every measure is in millimetres."""

    def __init__(self, pack: Pack, house: str) -> None:
        self.pack, self.house = pack, house
        super().__init__(title=f"Monthly pack {pack.title}", author=pack.reader, made_at=pack.made_at)

    def finished(self) -> bytes:
        self._page()
        self._tiles()
        self._heading("What the month says")
        self._sentences(self.pack.sentences, none="No figure to speak of.")
        if self.pack.rankings:
            self._heading(f"Dealers, of those with at least {FEW} counted")
            for found in self.pack.rankings:
                self._ranking(found)
        self._heading("Changes since the last pack")
        self._sentences(self.pack.changed, none=nothing_changed(self.pack))
        if self.pack.is_frozen:
            self._heading("Changes since this month was frozen")
            self._sentences(self.pack.own_changed, none="None of these figures changed since.")
        if len(self.pack.versions) > 1:
            self._heading("Versions of this month")
            for version in self.pack.versions:
                why = version.reason or "first frozen"
                self._line(f"Version {version.version}, {version.frozen_at:%-d %b %Y}, {version.by}: {why}")
        self._heading("How the sentences are made")
        used = {s.rule for s in (*self.pack.sentences, *self.pack.changed, *self.pack.own_changed)}
        for rule, words in RULES.items():
            if rule in used:
                self._line(f"{rule.replace('_', ' ')}: {words}", soft=True)
        return bytes(self.pdf.output())

    # ---- text ------------------------------------------------------------------------------------------------------
    def _line(self, text: str, *, soft: bool = False, tone: str = "") -> None:
        self._font(8.5, colour=SOFT if soft else INK)
        inset = 3.4 if tone else 0
        rows: Any = self.pdf.multi_cell(
            self.wide - inset, ROW, printable(text), dry_run=True, output="LINES", align="L"
        )
        self._room(ROW * len(rows))
        self._font(8.5, colour=SOFT if soft else INK)
        if tone:
            self.pdf.set_fill_color(*TONES[tone])
            self.pdf.rect(MARGIN + 0.9, self.y + 1.5, 1.5, 1.5, style="F")
        for row in rows:
            self._write(MARGIN + inset, self.y, row, width=self.wide - inset + 1)
            self.y += ROW
        self.y += 0.5

    def _sentences(self, found: Sequence[Sentence], *, none: str) -> None:
        if not found:
            self._line(none, soft=True)
        for one in found:
            self._line(one.text, tone=one.tone)

    # ---- the parts -------------------------------------------------------------------------------------------------
    def _page(self) -> None:
        """A new page: the whole band on the first, a thin one on the others; the foot on each."""
        pdf, pack = self.pdf, self.pack
        pdf.add_page()
        first = pdf.page_no() == 1
        high = BAND if first else 12.0
        pdf.set_fill_color(*NAVY)
        pdf.rect(0, 0, pdf.w, high, style="F")
        self._font(8, bold=True, colour=(147, 197, 253))
        self._write(MARGIN, 4 if not first else 5.5, f"{self.house} · MONTHLY PACK".upper(), width=self.wide * 0.6)
        self._font(8, colour=(203, 213, 225))
        as_of = moment_label(pack.made_at, pack.zone)
        right = f"Made {as_of} ({pack.zone})" if first else pack.title
        self._write(MARGIN, 4 if not first else 5.5, right, width=self.wide, align="R")
        if first:
            self._font(18, bold=True, colour=(255, 255, 255))
            pdf.set_xy(MARGIN, 11)
            pdf.cell(self.wide, 8, printable(pack.title))
            self._font(9, colour=(226, 232, 240))
            hidden = f"  ·  {plural(pack.hidden, 'figure')} not shown to your role" if pack.hidden else ""
            self._write(MARGIN, 20.5, standing(pack) + hidden, width=self.wide)
        y = pdf.h - FOOT
        pdf.set_draw_color(*LINE)
        pdf.line(MARGIN, y - 1, MARGIN + self.wide, y - 1)
        self._font(7.5, colour=SOFT)
        self._write(MARGIN, y, "For our own use, not for dealers.", width=self.wide)
        self._write(MARGIN, y, f"Made for {pack.reader}  ·  Page {pdf.page_no()}", width=self.wide, align="R")
        self.y = high + (6 if first else 2)

    def _tiles(self) -> None:
        width = (self.wide - GAP * (ACROSS - 1) / 2) / ACROSS
        for start in range(0, len(self.pack.headlines), ACROSS):
            self._room(TILE_HIGH)
            for position, head in enumerate(self.pack.headlines[start : start + ACROSS]):
                self._tile(head, MARGIN + position * (width + GAP / 2), self.y, width)
            self.y += TILE_HIGH + 1.5

    def _tile(self, head: Headline, x: float, y: float, width: float) -> None:
        what, now, before = head.what, head.now, head.before
        self.pdf.set_draw_color(*LINE)
        self.pdf.rect(x, y, width, TILE_HIGH, style="D")
        self._font(7.5, colour=SOFT)
        self._write(x + 1, y + 1.2, what.title, width=width - 2)
        self._font(13, bold=True)
        self._write(x + 1, y + 7, told(now, what), width=width * 0.55)
        moved = change(now.value, before.value if before else None, what.unit)
        few = is_few(now, what) or (before is not None and is_few(before, what))
        moving = way(now.value, before.value if before else None, what.unit)
        tone = "unsure" if few or not moved else tone_of(moving, what.better)
        self._font(8, colour=TONES[tone])
        versus = f"{moved} vs {before.month:%b}" if moved and before else "nothing to compare"
        self._write(x + 1, y + 14, versus, width=width * 0.62)
        self._spark(head, x + width * 0.58, y + 7, width * 0.38, 8.5)

    def _spark(self, head: Headline, x: float, y: float, width: float, high: float) -> None:
        """The trend; months without a figure leave a gap."""
        values = [p.value for p in head.points]
        known = [v for v in values if v is not None]
        if len(known) < 2:
            return
        low, top = min(known), max(known)
        step = width / (len(values) - 1)

        def at(index: int, value: float) -> tuple[float, float]:
            share = (value - low) / (top - low) if top > low else 0.5
            return x + index * step, y + high * (1 - share)

        self.pdf.set_draw_color(*BLUE)
        self.pdf.set_line_width(0.35)
        for index in range(1, len(values)):
            before, now = values[index - 1], values[index]
            if before is not None and now is not None:
                self.pdf.line(*at(index - 1, before), *at(index, now))
        if values[-1] is not None:
            dot = at(len(values) - 1, values[-1])
            self.pdf.set_fill_color(*BLUE)
            self.pdf.ellipse(dot[0] - 0.6, dot[1] - 0.6, 1.2, 1.2, style="F")
        self.pdf.set_line_width(0.2)

    def _ranking(self, found: Ranking) -> None:
        rows = max(len(found.top), len(found.bottom))
        self._room(ROW * (rows + 2))
        self._font(8.5, bold=True)
        left_out = f"; {plural(found.few, 'dealer')} with fewer" if found.few else ""
        self._write(MARGIN, self.y, f"{found.what.title} ({found.ranked} ranked{left_out})", width=self.wide)
        self.y += ROW
        half = (self.wide - GAP) / 2
        self._column(MARGIN, half, found, is_first=True)
        self._column(MARGIN + half + GAP, half, found, is_first=False)
        self.y += ROW * (rows + 1) + 1.5

    def _column(self, x: float, width: float, found: Ranking, *, is_first: bool) -> None:
        self._font(7.5, bold=True, colour=TONES["good" if is_first else "bad"])
        self._write(x, self.y, "First" if is_first else "Last", width=width)
        y = self.y
        shown = found.top if is_first else found.bottom
        if not shown:
            self._font(8.5, colour=SOFT)
            self._write(x, y + ROW, DASH, width=width)
        for one in shown:
            y += ROW
            self._font(8.5)
            self._write(x, y, f"{one.name} ({one.code})", width=width - 38)
            self._write(x, y, amount(one.value, found.what.unit), width=width - 20, align="R")
            self._font(7.5, colour=SOFT)
            of = f"n {one.denominator:,.0f}" if one.denominator and found.what.name != "coop_utilisation" else ""
            self._write(x, y, of, width=width, align="R")
