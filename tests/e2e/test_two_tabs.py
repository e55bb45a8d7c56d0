"""Two people with one claim open in two browsers: the second saver reads who, when and both values, keeps it (R04)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Page, expect
from sqlalchemy import Engine, select

from db.claims.tables import Claim
from db.core.session import reading
from tests.support.journeys import WAIT, settle, sign_in
from tests.support.serving import Served
from tests.support.tier import figure, sized

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROUNDS = sized(fast=1, long=5)
STAFF, BOSS = "Ownquill Staff", "Ownquill Boss"


def claim(engine: Engine) -> Claim:
    """The dealer's one draft, as it is stored."""
    with reading(engine) as session:
        found = session.scalars(select(Claim).where(Claim.status == "draft").order_by(Claim.id).limit(1)).one()
        session.expunge(found)
        return found


def open_draft(page: Page, base: str, number: int) -> None:
    page.goto(f"{base}/new_claim?draft={number}")
    expect(box(page)).to_be_visible(timeout=WAIT)
    settle(page)


def box(page: Page) -> Any:
    return page.get_by_role("textbox", name="Adviser", exact=True)


def type_in(page: Page, text: str) -> None:
    box(page).fill(text)
    box(page).press("Tab")
    settle(page)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save draft", exact=True).click()
    settle(page)


def test_the_second_saver_reads_it_all_and_keeps_what_was_typed(
    chromium: Browser, land_app: Served, land_engine: Engine
):
    contexts = [chromium.new_context(viewport={"width": 1400, "height": 900}, locale="en-US") for _ in range(2)]
    pages = {name: context.new_page() for name, context in zip(("own_staff", "own_boss"), contexts, strict=True)}
    for name, page in pages.items():
        sign_in(page, land_app.url, name)
    kept = lost = 0
    for turn in range(ROUNDS):
        order = ("own_staff", "own_boss") if turn % 2 == 0 else ("own_boss", "own_staff")
        first, second = (pages[name] for name in order)
        who = {"own_staff": STAFF, "own_boss": BOSS}[order[0]]
        number = claim(land_engine).id
        for page in (first, second):
            open_draft(page, land_app.url, number)
        theirs, mine = f"First of turn {turn}", f"Second of turn {turn}"
        type_in(first, theirs)
        type_in(second, mine)
        save(first)
        expect(first.get_by_text("The draft was saved").first).to_be_visible(timeout=WAIT)
        assert claim(land_engine).advisor == theirs

        # The other one saves what was begun on the older state: refused with everything there is to know.
        save(second)
        told = second.get_by_role("alert").filter(has_text="was changed by").first
        expect(told).to_be_visible(timeout=WAIT)
        sentence = told.inner_text()
        assert f"was changed by {who} at " in sentence
        assert re.search(r"\d\d:\d\d UTC", sentence)
        assert f"Adviser: stored “{theirs}”, yours “{mine}”" in sentence
        lost += claim(land_engine).advisor != theirs
        kept += box(second).input_value() == mine

        # Knowing both, the person decides: the own text, saved over the newer state.
        second.get_by_role("button", name="Keep what I typed").click()
        settle(second)
        save(second)
        expect(second.get_by_text("The draft was saved").first).to_be_visible(timeout=WAIT)
        assert claim(land_engine).advisor == mine
    for context in contexts:
        context.close()
    figure("R04", "rounds of two browsers", ROUNDS)
    figure("R04", "lost updates in two browsers", lost)
    figure("R04", "typed texts kept in two browsers", f"{kept} of {ROUNDS}")
    assert (kept, lost) == (ROUNDS, 0)
