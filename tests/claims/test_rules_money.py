"""Money over 100,000 random claims: sums, reductions, supplements, debits, halves (domain-rules 2.0, 2.1 E)."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from db.claims.adjudicate_rules import adjudicate
from db.claims.model import ChargeDraft
from db.claims.money_rules import fill, half_up, line_cents, net_of, total_cents
from db.claims.policy_rules import DEFAULT
from tests.claims.rule_facts import BASIC, SOUND

KINDS = ("labour", "parts", "sublet", "rental", "freight", "misc", "tax")


def lines(random: Random) -> tuple[ChargeDraft, ...]:
    found = [
        ChargeDraft(
            position=n, kind=(kind := random.choice(KINDS)), job=random.randint(0, 1),
            code={"labour": "E1205", "parts": "TC-5000"}.get(kind, ""), quantity=random.randint(0, 5_00),
            unit_cents=random.randint(0, 500_00), markup=random.choice((0, 15_00, 33_33, 40_00)),
        )
        for n in range(1, random.randint(2, 5))
    ]  # fmt: skip
    if random.random() < 0.2:
        found.append(ChargeDraft(position=9, kind="deductible", unit_cents=-random.randint(0, 200_00)))
    return tuple(found)


def test_amounts_of_96_000_random_claims():
    random = Random(45)
    for _ in range(96_000):
        charges = lines(random)
        claimed = [line_cents(c) for c in charges]
        assert total_cents(charges) == sum(claimed) == total_cents(reversed(charges))
        for c, cents in zip(charges, claimed, strict=True):
            exact = abs(c.quantity * c.unit_cents * (10_000 + c.markup))
            assert (2 * exact + 1_000_000) // 2_000_000 == abs(cents)
        approved = [random.randint(0, c) if c > 0 else c for c in claimed]
        assert sum(approved) <= sum(claimed)
        supplement = random.randint(0, 900_00)
        assert net_of([sum(approved), supplement]) == sum(approved) + supplement
        assert net_of([sum(approved), supplement, -(sum(approved) + supplement)]) == 0
        cap = random.randint(0, 2_000_00)
        kept = fill([max(c, 0) for c in claimed], cap)
        assert sum(kept) == min(cap, sum(max(c, 0) for c in claimed))


def test_suggestions_of_4_000_random_claims():
    random = Random(46)
    for n in range(4_000):
        charges = lines(random)
        plan = replace(BASIC, deductible_cents=random.choice((0, 0, 100_00)))
        facts = replace(
            SOUND, claim=replace(SOUND.claim, charges=charges), vehicle=replace(SOUND.vehicle, plans=(plan,))
        )
        verdict = adjudicate(facts, DEFAULT)
        total = total_cents(charges)
        assert verdict.claimed_cents == total
        for one in verdict.charges:
            if one.claimed_cents >= 0 and charges[-1].position != one.position:
                assert 0 <= one.suggested_cents <= one.claimed_cents
        if total >= 0:
            assert 0 <= verdict.suggested_cents <= total
        if n % 4:
            continue  # the order of lines matters to no rule, or to one of them often
        mixed = list(charges)
        random.shuffle(mixed)
        other = adjudicate(replace(facts, claim=replace(facts.claim, charges=tuple(mixed))), DEFAULT)
        assert other == verdict


@pytest.mark.parametrize(("top", "bottom", "cents"), [(1, 2, 1), (-1, 2, -1), (3, 2, 2), (149, 100, 1), (0, 5, 0)])
def test_halves_go_up(top: int, bottom: int, cents: int):
    assert half_up(top, bottom) == cents
