"""What a person does in the browser, in their words; used by the journeys in tests/e2e."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

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


def fill_day(page: Page, label: str, day: date) -> None:
    """Type a day into the date field of that label, and leave it."""
    field = page.get_by_test_id("stDateInput").filter(has_text=label)
    field.get_by_role("spinbutton").first.focus()
    page.keyboard.type(f"{day:%Y%m%d}")
    page.keyboard.press("Tab")
    # The day is sent when its calendar closes; a field that was slow to follow the keys is left by a click elsewhere.
    calendar = page.get_by_test_id("stDateInputCalendar")
    for _ in range(TRIES):
        try:
            expect(calendar).to_have_count(0, timeout=WAIT / TRIES)
        except AssertionError:
            page.get_by_role("heading").first.click()
        else:
            break
    expect(calendar).to_have_count(0)
    settle(page)


def give_file(page: Page, within: Any, *, name: str, kind: str, content: bytes) -> None:
    """Choose a file in the only file field of `within`, and wait until the server has it.

    A click that comes before the server has the file is answered with "Choose a file"; and a field that is drawn anew
    in the moment of choosing does not see the choice, so it is made again.
    """
    for _ in range(TRIES):
        try:
            with page.expect_response(lambda answer: "/upload_file/" in answer.url and answer.ok, timeout=WAIT / 2):
                within.locator('input[type="file"]').set_input_files(
                    {"name": name, "mimeType": kind, "buffer": content}
                )  # fmt: skip
        except PlaywrightTimeout:
            continue
        break
    settle(page)


ROW_HEIGHT = 35
"""How high a row of a grid is, in pixels; its cells are painted, so a person and a test find them by place."""
BESIDE = 200
"""How far to the right another cell of the row is for certain, in pixels."""
TRIES = 5
IN_CELL = "['TEXTAREA', 'INPUT'].includes(document.activeElement.tagName)"
ON_PLACE = (
    "([column, row]) => document.activeElement.ariaColIndex == column && document.activeElement.id.endsWith('-' + row)"
)
ON_CELL = "document.activeElement.id.startsWith('glide-cell-')"


def fill_row(
    page: Page, grid: Any, *, row: int, cells: Mapping[str, str], x: int = 60, several: Collection[str] = ()
) -> None:
    """Type into cells of an editable grid, by the names of their columns; `row` counts from 0, a new one is the last.

    `several` names the columns whose cells hold a choice of several words.

    The grid paints its cells and keeps a table beside them for readers of the screen: there the columns are found, and
    there it is read whether a cell holds what was typed. The editor opens a moment after its key, as it does for a
    person, who looks and types again: so does this.
    """
    expect(grid.locator("th").first).to_be_attached(timeout=WAIT)
    heads = [h.strip() for h in grid.locator("th").all_text_contents()]
    _click_row(page, grid, row=row, x=x)
    settle(page)
    for name, text in cells.items():
        _fill_cell(page, grid, column=heads.index(name) + 1, row=row, text=text, x=x, several=name in several)
    settle(page)


def _click_row(page: Page, grid: Any, *, row: int, x: int) -> None:
    """Click a cell until the grid has the keyboard: one that is drawn anew in that moment does not hear the click."""
    for _ in range(TRIES):
        grid.scroll_into_view_if_needed()
        box = grid.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + x, box["y"] + ROW_HEIGHT * (row + 1) + ROW_HEIGHT / 2)
        try:
            page.wait_for_function(f"{ON_CELL} || {IN_CELL}", timeout=WAIT / TRIES)
        except PlaywrightTimeout:
            continue
        return
    page.wait_for_function(f"{ON_CELL} || {IN_CELL}", timeout=WAIT)


def _fill_cell(page: Page, grid: Any, *, column: int, row: int, text: str, x: int, several: bool) -> None:
    """Type one cell until the grid says it holds the text."""
    cell = grid.locator(f"tr[aria-rowindex='{row + 2}'] td[aria-colindex='{column}']")
    for turn in range(TRIES):
        for _ in range(TRIES):  # the first closes the list of a cell that has one, the next the cell
            if page.evaluate(IN_CELL):
                page.keyboard.press("Escape")
        try:
            page.wait_for_function(ON_CELL, timeout=WAIT / TRIES)
            here = int(page.evaluate("document.activeElement.ariaColIndex"))
            for _ in range(abs(column - here)):
                page.keyboard.press("ArrowRight" if column > here else "ArrowLeft")
            # A grid that is drawn anew drops keys: what is typed then would stay in the cell beside.
            page.wait_for_function(ON_PLACE, arg=[column, row], timeout=WAIT / TRIES)
            page.keyboard.press("Enter")
            page.wait_for_function(IN_CELL, timeout=WAIT / TRIES)
            page.keyboard.type(text, delay=20)
            page.keyboard.press("Tab")
            if several:
                page.keyboard.press("Tab")  # the first chose the word, this one closes the cell
            expect(cell).to_contain_text(text, timeout=1_500)
        except PlaywrightTimeout:
            # The cell beside it in turn: a click on the cell that is chosen already would open its editor.
            _click_row(page, grid, row=row, x=x if turn % 2 else x + BESIDE)
        except AssertionError:
            continue
        else:
            return
    expect(cell).to_contain_text(text)
