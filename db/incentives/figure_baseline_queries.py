"""What volume programs brought beyond what was sold anyway: units above a target, or above the year before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from db.calendar.months import months_between
from db.core.actor import Actor, Scope
from db.core.among import unwalked
from db.core.permissions import Permission
from db.incentives import books
from db.incentives.figure_filters import Asked, check_dims
from db.incentives.figure_members import Member, members_of, plans_asked, taker
from db.incentives.figure_queries import DIMS, Rows, seen
from db.incentives.figure_rules import pro_rata
from db.incentives.model import Growth, Program, Window
from db.incentives.tables import IncentiveEarning, SaleReport
from db.incentives.tier_rules import days_of, period_of, year_before
from db.incentives.unit_rules import Plan, plan_of_period

AT_ONCE: Final = 150
"""Program periods whose baselines are read in one statement."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A period of a volume program as it is measured: the whole of it, or its days up to today."""

    plan: Plan
    period: str
    days: Window
    whole: Window

    @property
    def counts_sales(self) -> bool:
        """Whether its baseline is sales of the year before, and no target."""
        rule = self.plan.program.rule
        return not (isinstance(rule, Growth) and rule.baseline == "target")


_VOLUME: Final = ("units", "baseline", "cents", "new")


def incremental(
    session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = (),
    members: Mapping[int, Member] | None = None, of_sales: bool = True,
) -> Rows:  # fmt: skip
    """{dims..., units, baseline, cents, new} of stair-step and growth programs, by the month in which a period ends.

    The baseline is a target where the program sets one, else the sales of the program's vehicles and sale types the
    same dealers delivered on the same days of the year before. A period that runs counts today, up to today; its target
    then counts by days. Dealers below their baseline take away from those above. `new` are units of dealers that sold
    nothing the year before, so that every unit of theirs counts as above it. `members` are those of these days where
    they are known already.
    """
    check_dims(by, DIMS)
    if members is None:
        members = members_of(session, scope, asked)
    spans = {key: span for key, span in spans_of(session, asked).items() if of_sales or not span.counts_sales}
    rows = _volumes(session, scope, asked, list(spans))
    sold = _sold_before(session, scope, asked, list(spans.values()))
    cells: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: dict.fromkeys(_VOLUME, 0))
    for (program_id, period), span in spans.items():
        month = span.days.last.replace(day=1)
        found = rows.get((program_id, period), {})
        takes = taker(span.plan.program)
        eligible = {d.id for d in members.values() if takes(d)}
        for dealer_id in eligible | found.keys():
            row, dealer = found.get(dealer_id), members.get(dealer_id)
            region = dealer.region if dealer else row.region if row else ""
            known = {"program": program_id, "dealer": dealer_id, "region": region, "month": month}
            cell = cells[tuple(known[dim] for dim in by)]
            baseline = _baseline(span, dealer, sold.get((program_id, period, dealer_id), 0))
            cell["baseline"] += baseline
            if row is not None:
                cell["new"] += row.units if span.counts_sales and not baseline else 0
                cell["units"] += row.units
                cell["cents"] += row.cents
    if not by and not cells:
        cells[()] = dict.fromkeys(_VOLUME, 0)
    made = [{**dict(zip(by, key, strict=True)), **cell} for key, cell in cells.items()]
    return sorted(made, key=lambda one: tuple(str(one[dim]) for dim in by))


def _volumes(
    session: Session, scope: Scope, asked: Asked, keys: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], dict[int, Any]]:
    """What dealers have earned with these programs in these periods, by program and period."""
    found: dict[tuple[int, str], dict[int, Any]] = defaultdict(dict)
    earning, periods = IncentiveEarning, defaultdict(list)
    for program_id, period in keys:
        periods[program_id].append(period)
    parts = [
        select(
            earning.program_id, earning.period, earning.dealer_id, earning.region, earning.units, earning.cents,
        ).where(earning.program_id == program_id, earning.period.in_(some), *seen(scope, asked, earning))
        for program_id, some in periods.items()
    ]  # fmt: skip
    for start in range(0, len(parts), AT_ONCE):
        for row in session.execute(union_all(*parts[start : start + AT_ONCE])):
            found[row.program_id, row.period][row.dealer_id] = row
    return found


def spans_of(session: Session, asked: Asked) -> dict[tuple[int, str], Measured]:
    """The periods that count among the days asked for: those that end there, or run today when today is one."""
    found = {}
    for program_id, plans in plans_asked(session, asked).items():
        newest = plans[-1].program
        if not newest.is_volume:
            continue
        # A period counts on a day of its own, so that only those of the months asked for can.
        first, last = max(newest.program.first, asked.first), min(newest.program.last, asked.today, asked.last)
        begun = months_between(first, last)
        names = dict.fromkeys(period_of(newest.period, max(m, newest.program.first)) for m in begun)
        for period in names:
            plan = plan_of_period(plans, period)
            whole = days_of(period, plan.program.program)
            counted_on = min(whole.last, asked.today)
            if counted_on >= whole.first and asked.first <= counted_on <= asked.last:
                days = Window(first=whole.first, last=counted_on)
                found[program_id, period] = Measured(plan=plan, period=period, days=days, whole=whole)
    return found


def _sold_before(
    session: Session, scope: Scope, asked: Asked, spans: Sequence[Measured]
) -> dict[tuple[int, str, int], int]:
    """Sales of the year before by program, period and dealer; one statement for up to `AT_ONCE` periods."""
    wanted = [s for s in spans if s.counts_sales]
    sale = SaleReport
    region = unwalked(sale.region)
    seen = [scope.where(sale.dealer_id, region), *asked.narrowed(region=region, dealer=sale.dealer_id)]
    found: dict[tuple[int, str, int], int] = {}
    for start in range(0, len(wanted), AT_ONCE):
        parts = [
            select(literal(s.plan.program_id), literal(s.period), sale.dealer_id, func.count())
            .where(*seen, *books.like(s.plan.program, year_before(s.days)))
            .group_by(sale.dealer_id)
            for s in wanted[start : start + AT_ONCE]
        ]
        for program_id, period, dealer_id, number in session.execute(union_all(*parts)):
            found[program_id, period, dealer_id] = number
    return found


def _baseline(span: Measured, dealer: Member | None, sold: int) -> int:
    rule = span.plan.program.rule
    if not isinstance(rule, Growth) or rule.baseline != "target":
        return sold
    target = rule.targets.get(dealer.code, 0) if dealer else 0
    elapsed, total = (span.days.last - span.days.first).days + 1, (span.whole.last - span.whole.first).days + 1
    return pro_rata(target, elapsed=elapsed, total=total)


def program_of(session: Session, *, asked: Asked, actor: Actor) -> Program | None:
    """The newest published version of the program asked for, so that a page can say how it is measured."""
    actor.require(Permission.INCENTIVES_VIEW)
    plans = books.plans_of(session).get(asked.program or 0)
    return plans[-1].program if plans else None
