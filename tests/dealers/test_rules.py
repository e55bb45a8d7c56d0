"""What a dealer record must be, as tables of cases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.core.problems import Problems
from db.dealers import rules

NAMES = [
    ("case and signs do not count", "Rick McGill's Airport TOYOTA", "rick mcgills airport toyota"),
    ("legal forms at the end do not count", "Camelback Toyota, Inc.", "camelback toyota"),
    ("several legal forms neither", "Berge Toyota Co. LLC", "berge toyota"),
    ("a legal form alone is the name", "Co", "co"),
    ("in the middle it belongs to the name", "Inc Motors", "inc motors"),
    ("and is and", "Smith & Sons", "smith and sons"),
    ("accents do not count", "Citroën Montréal", "citroen montreal"),
    ("white space is one space", "  Team \t Toyota ", "team toyota"),
    ("other scripts stay", "日産 東京", "日産 東京"),
    ("a name of signs has no key", "***", ""),
]


@pytest.mark.parametrize(("name", "key"), [case[1:] for case in NAMES], ids=[case[0] for case in NAMES])
def test_name_key(name, key):
    assert rules.name_key(name) == key


@given(st.text(max_size=400))
def test_a_name_key_is_its_own_key_and_fits(text):
    key = rules.name_key(text)
    assert rules.name_key(key) == key or len(key) == 160
    assert len(key) <= 160


REGIONS = [("15", "Region 15"), ("", "No region"), ("  East  coast ", "East coast"), ("12345", "12345"), ("5b", "5b")]


@pytest.mark.parametrize(("given_text", "shown"), REGIONS)
def test_region_name(given_text, shown):
    assert rules.region_name(given_text) == shown


def test_every_status_can_be_left_and_only_for_one_there_is():
    assert set(rules.NEXT_STATUSES) == set(rules.STATUSES)
    for status in rules.STATUSES:
        targets = (*rules.NEXT_STATUSES[status], *rules.BY_ONBOARDING.get(status, ()))
        assert targets
        assert set(targets) <= set(rules.STATUSES)
    assert not rules.can_become("active", "active")
    assert rules.can_become("suspended", "active")


# status, wanted status, and a word of the refusal (None: it may be done by hand)
HAND_STEPS = [
    ("prospect", "onboarding", "Start its onboarding"),
    ("prospect", "active", "Start its onboarding"),
    ("terminated", "onboarding", "Start its onboarding"),
    ("terminated", "active", "Start its onboarding"),
    ("onboarding", "active", "when its onboarding is passed"),
    ("onboarding", "prospect", "Withdraw or decline its onboarding"),
    ("onboarding", "terminated", "Withdraw or decline its onboarding"),
    ("active", "onboarding", "suspended or terminated next"),
    ("active", "prospect", "suspended or terminated next"),
    ("terminated", "suspended", "nothing next"),
    ("active", "suspended", None),
    ("suspended", "active", None),
    ("active", "terminated", None),
    ("prospect", "terminated", None),
    ("active", "active", None),
    ("active", "gone", None),  # said by check_status
]


@pytest.mark.parametrize(("status", "target", "word"), HAND_STEPS)
def test_going_live_is_never_done_by_hand(status, target, word):
    problems = Problems()
    rules.check_status_step(status, target, problems)
    said = [(p.field, p.code, p.message) for p in problems.found]
    if word is None:
        assert said == []
    else:
        assert [(field, code) for field, code, _ in said] == [("status", "not_allowed_now")]
        assert word in said[0][2]


def codes_of(check) -> list[tuple[str, str]]:
    problems = Problems()
    check(problems)
    return [(p.field, p.code) for p in problems.found]


PROBLEMS = [
    ("a code with zeros in front is good", lambda p: rules.check_code("02036", p), []),
    ("a code is needed", lambda p: rules.check_code(" ", p), [("code", "required")]),
    ("a code has no line break", lambda p: rules.check_code("1\n2", p), [("code", "bad_code")]),
    ("a code is at most 20 long", lambda p: rules.check_code("1" * 21, p), [("code", "too_long")]),
    ("a name needs a letter", lambda p: rules.check_name("!!", p), [("name", "bad_name")]),
    ("a name is at most 160 long", lambda p: rules.check_name("a" * 161, p), [("name", "too_long")]),
    ("no address is good", lambda p: rules.check_url("", p), []),
    ("an address without scheme is good", lambda p: rules.check_url("www.example.com/a", p), []),
    ("a script is no address", lambda p: rules.check_url("javascript://alert.com", p), [("url", "bad_url")]),
    ("an address has no space", lambda p: rules.check_url("http://a b.com", p), [("url", "bad_url")]),
    ("a broken address", lambda p: rules.check_url("http://[::1", p), [("url", "bad_url")]),
    ("no position is good", lambda p: rules.check_position(None, None, p), []),
    ("half a position", lambda p: rules.check_position(1.0, None, p), [("longitude", "incomplete")]),
    ("beyond the pole", lambda p: rules.check_position(91.0, 0.0, p), [("latitude", "out_of_range")]),
    ("around the world", lambda p: rules.check_position(1.0, 181.0, p), [("longitude", "out_of_range")]),
    ("null island", lambda p: rules.check_position(0.0, 0.0, p), [("latitude", "null_island")]),
    ("no share", lambda p: rules.check_share(lead_weight=0, lead_cap=0, daily_quota=0, problems=p),
     [("lead_weight", "out_of_range")]),
    ("a negative cap", lambda p: rules.check_share(lead_weight=1, lead_cap=-1, daily_quota=0, problems=p),
     [("lead_cap", "out_of_range")]),
    ("a negative quota", lambda p: rules.check_share(lead_weight=1, lead_cap=0, daily_quota=-1, problems=p),
     [("daily_quota", "out_of_range")]),
    ("an unknown status", lambda p: rules.check_status("gone", p), [("status", "unknown_status")]),
    ("a long make", lambda p: rules.check_brands(["x" * 41], p), [("brands", "too_long")]),
    ("no postal prefix", lambda p: rules.check_territories(["9?"], p), [("territories", "bad_prefix")]),
]  # fmt: skip


@pytest.mark.parametrize(("check", "found"), [case[1:] for case in PROBLEMS], ids=[case[0] for case in PROBLEMS])
def test_problems(check, found):
    assert codes_of(check) == found


def test_lists_are_sorted_and_without_doubles():
    problems = Problems()
    assert rules.check_brands(["Toyota", " lexus", "TOYOTA", ""], problems) == ("lexus", "Toyota")
    assert rules.check_territories(["85 0", "k1a-0", "850"], problems) == ("850", "K1A0")
    assert rules.split_list("Toyota; Lexus, Toyota|Scion\n") == ("Toyota", "Lexus", "Scion")
    assert problems.found == []
