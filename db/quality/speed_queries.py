"""Speed to lead: how fast customers are answered, by whom and when, and the leads behind each number (2.2 A, B).

Only from the write-once stamps of the leads. A lead belongs to whoever acted on it first (the name on its stamp); where
nobody did, to the person it is assigned to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.masking import mask_name
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.leads import cohorts
from db.leads.flow import FLOW as LEADS
from db.leads.rules import POLICY
from db.quality import rules
from db.quality.people import own_lead, own_only, sums_only
from db.quality.tables import Dealer, Lead, LeadActivity, Person

PAGE = 50
Cursor = tuple[datetime, int]
NOBODY = "Nobody assigned"
BY = ("person", "dealer", "source")


@dataclass(frozen=True, kw_only=True)
class Speed:
    """How one group of leads was answered: a count for each bucket, and (working minutes, how often)."""

    key: Any = ""
    label: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    histogram: tuple[tuple[int, int], ...] = ()

    @property
    def total(self) -> int:
        """Leads in the cohort that were promised an answer."""
        return sum(self.counts.values())

    @property
    def due(self) -> int:
        """Leads without those that may still be answered within a day."""
        return self.total - self.counts.get("waiting", 0)

    @property
    def answered(self) -> int:
        """Leads that were answered, however late."""
        return sum(self.counts.get(b, 0) for b in rules.ANSWERED)

    @property
    def quick(self) -> int:
        """Leads answered within 15 working minutes."""
        return self.counts.get("m5", 0) + self.counts.get("m15", 0)

    @property
    def median(self) -> int | None:
        """Working minutes half of the answered leads were answered within."""
        return rules.quantile(self.histogram, 0.5)

    @property
    def p90(self) -> int | None:
        """Working minutes nine of ten answered leads were answered within."""
        return rules.quantile(self.histogram, 0.9)


def _columns(clock: str) -> tuple[Any, Any]:
    if clock not in rules.CLOCKS:
        raise Refused(Problem(code="unknown_clock", field="clock", message=f"There is no clock “{clock}”."))
    return (
        (Lead.first_action_at, Lead.first_action_minutes)
        if clock == "first_action"
        else (Lead.first_quality_at, Lead.first_quality_minutes)
    )


def bucket_sql(clock: str, now: datetime) -> ColumnElement[str]:
    """The bucket of `rules.BUCKETS` a lead falls into at a moment."""
    at, minutes = _columns(clock)
    return case(
        (and_(at.is_(None), Lead.is_open == true(), Lead.wall_due_at > now), "waiting"),
        (at.is_(None), "never"),
        (minutes <= 5, "m5"),
        (minutes <= 15, "m15"),
        (minutes <= 30, "m30"),
        (minutes <= 60, "m60"),
        (at <= Lead.wall_due_at, "day"),
        else_="later",
    )


def person_sql() -> ColumnElement[str]:
    """Whose lead it is, by name: the name on the stamp of the first action, else of whom it is assigned to."""
    return func.coalesce(func.nullif(Lead.first_action_by, ""), Person.name, NOBODY)


def conditions(*, actor: Actor, filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """The promised leads of the cohort this actor may count; filters as of `cohorts`, and `person` (a name)."""
    actor.require(Permission.QUALITY_VIEW)
    given = dict(filters)
    person = given.pop("person", "")
    wanted = [*cohorts.lead_conditions(actor.scope, given), cohorts.measure_sql("promised")]
    if own_only(actor):
        wanted.append(own_lead(Lead, LeadActivity, actor))
    elif person and not sums_only(actor):
        wanted.append(person_sql() == str(person))
    return wanted


def speed(
    session: Session, *, actor: Actor, filters: Mapping[str, Any], clock: str = "first_action", by: str = "",
    now: datetime, limit: int = 60,
) -> list[Speed]:  # fmt: skip
    """Speed of all leads, or one line a person, dealer or source, the most leads first; one statement.

    By person needs one dealer in the filters or an actor of one dealer; for sales leaders there are no persons.
    """
    at, minutes = _columns(clock)
    if by and by not in BY:
        raise Refused(Problem(code="unknown_dimension", field="by", message=f"Speed is not counted by “{by}”."))
    if by == "person" and sums_only(actor):
        raise Refused(Problem(code="not_allowed", field="by", message="You see dealers, not single people."))
    dims: dict[str, tuple[Any, ...]] = {
        "": (), "person": (person_sql().label("key"),), "dealer": (Lead.dealer_id.label("key"),),
        "source": (Lead.source.label("key"),),
    }  # fmt: skip
    bucket = bucket_sql(clock, now).label("bucket")
    query = select(
        *dims[by], bucket, case((at.is_(None), None), else_=minutes).label("minutes"), func.count().label("n")
    )
    query = query.select_from(Lead)
    if by == "person" or filters.get("person"):
        query = query.outerjoin(Person, Person.id == Lead.assignee_id)
    query = query.where(*conditions(actor=actor, filters=filters)).group_by(
        *(("key",) if by else ()), "bucket", "minutes"
    )
    counts: dict[Any, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    minutes_of: dict[Any, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in session.execute(query):
        key = row.key if by else ""
        counts[key][row.bucket] += row.n
        if row.minutes is not None and row.bucket in rules.ANSWERED:
            minutes_of[key][row.minutes] += row.n
    found = [
        Speed(key=key, label=str(key or ""), counts=dict(buckets), histogram=tuple(sorted(minutes_of[key].items())))
        for key, buckets in counts.items()
    ]
    if not by:
        return found or [Speed()]
    found.sort(key=lambda s: (-s.total, str(s.key)))
    return _named(session, found[:limit]) if by == "dealer" else found[:limit]


def _named(session: Session, found: Sequence[Speed]) -> list[Speed]:
    names = dict(
        session.execute(select(Dealer.id, Dealer.name).where(Dealer.id.in_([s.key for s in found if s.key]))).all()
    )
    return [
        Speed(key=s.key or 0, label=names.get(s.key, "No dealer"), counts=s.counts, histogram=s.histogram)
        for s in found
    ]


@dataclass(frozen=True, kw_only=True)
class HourCell:
    """Leads that came in during one hour of one weekday (0 = Monday) at the dealer; `quick` within 15 minutes."""

    weekday: int
    hour: int
    leads: int
    quick: int
    never: int


def by_hour(
    session: Session, *, actor: Actor, filters: Mapping[str, Any], clock: str = "first_action", now: datetime
) -> list[HourCell]:
    """When leads arrive and how they fare, by weekday and hour of the dealer's own zone; one statement.

    The database groups by hour of UTC and zone, so daylight saving is right without reading the leads one by one.
    """
    if session.get_bind().dialect.name == "postgresql":
        hour = func.to_char(func.timezone("UTC", Lead.received_at), "YYYY-MM-DD HH24")
    else:
        hour = func.strftime("%Y-%m-%d %H", Lead.received_at)
    query = select(
        hour.label("hour"), Dealer.zone.label("zone"), bucket_sql(clock, now).label("bucket"), func.count().label("n")
    ).select_from(Lead)
    query = query.join(Dealer, Dealer.id == Lead.dealer_id)
    if filters.get("person"):
        query = query.outerjoin(Person, Person.id == Lead.assignee_id)
    query = query.where(*conditions(actor=actor, filters=filters)).group_by("hour", Dealer.zone, "bucket")
    cells: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in session.execute(query):
        local = datetime.strptime(row.hour, "%Y-%m-%d %H").replace(tzinfo=UTC).astimezone(ZoneInfo(row.zone))
        cell = cells[local.weekday(), local.hour]
        cell[0] += row.n if row.bucket != "waiting" else 0
        cell[1] += row.n if row.bucket in ("m5", "m15") else 0
        cell[2] += row.n if row.bucket == "never" else 0
    return [
        HourCell(weekday=day, hour=hour_, leads=n, quick=quick, never=never)
        for (day, hour_), (n, quick, never) in sorted(cells.items())
        if n
    ]


# ---- the leads behind a number -------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class LeadRow:
    """A lead behind a number; the customer's name is masked for who may not see it."""

    id: int
    number: str
    status_label: str
    customer_name: str
    dealer: str
    person: str
    source: str
    received_at: datetime
    minutes: int | None
    bucket: str
    attempts: int


