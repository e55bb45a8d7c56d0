"""Issue 5, Done: a dealer enters a claim with a mistake, sees the finding, fixes it; one line is reduced; appeal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fpdf import FPDF
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, select

from db.claims.tables import Claim, ClaimCharge, ClaimDecision
from db.core.session import make_engine, reading
from tests.support.journeys import WAIT, drawer, fill_day, fill_row, give_file, settle, sign_in
from tests.support.users import make_dealer, make_people
from tests.warranty.factories import VIN, add_vehicle, warranty_data

STORY = {
    "Complaint": "Customer hears a loud whine from the turbo when accelerating.",
    "Cause": "Shaft of the turbocharger has play, compressor wheel touches the housing.",
    "Correction": "Turbocharger replaced, oil feed line cleaned, road test without findings.",
}
WHY_WRONG = "The invoice of our supplier of 16 November says 300.00 net."


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    """One dealer with its warranty data, one person of each role, and a vehicle sold three hundred days ago."""
    engine = make_engine(sqlite_url)
    make_dealer(engine)
    make_people(engine)
    add_vehicle(engine, in_service_on=datetime.now(UTC).date() - timedelta(days=300))
    warranty_data(engine)
    yield engine
    engine.dispose()


def _claim(engine: Engine) -> Claim:
    with reading(engine) as session:
        found = session.scalars(select(Claim)).one()
        session.expunge(found)
        return found


def _decisions(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return list(session.scalars(select(ClaimDecision.kind).order_by(ClaimDecision.id)))


def _approved(engine: Engine) -> list[tuple[str, int, int | None]]:
    with reading(engine) as session:
        wanted = select(ClaimCharge.kind, ClaimCharge.claimed_cents, ClaimCharge.approved_cents)
        rows = session.execute(wanted.order_by(ClaimCharge.position))
        return [(kind, claimed, approved) for kind, claimed, approved in rows]


def _repair_order() -> bytes:
    paper = FPDF()
    paper.add_page()
    paper.set_font("helvetica", size=14)
    paper.cell(text="Repair order RO-4711")
    return bytes(paper.output())


def _fill(page: Page, label: str, text: str) -> None:
    words = page.get_by_role("textbox", name=label, exact=True)
    box = words.or_(page.get_by_role("spinbutton", name=label, exact=True)).first
    box.fill(text)
    box.press("Tab")
    settle(page)


def _choose(page: Page, label: str, word: str) -> None:
    """With the keyboard: a list that is open is drawn anew by the run that is still going."""
    box = page.get_by_role("combobox", name=label)
    box.click()
    box.press_sequentially(word)
    expect(page.get_by_role("option", name=word)).to_be_visible(timeout=WAIT)
    page.keyboard.press("Enter")
    settle(page)


def _sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=WAIT)


def test_a_claim_is_mended_reduced_and_appealed(engine: Engine, serve, sqlite_url: str, page: Page) -> None:
    base = serve(sqlite_url).url
    today = datetime.now(UTC).date()

    # Enter, with a mistake: the vehicle went out with fewer miles than it came in with.
    sign_in(page, base, "dealer_staff", path="/new_claim")
    expect(page.get_by_role("heading", name="New claim")).to_be_visible(timeout=WAIT)
    _fill(page, "VIN", VIN)
    _fill(page, "Repair order", "RO-4711")
    for label, ago in (("Opened", 6), ("Closed", 5), ("Failed", 7), ("Reported", 6)):
        fill_day(page, label, today - timedelta(days=ago))
    _fill(page, "Odometer in", "21400")
    _fill(page, "Odometer out", "21040")
    _fill(page, "Technician", "T-07")
    for label, text in STORY.items():
        _fill(page, label, text)
    _fill(page, "Component", "ENG-TURBO")
    _fill(page, "Causal part", "TC-5000")
    _fill(page, "Operation", "E1205")
    _choose(page, "What was done", "Replacement")
    lines = page.get_by_test_id("stDataFrame").first
    fill_row(page, lines, row=0, cells={"Kind": "Labour", "Job": "1", "Code": "E1205"})
    fill_row(page, lines, row=1, cells={"Kind": "Parts", "Job": "1", "Code": "TC-5000", "Quantity": "1"})
    _choose(page, "What speaks against it", "Modified")
    page.keyboard.press("Escape")
    give_file(page, page, name="ro-4711.pdf", kind="application/pdf", content=_repair_order())
    page.get_by_test_id("stBaseButton-secondary").filter(has_text="Add files").click()
    expect(page.get_by_text("Repair order: there").first).to_be_visible(timeout=WAIT)

    # See the finding, also when it is sent all the same: nothing was sent, nothing typed is lost.
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Not sent: ").first).to_be_visible(timeout=WAIT)
    wrong = page.get_by_text("21,040").first
    expect(wrong).to_be_visible(timeout=WAIT)
    assert _claim(engine).status == "draft"

    # Fix it, and send.
    _fill(page, "Odometer out", "21404")
    expect(page.get_by_text("21,040")).to_have_count(0, timeout=WAIT)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("was sent").first).to_be_visible(timeout=WAIT)
    claim = _claim(engine)
    assert (claim.status, claim.claimed_cents) == ("in_review", 720_00)
    _sign_out(page)

    # Reduce one line: open the claim, change the amount and say why, approve.
    sign_in(page, base, "coordinator", path=f"/claims?claim={claim.id}")
    expect(drawer(page)).to_be_visible(timeout=WAIT)
    amount = drawer(page).get_by_role("spinbutton", name="Approve line 2")
    amount.fill("350")
    amount.press("Tab")
    settle(page)
    _choose(page, "Reason for line 2", "Rate or price adjusted")
    drawer(page).get_by_role("button", name="Approve these lines").click()
    expect(page.get_by_text(f"{claim.number}: lines decided").first).to_be_visible(timeout=WAIT)
    assert _approved(engine) == [("labour", 300_00, 300_00), ("parts", 420_00, 350_00)]
    assert (_claim(engine).status, _claim(engine).approved_cents) == ("partially_approved", 650_00)
    _sign_out(page)

    # Read why, and appeal.
    sign_in(page, base, "dealer_staff", path=f"/claim?claim={claim.id}")
    expect(page.get_by_text("Line 2 reduced").first).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("Rate or price adjusted").first).to_be_visible(timeout=WAIT)
    page.get_by_test_id("stButtonGroup").get_by_text("Appeal", exact=True).last.click()
    settle(page)
    page.get_by_role("textbox", name="Why").last.fill(WHY_WRONG)
    page.get_by_role("button", name="Appeal").last.click()
    expect(page.get_by_text(f"Appeal: {WHY_WRONG}").first).to_be_visible(timeout=WAIT)
    assert (_claim(engine).status, _claim(engine).appeal_note) == ("appealed", WHY_WRONG)
