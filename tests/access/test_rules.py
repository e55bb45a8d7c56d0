"""The policy of access as tables of cases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.access import rules
from db.core.permissions import Role
from db.people.rules import USERNAME

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
ZONE = "America/New_York"


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


FLAGS = [
    ("works every day", {}, ()),
    ("new, not yet used", {"last": None, "made": 29.9}, ()),
    ("never used for 30 days", {"last": None, "made": 30}, ("never",)),
    ("90 days ago to the minute", {"last": 90}, ()),
    ("more than 90 days ago", {"last": 90.01}, ("quiet",)),
    ("left today", {"left": date(2026, 11, 23)}, ("left",)),
    ("leaves tomorrow", {"left": date(2026, 11, 24)}, ()),
    ("left and never came", {"left": date(2026, 10, 1), "last": None}, ("left", "never")),
    ("left, quiet for long", {"left": date(2026, 10, 1), "last": 120}, ("left", "quiet")),
    ("disabled", {"left": date(2026, 10, 1), "last": None, "active": False}, ()),
]


@pytest.mark.parametrize("facts, flags", [f[1:] for f in FLAGS], ids=[f[0] for f in FLAGS])
def test_what_makes_an_account_doubtful(facts, flags):
    last = facts.get("last", 1)
    found = rules.flags_of(
        is_active=facts.get("active", True), created_at=ago(facts.get("made", 400)), left_on=facts.get("left"),
        last_sign_in_at=None if last is None else ago(last), now=NOW,
    )  # fmt: skip
    assert found == flags
    assert rules.preset(found) == ("disable" if flags else "keep")
    assert all(flag in rules.FLAGS for flag in found)


STATES = [
    ("disabled", (False, False, None, ago(1)), "disabled"),
    ("disabled with a one-time password", (False, True, NOW, None), "disabled"),
    ("its own password", (True, False, None, None), "active"),
    ("a one-time password", (True, True, NOW, None), "one_time"),
    ("a new one-time password after a reset", (True, True, NOW, ago(1)), "one_time"),
    ("made without a password", (True, True, None, None), "no_password"),
    ("has signed in, so it had one", (True, True, None, ago(1)), "active"),
]


@pytest.mark.parametrize("facts, state", [s[1:] for s in STATES], ids=[s[0] for s in STATES])
def test_how_an_account_stands(facts, state):
    is_active, must_change, expires_at, last = facts
    found = rules.account_state(
        is_active=is_active, must_change=must_change, expires_at=expires_at, last_sign_in_at=last
    )
    assert found == state
    assert found in rules.STATES


QUARTERS = [
    (datetime(2026, 1, 1, 12, tzinfo=UTC), date(2026, 1, 1), "2026 Q1", True),
    (datetime(2026, 3, 31, 23, tzinfo=UTC), date(2026, 1, 1), "2026 Q1", False),
    # Midnight in UTC is still the evening before at the desk.
    (datetime(2026, 4, 1, 3, 59, tzinfo=UTC), date(2026, 1, 1), "2026 Q1", False),
    (datetime(2026, 4, 1, 4, 0, tzinfo=UTC), date(2026, 4, 1), "2026 Q2", True),
    (datetime(2026, 7, 14, 12, tzinfo=UTC), date(2026, 7, 1), "2026 Q3", True),
    (datetime(2026, 7, 15, 12, tzinfo=UTC), date(2026, 7, 1), "2026 Q3", False),
    (datetime(2026, 12, 31, 12, tzinfo=UTC), date(2026, 10, 1), "2026 Q4", False),
]


@pytest.mark.parametrize("moment, first, label, opens", QUARTERS)
def test_quarters_are_those_of_the_desks_calendar(moment, first, label, opens):
    assert rules.quarter_of(moment, ZONE) == first
    assert rules.quarter_label(first) == label
    assert rules.opens_by_itself(moment, ZONE) is opens


@given(st.integers(0, 100 * 366 * 24).map(lambda hours: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(hours=hours)))
def test_every_moment_lies_in_its_quarter(moment):
    first = rules.quarter_of(moment, ZONE)
    assert first.day == 1
    assert first.month in (1, 4, 7, 10)
    assert -1 <= (moment.date() - first).days <= 92


REVIEWS = [
    ("done", {"is_open": False, "completed_at": NOW}, "reviewed"),
    ("overtaken", {"is_open": False}, "missed"),
    ("overtaken after somebody began", {"is_open": False, "decided": 3}, "missed"),
    ("nobody yet", {}, "open"),
    ("some", {"decided": 1}, "partly"),
    ("on its last minute", {"due_at": NOW}, "open"),
    ("late", {"due_at": ago(0.001)}, "overdue"),
    ("late in part", {"due_at": ago(1), "decided": 2}, "overdue"),
]


@pytest.mark.parametrize("facts, state", [r[1:] for r in REVIEWS], ids=[r[0] for r in REVIEWS])
def test_how_a_review_stands(facts, state):
    usual = {"is_open": True, "completed_at": None, "decided": 0, "due_at": NOW + timedelta(days=1)}
    assert rules.review_state(**(usual | facts), now=NOW) == state
    assert state in rules.REVIEW_STATES


LAST = [
    ("one of two goes", {1: [10, 11]}, [(10, 1)], []),
    ("both go", {1: [10, 11]}, [(10, 1), (11, 1)], [1]),
    ("the only one goes", {1: [10]}, [(10, 1)], [1]),
    ("staff goes", {1: [10]}, [(12, 1)], []),
    ("there is none already", {}, [(12, 1)], []),
    ("at the other dealer", {1: [10], 2: [10, 20]}, [(10, 2)], []),
    ("at several", {1: [10], 2: [10]}, [(10, 1), (10, 2)], [1, 2]),
]


@pytest.mark.parametrize("managers, ending, alone", [c[1:] for c in LAST], ids=[c[0] for c in LAST])
def test_who_would_be_left_without_a_manager(managers, ending, alone):
    assert rules.last_managers(managers, ending) == alone


NAMES = [
    ("Ana Ortiz", "ana@x.test", set(), "ana.ortiz"),
    ("Ana Ortiz", "ana@x.test", {"ana.ortiz"}, "ana.ortiz2"),
    ("Ana Ortiz", "ana@x.test", {"ana.ortiz", "ana.ortiz2"}, "ana.ortiz3"),
    ("Zoë Müller-Lång", "", set(), "zoe.muller.lang"),
    ("Søren Łuk", "", set(), "soren.luk"),
    ("李雷", "lilei@x.test", set(), "lilei"),
    ("李雷", "李@x.test", set(), "person"),
    ("Q", "", set(), "q.1"),
    ("a" * 120, "", set(), "a" * 60),
]


@pytest.mark.parametrize("name, email, taken, username", NAMES)
def test_a_user_name_from_a_name(name, email, taken, username):
    assert rules.suggested_username(name, email, taken=taken.__contains__) == username


@given(st.text(max_size=120), st.text(max_size=60), st.integers(0, 3))
def test_every_suggestion_is_a_user_name_that_is_free(name, email, steps):
    taken: set[str] = set()
    for _ in range(steps + 1):
        found = rules.suggested_username(name, email, taken=taken.__contains__)
        assert USERNAME.fullmatch(found)
        assert found not in taken
        taken.add(found)


def test_only_roles_of_dealers_can_be_given():
    assert set(rules.ROLES) == {role.value for role in Role if role.is_dealer}
    assert all(Role(name).label == label for name, label in rules.ROLES.items())
