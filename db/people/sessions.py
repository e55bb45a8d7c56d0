"""Signed-in browsers: opened after a sign-in, looked up on every run, ended on the server (reliability.md 0.1, R33).

A sign-in makes a session with a one-time ticket; the browser swaps the ticket for a cookie. Ticket and cookie are
random and stored as SHA-256 only. Everything here is housekeeping: `writing(keeps_timeline=False)`.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, bindparam, delete, select, update
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.permissions import Role
from db.core.session import writing
from db.core.settings import settings
from db.people.rules import session_is_over
from db.people.tables import Person, PersonScope, SignInSession, SignInTry

PASSWORD = "password"  # noqa: S105 - the name of a way in
"""The way in that is not a provider of sign-ins."""
TICKET_SECONDS = 60
# How exact `seen_at` is: one write a minute for each person who is working, not one a click.
SEEN_EVERY = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who is signed in, as the database says at this moment."""

    session_id: int
    actor: Actor
    email: str
    must_change_password: bool
    seen_at: datetime
    ticket_waits: bool
    way: str = PASSWORD

    @property
    def person_id(self) -> int:
        """The id of the person."""
        assert self.actor.user_id is not None
        return self.actor.user_id


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A new session: its id stays on the server, its ticket goes to the browser once."""

    session_id: int
    ticket: str


def digest(secret: str) -> str:
    """What is stored of a ticket or a token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def open_session(
    session: Session, *, person_id: int, source: str, now: datetime, way: str = PASSWORD, answer_hash: str | None = None
) -> Opened:
    """Open a session for a person who was just recognised; begins a new visit.

    `way` is `PASSWORD` or the provider of sign-ins, whose answer (hashed) opens one session and no second.
    """
    ticket = secrets.token_urlsafe(32)
    row = SignInSession(
        person_id=person_id, browser=secrets.token_hex(16), ticket_hash=digest(ticket),
        ticket_expires_at=now + timedelta(seconds=TICKET_SECONDS), created_at=now, seen_at=now,
        expires_at=now + timedelta(hours=settings().session_absolute_hours), ended_because="", source=source[:80],
        way=way[:40], answer_hash=answer_hash,
    )  # fmt: skip
    session.add(row)
    session.execute(
        update(Person)
        .where(Person.id == person_id)
        .values(last_sign_in_at=now, previous_visit_at=Person.visit_started_at, visit_started_at=now)
    )
    session.flush()
    return Opened(session_id=row.id, ticket=ticket)


def redeem(session: Session, *, ticket: str, old_token: str, now: datetime) -> str | None:
    """Swap a ticket for a new token, once; None when the ticket is unknown, used or older than a minute.

    `old_token` is the cookie the browser already had: tabs of the same person become one browser, and a browser that
    now belongs to somebody else ends the sessions of the person before.
    """
    token = secrets.token_urlsafe(32)
    swapped: Any = session.execute(
        update(SignInSession)
        .where(
            SignInSession.ticket_hash == digest(ticket),
            SignInSession.ticket_expires_at > now,
            SignInSession.ended_at.is_(None),
        )
        .values(token_hash=digest(token), ticket_hash=None, ticket_expires_at=None)
    )
    if swapped.rowcount != 1:
        return None
    mine = session.execute(select(SignInSession).where(SignInSession.token_hash == digest(token))).scalar_one()
    before = _by_token(session, old_token)
    if before is not None and before.ended_at is None:
        if before.person_id == mine.person_id:
            mine.browser = before.browser
        else:
            _end(session, SignInSession.browser == before.browser, because="another sign-in", now=now)
    return token


def _by_token(session: Session, token: str) -> SignInSession | None:
    if not token:
        return None
    return session.execute(select(SignInSession).where(SignInSession.token_hash == digest(token))).scalar_one_or_none()


def find_account(session: Session, *, now: datetime, session_id: int | None = None, token: str = "") -> Account | None:
    """Who a session (by id, or by the cookie's token) belongs to now; None when it is over or the account disabled.

    One indexed query: role, scope and zone are read afresh, so a change holds from the next action on (R29).
    """
    if session_id is None and not token:
        return None
    which = {"id": session_id} if session_id is not None else {"token": digest(token)}
    rows = session.execute(_BY_ID if session_id is not None else _BY_TOKEN, which).all()
    if not rows:
        return None
    row: Any = rows[0]
    over = session_is_over(
        now=now, seen_at=row.seen_at, expires_at=row.expires_at, ended_at=row.ended_at,
        idle_minutes=settings().session_idle_minutes,
    )  # fmt: skip
    if over or not row.is_active or row.role not in _ROLES:
        return None
    return Account(
        session_id=row.session_id,
        actor=actor_of(row, [(r.region, r.dealer_id) for r in rows]),
        email=row.email,
        # Who came through a provider has no use for a one-time password, and may never have seen it.
        must_change_password=row.must_change_password and row.way == PASSWORD,
        seen_at=row.seen_at,
        ticket_waits=row.ticket_hash is not None and row.ticket_expires_at is not None and row.ticket_expires_at > now,
        way=row.way,
    )


