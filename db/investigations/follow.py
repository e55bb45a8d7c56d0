"""What investigations do when a claim is sent: they look at it and raise flags; when it is removed: they forget it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.claims.tables import Claim
from db.core import changes
from db.core.actor import Actor, system_actor
from db.core.events import Event, Follower
from db.core.problems import Problem, Refused
from db.core.search import SearchWord
from db.investigations.evidence import flags_of
from db.investigations.flow import FLOW
from db.investigations.record import raise_flags
from db.investigations.tables import ClaimFingerprint, ClaimFlag, Investigation

_CHUNK = 500


def look(session: Session, *, event: Event, actor: Actor, now: datetime) -> None:
    """Look at each claim that was sent; the desk itself raises what it finds, whoever sent the claim."""
    desk = system_actor(actor.source)
    for claim_id in event.item_ids:
        claim = session.get_one(Claim, claim_id)
        if claim.dealer_id is None or claim.region is None:
            continue
        raise_flags(
            session, flags_of(session, claim), claim_id=claim.id, dealer_id=claim.dealer_id, region=claim.region,
            actor=desk, now=now,
        )  # fmt: skip


def forget(session: Session, *, event: Event, actor: Actor, now: datetime) -> None:
    """Forget what was found on claims that are removed; refused once a person looks into one of them."""
    quiet = {"synchronize_session": False}
    removed = 0
    for start in range(0, len(event.item_ids), _CHUNK):
        ids = event.item_ids[start : start + _CHUNK]
        seen = session.execute(
            select(Investigation.number, Claim.number.label("claim"))
            .join(Claim, Claim.id == Investigation.claim_id)
            .where(
                Investigation.claim_id.in_(ids),
                (Investigation.status != FLOW.initial)
                | (Investigation.opened_because != "")
                | Investigation.assignee_id.is_not(None),
            )
            .order_by(Investigation.id)
            .limit(1)
        ).one_or_none()
        if seen is not None:
            text = f"{seen.number} looks into {seen.claim}; the batch stays."
            raise Refused(Problem(code="investigated", message=text))
        cases = list(session.scalars(select(Investigation.id).where(Investigation.claim_id.in_(ids))))
        for query in (
            delete(ClaimFlag).where(ClaimFlag.claim_id.in_(ids)),
            delete(SearchWord).where(SearchWord.kind == "investigation", SearchWord.item_id.in_(cases)),
            delete(Investigation).where(Investigation.id.in_(cases)),
            delete(ClaimFingerprint).where(ClaimFingerprint.claim_id.in_(ids)),
        ):
            session.execute(query.execution_options(**quiet))
        removed += len(cases)
    if removed:
        changes.touch(session, "investigations")


FOLLOWERS = (
    Follower(name="look at claims", on=("claims.submitted",), react=look),
    Follower(name="forget removed claims", on=("claims.removed",), react=forget),
)
