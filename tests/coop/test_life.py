"""From accrual to payment, to the cent: the examples of domain-rules 2.3 through commands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text

from db.coop.commands import adjust, allocate, forfeit, make_payment, transfer
from db.coop.jobs import run_expiry, run_lapses
from db.coop.payable_rules import CostLine, Showing
from db.core.problems import NotFound, Refused, Stale
from tests.coop.factories import DAY, NOW, PRINT, RADIO, House, of

LATER = NOW + 15 * DAY


def columns(house, dealer=0):
    fund = house.fund(dealer)
    return fund.available_cents, fund.reserved_cents, fund.approved_cents - fund.reversed_cents, fund.paid_cents


def test_the_examples_of_the_rules(engine):
    """Accrual 10,000; reserve 6,000; claim 8,000 x 75% = 6,000 uses it; a second reserve of 5,000 is refused."""
    house = House(engine)
    assert columns(house) == (10_000_00, 0, 0, 0)
    first = house.approved()
    assert house.request(first).approved_cents == 6_000_00
    assert columns(house) == (4_000_00, 6_000_00, 0, 0)
    second = house.ask(of(10_000_00))
    with pytest.raises(Refused, match=r"At most \$4,000 can be approved") as refused:
        house.step("approve", second, "cora", amount_cents=5_000_00)
    assert refused.value.code == "available"
    assert columns(house) == (4_000_00, 6_000_00, 0, 0)
    claim = house.claim(request=first)
    house.claim_step("approve", claim, "cora")
    assert house.claim_row(claim).status == "approved"
    assert house.claim_row(claim).reserve_cents == 6_000_00
    assert house.request(first).status == "claimed"
    assert columns(house) == (4_000_00, 0, 6_000_00, 0)
    house.do(make_payment, actor=house.finn, now=LATER, form_key="p1")
    assert columns(house) == (4_000_00, 0, 6_000_00, 6_000_00)
    house.sound()


def test_a_partial_approval_of_a_claim_releases_the_rest(engine):
    """Approve claim 4,500 on reserve 6,000 releases 1,500."""
    house = House(engine)
    item = house.approved()
    claim = house.claim(request=item)
    with pytest.raises(Refused, match="say why less"):
        house.claim_step("approve", claim, "cora", amount_cents=4_500_00)
    house.claim_step("approve", claim, "cora", amount_cents=4_500_00, note="The page was smaller")
    assert house.claim_row(claim).status == "partially_approved"
    assert columns(house) == (5_500_00, 0, 4_500_00, 0)
    house.sound()


def test_a_partial_approval_of_a_request_reserves_that_much(sqlite_engine):
    house = House(sqlite_engine)
    item = house.approved(amount_cents=2_000_00, note="Half a page is enough")
    assert house.request(item).status == "partially_approved"
    claim = house.claim(request=item)
    row = house.claim_row(claim)
    assert (row.status, row.payable_cents) == ("in_review", 2_000_00)
    decides = [b["name"] for b in row.calculation["bounds"] if b["decides"]]
    assert decides == ["request"]


def test_april_money_is_spent_by_october_31_or_forfeited(engine):
    house = House(engine)
    house.approved(of(4_000_00))  # holds 3,000 over the day
    last = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)  # still 31 October in Albany
    assert run_expiry(engine, now=last) == 0
    assert columns(house) == (7_000_00, 3_000_00, 0, 0)
    over = datetime(2026, 11, 1, 13, 0, tzinfo=UTC)
    assert run_expiry(engine, now=over) == 1
    assert run_expiry(engine, now=over) == 0
    assert columns(house) == (0, 3_000_00, 0, 0)
    assert house.fund().expired_cents == 7_000_00
    # The reserve nobody claimed comes back, and what it held of the April lot is over as well.
    assert run_lapses(engine, now=over) == 1
    assert columns(house) == (0, 0, 0, 0)
    assert house.fund().expired_cents == 10_000_00
    house.sound()


def test_the_first_lot_pays_first(sqlite_engine):
    house = House(sqlite_engine, earned=0)
    house.earn(100_00, on=date(2026, 2, 3))
    house.earn(200_00, on=date(2026, 1, 20))
    house.earn(400_00, on=date(2026, 4, 2))
    house.approved(of(320_00))  # 240.00
    with sqlite_engine.connect() as connection:
        rows = connection.execute(text("SELECT earned_on, held_cents, left_cents FROM coop_lot ORDER BY earned_on"))
        assert [tuple(r) for r in rows] == [
            ("2026-01-20", 200_00, 0), ("2026-02-03", 40_00, 60_00), ("2026-04-02", 0, 400_00)
        ]  # fmt: skip
    house.sound()


def test_an_incomplete_claim_is_returned_and_paid_when_the_affidavit_is_there(engine):
    house = House(engine)
    item = house.approved(RADIO)
    claim = house.claim(RADIO, request=item, proofs=("invoice", "payment", "script"))
    row = house.claim_row(claim)
    assert (row.status, row.decision_note) == ("returned", "Missing: notarized affidavit.")
    house.claim_step("add_proof", claim, "dora", kind="affidavit", reference="Notary 12")
    house.claim_step("submit", claim, "dora")
    assert house.claim_row(claim).status == "in_review"
    house.claim_step("approve", claim, "cora")
    house.do(make_payment, actor=house.finn, now=LATER)
    assert columns(house) == (4_000_00, 0, 6_000_00, 6_000_00)
    house.sound()


NEVER = [
    ({"ends_on": date(2025, 12, 30), "starts_on": date(2025, 12, 1)}, "late"),
    ({"ends_on": date(2026, 3, 1), "starts_on": date(2026, 3, 1)}, "late"),
    ({"showing": Showing(brand_share=49_99)}, "brand"),
    ({"showing": Showing(competitor=True)}, "brand"),
    ({"costs": (CostLine(kind="agency_commission", cents=900_00),)}, "not_eligible"),
]


@pytest.mark.parametrize("wrong, reason", NEVER)
def test_what_can_never_be_right_is_denied_at_once(sqlite_engine, wrong, reason):
    house = House(sqlite_engine)
    claim = house.claim(replace(PRINT, **wrong))
    row = house.claim_row(claim)
    assert (row.status, row.reason_code, row.claim_key) == ("denied", reason, None)
    assert row.decision_note


def test_without_the_pre_approval_only_an_exception_helps(sqlite_engine):
    house = House(sqlite_engine)
    claim = house.claim(RADIO)
    assert house.claim_row(claim).status == "in_review"
    with pytest.raises(Refused, match="exception"):
        house.claim_step("approve", claim, "cora")
    with pytest.raises(Refused) as refused:
        house.claim_step("approve", claim, "cora", override_reason="Storm")
    assert refused.value.code == "not_allowed"
    house.claim_step("approve", claim, "mason", override_reason="Storm, the station moved the spot")
    assert columns(house) == (4_000_00, 0, 6_000_00, 0)
    house.sound()


def test_more_than_the_fund_needs_the_right_and_a_reason(engine):
    house = House(engine, earned=1_000_00)
    item = house.ask()
    with pytest.raises(Refused, match=r"At most \$1,000"):
        house.step("approve", item, "mason", amount_cents=6_000_00)
    with pytest.raises(Refused):
        house.step("approve", item, "cora", amount_cents=6_000_00, override_reason="Fair")
    house.step("approve", item, "mason", override_reason="Fair, the region adds to it in June")
    assert columns(house) == (-5_000_00, 6_000_00, 0, 0)
    assert house.fund().overdraft_cents == 5_000_00
    house.sound()
    house.earn(2_000_00, on=date(2026, 5, 1))
    assert house.fund().overdraft_cents == 3_000_00
    house.sound()
    with pytest.raises(Refused):
        house.approved(of(100_00))
    house.step("release", item, "dora", note="Cancelled")
    assert columns(house) == (3_000_00, 0, 0, 0)
    house.sound()


def test_a_reversal_returns_the_money_and_the_next_payment_sets_it_off(engine):
    house = House(engine)
    first = house.claim(of(4_000_00))
    house.claim_step("approve", first, "cora")
    house.do(make_payment, actor=house.finn, now=LATER)
    house.claim_step("reverse", first, "mason", note="The invoice was never paid", now=LATER + DAY)
    assert columns(house) == (10_000_00, 0, 0, 3_000_00)
    with pytest.raises(Refused, match="nothing to pay"):
        house.do(make_payment, actor=house.finn, now=LATER + DAY)
    second = house.claim(of(6_000_00))
    house.claim_step("approve", second, "cora")
    house.do(make_payment, actor=house.finn, now=LATER + DAY)
    assert columns(house) == (5_500_00, 0, 4_500_00, 4_500_00)
    house.sound()


def test_nobody_approves_the_own_request_or_pays_what_they_approved(sqlite_engine):
    house = House(sqlite_engine)
    item = house.ask(by="cora")
    with pytest.raises(Refused, match="yourself"):
        house.step("approve", item, "cora")
    with pytest.raises(Refused):
        house.step("approve", item, "dora")
    house.step("approve", item, "ada")
    claim = house.claim(request=item)
    house.claim_step("approve", claim, "ada")
    with pytest.raises(Refused, match="nothing to pay"):
        house.do(make_payment, actor=house.ada, now=LATER)
    house.do(make_payment, actor=house.finn, now=LATER)
    with pytest.raises(Refused) as refused:
        house.do(make_payment, actor=house.cora, now=LATER)
    assert refused.value.code == "not_allowed"


def test_a_screen_that_is_out_of_date_decides_nothing(engine):
    house = House(engine)
    item = house.ask()
    house.step("approve", item, "cora", version=1)
    with pytest.raises(Stale):
        house.step("deny", item, "mason", version=1, reason_code="other", note="No")
    claim = house.claim(request=item)
    seen = house.claim_row(claim).version
    house.claim_step("send_back", claim, "cora", note="Which page?")
    with pytest.raises(Stale):
        house.claim_step("approve", claim, "mason", version=seen)
    assert columns(house) == (4_000_00, 6_000_00, 0, 0)


def test_people_of_other_dealers_find_nothing(sqlite_engine):
    house = House(sqlite_engine)
    item = house.ask()
    for who in ("otto", "wes"):
        with pytest.raises(NotFound):
            house.step("withdraw", item, who)
        with pytest.raises(NotFound):
            house.ask(by=who)
    with pytest.raises(NotFound):
        house.claim(request=house.approved(of(100_00)), by="otto")


def test_a_form_is_sent_once_and_never_with_other_content(engine):
    house = House(engine)
    item = house.ask(form_key="f")
    assert house.ask(form_key="f") == item
    with pytest.raises(Refused) as refused:
        house.ask(of(9_000_00), form_key="f")
    assert refused.value.code == "other_content"
    claim = house.claim(form_key="g", send=False)
    assert house.claim(replace(PRINT, invoice_number="I-2"), form_key="g", send=False) == claim
    with pytest.raises(Refused):
        house.claim(of(1_00), form_key="g", send=False)
    fund = house.do(
        allocate, programme_id=house.programme, dealer_id=house.dealer, cents=50_00, reason="Fair", form_key="a",
        actor=house.mason,
    )  # fmt: skip
    again: dict[str, Any] = {
        "programme_id": house.programme, "dealer_id": house.dealer, "reason": "Fair", "form_key": "a"
    }  # fmt: skip
    assert house.do(allocate, cents=50_00, actor=house.mason, **again) == fund
    with pytest.raises(Refused):
        house.do(allocate, cents=60_00, actor=house.mason, **again)
    assert house.fund().allocated_cents == 50_00
    house.sound()


def test_money_by_hand(engine):
    house = House(engine)
    fund = house.fund().id
    house.do(adjust, fund_id=fund, cents=-1_000_00, reason="Counted twice", form_key="x", actor=house.mason)
    with pytest.raises(Refused, match="Only"):
        house.do(adjust, fund_id=fund, cents=-9_000_01, reason="Too much", form_key="y", actor=house.mason)
    other = house.do(
        transfer, fund_id=fund, to_dealer_id=house.other_dealer, cents=2_500_00, reason="One campaign", form_key="t",
        actor=house.mason,
    )  # fmt: skip
    again = house.do(
        transfer, fund_id=fund, to_dealer_id=house.other_dealer, cents=2_500_00, reason="One campaign", form_key="t",
        actor=house.mason,
    )  # fmt: skip
    assert other == again
    assert columns(house) == (6_500_00, 0, 0, 0)
    assert columns(house, house.other_dealer) == (2_500_00, 0, 0, 0)
    with engine.connect() as connection:
        moved = connection.execute(text("SELECT expires_on FROM coop_lot WHERE fund_id = :f"), {"f": other}).scalars()
        assert [str(day) for day in moved] == ["2026-10-31"]
    item = house.approved(of(1_000_00))
    assert house.do(forfeit, fund_id=fund, reason="Dealer leaves", actor=house.mason) == 5_750_00
    assert columns(house) == (0, 750_00, 0, 0)
    with pytest.raises(Refused, match="closed"):
        house.ask()
    house.step("release", item, "dora", note="Closed")
    assert house.fund().forfeited_cents == 6_500_00
    house.sound()


def test_a_cap_of_the_medium_counts_what_was_used_of_it(sqlite_engine):
    house = House(sqlite_engine)
    pens = replace(PRINT, medium="items", activity="Pens")
    claim = house.claim(of(5_000_00, pens))
    house.claim_step("approve", claim, "cora")
    second = house.claim(of(5_000_00, pens))
    assert house.claim_row(second).payable_cents == 500_00  # 30% of 10,000.00 less 2,500.00
    house.claim_step("approve", second, "cora")
    third = house.claim(of(5_000_00, pens))
    assert house.claim_row(third).status == "returned"
    house.sound()


def test_the_ledger_and_versions_are_final(engine):
    house = House(engine)
    for statement in (
        "UPDATE coop_entry SET cents = 1", "DELETE FROM coop_entry", "UPDATE coop_version SET number = 9",
        "DELETE FROM coop_version",
    ):  # fmt: skip
        with pytest.raises(Exception, match="cannot be changed"), engine.begin() as connection:
            connection.execute(text(statement))
    house.sound()
