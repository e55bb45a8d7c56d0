"""Lists of requests and of claims: what narrows them, one page, how many; both queues read alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from db.coop.queue_tables import CoopClaim, CoopRequest
from db.coop.request_rules import Filters
from db.core.actor import Scope
from db.core.area import CAP
from db.core.keyset import beyond

PAGE = 50
MOST = ("approved",)
"""States in which claims stay."""
Cursor = tuple[datetime, int]
Table = type[CoopClaim] | type[CoopRequest]
States = Mapping[str, tuple[str, ...]]
Row = TypeVar("Row")


def conditions(table: Table, states: States, filters: Filters) -> list[ColumnElement[bool]]:
    """The rows a view shows, narrowed; a view without states of its own shows what has ended."""
    named = states.get(filters.view)
    if table is CoopClaim and named and set(named) & set(MOST):
        # Most of all there ever was: walked in the order of the list, so no index on the state must tempt to sort.
        parts: list[ColumnElement[bool]] = [(table.status + "").in_(named)]
    else:
        parts = [table.status.in_(named) if named else table.is_open.is_(False)]
    if filters.region:
        parts.append(table.region == filters.region)
    if filters.medium:
        parts.append(table.medium == filters.medium)
    if filters.dealer_id is not None:
        parts.append(table.dealer_id == filters.dealer_id)
    return parts


def page_of(
    session: Session, table: Table, query: Select[Any], row: type[Row], *, rises: bool, after: Cursor | None, limit: int
) -> tuple[list[Row], Cursor | None]:
    """One page and the cursor of the next: by the time it is due when it `rises`, else last changed first."""
    at: Any = table.due_at if rises else table.updated_at
    if after is not None:
        query = query.where(beyond((at, table.id), after, falls=not rises))
    order = (at, table.id) if rises else (at.desc(), table.id.desc())
    found: list[Any] = [row(**r._mapping) for r in session.execute(query.order_by(*order).limit(limit + 1))]
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    moment = last.due_at if rises else last.updated_at
    return found[:limit], (moment, last.id) if moment is not None else None


def count_of(
    session: Session, table: Table, *, scope: Scope, wanted: list[ColumnElement[bool]], due_before: datetime | None
) -> int:
    """How many there are in scope, counted up to `CAP` + 1."""
    late = [] if due_before is None else [table.due_at < due_before]
    some = select(table.id).where(scope.where(table.dealer_id, table.region), *wanted, *late).limit(CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
