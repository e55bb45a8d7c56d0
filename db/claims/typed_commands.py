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

_FORM = "claim_entry"


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What was typed last: of a new claim or of a stored one, and which version of it was on the screen."""

    draft: ClaimDraft
    claim_id: int | None = None
    version: int = 0
    dealer_id: int | None = None


def _form(claim_id: int | None) -> str:
    """Each claim's text is kept apart, so that opening another one loses nothing."""
    return _FORM if claim_id is None else f"{_FORM}_{claim_id}"


def keep_typed(session: Session, *, typed: Typed, actor: Actor, now: datetime) -> None:
    """Keep what this person has on the screen; it replaces what was kept of this claim before."""
    actor.require(Permission.CLAIMS_ENTER)
    if actor.user_id is None:
        return
    content = {"draft": draft_to_json(typed.draft), "version": typed.version, "dealer_id": typed.dealer_id}
    keep_draft(session, person_id=actor.user_id, form=_form(typed.claim_id), content=content, now=now)


def drop_typed(session: Session, *, claim_id: int | None, actor: Actor, now: datetime) -> None:
    """Forget what was typed of a claim (None: of a new one): it was saved, sent or thrown away."""
    actor.require(Permission.CLAIMS_ENTER)
    if actor.user_id is not None:
        drop_draft(session, person_id=actor.user_id, form=_form(claim_id))


def find_typed(session: Session, *, claim_id: int | None, actor: Actor, now: datetime) -> Typed | None:
    """What this person typed of a claim (None: of a new one) and did not save; what cannot be read is none."""
    actor.require(Permission.CLAIMS_ENTER)
    if actor.user_id is None:
        return None
    kept = find_draft(session, person_id=actor.user_id, form=_form(claim_id), now=now)
    if not kept:
        return None
    try:
        return Typed(
            draft=draft_from_json(kept["draft"]), claim_id=claim_id, version=kept["version"],
            dealer_id=kept["dealer_id"],
        )  # fmt: skip
    except (KeyError, ValueError):
        return None
