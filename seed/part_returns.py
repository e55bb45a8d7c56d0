"""Old parts of the demo's claims: most are sent in, some late, some never; ours receive, inspect and settle them."""

from __future__ import annotations

from collections.abc import Callable
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
from db.claims.commands import COMMANDS as COMMANDS_OF_CLAIMS
from db.claims.draft_commands import save_draft
from db.claims.model import ChargeDraft, ClaimDraft, JobDraft
from db.claims.tables import Claim
from db.core.labels import local_day
from db.core.problems import Refused
from db.core.session import reading
from db.customers.vehicle_tables import Purchase, Vehicle
from db.part_returns import jobs
from db.part_returns.bulk_commands import receive_box, ship_many
from db.part_returns.commands import COMMANDS
from db.part_returns.rule_commands import publish_rule
from db.part_returns.rules import WAITS_FOR_PART
from db.part_returns.tables import PartReturn
from db.warranty.tables import LabourOperation, Part, Technician
from seed.story import Story

EVERY = timedelta(days=2)
REPAIRS, REPAIR_DAYS = 44, 84
"""So many repairs with a part worth looking at, over so many days before the demo ends."""
PARTS = ("TC-5000", "TCM-3200", "ACM-2800", "EXM-4100", "SGB-6500")
CARRIERS = ("UPS", "FedEx", "Old Dominion")
ADDRESS = "Parts return center, dock 4\n2100 Foundry Road\nToledo, OH 43611"
SEEN = (
    ("defective", "keep", "Shaft has 0.4 mm play; goes to the supplier."),
    ("defective", "scrap", "Fault confirmed on the bench."),
    ("defective", "scrap", "Seal leaks at 2 bar, as described."),
    ("defective", "keep", "Bearing seized; kept for the laboratory."),
    ("not_defect", "later", "All values within tolerance on the bench."),
    ("damaged", "scrap", "Housing broken in transport, cannot be judged."),
    ("wrong_part", "later", "A part with another number was in the box."),
)
FINE = "All values are within their limits on the bench."
MOST = 25


def expect(story: Story, *, start: datetime, seed: int) -> None:
    """Publish the rule early, let dealers replace parts, and all work through the old ones every other day."""
    rng = Random(f"{seed}:part returns")
    for number in range(REPAIRS):
        at = story.until - timedelta(days=rng.uniform(1, REPAIR_DAYS))
        story.at(at, partial(_usual, story, Random(f"{seed}:part returns:{number}")))
    for days in (61, 40, 27, 22, 14, 7):
        at = story.until - timedelta(days=days)
        story.at(at, partial(_doubted, story, Random(f"{seed}:part returns:doubted:{days}")))
    story.at(start + timedelta(hours=9), partial(_rule, story))
    day = start + EVERY + timedelta(hours=10)
    while day < story.until:
        story.at(day, partial(work, story))
        day += EVERY
    story.at(story.until - timedelta(hours=5), partial(work, story))


def _rule(story: Story, now: datetime) -> None:
    mason = story.cast.named("mason")
    story.do(
        publish_rule, effective_from=local_day(now, mason.zone), scrap_below_cents=75_00, return_from_cents=600_00,
        return_major=True, return_unusual=True, address=ADDRESS, seen_version=1, form_key="seed-part-return-rule",
        reason="The return center in Toledo takes old parts from now on.", actor=mason, now=now,
    )  # fmt: skip


def _usual(story: Story, rng: Random, now: datetime) -> None:
    """A claim the rules or the desk decide in their usual way."""
    _repair(story, rng, now)


def _doubted(story: Story, rng: Random, now: datetime) -> None:
    """A claim the desk decides only once it has seen the old part."""
    claim_id = _repair(story, rng, now, exclusions=("modified",))
    if claim_id is not None:
        _claim_step(story, "await_part", claim_id, now, note="Send in the old part before we decide, please.")


def _claim_step(story: Story, step: str, claim_id: int, now: datetime, **more: Any) -> None:
    with reading(story.bind) as session:
        version = session.scalar(select(Claim.version).where(Claim.id == claim_id))
    try:
        story.do(
            COMMANDS_OF_CLAIMS[step], item_id=claim_id, seen_version=version, actor=story.cast.named("cora"), now=now,
            **more,
        )  # fmt: skip
    except Refused:
        story.overtaken[f"part_{step}"] += 1


