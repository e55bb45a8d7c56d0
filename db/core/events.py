"""What happens to one area's records and concerns later ones: told in the same transaction, to whoever listens.

An area may import only earlier ones, so a lead cannot call the cadence that stands on it. It tells what happened, and
the catalogue has made known who listens. A follower writes rows of its own area and raises that area's change counter;
it records no timeline entry (the command that told has the one entry, decision 0003) and may refuse the whole command.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from db.core.actor import Actor


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened; `item_ids` are records of the kind `item_type`, `facts` are what this kind tells.

    The names and their facts:
    - `leads.arrived`: leads that came in (one or a whole batch), already with their dealer where they have one.
    - `leads.contacted`: a contact was logged; facts activity_id, kind, outcome, at, is_attempt, is_two_way, direction.
    - `leads.moved`: a step was taken; facts step, before, after (the columns it changed, by name).
    - `appointments.moved`: an appointment came to another state; facts lead_id, customer_id, before, after (states).
    - `claims.submitted`: a claim was sent; facts target (the state it came to).
    - `claims.decided`: claims were approved, partly approved or denied (also by silence or by the rules alone).
    - `claims.reopened`: a decided claim was appealed; what followed from the decision no longer holds.
    - `claims.charged_back`: a paid claim was taken back after an audit; facts cents (positive), reason_code, note.
    - `claims.removed`: claims of an import are about to be removed, because it is undone; refuse it where money moved.
    - `surveys.alerted`: unhappy customers to call; facts survey_ids, reasons (sentences by alert id).
    """

    name: str
    item_type: str
    item_ids: tuple[int, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Follower:
    """What an area does when something happens elsewhere: `react` is called within the transaction that told."""

    name: str
    on: tuple[str, ...]
    react: Callable[..., None]  # (session, *, event, actor, now)


_followers: dict[str, Follower] = {}


def register(followers: Iterable[Follower]) -> None:
    """Make followers known; the catalogue calls this once when it is loaded."""
    for follower in followers:
        _followers[follower.name] = follower


def tell(session: Session, event: Event, *, actor: Actor, now: datetime) -> None:
    """Let every follower of this kind of event react, in the order of the areas."""
    # Named as text, because the core may not import what stands on it; loading it calls `register`.
    importlib.import_module("db.catalog")
    if not event.item_ids:
        return
    for follower in tuple(_followers.values()):
        if event.name in follower.on:
            session.flush()
            follower.react(session, event=event, actor=actor, now=now)
