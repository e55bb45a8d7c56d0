"""Accounts: who may sign in, as what, and for which dealers. A change holds from the person's next action on (R29)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.permissions import Permission, Role
from db.core.problems import Problem, Problems, Refused
from db.core.settings import settings
from db.people import passwords, sessions
from db.people.queries import DEALER
from db.people.records import (
    check_zone,
    facts,
    guessable_words,
    load,
    record,
    record_change,
    scope_facts,
    tidy_email,
    words_of,
)
from db.people.rules import ONE_TIME_PASSWORD_DAYS, USERNAME, check_password, tidy_username
from db.people.tables import Person, PersonScope

SCOPE_KINDS = ("all", "regions", "dealers")


@dataclass(frozen=True)
class NewPassword:
    """What the administrator hands over; `one_time_password` is shown once, stored nowhere, empty if one was chosen."""

    person_id: int
    name: str
    username: str
    one_time_password: str


# ------------------------------------------------------------------------------------------------- accounts
def add_person(
    session: Session, *, username: str, name: str, role: str, scope_kind: str, actor: Actor, now: datetime,
    regions: Collection[str] = (), dealer_ids: Collection[int] = (), email: str = "", zone: str = "America/New_York",
    password: str | None = None, must_change: bool | None = None, without_password: bool = False,
) -> NewPassword:  # fmt: skip
    """Make an account. Without a `password` a one-time password is made, which must be changed at the first sign-in.

    `without_password` makes an account nobody can sign in to until an administrator sets its password: for people who
    are known before they need the desk, such as the staff of an imported dealer.
    """
    actor.require(Permission.PEOPLE_MANAGE)
    problems = Problems()
    username = tidy_username(problems.require(username, "username", "The user name", longest=80))
    if 0 < len(username) <= 80 and not USERNAME.fullmatch(username):
        problems.add(
            "username", "bad_username",
            "The user name may hold letters without accents, digits, dots, dashes, underscores and @.",
        )  # fmt: skip
    elif username and session.scalar(select(Person.id).where(Person.username == username)):
        problems.add("username", "taken", f"There is already an account named {username}.")
    name = problems.require(name, "name", "The name", longest=120)
    email = tidy_email(problems, email)
    check_zone(problems, zone)
    chosen = _check_role(problems, role)
    _check_scope(session, problems, role=chosen, kind=scope_kind, regions=regions, dealer_ids=dealer_ids)
    if password is not None:
        words = guessable_words(session, username=username, name=name, email=email, dealer_ids=dealer_ids)
        problems.found += check_password(password, words=words)
    problems.refuse_if_any()
    cost = settings().bcrypt_cost
    if without_password:
        secret, must_change, hashed = "", True, passwords.nobodys_hash(cost)
    else:
        secret = passwords.one_time_password() if password is None else password
        must_change = password is None if must_change is None else must_change
        hashed = passwords.hash_password(secret, cost=cost)
    person = Person(
        username=username, name=name, email=email, role=role, scope_kind=scope_kind, zone=zone,
        password_hash=hashed, must_change_password=must_change,
        password_expires_at=now + timedelta(days=ONE_TIME_PASSWORD_DAYS) if must_change and secret else None,
        is_active=True, version=1, created_at=now,
    )  # fmt: skip
    session.add(person)
    session.flush()
    _write_scope(session, person, scope_kind, regions, dealer_ids)
    after = {"username": username, "name": name, "role": role, **scope_facts(scope_kind, regions, dealer_ids)}
    record(
        session, "add_person", person, actor=actor, now=now, summary=f"Account {username} added for {name}", after=after
    )
    return NewPassword(person.id, name, username, secret if password is None else "")


def edit_person(
    session: Session, *, person_id: int, seen_version: int, name: str, email: str, zone: str, role: str,
    scope_kind: str, actor: Actor, now: datetime, regions: Collection[str] = (), dealer_ids: Collection[int] = (),
) -> None:  # fmt: skip
    """Change everything an administrator may change about a person at once."""
    actor.require(Permission.PEOPLE_MANAGE)
    person = load(session, person_id, seen_version)
    problems = Problems()
    name = problems.require(name, "name", "The name", longest=120)
    email = tidy_email(problems, email)
    check_zone(problems, zone)
    chosen = _check_role(problems, role)
    _check_scope(session, problems, role=chosen, kind=scope_kind, regions=regions, dealer_ids=dealer_ids)
    _keep_an_administrator(session, problems, person, actor, stays=role == Role.ADMIN)
    problems.refuse_if_any()
    before = facts(session, person)
    person.name, person.email, person.zone, person.role = name, email, zone, role
    _write_scope(session, person, scope_kind, regions, dealer_ids)
    person.version += 1
    record_change(
        session,
        "edit_person",
        person,
        actor=actor,
        now=now,
        before=before,
        summary=f"Account {person.username} changed",
    )


def change_role(
    session: Session, *, person_id: int, role: str, actor: Actor, now: datetime, seen_version: int | None = None
) -> None:
    """Give a person another role; refused where the role does not fit the person's scope."""
    actor.require(Permission.PEOPLE_MANAGE)
    person = load(session, person_id, seen_version)
    problems = Problems()
    chosen = _check_role(problems, role)
    _keep_an_administrator(session, problems, person, actor, stays=role == Role.ADMIN)
    if chosen is not None and chosen.is_dealer and person.scope_kind != "dealers":
        problems.add(
            "role", "role_needs_dealers", f"{chosen.label} is for people of a dealership: give them dealers first."
        )
    problems.refuse_if_any()
    before = facts(session, person)
    person.role = role
    person.version += 1
    record_change(
        session,
        "change_role",
        person,
        actor=actor,
        now=now,
        before=before,
        summary=f"{person.name} is now {Role(role).label}",
    )