def _repair(story: Story, rng: Random, now: datetime, *, exclusions: tuple[str, ...] = ()) -> int | None:
    """A dealer replaces a part of a car it sold and claims it; the rules or the desk decide. Gives the claim's id."""
    with reading(story.bind) as session:
        sold = session.execute(
            select(Vehicle.vin, Purchase.dealer_id, Purchase.odometer, Purchase.bought_on)
            .join(Purchase, Purchase.vehicle_id == Vehicle.id)
            .where(Purchase.bought_on < now.date() - timedelta(days=25), Vehicle.is_regular)
            .order_by(Purchase.id)
        ).all()
        jobs_known = session.execute(
            select(LabourOperation.code, LabourOperation.component, Part.number, Part.name)
            .join(Part, Part.component == LabourOperation.component)
            .where(Part.number.in_(PARTS), LabourOperation.kind == "flat", LabourOperation.valid_until.is_(None))
            .order_by(Part.number, LabourOperation.code)
        ).all()
        if not sold or not jobs_known:
            return None
        # The dealer people sign in as should have something to do.
        own = [c for c in sold if c.dealer_id in story.cast.named("dana").scope.dealer_ids]
        car, job = rng.choice(own if own and rng.random() < 0.3 else sold), rng.choice(jobs_known)
        technician = session.scalars(
            select(Technician.code).where(Technician.dealer_id == car.dealer_id).order_by(Technician.code)
        ).first()
    actor, key = story.cast.manager(car.dealer_id), UUID(int=rng.getrandbits(128)).hex
    draft = replace(_claim(rng, car, job, technician or "", now), exclusions=exclusions)
    with reading(story.bind) as session:
        draft = preview(session, draft, dealer_id=car.dealer_id, actor=actor, now=now).draft
    claim_id = story.do(save_draft, dealer_id=car.dealer_id, draft=draft, actor=actor, now=now, form_key=key)
    story.do(
        add_attachment, claim_id=claim_id, kind="ro_copy", file_name="ro_copy.pdf", content=paper(key),
        form_key=f"{key}-ro", actor=actor, now=now,
    )  # fmt: skip
    with reading(story.bind) as session:
        version = session.scalar(select(Claim.version).where(Claim.id == claim_id))
    try:
        story.do(COMMANDS_OF_CLAIMS["submit"], item_id=claim_id, seen_version=version, actor=actor, now=now)
    except Refused:
        story.overtaken["part_claim"] += 1
        return None
    return int(claim_id)


def _claim(rng: Random, car: Any, job: Any, technician: str, now: datetime) -> ClaimDraft:
    closed = max(now.date() - timedelta(days=rng.randint(1, 4)), car.bought_on)
    opened = max(closed - timedelta(days=1), car.bought_on)
    odometer = (car.odometer or 0) + (opened - car.bought_on).days * (25 + crc32(car.vin.encode()) % 30) + 40
    part = job.name.lower()
    text = JobDraft(
        position=1, complaint=f"Customer reports a fault that comes and goes; the {part} was named by the last shop.",
        cause=f"Measured the {part} on the vehicle: outside its limits when warm, code {rng.randint(100, 999)} stored.",
        correction=f"Replaced the {part}, cleared the memory, road test of nine miles without findings.",
        component=job.component, causal_part=job.number, failure_code=f"P{rng.randint(300, 999):04}",
        operation=job.code, action="replacement", failed_serial=f"A{rng.randint(10_000, 99_999)}",
        fitted_serial=f"B{rng.randint(10_000, 99_999)}",
    )  # fmt: skip
    return ClaimDraft(
        claim_type="standard", vin=car.vin, ro_number=f"R{rng.randint(10_000, 99_999)}", ro_opened_on=opened,
        ro_closed_on=closed, failed_on=opened, reported_on=opened, odometer_in=odometer, odometer_out=odometer + 9,
        technician=technician, jobs=(text,),
        charges=(
            ChargeDraft(position=1, kind="labour", job=1, code=job.code, quantity=0),
            ChargeDraft(position=2, kind="parts", job=1, code=job.number, quantity=1_00),
        ),
    )  # fmt: skip


def paper(text: str) -> bytes:
    """A small page that names its repair order."""
    from fpdf import FPDF

    pdf: Any = FPDF(format="letter")
    pdf.set_creation_date(datetime(2026, 1, 2))  # noqa: DTZ001 - a fixed day keeps the bytes the same
    pdf.add_page()
    pdf.set_font("helvetica", "", 12)
    pdf.cell(0, 10, f"Repair order, made for the demonstration: {text}")
    return bytes(pdf.output())


