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
from db.reports.pack_mail import ReadyPack, tell_pack
from db.reports.pack_rules import FILE_WORDS, FILES
from db.reports.pack_tables import PackSubscription
from db.reports.snapshot_rules import month_key
from db.reports.snapshot_tables import MonthFreeze


def subscribe(session: Session, *, region: str, files: str = "", actor: Actor, now: datetime) -> None:
    """Mail the pack to the actor from the next frozen month on; `region` empty for all their dealers.

    `files` of `FILES` go with it; wanting any needs export.run. Problems: files.
    """
    actor.require(Permission.PACK_VIEW)
    _check_files(files, actor)
    if actor.user_id is None:
        raise Refused(Problem(code="not_a_person", message="Only a person can subscribe."))
    if region and region not in regions(session, actor.scope):
        raise NotFound("The region")
    values = {
        "person_id": actor.user_id, "place": region, "files": files, "created_at": now,
        # What is frozen already can be read on the page; the next one is mailed.
        "sent_month": session.scalar(select(func.max(MonthFreeze.month))) or "",
    }  # fmt: skip
    if not insert_or_ignore(session, PackSubscription, values):
        timeline.repeated(session)
        return
    _note(session, "subscribe", f"{actor.name} subscribed to the monthly pack", actor=actor, now=now, region=region)


def choose_files(session: Session, *, region: str, files: str, actor: Actor, now: datetime) -> None:
    """Which files go with the actor's own mails of the pack. `NotFound` without a subscription; problems: files."""
    actor.require(Permission.PACK_VIEW)
    _check_files(files, actor)
    wish = session.scalars(
        select(PackSubscription)
        .where(PackSubscription.person_id == actor.user_id, PackSubscription.place == region)
        .with_for_update()
    ).one_or_none()
    if wish is None:
        raise NotFound("The subscription")
    if wish.files == files:
        timeline.repeated(session)
        return
    wish.files = files
    said = f"{actor.name} gets the monthly pack by mail with: {FILE_WORDS[files].lower()}"
    _note(session, "choose_files", said, actor=actor, now=now, region=region)


def _check_files(files: str, actor: Actor) -> None:
    if files not in FILES:
        raise Refused(Problem(code="unknown", field="files", message="Choose which files go with the mail."))
    if files:
        actor.require(Permission.EXPORT_RUN)


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


def send_pack(
    session: Session, *, subscription_id: int, month: date, ready: ReadyPack, actor: Actor, now: datetime
) -> int:
    """Mail the pack of a frozen month to one subscriber, as it was made for them; gives 1, or 0 when it was mailed.

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
    told = tell_pack(session, ready, person_id=row.person_id, now=now)
    if ready.pack is not None:
        said = f"The monthly pack of {ready.pack.title} was {'sent to' if told else 'kept from'} {ready.reader.name}"
    else:
        said = f"A subscriber may not see the monthly pack of {month:%B %Y} any more; nothing was mailed"
    _note(session, "send_pack", said, actor=actor, now=now, region=row.place)
    return told


def _note(session: Session, command: str, said: str, *, actor: Actor, now: datetime, region: str) -> None:
    changes.touch(session, "reports")
    timeline.record(
        session, actor=actor, now=now, area="reports", command=command, summary=said, extra={"region": region}
    )  # fmt: skip
