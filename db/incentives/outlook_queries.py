"""How far each dealer is from the next step of the volume programs that run now, contracted sales included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.labels import local_day
from db.core.permissions import Permission
from db.dealers.tables import Dealer
from db.incentives import books
from db.incentives.claim_rules import counts, does_count
from db.incentives.facts import SaleFacts
from db.incentives.model import KINDS, Growth, Program, StairStep, Window
from db.incentives.outlook_rules import Outlook, outlook_of
from db.incentives.tables import IncentiveEarning, SaleReport
from db.incentives.tier_rules import days_of, period_of, target_of, year_before
from db.incentives.unit_rules import Plan, plan_on

MOST_OPEN = 5_000
OPEN_DAYS = 365
"""A contract older than this is not counted on any more."""


@dataclass(frozen=True, kw_only=True)
class OutlookLine:
    """One dealer under one program in the period that runs. `blocked` says why contracted sales would not count."""

    program_id: int
    code: str
    name: str
    kind: str
    dealer_id: int
    dealer: str
    dealer_code: str
    region: str
    period: str
    first: date
    last: date
    found: Outlook
    blocked: tuple[tuple[str, int], ...] = ()

    @property
    def stake_cents(self) -> int:
        """What the next step brings; 0 when the last is reached."""
        return self.found.step.cents if self.found.step else 0


def list_outlook(
    session: Session, *, actor: Actor, now: datetime, dealer_id: int | None = None, program_id: int | None = None
) -> list[OutlookLine]:
    """Every dealer of the actor under each volume program of its day; those with contracted sales that reach a step
    first, then by the days left and the units missing. A dealer of another one's scope is not in it."""
    actor.require(Permission.INCENTIVES_VIEW)
    query = select(Dealer).where(actor.scope.where(Dealer.id, Dealer.region), Dealer.status == "active")
    if dealer_id is not None:
        query = query.where(Dealer.id == dealer_id)
    dealers = list(session.scalars(query.order_by(Dealer.code)))
    plans = {
        i: some for i, some in books.plans_of(session).items()
        if some[-1].program.is_volume and program_id in (None, i)
    }  # fmt: skip
    if not dealers or not plans:
        return []
    days = {d.id: local_day(now, d.zone) for d in dealers}
    opens = _open_sales(session, actor, days)
    found = []
    for some in plans.values():
        found += _lines(session, actor, some, dealers=dealers, days=days, opens=opens)
    return sorted(
        found,
        key=lambda x: (
            not x.found.within_reach, x.found.step is None, x.found.days_left,
            x.found.step.units - x.found.open_units if x.found.step else 0, -x.stake_cents, x.code, x.dealer_code,
        ),
    )  # fmt: skip


def _lines(
    session: Session, actor: Actor, plans: Sequence[Plan], *, dealers: Sequence[Dealer], days: dict[int, date],
    opens: dict[int, list[SaleFacts]],
) -> list[OutlookLine]:  # fmt: skip
    held: dict[int, tuple[Plan, str, Window]] = {}
    for dealer in dealers:
        today = days[dealer.id]
        plan = plan_on(plans, today)
        if plan is None or not plan.program.deliveries.holds(today) or not _takes_part(plan.program, dealer):
            continue
        period = period_of(plan.program.period, today)
        within = days_of(period, plan.program.program)
        last = min(within.last, plan.program.deliveries.last)
        held[dealer.id] = (plan, period, Window(first=min(within.first, last), last=last))
    if not held:
        return []
    earned = {
        (row.dealer_id, row.period): row
        for row in session.scalars(
            select(IncentiveEarning).where(
                IncentiveEarning.program_id == plans[0].program_id,
                IncentiveEarning.period.in_(sorted({period for _, period, _ in held.values()})),
                actor.scope.where(IncentiveEarning.dealer_id, IncentiveEarning.region),
            )
        )
    }
    baselines = _baselines(session, actor, plans, held)
    lines = []
    for dealer in dealers:
        if dealer.id not in held:
            continue
        plan, period, window = held[dealer.id]
        rule = plan.program.rule
        assert isinstance(rule, StairStep | Growth)
        row = earned.get((dealer.id, period))
        good, blocked = _open_under(opens.get(dealer.id, ()), plan.program, days[dealer.id])
        baseline = row.baseline if row else _baseline(rule, dealer, period, baselines.get((dealer.id, period), 0))
        outlook = outlook_of(
            rule, units=row.units if row else 0, baseline=baseline, open_units=good, days=window, today=days[dealer.id]
        )
        lines.append(
            OutlookLine(
                program_id=plan.program_id, code=plan.program.code, name=plan.program.name, kind=KINDS[rule.kind],
                dealer_id=dealer.id, dealer=dealer.name, dealer_code=dealer.code, region=dealer.region, period=period,
                first=window.first, last=window.last, found=outlook, blocked=blocked,
            )
        )  # fmt: skip
    return lines


