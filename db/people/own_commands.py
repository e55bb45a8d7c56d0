"""What a person does to their own account: password, sign-ins, time zone, notifications read."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.problems import NotFound, Problem, Problems, Refused
from db.people import sessions
from db.people.records import check_zone, load, record, words_of
from db.people.rules import check_password
from db.people.tables import Notification, Person


def change_own_password(
    session: Session, *, password: str, password_hash: str, session_id: int | None, actor: Actor, now: datetime
) -> None:
    """Replace one's own password, whose current one `sign_in.verify` has just accepted; ends all other browsers.

    `password_hash` is made beforehand (bcrypt is slow on purpose and must not hold a writer's lock), and belongs to
    `password`, which is checked against the policy here once more.
    """
    if actor.user_id is None:
        raise Refused(Problem(code="not_a_person", message="Only a person has a password."))
    person = load(session, actor.user_id, None)
    found = check_password(password, words=words_of(session, person))
    if found:
        raise Refused(*found)
    was_one_time = person.must_change_password
    person.password_hash = password_hash
    person.must_change_password = False
    person.password_expires_at = None
    person.version += 1
    sessions.end_all(
        session, person_id=person.id, because="password changed", now=now, keep_session_id=session_id
    )  # fmt: skip
    # The trail says what kind of password it was, never anything of the password.
    record(
        session, "change_own_password", person, actor=actor, now=now, summary=f"{person.name} changed their password",
        before={"one_time_password": was_one_time}, after={"one_time_password": False},
    )  # fmt: skip


def end_other_browser(session: Session, *, session_id: int, actor: Actor, now: datetime) -> None:
    """Sign out one of one's own browsers; a session of somebody else answers like one that does not exist."""
    if actor.user_id is None or not sessions.end_browser(
        session, session_id=session_id, person_id=actor.user_id, because="ended by the person", now=now
    ):
        raise NotFound("This sign-in")
    record(
        session, "end_other_browser", session.get_one(Person, actor.user_id), actor=actor, now=now,
        summary=f"{actor.name} ended one of their sign-ins",
    )  # fmt: skip


def sign_out_everywhere(session: Session, *, actor: Actor, now: datetime) -> None:
    """End every session of one's own, this one included."""
    if actor.user_id is None:
        raise NotFound("This sign-in")
    sessions.end_all(session, person_id=actor.user_id, because="signed out everywhere", now=now)
    record(
        session, "sign_out_everywhere", session.get_one(Person, actor.user_id), actor=actor, now=now,
        summary=f"{actor.name} signed out everywhere",
    )  # fmt: skip


def change_own_zone(session: Session, *, zone: str, actor: Actor, now: datetime) -> None:
    """Choose the zone one's own times are shown in."""
    problems = Problems()
    check_zone(problems, zone)
    problems.refuse_if_any()
    if actor.user_id is None:
        raise NotFound("This person")
    person = load(session, actor.user_id, None)
    before, person.zone = {"zone": person.zone}, zone
    person.version += 1
    record(
        session, "change_own_zone", person, actor=actor, now=now, summary=f"{person.name} now sees times of {zone}",
        before=before, after={"zone": zone},
    )  # fmt: skip


def mark_read(session: Session, *, person_id: int, now: datetime, ids: Collection[int] | None = None) -> int:
    """Note that a person has read some notifications, or all of them; housekeeping, no timeline entry.

    Gives how many were unread. Another person's notifications are never touched.
    """
    unread = update(Notification).where(Notification.person_id == person_id, Notification.read_at.is_(None))
    if ids is not None:
        unread = unread.where(Notification.id.in_(sorted(set(ids))))
    done: Any = session.execute(unread.values(read_at=now).execution_options(synchronize_session=False))
    return int(done.rowcount)
