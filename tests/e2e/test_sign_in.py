"""Signing in with a real browser, through server.py: cookie, reload, tabs, signing out, deep links, files (R33)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, text

from db.core.permissions import Role
from db.core.session import make_engine, writing
from tests.support.serving import Served
from tests.support.users import PASSWORD, make_people

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

COOKIE = "dealer_session"
# Notes every time a password box is drawn, from before the first script of the page runs.
WATCH = """
window.passwordBoxes = 0;
new MutationObserver(() => { if (document.querySelector('input[type=password]')) window.passwordBoxes += 1 })
  .observe(document, {childList: true, subtree: true});
"""


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Engine]:
    engine = make_engine(sqlite_url)
    make_people(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def app(desk: Engine, sqlite_url: str, serve: Callable[..., Served]) -> Served:
    return serve(sqlite_url)


@pytest.fixture
def browser(chromium: Browser, app: Served) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, locale="en-US", accept_downloads=True)
    yield context
    context.close()


def fill(page: Page, username: str = "manager", password: str = PASSWORD) -> None:
    page.get_by_label("User name", exact=True).fill(username)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def signed_out(page: Page) -> None:
    page.get_by_label("Password", exact=True).wait_for()
    assert page.get_by_role("button", name="Sign out").count() == 0


def signed_in(page: Page) -> None:
    page.get_by_role("button", name="Sign out", exact=True).wait_for()


def open_account(browser: BrowserContext, app: Served, **who: str) -> Page:
    """A page signed in on My account, its cookie set."""
    page = browser.new_page()
    with page.expect_response(lambda r: r.url.endswith("/auth/session")) as swapped:
        page.goto(f"{app.url}/account")
        fill(page, **who)
    assert swapped.value.status == 204
    page.get_by_role("heading", name="My account").wait_for()
    return page


def cookie(browser: BrowserContext) -> dict[str, Any]:
    return next(dict(c) for c in browser.cookies() if c["name"] == COOKIE)


def test_one_persons_day(browser: BrowserContext, chromium: Browser, app: Served):
    """A deep link survives the sign-in, a reload keeps it without a flash, one tab's sign-out ends all, no replay."""
    asked: list[str] = []
    browser.on("request", lambda request: asked.append(request.url))
    page = browser.new_page()
    page.goto(f"{app.url}/account?from=a-mail")
    signed_out(page)
    assert page.title() == "Sign in | Dealer desk"
    assert page.get_by_text("My account").count() == 0
    fill(page, password="not the right one")
    page.get_by_text("do not let you in").wait_for()
    with page.expect_response(lambda r: r.url.endswith("/auth/session")) as swapped:
        fill(page)
    assert swapped.value.status == 204

    # The deep link is where we are, and the cookie is out of reach of scripts.
    page.get_by_role("heading", name="My account").wait_for()
    assert page.url == f"{app.url}/account?from=a-mail"
    page.wait_for_function("document.title === 'My account | Dealer desk'")
    kept = cookie(browser)
    assert (kept["httpOnly"], kept["sameSite"], kept["secure"]) == (True, "Lax", False)
    assert kept["value"] not in page.evaluate("document.cookie")

    # A reload keeps the session and never draws the form.
    page.add_init_script(WATCH)
    page.goto(f"{app.url}/people")
    page.get_by_role("heading", name="People and access").wait_for()
    page.reload()
    page.get_by_role("heading", name="People and access").wait_for()
    assert page.evaluate("window.passwordBoxes") == 0

    # A second tab is signed in by the cookie; signing out in the first ends it at its next action.
    second = browser.new_page()
    second.goto(f"{app.url}/account")
    signed_in(second)
    with page.expect_response(lambda r: r.url.endswith("/auth/logout")):
        page.get_by_role("button", name="Sign out", exact=True).click()
    signed_out(page)
    second.get_by_role("button", name="Sign out everywhere").click()
    signed_out(second)
    assert COOKIE not in [c["name"] for c in browser.cookies()]

    # The old cookie, put back or taken to another machine, opens nothing.
    thief = chromium.new_context()
    thief.add_cookies([{"name": COOKIE, "value": kept["value"], "url": app.url}])
    stolen = thief.new_page()
    stolen.goto(f"{app.url}/account")
    signed_out(stolen)
    assert thief.request.get(f"{app.url}/media/whatever.csv").status == 401
    thief.close()

    elsewhere = [u for u in asked if not u.startswith((app.url, app.url.replace("http", "ws"), "data:", "blob:"))]
    assert elsewhere == []


def test_tabs_that_signed_in_one_by_one_leave_together(browser: BrowserContext, app: Served):
    first, second = browser.new_page(), browser.new_page()
    for page in (first, second):
        page.goto(f"{app.url}/account")
        signed_out(page)
    for page in (first, second):
        with page.expect_response(lambda r: r.url.endswith("/auth/session")):
            fill(page)
        signed_in(page)
    first.get_by_role("button", name="Sign out", exact=True).click()
    signed_out(first)
    second.get_by_role("link", name="Notifications").click()
    signed_out(second)


