"""Co-op counted for figures: postings of the ledger and lots that expire, on the day of their dealer.

Each question is a bounded number of statements whatever the number of rows. Decisions: figure_decided_queries.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Date, String, bindparam, case, cast, func, select, union_all
from sqlalchemy.orm import Session

from db.coop.figure_filters import Asked
from db.coop.figure_shapes import Shape, shape_of, values_of
from db.coop.figure_sum_queries import MEASURES, ledger
from db.coop.sum_tables import CoopLotDay
from db.coop.tables import CoopFund, CoopLot, CoopProgramme
from db.core.actor import Scope
from db.core.shapes import made_once
from db.dealers.tables import Dealer

DIMS: Final = ("month", "region", "dealer", "medium", "programme")
Rows = list[dict[str, Any]]
_CLOSED: Final = select(CoopFund.id).where(CoopFund.closed_at.is_not(None))
WITHIN: Final = (30, 60, 90)
LEDGER: Final = MEASURES
LEFT: Final = ("left", *(f"within_{n}" for n in WITHIN))


def _cells(by: Sequence[str], key: Sequence[Any]) -> dict[str, Any]:
    return {
        dim: date.fromisoformat(f"{value}-01") if dim == "month" else value for dim, value in zip(by, key, strict=True)
    }


def filled(found: Mapping[tuple[Any, ...], Mapping[str, Any]], by: Sequence[str], names: Sequence[str]) -> Rows:
    """Rows in the order of their keys; a question without dimensions always has its one row."""
    known = dict(found) or ({} if by else {(): {}})
    return [
        {**dict(zip(by, key, strict=True)), **{n: known[key].get(n, 0) for n in names}}
        for key in sorted(known, key=lambda k: tuple(str(part) for part in k))
    ]


def money(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """What was posted in the days asked for, in cents. A medium narrows what was reserved, approved and paid; what
    came in or expired has none, and is that of the whole fund. Two statements at most."""
    found: dict[tuple[Any, ...], dict[str, int]] = {}
    own = ("reserved", "released", "approved", "paid")
    whole = [d for d in by if d != "medium"]
    asks = ((own, True), (("accrued", "expired", "forfeited"), False))
    for names, medium in asks if asked.medium or "medium" in by else ((LEDGER, False),):
        if not medium and "medium" in by:
            continue  # nothing that came in has a medium
        for row in ledger(session, scope=scope, asked=asked, by=by if medium else whole, medium=medium):
            cells = _cells(by, row[: len(by)])
            values = {name: int(getattr(row, name)) for name in names}
            if any(values.values()):
                found.setdefault(tuple(cells[d] for d in by), {}).update(values)
    return filled(found, by, LEDGER)


def expiring(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """What is left now in lots and expires in the next 30, 60 and 90 days, counted from today whatever days are asked
    for; by month that of all lots that still hold something. Lots of closed funds are left out. One statement."""
    soon = {f"within_{n}": asked.today + timedelta(days=n) for n in WITHIN}
    if scope.kind == "dealers" or asked.dealer or "dealer" in by:
        lot = CoopLot
        query = _lots(by, of_programme=asked.programme is not None).where(
            lot.fund_id.not_in(_CLOSED), scope.where(lot.dealer_id, lot.region), lot.left_cents > 0,
            lot.expires_on >= asked.today, *asked.narrowed(lot, medium=False),
        )  # fmt: skip
        rows = session.execute(_left(by, query), soon)
    else:
        values = {**values_of(scope, asked), **soon, "today": asked.today}
        rows = session.execute(_of_regions(shape_of(scope, asked), tuple(by)), values)
    width = len(by)
    found = {}
    for row in rows:
        if not by or row[width]:
            cells = _cells(by, row[:width])
            found[tuple(cells[d] for d in by)] = dict(zip(LEFT, map(int, row[width:]), strict=True))
    return filled(found, by, LEFT)


def _left(by: Sequence[str], lots: Any) -> Any:
    """What lots hold in all, and what of it ends by each of the days bound to the names of `WITHIN`."""
    cell = lots.subquery()
    left = cell.c.left_cents
    values = [func.coalesce(func.sum(left), 0)]
    for n in WITHIN:
        values.append(
            func.coalesce(func.sum(case((cell.c.expires_on <= bindparam(f"within_{n}", type_=Date), left), else_=0)), 0)
        )
    keys = [func.substr(cast(cell.c.expires_on, String), 1, 7) if dim == "month" else cell.c[dim] for dim in by]
    query = select(*keys, *values)
    return query.group_by(*keys) if keys else query


def _lots(by: Sequence[str], *, of_programme: bool, sign: int = 1) -> Any:
    lot = CoopLot
    # Behind a function, so that SQLite seeks the days and does not walk every lot in the order of its dealer.
    of: dict[str, Any] = {
        "region": lot.region,
        "dealer": func.coalesce(lot.dealer_id, 0),
        "programme": CoopFund.programme_id,
    }
    keys = [of[dim].label(dim) for dim in by if dim != "month"]
    query: Any = select(lot.expires_on, (lot.left_cents * sign).label("left_cents"), *keys)
    return query.join(CoopFund, CoopFund.id == lot.fund_id) if of_programme or "programme" in by else query


@made_once
def _of_regions(shape: Shape, by: tuple[str, ...]) -> Any:
    """What all lots hold, from their sums, less what those of closed funds do: hardly one holds anything."""
    sums, lot, today = CoopLotDay, CoopLot, bindparam("today", type_=Date)
    of = {"region": sums.region, "programme": sums.programme_id}
    keys = [of[dim].label(dim) for dim in by if dim != "month"]
    whole = select(sums.expires_on, sums.left_cents, *keys).where(
        sums.expires_on >= today, *shape.narrowed(sums, medium=False)
    )
    closed = _lots(by, of_programme=shape.has_programme, sign=-1).where(
        # What is left and when it ends are behind functions, so that SQLite begins with the few funds.
        lot.fund_id.in_(_CLOSED),
        func.coalesce(lot.left_cents.expression, 0) > 0,
        func.coalesce(lot.expires_on.expression, lot.expires_on.expression) >= today,
        *replace(shape, has_programme=False).narrowed(lot, medium=False),
    )  # fmt: skip
    if shape.has_programme:
        closed = closed.where(CoopFund.programme_id == bindparam("programme"))
    return _left(by, union_all(whole, closed))


# ---- names -----------------------------------------------------------------------------------------------------------
def named(session: Session, rows: Rows, by: Sequence[str], *, scope: Scope) -> Rows:
    """Rows with code and name of their dealers and programmes, for dealers of the scope. At most two statements."""
    if "dealer" in by and rows:
        query = select(Dealer.id, Dealer.code, Dealer.name).where(scope.where(Dealer.id, Dealer.region))
        dealers = {i: (code, said) for i, code, said in session.execute(query)}
        for row in rows:
            code, said = dealers.get(row["dealer"], ("", "Another dealer"))
            row |= {"dealer": code, "dealer_id": row["dealer"], "dealer_name": said}
    if "programme" in by and rows:
        known = session.execute(select(CoopProgramme.id, CoopProgramme.code, CoopProgramme.name))
        programmes = {i: (code, said) for i, code, said in known}
        for row in rows:
            code, said = programmes.get(row["programme"], ("", ""))
            row |= {"programme": code, "programme_id": row["programme"], "programme_name": said}
    return rows


def programme_choices(session: Session, *, scope: Scope) -> dict[int, str]:
    """The programmes a reader's dealers have funds in, newest year first."""
    rows = session.execute(
        select(CoopProgramme.id, CoopProgramme.code, CoopProgramme.name, CoopProgramme.year)
        .join(CoopFund, CoopFund.programme_id == CoopProgramme.id)
        .where(scope.where(CoopFund.dealer_id, CoopFund.region))
        .distinct()
        .order_by(CoopProgramme.year.desc(), CoopProgramme.id)
    )
    return {i: f"{code} {name}" for i, code, name, _ in rows}
