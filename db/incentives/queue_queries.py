"""Incentive claims as a queue: what waits for whom, due first, fifty a page, with capped counts; a few reads a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Integer, String, bindparam, exists, func, select
from sqlalchemy.orm import Session

from db.core import search
from db.core.actor import Actor
from db.core.area import CAP
from db.core.keyset import beyond
from db.core.permissions import Permission
from db.core.shapes import made_once
from db.core.types import UtcDateTime
from db.incentives import books, claim_store
from db.incentives.claim_rows import ClaimRow, claim_rows, claims_of, others_hands
from db.incentives.flow import FLOW, REVIEW
from db.incentives.stack_rules import Loser
from db.incentives.tables import IncentiveCheck, IncentiveClaim, IncentiveProgram, IncentiveRun, SaleReport
from db.incentives.unit_rules import near
from db.incentives.validation_queries import PAGE, claim_view

OURS: Final[dict[str, str]] = {
    "waiting": "Waits for us", "mine": "I can decide", "returned": "Waits for dealers", "decided": "Decided",
    "all": "All",
}  # fmt: skip
DEALERS: Final[dict[str, str]] = {
    "returned": "To complete", "waiting": "In progress", "decided": "Decided", "all": "All",
}  # fmt: skip
"""Views of people of the manufacturer and of a dealership: what they have to do comes first."""
DUE: Final[dict[str, str]] = {"over": "Overdue", "3": "Within 3 days", "7": "Within 7 days", "14": "Within 14 days"}
DECIDED: Final = ("approved", "partially_approved", "denied", "reversed")
BY_DUE: Final = ("waiting", "mine")
MOST_HITS = 200
Cursor = tuple[Any, int]


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the queue is narrowed to. Amounts are claimed cents, the upper bound not included; `due` is a key of `DUE`.

    Two filters are equal when a person would see the same list, so `now` does not count.
    """

    view: str = "waiting"
    status: str = ""
    program_id: int | None = None
    dealer_id: int | None = None
    region: str = ""
    rule: str = ""
    least_cents: int | None = None
    below_cents: int | None = None
    due: str = ""
    text: str = ""
    ids: tuple[int, ...] | None = None
    now: datetime | None = field(default=None, compare=False, hash=False)


def with_hits(session: Session, filters: Filters, *, actor: Actor) -> Filters:
    """The same filters with what the search index finds for their text: number or VIN."""
    if not filters.text:
        return filters
    hits = search.find(session, filters.text, kinds=[claim_store.KIND], scope=actor.scope, limit=MOST_HITS)
    return replace(filters, ids=tuple(hit.item_id for hit in hits))


# ---- statements ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class _Shape:
    """What a list is narrowed by, not to what: a statement is made once for each shape (0088)."""

    view: str
    given: frozenset[str]
    kind: str
    authorizes: bool

    def but(self, *names: str) -> frozenset[str]:
        """What is given besides these."""
        return self.given - frozenset(names)


def _shape(actor: Actor, filters: Filters) -> _Shape:
    return _Shape(
        view=filters.view, given=frozenset(name for name, value in _given(filters).items() if value is not None),
        kind=actor.scope.kind, authorizes=filters.view == "mine" and actor.can(Permission.INCENTIVES_AUTHORIZE),
    )  # fmt: skip


def _given(filters: Filters) -> dict[str, Any]:
    """The values of the filters by the names of their conditions; None where nothing is asked."""
    days = int(filters.due) if filters.due.isdecimal() else 0
    return {
        "status": filters.status or None, "program": filters.program_id, "dealer": filters.dealer_id,
        "region": filters.region or None, "rule": filters.rule or None, "least": filters.least_cents,
        "below": filters.below_cents, "ids": None if filters.ids is None else list(filters.ids),
        "due": filters.now + timedelta(days=days) if filters.due and filters.now is not None else None,
        "late": filters.now, "soon": None if filters.now is None else filters.now + timedelta(days=3),
    }  # fmt: skip


def _values(actor: Actor, filters: Filters) -> dict[str, Any]:
    """The values of every condition of a shape."""
    return _given(filters) | {
        "username": actor.username, "scope_regions": sorted(actor.scope.regions),
        "scope_dealers": sorted(actor.scope.dealer_ids),
    }  # fmt: skip