# Made once: it is asked before anything else in every run, and with every click. Columns, not records: nothing of the
# answer outlives the question.
_ACCOUNT = (
    select(
        SignInSession.id.label("session_id"), SignInSession.seen_at, SignInSession.expires_at, SignInSession.ended_at,
        SignInSession.ticket_hash, SignInSession.ticket_expires_at, SignInSession.way, Person.id, Person.username,
        Person.name, Person.email, Person.role, Person.scope_kind, Person.zone, Person.is_active,
        Person.must_change_password, PersonScope.region, PersonScope.dealer_id,
    )
    .join(Person, Person.id == SignInSession.person_id)
    .outerjoin(PersonScope, PersonScope.person_id == Person.id)
)  # fmt: skip
_BY_ID = _ACCOUNT.where(SignInSession.id == bindparam("id"))
_BY_TOKEN = _ACCOUNT.where(SignInSession.token_hash == bindparam("token"))
_ROLES = frozenset(Role)


def actor_of(person: Person | Row[Any], scopes: list[tuple[str | None, int | None]]) -> Actor:
    """The actor a person is (a record, or its columns), with the regions or dealers of their scope rows."""
    scope = Scope("dealers")  # sees nothing: what an unknown kind of scope comes to
    if person.scope_kind == "all":
        scope = Scope("all")
    elif person.scope_kind == "regions":
        scope = Scope("regions", regions=frozenset(region for region, _ in scopes if region))
    elif person.scope_kind == "dealers":
        scope = Scope("dealers", dealer_ids=frozenset(dealer_id for _, dealer_id in scopes if dealer_id is not None))
    return Actor(
        user_id=person.id, username=person.username, name=person.name, role=Role(person.role), scope=scope,
        zone=person.zone,
    )  # fmt: skip


def person_actor(session: Session, *, person_id: int) -> Actor:
    """The actor a person is, by id; the person must exist."""
    person = session.get_one(Person, person_id)
    scopes = session.execute(
        select(PersonScope.region, PersonScope.dealer_id).where(PersonScope.person_id == person_id)
    )
    return actor_of(person, list(scopes.all()))


def touch(session: Session, *, session_id: int, now: datetime) -> None:
    """Note that the person is working."""
    session.execute(
        update(SignInSession).where(SignInSession.id == session_id, SignInSession.seen_at < now).values(seen_at=now)
    )


def _end(session: Session, which: ColumnElement[bool], *, because: str, now: datetime) -> int:
    ended: Any = session.execute(
        update(SignInSession)
        .where(which, SignInSession.ended_at.is_(None))
        .values(ended_at=now, ended_because=because, ticket_hash=None, ticket_expires_at=None)
        .execution_options(synchronize_session=False)
    )
    return int(ended.rowcount)


def end_browser(session: Session, *, session_id: int, person_id: int, because: str, now: datetime) -> int:
    """End a session and every other tab of the same browser; a session of somebody else is left alone."""
    browser = select(SignInSession.browser).where(SignInSession.id == session_id).scalar_subquery()
    which = (SignInSession.person_id == person_id) & (SignInSession.browser == browser)
    return _end(session, which, because=because, now=now)


def end_token(session: Session, *, token: str, because: str, now: datetime) -> int:
    """End the browser a cookie belongs to."""
    row = _by_token(session, token)
    return 0 if row is None else end_browser(
        session, session_id=row.id, person_id=row.person_id, because=because, now=now
    )  # fmt: skip


def end_all(
    session: Session, *, person_id: int, because: str, now: datetime, keep_session_id: int | None = None
) -> int:
    """End a person's sessions everywhere, but for the browser of `keep_session_id`."""
    which: ColumnElement[bool] = SignInSession.person_id == person_id
    if keep_session_id is not None:
        kept = select(SignInSession.browser).where(SignInSession.id == keep_session_id).scalar_subquery()
        which &= SignInSession.browser != kept
    return _end(session, which, because=because, now=now)


def end_everybodys(session: Session, *, because: str, now: datetime) -> int:
    """End every session there is; gives how many."""
    return _end(session, SignInSession.ended_at.is_(None), because=because, now=now)


def tidy(bind: Engine | None, *, now: datetime) -> int:
    """Forget what no longer matters: tries of yesterday, sessions that ended a month ago. Safe in several processes."""
    with writing(bind, keeps_timeline=False) as session:
        old_tries: Any = session.execute(delete(SignInTry).where(SignInTry.at < now - timedelta(days=1)))
        month_ago = now - timedelta(days=30)
        old_sessions: Any = session.execute(delete(SignInSession).where(SignInSession.expires_at < month_ago))
        return int(old_tries.rowcount + old_sessions.rowcount)
