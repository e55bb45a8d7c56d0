"""Claims as a queue: what waits for whom, due first, fifty a page, with capped counts; a bounded number of reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, select
from sqlalchemy.orm import Session

from db.claims.clock_rules import silence_may_approve
from db.claims.flow import FLOW
from db.claims.links import SEARCH_KIND
from db.claims.policy_queries import policy_on
from db.claims.signatures import own_levels
from db.claims.tables import Claim, ClaimFinding
from db.core import search
from db.core.actor import Actor, Scope
from db.core.area import CAP
from db.core.keyset import beyond
from db.core.labels import local_day
from db.core.masking import mask_vin
from db.core.permissions import Permission
from db.core.shapes import ScopeShape, given, shape_of, values_of, within
from db.dealers.tables import Dealer
from db.people.tables import Person

PAGE = 50
Cursor = tuple[Any, int]
Asker = Any
"""An actor, or in a kept statement what stands for one: role, username, user_id."""
OURS: Final[dict[str, str]] = {
    "waiting": "Waits for us", "level": "My level", "mine": "Mine", "elsewhere": "Waits for others",
    "decided": "Decided", "all": "All",
}  # fmt: skip
"""Views of people of the manufacturer."""
DEALERS: Final[dict[str, str]] = {
    "correct": "To correct", "drafts": "Drafts", "progress": "In progress", "decided": "Decided", "all": "All",
}  # fmt: skip
"""Views of people of a dealership: what they have to do first."""
DECIDED = ("approved", "partially_approved", "denied", "paid", "charged_back", "adjusted")
DUE: Final[dict[str, str]] = {"over": "Overdue", "3": "Within 3 days", "7": "Within 7 days", "14": "Within 14 days"}
"""What a queue can be narrowed to by the day something is due."""
PEOPLE: Final[dict[str, str]] = {"me": "Assigned to me", "nobody": "Assigned to nobody"}
EXPORTED: Final = (
    "view", "status", "dealer_id", "region", "claim_type", "rule", "least_cents", "below_cents", "due", "person",
    "text",
)  # fmt: skip
"""The filters an export of the same rows takes: text and numbers, no moment and no condition."""
MOST_HITS = 200
WORST = ("E", "X", "A", "W", "R")
"""Levels of findings, the worst first."""


@dataclass(frozen=True, kw_only=True)
class ClaimFilters:
    """What the queue is narrowed to. Amounts are claimed cents, the upper bound is not included.

    `due` is a key of `DUE`, counted from `now`; `person` one of `PEOPLE`; `ids` what a search found (`with_hits`);
    `only` is a further condition on `Claim` a later area gives (flags). Two filters are equal when a person would see
    the same list, so `now` and `only` do not count; `flagged` says that `only` is set.
    """

    view: str = "waiting"
    status: str = ""
    dealer_id: int | None = None
    region: str = ""
    claim_type: str = ""
    rule: str = ""
    least_cents: int | None = None
    below_cents: int | None = None
    levels: tuple[int, ...] = ()
    due: str = ""
    person: str = ""
    text: str = ""
    ids: tuple[int, ...] | None = None
    flagged: bool = False
    only: ColumnElement[bool] | None = field(default=None, compare=False, hash=False, repr=False)
    now: datetime | None = field(default=None, compare=False, hash=False)


@dataclass(frozen=True, kw_only=True)
class ClaimRow:
    """One claim as lists show it; `vin` is masked for roles without personal data, `worst` a level or empty.

    `reason_note` is the sentence the dealer was told when it came back or was decided.
    """

    id: int
    number: str
    status: str
    version: int
    submitted_by: str
    signed_by: str
    dealer: str
    vin: str
    claim_type: str
    claimed_cents: int
    suggested_cents: int | None
    approved_cents: int | None
    level: int
    due_at: datetime | None
    deemed_on: date | None
    first_decided_at: datetime | None
    decided_at: datetime | None
    reason_note: str
    assignee: str
    findings: int
    worst: str

    @property
    def silent_on(self) -> date | None:
        """The day silence approves it, None where it does not (any more)."""
        return (
            self.deemed_on
            if silence_may_approve(deemed_on=self.deemed_on, first_decided_at=self.first_decided_at)
            else None
        )


def levels_of(session: Session, *, actor: Actor, now: datetime) -> tuple[int, ...]:
    """The levels of authority that wait for this person under the policy in force; empty for who only reads."""
    return own_levels(policy_on(session, local_day(now, actor.zone)), actor)


def with_hits(session: Session, filters: ClaimFilters, *, scope: Scope) -> ClaimFilters:
    """The same filters with what the index of the search box finds for their text: number, VIN, repair order."""
    if not filters.text:
        return filters
    hits = search.find(session, filters.text, kinds=[SEARCH_KIND], scope=scope, limit=MOST_HITS)
    return replace(filters, ids=tuple(hit.item_id for hit in hits))


def _in_view(view: str, actor: Asker, levels: Any) -> list[ColumnElement[bool]]:
    ours: dict[str, list[ColumnElement[bool]]] = {
        "waiting": [Claim.held_by == "us"],
        "level": [
            Claim.held_by == "us", Claim.level.in_(levels), Claim.submitted_by != actor.username,
            Claim.signed_by != actor.username,
        ],
        "mine": [Claim.held_by == "us", Claim.assignee_id == actor.user_id],
        "elsewhere": [Claim.status.in_(("pending_part", "pending_preauth", "with_engineering"))],
        "correct": [Claim.status.in_(("returned", "rejected"))],
        "drafts": [Claim.status == "draft"],
        "progress": [
            Claim.status.in_(("in_review", "appealed", "pending_part", "pending_preauth", "with_engineering"))
        ],
        # Nearly every claim: walked in the order of the list, so no index on the state must tempt the database to sort.
        "decided": [_unsorted(Claim.status).in_(DECIDED)],
        "all": [] if actor.role.is_dealer else [Claim.submitted_at.is_not(None)],
    }  # fmt: skip
    return ours[view]


def _unsorted(column: Any) -> Any:
    """A text column no index is used for."""
    return column + ""


def _narrowed(filters: ClaimFilters, actor: Asker, *, named: bool = False) -> list[ColumnElement[bool]]:
    def of(name: str) -> Any:
        return given(name, getattr(filters, name), named=named)

    parts: list[ColumnElement[bool]] = [] if filters.only is None else [filters.only]
    if filters.status:
        is_most = filters.status in DECIDED and filters.dealer_id is None
        parts.append((_unsorted(Claim.status) if is_most else Claim.status) == of("status"))
    if filters.dealer_id is not None:
        parts.append(Claim.dealer_id == of("dealer_id"))
    if filters.region:
        parts.append(Claim.region == of("region"))
    if filters.claim_type:
        parts.append(Claim.claim_type == of("claim_type"))
    if filters.rule:
        parts.append(exists().where(ClaimFinding.claim_id == Claim.id, ClaimFinding.rule == of("rule")))
    if filters.least_cents is not None:
        parts.append(Claim.claimed_cents >= of("least_cents"))
    if filters.below_cents is not None:
        parts.append(Claim.claimed_cents < of("below_cents"))
    if filters.due and filters.now is not None:
        moment = None if named else due_before(filters.due, filters.now)
        parts.append(Claim.due_at < given(f"due_{filters.due}", moment, named=named))
    if filters.person == "me":
        parts.append(Claim.assignee_id == actor.user_id)
    elif filters.person == "nobody":
        parts.append(Claim.assignee_id.is_(None))
    if filters.ids is not None:
        parts.append(Claim.id.in_(of("ids")))
    return parts


def due_before(due: str, now: datetime) -> datetime:
    """The moment a key of `DUE` means."""
    return now + timedelta(days=int(due) if due.isdecimal() else 0)


def conditions(filters: ClaimFilters, actor: Actor) -> list[ColumnElement[bool]]:
    """What the list of these filters keeps, the actor's scope among it; for an export of the same rows."""
    return [
        actor.scope.where(Claim.dealer_id, Claim.region), *_in_view(filters.view, actor, filters.levels),
        *_narrowed(filters, actor),
    ]  # fmt: skip


