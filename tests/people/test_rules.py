"""The policy of signing in: passwords, lockout, the end of a session (R32-R34)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.people.rules import (
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    check_password,
    locked_until,
    normalise,
    session_is_over,
    stems,
    tidy_username,
)

T0 = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
OWN_WORDS = stems("cora.reyes", "Cora Reyes", "cora@example.test", "Dealer desk", "Lone Pine Motors")

# One sentence each: the password, and the code of the problem (empty: it is taken).
PASSWORDS = [
    ("four unrelated words", "maple otter signal brass", ""),
    ("fifteen characters are enough", "gk2vq8xw4hz7nrt", ""),
    ("fourteen are not", "gk2vq8xw4hz7nr", "too_short"),
    ("no digit, capital or sign is asked for", "violet harbour kettle", ""),
    ("only digits are taken when they are no pattern", "839201748263549", ""),
    ("64 characters", "vq8xw4hz7nrt kettle " * 3 + "abcz", ""),
    ("72 characters", ("tin kettle violet harbour brass otter lamp " * 3)[:72], ""),
    ("73 characters", ("tin kettle violet harbour brass otter lamp " * 3)[:73], ""),
    ("200 characters", ("tin kettle violet harbour brass otter lamp " * 6)[:199] + "x", ""),
    ("201 characters", "tin kettle violet harbour brass otter lamp " * 4 + "x" * 40, "too_long"),
    ("other alphabets", "зелёный чайник рядом", ""),
    ("ideographs", "青い茶瓶は窓辺に三つ並んで待っている", ""),
    ("emoji count as characters", "\U0001f600\U0001f3e0\U0001f680 quiet lamp oboe", ""),
    ("spaces at the ends do not count", "   gk2vq8xw4hz7  ", "too_short"),
    ("only spaces", " " * 20, "too_short"),
    ("a word of the list, doubled", "passwordpassword", "easily_guessed"),
    ("a word of the list and a row of digits", "Password123456789", "easily_guessed"),
    ("letters written as digits", "P4ssw0rdP4ssw0rd!", "easily_guessed"),
    ("two words of the list and a year", "summer2026welcome!!", "easily_guessed"),
    ("along the keyboard", "qwertyuiopasdfgh", "easily_guessed"),
    ("up and down the digits", "12345678909876543", "easily_guessed"),
    ("one letter over and over", "a" * 20, "easily_guessed"),
    ("one piece over and over", "xk9xk9xk9xk9xk9xk9", "easily_guessed"),
    ("signs over and over", "!?" * 10, "easily_guessed"),
    ("the product's name", "DealerDesk-DealerDesk-1", "easily_guessed"),
    ("one's own name", "CoraReyes Cora Reyes 12", "easily_guessed"),
    ("one's own dealer", "lone pine motors 2026!", "easily_guessed"),
    ("brands of the trade", "toyota honda ford 1999", "easily_guessed"),
    ("a listed word among others is no harm", "password otter violin tram", ""),
]


@pytest.mark.parametrize(("password", "code"), [c[1:] for c in PASSWORDS], ids=[c[0] for c in PASSWORDS])
def test_passwords(password: str, code: str):
    assert "".join(p.code for p in check_password(password, words=OWN_WORDS)) == code


def test_a_problem_names_its_field_and_says_what_to_do():
    (problem,) = check_password("short")
    assert (problem.field, problem.rule) == ("password", "R34")
    assert "15 characters" in problem.message


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=260))
@settings(max_examples=200)
def test_every_text_gets_an_answer_and_length_alone_decides_outside_the_limits(text: str):
    codes = {p.code for p in check_password(text)}
    length = len(normalise(text))
    assert ("too_short" in codes) == (length < SHORTEST_PASSWORD)
    assert ("too_long" in codes) == (length > LONGEST_PASSWORD)


def at(*minutes: float) -> list[datetime]:
    return [T0 + timedelta(minutes=m) for m in minutes]


LOCKS = [
    ("no failures", [], None),
    ("nine in a row", at(*[0.1 * i for i in range(9)]), None),
    ("ten within five minutes, then fifteen more", at(*[0.5 * i for i in range(10)]), T0 + timedelta(minutes=19.5)),
    ("ten in exactly five minutes", at(*[i * 5 / 9 for i in range(10)]), T0 + timedelta(minutes=20)),
    ("ten in a little more than five minutes", at(*[i * 5.01 / 9 for i in range(10)]), None),
    ("ten slow ones", at(*range(10)), None),
    ("a slow start, then ten quick ones", at(-30, -20, *[0.1 * i for i in range(10)]), T0 + timedelta(minutes=15.9)),
    (
        "two floods: the newer one counts", at(*[0.1 * i for i in range(10)], *[20 + 0.1 * i for i in range(10)]),
        T0 + timedelta(minutes=35.9),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("failures", "until"), [c[1:] for c in LOCKS], ids=[c[0] for c in LOCKS])
def test_lockout(failures: list[datetime], until: datetime | None):
    found = locked_until(failures, tries=10, window_minutes=5, locked_minutes=15)
    assert found == until or (found and until and abs(found - until) < timedelta(milliseconds=1))


SESSIONS = [
    ("fresh", 0, None, ""),
    ("idle for 29 minutes", 29, None, ""),
    ("idle for 30 minutes", 30, None, "idle"),
    ("ended", 1, T0, "ended"),
    ("ended and idle", 40, T0, "ended"),
]


@pytest.mark.parametrize(("idle", "ended", "why"), [c[1:] for c in SESSIONS], ids=[c[0] for c in SESSIONS])
def test_when_a_session_is_over(idle: int, ended: datetime | None, why: str):
    now = T0 + timedelta(minutes=idle)
    expires = T0 + timedelta(hours=12)
    assert session_is_over(now=now, seen_at=T0, expires_at=expires, ended_at=ended, idle_minutes=30) == why


def test_twelve_hours_end_a_session_however_busy():
    now = T0 + timedelta(hours=12)
    assert session_is_over(now=now, seen_at=now, expires_at=now, ended_at=None, idle_minutes=30) == "too old"


@pytest.mark.parametrize("typed", ["Cora.Reyes", "  cora.reyes ", "CORA.REYES", "\uff43\uff4f\uff52\uff41.reyes"])
def test_user_names_are_compared_without_case_and_width(typed: str):
    assert tidy_username(typed) == "cora.reyes"
