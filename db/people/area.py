"""What people offer to the desk: finding a colleague, delivering mail, forgetting old sign-ins, and two checks."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.area import Area, Check, Job, SearchResult, SearchSource
from db.core.mailer import deliver_due
from db.core.permissions import Permission, Role
from db.people.sessions import tidy
from db.people.tables import Person, PersonScope


def _load(session: Session, *, ids: list[int], actor: Actor) -> list[SearchResult]:
    if not actor.can(Permission.PEOPLE_VIEW):
        return []
    people = {p.id: p for p in session.scalars(select(Person).where(Person.id.in_(ids)))}
    return [
        SearchResult(
            kind="person", item_id=i, title=people[i].name,
            subtitle=f"{Role(people[i].role).label}, {people[i].username}{'' if people[i].is_active else ', disabled'}",
            page="pages/admin/people.py", query={"person": str(i)},
        )
        for i in ids
        if i in people
    ]  # fmt: skip


def _check_administrator(session: Session) -> list[str]:
    people, admins = (
        session.scalar(select(func.count()).select_from(Person).where(*conditions)) or 0
        for conditions in ((), (Person.role == Role.ADMIN.value, Person.is_active.is_(True)))
    )
    return ["There are accounts, but no active administrator."] if people and not admins else []


def _check_scopes(session: Session) -> list[str]:
    """A dealer's people must be bound to dealers: anything else would show them the network."""
    dealer_roles = [r.value for r in Role if r.is_dealer]
    loose = session.scalars(
        select(Person.username).where(Person.role.in_(dealer_roles), Person.scope_kind != "dealers")
    ).all()
    mixed = session.scalars(
        select(Person.username)
        .join(PersonScope, PersonScope.person_id == Person.id)
        .where((PersonScope.region.is_(None)) == (PersonScope.dealer_id.is_(None)))
    ).all()
    return [f"{name} belongs to a dealership but is not bound to dealers." for name in loose] + [
        f"{name} has a scope line that names neither or both of a region and a dealer." for name in mixed
    ]


AREA = Area(
    name="people",
    title="People",
    search=(SearchSource(kind="person", label="People", permission=Permission.PEOPLE_VIEW, load=_load),),
    jobs=(Job(name="mail", run=deliver_due), Job(name="old sign-ins", run=tidy)),
    checks=(
        Check(name="an administrator", run=_check_administrator),
        Check(name="scopes of people", run=_check_scopes),
    ),
)
