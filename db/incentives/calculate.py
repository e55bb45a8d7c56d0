"""What each dealer has earned with each program in each period, and the entries that say how it changed.

What is earned follows from the sales and the published programs alone (unit_rules, amount_rules), so it can be
calculated again at any time with the same result; the ledger is given the difference and never edited (2.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from db.core import changes
from db.core.actor import Actor
from db.core.insert import insert_or_ignore
from db.dealers.tables import Dealer
from db.incentives import books
from db.incentives.amount_rules import change, earned
from db.incentives.facts import Earned, SaleFacts, Unit
from db.incentives.model import Growth
from db.incentives.record import AREA, approved_of_period, commit_budget, post
from db.incentives.tables import IncentiveClaim, IncentiveEarning, IncentiveUnit, SaleReport
from db.incentives.tier_rules import period_of
from db.incentives.unit_marks import MARKS, marked
from db.incentives.unit_rules import Plan, UnitResult, evaluate, near, plan_of_period

Key = tuple[int, int, str]
"""(program, dealer, period)."""


def refresh(
    session: Session, sales: Sequence[SaleReport], *, actor: Actor, now: datetime, today: date,
    published: int | None = None,
) -> int:  # fmt: skip
    """Judge sales anew under every program and post what their dealers have earned since; gives how many entries.

    Only what counts or has counted can change a sum. `published`: nothing but a version of this program is new, so of
    the other programs only those are summed up for which a sale now counts otherwise (it stacks another way).
    """
    keys: set[Key] = set()
    by_program = books.plans_of(session)
    for start in range(0, len(sales), books.AT_ONCE):
        some = sales[start : start + books.AT_ONCE]
        ids = [s.id for s in some]
        old = _counted_units(session, ids)
        new: set[_Counted] = set()
        session.execute(
            delete(IncentiveUnit).where(IncentiveUnit.sale_id.in_(ids)).execution_options(synchronize_session=False)
        )
        rows = []
        for sale, fact in zip(some, books.facts_of(session, some, today=today), strict=True):
            results, _ = evaluate(fact, near(fact, by_program.values()))
            rows += [_row(sale, one) for one in results]
            new |= {
                (sale.id, one.plan.program_id, sale.dealer_id, one.period, one.cents)
                for one in results if one.is_counted
            }  # fmt: skip
            keys |= {
                (p, sale.dealer_id, period) for p, period in later_periods(fact, by_program.values())
                if published in (None, p)
            }  # fmt: skip
        changed = old ^ new if published is not None else old | new
        keys |= {(p, d, period) for _, p, d, period, _ in changed}
        keys |= {(p, d, period) for _, p, d, period, _ in old | new if p == published}
        if rows:
            session.execute(insert(IncentiveUnit.__table__).values(**MARKS), rows)  # type: ignore[arg-type]
    return sum(recalculate(session, key, actor=actor, now=now) for key in sorted(keys))


_Counted = tuple[int, int, int, str, int]
"""A sale that counts: (sale, program, dealer, period, cents)."""


def _counted_units(session: Session, sale_ids: Sequence[int]) -> set[_Counted]:
    """What of these sales counts by now."""
    unit = IncentiveUnit
    query = select(unit.sale_id, unit.program_id, unit.dealer_id, unit.period, unit.cents)
    rows = session.execute(query.where(unit.sale_id.in_(sale_ids), unit.is_counted.is_(True)))
    return {(sale, program, dealer, period, cents) for sale, program, dealer, period, cents in rows}


def later_periods(sale: SaleFacts, by_program: Iterable[Sequence[Plan]]) -> Iterable[tuple[int, str]]:
    """Periods a year later whose baseline this sale belongs to."""
    day = sale.delivered_on
    if day is None:
        return
    ahead = {day.replace(year=day.year + 1, day=28)} if (day.month, day.day) == (2, 29) else {_year_on(day)}
    if (day.month, day.day) == (2, 28):
        ahead.add(_year_on(day) + timedelta(days=1))  # the 29th of a leap year is measured against the 28th
    for plans in by_program:
        for plan in plans:
            rule = plan.program.rule
            if isinstance(rule, Growth) and rule.baseline == "year_before":
                yield from (
                    (plan.program_id, period_of(plan.program.period, d)) for d in ahead if plan.program.program.holds(d)
                )


def _year_on(day: date) -> date:
    return day.replace(year=day.year + 1)


def _row(sale: SaleReport, one: UnitResult) -> dict[str, object]:
    row = {
        "sale_id": sale.id, "program_id": one.plan.program_id, "version_id": one.plan.version_id,
        "dealer_id": sale.dealer_id, "region": sale.region, "period": one.period, "is_counted": one.is_counted,
        "cents": one.cents, "rule": one.rule, "why": one.why, "delivered_on": sale.delivered_on,
    }  # fmt: skip
    return marked(row)


def recalculate(session: Session, key: Key, *, actor: Actor, now: datetime) -> int:
    """Sum up one dealer, program and period and post the difference; gives how many entries (0: nothing has changed).

    Where a volume was approved for more than is earned now, the difference is charged back (2.4: 75 to 74 units).
    """
    program_id, dealer_id, period = key
    row = _locked(session, key)
    counted = _counted(session, key)
    if row is None and not counted:
        return 0
    dealer = session.get_one(Dealer, dealer_id)
    if row is None:
        values = {
            "program_id": program_id, "dealer_id": dealer_id, "region": dealer.region, "period": period, "units": 0,
            "baseline": 0, "cents": 0, "said": [], "calculations": 0, "calculated_at": now,
        }  # fmt: skip
        insert_or_ignore(session, IncentiveEarning, values)
        row = _locked(session, key)
        assert row is not None
        counted = _counted(session, key)  # others may have counted while we waited for the row
    plan = plan_of_period(books.plans_of(session)[program_id], period)
    found, baseline = _earned(session, plan, counted, dealer=dealer, period=period)
    delta = change(found.cents, row.cents)
    if (row.units, row.cents, row.baseline, row.said) != (found.units, found.cents, baseline, list(found.said)):
        row.units, row.cents, row.baseline, row.said = found.units, found.cents, baseline, list(found.said)
        row.calculations += 1
        row.calculated_at = now
        changes.touch(session, AREA)
    if delta:
        post(
            session, key=f"earned:{row.id}:{row.calculations}", book="earned", kind="calculation",
            program_id=program_id, dealer=dealer, period=period, cents=delta, actor=actor, now=now,
            reason=" ".join(found.said)[:1000],
        )  # fmt: skip
    return int(bool(delta)) + _charge_back(session, plan, row, dealer, actor=actor, now=now)


def _locked(session: Session, key: Key) -> IncentiveEarning | None:
    return session.scalars(
        select(IncentiveEarning)
        .where(
            IncentiveEarning.program_id == key[0], IncentiveEarning.dealer_id == key[1],
            IncentiveEarning.period == key[2],
        )
        .with_for_update(of=IncentiveEarning)
        .execution_options(populate_existing=True)
    ).one_or_none()  # fmt: skip


def _counted(session: Session, key: Key) -> list[Unit]:
    rows = session.execute(
        select(IncentiveUnit.sale_id, SaleReport.delivered_on, IncentiveUnit.cents, SaleReport.customer_ref)
        .join(SaleReport, SaleReport.id == IncentiveUnit.sale_id)
        .where(
            IncentiveUnit.program_id == key[0], IncentiveUnit.dealer_id == key[1], IncentiveUnit.period == key[2],
            IncentiveUnit.is_counted.is_(True),
        )
    )  # fmt: skip
    return [
        Unit(sale_id=sale_id, delivered_on=day, cents=cents, customer_ref=ref)
        for sale_id, day, cents, ref in rows
        if day is not None
    ]


def _earned(session: Session, plan: Plan, units: Sequence[Unit], *, dealer: Dealer, period: str) -> tuple[Earned, int]:
    baseline = books.baseline_of(
        session, plan.program, dealer_id=dealer.id, dealer_code=dealer.code, period=period
    )  # fmt: skip
    return earned(plan.program, units, baseline=baseline), baseline


def _charge_back(
    session: Session, plan: Plan, row: IncentiveEarning, dealer: Dealer, *, actor: Actor, now: datetime
) -> int:
    if not plan.program.is_volume:
        return 0
    approved = approved_of_period(session, program_id=row.program_id, dealer_id=dealer.id, period=row.period)
    if approved <= row.cents:
        return 0
    claim_id = session.scalar(
        select(IncentiveClaim.id)
        .where(
            IncentiveClaim.program_id == row.program_id, IncentiveClaim.dealer_id == dealer.id,
            IncentiveClaim.period == row.period, IncentiveClaim.sale_id.is_(None),
            IncentiveClaim.approved_cents.is_not(None),
        )
        .order_by(IncentiveClaim.id.desc())
        .limit(1)
    )  # fmt: skip
    post(
        session, key=f"charge_back:{row.id}:{row.calculations}", book="approved", kind="charge_back",
        program_id=row.program_id, dealer=dealer, period=row.period, cents=row.cents - approved, actor=actor, now=now,
        claim_id=claim_id, reason=" ".join(row.said)[:1000],
    )  # fmt: skip
    commit_budget(session, row.program_id, row.cents - approved)
    return 1


def from_scratch(session: Session, *, today: date) -> dict[Key, Earned]:
    """What every dealer has earned, calculated from sales and programs alone; nothing that was stored is read."""
    by_program = books.plans_of(session)
    units: dict[Key, list[Unit]] = {}
    after = 0
    while True:
        sales = session.scalars(
            select(SaleReport).where(SaleReport.id > after).order_by(SaleReport.id).limit(books.AT_ONCE)
        ).all()
        if not sales:
            break
        after = sales[-1].id
        for sale, fact in zip(sales, books.facts_of(session, sales, today=today), strict=True):
            for one in evaluate(fact, near(fact, by_program.values()))[0]:
                if one.is_counted and sale.delivered_on is not None:
                    units.setdefault((one.plan.program_id, sale.dealer_id, one.period), []).append(
                        Unit(
                            sale_id=sale.id, delivered_on=sale.delivered_on, cents=one.cents,
                            customer_ref=sale.customer_ref,
                        )
                    )  # fmt: skip
    found = {}
    for (program_id, dealer_id, period), some in units.items():
        dealer = session.get_one(Dealer, dealer_id)
        plan = plan_of_period(by_program[program_id], period)
        found[program_id, dealer_id, period] = _earned(session, plan, some, dealer=dealer, period=period)[0]
    return found
