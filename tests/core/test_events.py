"""What one area tells reaches those who listen, in the same transaction, and nobody else (decision 0042)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db.core import events
from db.core.actor import system_actor
from db.core.changes import ChangeCounter, touch
from db.core.events import Event, Follower, tell
from db.core.problems import Problem, Refused
from db.core.session import reading, writing

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
ACTOR = system_actor()


@pytest.fixture(autouse=True)
def only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """No follower of the product takes part."""
    monkeypatch.setattr(events, "_followers", {})


def told(*ids: int, name: str = "leads.moved") -> Event:
    """An event about leads."""
    return Event(name=name, item_type="lead", item_ids=ids, facts={"step": "lose"})


def test_a_follower_hears_its_own_kinds_of_event_with_who_and_when(sqlite_engine: Engine) -> None:
    heard: list[Any] = []
    events.register([Follower(name="a", on=("leads.moved",), react=lambda _s, **facts: heard.append(facts))])
    with reading(sqlite_engine) as session:
        tell(session, told(7), actor=ACTOR, now=NOW)
        tell(session, told(8, name="leads.arrived"), actor=ACTOR, now=NOW)
    assert heard == [{"event": told(7), "actor": ACTOR, "now": NOW}]


def test_an_event_about_nothing_reaches_nobody(sqlite_engine: Engine) -> None:
    heard: list[Any] = []
    events.register([Follower(name="a", on=("leads.moved",), react=lambda _s, **facts: heard.append(facts))])
    with reading(sqlite_engine) as session:
        tell(session, told(), actor=ACTOR, now=NOW)
    assert heard == []


def test_followers_react_in_the_order_they_were_made_known(sqlite_engine: Engine) -> None:
    heard: list[str] = []
    events.register(
        Follower(name=name, on=("leads.moved",), react=lambda _s, name=name, **_f: heard.append(name))
        for name in ("second", "first")
    )
    with reading(sqlite_engine) as session:
        tell(session, told(1), actor=ACTOR, now=NOW)
    assert heard == ["second", "first"]


def test_what_a_follower_refuses_takes_the_whole_command_back(engine: Engine) -> None:
    def refuse(_session: Any, **_facts: Any) -> None:
        raise Refused(Problem(code="double", field="appointment_at", message="Taken."))

    events.register([Follower(name="a", on=("leads.moved",), react=refuse)])

    def command() -> None:
        with writing(engine, keeps_timeline=False) as session:
            touch(session, "leads")
            tell(session, told(1), actor=ACTOR, now=NOW)

    with pytest.raises(Refused):
        command()
    with reading(engine) as session:
        assert session.scalar(select(ChangeCounter.n).where(ChangeCounter.area == "leads")) is None
