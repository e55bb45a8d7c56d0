"""The page of claim payments as finance, a coordinator and dealers see it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from db.claim_payments.tables import CreditMemo
from db.core.session import engine, reading
from tests.claim_payments.factories import House
from tests.support.users import app_as

PAGE = "pages/claims/claim_payments.py"


@pytest.fixture
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
