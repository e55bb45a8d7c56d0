"""Signed-in people for the bench: sessions made as a sign-in makes them, without a password."""

from __future__ import annotations

from sqlalchemy import Engine, select

from components.clock import now
from components.cookie import cookie_name
from db.core.permissions import Role
from db.core.session import make_engine, reading, writing
from db.people import sessions
from db.people.tables import Person

MANAGER = (Role.MANAGER,)
DESK = (Role.MANAGER, Role.COORDINATOR)
"""Who may open every page of the goals."""


def cookie_for(engine: Engine, person_id: int) -> str:
    """The cookie of a new sign-in of a person, as the browser would send it."""
    with writing(engine, keeps_timeline=False) as session:
        opened = sessions.open_session(session, person_id=person_id, source="Bench", now=now())
        token = sessions.redeem(session, ticket=opened.ticket, old_token="", now=now())
    assert token is not None
    return f"{cookie_name()}={token}"


def who(engine: Engine, *, roles: tuple[Role, ...] = MANAGER, most: int = 1) -> list[int]:
    """Ids of people of these roles who may sign in, those who see most first."""
    found: list[int] = []
    with reading(engine) as session:
        for role in roles:
            query = select(Person.id).where(
                Person.role == role, Person.is_active.is_(True), Person.must_change_password.is_(False)
            )  # fmt: skip
            found += session.scalars(query.order_by(Person.scope_kind, Person.id).limit(most)).all()
    return found[:most]


def sign_in(url: str, *, roles: tuple[Role, ...] = MANAGER, count: int = 1) -> list[str]:
    """Cookies of `count` sign-ins of people of these roles, in turns; LookupError where there is nobody."""
    engine = make_engine(url)
    try:
        people = who(engine, roles=roles, most=max(1, count))
        if not people:
            raise LookupError(f"the database has no {roles[0].label.lower()} who can sign in; fill it by the bulk seed")
        return [cookie_for(engine, people[n % len(people)]) for n in range(count)]
    finally:
        engine.dispose()
