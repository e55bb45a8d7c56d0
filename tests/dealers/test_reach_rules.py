"""Telephone numbers and addresses in one form, roles by their name, and a dealer's health: tables of cases."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.core.area import Signal
from db.core.problems import Problems
from db.dealers.health_rules import MANY_WATCH, health_of
from db.dealers.people_rules import ROLES, check_left, role_named
from db.dealers.reach_rules import check_email, check_phone, normal_phone, phone_label

PHONES = [
    ("(419) 555-0188", "+14195550188", "(419) 555-0188"),
    ("1-419-555-0188", "+14195550188", "(419) 555-0188"),
    ("+1 419.555.0188", "+14195550188", "(419) 555-0188"),
    ("419 555 0188 ext. 12", "+14195550188 x12", "(419) 555-0188 x12"),
    ("4195550188x7", "+14195550188 x7", "(419) 555-0188 x7"),
    ("119 555 0188", "119 555 0188", "119 555 0188"),  # an area code begins with 2 to 9
    ("+44 20 7946 0018", "+44 20 7946 0018", "+44 20 7946 0018"),
    ("555-0188", "555-0188", "555-0188"),
    ("call 555-0188", "call 555-0188", "call 555-0188"),
    ("", "", ""),
]


@pytest.mark.parametrize(("typed", "stored", "shown"), PHONES)
def test_a_number_has_one_form(typed: str, stored: str, shown: str):
    problems = Problems()
    assert (normal_phone(typed), check_phone(typed, problems), problems.found) == (stored, stored, [])
    assert phone_label(stored) == shown
    assert normal_phone(shown) == stored, "what is shown means what is stored"


@given(st.text(max_size=60))
def test_normalising_twice_is_normalising_once(typed: str):
    assert normal_phone(normal_phone(typed)) == normal_phone(typed)
    assert normal_phone(phone_label(normal_phone(typed))) == normal_phone(typed)


@pytest.mark.parametrize(("typed", "code"), [("no number", "bad_phone"), ("1" * 31, "too_long")])
def test_what_is_no_number(typed: str, code: str):
    problems = Problems()
    check_phone(typed, problems)
    assert [(p.field, p.code) for p in problems.found] == [("phone", code)]


EMAILS = [
    ("Jane@Example.COM", "jane@example.com", ""), ("", "", ""),
    (" a.b+c@mail.example.org ", "a.b+c@mail.example.org", ""),
    ("jane@example", "jane@example", "bad_email"), ("jane at example.com", "jane at example.com", "bad_email"),
    ("a@b.com, c@d.com", "a@b.com, c@d.com", "bad_email"), ("@example.com", "@example.com", "bad_email"),
    ("a@" + "x" * 250 + ".com", "a@" + "x" * 250 + ".com", "too_long"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "stored", "code"), EMAILS)
def test_an_address_is_checked(typed: str, stored: str, code: str):
    problems = Problems()
    assert check_email(typed, problems) == stored
    assert [p.code for p in problems.found] == ([code] if code else [])


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("Dealer Principal", "principal"), ("general_manager", "general_manager"), ("WARRANTY  administrator",
        "warranty_administrator"), ("Owner", None), ("", None),
    ],
)  # fmt: skip
def test_a_role_is_known_by_its_label_or_name(text: str, role: str | None):
    assert role_named(text) == role


def test_every_role_is_found_by_its_own_label():
    assert {label: role_named(label) for label in ROLES.values()} == {label: name for name, label in ROLES.items()}


@pytest.mark.parametrize(
    ("left_on", "is_primary", "codes"),
    [
        (None, True, []), (date(2026, 6, 29), False, []), (date(2026, 6, 30), False, ["future"]),
        (date(2026, 6, 1), True, ["has_left"]),
    ],
)  # fmt: skip
def test_who_may_have_left(left_on: date | None, is_primary: bool, codes: list[str]):
    problems = Problems()
    check_left(left_on, today=date(2026, 6, 29), is_primary=is_primary, problems=problems)
    assert [p.code for p in problems.found] == codes


W, R = Signal(level="watch", sentence="Look."), Signal(level="risk", sentence="Act.")
HEALTHS = [
    ([], "good", ()), ([W], "watch", ("Look.",)), ([W] * (MANY_WATCH - 1), "watch", ("Look.",) * (MANY_WATCH - 1)),
    ([W] * MANY_WATCH, "risk", ("Look.",) * MANY_WATCH), ([R], "risk", ("Act.",)), ([W, R], "risk", ("Act.", "Look.")),
]  # fmt: skip


@pytest.mark.parametrize(("signals", "level", "reasons"), HEALTHS)
def test_health_is_the_gravest_of_what_was_noticed(signals: list[Signal], level: str, reasons: tuple[str, ...]):
    found = health_of(signals)
    assert (found.level, found.reasons) == (level, reasons)