def change_scope(
    session: Session, *, person_id: int, scope_kind: str, actor: Actor, now: datetime,
    regions: Collection[str] = (), dealer_ids: Collection[int] = (), seen_version: int | None = None,
) -> None:  # fmt: skip
    """Say which dealers a person may see: all, those of some regions, or a list."""
    actor.require(Permission.PEOPLE_MANAGE)
    person = load(session, person_id, seen_version)
    problems = Problems()
    _check_scope(session, problems, role=Role(person.role), kind=scope_kind, regions=regions, dealer_ids=dealer_ids)
    problems.refuse_if_any()
    before = facts(session, person)
    _write_scope(session, person, scope_kind, regions, dealer_ids)
    person.version += 1
    record_change(
        session,
        "change_scope",
        person,
        actor=actor,
        now=now,
        before=before,
        summary=f"What {person.name} may see was changed",
    )


def disable_person(
    session: Session, *, person_id: int, actor: Actor, now: datetime, reason: str = "", seen_version: int | None = None
) -> None:
    """Close an account and end its sessions; everything the person did stays."""
    actor.require(Permission.PEOPLE_MANAGE)
    person = load(session, person_id, seen_version)
    problems = Problems()
    if not person.is_active:
        problems.add("", "already_disabled", f"The account {person.username} is already disabled.")
    if person.id == actor.user_id:
        problems.add("", "own_account", "You cannot disable your own account; another administrator can.")
    else:
        _keep_an_administrator(session, problems, person, actor, stays=False)
    problems.refuse_if_any()
    person.is_active = False
    person.version += 1
    sessions.end_all(session, person_id=person.id, because="account disabled", now=now)
    record(
        session, "disable_person", person, actor=actor, now=now, summary=f"Account {person.username} disabled",
        before={"is_active": True}, after={"is_active": False}, reason=reason,
    )  # fmt: skip


def enable_person(
    session: Session, *, person_id: int, actor: Actor, now: datetime, seen_version: int | None = None
) -> None:
    """Open a disabled account again, with the password it had."""
    actor.require(Permission.PEOPLE_MANAGE)
    person = load(session, person_id, seen_version)
    if person.is_active:
        raise Refused(Problem(code="already_enabled", message=f"The account {person.username} is not disabled."))
    person.is_active = True
    person.version += 1
    record(
        session, "enable_person", person, actor=actor, now=now, summary=f"Account {person.username} enabled",
        before={"is_active": False}, after={"is_active": True},
    )  # fmt: skip


