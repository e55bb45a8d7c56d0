"""The score: each fact is worth what the rule says, and every point is explained (domain-rules 2.2 E)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.leads.score import ScoreFacts, parts, suspicious_email, total, with_other_source

TODAY = date(2026, 11, 20)

CASES: list[tuple[str, dict[str, Any], int]] = [
    ("nothing known", {}, 0),
    ("a valid phone", {"phones": ["+12125550100"]}, 15),
    ("a second phone adds nothing", {"phones": ["+12125550100", "+12125550101"]}, 15),
    ("a valid e-mail", {"emails": ["jane@mail.com"]}, 5),
    ("a VIN", {"vin": "4T1B11HK5JU000001"}, 15),
    ("a stock number", {"stock": "T1"}, 15),
    ("VIN and stock number count once", {"vin": "4T1B11HK5JU000001", "stock": "T1"}, 15),
    ("a trade-in", {"trade_in": "2015 Honda Civic"}, 10),
    ("wanted on the thirtieth day", {"wanted_by": TODAY + timedelta(days=30)}, 15),
    ("wanted on the thirty-first day", {"wanted_by": TODAY + timedelta(days=31)}, 8),
    ("wanted on the ninetieth day", {"wanted_by": TODAY + timedelta(days=90)}, 8),
    ("wanted later", {"wanted_by": TODAY + timedelta(days=91)}, 0),
    ("wanted in the past", {"wanted_by": TODAY - timedelta(days=1)}, 0),
    ("asks for financing", {"finance_requested": True}, 10),
    ("wants a test drive", {"test_drive": True}, 15),
    ("asks a question", {"question": "Is it still there?"}, 5),
    ("bought before", {"earlier_sale": "Lead L-000001"}, 10),
    ("in the dealer's territory", {"in_territory": "Postal code 10001"}, 5),
    ("two sources", {"other_sources": ["Cars.com"]}, 5),
    ("a placeholder address cannot pull below zero", {"emails": ["test@mail.com"]}, 0),
    (
        "a placeholder address takes away what a phone gives",
        {"emails": ["test@mail.com"], "phones": ["+12125550100"]},
        0,
    ),
    ("out of market", {"phones": ["+12125550100"], "trade_in": "Civic", "out_of_market": "Lives in DE"}, 10),
]


@pytest.mark.parametrize(("facts", "points"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_points(facts: dict[str, Any], points: int):
    assert total(parts(ScoreFacts(today=TODAY, **facts))) == points


def test_everything_at_once_is_a_hundred():
    facts = ScoreFacts(
        today=TODAY, phones=["+12125550100"], emails=["jane@mail.com"], vin="V", trade_in="Civic", wanted_by=TODAY,
        finance_requested=True, test_drive=True, question="?", earlier_sale="x", in_territory="x", other_sources=["x"],
    )  # fmt: skip
    found = parts(facts)
    assert sum(part["points"] for part in found) == 110
    assert total(found) == 100


EMAILS = [
    ("a real address", "jane.doe@gmail.com", False),
    ("a throw-away mailbox", "x@mailinator.com", True),
    ("a domain for examples", "jane@example.com", True),
    ("a test domain", "jane@shop.test", True),
    ("a placeholder", "noemail@gmail.com", True),
    ("one letter again and again", "aaaaa@gmail.com", True),
    ("keys hit at random", "sdfghjkl@gmail.com", True),
    ("a short name without vowels may be real", "mrs@gmail.com", False),
]


@pytest.mark.parametrize(("address", "is_doubtful"), [case[1:] for case in EMAILS], ids=[case[0] for case in EMAILS])
def test_suspicious_email(address: str, is_doubtful: bool):
    assert bool(suspicious_email(address)) is is_doubtful


def test_a_further_source_counts_once():
    first = with_other_source(parts(ScoreFacts(today=TODAY, phones=["+12125550100"])), "Cars.com")
    second = with_other_source(first, "Edmunds")
    assert total(first) == total(second) == 20
    assert second[-1]["why"] == "Cars.com, Edmunds"


words = st.text(max_size=12)


@given(
    st.builds(
        ScoreFacts, today=st.just(TODAY), phones=st.lists(words, max_size=2), emails=st.lists(words, max_size=2),
        vin=words, stock=words, trade_in=words, wanted_by=st.none() | st.dates(), finance_requested=st.booleans(),
        test_drive=st.booleans(), question=words, earlier_sale=words, in_territory=words,
        other_sources=st.lists(words, max_size=2), out_of_market=words,
    )
)  # fmt: skip
def test_always_between_0_and_100_and_explained(facts: ScoreFacts):
    found = parts(facts)
    assert 0 <= total(found) <= 100
    assert all(part["why"].strip() or part["label"] for part in found)
    assert len({part["label"] for part in found}) == len(found)
