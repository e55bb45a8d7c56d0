"""R06: whatever splits an amount keeps every cent: the parts are the total, in any currency, and none is invented.

Seeded, not Hypothesis: a hundred thousand totals each in seconds; the seed and the number are in the failure.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from db.claim_payments import rules as claim_batches
from db.claims.decision_rules import Line, LineDecision, suggested_lines
from db.claims.model import ChargeDraft
from db.claims.money_rules import fill, line_cents, total_cents
from db.coop import lot_rules, payable_rules
from db.incentives import pay_rules
from db.parts import allocation_rules
from tests.support.tier import figure, sized

TOTALS = sized(fast=600, long=100_000)
CURRENCIES = ("USD", "CAD", "JPY")
"""Dollars, another mark, and one whose amounts are whole: kept as hundredths like the others."""
DAY, MOMENT = date(2026, 5, 4), datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def amount(dice: random.Random, currency: str) -> int:
    """An amount as people have them, now and then at an edge: nothing, a cent, the largest the columns hold."""
    found = dice.choice([
        0, 1, 2, 3, 99, 100, 101, dice.randrange(1, 1_000), dice.randrange(1, 1_000_000),
        dice.randrange(1, 100_000_00), dice.randrange(1, 2**40), 2**53 + dice.randrange(3),
    ])  # fmt: skip
    return found // 100 * 100 if currency == "JPY" else found


def some(dice: random.Random, currency: str, most: int = 6) -> list[int]:
    return [amount(dice, currency) for _ in range(dice.randrange(1, most + 1))]


def of_a_cap(dice: random.Random, currency: str) -> bool:
    """A cap over several lines of a claim."""
    amounts, cap = some(dice, currency), amount(dice, currency)
    kept = fill(amounts, cap)
    return sum(kept) == min(sum(amounts), cap) and all(0 <= k <= a for k, a in zip(kept, amounts, strict=True))


def of_a_claim(dice: random.Random, currency: str) -> bool:
    """The total of a claim and its rounded lines; and whatever is suggested stays within it, line by line."""
    charges = [
        ChargeDraft(
            position=n, kind="part", quantity=dice.randrange(1, 5_000), markup=dice.choice([0, 500, 3_333, 10_000]),
            unit_cents=amount(dice, currency) % 10**9,
        )
        for n in range(1, dice.randrange(2, 6))
    ]  # fmt: skip
    claimed = {c.position: line_cents(c) for c in charges}
    exact = all(
        abs(claimed[c.position] * 1_000_000 - c.quantity * c.unit_cents * (10_000 + c.markup)) * 2 <= 1_000_000
        for c in charges
    )
    off = -min(sum(claimed.values()), dice.choice([0, 100_00]))
    lines = [Line(position=p, job=1, kind="part", claimed_cents=cents) for p, cents in claimed.items()]
    lines.append(Line(position=9, job=0, kind="deductible", claimed_cents=off))
    wanted = [LineDecision(position=p, cents=dice.randrange(cents + 1)) for p, cents in claimed.items()]
    wanted.append(LineDecision(position=9, cents=dice.choice([0, off])))
    found = suggested_lines(lines, wanted)
    within = sum(d.cents for d in found) <= sum(x.claimed_cents for x in lines)
    return exact and total_cents(charges) == sum(claimed.values()) and within and len(found) == len(lines)


def of_a_batch_of_claims(dice: random.Random, currency: str) -> bool:
    """Unpaid entries over dealers: what memos pay and what is left out is everything that was owed."""
    entries = [
        claim_batches.Unpaid(
            entry_id=n, claim_id=dice.randrange(4), number="C", dealer_id=dice.randrange(2),
            cents=cents * dice.choice([1, 1, -1]), claim_status=dice.choice(["approved", "paid", "in_review"]),
            dealer_status=dice.choice(["active", "active", "suspended"]), pay_by=DAY + timedelta(dice.randrange(3)),
            is_signed=dice.random() < 0.1,
        )
        for n, cents in enumerate(some(dice, currency, 8))
    ]  # fmt: skip
    plan = claim_batches.plan(entries, due_until=dice.choice([None, DAY]))
    left = sum(one.cents for one in plan.left_out)
    return plan.cents + left == sum(e.cents for e in entries) and all(m.cents >= 0 for m in plan.memos)


def of_a_payment_of_incentives(dice: random.Random, currency: str) -> bool:
    """What is owed by account, authorized in part: paid, set off, left for later; together everything."""
    owed = [
        pay_rules.Owed(
            claim_id=n, number="I", program_id=dice.randrange(2), dealer_id=dice.randrange(2), period="2026-Q2",
            cents=cents * dice.choice([1, 1, 1, -1]) or 1, dealer_status=dice.choice(["active", "terminated"]),
            since=MOMENT + timedelta(days=dice.randrange(9)), is_signed=dice.random() < 0.1,
        )
        for n, cents in enumerate(some(dice, currency, 8))
    ]  # fmt: skip
    payable = pay_rules.payable_of(owed)
    chosen = {key: dice.randrange(most + 1) for key, most in payable.items() if most > 0 and dice.random() < 0.5}
    assert pay_rules.too_much(owed, chosen) is None
    plan = pay_rules.plan(owed, amounts=chosen)
    paid = dict.fromkeys(chosen, 0)
    for memo in plan.memos:
        for line in memo.lines:
            if line.owed.key in paid:
                paid[line.owed.key] += line.cents
    left = sum(one.cents for one in plan.left_out)
    whole = plan.cents + left == sum(o.cents for o in owed)
    return whole and all(paid[key] <= chosen[key] for key in chosen) and all(m.cents >= 0 for m in plan.memos)


def of_lots(dice: random.Random, currency: str) -> bool:
    """Lots of a fund pay an amount and get it back: taken + rest = asked, freed + new = what is available again."""
    lots = [
        lot_rules.Lot(id=n, expires_on=DAY + timedelta(dice.randrange(90)), left=cents)
        for n, cents in enumerate(some(dice, currency))
    ]
    asked = amount(dice, currency)
    parts, rest = lot_rules.take(lots, asked)
    taken = sum(cents for _, cents in parts)
    left = {lot.id: lot.left for lot in lots}
    sound = taken + rest == asked and all(0 < cents <= left[n] for n, cents in parts)
    before = amount(dice, currency) * dice.choice([1, 0, -1])
    back = lot_rules.give_back(parts, cents=asked, before=before)
    freed, covering = sum(c for _, c in back.freed), sum(c for _, c in back.covering)
    return sound and freed + covering == taken and freed + back.new == max(before + asked, 0) - max(before, 0)


def of_a_reserve(dice: random.Random, currency: str) -> bool:
    """A co-op claim uses its reserve first: used + fresh = paid, used + released = reserved."""
    paid, reserved = amount(dice, currency), amount(dice, currency)
    held, fresh, released = payable_rules.split(paid, reserved=reserved)
    return held + fresh == paid and held + released == reserved and min(held, fresh, released) >= 0


def of_what_is_short(dice: random.Random, currency: str) -> bool:
    """Units of a part that is short, shared by demand: the shares are the stock, or everything asked for."""
    requests = [
        allocation_rules.Request(
            key=n, quantity=cents % 10**6, group=dice.choice(allocation_rules.CLASSES), demand=dice.randrange(50),
            since=DAY + timedelta(dice.randrange(9)),
        )
        for n, cents in enumerate(some(dice, currency, 8))
    ]  # fmt: skip
    stock = amount(dice, currency) % 10**6
    shares = allocation_rules.allocate(stock, requests)
    asked = {r.key: r.quantity for r in requests}
    given = sum(s.quantity for s in shares)
    return given == min(stock, sum(asked.values())) and all(0 <= s.quantity <= asked[s.key] for s in shares)


SPLITS: dict[str, Callable[[random.Random, str], bool]] = {
    "a cap over lines": of_a_cap, "a claim and its lines": of_a_claim, "a batch of claims": of_a_batch_of_claims,
    "a payment of incentives": of_a_payment_of_incentives, "lots of a fund": of_lots, "a reserve": of_a_reserve,
    "a part that is short": of_what_is_short,
}  # fmt: skip


@pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS.keys())
def test_the_parts_are_the_total(split: Callable[[random.Random, str], bool]):
    wrong = []
    for n in range(TOTALS):
        currency = CURRENCIES[n % 3]
        if not split(random.Random(f"{split.__name__} {n}"), currency):
            wrong.append((n, currency))
    figure("R06", "totals split", TOTALS)
    figure("R06", "splits that are not their total", len(wrong))
    assert wrong == []


def read_back(shown: str) -> int:
    """The cents of a printed amount."""
    sign = -1 if shown.startswith("−") else 1
    return sign * int(re.sub(r"[^0-9]", "", shown))


@pytest.mark.parametrize("currency", CURRENCIES)
def test_what_is_printed_adds_up_too(currency: str):
    """The lines of a memo on paper and its sum: no cent is lost to the printing, whatever the size."""
    dice = random.Random(6)
    for _ in range(TOTALS // 3):
        parts = [cents * dice.choice([1, -1]) for cents in some(dice, currency)]
        shown = [claim_batches.money_label(cents, currency) for cents in parts]
        assert sum(map(read_back, shown)) == read_back(claim_batches.money_label(sum(parts), currency)) == sum(parts)
        assert all(currency in one or currency == "USD" for one in shown)
