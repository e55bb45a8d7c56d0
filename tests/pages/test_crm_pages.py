"""Customers and vehicles as people use the pages: found, revealed, changed, merged, serviced, removed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

import db.catalog  # noqa: F401 - registers who keeps something of customers
from db.core.actor import system_actor
from db.core.permissions import Role
from db.core.session import engine, reading, run
from db.customers.customer_commands import change_customer, enter_customer
from db.customers.tables import Consent, Customer, CustomerMerge
from db.customers.vehicle_commands import enter_vehicle
from db.customers.vehicle_tables import Ownership, Purchase, ServiceVisit, Vehicle
from db.customers.visit_commands import enter_visit
from tests.support.again import begun
from tests.support.clock import clock_held
from tests.support.users import NOW, app_as, make_dealer, make_person

CUSTOMERS, CUSTOMER, VEHICLE = "pages/crm/customers.py", "pages/crm/customer.py", "pages/crm/vehicle.py"
SEED = system_actor("seed")
VIN = "1HGCM82633A004352"
LAST_YEAR = NOW.date() - timedelta(days=400)


def enter(name: str, phone: str, dealer: int, **other: Any) -> int:
    return int(run(enter_customer, dealer_id=dealer, name=name, phone=phone, actor=SEED, now=NOW, **other))


of_that_day = clock_held(NOW)


@pytest.fixture
@begun
def desk(app_database: str) -> dict[str, int]:
    """Jane of Lone Pine owns a Honda whose odometer fell; Sue belongs to North Star."""
    lone, star = make_dealer(engine()), make_dealer(engine(), code="0999", name="North Star", region="West")
    make_person(engine(), "omar", Role.COORDINATOR)
    make_person(engine(), "mia", Role.MANAGER)
    make_person(engine(), "leo", Role.SALES_LEADER)
    make_person(engine(), "dana", Role.DEALER_MANAGER, dealer_ids=[lone])
    make_person(engine(), "stan", Role.DEALER_STAFF, dealer_ids=[star])
    jane = enter("Jane Doe", "212-555-0143", lone, email="jane@mail.example", city="Albany", state="NY")
    sue = enter("Sue Own", "212-555-0177", star)
    car = run(enter_vehicle, vin=VIN, customer_id=jane, since=LAST_YEAR, actor=SEED, now=NOW)
    for number, (days, miles) in enumerate(((300, 40_000), (100, 31_000))):
        run(
            enter_visit, vehicle_id=car, dealer_id=lone, ro_number=f"R{number}", odometer_in=miles, customer_id=jane,
            opened_on=NOW.date() - timedelta(days=days), complaint="It rattles", actor=SEED, now=NOW,
        )  # fmt: skip
    return {"lone": lone, "star": star, "jane": jane, "sue": sue, "car": car}


def written(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.error, app.title, app.info, app.warning, app.subheader)
    tables = [str(one.value) for one in app.table]
    return "\n".join([one.value for kind in kinds for one in kind] + tables).replace("\\", "")


def opened(username: str, page: str, name: str, item_id: int) -> Any:
    app = app_as(username, page=page)
    app.query_params[name] = str(item_id)
    app.run()
    assert not app.exception, app.exception
    return app


def column(app: Any, name: str) -> list[str]:
    return list(app.dataframe[0].value[name])


# --------------------------------------------------------------------------------------------------------------- list
def test_customers_are_listed_found_and_masked_for_the_desk(desk: dict[str, int]):
    app = app_as("omar", page=CUSTOMERS)
    assert not app.exception
    assert column(app, "Name") == ["Sue Own", "Jane Doe"]
    assert column(app, "Phone") == ["••• 77", "••• 43"]
    app.text_input(key="crm_text").set_value("jane").run()
    assert column(app, "Name") == ["Jane Doe"]
    app.button(key="crm_clear").click().run()
    app.selectbox(key="crm_dealer").set_value(str(desk["star"])).run()
    assert column(app, "Name") == ["Sue Own"]


def test_a_dealer_sees_its_own_with_their_numbers(desk: dict[str, int]):
    app = app_as("dana", page=CUSTOMERS)
    assert column(app, "Name") == ["Jane Doe"]
    assert column(app, "Phone") == ["+12125550143"]


def test_a_sales_leader_cannot_look_for_a_name(desk: dict[str, int]):
    app = app_as("leo", page=CUSTOMERS)
    assert column(app, "Name") == ["S. O.", "J. D."]
    assert [one for one in app.text_input if one.key == "crm_text"] == []
    assert [one for one in app.button if one.key == "crm_nc_go"] == []


def test_a_customer_is_entered_and_a_refusal_keeps_what_was_typed(desk: dict[str, int]):
    app = app_as("dana", page=CUSTOMERS)
    app.text_input(key="crm_nc_name").set_value("Ann Lee")
    app.text_input(key="crm_nc_phone").set_value("12").run()
    app.button(key="crm_nc_go").click().run()
    assert "cannot be dialled" in written(app)
    assert app.text_input(key="crm_nc_name").value == "Ann Lee"
    app.text_input(key="crm_nc_phone").set_value("212-555-0188").run()
    app.button(key="crm_nc_go").click().run()
    with reading() as session:
        made = session.execute(select(Customer.name, Customer.dealer_id).order_by(Customer.id.desc())).first()
    assert made is not None
    assert tuple(made) == ("Ann Lee", desk["lone"])


# ----------------------------------------------------------------------------------------------------------- customer
def test_contact_data_is_shown_after_a_reason(desk: dict[str, int]):
    app = opened("omar", CUSTOMER, "customer", desk["jane"])
    assert "••• 43" in written(app)
    assert "+12125550143" not in written(app)
    app.radio(key="crm_reveal_reason").set_value("recall").run()
    app.button(key="crm_reveal_go").click().run()
    assert "+12125550143" in written(app)
    assert "Recall or safety notice" in written(app)
    assert "+12125550143" not in written(opened("mia", CUSTOMER, "customer", desk["jane"]))


def test_a_customer_of_another_dealer_is_not_found(desk: dict[str, int]):
    app = opened("dana", CUSTOMER, "customer", desk["sue"])
    assert "This customer was not found" in written(app)
    assert "Sue" not in written(app)
    for odd in ("x", "9" * 40, "-1"):
        app = app_as("dana", page=CUSTOMER)
        app.query_params["customer"] = odd
        assert "was not found" in written(app.run())


def test_two_people_change_the_same_field_and_the_second_chooses(desk: dict[str, int]):
    app = opened("dana", CUSTOMER, "customer", desk["jane"])
    app.button(key="crm_change").click().run()
    app.text_input(key="crm_city").set_value("Troy")
    app.text_input(key="crm_street").set_value("1 Elm").run()
    run(
        change_customer, customer_id=desk["jane"], original={"city": "Albany"}, changes={"city": "Utica"}, actor=SEED,
        now=NOW,
    )  # fmt: skip
    app.button(key="crm_save").click().run()
    assert "changed the same while you were typing" in written(app)
    assert "Utica" in written(app)
    assert app.text_input(key="crm_city").value == "Troy"
    with reading() as session:
        assert session.get_one(Customer, desk["jane"]).street == ""
    app.button(key="crm_mine").click().run()
    with reading() as session:
        row = session.get_one(Customer, desk["jane"])
        assert (row.city, row.street) == ("Troy", "1 Elm")


def test_consent_is_recorded_with_the_words_and_how(desk: dict[str, int]):
    app = opened("dana", CUSTOMER, "customer", desk["jane"])
    assert "No consent on record: do not text" in written(app)
    app.button(key="crm_consent_sms_yes").click().run()
    assert "Choose how the customer told you" in written(app)
    app.button_group(key="crm_consent_sms_source").set_value("form").run()
    app.button(key="crm_consent_sms_yes").click().run()
    assert "On a signed form" in written(app)
    with reading() as session:
        assert session.scalars(select(Consent.source)).all() == ["On a signed form"]


def test_a_vehicle_is_added_to_a_customer(desk: dict[str, int]):
    app = opened("stan", CUSTOMER, "customer", desk["sue"])
    app.text_input(key="crm_own_vin").set_value("1HGCM8").run()
    app.button(key="crm_own_go").click().run()
    assert "a VIN has 17" in written(app)
    app.text_input(key="crm_own_vin").set_value("5YJ3E1EA7KF317000").run()
    app.button(key="crm_own_go").click().run()
    with reading() as session:
        assert session.scalars(select(Ownership.customer_id).order_by(Ownership.id)).all() == [
            desk["jane"],
            desk["sue"],
        ]


def test_another_dealers_car_is_refused_without_a_word_about_its_owner(desk: dict[str, int]):
    app = opened("stan", CUSTOMER, "customer", desk["sue"])
    app.text_input(key="crm_own_vin").set_value(VIN).run()
    app.button(key="crm_own_go").click().run()
    said = written(app)
    assert "another owner on record" in said
    assert "Jane" not in said
    assert "Lone Pine" not in said


# --------------------------------------------------------------------------------------------------------- duplicates
def test_lookalikes_are_compared_merged_and_taken_apart_again(desk: dict[str, int]):
    pair = [
        enter(name, phone, desk["lone"], postal_code="12207", street="1 Elm")
        for name, phone in (("John Smith", "212-555-0111"), ("Jon Smyth", "212-555-0112"))
    ]
    app = app_as("omar", page=CUSTOMERS)
    app.segmented_control(key="crm_view").set_value("duplicates").run()
    assert column(app, "Why") == ["similar name and same postal code, same street"]
    app = opened("omar", CUSTOMER, "customer", pair[0])
    app.button(key=f"crm_pair_{pair[1]}").click().run()
    app.button(key="crm_pair_merge").click().run()
    assert "A reason is needed" in written(app)
    app.text_input(key="crm_pair_reason").set_value("Same person").run()
    app.button(key="crm_pair_merge").click().run()
    with reading() as session:
        merge_id = session.scalars(select(CustomerMerge.id)).one()
        assert session.get_one(Customer, pair[1]).merged_into_id == pair[0]
    assert "merged into another one" in written(opened("omar", CUSTOMER, "customer", pair[1]))
    app = opened("omar", CUSTOMER, "customer", pair[0])
    app.text_input(key=f"crm_unmerge_{merge_id}_reason").set_value("Father and son").run()
    app.button(key=f"crm_unmerge_{merge_id}_go").click().run()
    with reading() as session:
        assert session.get_one(Customer, pair[1]).merged_into_id is None


# ------------------------------------------------------------------------------------------------------------ removal
def test_only_managers_see_who_is_due(desk: dict[str, int]):
    for username, views in (("omar", 2), ("dana", 2), ("mia", 3)):
        assert len(app_as(username, page=CUSTOMERS).segmented_control(key="crm_view").options) == views
    assert [one.key for one in app_as("stan", page=CUSTOMERS).segmented_control if one.key == "crm_view"] == []


def test_a_manager_removes_what_is_due_after_looking(desk: dict[str, int]):
    old = NOW - timedelta(days=12 * 365)
    gone = run(
        enter_customer, dealer_id=desk["star"], name="Olaf Old", phone="212-555-0100", actor=SEED, now=old
    )  # fmt: skip
    app = app_as("mia", page=CUSTOMERS)
    app.segmented_control(key="crm_view").set_value("due").run()
    assert not app.exception
    assert column(app, "Name") == ["Olaf Old"]
    assert app.button(key="crm_purge_go").disabled
    app.checkbox(key="crm_purge_sure").check()
    app.text_input(key="crm_purge_reason").set_value("Yearly review").run()
    app.button(key="crm_purge_go").click().run()
    with reading() as session:
        assert session.get_one(Customer, gone).name == "Removed customer"
        assert session.get_one(Customer, desk["jane"]).name == "Jane Doe"
    assert "Nobody is due" in written(app.run())
    assert "Personal data removed" in written(opened("mia", CUSTOMER, "customer", gone))


# ------------------------------------------------------------------------------------------------------------ vehicle
def test_a_vehicle_shows_its_facts_owner_and_what_its_odometer_contradicts(desk: dict[str, int]):
    app = opened("dana", VEHICLE, "vehicle", desk["car"])
    said = written(app)
    assert "2003 Honda" in said
    assert VIN in said
    assert "The odometer fell by 9,000 miles" in said
    assert "Odometer to be reviewed" in said
    assert column(app, "Order") == ["R1", "R0"]


def test_a_visit_is_entered_in_three_actions(desk: dict[str, int]):
    """Open the form, type, save; the dealer, the day and the unit are there already."""
    app = opened("dana", VEHICLE, "vehicle", desk["car"])
    app.text_input(key="crm_visit_ro").set_value("r-900")
    app.number_input(key="crm_visit_in").set_value(41_500).run()
    app.button(key="crm_visit_go").click().run()
    with reading() as session:
        made = session.scalars(select(ServiceVisit).order_by(ServiceVisit.id.desc())).first()
        assert made is not None
        assert (made.ro_number, made.odometer_in, made.unit, made.dealer_id, made.customer_id) == (
            "R-900", 41_500, "mi", desk["lone"], desk["jane"],
        )  # fmt: skip
    app = opened("dana", VEHICLE, "vehicle", desk["car"])
    app.text_input(key="crm_visit_ro").set_value("R-900")
    app.number_input(key="crm_visit_in").set_value(41_600).run()
    app.button(key="crm_visit_go").click().run()
    assert "is on record at this dealer already" in written(app)
    assert app.text_input(key="crm_visit_ro").value == "R-900"


def test_another_dealer_does_not_find_the_vehicle_and_may_take_it_in(desk: dict[str, int]):
    app = opened("stan", VEHICLE, "vehicle", desk["car"])
    assert "This vehicle was not found" in written(app)
    app.text_input(key="crm_find_vin").set_value(VIN).run()
    assert "No vehicle of your customers has this VIN" in written(app)
    assert "Jane" not in written(app)
    app.text_input(key="crm_new_ro").set_value("S1")
    app.number_input(key="crm_new_in").set_value(42_000).run()
    app.button(key="crm_new_go").click().run()
    assert not app.exception
    app = opened("stan", VEHICLE, "vehicle", desk["car"])
    said = written(app)
    assert "2003 Honda" in said
    assert "An owner of another dealer" in said
    for secret in ("Jane", "Lone Pine", "rattles"):
        assert secret not in said
    assert column(app, "Order") == ["S1"]


def test_a_vehicle_is_corrected_in_the_drawer(desk: dict[str, int]):
    app = opened("dana", VEHICLE, "vehicle", desk["car"])
    app.button(key="crm_facts").click().run()
    app.text_input(key="crm_vf_plate").set_value("ABC 123").run()
    app.button(key="crm_vf_go").click().run()
    with reading() as session:
        assert session.get_one(Vehicle, desk["car"]).plate == "ABC 123"


def test_a_sales_leader_only_looks(desk: dict[str, int]):
    app = opened("leo", VEHICLE, "vehicle", desk["car"])
    assert "1HGCM8263••••••••" in written(app)
    assert [b.key for b in app.button if b.key in ("crm_visit_go", "crm_facts", "crm_owner_go")] == []
    app = opened("leo", CUSTOMER, "customer", desk["jane"])
    assert [b.key for b in app.button if b.key in ("crm_change", "crm_reveal_go", "crm_pair_merge")] == []


# ---------------------------------------------------------------------------------------------- purchases and product
def test_a_purchase_is_entered_on_the_customers_page(desk: dict[str, int]):
    app = opened("dana", CUSTOMER, "customer", desk["jane"])
    app.session_state["crm_buy_popup"] = True
    app.run()
    app.text_input(key="crm_buy_vin").set_value("5YJ3E1EA7KF317001").run()
    assert "Position 9 should be" in written(app)
    app.button(key="crm_buy_go").click().run()
    assert not app.exception
    with reading() as session:
        assert session.scalars(select(Purchase)).all() == []  # new or used was not said
    assert "New or used?" in written(app)
    app.get("button_group")
    app.session_state["crm_buy_condition"] = "used"
    app.button(key="crm_buy_go").click().run()
    assert not app.exception
    with reading() as session:
        bought = session.scalars(select(Purchase)).one()
        assert (bought.customer_id, bought.condition, bought.dealer_id) == (desk["jane"], "used", desk["lone"])


def test_an_ownership_is_ended_on_the_vehicles_page(desk: dict[str, int]):
    app = opened("dana", VEHICLE, "vehicle", desk["car"])
    with reading() as session:
        period = session.scalars(select(Ownership)).one().id
    app.session_state[f"crm_end_{period}_popup"] = True
    app.run()
    app.button(key=f"crm_end_{period}_go").click().run()
    assert not app.exception
    with reading() as session:
        assert session.get_one(Ownership, period).until is not None


def test_a_manager_adds_a_product_line(desk: dict[str, int]):
    app = app_as("mia", page="pages/leads/routing.py")
    app.session_state["pl_0_popup"] = True
    app.run()
    app.text_input(key="pl_0_name").set_value("Trucks").run()
    app.text_area(key="pl_0_models").set_value("Tundra\nTacoma").run()
    app.button(key="pl_0_save").click().run()
    assert not app.exception
    assert "Trucks" in written(app)
    assert "Tundra, Tacoma" in written(app)


def test_a_dealers_customers_are_a_tab_of_its_page(desk: dict[str, int]):
    app = app_as("omar", page="pages/network/dealer.py")
    app.query_params["dealer"] = str(desk["lone"])
    app.query_params["tab"] = "customers"
    app.run()
    assert not app.exception
    assert "Odometer to be reviewed: 2003 Honda" in written(app)
