"""The life of orders, allocations and claims of parts, and what the lists and figures say of them, to whom."""

from __future__ import annotations

from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from db.core.permissions import Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.parts.allocation_commands import confirm_allocation
from db.parts.allocation_queries import allocation_lines, propose, short_parts
from db.parts.backorder_queries import (
    BackorderFilters,
    ageing,
    get_line,
    list_backorders,
    promises_of,
    stock_of,
    stock_risks,
    waiting_for,
)
from db.parts.fill_queries import fill_rates
from db.parts.line_commands import cancel_line, promise_lines, ship_line
from db.parts.order_queries import (
    OrderFilters,
    count_orders,
    found_orders,
    get_order,
    list_orders,
    work_counts,
    work_lines,
)
from db.parts.tables import PartsShipment
from tests.parts import factories as f
from tests.support.again import begun
from tests.support.users import actor_named, make_dealer, make_person

NOW = f.NOW
DAY = date(2026, 11, 23)


class Desk:
    """Two dealers, a coordinator, a manager and the manager of the first dealer."""

    def __init__(self, engine):
        self.engine = engine
        self.lone = make_dealer(engine)
        self.star = make_dealer(engine, code="0999", name="North Star", region="West")
        make_person(engine, "cora", Role.COORDINATOR)
        make_person(engine, "mason", Role.MANAGER)
        make_person(engine, "dana", Role.DEALER_MANAGER)
        make_person(engine, "stella", Role.DEALER_MANAGER, dealer_ids=[self.star])
        self.cora, self.mason = actor_named(engine, "cora"), actor_named(engine, "mason")
        self.dana, self.stella = actor_named(engine, "dana"), actor_named(engine, "stella")

    def place(self, who="dana", **more):
        actor = getattr(self, who)
        dealer = self.star if who == "stella" else self.lone
        return f.placed(self.engine, dealer_id=more.pop("dealer_id", dealer), actor=actor, **more)

    def ask(self, query, **more):
        with reading(self.engine) as session:
            return query(session, **more)


@pytest.fixture
@begun
def desk(engine):
    return Desk(engine)


@pytest.fixture
@begun
def quick(sqlite_engine):
    return Desk(sqlite_engine)


# ---- the life of an order ------------------------------------------------------------------------------------------
def test_placed_confirmed_promised_slipped_shipped(desk):
    part = f.part(desk.engine)
    order = desk.place()
    assert (f.order_of(desk.engine, order).status, f.order_of(desk.engine, order).total_cents) == (
        "placed",
        4 * f.PRICE,
    )
    f.step(desk.engine, "parts_orders", "confirm", order, actor=desk.cora)
    assert f.order_of(desk.engine, order).status == "confirmed"
    f.promised(desk.engine, order, DAY + timedelta(days=2), actor=desk.cora)
    with pytest.raises(Refused) as refused:
        f.promised(desk.engine, order, DAY + timedelta(days=9), actor=desk.cora)
    assert {p.field for p in refused.value.problems} == {"cause", "reason"}
    f.promised(desk.engine, order, DAY + timedelta(days=9), actor=desk.cora, cause="supplier", reason="Strike")
    f.promised(desk.engine, order, DAY + timedelta(days=8), actor=desk.cora)
    line = f.line_of(desk.engine, order)
    assert (line.first_promised_on, line.promised_on, line.promises) == (
        DAY + timedelta(days=2), DAY + timedelta(days=8), 3,
    )  # fmt: skip
    said = desk.ask(promises_of, line_id=line.id, actor=desk.dana)
    assert [(p.position, p.slip_last, p.slip_first, p.cause) for p in said] == [
        (1, 0, 0, "first"), (2, 7, 7, "supplier"), (3, -1, 6, "earlier"),
    ]  # fmt: skip
    assert desk.ask(promises_of, line_id=line.id, actor=desk.stella) == []
    f.shipped(desk.engine, order, 3, actor=desk.cora)
    assert f.order_of(desk.engine, order).is_open
    f.shipped(desk.engine, order, 1, actor=desk.cora)
    assert f.order_of(desk.engine, order).status == "closed"
    assert f.on_hand(desk.engine, part) == 6
    shown = desk.ask(get_order, item_id=order, actor=desk.dana, now=NOW)
    assert [(x.part, x.open_units, x.state(DAY)) for x in shown.lines] == [("BR-100", 0, "shipped")]


