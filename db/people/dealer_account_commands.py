"""The only door through which accounts of a dealership change without an administrator (db/access stands on it).

Narrow on purpose: it knows one dealer at a time, gives and changes the two roles of dealers only, and answers "not
found" for an account of the manufacturer, of another dealer, or of nobody. Each function is a part of its caller's
command, which writes the one timeline entry; permission and scope are asked here once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.insert import insert_or_ignore
from db.core.permissions import Permission, Role
from db.core.problems import NotFound, Problem, Problems, Refused, Stale
from db.core.settings import settings
from db.people import passwords, sessions
from db.people.commands import NewPassword
from db.people.queries import DEALER
from db.people.records import check_zone, keep_true, tidy_email
from db.people.rules import ONE_TIME_PASSWORD_DAYS
from db.people.tables import Person, PersonScope

DEALER_ROLES = tuple(role.value for role in Role if role.is_dealer)
ENDS_ACCESS = (Permission.ACCESS_REVIEW, Permission.ACCESS_DECIDE)


@dataclass(frozen=True)
class AccessEnded:
    """Whose access to one dealer ended; `is_disabled` when it was the last dealer of the account."""

    person_id: int
    name: str
    is_disabled: bool


def check_account(problems: Problems, *, name: str, email: str, role: str) -> tuple[str, str]:
    """Name and mail address as they would be stored; notes what is wrong with them or with the role."""
    name = problems.require(name, "name", "The name", longest=120)
    email = problems.require(email, "email", "The e-mail", longest=254)
    check_role(problems, role)
    return name, tidy_email(problems, email)


def check_role(problems: Problems, role: str) -> None:
    """Note a problem when this role cannot be given to a dealer's people."""
    if role not in DEALER_ROLES:
        labels = " or ".join(Role(r).label for r in DEALER_ROLES)
        problems.add("role", "not_a_dealer_role", f"Choose {labels}: no other role can be given here.")


def hold_dealers(session: Session, dealer_ids: Iterable[int]) -> None:
    """Let nobody else give or end access at these dealers until this transaction is over (always in one order)."""
    ids = sorted(set(dealer_ids))
    # NO KEY UPDATE: leads that arrive meanwhile refer to the dealer and must not wait.
    session.execute(
        select(DEALER.c.id).where(DEALER.c.id.in_(ids)).order_by(DEALER.c.id).with_for_update(key_share=True)
    )


def open_account(
    session: Session, *, dealer_id: int, name: str, email: str, role: str, zone: str, actor: Actor, now: datetime,
    username: Callable[[Callable[[str], bool]], str],
) -> NewPassword:  # fmt: skip
    """Make an account that sees exactly this dealer, with a one-time password.

    `username` gets a question ("is this one taken?") and answers with a free user name. Refused when the address
    belongs to an account already: one person has one account.
    """
    _may(session, Permission.ACCESS_DECIDE, dealer_id, actor)
    problems = Problems()
    name, email = check_account(problems, name=name, email=email, role=role)
    check_zone(problems, zone)
    problems.refuse_if_any()
    _one_at_a_time(session, email)
    if session.scalar(select(Person.id).where(func.lower(Person.email) == func.lower(email)).limit(1)) is not None:
        problems.add("account", "email_taken", "This e-mail belongs to an account already.")
    problems.refuse_if_any()

    def taken(wanted: str) -> bool:
        return session.scalar(select(Person.id).where(Person.username == wanted)) is not None

    secret, hashed, expires = _one_time(now)
    while True:
        chosen = username(taken)
        values = {
            "username": chosen, "name": name, "email": email, "role": role, "scope_kind": "dealers", "zone": zone,
            "password_hash": hashed, "must_change_password": True, "password_expires_at": expires, "is_active": True,
            "version": 1, "created_at": now,
        }  # fmt: skip
        if insert_or_ignore(session, Person, values):  # else somebody else took the name in this very moment
            break
    person = session.scalars(select(Person).where(Person.username == chosen)).one()
    session.add(PersonScope(person_id=person.id, dealer_id=dealer_id))
    session.flush()
    keep_true(session, person)
    return NewPassword(person.id, name, chosen, secret)


def reopen_account(
    session: Session, *, person_id: int, dealer_id: int, role: str, actor: Actor, now: datetime
) -> NewPassword:
    """Open a disabled account of a dealership again: for exactly this dealer, in this role, with a new password.

    Only for who looks after every dealer the account had: the others lose sight of it.
    """
    _may(session, Permission.ACCESS_DECIDE, dealer_id, actor)
    person = _account(session, person_id)
    problems = Problems()
    check_role(problems, role)
    if person.is_active:
        problems.add("account", "already_enabled", "This account is not disabled.")
    _needs_all_dealers(session, problems, person, actor, "account")
    problems.refuse_if_any()
    secret, person.password_hash, person.password_expires_at = _one_time(now)
    person.must_change_password, person.is_active, person.role = True, True, role
    session.execute(delete(PersonScope).where(PersonScope.person_id == person.id))
    session.add(PersonScope(person_id=person.id, dealer_id=dealer_id))
    _changed(session, person)
    return NewPassword(person.id, person.name, person.username, secret)


