"""What the queue of claims is narrowed to, as conditions of one question or of every question of its shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, exists, func

from db.claims.flow import FLOW
from db.claims.tables import Claim, ClaimFinding
from db.core.actor import Actor
from db.core.shapes import ScopeShape, given, shape_of, values_of, within

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


def in_view(view: str, actor: Asker, levels: Any) -> list[ColumnElement[bool]]:
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


def narrowed(filters: ClaimFilters, actor: Asker, *, named: bool = False) -> list[ColumnElement[bool]]:
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
        actor.scope.where(Claim.dealer_id, Claim.region), *in_view(filters.view, actor, filters.levels),
        *narrowed(filters, actor),
    ]  # fmt: skip


@dataclass(frozen=True)
class Shape:
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
        return in_view(name, self.actor, bindparam("levels", expanding=True))

    def by_state(self) -> list[ColumnElement[bool]]:
        """Every state there is, where a view of all states is narrowed by the day something is due.

        Few claims are due: they are found in the index by state and day. Without it all that was ever sent is read.
        """
        is_wide = bool(self.filters.due) and self.filters.view in ("all", "decided")
        return [Claim.status.in_([s.name for s in FLOW.states])] if is_wide else []

    def order(self, column: Any) -> Any:
        """What such a view is sorted by: its few claims are sorted, and no index is walked for it."""
        return func.coalesce(column, column) if self.by_state() else column

    def narrowed(self, **others: Any) -> list[ColumnElement[bool]]:
        """The conditions of the filters, some of them other than chosen."""
        return narrowed(replace(self.filters, **others), self.actor, named=True)


_BLANK: Final[Mapping[str, Any]] = {
    "dealer_id": 0, "region": "given", "claim_type": "given", "rule": "given", "least_cents": 0, "below_cents": 0,
    "ids": (0,),
}  # fmt: skip


def shape_for(filters: ClaimFilters, actor: Actor) -> tuple[Shape, dict[str, Any]]:
    """The shape of a question, and what it is asked with."""
    blank = {name: value for name, value in _BLANK.items() if getattr(filters, name) not in (None, "")}
    values = {name: getattr(filters, name) for name in ("status", *blank)}
    values |= {"username": actor.username, "me": actor.user_id, "levels": filters.levels, **values_of(actor.scope)}
    if filters.now is not None:
        values |= {f"due_{due}": due_before(due, filters.now) for due in {*DUE, filters.due}}
    # Whether there is a moment to count from is part of the question; which one it is, is not.
    now = None if filters.now is None else datetime(1, 1, 1, tzinfo=UTC)
    shape = replace(filters, levels=(), text="", now=now, flagged=now is not None, **blank)
    return Shape(shape, shape_of(actor.scope), actor.role.is_dealer), values
