"""Who comes back: for service within a year of a purchase, for another vehicle, and sales to people who bought before.

Customers belong to a dealer, so coming back means coming back there. Counted from purchases and visits as entered or
imported; what nobody entered cannot be counted, and the page says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, case, cast, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from db.calendar.queries import DESK_ZONE
from db.core.actor import Scope
from db.core.area import Metric, MetricDefinition
from db.core.labels import local_day
from db.core.masking import mask_name
from db.core.permissions import Permission
from db.customers.tables import Customer
from db.customers.vehicle_tables import Purchase, ServiceVisit
from db.leads.cohorts import check
from db.leads.metrics_queries import named_rows
from db.leads.tables import Lead
from db.leads.won_queries import won_conditions

WITHIN = timedelta(days=365)
DIMS = ("region", "dealer")
PAGE = 50
Cursor = tuple[date, int]
UNKNOWN_FOR = ("source", "product", "state", "person")
"""Purchases do not say these; with such a filter nothing is claimed."""


def _define(name: str, title: str, formula: str, numerator: str, denominator: str, **other: Any) -> MetricDefinition:
    values = {"unit": "percent", "rule": "C4", "owner": "Sales leadership"} | other
    return MetricDefinition(
        name=name, title=title, formula=formula, numerator=numerator, denominator=denominator, **values
    )


_BUYERS = "Customers with a purchase in the period, each counted once"
DEFINITIONS: dict[str, MetricDefinition] = {
    d.name: d
    for d in (
        _define(
            "service_retention", "Service retention", "Buyers with a visit within a year ÷ buyers",
            "Buyers with a visit within 365 days after a purchase of the period: their own, or the vehicle's where it "
            "names nobody", _BUYERS, owner="Aftersales",
            excluded="Nothing: buyers of less than a year ago are in it and may still come, so it can only grow",
        ),
        _define(
            "repurchase", "Bought again", "Buyers with a later purchase ÷ buyers",
            "Buyers of the period who have bought once more since", _BUYERS,
            excluded="A purchase on the same day",
        ),
        _define(
            "repeat_business", "Repeat business", "Sales to customers who bought before ÷ sales",
            "Sold leads whose customer had a purchase or a sold lead before",
            "Sold leads, by the day of the sale", excluded="Sales that fell through",
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Share:
    """`part` of `whole`; `still` of the others may come yet (bought less than a year ago)."""

    part: int
    whole: int
    still: int = 0

    @property
    def value(self) -> float | None:
        """As a share of 1, None where there is nothing to share."""
        return self.part / self.whole if self.whole else None


def _bought(scope: Scope, tidy: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    found = [scope.where(Purchase.dealer_id, Purchase.region)]
    if "from" in tidy:
        found.append(Purchase.bought_on >= tidy["from"])
    if "to" in tidy:
        found.append(Purchase.bought_on < (tidy["to"] + timedelta(days=32)).replace(day=1))
    if "region" in tidy:
        found.append(Purchase.region.in_(tidy["region"]))
    if "dealer" in tidy:
        found.append(Purchase.dealer_id.in_(tidy["dealer"]))
    return found


def _came_back(session: Session, scope: Scope) -> ColumnElement[bool]:
    visit = aliased(ServiceVisit)
    if session.get_bind().dialect.name == "sqlite":
        until: Any = func.date(Purchase.bought_on, f"+{WITHIN.days} days")
    else:
        until = cast(Purchase.bought_on + WITHIN, Date)
    in_time = (
        visit.opened_on > Purchase.bought_on, visit.opened_on <= until, scope.where(visit.dealer_id, visit.region)
    )  # fmt: skip
    # A visit that names nobody is the buyer's when it is the vehicle they bought.
    return or_(
        exists().where(visit.customer_id == Purchase.customer_id, *in_time),
        exists().where(visit.vehicle_id == Purchase.vehicle_id, visit.customer_id.is_(None), *in_time),
    )


def _bought_again(scope: Scope) -> ColumnElement[bool]:
    later = aliased(Purchase)
    return exists().where(
        later.customer_id == Purchase.customer_id, later.bought_on > Purchase.bought_on,
        scope.where(later.dealer_id, later.region),
    )  # fmt: skip


def retention(
    session: Session, *, scope: Scope, name: str, by: Sequence[str] = (), filters: Mapping[str, Any], now: datetime
) -> dict[tuple[Any, ...], Share]:
    """service_retention, repurchase or repeat_business by region or dealer; nothing where a filter is not known."""
    tidy = check(by, filters)
    if name == "repeat_business":
        return _repeat(session, scope=scope, by=by, tidy=tidy)
    if any(unknown in tidy for unknown in UNKNOWN_FOR):
        return {}
    columns = {"region": Purchase.region, "dealer": Purchase.dealer_id}
    hit = _came_back(session, scope) if name == "service_retention" else _bought_again(scope)
    young = Purchase.bought_on > local_day(now, DESK_ZONE) - WITHIN
    each = (
        select(
            Purchase.customer_id,
            *(columns[dim].label(f"by_{dim}") for dim in by),
            func.max(case((hit, 1), else_=0)).label("hit"),
            func.max(case((young, 1), else_=0)).label("young"),
        )
        .where(*_bought(scope, tidy))
        .group_by(Purchase.customer_id, *(columns[dim] for dim in by))
        .subquery()
    )
    query = select(
        *(each.c[f"by_{dim}"] for dim in by),
        func.count().label("whole"),
        func.sum(each.c.hit).label("part"),
        func.sum(case((and_(each.c.hit == 0, each.c.young == 1), 1), else_=0)).label("still"),
    )
    if by:
        query = query.group_by(*(each.c[f"by_{dim}"] for dim in by))
    return {
        tuple(getattr(row, f"by_{dim}") for dim in by): Share(
            part=int(row.part or 0), whole=int(row.whole or 0), still=int(row.still or 0)
        )
        for row in session.execute(query)
    }


def bought_before() -> ColumnElement[bool]:
    """Whether the customer of a sold lead had bought before: a purchase of an earlier day, or an earlier sold lead."""
    earlier = aliased(Lead)
    return or_(
        exists().where(Purchase.customer_id == Lead.customer_id, Purchase.bought_on < Lead.decided_on),
        exists().where(
            earlier.customer_id == Lead.customer_id, earlier.id != Lead.id, earlier.sold_at < Lead.sold_at,
            earlier.status.not_in(("bad", "duplicate", "held")),
        ),
    )  # fmt: skip


def _repeat(
    session: Session, *, scope: Scope, by: Sequence[str], tidy: Mapping[str, Any]
) -> dict[tuple[Any, ...], Share]:
    columns: dict[str, Any] = {"region": func.coalesce(Lead.region, ""), "dealer": func.coalesce(Lead.dealer_id, 0)}
    query = select(
        *(columns[dim].label(f"by_{dim}") for dim in by),
        func.count().label("whole"),
        func.sum(case((bought_before(), 1), else_=0)).label("part"),
    ).where(*won_conditions(scope, tidy))
    if by:
        query = query.group_by(*(columns[dim] for dim in by))
    return {
        tuple(getattr(row, f"by_{dim}") for dim in by): Share(part=int(row.part or 0), whole=int(row.whole or 0))
        for row in session.execute(query)
    }


def compute(
    session: Session, *, scope: Scope, name: str, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
    now: datetime,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of {dims..., numerator, denominator, value}; a dealer comes as code, `dealer_id` and `dealer_name`."""
    found = retention(session, scope=scope, name=name, by=by, filters=filters or {}, now=now)
    rows = sorted(found.items(), key=lambda pair: tuple(map(str, pair[0])))
    made = [
        {**dict(zip(by, key, strict=True)), "numerator": share.part, "denominator": share.whole, "value": share.value}
        for key, share in rows
    ]
    return named_rows(session, made, by)


