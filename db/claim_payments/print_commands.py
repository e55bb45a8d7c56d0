"""A credit memo on paper: its lines as a PDF, each print in the timeline."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.claim_payments.memo_queries import MemoRow, get_memo
from db.claim_payments.rules import money_label
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.labels import plural
from db.core.permissions import Permission


@dataclass(frozen=True, kw_only=True)
class MemoFile:
    """A printed credit memo."""

    name: str
    content: bytes


def print_memo(session: Session, *, memo_id: int, actor: Actor, now: datetime) -> MemoFile:
    """A credit memo with its lines as a PDF. Needs claims.payments and export.run; raises `NotFound` out of scope."""
    actor.require(Permission.EXPORT_RUN)
    memo = get_memo(session, memo_id=memo_id, actor=actor)
    content = make_pdf(memo)
    changes.touch(session, "claim_payments")
    timeline.record(
        session, actor=actor, now=now, area="claim_payments", command="print_memo",
        summary=f"{memo.number} was printed", items=[timeline.Item("credit_memo", memo.id, memo.dealer_id)],
        extra={"sha256": hashlib.sha256(content).hexdigest()},
    )  # fmt: skip
    return MemoFile(name=f"{memo.number}.pdf", content=content)


def make_pdf(memo: MemoRow) -> bytes:
    """The memo as letter pages; the same memo gives the same bytes. The day is the dealer's."""
    from fpdf import FPDF  # takes 0.4 s to import

    pdf: Any = FPDF(format="letter")
    pdf.set_creation_date(memo.issued_at)
    pdf.set_title(f"Credit memo {memo.number}")
    pdf.set_auto_page_break(True, margin=18)
    pdf.add_page()
    _line(pdf, f"Credit memo {memo.number}", size=16, bold=True)
    _line(pdf, f"{memo.dealer} ({memo.code})", size=12)
    _line(pdf, f"Issued on {memo.issued_on.day} {memo.issued_on:%B %Y} by {memo.issued_by}, batch {memo.batch}")
    _line(pdf, f"{money_label(memo.cents, memo.currency)} for {plural(memo.claims, 'claim')}", size=12, bold=True)
    pdf.ln(4)
    pdf.set_font("helvetica", size=9)
    with pdf.table(col_widths=(22, 26, 62, 20), line_height=5.5, text_align=("LEFT", "LEFT", "LEFT", "RIGHT")) as table:
        cells = [(x.claim, x.label, x.reason, money_label(x.cents, x.currency)) for x in memo.lines]
        for one in (
            ("Claim", "What", "Reason", "Amount"), *cells, ("Sum", "", "", money_label(memo.cents, memo.currency)),
        ):  # fmt: skip
            row = table.row()
            for cell in one:
                row.cell(_plain(cell))
    return bytes(pdf.output())


def _line(pdf: Any, text: str, *, size: int = 10, bold: bool = False) -> None:
    pdf.set_font("helvetica", "B" if bold else "", size)
    pdf.multi_cell(0, size * 0.52, _plain(text), new_x="LMARGIN", new_y="NEXT")


def _plain(text: str) -> str:
    """A text in the letters the built-in fonts have: a real minus is written "-", other unknown signs become "?"."""
    swapped = text.translate({0x2212: "-", 0x2013: "-", 0x2014: "-", 0x2018: "'", 0x2019: "'"})
    folded = "".join(c if ord(c) < 256 else unicodedata.normalize("NFKD", c) for c in swapped)
    kept = "".join(c for c in folded if not unicodedata.combining(c))
    return kept.encode("latin-1", "replace").decode("latin-1")