def work(story: Story, now: datetime) -> None:
    """One round: the sweep, then the dealers' boxes, then ours."""
    for job in jobs.JOBS:
        job.run(story.bind, now=now)
    with reading(story.bind) as session:
        rows = session.execute(
            select(
                PartReturn.id, PartReturn.number, PartReturn.status, PartReturn.version, PartReturn.dealer_id,
                PartReturn.requested_at, PartReturn.due_at, PartReturn.shipped_at, PartReturn.received_at,
                PartReturn.inspected_at, PartReturn.finding, PartReturn.back_owed, PartReturn.part_cents,
                PartReturn.claim_id, Claim.status.label("claim_status"),
            )
            .join(Claim, Claim.id == PartReturn.claim_id)
            .where(PartReturn.status.in_(("held", "requested", "shipped", "received", "inspected", "missing")))
            .order_by(PartReturn.id)
        ).all()  # fmt: skip
    _ship(story, [r for r in rows if r.status in ("requested", "missing")], now)
    _receive(story, [r for r in rows if r.status == "shipped"], now)
    for row in [r for r in rows if r.status == "received"][:MOST]:
        finding, then, note = SEEN[_chance(row.number, "seen") % len(SEEN)]
        if row.claim_status == WAITS_FOR_PART:
            _try(story, COMMANDS["inspect"], row, by="cora", now=now, finding="not_defect", then="later", note=FINE)
            _claim_step(story, "deny", row.claim_id, now, reason_code="NOT_DEFECT", note=FINE)
        elif now - row.received_at >= timedelta(days=2 + _chance(row.number, "look") % 9):
            then = "later" if row.back_owed else then
            _try(story, COMMANDS["inspect"], row, by="cora", now=now, finding=finding, then=then, note=note)
    for row in [r for r in rows if r.status == "inspected" and now - r.inspected_at >= timedelta(days=5)][:MOST]:
        _settle(story, row, now)
    for row in [r for r in rows if r.status == "held"][:MOST]:
        if _chance(row.number, f"ask:{now:%j}") < 1:
            _try(story, COMMANDS["request"], row, by="cora", now=now, note="The supplier asked to see this part.")


def _call_off(story: Story, row: Any, now: datetime) -> None:
    note = "The laboratory has enough of these by now."
    _try(story, COMMANDS["cancel"], row, by="cora", now=now, note=note)


def _chance(number: str, what: str) -> int:
    """0 to 99, always the same for the same text."""
    return crc32(f"{number}:{what}".encode()) % 100


def _ship(story: Story, rows: list[Any], now: datetime) -> None:
    """Dealers send what they have put aside, one box a dealer; every ninth part is late, every ninth never comes."""
    boxes: dict[int, list[Any]] = {}
    for row in rows:
        chance = _chance(row.number, "ship")
        days = 2 + chance % 11
        if row.claim_status == WAITS_FOR_PART:
            chance, days = 99, 0
        elif row.status == "requested" and _chance(row.number, "off") < 4:
            _call_off(story, row, now)
            continue
        if chance < 11 or (row.status == "missing" and (chance >= 22 or now - row.due_at < timedelta(days=4))):
            continue
        if row.status == "requested" and (chance < 22 or now - row.requested_at < timedelta(days=days)):
            continue
        boxes.setdefault(row.dealer_id, []).append(row)
    for dealer_id, box in sorted(boxes.items()):
        carrier = CARRIERS[dealer_id % len(CARRIERS)]
        tracking = f"1Z{crc32(box[0].number.encode()) % 10**9:09}"
        try:
            story.do(
                ship_many, items=[(r.id, r.version) for r in box], carrier=carrier, tracking=tracking,
                actor=story.cast.manager(dealer_id), now=now,
            )  # fmt: skip
        except Refused:
            story.overtaken["ship_many"] += 1


def _receive(story: Story, rows: list[Any], now: datetime) -> None:
    came = [
        r.number
        for r in rows
        if r.claim_status == WAITS_FOR_PART or now - r.shipped_at >= timedelta(days=3 + _chance(r.number, "way") % 4)
    ]
    lost = {n for n in came if _chance(n, "lost") < 4}
    came = [n for n in came if n not in lost]
    if came:
        story.do(receive_box, numbers=" ".join(came[:MOST]), actor=story.cast.named("cora"), now=now)
    for row in rows:
        if row.number in lost and now - row.shipped_at > timedelta(days=18):
            _try(story, COMMANDS["not_arrived"], row, by="cora", now=now, note="The carrier has no trace of the box.")


def _settle(story: Story, row: Any, now: datetime) -> None:
    carrier = CARRIERS[row.id % len(CARRIERS)]
    if row.finding == "wrong_part":
        note = "Please send the part with the number on the claim."
        _try(story, COMMANDS["ask_again"], row, by="cora", now=now, note=note)
    elif row.back_owed and row.id % 2:
        _try(story, COMMANDS["pay"], row, by="mason", now=now, note="The part was cut open on the bench.")
    elif row.back_owed or row.finding == "not_defect":
        _try(story, COMMANDS["send_back"], row, by="cora", now=now, carrier=carrier)


def _try(story: Story, command: Callable[..., Any], row: Any, *, by: str, now: datetime, **more: Any) -> None:
    """One step; a part somebody else moved meanwhile is left as it is."""
    try:
        story.do(command, item_id=row.id, seen_version=row.version, actor=story.cast.named(by), now=now, **more)
    except Refused:
        story.overtaken[f"part_{command.__name__}"] += 1