def end_sessions(
    session: Session, *, actor: Actor, now: datetime, person_id: int | None = None, reason: str = ""
) -> int:
    """End all sessions of a person, or without one of everybody (after a break-in); gives how many. Accounts stay."""
    actor.require(Permission.PEOPLE_MANAGE)
    if person_id is None:
        count = sessions.end_everybodys(session, because="ended by an administrator", now=now)
        changes.touch(session, "people")
        timeline.record(
            session, actor=actor, now=now, area="people", command="end_sessions", summary="Everybody was signed out",
            after={"ended": count}, reason=reason,
        )  # fmt: skip
        return count
    person = load(session, person_id, None)
    count = sessions.end_all(session, person_id=person.id, because="ended by an administrator", now=now)
    record(
        session, "end_sessions", person, actor=actor, now=now, summary=f"{person.username} was signed out everywhere",
        after={"ended": count}, reason=reason,
    )  # fmt: skip
    return count


# ------------------------------------------------------------------------------------------------ passwords
def set_password(
    session: Session, *, person_id: int, actor: Actor, now: datetime, password: str | None = None,
    must_change: bool = True, seen_version: int | None = None,
) -> NewPassword:  # fmt: skip
    """Give a person a new password (a one-time one unless `password` is given) and end their sessions."""
    actor.require(Permission.PEOPLE_MANAGE)
    person = load(session, person_id, seen_version)
    if password is not None:
        found = check_password(password, words=words_of(session, person))
        if found:
            raise Refused(*found)
    secret = passwords.one_time_password() if password is None else password
    person.password_hash = passwords.hash_password(secret, cost=settings().bcrypt_cost)
    person.must_change_password = must_change or password is None
    expires = now + timedelta(days=ONE_TIME_PASSWORD_DAYS)
    person.password_expires_at = expires if person.must_change_password else None
    person.version += 1
    sessions.end_all(session, person_id=person.id, because="password reset", now=now)
    record(session, "set_password", person, actor=actor, now=now, summary=f"Password of {person.username} reset")
    return NewPassword(person.id, person.name, person.username, secret if password is None else "")


# -------------------------------------------------------------------------------------------------- helpers
def _check_role(problems: Problems, role: str) -> Role | None:
    if role in set(Role):
        return Role(role)
    problems.add("role", "unknown_role", "Choose one of: " + ", ".join(r.label for r in Role) + ".")
    return None


def _check_scope(
    session: Session, problems: Problems, *, role: Role | None, kind: str, regions: Collection[str],
    dealer_ids: Collection[int],
) -> None:  # fmt: skip
    if kind not in SCOPE_KINDS:
        problems.add("scope_kind", "unknown_scope", "Choose all dealers, some regions, or some dealers.")
    elif role is not None and role.is_dealer and kind != "dealers":
        problems.add(
            "scope_kind",
            "role_needs_dealers",
            f"{role.label} is for people of a dealership, who see their own dealers only.",
        )
    elif kind == "regions" and not any(r.strip() for r in regions):
        problems.add("regions", "required", "Choose at least one region.")
    elif kind == "dealers":
        wanted = sorted(set(dealer_ids))
        known = session.scalar(select(func.count()).select_from(DEALER).where(DEALER.c.id.in_(wanted))) or 0
        if not wanted:
            problems.add("dealer_ids", "required", "Choose at least one dealer.")
        elif known != len(wanted):
            problems.add("dealer_ids", "unknown_dealer", "One of these dealers does not exist any more.")


def _keep_an_administrator(session: Session, problems: Problems, person: Person, actor: Actor, *, stays: bool) -> None:
    """Refuse what would leave nobody who can manage accounts; the rows are locked so that two cannot leave at once."""
    if stays or person.role != Role.ADMIN or not person.is_active:
        return
    admins = session.scalars(
        select(Person.id)
        .where(Person.role == Role.ADMIN.value, Person.is_active.is_(True))
        .order_by(Person.id)
        .with_for_update()
    ).all()
    if set(admins) <= {person.id}:
        problems.add("role", "last_administrator", "This is the last administrator; make somebody else one first.")


def _write_scope(
    session: Session, person: Person, kind: str, regions: Collection[str], dealer_ids: Collection[int]
) -> None:
    person.scope_kind = kind
    session.execute(delete(PersonScope).where(PersonScope.person_id == person.id))
    if kind == "regions":
        session.add_all(
            PersonScope(person_id=person.id, region=r) for r in sorted({r.strip() for r in regions if r.strip()})
        )
    elif kind == "dealers":
        session.add_all(PersonScope(person_id=person.id, dealer_id=d) for d in sorted(set(dealer_ids)))
