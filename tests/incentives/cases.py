"""A sale and a program nothing is wrong with, and how to change them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from db.incentives.facts import ClaimFacts, SaleFacts
from db.incentives.model import Program, program_from_json

D = date
SALE = SaleFacts(
    vin="1HGCM82633A004352", make="Honda", model="Accord", year=2026, trim="EX", sale_type="cash", dealer_code="04012",
    dealer_name="Lone Pine Motors", region="East", tier="gold", stocked_on=D(2026, 10, 1), contract_on=D(2026, 11, 5),
    delivered_on=D(2026, 11, 6), reported_on=D(2026, 11, 8), customer_ref="C-1", documents=("registration",),
    trade_make="Mazda", trade_year=2020, affinity="graduate", certificates=("EV-1",), lease_ends_on=D(2027, 1, 10),
    waived_payments=3, payment_cents=400_00, sale_id=1, number="S-000001", today=D(2026, 11, 20),
)  # fmt: skip
CLAIM = ClaimFacts(claimed_cents=500_00, claimed_on=D(2026, 11, 20), checked=("Signed", "Copied"))
NOVEMBER = {"first": "2026-11-01", "last": "2026-11-30"}
BODY: dict[str, Any] = {
    "code": "CASH-11", "name": "November cash", "rule": {"kind": "customer_cash", "cents": 500_00}, "program": NOVEMBER,
    "eligible": {"makes": ["Honda"], "models": ["Accord", "Civic"], "years": [2026, 2027], "regions": ["East"],
                 "tiers": ["gold", "silver"], "enrolled": ["04012"]},
    "documents": [{"label": "Proof of the customer", "accepted": ["registration", "title"]}],
    "checklist": ["Signed", "Copied"], "budget_cents": 100_000_00, "bulletin": "B-26-11",
}  # fmt: skip


def program(**more: Any) -> Program:
    """The sound program with some fields changed."""
    return program_from_json({**BODY, **more})


def sale(**more: Any) -> SaleFacts:
    return replace(SALE, **more)


def claim(**more: Any) -> ClaimFacts:
    return replace(CLAIM, **more)


def of_kind(kind: str, **fields: Any) -> Program:
    """A program of a kind of rule."""
    return program(rule={"kind": kind, **fields})


RULES: dict[str, dict[str, Any]] = {
    "per_unit": {"cents": 500_00},
    "dealer_cash": {"cents": 500_00},
    "customer_cash": {"cents": 500_00},
    "stair_step": {"method": "retroactive", "tiers": [{"from_units": 2, "cents": 200_00}]},
    "growth": {"baseline": "year_before", "cents": 100_00},
    "loyalty": {"cents": 500_00, "makes": ["Mazda"]},
    "conquest": {"cents": 500_00, "own_makes": ["Honda"], "max_years": 10},
    "trade_in": {"cents": 500_00, "max_years": 10},
    "affinity": {"cents": 500_00, "groups": ["graduate"]},
    "lease_pull_ahead": {"max_payments": 3, "max_payment_cents": 400_00, "ends_within_days": 90},
    "price_protection": {"changed_on": "2026-11-03", "stocked_within_days": 90, "by_model": {"Accord": 500_00}},
    "certified": {"cents": 500_00, "certificates": ["EV-1"]},
}
