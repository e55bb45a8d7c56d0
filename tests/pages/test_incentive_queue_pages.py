"""The queue of incentive claims as a coordinator, a manager and a dealer use it."""

from __future__ import annotations

import pytest

from db.core.session import engine as process_engine
from tests.incentives.factories import CASH, House
from tests.support.again import begun
from tests.support.users import app_as

PAGE = "pages/incentives/incentive_claims.py"


@pytest.fixture
@begun
def house(app_database):
    return House(process_engine())


def opened(who, **state):
    app = app_as(who, page=PAGE)
    for name, value in state.items():
        app.session_state[name] = value
    return app.run()


def said(app):
    return "\n".join(str(e.value) for e in [*app.markdown, *app.caption, *app.error, *app.warning])


def rows(app):
    return app.dataframe[0].value if app.dataframe else None


def two_claims(house):
    house.publish(stack_group="cash")
    house.publish(CASH | {"code": "SMALL-11", "rule": {"kind": "dealer_cash", "cents": 300_00}}, stack_group="cash")
    first = house.claim(house.sell())[0]
    second = house.claim(house.sell(vin="1HGCM82633A004353"))[0]
    return first, second


def test_a_coordinator_approves_and_the_next_claim_opens(house):
    first, second = two_claims(house)
    app = opened("cora", incq_open=first)
    text = said(app)
    assert "I08 Proof of the customer" in text
    assert "proved by Registration" in text
    assert "Not asked by this program" in text
    assert "cannot be combined with CASH" in text
    app.button(key=f"incq_{first}_approve_go").click().run()
    assert not app.exception
    assert house.status(first) == "approved"
    assert app.session_state["incq_open"] == second


def test_a_part_needs_a_reason_and_a_return_says_what_is_missing(house):
    first, second = two_claims(house)
    app = opened("cora", incq_open=first)
    app.text_input(key=f"incq_{first}_approve_amount_cents").set_value("200").run()
    app.button(key=f"incq_{first}_approve_go").click().run()
    assert "Say why it is less" in said(app)
    app.text_area(key=f"incq_{first}_approve_note").set_value("Half of it was shared").run()
    app.button(key=f"incq_{first}_approve_go").click().run()
    assert house.status(first) == "partially_approved"
    app = opened("cora", incq_open=second, **{f"incq_step_{second}": "send_back"})
    app.button(key=f"incq_{second}_send_back_go").click().run()
    assert "Reason is needed" in said(app)
    assert house.status(second) == "in_review"


def test_the_list_shows_what_waits_and_its_filters_are_in_the_address(house):
    first, _ = two_claims(house)
    house.step("deny", first, who="cora", reason_code="other", note="Not ours")
    app = opened("cora")
    assert list(rows(app)["Claim"]) == ["IC-000002"]
    app.button(key="incq_count_denied").click().run()
    assert not app.exception
    assert list(rows(app)["Claim"]) == ["IC-000001"]
    assert app.query_params["incq_status"]
    app.text_input(key="incq_text").set_value("1HGCM82633A004353").run()
    assert "No claim matches" in said(app)


def test_another_dealer_sees_nothing_and_cannot_open_it(house):
    first, _ = two_claims(house)
    app = opened("otto", incq_view="all", incq_open=first)
    assert not app.exception
    assert rows(app) is None
    assert "This incentive claim was not found" in said(app)


def test_a_dealer_finds_what_came_back_first(house):
    first, _ = two_claims(house)
    house.step("send_back", first, who="cora", reason_code="wrong_document", note="Registration is of another car")
    app = opened("dora")
    assert list(rows(app)["Claim"]) == ["IC-000001"]
    assert list(rows(app)["Why"]) == ["Registration is of another car"]
    assert not [b for b in app.button if b.key == "incq_bulk_go"]


def test_finance_reads_and_decides_nothing(house):
    first, _ = two_claims(house)
    app = opened("finn", incq_open=first)
    assert not app.exception
    assert "there is nothing you can do here" in said(app)