def test_what_is_not_there_is_not_shipped_and_nothing_is_stored(desk):
    part = f.part(desk.engine, on_hand=2)
    order = desk.place()
    for quantity, warehouse, field in ((3, "EAST", "warehouse"), (5, "", "quantity"), (0, "", "quantity")):
        with pytest.raises(Refused) as refused:
            f.shipped(desk.engine, order, quantity, actor=desk.cora, warehouse=warehouse)
        assert [p.field for p in refused.value.problems] == [field]
    assert (f.on_hand(desk.engine, part), f.line_of(desk.engine, order).shipped) == (2, 0)
    with reading(desk.engine) as session:
        assert session.scalars(select(PartsShipment)).all() == []
    f.shipped(desk.engine, order, 4, actor=desk.cora, warehouse="")
    assert f.on_hand(desk.engine, part) == 2


def test_cancelled_before_and_after_it_was_confirmed(desk):
    f.part(desk.engine)
    early, late, rest = desk.place(), desk.place(), desk.place()
    f.step(desk.engine, "parts_orders", "cancel", early, actor=desk.dana, note="Typed twice")
    assert f.order_of(desk.engine, early).status == "cancelled"
    assert not f.line_of(desk.engine, early).is_open
    f.step(desk.engine, "parts_orders", "confirm", late, actor=desk.cora)
    with pytest.raises(Refused):
        f.step(desk.engine, "parts_orders", "cancel", late, actor=desk.dana, note="Too late")
    f.shipped(desk.engine, late, 1, actor=desk.cora)
    f.step(desk.engine, "parts_orders", "cancel_open", late, actor=desk.cora, note="Superseded")
    line = f.line_of(desk.engine, late)
    assert (f.order_of(desk.engine, late).status, line.shipped, line.cancelled) == ("closed", 1, 3)
    line = f.line_of(desk.engine, rest)
    run(
        cancel_line, bind=desk.engine, line_id=line.id, seen_version=line.version, quantity=4, reason="No longer made",
        actor=desk.cora, now=NOW,
    )  # fmt: skip
    assert f.order_of(desk.engine, rest).status == "cancelled"


def test_a_stale_screen_and_another_dealer_change_nothing(desk):
    f.part(desk.engine)
    order = desk.place()
    line = f.line_of(desk.engine, order)
    f.promised(desk.engine, order, DAY, actor=desk.cora)
    with pytest.raises(Stale):
        run(
            ship_line, bind=desk.engine, line_id=line.id, seen_version=line.version, quantity=1, warehouse="EAST",
            actor=desk.cora, now=NOW,
        )  # fmt: skip
    with pytest.raises(NotFound):
        f.step(desk.engine, "parts_orders", "cancel", order, actor=desk.stella, note="Not mine")
    with pytest.raises(NotFound):
        f.placed(desk.engine, dealer_id=desk.star, actor=desk.dana)
    with pytest.raises(Refused):
        run(
            promise_lines, bind=desk.engine, lines={line.id: line.version + 1}, promised_on=DAY, cause="", reason="",
            actor=desk.dana, now=NOW,
        )  # fmt: skip
    assert f.line_of(desk.engine, order).promises == 1


def test_one_form_is_one_order_and_wrong_lines_are_named(desk):
    f.part(desk.engine)
    assert desk.place(form_key="k1") == desk.place(form_key="k1")
    with pytest.raises(Refused) as refused:
        desk.place(lines={"BR-100": 0, "NO-1": 2})
    assert [p.message for p in refused.value.problems] == [
        "Line 1: the quantity has to be a whole number from 1 on.", "Line 2: There is no part NO-1.",
    ]  # fmt: skip
    assert desk.ask(count_orders, actor=desk.cora, filters=OrderFilters(), now=NOW) == 1