@dataclass(frozen=True, kw_only=True)
class Buyer:
    """One purchase of the period, and whether the customer came back since."""

    purchase_id: int
    customer_id: int
    customer_name: str
    bought_on: date
    region: str
    came_back: bool
    bought_again: bool


def buyers(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], after: Cursor | None = None, limit: int = PAGE,
    personal: bool = False,
) -> tuple[list[Buyer], Cursor | None]:  # fmt: skip
    """One page of the purchases behind retention, newest first; names are masked without `personal`."""
    tidy = check((), filters)
    if any(unknown in tidy for unknown in UNKNOWN_FOR):
        return [], None
    wanted = _bought(scope, tidy)
    if after is not None:
        wanted += [
            Purchase.bought_on <= after[0],
            or_(Purchase.bought_on < after[0], Purchase.id < after[1]),
        ]
    rows = session.execute(
        select(
            Purchase.id, Purchase.customer_id, Customer.name, Purchase.bought_on, Purchase.region,
            _came_back(session, scope).label("came"), _bought_again(scope).label("again"),
        )
        .join(Customer, Customer.id == Purchase.customer_id)
        .where(*wanted)
        .order_by(Purchase.bought_on.desc(), Purchase.id.desc())
        .limit(limit + 1)
    ).all()  # fmt: skip
    found = [
        Buyer(
            purchase_id=r.id, customer_id=r.customer_id, customer_name=r.name if personal else mask_name(r.name),
            bought_on=r.bought_on, region=r.region, came_back=bool(r.came), bought_again=bool(r.again),
        )
        for r in rows[:limit]
    ]  # fmt: skip
    return found, (found[-1].bought_on, found[-1].purchase_id) if len(rows) > limit else None


METRICS: tuple[Metric, ...] = tuple(
    Metric(
        definition=found, dims=DIMS, compute=partial(compute, name=found.name), permission=Permission.FUNNEL_VIEW,
        period="months",
    )
    for found in DEFINITIONS.values()
)  # fmt: skip
