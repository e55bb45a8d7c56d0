"""No command of parts works in a wrong state, from a stale screen, out of scope or without permission."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from db.core.actor import Actor
from db.core.permissions import Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.parts.allocation_commands import confirm_allocation
from db.parts.claim_commands import file_claim
from db.parts.commands import COMMANDS, save_warehouse
from db.parts.flow import CLAIMS, ORDERS
from db.parts.line_commands import cancel_line, promise_lines, ship_line
from db.parts.order_commands import place_order
from db.parts.tables import PartsOrder
from tests.parts import factories as f
from tests.parts.test_queries import Desk, delivered
from tests.support.again import begun
from tests.support.users import actor_named, make_person

NOW = f.NOW
DAY = date(2026, 11, 23)
STATES = {
    "parts_order": "SELECT id, status, version, is_open FROM parts_order ORDER BY id",
    "parts_order_line": "SELECT id, shipped, cancelled, promises, version FROM parts_order_line ORDER BY id",
    "parts_claim": "SELECT id, status, version FROM parts_claim ORDER BY id",
    "parts_stock": "SELECT id, on_hand, version FROM parts_stock ORDER BY id",
    "parts_promise": "SELECT count(*) FROM parts_promise",
    "parts_shipment": "SELECT count(*) FROM parts_shipment",
    "parts_allocation": "SELECT count(*) FROM parts_allocation",
    "parts_warehouse": "SELECT id, name, version FROM parts_warehouse ORDER BY id",
    "notification": "SELECT count(*) FROM notification",
}


class House(Desk):
    """The desk with two more: one who only reads, and a coordinator of the West."""

    sal: Actor
    wes: Actor


@pytest.fixture
@begun
def quick(sqlite_engine):
    made = House(sqlite_engine)
    make_person(sqlite_engine, "sal", Role.SALES_LEADER)
    made.sal = actor_named(sqlite_engine, "sal")
    make_person(sqlite_engine, "wes", Role.COORDINATOR, scope_kind="regions", regions=["West"])
    made.wes = actor_named(sqlite_engine, "wes")
    return made


def stored(desk) -> dict[str, list[Any]]:
    with reading(desk.engine) as session:
        return {name: [tuple(row) for row in session.execute(text(sql))] for name, sql in STATES.items()}


def refused(desk, error: type[Exception], call: Callable[[], Any]) -> Any:
    """The error, once it is sure that nothing was stored."""
    before = stored(desk)
    with pytest.raises(error) as caught:
        call()
    assert stored(desk) == before
    return caught.value


# ---- steps of the two flows ----------------------------------------------------------------------------------------
INPUTS: dict[str, dict[str, Any]] = {
    "cancel": {"note": "Why"}, "cancel_open": {"note": "Why"}, "deny": {"reason_code": "late", "note": "Why"},
    "ask": {"note": "Why"}, "answer": {"note": "Why"}, "withdraw": {"note": "Why"},
}  # fmt: skip
STEPS = [("parts_orders", s) for s in ORDERS.steps] + [("parts_claims", s) for s in CLAIMS.steps]


def at_state(desk, flow: str, state: str) -> int:
    """An order or claim of Lone Pine in a state, come there through commands."""
    if flow == "parts_claims":
        claim = f.claimed(desk.engine, delivered(desk), actor=desk.dana)
        path: dict[str, list[tuple[str, Any]]] = {
            "sent_in": [], "asked": [("ask", desk.cora)], "credited": [("credit", desk.cora)],
            "replaced": [("replace", desk.cora)], "denied": [("deny", desk.cora)],
            "withdrawn": [("withdraw", desk.dana)],
        }  # fmt: skip
        for name, actor in path[state]:
            f.step(desk.engine, flow, name, claim, actor=actor, **INPUTS.get(name, {}))
        return claim
    f.part(desk.engine)
    order = desk.place()
    if state in ("confirmed", "closed"):
        f.step(desk.engine, flow, "confirm", order, actor=desk.cora)
    if state == "closed":
        f.shipped(desk.engine, order, 4, actor=desk.cora)
    if state == "cancelled":
        f.step(desk.engine, flow, "cancel", order, actor=desk.dana, note="Twice")
    return order


def wrong_states() -> Iterator[Any]:
    for flow, step in STEPS:
        for state in (ORDERS if flow == "parts_orders" else CLAIMS).states:
            if state.name not in step.sources:
                yield pytest.param(flow, step.name, state.name, id=f"{step.name} of {state.name}")


@pytest.mark.parametrize(("flow", "step", "state"), list(wrong_states()))
def test_no_step_is_taken_from_a_wrong_state(quick, flow, step, state):
    item = at_state(quick, flow, state)
    error = refused(
        quick, Refused, lambda: f.step(quick.engine, flow, step, item, actor=quick.mason, **INPUTS.get(step, {}))
    )
    assert error.problems[0].code == "wrong_state", error


@pytest.mark.parametrize(("flow", "step"), [pytest.param(w, s, id=s.name) for w, s in STEPS])
def test_no_step_is_taken_from_a_stale_screen_or_by_somebody_who_may_not(quick, flow, step):
    item = at_state(quick, flow, step.sources[0])
    inputs = INPUTS.get(step.name, {})

    def take(actor, **more):
        return lambda: f.step(quick.engine, flow, step.name, item, actor=actor, **inputs, **more)

    refused(quick, Stale, take(quick.mason, seen_version=999))
    refused(quick, Refused, take(quick.sal))
    refused(quick, NotFound, take(quick.wes))
    # A dealer who may take the step may not take it for another dealer; who may not is refused first.
    refused(quick, NotFound if quick.stella.can(step.permission) else Refused, take(quick.stella))
    with pytest.raises(NotFound):
        run(
            COMMANDS[flow][step.name], bind=quick.engine, item_id=999, seen_version=1, actor=quick.mason, now=NOW,
            **inputs,
        )  # fmt: skip


# ---- commands beside the flows -------------------------------------------------------------------------------------
def line_call(desk, name: str, order: int, *, actor: Any, version: int | None = None) -> Callable[[], Any]:
    line = f.line_of(desk.engine, order)
    seen = line.version if version is None else version
    calls: dict[str, Callable[[], Any]] = {
        "promise": lambda: run(
            promise_lines, bind=desk.engine, lines={line.id: seen}, promised_on=DAY + timedelta(days=3), cause="",
            reason="", actor=actor, now=NOW,
        ),
        "ship": lambda: run(
            ship_line, bind=desk.engine, line_id=line.id, seen_version=seen, quantity=1, warehouse="EAST",
            actor=actor, now=NOW,
        ),
        "cancel": lambda: run(
            cancel_line, bind=desk.engine, line_id=line.id, seen_version=seen, quantity=1, reason="Superseded",
            actor=actor, now=NOW,
        ),
    }  # fmt: skip
    return calls[name]


@pytest.mark.parametrize("name", ["promise", "ship", "cancel"])
def test_a_line_is_changed_as_seen_by_who_may_while_it_is_open(quick, name):
    f.part(quick.engine)
    order = quick.place()
    refused(quick, Stale, line_call(quick, name, order, actor=quick.cora, version=999))
    for actor in (quick.dana, quick.stella, quick.sal):
        refused(quick, Refused, line_call(quick, name, order, actor=actor))
    refused(quick, NotFound, line_call(quick, name, order, actor=quick.wes))
    line_call(quick, name, order, actor=quick.cora)()
    left = f.line_of(quick.engine, order)
    run(
        cancel_line, bind=quick.engine, line_id=left.id, seen_version=left.version, reason="Over", actor=quick.cora,
        quantity=left.ordered - left.shipped - left.cancelled, now=NOW,
    )  # fmt: skip
    error = refused(quick, Refused, line_call(quick, name, order, actor=quick.cora))
    assert error.problems[0].code == "wrong_state", error


def test_one_line_out_of_scope_stops_the_promise_of_all(quick):
    f.part(quick.engine, on_hand=50)
    own, other = f.line_of(quick.engine, quick.place()), f.line_of(quick.engine, quick.place("stella"))

    def promise(lines):
        return lambda: run(
            promise_lines, bind=quick.engine, lines=lines, promised_on=DAY + timedelta(days=3), cause="", reason="",
            actor=quick.wes, now=NOW,
        )  # fmt: skip

    refused(quick, NotFound, promise({own.id: own.version, other.id: other.version}))
    refused(quick, NotFound, promise({}))
    refused(quick, NotFound, promise({999: 1}))
    promise({other.id: other.version})()
    assert f.line_of(quick.engine, other.order_id).promises == 1


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ({"kind": "urgent"}, {"kind"}), ({"lines": []}, {"lines"}),
        ({"required_by": DAY - timedelta(days=1)}, {"required_by"}),
        ({"reference": "x" * 41}, {"reference"}), ({"kind": "vehicle_down", "note": " "}, {"note"}),
        ({"lines": [{"part": "BR-100", "quantity": 1}] * 201}, {"lines"}),
    ],
)  # fmt: skip
def test_a_wrong_order_says_what_is_wrong(quick, more, fields):
    f.part(quick.engine)
    given = {"dealer_id": quick.lone, "kind": "stock", "lines": [{"part": "BR-100", "quantity": 1}]} | more
    error = refused(
        quick, Refused, lambda: run(place_order, bind=quick.engine, actor=quick.dana, now=NOW, **given)
    )  # fmt: skip
    assert {p.field for p in error.problems} == fields


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ({"kind": "gone"}, {"kind"}), ({"quantity": 0}, {"quantity"}), ({"quantity": 5}, {"quantity"}),
        ({"received_on": None}, {"received_on"}), ({"received_on": DAY + timedelta(days=1)}, {"received_on"}),
        ({"received_on": DAY - timedelta(days=1)}, {"received_on"}), ({"description": " "}, {"description"}),
        ({"evidence": "x" * 201}, {"evidence"}),
    ],
)  # fmt: skip
def test_a_wrong_claim_says_what_is_wrong(quick, more, fields):
    order = delivered(quick)
    error = refused(quick, Refused, lambda: f.claimed(quick.engine, order, actor=quick.dana, **more))
    assert {p.field for p in error.problems} == fields


def test_what_was_not_shipped_cannot_be_claimed_and_others_deliveries_are_not_there(quick):
    f.part(quick.engine)
    order = quick.place()
    error = refused(quick, Refused, lambda: f.claimed(quick.engine, order, actor=quick.dana))
    assert [p.field for p in error.problems] == ["line_id"]
    f.shipped(quick.engine, order, 4, actor=quick.cora)
    refused(quick, NotFound, lambda: f.claimed(quick.engine, order, actor=quick.stella))
    refused(quick, Refused, lambda: f.claimed(quick.engine, order, actor=quick.sal))
    values: dict[str, Any] = {"kind": "shortage", "quantity": 1, "received_on": DAY, "description": "One is missing"}
    for line_id in (None, 999):
        refused(
            quick, NotFound,
            lambda line_id=line_id: run(  # type: ignore[misc]
                file_claim, bind=quick.engine, line_id=line_id, actor=quick.dana, now=NOW, **values
            ),
        )  # fmt: skip
    first = f.claimed(quick.engine, order, actor=quick.dana, form_key="k1")
    assert f.claimed(quick.engine, order, actor=quick.dana, form_key="k1") == first


def test_sharing_out_is_for_who_manages_and_for_what_is_there(quick):
    part = f.part(quick.engine, on_hand=1)
    order = quick.place()

    def confirm(actor, *, part_id=part, warehouse="EAST", stock=1, lines=None):
        line = f.line_of(quick.engine, order)
        seen = {line.id: line.version} if lines is None else lines
        return lambda: run(
            confirm_allocation, bind=quick.engine, part_id=part_id, warehouse=warehouse, seen_stock=stock,
            seen_lines=seen, actor=actor, now=NOW,
        )  # fmt: skip

    for actor in (quick.dana, quick.sal):
        refused(quick, Refused, confirm(actor))
    refused(quick, Stale, confirm(quick.cora, stock=999))
    refused(quick, Stale, confirm(quick.cora, lines={f.line_of(quick.engine, order).id: 999}))
    refused(quick, Exception, confirm(quick.cora, part_id=999))
    refused(quick, Exception, confirm(quick.cora, warehouse="MOON"))
    refused(quick, Exception, confirm(quick.wes))
    confirm(quick.cora)()
    assert f.line_of(quick.engine, order).shipped == 1


def test_a_warehouse_faces_each_region_once_and_is_saved_as_seen(quick):
    def save(actor=quick.cora, **more):
        values: dict[str, Any] = {"code": "east", "name": "East", "regions": ["East"], "seen_version": 0} | more
        return lambda: run(save_warehouse, bind=quick.engine, actor=actor, now=NOW, **values)

    refused(quick, Refused, save(quick.dana))
    save()()
    refused(quick, Stale, save())
    save(seen_version=1, name="East Coast")()
    error = refused(quick, Refused, save(code="west", regions=["East", "West"]))
    assert [p.message for p in error.problems] == ["East is served by EAST first."]
    error = refused(quick, Refused, save(code=" ", name=" ", regions=[]))
    assert {p.field for p in error.problems} == {"code", "name"}


def test_the_numbers_of_two_orders_placed_twice_stay_two(quick):
    f.part(quick.engine)
    for _ in range(2):
        quick.place(form_key="one")
        quick.place(form_key="two")
    with reading(quick.engine) as session:
        assert session.scalar(select(func.count()).select_from(PartsOrder)) == 2
