"""What ends when: the calendar of the next twelve months, and the documents behind each week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.area import CAP
from db.dealers.tables import Dealer
from db.documents.queries import PAGE, DocumentRow, as_row, base
from db.documents.tables import Document

Cursor = tuple[date, int]
WEEKS = 53


@dataclass(frozen=True, kw_only=True)
class ExpiryFilters:
    """What ends between two days (both included; None is open) of some types, in a region, at one dealer."""

    first: date | None = None
    last: date | None = None
    types: tuple[str, ...] = ()
    region: str = ""
    dealer_id: int | None = None


@dataclass(frozen=True)
class Week:
    """How many current documents end in the week that begins on `monday`."""

    monday: date
    count: int


def _condition(scope: Scope, filters: ExpiryFilters) -> ColumnElement[bool]:
    """Current documents with an end; those of terminated dealers and prospects need no renewal."""
    parts: list[ColumnElement[bool]] = [
        scope.where(Document.dealer_id, Document.region), Document.status == "current",
        Document.expires_on.is_not(None), Dealer.status.not_in(("terminated", "prospect")),
    ]  # fmt: skip
    if filters.first is not None:
        parts.append(Document.expires_on >= filters.first)
    if filters.last is not None:
        parts.append(Document.expires_on <= filters.last)
    if filters.types:
        parts.append(Document.document_type.in_(filters.types))
    if filters.region:
        parts.append(Document.region == filters.region)
    if filters.dealer_id is not None:
        parts.append(Document.dealer_id == filters.dealer_id)
    return and_(*parts)


def expiring(
    session: Session, *, scope: Scope, filters: ExpiryFilters, now: datetime, after: Cursor | None = None,
    limit: int = PAGE,
) -> tuple[list[DocumentRow], Cursor | None]:  # fmt: skip
    """One page of documents by the day they end, the longest expired first, and the cursor of the next page."""
    query = base(scope).where(_condition(scope, filters))
    if after is not None:
        query = query.where(
            Document.expires_on >= after[0], or_(Document.expires_on > after[0], Document.id > after[1])
        )
    found = session.execute(query.order_by(Document.expires_on, Document.id).limit(limit + 1)).all()
    rows = [as_row(one, now) for one in found]
    last = rows[limit - 1] if len(rows) > limit else None
    following = (last.expires_on, last.id) if last is not None and last.expires_on is not None else None
    return rows[:limit], following


def count_expiring(session: Session, *, scope: Scope, filters: ExpiryFilters) -> int:
    """How many such documents there are, counted up to `CAP` + 1."""
    query = select(Document.id).join(Dealer, Dealer.id == Document.dealer_id).where(_condition(scope, filters))
    return session.scalar(select(func.count()).select_from(query.limit(CAP + 1).subquery())) or 0


def expiry_weeks(
    session: Session, *, scope: Scope, filters: ExpiryFilters, today: date, weeks: int = WEEKS
) -> list[Week]:
    """How many documents end in each of the coming weeks, empty weeks too; the first is the one `today` lies in."""
    monday = today - timedelta(days=today.weekday())
    end = monday + timedelta(days=7 * weeks - 1)
    query = (
        select(Document.expires_on, func.count().label("n"))
        .join(Dealer, Dealer.id == Document.dealer_id)
        .where(_condition(scope, filters), Document.expires_on >= monday, Document.expires_on <= end)
        .group_by(Document.expires_on)
    )
    counts = [0] * weeks
    for day, n in session.execute(query):
        assert day is not None
        counts[(day - monday).days // 7] += n
    return [Week(monday + timedelta(days=7 * position), n) for position, n in enumerate(counts)]
