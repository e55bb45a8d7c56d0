"""Incentive claims as a queue: what waits for whom, due first, fifty a page, with capped counts; a few reads a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from db.core import search
from db.core.actor import Actor
from db.core.area import CAP
from db.core.keyset import beyond
from db.core.permissions import Permission
from db.incentives import books, claim_store
from db.incentives.claim_rows import ClaimRow, claim_rows, claims_seen, others_hands
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


def _in_view(view: str, actor: Actor, *, in_order: bool = True) -> list[ColumnElement[bool]]:
    """What a view holds; `in_order` walks it by what is due, else by state: a count would walk every approved claim."""
    is_open: list[ColumnElement[bool]] = [IncentiveClaim.is_open.is_(True)] if in_order else []
    waiting: list[ColumnElement[bool]] = [*is_open, IncentiveClaim.status.in_(REVIEW)]
    if view == "waiting":
        return waiting
    if view == "mine":  # four eyes; nobody signs twice; what was signed waits for who authorizes
        waiting += others_hands(actor)
        return (
            waiting if actor.can(Permission.INCENTIVES_AUTHORIZE) else [*waiting, IncentiveClaim.signed_cents.is_(None)]
        )
    if view == "returned":
        return [*is_open, IncentiveClaim.status.in_(("entered", "returned"))]
    return [IncentiveClaim.status.in_(DECIDED)] if view == "decided" else []


def _narrowed(filters: Filters) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = []
    for column, value in (
        (IncentiveClaim.status, filters.status or None), (IncentiveClaim.program_id, filters.program_id),
        (IncentiveClaim.dealer_id, filters.dealer_id), (IncentiveClaim.region, filters.region or None),
    ):  # fmt: skip
        if value is not None:
            parts.append(column == value)
    if filters.rule:
        against = ("warn", "missing", "fail")
        parts.append(
            exists().where(
                IncentiveCheck.claim_id == IncentiveClaim.id, IncentiveCheck.run == IncentiveClaim.run,
                IncentiveCheck.rule == filters.rule, IncentiveCheck.level.in_(against),
            )
        )  # fmt: skip
    if filters.least_cents is not None:
        parts.append(IncentiveClaim.claimed_cents >= filters.least_cents)
    if filters.below_cents is not None:
        parts.append(IncentiveClaim.claimed_cents < filters.below_cents)
    if filters.due and filters.now is not None:
        days = int(filters.due) if filters.due.isdecimal() else 0
        parts.append(IncentiveClaim.due_at < filters.now + timedelta(days=days))
    if filters.ids is not None:
        parts.append(IncentiveClaim.id.in_(filters.ids))
    return parts


def list_claims(
    session: Session, *, actor: Actor, filters: Filters, after: Cursor | None = None, limit: int = PAGE
) -> tuple[list[ClaimRow], Cursor | None]:
    """One page and the cursor of the next: what waits is due first, everything else newest first."""
    actor.require(Permission.INCENTIVES_VIEW)
    query = claims_seen(actor).where(*_in_view(filters.view, actor), *_narrowed(filters))
    if filters.view in BY_DUE:
        due, number = IncentiveClaim.due_at, IncentiveClaim.id
        query = query.where(due.is_not(None) if after is None else beyond((due, number), after)).order_by(due, number)
    else:
        query = query.order_by(IncentiveClaim.id.desc())
        if after is not None:
            query = query.where(IncentiveClaim.id < after[1])
    rows = claim_rows(session, query.limit(limit + 1))
    shown = rows[:limit]
    return shown, (shown[-1].due_at, shown[-1].id) if len(rows) > limit else None


def _counted(session: Session, actor: Actor, wanted: dict[str, list[ColumnElement[bool]]]) -> dict[str, int]:
    columns, seen = [], actor.scope.where(IncentiveClaim.dealer_id, IncentiveClaim.region)
    for name, conditions in wanted.items():
        some = select(IncentiveClaim.id).where(seen, *conditions).limit(CAP + 1).subquery()
        columns.append(select(func.count()).select_from(some).scalar_subquery().label(name))
    return dict(session.execute(select(*columns)).one()._mapping)


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
    plain = replace(filters, status="", due="")
    rest, waiting = _narrowed(plain), _in_view("waiting", actor, in_order=False)
    wanted = {s.name: [IncentiveClaim.status == s.name, *rest] for s in FLOW.states}
    wanted["_total"] = [*_in_view(filters.view, actor, in_order=False), *_narrowed(filters)]
    wanted["_late"] = [*waiting, *_narrowed(replace(plain, due="over"))]
    wanted["_soon"] = [*waiting, *_narrowed(replace(plain, due="3"))]
    found = _counted(session, actor, wanted)
    total, late, soon = (found.pop(name) for name in ("_total", "_late", "_soon"))
    return Counts(total=total, late=late, soon=soon, statuses=found)


def first_to_decide(session: Session, *, actor: Actor, filters: Filters, but: int) -> int | None:
    """The claim due first under the filters besides one, which this actor may decide: what opens after a decision."""
    actor.require(Permission.INCENTIVES_VIEW)
    return session.scalar(
        select(IncentiveClaim.id)
        .where(
            actor.scope.where(IncentiveClaim.dealer_id, IncentiveClaim.region), IncentiveClaim.id != but,
            *_in_view("mine", actor), *_narrowed(filters),
        )
        .order_by(IncentiveClaim.due_at, IncentiveClaim.id)
        .limit(1)
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
