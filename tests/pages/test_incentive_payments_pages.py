"""The pages of incentive payments and reconciliation as finance, a coordinator and dealers use them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text

from db.core.session import engine, reading
from db.incentives.recon_tables import Reconciliation
from db.incentives.tables import IncentiveClaim, SaleReport
from tests.incentives.paying import LATER, PayHouse
from tests.support.again import begun
from tests.support.clock import clock_held
from tests.support.users import app_as

PAY, RECON = "pages/incentives/payments.py", "pages/incentives/reconciliation.py"

of_that_day = clock_held(LATER)


@pytest.fixture
@begun
def house(app_database: object) -> PayHouse:
    found = PayHouse(engine())
    found.program = found.publish()
    found.claims = [found.approved(), found.approved(), found.approved(dealer_id=found.other_dealer)]
    return found


def written(app: Any) -> str:
    """Everything the page says, tables included."""
    kinds = (app.markdown, app.caption, app.error, app.title, app.subheader, app.metric)
    said = " ".join(str(e.value) for kind in kinds for e in kind).replace("\\", "")
    return said + " ".join(str(frame.value.to_dict("list")) for frame in app.dataframe)


def view(app: Any, name: str, key: str = "ip_view") -> Any:
    app.button_group(key=key).set_value(name).run()
    assert not app.exception
    return app


def click(app: Any, key: str) -> Any:
    app.button(key=key).click().run()
    assert not app.exception
    return app


def code_of(house: PayHouse, dealer_id: int) -> str:
    with reading(house.engine) as session:
        return str(session.scalar(text("SELECT code FROM dealer WHERE id = :d"), {"d": dealer_id}))


def vin(house: PayHouse, number: int) -> dict[str, str]:
    claim = house.row(IncentiveClaim, house.claims[number])
    return {"program": "CASH-11", "vin": house.row(SaleReport, claim.sale_id).vin}


def test_finance_pays_everything_in_two_actions(house):
    app = view(app_as("finn", page=PAY), "new")  # the first action
    assert app.button(key="ip_go").label.replace("\\", "") == "Pay $1,500"
    click(app, "ip_go")  # the second
    assert [t.value for t in app.toast] == ["$1,500 paid."]
    assert house.memos() == [(house.dealer, 1_000_00), (house.other_dealer, 500_00)]
    assert "IB-000001" in written(app)
    assert "There is nothing to pay" in written(view(app, "new"))
    assert "IM-000002" in written(view(app, "memos"))
    assert "Everything is paid" in written(view(app, "payable"))


def test_part_of_an_account_is_paid_and_the_rest_stays(house):
    app = view(app_as("finn", page=PAY), "new")
    app.session_state["ip_open"] = ("account", (house.program, house.dealer, "2026-11"))
    app.run()
    name = f"ip_amount_{house.program}_{house.dealer}_2026-11"
    app.text_input(key=name).set_value("99999").run()
    click(app, f"{name}_go")
    assert "Between $0 and $1,000 can be authorized" in written(app)
    app.text_input(key=name).set_value("700").run()
    click(app, f"{name}_go")
    assert app.button(key="ip_go").label.replace("\\", "") == "Pay $1,200"
    assert "Not authorized this time; stays payable" in written(app)
    click(app, "ip_go")
    assert (house.memos()[0], house.owed()) == ((house.dealer, 700_00), 300_00)


def test_a_sum_that_changed_is_not_paid_and_the_new_one_is_shown(house):
    app = view(app_as("finn", page=PAY), "new")
    house.approved()
    click(app, "ip_go")
    assert house.memos() == []
    assert "changed to $2,000 for 4 claims" in written(app)
    click(app, "ip_go")
    assert house.memos() == [(house.dealer, 1_500_00), (house.other_dealer, 500_00)]


@pytest.mark.parametrize("who", ["cora", "dora"])
def test_who_may_not_pay_has_no_way_to(house, who):
    app = app_as(who, page=PAY)
    assert not app.exception
    assert "CASH-11" in written(app)
    assert "New payment" not in app.button_group(key="ip_view").options
    app.session_state["ip_view"] = "new"
    app.run()
    assert not [b for b in app.button if b.key == "ip_go"]


def test_a_dealer_sees_only_its_own(house):
    house.pay(amounts={(house.program, house.dealer, "2026-11"): 600_00})
    app = app_as("otto", page=PAY)
    assert "Everything is paid" in written(app)
    for name in ("batches", "memos"):
        said = written(view(app, name))
        assert "$500" in said, name
        assert not [x for x in ("Lone Pine", "$600", "$1,100") if x in said], name
    app.session_state["ip_open"] = ("memo", 1)
    app.run()
    assert [e.value for e in app.error] == ["This credit memo was not found."]


def test_finance_reconciles_and_closes_at_zero(house):
    house.pay()
    mine, other = code_of(house, house.dealer), code_of(house, house.other_dealer)
    house.take_file(
        ("T1", mine, "500.00", vin(house, 0)), ("T2", mine, "480.00", vin(house, 1)), ("T3", "99999", "12.34", {}),
        ("T4", other, "500.00", {"memo": "IM-000002"}),
    )  # fmt: skip
    app = app_as("finn", page=RECON)
    assert "Nothing is being reconciled" in written(app)
    click(app, "ir_begin")
    said = written(app)
    assert "RC-000001" in said
    assert "$32.34" in said
    assert app.button(key="ir_close").disabled
    for match_id in list(house.ids()):
        app.session_state["ir_open"] = match_id
        app.run()
        click(app, f"ir_one_{match_id}_go")
        assert "Choose a reason" in written(app)
        app.selectbox(key=f"ir_one_{match_id}_reason").set_value("bank_error").run()
        click(app, f"ir_one_{match_id}_go")
    assert "Nothing is left to explain" in written(app)
    click(app, "ir_close")
    assert house.row(Reconciliation, 1).closed_by == house.finn.name
    assert "nothing unexplained" in written(app)
    assert "RC-000001" in written(view(app, "earlier", "ir_view"))
    assert "agree everywhere" in written(view(app, "accounts", "ir_view"))
    app.button_group(key="ir_which").set_value("all").run()
    assert "$1,000" in written(app)
    house.agrees()


def test_a_reason_is_taken_back_and_matched_again(house):
    house.pay()
    house.take_file(("T3", "99999", "12.34", {}))
    house.reconcile()
    app = app_as("finn", page=RECON)
    (match_id,) = house.ids()
    app.session_state["ir_open"] = match_id
    app.run()
    app.selectbox(key=f"ir_one_{match_id}_reason").set_value("bank_error").run()
    click(app, f"ir_one_{match_id}_go")
    app.session_state["ir_open"] = match_id
    app.run()
    click(app, f"ir_back_{match_id}")
    assert list(house.ids()) == [match_id]
    app.session_state["ir_open"] = None
    app.run()
    click(app, "ir_again")
    assert len(house.ids()) == 1
    with reading(house.engine) as session:
        assert session.scalar(select(Reconciliation.version)) == 4


@pytest.mark.parametrize("who", ["finn", "dora"])
def test_a_memo_offers_its_paper_and_says_what_is_paid_later(house, who):
    house.pay(amounts={(house.program, house.dealer, "2026-11"): 600_00})
    app = app_as(who, page=PAY)
    app.session_state["ip_open"] = ("memo", 1)
    app.run()
    assert not app.exception
    assert "Credit memo (PDF)" in [b.label for b in app.get("download_button")]
    assert "$400 of what was owed stays payable" in written(app)


@pytest.mark.parametrize("who", ["cora", "mason", "dora"])
def test_nobody_else_opens_the_reconciliation(house, who):
    app = app_as(who, page=RECON)
    assert "You have no access to this page" in written(app)


def test_the_file_is_brought_in_on_the_page(house):
    house.pay()
    app = view(app_as("finn", page=RECON), "file", "ir_view")
    row = f"T1,{code_of(house, house.dealer)},1000.00,2026-12-13,IM-000001"
    app.file_uploader[0].upload(
        "bank.csv", f"Reference,Dealer code,Amount,Paid on,Credit memo\n{row}\n".encode(), "text/csv"
    ).run()
    assert not app.exception
    assert "What would happen" in written(app)
    click(app, "ir_up_import_go")
    assert "Imported as batch" in written(app)


def test_my_work_names_what_waits_for_finance(house):
    house.pay(amounts={(house.program, house.dealer, "2026-11"): 600_00})
    house.take_file(("T3", "99999", "12.34", {}))
    house.reconcile()
    app = app_as("finn", page="pages/work/my_work.py")
    said = written(app)
    assert "Pay $400 of incentives" in said
    assert "Orphan: $12.34" in said
