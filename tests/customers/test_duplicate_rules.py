"""How alike two customers are, and why (2.2 D)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.customers.duplicate_rules import PersonFacts, likeness, match_key, suggestions


def person(name: str, **other: Any) -> PersonFacts:
    values: dict[str, Any] = {"customer_id": 1, "name": name, "postal_code": "12207", **other}
    for name_of in ("keys", "vins"):
        values[name_of] = frozenset(values.get(name_of, ()))
    return PersonFacts(**values)


CASES = [
    (
        "same e-mail and name",
        person("Jane Doe", keys=["email:j@x.com"]),
        person("Jane Doe", keys=["email:j@x.com"]),
        "Likely",
    ),
    (
        "same phone, name typed in two ways",
        person("Jon Smith", keys=["phone:+1"]),
        person("John Smith", keys=["phone:+1"]),
        "Likely",
    ),
    (
        "an initial at the same place and street",
        person("J Smith", street="1 Elm"),
        person("John Smith", street="1 Elm"),
        "Possible",
    ),
    (
        "first and last name turned",
        person("Smith John", street="1 Elm"),
        person("John Smith", street="1 Elm"),
        "Possible",
    ),
    ("same name, other place", person("John Smith"), person("John Smith", postal_code="90210"), "Unlikely"),
    ("a household", person("Ann Lee", keys=["phone:+1"]), person("Bob Lee", keys=["phone:+1"]), "Unlikely"),
    (
        "a business and a person",
        person("Lee", is_business=True, keys=["phone:+1"]),
        person("Ann Lee", keys=["phone:+1"]),
        "Unlikely",
    ),
    ("nothing in common", person("Ann Lee"), person("Bob Ray", postal_code="1"), "Unlikely"),
    (
        "same vehicle and name",
        person("Ann Lee", postal_code="", vins=["V"]),
        person("Ann Lee", postal_code="", vins=["V"]),
        "Unlikely",
    ),
    ("same name and postal code", person("Ann Lee"), person("ann LEE"), "Possible"),
]


@pytest.mark.parametrize(("one", "other", "word"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_how_sure_the_desk_is(one, other, word):
    assert likeness(one, other).word == word, likeness(one, other)


def test_every_point_has_its_reason():
    found = likeness(person("Jon Smith", keys=["phone:+1"]), person("John Smith", keys=["phone:+1"]))
    assert found.score == sum(points for _, points in found.reasons) == 75
    assert found.sentence == "same phone, similar name and same postal code"


names = st.text(alphabet="abcdefgh ", min_size=1, max_size=14)
people = st.builds(
    person,
    names,
    keys=st.sets(st.sampled_from(["email:a", "phone:b", "name:c|1"])),
    street=st.sampled_from(["", "1 Elm"]),
    is_business=st.booleans(),
    postal_code=st.sampled_from(["", "12207", "1"]),
    vins=st.sets(st.sampled_from(["v"])),
)


@given(people, people)
def test_likeness_is_mutual_and_bounded(one, other):
    assert likeness(one, other) == likeness(other, one)
    assert 0 <= likeness(one, other).score <= 100


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("John Smith", "12207"), ("Jon Smyth", "12207"), True),
        (("Ann Meyer", "12207-0001"), ("Anne Meier", "12207"), True),
        (("Ann Lee", "12207"), ("Ann Lee", "90210"), False),
        (("Ann Lee", "12207"), ("Ann Ray", "12207"), False),
        (("Ann Lee", ""), ("Ann Lee", ""), False),
    ],
)
def test_where_lookalikes_are_looked_for(one, other, same):
    first, second = match_key(*one), match_key(*other)
    assert (bool(first) and first == second) is same


def test_the_likeliest_come_first():
    sure = (
        person("Ann Lee", keys=["email:a", "phone:b"]),
        person("Ann Lee", customer_id=2, keys=["email:a", "phone:b"]),
    )
    maybe = (person("Ann Lee"), person("Ann Lee", customer_id=3))
    no = (person("Ann Lee"), person("Bob Ray", customer_id=4))
    assert [other.customer_id for _, other, _ in suggestions([maybe, no, sure])] == [2, 3]
