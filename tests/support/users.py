"""People for tests: one of each role, made by the same commands administrators use, and a page already signed in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, text

from db import tables as _tables  # noqa: F401 - a person's scope refers to dealers
from db.core.actor import Actor, system_actor
from db.core.permissions import Role
from db.core.session import reading, run, writing
from db.people import commands, queries, sessions
from tests.support.again import again
from tests.support.paths import ROOT

PASSWORD = "maple otter signal brass 42"
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
REGION = "East"
# What each role sees in tests; people of a dealership need a dealer, which `make_people` makes when there is none.
SCOPES: dict[Role, str] = {
    Role.ADMIN: "all",
    Role.COORDINATOR: "all",
    Role.MANAGER: "all",
    Role.SALES_LEADER: "all",
    Role.FINANCE: "all",
    Role.DEALER_MANAGER: "dealers",
    Role.DEALER_STAFF: "dealers",
}


def make_dealer(engine: Engine, *, code: str = "04012", name: str = "Lone Pine Motors", region: str = REGION) -> int:
    """A dealer for people to belong to, unless one with this code is there; gives its id."""
    with writing(engine, keeps_timeline=False) as session:
        found = session.execute(text("SELECT id FROM dealer WHERE code = :code"), {"code": code}).scalar()
        if found is None:
            session.execute(
                text(
                    "INSERT INTO dealer (code, name, name_key, url, region, state, city, postal_code, zone, status,"
                    " lead_weight, lead_cap, daily_quota, takes_leads, version, created_at, updated_at) VALUES (:code,"
                    " :name, :key, '', :region, 'NY', 'Albany', '12207', 'America/New_York', 'active', 1, 0, 0, :yes,"
                    " 1, :now, :now)"
                ),
                {"code": code, "name": name, "key": name.lower(), "region": region, "yes": True, "now": NOW},
            )
            found = session.execute(text("SELECT id FROM dealer WHERE code = :code"), {"code": code}).scalar()
    assert found is not None
    return int(found)


def make_person(engine: Engine, username: str, role: Role, **more: Any) -> int:
    """One account with `PASSWORD` that need not be changed; gives its id."""
    options: dict[str, Any] = {"scope_kind": SCOPES[role], "name": f"{role.label} {username.title()}"}
    if SCOPES[role] == "dealers" and "scope_kind" not in more:
        options["dealer_ids"] = [make_dealer(engine)]
    options |= {"password": PASSWORD, "must_change": False, "email": f"{username}@example.test", **more}
    return run(
        commands.add_person, bind=engine, username=username, role=role.value, actor=system_actor("seed"), now=NOW,
        **options,
    ).person_id  # fmt: skip


def make_people(engine: Engine) -> dict[Role, int]:
    """One person for each role, whose user name is the role's ("admin", "dealer_staff" ...); gives their ids."""
    return again(engine, "people", lambda: {role: make_person(engine, role.value, role) for role in Role})


def actor_named(engine: Engine, username: str) -> Actor:
    """The actor an account is."""
    with reading(engine) as session:
        return queries.actor_for(session, username=username)


def open_tab(engine: Engine, username: str, *, now: datetime | None = None) -> int:
    """A session as a sign-in opens it, now by the screens' clock unless said otherwise; gives its id."""
    from components import clock

    moment = now or clock.now()
    actor = actor_named(engine, username)
    assert actor.user_id is not None
    with writing(engine, keeps_timeline=False) as session:
        return sessions.open_session(session, person_id=actor.user_id, source="a test", now=moment).session_id


def app_as(username: str | None, *, page: str = "", engine: Engine | None = None, timeout: float = 30) -> Any:
    """An AppTest of the whole app, signed in as `username` (or signed out), run once; `page` is a path under pages/.

    The process must use the scratch database: ask for the `app_database` fixture. Nothing is bypassed: the session is
    a row in the database, found and checked on every run as in a browser.
    """
    from streamlit.testing.v1 import AppTest

    from components import auth

    app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=timeout)
    if page:
        app.run()  # signed out: draws no page, but lets the test name one
        app.switch_page(page if page.startswith("pages/") else f"pages/{page}")
    if username is not None:
        from db.core.session import engine as process_engine

        app.session_state[auth.SESSION] = open_tab(engine or process_engine(), username)
    return app.run()


def drawn(app: Any) -> bytes:
    """Everything the server sent to the browser in this run: texts, options, tables, charts."""
    found: list[bytes] = []

    def walk(block: Any) -> None:
        proto = getattr(block, "proto", None)
        if proto is not None and hasattr(proto, "SerializeToString"):
            found.append(proto.SerializeToString())
        for child in getattr(block, "children", {}).values():
            walk(child)

    walk(app._tree)
    return b"\n".join(found)