@dataclass(frozen=True)
class _Shape:
    """What a question of the queue is made of: its statement is kept, for making it takes longer than asking it.

    What differs between two questions of one shape stands in `_values` and is blank in `filters`.
    """

    filters: ClaimFilters
    scope: ScopeShape
    is_dealer: bool

    @property
    def actor(self) -> Asker:
        """Who asks, given when it is asked."""
        role: Any = SimpleNamespace(is_dealer=self.is_dealer)
        return SimpleNamespace(role=role, username=bindparam("username"), user_id=bindparam("me"))

    def within(self) -> ColumnElement[bool]:
        """The scope's condition."""
        return within(self.scope, Claim.dealer_id, Claim.region)

    def view(self, name: str) -> list[ColumnElement[bool]]:
        """The condition of a view."""
        return _in_view(name, self.actor, bindparam("levels", expanding=True))

    def narrowed(self, **others: Any) -> list[ColumnElement[bool]]:
        """The conditions of the filters, some of them other than chosen."""
        return _narrowed(replace(self.filters, **others), self.actor, named=True)


_BLANK: Final[Mapping[str, Any]] = {
    "dealer_id": 0, "region": "given", "claim_type": "given", "rule": "given", "least_cents": 0, "below_cents": 0,
    "ids": (0,),
}  # fmt: skip


