"""The brief as one printed page: a header band, what matters at the left, who and how much at the right.

The fonts every PDF reader has know the characters of cp1252 only; what they do not know is written with the closest
letters, or shows as a question mark, and never stops the print.
"""

from __future__ import annotations

from typing import Any

from fpdf import FPDF

from db.core.labels import minutes_label, moment_label, percent_label
from db.core.printing import printable
from db.core.problems import Problem, Refused
from db.reports.brief_queries import Brief
from db.reports.brief_rules import KINDS, BriefLine, Part, fit, left_out, ranked

PAPERS = {"letter": "Letter", "a4": "A4"}
MARGIN, GAP, BAND = 13.0, 8.0, 30.0
ROW, FOOT = 4.5, 11.0
SIDE_SHARE = 0.33
INK, SOFT, LINE, NAVY = (17, 24, 39), (100, 110, 125), (214, 219, 227), (15, 27, 51)
TONES = {"overdue": (200, 30, 30), "promised": (29, 78, 216), "open": (180, 83, 9), "changed": (100, 110, 125)}


def make_pdf(brief: Brief, *, paper: str = "letter") -> bytes:
    """The brief on one page of this paper; the same brief gives the same bytes. Refused with `unknown_paper`."""
    if paper not in PAPERS:
        sentence = f'There is no paper "{paper}". Known are: {", ".join(PAPERS)}.'
        raise Refused(Problem(code="unknown_paper", message=sentence, field="paper"))
    return _Page(brief, paper).finished()


