"""Writing a version of a programme from its form: sound in itself, after the version before it, different from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.coop.model import programme_from_json, read_programme
from db.coop.programme_commands import set_programme
from db.coop.programme_rules import check_programme, first_day, sentences_of
from db.coop.tables import CoopProgramme, CoopVersion
from db.core import locks
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused


def save_programme(
    session: Session, *, body: Mapping[str, Any], effective_from: date | None, reason: str, seen_version: int = 0,
    form_key: str | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Write the next version of a programme, or the first of a new one, and give the programme's id.

    Beyond what `set_programme` asks: rates and caps that pay something, no version before the one it follows, something
    that differs, a code nobody uses. A stale screen is refused before its content is looked at. Problems: the fields
    of model.Programme, dotted; effective_from, reason.
    """
    actor.require(Permission.COOP_MANAGE)
    arguments: dict[str, Any] = {
        "body": body, "effective_from": effective_from, "reason": reason, "seen_version": seen_version,
        "form_key": form_key, "actor": actor, "now": now,
    }  # fmt: skip
    programme, wrong = read_programme(dict(body))
    sent_before = form_key and session.scalar(select(CoopVersion.id).where(CoopVersion.form_key == form_key))
    if sent_before or not actor.scope.is_all:
        return set_programme(session, **arguments)
    if programme is None:
        raise Refused(*(Problem(code="invalid", field=field, message=said) for field, said in sentences_of(wrong)))
    locks.hold(session, f"coop-programme:{programme.code}")
    owner = session.scalars(
        select(CoopProgramme).where(CoopProgramme.code == programme.code).execution_options(populate_existing=True)
    ).one_or_none()
    if owner is not None and not seen_version:
        message = f"{owner.code} is the code of {owner.name} {owner.year}."
        raise Refused(Problem(code="code_used", field="code", message=message))
    problems = Problems()
    if owner is None:
        check_programme(programme, problems)
    elif owner.version == seen_version:  # a stale screen is refused by set_programme, whatever it says
        newest = session.scalars(
            select(CoopVersion).where(CoopVersion.programme_id == owner.id).order_by(CoopVersion.number.desc()).limit(1)
        ).one()
        check_programme(
            programme, problems, before=programme_from_json(newest.body), began=newest.effective_from,
            first=first_day(programme, effective_from),
        )  # fmt: skip
    if not reason.strip():
        problems.add("reason", "required", "The reason is needed.")
    problems.refuse_if_any()
    return set_programme(session, **arguments)