def _takes_part(program: Program, dealer: Dealer) -> bool:
    wanted = program.eligible
    named = not wanted.enrolled or dealer.code in wanted.enrolled
    return named and (not wanted.regions or dealer.region.casefold() in {r.casefold() for r in wanted.regions})


def _baseline(rule: StairStep | Growth, dealer: Dealer, period: str, counted: int) -> int:
    if not isinstance(rule, Growth):
        return 0
    return target_of(rule, dealer.code, period) if rule.baseline == "target" else counted


def _baselines(
    session: Session, actor: Actor, plans: Sequence[Plan], held: dict[int, tuple[Plan, str, Window]]
) -> dict[tuple[int, str], int]:
    """Units of the year before for dealers that have sold nothing yet; one statement a period."""
    newest = plans[-1].program
    if not isinstance(newest.rule, Growth) or newest.rule.baseline != "year_before":
        return {}
    found: dict[tuple[int, str], int] = {}
    for period in sorted({period for _, period, _ in held.values()}):
        days = year_before(days_of(period, newest.program))
        counted = books.counts_like(session, newest, scope=actor.scope, days=days)
        found |= {(dealer_id, period): n for dealer_id, n in counted.items()}
    return found


def _open_sales(session: Session, actor: Actor, days: dict[int, date]) -> dict[int, list[SaleFacts]]:
    """Contracted sales nobody has delivered yet, as if they were delivered and reported today."""
    today = max(days.values())
    query: Any = (
        select(SaleReport)
        .where(
            SaleReport.delivered_on.is_(None), SaleReport.unwound_on.is_(None),
            SaleReport.contract_on >= today - timedelta(days=OPEN_DAYS),
            actor.scope.where(SaleReport.dealer_id, SaleReport.region),
        )
        .order_by(SaleReport.id.desc())
        .limit(MOST_OPEN)
    )  # fmt: skip
    sales = [s for s in session.scalars(query) if s.dealer_id in days]
    found: dict[int, list[SaleFacts]] = {}
    for sale, fact in zip(sales, books.facts_of(session, sales, today=today), strict=True):
        day = days[sale.dealer_id]
        found.setdefault(sale.dealer_id, []).append(replace(fact, delivered_on=day, reported_on=day, today=day))
    return found


def _open_under(sales: Sequence[SaleFacts], program: Program, today: date) -> tuple[int, tuple[tuple[str, int], ...]]:
    """How many contracted sales would count, and the first check against the others with their number."""
    good, against = 0, Counter[str]()
    for sale in sales:
        if sale.contract_on and not program.program.holds(sale.contract_on) and not program.program.holds(today):
            continue
        checks = counts(sale, program)
        if does_count(checks):
            good += 1
        else:
            first = next(c for c in checks if c.level in ("fail", "missing"))
            against[first.rule] += 1
    return good, tuple(sorted(against.items(), key=lambda x: (-x[1], x[0])))