def _shape(filters: ClaimFilters, actor: Actor) -> tuple[_Shape, dict[str, Any]]:
    """The shape of a question, and what it is asked with."""
    blank = {name: value for name, value in _BLANK.items() if getattr(filters, name) not in (None, "")}
    values = {name: getattr(filters, name) for name in ("status", *blank)}
    values |= {"username": actor.username, "me": actor.user_id, "levels": filters.levels, **values_of(actor.scope)}
    if filters.now is not None:
        values |= {f"due_{due}": due_before(due, filters.now) for due in {*DUE, filters.due}}
    # Whether there is a moment to count from is part of the question; which one it is, is not.
    now = None if filters.now is None else datetime(1, 1, 1, tzinfo=UTC)
    shape = replace(filters, levels=(), text="", now=now, flagged=now is not None, **blank)
    return _Shape(shape, shape_of(actor.scope), actor.role.is_dealer), values


def _order(view: str, actor: Asker) -> tuple[Any, bool]:
    """The column a view is in the order of, and whether it falls."""
    if view == "all" and not actor.role.is_dealer:
        return Claim.submitted_at, True
    if view in ("waiting", "level", "mine", "elsewhere", "progress"):
        return Claim.due_at, False
    return (Claim.decided_at, True) if view == "decided" else (Claim.stage_entered_at, view != "correct")


def list_claims(
    session: Session, *, actor: Actor, filters: ClaimFilters, after: Cursor | None = None, limit: int = PAGE
) -> tuple[list[ClaimRow], Cursor | None]:
    """One page and the cursor of the next: what waits is due first, what was decided newest first."""
    shape, values = _shape(filters, actor)
    if after is not None:
        values |= {"after": after[0], "after_id": after[1]}
    found = session.execute(_kept(_page, shape)(shape, after is None, limit + 1), values).all()
    shown = found[:limit]
    findings = _findings(session, [r.id for r in shown])
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    rows = []
    for r in shown:
        values = dict(r._mapping)
        values.pop("at")
        count, worst = findings.get(r.id, (0, ""))
        values |= {"vin": r.vin if personal else mask_vin(r.vin), "assignee": r.assignee or ""}
        rows.append(ClaimRow(**values, findings=count, worst=worst))
    return rows, (shown[-1].at, shown[-1].id) if len(found) > limit else None


def _kept(make: Callable[..., Any], shape: _Shape) -> Callable[..., Any]:
    """The maker of a statement, which keeps what it made; a condition of a later area is no part of a shape."""
    made: Callable[..., Any] = make.__wrapped__ if shape.filters.only is not None else make  # type: ignore[attr-defined]
    return made


@lru_cache(maxsize=256)
def _page(shape: _Shape, begins: bool, most: int) -> Select[*tuple[Any, ...]]:
    column, falls = _order(shape.filters.view, shape.actor)
    after: Any = (bindparam("after", type_=column.type), bindparam("after_id", type_=Claim.id.type))
    query = (
        select(
            Claim.id, Claim.number, Claim.status, Claim.version, Claim.submitted_by, Claim.signed_by,
            Dealer.name.label("dealer"), Claim.vin, Claim.claim_type, Claim.claimed_cents, Claim.suggested_cents,
            Claim.approved_cents, Claim.level, Claim.due_at, Claim.deemed_on, Claim.first_decided_at, Claim.decided_at,
            Claim.reason_note, Person.name.label("assignee"), column.label("at"),
        )
        .join(Dealer, Dealer.id == Claim.dealer_id)
        .outerjoin(Person, Person.id == Claim.assignee_id)
        .where(
            shape.within(), column.is_not(None) if begins else beyond((column, Claim.id), after, falls=falls),
            *shape.view(shape.filters.view), *shape.narrowed(),
        )
    )  # fmt: skip
    order = (column.desc(), Claim.id.desc()) if falls else (column, Claim.id)
    return query.order_by(*order).limit(most)


