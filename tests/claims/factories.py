"""Claims for tests, brought to a stage of their life through commands only."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine, select

from db.claims.commands import COMMANDS
from db.claims.draft_commands import save_draft
from db.claims.model import ChargeDraft, ClaimDraft, JobDraft
from db.claims.tables import Claim, ClaimAttachment
from db.core.actor import Actor
from db.core.session import reading, run, writing
from tests.warranty.factories import warranty_data

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)

JOB = JobDraft(
    position=1, complaint="Customer hears a loud whine from the turbo when accelerating.",
    cause="Shaft of the turbocharger has play, compressor wheel touches the housing.",
    correction="Turbocharger replaced, oil feed line cleaned, road test without findings.",
    component="ENG-TURBO", causal_part="TC-5000", failure_code="P0299", operation="E1205", action="replacement",
)  # fmt: skip
LABOUR = ChargeDraft(position=1, kind="labour", job=1, code="E1205", quantity=2_50, unit_cents=120_00)
PART = ChargeDraft(position=2, kind="parts", job=1, code="TC-5000", quantity=1_00, unit_cents=300_00, markup=40_00)
CLAIM = ClaimDraft(
    claim_type="standard", vin="1HGCM82633A004352", ro_number="RO-4711", ro_opened_on=date(2026, 11, 16),
    ro_closed_on=date(2026, 11, 18), failed_on=date(2026, 11, 15), reported_on=date(2026, 11, 16), odometer_in=21_400,
    odometer_out=21_404, technician="T-07", advisor="Ann Porter", jobs=(JOB,), charges=(LABOUR, PART),
)  # fmt: skip
"""A claim nothing is wrong with where the warranty data of `tests/warranty/factories.py` are there: 720.00."""


def draft(**more: Any) -> ClaimDraft:
    """The sound claim with some fields changed."""
    return replace(CLAIM, **more)


def saved(engine: Engine, *, dealer_id: int, actor: Actor, key: str = "f1", now: datetime = NOW, **more: Any) -> int:
    """A draft of a dealer with the repair order attached (W25), where the warranty data are there; gives its id."""
    warranty_data(engine)
    claim_id: int = run(
        save_draft, bind=engine, dealer_id=dealer_id, draft=draft(**more), actor=actor, now=now, form_key=key
    )
    with writing(engine, keeps_timeline=False) as session:
        claim = session.get_one(Claim, claim_id)
        name = f"ro-{claim_id}"
        if session.scalar(select(ClaimAttachment.id).where(ClaimAttachment.stored_name == name)) is None:
            session.add(
                ClaimAttachment(
                    claim_id=claim_id, dealer_id=claim.dealer_id, region=claim.region, kind="ro_copy", size=1,
                    file_name="ro.pdf", stored_name=name, sha256=hashlib.sha256(name.encode()).hexdigest(),
                    media_type="application/pdf", uploaded_at=now, uploaded_by=actor.name,
                )
            )  # fmt: skip
    return claim_id


def step(engine: Engine, name: str, claim_id: int, *, actor: Actor, now: datetime = NOW, **more: Any) -> Any:
    """Take a step with the version as it is now."""
    seen = more.pop("seen_version", None) or claim_of(engine, claim_id).version
    return run(COMMANDS[name], bind=engine, item_id=claim_id, seen_version=seen, actor=actor, now=now, **more)


def sent(engine: Engine, *, dealer_id: int, actor: Actor, key: str = "f1", now: datetime = NOW, **more: Any) -> int:
    """A claim that was sent; its state is what the rules made of it. Gives its id."""
    claim_id = saved(engine, dealer_id=dealer_id, actor=actor, key=key, now=now, **more)
    step(engine, "submit", claim_id, actor=actor, now=now)
    return claim_id


def claim_of(engine: Engine, claim_id: int) -> Claim:
    """The claim as it is stored."""
    with reading(engine) as session:
        claim = session.get_one(Claim, claim_id)
        session.expunge(claim)
        return claim
