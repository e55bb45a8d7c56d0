"""Contacts and promises that the tests of this area share; everything is made by commands."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from db.contact_log.commands import COMMANDS, PromiseDraft, log_contact, make_promise
from db.contact_log.queries import PromiseRow, get_promise
from db.contact_log.tables import ContactReport, Promise
from db.core.actor import Actor
from db.core.session import reading, run
from db.core.timeline import TimelineEntry
from tests.leads.factories import NOW, Network, make_network

TODAY = date(2026, 6, 29)


def log(engine: Engine, network: Network, *, by: Actor | None = None, now: datetime = NOW, **other: Any) -> int:
    """A call that reached somebody at the dealer north."""
    values: dict[str, Any] = {"dealer_id": network.north, "summary": "Talked about the month."} | other
    return run(log_contact, bind=engine, actor=by or network.coordinator, now=now, **values)


def promise(engine: Engine, network: Network, *, by: Actor | None = None, now: datetime = NOW, **other: Any) -> int:
    """A promise of ours to the dealer north, due in three days."""
    values: dict[str, Any] = {
        "dealer_id": network.north, "made_by": "us", "text": "Send the price list",
        "due_day": TODAY + timedelta(days=3),
    }  # fmt: skip
    return run(make_promise, bind=engine, actor=by or network.coordinator, now=now, **(values | other))


def step(
    engine: Engine, name: str, item_id: int, *, by: Actor, now: datetime = NOW, seen: int | None = None, **inputs: Any
) -> None:
    """Take a step with the version that is stored now, or a given one."""
    if seen is None:
        with reading(engine) as session:
            seen = session.scalars(select(Promise.version).where(Promise.id == item_id)).one()
    run(COMMANDS[name], bind=engine, item_id=item_id, seen_version=seen, actor=by, now=now, **inputs)


def seen_promise(engine: Engine, item_id: int, by: Actor, now: datetime = NOW) -> PromiseRow:
    """The promise as its drawer shows it."""
    with reading(engine) as session:
        return get_promise(session, item_id=item_id, actor=by, now=now)


def report_of(engine: Engine, report_id: int) -> ContactReport:
    """The stored report."""
    with reading(engine) as session:
        found = session.get_one(ContactReport, report_id)
        session.expunge(found)
        return found


def last_entry(engine: Engine) -> TimelineEntry:
    """The newest entry of the timeline."""
    with reading(engine) as session:
        entry = session.scalars(select(TimelineEntry).order_by(TimelineEntry.seq.desc()).limit(1)).one()
        session.expunge(entry)
        return entry


__all__ = ["NOW", "TODAY", "Network", "PromiseDraft", "make_network"]
