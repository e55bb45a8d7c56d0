"""Decisions of co-op requests and claims and first payments counted for figures, on the desk's days.

Whole months come from sums kept by triggers, the days left over from the records. What asks for dealers reads the
records of those, through an index that holds all they are counted by (decisions 0079, 0087).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)  # fmt: skip
from sqlalchemy.orm import Session

from db.calendar.months import add_months, bounds_of
from db.calendar.periods import named_months
from db.calendar.queries import DESK_ZONE
from db.coop import sum_tables as sums
from db.coop.figure_filters import Asked
from db.coop.figure_queries import Rows, filled
from db.coop.figure_shapes import Shape, shape_of, values_of
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.coop.sums import MINUTES_IN_DAYS
from db.coop.tables import CoopFund
from db.core.actor import Scope
from db.core.shapes import made_once
from db.dealers.tables import Dealer

DECIDED: Final = ("decided", "denied", "returned", "again")


@dataclass(frozen=True, kw_only=True)
class Group:
    """What is counted together: a table, the moment that says when, the minutes it took, and the sums of both."""

    table: Any
    at: Any
    took: Any
    months: Any
    days: Any
    counted: Mapping[str, Any]


def _counted(table: Any) -> dict[str, Any]:
    again = or_(table.times_sent > 1, table.times_returned > 0)
    return {
        "decided": literal(1), "denied": case((table.status == "denied", 1), else_=0),
        "returned": case((table.times_returned > 0, 1), else_=0), "again": case((again, 1), else_=0),
    }  # fmt: skip


GROUPS: Final[dict[str, Group]] = {
    "request": Group(
        table=CoopRequest, at=CoopRequest.decided_at, took=CoopRequest.took_minutes, months=sums.CoopRequestMonth,
        days=sums.CoopRequestTook, counted=_counted(CoopRequest),
    ),
    "claim": Group(
        table=CoopClaim, at=CoopClaim.decided_at, took=CoopClaim.took_minutes, months=sums.CoopClaimMonth,
        days=sums.CoopClaimTook, counted=_counted(CoopClaim),
    ),
    "pay": Group(
        table=CoopClaim, at=CoopClaim.first_paid_at, took=CoopClaim.pay_minutes, months=sums.CoopPayMonth,
        days=sums.CoopPayTook,
        counted={
            "claims": literal(1), "dealer": CoopClaim.dealer_minutes, "desk": CoopClaim.desk_minutes,
            "finance": func.coalesce(CoopClaim.pay_minutes, 0),
        },
    ),
}  # fmt: skip


def _has_sums(scope: Scope, asked: Asked, by: Sequence[str] = ()) -> bool:
    return scope.kind != "dealers" and not asked.dealer and "dealer" not in by


# ---- of the records --------------------------------------------------------------------------------------------------
def _keys(group: Group, by: Sequence[str], month: Any) -> list[Any]:
    table = group.table
    of = {
        "month": month, "region": func.coalesce(table.region, ""), "dealer": table.dealer_id, "medium": table.medium,
        "programme": CoopFund.programme_id,
    }  # fmt: skip
    return [of[dim].label(f"k{n}") for n, dim in enumerate(by)]


def _of_group(group: Group, scope: Scope, asked: Asked, by: Sequence[str], values: Sequence[Any]) -> Select[Any]:
    """The keys as k0, k1 ..., a month as "2026-11", and values of what fell into the days."""
    table = group.table
    ends = bounds_of([add_months(m, 1) for m in asked.months], DESK_ZONE)
    within = [(group.at < end, f"{m:%Y-%m}") for m, end in zip(asked.months, ends, strict=True)]
    keys = _keys(group, by, case(*within, else_=f"{asked.months[-1]:%Y-%m}"))
    query = select(*keys, *values).where(
        scope.where(table.dealer_id, table.region), *asked.moments(group.at), *asked.narrowed(table)
    )
    if "programme" in by or asked.programme is not None:
        query = query.join(CoopFund, CoopFund.id == table.fund_id)
    return query


def _key(by: Sequence[str], row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(
        date.fromisoformat(f"{value}-01") if dim == "month" else value for dim, value in zip(by, row, strict=False)
    )


# ---- of the sums -----------------------------------------------------------------------------------------------------
def _of_stretch(
    group: Group, shape: Shape, by: Sequence[str], values: Sequence[Any], number: int, *, prefix: str = ""
) -> Select[Any]:  # fmt: skip
    """The same of the records of some days that fill no month."""
    query = select(*_keys(group, by, shape.label(number, prefix)), *values)
    query = query.where(*shape.moments(group.at, prefix)[number], *_narrowed(group, shape, prefix))
    return (
        query.join(CoopFund, CoopFund.id == group.table.fund_id) if "programme" in by or shape.has_programme else query
    )


def _narrowed(group: Group, shape: Shape, prefix: str = "") -> list[ColumnElement[bool]]:
    """Conditions for the records; their programme is their fund's, which has to be joined."""
    found = replace(shape, has_programme=False).narrowed(group.table, prefix)
    if shape.has_programme:
        found.append(CoopFund.programme_id == bindparam(f"{prefix}programme"))
    return found


