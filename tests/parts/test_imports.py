"""Stock and orders from files: taken, tried, refused with line and reason, found again, taken back, and by whom."""

from __future__ import annotations

import pytest

from db.core.permissions import Role
from db.core.problems import Refused
from db.parts.tables import Part, PartsOrder, PartsOrderLine, PartsStock
from tests.parts import factories as f
from tests.support.again import begun
from tests.support.imports import FORMATS, bring, fates, held, table, take_back
from tests.support.users import actor_named, make_dealer, make_person

STOCK = ("Part number", "Name", "Warehouse", "On hand", "Lead time (days)", "Supplier 6 months", "Went on backorder")
ORDERS = ("Dealer code", "Order reference", "Kind", "Part number", "Quantity", "Needed by", "Note")
STOCK_ROWS = (
    ("BR-100", "", "east", "12", "", "-99", "no"),  # there with 10: replaced
    ("br-200", "Brake disc", "east", "-3", "14", "0.92", "yes"),
)
ORDER_ROWS = (
    ("04012", "PO-1", "stock", "BR-100", "4", "2026-12-01", ""),
    ("0999", "PO-1", "vehicle_down", "BR-100", "1", "", "On the lift"),
    ("04012", "PO-1", "stock", "BR-300", "2", "2026-12-01", ""),
)
TABLES = {"parts_stock": (Part, PartsStock), "parts_orders": (PartsOrder, PartsOrderLine)}
GOOD = {"parts_stock": (STOCK, STOCK_ROWS), "parts_orders": (ORDERS, ORDER_ROWS)}


class Desk:
    def __init__(self, engine):
        self.engine = engine
        self.lone = make_dealer(engine)
        self.star = make_dealer(engine, code="0999", name="North Star", region="West")
        make_person(engine, "cora", Role.COORDINATOR)
        make_person(engine, "emma", Role.COORDINATOR, scope_kind="regions", regions=["East"])
        self.cora, self.emma = actor_named(engine, "cora"), actor_named(engine, "emma")
        f.part(engine, "BR-100")
        f.part(engine, "BR-300")


@pytest.fixture
@begun
def desk(sqlite_engine):
    return Desk(sqlite_engine)


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_tried_taken_found_again_and_taken_back(kind, desk):
    before = held(desk.engine, *TABLES[kind])
    for form in FORMATS:
        tried = bring(desk.engine, kind, table(*GOOD[kind], form=form), actor=desk.cora, dry_run=True)
        assert (tried.rejected, tried.duplicates) == (0, 0), tried.rejections
        assert held(desk.engine, *TABLES[kind]) == before
    batch = bring(desk.engine, kind, table(*GOOD[kind]), actor=desk.cora)
    after = held(desk.engine, *TABLES[kind])
    assert after != before
    again = bring(desk.engine, kind, table(*GOOD[kind]), actor=desk.cora)
    assert {o.outcome for o in again.outcomes} == {"duplicate"}
    assert any("already been imported" in sentence for sentence in again.sentences)
    assert held(desk.engine, *TABLES[kind]) == after
    take_back(desk.engine, batch, actor=desk.cora)
    assert held(desk.engine, *TABLES[kind]) == before


def test_what_a_stock_file_leaves_open_is_told(desk):
    batch = bring(desk.engine, "parts_stock", table(STOCK, STOCK_ROWS), actor=desk.cora)
    assert fates(batch) == [(2, "updated", ""), (3, "created", "oversold")]
    words = " ".join(batch.sentences)
    for said in (
        "1 row with a lead time that is unknown",
        "1 row with no figure of the supplier's performance",
        "1 row with a negative stock",
        "1 row with a part that was on backorder",
        "1 part added to the catalogue",
    ):
        assert said in words
    stock = {row.part_id: row for row in _stock(desk.engine)}
    assert sorted((s.on_hand, s.oversold, s.lead_time_days, s.perf_6) for s in stock.values()) == [
        (0, 3, 14, 92),
        (10, 0, None, None),
        (12, 0, None, None),
    ]


def _stock(engine):
    from sqlalchemy import select

    from db.core.session import reading

    with reading(engine) as session:
        rows = list(session.scalars(select(PartsStock)))
        session.expunge_all()
        return rows