def add_dealer_to_account(
    session: Session, *, person_id: int, dealer_id: int, role: str, actor: Actor, now: datetime
) -> None:
    """Let an account of another dealership see this dealer too, in the role it has (which must be the one wanted)."""
    _may(session, Permission.ACCESS_DECIDE, dealer_id, actor)
    person = _account(session, person_id)
    problems = Problems()
    if not person.is_active:
        problems.add("account", "disabled", "This account is disabled.")
    elif dealer_id in _dealers(session, person):
        problems.add("account", "has_access", f"{person.name} has access to this dealer already.")
    elif person.role != role:
        problems.add(
            "account", "other_role",
            f"An account has one role, and this one's is {Role(person.role).label}; {_label(role)} was asked for.",
        )  # fmt: skip
    problems.refuse_if_any()
    session.add(PersonScope(person_id=person.id, dealer_id=dealer_id))
    _changed(session, person)


def change_account_role(
    session: Session, *, person_id: int, dealer_id: int, role: str, actor: Actor, now: datetime
) -> str:
    """Give an account the other role of dealers, at all its dealers; gives the role it had."""
    _may(session, Permission.ACCESS_DECIDE, dealer_id, actor)
    person = _account(session, person_id, at=dealer_id)
    problems = Problems()
    check_role(problems, role)
    if not person.is_active:
        problems.add("account", "disabled", "This account is disabled.")
    elif person.role == role:
        problems.add("role", "same_role", f"{person.name} is {_label(role)} already.")
    _needs_all_dealers(session, problems, person, actor, "account")
    problems.refuse_if_any()
    before, person.role = person.role, role
    _changed(session, person)
    return before


def end_access(
    session: Session, *, person_id: int, dealer_id: int, actor: Actor, now: datetime, seen_version: int | None = None
) -> AccessEnded:
    """End an account's access to this dealer and sign it out; disables it when this was its last dealer.

    What the person did stays. Nobody ends their own access.
    """
    if not any(actor.can(permission) for permission in ENDS_ACCESS):
        actor.require(Permission.ACCESS_REVIEW)
    _in_scope(session, dealer_id, actor)
    hold_dealers(session, [dealer_id])
    person = _account(session, person_id, at=dealer_id)
    if seen_version is not None and person.version != seen_version:
        # Whoever changed it may be of another dealership, so nobody is named.
        raise Stale(what=f"The account of {person.name}", changed_by="somebody else", changed_at=now)
    if person.id == actor.user_id:
        raise Refused(Problem(code="own_account", message="You cannot end your own access; ask the manufacturer."))
    if not person.is_active:
        raise Refused(Problem(code="already_disabled", message=f"{person.name} can no longer sign in already."))
    is_last = _dealers(session, person) == {dealer_id}
    if is_last:
        person.is_active = False  # it keeps the dealer, so that the dealer's list still shows it
    else:
        session.execute(
            delete(PersonScope).where(PersonScope.person_id == person.id, PersonScope.dealer_id == dealer_id)
        )
    sessions.end_all(session, person_id=person.id, because="access ended", now=now)
    _changed(session, person)
    return AccessEnded(person.id, person.name, is_last)


# -------------------------------------------------------------------------------------------------- helpers
def _may(session: Session, permission: Permission, dealer_id: int, actor: Actor) -> None:
    actor.require(permission)
    _in_scope(session, dealer_id, actor)
    hold_dealers(session, [dealer_id])


def _in_scope(session: Session, dealer_id: int, actor: Actor) -> None:
    region = session.scalar(select(DEALER.c.region).where(DEALER.c.id == dealer_id))
    if region is None or not actor.scope.allows(dealer_id=dealer_id, region=region):
        raise NotFound("This dealer")


def _account(session: Session, person_id: int, *, at: int | None = None) -> Person:
    """An account of a dealership (of the dealer `at`), locked; `NotFound` for every other, whoever's it is."""
    person = session.execute(
        select(Person).where(Person.id == person_id).with_for_update().execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if person is None or person.role not in DEALER_ROLES or person.scope_kind != "dealers":
        raise NotFound("This account")
    if at is not None and at not in _dealers(session, person):
        raise NotFound("This account")
    return person


def _dealers(session: Session, person: Person) -> set[int]:
    ids = session.scalars(select(PersonScope.dealer_id).where(PersonScope.person_id == person.id))
    return {dealer_id for dealer_id in ids if dealer_id is not None}


def _needs_all_dealers(session: Session, problems: Problems, person: Person, actor: Actor, field: str) -> None:
    rows = session.execute(
        select(DEALER.c.id, DEALER.c.region).where(DEALER.c.id.in_(sorted(_dealers(session, person))))
    )
    if not all(actor.scope.allows(dealer_id=i, region=region) for i, region in rows):
        problems.add(
            field, "not_all_dealers",
            "This would hold at every dealer of the account, and you do not look after all of them. Ask an"
            " administrator.",
        )  # fmt: skip


def _one_at_a_time(session: Session, email: str) -> None:
    """Two accounts with one address must not be made in the same moment; SQLite has one writer at a time anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"email {email.lower()}", 0))))


def _one_time(now: datetime) -> tuple[str, str, datetime]:
    secret = passwords.one_time_password()
    hashed = passwords.hash_password(secret, cost=settings().bcrypt_cost)
    return secret, hashed, now + timedelta(days=ONE_TIME_PASSWORD_DAYS)


def _changed(session: Session, person: Person) -> None:
    person.version += 1
    session.flush()
    keep_true(session, person)


def _label(role: str) -> str:
    return Role(role).label.lower() if role in set(Role) else role
