"""Proposed terms as a queue: what waits, what was decided, and one of them with everything its decider asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, select, true
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import CAP
from db.core.keyset import beyond
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.terms import rules
from db.terms.flow import FLOW
from db.terms.proposals import held_on
from db.terms.rules import Kind, Value
from db.terms.tables import TermChange

PAGE = 50
Cursor = tuple[datetime, int]


@dataclass(frozen=True, kw_only=True)
class ChangeFilters:
    """What a list of proposals is narrowed to; `is_open` false gives the decided ones, newest first."""

    is_open: bool = True
    region: str = ""
    kind: str = ""
    dealer_id: int | None = None
    past_only: bool = False


@dataclass(frozen=True, kw_only=True)
class ChangeRow:
    """One proposal as lists show it; `base` is what held on its day when it was asked for."""

    id: int
    number: str
    status: str
    version: int
    dealer_id: int
    dealer: str
    dealer_code: str
    region: str
    kind: str
    value: Value
    base: Value
    valid_from: date
    changes_past: bool
    reason: str
    submitted_by: str
    submitted_name: str
    created_at: datetime
    due_at: datetime | None
    updated_by: str
    decided_at: datetime | None
    decision_note: str

    @property
    def of(self) -> Kind:
        """The kind of term."""
        return rules.BY_NAME[self.kind]

    @property
    def value_label(self) -> str:
        """What is asked for."""
        return rules.value_label(self.of, self.value)

    @property
    def base_label(self) -> str:
        """What held when it was asked for."""
        return rules.value_label(self.of, self.base)

    @property
    def difference(self) -> str:
        """What it means."""
        return rules.difference_label(self.of, self.base, self.value)

    @property
    def day(self) -> str:
        """From which day."""
        return rules.day_label(self.valid_from)


@dataclass(frozen=True, kw_only=True)
class ChangePage:
    """One proposal for its drawer: the row, what holds on its day now and who approved that, and earlier proposals."""

    row: ChangeRow
    held: Value
    held_by: str
    earlier: tuple[ChangeRow, ...]

    # What the shared drawer asks of a record.
    @property
    def id(self) -> int:
        """The proposal's id."""
        return self.row.id

    @property
    def number(self) -> str:
        """The proposal's number."""
        return self.row.number

    @property
    def status(self) -> str:
        """The state of the flow."""
        return self.row.status

    @property
    def version(self) -> int:
        """What goes back with a decision."""
        return self.row.version

    @property
    def submitted_by(self) -> str:
        """The user name of who asked."""
        return self.row.submitted_by

    @property
    def suggested_step(self) -> str:
        """What the drawer proposes: a stale proposal can only be rejected."""
        return "reject" if self.is_stale else ""

    @property
    def is_stale(self) -> bool:
        """Whether what holds on its day was changed since it was asked for; then it cannot be approved."""
        return self.status == FLOW.initial and self.held != self.row.base


def _rows(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(
            TermChange.id, TermChange.number, TermChange.status, TermChange.version, TermChange.dealer_id,
            Dealer.name.label("dealer"), Dealer.code.label("dealer_code"), TermChange.region, TermChange.kind,
            TermChange.number_value, TermChange.word, TermChange.base_number, TermChange.base_word,
            TermChange.valid_from, TermChange.changes_past, TermChange.reason, TermChange.submitted_by,
            TermChange.submitted_name, TermChange.created_at, TermChange.due_at, TermChange.updated_by,
            TermChange.decided_at, TermChange.decision_note,
        )
        .join(Dealer, Dealer.id == TermChange.dealer_id)
        .where(scope.where(TermChange.dealer_id, TermChange.region))
    )  # fmt: skip


def _row(found: Any) -> ChangeRow:
    values = dict(found._mapping)
    number, word = values.pop("number_value"), values.pop("word")
    base_number, base_word = values.pop("base_number"), values.pop("base_word")
    return ChangeRow(
        **values, value=number if word is None else word, base=base_number if base_word is None else base_word
    )


def _conditions(filters: ChangeFilters) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = [TermChange.is_open == (true() if filters.is_open else false())]
    if filters.region:
        parts.append(TermChange.region == filters.region)
    if filters.kind:
        parts.append(TermChange.kind == filters.kind)
    if filters.dealer_id is not None:
        parts.append(TermChange.dealer_id == filters.dealer_id)
    if filters.past_only:
        parts.append(TermChange.changes_past == true())
    return parts


def list_changes(
    session: Session, *, scope: Scope, filters: ChangeFilters | None = None, after: Cursor | None = None,
    limit: int = PAGE,
) -> tuple[list[ChangeRow], Cursor | None]:  # fmt: skip
    """One page and the cursor of the next: open ones due first, decided ones newest first."""
    chosen = filters or ChangeFilters()
    query = _rows(scope).where(*_conditions(chosen))
    # Closed proposals promise nothing, so their place in the list is the moment they were decided.
    at = TermChange.due_at if chosen.is_open else TermChange.updated_at
    if after is not None:
        query = query.where(beyond((at, TermChange.id), after, falls=not chosen.is_open))
    order = (at, TermChange.id) if chosen.is_open else (at.desc(), TermChange.id.desc())
    found = [_row(r) for r in session.execute(query.order_by(*order).limit(limit + 1))]
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        moment = last.due_at if chosen.is_open else last.decided_at
        assert moment is not None
        following = (moment, last.id)
    return found[:limit], following


def count_changes(
    session: Session, *, scope: Scope, filters: ChangeFilters | None = None, due_before: datetime | None = None,
    not_by: str = "",
) -> int:  # fmt: skip
    """How many there are, counted up to `CAP` + 1; `not_by` leaves out what this person asked for."""
    wanted = [scope.where(TermChange.dealer_id, TermChange.region), *_conditions(filters or ChangeFilters())]
    if due_before is not None:
        wanted.append(TermChange.due_at < due_before)
    if not_by:
        wanted.append(TermChange.submitted_by != not_by)
    some = select(TermChange.id).where(*wanted).limit(CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def get_change(session: Session, *, item_id: int, actor: Actor, now: datetime) -> ChangePage:
    """One proposal with what its decider asks; raises `NotFound`."""
    found = session.execute(_rows(actor.scope).where(TermChange.id == item_id)).one_or_none()
    if found is None:
        raise NotFound("This proposal")
    row = _row(found)
    key = (row.dealer_id, row.kind, row.valid_from)
    held = held_on(session, [key])[key]
    earlier = session.execute(
        _rows(actor.scope)
        .where(TermChange.dealer_id == row.dealer_id, TermChange.kind == row.kind, TermChange.id < row.id)
        .order_by(TermChange.id.desc())
        .limit(8)
    )
    return ChangePage(row=row, held=held.value, held_by=held.by, earlier=tuple(_row(r) for r in earlier))


def open_of_dealer(session: Session, *, dealer_id: int, scope: Scope, limit: int = 20) -> list[ChangeRow]:
    """What waits for a decision at one dealer, due first."""
    rows, _ = list_changes(session, scope=scope, filters=ChangeFilters(dealer_id=dealer_id), limit=limit)
    return rows
