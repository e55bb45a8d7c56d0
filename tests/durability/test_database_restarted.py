"""R10: the database is restarted while a form is half typed, and while nobody does anything; in a real browser."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from components.waiting import AWAY
from db.contact_log.tables import ContactReport
from db.core.session import make_engine, reading
from db.core.trouble import AWAY as CLICKED
from db.core.trouble import UNKNOWN
from db.migrate import upgrade
from tests.durability.writers import make_desk
from tests.support.journeys import WAIT, settle, sign_in
from tests.support.missing import POSTGRES, missing
from tests.support.postgres import NoPostgres, PostgresServer, postgres_running
from tests.support.tier import figure

TEXT = "Waits for two Atlas and asks about the March memo."
WORKS_AGAIN_SECONDS = 10
SLOW_MACHINE = 6
"""The suite shares its cores: what a person waits for is written down, and held to this many times the goal."""


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A database server of the test's own."""
    try:
        with postgres_running() as running:
            yield running
    except NoPostgres as error:
        missing(POSTGRES, str(error))


def contacts(server: PostgresServer) -> list[str]:
    """What is stored."""
    engine = make_engine(server.url)
    try:
        with reading(engine) as session:
            return list(session.scalars(select(ContactReport.summary).order_by(ContactReport.id)))
    finally:
        engine.dispose()


def text_is_there(page: Page) -> None:
    """What was typed is still in its box, and the page was not loaded anew."""
    assert page.get_by_placeholder("What was said").input_value() == TEXT
    assert page.evaluate("window.notLoadedAnew") is True


@pytest.mark.postgres
def test_a_restart_costs_one_click_at_most_and_nothing_typed(server: PostgresServer, serve, page: Page) -> None:
    upgrade(server.url)
    dealer_id = make_desk(server.url)
    base = serve(server.url, {"SWEEP_SECONDS": "0"}).url
    page.goto(base)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=SLOW_MACHINE * WAIT)
    sign_in(page, base, "cora")
    page.goto(f"{base}/dealer?dealer={dealer_id}")
    box, button = page.get_by_placeholder("What was said"), page.get_by_role("button", name="Log call")
    expect(button).to_be_visible(timeout=WAIT)
    settle(page)
    page.evaluate("window.notLoadedAnew = true")

    # Half typed, and the database comes back before anybody notices: nothing fails.
    box.press_sequentially(TEXT)
    server.crash()
    server.start()
    text_is_there(page)
    button.click()
    expect(page.get_by_text("Logged: reached").first).to_be_visible(timeout=WAIT)
    assert contacts(server) == [TEXT]
    expect(box).to_have_value("", timeout=WAIT)
    settle(page)

    # Half typed, and the click meets no database: one plain sentence, and the page goes on by itself.
    box.press_sequentially(TEXT)
    server.crash()
    button.click()
    expect(page.get_by_text(AWAY).first).to_be_visible(timeout=WAIT)
    text_is_there(page)
    assert page.get_by_text("could not be shown").count() == 0
    server.start()
    began = time.monotonic()
    # On the page itself, beside the box: what became of the click.
    expect(page.get_by_test_id("stAlert").get_by_text(CLICKED.what).first).to_be_visible(timeout=SLOW_MACHINE * 10_000)
    settle(page)
    text_is_there(page)
    seconds = time.monotonic() - began
    assert UNKNOWN.what != CLICKED.what
    button.click()
    expect(page.get_by_text("Logged: reached").first).to_be_visible(timeout=WAIT)
    expect(box).to_have_value("", timeout=WAIT)
    assert contacts(server) == [TEXT, TEXT]
    figure("R10", "failed actions, each with a plain sentence", 1)
    figure("R10", "seconds until the page works again", round(seconds, 1))
    assert seconds <= SLOW_MACHINE * WORKS_AGAIN_SECONDS
    settle(page)

    # Idle: the next click finds new connections.
    server.crash()
    server.start()
    page.get_by_role("button", name="No answer").click()
    expect(page.get_by_text("Logged: no answer").first).to_be_visible(timeout=WAIT)
    engine = make_engine(server.url)
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(ContactReport)) == 3
    engine.dispose()
    assert page.evaluate("window.notLoadedAnew") is True
    figure("R10", "failed actions after an idle restart", 0)
