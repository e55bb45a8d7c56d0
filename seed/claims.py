"""The demo's warranty claims: dealers enter, send and correct them, week by week (commands only)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache, partial
from random import Random
from typing import Any
from uuid import UUID
from zlib import crc32

from sqlalchemy import select

from db.claims.attachment_commands import add_attachment
from db.claims.commands import COMMANDS
from db.claims.draft_commands import save_draft
from db.claims.model import ChargeDraft, ClaimDraft, JobDraft
from db.claims.money_rules import total_cents
from db.claims.record import draft_of
from db.claims.tables import Claim
from db.core.actor import EVERYTHING, Actor
from db.core.problems import Refused
from db.core.session import reading
from db.terms.queries import terms_on
from seed import claim_words as words
from seed.claim_plan import Visit, visits
from seed.story import Story
from seed.warranty import NAMES, hours_on, net_on, operation_of, part_of, system_of

STANDARD_MARKUP = 40_00
JUST_BELOW = (951_00, 994_00)
SKILLED, BEGINNER = "T01", "T02"
FILES = {
    "customer_reimbursement": ("ownership", "paid_receipt"), "transport_damage": ("photo", "damage_report"),
    "pre_authorization": ("photo",), "pdi": (),
}  # fmt: skip
EVERY = timedelta(days=2)


def expect(story: Story, *, seed: int) -> dict[str, Visit]:
    """Let dealers enter claims, and correct every other day what came back; gives the claims by repair order."""
    planned = visits(seed, end=story.until)
    for visit in planned.values():
        story.at(visit.at, partial(_enter, story, visit))
    day = story.until - timedelta(days=170)
    while day < story.until - timedelta(hours=30):
        story.at(day.replace(hour=19, minute=20), partial(_correct, story, planned))
        day += EVERY
    return planned


# ---- entering and sending --------------------------------------------------------------------------------------------
def _enter(story: Story, visit: Visit, now: datetime, *, pre_auth: str = "") -> None:
    dealer_id, rng = story.cast.id_of(visit.code), visit.rng
    with reading(story.bind) as session:
        terms = terms_on(session, dealer_id=dealer_id, on=now.date(), scope=EVERYTHING)
    draft = replace(draft_for(visit, rng, terms, now=now, today=story.until.date()), pre_auth_number=pre_auth)
    actor = story.cast.manager(dealer_id)
    if rng.random() < 0.6:
        actor = story.cast.sales(dealer_id, turn=crc32(visit.ro.encode()) % 2, assignee_id=None)
    key = UUID(int=rng.getrandbits(128)).hex
    claim_id = story.do(save_draft, dealer_id=dealer_id, draft=draft, actor=actor, now=now, form_key=key)
    if visit.flaw != "no_file":
        for kind in FILES.get(visit.kind, ("ro_copy",)):
            attach(story, claim_id, kind, visit, draft, actor=actor, now=now)
        if visit.flaw in ("rental", "sublet"):
            attach(story, claim_id, "receipt", visit, draft, actor=actor, now=now)
    if visit.flaw == "draft":
        return
    if visit.flaw == "taken_back":
        act(story, "void", claim_id, actor=actor, now=now, note="Entered twice; the customer pays it.")
        return
    act(story, "submit", claim_id, actor=actor, now=now)
    if visit.kind == "pre_authorization" and visit.extra:
        _follow(story, visit, claim_id, now)


def _follow(story: Story, visit: Visit, claim_id: int, now: datetime) -> None:
    """The claim of work that was asked for beforehand: after the approval, or too soon, so that it waits."""
    with reading(story.bind) as session:
        number = session.scalar(select(Claim.number).where(Claim.id == claim_id)) or ""
    later = now + timedelta(days=14 if visit.extra == "then" else 3)
    after = visit._replace(at=later, ro=f"{visit.ro}A", kind="standard", extra="", is_slow=False)
    story.at(later, partial(_enter, story, after, pre_auth=number))


def act(story: Story, step: str, claim_id: int, *, actor: Actor, now: datetime, **more: Any) -> bool:
    """One step on a claim as it is now; False when it was refused, which the story counts."""
    with reading(story.bind) as session:
        version = session.scalar(select(Claim.version).where(Claim.id == claim_id))
    try:
        story.do(COMMANDS[step], item_id=claim_id, seen_version=version, actor=actor, now=now, **more)
    except Refused as refused:
        story.overtaken[f"claims.{step}.{refused.code}"] += 1
        return False
    return True


# ---- correcting ------------------------------------------------------------------------------------------------------
def _correct(story: Story, planned: dict[str, Visit], now: datetime) -> None:
    """What came back two to five days ago is corrected and sent again; one in eight is left lying."""
    with reading(story.bind) as session:
        back = session.execute(
            select(Claim.id, Claim.ro_number, Claim.dealer_id, Claim.version, Claim.status, Claim.returns)
            .where(
                Claim.status.in_(("returned", "rejected")),
                Claim.stage_entered_at.between(now - timedelta(days=7), now - timedelta(days=2)),
            )
            .order_by(Claim.id)
        ).all()  # fmt: skip
        drafts = {row.id: draft_of(session, session.get_one(Claim, row.id)) for row in back}
    for row in back:
        visit, chance = planned.get(row.ro_number.removesuffix("A")), crc32(row.ro_number.encode()) % 100
        if visit is None or chance < 12 or row.returns > 2 or (chance + now.toordinal()) % 2:
            continue
        actor = story.cast.manager(row.dealer_id)
        draft = _mended(visit, drafts[row.id])
        if draft != drafts[row.id]:
            story.do(
                save_draft, dealer_id=row.dealer_id, draft=draft, actor=actor, now=now, form_key="", claim_id=row.id,
                seen_version=row.version,
            )  # fmt: skip
        wanted = FILES.get(visit.kind, ("ro_copy",)) if visit.flaw == "no_file" else ("diagnosis",)
        for kind in wanted if row.returns == 1 else ():
            attach(story, row.id, kind, visit, draft, actor=actor, now=now)
        act(story, "submit", row.id, actor=actor, now=now)


def _mended(visit: Visit, draft: ClaimDraft) -> ClaimDraft:
    part, rng = part_of(visit.component)[1].lower(), Random(f"{visit.ro}:again")
    jobs = tuple(
        replace(job, cause=f"{_said(rng, words.CAUSES, part)} The print-out of the tester is attached.")
        for job in draft.jobs
    )
    return replace(draft, jobs=jobs, vin=visit.car.vin)


# ---- what is written -------------------------------------------------------------------------------------------------
def draft_for(visit: Visit, rng: Random, terms: Any, *, now: datetime, today: date) -> ClaimDraft:
    """The claim as its dealer enters it; `terms` are the dealer's of that day, prices those of the catalogue."""
    flaw, car = visit.flaw, visit.car
    lag = 38 if flaw == "late" else rng.choice((1, 1, 2, 2, 3, 5))
    closed = max(now.date() - timedelta(days=lag), car.in_service + timedelta(days=2))
    opened = max(closed - timedelta(days=rng.randint(0, 2)), car.in_service + timedelta(days=1))
    failed = max(opened - timedelta(days=rng.randint(0, 6)), car.in_service)
    read = car.odometer(opened) - (2_400 if visit.oddity == "reading" else 0)
    components = [visit.component]
    if flaw == "second_job":
        components.append("BDY-TRIM" if visit.component != "BDY-TRIM" else "SUS-SHOCK")
    jobs, charges = [], list[ChargeDraft]()
    for position, component in enumerate(components, 1):
        jobs.append(_job(visit, position, component, rng))
        charges += _lines(visit, position, component, terms, opened, today=today, first=len(charges) + 1)
    charges += _beside(visit, rng, charges)
    is_asked = visit.kind == "pre_authorization"
    return ClaimDraft(
        claim_type=visit.kind, vin="" if flaw == "no_vin" else car.vin, ro_number=visit.ro, ro_opened_on=opened,
        ro_closed_on=None if is_asked else closed, failed_on=failed, reported_on=opened,
        odometer_in=read, odometer_out=read + rng.randint(1, 9), jobs=tuple(jobs), charges=tuple(charges),
        technician=BEGINNER if flaw == "uncertified" else SKILLED,
        exclusions=("aftermarket_part",) if flaw == "excluded" else (),
        goodwill_reason=rng.choice(words.GOODWILL) if visit.kind == "goodwill" else "",
        late_reason=rng.choice(words.LATE) if flaw == "late" else "",
        campaign_number=visit.extra if visit.kind == "recall" else "",
        contract_number=visit.extra if visit.kind == "service_contract" else "",
    )  # fmt: skip