def _of_sums(
    table: Any, shape: Shape, by: Sequence[str], values: Sequence[Any], *, prefix: str = ""
) -> Select[Any]:  # fmt: skip
    """The same of the whole months, from cells of a table of sums."""
    of: dict[str, Any] = {
        "month": func.substr(cast(table.month, String), 1, 7), "region": table.region, "medium": table.medium,
        "programme": getattr(table, "programme_id", None),
    }  # fmt: skip
    return select(*(of[dim].label(f"k{n}") for n, dim in enumerate(by)), *values).where(
        *named_months(table.month, prefix), *shape.narrowed(table, prefix)
    )


@made_once
def _counts_of(what: str, by: tuple[str, ...], shape: Shape) -> Any:
    group = GROUPS[what]
    values = [value.label(name) for name, value in group.counted.items()]
    cells = [getattr(group.months, name) for name in group.counted]
    rest = [_of_stretch(group, shape, by, values, n) for n in range(shape.stretches)]
    return _totals(what, by, union_all(_of_sums(group.months, shape, by, cells), *rest))


def _totals(what: str, by: Sequence[str], rows: Any) -> Any:
    cell = rows.subquery()
    keys = [cell.c[f"k{n}"] for n in range(len(by))]
    sums_of = (func.coalesce(func.sum(cell.c[name]), 0).label(name) for name in GROUPS[what].counted)
    query = select(*keys, *sums_of)
    return query.group_by(*keys) if keys else query


def _counts(session: Session, scope: Scope, asked: Asked, by: Sequence[str], *, what: str) -> Rows:
    """{dims..., what is counted of the group}. One statement."""
    group = GROUPS[what]
    names = tuple(group.counted)
    if _has_sums(scope, asked, by):
        found = session.execute(_counts_of(what, tuple(by), shape_of(scope, asked)), values_of(scope, asked))
    else:
        values = [value.label(name) for name, value in group.counted.items()]
        found = session.execute(_totals(what, by, _of_group(group, scope, asked, by, values)))
    width = len(by)
    cells = {_key(by, row): dict(zip(names, map(int, row[width:]), strict=True)) for row in found}
    # A cell whose records all moved elsewhere keeps a row of zeros; nobody asked to see it.
    return filled({key: row for key, row in cells.items() if not by or row[names[0]]}, by, names)


