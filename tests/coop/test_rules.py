"""The rules of co-op as tables of cases (domain-rules 2.3), and what holds for any of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.coop import balance_rules, claim_rules, lot_rules, payable_rules
from db.coop.balance_rules import Balance, Entry, effect
from db.coop.claim_rules import Approved, ClaimFacts, check_claim, worst
from db.coop.lot_rules import Lot
from db.coop.model import MEDIA, PROOFS, Programme, programme_from_json, programme_to_json, read_programme
from db.coop.payable_rules import CostLine, Showing, payable, split
from db.coop.request_rules import Terms, check_terms
from db.coop.say_rules import money, share_of
from db.core.problems import Problems

YEAR = Programme(code="COOP-26", name="Local", year=2026, models={"Volt": 3_00})


@pytest.mark.parametrize(
    "earned, months, last",
    [
        (date(2026, 4, 1), 6, date(2026, 10, 31)), (date(2026, 4, 30), 6, date(2026, 10, 31)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)), (date(2027, 8, 3), 6, date(2028, 2, 29)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)), (date(2026, 6, 15), 12, date(2027, 6, 30)),
    ],
)  # fmt: skip
def test_a_lot_expires_at_the_end_of_its_month_and_six(earned, months, last):
    assert lot_rules.expires_on(earned, months) == last


@pytest.mark.parametrize(
    "model, cents, earned",
    [("Other", 10_000_00, 200_00), ("volt ", 10_000_00, 300_00), ("", 25, 1), ("", 24, 0), ("", -10_000_00, -200_00)],
)
def test_a_purchase_earns_two_percent_and_three_on_named_models(model, cents, earned):
    assert share_of(cents, YEAR.rate_of(model)) == earned


LOTS = (
    Lot(id=3, expires_on=date(2026, 10, 31), left=300), Lot(id=1, expires_on=date(2026, 11, 30), left=100),
    Lot(id=2, expires_on=date(2026, 10, 31), left=200),
)  # fmt: skip


@pytest.mark.parametrize(
    "cents, parts, rest",
    [
        (0, [], 0), (150, [(2, 150)], 0), (200, [(2, 200)], 0), (450, [(2, 200), (3, 250)], 0),
        (600, [(2, 200), (3, 300), (1, 100)], 0), (601, [(2, 200), (3, 300), (1, 100)], 1),
    ],
)  # fmt: skip
def test_lots_pay_first_what_expires_first(cents, parts, rest):
    assert lot_rules.take(LOTS, cents) == (parts, rest)


@pytest.mark.parametrize(
    "today, gone", [(date(2026, 10, 31), []), (date(2026, 11, 1), [2, 3]), (date(2026, 12, 1), [2, 3, 1])]
)
def test_the_last_day_still_spends(today, gone):
    assert [lot_id for lot_id, _ in lot_rules.due(LOTS, today)] == gone


SPACE = (CostLine(kind="space", cents=8_000_00),)
BOUNDS = [
    # medium, costs, more -> payable, the bound that decides
    ("digital", SPACE, {"available": 10_000_00}, 6_000_00, "rate"),
    ("digital", SPACE, {"available": 10_000_00, "approved": 4_500_00}, 4_500_00, "request"),
    ("digital", SPACE, {"available": 4_000_00}, 4_000_00, "available"),
    ("digital", SPACE, {"available": -5}, 0, "available"),
    ("items", SPACE, {"available": 10_000_00, "accrued": 10_000_00}, 3_000_00, "cap"),
    ("items", SPACE, {"available": 10_000_00, "accrued": 10_000_00, "used_of_medium": 2_999_99}, 1, "cap"),
    ("items", SPACE, {"available": 10_000_00, "accrued": 10_000_00, "used_of_medium": 3_500_00}, 0, "cap"),
    ("digital", (*SPACE, CostLine(kind="production", cents=2_000_00)), {"available": 9e9}, 6_000_00, "rate"),
    ("digital", (CostLine(kind="agency_commission", cents=50_00),), {"available": 9e9}, 0, "rate"),
    ("digital", (CostLine(kind="space", cents=1),), {"available": 9e9}, 1, "rate"),
]


@pytest.mark.parametrize("medium, costs, more, cents, decides", BOUNDS)
def test_the_lowest_bound_decides_and_each_is_shown(medium, costs, more, cents, decides):
    found = payable(YEAR, medium, costs, Showing(), **more)
    assert found.cents == cents
    assert [b.name for b in found.bounds if b.decides] == [decides]
    assert all(b.why and b.label for b in found.bounds)
    assert payable_rules.read_kept(payable_rules.kept(found)) == found


@pytest.mark.parametrize(
    "medium, showing, wrong",
    [
        ("print", Showing(brand_share=50_00), ""), ("print", Showing(brand_share=49_99), "space"),
        ("print", Showing(competitor=True), "competitor"),
        ("radio", Showing(mentions=2, seconds=30), ""), ("radio", Showing(mentions=1, seconds=30), "names the brand"),
        ("radio", Showing(mentions=4, seconds=60), ""), ("radio", Showing(mentions=3, seconds=60), "needs 4"),
        ("print", Showing(mentions=0, seconds=60), ""), ("radio", Showing(), ""),
    ],
)  # fmt: skip
def test_brand_rules(medium, showing, wrong):
    said = payable_rules.brand_problem(YEAR, medium, showing)
    assert (wrong in said) if wrong else not said
    found = payable(YEAR, medium, SPACE, showing, available=10_000_00)
    assert bool(found.cents) is not bool(wrong)


@pytest.mark.parametrize(
    "paid, reserved, parts",
    [
        (6_000_00, 6_000_00, (6_000_00, 0, 0)), (4_500_00, 6_000_00, (4_500_00, 0, 1_500_00)),
        (7_000_00, 6_000_00, (6_000_00, 1_000_00, 0)), (100, 0, (0, 100, 0)),
    ],
)  # fmt: skip
def test_the_reserve_is_consumed_first_and_the_rest_released(paid, reserved, parts):
    assert split(paid, reserved=reserved) == parts


GIVEN = Approved(from_day=date(2026, 5, 1), until=date(2026, 7, 30), medium="radio")
FACTS = ClaimFacts(
    medium="radio", activity_on=date(2026, 5, 20), today=date(2026, 6, 1),
    proofs=("invoice", "payment", "affidavit", "script"), approval=GIVEN, payable_cents=100_00, eligible_cents=200_00,
)  # fmt: skip
CHECKS = [
    ({}, "ok", None),
    ({"approval": None}, "exception", "C01"),
    ({"approval": None, "medium": "print", "proofs": ("invoice", "payment", "tear_sheet")}, "ok", None),
    ({"approval": replace(GIVEN, medium="tv")}, "exception", "C01"),
    ({"activity_on": date(2026, 4, 30)}, "exception", "C01"),
    ({"activity_on": date(2026, 7, 31), "today": date(2026, 8, 1)}, "exception", "C01"),
    ({"proofs": ("invoice", "payment", "script")}, "return", "C02"),
    ({"proofs": ("affidavit", "script")}, "return", "C02"),
    ({"today": date(2026, 7, 19)}, "ok", None),
    ({"today": date(2026, 7, 20)}, "deny", "C03"),
    ({"activity_on": date(2025, 12, 31), "today": date(2026, 1, 5)}, "deny", "C04"),
    ({"activity_on": date(2026, 6, 2)}, "return", "C05"),
    ({"brand_problem": "A competitor's brand is beside ours.", "payable_cents": 0}, "deny", "C06"),
    ({"payable_cents": 24_99}, "return", "C07"),
    ({"payable_cents": 25_00}, "ok", None),
    ({"eligible_cents": 0, "payable_cents": 0}, "deny", "C07"),
]


@pytest.mark.parametrize("other, outcome, code", CHECKS)
def test_the_checks_of_a_claim(other, outcome, code):
    found = check_claim(YEAR, replace(FACTS, **other))
    assert worst(found) == outcome
    assert code is None or code in [c.code for c in found if c.outcome == outcome]
    assert claim_rules.read_kept(claim_rules.kept(found)) == found


MATRIX = {
    "print": {"tear_sheet"}, "radio": {"affidavit", "script"}, "tv": {"video", "affidavit", "tv_script"},
    "direct_mail": {"printer_invoice", "sample", "postal_receipt"}, "outdoor": {"photo", "agency_invoice"},
    "wrap": {"photos_all_sides"}, "digital": {"analysis_report"}, "items": {"item_photos"}, "event": {"photo"},
}  # fmt: skip


def test_the_matrix_of_proofs_and_pre_approvals_is_that_of_the_rules():
    assert {m: set(YEAR.media[m].needs) - {"invoice", "payment"} for m in YEAR.media} == MATRIX
    assert all({"invoice", "payment"} <= set(r.needs) for r in YEAR.media.values())
    assert {m for m, r in YEAR.media.items() if r.preapproval} == {"radio", "tv", "event"}
    assert set(MATRIX) == set(MEDIA)
    assert set().union(*(r.needs for r in YEAR.media.values())) <= set(PROOFS)


def test_a_programme_is_read_back_as_it_was_and_says_what_is_wrong():
    assert programme_from_json(programme_to_json(YEAR)) == YEAR
    found, wrong = read_programme({"code": "x", "name": "", "year": 1, "accrual": -1})
    assert found is None
    assert [field for field, _ in wrong] == ["code", "name", "year", "accrual"]


@pytest.mark.parametrize(
    "other, field",
    [
        ({"activity": " "}, "activity"), ({"medium": ""}, "medium"), ({"starts_on": None}, "starts_on"),
        ({"ends_on": date(2026, 1, 1)}, "ends_on"), ({"ends_on": date(2027, 7, 1)}, "ends_on"),
        ({"costs": ()}, "costs"),
        ({"costs": (CostLine(kind="?", cents=1),)}, "costs"), ({"costs": (CostLine(kind="space", cents=0),)}, "costs"),
        ({"vendor": "v" * 121}, "vendor"), ({"showing": Showing(brand_share=101_00)}, "brand_share"),
    ],
)  # fmt: skip
def test_what_is_typed_wrong_is_said_at_its_field(other, field):
    good = Terms(
        medium="print", activity="Sale", starts_on=date(2026, 5, 1), ends_on=date(2026, 5, 2), costs=SPACE,
    )  # fmt: skip
    problems = Problems()
    check_terms(good, YEAR, problems)
    assert problems.found == []
    check_terms(replace(good, **other), YEAR, problems)
    assert [p.field for p in problems.found] == [field]


@pytest.mark.parametrize(
    "kind, more, available",
    [
        ("accrual", {}, 5), ("allocation", {}, 5), ("adjustment", {}, 5), ("transfer_in", {}, 5),
        ("transfer_out", {}, -5),
        ("reserve", {}, -5), ("release", {}, 5), ("claim", {}, -5), ("claim", {"reserve_cents": 5}, 0),
        ("claim", {"reserve_cents": 3}, -2), ("payment", {}, 0), ("expiry", {}, -5), ("forfeit", {}, -5),
        ("reversal", {"of_kind": "claim"}, 5), ("reversal", {"of_kind": "accrual"}, -5),
    ],
)  # fmt: skip
def test_what_each_entry_does_to_what_is_available(kind, more, available):
    assert effect(kind, 5, **more).available == available
    assert set(balance_rules.KINDS) >= {kind}


def test_a_statement_shows_any_past_day():
    at = datetime(2026, 5, 1, tzinfo=UTC)
    entries = [
        Entry(id=n, at=at + timedelta(days=n), day=date(2026, 5, 1 + n), kind=kind, cents=cents, reserve_cents=held)
        for n, (kind, cents, held) in enumerate(
            [("accrual", 10_000, 0), ("reserve", 6_000, 0), ("claim", 4_500, 4_500), ("release", 1_500, 0)]
        )
    ]
    wanted = {0: 10_000, 1: 4_000, 2: 4_000, 3: 5_500}
    for day, available in wanted.items():
        lines, balance = balance_rules.statement(entries, until=date(2026, 5, 1 + day))
        assert (len(lines), balance.available, lines[-1].available) == (day + 1, available, available)
    assert balance_rules.balance_of(entries).approved == 4_500


def test_words():
    assert [money(v) for v in (0, 5, -12_34, 1_234_50, 60_000)] == ["$0", "$0.05", "−$12.34", "$1,234.50", "$600"]


cents = st.integers(0, 1_000_000)
lots = st.lists(st.tuples(st.integers(0, 700), cents), max_size=8).map(
    lambda rows: [Lot(id=i, expires_on=date(2026, 1, 1) + timedelta(days=d), left=c) for i, (d, c) in enumerate(rows)]
)


@given(lots, cents)
def test_taking_never_takes_more_than_there_is_and_leaves_no_earlier_lot_behind(some, wanted):
    parts, rest = lot_rules.take(some, wanted)
    left = {lot.id: lot.left for lot in some}
    assert sum(c for _, c in parts) + rest == wanted
    assert all(0 < c <= left[i] for i, c in parts)
    assert rest == max(wanted - sum(left.values()), 0)
    taken = dict(parts)
    touched = [lot for lot in lot_rules.in_order(some) if lot.left]
    full = [taken.get(lot.id, 0) == lot.left for lot in touched]
    assert full == sorted(full, reverse=True)


@given(st.lists(st.tuples(st.integers(1, 5), cents), max_size=5), st.integers(-1_000_000, 1_000_000), cents)
def test_what_comes_back_leaves_the_lots_with_exactly_what_is_available(drawn, before, extra):
    returned = sum(c for _, c in drawn) + extra
    back = lot_rules.give_back(drawn, cents=returned, before=before)
    freed = sum(c for _, c in back.freed)
    assert max(before, 0) + freed + back.new == max(before + returned, 0)
    assert freed + sum(c for _, c in back.covering) == sum(c for _, c in drawn)
    assert back.new >= 0


@given(cents, cents, cents, st.integers(0, 100_00))
def test_payable_is_never_above_any_bound(cost, available, approved, used):
    found = payable(
        YEAR, "items", (CostLine(kind="space", cents=cost),), Showing(), available=available, approved=approved,
        accrued=available, used_of_medium=used,
    )  # fmt: skip
    assert 0 <= found.cents == min(b.cents for b in found.bounds)
    assert found.cents <= min(cost, available, approved)


@given(st.lists(st.tuples(st.sampled_from(["accrual", "allocation", "reserve", "payment", "expiry"]), cents)))
def test_the_sum_of_entries_is_their_balance_whatever_their_order(rows):
    one, two = Balance(), Balance()
    for kind, c in rows:
        one += effect(kind, c)
    for kind, c in reversed(rows):
        two += effect(kind, c)
    assert one == two
