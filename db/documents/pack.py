"""The renewal pack as files: a listing for the negotiation, and the current documents beside it."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.core.area import DealerLine
from db.core.labels import moment_label, moment_words
from db.documents import rules
from db.documents.queries import DocumentRow

MOST_BYTES = 60 * 1024 * 1024
"""What does not fit any more is named in the listing and has to be fetched by itself."""
_KINDS = {"overdue": "Overdue", "promised": "Promised", "open": "Open", "changed": "Changed"}


@dataclass(frozen=True, kw_only=True)
class Pack:
    """A ZIP file with the listing and the documents; `left_out` names documents whose file is not in it."""

    name: str
    content: bytes
    left_out: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PackFacts:
    """What the listing says: the dealer's facts as pairs, its documents, its gaps, and open items by area."""

    title: str
    facts: Sequence[tuple[str, str]]
    documents: Sequence[DocumentRow]
    gaps: Sequence[str]
    open_items: Mapping[str, Sequence[DealerLine]]
    by: str
    zone: str
    now: datetime


def zipped(listing: bytes, files: Sequence[tuple[str, bytes]]) -> bytes:
    """The listing first, then the files under names that cannot collide."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("00 Renewal pack.pdf", listing)
        for position, (name, content) in enumerate(files, 1):
            archive.writestr(f"{position:02} {name}", content)
    return out.getvalue()


def listing(facts: PackFacts) -> bytes:
    """The listing as a PDF of one or a few pages."""
    from fpdf import FPDF

    pdf: Any = FPDF(format="letter")
    pdf.set_creation_date(facts.now)
    pdf.set_title(_plain(facts.title))
    pdf.set_auto_page_break(True, margin=18)
    pdf.add_page()
    _line(pdf, facts.title, size=16, bold=True)
    _line(pdf, f"As of {moment_words(facts.now, facts.zone)} ({facts.zone}), made by {facts.by}", grey=True)
    _head(pdf, "Dealer")
    for label, value in facts.facts:
        _line(pdf, f"{label}: {value}")
    _head(pdf, "Gaps")
    for gap in facts.gaps or ("Nothing: every required document is there and in force.",):
        _line(pdf, gap)
    _head(pdf, "Current documents")
    if not facts.documents:
        _line(pdf, "None")
    else:
        _table(pdf, facts.documents)
    _head(pdf, "Open items")
    if not any(facts.open_items.values()):
        _line(pdf, "None")
    for area, lines in facts.open_items.items():
        _line(pdf, area, bold=True)
        for one in lines:
            when = f" ({moment_label(one.at, facts.zone, now=facts.now)})" if one.at else ""
            detail = f": {one.detail}" if one.detail else ""
            _line(pdf, f"  {_KINDS[one.kind]} - {one.title}{when}{detail}")
    return bytes(pdf.output())


def _table(pdf: Any, documents: Sequence[DocumentRow]) -> None:
    pdf.set_font("helvetica", size=9)
    with pdf.table(col_widths=(14, 26, 20, 16, 16, 14), line_height=5.5, text_align="LEFT") as table:
        for cells in (
            ("Type", "Title", "Number", "From", "Until", "State"),
            *(
                (
                    one.type_label, one.title, one.number, f"{one.effective_on or ''}",
                    f"{one.expires_on or 'no end'}", rules.STATE_LABELS[one.state],
                )
                for one in documents
            ),
        ):  # fmt: skip
            row = table.row()
            for cell in cells:
                row.cell(_plain(cell))


def _head(pdf: Any, text: str) -> None:
    pdf.ln(3)
    _line(pdf, text, size=12, bold=True)


def _line(pdf: Any, text: str, *, size: int = 10, bold: bool = False, grey: bool = False) -> None:
    pdf.set_font("helvetica", "B" if bold else "", size)
    pdf.set_text_color(110 if grey else 20)
    pdf.multi_cell(0, size * 0.52, _plain(text), new_x="LMARGIN", new_y="NEXT")
    pdf.set_text_color(20)


def _plain(text: str) -> str:
    """A text in the letters the built-in fonts have: accents of others are dropped, unknown signs become "?"."""
    swapped = text.translate({0x2013: "-", 0x2014: "-", 0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'})
    try:
        return swapped.encode("latin-1").decode("latin-1")
    except UnicodeEncodeError:
        folded = "".join(c for c in unicodedata.normalize("NFKD", swapped) if not unicodedata.combining(c))
        return folded.encode("latin-1", "replace").decode("latin-1")
