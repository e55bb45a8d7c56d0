"""Issue 8, Done: the sales leader filters, brushes, clicks a region, drills, keeps a view, reopens it, takes the pack."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Download, Locator, Page, expect

from db.core.permissions import Role
from db.core.session import make_engine
from tests.leads.factories import make_network, receive
from tests.support.journeys import TRIES, WAIT, settle, sign_in, tile
from tests.support.users import make_person

CLOCK = datetime(2026, 7, 10, 15, 0, tzinfo=UTC)
LEADS = {2: (1, 1), 3: (11, 3), 4: (12, 4), 5: (13, 5), 6: (14, 6)}
"""Leads of the East and of the West, by month of 2026."""


@pytest.fixture
def base(sqlite_url, serve) -> str:
    """The app on a day of July, with leads of five months in two regions and somebody who leads the sales."""
    engine = make_engine(sqlite_url)
    network = make_network(engine)
    for month, (east, west) in LEADS.items():
        for dealer_id, number in ((network.north, east), (network.west, west)):
            for _ in range(number):
                receive(engine, dealer_id=dealer_id, received_at=datetime(2026, month, 9, 15, 0, tzinfo=UTC))
    make_person(engine, "leah", Role.SALES_LEADER)
    engine.dispose()
    return str(serve(sqlite_url, {"ALLOW_CLOCK": "1", "DEALER_NOW": CLOCK.isoformat()}).url)


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
    wanted: Callable[[str], bool] = lambda url: parse_qs(urlparse(url).query).get(name) == (value and [value])  # noqa: E731
    try:
        page.wait_for_url(wanted, timeout=WAIT / TRIES, wait_until="commit")
    except Exception:  # noqa: BLE001 - playwright's own error; a chart drawn anew did not hear the hand, which tries again
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


def chosen_months(page: Page) -> list[int]:
    """The months the page says it speaks of, by their number in 2026."""
    ends = [page.get_by_test_id("stSelectbox").filter(has_text=re.compile(f"^{label}")) for label in ("From", "To")]
    for end in ends:
        expect(end).to_contain_text("2026", timeout=WAIT)
    months = [datetime.strptime(f"1 {end.inner_text().split()[-2]} 2026", "%d %b %Y").month for end in ends]
    return list(range(months[0], months[1] + 1))


def leads(page: Page, months: list[int], *, regions: tuple[int, ...] = (0, 1)) -> None:
    """The tile says as many leads as there are."""
    number = sum(LEADS.get(month, (0, 0))[region] for month in months for region in regions)
    found = page.get_by_test_id("stMetric").filter(has_text="Leads").first.get_by_test_id("stMetricValue")
    expect(found).to_have_text(str(number), timeout=WAIT)


def saved(download: Download) -> bytes:
    return download.path().read_bytes()


# ---- the journey -----------------------------------------------------------------------------------------------------
def test_the_leader_filters_brushes_drills_keeps_and_reopens_a_view_and_takes_the_pack(base: str, page: Page) -> None:
    sign_in(page, base, "leah", path="/overview")
    leads(page, [4, 5, 6])

    choose(page, "Region", "West")
    assert in_address(page, "ovw_region", "West")
    leads(page, [4, 5, 6], regions=(1,))

    until_heard(lambda: click(page, "region: East"), lambda: in_address(page, "ovw_region", "East"))
    leads(page, [4, 5, 6], regions=(0,))
    until_heard(lambda: click(page, "region: East"), lambda: in_address(page, "ovw_region", None))
    leads(page, [4, 5, 6])

    until_heard(lambda: drag(page, "2026-03", "2026-05"), lambda: in_address(page, "ovw_period", "Own months"))
    months = chosen_months(page)
    assert months == [3, 4, 5]
    leads(page, months)

    page.get_by_test_id("stButtonGroup").get_by_text("Map", exact=True).click()
    settle(page)
    until_heard(lambda: click(page, "State: California", 0.25, 0.3), lambda: in_address(page, "ovw_region", "West"))
    leads(page, months, regions=(1,))
    number = tile(page, "Leads")
    shown = page.url

    page.get_by_role("link", name="Details").first.click()
    expect(page.get_by_role("heading", name="Lead performance")).to_be_visible(timeout=WAIT)
    settle(page)
    assert chosen_months(page) == months
    assert tile(page, "Leads received") == number
    expect(page.get_by_text("West Motors").first).to_be_visible(timeout=WAIT)

    page.goto(shown)
    leads(page, months, regions=(1,))
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
    leads(page, months, regions=(1,))
    assert chosen_months(page) == months
    assert in_address(page, "ovw_region", "West")
    page.reload()
    leads(page, months, regions=(1,))

    page.goto(f"{base}/monthly_pack")
    expect(page.get_by_text("What the month says")).to_be_visible(timeout=WAIT)
    settle(page)
    for label, begins in (("PDF", b"%PDF-"), ("Excel", b"PK")):
        with page.expect_download(timeout=WAIT) as download:
            page.get_by_role("button", name=label).first.click()
        assert saved(download.value).startswith(begins)
        assert date(2026, 6, 1).strftime("%Y-%m") in download.value.suggested_filename