def leads_behind(
    session: Session, *, actor: Actor, filters: Mapping[str, Any], clock: str = "first_action", bucket: str = "",
    given_up: bool = False, after: Cursor | None = None, limit: int = PAGE, now: datetime,
) -> tuple[list[LeadRow], Cursor | None]:  # fmt: skip
    """One page of exactly the leads a number counted, newest first; `given_up` those closed too early."""
    at, minutes = _columns(clock)
    wanted = conditions(actor=actor, filters=filters)
    months = cohorts.check((), {k: v for k, v in filters.items() if k in ("from", "to")})
    # The cohort is a local month; two days of slack let the walk start at the right end of the index.
    if "to" in months:
        wanted.append(Lead.received_at < _day(months["to"]) + timedelta(days=33))
    if "from" in months:
        wanted.append(Lead.received_at >= _day(months["from"]) - timedelta(days=2))
    shown = bucket_sql(clock, now)
    if bucket:
        if bucket not in rules.BUCKETS:
            raise Refused(Problem(code="unknown_bucket", field="bucket", message=f"There is no bucket “{bucket}”."))
        wanted.append(shown == bucket)
    if given_up:
        wanted.append(given_up_sql())
    if after is not None:
        wanted += [Lead.received_at <= after[0], or_(Lead.received_at < after[0], Lead.id < after[1])]
    personal, people = actor.can(Permission.PERSONAL_DATA_VIEW), not sums_only(actor)
    rows = session.execute(
        select(
            Lead.id, Lead.number, Lead.status, Lead.customer_name, Dealer.name.label("dealer"),
            person_sql().label("person"), Lead.source, Lead.received_at, case((at.is_(None), None), else_=minutes)
            .label("minutes"), shown.label("bucket"), Lead.attempts,
        )
        .outerjoin(Dealer, Dealer.id == Lead.dealer_id)
        .outerjoin(Person, Person.id == Lead.assignee_id)
        .where(*wanted)
        .order_by(Lead.received_at.desc(), Lead.id.desc())
        .limit(limit + 1)
    ).all()  # fmt: skip
    found = [
        LeadRow(
            id=r.id, number=r.number, status_label=LEADS.state(r.status).label,
            customer_name=r.customer_name if personal else mask_name(r.customer_name), dealer=r.dealer or "No dealer",
            person=r.person if people else "–", source=r.source, received_at=r.received_at, minutes=r.minutes,
            bucket=r.bucket, attempts=r.attempts,
        )
        for r in rows[:limit]
    ]  # fmt: skip
    following = (found[-1].received_at, found[-1].id) if len(rows) > limit else None
    return found, following


def given_up_sql() -> ColumnElement[bool]:
    """Closed as lost or expired, never in touch both ways, after fewer attempts than the cadence asks for (2.2 E)."""
    return and_(
        Lead.status.in_(("lost", "expired")), Lead.contacted_at.is_(None), Lead.attempts < POLICY.least_attempts
    )


def person_choices(session: Session, *, actor: Actor, filters: Mapping[str, Any], limit: int = 60) -> list[str]:
    """The names leads of one dealer belong to, for the filter; nobody for staff and sales leaders."""
    if own_only(actor) or sums_only(actor) or not ("dealer" in filters or actor.scope.kind == "dealers"):
        return []
    given = {k: v for k, v in filters.items() if k != "person"}
    key = person_sql().label("key")
    query = (
        select(key)
        .select_from(Lead)
        .outerjoin(Person, Person.id == Lead.assignee_id)
        .where(*conditions(actor=actor, filters=given))
    )
    return [name for name in session.scalars(query.distinct().order_by("key").limit(limit)) if name != NOBODY]


def _day(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
