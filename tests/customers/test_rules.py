"""Rules of customers and vehicles as tables of cases: VIN, owners, visits, consent, fields, retention."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.core.problems import Problems
from db.customers import vin_rules
from db.customers.consent_rules import CHANNELS, ConsentFact, may_contact
from db.customers.field_rules import reconcile
from db.customers.ownership_rules import Period, overlap, take_over
from db.customers.retention_rules import RetentionFacts, verdict, years_before
from db.customers.visit_rules import VisitFacts, check

NOW = datetime(2026, 6, 29, 14, 0, tzinfo=UTC)

# -------------------------------------------------------------------------------------------------------------- VIN
VINS = [
    ("a regular one", "1HGCM82633A004352", "", None, [], 0),
    ("spaces and hyphens", " 1hgcm-82633 A004352 ", "", None, [], 0),
    ("a wrong check digit is a warning", "1HGCM82633A004353", "", None, [], 1),
    ("a wrong check digit in Europe is none", "WDB9061131N590143", "", None, [], 0),
    ("a year it cannot mean is a warning", "1HGCM82633A004352", "", 2015, [], 1),
    ("too short", "1HGCM82633A00435", "", None, ["bad_vin"], 0),
    ("the letter O", "1HGCM82633AO04352", "", None, ["bad_vin"], 0),
    ("empty", "  ", "", None, ["required"], 0),
    ("old, with a reason", "B123456", "before_1981", None, [], 0),
    ("damaged, with a reason", "1HGCM82633A00", "damaged", None, [], 0),
    ("a reason nobody knows", "B123456", "because", None, ["bad_vin", "unknown_reason"], 0),
    ("too short even with a reason", "B1", "damaged", None, ["bad_number"], 0),
    ("signs even with a reason", "B12/34567", "equipment", None, ["bad_number"], 0),
    ("a regular one with a reason needs none", "1HGCM82633A004352", "damaged", None, [], 0),
]


@pytest.mark.parametrize(
    ("text", "reason", "year", "codes", "warnings"), [c[1:] for c in VINS], ids=[c[0] for c in VINS]
)
def test_which_numbers_are_taken(text, reason, year, codes, warnings):
    problems = Problems()
    judged = vin_rules.judge(text, reason=reason, problems=problems, year=year)
    assert [p.code for p in problems.found] == codes
    assert len(judged.warnings) == warnings
    if not codes and not reason:
        assert judged.is_regular


def test_the_sentence_says_what_is_wrong():
    for text, word in (("1HGCM82633AO04352", "no O"), ("1HGCM8", "has 6 characters"), ("1HGCM82633A00435é", "letters")):
        problems = Problems()
        vin_rules.judge(text, reason="", problems=problems)
        assert word in problems.found[0].message
        assert problems.found[0].rule == "W01"


# ------------------------------------------------------------------------------------------------------------ owners
def day(number: int) -> date:
    return date(2020, 1, 1) + timedelta(days=number)


def period(since: int, until: int | None = None, ref: int = 0) -> Period:
    return Period(since=day(since), until=day(until) if until is not None else None, ref=ref)


TAKEN = [
    ("the first owner", [], (0, None), (None, None, False)),
    ("the next one ends the first", [(0, None)], (10, None), (None, 0, False)),
    ("an owner of the past, before", [(10, None)], (0, None), (10, None, False)),
    ("an owner of the past, closed, touches", [(10, None)], (0, 10), (10, None, False)),
    ("between two that touch", [(0, 5), (9, None)], (5, 9), (9, None, False)),
    ("over another one", [(0, 10)], (5, 12), (12, None, True)),
    ("the same first day", [(0, None)], (0, None), (None, None, True)),
    ("inside another one", [(0, 30), (40, None)], (5, 9), (9, None, True)),
    ("an owner who has sold again ends the one before", [(0, None)], (10, 20), (20, 0, False)),
]


@pytest.mark.parametrize(("existing", "new", "expected"), [c[1:] for c in TAKEN], ids=[c[0] for c in TAKEN])
def test_how_a_new_owner_goes_in(existing, new, expected):
    periods = [period(a, b, ref=a) for a, b in existing]
    taking = take_over(periods, since=day(new[0]), until=day(new[1]) if new[1] is not None else None)
    until, closes, conflict = expected
    assert (taking.conflict is not None) is conflict
    assert taking.until == (day(until) if until is not None else None)
    assert (taking.closes.ref if taking.closes else None) == closes


spans = st.tuples(st.integers(0, 60), st.none() | st.integers(1, 30)).map(
    lambda t: (t[0], t[0] + t[1] if t[1] is not None else None)
)


@given(st.lists(spans, max_size=12))
def test_whatever_is_taken_in_never_overlaps(wanted):
    held: list[Period] = []
    for number, (since, until) in enumerate(wanted):
        taking = take_over(held, since=day(since), until=day(until) if until is not None else None)
        if taking.conflict is not None:
            continue
        if taking.closes is not None:
            held.remove(taking.closes)
            held.append(Period(since=taking.closes.since, until=day(since), ref=taking.closes.ref))
        held.append(Period(since=day(since), until=taking.until, ref=number))
    for one in held:
        assert one.until is None or one.until > one.since
        assert not any(overlap(one, other) for other in held if other is not one)
    assert sum(p.until is None for p in held) <= 1


def test_a_period_holds_its_first_day_and_not_its_last():
    held = period(5, 9)
    assert [held.holds(day(n)) for n in (4, 5, 8, 9)] == [False, True, True, False]
    assert held.label == "2020-01-06 to 2020-01-09"
    assert period(5).label == "since 2020-01-06"


# ------------------------------------------------------------------------------------------------------------ visits
TODAY = date(2026, 6, 29)
GOOD = {"ro_number": "R1", "opened_on": date(2026, 6, 1), "odometer_in": 1000}
VISITS = [
    ("plain", {}, [], 0),
    ("with a test drive", {"odometer_out": 1050, "closed_on": date(2026, 6, 2)}, [], 0),
    ("a long test drive is a warning", {"odometer_out": 1051}, [], 1),
    ("out below in", {"odometer_out": 999}, ["odometer_out:falls"], 0),
    ("no odometer", {"odometer_in": None}, ["odometer_in:required"], 0),
    ("negative", {"odometer_in": -1}, ["odometer_in:out_of_range"], 0),
    ("too large", {"odometer_in": 10_000_000}, ["odometer_in:out_of_range"], 0),
    ("no day", {"opened_on": None}, ["opened_on:required"], 0),
    ("tomorrow", {"opened_on": date(2026, 6, 30)}, ["opened_on:future"], 0),
    ("before the warranty began", {"opened_on": date(2026, 1, 1)}, ["opened_on:before_in_service"], 0),
    ("closed before opened", {"closed_on": date(2026, 5, 31)}, ["closed_on:before_opened"], 0),
    ("closed tomorrow", {"closed_on": date(2026, 6, 30)}, ["closed_on:future"], 0),
    ("an unknown unit", {"unit": "furlongs"}, ["unit:unknown_unit"], 0),
]


@pytest.mark.parametrize(("changed", "problems", "warnings"), [c[1:] for c in VISITS], ids=[c[0] for c in VISITS])
def test_what_a_visit_must_say(changed, problems, warnings):
    found = Problems()
    said = check(VisitFacts(**{**GOOD, **changed}), today=TODAY, in_service_on=date(2026, 2, 1), problems=found)
    assert [f"{p.field}:{p.code}" for p in found.found] == problems
    assert len(said) == warnings


# ----------------------------------------------------------------------------------------------------------- consent
def said(channel: str, given: bool, hours: int = 0) -> ConsentFact:
    return ConsentFact(channel=channel, is_given=given, at=NOW + timedelta(hours=hours))


CONSENTS = [
    ("nobody asked, text", "sms", [], False),
    ("nobody asked, mail", "email", [], True),
    ("agreed to texts", "sms", [said("sms", True)], True),
    ("agreed to another channel", "sms", [said("email", True)], False),
    ("agreed, then stopped", "sms", [said("sms", True), said("sms", False, 1)], False),
    ("stopped, then agreed, in any order", "sms", [said("sms", True, 1), said("sms", False)], True),
    ("yes and no at once is no", "sms", [said("sms", True), said("sms", False)], False),
    ("calls refused", "phone", [said("phone", False)], False),
    ("a channel nobody knows", "fax", [said("fax", True)], False),
]


@pytest.mark.parametrize(("channel", "facts", "ok"), [c[1:] for c in CONSENTS], ids=[c[0] for c in CONSENTS])
def test_who_may_be_contacted(channel, facts, ok):
    answer = may_contact(channel, facts)
    assert answer.ok is ok
    assert answer.why


@given(st.lists(st.tuples(st.sampled_from([*CHANNELS]), st.booleans(), st.integers(0, 5))))
def test_nobody_is_texted_without_a_yes_that_is_newer_than_every_no(facts):
    consents = [said(*one) for one in facts]
    if may_contact("sms", consents).ok:
        yes = max(c.at for c in consents if c.channel == "sms" and c.is_given)
        assert all(c.at < yes for c in consents if c.channel == "sms" and not c.is_given)


# ------------------------------------------------------------------------------------------------------------ fields
FIELDS = [
    ("nothing typed", {"city": "Waco"}, {"city": "Waco"}, {"city": "Waco"}, {}, []),
    ("one changed", {"city": "Waco"}, {"city": "Waco"}, {"city": "Austin"}, {"city": "Austin"}, []),
    (
        "another field by somebody else",
        {"city": "a", "name": "n"},
        {"city": "a", "name": "m"},
        {"city": "b"},
        {"city": "b"},
        [],
    ),
    ("the same field, differently", {"city": "a"}, {"city": "b"}, {"city": "c"}, {}, ["city"]),
    ("the same field, the same value", {"city": "a"}, {"city": "b"}, {"city": "b"}, {}, []),
    ("typed back to what was seen", {"city": "a"}, {"city": "b"}, {"city": "a"}, {}, []),
]


@pytest.mark.parametrize(
    ("original", "current", "wanted", "write", "conflicts"), [c[1:] for c in FIELDS], ids=[c[0] for c in FIELDS]
)
def test_when_two_people_change_one_record(original, current, wanted, write, conflicts):
    found, in_the_way = reconcile(original=original, current=current, wanted=wanted)
    assert found == write
    assert [c.field for c in in_the_way] == conflicts
    for one in in_the_way:
        assert (one.original, one.current, one.actual) == (original["city"], current["city"], wanted["city"])


# --------------------------------------------------------------------------------------------------------- retention
OLD = datetime(2018, 1, 1, tzinfo=UTC)
RETAINED = [
    ("old and quiet", {}, True),
    ("something is open", {"open_items": 1}, False),
    ("on hold", {"hold_reason": "Lawsuit"}, False),
    ("removed already", {"is_purged": True}, False),
    ("active lately", {"last_activity_at": NOW - timedelta(days=100)}, False),
    ("entered lately, active long ago", {"created_at": NOW, "last_activity_at": OLD}, False),
    ("exactly five years", {"last_activity_at": datetime(2021, 6, 29, 14, 0, tzinfo=UTC)}, True),
    ("a second less", {"last_activity_at": datetime(2021, 6, 29, 14, 0, 1, tzinfo=UTC)}, False),
]


@pytest.mark.parametrize(("facts", "due"), [c[1:] for c in RETAINED], ids=[c[0] for c in RETAINED])
def test_whose_data_is_due(facts, due):
    answer = verdict(RetentionFacts(**{"customer_id": 1, "created_at": OLD, **facts}), now=NOW, years=5)
    assert answer.is_due is due
    assert answer.why


def test_years_before_a_leap_day():
    assert years_before(datetime(2028, 2, 29, 1, tzinfo=UTC), 5) == datetime(2023, 2, 28, 1, tzinfo=UTC)