def _said(rng: Random, sentences: tuple[str, ...], part: str) -> str:
    return rng.choice(sentences).format(part=part, a=rng.randint(1, 9), b=rng.randint(11, 98))


def _job(visit: Visit, position: int, component: str, rng: Random) -> JobDraft:
    number, part, _ = part_of(component)
    part = part.lower()
    cause, correction = _said(rng, words.CAUSES, part), _said(rng, words.CORRECTIONS, part)
    if visit.oddity == "copied":
        cause, correction = (text.format(part=part) for text in words.COPIED)
    return JobDraft(
        position=position, complaint=rng.choice(words.COMPLAINTS[system_of(component)]),
        cause="Defective." if visit.flaw == "short" else cause, correction=correction, component=component,
        causal_part=number, failure_code=f"P{rng.randint(300, 999):04}", operation=operation_of(component),
        action="replacement", failed_serial=f"A{rng.randint(10_000, 99_999)}",
        fitted_serial=f"B{rng.randint(10_000, 99_999)}",
    )  # fmt: skip


def _lines(
    visit: Visit, job: int, component: str, terms: Any, on: date, *, today: date, first: int
) -> list[ChargeDraft]:  # fmt: skip
    """Labour and part of a job at the dealer's rate, hours and prices of the day."""
    number, title, dollars = part_of(component)
    rate = (terms.get("labour_rate") or 130_00) + (9_50 if visit.flaw == "rate" else 0)
    markup = terms.get("parts_markup")
    return [
        ChargeDraft(
            position=first, kind="labour", job=job, code=operation_of(component), unit_cents=rate,
            description=f"{NAMES[component]}: replace", quantity=hours_on(component, on, today=today),
        ),
        ChargeDraft(
            position=first + 1, kind="parts", job=job, code=number, description=title, quantity=1_00,
            unit_cents=net_on(dollars, on, today=today), markup=STANDARD_MARKUP if markup is None else markup,
        ),
    ]  # fmt: skip


