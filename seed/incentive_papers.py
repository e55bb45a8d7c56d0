"""Papers as files, appeals, and claims from a file, in the demo: what dealers attach, contest and send in one go."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from functools import partial
from random import Random

from sqlalchemy import func, select

from db.core.area import SourceFile
from db.core.problems import Refused
from db.core.session import reading
from db.incentives.commands import COMMANDS, add_paper
from db.incentives.sheet_commands import claim_sheet
from db.incentives.sheet_queries import check_sheet
from db.incentives.tables import IncentiveClaim, SaleDocument
from seed.arrivals import made_up_vin
from seed.claims import paper
from seed.places import LINES, MAKE
from seed.story import Story

HOME = "00402"
HEADER = ("VIN", "Make", "Model", "Model year", "Type of sale", "In stock since", "Contract date", "Delivery date",
          "Customer", "Papers", "Program", "Checklist done")  # fmt: skip
NOTES = (
    "The buyer married between the order and the registration; the certificate is attached.",
    "Order and registration name the same buyer: the second page of the order was missing in the scan.",
    "The registration was corrected by the office; the new one is attached.",
)
ROWS = 9


def expect(story: Story, *, seed: int) -> None:
    """Let dealers attach papers, contest denials, and send a file of sales in the last weeks."""
    for days in (24, 16, 9, 4, 1.2):
        story.at(story.until - timedelta(days=days), partial(_attach, story, f"{seed}:paper:{days}"))
    for n, days in enumerate((10, 6, 2)):
        story.at(story.until - timedelta(days=days, hours=2), partial(_appeal, story, n))
    story.at(story.until - timedelta(days=5, hours=1), partial(_decide, story))
    story.at(story.until - timedelta(days=3, hours=3), partial(_file, story, f"{seed}:sheet"))


def _attach(story: Story, which: str, now: datetime) -> None:
    """The scans of the papers that were named with the newest claims that wait."""
    rng = Random(which)
    with reading(story.bind) as session:
        rows = session.execute(
            select(SaleDocument.sale_id, SaleDocument.kind, SaleDocument.dealer_id, SaleDocument.reference)
            .join(IncentiveClaim, IncentiveClaim.sale_id == SaleDocument.sale_id)
            .where(IncentiveClaim.status.in_(("in_review", "returned", "denied")))
            .group_by(SaleDocument.id)
            .order_by(func.max(IncentiveClaim.id).desc(), SaleDocument.id)
            .limit(4)
        ).all()
    for n, (sale_id, kind, dealer_id, reference) in enumerate(rows):
        try:
            story.do(
                add_paper, sale_id=sale_id, kind=kind, file_name=f"{kind}-{sale_id}.pdf",
                content=paper(f"{kind} {reference}"), form_key=f"{rng.getrandbits(64):x}-{n}",
                actor=story.cast.manager(dealer_id), now=now,
            )  # fmt: skip
        except Refused as refused:
            story.overtaken[f"incentives.add_paper.{refused.code}"] += 1


def _first(story: Story, status: str, *, appeals: int = 0) -> IncentiveClaim | None:
    with reading(story.bind) as session:
        found = session.scalars(
            select(IncentiveClaim)
            .where(
                IncentiveClaim.status == status, IncentiveClaim.appeals == appeals, IncentiveClaim.sale_id.is_not(None)
            )
            .order_by(IncentiveClaim.id.desc())
            .limit(1)
        ).one_or_none()  # fmt: skip
        if found is not None:
            session.expunge(found)
        return found


def _appeal(story: Story, n: int, now: datetime) -> None:
    """A denial is contested, with a letter."""
    claim = _first(story, "denied")
    if claim is None:
        return
    actor = story.cast.manager(claim.dealer_id or 0)
    try:
        story.do(
            add_paper, claim_id=claim.id, kind="appeal", file_name=f"letter-{claim.number}.pdf",
            content=paper(f"Letter {claim.number}"), form_key=f"appeal-{claim.id}", actor=actor, now=now,
        )  # fmt: skip
        story.do(
            COMMANDS["appeal"], item_id=claim.id, seen_version=claim.version, note=NOTES[n % len(NOTES)], actor=actor,
            now=now,
        )  # fmt: skip
    except Refused as refused:
        story.overtaken[f"incentives.appeal.{refused.code}"] += 1


def _decide(story: Story, now: datetime) -> None:
    """A manager decides the appeal that waits longest; who denied it was a coordinator."""
    claim = _first(story, "appealed", appeals=1)
    if claim is None:
        return
    try:
        story.do(
            COMMANDS["approve"], item_id=claim.id, seen_version=claim.version, actor=story.cast.named("mason"), now=now,
            note="The second page shows it.",
        )  # fmt: skip
    except Refused as refused:
        story.overtaken[f"incentives.appeal_approve.{refused.code}"] += 1


def _file(story: Story, which: str, now: datetime) -> None:
    """A dealer's list of the week, good rows and bad ones; what is claimable is claimed."""
    rng, today = Random(which), now.date()
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for n in range(ROWS):
        day = today - timedelta(days=1 + n % 4)
        model = rng.choice(LINES[n % len(LINES)][1])
        kind = "Fleet" if n == 3 else rng.choice(("Cash", "Loan", "Lease"))
        papers = "" if n == 5 else "Library card" if n == 7 else "Registration, Signed buyer's order, Stock invoice"
        writer.writerow((
            made_up_vin(rng, today.year), MAKE, model, today.year, kind, today - timedelta(days=40), day, day,
            f"List {n + 1}", papers, "", "yes",
        ))  # fmt: skip
    file = SourceFile(name=f"week_{today:%Y_%m_%d}.csv", content=text.getvalue().encode())
    actor = story.cast.manager(story.cast.id_of(HOME))
    with reading(story.bind) as session:
        seen = check_sheet(session, file=file, actor=actor, now=now).seen
    try:
        story.do(claim_sheet, file=file, seen=seen, form_key=f"sheet-{which}", actor=actor, now=now)
    except Refused as refused:
        story.overtaken[f"incentives.claim_sheet.{refused.code}"] += 1