def requests(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """Requests decided, denied, returned at least once, and touched more than once. One statement."""
    return _counts(session, scope, asked, by, what="request")


def claims(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """Claims decided, denied, returned at least once, and touched more than once. One statement."""
    return _counts(session, scope, asked, by, what="claim")


@dataclass(frozen=True, kw_only=True)
class Held:
    """Who held the claims of a group: their number and minutes in all, by holder."""

    claims: int = 0
    minutes: Mapping[str, int] = field(default_factory=dict)


def held(session: Session, *, scope: Scope, asked: Asked) -> Held:
    """Who held the claims paid first in the days asked for, from the first sending to the payment.

    The dealer what came back, the desk what was in review, finance from the approval on. One statement.
    """
    (row,) = _counts(session, scope, asked, (), what="pay")
    return Held(claims=row["claims"], minutes={name: row[name] for name in ("dealer", "desk", "finance")})


# ---- how long it took ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Took:
    """How many there were, the two values in the middle and the one nine in ten are not above, in minutes."""

    n: int = 0
    middle: tuple[int, int] = (0, 0)
    ninth: int = 0

    def value(self, share: float) -> float | None:
        """The middle value of a half, else what nine in ten are not above; None of nothing."""
        if not self.n:
            return None
        return sum(self.middle) / 2 if share == 0.5 else self.ninth


def _ranks(n: int) -> tuple[int, int, int]:
    """Which of n values in order are told, counted from 1."""
    return (n + 1) // 2, n // 2 + 1, (n * 9 + 9) // 10


def minutes(
    session: Session, *, scope: Scope, asked: Asked, what: str, by: Sequence[str] = ()
) -> dict[tuple[Any, ...], Took]:
    """Minutes by key: `request` and `claim` from the last sending to a person's decision, `pay` from a claim's decision
    to its first payment. At most two statements."""
    if not by and _has_sums(scope, asked) and asked.programme is None:
        (took,) = spans(session, scope=scope, asks=((what, asked),))
        return {(): took} if took.n else {}
    return _ordered(session, scope, asked, what, by)


def _ordered(session: Session, scope: Scope, asked: Asked, what: str, by: Sequence[str]) -> dict[tuple[Any, ...], Took]:
    """From the records: the database puts their minutes in order and gives three of each key."""
    group = GROUPS[what]
    cell = _of_group(group, scope, asked, by, [group.took.label("took")]).where(group.took.is_not(None)).subquery()
    keys = [cell.c[f"k{n}"] for n in range(len(by))]
    ranked = select(
        *keys, cell.c.took, func.row_number().over(partition_by=keys or None, order_by=cell.c.took).label("rank"),
        func.count().over(partition_by=keys or None).label("n"),
    ).subquery()  # fmt: skip
    low, high, ninth = (ranked.c.n + 1) // 2, ranked.c.n // 2 + 1, (ranked.c.n * 9 + 9) // 10
    found: dict[tuple[Any, ...], dict[int, int]] = defaultdict(dict)
    sizes: dict[tuple[Any, ...], int] = {}
    for *key, took, rank, n in session.execute(select(ranked).where(ranked.c.rank.in_([low, high, ninth]))):
        cell_key = _key(by, key)
        found[cell_key][rank], sizes[cell_key] = took, n
    return {key: _told(n, found[key].__getitem__) for key, n in sizes.items()}


def _told(n: int, nth: Callable[[int], int]) -> Took:
    low, high, ninth = _ranks(n)
    return Took(n=n, middle=(nth(low), nth(high)), ninth=nth(ninth))


def spans(session: Session, *, scope: Scope, asks: Sequence[tuple[str, Asked]]) -> list[Took]:
    """The minutes of several groups and periods at once, as `minutes` tells each: two statements in all.

    How many took how many whole days says on which of them the values lie; the records of those days which they are.
    """
    if any(asked.programme is not None or not _has_sums(scope, asked) for _, asked in asks):
        return [_ordered(session, scope, asked, what, ()).get((), Took()) for what, asked in asks]
    shapes = tuple((what, shape_of(scope, asked)) for what, asked in asks)
    values: dict[str, Any] = {}
    for number, (_, asked) in enumerate(asks):
        values |= values_of(scope, asked, f"q{number}_") | {
            f"q{number}_starts": asked.starts, f"q{number}_ends": asked.ends,
        }  # fmt: skip
    counts: list[dict[int, int]] = [{} for _ in asks]
    for number, day, n in session.execute(_by_days(shapes), values):
        counts[number][day] = int(n)
    sizes = [sum(days.values()) for days in counts]
    wanted: list[tuple[int, int]] = []
    for number, (days, size) in enumerate(zip(counts, sizes, strict=True)):
        for rank in sorted(set(_ranks(size))) if size else ():
            day, before = _place(days, rank)
            values[f"w{len(wanted)}_day"], values[f"w{len(wanted)}_from"] = day * MINUTES_IN_DAYS, rank - before - 1
            values[f"w{len(wanted)}_until"] = (day + 1) * MINUTES_IN_DAYS
            wanted.append((number, rank))
    found: list[dict[int, int]] = [{} for _ in asks]
    if wanted:
        asked_for = _nth(shapes, tuple(number for number, _ in wanted))
        for place, took in session.execute(asked_for, values):
            number, rank = wanted[place]
            found[number][rank] = took
    return [
        _told(size, nth.__getitem__) if size else Took() for size, nth in zip(sizes, found, strict=True)
    ]  # fmt: skip


def _place(days: Mapping[int, int], rank: int) -> tuple[int, int]:
    """The days one of the values in order lies on, and how many lie before them."""
    before = 0
    for day in sorted(days):
        if before + days[day] >= rank:
            return day, before
        before += days[day]
    raise AssertionError("a rank is never above their number")


@made_once
def _by_days(shapes: tuple[tuple[str, Shape], ...]) -> Any:
    """Rows of (number of the question, whole days, how many)."""
    parts = []
    for number, (what, shape) in enumerate(shapes):
        group, prefix = GROUPS[what], f"q{number}_"
        day = [(group.took // MINUTES_IN_DAYS).label("days"), literal(1).label("n")]
        rest = [
            _of_stretch(group, shape, (), day, n, prefix=prefix).where(group.took.is_not(None))
            for n in range(shape.stretches)
        ]
        whole_ones = _of_sums(group.days, shape, (), [group.days.days, group.days.n], prefix=prefix)
        cell = union_all(whole_ones, *rest).subquery()
        total = func.sum(cell.c.n)
        parts.append(select(literal(number), cell.c.days, total).group_by(cell.c.days).having(total != 0))
    return union_all(*parts)


@made_once
def _nth(shapes: tuple[tuple[str, Shape], ...], numbers: tuple[int, ...]) -> Any:
    """Rows of (place in what is wanted, minutes): the value so far into the order of those of some days."""
    parts = []
    for place, number in enumerate(numbers):
        what, shape = shapes[number]
        group, prefix, own = GROUPS[what], f"q{number}_", f"w{place}_"
        # The moment is behind a function, so that the few of these days are sought and not everything of the period.
        at = func.coalesce(group.at, null())
        one = (
            select(group.took.label("took"))
            .where(
                group.took >= bindparam(f"{own}day"), group.took < bindparam(f"{own}until"),
                at >= bindparam(f"{prefix}starts", type_=group.at.type),
                at < bindparam(f"{prefix}ends", type_=group.at.type), *_narrowed(group, shape, prefix),
            )
            .order_by(group.took)
            .limit(1)
            .offset(bindparam(f"{own}from", type_=Integer))
            .subquery()
        )  # fmt: skip
        parts.append(select(literal(place), one.c.took))
    return union_all(*parts)


# ---- the records themselves ------------------------------------------------------------------------------------------
KEPT: Final[dict[str, Callable[[Any], Any]]] = {
    "denied": lambda table: table.status == "denied",
    "again": lambda table: or_(table.times_sent > 1, table.times_returned > 0),
    "returned": lambda table: table.times_returned > 0,
}


def newest(session: Session, *, scope: Scope, asked: Asked, what: str, only: str, limit: int) -> tuple[list[Any], int]:
    """The requests or claims a figure counts, last decided first, with the name of their dealer, and how many."""
    group = GROUPS[what]
    table = group.table
    kept = [KEPT[only](table)] if only in KEPT else []
    paid = CoopClaim.first_paid_at if table is CoopClaim else null()
    columns = [
        table.id, table.number, Dealer.name.label("dealer"), table.medium, table.activity, table.status,
        table.cost_cents, table.approved_cents, table.took_minutes, table.decided_at, paid.label("paid_at"),
    ]  # fmt: skip
    query = _of_group(group, scope, asked, (), columns).join(Dealer, Dealer.id == table.dealer_id).where(*kept)
    rows = session.execute(query.order_by(table.decided_at.desc(), table.id.desc()).limit(limit)).all()
    counted = _of_group(group, scope, asked, (), [table.id]).where(*kept).subquery()
    return list(rows), session.scalar(select(func.count()).select_from(counted)) or 0
