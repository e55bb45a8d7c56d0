"""Coming in through a provider of sign-ins: whose answer it is, and the same session a password opens (decision 0077).

A person is known by issuer and subject, which are linked once: by a verified e-mail that exactly one person has, or by
an administrator. Nobody is made here, and nobody is let in whose account is disabled.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.core.actor import Actor, system_actor
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.core.session import reading, run, writing
from db.people import sessions
from db.people.records import load, record
from db.people.sessions import Opened
from db.people.sign_in import account_hash, begin_try
from db.people.single_sign_on_rules import TOO_OFTEN, UNKNOWN, Answer, is_fresh
from db.people.tables import Person, PersonIdentity, SignInSession, SignInTry

log = logging.getLogger("dealerdesk.sign_in")


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What became of an answer: a session, or what to say. Neither: it was used before, or is old."""

    person_id: int | None = None
    opened: Opened | None = None
    said: str = ""


def arrive(bind: Engine | None, *, answer: Answer, browser: str, now: datetime) -> Arrival:
    """Open a session for whoever the provider means, or say why not; `browser` names it in the list of sign-ins."""
    with reading(bind, primary=True) as session:
        used = session.scalar(select(SignInSession.id).where(SignInSession.answer_hash == answer.digest))
    if used is not None or not is_fresh(answer, now=now):
        return Arrival()
    # Counted by whom the provider means and by nothing else: colleagues behind one address are not locked out with
    # somebody who has no account, and tries with a password do not lock the way in through the provider.
    who = account_hash(f"{answer.issuer}\n{answer.subject}")
    try_id = begin_try(bind, account=who, source=f"single sign-on {who[:60]}", now=now)
    if try_id is None:
        log.warning("single sign-on refused: too many tries of one subject")
        return Arrival(said=TOO_OFTEN)
    try:
        person_id = _linked(bind, answer) or run(link_by_email, bind=bind, answer=answer, actor=_DESK, now=now)
        opened = _open(bind, person_id=person_id, answer=answer, try_id=try_id, browser=browser, now=now)
    except Refused as refusal:
        log.info("single sign-on through %s refused: %s", answer.provider, refusal.code)
        return Arrival(said=UNKNOWN)
    except IntegrityError:  # another tab used the same answer, or linked the same person, in this moment
        return Arrival()
    log.info("person %s came in through %s", person_id, answer.provider)
    return Arrival(person_id=person_id, opened=opened)


_DESK = system_actor("app")


def _linked(bind: Engine | None, answer: Answer) -> int | None:
    with reading(bind, primary=True) as session:
        return session.scalar(
            select(PersonIdentity.person_id).where(
                PersonIdentity.issuer == answer.issuer, PersonIdentity.subject == answer.subject
            )
        )


def _open(bind: Engine | None, *, person_id: int, answer: Answer, try_id: int, browser: str, now: datetime) -> Opened:
    with writing(bind, keeps_timeline=False) as session:
        # Locked: an account that is disabled in this moment either ends the session made here, or prevents it.
        person = load(session, person_id, None)
        if not person.is_active:
            raise _refusal("disabled")
        session.execute(delete(SignInTry).where(SignInTry.id == try_id))
        return sessions.open_session(
            session, person_id=person_id, source=browser, now=now, way=answer.provider, answer_hash=answer.digest
        )


def _refusal(code: str) -> Refused:
    return Refused(Problem(code=code, message=UNKNOWN))


# ---------------------------------------------------------------------------------------------------------- links
def link_by_email(session: Session, *, answer: Answer, actor: Actor, now: datetime) -> int:
    """Link the one active person who has the verified e-mail of an answer; gives their id.

    Refused (with a reason for the log, and one sentence for everybody) where the e-mail is unverified, nobody's,
    several people's or a disabled person's, and where the person belongs to another subject of the same issuer.
    """
    actor.require(Permission.PEOPLE_MANAGE)
    if not answer.email:
        raise _refusal("email_not_verified")
    people = session.scalars(
        select(Person).where(func.lower(Person.email) == answer.email.lower()).order_by(Person.id).with_for_update()
    ).all()
    if not people:
        raise _refusal("nobody_has_this_email")
    if len(people) > 1:
        raise _refusal("several_have_this_email")
    (person,) = people
    if not person.is_active:
        raise _refusal("disabled")
    if _identity(session, person.id, answer.issuer) is not None:
        raise _refusal("linked_to_another_subject")
    _link(
        session, person, issuer=answer.issuer, subject=answer.subject, by="verified e-mail", actor=actor, now=now,
        command="link_by_email",
    )  # fmt: skip
    return person.id


