"""Writing a version of a co-op programme. What stands is never changed, only followed by a later version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.coop.model import programme_to_json, read_programme
from db.coop.record import PROGRAMME, note
from db.coop.tables import CoopProgramme, CoopVersion
from db.core import locks, timeline
from db.core.actor import Actor
from db.core.insert import insert_or_ignore
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused, Stale


def set_programme(
    session: Session, *, body: Mapping[str, Any], effective_from: date | None, reason: str, seen_version: int = 0,
    form_key: str | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Write the next version of a programme (the first of a new one) and give the programme's id.

    `body` holds the fields of model.Programme; `seen_version` is the programme's, 0 for a new one. The version holds
    for purchases and activities from `effective_from` on. Problems: its fields, dotted; effective_from, reason.
    """
    actor.require(Permission.COOP_MANAGE)
    if not actor.scope.is_all:
        message = "A programme holds for every dealer: only people who see the whole network write it."
        raise Refused(Problem(code="not_allowed", message=message))
    known = (
        session.scalar(select(CoopVersion.programme_id).where(CoopVersion.form_key == form_key)) if form_key else None
    )
    if known is not None:
        timeline.repeated(session)
        return known
    programme, wrong = read_programme(dict(body))
    if programme is None:
        raise Refused(*(Problem(code="invalid", field=field, message=said) for field, said in wrong))
    problems = Problems()
    reason = problems.require(reason, "reason", "The reason", longest=1_000)
    first = effective_from or date(programme.year, 1, 1)
    if first.year != programme.year:
        problems.add("effective_from", "other_year", f"This version begins in {programme.year}.")
    locks.hold(session, f"coop-programme:{programme.code}")
    owner = session.scalars(
        select(CoopProgramme).where(CoopProgramme.code == programme.code).execution_options(populate_existing=True)
    ).one_or_none()
    if owner is not None and owner.version != seen_version:
        raise Stale(what=f"Programme {owner.code}", changed_by=owner.updated_by, changed_at=owner.updated_at)
    if owner is not None and owner.year != programme.year:
        problems.add("year", "other_year", f"{owner.code} is that of {owner.year}; a new year is a new programme.")
    problems.refuse_if_any()
    if owner is None:
        values = {
            "code": programme.code, "name": programme.name, "year": programme.year, "version": 0, "created_at": now,
            "updated_at": now, "updated_by": actor.name,
        }  # fmt: skip
        insert_or_ignore(session, CoopProgramme, values)
        owner = session.scalars(select(CoopProgramme).where(CoopProgramme.code == programme.code)).one()
    number = (session.scalar(select(func.max(CoopVersion.number)).where(CoopVersion.programme_id == owner.id)) or 0) + 1
    owner.name, owner.version, owner.updated_at, owner.updated_by = programme.name, number, now, actor.name
    session.add(
        CoopVersion(
            programme_id=owner.id, number=number, effective_from=first, body=programme_to_json(programme),
            reason=reason, made_at=now, made_by=actor.name, username=actor.username, form_key=form_key,
        )
    )  # fmt: skip
    session.flush()
    note(
        session, "set_programme", f"{owner.code}: version {number}, from {first:%-d %b %Y} on.",
        [timeline.Item(PROGRAMME, owner.id)], actor=actor, now=now, reason=reason, before={"version": number - 1},
        after={"version": number, "accrual": programme.accrual, "media": sorted(programme.media)},
    )  # fmt: skip
    return owner.id
