"""The leads behind a bar: exactly those a number counted, newest first (issue 2, "drill-through")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, or_, select, true
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.masking import mask_name
from db.core.problems import Problem, Refused
from db.leads import cohorts
from db.leads.flow import FLOW
from db.leads.rollup import MEASURES
from db.leads.tables import Dealer, Lead

PAGE = 50
Cursor = tuple[datetime, int]


@dataclass(frozen=True, kw_only=True)
class DrillRow:
    """A lead behind a number. Minutes are working minutes, None where nobody acted yet."""

    id: int
    number: str
    status_label: str
    tone: str
    customer_name: str
    wants: str
    source: str
    product: str
    region: str
    state: str
    dealer_code: str
    dealer_name: str
    received_at: datetime
    first_action_due_at: datetime | None
    first_action_at: datetime | None
    first_action_minutes: int | None
    close_reason: str


@dataclass(frozen=True, kw_only=True)
class DrillPage:
    """One page; `following` is the cursor of the next one, None on the last."""

    rows: tuple[DrillRow, ...]
    following: Cursor | None


def condition_of(measure: str, now: datetime) -> list[ColumnElement[bool]]:
    """What a lead has to be to count for a measure: one of the rollup, or due, overdue, not_in_target at a moment."""
    if measure in MEASURES:
        return [cohorts.measure_sql(measure)]
    valid = cohorts.measure_sql("valid")
    unanswered = Lead.first_action_at.is_(None)
    # Closed without an answer before its time was up (expired): it never will be in target.
    missed = and_(unanswered, or_(Lead.first_action_due_at < now, Lead.is_open == false()))
    due = and_(Lead.first_action_due_at.is_not(None), or_(Lead.first_action_at.is_not(None), missed))
    in_target = case((cohorts.measure_sql("in_target"), 1), else_=0)
    conditions = {
        "overdue": [valid, unanswered, Lead.is_open == true(), Lead.first_action_due_at < now],
        "due": [valid, due],
        "not_in_target": [valid, due, in_target == 0],
    }
    if measure not in conditions:
        raise Refused(Problem(code="unknown_measure", field="measure", message=f"There is no measure “{measure}”."))
    return conditions[measure]


def drill(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], measure: str, after: Cursor | None = None,
    limit: int = PAGE, now: datetime, personal: bool = False,
) -> DrillPage:  # fmt: skip
    """One page of the leads a measure counted under these filters (see `metrics.compute`), newest first."""
    wanted = [*cohorts.lead_conditions(scope, filters), *condition_of(measure, now)]
    months = cohorts.check((), filters)
    # The cohort is a local month; two days of slack let the walk start at the right end of the index.
    if "to" in months:
        wanted.append(Lead.received_at < _day(months["to"]) + timedelta(days=33))
    if "from" in months:
        wanted.append(Lead.received_at >= _day(months["from"]) - timedelta(days=2))
    if after is not None:
        wanted += [Lead.received_at <= after[0], or_(Lead.received_at < after[0], Lead.id < after[1])]
    found = session.execute(
        select(
            Lead.id, Lead.number, Lead.status, Lead.customer_name, Lead.wants, Lead.source, Lead.product, Lead.region,
            Lead.state, Dealer.code, Dealer.name, Lead.received_at, Lead.first_action_due_at, Lead.first_action_at,
            Lead.first_action_minutes, Lead.close_reason,
        )
        .outerjoin(Dealer, Dealer.id == Lead.dealer_id)
        .where(*wanted)
        .order_by(Lead.received_at.desc(), Lead.id.desc())
        .limit(limit + 1)
    ).all()  # fmt: skip
    rows = tuple(
        DrillRow(
            id=r.id, number=r.number, status_label=FLOW.state(r.status).label, tone=FLOW.state(r.status).tone,
            customer_name=r.customer_name if personal else mask_name(r.customer_name), wants=r.wants, source=r.source,
            product=r.product, region=r.region or "", state=r.state, dealer_code=r.code or "", dealer_name=r.name or "",
            received_at=r.received_at, first_action_due_at=r.first_action_due_at, first_action_at=r.first_action_at,
            first_action_minutes=r.first_action_minutes, close_reason=r.close_reason,
        )
        for r in found[:limit]
    )  # fmt: skip
    following = (rows[-1].received_at, rows[-1].id) if len(found) > limit else None
    return DrillPage(rows=rows, following=following)


def _day(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
