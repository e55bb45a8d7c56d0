"""What every test may ask for: scratch databases on SQLite and PostgreSQL, a running app, a browser."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings as hypothesis_settings

from tests.support.databases import PostgresTemplates, SqliteTemplates, migrate
from tests.support.installed import scan_once
from tests.support.memory import scratch_folder
from tests.support.missing import BROWSER, POSTGRES, missing, required
from tests.support.postgres import NoPostgres, postgres_running
from tests.support.serving import Served, serving
from tests.support.statements import share as share_statements

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from sqlalchemy import Engine

# No deadline: two shared cores say nothing about a rule being right. `HYPOTHESIS_PROFILE=thorough` for a long look.
hypothesis_settings.register_profile("default", deadline=None, print_blob=True)
hypothesis_settings.register_profile("thorough", deadline=None, print_blob=True, max_examples=5_000)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# Hundreds of processes are started, and each of them, and each collection, would compile everything again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

_numbers = count(1)

BROWSER_FIXTURES = {"chromium", "page"}
SELDOM = (20_000, 20, 50)
"""How much is new before Python looks for garbage, and how often it looks at what is older."""
AT_ONCE = {"test_at_once.py", "test_many_processes.py", "test_pairs.py"}
JOURNEY = "test_a_real_lead_is_uploaded_answered_in_three_actions_and_counted"
POSTGRES_FIXTURES = {"postgres_server", "postgres_url", "postgres_templates"}


@pytest.fixture(autouse=True)
def own_main() -> Iterator[None]:
    """AppTest leaves a page's script behind as `__main__`, and a process a later test starts would run that page."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


# ---------------------------------------------------------------------------------------------------- databases
@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a server's maintenance database: TEST_POSTGRES_URL, else a private server for this run."""
    if given := os.environ.get("TEST_POSTGRES_URL"):
        yield given
        return
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgres_running())
        except NoPostgres as error:
            missing(POSTGRES, str(error))
        yield server.url


@pytest.fixture(scope="session")
def postgres_templates(postgres_server: str) -> Iterator[PostgresTemplates]:
    templates = PostgresTemplates(postgres_server)
    yield templates
    templates.close()


@pytest.fixture(scope="session")
def sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplates:
    return SqliteTemplates(tmp_path_factory.mktemp("templates"))


