"""Checking a password at the door: the same work and the same answer for everybody, and no more tries than allowed.

A try is written down before the password is looked at and taken back when it was right, so that a hundred tries at
once get no further than ten one after the other, and a restart forgets nothing (R31, R32).
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from db.core.session import reading, writing
from db.core.settings import settings
from db.people import passwords
from db.people.rules import LONGEST_PASSWORD, locked_until, tidy_username
from db.people.tables import Person, SignInTry

log = logging.getLogger("dealerdesk.sign_in")
_NO_TRY = 0
LONGEST_TYPED = 4 * LONGEST_PASSWORD


def account_hash(username: str) -> str:
    """What is stored of a typed user name: it may be a password typed into the wrong box."""
    return hashlib.sha256(tidy_username(username)[:200].encode("utf-8", "surrogatepass")).hexdigest()


def verify(bind: Engine | None, *, username: str, password: str, source: str, now: datetime) -> int | None:
    """The id of the person this user name and password belong to, or None; never says why not.

    Exactly one bcrypt comparison is made whatever the answer. `source` is the address the try comes from.
    """
    cost = settings().bcrypt_cost
    nobody = passwords.nobodys_hash(cost)
    try_id = begin_try(bind, account=account_hash(username), source=source[:80], now=now)
    with reading(bind, primary=True) as session:
        person = session.execute(
            select(
                Person.id,
                Person.password_hash,
                Person.is_active,
                Person.password_expires_at,
                Person.single_sign_on_only,
            ).where(Person.username == tidy_username(username)[:80])
        ).one_or_none()
    is_match = passwords.matches(password[:LONGEST_TYPED], person.password_hash if person else nobody)
    if try_id is None:
        log.warning("sign-in refused: too many tries from %s", source)
        return None
    expired = person is not None and person.password_expires_at is not None and person.password_expires_at <= now
    if person is None or not is_match or not person.is_active or expired or person.single_sign_on_only:
        log.info("sign-in refused from %s", source)
        return None
    with writing(bind, keeps_timeline=False) as session:
        session.execute(delete(SignInTry).where(SignInTry.id == try_id))
        if passwords.cost_of(person.password_hash) != cost:
            session.get_one(Person, person.id).password_hash = passwords.hash_password(password, cost=cost)
    log.info("password of person %s accepted from %s", person.id, source)
    return int(person.id)


def begin_try(bind: Engine | None, *, account: str, source: str, now: datetime) -> int | None:
    """Write a try down; None when the account or the source has had too many.

    Then it is taken back at once, so that it counts for nothing and takes the time of any other try, by a statement
    that is sent for every try: on a fast and quiet machine one that was refused unwritten told who is locked (R31).
    """
    with writing(bind, keeps_timeline=False) as session:
        if session.get_bind().dialect.name == "postgresql":
            # SQLite has one writer at a time; here tries of one account or one source wait for each other.
            for key in sorted({f"account {account}", f"source {source}"}):
                session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
        is_locked = _is_locked(session, account=account, source=source, now=now)
        row = SignInTry(at=now, account_hash=account, source=source)
        session.add(row)
        session.flush()
        session.execute(delete(SignInTry).where(SignInTry.id == (row.id if is_locked else _NO_TRY)))
        return None if is_locked else row.id


def _is_locked(session: Session, *, account: str, source: str, now: datetime) -> bool:
    limits = settings()
    is_locked = False
    since = now - timedelta(minutes=limits.sign_in_window_minutes + limits.sign_in_locked_minutes)
    for mine in (SignInTry.account_hash == account, SignInTry.source == source):
        failures = session.scalars(
            select(SignInTry.at).where(mine, SignInTry.at > since).order_by(SignInTry.at, SignInTry.id)
        ).all()
        until = locked_until(
            failures, tries=limits.sign_in_tries, window_minutes=limits.sign_in_window_minutes,
            locked_minutes=limits.sign_in_locked_minutes,
        )  # fmt: skip
        is_locked |= until is not None and now < until
    return is_locked
