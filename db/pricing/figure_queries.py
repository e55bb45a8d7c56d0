"""Price requests counted for figures: asked for, approved, what they cost, how long it took, what comes back.

An exception is a request whose approval stands or has expired; withdrawn and changed approvals are none. Months are
those of the desk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, select, type_coerce
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE, calendar_for_dealer
from db.core.actor import Scope
from db.core.labels import local_day
from db.core.types import UtcDateTime
from db.dealers.tables import Dealer
from db.incentives.figure_filters import Asked, check_dims, month_number
from db.incentives.figure_rules import worked_minutes
from db.pricing.exception_queries import LOOK_BACK
from db.pricing.tables import PriceRequest, PriceVersion

DIMS: Final = ("dealer", "region", "month")
MOST_TIMED: Final = 20_000
MOST_REPEATS: Final = 50
Rows = list[dict[str, Any]]


def _seen(scope: Scope, asked: Asked) -> list[ColumnElement[bool]]:
    request = PriceRequest
    return [
        scope.where(request.dealer_id, request.region),
        *asked.narrowed(region=request.region, dealer=request.dealer_id),
    ]


def _keys(asked: Asked, by: Sequence[str], moment: Any) -> dict[str, Any]:
    check_dims(by, DIMS)
    columns = {"dealer": PriceRequest.dealer_id, "region": PriceRequest.region}
    return {dim: columns[dim] if dim in columns else month_number(asked, moment, is_moment=True) for dim in by}


def _read(session: Session, asked: Asked, query: Any, keys: Mapping[str, Any]) -> Rows:
    found = []
    for row in session.execute(query.group_by(*keys.values()) if keys else query):
        one = dict(row._mapping)
        if "month" in one:
            one["month"] = asked.months[one["month"]]
        found.append({name: value if value is not None else 0 for name, value in one.items()})
    return sorted(found, key=lambda one: tuple(str(one[dim]) for dim in keys))


def _labelled(keys: Mapping[str, Any]) -> list[Any]:
    return [column.label(dim) for dim, column in keys.items()]


def requested(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """{dims..., requests}: requests sent for the first time within the days asked for, whatever became of them."""
    keys = _keys(asked, by, PriceRequest.created_at)
    query = select(*_labelled(keys), func.count().label("requests"))
    query = query.select_from(PriceRequest).where(*asked.moments(PriceRequest.created_at), *_seen(scope, asked))
    return _read(session, asked, query, keys)


def exceptions(session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()) -> Rows:
    """{dims..., exceptions, cents, one_time, repeated}: approved within the days asked for, and what they give away.

    `repeated` are "one-time" exceptions after another one of the same dealer for the same thing within a year. Two
    statements.
    """
    request = PriceRequest
    keys = _keys(asked, by, request.approved_at)
    query = select(
        *_labelled(keys), func.count().label("exceptions"),
        func.coalesce(func.sum(request.approved_cents), 0).label("cents"),
        func.coalesce(func.sum(case((request.repeats == "one_time", 1), else_=0)), 0).label("one_time"),
    ).where(*asked.moments(request.approved_at), *_seen(scope, asked))  # fmt: skip
    again = Counter(
        tuple({"dealer": x.dealer_id, "region": x.region, "month": x.month}[dim] for dim in by)
        for x in repeats(session, scope=scope, asked=asked, limit=MOST_TIMED)
    )
    rows = _read(session, asked, query, keys)
    return [{**row, "repeated": again.get(tuple(row[dim] for dim in by), 0)} for row in rows]


@dataclass(frozen=True, kw_only=True)
class Repeat:
    """A "one-time" exception that was not the first: `prior_at` is the one before it."""

    id: int
    number: str
    dealer_id: int
    dealer: str
    region: str
    subject: str
    cents: int
    approved_at: datetime
    prior_at: datetime
    month: date


def repeats(session: Session, *, scope: Scope, asked: Asked, limit: int = MOST_REPEATS) -> list[Repeat]:
    """ "One-time" exceptions of the days asked for that came after another of the same dealer and thing within a year,
    newest first."""
    request = PriceRequest
    earlier = func.lag(request.approved_at).over(
        partition_by=(request.dealer_id, request.subject_key), order_by=(request.approved_at, request.id)
    )
    ranked = (
        select(request.id, type_coerce(earlier, UtcDateTime()).label("prior_at"))
        .where(
            request.repeats == "one_time", request.approved_at >= asked.starts - LOOK_BACK,
            request.approved_at < asked.ends, *_seen(scope, asked),
        )
        .subquery()
    )  # fmt: skip
    rows = session.execute(
        select(
            request.id, request.number, request.dealer_id, Dealer.name, request.region, request.subject,
            request.approved_cents, request.approved_at, ranked.c.prior_at,
        )
        .join(ranked, ranked.c.id == request.id)
        .join(Dealer, Dealer.id == request.dealer_id)
        .where(ranked.c.prior_at.is_not(None), *asked.moments(request.approved_at))
        .order_by(request.approved_at.desc(), request.id.desc())
        .limit(limit)
    )  # fmt: skip
    return [
        Repeat(
            id=r[0], number=r[1], dealer_id=r[2], dealer=r[3], region=r[4] or "", subject=r[5], cents=r[6],
            approved_at=r[7], prior_at=r[8], month=local_day(r[7], DESK_ZONE).replace(day=1),
        )
        for r in rows
        if r[8] > r[7] - LOOK_BACK
    ]  # fmt: skip


def minutes(
    session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = ()
) -> dict[tuple[Any, ...], list[tuple[float, int]]]:
    """Working minutes of the desk from sending the terms that were approved to the last signature, ascending.

    Of the newest `MOST_TIMED`. What the bands let through without a signature waited for nobody and is left out.
    """
    request, version = PriceRequest, PriceVersion
    check_dims(by, DIMS)
    month = month_number(asked, request.approved_at, is_moment=True)
    rows = session.execute(
        select(request.dealer_id, request.region, month, version.sent_at, request.approved_at)
        .join(version, and_(version.request_id == request.id, version.number == request.terms_version))
        .where(request.needed > 0, *asked.moments(request.approved_at), *_seen(scope, asked))
        .order_by(request.approved_at.desc(), request.id.desc())
        .limit(MOST_TIMED)
    ).all()
    spans = [(row[3], row[4]) for row in rows if row[4] is not None]
    took = worked_minutes(calendar_for_dealer(session, None), spans)
    months = asked.months
    found: dict[tuple[Any, ...], dict[float, int]] = {}
    for row, value in zip(rows, took, strict=True):
        known = {"dealer": row[0], "region": row[1], "month": months[row[2]]}
        cell = found.setdefault(tuple(known[dim] for dim in by), {})
        cell[value] = cell.get(value, 0) + 1
    return {key: sorted(histogram.items()) for key, histogram in found.items()}