def _findings(session: Session, ids: list[int]) -> dict[int, tuple[int, str]]:
    if not ids:
        return {}
    found: dict[int, tuple[int, str]] = {}
    for claim_id, level, count in session.execute(_FOUND, {"ids": ids}):
        before, worst = found.get(claim_id, (0, ""))
        candidates = [x for x in (worst, level) if x in WORST]
        found[claim_id] = (before + count, min(candidates, key=WORST.index, default=""))
    return found


_FOUND: Final = (
    select(ClaimFinding.claim_id, ClaimFinding.level, func.count())
    .where(ClaimFinding.claim_id.in_(bindparam("ids", expanding=True)))
    .group_by(ClaimFinding.claim_id, ClaimFinding.level)
)


def count_views(
    session: Session,
    *,
    actor: Actor,
    filters: ClaimFilters,
    due_before: datetime | None = None,
    views: Sequence[str] = (),
) -> dict[str, int]:
    """How many claims each view of this actor has under the same filters, each counted up to `CAP` + 1; one statement.

    With `due_before` only those due before a moment; with `views` only these.
    """
    views = views or tuple(DEALERS if actor.role.is_dealer else OURS)
    late = [] if due_before is None else [Claim.due_at < due_before]
    columns = []
    for view in views:
        some = (
            select(Claim.id)
            .where(
                actor.scope.where(Claim.dealer_id, Claim.region), *_in_view(view, actor, filters.levels),
                *_narrowed(filters, actor), *late,
            )
            .limit(CAP + 1)
            .subquery()
        )  # fmt: skip
        columns.append(select(func.count()).select_from(some).scalar_subquery().label(view))
    row = session.execute(select(*columns)).one()
    return dict(row._mapping)


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many claims a page of the queue speaks of, each counted up to `CAP` + 1.

    `late` and `soon` are of the view `turn`: overdue, and due within three days. `statuses` are those of the filters
    besides view and state, in the order of the flow, states without a claim left out; people of the manufacturer see
    no drafts, and whatever else there is was sent.
    """

    total: int
    late: int
    soon: int
    statuses: Mapping[str, int]


def count_all(session: Session, *, actor: Actor, filters: ClaimFilters, turn: str) -> Counts:
    """All that a page of the queue counts, in one statement: what costs is the asking, not the counting."""
    shape, values = _shape(filters, actor)
    found = dict(session.execute(_kept(_counts, shape)(shape, turn), values).one()._mapping)
    total, late, soon = (found.pop(name) for name in ("_total", "_late", "_soon"))
    return Counts(total=total, late=late, soon=soon, statuses={name: count for name, count in found.items() if count})


@lru_cache(maxsize=256)
def _counts(shape: _Shape, turn: str) -> Select[*tuple[Any, ...]]:
    rest, waiting = shape.narrowed(status=""), shape.view(turn)
    wanted = {s.name: [Claim.status == s.name, *rest] for s in FLOW.states if shape.is_dealer or s.name != FLOW.initial}
    wanted["_total"] = [*shape.view(shape.filters.view), *shape.narrowed()]
    wanted["_late"] = [*waiting, *shape.narrowed(status="", due="over")]
    wanted["_soon"] = [*waiting, *shape.narrowed(status="", due="3")]
    columns = []
    for name, conditions in wanted.items():
        some = select(Claim.id).where(shape.within(), *conditions).limit(CAP + 1).subquery()
        columns.append(select(func.count()).select_from(some).scalar_subquery().label(name))
    return select(*columns)


def first_waiting(session: Session, *, actor: Actor, filters: ClaimFilters, but: int) -> int | None:
    """The claim due first under the filters besides one, which this actor may decide: what to open after a decision."""
    shape, values = _shape(filters, actor)
    found: int | None = session.scalar(_kept(_first, shape)(shape), {**values, "but": but})
    return found


@lru_cache(maxsize=256)
def _first(shape: _Shape) -> Select[*tuple[int]]:
    return (
        select(Claim.id)
        .where(
            shape.within(), Claim.id != bindparam("but"), Claim.held_by == "us",
            Claim.submitted_by != shape.actor.username, Claim.signed_by != shape.actor.username,
            *shape.view(shape.filters.view), *shape.narrowed(),
        )
        .order_by(Claim.due_at, Claim.id)
        .limit(1)
    )  # fmt: skip
