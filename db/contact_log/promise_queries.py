"""Promises as a queue, one promise, what waits for whoever sees to them, and how reliably each side keeps its word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, true
from sqlalchemy.orm import Session

from db.contact_log import rules
from db.contact_log.flow import FLOW
from db.contact_log.promises import who_may_own
from db.contact_log.tables import ContactReport, Dealer, Person, Promise
from db.core.actor import Actor, Scope
from db.core.area import CAP, WorkCount, WorkLine
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.people.queries import names_of

PAGE = 50
PAGE_FILE = "pages/network/contacts.py"
Cursor = tuple[datetime, int]


@dataclass(frozen=True, kw_only=True)
class PromiseFilters:
    """What the queue is narrowed to; `made_by` is us, dealer or empty for both."""

    is_open: bool = True
    made_by: str = ""
    dealer_id: int | None = None
    region: str = ""
    assignee_id: int | None = None
    overdue: bool = False


@dataclass(frozen=True, kw_only=True)
class EarlierDay:
    """A day that was given up: which, why, by whom and when."""

    day: date
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class PromiseRow:
    """One promise as it is shown; `today` is the day at the dealer."""

    id: int
    number: str
    status: str
    version: int
    is_open: bool
    submitted_by: str
    made_by: str
    text: str
    dealer_id: int
    dealer: str
    region: str
    due_day: date
    due_at: datetime
    first_due_day: date
    postponed: int
    kept_on: date | None
    closing_note: str
    created_at: datetime
    updated_by: str
    assignee_id: int | None
    assignee: str
    contact_report_id: int | None
    report_number: str
    today: date
    earlier: tuple[EarlierDay, ...] = ()

    @property
    def overdue_days(self) -> int:
        """Days past its day; 0 when in time or closed."""
        return rules.overdue_days(self.due_day, self.today) if self.is_open else 0

    @property
    def due_words(self) -> str:
        """When it is due, as people say it; for a closed one, how it ended."""
        if self.kept_on is not None:
            return f"Done {self.kept_on:%-d %b}"
        if not self.is_open:
            return FLOW.state(self.status).label
        days = (self.due_day - self.today).days
        if days < 0:
            return f"{-days} d overdue"
        return {0: "Today", 1: "Tomorrow"}.get(days, f"In {days} d")


def _rows(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Promise.id, Promise.number, Promise.status, Promise.version, Promise.is_open, Promise.submitted_by,
            Promise.made_by, Promise.text, Promise.dealer_id, Dealer.name.label("dealer"), Promise.region,
            Promise.due_day, Promise.due_at, Promise.first_due_day, Promise.postponed, Promise.kept_on,
            Promise.closing_note, Promise.created_at, Promise.updated_by, Promise.assignee_id,
            func.coalesce(Person.name, "").label("assignee"), Promise.contact_report_id,
            func.coalesce(ContactReport.number, "").label("report_number"), Dealer.zone, Promise.earlier_dues,
        )
        .join(Dealer, Dealer.id == Promise.dealer_id)
        .outerjoin(Person, Person.id == Promise.assignee_id)
        .outerjoin(ContactReport, ContactReport.id == Promise.contact_report_id)
        .where(scope.where(Promise.dealer_id, Promise.region))
    )  # fmt: skip


def _shown(row: Any, now: datetime) -> PromiseRow:
    values = row._asdict()
    zone, earlier = values.pop("zone"), values.pop("earlier_dues")
    days = tuple(
        EarlierDay(day=date.fromisoformat(e["day"]), reason=e["reason"], by=e["by"], at=datetime.fromisoformat(e["at"]))
        for e in earlier
    )
    return PromiseRow(**values, today=local_day(now, zone), earlier=days)


def _conditions(filters: PromiseFilters, now: datetime) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = [Promise.is_open == (true() if filters.is_open else false())]
    if filters.made_by:
        parts.append(Promise.made_by == filters.made_by)
    if filters.dealer_id is not None:
        parts.append(Promise.dealer_id == filters.dealer_id)
    if filters.region:
        parts.append(Promise.region == filters.region)
    if filters.assignee_id is not None:
        parts.append(Promise.assignee_id == filters.assignee_id)
    if filters.overdue:
        parts.append(Promise.due_at <= now)
    return parts


def list_promises(
    session: Session, *, scope: Scope, now: datetime, filters: PromiseFilters | None = None,
    after: Cursor | None = None, limit: int = PAGE,
) -> tuple[list[PromiseRow], Cursor | None]:  # fmt: skip
    """One page and the cursor of the next: open ones due first, closed ones with the latest day first."""
    given = filters or PromiseFilters()
    query = _rows(scope).where(*_conditions(given, now))
    if given.is_open:
        if after is not None:
            query = query.where(Promise.due_at >= after[0], or_(Promise.due_at > after[0], Promise.id > after[1]))
        query = query.order_by(Promise.due_at, Promise.id)
    else:
        if after is not None:
            query = query.where(Promise.due_at <= after[0], or_(Promise.due_at < after[0], Promise.id < after[1]))
        query = query.order_by(Promise.due_at.desc(), Promise.id.desc())
    found = [_shown(row, now) for row in session.execute(query.limit(limit + 1))]
    following = (found[limit - 1].due_at, found[limit - 1].id) if len(found) > limit else None
    return found[:limit], following


def count_promises(session: Session, *, scope: Scope, now: datetime, filters: PromiseFilters | None = None) -> int:
    """How many there are, counted up to `CAP` + 1."""
    some = select(Promise.id).where(
        scope.where(Promise.dealer_id, Promise.region), *_conditions(filters or PromiseFilters(), now)
    )
    return session.scalar(select(func.count()).select_from(some.limit(CAP + 1).subquery())) or 0


def get_promise(session: Session, *, item_id: int, actor: Actor, now: datetime) -> PromiseRow:
    """One promise for its drawer; raises `NotFound`. Needs contacts.view."""
    actor.require(Permission.CONTACTS_VIEW)
    row = session.execute(_rows(actor.scope).where(Promise.id == item_id)).one_or_none()
    if row is None:
        raise NotFound("This promise")
    return _shown(row, now)


def promises_of_report(session: Session, *, report_id: int, scope: Scope, now: datetime) -> list[PromiseRow]:
    """What was promised in one contact, in the order it was noted."""
    query = _rows(scope).where(Promise.contact_report_id == report_id).order_by(Promise.id)
    return [_shown(row, now) for row in session.execute(query)]


def owner_choices(session: Session, *, promise: PromiseRow) -> list[tuple[int, str]]:
    """Who of ours may see to a promise, by name; the caller has read the promise within its scope."""
    ids = who_may_own(session, dealer_id=promise.dealer_id, region=promise.region)
    names = names_of(session, person_ids=ids)
    return sorted(((i, n) for i, n in names.items() if i != promise.assignee_id), key=lambda pair: pair[1])


def open_by_dealer(session: Session, *, scope: Scope, now: datetime) -> dict[int, tuple[int, int]]:
    """{dealer: (open promises, overdue ones)} where there are any."""
    overdue = func.sum(case((Promise.due_at <= now, 1), else_=0))
    rows = session.execute(
        select(Promise.dealer_id, func.count(), overdue)
        .where(Promise.is_open == true(), scope.where(Promise.dealer_id, Promise.region))
        .group_by(Promise.dealer_id)
    )
    return {dealer_id: (number, int(late or 0)) for dealer_id, number, late in rows}


# ---- my work -------------------------------------------------------------------------------------------------------
def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """The open promises this actor sees to, due first."""
    mine = PromiseFilters(assignee_id=actor.user_id or 0)
    rows, _ = list_promises(session, scope=actor.scope, now=now, filters=mine, limit=limit)
    return [
        WorkLine(
            item_type="promise", item_id=row.id, number=row.number, title=row.text,
            status="Overdue" if row.overdue_days else rules.SIDES[row.made_by],
            tone="red" if row.overdue_days else ("blue" if row.made_by == "us" else "violet"), due_at=row.due_at,
            why="Keep it" if row.made_by == "us" else "Ask for it", page=PAGE_FILE, query={"promise": str(row.id)},
            dealer=row.dealer,
        )
        for row in rows
    ]  # fmt: skip


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How many promises this actor sees to, and how many of them are overdue."""
    mine = PromiseFilters(assignee_id=actor.user_id or 0)
    late = PromiseFilters(assignee_id=actor.user_id or 0, overdue=True)
    return [
        WorkCount(
            label="My promises", count=count_promises(session, scope=actor.scope, now=now, filters=mine),
            overdue=count_promises(session, scope=actor.scope, now=now, filters=late), page=PAGE_FILE,
            query={"con_view": "Promises", "prm_who": "Mine"},
        )
    ]  # fmt: skip


