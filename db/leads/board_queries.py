"""The response board: open leads by due time, in keyset pages, with capped counts (2.2 B; performance.md 1b)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, false, func, literal_column, or_, select, true
from sqlalchemy.orm import Session

from db.calendar.queries import CalendarBook, calendar_book
from db.calendar.rules import NeverOpen, elapsed_minutes
from db.core import search
from db.core.actor import Scope
from db.core.area import CAP
from db.core.masking import mask_name
from db.core.shapes import ScopeShape, given, made_once, shape_of, values_of, within
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
Hits = Literal["", "ids", "number"]
"""How a text narrows: not, to what the search found, or to one number."""
_Shape = tuple[BoardFilters, ScopeShape, Hits]
_EXACT: Final[Mapping[str, Any]] = {
    "status": Lead.status, "dealer_id": Lead.dealer_id, "region": Lead.region, "source": Lead.source,
    "product": Lead.product, "assignee_id": Lead.assignee_id,
}  # fmt: skip
_GIVEN: Final[Mapping[str, Any]] = {name: 0 if name.endswith("_id") else "given" for name in _EXACT}
"""What stands in a shape for one value that is given when it is asked."""


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
    shape, values = _shape(session, scope=scope, filters=filters, now=now, personal=personal)
    if after is not None:
        values |= {"after": after[0], "after_id": after[1]}
    if filters.view in ("closed", "all"):
        found = list(session.execute(_newest(*shape, after is None, limit + 1), values))
    else:
        found = _due_first(session, shape, values, after, limit + 1)
    book = calendar_book(session)
    rows = tuple(_row(r, book, now=now, personal=personal) for r in found[:limit])
    following: Cursor | None = None
    if len(found) > limit:
        last = rows[-1]
        following = (last.received_at if filters.view in ("closed", "all") else last.due_at, last.id)
    return BoardPage(rows=rows, following=following)


def _due_first(
    session: Session, shape: _Shape, values: Mapping[str, Any], after: Cursor | None, limit: int
) -> list[Any]:  # fmt: skip
    """Two walks of one index: the databases put empty due times at different ends."""
    found: list[Any] = []
    if after is None or after[0] is not None:
        found = list(session.execute(_due(*shape, after is None), {**values, "most": limit}))
    if len(found) < limit:
        begins = after is None or after[0] is not None
        found += session.execute(_undue(*shape, begins), {**values, "most": limit - len(found)})
    return found


# What is asked at every click is made once for each shape of filters: making it takes longer than carrying it out.
@made_once
def _due(filters: BoardFilters, scope: ScopeShape, hits: Hits, begins: bool) -> Select[*tuple[Any, ...]]:
    due = _rows_of(filters, scope, hits).where(Lead.due_at.is_not(None))
    if not begins:
        at: Any = bindparam("after")
        last: Any = bindparam("after_id")
        due = due.where(Lead.due_at >= at, or_(Lead.due_at > at, Lead.id > last))
    return due.order_by(Lead.due_at, Lead.id).limit(bindparam("most", type_=Integer))


@made_once
def _undue(filters: BoardFilters, scope: ScopeShape, hits: Hits, begins: bool) -> Select[*tuple[Any, ...]]:
    rest = _rows_of(filters, scope, hits).where(Lead.due_at.is_(None))
    if not begins:
        rest = rest.where(Lead.id > bindparam("after_id"))
    return rest.order_by(Lead.id).limit(bindparam("most", type_=Integer))


@made_once
def _newest(
    filters: BoardFilters, scope: ScopeShape, hits: Hits, begins: bool, most: int
) -> Select[*tuple[Any, ...]]:  # fmt: skip
    query = _rows_of(filters, scope, hits)
    if not begins:
        at: Any = bindparam("after")
        last: Any = bindparam("after_id")
        query = query.where(Lead.received_at <= at, or_(Lead.received_at < at, Lead.id < last))
    return query.order_by(Lead.received_at.desc(), Lead.id.desc()).limit(most)


def _rows_of(filters: BoardFilters, scope: ScopeShape, hits: Hits) -> Select[*tuple[Any, ...]]:
    return (
        select(*_COLUMNS, Dealer.code, Dealer.name, Dealer.calendar_id, Dealer.zone, Person.name.label("assignee"))
        .select_from(Lead)
        .outerjoin(Dealer, Dealer.id == Lead.dealer_id)
        .outerjoin(Person, Person.id == Lead.assignee_id)
        .where(*_named(filters, scope, hits))
    )


def _shape(
    session: Session, *, scope: Scope, filters: BoardFilters, now: datetime, personal: bool
) -> tuple[_Shape, dict[str, Any]]:
    """What a question is made of, and what it is asked with."""
    values: dict[str, Any] = {"now": now, **values_of(scope)}
    blank: dict[str, Any] = {}
    for name in _EXACT:
        value = getattr(filters, name)
        if value not in ("", None, ()):
            values[name] = value
            if name != "status":  # whether held leads are asked for is part of the question
                blank[name] = ("",) if isinstance(value, tuple) else _GIVEN[name]
    hits: Hits = ""
    if filters.text.strip():
        hits = "ids" if personal else "number"
        values[hits] = _hits(session, filters.text, scope=scope) if personal else filters.text.strip().upper()
    return (replace(filters, text="", **blank), shape_of(scope), hits), values


def _named(filters: BoardFilters, scope: ScopeShape, hits: Hits) -> list[ColumnElement[bool]]:
    """`conditions` of a shape."""
    found = [within(scope, Lead.dealer_id, Lead.region), *_narrowed(filters, bindparam("now"), named=True)]
    if hits == "ids":
        found.append(Lead.id.in_(bindparam("ids", expanding=True)))
    elif hits:
        found.append(Lead.number == bindparam("number"))
    return found


def conditions(
    session: Session, *, scope: Scope, filters: BoardFilters, now: datetime, personal: bool = False
) -> list[ColumnElement[bool]]:
    """The WHERE of a list; the scope comes first and is never left out."""
    found = [scope.where(Lead.dealer_id, Lead.region), *_narrowed(filters, now, named=False)]
    if filters.text.strip():
        found.append(_text(session, filters.text, scope=scope, personal=personal))
    return found


def _narrowed(filters: BoardFilters, now: Any, *, named: bool) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
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
    for name, column in _EXACT.items():
        value = getattr(filters, name)
        if isinstance(value, tuple):
            found += [column.in_(given(name, value, named=named))] if value else []
        elif value not in ("", None):
            found.append(column == given(name, value, named=named))
    if filters.view == "mine" and filters.assignee_id is None:
        found.append(false())
    if filters.temperature:
        found.append(_temperature(filters.temperature))
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
    return Lead.id.in_(_hits(session, text, scope=scope))


def _hits(session: Session, text: str, *, scope: Scope) -> list[int]:
    return [hit.item_id for hit in search.find(session, text, kinds=["lead"], scope=scope, limit=MOST_HITS)]


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
    plain = replace(filters, view="all", status="", overdue=False)
    shape, values = _shape(session, scope=scope, filters=plain, now=now, personal=personal)
    row = session.execute(_counts(*shape), values).one()
    counted = dict(zip(_COUNTED, row, strict=True))
    by_status = {s: counted[s] for s in OPEN_STATUSES}
    # An open lead is in one of these states, so their counts add up; one that reached the bound leads above it.
    still = min(CAP + 1, sum(n for s, n in by_status.items() if s != "held"))
    return BoardCounts(
        by_status=by_status, open=still, overdue=counted["_overdue"], unassigned=counted["_unassigned"],
        held=by_status["held"],
    )  # fmt: skip


_COUNTED: Final = (*OPEN_STATUSES, "_overdue", "_unassigned")


@made_once
def _counts(filters: BoardFilters, scope: ScopeShape, hits: Hits) -> Select[*tuple[int, ...]]:
    base = _named(filters, scope, hits)
    still = Lead.is_open == true()
    # As it is said of ix_lead_narrow, which is made for these counts. PostgreSQL takes "open" for said with that and
    # seeks no more by it, so it would read the whole index, whose first column it is: once more, unseen (0098).
    made = [still, Lead.status != literal_column("''"), Lead.is_open == select(true()).scalar_subquery()]
    wanted: dict[str, Sequence[ColumnElement[bool]]] = {s: [*made, Lead.status == s] for s in OPEN_STATUSES}
    wanted["_overdue"] = [still, Lead.due_at < bindparam("now")]
    # Few leads have no dealer. Asked for as a range, SQLite goes to them; with `=` it walks through all that are open.
    wanted["_unassigned"] = [Lead.is_open.op(">=")(true()), Lead.dealer_id.is_(None), Lead.status != "held"]
    some = (select(Lead.id).where(*base, *wanted[name]).limit(CAP + 1).subquery() for name in _COUNTED)
    return select(*(select(func.count()).select_from(one).scalar_subquery() for one in some))


def cards_by_status(
    session: Session, *, scope: Scope, filters: BoardFilters, now: datetime, personal: bool = False, most: int = 15
) -> dict[str, tuple[BoardRow, ...]]:
    """The first cards of each open state, due first, in the order of the flow; at most `most` a column."""
    asked = (filters.status,) if isinstance(filters.status, str) else filters.status
    wanted = [s for s in asked if s] or OPEN_STATUSES
    return {
        status: list_board(
            session, scope=scope, filters=replace(filters, status=status), now=now,
            limit=most, personal=personal,
        ).rows
        for status in OPEN_STATUSES
        if status in wanted
    }  # fmt: skip
