"""Issue 7, Done: a dealer asks, is pre-approved, claims without the affidavit, adds it, is paid, to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import Engine, select

from db.coop.accrual import Purchase
from db.coop.area import AREA
from db.coop.commands import accrue, set_programme
from db.coop.payment_tables import CoopMemo, CoopMemoLine
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.coop.tables import CoopEntry, CoopFund, CoopLot
from db.core.labels import local_day
from db.core.session import make_engine, reading, run
from tests.coop.factories import BODY
from tests.support.journeys import WAIT, drawer, fill_day, settle, sign_in, tile
from tests.support.users import actor_named, make_dealer, make_people

EARNED = 10_000_00
PAYABLE = 6_092_59  # 75% of 8,123.45 are 6,092.5875
LEFT = 3_907_41
MISSING = "Missing: notarized affidavit."


def _today() -> date:
    return local_day(datetime.now(UTC), "America/New_York")


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    """One dealer, one person of each role, the programme of this year, and 10,000.00 earned by a purchase of today."""
    engine = make_engine(sqlite_url)
    dealer_id = make_dealer(engine)
    make_people(engine)
    now, today = datetime.now(UTC), _today()
    body = BODY | {"code": f"COOP-{today.year}", "name": f"Local advertising {today.year}", "year": today.year}
    run(
        set_programme, bind=engine, body=body, effective_from=None, reason="New year", now=now,
        actor=actor_named(engine, "manager"),
    )  # fmt: skip
    run(
        accrue, bind=engine, dealer_id=dealer_id, now=now, actor=actor_named(engine, "coordinator"),
        purchase=Purchase(invoice_number="W-1", invoiced_on=today, cents=EARNED * 50),
    )  # fmt: skip
    yield engine
    engine.dispose()


# ---- what a person does ----------------------------------------------------------------------------------------------
def _fill(page: Page, within: Any, label: str, text: str) -> None:
    box = within.get_by_role("textbox", name=label, exact=True)
    box.fill(text)
    box.press("Tab")
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
    box = grid.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 40, box["y"] + 35 * (row + 1.5))
    expect(drawer(page)).to_be_visible(timeout=WAIT)


def _step(page: Page, name: str) -> None:
    """Take the step the drawer offers first."""
    button = drawer(page).get_by_test_id("stBaseButton-primary").filter(has_text=name)
    expect(button).to_be_visible(timeout=WAIT)
    button.click()


def _says(within: Any, words: str) -> None:
    expect(within.get_by_text(words).first).to_be_visible(timeout=WAIT)


def _draws(within: Any, words: str) -> None:
    """The chart of the fund is painted, and its sentence says the same to whoever cannot see it."""
    chart = within.get_by_test_id("stVegaLiteChart").first
    expect(chart.locator("canvas, svg").first).to_be_visible(timeout=WAIT)
    _says(within, words)


def _sign_out(page: Page) -> None:
    if drawer(page).count():
        drawer(page).get_by_role("button", name="Close").click()
        expect(drawer(page)).to_have_count(0, timeout=WAIT)
    _click(page, "Sign out")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=WAIT)


def _count_clicks(page: Page) -> None:
    """Count from now on what the hand does, whatever it hits."""
    page.evaluate("window.pressed = 0; addEventListener('pointerdown', () => window.pressed++, true)")


def _clicks(page: Page) -> int:
    return int(page.evaluate("window.pressed"))


# ---- what is stored --------------------------------------------------------------------------------------------------
def _one(engine: Engine, table: type[Any]) -> Any:
    with reading(engine) as session:
        row = session.scalars(select(table)).one()
        session.expunge(row)
        return row


def _request(engine: Engine) -> tuple[str, int | None, int]:
    row = _one(engine, CoopRequest)
    return row.status, row.approved_cents, row.reserved_cents


def _claim(engine: Engine) -> tuple[str, int | None]:
    row = _one(engine, CoopClaim)
    return row.status, row.approved_cents


# ---- the journey -----------------------------------------------------------------------------------------------------
def test_from_the_request_to_the_credit_memo(engine: Engine, serve, sqlite_url: str, page: Page) -> None:
    base = serve(sqlite_url).url
    _ask(page, base, engine)
    _pre_approve(page, base, engine)
    _claim_without_the_affidavit(page, base, engine)
    _add_the_affidavit(page, engine)
    _approve(page, base, engine)
    _pay(page, base, engine)
    _read_as_dealer(page, base)
    _is_exact(engine)


def _ask(page: Page, base: str, engine: Engine) -> None:
    """The dealer types a plan for radio, reads what will be payable and why, and only then sends it."""
    today = _today()
    sign_in(page, base, "dealer_manager", path="/coop_request")
    _says(page, "$10,000 available")
    page.get_by_role("button", name="Radio").or_(page.get_by_role("radio", name="Radio")).first.click()
    settle(page)
    _fill(page, page, "What is planned", "Spot, two weeks")
    fill_day(page, "First day", today)
    fill_day(page, "Last day", today)
    _fill(page, page, "Amount", "8,123.45")
    for words in (
        "Will be payable: $6,092.59", "75% of $8,123.45 eligible cost", "$3,907.41 once it is approved",
        "has to be approved before it begins", "notarized affidavit",
    ):  # fmt: skip
        _says(page, words)
    with reading(engine) as session:
        assert session.scalars(select(CoopRequest)).all() == []  # nothing was sent yet
    _click(page, "Send")
    _says(page, "The request was sent")
    _draws(drawer(page), "this request would reserve $6,092.59 and leave $3,907.41.")
    assert _request(engine) == ("in_review", None, 0)
    _sign_out(page)


def _pre_approve(page: Page, base: str, engine: Engine) -> None:
    """The coordinator sees what it would leave of the fund, and approves it: two clicks."""
    sign_in(page, base, "coordinator", path="/coop_requests")
    _count_clicks(page)
    _open_row(page, page.get_by_test_id("stDataFrame").first)
    _says(drawer(page), "Payable: $6,092.59")
    _draws(drawer(page), "$10,000 available today; this request would reserve $6,092.59 and leave $3,907.41.")
    _step(page, "Approve")
    _says(page, "FR-000001 was approved")
    assert _clicks(page) == 2
    assert _request(engine) == ("approved", PAYABLE, PAYABLE)
    _sign_out(page)


def _claim_without_the_affidavit(page: Page, base: str, engine: Engine) -> None:
    """The dealer claims what was approved without one of its proofs, and reads what is missing."""
    sign_in(page, base, "dealer_manager", path="/coop_requests")
    _view(page, "Approved")
    _open_row(page, page.get_by_test_id("stDataFrame").first)
    _click(drawer(page), "Claim what was done")
    _says(drawer(page), "$6,092.59 reserved")
    _fill(page, drawer(page), "Invoice number", "I-77")
    for proof in ("Invoice", "Proof of payment", "Script"):
        drawer(page).get_by_test_id("stCheckbox").filter(has_text=proof).first.locator("label").first.click()
        settle(page)
    _says(drawer(page), "Will be payable: $6,092.59")
    _says(drawer(page), MISSING)  # before it was sent
    _click(drawer(page), "Send")
    _says(page, f"FC-000001 is returned: {MISSING}")
    assert _claim(engine) == ("returned", None)


def _add_the_affidavit(page: Page, engine: Engine) -> None:
    """What is missing is added to the same claim, which is sent again."""
    _says(drawer(page), "FC-000001")  # it opened by itself
    _says(drawer(page), MISSING)
    _fill(page, drawer(page), "Notarized affidavit, kept as", "Notary 12")
    _click(drawer(page), "Add")
    _says(page, "The proof was added")
    _step(page, "Send")
    _says(page, "FC-000001 was sent")
    assert _claim(engine) == ("in_review", None)
    _sign_out(page)


def _approve(page: Page, base: str, engine: Engine) -> None:
    """The coordinator sees every proof and where the money comes from, and approves it: two clicks."""
    sign_in(page, base, "coordinator", path="/coop_claims")
    _count_clicks(page)
    _open_row(page, page.get_by_test_id("stDataFrame").first)
    _says(drawer(page), "Every proof of the medium is there.")
    _draws(drawer(page), "$3,907.41 available today; this claim is paid from its reserve and leaves $3,907.41.")
    _step(page, "Approve")
    _says(page, "FC-000001 was approved")
    assert _clicks(page) == 2
    assert _claim(engine) == ("approved", PAYABLE)
    _sign_out(page)


def _pay(page: Page, base: str, engine: Engine) -> None:
    """Finance pays what was approved with one credit memo: one click."""
    sign_in(page, base, "finance", path="/coop_claims")
    _count_clicks(page)
    _click(page, "Pay $6,092.59 with 1 credit memo")
    _says(page, "$6,092.59 was paid")
    assert _clicks(page) == 1
    memo = _one(engine, CoopMemo)
    assert (memo.number, memo.cents) == ("FM-000001", PAYABLE)
    assert _one(engine, CoopMemoLine).cents == PAYABLE
    _sign_out(page)


def _read_as_dealer(page: Page, base: str) -> None:
    """The dealer reads its money: the tiles, the chart, and the statement entry by entry."""
    sign_in(page, base, "dealer_manager", path="/coop_funds")
    assert [tile(page, name) for name in ("Came in", "Reserved", "Approved", "Paid", "Available")] == [
        "$10,000", "$0", "$6,092.59", "$6,092.59", "$3,907.41",
    ]  # fmt: skip
    _open_row(page, page.get_by_test_id("stDataFrame").first)
    _draws(drawer(page), "$3,907.41 available")
    _says(drawer(page), "$6,092.59 paid, $0 still to be paid.")
    lines = drawer(page).get_by_test_id("stDataFrame").first
    for row, (entry, amount, available) in enumerate(
        (
            ("Paid", "$6,092.59", "$3,907.41"), ("Claim approved", "$6,092.59", "$3,907.41"),
            ("Reserved", "$6,092.59", "$3,907.41"), ("Accrued", "$10,000", "$10,000"),
        )
    ):  # fmt: skip
        cells = lines.locator(f"tr[aria-rowindex='{row + 2}'] td")
        expect(cells.nth(1)).to_have_text(entry, timeout=WAIT)
        expect(cells.nth(3)).to_have_text(amount)
        expect(cells.nth(5)).to_have_text(available)
    _sign_out(page)


def _is_exact(engine: Engine) -> None:
    """The ledger, the fund, its lot and the memo say the same, and no check finds anything."""
    fund, lot = _one(engine, CoopFund), _one(engine, CoopLot)
    with reading(engine) as session:
        found = session.execute(select(CoopEntry.kind, CoopEntry.cents, CoopEntry.reserve_cents).order_by(CoopEntry.id))
        assert [tuple(row) for row in found] == [
            ("accrual", EARNED, 0), ("reserve", PAYABLE, 0), ("claim", PAYABLE, PAYABLE), ("payment", PAYABLE, 0),
        ]  # fmt: skip
        assert [sentence for check in AREA.checks for sentence in check.run(session)] == []
    assert (fund.available_cents, fund.reserved_cents, fund.approved_cents, fund.paid_cents) == (
        LEFT, 0, PAYABLE, PAYABLE,
    )  # fmt: skip
    assert (lot.left_cents, lot.held_cents, lot.used_cents) == (LEFT, 0, PAYABLE)
