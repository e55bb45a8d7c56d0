"""Incentives counted for figures: money of the ledger, units paid for, uptake, units above the baseline, decisions.

Months are those of the desk. Everything comes from sums that triggers keep (figure_cells.py, figure_sum_queries.py);
only minutes are counted claim by claim, at most `MOST_TIMED` of them, for the middle of a time is no sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.among import unwalked
from db.dealers.tables import Dealer
from db.incentives.figure_cells import DECIDED, DECISIONS, PAID, UNITS, Fact, earning_dealers, summed
from db.incentives.figure_filters import Asked, check_dims, month_number
from db.incentives.figure_members import Member, members_of, plans_asked, taker
from db.incentives.figure_sum_queries import MEASURES, cells, network, totals
from db.incentives.tables import IncentiveClaim, IncentiveProgram

DIMS: Final = ("program", "dealer", "region", "month")
MOST_TIMED: Final = 20_000
Rows = list[dict[str, Any]]


def _read(session: Session, asked: Asked, query: Any, keys: Mapping[str, Any]) -> Rows:
    months = asked.months
    found = []
    for row in session.execute(query):
        one = dict(row._mapping)
        if "month" in one:
            one["month"] = months[one["month"]]
        found.append({name: value if value is not None else 0 for name, value in one.items()})
    return sorted(found, key=lambda one: tuple(str(one[dim]) for dim in keys))


def _summed(
    session: Session, fact: Fact, scope: Scope, asked: Asked, by: Sequence[str], *, names: Sequence[str]
) -> Rows:  # fmt: skip
    """Cells of a fact with the measures named, in the order of their dimensions."""
    check_dims(by, DIMS)
    rows = session.execute(summed(fact, scope=scope, asked=asked, by=by)).mappings()
    found = [{name: int(row[name]) if name in names else row[name] for name in (*by, *names)} for row in rows]
    return sorted(found, key=lambda one: tuple(str(one[dim]) for dim in by))


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
    found = network(session, scope=scope, asked=asked, by=by, ever=ever)
    if found is None:
        cell = cells(scope=scope, asked=asked, by=by, ever=ever).subquery()
        keys = {dim: cell.c[dim] for dim in by}
        found = _read(session, asked, totals(cell, keys, ever=ever), keys)
    else:
        found.sort(key=lambda one: tuple(str(one[dim]) for dim in by))
    return [{**row, **{name: int(row[name]) for name in (*MEASURES, "open")}} for row in found]


def paid_units(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """{dims..., units, cents}: vehicles paid for first within the days asked for, and what was paid for them since.

    A vehicle program pays one unit a claim; a volume pays the units its account has counted. What was paid and set off
    again in full is no unit. A vehicle counts under each program that paid for it.
    """
    return _summed(session, PAID, scope, asked, by, names=("units", "cents"))


# ---- uptake ----------------------------------------------------------------------------------------------------------
def claimed_sales(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """{dims..., eligible, claimed}: sales that count for a program, by the day of delivery, and those claimed.

    A volume is claimed for all its units at once. A claim that was taken back claims nothing.
    """
    rows = _summed(session, UNITS, scope, asked, by, names=("units", "claimed"))
    return [{"eligible" if name == "units" else name: value for name, value in row.items()} for row in rows]


def taking_part(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """{dims..., eligible, earning}: active dealers that a program running then would take, and those with a sale that
    earned. By nothing or region a dealer counts once, whatever the number of its programs.
    """
    return taking_part_by(session, scope=scope, asked=asked, ways=(tuple(by),))[0]


def taking_part_by(
    session: Session, *, scope: Scope, asked: Asked, ways: Sequence[tuple[str, ...]],
    members: Mapping[int, Member] | None = None,
) -> list[Rows]:  # fmt: skip
    """`taking_part` split several ways, read once; `members` are those of these days where they are known already."""
    for by in ways:
        check_dims(by, DIMS[:3])
    plans = plans_asked(session, asked)
    if members is None:
        members = members_of(session, scope, asked)
    earned: dict[int, set[int]] = defaultdict(set)
    for program_id, dealer_id in session.execute(earning_dealers(scope=scope, asked=asked)):
        earned[program_id].add(dealer_id)
    pairs = []
    for program_id, some in plans.items():
        takes, earning_here = taker(some[-1].program), earned[program_id]
        for dealer in members.values():
            has_earned = dealer.id in earning_here
            if has_earned or takes(dealer):
                pairs.append((program_id, dealer, has_earned))
    return [_dealers_of(pairs, by) for by in ways]


def _dealers_of(pairs: Sequence[tuple[int, Member, bool]], by: tuple[str, ...]) -> Rows:
    cells: dict[tuple[Any, ...], tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    if not by:
        cells[()] = (set(), set())
    for program_id, dealer, has_earned in pairs:
        known = {"program": program_id, "dealer": dealer.id, "region": dealer.region} if by else {}
        eligible, earning = cells[tuple(known[dim] for dim in by)]
        eligible.add(dealer.id)
        if has_earned:
            earning.add(dealer.id)
    found = [
        {**dict(zip(by, key, strict=True)), "eligible": len(some), "earning": len(those)}
        for key, (some, those) in cells.items()
    ]
    return sorted(found, key=lambda one: tuple(str(one[dim]) for dim in by))


# ---- decisions -------------------------------------------------------------------------------------------------------
def decided(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """{dims..., decided, denied, by_checks}: claims by the day they were decided, as they stand today."""
    return _summed(session, DECISIONS, scope, asked, by, names=("decided", "denied", "by_checks"))


def minutes(
    session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()
) -> dict[tuple[Any, ...], list[tuple[float, int]]]:
    """Working minutes of the desk from the last sending to a person's decision, as ascending (minutes, claims).

    Of the newest `MOST_TIMED` claims decided. Time with the dealer after a return is not in it, for sending anew begins
    anew; what the checks denied at once waited for nobody.
    """
    check_dims(by, DIMS)
    found = _minutes(session, scope, asked, by, is_all=True)
    if sum(n for some in found.values() for _, n in some) > MOST_TIMED:
        found = _minutes(session, scope, asked, by, is_all=False)
    return found


def _minutes(
    session: Session, scope: Scope, asked: Asked, by: Sequence[str], *, is_all: bool
) -> dict[tuple[Any, ...], list[tuple[float, int]]]:
    claim = IncentiveClaim
    dims: dict[str, Any] = {"program": claim.program_id, "dealer": claim.dealer_id, "region": claim.region}
    dims["month"] = month_number(asked, claim.decided_on, is_moment=False)
    keys = [dims[dim].label(dim) for dim in by]
    query = select(*keys, claim.worked_minutes.label("took")).where(
        *asked.days(claim.decided_on), unwalked(claim.status).in_(DECIDED), claim.decided_kind == "person",
        claim.worked_minutes.is_not(None), *seen(scope, asked, claim),
    )  # fmt: skip
    if is_all:
        some: Any = query.subquery()
    else:
        some = query.order_by(claim.decided_at.desc(), claim.id.desc()).limit(MOST_TIMED).subquery()
    columns = [some.c[dim] for dim in by]
    rows = session.execute(select(*columns, some.c.took, func.count()).group_by(*columns, some.c.took))
    months = asked.months
    histograms: dict[tuple[Any, ...], list[tuple[float, int]]] = defaultdict(list)
    for *key, took, number in rows:
        named = tuple(months[value] if dim == "month" else value for dim, value in zip(by, key, strict=True))
        histograms[named].append((took, number))
    return {key: sorted(histogram) for key, histogram in histograms.items()}


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
