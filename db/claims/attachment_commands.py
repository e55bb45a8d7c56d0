"""Files of a claim: brought in checked and fingerprinted, handed out in scope, taken out with a reason (decision 21).

Bytes are stored before their row: what fails in between leaves a file nobody names, which the sweep removes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.claims import files
from db.claims.draft_commands import locked_claim
from db.claims.flow import DEALERS_TURN
from db.claims.model import ATTACHMENT_KINDS
from db.claims.picture_hash import picture_hash
from db.claims.record import note_entry
from db.claims.tables import Claim, ClaimAttachment
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.labels import storable
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused

MOST_FILES = 50
WITH_INVOICE = ("receipt", "paid_receipt")
CLOSED_FOR_FILES = ("approved", "paid", "charged_back", "adjusted", "void")
"""Decided for good: nothing is added to what the decision was made on."""


@dataclass(frozen=True, kw_only=True)
class FetchedFile:
    """A file somebody takes: `name` is safe to save under on every system."""

    name: str
    media_type: str
    content: bytes


def add_attachment(
    session: Session, *, claim_id: int, kind: str, file_name: str, content: bytes | None, form_key: str | None,
    actor: Actor, now: datetime, invoice_number: str = "", invoice_cents: int | None = None,
) -> int:  # fmt: skip
    """Keep a file of a claim; gives its id. The same form key again gives the first.

    Problems: kind, file (its own checks; `already_there` for bytes this claim has), invoice_number, invoice_cents.
    """
    actor.require(Permission.CLAIMS_ENTER)
    claim = locked_claim(session, claim_id, actor=actor)
    known = session.scalar(
        select(ClaimAttachment.id).where(ClaimAttachment.form_key == form_key, ClaimAttachment.claim_id == claim.id)
    ) if form_key else None  # fmt: skip
    if known is not None:
        timeline.repeated(session)
        return known
    if claim.status in CLOSED_FOR_FILES:
        raise Refused(Problem(code="wrong_state", message=f"{claim.number} was decided; no file can be added."))
    problems = Problems()
    if kind not in ATTACHMENT_KINDS:
        problems.add("kind", "unknown_kind", "Choose what the file is.")
    invoice_number = storable(invoice_number).strip().upper() if kind in WITH_INVOICE else ""
    if len(invoice_number) > 40:
        problems.add("invoice_number", "too_long", "At most 40 characters fit.")
    cents = invoice_cents if kind in WITH_INVOICE else None
    if cents is not None and not 0 <= cents <= 10_000_000_00:
        problems.add("invoice_cents", "amount", "The total lies between nothing and ten million.")
    examined = files.examined(file_name, content, problems)
    problems.refuse_if_any()
    assert examined is not None
    assert content is not None
    _refuse_known(session, claim, hashlib.sha256(content).hexdigest())
    kept = files.keep(session, content)
    attachment = ClaimAttachment(
        claim_id=claim.id, dealer_id=claim.dealer_id, region=claim.region, kind=kind, file_name=examined.file_name,
        stored_name=kept.stored_name, size=kept.size, sha256=kept.sha256, media_type=examined.kind.media_type,
        picture_hash=picture_hash(content), invoice_number=invoice_number, invoice_cents=cents, uploaded_at=now,
        uploaded_by=actor.name, form_key=form_key,
    )  # fmt: skip
    session.add(attachment)
    session.flush()
    note_entry(
        session, "add_attachment", claim, f"{ATTACHMENT_KINDS[kind].lower()} added.", actor=actor, now=now,
        after={"file": examined.file_name, "sha256": kept.sha256},
    )  # fmt: skip
    return attachment.id


def _refuse_known(session: Session, claim: Claim, sha256: str) -> None:
    there = (ClaimAttachment.claim_id == claim.id, ClaimAttachment.removed_at.is_(None))
    if session.scalar(select(ClaimAttachment.id).where(*there, ClaimAttachment.sha256 == sha256)) is not None:
        raise Refused(Problem(code="already_there", field="file", message="This claim has this very file already."))
    if (session.scalar(select(func.count()).select_from(ClaimAttachment).where(*there)) or 0) >= MOST_FILES:
        raise Refused(Problem(code="too_many", field="file", message=f"A claim keeps at most {MOST_FILES} files."))


def _attachment(session: Session, attachment_id: int, *, actor: Actor) -> ClaimAttachment:
    found = session.get(ClaimAttachment, attachment_id)
    if found is None or not actor.scope.allows(dealer_id=found.dealer_id, region=found.region):
        raise NotFound("This file")
    return found


def remove_attachment(session: Session, *, attachment_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Take a file out of a claim while it is the dealer's turn; row and bytes stay for the record. Problems: reason."""
    actor.require(Permission.CLAIMS_ENTER)
    attachment = _attachment(session, attachment_id, actor=actor)
    claim = locked_claim(session, attachment.claim_id, actor=actor)
    if attachment.removed_at is not None:
        timeline.repeated(session)
        return
    if claim.status not in DEALERS_TURN:
        raise Refused(Problem(code="wrong_state", message=f"{claim.number} was sent; its files stay as they are."))
    problems = Problems()
    reason = problems.require(reason, "reason", "The reason", longest=500)
    problems.refuse_if_any()
    attachment.removed_at = now
    session.flush()
    note_entry(
        session, "remove_attachment", claim, f"{ATTACHMENT_KINDS[attachment.kind].lower()} taken out.", actor=actor,
        now=now, reason=reason, before={"file": attachment.file_name, "sha256": attachment.sha256},
    )  # fmt: skip


def fetch_attachment(session: Session, *, attachment_id: int, actor: Actor, now: datetime) -> FetchedFile:
    """The file, for somebody who may see the claim; the timeline keeps who took it."""
    actor.require(Permission.CLAIMS_VIEW)
    attachment = _attachment(session, attachment_id, actor=actor)
    claim = session.get_one(Claim, attachment.claim_id)
    content = files.verified(attachment)
    timeline.record(
        session, actor=actor, now=now, area="claims", command="fetch_attachment",
        summary=f"{claim.number}: {ATTACHMENT_KINDS[attachment.kind].lower()} downloaded.",
        items=[timeline.Item("claim", claim.id, claim.dealer_id)],
    )  # fmt: skip
    changes.touch(session, "claims")
    return FetchedFile(name=files.safe_name(attachment), media_type=attachment.media_type, content=content)
