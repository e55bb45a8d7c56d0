"""What a provider's answer is worth: a table of claims."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from db.people.single_sign_on_rules import is_fresh, is_new, read_answer
from tests.support.users import NOW

AT = int(NOW.timestamp())
GOOD: dict[str, Any] = {
    "iss": "https://id.example", "sub": "00u1", "aud": "desk", "exp": AT + 300, "iat": AT, "nonce": "n-1",
    "email": " Cora@Example.test ", "email_verified": True, "provider": "acme", "is_logged_in": True,
}  # fmt: skip

# what differs, and whether there is an answer
CASES: list[tuple[str, dict[str, Any], bool]] = [
    ("as it should be", {}, True),
    ("one of several audiences", {"aud": ["desk", "other"], "azp": "desk"}, True),
    ("another audience", {"aud": "other"}, False),
    ("another audience, given to us", {"aud": "other", "azp": "desk"}, False),
    ("given to another program", {"azp": "other"}, False),
    ("part of our name", {"aud": "desktop"}, False),
    ("no audience", {"aud": None}, False),
    ("expired within the leeway", {"exp": AT - 60}, True),
    ("expired", {"exp": AT - 121}, False),
    ("no end", {"exp": None}, False),
    ("an end in words", {"exp": "tomorrow"}, False),
    ("an end that is true", {"exp": True}, False),
    ("an end out of this world", {"exp": 1e30}, False),
    ("no beginning", {"iat": None}, False),
    ("no issuer", {"iss": ""}, False),
    ("no subject", {"sub": None}, False),
    ("a subject of spaces", {"sub": "   "}, False),
    ("a subject that is a number", {"sub": 7}, False),
    ("a subject too long", {"sub": "x" * 256}, False),
    ("a subject with a line break", {"sub": "a\nb"}, False),
    ("no nonce", {"nonce": None}, False),
]


@pytest.mark.parametrize(("change", "is_one"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_which_claims_are_an_answer(change: dict[str, Any], is_one: bool):
    answer = read_answer(GOOD | change, client_id="desk", now=NOW)
    assert (answer is not None) is is_one
    if answer is not None:
        assert (answer.issuer, answer.subject, answer.provider) == ("https://id.example", "00u1", "acme")


VERIFIED: list[tuple[str, dict[str, Any], str]] = [
    ("verified", {}, "Cora@Example.test"),
    ("not verified", {"email_verified": False}, ""),
    ("not said", {"email_verified": None}, ""),
    ("said as text", {"email_verified": "true"}, ""),
    ("said as a number", {"email_verified": 1}, ""),
    ("no e-mail", {"email": None}, ""),
    ("an e-mail that is a list", {"email": ["cora@example.test"]}, ""),
]


@pytest.mark.parametrize(("change", "email"), [case[1:] for case in VERIFIED], ids=[case[0] for case in VERIFIED])
def test_an_email_counts_when_the_provider_verified_it(change: dict[str, Any], email: str):
    answer = read_answer(GOOD | change, client_id="desk", now=NOW)
    assert answer is not None
    assert answer.email == email


def test_without_a_client_nothing_is_for_us():
    assert read_answer(GOOD | {"aud": ""}, client_id="", now=NOW) is None


@pytest.mark.parametrize(("seconds", "fresh"), [(-121, False), (-60, True), (0, True), (300, True), (301, False)])
def test_an_answer_is_good_for_five_minutes(seconds: int, fresh: bool):
    """Streamlit's cookie brings it again for 30 days."""
    answer = read_answer(GOOD | {"exp": AT + 10_000}, client_id="desk", now=NOW)
    assert answer is not None
    moment = NOW + timedelta(seconds=seconds)
    assert is_fresh(answer, now=moment) is fresh
    assert is_new(GOOD, now=moment) is fresh
    assert not is_new({}, now=moment)


def test_every_answer_has_its_own_digest():
    kinds: tuple[dict[str, Any], ...] = (
        {},
        {"nonce": "n-2"},
        {"sub": "00u2"},
        {"iss": "https://id2.example"},
        {"iat": AT - 1},
    )
    answers = [read_answer(GOOD | kind, client_id="desk", now=NOW) for kind in kinds]
    assert len({answer.digest for answer in answers if answer is not None}) == len(kinds)