@pytest.mark.parametrize(
    "row, code",
    [
        (("", "", "east", "1", "", "", ""), "required"),
        (("S-1", "", "east", "", "", "", ""), "required"),
        (("S-2", "", "east", "1.5", "", "", ""), "not_whole"),
        (("S-3", "", "east", "some", "", "", ""), "not_a_number"),
        (("S-4", "", "east", "3000000000", "", "", ""), "out_of_range"),
        (("S-5", "", "east", "1", "-2", "", ""), "out_of_range"),
        (("S-6", "", "east", "1", "", "92", ""), "out_of_range"),
        (("S-7", "", "east", "1", "", "", "maybe"), "not_yes_or_no"),
        (("S" * 41, "", "east", "1", "", "", ""), "too_long"),
        (("S-8", "", "a warehouse too long", "1", "", "", ""), "too_long"),
        (("BR-200", "", "EAST", "1", "", "", ""), "twice"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0][:6] or "blank",
)
def test_a_bad_row_of_stock_is_told_with_its_line(row, code, desk):
    batch = bring(desk.engine, "parts_stock", table(STOCK, [*STOCK_ROWS, row]), actor=desk.cora, dry_run=True)
    assert fates(batch) == [(2, "updated", ""), (3, "created", "oversold"), (4, "rejected", code)]
    assert batch.rejections[0].message


@pytest.mark.parametrize(
    "row, code",
    [
        (("04012", "PO-9", "stock", "BR-100", "many", "", ""), "not_a_number"),
        (("04012", "PO-9", "stock", "BR-100", "0", "", ""), "quantity"),
        (("04012", "PO-9", "stock", "BR-100", "", "", ""), "required"),
        (("04012", "PO-9", "stock", "NO-SUCH", "1", "", ""), "unknown_part"),
        (("04012", "PO-9", "stock", "BR-300", "1", "", ""), "twice"),
        (("04012", "PO-9", "rocket", "BR-100", "1", "", ""), "not_a_choice"),
    ],
)
def test_an_order_with_one_wrong_line_is_not_placed_at_all(row, code, desk):
    sound = ("04012", "PO-9", "stock", "BR-300", "1", "", "")
    before = held(desk.engine, *TABLES["parts_orders"])
    batch = bring(desk.engine, "parts_orders", table(ORDERS, [sound, row]), actor=desk.cora)
    assert fates(batch) == [(2, "rejected", "other_line"), (3, "rejected", code)]
    assert held(desk.engine, *TABLES["parts_orders"]) == before


@pytest.mark.parametrize(
    "row, code",
    [
        (("9999", "PO-9", "stock", "BR-100", "1", "", ""), "unknown_dealer"),
        (("04012", "P" * 41, "stock", "BR-100", "1", "", ""), "too_long"),
        (("04012", "PO-9", "vehicle_down", "BR-100", "1", "", ""), "required"),
        (("04012", "PO-9", "stock", "BR-100", "1", "2026-11-01", ""), "past"),
    ],
)
def test_an_order_that_cannot_be_is_told(row, code, desk):
    batch = bring(desk.engine, "parts_orders", table(ORDERS, [row, ORDER_ROWS[1]]), actor=desk.cora)
    assert fates(batch) == [(2, "rejected", code), (3, "created", "")]


def test_only_those_who_may_and_only_their_dealers(desk):
    for role in (Role.DEALER_MANAGER, Role.FINANCE):
        make_person(desk.engine, role.value, role)
        for kind, good in GOOD.items():
            with pytest.raises(Refused) as refused:
                bring(desk.engine, kind, table(*good), actor=actor_named(desk.engine, role.value))
            assert refused.value.code == "not_allowed"
    batch = bring(desk.engine, "parts_orders", table(ORDERS, ORDER_ROWS), actor=desk.emma)
    assert fates(batch) == [(2, "created", ""), (3, "rejected", "unknown_dealer"), (4, "created", "")]
    assert "North Star" not in batch.rejections[0].message


def test_what_was_worked_on_is_not_taken_back(desk):
    stock = bring(desk.engine, "parts_stock", table(STOCK, STOCK_ROWS), actor=desk.cora)
    orders = bring(desk.engine, "parts_orders", table(ORDERS, ORDER_ROWS), actor=desk.cora)
    order_id = orders.outcomes[0].item_id
    assert order_id is not None
    f.shipped(desk.engine, order_id, 1, actor=desk.cora)
    for batch in (stock, orders):
        with pytest.raises(Refused) as refused:
            take_back(desk.engine, batch, actor=desk.cora)
        assert {p.code for p in refused.value.problems} <= {"in_use", "changed_since"}
    assert len(held(desk.engine, PartsOrder)["parts_order"]) == 2
