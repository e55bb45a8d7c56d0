"""Whatever happens in whatever order: the ledger is what is calculated from scratch, and no budget is exceeded."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import partial
from random import Random

import pytest
from sqlalchemy import select

from db.core.problems import Refused
from db.core.session import reading, run
from db.incentives.commands import correct_sale
from db.incentives.sale_store import draft_of
from db.incentives.tables import IncentiveClaim, IncentiveEarning, SaleReport
from tests.incentives.factories import CASH, NOW, STEPS, House
from tests.support.at_once import at_once
from tests.support.core import at_once as threads_at_once

TIERS = STEPS | {
    "code": "STEP",
    "rule": {"kind": "stair_step", "method": "retroactive", "tiers": [
        {"from_units": n, "cents": c * 100} for n, c in ((2, 100), (4, 300))]},
}  # fmt: skip
BIG = CASH | {"code": "BIG", "rule": {"kind": "dealer_cash", "cents": 900_00}, "stack_group": "cash", "documents": []}
PROGRAMS = {
    "cash": (CASH | {"stack_group": "cash", "checklist": []}, None), "big": (BIG, None), "step": (TIERS, None),
    "cash_later": (CASH | {"stack_group": "cash", "checklist": [], "rule": {"kind": "customer_cash", "cents": 950_00}},
                   date(2026, 11, 17)),
}  # fmt: skip
SALES = [
    {"vin": f"1HGCM8263{n:08}", "delivered_on": date(2026, 11, 14 + n), "contract_on": date(2026, 11, 14),
     "sale_type": "fleet" if n == 3 else "cash", "documents": () if n == 2 else (("title", ""),)}
    for n in range(5)
]  # fmt: skip
EVENTS = [*(f"publish {name}" for name in ("big", "step")), *(f"sell {n}" for n in range(5))]
AFTER = ["correct 2", "correct 3", "unwind 0", "unwind 4"]


def happen(house, event):
    word, _, what = event.partition(" ")
    if word == "publish":
        base, first = PROGRAMS[what]
        house.publish(base, first=first)
    elif word == "sell":
        house.sell(customer_ref="", **SALES[int(what)])
    else:
        vin = SALES[int(what)]["vin"]
        with reading(house.engine) as session:
            row = session.scalars(select(SaleReport).where(SaleReport.vin == vin)).one()
            sale_id, seen, draft = row.id, row.version, draft_of(session, row)
        if word == "unwind":
            house.unwind(sale_id)
        else:
            changed = replace(draft, sale_type="lease", documents=(("registration", ""),))
            run(
                correct_sale, bind=house.engine, sale_id=sale_id, seen_version=seen, draft=changed, actor=house.dora,
                now=NOW,
            )  # fmt: skip


@pytest.mark.parametrize("seed", [2])
def test_the_order_of_events_does_not_matter_and_the_ledger_is_the_recomputation(sqlite_engine, seed):
    house, random = House(sqlite_engine), Random(seed)
    first, after = random.sample(EVENTS, len(EVENTS)), random.sample(AFTER, len(AFTER))
    for name in ("cash", "cash_later"):  # two versions of one program follow each other
        happen(house, f"publish {name}")
    for event in first:
        happen(house, event)
    house.agrees()
    for event in after:
        happen(house, event)
    house.agrees()
    with reading(sqlite_engine) as session:
        rows = session.scalars(select(IncentiveEarning).where(IncentiveEarning.cents > 0))
        found = sorted((r.program.code, r.units, r.cents) for r in rows)
    # Sales of 15 and 16 Nov take BIG (900 against 500), that of 17 Nov the new CASH (950); the volume is 3 at 100.
    assert found == [("BIG", 2, 1_800_00), ("CASH-11", 1, 950_00), ("STEP", 3, 300_00)]


def approve_all(engine, *, who, start):
    """What one process is told while it approves every claim it finds, each process from another end."""
    house = House.__new__(House)
    house.__dict__.update({"engine": engine, "made": 0})
    with reading(engine) as session:
        claims = list(session.scalars(select(IncentiveClaim.id).order_by(IncentiveClaim.id)))
    said = []
    for claim in claims[start:] + claims[:start]:
        try:
            said.append(house.step("approve", claim, who=who))
        except Refused as refusal:
            said.append(refusal.problems[0].rule or refusal.code)
    return said


def take_back(engine, *, sales):
    """Unwind sales while others approve their claims; what was approved comes back into the budget."""
    house = House.__new__(House)
    house.__dict__.update({"engine": engine, "made": 0})
    for sale in sales:
        house.unwind(sale)
    return len(sales)


def test_processes_that_approve_at_once_never_exceed_the_budget(engine):
    """Four processes approve the same eight claims for a budget of five and a bit; a fifth unwinds two sales."""
    house = House(engine)
    program = house.publish(budget_cents=2_650_00)
    sales = [house.sell(vin=f"{n}HGCM82633A004352", customer_ref=f"C{n}") for n in range(1, 9)]
    claims = [house.claim(sale)[0] for sale in sales]
    people = ("cora", "carl", "mason", "mira")
    found = at_once(
        engine, *(partial(approve_all, who=who, start=2 * n) for n, who in enumerate(people)),
        partial(take_back, sales=[sales[0], sales[5]]),
    )  # fmt: skip
    assert found[-1] == 2
    said = Counter(word for one in found[:-1] for word in one)
    approved = [c for c in house.book("approved", program) if c > 0]
    assert len(approved) == said["approved"] + said["partially_approved"]
    assert house.committed(program) == sum(house.book("approved", program)) <= 2_650_00
    # What is left is less than any claim that still waits could have been given when it was tried last.
    left = [c for c in claims if house.status(c) == "in_review"]
    for claim in left:
        with suppress(Refused):
            house.step("approve", claim, who="mason")
    assert house.committed(program) == 2_650_00
    assert not any(word in said for word in ("", None))
    house.agrees()


def test_the_same_claim_sent_twice_at_once_is_one(engine):
    house = House(engine)
    house.publish()
    sale = house.sell()
    house.dora  # noqa: B018 - read before the threads start

    def send(n):
        try:
            return len(house.claim(sale, form_key=f"t{n}"))
        except Refused as refusal:
            return refusal.code

    assert sorted(map(str, threads_at_once(send, threads=2))) == ["1", "duplicate"]
    assert house.count(IncentiveClaim) == 1


@pytest.mark.parametrize("number", [3, 4])
def test_a_tier_is_reached_by_the_unit_that_makes_it(sqlite_engine, number):
    house = House(sqlite_engine)
    house.publish(TIERS)
    house.sell_many(number)
    assert sum(house.book("earned")) == {3: 300_00, 4: 1_200_00}[number]


def test_a_sale_of_last_year_moves_the_baseline_of_this_one(sqlite_engine):
    """Reported, it raises what growth is measured against; unwound, it no longer does."""
    house = House(sqlite_engine)
    rule = {"kind": "growth", "baseline": "year_before", "cents": 100_00}
    house.publish(CASH | {"code": "GROW", "rule": rule, "documents": [], "checklist": []})
    house.sell_many(4)
    old = [
        house.sell(vin=f"5HGCM8263{n:08}", contract_on=date(2025, 11, 9), delivered_on=date(2025, 11, 9))
        for n in range(3)
    ]
    assert house.book("earned") == [300_00, -100_00, -100_00]  # nothing is measured against nothing
    house.unwind(old[1])
    assert house.book("earned")[-1] == 100_00
    house.agrees()
