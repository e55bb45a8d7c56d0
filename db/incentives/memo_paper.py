"""A credit memo of incentives on paper, and its line in the export log (P26)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.labels import plural
from db.core.printing import printable
from db.incentives.memo_queries import LineRow, MemoRow
from db.incentives.pay_rules import remarks
from db.incentives.say_rules import day, money
from db.people.tables import ExportLog

KIND = "incentive_memo"
"""Under which name printed credit memos stand in the export log."""
HEADS = ("Claim", "Program", "Period", "For", "Owed", "Paid")
_WIDTHS = (26, 30, 22, 50, 26, 26)
_ALIGN = ("LEFT", "LEFT", "LEFT", "LEFT", "RIGHT", "RIGHT")


def make_pdf(memo: MemoRow, *, house: str) -> bytes:
    """The memo as letter pages; the same memo gives the same bytes. The day is the dealer's."""
    from fpdf import FPDF  # takes 0.4 s to import

    pdf: Any = FPDF(format="letter")
    pdf.core_fonts_encoding = "windows-1252"
    pdf.set_creation_date(memo.issued_at)
    pdf.set_title(printable(f"Credit memo {memo.number}"))
    pdf.set_auto_page_break(True, margin=18)
    pdf.set_margins(18, 16, 18)
    pdf.add_page()
    _line(pdf, house, size=9, soft=True)
    _line(pdf, f"Credit memo {memo.number}", size=17, bold=True)
    _line(pdf, f"{memo.dealer} ({memo.code})", size=12)
    _line(pdf, f"Issued on {day(memo.issued_on)} by {memo.issued_by} with payment {memo.batch}", size=10, soft=True)
    pdf.ln(3)
    _line(pdf, f"{money(memo.cents)} {memo.currency} for {plural(memo.claims, 'claim')}", size=13, bold=True)
    pdf.ln(3)
    pdf.set_font("helvetica", size=9)
    with pdf.table(
        col_widths=_WIDTHS, line_height=5.5, text_align=_ALIGN, borders_layout="HORIZONTAL_LINES", width=pdf.epw
    ) as table:
        for cells in (HEADS, *map(_cells, memo.lines)):
            row = table.row()
            for cell in cells:
                row.cell(printable(cell))
        row = table.row(style=_bold())
        row.cell("Total", colspan=len(HEADS) - 1)
        row.cell(printable(money(sum(x.cents for x in memo.lines))), align="RIGHT")
    for sentence in remarks((x.owed_cents, x.cents) for x in memo.lines):
        pdf.ln(2)
        _line(pdf, sentence, size=9, soft=True)
    return bytes(pdf.output())


def _cells(line: LineRow) -> tuple[str, ...]:
    what = line.vin or "Volume of the period"
    return line.claim, line.program, line.period, what, money(line.owed_cents), money(line.cents)


def _bold() -> Any:
    from fpdf.fonts import FontFace

    return FontFace(emphasis="BOLD")


def _line(pdf: Any, text: str, *, size: int, bold: bool = False, soft: bool = False) -> None:
    pdf.set_font("helvetica", "B" if bold else "", size)
    pdf.set_text_color(100 if soft else 0)
    pdf.multi_cell(0, size * 0.52, printable(text), new_x="LMARGIN", new_y="NEXT")
    pdf.set_text_color(0)


def log_print(session: Session, memo: MemoRow, content: bytes, *, actor: Actor, now: datetime) -> ExportLog:
    """Write the print into the export log, as every file that leaves the desk."""
    log = ExportLog(
        at=now, person_id=actor.user_id, actor=actor.username, kind=KIND, file_format="pdf",
        filters={"credit_memo": memo.number}, columns=list(HEADS), row_count=len(memo.lines), has_personal_data=False,
        sha256=hashlib.sha256(content).hexdigest(), purpose="",
    )  # fmt: skip
    session.add(log)
    session.flush()
    return log
