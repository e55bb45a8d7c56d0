"""What sales earn, said a second time and as plainly as possible: every subset is tried, every sum is a loop.

For five programs only (of PROGRAMS), and without using anything of the rules that are tested.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, combinations
from typing import Any

from tests.incentives.factories import CASH, NOVEMBER

_CASH = CASH | {"stack_group": "cash", "checklist": [], "budget_cents": 2_000_00, "caps": {"dealer_units": 2}}
_PLAIN: dict[str, Any] = {"documents": [], "checklist": []}
PROGRAMS: dict[str, list[tuple[date | None, dict[str, Any]]]] = {
    "CASH-11": [
        (None, _CASH),
        (date(2026, 11, 17), _CASH | {"rule": {"kind": "customer_cash", "cents": 950_00}}),
    ],
    "BIG": [(None, CASH | _PLAIN | {"code": "BIG", "stack_group": "cash",
                                    "rule": {"kind": "dealer_cash", "cents": 900_00}})],
    "ONLY": [(None, CASH | _PLAIN | {"code": "ONLY", "exclusive": True, "eligible": {"models": ["Civic"]},
                                     "rule": {"kind": "per_unit", "cents": 1_200_00}})],
    "STEP": [
        (None, CASH | _PLAIN | {"code": "STEP", "program": NOVEMBER, "rule": {
            "kind": "stair_step", "method": "retroactive",
            "tiers": [{"from_units": 2, "cents": 100_00}, {"from_units": 4, "cents": 300_00}]}}),
        (None, CASH | _PLAIN | {"code": "STEP", "program": NOVEMBER, "rule": {
            "kind": "stair_step", "method": "incremental",
            "tiers": [{"from_units": 1, "cents": 50_00}, {"from_units": 3, "cents": 400_00}]}}),
    ],
    "GROW": [(None, CASH | _PLAIN | {"code": "GROW", "rule": {
        "kind": "growth", "baseline": "year_before", "cents": 70_00}})],
}  # fmt: skip
"""The versions of each program in their order, with the first day each holds from."""


@dataclass(frozen=True)
class Sold:
    """One sale as this file needs it."""

    sale_id: int
    dealer: str
    day: date
    model: str
    sale_type: str
    papers: tuple[str, ...]
    stands: bool


def _single(sale: Sold, published: Mapping[str, int]) -> dict[str, int]:
    """What each program would pay for this sale alone."""
    found: dict[str, int] = {}
    if not (sale.stands and date(2026, 11, 1) <= sale.day <= date(2026, 11, 30) and sale.sale_type != "fleet"):
        return found
    if published.get("CASH-11") and {"title", "registration"} & set(sale.papers):
        found["CASH-11"] = 950_00 if published["CASH-11"] > 1 and sale.day >= date(2026, 11, 17) else 500_00
    if published.get("BIG"):
        found["BIG"] = 900_00
    if published.get("ONLY") and sale.model == "Civic":
        found["ONLY"] = 1_200_00
    return found


def _best(single: Mapping[str, int]) -> Iterable[str]:
    """The subset that pays most: CASH-11 and BIG exclude each other, ONLY excludes everything."""
    subsets = chain.from_iterable(combinations(single, n) for n in range(len(single) + 1))
    legal = [s for s in subsets if not {"CASH-11", "BIG"} <= set(s) and (len(s) < 2 or "ONLY" not in s)]
    return max(legal, key=lambda s: sum(single[c] for c in s))


def earned(sales: Sequence[Sold], published: Mapping[str, int]) -> dict[tuple[str, str], int]:
    """Cents by (program, dealer) of November 2026, where they are not 0; `published`: how many versions there are."""
    sums: defaultdict[tuple[str, str], int] = defaultdict(int)
    cash: defaultdict[str, list[tuple[date, int]]] = defaultdict(list)
    units: defaultdict[str, int] = defaultdict(int)
    before: defaultdict[str, int] = defaultdict(int)
    for sale in sales:
        single = _single(sale, published)
        for code in _best(single):
            if code == "CASH-11":
                cash[sale.dealer].append((sale.day, single[code]))
            else:
                sums[code, sale.dealer] += single[code]
        if sale.stands and sale.sale_type != "fleet":
            units[sale.dealer] += date(2026, 11, 1) <= sale.day <= date(2026, 11, 30)
            before[sale.dealer] += date(2025, 11, 1) <= sale.day <= date(2025, 11, 30)
    for dealer, some in cash.items():
        sums["CASH-11", dealer] = sum(cents for _, cents in sorted(some)[:2])  # the cap takes the earliest deliveries
    for dealer, n in units.items():
        if published.get("STEP") == 1:
            sums["STEP", dealer] = n * 300_00 if n >= 4 else n * 100_00 if n >= 2 else 0
        elif published.get("STEP"):
            sums["STEP", dealer] = sum(50_00 if at < 3 else 400_00 for at in range(1, n + 1))
        if published.get("GROW") and 0 < before[dealer] < n:
            sums["GROW", dealer] = (n - before[dealer]) * 70_00
    return {key: cents for key, cents in sums.items() if cents}
