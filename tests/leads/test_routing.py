"""Which dealer gets a lead, and why each other one did not (domain-rules 2.2 C)."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.core.geo import place_of
from db.leads.routing import SHOWN, Decision, LeadFacts, decide
from db.leads.routing_network import DealerFacts, Network
from db.leads.routing_policy import DEFAULT, Policy
from db.leads.routing_share import Load
from db.leads.routing_text import Texts, written

DALLAS, FORT_WORTH, HOUSTON = (32.8, -96.8), (32.75, -97.33), (29.76, -95.37)


def dealer(number: int, where: tuple[float, float] = DALLAS, **facts: Any) -> DealerFacts:
    given: dict[str, Any] = {
        "id": number, "code": f"{number:05d}", "name": f"Dealer {number}", "state": "TX", "region": "South",
        "latitude": where[0], "longitude": where[1],
    }  # fmt: skip
    return DealerFacts(**{**given, **facts})


def lead(postal: str = "75201", **facts: Any) -> LeadFacts:
    return LeadFacts(**{"postal": postal, "place": place_of(postal, ""), **facts})


def choose(lead_facts: LeadFacts, *dealers: DealerFacts, policy: Policy = DEFAULT, load: Load | None = None):
    return decide(lead_facts, Network(dealers), policy, load=load or Load(), credits={})


NAMED: dict[str, Any] = {"named_dealer_id": 2, "named_by": "vendor id 00002"}
FULL = Load(open_leads=Counter({1: 10, 2: 10}), today=Counter({1: 5, 2: 5}))

# sentence, lead, dealers, policy, load, winner's code, rule, {code: what dropped it}
CASES: list[tuple[str, LeadFacts, list[DealerFacts], Policy, Load, str, str, dict[str, str]]] = [
    (
        "the dealer named gets it",
        lead(**NAMED),
        [dealer(1), dealer(2, HOUSTON)],
        DEFAULT,
        Load(),
        "00002",
        "preferred_dealer",
        {"00001": "preferred_dealer"},
    ),
    (
        "a suspended dealer does not, though named",
        lead(**NAMED),
        [dealer(1), dealer(2, status="suspended")],
        DEFAULT,
        Load(),
        "00001",
        "nearest",
        {"00002": "status"},
    ),
    (
        "nor a terminated one",
        lead(**NAMED),
        [dealer(1), dealer(2, status="terminated")],
        DEFAULT,
        Load(),
        "00001",
        "nearest",
        {"00002": "status"},
    ),
    (
        "nor one in onboarding",
        lead(**NAMED),
        [dealer(1), dealer(2, status="onboarding")],
        DEFAULT,
        Load(),
        "00001",
        "nearest",
        {"00002": "status"},
    ),
    (
        "nor one that takes no leads",
        lead(**NAMED),
        [dealer(1), dealer(2, takes_leads=False)],
        DEFAULT,
        Load(),
        "00001",
        "nearest",
        {"00002": "status"},
    ),
    (
        "a named dealer is not full",
        lead(**NAMED),
        [dealer(1), dealer(2, cap=1)],
        DEFAULT,
        FULL,
        "00002",
        "preferred_dealer",
        {},
    ),
    (
        "unless the policy says so",
        lead(**NAMED),
        [dealer(1), dealer(2, cap=1)],
        replace(DEFAULT, named_dealer_beyond_capacity=False),
        FULL,
        "00001",
        "nearest",
        {"00002": "capacity"},
    ),
    (
        "a named dealer keeps a car of a make it does not sell new",
        lead(**NAMED, brand="ford"),
        [dealer(1, brands=frozenset({"ford"})), dealer(2, brands=frozenset({"toyota"}))],
        DEFAULT,
        Load(),
        "00002",
        "preferred_dealer",
        {},
    ),
    (
        "but not a new one that somebody else is authorised for",
        lead(**NAMED, brand="ford", is_new=True),
        [dealer(1, brands=frozenset({"ford"})), dealer(2, brands=frozenset({"toyota"}))],
        DEFAULT,
        Load(),
        "00001",
        "nearest",
        {"00002": "brand"},
    ),
    (
        "the owner of the postal area comes before a nearer dealer",
        lead(),
        [dealer(1), dealer(2, HOUSTON, prefixes=frozenset({"752"}))],
        DEFAULT,
        Load(),
        "00002",
        "territory",
        {"00001": "territory"},
    ),
    (
        "the longest prefix wins",
        lead(),
        [dealer(1, prefixes=frozenset({"7"})), dealer(2, prefixes=frozenset({"7520"}))],
        DEFAULT,
        Load(),
        "00002",
        "territory",
        {},
    ),
    (
        "an owner that is suspended leaves the lead to the nearest",
        lead(),
        [dealer(1), dealer(2, prefixes=frozenset({"752"}), status="suspended")],
        DEFAULT,
        Load(),
        "00001",
        "nearest",
        {"00002": "status"},
    ),
    (
        "the nearest wins",
        lead(),
        [dealer(1, FORT_WORTH), dealer(2)],
        DEFAULT,
        Load(),
        "00002",
        "nearest",
        {"00001": "distance"},
    ),
    (
        "the nearest that is authorised wins",
        lead(brand="ford", brand_label="Ford"),
        [dealer(1, FORT_WORTH, brands=frozenset({"ford"})), dealer(2, brands=frozenset({"toyota"}))],
        DEFAULT,
        Load(),
        "00001",
        "nearest",
        {"00002": "brand"},
    ),
    (
        "a dealer without makes sells every make",
        lead(brand="ford"),
        [dealer(1)],
        DEFAULT,
        Load(),
        "00001",
        "nearest",
        {},
    ),
    (
        "a full dealer is passed over",
        lead(),
        [dealer(1, cap=10), dealer(3, FORT_WORTH)],
        DEFAULT,
        FULL,
        "00003",
        "nearest",
        {"00001": "capacity"},
    ),
    (
        "a used quota too",
        lead(),
        [dealer(1, quota=5), dealer(3, FORT_WORTH)],
        DEFAULT,
        FULL,
        "00003",
        "nearest",
        {"00001": "capacity"},
    ),
    (
        "a share of nothing gets nothing",
        lead(),
        [dealer(1, weight=0), dealer(3, FORT_WORTH)],
        DEFAULT,
        Load(),
        "00003",
        "nearest",
        {"00001": "capacity"},
    ),
    (
        "least load",
        lead(),
        [dealer(1), dealer(2), dealer(3)],
        replace(DEFAULT, fairness="least_load"),
        FULL,
        "00003",
        "nearest",
        {"00001": "fairness", "00002": "fairness"},
    ),
    (
        "who had it does not get it again",
        lead(excluded=frozenset({1})),
        [dealer(1), dealer(2, FORT_WORTH)],
        DEFAULT,
        Load(),
        "00002",
        "nearest",
        {"00001": "had_it"},
    ),
    (
        "only the state known: the dealers of the state take turns",
        LeadFacts(place=place_of("", "TX")),
        [dealer(1, HOUSTON), dealer(2)],
        DEFAULT,
        Load(),
        "00001",
        "nearest",
        {"00002": "fairness"},
    ),
    (
        "nobody in the state: the nearest within reach",
        LeadFacts(place=place_of("", "OK")),
        [dealer(1, HOUSTON), dealer(2)],
        replace(DEFAULT, nearest_km=400),
        Load(),
        "00002",
        "nearest",
        {"00001": "distance"},
    ),
    ("no place, one dealer: that one", LeadFacts(), [dealer(1)], DEFAULT, Load(), "00001", "everywhere", {}),
    (
        "no place, shared by policy",
        LeadFacts(),
        [dealer(1), dealer(2)],
        replace(DEFAULT, without_place="share"),
        Load(),
        "00001",
        "everywhere",
        {"00002": "fairness"},
    ),
]


@pytest.mark.parametrize(
    ("facts", "dealers", "policy", "load", "code", "rule", "dropped"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_who_gets_it(facts, dealers, policy, load, code, rule, dropped):
    found = choose(facts, *dealers, policy=policy, load=load)
    assert found.dealer is not None
    assert (found.dealer.code, found.rule) == (code, rule)
    told = {candidate["dealer_code"]: candidate["dropped_by"] for candidate in found.candidates}
    assert told[code] == ""
    assert told.items() >= dropped.items()
    assert len(told) == len(dealers)


# sentence, lead, dealers, a part of the reason
NOBODY: list[tuple[str, LeadFacts, list[DealerFacts], str]] = [
    ("an empty network", lead(), [], "There are no dealers yet."),
    (
        "a name of none of ours",
        lead(named_text="Acura of Bellevue"),
        [],
        "“Acura of Bellevue” is no dealer of the network.",
    ),
    ("no place named", LeadFacts(), [dealer(1), dealer(2)], "Neither a dealer of ours nor a postal code"),
    ("a postal code of no place", LeadFacts(postal="00000"), [dealer(1), dealer(2)], "belongs to no place we know"),
    ("too far from everybody", lead("98101"), [dealer(1)], "No active dealer within 250 km."),
    ("nobody active", lead(), [dealer(1, status="suspended")], "No active dealer"),
    (
        "nobody authorised",
        lead(brand="lada", brand_label="Lada"),
        [dealer(1, brands=frozenset({"ford"}))],
        "No dealer is authorised for Lada.",
    ),
    ("everybody full", lead(), [dealer(1, quota=5), dealer(2, cap=10)], "2 full"),
]


@pytest.mark.parametrize(
    ("facts", "dealers", "reason"), [case[1:] for case in NOBODY], ids=[case[0] for case in NOBODY]
)
def test_nobody_can_take_it_and_the_reason_says_so(facts, dealers, reason):
    found = choose(facts, *dealers, load=FULL)
    assert (found.dealer, found.rule) == (None, "fallback")
    assert reason in found.why
    assert {c["dealer_code"] for c in found.candidates} == {d.code for d in dealers}
    assert all(c["dropped_by"] and c["reason"] for c in found.candidates)


def test_a_slow_dealer_gets_fewer_leads_not_none():
    """Rule 6: below the floor a share counts half."""
    policy = replace(DEFAULT, performance_floor_percent=50)
    network, load = Network([dealer(1, hit_rate=0.9), dealer(2, hit_rate=0.2)]), Load()
    credits: dict[str, Any] = {}
    won: Counter[str] = Counter()
    for _ in range(30):
        found = decide(lead(), network, policy, load=load, credits=credits)
        assert found.dealer is not None
        credits[found.pool] = found.credits
        won[found.dealer.code] += 1
    assert won == {"00001": 20, "00002": 10}


def test_what_is_remembered_decides_as_what_is_worked_out_anew():
    """Who is near and whom a make leaves out is told once for many leads; a lead that excludes somebody asks anew.

    Excluding nobody there is makes every step look again, so both ways have to give the same, turn after turn, down to
    the text that is stored.
    """
    dice = Random(7)
    for policy in (DEFAULT, replace(DEFAULT, fairness="least_load", without_place="share", nearest_km=80)):
        dealers = [some_dealer(dice, number) for number in range(1, 41)]
        kept, fresh = [Network(dealers), Load(), {}], [Network(dealers), Load(), {}]
        texts: Texts = {}
        for _ in range(400):
            brand, named = dice.choice(("ford", "toyota", "lada", "")), dice.choice((None, None, None, 1, 2, 3))
            postal, state = dice.choice((("75201", ""), ("77002", "TX"), ("98101", ""), ("", "TX"), ("", "")))
            facts = LeadFacts(
                postal=postal, place=place_of(postal, state), brand=brand, brand_label=brand.title(),
                named_dealer_id=named, named_by="vendor id", is_new=dice.random() < 0.3,
            )  # fmt: skip
            found = decided(facts, kept, policy)
            assert found == decided(replace(facts, excluded=frozenset({-1})), fresh, policy)
            stored = found.as_stored(policy_version=3)
            assert written(found, texts, policy_version=3) == json.dumps(stored)


def some_dealer(dice: Random, number: int) -> DealerFacts:
    near = dice.choice((DALLAS, FORT_WORTH, HOUSTON))
    return dealer(
        number, (near[0] + dice.uniform(-1, 1), near[1]), status=dice.choice(("active",) * 5 + ("suspended",)),
        name=dice.choice((f"Dealer {number}", 'The "candidates": [] of Élan')), takes_leads=dice.random() < 0.9,
        brands=dice.choice((frozenset(), frozenset({"ford"}), frozenset({"toyota"}), frozenset({"ford", "toyota"}))),
        prefixes=dice.choice((frozenset(), frozenset(), frozenset({"752"}))), cap=dice.choice((0, 0, 9)),
        quota=dice.choice((0, 0, 6)), weight=dice.choice((0, 1, 1, 3)),
    )  # fmt: skip


def decided(facts: LeadFacts, kept: list[Any], policy: Policy) -> Decision:
    network, load, credits = kept
    found = decide(facts, network, policy, load=load, credits=credits)
    if found.pool:
        credits[found.pool] = dict(found.credits)
    if found.dealer is not None:
        load.add(found.dealer.id)
    return found


def test_a_large_network_is_told_in_short():
    found = choose(lead(), *(dealer(n, (32.8 + n / 50, -96.8)) for n in range(1, 400)))
    assert found.dealer is not None
    assert found.dealer.code == "00001" or found.pool
    assert len(found.candidates) == SHOWN + 1
    assert sum(found.dropped.values()) == 398
    stored = found.as_stored(policy_version=3)
    assert stored["policy_version"] == 3
    assert stored["candidates"][0]["dropped_by"] == ""


places = st.sampled_from(["75201", "77002", "98101", "00000", ""])
many: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        dict, where=st.sampled_from([DALLAS, FORT_WORTH, HOUSTON]),
        status=st.sampled_from(["active", "active", "suspended", "onboarding"]), takes_leads=st.booleans(),
        brands=st.sampled_from([frozenset(), frozenset({"ford"}), frozenset({"toyota"})]), cap=st.integers(0, 2),
        weight=st.integers(0, 3), prefixes=st.sampled_from([frozenset(), frozenset({"752"})]),
    ),
    max_size=6,
)  # fmt: skip


@given(many, places, st.sampled_from(["", "ford", "lada"]), st.none() | st.integers(1, 6), st.booleans())
def test_every_dealer_is_explained(network, postal, brand, named, share):
    dealers = [dealer(number, **facts) for number, facts in enumerate(network, start=1)]
    facts = lead(postal, brand=brand, brand_label=brand.title(), named_dealer_id=named, named_by="vendor id")
    policy = replace(DEFAULT, without_place="share" if share else "fallback")
    load = Load(open_leads=Counter({1: 1, 2: 2}))
    found = decide(facts, Network(dealers), policy, load=load, credits={})
    again = decide(facts, Network(list(reversed(dealers))), policy, load=load, credits={})
    assert found == again  # the same facts decide the same, in whatever order they were read
    assert {c["dealer_code"] for c in found.candidates} == {d.code for d in dealers}
    assert sum(found.dropped.values()) == len(dealers) - (found.dealer is not None)
    assert found.why
    winners = [c for c in found.candidates if not c["dropped_by"]]
    assert len(winners) == (found.dealer is not None)
    assert all(c["reason"] for c in found.candidates)
    if found.dealer is not None:
        assert found.dealer.status == "active"
        assert found.dealer.takes_leads