# ---- allocation ----------------------------------------------------------------------------------------------------
def test_a_short_part_is_allocated_as_it_was_proposed(desk):
    part = f.part(desk.engine, on_hand=5)
    stock = desk.place(lines={"BR-100": 6})
    down = desk.place("stella", kind="vehicle_down", lines={"BR-100": 2})
    assert [(s.part, s.on_hand, s.open_units, s.lines) for s in desk.ask(short_parts, actor=desk.cora)] == [
        ("BR-100", 5, 8, 2)
    ]
    seen = desk.ask(propose, part_id=part, warehouse="EAST", actor=desk.cora, now=NOW)
    assert {r.dealer: r.allocated for r in seen.rows} == {"North Star": 2, "Lone Pine Motors": 3}
    assert all(r.why for r in seen.rows)
    run(
        confirm_allocation, bind=desk.engine, part_id=part, warehouse="EAST", seen_stock=seen.stock_version,
        seen_lines=seen.seen_lines, actor=desk.cora, now=NOW,
    )  # fmt: skip
    assert f.on_hand(desk.engine, part) == 0
    assert f.order_of(desk.engine, down).status == "closed"
    assert (f.order_of(desk.engine, stock).status, f.line_of(desk.engine, stock).shipped) == ("confirmed", 3)
    assert [(a.dealer, a.allocated) for a in desk.ask(allocation_lines, actor=desk.dana)] == [("Lone Pine Motors", 3)]
    assert len(desk.ask(allocation_lines, actor=desk.cora)) == 2


def test_a_proposal_that_is_no_longer_true_is_not_confirmed(desk):
    part = f.part(desk.engine, on_hand=5)
    desk.place(lines={"BR-100": 6})
    seen = desk.ask(propose, part_id=part, warehouse="EAST", actor=desk.cora, now=NOW)
    desk.place("stella", lines={"BR-100": 6})
    with pytest.raises(Stale):
        run(
            confirm_allocation, bind=desk.engine, part_id=part, warehouse="EAST", seen_stock=seen.stock_version,
            seen_lines=seen.seen_lines, actor=desk.cora, now=NOW,
        )  # fmt: skip
    assert f.on_hand(desk.engine, part) == 5


