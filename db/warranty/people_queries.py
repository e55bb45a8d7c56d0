"""Technicians of the dealers a person looks after, with their certificates as of a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import CAP
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.warranty import rules
from db.warranty.codes import clean_code
from db.warranty.tables import Technician, TechnicianSkill

PAGE = 50
Cursor = tuple[int, str]


@dataclass(frozen=True, kw_only=True)
class SkillLine:
    """A certificate; `state` is valid, soon, expired or later on the day asked for."""

    skill: str
    certified_on: date
    expires_on: date | None
    state: str


@dataclass(frozen=True, kw_only=True)
class TechnicianLine:
    """A technician; `is_active` on the day asked for."""

    id: int
    version: int
    dealer_id: int
    dealer: str
    code: str
    name: str
    active_from: date
    left_on: date | None
    is_active: bool
    skills: tuple[SkillLine, ...]
    updated_at: datetime
    updated_by: str

    def newest(self) -> tuple[SkillLine, ...]:
        """The newest certificate of each skill."""
        found: dict[str, SkillLine] = {}
        for one in sorted(self.skills, key=lambda s: s.certified_on):
            found[one.skill] = one
        return tuple(found[skill] for skill in sorted(found))


def _line(one: Technician, dealer: str, skills: list[TechnicianSkill], on: date) -> TechnicianLine:
    return TechnicianLine(
        id=one.id, version=one.version, dealer_id=one.dealer_id, dealer=dealer, code=one.code, name=one.name,
        active_from=one.active_from, left_on=one.left_on,
        is_active=one.active_from <= on and (one.left_on is None or one.left_on > on),
        skills=tuple(
            SkillLine(
                skill=s.skill, certified_on=s.certified_on, expires_on=s.expires_on,
                state=rules.skill_state(s.certified_on, s.expires_on, on),
            )
            for s in sorted(skills, key=lambda s: (s.skill, s.certified_on))
        ),
        updated_at=one.updated_at, updated_by=one.updated_by,
    )  # fmt: skip


def _wanted(scope: Scope, dealer_id: int | None, text: str, is_active: bool | None, on: date) -> list[Any]:
    wanted: list[ColumnElement[bool]] = [scope.where(Technician.dealer_id, Technician.region)]
    if dealer_id is not None:
        wanted.append(Technician.dealer_id == dealer_id)
    if text.strip():
        wanted.append(
            or_(
                Technician.code.startswith(clean_code(text), autoescape=True),
                func.lower(Technician.name).contains(text.strip().lower(), autoescape=True),
            )
        )
    if is_active is True:
        wanted += [Technician.active_from <= on, or_(Technician.left_on.is_(None), Technician.left_on > on)]
    elif is_active is False:
        wanted.append(or_(Technician.active_from > on, Technician.left_on <= on))
    return wanted


def list_technicians(
    session: Session, *, scope: Scope, on: date, dealer_id: int | None = None, text: str = "",
    is_active: bool | None = None, after: Cursor | None = None,
) -> tuple[tuple[TechnicianLine, ...], Cursor | None, int]:  # fmt: skip
    """One page by dealer and code, the cursor of the next, and how many there are (capped); two statements more."""
    wanted = _wanted(scope, dealer_id, text, is_active, on)
    counted = select(Technician.id).where(*wanted).limit(CAP + 1).subquery()
    total = session.scalar(select(func.count()).select_from(counted)) or 0
    query = (
        select(Technician, Dealer.name)
        .join(Dealer, Dealer.id == Technician.dealer_id)
        .where(*wanted)
        .order_by(Technician.dealer_id, Technician.code)
    )
    if after is not None:
        query = query.where(
            Technician.dealer_id >= after[0], or_(Technician.dealer_id > after[0], Technician.code > after[1])
        )
    rows = session.execute(query.limit(PAGE + 1)).all()
    following = (rows[PAGE - 1][0].dealer_id, rows[PAGE - 1][0].code) if len(rows) > PAGE else None
    rows = rows[:PAGE]
    skills = _skills(session, [one.id for one, _ in rows])
    return tuple(_line(one, dealer, skills.get(one.id, []), on) for one, dealer in rows), following, total


def _skills(session: Session, ids: list[int]) -> dict[int, list[TechnicianSkill]]:
    found: dict[int, list[TechnicianSkill]] = {}
    for skill in session.scalars(select(TechnicianSkill).where(TechnicianSkill.technician_id.in_(ids))):
        found.setdefault(skill.technician_id, []).append(skill)
    return found


def get_technician(session: Session, *, technician_id: int, scope: Scope, on: date) -> TechnicianLine:
    """One technician; raises `NotFound`."""
    row = session.execute(
        select(Technician, Dealer.name)
        .join(Dealer, Dealer.id == Technician.dealer_id)
        .where(Technician.id == technician_id, scope.where(Technician.dealer_id, Technician.region))
    ).one_or_none()
    if row is None:
        raise NotFound("This technician")
    return _line(row[0], row[1], _skills(session, [technician_id]).get(technician_id, []), on)


def technician_choices(session: Session, *, dealer_id: int, actor: Actor, on: date) -> dict[str, str]:
    """Codes and names of those who work at a dealer of the actor's scope on a day, for the entry form of a claim."""
    actor.require(Permission.WARRANTY_VIEW)
    rows = session.execute(
        select(Technician.code, Technician.name)
        .where(*_wanted(actor.scope, dealer_id, "", True, on))
        .order_by(Technician.code)
    )
    return dict(rows.tuples().all())


def skill_names(session: Session, *, actor: Actor) -> list[str]:
    """The skills operations ask for and technicians of this scope have, in order."""
    actor.require(Permission.WARRANTY_VIEW)
    rows = session.scalars(
        select(TechnicianSkill.skill)
        .join(Technician, Technician.id == TechnicianSkill.technician_id)
        .where(actor.scope.where(Technician.dealer_id, Technician.region))
        .distinct()
    )
    return sorted(rows)


def all_technicians(session: Session, *, scope: Scope, on: date) -> Iterator[TechnicianLine]:
    """Every technician of a scope in pages, for exports."""
    after: Cursor | None = None
    while True:
        lines, after, _ = list_technicians(session, scope=scope, on=on, after=after)
        yield from lines
        if after is None:
            return
