"""Raises flags: each once, into the open investigation of its claim or dealer, or into a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from db.core import changes, locks, search, timeline
from db.core.actor import Actor
from db.core.insert import insert_or_ignore
from db.core.numbering import next_ids
from db.investigations import notices
from db.investigations.flow import DAYS, FLOW
from db.investigations.rules import Flag
from db.investigations.tables import ClaimFlag, Investigation


def new_investigation(
    session: Session, *, claim_id: int | None, dealer_id: int, region: str, actor: Actor, now: datetime,
    because: str = "", form_key: str | None = None,
) -> Investigation:  # fmt: skip
    """An investigation nobody has looked at yet, without flags."""
    (new_id,) = next_ids(session, Investigation, item_type="investigation", count=1)
    found = Investigation(
        id=new_id, number=f"IN-{new_id:06}", status=FLOW.initial, is_open=True, dealer_id=dealer_id, region=region,
        submitted_by=actor.username, created_at=now, updated_at=now, updated_by=actor.name, claim_id=claim_id,
        due_at=now + timedelta(days=DAYS), opened_because=because, form_key=form_key, flags=0,
    )  # fmt: skip
    session.add(found)
    session.flush()
    search.index(
        session, kind="investigation", item_id=new_id, texts=(found.number,), dealer_id=dealer_id, region=region,
        is_new=True,
    )  # fmt: skip
    return found


def wait_for_others(session: Session, *, claim_id: int | None, dealer_id: int) -> None:
    """Two people, or two claims of one dealer, at once must not open two investigations of the same thing."""
    locks.hold(session, f"investigation:{dealer_id}:{claim_id or 0}")


def open_one(session: Session, *, claim_id: int | None, dealer_id: int) -> Investigation | None:
    """The open investigation of a claim, or of a dealer as a whole; the newest where there are several."""
    which = Investigation.claim_id.is_(None) if claim_id is None else Investigation.claim_id == claim_id
    return session.scalars(
        select(Investigation)
        .where(Investigation.dealer_id == dealer_id, which, Investigation.is_open == true())
        .order_by(Investigation.id.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()


def raise_flags(
    session: Session, flags: Sequence[Flag], *, claim_id: int | None, dealer_id: int, region: str, actor: Actor,
    now: datetime,
) -> Investigation | None:  # fmt: skip
    """Keep the flags that were not raised before; gives the investigation they went to, or None when none is new."""
    if not flags:
        return None
    wait_for_others(session, claim_id=claim_id, dealer_id=dealer_id)
    known = set(session.scalars(select(ClaimFlag.flag_key).where(ClaimFlag.flag_key.in_([f.key for f in flags]))))
    new = [f for f in flags if f.key not in known]
    if not new:
        return None
    found = open_one(session, claim_id=claim_id, dealer_id=dealer_id) or new_investigation(
        session, claim_id=claim_id, dealer_id=dealer_id, region=region, actor=actor, now=now
    )
    for flag in new:
        values = {
            "investigation_id": found.id, "claim_id": claim_id, "dealer_id": dealer_id, "region": region,
            "kind": flag.kind, "flag_key": flag.key, "sentence": flag.sentence, "evidence": flag.evidence,
            "raised_at": now,
        }  # fmt: skip
        if insert_or_ignore(session, ClaimFlag, values):
            found.flags += 1
    found.version += 1
    found.updated_at, found.updated_by = now, actor.name
    session.flush()
    changes.touch(session, "investigations")
    notices.tell_flagged(session, found, sentences=[f.sentence for f in new], now=now)
    return found


def note_entry(
    session: Session, command: str, found: Investigation, said: str, *, actor: Actor, now: datetime, reason: str = "",
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """The one entry of a command on one investigation. It is not linked to the claim: dealers read that history."""
    changes.touch(session, "investigations")
    timeline.record(
        session, actor=actor, now=now, area="investigations", command=command, summary=f"{found.number}: {said}",
        items=[timeline.Item("investigation", found.id, None)], before=before, after=after, reason=reason,
    )  # fmt: skip