def _seen(shape: _Shape) -> list[ColumnElement[bool]]:
    claim = IncentiveClaim
    if shape.kind == "regions":
        return [claim.region.in_(bindparam("scope_regions", expanding=True))]
    return [claim.dealer_id.in_(bindparam("scope_dealers", expanding=True))] if shape.kind == "dealers" else []


def _in_view(shape: _Shape, view: str, *, in_order: bool = True) -> list[ColumnElement[bool]]:
    """What a view holds; `in_order` walks it by what is due, else by state: a count would walk every approved claim."""
    is_open: list[ColumnElement[bool]] = [IncentiveClaim.is_open.is_(True)] if in_order else []
    waiting: list[ColumnElement[bool]] = [*is_open, IncentiveClaim.status.in_(REVIEW)]
    if view == "waiting":
        return waiting
    if view == "mine":  # four eyes; nobody signs twice; what was signed waits for who authorizes
        waiting += others_hands(bindparam("username", type_=String()))
        return waiting if shape.authorizes else [*waiting, IncentiveClaim.signed_cents.is_(None)]
    if view == "returned":
        return [*is_open, IncentiveClaim.status.in_(("entered", "returned"))]
    return [IncentiveClaim.status.in_(DECIDED)] if view == "decided" else []


def _narrowed(given: frozenset[str]) -> list[ColumnElement[bool]]:
    """The conditions of the filters given, those of `_given`."""
    claim, moment = IncentiveClaim, UtcDateTime()
    against = ("warn", "missing", "fail")
    conditions: dict[str, ColumnElement[bool]] = {
        "status": claim.status == bindparam("status"), "program": claim.program_id == bindparam("program"),
        "dealer": claim.dealer_id == bindparam("dealer"), "region": claim.region == bindparam("region"),
        "rule": exists().where(
            IncentiveCheck.claim_id == claim.id, IncentiveCheck.run == claim.run,
            IncentiveCheck.rule == bindparam("rule"), IncentiveCheck.level.in_(against),
        ),
        "least": claim.claimed_cents >= bindparam("least"), "below": claim.claimed_cents < bindparam("below"),
        "ids": claim.id.in_(bindparam("ids", expanding=True)),
        **{name: claim.due_at < bindparam(name, type_=moment) for name in ("due", "late", "soon")},
    }  # fmt: skip
    return [condition for name, condition in conditions.items() if name in given]


# ---- the list --------------------------------------------------------------------------------------------------------
def list_claims(
    session: Session, *, actor: Actor, filters: Filters, after: Cursor | None = None, limit: int = PAGE
) -> tuple[list[ClaimRow], Cursor | None]:
    """One page and the cursor of the next: what waits is due first, everything else newest first."""
    actor.require(Permission.INCENTIVES_VIEW)
    values = _values(actor, filters) | {"most": limit + 1}
    if after is not None:
        values |= {"after_due": after[0], "after_id": after[1]}
    rows = claim_rows(session, _page(_shape(actor, filters), begins=after is None), values)
    shown = rows[:limit]
    return shown, (shown[-1].due_at, shown[-1].id) if len(rows) > limit else None


