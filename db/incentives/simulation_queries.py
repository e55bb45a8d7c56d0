"""A program tried on past sales: what it would have cost, who gains and who loses, against the published version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.incentives import books
from db.incentives.amount_rules import amount_of
from db.incentives.claim_rules import counts, does_count
from db.incentives.facts import SaleFacts
from db.incentives.model import Growth, Program, Window, program_from_json
from db.incentives.simulation_rules import DealerLine, Side, Sums, last_days, moved
from db.incentives.stack_rules import Offer, offer_of
from db.incentives.tables import IncentiveVersion, SaleReport
from db.incentives.tier_rules import days_of, target_of, year_before
from db.incentives.unit_rules import Plan, near

MOST = 20_000
PERIODS: Final[dict[str, str]] = {
    "same": "The same days a year earlier", "365": "The last 12 months", "90": "The last 90 days",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """What came of it. `before` is None where the program was never published; dealers with the largest change first.

    `against` counts sales that do not count under the draft by the first check against them.
    """

    code: str
    number: int
    before_number: int | None
    days: Window
    sales: int
    is_capped: bool
    program: Program
    before: Sums | None
    after: Sums
    dealers: tuple[DealerLine, ...]
    against: tuple[tuple[str, int], ...]
    budget_gone_on: date | None

    @property
    def gains(self) -> tuple[DealerLine, ...]:
        """Dealers that are paid more."""
        return tuple(d for d in self.dealers if d.change_cents > 0)

    @property
    def loses(self) -> tuple[DealerLine, ...]:
        """Dealers that are paid less."""
        return tuple(d for d in self.dealers if d.change_cents < 0)

    @property
    def over_budget_cents(self) -> int:
        """What it costs above its budget."""
        budget = self.program.budget_cents
        return max(0, self.after.cents - budget) if budget is not None else 0


def days_to_try(program: Program, period: str, today: date) -> Window:
    """The days of past sales a program is tried on; `period` is a key of `PERIODS`.

    The same days a year earlier go back as many years as it takes to lie wholly before today.
    """
    if period != "same":
        return last_days(today, int(period))
    days = year_before(program.program)
    while days.last >= today:
        days = year_before(days)
    return days


def simulate(
    session: Session, *, version_id: int, period: str, asks_papers: bool, actor: Actor, today: date,
    progress: Callable[[int, int], None] | None = None,
) -> Simulation:  # fmt: skip
    """Try one version on the sales of the actor's dealers; at most the newest `MOST`. `progress` gets (done, all)."""
    actor.require(Permission.INCENTIVES_DRAFT)
    row = session.get(IncentiveVersion, version_id)
    if row is None:
        raise NotFound("This version")
    program = program_from_json(row.body)
    days = days_to_try(program, period, today)
    published = books.plans_of(session).get(row.program_id, [])
    held = max((p for p in published if p.number < row.number), key=lambda p: p.number, default=None)
    after = Side(program=moved(program, days), asks_papers=asks_papers)
    before = Side(program=moved(held.program, days), asks_papers=asks_papers) if held else None
    sides = [s for s in (before, after) if s is not None]
    others = [plans for i, plans in books.plans_of(session).items() if i != row.program_id]
    ids = list(session.scalars(_sales(actor, days).limit(MOST + 1)))
    tried = ids[:MOST]
    known: dict[int, tuple[str, str, str]] = {}
    for start in range(0, len(tried), books.AT_ONCE):
        some = session.scalars(
            select(SaleReport).where(SaleReport.id.in_(tried[start : start + books.AT_ONCE])).order_by(SaleReport.id)
        ).all()
        for sale, fact in zip(some, books.facts_of(session, some, today=today), strict=True):
            known[sale.dealer_id] = (fact.dealer_code, fact.dealer_name, sale.region)
            offers = _offers(fact, others) if any(not s.program.is_volume for s in sides) else []
            for side in sides:
                side.take(sale.dealer_id, fact, offers)
        session.expunge_all()  # the next five hundred need the room
        if progress is not None:
            progress(min(start + books.AT_ONCE, len(tried)), len(tried))
    was = before.by_dealer(_baselines(session, before, actor)) if before else {}
    would = after.by_dealer(_baselines(session, after, actor))
    lines = [_line(d, names, was, would) for d, names in known.items()]
    lines = [x for x in lines if x.cents_before or x.cents_after or x.units_after]
    return Simulation(
        code=program.code, number=row.number, before_number=held.number if held else None, days=days,
        sales=len(tried), is_capped=len(ids) > MOST, program=program, before=before.sums(was) if before else None,
        after=after.sums(would), budget_gone_on=after.budget_gone_on(),
        dealers=tuple(sorted(lines, key=lambda x: (-abs(x.change_cents), -x.cents_after, x.code))),
        against=tuple(sorted(after.against.items(), key=lambda x: (-x[1], x[0]))),
    )  # fmt: skip


def _sales(actor: Actor, days: Window) -> Any:
    return (
        select(SaleReport.id)
        .where(
            SaleReport.delivered_on >= days.first, SaleReport.delivered_on <= days.last,
            SaleReport.unwound_on.is_(None), actor.scope.where(SaleReport.dealer_id, SaleReport.region),
        )
        .order_by(SaleReport.delivered_on.desc(), SaleReport.id.desc())
    )  # fmt: skip


def _offers(fact: SaleFacts, others: list[list[Plan]]) -> list[Offer]:
    """What every other program of its day offers this sale."""
    found = []
    for plan in near(fact, others):
        if not plan.program.is_volume and does_count(counts(fact, plan.program)):
            found.append(offer_of(plan.program, amount_of(plan.program, fact)))
    return found


def _baselines(session: Session, side: Side, actor: Actor) -> dict[tuple[int, str], int]:
    """The baseline of each dealer and period of a growth program; one statement a period."""
    rule = side.program.rule
    if not isinstance(rule, Growth):
        return {}
    if rule.baseline == "target":
        ids = sorted({d for d, _ in side.units})
        codes: dict[int, str] = {}
        for start in range(0, len(ids), books.AT_ONCE):
            query = select(Dealer.id, Dealer.code).where(Dealer.id.in_(ids[start : start + books.AT_ONCE]))
            codes |= {dealer_id: code for dealer_id, code in session.execute(query)}  # noqa: C416 - rows
        return {(d, period): target_of(rule, codes.get(d, ""), period) for d, period in side.units}
    found: dict[tuple[int, str], int] = {}
    for period in sorted({p for _, p in side.units}):
        days = year_before(days_of(period, side.program.program))
        counted = books.counts_like(session, side.program, scope=actor.scope, days=days)
        found |= {(d, p): counted.get(d, 0) for d, p in side.units if p == period}
    return found


def _line(
    dealer_id: int, names: tuple[str, str, str], was: dict[int, tuple[int, int]], would: dict[int, tuple[int, int]]
) -> DealerLine:
    (n0, c0), (n1, c1) = was.get(dealer_id, (0, 0)), would.get(dealer_id, (0, 0))
    code, name, region = names
    return DealerLine(
        dealer_id=dealer_id, code=code, name=name, region=region, units_before=n0, cents_before=c0, units_after=n1,
        cents_after=c1,
    )  # fmt: skip
