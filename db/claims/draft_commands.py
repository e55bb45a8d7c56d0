"""A dealer's draft: kept on the server as it is typed, taken back, never lost."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claims.flow import DEALERS_TURN, FLOW
from db.claims.model import CLAIM_TYPES, ClaimDraft
from db.claims.record import dealer_of, header_of, hold, note_entry, number_of, store_lines
from db.claims.tables import Claim
from db.core import timeline, vin
from db.core.actor import Actor
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale


def save_draft(
    session: Session, *, dealer_id: int, draft: ClaimDraft, actor: Actor, now: datetime, form_key: str,
    claim_id: int | None = None, seen_version: int = 0,
) -> int:  # fmt: skip
    """Keep a claim as it was entered so far; gives its id. The same form key twice makes one claim.

    A draft need not be complete. A returned or rejected claim may be changed, too; anything sent may not.
    """
    actor.require(Permission.CLAIMS_ENTER)
    problems = Problems()
    if draft.claim_type not in CLAIM_TYPES:
        problems.add("claim_type", "unknown_type", "Choose a type of claim.")
    problems.refuse_if_any()
    if claim_id is None:
        return _begin(session, dealer_id=dealer_id, draft=draft, actor=actor, now=now, form_key=form_key)
    claim = session.get(Claim, claim_id, with_for_update=True, populate_existing=True)
    if claim is None or not actor.scope.allows(dealer_id=claim.dealer_id, region=claim.region):
        raise NotFound("This claim")
    if claim.version != seen_version:
        raise Stale(
            what=f"Claim {claim.number}", changed_by=claim.updated_by, changed_at=claim.updated_at,
            status=FLOW.state(claim.status).label.lower(),
        )  # fmt: skip
    if claim.status not in DEALERS_TURN:
        raise Refused(Problem(code="wrong_state", message=f"{claim.number} was sent; it can no longer be changed."))
    for name, value in header_of(draft).items():
        setattr(claim, name, value)
    claim.vin = vin.clean(draft.vin)
    claim.claimed_cents = store_lines(session, claim, draft)
    claim.version += 1
    claim.updated_at, claim.updated_by = now, actor.name
    session.flush()
    note_entry(session, "save_draft", claim, "draft saved.", actor=actor, now=now)
    return claim.id


def _begin(
    session: Session, *, dealer_id: int, draft: ClaimDraft, actor: Actor, now: datetime, form_key: str
) -> int:  # fmt: skip
    known = session.scalar(select(Claim.id).where(Claim.form_key == form_key))
    if known is not None:
        timeline.repeated(session)
        return known
    dealer = dealer_of(session, dealer_id, actor=actor)
    (claim_id,) = next_ids(session, Claim, item_type="claim", count=1)
    claim = Claim(
        id=claim_id, number=number_of(claim_id), status=FLOW.initial, is_open=True, dealer_id=dealer.id,
        region=dealer.region, state=dealer.state, submitted_by=actor.username, created_at=now, updated_at=now,
        updated_by=actor.name, stage_entered_at=now, family_id=claim_id, held_by="dealer", form_key=form_key,
        **header_of(draft),
    )  # fmt: skip
    claim.vin = vin.clean(draft.vin)
    session.add(claim)
    session.flush()
    claim.claimed_cents = store_lines(session, claim, draft)
    session.flush()
    hold(session, claim, FLOW.initial, now)
    note_entry(session, "save_draft", claim, "draft begun.", actor=actor, now=now)
    return claim_id
