"""Hashing passwords: nothing is cut, nothing raises (R34)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.people import passwords
from db.people.rules import check_password


@pytest.mark.parametrize("length", [15, 64, 71, 72, 73, 100, 200])
def test_the_last_character_counts_at_every_length(length: int):
    password = ("maple otter signal brass " * 10)[: length - 1]
    stored = passwords.hash_password(password + "x", cost=4)
    assert passwords.matches(password + "x", stored)
    assert not passwords.matches(password + "y", stored)


@given(st.text(max_size=220))
@settings(max_examples=60)
def test_any_text_can_be_hashed_and_is_found_again(text: str):
    stored = passwords.hash_password(text, cost=4)
    assert passwords.matches(text, stored)
    assert passwords.matches(f"  {text}\n", stored)  # spaces at the ends are a slip of the fingers
    assert not passwords.matches(text + "#", stored)


def test_accents_typed_in_two_ways_are_one_password():
    stored = passwords.hash_password("caf\u00e9 otter signal", cost=4)
    assert passwords.matches("cafe\u0301 otter signal", stored)


def test_one_time_passwords_differ_and_keep_the_policy():
    made = {passwords.one_time_password() for _ in range(200)}
    assert len(made) == 200
    assert all(check_password(p) == [] for p in made)


def test_the_cost_is_the_one_asked_for():
    assert passwords.cost_of(passwords.hash_password("x", cost=5)) == 5
    assert passwords.cost_of(passwords.nobodys_hash(6)) == 6