@pytest.fixture(scope="session")
def costly_templates(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplates:
    """Templates that take a minute to make, such as the demo: made once for all processes of the run."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "costly"
    folder.mkdir(exist_ok=True)
    return SqliteTemplates(folder)


@pytest.fixture
def sqlite_url(sqlite_templates: SqliteTemplates, tmp_path: Path) -> str:
    """A fresh migrated SQLite database."""
    return sqlite_templates.copy("migrated", migrate, to=tmp_path / "dealer.db")


@pytest.fixture
def postgres_url(postgres_templates: PostgresTemplates) -> Iterator[str]:
    """A fresh migrated PostgreSQL database."""
    with postgres_templates.copy("migrated", migrate) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh migrated database; the test runs once on each of the two kinds."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on `database_url`, closed at the end of the test."""
    from db.core.session import make_engine

    opened = make_engine(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    """An engine on a SQLite database only, for what does not depend on the kind."""
    from db.core.session import make_engine

    opened = make_engine(sqlite_url)
    yield opened
    opened.dispose()


@pytest.fixture
def app_database(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A fresh SQLite database that this process itself uses, through DATABASE_URL (AppTest, the CLI's functions)."""
    from db.core.session import dispose

    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("VAR_DIR", str(Path(sqlite_url.removeprefix("sqlite:///")).parent))
    dispose()
    yield sqlite_url
    dispose()


@pytest.fixture(autouse=True)
def documents_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of uploaded files of the test's own: a store belongs to one database.

    It is a name until something is stored: most tests store nothing, and a folder each took half of their time.
    """
    from db.core.settings import settings

    around = Path(os.environ["DOCUMENTS_DIR"]).with_name(f"test-{next(_numbers)}")
    folder = around / "documents"
    monkeypatch.setenv("DOCUMENTS_DIR", str(folder))
    settings.cache_clear()
    yield folder
    settings.cache_clear()
    if around.exists():
        shutil.rmtree(around)


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`only("terms")`: the desk is made of these areas for the rest of the test, whatever others have to say."""
    from db import catalog

    def narrow(*names: str) -> None:
        monkeypatch.setattr(catalog, "AREAS", tuple(area for area in catalog.AREAS if area.name in names))

    return narrow


# ------------------------------------------------------------------------------------------------ app and browser
@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """`serve(database_url, {"NAME": "value"})` starts the app and gives its address; ended after the test."""
    running: list[Served] = []
    with ExitStack() as stack:

        def start(database_url: str, extra_env: dict[str, str] | None = None, **options: Any) -> Served:
            served = stack.enter_context(serving(database_url, extra_env, **options))
            running.append(served)
            return served

        yield start
        for served in running:
            print(f"--- log of {served.url}\n{served.log()[-6000:]}")  # pytest shows it when the test failed


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium for the whole run; make a context of it for each person."""
    try:
        from tests.support.browser import NoBrowser, chromium_running
    except ImportError as error:
        missing(BROWSER, f"playwright is not installed ({error})")
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(chromium_running())
        except NoBrowser as error:
            missing(BROWSER, str(error))
        yield browser


@pytest.fixture
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of 1400 x 900 in a profile of its own; its picture is kept in test-results/ when the test fails."""
    from tests.support.browser import picture_path

    context = chromium.new_context(
        viewport={"width": 1400, "height": 900}, locale="en-US", timezone_id="America/New_York", accept_downloads=True
    )
    opened = context.new_page()
    yield opened
    if getattr(request.node, "failed_call", False):
        opened.screenshot(path=picture_path(request.node.nodeid), full_page=True)
        # Where only the output is kept, the words on the screen say more than the line that waited for others.
        print(f"--- on the screen, {opened.url}\n{opened.inner_text('body')[-6000:]}")
    context.close()


# --------------------------------------------------------------------------------------------------------- the run
def pytest_configure(config: pytest.Config) -> None:
    # Before anything of the app is imported: no test touches the developer's own database, mail or server settings.
    for name in list(os.environ):
        if name in {"DATABASE_URL", "VAR_DIR"} or name.startswith(("STREAMLIT_", "SMTP_", "MAIL_", "PUBLIC_")):
            del os.environ[name]
    os.environ["BCRYPT_COST"] = "4"
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(scratch_folder()))  # where pytest makes the folders of tests
    # What is made for several tests at once keeps its files here; each test has a folder of its own.
    os.environ["DOCUMENTS_DIR"] = str(Path(tempfile.mkdtemp(prefix="documents-", dir=scratch_folder())) / "shared")
    share_statements()
    scan_once()
    # `timeout` and CI end a run with SIGTERM; as an interrupt it still stops the servers and browsers we started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(Path(os.environ["DOCUMENTS_DIR"]).parent, ignore_errors=True)


def is_for_the_whole(item: pytest.Item, *, fixtures: set[str], on_postgres: bool) -> bool:
    """Whether `make test` leaves it to `make test-all` and CI (decision 0085).

    Tests of areas and walks through everything run on SQLite every day and on both where everything runs; the data
    layer (db/core), and what people do at once, runs on both every day. One journey stands for all of them, nothing is
    killed, and nothing is asked of a demo network, which takes minutes to make.
    """
    folder, file = item.path.parent.name, item.path.name
    if folder == "durability" or item.get_closest_marker("slow") or "costly_templates" in fixtures:
        return True
    if item.get_closest_marker("browser"):
        return item.name != JOURNEY
    return on_postgres and folder != "core" and file not in AT_ONCE


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        callspec = getattr(item, "callspec", None)
        on_postgres = callspec is not None and callspec.params.get("database_url") == "postgresql"
        if on_postgres or fixtures & POSTGRES_FIXTURES:
            item.add_marker("postgres")
        if fixtures & BROWSER_FIXTURES:
            item.add_marker("browser")
        if is_for_the_whole(item, fixtures=fixtures, on_postgres=on_postgres):
            item.add_marker("whole")
    # Playwright keeps an event loop in this thread, which asyncio.run() of any later test would trip over.
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Take what is loaded and collected out of the garbage collector's rounds, which took a tenth of a run.

    The app sets numbers of its own as its first page is drawn (components/startup.py), for a process that runs for
    weeks; a run of tests ends.
    """
    from components import startup

    startup.YOUNG, startup.MIDDLE, startup.OLD = SELDOM
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if report.when == "call":
        item.failed_call = report.failed  # type: ignore[attr-defined]
    return report


def _kind(report: pytest.TestReport) -> str:
    if "browser" in report.keywords:
        return "browser"
    return "PostgreSQL" if "postgres" in report.keywords else "other"


def _skipped(terminalreporter: Any) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        kind = _kind(report) if isinstance(report, pytest.TestReport) else "other"
        found[kind, reason.removeprefix("Skipped: ")] += 1
    return found


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or session.exitstatus != pytest.ExitCode.OK:
        return
    kinds = {kind for kind, _ in _skipped(reporter)}
    if ("browser" in kinds and required(BROWSER)) or ("PostgreSQL" in kinds and required(POSTGRES)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for (kind, reason), number in sorted(_skipped(terminalreporter).items()):
        what = f"{number} {kind} test" if kind != "other" else f"{number} test"
        switch = {"browser": BROWSER, "PostgreSQL": POSTGRES}.get(kind)
        verdict = f" - that fails the run, because {switch} is set" if switch and required(switch) else ""
        terminalreporter.write_line(f"Not run: {what}{'' if number == 1 else 's'}: {reason}{verdict}")
