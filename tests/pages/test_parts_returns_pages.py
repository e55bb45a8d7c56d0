"""The page of old parts as the people who use it see it."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import pytest

from db.core.permissions import Role
from db.core.session import engine
from tests.part_returns.factories import at, row_of
from tests.support.again import begun
from tests.support.users import actor_named, app_as, make_dealer, make_person

PAGE = "pages/claims/parts_returns.py"


@pytest.fixture
@begun
def house(app_database: object) -> int:
    dealer = make_dealer(engine())
    other = make_dealer(engine(), code="04013", name="Oak Motors")
    make_person(engine(), "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[dealer])
    make_person(engine(), "otto", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[other])
    make_person(engine(), "cora", Role.COORDINATOR)
    make_person(engine(), "max", Role.MANAGER)
    return dealer


def part(house: int, state: str, **more: Any) -> int:
    return at(engine(), state, dealer_id=house, actor=actor_named(engine(), "dora"), ours=actor_named(engine(), "cora"),
              **more)  # fmt: skip


def written(app: Any) -> str:
    """Everything the page says."""
    kinds = (app.markdown, app.caption, app.error, app.warning, app.title, app.toast)
    return " ".join(str(e.value) for kind in kinds for e in kind).replace("\\", "")


def shown(app: Any) -> str:
    """Everything in its tables."""
    return str([frame.value.to_dict("list") for frame in app.dataframe])


def test_nothing_there(house):
    app = app_as("cora", page=PAGE)
    assert not app.exception
    assert "No old part is kept or waited for" in written(app)


def test_the_dealer_ships_a_part_in_its_drawer(house):
    item = part(house, "requested")
    app = app_as("dora", page=PAGE)
    assert "RMA-000001" in shown(app)
    app.session_state["pr_open"] = item
    app.run()
    assert not app.exception
    app.button(key=f"pr_{item}_ship_go").click().run()
    assert "Carrier is needed" in written(app)
    app.text_input(key=f"pr_{item}_ship_carrier").set_value("UPS")
    app.button(key=f"pr_{item}_ship_go").click().run()
    assert not app.exception
    assert row_of(engine(), item).status == "shipped"


def test_several_parts_go_in_one_box(house):
    one = part(house, "requested")
    two = part(house, "requested", key="f2", ro_number="RO-2", vin="1M8GDM9AXKP042788")
    app = app_as("dora", page=PAGE)
    frame = f"pr_table_{crc32(repr([one, two]).encode()):08x}"
    app.session_state[frame] = {"selection": {"rows": [0, 1], "columns": [], "cells": []}}
    app.run()
    app.text_input(key="pr_ship_carrier").set_value("UPS")
    app.button(key="pr_ship_go").click().run()
    assert not app.exception
    assert [row_of(engine(), i).status for i in (one, two)] == ["shipped", "shipped"]


def test_we_receive_a_box_and_are_told_what_was_left_out(house):
    item = part(house, "shipped")
    app = app_as("cora", page=PAGE)
    app.button(key="pr_receive_go").click().run()
    assert "Scan or type at least one RMA number" in written(app)
    app.text_area(key="pr_numbers").set_value("rma 1\nRMA-000044").run()
    app.button(key="pr_receive_go").click().run()
    assert not app.exception
    assert row_of(engine(), item).status == "received"
    assert "RMA-000044: There is no such RMA number" in written(app)


def test_we_inspect_in_the_drawer(house):
    item = part(house, "received")
    app = app_as("cora", page=PAGE)
    app.session_state["pr_open"] = item
    app.run()
    app.button_group(key=f"pr_{item}_inspect_finding").set_value("not_defect")
    app.button_group(key=f"pr_{item}_inspect_then").set_value("later")
    app.text_area(key=f"pr_{item}_inspect_note").set_value("Within tolerance.")
    app.button(key=f"pr_{item}_inspect_go").click().run()
    assert not app.exception
    row = row_of(engine(), item)
    assert (row.status, row.finding) == ("inspected", "not_defect")


def test_another_dealer_sees_nothing_of_it(house):
    item = part(house, "requested")
    app = app_as("otto", page=PAGE)
    assert "RMA-000001" not in shown(app)
    app.session_state["pr_open"] = item
    app.run()
    assert "was not found" in written(app)
    assert "pr_receive_go" not in [b.key for b in app.button]


def test_a_manager_changes_the_rule(house):
    app = app_as("max", page=PAGE)
    app.button(key="pr_rule_see").click().run()
    assert "Parts from $500.00 on are sent in" in written(app)
    app.text_input(key="pr_rule_scrap_below_cents").set_value("600")
    app.button(key="pr_rule_go").click().run()
    assert "The reason is needed" in written(app)
    app.text_area(key="pr_rule_reason").set_value("Fewer boxes.")
    app.button(key="pr_rule_go").click().run()
    assert "Not less than the amount below which" in written(app)
    app.text_input(key="pr_rule_return_from_cents").set_value("900")
    app.button(key="pr_rule_go").click().run()
    assert not app.exception
    app.button(key="pr_rule_see").click().run()
    assert "Parts from $900.00 on are sent in" in written(app)


def test_a_coordinator_reads_the_rule_only(house):
    app = app_as("cora", page=PAGE)
    app.button(key="pr_rule_see").click().run()
    assert "Everything else the dealer keeps" in written(app)
    assert "pr_rule_go" not in [b.key for b in app.button]
