"""The label that goes into the box: one page a part, with its RMA number to read and to scan; each print is noted."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Refused
from db.core.settings import settings
from db.part_returns import rules
from db.part_returns.queries import ReturnRow, returns_by_id
from db.part_returns.record import AREA, ITEM, rules_on

PRINTED = ("requested", "shipped", "missing")
"""States in which a part is still to come to us."""
WIDTH, HEIGHT = 101.6, 152.4
"""A shipping label of 4 by 6 inches, in millimetres."""


@dataclass(frozen=True, kw_only=True)
class LabelFile:
    """Printed labels."""

    name: str
    content: bytes


def print_labels(session: Session, *, item_ids: Sequence[int], actor: Actor, now: datetime) -> LabelFile:
    """The labels of parts to be sent in, a page each. Needs returns.ship; `NotFound` when one is out of scope.

    Parts that are not asked for have no label: refused (`no_label`) when none is left.
    """
    actor.require(Permission.RETURNS_SHIP)
    wanted = sorted(set(item_ids))[: rules.MOST_AT_ONCE]
    rows = returns_by_id(session, ids=wanted, actor=actor)
    if len(rows) != len(wanted) or not rows:
        raise NotFound("This part return")
    rows = [r for r in rows if r.status in PRINTED]
    if not rows:
        raise Refused(Problem(code="no_label", message="A label is printed for parts that were asked for."))
    address = rules_on(session, rules.day_of(now, actor.zone)).address
    content = make_pdf(rows, address=address, made_at=now)
    changes.touch(session, AREA)
    timeline.record(
        session, actor=actor, now=now, area=AREA, command="print_labels",
        summary=f"{plural(len(rows), 'label')} printed",
        items=[timeline.Item(ITEM, r.id, r.dealer_id) for r in rows],
        extra={"sha256": hashlib.sha256(content).hexdigest()},
    )  # fmt: skip
    name = f"{rows[0].number}.pdf" if len(rows) == 1 else f"labels-{len(rows)}.pdf"
    return LabelFile(name=name, content=content)


def make_pdf(rows: Sequence[ReturnRow], *, address: str, made_at: datetime) -> bytes:
    """One label a page; the same parts at the same moment give the same bytes. The last day is the dealer's."""
    from fpdf import FPDF  # takes 0.4 s to import

    pdf: Any = FPDF(format=(WIDTH, HEIGHT))
    pdf.set_creation_date(made_at)
    pdf.set_title("Labels of old parts")
    pdf.set_auto_page_break(False)
    pdf.set_margins(6, 6, 6)
    for row in rows:
        pdf.add_page()
        _small(pdf, "Send to")
        _line(pdf, settings().organisation, size=12, bold=True)
        for line in [x.strip() for x in address.splitlines() if x.strip()][:5] or ["Warranty parts returns"]:
            _line(pdf, line, size=11)
        pdf.ln(2)
        _line(pdf, row.number, size=28, bold=True)
        # Code 39 knows letters, digits and "-", all an RMA number has; "*" begins and ends it.
        pdf.code39(f"*{row.number}*", x=8, y=pdf.get_y() + 1, w=1.2, h=16)
        pdf.set_y(pdf.get_y() + 21)
        last = f"{row.due_on.day} {row.due_on:%B %Y}" if row.due_on else "-"
        for label, value in (
            ("Part", f"{row.part_number}  {row.part_name}".strip()), ("Serial number", row.serial),
            ("Claim", f"{row.claim}, job {row.job}"), ("VIN", row.vin), ("Hand to the carrier by", last),
            ("Sender", f"{row.dealer} ({row.dealer_code})"),
        ):  # fmt: skip
            if value:
                _small(pdf, label)
                _line(pdf, value, size=10)
    return bytes(pdf.output())


def _small(pdf: Any, text: str) -> None:
    pdf.set_text_color(90)
    _line(pdf, text, size=7)
    pdf.set_text_color(0)


def _line(pdf: Any, text: str, *, size: int, bold: bool = False) -> None:
    pdf.set_font("helvetica", "B" if bold else "", size)
    plain = _plain(text)
    while len(plain) > 1 and pdf.get_string_width(plain) > pdf.epw:
        plain = plain[:-1]
    pdf.cell(0, size * 0.48, plain, new_x="LMARGIN", new_y="NEXT")


def _plain(text: str) -> str:
    """A text in the letters the built-in fonts have; unknown signs become "?"."""
    folded = "".join(c if ord(c) < 256 else unicodedata.normalize("NFKD", c) for c in text)
    kept = "".join(c for c in folded if not unicodedata.combining(c))
    return " ".join(kept.encode("latin-1", "replace").decode("latin-1").split())
