"""The response board: open leads by due time, in keyset pages, with capped counts (2.2 B; performance.md 1b)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, or_, select, true, union_all
from sqlalchemy.orm import Session

from db.calendar.queries import CalendarBook, calendar_book
from db.calendar.rules import NeverOpen, elapsed_minutes
from db.core import search
from db.core.actor import Scope
from db.core.area import CAP
from db.core.masking import mask_name
from db.leads.flow import FLOW
from db.leads.rules import POLICY, temperature
from db.leads.tables import Dealer, Lead, Person
from db.workflow.sla import SlaState, sla_state

PAGE = 50
MOST_HITS = 200
VIEWS = ("open", "overdue", "mine", "unassigned", "held", "waiting", "closed", "all")
OPEN_STATUSES = tuple(s.name for s in FLOW.states if not s.final)


@dataclass(frozen=True, kw_only=True)
class BoardFilters:
    """What a list is narrowed to; hashable, so it can be part of a cache key. Empty and None mean no filter.

    `view` is open (what can be worked), overdue, mine (of `assignee_id`), unassigned, held, waiting (open and held),
    closed or all; `text` goes through the search box's index. Filters of a record's own columns take one value or a
    tuple of several.
    """

    view: str = "open"
    status: str | tuple[str, ...] = ""
    dealer_id: int | tuple[int, ...] | None = None
    region: str | tuple[str, ...] = ""
    source: str | tuple[str, ...] = ""
    product: str | tuple[str, ...] = ""
    temperature: str = ""
    overdue: bool = False
    assignee_id: int | None = None
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class BoardRow:
    """A lead as a list shows it. `promise` is the target `sla` is about; `age_minutes` is time on the wall clock."""

    id: int
    number: str
    version: int
    status: str
    status_label: str
    tone: str
    is_open: bool
    customer_name: str
    wants: str
    source: str
    product: str
    dealer_id: int | None
    dealer_code: str
    dealer_name: str
    region: str
    state: str
    score: int
    temperature: str
    assignee_id: int | None
    assignee_name: str
    received_at: datetime
    due_at: datetime | None
    next_step: str
    promise: str
    sla: SlaState
    age_minutes: int
    is_past_day: bool
    attempts: int
    touches: int

    @property
    def is_overdue(self) -> bool:
        """Whether its next promise is missed by now."""
        return self.sla.status == "breached"


Cursor = tuple[datetime | None, int]


@dataclass(frozen=True, kw_only=True)
class BoardPage:
    """One page; `following` is the cursor of the next one, None on the last."""

    rows: tuple[BoardRow, ...]
    following: Cursor | None

    def columns(self) -> dict[str, list[Any]]:
        """The rows column by column, ready for pyarrow.table()."""
        names = [f.name for f in fields(BoardRow) if f.name != "sla"]
        found: dict[str, list[Any]] = {name: [getattr(row, name) for row in self.rows] for name in names}
        found["sla"] = [row.sla.label for row in self.rows]
        found["used_percent"] = [row.sla.used_percent for row in self.rows]
        return found


@dataclass(frozen=True, kw_only=True)
class BoardCounts:
    """How many leads wait, counted up to `CAP` + 1 each; `open` leaves out what is held."""

    by_status: Mapping[str, int]
    open: int
    overdue: int
    unassigned: int
    held: int


_COLUMNS = (
    Lead.id, Lead.number, Lead.version, Lead.status, Lead.is_open, Lead.customer_name, Lead.wants, Lead.source,
    Lead.product, Lead.dealer_id, Lead.region, Lead.state, Lead.score, Lead.assignee_id, Lead.received_at, Lead.due_at,
    Lead.next_step, Lead.attempts, Lead.touches, Lead.clock_started_at, Lead.first_action_target,
    Lead.first_action_due_at, Lead.first_action_at, Lead.first_quality_due_at, Lead.first_quality_at, Lead.wall_due_at,
    Lead.closed_at,
)  # fmt: skip


def list_board(
    session: Session, *, scope: Scope, filters: BoardFilters, after: Cursor | None = None, limit: int = PAGE,
    now: datetime, personal: bool = False,
) -> BoardPage:  # fmt: skip
    """One page of leads, due first and then those that promise nothing; closed ones newest first.

    `personal` shows names in full and lets `text` search them: pass `actor.can(Permission.PERSONAL_DATA_VIEW)`.
    """
    wanted = conditions(session, scope=scope, filters=filters, now=now, personal=personal)
    query = (
        select(*_COLUMNS, Dealer.code, Dealer.name, Dealer.calendar_id, Dealer.zone, Person.name.label("assignee"))
        .select_from(Lead)
        .outerjoin(Dealer, Dealer.id == Lead.dealer_id)
        .outerjoin(Person, Person.id == Lead.assignee_id)
        .where(*wanted)
    )
    if filters.view in ("closed", "all"):
        found = _newest(session, query, after, limit + 1)
    else:
        found = _due_first(session, query, after, limit + 1)
    book = calendar_book(session)
    rows = tuple(_row(r, book, now=now, personal=personal) for r in found[:limit])
    following: Cursor | None = None
    if len(found) > limit:
        last = rows[-1]
        following = (last.received_at if filters.view in ("closed", "all") else last.due_at, last.id)
    return BoardPage(rows=rows, following=following)


def _due_first(session: Session, query: Select[*tuple[Any, ...]], after: Cursor | None, limit: int) -> list[Any]:
    """Two walks of one index: the databases put empty due times at different ends."""
    found: list[Any] = []
    if after is None or after[0] is not None:
        due = query.where(Lead.due_at.is_not(None))
        if after is not None:
            due = due.where(Lead.due_at >= after[0], or_(Lead.due_at > after[0], Lead.id > after[1]))
        found = list(session.execute(due.order_by(Lead.due_at, Lead.id).limit(limit)))
    if len(found) < limit:
        rest = query.where(Lead.due_at.is_(None))
        if after is not None and after[0] is None:
            rest = rest.where(Lead.id > after[1])
        found += session.execute(rest.order_by(Lead.id).limit(limit - len(found)))
    return found


def _newest(session: Session, query: Select[*tuple[Any, ...]], after: Cursor | None, limit: int) -> list[Any]:
    if after is not None:
        query = query.where(Lead.received_at <= after[0], or_(Lead.received_at < after[0], Lead.id < after[1]))
    return list(session.execute(query.order_by(Lead.received_at.desc(), Lead.id.desc()).limit(limit)))


def conditions(
    session: Session, *, scope: Scope, filters: BoardFilters, now: datetime, personal: bool = False
) -> list[ColumnElement[bool]]:
    """The WHERE of a list; the scope comes first and is never left out."""
    found: list[ColumnElement[bool]] = [scope.where(Lead.dealer_id, Lead.region)]
    if filters.view == "closed":
        found.append(Lead.is_open == false())
    elif filters.view != "all":
        found.append(Lead.is_open == true())
    asked = (filters.status,) if isinstance(filters.status, str) else filters.status
    if filters.view == "open" and "held" not in asked:
        found.append(Lead.status != "held")  # nobody can work on a held lead; it has its own view
    if filters.view == "held":
        found.append(Lead.status == "held")
    if filters.view == "unassigned":
        found += [Lead.dealer_id.is_(None), Lead.status != "held"]
    if filters.overdue or filters.view == "overdue":
        found.append(Lead.due_at < now)
    exact: list[tuple[Any, Any]] = [
        (Lead.status, filters.status),
        (Lead.dealer_id, filters.dealer_id),
        (Lead.region, filters.region),
        (Lead.source, filters.source),
        (Lead.product, filters.product),
        (Lead.assignee_id, filters.assignee_id),
    ]
    for column, value in exact:
        if isinstance(value, tuple):
            found += [column.in_(value)] if value else []
        elif value not in ("", None):
            found.append(column == value)
    if filters.view == "mine" and filters.assignee_id is None:
        found.append(false())
    if filters.temperature:
        found.append(_temperature(filters.temperature))
    if filters.text.strip():
        found.append(_text(session, filters.text, scope=scope, personal=personal))
    return found


def _temperature(word: str) -> ColumnElement[bool]:
    ranges = {
        "hot": Lead.score >= POLICY.hot_from,
        "warm": and_(Lead.score >= POLICY.warm_from, Lead.score < POLICY.hot_from),
        "cold": Lead.score < POLICY.warm_from,
    }
    return ranges.get(word, false())


def _text(session: Session, text: str, *, scope: Scope, personal: bool) -> ColumnElement[bool]:
    if not personal:
        # Whoever may not read a name may not ask whether it is there either.
        return Lead.number == text.strip().upper()
    hits = search.find(session, text, kinds=["lead"], scope=scope, limit=MOST_HITS)
    return Lead.id.in_([hit.item_id for hit in hits])


def _row(r: Any, book: CalendarBook, *, now: datetime, personal: bool) -> BoardRow:
    state = FLOW.state(r.status)
    promise, sla = _sla(r, book, now)
    end = r.closed_at or now
    return BoardRow(
        id=r.id, number=r.number, version=r.version, status=r.status, status_label=state.label, tone=state.tone,
        is_open=r.is_open, customer_name=r.customer_name if personal else mask_name(r.customer_name), wants=r.wants,
        source=r.source, product=r.product, dealer_id=r.dealer_id, dealer_code=r.code or "", dealer_name=r.name or "",
        region=r.region or "", state=r.state, score=r.score, temperature=temperature(r.score),
        assignee_id=r.assignee_id, assignee_name=r.assignee or "", received_at=r.received_at, due_at=r.due_at,
        next_step=r.next_step, promise=promise, sla=sla,
        age_minutes=max(0, int((end - r.received_at) / timedelta(minutes=1))),
        is_past_day=bool(r.is_open and r.first_action_at is None and r.wall_due_at and r.wall_due_at < now),
        attempts=r.attempts, touches=r.touches,
    )  # fmt: skip


def _sla(r: Any, book: CalendarBook, now: datetime) -> tuple[str, SlaState]:
    """The promise a row is about: the next one while it is open, the first action once it is closed."""
    calendar = book.get(r.calendar_id, r.zone)

    def used(until: datetime) -> int:
        try:
            return elapsed_minutes(calendar, r.clock_started_at, until) if r.clock_started_at else 0
        except NeverOpen:
            return 0

    if not r.is_open:
        end = r.first_action_at or r.closed_at or now
        state = sla_state(
            target_minutes=r.first_action_target, elapsed_minutes=used(end), due_at=r.first_action_due_at,
            met_at=r.first_action_at, now=end,
        )  # fmt: skip
        return "first_action", state
    if r.due_at is None:
        return "none", SlaState(status="none")
    if r.first_action_at is None and r.due_at == r.first_action_due_at:
        target, promise = r.first_action_target, "first_action"
    elif r.first_quality_at is None and r.due_at == r.first_quality_due_at:
        target, promise = used(r.first_quality_due_at), "first_quality"
    else:
        late = max(0, int((now - r.due_at) / timedelta(minutes=1)))
        if r.due_at < now:
            return "follow_up", SlaState(status="breached", used_percent=101, failed_by_minutes=late, due_at=r.due_at)
        return "follow_up", SlaState(status="on_track", due_at=r.due_at)
    return promise, sla_state(target_minutes=target, elapsed_minutes=used(now), due_at=r.due_at, met_at=None, now=now)


def board_counts(
    session: Session, *, scope: Scope, filters: BoardFilters, now: datetime, personal: bool = False
) -> BoardCounts:
    """How many leads wait in each state and queue, each counted up to `CAP` + 1 (one statement, performance.md 1c).

    `filters` narrow the counts except for their own view, status and overdue, which the counts stand beside.
    """
    kept = {f.name: getattr(filters, f.name) for f in fields(filters) if f.name not in ("view", "status", "overdue")}
    plain = BoardFilters(**kept, view="all")
    base = conditions(session, scope=scope, filters=plain, now=now, personal=personal)
    still = Lead.is_open == true()
    wanted: dict[str, Sequence[ColumnElement[bool]]] = {f"status:{s}": [still, Lead.status == s] for s in OPEN_STATUSES}
    wanted["open"] = [still, Lead.status != "held"]
    wanted["overdue"] = [still, Lead.due_at < now]
    # Few leads have no dealer. Asked for as a range, SQLite goes to them; with `=` it walks through all that are open.
    wanted["unassigned"] = [Lead.is_open.op(">=")(true()), Lead.dealer_id.is_(None), Lead.status != "held"]
    parts = []
    for name, more in wanted.items():
        some = select(Lead.id).where(*base, *more).limit(CAP + 1).subquery()
        parts.append(select(literal(name).label("name"), func.count().label("n")).select_from(some))
    counted: dict[str, int] = {row.name: row.n for row in session.execute(union_all(*parts))}
    return BoardCounts(
        by_status={s: counted[f"status:{s}"] for s in OPEN_STATUSES}, open=counted["open"],
        overdue=counted["overdue"], unassigned=counted["unassigned"], held=counted["status:held"],
    )  # fmt: skip


def cards_by_status(
    session: Session, *, scope: Scope, filters: BoardFilters, now: datetime, personal: bool = False, most: int = 15
) -> dict[str, tuple[BoardRow, ...]]:
    """The first cards of each open state, due first, in the order of the flow; at most `most` a column."""
    given = {f.name: getattr(filters, f.name) for f in fields(filters)}
    asked = (filters.status,) if isinstance(filters.status, str) else filters.status
    wanted = [s for s in asked if s] or OPEN_STATUSES
    return {
        status: list_board(
            session, scope=scope, filters=BoardFilters(**{**given, "status": status}), now=now,
            limit=most, personal=personal,
        ).rows
        for status in OPEN_STATUSES
        if status in wanted
    }  # fmt: skip