def test_of_two_who_allocate_at_once_one_wins(desk):
    part = f.part(desk.engine, on_hand=5)
    order = desk.place(lines={"BR-100": 9})
    seen = desk.ask(propose, part_id=part, warehouse="EAST", actor=desk.cora, now=NOW)
    start, ends = Barrier(2), []

    def confirm(actor):
        start.wait()
        try:
            run(
                confirm_allocation, bind=desk.engine, part_id=part, warehouse="EAST", seen_stock=seen.stock_version,
                seen_lines=seen.seen_lines, actor=actor, now=NOW,
            )  # fmt: skip
            ends.append("done")
        except Stale:
            ends.append("stale")

    both = [Thread(target=confirm, args=(actor,)) for actor in (desk.cora, desk.mason)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(ends) == ["done", "stale"]
    assert (f.on_hand(desk.engine, part), f.line_of(desk.engine, order).shipped) == (0, 5)


# ---- claims --------------------------------------------------------------------------------------------------------
def delivered(desk, quantity=4):
    f.part(desk.engine)
    order = desk.place(lines={"BR-100": quantity})
    f.shipped(desk.engine, order, quantity, actor=desk.cora)
    return order


def test_a_claim_is_asked_answered_and_credited(desk):
    claim = f.claimed(desk.engine, delivered(desk), actor=desk.dana, quantity=2)
    assert (f.claim_of(desk.engine, claim).amount_cents, f.claim_of(desk.engine, claim).is_late) == (2 * f.PRICE, False)
    f.step(desk.engine, "parts_claims", "ask", claim, actor=desk.cora, note="Which box?")
    f.step(desk.engine, "parts_claims", "answer", claim, actor=desk.dana, note="The second", evidence="D-7")
    with pytest.raises(Refused) as refused:
        f.step(desk.engine, "parts_claims", "credit", claim, actor=desk.cora, amount_cents=100_00)
    assert [p.field for p in refused.value.problems] == ["note"]
    f.step(desk.engine, "parts_claims", "credit", claim, actor=desk.cora)
    done = f.claim_of(desk.engine, claim)
    assert (done.status, done.credit_cents, done.evidence, done.is_open) == ("credited", 2 * f.PRICE, "D-7", False)


def test_a_claim_that_comes_late_is_taken_and_marked(desk):
    claim = f.claimed(desk.engine, delivered(desk), actor=desk.dana, now=NOW + timedelta(days=20))
    assert f.claim_of(desk.engine, claim).is_late
    f.step(desk.engine, "parts_claims", "deny", claim, actor=desk.cora, reason_code="late", note="Three weeks")
    assert f.claim_of(desk.engine, claim).status == "denied"


def test_together_claims_never_exceed_what_was_shipped(desk):
    order = delivered(desk, 2)
    first = f.claimed(desk.engine, order, actor=desk.dana, quantity=2)
    with pytest.raises(Refused) as refused:
        f.claimed(desk.engine, order, actor=desk.dana)
    assert [p.field for p in refused.value.problems] == ["quantity"]
    f.step(desk.engine, "parts_claims", "withdraw", first, actor=desk.dana, note="Found it")
    f.claimed(desk.engine, order, actor=desk.dana)
    with pytest.raises(NotFound):
        f.claimed(desk.engine, order, actor=desk.stella)


def test_a_replacement_is_an_order_free_of_charge(desk):
    claim = f.claimed(desk.engine, delivered(desk), actor=desk.dana, kind="damaged")
    made = f.step(desk.engine, "parts_claims", "replace", claim, actor=desk.cora)
    assert (f.order_of(desk.engine, made).total_cents, f.order_of(desk.engine, made).status) == (0, "confirmed")
    assert f.claim_of(desk.engine, claim).replacement_id == made


def test_a_dealer_does_not_decide(desk):
    claim = f.claimed(desk.engine, delivered(desk), actor=desk.dana)
    with pytest.raises(Refused):
        f.step(desk.engine, "parts_claims", "credit", claim, actor=desk.dana)
    assert f.claim_of(desk.engine, claim).status == "sent_in"


# ---- lists and figures -----------------------------------------------------------------------------------------------
def test_lists_show_the_own_orders_only_and_page_without_a_gap(quick):
    f.part(quick.engine)
    own = [quick.place(now=NOW + timedelta(minutes=n)) for n in range(5)]
    other = quick.place("stella", kind="emergency")
    seen, at = [], None
    for _ in range(4):
        rows, at = quick.ask(list_orders, actor=quick.dana, filters=OrderFilters(), now=NOW, after=at, limit=2)
        seen += [r.id for r in rows]
        if at is None:
            break
    assert sorted(seen) == sorted(own)
    assert len(seen) == len(own)
    for filters, count in (
        (OrderFilters(), 6), (OrderFilters(kind="emergency"), 1), (OrderFilters(region="West"), 1),
        (OrderFilters(dealer_id=quick.lone), 5), (OrderFilters(is_open=False), 0), (OrderFilters(late=True), 0),
    ):  # fmt: skip
        assert quick.ask(count_orders, actor=quick.cora, filters=filters, now=NOW) == count
        assert len(quick.ask(list_orders, actor=quick.cora, filters=filters, now=NOW)[0]) == count
    assert quick.ask(count_orders, actor=quick.dana, filters=OrderFilters(), now=NOW) == 5
    with pytest.raises(NotFound):
        quick.ask(get_order, item_id=other, actor=quick.dana, now=NOW)
    assert [r.item_id for r in quick.ask(found_orders, ids=[other, own[0]], actor=quick.dana)] == [own[0]]
    (count,) = quick.ask(work_counts, actor=quick.cora, now=NOW)
    assert (count.count, count.overdue) == (6, 0)
    assert len(quick.ask(work_lines, actor=quick.cora, now=NOW, limit=4)) == 4


def test_what_is_late_is_aged_and_weighed(quick):
    f.part(quick.engine)
    old = quick.place(now=NOW - timedelta(days=20))
    down = quick.place("stella", kind="vehicle_down", now=NOW - timedelta(days=2), lines={"BR-100": 1})
    kept = quick.place(now=NOW)
    slipped = quick.place(now=NOW - timedelta(days=5))
    f.promised(quick.engine, kept, DAY + timedelta(days=3), actor=quick.cora)
    f.promised(quick.engine, slipped, DAY - timedelta(days=1), actor=quick.cora, now=NOW - timedelta(days=3))
    f.promised(quick.engine, slipped, DAY + timedelta(days=4), actor=quick.cora, cause="carrier", reason="Storm")
    everything = BackorderFilters()
    rows, following = quick.ask(list_backorders, actor=quick.cora, filters=everything, now=NOW)
    assert [(r.order_id, r.bucket, r.weight) for r in rows] == [
        (down, "0–3", 5),
        (old, "15–30", 1),
        (slipped, "4–7", 1),
    ]
    assert following is None
    assert [r.state(DAY) for r in rows] == ["unpromised", "unpromised", "slipped"]
    first, at = quick.ask(list_backorders, actor=quick.cora, filters=everything, now=NOW, limit=1)
    second, _ = quick.ask(list_backorders, actor=quick.cora, filters=everything, now=NOW, limit=1, after=at)
    assert [first[0].order_id, second[0].order_id] == [down, old]
    groups = {g.bucket: (g.lines, g.units, g.weighted, g.vehicles_down)
              for g in quick.ask(ageing, actor=quick.cora, filters=everything, now=NOW)}  # fmt: skip
    assert groups == {
        "0–3": (1, 1, 5, 1), "4–7": (1, 4, 1, 0), "8–14": (0, 0, 0, 0), "15–30": (1, 4, 1, 0), "30+": (0, 0, 0, 0),
    }  # fmt: skip
    for bucket, ids in (("0–3", [down]), ("15–30", [old]), ("30+", [])):
        found = quick.ask(list_backorders, actor=quick.cora, filters=BackorderFilters(bucket=bucket), now=NOW)[0]
        assert [r.order_id for r in found] == ids
    own = quick.ask(list_backorders, actor=quick.dana, filters=everything, now=NOW)[0]
    assert [r.order_id for r in own] == [old, slipped]
    assert sum(g.lines for g in quick.ask(ageing, actor=quick.stella, filters=everything, now=NOW)) == 1
    assert quick.ask(count_orders, actor=quick.cora, filters=OrderFilters(late=True), now=NOW) == 1
    waiting = quick.ask(waiting_for, part_id=rows[0].part_id, actor=quick.dana, now=NOW)
    assert [r.order_id for r in waiting] == [old, slipped, kept]
    with pytest.raises(NotFound):
        quick.ask(get_line, line_id=rows[0].id, actor=quick.dana, now=NOW)


def test_fill_counts_whole_lines_and_units(quick):
    f.part(quick.engine, on_hand=5)
    f.part(quick.engine, "XX-1", on_hand=None)
    quick.place(lines={"BR-100": 4, "XX-1": 9})
    quick.place("stella", lines={"BR-100": 4})
    since = {"since": DAY - timedelta(days=30), "until": DAY}
    (whole,) = quick.ask(fill_rates, actor=quick.cora, by="all", **since)
    assert (whole.lines, whole.filled_lines, whole.units, whole.filled_units) == (2, 1, 8, 5)
    assert (whole.strict, whole.by_unit) == (50.0, 62.5)
    by_dealer = quick.ask(fill_rates, actor=quick.cora, by="dealer", **since)
    assert [(d.label, d.by_unit) for d in by_dealer] == [("North Star", 25.0), ("Lone Pine Motors", 100.0)]
    assert [p.label for p in quick.ask(fill_rates, actor=quick.cora, by="part", **since)] == ["BR-100"]
    assert [d.label for d in quick.ask(fill_rates, actor=quick.dana, by="dealer", **since)] == ["Lone Pine Motors"]
    assert quick.ask(fill_rates, actor=quick.cora, by="all", since=DAY + timedelta(days=1), until=DAY) == []


def test_stock_at_risk_says_why_and_is_ours_alone(quick):
    part = f.part(quick.engine, on_hand=1, oversold=0, forecast_3=9, shortfall=8)
    f.part(quick.engine, "OK-1", on_hand=50)
    (risk,) = quick.ask(stock_risks, actor=quick.cora)
    assert (risk.part, risk.shortfall) == ("BR-100", 8)
    assert risk.reasons[0] == "8 short: 1 on hand, 0 on the way, forecast 9 in 3 months"
    assert quick.ask(stock_risks, actor=quick.cora, part="ok") == []
    assert quick.ask(stock_of, part_id=part, actor=quick.cora) == {"EAST": 1}
    for query, more in ((stock_risks, {}), (stock_of, {"part_id": part})):
        with pytest.raises(Refused):
            quick.ask(query, actor=quick.dana, **more)
