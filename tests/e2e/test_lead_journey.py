"""Issue 2, Done 3 and 4, in a real browser: a real lead arrives, is answered in three actions, and is counted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect
from sqlalchemy import create_engine, text

from components.navigation import PAGES
from db.core.actor import system_actor
from db.core.area import SourceFile
from db.core.permissions import Role
from db.core.session import make_engine, run
from db.imports.commands import run_import
from tests.support.journeys import WAIT, drawer, give_file, open_card, settle, sign_in, tile
from tests.support.tier import sized
from tests.support.users import make_dealer, make_people

ADF = b"""<?xml version="1.0"?>
<?adf version="1.0"?>
<adf><prospect status="new">
<id sequence="1" source="Riverside Motors site">RV-77120</id>
<requestdate>2026-11-22T09:15:00-05:00</requestdate>
<vehicle interest="buy" status="new"><year>2026</year><make>Halden</make><model>Orion Hybrid</model>
<stock>H4410</stock></vehicle>
<customer><contact><name part="first">Imogen</name><name part="last">Fairweather</name>
<email>imogen.fairweather@example.com</email><phone type="cellphone">518-555-0147</phone>
<address><city>Albany</city><regioncode>NY</regioncode><postalcode>12207</postalcode></address></contact>
<comments>Is the hybrid in blue on the lot, and can I drive it on Saturday?</comments></customer>
<vendor><vendorname>Lone Pine Motors</vendorname></vendor>
<provider><name part="full">Riverside Motors site</name></provider>
</prospect></adf>
"""


@pytest.fixture
def base(sqlite_url, serve):
    """The app, served with one person of each role and one dealer."""
    import db.catalog  # noqa: F401 - registers the kinds of import

    engine = make_engine(sqlite_url)
    make_dealer(engine)
    people = make_people(engine)
    assert Role.COORDINATOR in people
    engine.dispose()
    return serve(sqlite_url).url


def arrive(url: str) -> None:
    """The same document through the import command, where the journey is about what comes after."""
    engine = make_engine(url)
    run(
        run_import, bind=engine, kind="adf", files=[SourceFile(name="fairweather.xml", content=ADF)], channel="file",
        actor=system_actor("cli"), now=datetime.now(UTC),
    )  # fmt: skip
    engine.dispose()


def stored(url: str, query: str) -> list[tuple]:
    """Rows of the database behind the app."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return rows


def test_a_real_lead_is_uploaded_answered_in_three_actions_and_counted(base, page, sqlite_url):
    """Upload, board, drawer, clock, KPI: the whole of Done 3 up to the session."""
    sign_in(page, base, "coordinator", path="/intake")
    give_file(page, page, name="fairweather.xml", kind="application/xml", content=ADF)
    expect(page.get_by_text("What would happen")).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="Import 1 record").click()
    expect(page.get_by_text("Imported as batch")).to_be_visible(timeout=WAIT)

    page.goto(f"{base}/board?lead_shape=Cards")
    assert tile(page, "No action yet") == "1"
    page.get_by_role("button", name="Imogen Fairweather").click()  # action 1
    expect(drawer(page).get_by_text("518-555-0147")).to_be_visible(timeout=WAIT)
    drawer(page).get_by_text("Spoke with the customer").click()  # action 2
    settle(page)
    drawer(page).get_by_role("button", name="Log contact").last.click()  # action 3
    expect(page.get_by_text("contact logged, answered in time")).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert tile(page, "No action yet") == "0"

    page.goto(f"{base}/performance?perf_period=This+month")
    assert tile(page, "Response SLA") == "100.0%"
    assert tile(page, "Contact rate") == "100.0%"
    status, acted = stored(sqlite_url, "SELECT status, first_action_at FROM lead")[0]
    assert (status, acted is not None) == ("contacted", True)


def test_a_reload_keeps_the_session_and_signing_out_ends_it_everywhere(base, page):
    """F5 keeps the sign-in; after signing out no tab of the browser shows a page any more."""
    sign_in(page, base, "coordinator")
    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible(timeout=WAIT)
    other = page.context.new_page()
    other.goto(f"{base}/board")
    expect(other.get_by_role("heading", name="Response board")).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=WAIT)
    other.get_by_text("Overdue", exact=True).first.click()
    expect(other.get_by_role("button", name="Sign in")).to_be_visible(timeout=WAIT)
    other.close()


def test_every_page_signed_out_shows_only_the_sign_in(base, page):
    """No page, listed or not, shows anything of itself to somebody who is not signed in (tests/pages asks all)."""
    for entry in sized(fast=PAGES[::8], long=PAGES):
        page.goto(f"{base}/{'' if entry.default else entry.url_path}")
        expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=WAIT)
        assert page.get_by_role("heading", name=entry.title, exact=True).count() == 0, entry.file
        assert page.get_by_test_id("stDataFrame").count() == 0, entry.file


def test_the_second_of_two_tabs_is_told_who_was_first_and_loses_nothing(base, page, chromium, sqlite_url):
    """Done 4: two people decide the same lead; the second keeps what was typed and learns who was first."""
    arrive(sqlite_url)
    sign_in(page, base, "coordinator")
    second_browser = chromium.new_context(viewport={"width": 1400, "height": 900})
    second = second_browser.new_page()
    sign_in(second, base, "manager")
    for tab in (page, second):
        open_card(tab, base, "Imogen Fairweather")
        drawer(tab).get_by_text("Left a voicemail").click()
        settle(tab)
    drawer(second).get_by_label("Note").fill("Asked for blue, call again at five")
    drawer(second).get_by_label("Note").blur()
    settle(second)
    drawer(page).get_by_role("button", name="Log contact").last.click()
    expect(page.get_by_text("contact logged")).to_be_visible(timeout=WAIT)

    drawer(second).get_by_role("button", name="Log contact").last.click()
    expect(drawer(second).get_by_text("was changed by Coordinator Coordinator")).to_be_visible(timeout=WAIT)
    assert drawer(second).get_by_label("Note").input_value() == "Asked for blue, call again at five"
    assert len(stored(sqlite_url, "SELECT id FROM lead_activity WHERE kind = 'call'")) == 1
    second_browser.close()


def test_a_double_click_logs_one_contact(base, page, sqlite_url):
    """Done 4: the impatient click twice; one contact is stored."""
    arrive(sqlite_url)
    sign_in(page, base, "coordinator")
    open_card(page, base, "Imogen Fairweather")
    drawer(page).get_by_text("No answer").click()
    settle(page)
    drawer(page).get_by_role("button", name="Log contact").last.dblclick()
    expect(page.get_by_text("contact logged")).to_be_visible(timeout=WAIT)
    settle(page)
    assert len(stored(sqlite_url, "SELECT id FROM lead_activity WHERE kind = 'call'")) == 1
