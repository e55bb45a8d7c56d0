"""Plans with their versions, who is away, and dealers where nobody is there for what is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import exists, func, select, true
from sqlalchemy.orm import Session, aliased

from db.cadence.plans import first_version
from db.cadence.rules import PLANS, PlanStep, read_steps
from db.cadence.tables import (
    CadenceAbsence,
    CadencePlanVersion,
    CadenceRun,
    CadenceTask,
    Dealer,
    Lead,
    Person,
    PersonScope,
)
from db.core.actor import Actor, Scope
from db.core.labels import local_day, plural
from db.core.permissions import Permission, Role
from db.leads.queries import BoardFilters, list_board

MOST = 200


@dataclass(frozen=True, kw_only=True)
class PlanVersion:
    """A version of a plan; `running` are the leads of the scope that follow it now. `version_id` 0: not stored yet."""

    version_id: int
    plan: str
    version: int
    state: str
    steps: tuple[PlanStep, ...]
    reason: str
    created_at: datetime
    created_by: str
    activated_at: datetime | None
    activated_by: str
    running: int


def list_versions(session: Session, *, plan: str, scope: Scope, now: datetime) -> list[PlanVersion]:
    """The versions of a plan, the newest first; the declared one where nobody needed a stored one yet."""
    running = dict(
        session.execute(
            select(CadenceRun.plan_version_id, func.count())
            .where(
                CadenceRun.is_open == true(), CadenceRun.plan == plan,
                scope.where(CadenceRun.dealer_id, CadenceRun.region),
            )
            .group_by(CadenceRun.plan_version_id)
        ).all()
    )  # fmt: skip
    rows = session.scalars(
        select(CadencePlanVersion)
        .where(CadencePlanVersion.plan == plan)
        .order_by(CadencePlanVersion.version.desc())
        .limit(MOST)
    ).all()
    stored = rows or [CadencePlanVersion(id=0, **first_version(plan, now=now))]
    return [
        PlanVersion(
            version_id=v.id, plan=v.plan, version=v.version, state=v.state, steps=read_steps(v.steps),
            reason=v.reason, created_at=v.created_at, created_by=v.created_by, activated_at=v.activated_at,
            activated_by=v.activated_by, running=running.get(v.id, 0),
        )
        for v in stored
        if v.plan in PLANS
    ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class AbsenceRow:
    """Somebody who is or will be away; `is_now` says whether today, at the dealer, is one of the days."""

    absence_id: int
    version: int
    person_id: int
    person: str
    stand_in_id: int
    stand_in: str
    dealer: str
    first_day: date
    last_day: date
    note: str
    is_now: bool
    began: bool


def list_absences(session: Session, *, actor: Actor, now: datetime) -> list[AbsenceRow]:
    """Absences that are not over, the next first; who may not hand over sees their own and those they stand in for."""
    person, stand_in = aliased(Person), aliased(Person)
    query = (
        select(CadenceAbsence, person.name, stand_in.name, Dealer.name, Dealer.zone)
        .join(person, person.id == CadenceAbsence.person_id)
        .join(stand_in, stand_in.id == CadenceAbsence.stand_in_id)
        .join(Dealer, Dealer.id == CadenceAbsence.dealer_id)
        .where(
            CadenceAbsence.is_active == true(), CadenceAbsence.last_day >= local_day(now, "UTC") - timedelta(days=1),
            actor.scope.where(CadenceAbsence.dealer_id, CadenceAbsence.region),
        )
    )  # fmt: skip
    if not (actor.can(Permission.TASKS_HAND_OVER) or actor.can(Permission.CADENCE_VIEW)):
        own = actor.user_id or 0
        query = query.where((CadenceAbsence.person_id == own) | (CadenceAbsence.stand_in_id == own))
    rows = session.execute(query.order_by(CadenceAbsence.first_day, CadenceAbsence.id).limit(MOST)).all()
    made = []
    for absence, name, other, dealer, zone in rows:
        today = local_day(now, zone)
        if absence.last_day >= today:
            made.append(
                AbsenceRow(
                    absence_id=absence.id, version=absence.version, person_id=absence.person_id, person=name,
                    stand_in_id=absence.stand_in_id,
                    stand_in=other, dealer=dealer, first_day=absence.first_day, last_day=absence.last_day,
                    note=absence.note, is_now=absence.first_day <= today, began=absence.first_day < today,
                )
            )  # fmt: skip
    return made


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A dealer with tasks to do and nobody there today."""

    dealer_id: int
    dealer: str
    waiting: int


