"""The incentive check as people use it: a dealer reports, is returned, claims; a coordinator approves."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from db.core.session import engine as process_engine
from db.incentives.tables import IncentivePaper, SaleReport
from tests.documents.examples import pdf
from tests.incentives.factories import CASH, NOW, STEPS, House
from tests.incentives.test_customers import customer
from tests.support.again import begun
from tests.support.clock import clock_held
from tests.support.users import app_as

PAGE = "pages/incentives/validate.py"

of_that_day = clock_held(NOW)


@pytest.fixture
@begun
def house(app_database):
    return House(process_engine())


def opened(who, **state):
    app = app_as(None, page=PAGE) if who is None else app_as(who, page=PAGE)
    for name, value in state.items():
        app.session_state[name] = value
    return app.run()


def said(app):
    return "\n".join(str(e.value) for e in [*app.markdown, *app.caption, *app.error, *app.subheader])


def test_a_sale_shows_every_check_and_what_stacks(house):
    house.publish(stack_group="cash")
    house.publish(CASH | {"code": "BIG-11", "rule": {"kind": "dealer_cash", "cents": 800_00}}, stack_group="cash")
    house.publish(STEPS)
    sale = house.sell()
    app = opened("dora", ic_sale=sale)
    assert not app.exception
    text = said(app)
    assert "I08 Proof of the customer" in text
    assert "proved by Registration" in text
    assert "cannot be combined with BIG\\-11" in text
    assert "24 units to the next step" in text
    assert [e.label for e in app.expander if "CASH" in e.label]


def test_a_dealer_claims_what_is_chosen_and_a_coordinator_approves(house):
    house.publish()
    sale = house.sell()
    app = opened("dora", ic_sale=sale)
    at = f"ic_{sale}_1_0_"
    app.checkbox(key=f"{at}CASH-11_0").check().run()
    app.button(key=f"{at}send").click().run()
    assert not app.exception
    assert [t.value for t in app.toast] == ["IC-000001: in review"]
    desk = opened("cora", incentive_open=1)
    assert "Claimed" in said(desk)
    desk.button(key="incentive_1_approve_go").click().run()
    assert not desk.exception
    assert house.status(1) == "approved"


def test_an_unticked_checklist_comes_back_with_the_sentence(house):
    house.publish()
    sale = house.sell()
    app = opened("dora", ic_sale=sale)
    app.button(key=f"ic_{sale}_1_0_send").click().run()
    assert house.status(1) == "returned"
    drawer = opened("dora", incentive_open=1)
    assert "Not ticked yet\\: Signed by the customer" in said(drawer)
    drawer.checkbox(key="incentive_1_submit_checklist_done").check().run()
    drawer.button(key="incentive_1_submit_go").click().run()
    assert not drawer.exception
    assert house.status(1) == "in_review"


def test_a_sale_is_reported_with_the_checks_while_typing(house):
    house.publish()
    app = opened("dora", ic_view="new")
    key = app.session_state["ic_form_key"]
    at = f"ic_{key}_"
    app.button(key="ic_report").click().run()
    assert "The VIN is needed" in said(app)
    app.text_input(key=f"{at}vin").set_value("1HGCM82633A004352").run()
    for name, day in (("stocked_on", 1), ("contract_on", 2), ("delivered_on", 2)):
        app.date_input(key=f"{at}{name}").set_value(date(2026, 11, day))
    app.run()
    assert "Proof of the customer is missing" in said(app)
    app.multiselect(key=f"{at}papers").set_value(["registration"]).run()
    app.button(key="ic_report").click().run()
    assert not app.exception
    assert app.session_state["ic_sale"] == 1
    assert "proved by Registration" in said(app)


def test_what_is_typed_last_counts_when_the_click_follows_at_once(house):
    """Nothing was drawn between the last fields and the click: both come in one message."""
    house.publish()
    app = opened("dora", ic_view="new")
    at = f"ic_{app.session_state['ic_form_key']}_"
    app.text_input(key=f"{at}vin").set_value("1HGCM82633A004352").run()
    for name in ("stocked_on", "contract_on", "delivered_on"):
        app.date_input(key=f"{at}{name}").set_value(date(2026, 11, 2))
    app.multiselect(key=f"{at}papers").set_value(["registration"])
    app.text_input(key=f"{at}customer").set_value("Ada Quill")
    app.button(key="ic_report").click().run()
    assert not app.exception
    with process_engine().connect() as connection:
        row = connection.execute(select(SaleReport.delivered_on, SaleReport.customer_name)).one()
    assert row == (date(2026, 11, 2), "Ada Quill")
    assert "proved by Registration" in said(app)
    app.multiselect(key="ic_1_1_papers").set_value(["registration", "title"])
    app.button(key="ic_1_1_save").click().run()
    assert not app.exception
    assert "proved by Registration" in said(app)
    assert "Nothing was changed" not in said(app)


def test_papers_are_corrected_and_a_sale_is_unwound(house):
    house.publish()
    sale = house.sell(documents=())
    app = opened("dora", ic_sale=sale)
    app.multiselect(key=f"ic_{sale}_1_papers").set_value(["title"]).run()
    app.button(key=f"ic_{sale}_1_save").click().run()
    assert house.book("earned") == [500_00]
    app.button(key=f"ic_{sale}_2_unwind").click().run()
    assert "The reason is needed" in said(app)
    app.text_area(key=f"ic_{sale}_2_reason").set_value("Stepped back").run()
    app.button(key=f"ic_{sale}_2_unwind").click().run()
    assert not app.exception
    assert sum(house.book("earned")) == 0


def test_another_dealers_sale_does_not_exist_here(house):
    sale = house.sell()
    app = opened("otto", ic_sale=sale)
    assert "This sale was not found" in said(app)
    assert "1HGCM82633A004352" not in said(opened("otto"))


def test_those_who_only_read_have_nothing_to_send(house):
    house.publish()
    sale = house.sell()
    app = opened("finn", ic_sale=sale)
    assert not app.exception
    assert not [b for b in app.button if b.key and b.key.endswith(("send", "save", "unwind"))]


def test_a_paper_is_added_to_a_sale_and_the_check_names_it(house):
    house.publish()
    sale = house.sell(documents=())
    app = opened("dora", ic_sale=sale)
    assert "Proof of the customer is missing" in said(app)
    at = f"ic_paper_{sale}"
    turn = app.session_state[f"{at}_turn"]
    app.button(key=f"{at}_add").click().run()
    assert "Choose a file" in said(app)
    assert app.selectbox(key=f"{at}_{turn}_kind").value == "registration"  # what the check asks for is proposed
    app.file_uploader(key=f"{at}_{turn}_file").upload("scan.pdf", pdf()).run()
    app.button(key=f"{at}_add").click().run()
    assert not app.exception
    assert "proved by Registration" in said(app)
    assert "scan" in said(app)
    assert house.count(IncentivePaper) == 1


def test_a_customer_on_file_is_chosen_and_the_loyalty_check_reads_the_vehicles(house):
    house.publish(CASH | {"code": "LOYAL-11", "rule": {"kind": "loyalty", "cents": 300_00, "makes": ["Honda"]}})
    jane = customer(house, owns="Honda")
    app = opened("dora", ic_view="new")
    at = f"ic_{app.session_state['ic_form_key']}_"
    app.text_input(key=f"{at}customer").set_value("Jane").run()
    app.selectbox(key=f"{at}customer_id_jane").set_value(jane).run()
    assert "Had before\\: 2019 Honda Civic" in said(app)
    app.text_input(key=f"{at}vin").set_value("1HGCM82633A004352").run()
    for name, day in (("stocked_on", 1), ("contract_on", 2), ("delivered_on", 2)):
        app.date_input(key=f"{at}{name}").set_value(date(2026, 11, day))
    app.run()
    assert "The customer on file has had a 2019 Honda Civic" in said(app)
    app.button(key="ic_report").click().run()
    assert not app.exception
    assert house.row(SaleReport, 1).customer_id == jane
    other = opened("otto", ic_view="new")
    at = f"ic_{other.session_state['ic_form_key']}_"
    other.text_input(key=f"{at}customer").set_value("Jane").run()
    assert not [s for s in other.selectbox if s.key == f"{at}customer_id_jane"]


def test_a_denial_is_appealed_in_the_drawer_and_another_person_sees_why(house):
    house.publish()
    (claim,) = house.claim(house.sell())
    house.step("deny", claim, who="carl", reason_code="other", note="Another car")
    app = opened("dora", incentive_open=claim)
    assert "It can be appealed until 22 Dec 2026, once" in said(app)
    app.button(key=f"incentive_{claim}_appeal_go").click().run()
    assert "Why is needed" in said(app)
    app.text_area(key=f"incentive_{claim}_appeal_note").set_value("It is of this car").run()
    app.button(key=f"incentive_{claim}_appeal_go").click().run()
    assert not app.exception
    assert house.status(claim) == "appealed"
    assert "It is of this car" in "\n".join(str(i.value) for i in opened("cora", incentive_open=claim).info)
    carl = opened("carl", incentive_open=claim)
    assert not [b for b in carl.button if b.key == f"incentive_{claim}_approve_go"]
