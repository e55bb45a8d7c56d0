"""Issue 8, Done: the sales leader filters, brushes, clicks a region, drills, keeps a view, takes the pack."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Download, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from db.calendar.months import add_months, month_of
from db.calendar.queries import DESK_ZONE
from db.core.labels import local_day
from db.core.permissions import Role
from db.core.session import make_engine
from tests.leads.factories import make_network, receive
from tests.support.journeys import TRIES, WAIT, settle, sign_in, tile
from tests.support.serving import READY_SECONDS
from tests.support.users import make_person

LEADS = {5: (1, 1), 4: (11, 3), 3: (12, 4), 2: (13, 5), 1: (14, 6)}
"""Leads of the East and of the West, by how many months ago."""
QUARTER, BRUSHED = (3, 2, 1), (4, 3, 2)


def month(back: int) -> date:
    """The first day of a month so many months ago, by the clock the app itself has."""
    return add_months(month_of(local_day(datetime.now(UTC), DESK_ZONE)), -back)


def key(back: int) -> str:
    return f"{month(back):%Y-%m}"


@pytest.fixture
def base(sqlite_url, serve) -> str:
    """The app with leads of the last five months in two regions, and somebody who leads the sales."""
    engine = make_engine(sqlite_url)
    network = make_network(engine)
    for back, (east, west) in LEADS.items():
        at = datetime.combine(month(back).replace(day=9), time(15), tzinfo=UTC)
        for dealer_id, number in ((network.north, east), (network.west, west)):
            for _ in range(number):
                receive(engine, dealer_id=dealer_id, received_at=at)
    make_person(engine, "leah", Role.SALES_LEADER)
    engine.dispose()
    return str(serve(sqlite_url).url)


# ---- what the leader does --------------------------------------------------------------------------------------------
def choose(page: Page, label: str, option: str) -> None:
    """Choose from the list of that label."""
    box = page.get_by_test_id("stSelectbox").filter(has_text=label).locator("input")
    box.fill(option)
    page.get_by_role("option", name=option, exact=True).click()
    settle(page)


def chart(page: Page, place: int) -> Locator:
    """The chart of months (0) or of regions (1), painted."""
    found = page.get_by_test_id("stVegaLiteChart").nth(place)
    expect(found.locator("canvas, svg").first).to_be_visible(timeout=WAIT)
    found.scroll_into_view_if_needed()
    settle(page)
    return found


def in_address(page: Page, name: str, value: str | None) -> bool:
    """Whether the address names a value for a field within a moment; None is no value at all."""

    def is_named(url: str) -> bool:
        return parse_qs(urlparse(url).query).get(name) == (value and [value])

    try:
        page.wait_for_url(is_named, timeout=WAIT / TRIES, wait_until="commit")
    except PlaywrightTimeout:
        return False
    settle(page)
    return True


def point(page: Page, mark: Locator, x: float = 0.5, y: float = 0.5) -> tuple[float, float]:
    """Where a mark of a chart is on the screen, in parts of its width and height; a chart names its marks."""
    expect(mark).to_be_attached(timeout=WAIT)
    box = mark.bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def drag(page: Page, first: str, last: str) -> None:
    """Drag from one month to another."""
    months = chart(page, 0)
    start, end = (point(page, months.locator(f'path[aria-label="key: {key}"]')) for key in (first, last))
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=8)
    page.mouse.up()


def click(page: Page, label: str, x: float = 0.5, y: float = 0.5) -> None:
    """Click the bar or the state whose name has these words."""
    page.mouse.click(*point(page, chart(page, 1).locator(f'path[aria-label*="{label}"]'), x, y))


def until_heard(act: Callable[[], None], is_heard: Callable[[], bool]) -> None:
    """Do it until the page has heard it: a chart that is drawn anew in that moment hears nothing."""
    for _ in range(TRIES):
        act()
        if is_heard():
            return
    raise AssertionError("the page never heard it")


def shows_months(page: Page, first: int, last: int) -> None:
    """The page says it speaks of these months."""
    for label, back in (("From", first), ("To", last)):
        end = page.get_by_test_id("stSelectbox").filter(has_text=re.compile(f"^{label}"))
        expect(end.locator("input")).to_have_value(f"{month(back):%b %Y}", timeout=WAIT)


def leads(page: Page, backs: Sequence[int], *, regions: tuple[int, ...] = (0, 1)) -> None:
    """The tile says as many leads as there are."""
    number = sum(LEADS[back][region] for back in backs for region in regions)
    found = page.get_by_test_id("stMetric").filter(has_text="Leads").first.get_by_test_id("stMetricValue")
    expect(found).to_have_text(str(number), timeout=WAIT)


def saved(download: Download) -> bytes:
    return download.path().read_bytes()


# ---- the journey -----------------------------------------------------------------------------------------------------
def test_the_leader_filters_brushes_drills_keeps_and_reopens_a_view_and_takes_the_pack(base: str, page: Page) -> None:
    page.goto(base)  # the first visitor of a process waits for the whole app to be loaded
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=1000 * READY_SECONDS)
    sign_in(page, base, "leah", path="/overview")
    leads(page, QUARTER)

    choose(page, "Region", "West")
    assert in_address(page, "ovw_region", "West")
    leads(page, QUARTER, regions=(1,))

    until_heard(lambda: click(page, "region: East"), lambda: in_address(page, "ovw_region", "East"))
    leads(page, QUARTER, regions=(0,))
    until_heard(lambda: click(page, "region: East"), lambda: in_address(page, "ovw_region", None))
    leads(page, QUARTER)

    until_heard(lambda: drag(page, key(4), key(2)), lambda: in_address(page, "ovw_period", "Own months"))
    shows_months(page, 4, 2)
    leads(page, BRUSHED)

    page.get_by_test_id("stButtonGroup").get_by_text("Map", exact=True).click()
    settle(page)
    until_heard(lambda: click(page, "State: California", 0.25, 0.3), lambda: in_address(page, "ovw_region", "West"))
    leads(page, BRUSHED, regions=(1,))
    number = tile(page, "Leads")
    shown = page.url

    page.get_by_role("link", name="Details").first.click()
    expect(page.get_by_role("heading", name="Lead performance")).to_be_visible(timeout=WAIT)
    settle(page)
    for _ in range(2):  # what the link said stays in the address, so a reload shows the same
        shows_months(page, 4, 2)
        assert tile(page, "Leads received") == number
        assert in_address(page, "perf_from", key(4))
        page.reload()
        expect(page.get_by_role("heading", name="Lead performance")).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("West Motors").first).to_be_visible(timeout=WAIT)

    page.goto(shown)
    leads(page, BRUSHED, regions=(1,))
    page.get_by_role("button", name="Save view").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("The West in spring")
    page.get_by_role("textbox", name="Name", exact=True).press("Tab")
    settle(page)
    page.get_by_role("button", name="Save", exact=True).click()
    said = page.get_by_text(re.compile(r"The view was saved: /overview\?view=\d+"))
    expect(said.first).to_be_visible(timeout=WAIT)
    link = re.search(r"/overview\?view=\d+", said.first.inner_text())
    assert link is not None

    page.goto(base + link.group())
    leads(page, BRUSHED, regions=(1,))
    shows_months(page, 4, 2)
    assert in_address(page, "ovw_region", "West")
    page.reload()
    leads(page, BRUSHED, regions=(1,))

    page.goto(f"{base}/monthly_pack")
    expect(page.get_by_text("What the month says")).to_be_visible(timeout=WAIT)
    settle(page)
    for label, begins in (("PDF", b"%PDF-"), ("Excel", b"PK")):
        with page.expect_download(timeout=WAIT) as download:
            page.get_by_role("button", name=label).first.click()
        assert saved(download.value).startswith(begins)
        assert key(1) in download.value.suggested_filename
