"""Being away from approvals, with a stand-in or without; and ending an absence early."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.locks import hold
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale
from db.pricing.approvers import approver_names, known_away
from db.pricing.away_rules import Away, check_away
from db.pricing.record import AREA
from db.pricing.tables import PriceAway

LOCK = "pricing:away"
"""A circle can be closed by two entries made at once, which no unique key would notice."""
ITEM = "price_away"


def add_away(
    session: Session, *, person_id: int | None, stand_in_id: int | None, starts_at: datetime | None,
    until_at: datetime | None, note: str = "", form_key: str | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Say that somebody is away from `starts_at` until just before `until_at`; gives the entry's id.

    People enter themselves; others are entered by who holds `pricing.authorize`. Problems: person_id, stand_in_id,
    starts_at, until_at, note.
    """
    actor.require(Permission.PRICING_DECIDE)
    hold(session, LOCK)
    known_id = session.scalar(select(PriceAway.id).where(PriceAway.form_key == form_key)) if form_key else None
    if known_id is not None:
        timeline.repeated(session)
        return known_id
    person_id = actor.user_id if person_id is None else person_id
    if person_id != actor.user_id:
        actor.require(Permission.PRICING_AUTHORIZE)
    names = approver_names(session)
    problems = Problems()
    note = (note or "").strip()
    if len(note) > 400:
        problems.add("note", "too_long", "At most 400 characters fit.")
    if person_id is None or person_id not in names:
        problems.add("person_id", "no_approver", "Choose somebody who takes part in approvals.")
    if stand_in_id is not None and stand_in_id not in names:
        problems.add("stand_in_id", "no_approver", "Only somebody who takes part in approvals can stand in.")
    if starts_at is None:
        problems.add("starts_at", "required", "The beginning is needed.")
    if until_at is None:
        problems.add("until_at", "required", "The end is needed.")
    problems.refuse_if_any()
    assert person_id is not None
    assert starts_at is not None
    assert until_at is not None
    new = Away(person=person_id, stand_in=stand_in_id, starts_at=starts_at, until_at=until_at)
    check_away(new, known_away(session, after=now), now=now, problems=problems)
    problems.refuse_if_any()
    row = PriceAway(
        person_id=person_id, stand_in_id=stand_in_id, starts_at=starts_at, until_at=until_at, note=note,
        created_at=now, created_by=actor.name, form_key=form_key, version=1,
    )  # fmt: skip
    session.add(row)
    session.flush()
    instead = f"{names[stand_in_id]} stands in" if stand_in_id is not None else "nobody stands in"
    changes.touch(session, AREA)
    timeline.record(
        session, actor=actor, now=now, area=AREA, command="add_away", reason=note,
        summary=f"{names[person_id]} is away from approvals: {instead}.", items=[timeline.Item(ITEM, row.id)],
        after={"starts_at": starts_at, "until_at": until_at, "stand_in": names.get(stand_in_id or 0, "")},
    )  # fmt: skip
    return row.id


def end_away(session: Session, *, away_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """End an absence now, one's own or, with `pricing.authorize`, anybody's; refused when it is over already."""
    actor.require(Permission.PRICING_DECIDE)
    hold(session, LOCK)
    row = session.scalars(
        select(PriceAway).where(PriceAway.id == away_id).execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound("This absence")
    if row.person_id != actor.user_id:
        actor.require(Permission.PRICING_AUTHORIZE)
    if row.version != seen_version:
        raise Stale(what="This absence", changed_by="somebody else", changed_at=row.ended_at or row.created_at)
    if row.ended_at is not None or row.until_at <= now:
        raise Refused(Problem(code="over", message="This absence is over already."))
    row.ended_at = now
    row.version += 1
    changes.touch(session, AREA)
    timeline.record(
        session, actor=actor, now=now, area=AREA, command="end_away", items=[timeline.Item(ITEM, row.id)],
        summary="Ended an absence from approvals.", before={"until_at": row.until_at}, after={"ended_at": now},
    )  # fmt: skip
