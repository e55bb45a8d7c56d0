"""What every report on paper is made of: letter pages, a pen, lines that are cut where they do not fit, headings."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from fpdf import FPDF

from db.core.printing import printable
from db.reports.brief_pdf import FOOT, INK, LINE, MARGIN, SOFT

TONES: Final = {"good": (22, 128, 90), "bad": (200, 30, 30), "neutral": (29, 78, 216), "unsure": (140, 148, 160)}
ROW: Final = 4.6


class Paper:
    """A document that is filled from the top to the bottom; every measure is in millimetres.

    The same title, author and moment give the same bytes. A kind of report says what a new page begins with: `_page`.
    """

    def __init__(self, *, title: str, author: str, made_at: datetime) -> None:
        self.pdf = FPDF(orientation="portrait", unit="mm", format="letter")
        self.pdf.core_fonts_encoding = "windows-1252"
        self.pdf.set_auto_page_break(False)
        self.pdf.set_creation_date(made_at)
        self.pdf.set_title(printable(title))
        self.pdf.set_author(printable(author))
        self.wide = self.pdf.w - 2 * MARGIN
        self.bottom = self.pdf.h - FOOT - 4
        self.y = 0.0

    def _page(self) -> None:
        raise TypeError("a kind of report says what its pages begin with")

    def _font(self, size: float, *, bold: bool = False, colour: tuple[int, int, int] = INK) -> None:
        self.pdf.set_font("Helvetica", "B" if bold else "", size)
        self.pdf.set_text_color(*colour)

    def _write(self, x: float, y: float, text: object, *, width: float, align: Any = "L") -> None:
        """One line, cut with an ellipsis where it does not fit."""
        words, inner = printable(text), width - 2 * self.pdf.c_margin
        if self.pdf.get_string_width(words) > inner:
            while words and self.pdf.get_string_width(words + "…") > inner:
                words = words[:-1]
            words = words.rstrip() + "…"
        self.pdf.set_xy(x, y)
        self.pdf.cell(width, ROW, words, align=align)

    def _room(self, high: float) -> None:
        if self.y + high > self.bottom:
            self._page()

    def _heading(self, text: str) -> None:
        self._room(ROW * 4)
        self._font(8, bold=True, colour=SOFT)
        self._write(MARGIN, self.y + 3, text.upper(), width=self.wide)
        self.pdf.set_draw_color(*LINE)
        self.pdf.line(MARGIN + 1, self.y + 3 + ROW + 0.4, MARGIN + self.wide, self.y + 3 + ROW + 0.4)
        self.y += 3 + ROW + 2
