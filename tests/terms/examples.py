"""Proposals at a named stage of life, made through commands, and what holds afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Engine, select

from db.core.actor import EVERYTHING, Actor, Scope
from db.core.permissions import Role
from db.core.session import reading, run
from db.core.timeline import TimelineEntry
from db.terms.change_queries import ChangePage, get_change
from db.terms.commands import COMMANDS
from db.terms.propose_commands import propose_change
from db.terms.queries import term_on
from tests.dealers.examples import enter
from tests.support.core import NOW, actor

TODAY = date(2026, 6, 29)
CORA = actor(Role.COORDINATOR, username="cora", user_id=None)
MASON = actor(Role.MANAGER, username="mason", user_id=None)
FINN = actor(Role.FINANCE, username="finn", user_id=None)


@dataclass(frozen=True)
class Two:
    """Two dealers of two regions."""

    south: int
    west: int


def two_dealers(engine: Engine) -> Two:
    return Two(enter(engine, "00001", region="South"), enter(engine, "00002", region="West"))


def days(number: int) -> date:
    return TODAY + timedelta(days=number)


def own_manager(*dealer_ids: int) -> Actor:
    """Somebody of a dealership."""
    scope = Scope("dealers", dealer_ids=frozenset(dealer_ids))
    return actor(Role.DEALER_MANAGER, username="dana", user_id=None, scope=scope)


def propose(engine: Engine, dealer_id: int, *, by: Actor = CORA, **other: Any) -> int:
    values: dict[str, Any] = {"kind": "labour_rate", "value": 145_00, "valid_from": TODAY, "now": NOW}
    made: int = run(propose_change, bind=engine, dealer_id=dealer_id, actor=by, **(values | other))
    return made


def seen(engine: Engine, item_id: int, by: Actor = MASON) -> ChangePage:
    with reading(engine) as session:
        return get_change(session, item_id=item_id, actor=by, now=NOW)


def decide(engine: Engine, item_id: int, step: str = "approve", *, by: Actor = MASON, **other: Any) -> None:
    values: dict[str, Any] = {"seen_version": 1, "now": NOW, "note": "Agreed"}
    run(COMMANDS[step], bind=engine, item_id=item_id, actor=by, **(values | other))


def in_force(engine: Engine, dealer_id: int, value: Any, *, kind: str = "labour_rate", valid_from: date = TODAY) -> int:
    """A value proposed by one and approved by another."""
    reason = "Entered too late, see mail" if valid_from < TODAY else ""
    change = propose(engine, dealer_id, kind=kind, value=value, valid_from=valid_from, reason=reason)
    decide(engine, change)
    return change


def value(engine: Engine, dealer_id: int, on: date, kind: str = "labour_rate", scope: Scope = EVERYTHING) -> Any:
    with reading(engine) as session:
        return term_on(session, dealer_id=dealer_id, kind=kind, on=on, scope=scope)


def last_entry(engine: Engine) -> TimelineEntry:
    with reading(engine) as session:
        entry = session.scalars(select(TimelineEntry).order_by(TimelineEntry.seq.desc()).limit(1)).one()
        session.expunge(entry)
        return entry
