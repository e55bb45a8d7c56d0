"""Claims as a queue: what waits for whom, due first, fifty a page, with capped counts; a bounded number of reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from db.claims.board_filters import (
    DEALERS,
    DUE,
    OURS,
    PEOPLE,
    Asker,
    ClaimFilters,
    Shape,
    conditions,
    in_view,
    narrowed,
    shape_for,
)
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
from db.core.shapes import made_once
from db.dealers.tables import Dealer
from db.people.tables import Person

__all__ = [
    "DEALERS", "DUE", "EXPORTED", "OURS", "PEOPLE", "ClaimFilters", "ClaimRow", "Counts", "conditions", "count_all",
    "count_views", "first_waiting", "levels_of", "list_claims", "with_hits",
]  # fmt: skip
PAGE = 50
Cursor = tuple[Any, int]
EXPORTED: Final = (
    "view", "status", "dealer_id", "region", "claim_type", "rule", "least_cents", "below_cents", "due", "person",
    "text",
)  # fmt: skip
"""The filters an export of the same rows takes: text and numbers, no moment and no condition."""
MOST_HITS = 200
WORST = ("E", "X", "A", "W", "R")
"""Levels of findings, the worst first."""


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
    shape, values = shape_for(filters, actor)
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


def _kept(make: Callable[..., Any], shape: Shape) -> Callable[..., Any]:
    """The maker of a statement, which keeps what it made; a condition of a later area is no part of a shape."""
    made: Callable[..., Any] = make.__wrapped__ if shape.filters.only is not None else make  # type: ignore[attr-defined]
    return made


@made_once
def _page(shape: Shape, begins: bool, most: int) -> Select[*tuple[Any, ...]]:
    column, falls = _order(shape.filters.view, shape.actor)
    sought = shape.order(column)
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
            shape.within(), sought.is_not(None) if begins else beyond((sought, Claim.id), after, falls=falls),
            *shape.view(shape.filters.view), *shape.by_state(), *shape.narrowed(),
        )
    )  # fmt: skip
    order = (sought.desc(), Claim.id.desc()) if falls else (sought, Claim.id)
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
                actor.scope.where(Claim.dealer_id, Claim.region), *in_view(view, actor, filters.levels),
                *narrowed(filters, actor), *late,
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
    shape, values = shape_for(filters, actor)
    found = dict(session.execute(_kept(_counts, shape)(shape, turn), values).one()._mapping)
    total, late, soon = (found.pop(name) for name in ("_total", "_late", "_soon"))
    return Counts(total=total, late=late, soon=soon, statuses={name: count for name, count in found.items() if count})


@made_once
def _counts(shape: Shape, turn: str) -> Select[*tuple[Any, ...]]:
    rest, waiting = shape.narrowed(status=""), shape.view(turn)
    wanted = {s.name: [Claim.status == s.name, *rest] for s in FLOW.states if shape.is_dealer or s.name != FLOW.initial}
    wanted["_total"] = [*shape.view(shape.filters.view), *shape.by_state(), *shape.narrowed()]
    wanted["_late"] = [*waiting, *shape.narrowed(status="", due="over")]
    wanted["_soon"] = [*waiting, *shape.narrowed(status="", due="3")]
    columns = []
    for name, wheres in wanted.items():
        some = select(Claim.id).where(shape.within(), *wheres).limit(CAP + 1).subquery()
        columns.append(select(func.count()).select_from(some).scalar_subquery().label(name))
    return select(*columns)


def first_waiting(session: Session, *, actor: Actor, filters: ClaimFilters, but: int) -> int | None:
    """The claim due first under the filters besides one, which this actor may decide: what to open after a decision."""
    shape, values = shape_for(filters, actor)
    found: int | None = session.scalar(_kept(_first, shape)(shape), {**values, "but": but})
    return found


@made_once
def _first(shape: Shape) -> Select[*tuple[int]]:
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
