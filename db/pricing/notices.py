"""What people are told about price requests: that one waits, is late, was decided, or does not hold any more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.people.notifications import notify
from db.people.tables import Person
from db.pricing.approvers import holders, level_of, waits_for
from db.pricing.band_rules import DEFAULT
from db.pricing.flow import FLOW
from db.pricing.record import ITEM, sound_of
from db.pricing.tables import PriceRequest


def tell_waiting(session: Session, request: PriceRequest, *, by: Actor, now: datetime) -> None:
    """Tell those the level waits for; stand-ins for people who are away."""
    level = level_of(request)
    if level is None:
        return
    people, _ = waits_for(session, request, now=now)
    title = f"{request.number} waits for your signature: {level.label.lower()}"
    _tell(
        session, [p for p in people if p != by.user_id], request, kind="price_waiting", title=title,
        body=sound_of(request).words(), key=f"{request.terms_version}:{request.level}:{request.version}", now=now,
    )  # fmt: skip


def tell_decided(session: Session, request: PriceRequest, *, by: Actor, note: str, now: datetime) -> None:
    """Tell who asked what became of the request and why."""
    state = FLOW.state(request.status).label.lower()
    _tell(
        session, _asker(session, request, by), request, kind="price_decided", title=f"{request.number} was {state}",
        body=note or sound_of(request).words(), key=f"{request.terms_version}:{request.status}", now=now,
    )  # fmt: skip


def tell_expired(session: Session, request: PriceRequest, *, now: datetime) -> None:
    """Tell who asked that the approval does not hold any more."""
    _tell(
        session, _asker(session, request, None), request, kind="price_expired",
        title=f"The approval of {request.number} has expired",
        body=f"{sound_of(request).words()}. Ask anew if it is still needed.", key=str(request.terms_version), now=now,
    )  # fmt: skip


def tell_late(session: Session, request: PriceRequest, *, percent: int, now: datetime) -> None:
    """Remind those the level waits for; past the promise tell the next level, the managers at the last one, too."""
    level = level_of(request)
    if level is None:
        return
    people, _ = waits_for(session, request, now=now)
    told = set(people)
    if percent >= 100:
        above = next((one for one in DEFAULT.levels if one.level > level.level), None)
        wanted = above.permissions if above else (Permission.PRICING_AUTHORIZE, Permission.PRICING_LEGAL)
        told |= set(holders(session, request, wanted))
    head = "is overdue" if percent >= 100 else "has used half of its two business days"
    _tell(
        session, told, request, kind="price_late", title=f"{request.number} {head}",
        body=f"It waits for {level.label.lower()}. {sound_of(request).words()}.",
        key=f"{request.terms_version}:{request.level}:{percent}", now=now, mail=percent >= 100,
    )  # fmt: skip


def _asker(session: Session, request: PriceRequest, by: Actor | None) -> list[int]:
    people = session.scalars(select(Person.id).where(Person.username == request.submitted_by)).all()
    return [p for p in people if by is None or p != by.user_id]


def _tell(
    session: Session, people: Collection[int], request: PriceRequest, *, kind: str, title: str, body: str, key: str,
    now: datetime, mail: bool = False,
) -> None:  # fmt: skip
    notify(
        session, person_ids=people, kind=kind, title=title, body=body, item_type=ITEM, item_id=request.id,
        dedupe_key=f"{kind}:{request.id}:{key}", now=now, mail=mail,
    )  # fmt: skip
