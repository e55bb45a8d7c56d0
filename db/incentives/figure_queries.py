"""Incentives counted for figures: money of the ledger, units paid for, uptake, units above the baseline, decisions.

Months are those of the desk. Everything is summed up by the database, by what is asked for; only decided claims come as
rows, at most `MOST_TIMED` of them, for the middle of a time is no sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from db.calendar.queries import calendar_for_dealer
from db.core.actor import Scope
from db.dealers.tables import Dealer
from db.incentives.figure_filters import Asked, check_dims, month_number
from db.incentives.figure_members import members_of, plans_asked, takes_part
from db.incentives.figure_rules import worked_minutes
from db.incentives.figure_sum_queries import cells
from db.incentives.tables import (
    IncentiveClaim,
    IncentiveEarning,
    IncentiveEntry,
    IncentiveProgram,
    IncentiveUnit,
    SaleReport,
)

DIMS: Final = ("program", "dealer", "region", "month")
MOST_TIMED: Final = 20_000
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


def seen(scope: Scope, asked: Asked, table: Any) -> list[ColumnElement[bool]]:
    """Conditions of scope and filters for a table with program, dealer and region."""
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
    check_dims(by, DIMS)
    ever = "month" not in by
    cell = cells(scope=scope, asked=asked, by=by, ever=ever).subquery()

    def total(name: str, *, inside: bool = True) -> Any:
        column = cell.c[name]
        return func.coalesce(func.sum(case((cell.c.inside == 1, column), else_=0) if inside else column), 0)

    values = {name: total(name) for name in ("earned", "approved", "paid", "taken_back")}
    values["open"] = total("approved", inside=not ever) - total("paid", inside=not ever)
    keys = {dim: cell.c[dim] for dim in by}
    found = _read(session, asked, select(*_labelled(keys), *(v.label(n) for n, v in values.items())), keys)
    return [{**row, **{name: int(row[name]) for name in values}} for row in found]


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
        .where(entry.book == "paid", *seen(scope, asked, entry))
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
        .where(unit.is_counted.is_(True), *asked.days(SaleReport.delivered_on), *seen(scope, asked, unit))
    )  # fmt: skip
    return _read(session, asked, query, keys)


def taking_part(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """{dims..., eligible, earning}: active dealers that a program running then would take, and those with a sale that
    earned. By nothing or region a dealer counts once, whatever the number of its programs.
    """
    check_dims(by, DIMS[:3])
    plans, members = plans_asked(session, asked), members_of(session, scope, asked)
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
            *seen(scope, asked, unit),
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
    ).where(*when, *seen(scope, asked, claim))
    return _read(session, asked, query, keys)


def minutes(
    session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()
) -> dict[tuple[Any, ...], list[tuple[float, int]]]:
    """Working minutes of the desk from the last sending to a person's decision, as ascending (minutes, claims).

    Of the newest `MOST_TIMED` claims decided. Time with the dealer after a return is not in it, for sending anew begins
    anew; what the checks denied at once waited for nobody.
    """
    claim = IncentiveClaim
    check_dims(by, DIMS)
    number = month_number(asked, claim.decided_at, is_moment=True)
    # An appeal sends a claim again: the time the dealer took to appeal is not the desk's.
    sent = case((claim.appealed_at > claim.submitted_at, claim.appealed_at), else_=claim.submitted_at)
    rows = session.execute(
        select(claim.program_id, claim.dealer_id, claim.region, number, sent, claim.decided_at)
        .where(
            claim.status.in_((*APPROVED, "denied")), claim.decided_kind == "person", claim.submitted_at.is_not(None),
            *asked.moments(claim.decided_at), *seen(scope, asked, claim),
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
