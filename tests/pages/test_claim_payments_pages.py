"""The page of claim payments as finance, a coordinator and dealers see it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from db.claim_payments.tables import ClaimEntry, CreditMemo
from db.core.permissions import Role
from db.core.session import engine, reading
from tests.claim_payments.factories import House
from tests.support.again import begun
from tests.support.users import app_as, make_person

PAGE = "pages/claims/claim_payments.py"


@pytest.fixture
@begun
def house(app_database: object) -> House:
    return House(engine())


def written(app: Any) -> str:
    """Everything the page says, tables included."""
    kinds = (app.markdown, app.caption, app.error, app.title, app.subheader)
    said = " ".join(str(e.value) for kind in kinds for e in kind).replace("\\", "")
    return said + " ".join(str(frame.value.to_dict("list")) for frame in app.dataframe)


def view(app: Any, name: str) -> Any:
    """The page after one click on a view."""
    app.button_group(key="pay_view").set_value(name).run()
    assert not app.exception
    return app


def memos() -> list[tuple[int, int]]:
    """(dealer, cents) of each credit memo, in order."""
    with reading(engine()) as session:
        return [(m.dealer_id, m.cents) for m in session.scalars(select(CreditMemo).order_by(CreditMemo.id))]


def test_finance_pays_everything_in_two_actions(house):
    house.approved(cents=300_00)
    house.approved(cents=90_00, dealer_id=house.other_dealer)
    app = view(app_as("finn", page=PAGE), "new")  # the first action
    assert app.button(key="pay_go").label.replace("\\", "") == "Pay $390.00"
    app.button(key="pay_go").click().run()  # the second
    assert not app.exception
    assert memos() == [(house.dealer, 300_00), (house.other_dealer, 90_00)]
    assert "PB-000001" in written(app)
    assert "There is nothing to pay" in written(view(app, "new"))


def test_a_sum_that_changed_is_not_paid_and_the_new_one_is_shown(house):
    house.approved(cents=300_00)
    app = view(app_as("finn", page=PAGE), "new")
    house.approved(cents=10_00)
    app.button(key="pay_go").click().run()
    assert memos() == []
    assert "changed to $310.00 for 2 claims" in written(app)
    app.button(key="pay_go").click().run()
    assert memos() == [(house.dealer, 310_00)]


def test_what_is_left_out_says_why(house):
    claim = house.approved(cents=300_00, share=50)
    house.step("appeal", claim, who="dora", note="More")
    app = view(app_as("finn", page=PAGE), "new")
    assert "Appealed or being decided again" in written(app)
    assert not [b for b in app.button if b.key == "pay_go"]


@pytest.mark.parametrize("who", ["cora", "dora"])
def test_who_may_not_pay_has_no_way_to(house, who):
    house.approved(cents=300_00)
    app = app_as(who, page=PAGE)
    assert not app.exception
    assert "WC-000001" in written(app)
    assert "New batch" not in app.button_group(key="pay_view").options
    app.session_state["pay_view"] = "new"
    app.run()
    assert not [b for b in app.button if b.key == "pay_go"]


def test_a_dealer_sees_only_its_own(house):
    house.approved(cents=300_00)
    house.approved(cents=90_00, dealer_id=house.other_dealer)
    house.batch()
    house.approved(cents=77_00)
    app = app_as("otto", page=PAGE)
    assert "Everything is paid" in written(app)
    for name in ("batches", "memos", "ledger"):
        said = written(view(app, name))
        assert "90.00" in said, name
        assert not [x for x in ("Lone Pine", "300.00", "390.00") if x in said], name


def test_the_memo_of_another_dealer_is_not_there(house):
    house.approved(cents=300_00)
    house.batch()
    for who, found in (("dora", True), ("otto", False)):
        app = app_as(who, page=PAGE)
        app.session_state["pay_open"] = ("memo", 1)
        app.run()
        assert not app.exception
        assert ("CM-000001" in written(app)) is found
        assert ("300.00" in written(app)) is found


def test_drawers_of_a_batch_and_of_a_claim(house):
    house.approved(cents=300_00)
    house.batch()
    for record, said in ((("batch", 1), "CM-000001"), (("claim", "WC-000001"), "Approved")):
        app = app_as("finn", page=PAGE)
        app.session_state["pay_open"] = record
        app.run()
        assert not app.exception
        assert said in written(app)


def charged_back(house: House) -> int:
    """A paid claim of 300.00 of which a manager took back 100.00; gives its entry."""
    claim = house.approved(cents=300_00)
    house.batch()
    house.step("charge_back", claim, who="mason", amount_cents=100_00, reason_code="AUDIT_FINDING", note="No old part.")
    with reading(engine()) as session:
        return session.scalars(select(ClaimEntry.id).where(ClaimEntry.kind == "charge_back")).one()


def ledger_of(app: Any, claim: str = "WC-000001") -> Any:
    """The page with the drawer of a claim's ledger open."""
    app.session_state["pay_open"] = ("claim", claim)
    app.run()
    assert not app.exception
    return app


def test_another_manager_takes_a_charge_back_back_with_a_reason(house):
    entry = charged_back(house)
    make_person(engine(), "maud", Role.MANAGER)
    app = ledger_of(app_as("maud", page=PAGE))
    go = f"pay_reverse_{entry}_go"
    assert app.button(key=go).label.replace("\\", "") == "Take back $100.00"
    app.button(key=go).click().run()
    assert "The reason is needed" in written(app)
    app.text_area(key=f"pay_reverse_{entry}").set_value("The part was found in the store.").run()
    app.button(key=go).click().run()
    assert not app.exception
    assert "Charge-back, taken back" in written(app)
    assert go not in [b.key for b in app.button]
    with reading(engine()) as session:
        made = session.scalars(select(ClaimEntry).where(ClaimEntry.reverses_id == entry)).one()
        assert (made.cents, made.reason, made.username) == (100_00, "The part was found in the store.", "maud")


def test_whoever_charged_back_and_whoever_may_not_have_no_button(house):
    charged_back(house)
    app = ledger_of(app_as("mason", page=PAGE))
    assert "You posted this yourself; another person has to take it back." in written(app)
    for who in ("mason", "finn", "cora", "dora"):
        app = ledger_of(app_as(who, page=PAGE))
        assert not [b for b in app.button if b.key and b.key.startswith("pay_reverse")], who


def test_two_managers_take_it_back_once(house):
    entry = charged_back(house)
    make_person(engine(), "maud", Role.MANAGER)
    make_person(engine(), "milo", Role.MANAGER)
    tabs = [ledger_of(app_as(who, page=PAGE)) for who in ("maud", "milo")]
    for app in tabs:
        app.text_area(key=f"pay_reverse_{entry}").set_value("It was there.")
        app.button(key=f"pay_reverse_{entry}_go").click().run()
        assert not app.exception
    assert "This entry was taken back already." in written(tabs[1])
    with reading(engine()) as session:
        assert len(session.scalars(select(ClaimEntry).where(ClaimEntry.reverses_id == entry)).all()) == 1


def test_the_batch_begins_at_what_is_payable(house):
    house.approved(cents=300_00)
    app = app_as("finn", page=PAGE)
    app.button(key="pay_begin").click().run()
    assert app.button(key="pay_go").label.replace("\\", "") == "Pay $300.00"
    assert "one a dealer" in written(app)
    assert "pay_begin" not in [b.key for b in app_as("mason", page=PAGE).button]