class _Page:
    """Draws one brief from the top to the bottom; every measure is in millimetres."""

    def __init__(self, brief: Brief, paper: str) -> None:
        self.brief = brief
        self.pdf = FPDF(orientation="portrait", unit="mm", format=paper)
        self.pdf.core_fonts_encoding = "windows-1252"
        self.pdf.set_auto_page_break(False)
        self.pdf.set_creation_date(brief.as_of)
        self.heading = "Before you call" if brief.has_log else "What is open"
        self.pdf.set_title(printable(f"{self.heading}: {brief.name} ({brief.code})"))
        self.pdf.set_author(printable(brief.reader))
        self.pdf.add_page()
        self.side = (self.pdf.w - 2 * MARGIN - GAP) * SIDE_SHARE
        self.main = self.pdf.w - 2 * MARGIN - GAP - self.side
        self.top = BAND + 7
        self.bottom = self.pdf.h - FOOT - 4

    def finished(self) -> bytes:
        self._band()
        self._lines()
        self._side()
        self._foot()
        return bytes(self.pdf.output())

    # ---- text ------------------------------------------------------------------------------------------------------
    def _font(self, size: float, *, bold: bool = False, colour: tuple[int, int, int] = INK) -> None:
        self.pdf.set_font("Helvetica", "B" if bold else "", size)
        self.pdf.set_text_color(*colour)

    def _write(self, x: float, y: float, text: str, *, width: float, align: Any = "L") -> None:
        self.pdf.set_xy(x, y)
        self.pdf.cell(width, ROW, text, align=align)

    def _wrapped(self, text: object, width: float, most: int) -> list[str]:
        """The text in at most `most` lines of the font that is set; the last ends in an ellipsis when more was said."""
        lines: list[str] = []
        rest = printable(text)
        inner = width - 2 * self.pdf.c_margin
        while rest:
            end = len(rest)
            if self.pdf.get_string_width(rest) > inner:
                end = self._longest(rest, inner)
                if len(lines) == most - 1:
                    return [*lines, rest[: self._longest(rest, inner, tail="…")].rstrip() + "…"]
                space = rest.rfind(" ", 0, end + 1)
                end = space if space > 0 else end
            lines.append(rest[:end].rstrip())
            rest = rest[end:].lstrip()
        return lines

    def _longest(self, text: str, width: float, *, tail: str = "") -> int:
        """How many characters of the text fit, at least one."""
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.pdf.get_string_width(text[:middle] + tail) <= width:
                low = middle
            else:
                high = middle - 1
        return low

    # ---- the parts -------------------------------------------------------------------------------------------------
    def _band(self) -> None:
        pdf, brief = self.pdf, self.brief
        pdf.set_fill_color(*NAVY)
        pdf.rect(0, 0, pdf.w, BAND, style="F")
        whole = pdf.w - 2 * MARGIN
        self._font(8, bold=True, colour=(147, 197, 253))
        self._write(MARGIN, 5.5, self.heading.upper(), width=whole)
        self._font(8, colour=(203, 213, 225))
        as_of = moment_label(brief.as_of, brief.reader_zone)
        self._write(MARGIN, 5.5, printable(f"As of {as_of} ({brief.reader_zone})"), width=whole, align="R")
        for size in (18, 15, 12):
            self._font(size, bold=True, colour=(255, 255, 255))
            if pdf.get_string_width(printable(brief.name)) <= whole - 2 * pdf.c_margin:
                break
        pdf.set_xy(MARGIN, 11)
        pdf.cell(whole, 8, (self._wrapped(brief.name, whole, 1) or [""])[0])
        self._font(9, colour=(226, 232, 240))
        facts = "  ·  ".join(p for p in (brief.code, brief.status, brief.region, brief.place) if p)
        self._write(MARGIN, 20.5, (self._wrapped(facts, whole, 1) or [""])[0], width=whole)

    def _lines(self) -> None:
        """The left column: overdue, promised, open, changed, as far as they fit."""
        y = self._summary(self.top)
        rows = int((self.bottom - y) / ROW)
        parts = fit(self.brief.lines, rows, self._cost)
        if not ranked(self.brief.lines):
            self._font(9, colour=SOFT)
            self._write(MARGIN, y, "Nothing is overdue, promised or open.", width=self.main)
            return
        for part in parts:
            if part.lines:
                y = self._part(part, y)
        words = left_out(parts)
        if words:
            self._font(8, colour=SOFT)
            self._write(MARGIN, y, words, width=self.main)

    def _summary(self, y: float) -> float:
        """One tile a kind with its number; gives where the lines begin."""
        width = self.main / len(KINDS)
        for position, (kind, label) in enumerate(KINDS.items()):
            number = self.brief.count(kind)
            x = MARGIN + position * width
            self._font(15, bold=True, colour=TONES[kind] if number else SOFT)
            self.pdf.set_xy(x, y)
            self.pdf.cell(width, 6.5, f"{number:,}")
            self._font(8, colour=SOFT)
            self._write(x, y + 6.3, label, width=width)
        self.pdf.set_draw_color(*LINE)
        self.pdf.line(MARGIN, y + 13, MARGIN + self.main, y + 13)
        return y + 15.5

    def _cost(self, line: BriefLine) -> int:
        return len(self._title(line)) + 1

    def _title(self, line: BriefLine) -> list[str]:
        self._font(9)
        return self._wrapped(line.title, self.main - 4, 2) or ["–"]

    def _part(self, part: Part, y: float) -> float:
        tone = TONES[part.kind]
        self._font(9, bold=True, colour=tone)
        heading = part.label.upper()
        if part.kind == "changed" and self.brief.since is not None:
            heading += f" SINCE {self.brief.since:%-d %b}".upper()
        self._write(MARGIN, y + ROW * 0.6, heading, width=self.main)
        y += ROW * 2
        for line in part.lines:
            rows = self._title(line)
            self.pdf.set_fill_color(*tone)
            self.pdf.rect(MARGIN + 0.9, y + 1.35, 1.4, 1.4, style="F")
            self._font(9)
            for text in rows:
                self._write(MARGIN + 3.4, y, text, width=self.main - 4)
                y += ROW
            self._font(7.5, colour=SOFT)
            detail = self._wrapped(" · ".join(p for p in (line.area, line.detail) if p), self.main - 4, 1) or [""]
            self._write(MARGIN + 3.4, y - 0.5, detail[0], width=self.main - 4)
            y += ROW
        if part.hidden:
            self._font(8, colour=SOFT)
            self._write(MARGIN + 3.4, y, f"and {part.hidden:,} more", width=self.main - 4)
            y += ROW
        return y

    def _side(self) -> None:
        """The right column: last contact, volume, people, facts, and room for notes."""
        brief, y = self.brief, self.top
        if brief.has_log:
            y = self._last_contact(y)
        y = self._box(y, "VOLUME, LAST 3 MONTHS")
        y = self._pair(y, "Leads received", f"{brief.volume.received:,}")
        y = self._pair(y, "Of these sold", f"{brief.volume.sold:,}")
        if brief.reliability:
            y = self._box(y + 2, "PROMISES KEPT ON TIME")
            for side, label in (("us", "By us"), ("dealer", "By the dealer")):
                found = brief.reliability[side]
                share = percent_label(found.kept_on_time, found.due, 0)
                y = self._pair(y, label, f"{share}  ({found.kept_on_time:,} of {found.due:,})" if found.due else "–")
        if brief.people:
            y = self._box(y + 2, "PEOPLE")
            for person in brief.people[:4]:
                y = self._text(y, f"{person.name}, {person.role}" if person.role else person.name, most=1, bold=True)
                y = self._text(y, person.reach, most=1)
        y = self._box(y + 2, "FACTS")
        for label, value in (
            ("Makes", brief.makes),
            ("Time zone", brief.zone),
            ("Website", brief.website.partition("://")[2]),
        ):
            if value:
                y = self._pair(y, label, value)
        self._notes(y + 3)

    def _last_contact(self, y: float) -> float:
        brief = self.brief
        y = self._box(y, "LAST CONTACT")
        if brief.last is None:
            return self._text(y, "Nobody of ours has spoken to this dealer yet.", most=2) + 2
        days = minutes_label((brief.as_of - brief.last.at).total_seconds() / 60)
        y = self._text(y, f"{brief.last.at:%-d %b %Y}, {days} ago", most=1, bold=True)
        spoke = f"{brief.last.said}; {brief.last.by_name}"
        y = self._text(y, spoke + (f" with {brief.last.with_name}" if brief.last.with_name else ""), most=2)
        return self._text(y, brief.last.summary, most=7, soft=True) + 2

    def _box(self, y: float, heading: str) -> float:
        x = self.pdf.w - MARGIN - self.side
        self._font(7.5, bold=True, colour=SOFT)
        self._write(x, y, heading, width=self.side)
        self.pdf.set_draw_color(*LINE)
        self.pdf.line(x + 1, y + ROW + 0.4, x + self.side, y + ROW + 0.4)
        return y + ROW + 1.4

    def _pair(self, y: float, label: str, value: str) -> float:
        x, half = self.pdf.w - MARGIN - self.side, self.side * 0.42
        self._font(8.5, colour=SOFT)
        self._write(x, y, label, width=half)
        self._font(8.5)
        shown = self._wrapped(value, self.side - half, 1) or ["–"]
        self._write(x + half, y, shown[0], width=self.side - half, align="R")
        return y + ROW

    def _text(self, y: float, text: str, *, most: int, bold: bool = False, soft: bool = False) -> float:
        x = self.pdf.w - MARGIN - self.side
        self._font(8.5, bold=bold, colour=SOFT if soft else INK)
        for row in self._wrapped(text, self.side, most):
            self._write(x, y, row, width=self.side)
            y += ROW
        return y

    def _notes(self, y: float) -> None:
        """Lines to write on during the call, as many as the page has left."""
        x = self.pdf.w - MARGIN - self.side
        if y + 4 * 7 > self.bottom:
            return
        y = self._box(y, "NOTES")
        self.pdf.set_draw_color(*LINE)
        while y + 7 <= self.bottom:
            y += 7
            self.pdf.line(x + 1, y, x + self.side, y)

    def _foot(self) -> None:
        width = self.pdf.w - 2 * MARGIN
        y = self.pdf.h - FOOT
        self.pdf.set_draw_color(*LINE)
        self.pdf.line(MARGIN, y - 1, MARGIN + width, y - 1)
        self._font(7.5, colour=SOFT)
        inner = "For our own use, not for the dealer." if self.brief.has_log else ""
        self._write(MARGIN, y, inner, width=width)
        self._write(MARGIN, y, printable(f"Printed by {self.brief.reader}"), width=width, align="R")
