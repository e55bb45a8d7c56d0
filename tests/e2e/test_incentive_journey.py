"""Issue 6, Done: a program is drafted, tried, published; a wrong paper comes back; approved, paid, reconciled at 0."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import Engine, select

from db.core.labels import local_day
from db.core.session import make_engine, reading, run
from db.incentives.area import AREA
from db.incentives.commands import report_sale
from db.incentives.entry_rules import SaleDraft
from db.incentives.recon_tables import Reconciliation, ReconciliationMatch
from db.incentives.tables import IncentiveClaim, IncentiveEntry, IncentiveVersion
from tests.contact_log.printed import text_of
from tests.support.journeys import WAIT, drawer, fill_day, fill_row, give_file, settle, sign_in, tile
from tests.support.users import actor_named, make_dealer, make_people

VIN = "1HGCM82633A004352"
AMOUNT = 512_34
WRONG = "Proof of the delivery: Stock invoice is not accepted. The program accepts Registration."
SOLD_LAST_YEAR = 3


def _today() -> date:
    return local_day(datetime.now(UTC), "America/New_York")


def _month() -> tuple[date, date]:
    today = _today()
    return today.replace(day=1), today.replace(day=monthrange(today.year, today.month)[1])


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    """One dealer, one person of each role, and what the dealer sold in this month of last year."""
    engine = make_engine(sqlite_url)
    dealer_id = make_dealer(engine)
    make_people(engine)
    first = _month()[0]
    past = first.replace(year=first.year - 1)
    for n in range(SOLD_LAST_YEAR):
        draft = SaleDraft(
            vin=f"1HGCM82633A10000{n}", make="Honda", model="Accord", year=past.year, sale_type="cash", stocked_on=past,
            contract_on=past, delivered_on=past, customer_ref=f"C-{n}", documents=(("registration", f"R-{n}"),),
        )  # fmt: skip
        run(
            report_sale, bind=engine, dealer_id=dealer_id, draft=draft, form_key=f"past{n}",
            actor=actor_named(engine, "dealer_staff"), now=datetime(past.year, past.month, 2, 15, tzinfo=UTC),
        )  # fmt: skip
    yield engine
    engine.dispose()


# ---- what a person does ----------------------------------------------------------------------------------------------
def _fill(within: Any, label: str, text: str) -> None:
    box = within.get_by_role("textbox", name=label, exact=True).or_(
        within.get_by_role("spinbutton", name=label, exact=True)
    )
    box.first.fill(text)
    box.first.press("Tab")


def _choose(page: Page, label: str, word: str) -> None:
    """With the keyboard: a list that is open is drawn anew by the run that is still going."""
    box = page.get_by_role("combobox", name=label).last
    box.click()
    box.press_sequentially(word)
    expect(page.get_by_role("option", name=word)).to_be_visible(timeout=WAIT)
    page.keyboard.press("Enter")
    settle(page)
    page.keyboard.press("Escape")
    settle(page)


def _click(within: Any, name: str) -> None:
    within.get_by_role("button", name=name, exact=True).first.click()


def _view(page: Page, name: str) -> None:
    page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True).click()
    settle(page)


def _open_row(page: Page, grid: Locator, row: int = 0) -> None:
    """Click the number in the first column; cells are painted, so they are found by place."""
    expect(grid).to_be_visible(timeout=WAIT)
    settle(page)
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    assert box is not None
    head = 35
    page.mouse.click(box["x"] + 40 + (35 if grid.locator("th input").count() else 0), box["y"] + head * (row + 1.5))
    expect(drawer(page)).to_be_visible(timeout=WAIT)


def _step(page: Page, name: str) -> None:
    """Take the step the drawer offers first."""
    button = drawer(page).get_by_test_id("stBaseButton-primary").filter(has_text=name)
    expect(button).to_be_visible(timeout=WAIT)
    button.click()


def _says(page: Any, words: str) -> None:
    expect(page.get_by_text(words).first).to_be_visible(timeout=WAIT)


def _sign_out(page: Page) -> None:
    _click(page, "Sign out")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=WAIT)


# ---- what is stored --------------------------------------------------------------------------------------------------
def _claim(engine: Engine) -> tuple[str, int | None]:
    with reading(engine) as session:
        row = session.scalars(select(IncentiveClaim)).one()
        return row.status, row.approved_cents


def _books(engine: Engine) -> dict[str, list[int]]:
    """The cents of each book of the ledger, in their order."""
    found: dict[str, list[int]] = {}
    with reading(engine) as session:
        for book, cents in session.execute(
            select(IncentiveEntry.book, IncentiveEntry.cents).order_by(IncentiveEntry.id)
        ):
            found.setdefault(book, []).append(cents)
    return found


# ---- the journey -----------------------------------------------------------------------------------------------------
def test_from_the_draft_to_a_reconciliation_at_zero(engine: Engine, serve, sqlite_url: str, page: Page) -> None:
    base = serve(sqlite_url).url
    _draft_and_try(page, base)
    _publish(page, base, engine)
    _claim_with_a_wrong_paper(page, base, engine)
    _mend(page, base, engine)
    _approve(page, base, engine)
    memo = _pay(page, base, engine)
    _read_as_dealer(page, base, memo)
    _reconcile(page, base, engine, memo)
    assert _books(engine) == {"earned": [AMOUNT], "approved": [AMOUNT], "paid": [AMOUNT]}
    with reading(engine) as session:
        assert [sentence for check in AREA.checks for sentence in check.run(session)] == []


def _draft_and_try(page: Page, base: str) -> None:
    """Leadership builds a program, reads it in words and numbers, and tries it on the sales of last year."""
    first, last = _month()
    sign_in(page, base, "sales_leader", path="/programs")
    _click(page, "New program")
    _says(page, "Still missing")
    _fill(page, "Code", "cash-now")
    _fill(page, "Name", "Cash for the month")
    _fill(page, "Bulletin", "B-1")
    fill_day(page, "Program: first day", first)
    fill_day(page, "Last day", last)
    _fill(page, "Amount", "512.34")
    papers = page.get_by_test_id("stExpander").filter(has_text="Papers and checklist")
    papers.get_by_text("Papers and checklist").click()
    grid = papers.get_by_test_id("stDataFrame")
    expect(grid).to_be_visible(timeout=WAIT)
    proof = {"What is proved": "Proof of the delivery", "Papers that count": "Registration"}
    fill_row(page, grid, row=0, cells=proof, several=("Papers that count",))
    _says(page, "In words")
    _says(page, "by Registration and no other paper")
    _fill(page, "What changes, and why", "November needs it")
    settle(page)
    _click(page, "Save draft")
    _says(page, "somebody else publishes it")
    _says(page, "A manager publishes it.")

    page.get_by_role("link", name="Try it on past sales").click()
    _click(page, "Run")
    _says(page, "Tried ")
    assert tile(page, "Cost") == "$1,537.02"
    assert tile(page, "Cost per unit") == "$512.34"
    _sign_out(page)


def _publish(page: Page, base: str, engine: Engine) -> None:
    """Another person publishes, with a reason."""
    sign_in(page, base, "manager", path="/programs?program=1")
    _says(page, "Drafted by")
    _click(page, "Publish")
    _fill(page, "Reason", "Agreed with finance")
    settle(page)
    _click(page, "Publish now")
    _says(page, "Version 1 of CASH-NOW was published")
    with reading(engine) as session:
        version = session.scalars(select(IncentiveVersion)).one()
        assert (version.state, version.published_by) == ("published", "Manager Manager")
    _sign_out(page)


def _claim_with_a_wrong_paper(page: Page, base: str, engine: Engine) -> None:
    """The dealer reports a sale with the stock invoice as its paper, claims it all the same, and reads why not."""
    today = _today()
    sign_in(page, base, "dealer_staff", path="/validate")
    _view(page, "New sale")
    for label, text in (
        ("VIN", VIN), ("Model year", str(today.year)), ("Make", "Honda"), ("Model", "Accord"),
        ("Customer number", "C-77"),
    ):  # fmt: skip
        _fill(page, label, text)
        settle(page)
    for label in ("In stock since", "Contract", "Delivered"):
        fill_day(page, label, today)
    _choose(page, "Papers", "Stock invoice")
    _says(page, WRONG)  # before anything was sent
    _click(page, "Report the sale")
    _click(page, "CASH-NOW")  # what is incomplete is not chosen beforehand
    amount = page.get_by_test_id("stTextInput").filter(has_text="CASH-NOW: amount").locator("input")
    expect(amount).to_have_value("512.34", timeout=WAIT)
    settle(page)
    _click(page, "Send the claim")
    _says(page, "IC-000001: returned")
    _says(page, WRONG)
    assert _claim(engine) == ("returned", None)


def _mend(page: Page, base: str, engine: Engine) -> None:
    """The right paper is added to the sale, and the same claim is sent again."""
    _choose(page, "Papers", "Registration")
    _click(page, "Save")
    _says(page, "The sale was corrected")
    _open_row(page, page.get_by_test_id("stDataFrame").last)
    _step(page, "Send")
    _says(page, "IC-000001: send saved")
    assert _claim(engine) == ("in_review", None)
    _sign_out(page)


def _approve(page: Page, base: str, engine: Engine) -> None:
    """The coordinator opens the claim that waits and approves it: two clicks."""
    sign_in(page, base, "coordinator", path="/incentive_claims")
    _open_row(page, page.get_by_test_id("stDataFrame").first)
    _says(drawer(page), "Claimed $512.34")
    _says(drawer(page), "proved by Registration")
    _step(page, "Approve")
    _says(page, "IC-000001: approve")
    assert _claim(engine) == ("approved", AMOUNT)
    _sign_out(page)


def _pay(page: Page, base: str, engine: Engine) -> str:
    """Finance pays everything that is payable: two clicks, one credit memo."""
    sign_in(page, base, "finance", path="/payments")
    assert tile(page, "Payable") == "$512.34"
    _click(page, "Make a payment")
    _click(page, "Pay $512.34")
    _says(page, "$512.34 paid.")
    _says(drawer(page), "IB-000001 · $512.34")
    assert _books(engine)["paid"] == [AMOUNT]
    _open_row(page, drawer(page).get_by_test_id("stDataFrame").first)
    _says(drawer(page), "IM-000001 · $512.34")
    _sign_out_of_drawer(page)
    return "IM-000001"


def _sign_out_of_drawer(page: Page) -> None:
    drawer(page).get_by_role("button", name="Close").click()
    expect(drawer(page)).to_have_count(0, timeout=WAIT)
    _sign_out(page)


def _read_as_dealer(page: Page, base: str, memo: str) -> None:
    """The dealer finds its credit memo and takes it home as a PDF."""
    sign_in(page, base, "dealer_manager", path="/payments")
    _says(page, "Everything is paid.")
    _view(page, "Credit memos")
    _open_row(page, page.get_by_test_id("stDataFrame").first)
    with page.expect_download(timeout=WAIT) as taken:
        drawer(page).get_by_role("button", name="Credit memo (PDF)").click()
    words = text_of(taken.value.path().read_bytes()).split("\n")
    assert f"Credit memo {memo}" in words
    assert {VIN, "CASH-NOW", "IC-000001"} <= set(words)
    assert words[words.index("Total") + 1] == "$512.34"
    _sign_out_of_drawer(page)


def _reconcile(page: Page, base: str, engine: Engine, memo: str) -> None:
    """The bank's file is brought in, matched, and the reconciliation closes with nothing unexplained."""
    sign_in(page, base, "finance", path="/reconciliation")
    _view(page, "Bank file")
    row = f"T-1,04012,512.34,{_today().isoformat()},{memo}"
    content = f"Reference,Dealer code,Amount,Paid on,Credit memo\n{row}\n".encode()
    give_file(page, page, name="bank.csv", kind="text/csv", content=content)
    _click(page, "Import 1 record")
    _says(page, "Imported as batch")
    _view(page, "Differences")
    _click(page, "Open a reconciliation")
    _says(page, "Nothing is left to explain.")
    assert (tile(page, "Unexplained"), tile(page, "Matched")) == ("$0", "$512.34")
    _click(page, "Close")
    _says(page, "nothing unexplained")
    _view(page, "Three ways")
    _says(page, "Earned, approved and paid agree everywhere.")
    with reading(engine) as session:
        found = session.scalars(select(Reconciliation)).one()
        kinds = session.execute(
            select(ReconciliationMatch.kind, ReconciliationMatch.cents, ReconciliationMatch.is_open)
        )
        assert (found.closed_by, found.open_key) == ("Finance Finance", None)
        assert [tuple(row) for row in kinds] == [("matched", 0, False)]