def test_a_disabled_account_and_a_changed_password_end_what_is_open(
    browser: BrowserContext, chromium: Browser, app: Served, desk: Engine
):
    here = open_account(browser, app, username="finance")
    other = chromium.new_context()
    there = open_account(other, app, username="finance")

    new = "violet harbour kettle tram"
    here.get_by_label("Current password", exact=True).fill(PASSWORD)
    here.get_by_label("New password", exact=True).fill(new)
    here.get_by_label("New password again", exact=True).fill(new)
    here.get_by_role("button", name="Change password").click()
    here.get_by_text("Your password was changed").wait_for()
    there.reload()
    signed_out(there)
    here.reload()
    signed_in(here)

    with writing(desk, keeps_timeline=False) as session:
        session.execute(text("UPDATE person SET is_active = :no WHERE username = 'finance'"), {"no": False})
    here.reload()
    signed_out(here)
    other.close()


def test_files_are_for_signed_in_browsers(browser: BrowserContext, chromium: Browser, app: Served):
    open_account(browser, app)
    # A file of Streamlit's own store: unknown to it, so 404 behind the door and 401 in front of it.
    assert browser.request.get(f"{app.url}/media/0000.csv").status == 404
    stranger = chromium.new_context()
    assert stranger.request.get(f"{app.url}/media/0000.csv").status == 401
    assert stranger.request.get(f"{app.url}/_stcore/agent/interact").status == 404
    assert stranger.request.post(f"{app.url}/auth/logout", headers={"origin": "http://evil.test"}).status == 403
    answer = stranger.request.get(app.url)
    assert answer.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    stranger.close()


def test_a_restart_with_another_cookie_key_keeps_people_signed_in(
    browser: BrowserContext, desk: Engine, sqlite_url: str, serve: Callable[..., Served], app: Served
):
    open_account(browser, app)
    kept = cookie(browser)["value"]
    again = serve(sqlite_url, {"STREAMLIT_SERVER_COOKIE_SECRET": "5b0a9e2f7c41d8360be19f7a2d64c853"})
    browser.add_cookies([{"name": COOKIE, "value": kept, "url": again.url}])
    page = browser.new_page()
    page.goto(f"{again.url}/account")
    signed_in(page)


def test_home_alone_works_and_a_sign_in_lasts_for_the_tab(chromium: Browser, desk: Engine, sqlite_url: str):
    from tests.support import serving as support

    # Home.py has no /healthz, so it is ready when Streamlit says so.
    original = support._answers
    support._answers = lambda url: _is_up(f"{url}/_stcore/health")
    try:
        with support.serving(sqlite_url, script="Home.py") as served:
            page = chromium.new_page()
            page.goto(served.url)  # the first visitor's deep link gets Streamlit's "Page not found" in this mode
            fill(page)
            signed_in(page)
            page.get_by_role("link", name="My account").click()
            page.get_by_role("heading", name="My account").wait_for()
            page.reload()
            signed_out(page)
            page.close()
            assert "streamlit run server.py" in served.log()
    finally:
        support._answers = original


def _is_up(url: str) -> bool:
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_an_unexpected_error_shows_a_reference_and_logs_no_data(
    browser: BrowserContext, desk: Engine, sqlite_url: str, app: Served
):
    page = open_account(browser, app)
    with writing(desk, keeps_timeline=False) as session:
        session.execute(text("ALTER TABLE notification RENAME TO hidden_from_tests"))
    page.goto(f"{app.url}/account?secret=tell-nobody")
    said = page.get_by_text(re.compile("give your administrator the reference"))
    said.wait_for()
    reference = re.search(r"\b[0-9A-F]{8}\b", said.inner_text())
    assert reference
    log = app.log()
    assert reference[0] in log
    for secret in ("tell-nobody", PASSWORD, "manager@example.test"):
        assert secret not in log


def test_the_server_refuses_a_database_it_does_not_know(desk: Engine, sqlite_url: str, serve: Callable[..., Served]):
    with writing(desk, keeps_timeline=False) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RuntimeError, match=r"The database has schema 9999"):
        serve(sqlite_url)


def test_idle_sessions_are_over(browser: BrowserContext, desk: Engine, app: Served):
    page = open_account(browser, app)
    with writing(desk, keeps_timeline=False) as session:
        session.execute(text("UPDATE sign_in_session SET seen_at = '2020-01-01 00:00:00'"))
    page.get_by_role("link", name="Notifications").click()
    signed_out(page)
    page.get_by_text("You were signed out").wait_for()
    fill(page)
    signed_in(page)
    assert datetime.now(UTC).timestamp() < cookie(browser)["expires"]


def test_each_role_signs_in_and_sees_its_own_list_of_pages(chromium: Browser, app: Served):
    for role, sees in ((Role.ADMIN, True), (Role.DEALER_STAFF, False)):
        context = chromium.new_context()
        page = open_account(context, app, username=role.value)
        assert (page.get_by_role("link", name="People and access").count() == 1) is sees
        page.goto(f"{app.url}/people")
        heading = page.get_by_role("heading", name="People and access" if sees else "You have no access to this page")
        heading.wait_for()
        context.close()
