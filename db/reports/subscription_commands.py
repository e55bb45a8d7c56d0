"""Subscribing to the monthly pack, and mailing it when its month is frozen: once a month to each who wants it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.insert import insert_or_ignore, rows_changed
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Refused
from db.dealers.queries import regions
from db.people.queries import person_actor
from db.reports.pack_mail import tell_pack
from db.reports.pack_queries import build_pack
from db.reports.pack_tables import PackSubscription
from db.reports.snapshot_rules import month_key
from db.reports.snapshot_tables import MonthFreeze


def subscribe(session: Session, *, region: str, actor: Actor, now: datetime) -> None:
    """Mail the pack to the actor from the next frozen month on; `region` empty for all their dealers."""
    actor.require(Permission.PACK_VIEW)
    if actor.user_id is None:
        raise Refused(Problem(code="not_a_person", message="Only a person can subscribe."))
    if region and region not in regions(session, actor.scope):
        raise NotFound("The region")
    values = {
        "person_id": actor.user_id, "place": region, "created_at": now,
        # What is frozen already can be read on the page; the next one is mailed.
        "sent_month": session.scalar(select(func.max(MonthFreeze.month))) or "",
    }  # fmt: skip
    if not insert_or_ignore(session, PackSubscription, values):
        timeline.repeated(session)
        return
    _note(session, "subscribe", f"{actor.name} subscribed to the monthly pack", actor=actor, now=now, region=region)


def unsubscribe(session: Session, *, region: str, actor: Actor, now: datetime) -> None:
    """Mail it no more."""
    actor.require(Permission.PACK_VIEW)
    gone = rows_changed(
        session,
        delete(PackSubscription).where(PackSubscription.person_id == actor.user_id, PackSubscription.place == region),
    )
    if not gone:
        timeline.repeated(session)
        return
    said = f"{actor.name} takes the monthly pack by mail no more"
    _note(session, "unsubscribe", said, actor=actor, now=now, region=region)


def send_pack(session: Session, *, subscription_id: int, month: date, actor: Actor, now: datetime) -> int:
    """Mail the pack of a frozen month to one subscriber, as they may see it now; gives 1, or 0 when it was mailed.

    Somebody who may not see packs any more, or not this region, gets nothing, and is not asked about again this month.
    """
    actor.require(Permission.MONTHS_FREEZE)
    taken = rows_changed(
        session,
        update(PackSubscription)
        .where(PackSubscription.id == subscription_id, PackSubscription.sent_month < month_key(month))
        .values(sent_month=month_key(month)),
    )
    row = session.execute(
        select(PackSubscription.person_id, PackSubscription.place).where(PackSubscription.id == subscription_id)
    ).one_or_none()
    if not taken or row is None:
        timeline.repeated(session)
        return 0
    told = 0
    try:
        reader = person_actor(session, person_id=row.person_id)
        pack = build_pack(session, month=month, region=row.place, actor=reader, now=now)
        told = tell_pack(session, pack, person_id=row.person_id, now=now)
        said = f"The monthly pack of {pack.title} was {'sent to' if told else 'kept from'} {reader.name}"
    except Refused:
        said = f"A subscriber may not see the monthly pack of {month:%B %Y} any more; nothing was mailed"
    _note(session, "send_pack", said, actor=actor, now=now, region=row.place)
    return told


def _note(session: Session, command: str, said: str, *, actor: Actor, now: datetime, region: str) -> None:
    changes.touch(session, "reports")
    timeline.record(
        session, actor=actor, now=now, area="reports", command=command, summary=said, extra={"region": region}
    )  # fmt: skip
