"""What a person does in the browser, in their words; used by the journeys in tests/e2e."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.support.users import PASSWORD

WAIT = 20_000


def settle(page: Page) -> None:
    """Wait until the app has finished the run a click started."""
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=WAIT)


def sign_in(page: Page, base: str, username: str, *, path: str = "/", password: str = PASSWORD) -> None:
    """Open a page of the app and sign in on it."""
    page.goto(base + path)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=WAIT)
    boxes = page.locator("input")
    boxes.nth(0).fill(username)
    boxes.nth(1).fill(password)
    # The page is drawn before the browser has swapped its ticket for the cookie; whoever goes on sooner is signed out.
    with page.expect_response("**/auth/session", timeout=WAIT) as swapped:
        page.get_by_role("button", name="Sign in").click()
    assert swapped.value.ok, swapped.value.status
    expect(page.get_by_role("button", name="Sign out")).to_be_visible(timeout=WAIT)
    settle(page)


def tile(page: Page, label: str) -> str:
    """The number on the tile of that label."""
    found = page.get_by_test_id("stMetric").filter(has_text=label).first
    expect(found).to_be_visible(timeout=WAIT)
    return found.get_by_test_id("stMetricValue").inner_text()


def open_card(page: Page, base: str, words: str) -> None:
    """Show the board as cards and open the drawer of the lead whose card says `words`."""
    page.goto(f"{base}/board?lead_shape=Cards")
    card = page.get_by_role("button", name=words).first
    expect(card).to_be_visible(timeout=WAIT)
    card.click()
    expect(page.get_by_role("dialog")).to_be_visible(timeout=WAIT)


def drawer(page: Page) -> Any:
    """The open drawer."""
    return page.get_by_role("dialog")
