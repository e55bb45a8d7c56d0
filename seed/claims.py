"""The demo's warranty claims: what dealers enter and send, week by week, from vehicles they sold (commands only)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import UUID
from zlib import crc32

from sqlalchemy import select

from db.claims.attachment_commands import add_attachment
from db.claims.claim_queries import preview
from db.claims.commands import COMMANDS
from db.claims.draft_commands import save_draft
from db.claims.model import ChargeDraft, ClaimDraft, JobDraft
from db.claims.tables import Claim
from db.core.problems import Refused
from db.core.session import reading
from db.customers.vehicle_tables import Purchase, Vehicle
from db.warranty.tables import LabourOperation, Part, Technician
from seed.story import Story

WEEKS = 22
A_WEEK = (3, 6)
COMPLAINTS = (
    "Customer hears a grinding noise at low speed, louder when turning.",
    "Warning lamp comes on after twenty minutes of driving and stays on.",
    "Customer says the vehicle loses power on hills and shakes at idle.",
    "There is a smell of burning after a long drive, and a puddle in the morning.",
    "Since last week it does not start at the first try when it is cold.",
)
CAUSES = (
    "Found play beyond the limit at the {part}; the bearing is scored, measured 0.9 mm.",
    "Fault stored for the {part}; resistance measured at 14 ohm, the manual allows 6.",
    "The {part} leaks at its seam; pressure falls within two minutes of the test.",
    "Connector of the {part} is sound, but its signal drops out when warm.",
)
CORRECTIONS = (
    "Replaced the {part}, cleared the fault memory, road test of eight miles without findings.",
    "Fitted a new {part}, checked for leaks, fault did not come back on the road test.",
)
EXTRAS = (
    ("goodwill", 0.08), ("customer_reimbursement", 0.04), ("service_contract", 0.04), ("transport_damage", 0.04),
    ("pdi", 0.03), ("pre_authorization", 0.06), ("recall", 0.04), ("parts_warranty", 0.05),
)  # fmt: skip
FILES = {
    "customer_reimbursement": ("ownership", "paid_receipt"), "transport_damage": ("photo", "damage_report"),
    "pre_authorization": ("photo",),
}  # fmt: skip


def expect(story: Story, *, seed: int) -> None:
    """Let dealers enter claims on workdays of the last five months; a few stay drafts or lack something."""
    rng = Random(f"{seed}:claims")
    for weeks in range(WEEKS, 0, -1):
        for number in range(rng.randint(*A_WEEK)):
            at = story.until - timedelta(days=7 * weeks - rng.randint(0, 4), hours=rng.randint(1, 6), minutes=number)
            story.at(at, partial(_enter, story, Random(f"{seed}:claims:{weeks}:{number}")))
    for number in range(6):
        story.at(
            story.until - timedelta(hours=9 - number), partial(_enter, story, Random(f"{seed}:claims:now:{number}"))
        )


def _enter(story: Story, rng: Random, now: datetime) -> None:
    with reading(story.bind) as session:
        sold = session.execute(
            select(Vehicle.vin, Purchase.dealer_id, Purchase.odometer, Purchase.bought_on)
            .join(Purchase, Purchase.vehicle_id == Vehicle.id)
            .where(Purchase.bought_on < now.date() - timedelta(days=25), Vehicle.is_regular)
            .order_by(Purchase.id)
        ).all()
        work = session.execute(
            select(LabourOperation.code, LabourOperation.component, Part.number, Part.name)
            .join(Part, Part.component == LabourOperation.component)
            .where(
                LabourOperation.kind == "flat", LabourOperation.component != "", LabourOperation.valid_until.is_(None)
            )
            .order_by(LabourOperation.code, Part.number)
        ).all()
        if not sold or not work:
            return
        car = rng.choice(sold)
        technicians = session.scalars(
            select(Technician.code).where(Technician.dealer_id == car.dealer_id).order_by(Technician.code)
        ).all()
    draft = _draft(rng, car, rng.choice(work), technicians, now)
    actor = story.cast.manager(car.dealer_id)
    with reading(story.bind) as session:
        draft = preview(session, draft, dealer_id=car.dealer_id, actor=actor, now=now).draft
    if rng.random() < 0.12:  # a rate above the agreed one: corrected by the rules, paid with changes
        draft = replace(
            draft,
            charges=tuple(
                replace(c, unit_cents=c.unit_cents + 9_00) if c.kind == "labour" else c for c in draft.charges
            ),
        )
    key = UUID(int=rng.getrandbits(128)).hex
    claim_id = story.do(save_draft, dealer_id=car.dealer_id, draft=draft, actor=actor, now=now, form_key=key)
    if rng.random() < 0.9:
        for kind in FILES.get(draft.claim_type, ("ro_copy",)):
            _attach(story, claim_id, kind, key, actor=actor, now=now)
    if rng.random() < 0.94:
        _send(story, claim_id, actor=actor, now=now)


def _draft(rng: Random, car: Any, work: Any, technicians: Any, now: datetime) -> ClaimDraft:
    chance, kind = rng.random(), "standard"
    for name, share in EXTRAS:
        if chance < share:
            kind = name
            break
        chance -= share
    closed = now.date() - timedelta(days=rng.choice((1, 2, 3, 4, 6, 9, 38)))
    opened = max(closed - timedelta(days=rng.randint(0, 2)), car.bought_on)
    closed = max(closed, opened)
    failed = max(opened - timedelta(days=rng.randint(0, 6)), car.bought_on)
    # A vehicle is driven as much each time it comes: its readings only grow.
    odometer = (car.odometer or 0) + (opened - car.bought_on).days * (25 + crc32(car.vin.encode()) % 30) + 40
    part = work.name.lower()
    short = rng.random() < 0.06
    job = JobDraft(
        position=1, complaint=rng.choice(COMPLAINTS),
        cause="Defective." if short else rng.choice(CAUSES).format(part=part),
        correction=rng.choice(CORRECTIONS).format(part=part), component=work.component, causal_part=work.number,
        failure_code=f"P{rng.randint(300, 999):04}", operation=work.code, action="replacement",
        failed_serial=f"A{rng.randint(10_000, 99_999)}", fitted_serial=f"B{rng.randint(10_000, 99_999)}",
    )  # fmt: skip
    charges = [
        ChargeDraft(position=1, kind="labour", job=1, code=work.code, quantity=0),
        ChargeDraft(position=2, kind="parts", job=1, code=work.number, quantity=1_00),
    ]
    if rng.random() < 0.2:
        charges.append(
            ChargeDraft(position=3, kind="rental", job=0, quantity=rng.randint(1, 4) * 100, unit_cents=62_00)
        )
    return ClaimDraft(
        claim_type=kind, vin=car.vin, ro_number=f"W{rng.randint(10_000, 99_999)}", ro_opened_on=opened,
        ro_closed_on=None if kind == "pre_authorization" else closed, failed_on=failed, reported_on=opened,
        odometer_in=odometer, odometer_out=odometer + rng.randint(1, 9),
        technician=rng.choice(technicians) if technicians else "",
        exclusions=("aftermarket_part",) if rng.random() < 0.06 else (),
        goodwill_reason="A customer of many years, just out of warranty." if kind == "goodwill" else "",
        late_reason="The part was on backorder." if (now.date() - closed).days > 30 else "",
        jobs=(job,), charges=tuple(charges),
    )  # fmt: skip


def _attach(story: Story, claim_id: int, kind: str, key: str, *, actor: Any, now: datetime) -> None:
    story.do(
        add_attachment, claim_id=claim_id, kind=kind, file_name=f"{kind}.pdf", content=_paper(f"{key} {kind}"),
        form_key=f"{key}-{kind}"[:64], actor=actor, now=now,
    )  # fmt: skip


def _paper(text: str) -> bytes:
    """A small page that names its claim."""
    from fpdf import FPDF

    pdf: Any = FPDF(format="letter")
    pdf.set_creation_date(datetime(2026, 1, 2))  # noqa: DTZ001 - a fixed day keeps the bytes the same
    pdf.add_page()
    pdf.set_font("helvetica", "", 12)
    pdf.cell(0, 10, f"Made for the demonstration: {text}")
    return bytes(pdf.output())


def _send(story: Story, claim_id: int, *, actor: Any, now: datetime) -> None:
    with reading(story.bind) as session:
        version = session.scalar(select(Claim.version).where(Claim.id == claim_id))
    try:
        story.do(COMMANDS["submit"], item_id=claim_id, seen_version=version, actor=actor, now=now)
    except Refused:
        return  # nothing the demo could do better: the draft stays for its dealer