@made_once
def _page(shape: _Shape, *, begins: bool) -> Any:
    due, number = IncentiveClaim.due_at, IncentiveClaim.id
    query = claims_of(*_seen(shape)).where(*_in_view(shape, shape.view), *_narrowed(shape.but("late", "soon")))
    last = (bindparam("after_due", type_=UtcDateTime()), bindparam("after_id", type_=BigInteger()))
    if shape.view in BY_DUE:
        query = query.where(due.is_not(None) if begins else beyond((due, number), last)).order_by(due, number)
    else:
        query = query.order_by(number.desc()) if begins else query.where(number < last[1]).order_by(number.desc())
    return query.limit(bindparam("most", type_=Integer()))


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many claims a page of the queue speaks of, each counted up to `CAP` + 1; states without a claim among them.

    `late` and `soon` are of those that wait: overdue, and due within three days.
    """

    total: int
    late: int
    soon: int
    statuses: Mapping[str, int]


def count_all(session: Session, *, actor: Actor, filters: Filters) -> Counts:
    """All that a page of the queue counts, in one statement: what costs is the asking, not the counting."""
    actor.require(Permission.INCENTIVES_VIEW)
    row = session.connection().execute(_counts(_shape(actor, filters)), _values(actor, filters)).one()
    total, late, soon, *statuses = row
    return Counts(
        total=total, late=late, soon=soon, statuses={s.name: n for s, n in zip(FLOW.states, statuses, strict=True)}
    )  # fmt: skip


@made_once
def _counts(shape: _Shape) -> Any:
    """(total, late, soon, a count a state), each up to `CAP` + 1."""
    rest, waiting = shape.but("status", "due", "late", "soon"), _in_view(shape, "waiting", in_order=False)
    wanted = [[*_in_view(shape, shape.view, in_order=False), *_narrowed(shape.but("late", "soon"))]]
    wanted += [[*waiting, *_narrowed(rest | (shape.given & {name}))] for name in ("late", "soon")]
    wanted += [[IncentiveClaim.status == s.name, *_narrowed(rest)] for s in FLOW.states]
    columns = []
    for conditions in wanted:
        some = select(IncentiveClaim.id).where(*_seen(shape), *conditions).limit(CAP + 1).subquery()
        columns.append(select(func.count()).select_from(some).scalar_subquery())
    return select(*columns)


def first_to_decide(session: Session, *, actor: Actor, filters: Filters, but: int) -> int | None:
    """The claim due first under the filters besides one, which this actor may decide: what opens after a decision."""
    actor.require(Permission.INCENTIVES_VIEW)
    shape = _shape(actor, replace(filters, view="mine"))
    return session.scalar(
        select(IncentiveClaim.id)
        .where(
            *_seen(shape), IncentiveClaim.id != but, *_in_view(shape, "mine"), *_narrowed(shape.but("late", "soon"))
        )
        .order_by(IncentiveClaim.due_at, IncentiveClaim.id)
        .limit(1),
        _values(actor, filters),
    )  # fmt: skip


def program_choices(session: Session, *, actor: Actor) -> dict[int, str]:
    """Every program that was published, by its id, newest first; programs are no secret of a dealer."""
    actor.require(Permission.INCENTIVES_VIEW)
    rows = session.execute(
        select(IncentiveProgram.id, IncentiveProgram.code, IncentiveProgram.name).order_by(IncentiveProgram.id.desc())
    )
    published = books.plans_of(session)
    return {i: f"{code} {name}" for i, code, name in rows if i in published}


# ---- one claim -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class RunLine:
    """One run of the checks: when, by whom, what it came to."""

    run: int
    made_at: datetime
    made_by: str
    outcome: str
    entitled_cents: int


@dataclass(frozen=True, kw_only=True)
class ClaimPage(ClaimRow):
    """A claim with how its sale stacks now, and every run. `chosen` are codes; what was approved is among them."""

    chosen: tuple[str, ...] = ()
    chosen_cents: int = 0
    losers: tuple[Loser, ...] = ()
    runs: tuple[RunLine, ...] = ()


def claim_page(session: Session, *, item_id: int, actor: Actor, now: datetime) -> ClaimPage:
    """One claim whole; `NotFound` when absent or out of scope."""
    row = claim_view(session, item_id=item_id, actor=actor, now=now)
    runs = session.scalars(
        select(IncentiveRun).where(IncentiveRun.claim_id == item_id).order_by(IncentiveRun.run.desc()).limit(20)
    )
    page = ClaimPage(
        **{f.name: getattr(row, f.name) for f in fields(ClaimRow)},
        runs=tuple(
            RunLine(
                run=r.run, made_at=r.made_at, made_by=r.made_by, outcome=r.outcome, entitled_cents=r.entitled_cents
            )
            for r in runs
        ),
    )  # fmt: skip
    sale = session.get(SaleReport, row.sale_id) if row.sale_id else None
    if sale is None:
        return page
    (fact,) = books.facts_of(session, [sale], today=now.date())
    stacked = claim_store.stack(
        fact, near(fact, books.plans_of(session).values()), prior=claim_store.prior_of(session, sale),
        asked=(row.program,),
    )  # fmt: skip
    return replace(page, chosen=stacked.chosen, chosen_cents=stacked.cents, losers=stacked.losers)
