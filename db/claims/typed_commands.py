"""What a dealer has typed and not saved: kept for that person on the server, so that no lost line or tab costs it.

Housekeeping of one's own screen: no timeline, and nobody else ever reads it (as components/drafts.py for short forms).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from db.claims.model import ClaimDraft
from db.claims.snapshots import draft_from_json, draft_to_json
from db.core.actor import Actor
from db.core.permissions import Permission
from db.people.drafts_commands import drop_draft, find_draft, keep_draft

FORM = "claim_entry"


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What was typed last: of a new claim or of a stored one, and which version of it was on the screen."""

    draft: ClaimDraft
    claim_id: int | None = None
    version: int = 0
    dealer_id: int | None = None
    form_key: str = ""


def keep_typed(session: Session, *, typed: Typed, actor: Actor, now: datetime) -> None:
    """Keep what this person has on the screen; it replaces what was kept before."""
    actor.require(Permission.CLAIMS_ENTER)
    if actor.user_id is None:
        return
    content = {
        "draft": draft_to_json(typed.draft), "claim_id": typed.claim_id, "version": typed.version,
        "dealer_id": typed.dealer_id, "form_key": typed.form_key,
    }  # fmt: skip
    keep_draft(session, person_id=actor.user_id, form=FORM, content=content, now=now)


def drop_typed(session: Session, *, actor: Actor, now: datetime) -> None:
    """Forget it: it was saved, sent or thrown away."""
    actor.require(Permission.CLAIMS_ENTER)
    if actor.user_id is not None:
        drop_draft(session, person_id=actor.user_id, form=FORM)


def find_typed(session: Session, *, actor: Actor, now: datetime) -> Typed | None:
    """What this person typed last and did not save, or None; what can no longer be read is none."""
    actor.require(Permission.CLAIMS_ENTER)
    kept = find_draft(session, person_id=actor.user_id, form=FORM, now=now) if actor.user_id is not None else None
    if not kept:
        return None
    try:
        return Typed(
            draft=draft_from_json(kept["draft"]), claim_id=kept["claim_id"], version=kept["version"],
            dealer_id=kept["dealer_id"], form_key=kept["form_key"],
        )  # fmt: skip
    except (KeyError, ValueError):
        return None
