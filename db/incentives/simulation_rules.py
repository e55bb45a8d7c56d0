"""Trying a program on past sales: the program moved to their days, one sale judged, and the sums compared (2.4).

Sales are taken as they were; that a better program sells more is not guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from db.incentives.amount_rules import amount_of, earned
from db.incentives.claim_rules import counts
from db.incentives.facts import SaleFacts, Unit
from db.incentives.model import Growth, PriceProtection, Program, Window
from db.incentives.stack_rules import Offer, offer_of, resolve
from db.incentives.tier_rules import period_of

PAPERS = ("I08",)
"""Checks whose missing answer is forgiven when papers are not asked: nobody filed a paper nobody asked for."""


def moved(program: Program, days: Window) -> Program:
    """The program as if it had held on other days: whole windows go, model years and the day of a price fall move.

    A list of VINs is left out, for past sales were of other vehicles.
    """
    away = days.first - program.program.first
    years = round(away.days / 365.25)
    wanted = program.eligible.model_copy(
        update={"years": tuple(y + years for y in program.eligible.years), "vins": ()}
    )  # fmt: skip
    more: dict[str, object] = {
        "program": days, "delivery": None, "reports": None, "claims": None, "eligible": wanted,
    }  # fmt: skip
    if isinstance(program.rule, PriceProtection):
        fell = min(max(program.rule.changed_on + away, days.first), days.last)
        more["rule"] = program.rule.model_copy(update={"changed_on": fell})
    if isinstance(program.rule, Growth) and program.rule.by_period and years:
        found = {_years_on(name, years): targets for name, targets in program.rule.by_period.items()}
        more["rule"] = program.rule.model_copy(update={"by_period": found})
    return program.model_copy(update=more)


def _years_on(period: str, years: int) -> str:
    """The period of the same name so many years later; the whole of a program stays as it is."""
    year, _, part = period.partition("-")
    return f"{int(year) + years}-{part}" if part else period


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One sale under one program: counted or not, what it pays by itself, the check against it, what others lose."""

    is_counted: bool
    cents: int = 0
    rule: str = ""
    displaced_cents: int = 0


def counting(sale: SaleFacts, program: Program, *, asks_papers: bool) -> str:
    """The first check that stands against a sale; empty where it counts."""
    for one in counts(sale, program):
        if one.level == "fail" or (one.level == "missing" and (asks_papers or one.rule not in PAPERS)):
            return one.rule
    return ""


def judge_one(sale: SaleFacts, program: Program, others: Sequence[Offer], *, asks_papers: bool) -> Tried:
    """One sale under a program beside the offers of all other programs of its day."""
    against = counting(sale, program, asks_papers=asks_papers)
    if against:
        return Tried(is_counted=False, rule=against)
    if program.is_volume:
        return Tried(is_counted=True)
    cents = amount_of(program, sale)
    without, stacked = resolve(others), resolve([*others, offer_of(program, cents)])
    if program.code not in stacked.chosen:
        return Tried(is_counted=False, rule="I12")
    return Tried(is_counted=True, cents=cents, displaced_cents=without.cents - (stacked.cents - cents))


@dataclass(frozen=True, kw_only=True)
class Sums:
    """What a program comes to: units counted, cents, and what other programs would have paid less, in cents."""

    units: int = 0
    cents: int = 0
    displaced_cents: int = 0
    dealers: int = 0

    @property
    def per_unit_cents(self) -> int:
        """Cost of a counted unit, rounded half up; 0 without units."""
        return (self.cents * 2 + self.units) // (self.units * 2) if self.units else 0


@dataclass(kw_only=True)
class Side:
    """A program while it is tried: the units of each dealer and period, and what stood against the others."""

    program: Program
    asks_papers: bool = True
    units: dict[tuple[int, str], list[Unit]] = field(default_factory=dict)
    against: Counter[str] = field(default_factory=Counter)
    displaced_cents: int = 0

    def take(self, dealer_id: int, sale: SaleFacts, others: Sequence[Offer]) -> None:
        """Judge one delivered sale."""
        day = sale.delivered_on
        if day is None:
            return
        found = judge_one(sale, self.program, others, asks_papers=self.asks_papers)
        if not found.is_counted:
            self.against[found.rule] += 1
            return
        self.displaced_cents += found.displaced_cents
        key = (dealer_id, period_of(self.program.period, day))
        unit = Unit(sale_id=sale.sale_id, delivered_on=day, cents=found.cents, customer_ref=sale.customer_ref)
        self.units.setdefault(key, []).append(unit)

    def by_dealer(self, baselines: Mapping[tuple[int, str], int]) -> dict[int, tuple[int, int]]:
        """(units, cents) of each dealer; volumes against `baselines` of (dealer, period)."""
        found: dict[int, tuple[int, int]] = {}
        for (dealer_id, period), units in self.units.items():
            one = earned(self.program, units, baseline=baselines.get((dealer_id, period), 0))
            n, cents = found.get(dealer_id, (0, 0))
            found[dealer_id] = (n + one.units, cents + one.cents)
        return found

    def sums(self, by_dealer: Mapping[int, tuple[int, int]]) -> Sums:
        """The whole of it."""
        return Sums(
            units=sum(n for n, _ in by_dealer.values()), cents=sum(c for _, c in by_dealer.values()),
            displaced_cents=self.displaced_cents, dealers=sum(c > 0 for _, c in by_dealer.values()),
        )  # fmt: skip

    def budget_gone_on(self) -> date | None:
        """The day of the delivery that no longer fits the budget; None where all fit, and for volumes."""
        left = self.program.budget_cents
        if left is None or self.program.is_volume:
            return None
        for unit in sorted(
            (u for some in self.units.values() for u in some), key=lambda u: (u.delivered_on, u.sale_id)
        ):
            left -= unit.cents
            if left < 0:
                return unit.delivered_on
        return None


@dataclass(frozen=True, kw_only=True)
class DealerLine:
    """What a dealer would have had, before and after."""

    dealer_id: int
    code: str
    name: str
    region: str
    units_before: int
    cents_before: int
    units_after: int
    cents_after: int

    @property
    def change_cents(self) -> int:
        """What the draft pays more; negative where the dealer loses."""
        return self.cents_after - self.cents_before


def last_days(today: date, days: int) -> Window:
    """So many whole days before today."""
    return Window(first=today - timedelta(days=days), last=today - timedelta(days=1))