def _beside(visit: Visit, rng: Random, charges: list[ChargeDraft]) -> list[ChargeDraft]:
    """Rental cars above and below the cap, work others did, and what brings a total just below the limit."""
    position = len(charges) + 1
    if visit.flaw == "rental":
        return [ChargeDraft(position=position, kind="rental", code="RENTAL", quantity=rng.randint(1, 4) * 100,
                            unit_cents=rng.choice((46_00, 62_00, 64_50)), description="Rental car")]  # fmt: skip
    if visit.flaw == "sublet":
        return [ChargeDraft(position=position, kind="sublet", job=1, unit_cents=285_00,
                            description="Machine shop: surface ground")]  # fmt: skip
    if visit.flaw == "just_below":
        missing = rng.randint(*JUST_BELOW) - total_cents(charges)
        return [ChargeDraft(position=position, kind="misc", job=1, unit_cents=missing,
                            description="Shop supplies and cleaning")] if missing > 0 else []  # fmt: skip
    return []


# ---- papers ----------------------------------------------------------------------------------------------------------
def attach(
    story: Story, claim_id: int, kind: str, visit: Visit, draft: ClaimDraft, *, actor: Actor, now: datetime
) -> None:  # fmt: skip
    """A paper of the claim; odd ones are those of another claim, or say less than is charged."""
    oddity, invoice, cents = visit.oddity, "", None
    said = oddity if oddity.startswith("picture") and kind == "ro_copy" else f"{visit.ro} {kind}"
    if kind in ("receipt", "paid_receipt"):
        cents = total_cents(c for c in draft.charges if c.kind in ("rental", "sublet") or kind == "paid_receipt")
        invoice = f"I{crc32(visit.ro.encode()) % 100_000:05}"
        if oddity.startswith("invoice"):
            invoice, cents = oddity.partition(":")[2], cents + crc32(visit.ro.encode()) % 40 * 100
        elif oddity == "receipts":
            cents = cents * 2 // 3
    story.do(
        add_attachment, claim_id=claim_id, kind=kind, file_name=f"{visit.ro}-{kind}.pdf", content=paper(said),
        form_key=f"{visit.ro}:{kind}", invoice_number=invoice, invoice_cents=cents, actor=actor, now=now,
    )  # fmt: skip


ROOM = 40


@cache
def _sheet() -> bytes:
    from fpdf import FPDF

    pdf: Any = FPDF(format="letter")
    pdf.set_compression(False)
    pdf.set_creation_date(datetime(2026, 1, 2))  # noqa: DTZ001 - a fixed day keeps the bytes the same
    pdf.add_page()
    pdf.set_font("helvetica", "", 12)
    pdf.cell(0, 10, f"Made for the demonstration: {'#' * ROOM}")
    return bytes(pdf.output())


def paper(text: str) -> bytes:
    """A small page that names its claim; the sheet is laid out once."""
    return _sheet().replace(b"#" * ROOM, text[:ROOM].ljust(ROOM).encode())