def coverage_gaps(session: Session, *, scope: Scope, now: datetime) -> list[Gap]:
    """Dealers with open tasks all of whose people are away today (or who have nobody at all), most tasks first.

    The day is the dealer's own. People are the active accounts of the dealership itself.
    """
    waiting = (
        select(CadenceTask.dealer_id, func.count().label("n"))
        .where(
            CadenceTask.is_open == true(), CadenceTask.opens_at <= now,
            scope.where(CadenceTask.dealer_id, CadenceTask.region),
        )
        .group_by(CadenceTask.dealer_id)
        .subquery()
    )  # fmt: skip
    found = []
    zones: dict[str, list[tuple[int, str, int]]] = {}
    rows = session.execute(
        select(waiting.c.dealer_id, Dealer.name, Dealer.zone, waiting.c.n).join(
            Dealer, Dealer.id == waiting.c.dealer_id
        )
    )
    for dealer_id, name, zone, n in rows:
        zones.setdefault(zone, []).append((dealer_id, name, n))
    for zone, dealers in sorted(zones.items()):
        today = local_day(now, zone)
        is_away = exists().where(
            CadenceAbsence.person_id == Person.id, CadenceAbsence.is_active == true(),
            CadenceAbsence.first_day <= today, CadenceAbsence.last_day >= today,
        )  # fmt: skip
        there = set(
            session.scalars(
                select(PersonScope.dealer_id)
                .join(Person, Person.id == PersonScope.person_id)
                .where(
                    PersonScope.dealer_id.in_([d for d, _, _ in dealers]),
                    Person.is_active == true(),
                    ~is_away,
                    Person.role.in_([Role.DEALER_STAFF.value, Role.DEALER_MANAGER.value]),
                )
                .distinct()
            )
        )
        found += [Gap(dealer_id=d, dealer=name, waiting=n) for d, name, n in dealers if d not in there]
    return sorted(found, key=lambda gap: (-gap.waiting, gap.dealer))


def own_dealers(session: Session, *, actor: Actor) -> list[tuple[int, str]]:
    """(id, name) of the dealers of one's own scope, for people whose scope is a few dealers."""
    rows = session.execute(
        select(Dealer.id, Dealer.name)
        .where(actor.scope.where(Dealer.id, Dealer.region))
        .order_by(Dealer.name)
        .limit(MOST)
    )
    return [(dealer_id, name) for dealer_id, name in rows]


def open_leads_of(
    session: Session, *, person_id: int, dealer_id: int, actor: Actor, now: datetime
) -> list[tuple[int, str]]:
    """(id, number with its state) of the open leads of a person at a dealer, due first, for choosing some of them."""
    page = list_board(
        session, scope=actor.scope, filters=BoardFilters(view="waiting", assignee_id=person_id, dealer_id=dealer_id),
        limit=MOST, now=now, personal=actor.can(Permission.PERSONAL_DATA_VIEW),
    )  # fmt: skip
    return [(row.id, f"{row.number} · {row.customer_name} · {row.status_label}") for row in page.rows]


def people_with_leads(session: Session, *, dealer_id: int, actor: Actor) -> list[tuple[int, str]]:
    """(id, "name, 12 open leads") of whoever has open leads at a dealer, also people who left."""
    rows = session.execute(
        select(Lead.assignee_id, Person.name, func.count())
        .join(Person, Person.id == Lead.assignee_id)
        .where(Lead.dealer_id == dealer_id, Lead.is_open == true(), actor.scope.where(Lead.dealer_id, Lead.region))
        .group_by(Lead.assignee_id, Person.name)
        .order_by(Person.name)
    )
    return [(person_id, f"{name}, {plural(n, 'open lead')}") for person_id, name, n in rows if person_id is not None]
