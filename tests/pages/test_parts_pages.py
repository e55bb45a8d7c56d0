"""Orders, backorders and claims of parts, used as people use the pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from db.core.permissions import Role
from db.core.session import engine
from tests.parts import factories as f
from tests.support.again import begun
from tests.support.users import actor_named, app_as, make_dealer, make_person


@pytest.fixture
@begun
def desk(app_database: str) -> dict[str, int]:
    made = {"lone": make_dealer(engine()), "star": make_dealer(engine(), code="0999", name="North Star", region="West")}
    make_person(engine(), "cora", Role.COORDINATOR)
    make_person(engine(), "mason", Role.MANAGER)
    make_person(engine(), "dana", Role.DEALER_MANAGER)  # of the dealer lone
    made["part"] = f.part(engine(), on_hand=5, forecast_3=20, shortfall=15)
    return made


def now() -> datetime:
    return datetime.now(UTC)


def order(dealer_id: int, **more: Any) -> int:
    return f.placed(engine(), dealer_id=dealer_id, actor=actor_named(engine(), "cora"), **({"now": now()} | more))


def written(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.error, app.warning, app.title, app.toast)
    return "\n".join(one.value for kind in kinds for one in kind).replace("\\", "")


def opened(username: str, page: str, **query: str) -> Any:
    app = app_as(username)
    app.switch_page(f"pages/parts/{page}.py")
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    return app


# ---- backorders ----------------------------------------------------------------------------------------------------
def test_what_is_late_stands_with_vehicles_first(desk):
    order(desk["lone"], now=now() - timedelta(days=10))
    order(desk["star"], kind="vehicle_down", lines={"BR-100": 1})
    app = opened("cora", "backorders")
    assert app.dataframe[0].value["Dealer"].tolist() == ["North Star", "Lone Pine Motors"]
    assert {m.label: m.value for m in app.metric}["0–3 days"] == "1"
    assert "1 unit · weight 5" in written(app)
    app.button(key="bo_show_8–14").click().run()
    assert app.dataframe[0].value["Dealer"].tolist() == ["Lone Pine Motors"]


def test_a_dealer_sees_the_own_lines_only_and_may_not_promise(desk):
    own, other = order(desk["lone"]), order(desk["star"])
    app = opened("dana", "backorders")
    assert app.dataframe[0].value["Dealer"].tolist() == ["Lone Pine Motors"]
    assert "North Star" not in written(app)
    assert "Nothing is late." not in written(app)
    line = f.line_of(engine(), own)
    app = opened("dana", "backorders", line=str(line.id))
    assert "No day was promised yet." in written(app)
    assert not [b for b in app.button if b.key.startswith("pl_")]
    for wanted in (f.line_of(engine(), other).id, 999):
        app = opened("dana", "backorders", line=str(wanted))
        assert "was not found." in written(app)
    (views,) = [g for g in app.get("button_group") if g.key == "bo_view"]
    assert [str(o.content) for o in views.proto.options] == ["Late lines", "Slips", "Fill rates"]


def test_a_day_is_promised_and_a_slip_needs_who_and_why(desk):
    line = f.line_of(engine(), order(desk["lone"]))
    app = opened("cora", "backorders", line=str(line.id))
    app.button(key=f"pl_promise_{line.id}").click().run()
    assert "Choose the day it will be there." in written(app)
    first = now().date() + timedelta(days=3)
    app.date_input(key=f"pl_promised_on_{line.id}").set_value(first).run()
    app.button(key=f"pl_promise_{line.id}").click().run()
    assert not app.exception
    assert f.line_of(engine(), line.order_id).promised_on == first
    app = opened("cora", "backorders", line=str(line.id))
    app.date_input(key=f"pl_promised_on_{line.id}").set_value(first + timedelta(days=4)).run()
    app.button(key=f"pl_promise_{line.id}").click().run()
    assert "Say who is late" in written(app)
    (who,) = [g for g in app.get("button_group") if g.key == f"pl_cause_{line.id}"]
    who.set_value("supplier").run()
    app.text_area(key=f"pl_reason_{line.id}").set_value("Strike").run()
    app.button(key=f"pl_promise_{line.id}").click().run()
    assert not app.exception
    stored = f.line_of(engine(), line.order_id)
    assert (stored.first_promised_on, stored.promised_on) == (first, first + timedelta(days=4))


def slipped(dealer_id: int) -> int:
    """An order whose promise slipped by four days, because of the supplier; gives its id."""
    order_id, cora = order(dealer_id), actor_named(engine(), "cora")
    day = now().date() + timedelta(days=3)
    f.promised(engine(), order_id, day, actor=cora, now=now())
    f.promised(
        engine(), order_id, day + timedelta(days=4), actor=cora, now=now(), cause="supplier", reason="Strike"
    )  # fmt: skip
    return order_id


def test_slips_are_listed_by_line_and_lead_to_it(desk):
    slipped(desk["lone"])
    slipped(desk["star"])
    app = opened("cora", "backorders", bo_view="slips")
    assert {m.label: m.value for m in app.metric} == {"Supplier late": "2"}
    assert app.dataframe[0].value["Dealer"].tolist() == ["North Star", "Lone Pine Motors"]
    assert app.dataframe[0].value["Slip"].tolist() == [4, 4]
    app.button(key="bo_cause_supplier").click().run()
    assert app.dataframe[0].value["Why"].tolist() == ["Strike", "Strike"]
    own = opened("dana", "backorders", bo_view="slips")
    assert own.dataframe[0].value["Dealer"].tolist() == ["Lone Pine Motors"]
    assert {m.label: m.value for m in own.metric} == {"Supplier late": "1"}
    assert "North Star" not in written(own)
    assert "No promise slipped." in written(opened("cora", "backorders", bo_view="slips", bo_kind="vehicle_down"))


def test_fill_rates_are_split_and_a_dealer_sees_the_own_only(desk):
    order(desk["lone"])
    order(desk["star"])
    app = opened("cora", "backorders", bo_view="fill", bo_by="dealer")
    # No warehouse is set up to face a region, so its stock covers nothing of anybody's.
    assert {m.label: m.value for m in app.metric} == {
        "Line fill": "50.0%", "Unit fill": "62.5%", "Line fill, facing": "0.0%", "Unit fill, facing": "0.0%",
    }  # fmt: skip
    assert app.dataframe[0].value["Line fill"].tolist() == ["0.0%", "100.0%"]
    assert app.dataframe[0].value["Dealer"].tolist() == ["North Star", "Lone Pine Motors"]
    own = opened("dana", "backorders", bo_view="fill")
    assert {m.label: m.value for m in own.metric}["Line fill"] == "100.0%"
    assert own.dataframe[0].value["Lines"].tolist() == [1]
    assert "No order of this period had a stock figure." in written(
        opened("dana", "backorders", bo_view="fill", bo_kind="vehicle_down")
    )


def test_a_line_is_shipped_from_the_drawer(desk):
    line = f.line_of(engine(), order(desk["lone"]))
    app = opened("cora", "backorders", line=str(line.id))
    (what,) = [g for g in app.get("button_group") if g.key == f"pl_do_{line.id}"]
    what.set_value("ship").run()
    app.button(key=f"pl_ship_{line.id}").click().run()
    assert not app.exception
    assert f.order_of(engine(), line.order_id).status == "closed"
    assert f.on_hand(engine(), desk["part"]) == 1


def test_a_short_part_is_shared_out_with_reasons(desk):
    lone = order(desk["lone"], lines={"BR-100": 6})
    down = order(desk["star"], kind="vehicle_down", lines={"BR-100": 2})
    app = opened("cora", "backorders", bo_view="allocate")
    shares = app.dataframe[0].value
    assert dict(zip(shares["Dealer"], shares["Gets"], strict=True)) == {"North Star": 2, "Lone Pine Motors": 3}
    assert all(shares["Why"])
    app.button(key="pa_confirm").click().run()
    assert not app.exception
    assert f.order_of(engine(), down).status == "closed"
    assert f.line_of(engine(), lone).shipped == 3
    assert "No part is short with units on hand." in written(app)


def test_stock_at_risk_says_why(desk):
    app = opened("cora", "backorders", bo_view="risk")
    assert app.dataframe[0].value["Short"].tolist() == [15]
    assert "15 short: 5 on hand" in app.dataframe[0].value["Why"].tolist()[0]


# ---- orders --------------------------------------------------------------------------------------------------------
def test_an_order_is_confirmed_in_its_drawer(desk):
    order_id = order(desk["lone"])
    app = opened("cora", "parts_orders", order=str(order_id))
    assert app.dataframe[0].value["Dealer"].tolist() == ["Lone Pine Motors"]
    assert app.dataframe[1].value["Part"].tolist() == ["BR-100"]
    app.button(key=f"po_{order_id}_confirm_go").click().run()
    assert not app.exception
    assert f.order_of(engine(), order_id).status == "confirmed"
    assert "No order matches." in written(opened("cora", "parts_orders", po_view="placed"))


def test_a_dealer_places_an_order_and_sees_the_own_only(desk):
    other = order(desk["star"])
    app = opened("dana", "parts_orders")
    assert "No order matches." in written(app)
    app.button(key="po_new").click().run()
    app.button(key="poe_save").click().run()
    assert "Enter at least one part." in written(app)
    grid = f"poe_lines_{app.session_state['parts_entry_open']}"
    typed = {"edited_rows": {0: {"Part": "NO-1", "Units": 1}}, "added_rows": [], "deleted_rows": []}
    app.session_state[grid] = typed
    app.button(key="poe_save").click().run()
    assert "Line 1: There is no part NO-1." in written(app)
    app.session_state[grid] = typed | {"edited_rows": {0: {"Part": "br-100", "Units": 3}}}
    app.button(key="poe_save").click().run()
    assert not app.exception
    app = opened("dana", "parts_orders")
    assert app.dataframe[0].value["Amount"].tolist() == ["375.00"]
    assert app.dataframe[0].value["Dealer"].tolist() == ["Lone Pine Motors"]
    app = opened("dana", "parts_orders", order=str(other))
    assert "was not found." in written(app)
    assert "North Star" not in written(app)


def test_an_ended_order_says_why(desk):
    order_id = order(desk["lone"])
    f.step(engine(), "parts_orders", "cancel", order_id, actor=actor_named(engine(), "dana"), now=now(), note="Twice")
    app = opened("dana", "parts_orders", po_view="done", order=str(order_id))
    assert app.dataframe[0].value["Status"].tolist() == [["Cancelled"]]
    assert "Twice" in str([t.value for t in app.table])


# ---- claims --------------------------------------------------------------------------------------------------------
def delivered(dealer_id: int) -> int:
    order_id = order(dealer_id)
    f.shipped(engine(), order_id, 1, actor=actor_named(engine(), "cora"), now=now())
    return order_id


def claim(dealer_id: int, who: str = "mason") -> int:
    return f.claimed(
        engine(), delivered(dealer_id), actor=actor_named(engine(), who), now=now(),
        received_on=now().astimezone(ZoneInfo("America/New_York")).date(),
    )  # fmt: skip


def test_a_dealer_claims_a_delivery(desk):
    order_id = delivered(desk["lone"])
    app = opened("dana", "parts_claims")
    assert "No claim matches." in written(app)
    app.button(key="pc_new").click().run()
    app.text_input(key="pcf_order").set_value(f.order_of(engine(), order_id).number).run()
    app.button(key="pcf_save").click().run()
    assert "Choose what is wrong with the delivery." in written(app)
    (kind,) = [g for g in app.get("button_group") if g.key == "pcf_kind"]
    kind.set_value("shortage").run()
    app.number_input(key="pcf_quantity").set_value(1)
    app.date_input(key="pcf_received_on").set_value(now().astimezone(ZoneInfo("America/New_York")).date())
    app.text_area(key="pcf_description").set_value("One is missing").run()
    app.button(key="pcf_save").click().run()
    assert not app.exception
    app = opened("dana", "parts_claims")
    assert app.dataframe[0].value["What is wrong"].tolist() == ["Shortage"]
    assert app.dataframe[0].value["Amount"].tolist() == ["125.00"]


def test_a_claim_is_credited_by_somebody_else(desk):
    claim_id = claim(desk["lone"])
    assert not [
        b for b in opened("mason", "parts_claims", claim=str(claim_id)).button if b.key == f"pc_{claim_id}_credit_go"
    ]
    app = opened("cora", "parts_claims", claim=str(claim_id))
    app.button(key=f"pc_{claim_id}_credit_go").click().run()
    assert not app.exception
    assert f.claim_of(engine(), claim_id).status == "credited"
    done = opened("cora", "parts_claims", pc_view="done")
    assert done.dataframe[0].value["Credited"].tolist() == ["125.00"]


def test_another_dealers_claim_is_not_there(desk):
    other = claim(desk["star"])
    app = opened("dana", "parts_claims", claim=str(other))
    assert "was not found." in written(app)
    assert "No claim matches." in written(app)
    assert "North Star" not in written(app)
    app.button(key="pc_new").click().run()
    app.text_input(key="pcf_order").set_value("PO-000001").run()
    assert "Nothing was shipped of an order with this number." in written(app)
