"""How onboardings turn out: days and rates with their definitions, and the first times of dealers that went live."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import false, select
from sqlalchemy.orm import Session

from db.calendar.months import month_of
from db.core.actor import Scope
from db.core.among import several
from db.core.area import Metric, MetricDefinition, Milestone
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.onboarding.queries import case_rows
from db.onboarding.rules import median_days
from db.onboarding.tables import Onboarding

RULE = "2.7"
OWNER = "Dealer development"
DAYS = MetricDefinition(
    name="onboarding_days", title="Days to go live", unit="days", better="down", rule=RULE, owner=OWNER,
    formula="Middle of the days from the start of an onboarding to going live, of two middles the lower",
    numerator="Days from start to going live, by the month a dealer went live",
    denominator="Onboardings that ended with a live dealer", excluded="Running, withdrawn and declined onboardings",
)  # fmt: skip
RATE = MetricDefinition(
    name="activation_rate", title="Activation rate", unit="percent", rule=RULE, owner=OWNER,
    formula="Onboardings that went live ÷ onboardings that ended",
    numerator="Onboardings that ended with a live dealer",
    denominator="Onboardings that ended: live, withdrawn or declined, by the month they ended",
    excluded="Running onboardings",
)  # fmt: skip
DIMS = ("month", "region", "kind")


def compute(
    session: Session, *, scope: Scope, name: str, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
    now: datetime,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of {dims..., numerator, denominator, value} over closed cases.

    Days are whole days of 24 hours; months are those of the closing in UTC. `filters` may have from, to,
    region and dealer (ids).
    """
    unknown = [dim for dim in by if dim not in DIMS]
    if unknown:
        raise Refused(Problem(code="unknown_dim", field="by", message=f"It cannot be divided by {unknown[0]}."))
    given = filters or {}
    rows = session.execute(
        select(
            Onboarding.status,
            Onboarding.region,
            Onboarding.kind,
            Onboarding.created_at,
            Onboarding.closed_at,
            Onboarding.dealer_id,
        ).where(scope.where(Onboarding.dealer_id, Onboarding.region), Onboarding.is_open == false())
    )
    found: dict[tuple[Any, ...], list[tuple[bool, int]]] = defaultdict(list)
    for row in rows:
        month = row.closed_at.date().replace(day=1)
        if not _within(given, month=month, region=row.region, dealer_id=row.dealer_id):
            continue
        values = {"month": month, "region": row.region, "kind": row.kind}
        took = (row.closed_at - row.created_at) // timedelta(days=1)
        found[tuple(values[dim] for dim in by)].append((row.status == "active", took))
    if not by and not found:
        found[()] = []
    lines = []
    for key, cases in sorted(found.items()):
        live = [took for is_live, took in cases if is_live]
        line: dict[str, Any] = dict(zip(by, key, strict=True))
        if name == DAYS.name:
            line |= {"numerator": None, "denominator": len(live), "value": median_days(live)}
        else:
            value = len(live) / len(cases) if cases else None
            line |= {"numerator": len(live), "denominator": len(cases), "value": value}
        lines.append(line)
    return lines


def _within(filters: Mapping[str, Any], *, month: date, region: str, dealer_id: int | None) -> bool:
    first, last = filters.get("from"), filters.get("to")
    return (
        (not filters.get("region") or region in several(filters["region"]))
        and (not filters.get("dealer") or dealer_id in several(filters["dealer"]))
        and (first is None or month >= month_of(first))
        and (last is None or month <= last)
    )


METRICS = tuple(
    Metric(
        definition=one, dims=DIMS, compute=partial(compute, name=one.name), permission=Permission.ONBOARDING_VIEW,
        period="months",
    )
    for one in (DAYS, RATE)
)  # fmt: skip


# ---- first times ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class FirstTime:
    """One dealer's first time: `days` from going live (None: not yet), `open_days` how long it still has."""

    dealer_id: int
    dealer_name: str
    dealer_code: str
    live_on: date
    days: int | None
    what: str
    open_days: int


@dataclass(frozen=True, kw_only=True)
class FirstTimes:
    """A milestone over the dealers that went live within a year: `reached` of `counted` in time, with the list.

    Dealers whose days are not over and that have not reached it yet are in the list, but not counted.
    """

    name: str
    label: str
    within_days: int
    reached: int
    counted: int
    dealers: tuple[FirstTime, ...]


def first_times(
    session: Session, *, scope: Scope, milestones: Sequence[Milestone], now: datetime
) -> list[FirstTimes]:  # fmt: skip
    """How new dealers came alive, one statement for the dealers and what each milestone needs; restarts are left out.

    The milestones are those the areas offer (`db.catalog.milestones()`), so a new one appears by itself.
    """
    year = now - timedelta(days=365)
    rows = session.execute(
        case_rows(scope)
        .add_columns(Onboarding.activated_at)
        .where(
            Onboarding.status == "active", Onboarding.activated_at >= year, Onboarding.kind == "new",
            Onboarding.is_open == false(),
        )
        .order_by(Onboarding.activated_at.desc(), Onboarding.id)
    ).all()  # fmt: skip
    ids = [row.dealer_id for row in rows]
    found = []
    for milestone in milestones:
        firsts = milestone.first(session, dealer_ids=ids) if ids else {}
        lines, reached, counted = [], 0, 0
        for row in rows:
            moment, what = firsts.get(row.dealer_id, (None, ""))
            days = max(0, (moment - row.activated_at) // timedelta(days=1)) if moment is not None else None
            passed = (now - row.activated_at) // timedelta(days=1)
            in_time = days is not None and days <= milestone.within_days
            if in_time or passed >= milestone.within_days:
                counted += 1
                reached += in_time
            lines.append(
                FirstTime(
                    dealer_id=row.dealer_id, dealer_name=row.dealer_name, dealer_code=row.dealer_code,
                    live_on=row.activated_on, days=days, what=what,
                    open_days=max(0, milestone.within_days - passed) if days is None else 0,
                )
            )  # fmt: skip
        found.append(
            FirstTimes(
                name=milestone.name, label=milestone.label, within_days=milestone.within_days, reached=reached,
                counted=counted, dealers=tuple(lines),
            )
        )  # fmt: skip
    return found
