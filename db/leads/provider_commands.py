"""Senders that may post leads: each has a token that is shown once and kept only as a hash (R33)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale
from db.leads.tables import LeadProvider

PREFIX = "lead_"
# Noting each single use would turn every request into a write; a minute is exact enough for people.
_NOTED_EVERY = timedelta(minutes=1)


def token_hash(token: str) -> str:
    """What is stored of a token. It has 256 random bits, so a plain SHA-256 cannot be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    """A fresh token, `lead_` and 43 characters."""
    return PREFIX + secrets.token_urlsafe(32)


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """The one time a token is seen in clear."""

    provider_id: int
    name: str
    token: str


def create_provider(session: Session, *, name: str, actor: Actor, now: datetime) -> NewToken:
    """Allow a sender to post leads; gives its token, which cannot be read again. Problems belong to name."""
    actor.require(Permission.PROVIDERS_MANAGE)
    problems = Problems()
    name = problems.require(" ".join((name or "").split()), "name", "A name", longest=80)
    taken = select(LeadProvider.id).where(func.lower(LeadProvider.name) == name.lower())
    if name and session.scalar(taken) is not None:
        problems.add("name", "taken", f"There is already a sender “{name}”.")
    problems.refuse_if_any()
    token = new_token()
    provider = LeadProvider(
        name=name, token_hash=token_hash(token), token_hint=token[-4:], is_active=True, created_at=now
    )
    session.add(provider)
    session.flush()
    _note(session, provider, "create_provider", f"{name} may post leads", actor=actor, now=now)
    return NewToken(provider_id=provider.id, name=name, token=token)


def renew_token(session: Session, *, provider_id: int, seen_hint: str, actor: Actor, now: datetime) -> NewToken:
    """Replace a token: the old one stops working at once. `seen_hint` is the end of the token the actor saw."""
    actor.require(Permission.PROVIDERS_MANAGE)
    provider = _get(session, provider_id)
    _check_seen(provider, seen_hint, now)
    token = new_token()
    provider.token_hash, provider.token_hint = token_hash(token), token[-4:]
    session.flush()
    _note(session, provider, "renew_token", f"{provider.name} has a new token", actor=actor, now=now)
    return NewToken(provider_id=provider.id, name=provider.name, token=token)


def set_provider_active(
    session: Session, *, provider_id: int, is_active: bool, reason: str, actor: Actor, now: datetime
) -> None:
    """Stop a sender, or let it post again with the token it has. Problems belong to reason."""
    actor.require(Permission.PROVIDERS_MANAGE)
    problems = Problems()
    reason = problems.require(reason, "reason", "A reason")
    problems.refuse_if_any()
    provider = _get(session, provider_id)
    if provider.is_active == is_active:
        done = "may post leads already" if is_active else "is already stopped"
        raise Refused(Problem(code="already_done", message=f"{provider.name} {done}.", field="is_active"))
    provider.is_active = is_active
    session.flush()
    summary = f"{provider.name} may post leads again" if is_active else f"{provider.name} was stopped"
    _note(session, provider, "set_provider_active", summary, actor=actor, now=now, reason=reason)


def _get(session: Session, provider_id: int) -> LeadProvider:
    provider = session.get(LeadProvider, provider_id, with_for_update=True, populate_existing=True)
    if provider is None:
        raise NotFound("This sender")
    return provider


def _check_seen(provider: LeadProvider, seen_hint: str, now: datetime) -> None:
    if provider.token_hint != seen_hint:
        raise Stale(what=provider.name, changed_by="somebody else", changed_at=now)


def _note(
    session: Session,
    provider: LeadProvider,
    command: str,
    summary: str,
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> None:
    changes.touch(session, "leads")
    timeline.record(
        session, actor=actor, now=now, area="leads", command=command, summary=summary, reason=reason,
        items=[timeline.Item("provider", provider.id)],
        after={"name": provider.name, "token_hint": provider.token_hint, "is_active": provider.is_active},
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Sender:
    """A provider whose token was accepted."""

    provider_id: int
    name: str


def authenticate(session: Session, *, token: str) -> Sender | None:
    """The active provider of a token, or None; unknown, stopped and malformed tokens look alike."""
    row = session.execute(
        select(LeadProvider.id, LeadProvider.name, LeadProvider.is_active).where(
            LeadProvider.token_hash == token_hash(token)
        )
    ).first()
    return Sender(provider_id=row.id, name=row.name) if row is not None and row.is_active else None


def note_use(session: Session, *, provider_id: int, now: datetime) -> None:
    """Remember when a provider last posted; housekeeping, at most once a minute."""
    session.execute(
        update(LeadProvider)
        .where(LeadProvider.id == provider_id)
        .where(LeadProvider.last_used_at.is_(None) | (LeadProvider.last_used_at < now - _NOTED_EVERY))
        .values(last_used_at=now)
        .execution_options(synchronize_session=False)
    )
