"""Each of the 28 rules over its table of cases, and what every sentence owes the dealer who reads it."""

from __future__ import annotations

import re

import pytest

from db.claims.adjudicate_rules import APPLIES, RULES, adjudicate
from db.claims.model import CLAIM_TYPES
from db.claims.policy_rules import DEFAULT
from db.claims.reason_rules import REASON_CODES
from db.claims.rule_book import RULE_BOOK
from db.claims.snapshots import facts_from_json, facts_to_json
from tests.claims.rule_cases import CASES
from tests.claims.rule_facts import Case

LEVELS = {
    "W01": "EW", "W02": "EXA", "W04": "EW", "W06": "XEA", "W07": "XE", "W10": "EA", "W12": "RA", "W13": "RA",
    "W14": "WA", "W15": "XAW", "W18": "AX", "W22": "EW", "W23": "XE", "W26": "RE",
}  # fmt: skip
"""Rules with more than one level (domain-rules 2.1 D)."""
BY_NAME = {c.name: c for c in CASES}


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_case(name: str):
    one = BY_NAME[name]
    results = RULES[one.rule](one.facts, one.policy)
    failed = [r for r in results if not r.passed]
    assert results, "a rule that applies says something"
    assert {r.rule for r in results} == {one.rule}
    assert "".join(r.level for r in failed) == one.levels, [r.sentence for r in failed]
    assert (one.kind == "fail") is bool(failed)
    first = (failed or results)[0]
    if failed:
        assert first.reason_code == one.code
    if one.observed is not None:
        assert first.observed == one.observed
    if one.limit is not None:
        assert first.limit == one.limit
    if one.cents:
        assert tuple(r.suggested_cents for r in failed) == one.cents


def test_each_rule_has_a_case_that_passes_one_at_the_boundary_and_one_that_fails():
    assert list(RULES) == [f"W{n:02}" for n in range(1, 29)] == list(RULE_BOOK)
    assert set(APPLIES) == set(RULES)
    lacking = {r: {"pass", "boundary", "fail"} - {c.kind for c in CASES if c.rule == r} for r in RULES}
    assert not {r: kinds for r, kinds in lacking.items() if kinds}
    assert len(BY_NAME) == len(CASES), "names are distinct"


@pytest.mark.parametrize("rule", sorted(LEVELS))
def test_each_level_of_a_rule_has_a_case(rule: str):
    assert {level for c in CASES if c.rule == rule for level in c.levels} == set(LEVELS[rule])


@pytest.mark.parametrize("name", sorted(n for n, c in BY_NAME.items() if c.kind == "fail"))
def test_a_sentence_is_whole_holds_what_was_found_and_names_no_other_dealer(name: str):
    one = BY_NAME[name]
    for r in RULES[one.rule](one.facts, one.policy):
        if r.passed:
            continue
        assert re.match(r"[A-Z0-9“$−]", r.sentence), r.sentence
        assert r.sentence.endswith("."), r.sentence
        assert r.sentence.count(". ") >= 1, f"what to do is missing: {r.sentence}"
        assert r.reason_code in REASON_CODES
        assert r.observed
        assert r.limit
        assert len(r.observed) <= 200
        assert len(r.limit) <= 200
        assert len(r.field) <= 40
        seen = re.findall(r"[A-Z0-9][\w\-$,.]*\d", r.observed)
        values = seen or [r.observed.split(":")[0].split(",")[0]]
        assert any(v.casefold() in r.sentence.casefold() for v in values), (values, r.sentence)
        for other in one.facts.earlier:
            if not other.own:
                assert other.number not in r.sentence + r.observed + r.limit
        assert "  " not in r.sentence


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_facts_come_back_from_json_as_they_were(name: str):
    one: Case = BY_NAME[name]
    again = facts_from_json(facts_to_json(one.facts))
    assert again == one.facts
    assert adjudicate(again, one.policy) == adjudicate(one.facts, one.policy)


def test_the_sentence_of_a_short_cause_word_for_word():
    one = next(r for r in RULES["W09"](BY_NAME["W09-fail-fourteen"].facts, DEFAULT) if not r.passed)
    assert one.sentence == (
        "Job 1: the cause has 14 characters; at least 15 are needed. Say what was found and measured."
    )
    assert (one.field, one.job) == ("cause", 1)


def test_each_type_is_named_by_some_rules_only():
    named = set().union(*APPLIES.values())
    assert named == set(CLAIM_TYPES)
