"""Hashing passwords: nothing is cut, nothing raises (R34)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.people import passwords
from db.people.rules import COMMON_WORDS, check_password
from tests.support.tier import figure


@pytest.mark.parametrize("length", [15, 64, 71, 72, 73, 100, 200])
def test_the_last_character_counts_at_every_length(length: int):
    password = ("maple otter signal brass " * 10)[: length - 1]
    stored = passwords.hash_password(password + "x", cost=4)
    assert passwords.matches(password + "x", stored)
    is_cut = passwords.matches(password + "y", stored)
    figure("R34", "passwords cut", int(is_cut))
    assert not is_cut


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


def test_whatever_is_built_from_listed_words_is_refused():
    """Every listed word in the ways people lengthen one: twice, with years, digits or signs, letters as digits."""
    digits = str.maketrans("oieas", "01345")
    tried = []
    for word in sorted(COMMON_WORDS):
        tried += [
            word * (15 // len(word) + 1), f"{word}2026{word}2025", f"{word.capitalize()}12345678901",
            f"{word}{word}!!!!!!!!!",
            f"{word.translate(digits)}{word}1234567", f"qwertyuiop{word}{word}", f"{word}-{word}-1234567890", word,
            word.upper() * (15 // len(word) + 1), f"aaaaaaaaaaaaaaa{word}",
            f"{word}!{word}?{word}1999", f"1q2w3e4r5t{word.title()}2024",
        ]  # fmt: skip
    taken = [password for password in tried if check_password(password) == []]
    figure("R34", "listed passwords tried", len(tried))
    figure("R34", "listed passwords taken", len(taken))
    assert taken == []
