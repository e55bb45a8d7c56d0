"""The history names every area, and is as closed as the area's page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from db.catalog import AREAS
from db.core import timeline
from db.core.actor import system_actor
from db.core.session import reading, writing
from db.reports.history_queries import AREA_LABELS, NEEDED, changes_since
from tests.support.users import actor_named, make_people

READ_ONLY = {"reports"}
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


def test_every_area_that_writes_has_a_name_in_the_history():
    assert [a.name for a in AREAS if a.name not in AREA_LABELS and a.name not in READ_ONLY] == []


def test_what_one_may_not_see_on_its_page_is_not_in_the_history(sqlite_engine: Engine):
    make_people(sqlite_engine)
    areas = ("investigations", "claims", "dealers")
    for area in areas:
        with writing(sqlite_engine) as session:
            timeline.record(
                session, actor=system_actor("cli"), now=NOW, area=area, command="x", summary=f"{area}.", items=()
            )
    for username in ("manager", "sales_leader"):
        actor = actor_named(sqlite_engine, username)
        with reading(sqlite_engine) as session:
            seen = {
                line.area
                for line in changes_since(session, actor=actor, since=NOW - timedelta(hours=1))
                if line.command == "x"
            }
        assert seen == {a for a in areas if a not in NEEDED or actor.can(NEEDED[a])}, username
    assert not actor_named(sqlite_engine, "sales_leader").can(NEEDED["investigations"])