def link_person(
    session: Session, *, person_id: int, issuer: str, subject: str, actor: Actor, now: datetime,
    seen_version: int | None = None,
) -> None:  # fmt: skip
    """Say which subject of a provider a person is, where the e-mail cannot: it replaces the one there was."""
    actor.require(Permission.PEOPLE_MANAGE)
    person = load(session, person_id, seen_version)
    problems = Problems()
    issuer = problems.require(issuer, "issuer", "The issuer", longest=300)
    subject = problems.require(subject, "subject", "The subject", longest=255)
    problems.refuse_if_any()
    other = session.scalar(
        select(PersonIdentity.person_id).where(PersonIdentity.issuer == issuer, PersonIdentity.subject == subject)
    )
    if other is not None and other != person.id:
        problems.add("subject", "taken", "This sign-in belongs to another account; unlink that one first.")
        problems.refuse_if_any()
    session.execute(
        delete(PersonIdentity).where(PersonIdentity.person_id == person.id, PersonIdentity.issuer == issuer)
    )
    sessions.end_all(session, person_id=person.id, because="single sign-on changed", now=now)
    _link(
        session, person, issuer=issuer, subject=subject, by=actor.username, actor=actor, now=now, command="link_person"
    )


def unlink_person(
    session: Session, *, person_id: int, actor: Actor, now: datetime, seen_version: int | None = None
) -> None:
    """Forget what providers call a person, and end their sessions; the next verified e-mail links anew."""
    actor.require(Permission.PEOPLE_MANAGE)
    person = load(session, person_id, seen_version)
    before = [
        {"issuer": row.issuer, "subject": row.subject}
        for row in session.scalars(
            select(PersonIdentity).where(PersonIdentity.person_id == person.id).order_by(PersonIdentity.id)
        )
    ]
    if not before:
        raise Refused(Problem(code="not_linked", message=f"{person.username} is not linked to single sign-on."))
    session.execute(delete(PersonIdentity).where(PersonIdentity.person_id == person.id))
    sessions.end_all(session, person_id=person.id, because="single sign-on changed", now=now)
    person.version += 1
    record(
        session, "unlink_person", person, actor=actor, now=now,
        summary=f"Account {person.username} unlinked from single sign-on", before={"links": before},
        after={"links": []},
    )  # fmt: skip


def set_single_sign_on_only(
    session: Session, *, person_id: int, only: bool, actor: Actor, now: datetime, seen_version: int | None = None
) -> None:
    """Take a person's password out of use, or bring it back; taking it away ends the sessions it opened.

    Refused for the last administrator with a password: a provider that is away must not lock everybody out.
    """
    actor.require(Permission.PEOPLE_MANAGE)
    person = load(session, person_id, seen_version)
    if only and person.role == "admin":
        admins = session.scalars(
            select(Person.id)
            .where(Person.role == "admin", Person.is_active.is_(True), Person.single_sign_on_only.is_(False))
            .order_by(Person.id)
            .with_for_update()
        ).all()
        if set(admins) <= {person.id}:
            message = "This is the last administrator with a password; somebody must get in when the provider is away."
            raise Refused(Problem(code="last_administrator", message=message))
    before, person.single_sign_on_only = person.single_sign_on_only, only
    person.version += 1
    if only and not before:
        sessions.end_all(session, person_id=person.id, because="single sign-on only", now=now)
    how = "by single sign-on only" if only else "by password too"
    record(
        session, "set_single_sign_on_only", person, actor=actor, now=now,
        summary=f"{person.username} signs in {how}", before={"single_sign_on_only": before},
        after={"single_sign_on_only": only},
    )  # fmt: skip


def _identity(session: Session, person_id: int, issuer: str) -> PersonIdentity | None:
    return session.scalars(
        select(PersonIdentity).where(PersonIdentity.person_id == person_id, PersonIdentity.issuer == issuer)
    ).one_or_none()


def _link(
    session: Session, person: Person, *, issuer: str, subject: str, by: str, actor: Actor, now: datetime, command: str
) -> None:
    session.add(PersonIdentity(person_id=person.id, issuer=issuer, subject=subject, linked_at=now, linked_by=by[:80]))
    person.version += 1
    record(
        session, command, person, actor=actor, now=now,
        summary=f"Account {person.username} linked to single sign-on ({by})",
        after={"issuer": issuer, "subject": subject},
    )  # fmt: skip