# ---- reliability ---------------------------------------------------------------------------------------------------
DIMS = ("made_by", "region", "dealer")
_BY: Mapping[str, Any] = {"made_by": Promise.made_by, "region": Promise.region, "dealer": Promise.dealer_id}


def reliability_by(
    session: Session, *, scope: Scope, by: Sequence[str], now: datetime, filters: Mapping[str, Any] | None = None
) -> dict[tuple[Any, ...], rules.Reliability]:
    """Kept on time and due, by some of `DIMS`; the two cases of `rules.was_due` and `rules.was_on_time` in SQL."""
    due = or_(Promise.status == "kept", and_(Promise.status == "open", Promise.first_due_at <= now))
    kept = and_(Promise.status == "kept", Promise.kept_on <= Promise.first_due_day)
    columns = [_BY[name] for name in by]
    query = select(*columns, func.sum(case((kept, 1), else_=0)), func.count()).where(
        due, scope.where(Promise.dealer_id, Promise.region)
    )
    for name, value in (filters or {}).items():
        if name in ("from", "to") and value:
            query = query.where(Promise.first_due_day >= value if name == "from" else Promise.first_due_day <= value)
        if name in _BY and value not in (None, "", (), []):
            query = query.where(_BY[name].in_(value if isinstance(value, list | tuple) else [value]))
    if columns:
        query = query.group_by(*columns)
    return {
        tuple(key): rules.Reliability(kept_on_time=int(kept or 0), due=int(due or 0))
        for *key, kept, due in session.execute(query)
    }


def dealer_reliability(
    session: Session, *, dealer_id: int, scope: Scope, now: datetime
) -> dict[str, rules.Reliability]:
    """Of both sides at one dealer: {"us": ..., "dealer": ...}."""
    found = reliability_by(session, scope=scope, by=("made_by",), now=now, filters={"dealer": dealer_id})
    return {side: found.get((side,), rules.Reliability()) for side in rules.SIDES}
