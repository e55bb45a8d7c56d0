"""Deliveries of the demo that were short, wrong or broken: what dealers claim, and what becomes of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import select

from db.core.problems import Refused
from db.core.session import reading
from db.parts.claim_commands import file_claim
from db.parts.commands import COMMANDS
from db.parts.tables import PartsClaim, PartsOrderLine, PartsShipment
from seed.story import Story

HOME = "00402"


class Delivery(NamedTuple):
    """One claim: days before the end, what is wrong in which words, and what becomes of it."""

    days: float
    kind: str
    words: str
    fate: str
    evidence: str = ""


DELIVERIES = (
    Delivery(104, "shortage", "Packing list says more than there was in the carton; seal was whole.", "credit"),
    Delivery(93, "damaged", "Carton crushed on one side, housing is cracked.", "replace", "Photo, document D-118"),
    Delivery(86, "wrong_part", "Label is right, but the part in the box is that of the other engine.", "replace"),
    Delivery(
        77, "defective", "Fault on first start: no pressure, measured twice.", "credit", "Test report of the bench"
    ),
    Delivery(69, "damaged", "Scratched at the flange.", "late"),
    Delivery(60, "overage", "More pieces came than we ordered; we send them back.", "credit"),
    Delivery(51, "shortage", "One piece is missing.", "partly"),
    Delivery(43, "concealed", "Carton looked well; the connector inside is broken off.", "answered"),
    Delivery(36, "defective", "Whines at idle after ten miles.", "deny"),
    Delivery(28, "shortage", "Pieces are missing.", "withdraw"),
    Delivery(19, "wrong_part", "Number on the part is the one before the supersession.", "credit"),
    Delivery(8, "defective", "Does not hold pressure over night.", "ask"),
    Delivery(5, "concealed", "Housing is bent under the wrapping.", "ask", "Photo 2 and 3"),
    Delivery(3, "shortage", "Half of what the packing list says.", ""),
    Delivery(2.2, "damaged", "Box wet and torn open on arrival.", "", "Photo of the pallet"),
    Delivery(1.1, "wrong_part", "We ordered the left one.", ""),
)


def expect(story: Story) -> None:
    """Let dealers claim deliveries of the days before."""
    for one in DELIVERIES:
        at = (story.until - timedelta(days=one.days)).replace(hour=17, minute=40, second=0, microsecond=0)
        story.at(at, partial(_file, story, one))


def _file(story: Story, one: Delivery, now: datetime) -> None:
    line, shipped = PartsOrderLine, PartsShipment
    with reading(story.bind) as session:
        claimed = select(PartsClaim.line_id)
        found = session.execute(
            select(line.id, line.shipped, line.dealer_id, shipped.shipped_on)
            .join(shipped, shipped.line_id == line.id)
            .where(
                shipped.shipped_at < now - timedelta(days=13 if one.fate == "late" else 1.5), line.shipped > 0,
                line.unit_cents > 0,
                line.id.not_in(claimed),
            )
            .order_by(shipped.shipped_on.desc(), line.unit_cents.desc(), line.id.desc())
            .limit(3)
        ).all()  # fmt: skip
    home = story.cast.id_of(HOME)
    if not found:
        return
    row: Any = next((r for r in found if r.dealer_id == home), found[int(one.days) % len(found)])
    received = max(row.shipped_on, now.date() - timedelta(days=12 if one.fate == "late" else 1))
    actor = story.cast.manager(row.dealer_id)
    claim_id = story.do(
        file_claim, line_id=row.id, kind=one.kind, quantity=max(1, row.shipped // 2), received_on=received,
        description=one.words, evidence=one.evidence, form_key=f"delivery:{one.days}", actor=actor, now=now,
    )  # fmt: skip
    if one.fate:
        story.at(now + timedelta(days=1, hours=2), partial(_decide, story, one, claim_id, actor))


def _decide(story: Story, one: Delivery, claim_id: int, dealer: Any, now: datetime) -> None:
    cora = story.cast.named("cora")
    if one.fate == "credit":
        _step(story, "credit", claim_id, cora, now)
    elif one.fate == "partly":
        with reading(story.bind) as session:
            cents = session.scalar(select(PartsClaim.amount_cents).where(PartsClaim.id == claim_id)) or 0
        _step(story, "credit", claim_id, cora, now, amount_cents=cents // 2, note="One of two was found in our dock.")
    elif one.fate == "replace":
        _step(story, "replace", claim_id, cora, now, note="The replacement leaves with the next truck.")
    elif one.fate in ("deny", "late"):
        code, note = ("late", "Damage is claimed on the next working day.") if one.fate == "late" else (
            "works", "On our bench it works as it should; see the report.")  # fmt: skip
        _step(story, "deny", claim_id, cora, now, reason_code=code, note=note)
    elif one.fate == "withdraw":
        _step(story, "withdraw", claim_id, dealer, now, note="Found in another carton.")
    else:
        _step(story, "ask", claim_id, cora, now, note="Please send a photo of the label and of the part.")
        if one.fate == "answered":
            story.at(now + timedelta(days=1), partial(_answer, story, claim_id, dealer))


def _answer(story: Story, claim_id: int, dealer: Any, now: datetime) -> None:
    _step(story, "answer", claim_id, dealer, now, note="Photos are attached.", evidence="Document D-204")
    story.at(now + timedelta(hours=1), partial(_credit, story, claim_id))


def _credit(story: Story, claim_id: int, now: datetime) -> None:
    _step(story, "credit", claim_id, story.cast.named("cora"), now, note="Seen on the photo.")


def _step(story: Story, step: str, claim_id: int, actor: Any, now: datetime, **more: Any) -> None:
    with reading(story.bind) as session:
        version = session.scalar(select(PartsClaim.version).where(PartsClaim.id == claim_id))
    try:
        story.do(
            COMMANDS["parts_claims"][step], item_id=claim_id, seen_version=version, actor=actor, now=now, **more
        )  # fmt: skip
    except Refused as refused:
        story.overtaken[f"parts_claims.{step}.{refused.code}"] += 1
