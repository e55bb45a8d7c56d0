"""The rule for old parts as tables of cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from db.part_returns import rules
from db.part_returns.rules import PartFacts, ReturnRules

RULE = ReturnRules()
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)

DISPOSITIONS = [
    ("nothing paid", {"part_cents": 0}, "scrap", "Nothing was paid"),
    ("just below", {"part_cents": 49_99}, "scrap", "below $50.00"),
    ("at the lower limit", {"part_cents": 50_00}, "hold", "for 30 days"),
    ("just below the upper", {"part_cents": 499_99}, "hold", "for 30 days"),
    ("at the upper limit", {"part_cents": 500_00}, "return", "from $500.00 on"),
    ("major", {"part_cents": 60_00, "is_major": True}, "return", "major assembly"),
    ("major but cheap", {"part_cents": 10_00, "is_major": True}, "scrap", "below"),
    ("comeback", {"part_cents": 60_00, "failed_rules": frozenset({"W18"})}, "return", "before"),
    ("second assembly", {"part_cents": 60_00, "failed_rules": frozenset({"W19"})}, "return", "before"),
    ("comeback but cheap", {"part_cents": 10_00, "failed_rules": frozenset({"W18"})}, "scrap", "below"),
    ("unusual amount", {"part_cents": 60_00, "failed_rules": frozenset({"W27"})}, "return", "not a usual one"),
    ("excluded", {"part_cents": 60_00, "failed_rules": frozenset({"W08"})}, "return", "not a usual one"),
    ("another finding", {"part_cents": 60_00, "failed_rules": frozenset({"W04"})}, "hold", "for 30 days"),
    ("campaign", {"part_cents": 900_00, "campaign": "C-12"}, "scrap", "Campaign C-12"),
    ("supplier, though a campaign", {"part_cents": 900_00, "campaign": "C-12", "recovery": "WC-000009"}, "return",
     "WC-000009"),
    ("supplier, though nothing paid", {"part_cents": 0, "recovery": "WC-000009"}, "return", "supplier"),
]  # fmt: skip


@pytest.mark.parametrize("name, facts, disposition, words", DISPOSITIONS, ids=[c[0] for c in DISPOSITIONS])
def test_what_becomes_of_a_part(name, facts, disposition, words):
    found = rules.decide(PartFacts(**facts), RULE, hold_days=30)
    assert found.disposition == disposition
    assert words in found.why


def test_a_rule_that_asks_for_less():
    quiet = replace(RULE, return_major=False, return_unusual=False)
    facts = PartFacts(part_cents=60_00, is_major=True, failed_rules=frozenset({"W27"}))
    assert rules.decide(facts, quiet, hold_days=30).disposition == "hold"


REPLACED = [
    ("replacement", "TC-5000", [], True), ("repair", "TC-5000", ["TC-5000"], True), ("repair", "TC-5000", [], False),
    ("software_update", "TC-5000", ["XX-1"], False), ("replacement", "", ["TC-5000"], False),
]  # fmt: skip


@pytest.mark.parametrize("action, causal, charged, expected", REPLACED)
def test_whether_an_old_part_is_left(action, causal, charged, expected):
    assert rules.is_replaced(action, causal, charged) is expected


DAYS = [
    (datetime(2026, 11, 22, 15, 0, tzinfo=UTC), "America/New_York", date(2026, 12, 7)),
    (datetime(2026, 11, 23, 3, 0, tzinfo=UTC), "America/New_York", date(2026, 12, 7)),  # still the 22nd there
    (datetime(2026, 11, 23, 3, 0, tzinfo=UTC), "Europe/Berlin", date(2026, 12, 8)),
]  # fmt: skip


@pytest.mark.parametrize("now, zone, expected", DAYS)
def test_the_last_day_is_the_dealers(now, zone, expected):
    assert rules.last_day(now, 15, zone) == expected


def test_a_day_ends_at_midnight_also_when_clocks_change():
    assert rules.end_of_day(date(2026, 11, 1), "America/New_York") == datetime(2026, 11, 2, 5, 0, tzinfo=UTC)
    assert rules.end_of_day(date(2026, 7, 1), "America/New_York") == datetime(2026, 7, 2, 4, 0, tzinfo=UTC)


REMINDERS = [(0, 0, None), (49, 0, None), (50, 0, 50), (79, 50, None), (80, 50, 80), (85, 0, 80), (99, 80, None),
             (100, 0, None), (140, 50, None)]  # fmt: skip


@pytest.mark.parametrize("used, warned, expected", REMINDERS)
def test_when_a_dealer_is_reminded(used, warned, expected):
    assert rules.reminder(used, warned, (50, 80, 100)) == expected


def test_how_much_time_is_used():
    due = NOW + timedelta(days=10)
    used = [rules.used_percent(NOW, due, NOW + timedelta(days=d)) for d in (-1, 0, 5, 8, 10, 15)]
    assert used == [0, 0, 50, 80, 100, 150]
    assert rules.used_percent(None, due, NOW) == 0
    assert rules.used_percent(due, due, NOW) == 0


CHARGES = [
    ("requested", "approved", -1, "still time"), ("requested", "approved", 0, ""), ("requested", "paid", 1, ""),
    ("requested", "charged_back", 1, ""), ("requested", "appealed", 1, "decided again"),
    ("requested", "pending_part", 1, "not decided yet"), ("requested", "denied", 1, "decided again"),
    ("shipped", "approved", 1, "no longer waited for"), ("missing", "approved", 1, "no longer waited for"),
]  # fmt: skip


@pytest.mark.parametrize("status, claim_status, late, words", CHARGES)
def test_when_a_part_is_charged(status, claim_status, late, words):
    now = NOW + timedelta(seconds=late)
    found = rules.may_charge(status=status, claim_status=claim_status, due_at=NOW, now=now)
    assert (found == "") if words == "" else (words in found)


WANTED = [
    ("missing", 420_00, "paid", 720_00, 420_00), ("missing", 420_00, "paid", 300_00, 300_00),
    ("missing", 420_00, "paid", 0, 0), ("missing", 420_00, "paid", -5, 0), ("missing", 420_00, "denied", 720_00, 0),
    ("missing", 420_00, "appealed", 720_00, 0), ("received", 420_00, "paid", 720_00, 0), ("missing", 0, "paid", 9, 0),
]  # fmt: skip


@pytest.mark.parametrize("status, part, claim_status, worth, expected", WANTED)
def test_what_should_stand_as_charged(status, part, claim_status, worth, expected):
    found = rules.wanted_charge(status=status, part_cents=part, claim_status=claim_status, worth_cents=worth)
    assert found == expected


AFTER = [
    ("defective", "scrap", False, "scrapped"), ("defective", "keep", False, "kept"),
    ("defective", "later", False, "inspected"), ("not_defect", "scrap", False, "scrapped"),
    ("not_defect", "scrap", True, ""), ("not_defect", "keep", True, ""), ("not_defect", "later", True, "inspected"),
    ("wrong_part", "scrap", False, ""), ("wrong_part", "later", False, "inspected"),
    ("damaged", "scrap", False, "scrapped"),
    ("defective", "burn", False, ""),
]  # fmt: skip


@pytest.mark.parametrize("finding, then, owed, expected", AFTER)
def test_where_an_inspection_leads(finding, then, owed, expected):
    target, refused = rules.after_inspection(finding, then, back_owed=owed)
    assert target == expected
    assert bool(refused) is (expected == "")


OWED = [("denied", ("NOT_DEFECT",), True), ("denied", ("WEAR_ITEM",), False), ("approved", ("NOT_DEFECT",), False),
        ("partially_approved", ("NOT_DEFECT",), False), ("denied", ("", "NOT_DEFECT"), True)]  # fmt: skip


@pytest.mark.parametrize("status, reasons, expected", OWED)
def test_when_we_owe_the_part(status, reasons, expected):
    assert rules.is_back_owed(claim_status=status, reasons=reasons) is expected


NUMBERS = [
    ("RMA-000012", ("RMA-000012",)), ("rma 12", ("RMA-000012",)), ("12", ("RMA-000012",)),
    ("RMA12, 13;14\n\t15 12", ("RMA-000012", "RMA-000013", "RMA-000014", "RMA-000015")),
    ("*RMA-000012*", ("RMA-000012",)), ("**", ()), ("x9", ("X9",)), (" \n ", ()), ("RMA", ("RMA",)),
    ("a" * 50, ("A" * 20,)), ("RMA_0012 rma-12", ("RMA-000012",)),
]  # fmt: skip


@pytest.mark.parametrize("text, expected", NUMBERS)
def test_numbers_of_a_box(text, expected):
    assert rules.numbers_in(text) == expected


WRONG = [
    ({}, []), ({"scrap_below_cents": -1}, ["scrap_below_cents"]),
    ({"scrap_below_cents": 600_00}, ["return_from_cents"]), ({"address": "x" * 401}, ["address"]),
]  # fmt: skip


@pytest.mark.parametrize("change, fields", WRONG)
def test_a_rule_that_contradicts_itself(change, fields):
    assert [field for field, _ in rules.check_rules(replace(RULE, **change))] == fields
