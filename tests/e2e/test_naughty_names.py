"""R24 in a browser: dealers with the names scripts hide in are shown letter by letter, and nothing of them is run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Dialog, Page, expect
from sqlalchemy import select

from db.core.session import make_engine, reading
from db.dealers.tables import Dealer
from tests.dealers.examples import bring_in, csv_file, row
from tests.support.journeys import WAIT, settle, sign_in
from tests.support.naughty import naughty
from tests.support.serving import Served
from tests.support.tier import figure, sized
from tests.support.users import make_people

MARKUP = [text for text in naughty() if "<" in text or "javascript:" in text or "](" in text]
OTHERS = [text for text in naughty() if text not in MARKUP]
SHOWN = sized(fast=MARKUP[::4], long=[*MARKUP, *OTHERS[::2]])
PAGES = sized(fast=2, long=200)
"""Dealers whose own page is opened, where the name stands in headings and lists; the first ones carry markup."""
# Whatever a script of theirs does, it says so with a dialog, or leaves an element of its own kind behind.
TRACES = (
    "script:not([src]), iframe, object, embed, svg[onload], img[onerror], [onclick], [onmouseover],"
    " a[href^='javascript']"
)


def test_no_name_runs_as_a_script(page: Page, sqlite_url: str, serve: Callable[..., Served]):
    engine = make_engine(sqlite_url)
    make_people(engine)
    bring_in(engine, csv_file([row(f"{n:05}", name=f"N {text[:150]}", city=text[:60]) for n, text in enumerate(SHOWN)]))
    with reading(engine) as session:
        ids: list[Any] = list(session.scalars(select(Dealer.id).order_by(Dealer.id)))
    engine.dispose()
    ran: list[str] = []

    def noted(dialog: Dialog) -> None:
        ran.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", noted)
    app = serve(sqlite_url)
    page.goto(app.url)  # the first run imports the whole desk, which takes long where others use the machine too
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=6 * WAIT)
    sign_in(page, app.url, "manager")
    own = page.locator(TRACES).count()
    left = 0
    addresses = ["/dealers", *(f"/dealer?dealer={one}" for one in ids[:PAGES])]
    for address in addresses:
        page.goto(app.url + address)
        expect(page.get_by_role("heading").first).to_be_visible(timeout=WAIT)
        settle(page)
        left += max(0, page.locator(TRACES).count() - own)
    figure("R24", "names shown in a browser", len(addresses) - 1)
    figure("R24", "scripts run", len(ran) + left)
    assert ran == []
    assert left == 0
    assert len(ids) > len(SHOWN) // 2
