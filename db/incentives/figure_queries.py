"""Incentives counted for figures: money of the ledger, units paid for, uptake, units above the baseline, decisions.

Months are those of the desk. Everything is summed up by the database, by what is asked for; only decided claims come as
rows, at most `MOST_TIMED` of them, for the middle of a time is no sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from db.calendar.queries import calendar_for_dealer
from db.core.actor import Actor, Scope
from db.core.permissions import Permission
from db.dealers.tables import Dealer
from db.incentives import books
from db.incentives.figure_filters import Asked, check_dims, month_number, within
from db.incentives.figure_rules import Burn, burn, months_between, pro_rata, worked_minutes
from db.incentives.model import Growth, Program, Window
from db.incentives.tables import (
    IncentiveClaim,
    IncentiveEarning,
    IncentiveEntry,
    IncentiveProgram,
    IncentiveUnit,
    SaleReport,
)
from db.incentives.tier_rules import days_of, period_of, year_before
from db.incentives.unit_rules import Plan, plan_of_period
from db.terms.queries import tiers_on

DIMS: Final = ("program", "dealer", "region", "month")
MOST_TIMED: Final = 20_000
AT_ONCE: Final = 150
"""Program periods whose baselines are read in one statement."""
APPROVED: Final = ("approved", "partially_approved")
Rows = list[dict[str, Any]]


def _keys(asked: Asked, by: Sequence[str], table: Any, day: Any = None, *, is_moment: bool = True) -> dict[str, Any]:
    """The columns to group by, by the name of their dimension."""
    check_dims(by, DIMS)
    columns = {"program": table.program_id, "dealer": table.dealer_id, "region": table.region}
    return {
        dim: columns[dim] if dim in columns else month_number(asked, day, is_moment=is_moment) for dim in by
    }  # fmt: skip


def _read(session: Session, asked: Asked, query: Any, keys: Mapping[str, Any]) -> Rows:
    months = asked.months
    found = []
    for row in session.execute(query.group_by(*keys.values()) if keys else query):
        one = dict(row._mapping)
        if "month" in one:
            one["month"] = months[one["month"]]
        found.append({name: value if value is not None else 0 for name, value in one.items()})
    return sorted(found, key=lambda one: tuple(str(one[dim]) for dim in keys))


def _labelled(keys: Mapping[str, Any]) -> list[Any]:
    return [column.label(dim) for dim, column in keys.items()]


def _seen(scope: Scope, asked: Asked, table: Any) -> list[ColumnElement[bool]]:
    return [
        scope.where(table.dealer_id, table.region),
        *asked.narrowed(program=table.program_id, region=table.region, dealer=table.dealer_id),
    ]


# ---- money -----------------------------------------------------------------------------------------------------------
def money(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """{dims..., earned, approved, paid, taken_back, open}: cents posted to the books within the days asked for.

    `earned` and `approved` are net of what was reversed; `taken_back` is what charge-backs and unwinding took, as a
    positive number. `open` is approved less paid of all time up to the last day; by month it is that of the month.
    """
    entry = IncentiveEntry
    keys = _keys(asked, by, entry, entry.at)
    inside = within(asked, entry.at)

    def total(*when: ColumnElement[bool], sign: int = 1, ever: bool = False) -> Any:
        wanted = and_(*when) if ever else and_(inside, *when)
        return func.coalesce(func.sum(case((wanted, sign * entry.cents), else_=0)), 0)

    approved, paid = entry.book == "approved", entry.book == "paid"
    values = {
        "earned": total(entry.book == "earned"), "approved": total(approved), "paid": total(paid),
        "taken_back": total(approved, entry.kind != "approval", sign=-1),
        "open": total(approved, ever="month" not in by) - total(paid, ever="month" not in by),
    }  # fmt: skip
    when = [entry.at < asked.ends] if "month" not in by else asked.moments(entry.at)
    query = select(*_labelled(keys), *(v.label(n) for n, v in values.items())).where(*when, *_seen(scope, asked, entry))
    return _read(session, asked, query, keys)


def paid_units(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """{dims..., units, cents}: vehicles paid for first within the days asked for, and what was paid for them since.

    A vehicle program pays one unit a claim; a volume pays the units its account has counted. What was paid and set off
    again in full is no unit. A vehicle counts under each program that paid for it.
    """
    entry, claim = IncentiveEntry, IncentiveClaim
    net = func.sum(entry.cents)
    first = func.min(case((entry.cents > 0, entry.at)))
    accounts = (
        select(
            entry.program_id, entry.dealer_id, func.max(entry.region).label("region"), entry.period, claim.sale_id,
            net.label("cents"), first.label("at"),
        )
        .join(claim, claim.id == entry.claim_id)
        .where(entry.book == "paid", *_seen(scope, asked, entry))
        .group_by(entry.program_id, entry.dealer_id, entry.period, claim.sale_id)
        .having(net > 0, *asked.moments(first))
        .subquery()
    )  # fmt: skip
    earning = IncentiveEarning
    keys = _keys(asked, by, accounts.c, accounts.c.at)
    units = case((accounts.c.sale_id.is_not(None), 1), else_=func.coalesce(earning.units, 0))
    query = select(
        *_labelled(keys), func.coalesce(func.sum(units), 0).label("units"),
        func.coalesce(func.sum(accounts.c.cents), 0).label("cents"),
    ).outerjoin(
        earning,
        and_(
            earning.program_id == accounts.c.program_id, earning.dealer_id == accounts.c.dealer_id,
            earning.period == accounts.c.period,
        ),
    )  # fmt: skip
    return _read(session, asked, query, keys)


# ---- uptake ----------------------------------------------------------------------------------------------------------
def claimed_sales(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """{dims..., eligible, claimed}: sales that count for a program, by the day of delivery, and those claimed.

    A volume is claimed for all its units at once. A claim that was taken back claims nothing.
    """
    unit, claim = IncentiveUnit, IncentiveClaim
    keys = _keys(asked, by, unit, SaleReport.delivered_on, is_moment=False)
    own = [claim.program_id == unit.program_id, claim.status != "void"]
    has_claim = or_(
        exists().where(claim.sale_id == unit.sale_id, *own),
        exists().where(
            claim.sale_id.is_(None), claim.dealer_id == unit.dealer_id, claim.period == unit.period, *own
        ),
    )  # fmt: skip
    query = (
        select(
            *_labelled(keys), func.count().label("eligible"),
            func.coalesce(func.sum(case((has_claim, 1), else_=0)), 0).label("claimed"),
        )
        .select_from(unit)
        .join(SaleReport, SaleReport.id == unit.sale_id)
        .where(unit.is_counted.is_(True), *asked.days(SaleReport.delivered_on), *_seen(scope, asked, unit))
    )  # fmt: skip
    return _read(session, asked, query, keys)


@dataclass(frozen=True, kw_only=True)
class Member:
    """A dealer as programs ask for it."""

    id: int
    code: str
    region: str
    tier: str


def _members(session: Session, scope: Scope, asked: Asked) -> dict[int, Member]:
    """Active dealers of a scope within the filters, with their tier on the last day asked for. Two statements."""
    narrowed = asked.narrowed(region=Dealer.region, dealer=Dealer.id)
    rows = session.execute(
        select(Dealer.id, Dealer.code, Dealer.region)
        .where(scope.where(Dealer.id, Dealer.region), Dealer.status == "active", *narrowed)
        .order_by(Dealer.id)
    )
    tiers = tiers_on(session, scope=scope, on=min(asked.last, asked.today))
    return {i: Member(id=i, code=code, region=region, tier=tiers.get(i, "")) for i, code, region in rows}


def takes_part(program: Program, dealer: Member) -> bool:
    """Whether a program takes sales of this dealer at all."""
    wanted = program.eligible
    return (
        (not wanted.enrolled or dealer.code in wanted.enrolled)
        and (not wanted.regions or dealer.region.casefold() in {r.casefold() for r in wanted.regions})
        and (not wanted.tiers or dealer.tier.casefold() in {t.casefold() for t in wanted.tiers})
    )


def _plans(session: Session, asked: Asked) -> dict[int, list[Plan]]:
    """Published programs that the filter leaves and that run on one of the days asked for."""
    return {
        program_id: plans for program_id, plans in books.plans_of(session).items()
        if asked.program in (None, program_id)
        and plans[-1].program.program.first <= asked.last and plans[-1].program.program.last >= asked.first
    }  # fmt: skip


def taking_part(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """{dims..., eligible, earning}: active dealers that a program running then would take, and those with a sale that
    earned. By nothing or region a dealer counts once, whatever the number of its programs.
    """
    check_dims(by, DIMS[:3])
    plans, members = _plans(session, asked), _members(session, scope, asked)
    unit, earning = IncentiveUnit, IncentiveEarning
    rows = session.execute(
        select(unit.program_id, unit.dealer_id)
        .join(SaleReport, SaleReport.id == unit.sale_id)
        .join(
            earning,
            and_(
                earning.program_id == unit.program_id, earning.dealer_id == unit.dealer_id,
                earning.period == unit.period,
            ),
        )
        .where(
            unit.is_counted.is_(True), or_(unit.cents > 0, earning.cents > 0), *asked.days(SaleReport.delivered_on),
            *_seen(scope, asked, unit),
        )
        .group_by(unit.program_id, unit.dealer_id)
    )  # fmt: skip
    earned = {(program_id, dealer_id) for program_id, dealer_id in rows}
    cells: dict[tuple[Any, ...], tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    for program_id, some in plans.items():
        program = some[-1].program
        for dealer in members.values():
            has_earned = (program_id, dealer.id) in earned
            if has_earned or takes_part(program, dealer):
                known = {"program": program_id, "dealer": dealer.id, "region": dealer.region}
                eligible, earning_ones = cells[tuple(known[dim] for dim in by)]
                eligible.add(dealer.id)
                if has_earned:
                    earning_ones.add(dealer.id)
    if not by and not cells:
        cells[()] = (set(), set())
    found = [
        {**dict(zip(by, key, strict=True)), "eligible": len(some), "earning": len(those)}
        for key, (some, those) in cells.items()
    ]
    return sorted(found, key=lambda one: tuple(str(one[dim]) for dim in by))


# ---- units above the baseline ----------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class _Span:
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


def incremental(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """{dims..., units, baseline, cents, new} of stair-step and growth programs, by the month in which a period ends.

    The baseline is a target where the program sets one, else the sales of the program's vehicles and sale types the
    same dealers delivered on the same days of the year before. A period that runs counts today, up to today; its target
    then counts by days. Dealers below their baseline take away from those above. `new` are units of dealers that sold
    nothing the year before, so that every unit of theirs counts as above it.
    """
    check_dims(by, DIMS)
    members = _members(session, scope, asked)
    spans = _spans(session, asked)
    rows = _volumes(session, scope, asked, sorted({program_id for program_id, _ in spans}))
    sold = _sold_before(session, scope, asked, list(spans.values()))
    cells: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: dict.fromkeys(_VOLUME, 0))
    for (program_id, period), span in spans.items():
        month = span.days.last.replace(day=1)
        found = rows.get((program_id, period), {})
        eligible = {d.id for d in members.values() if takes_part(span.plan.program, d)}
        for dealer_id in sorted(eligible | set(found)):
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


def _volumes(session: Session, scope: Scope, asked: Asked, ids: Sequence[int]) -> dict[tuple[int, str], dict[int, Any]]:
    """What dealers have earned with these programs, by program and period, whatever its days."""
    found: dict[tuple[int, str], dict[int, Any]] = defaultdict(dict)
    if ids:
        earning = IncentiveEarning
        rows = session.execute(
            select(
                earning.program_id, earning.period, earning.dealer_id, earning.region, earning.units, earning.cents,
            ).where(earning.program_id.in_(ids), *_seen(scope, asked, earning))
        )  # fmt: skip
        for row in rows:
            found[row.program_id, row.period][row.dealer_id] = row
    return found


def _spans(session: Session, asked: Asked) -> dict[tuple[int, str], _Span]:
    """The periods that count among the days asked for: those that end there, or run today when today is one."""
    found = {}
    for program_id, plans in _plans(session, asked).items():
        newest = plans[-1].program
        if not newest.is_volume:
            continue
        begun = months_between(newest.program.first, min(newest.program.last, asked.today))
        names = dict.fromkeys(period_of(newest.period, max(m, newest.program.first)) for m in begun)
        for period in names:
            plan = plan_of_period(plans, period)
            whole = days_of(period, plan.program.program)
            counted_on = min(whole.last, asked.today)
            if counted_on >= whole.first and asked.first <= counted_on <= asked.last:
                days = Window(first=whole.first, last=counted_on)
                found[program_id, period] = _Span(plan=plan, period=period, days=days, whole=whole)
    return found


def _sold_before(
    session: Session, scope: Scope, asked: Asked, spans: Sequence[_Span]
) -> dict[tuple[int, str, int], int]:
    """Sales of the year before by program, period and dealer; one statement for up to `AT_ONCE` periods."""
    wanted = [s for s in spans if s.counts_sales]
    sale = SaleReport
    seen = [
        scope.where(sale.dealer_id, sale.region), *asked.narrowed(region=sale.region, dealer=sale.dealer_id),
    ]  # fmt: skip
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


def _baseline(span: _Span, dealer: Member | None, sold: int) -> int:
    rule = span.plan.program.rule
    if not isinstance(rule, Growth) or rule.baseline != "target":
        return sold
    target = rule.targets.get(dealer.code, 0) if dealer else 0
    elapsed, total = (span.days.last - span.days.first).days + 1, (span.whole.last - span.whole.first).days + 1
    return pro_rata(target, elapsed=elapsed, total=total)


# ---- decisions -------------------------------------------------------------------------------------------------------
def decided(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """{dims..., decided, denied, by_checks}: claims by the day they were decided, as they stand today."""
    claim = IncentiveClaim
    keys = _keys(asked, by, claim, claim.decided_at)
    denied = claim.status == "denied"
    when = [claim.status.in_((*APPROVED, "denied")), *asked.moments(claim.decided_at)]
    query = select(
        *_labelled(keys),
        func.count().label("decided"),
        func.coalesce(func.sum(case((denied, 1), else_=0)), 0).label("denied"),
        func.coalesce(func.sum(case((claim.decided_kind == "checks", 1), else_=0)), 0).label("by_checks"),
    ).where(*when, *_seen(scope, asked, claim))
    return _read(session, asked, query, keys)


def minutes(
    session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()
) -> dict[tuple[Any, ...], list[tuple[float, int]]]:
    """Working minutes of the desk from the last sending to the decision of a person, as ascending (minutes, claims).

    Of the newest `MOST_TIMED` claims decided. Time with the dealer after a return is not in it, for sending anew begins
    anew; what the checks denied at once waited for nobody.
    """
    claim = IncentiveClaim
    check_dims(by, DIMS)
    number = month_number(asked, claim.decided_at, is_moment=True)
    rows = session.execute(
        select(claim.program_id, claim.dealer_id, claim.region, number, claim.submitted_at, claim.decided_at)
        .where(
            claim.status.in_((*APPROVED, "denied")), claim.decided_kind == "person", claim.submitted_at.is_not(None),
            *asked.moments(claim.decided_at), *_seen(scope, asked, claim),
        )
        .order_by(claim.decided_at.desc(), claim.id.desc())
        .limit(MOST_TIMED)
    ).all()  # fmt: skip
    spans = [(row[4], row[5]) for row in rows if row[4] is not None and row[5] is not None]
    took = worked_minutes(calendar_for_dealer(session, None), spans)
    months = asked.months
    found: dict[tuple[Any, ...], dict[float, int]] = {}
    for row, value in zip(rows, took, strict=True):
        known = {"program": row[0], "dealer": row[1], "region": row[2], "month": months[row[3]]}
        cell = found.setdefault(tuple(known[dim] for dim in by), {})
        cell[value] = cell.get(value, 0) + 1
    return {key: sorted(histogram.items()) for key, histogram in found.items()}


# ---- budgets ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class BurnLine:
    """The budget of one program, whole: `committed_cents` is approved less taken back, `paid_cents` what left us."""

    program_id: int
    code: str
    name: str
    first: date
    last: date
    budget_cents: int
    committed_cents: int
    paid_cents: int
    found: Burn


def burns(session: Session, *, actor: Actor, asked: Asked) -> list[BurnLine]:
    """Programs with a budget that run on one of the days asked for, those that run out first; as they stand today.

    A budget is the house's and of the whole network, whatever the reader's dealers: people of a dealership see none.
    """
    actor.require(Permission.INCENTIVES_VIEW)
    if actor.role.is_dealer:
        return []
    plans = _plans(session, asked)
    if not plans:
        return []
    owner, entry = IncentiveProgram, IncentiveEntry
    paid = (
        select(entry.program_id, func.sum(entry.cents).label("cents"))
        .where(entry.book == "paid")
        .group_by(entry.program_id)
        .subquery()
    )
    rows = session.execute(
        select(owner.id, owner.code, owner.name, owner.committed_cents, func.coalesce(paid.c.cents, 0))
        .outerjoin(paid, paid.c.program_id == owner.id)
        .where(owner.budget_cents.is_not(None), owner.id.in_(sorted(plans)))
    )
    found = []
    for program_id, code, name, committed, paid_cents in rows:
        program = plans[program_id][-1].program
        budget = program.budget_cents
        if not budget:
            continue
        days = program.program
        found.append(
            BurnLine(
                program_id=program_id, code=code, name=name, first=days.first, last=days.last, budget_cents=budget,
                committed_cents=committed, paid_cents=int(paid_cents),
                found=burn(
                    budget_cents=budget, committed_cents=committed, first=days.first, last=days.last,
                    today=asked.today,
                ),
            )
        )  # fmt: skip
    order = ("used_up", "short", "lasts", "unused", "coming", "ended")
    return sorted(found, key=lambda x: (order.index(x.found.state), x.found.ends_on or x.last, x.code))


# ---- names -----------------------------------------------------------------------------------------------------------
def named(session: Session, rows: Rows, by: Sequence[str], *, scope: Scope) -> Rows:
    """Rows with code and name of their dealers and programs, for dealers of the scope. At most two statements."""
    if "dealer" in by and rows:
        dealers = {
            i: (code, said)
            for i, code, said in session.execute(
                select(Dealer.id, Dealer.code, Dealer.name).where(scope.where(Dealer.id, Dealer.region))
            )
        }
        for row in rows:
            code, said = dealers.get(row["dealer"], ("", "Another dealer"))
            row |= {"dealer": code, "dealer_id": row["dealer"], "dealer_name": said}
    if "program" in by and rows:
        programs = {
            i: (code, said)
            for i, code, said in session.execute(
                select(IncentiveProgram.id, IncentiveProgram.code, IncentiveProgram.name)
            )
        }
        for row in rows:
            code, said = programs.get(row["program"], ("", ""))
            row |= {"program": code, "program_id": row["program"], "program_name": said}
    return rows


def program_of(session: Session, *, asked: Asked, actor: Actor) -> Program | None:
    """The newest published version of the program asked for, so that a page can say how it is measured."""
    actor.require(Permission.INCENTIVES_VIEW)
    plans = books.plans_of(session).get(asked.program or 0)
    return plans[-1].program if plans else None
