"""The server: Home.py with HTTP routes, security headers and the sweep. Start it with `streamlit run server.py`."""

import importlib
import importlib.util
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import anyio
import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route
from streamlit import config
from streamlit.runtime.pages_manager import PagesManager

from components import clock, cookie, door, incidents, left_sessions, logs, oidc, unsafe
from db.core.session import engine
from db.core.settings import ROOT, settings
from db.migrate import SchemaUnknown, current, newest, require_known

log = logging.getLogger("dealerdesk.server")

# Else a process that nobody has visited yet would run any file straight under pages/ without Home.py, for whoever asks.
PagesManager.uses_pages_directory = False
cookie.open_door()
left_sessions.install()


def _secret_files() -> list[Path]:
    """Where Streamlit looks for secrets, as it is configured (STREAMLIT_SECRETS_FILES)."""
    return [Path(path) for path in config.get_option("secrets.files")]


def refuse_unsafe_settings() -> None:
    """End the process with a sentence for each setting that must not be (R16)."""
    names = (*unsafe.SAFE, "server.allowedHosts", "server.address")
    found = unsafe.found_unsafe(
        {name: config.get_option(name) for name in names}, settings=settings(), environment=os.environ,
        secret_files=[*(folder / ".streamlit" / "secrets.toml" for folder in (ROOT, Path.home())), *_secret_files()],
        auth=oidc.auth_section(),
    )  # fmt: skip
    if found:
        sys.exit("The desk does not start with unsafe settings:\n" + "\n".join(f"- {sentence}" for sentence in found))


def refuse_unknown_schema() -> None:
    """End the process with one sentence when the database is not the one this program was made for."""
    try:
        require_known(engine())
    except SchemaUnknown as error:
        sys.exit(str(error))


@cache
def wanted_schema() -> str:
    """The newest schema this program knows; reading it from the migrations once is enough."""
    return newest()


def schema_is_ours() -> bool:
    """Whether the database answers and has the schema of this program."""
    return current(engine()) == wanted_schema()


def intake_routes() -> list[Route]:
    """POST /intake/adf and whatever else lead intake serves: `routes(clock)` of db/leads/http_routes.py."""
    if importlib.util.find_spec("db.leads.http_routes") is None:
        return []
    return list(importlib.import_module("db.leads.http_routes").routes(clock.now))


def sweep(now: datetime) -> None:
    """Run the jobs of every area once; each claims its rows in the database, so several processes may do this."""
    if importlib.util.find_spec("db.catalog") is not None:
        importlib.import_module("db.catalog").run_jobs(now)


async def sweep_for_ever() -> None:
    """Sweep now and then; whatever goes wrong is logged and tried again the next time."""
    while True:
        try:
            await anyio.to_thread.run_sync(sweep, datetime.now(UTC))
        except Exception as error:
            incidents.report(error, where="the sweep")
        await anyio.sleep(settings().sweep_seconds)


async def tidy_for_ever() -> None:
    """Let go of the sessions of closed tabs when their time is up."""
    while True:
        left_sessions.let_go()
        await anyio.sleep(left_sessions.pause())


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Sweep for as long as the server runs; SWEEP_SECONDS=0 leaves it to `python -m db sweep`."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tidy_for_ever)
        if settings().sweep_seconds:
            tasks.start_soon(sweep_for_ever)
        yield
        tasks.cancel_scope.cancel()


logs.set_up()
refuse_unsafe_settings()
refuse_unknown_schema()
app = st.App(
    "Home.py",
    routes=[*door.routes(schema_is_ours), *intake_routes()],
    middleware=[Middleware(door.Guard)],
    lifespan=lifespan,
    on_script_error=incidents.show,
)
