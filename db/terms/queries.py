"""Which terms hold for whom on a day; days are the dealer's own. The date of a claim gives the rate of that date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.export_files import ExportColumn
from db.core.export_files import ExportKind as ColumnKind
from db.core.keyset import beyond
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.terms import rules
from db.terms.rules import BY_NAME, KINDS, Value
from db.terms.tables import DealerTerm, TermChange

PAGE = 50
Cursor = tuple[str, int]
_CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class TermsFilters:
    """What a list of terms is narrowed to; empty means everything."""

    region: str = ""
    tier: str = ""
    missing: bool = False


@dataclass(frozen=True, kw_only=True)
class TermsRow:
    """The terms of one dealer on a day, by the name of the kind; kinds without a value are left out."""

    dealer_id: int
    code: str
    name: str
    name_key: str
    region: str
    status: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TermLine:
    """One step in the history of a term: from which day which value, approved by whom, and why it was asked for."""

    valid_from: date
    value: Value
    recorded_at: datetime
    recorded_by: str
    submitted_by: str
    reason: str
    change_id: int
    number: str
    changed_past: bool


def held_rows(on: date, *conditions: ColumnElement[bool]) -> Select[int, str, int | None, str | None, str]:
    """(dealer, kind, number, word, who approved it) of what holds on a day, one row for each dealer and kind."""
    newest_first = (DealerTerm.valid_from.desc(), DealerTerm.id.desc())
    place = func.row_number().over(partition_by=(DealerTerm.dealer_id, DealerTerm.kind), order_by=newest_first)
    newest = (
        select(
            DealerTerm.dealer_id, DealerTerm.kind, DealerTerm.number, DealerTerm.word, DealerTerm.recorded_by,
            place.label("place"),
        )
        .where(DealerTerm.valid_from <= on, *conditions)
        .subquery()
    )  # fmt: skip
    columns = newest.c
    return select(columns.dealer_id, columns.kind, columns.number, columns.word, columns.recorded_by).where(
        columns.place == 1
    )


def _value(number: int | None, word: str | None) -> Value:
    return number if word is None else word


def _require_dealer(session: Session, dealer_id: int, scope: Scope) -> None:
    if session.scalar(select(Dealer.id).where(Dealer.id == dealer_id, scope.where(Dealer.id, Dealer.region))) is None:
        raise NotFound("This dealer")


def term_on(session: Session, *, dealer_id: int, kind: str, on: date, scope: Scope) -> Value:
    """The value of one term of one dealer on a day, None when it has none; raises `NotFound` outside of the scope."""
    _require_dealer(session, dealer_id, scope)
    row = session.execute(held_rows(on, DealerTerm.dealer_id == dealer_id, DealerTerm.kind == kind)).one_or_none()
    return _value(row.number, row.word) if row is not None else None


def terms_on(session: Session, *, dealer_id: int, on: date, scope: Scope) -> dict[str, Value]:
    """Every term of one dealer on a day, by kind in their order, None where it has none; raises `NotFound`."""
    _require_dealer(session, dealer_id, scope)
    found = {
        kind: _value(number, word)
        for _, kind, number, word, _ in session.execute(held_rows(on, DealerTerm.dealer_id == dealer_id))
    }
    return {kind.name: found.get(kind.name) for kind in KINDS}


def tiers_on(session: Session, *, scope: Scope, on: date) -> dict[int, str]:
    """The tier of each dealer of a scope on a day; dealers without one are left out. One statement."""
    rows = session.execute(
        held_rows(on, DealerTerm.kind == "tier", scope.where(DealerTerm.dealer_id, DealerTerm.region))
    )
    return {dealer_id: word for dealer_id, _, _, word, _ in rows if word is not None}


def values_of(session: Session, *, dealer_ids: Sequence[int], on: date, scope: Scope) -> dict[int, dict[str, Value]]:
    """The terms of some dealers of a scope on a day; kinds without a value are left out."""
    found: dict[int, dict[str, Value]] = {}
    ids = sorted(set(dealer_ids))
    for start in range(0, len(ids), _CHUNK):
        some = DealerTerm.dealer_id.in_(ids[start : start + _CHUNK])
        for dealer_id, kind, number, word, _ in session.execute(
            held_rows(on, some, scope.where(DealerTerm.dealer_id, DealerTerm.region))
        ):
            value = _value(number, word)
            if value is not None:
                found.setdefault(dealer_id, {})[kind] = value
    return found


def _dealers(scope: Scope, filters: TermsFilters, on: date) -> list[ColumnElement[bool]]:
    parts = [scope.where(Dealer.id, Dealer.region), Dealer.status != "terminated"]
    if filters.region:
        parts.append(Dealer.region == filters.region)
    if filters.tier:
        held = held_rows(on, DealerTerm.kind == "tier").subquery()
        parts.append(Dealer.id.in_(select(held.c.dealer_id).where(held.c.word == filters.tier)))
    if filters.missing:
        held = held_rows(on, DealerTerm.kind.in_(rules.NEEDED)).subquery()
        complete = (
            select(held.c.dealer_id)
            .where(held.c.number.is_not(None))
            .group_by(held.c.dealer_id)
            .having(func.count() == len(rules.NEEDED))
        )
        parts += [Dealer.status == "active", Dealer.id.not_in(complete)]
    return parts


def list_terms(
    session: Session, *, scope: Scope, on: date, filters: TermsFilters | None = None, after: Cursor | None = None,
    limit: int = PAGE,
) -> tuple[list[TermsRow], Cursor | None]:  # fmt: skip
    """One page of dealers by name with their terms on a day, and the cursor of the next; terminated ones left out."""
    query = select(Dealer.id, Dealer.code, Dealer.name, Dealer.name_key, Dealer.region, Dealer.status).where(
        *_dealers(scope, filters or TermsFilters(), on)
    )
    if after is not None:
        query = query.where(beyond((Dealer.name_key, Dealer.id), after))
    rows = session.execute(query.order_by(Dealer.name_key, Dealer.id).limit(limit + 1)).all()
    shown = rows[:limit]
    values = values_of(session, dealer_ids=[r.id for r in shown], on=on, scope=scope)
    following = (shown[-1].name_key, shown[-1].id) if len(rows) > limit else None
    return [
        TermsRow(
            dealer_id=r.id, code=r.code, name=r.name, name_key=r.name_key, region=r.region, status=r.status,
            values=values.get(r.id, {}),
        )
        for r in shown
    ], following  # fmt: skip


def count_terms(session: Session, *, scope: Scope, on: date, filters: TermsFilters | None = None) -> int:
    """How many dealers a list of terms has on all its pages."""
    conditions = _dealers(scope, filters or TermsFilters(), on)
    return session.scalar(select(func.count()).select_from(Dealer).where(*conditions)) or 0


def term_history(session: Session, *, dealer_id: int, kind: str, scope: Scope, limit: int = 50) -> list[TermLine]:
    """Everything ever recorded for one term of one dealer, the latest beginning first; raises `NotFound`."""
    _require_dealer(session, dealer_id, scope)
    rows = session.execute(
        select(DealerTerm, TermChange)
        .join(TermChange, TermChange.id == DealerTerm.change_id)
        .where(DealerTerm.dealer_id == dealer_id, DealerTerm.kind == kind)
        .order_by(DealerTerm.valid_from.desc(), DealerTerm.id.desc())
        .limit(limit)
    )
    return [
        TermLine(
            valid_from=term.valid_from, value=_value(term.number, term.word), recorded_at=term.recorded_at,
            recorded_by=term.recorded_by, submitted_by=change.submitted_name, reason=change.reason, change_id=change.id,
            number=change.number, changed_past=change.changes_past,
        )
        for term, change in rows
    ]  # fmt: skip


def today_of(session: Session, *, dealer_id: int, scope: Scope, now: datetime) -> date:
    """The day it is at a dealer; raises `NotFound`."""
    zone = session.scalar(select(Dealer.zone).where(Dealer.id == dealer_id, scope.where(Dealer.id, Dealer.region)))
    if zone is None:
        raise NotFound("This dealer")
    return now.astimezone(ZoneInfo(zone)).date()


# ---- export ----------------------------------------------------------------------------------------------------------
_KINDS: dict[str, ColumnKind] = {
    "word": "text", "money": "money", "rate": "money", "percent": "percent", "days": "integer", "count": "integer",
    "hours": "decimal",
}  # fmt: skip
COLUMNS = (
    ExportColumn(name="on", label="On", kind="date"),
    ExportColumn(name="code", label="Dealer code"),
    ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="region", label="Region"),
    ExportColumn(name="status", label="Status"),
    *(ExportColumn(name=k.name, label=k.label, kind=_KINDS[k.unit]) for k in KINDS),
)


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """The terms in force of every dealer of the scope on the day `on` (default: today where the actor is), by name."""
    asked = filters.get("on")
    on = date.fromisoformat(str(asked)) if asked else now.astimezone(ZoneInfo(actor.zone)).date()
    chosen = TermsFilters(region=str(filters.get("region") or ""), tier=str(filters.get("tier") or ""))
    after: Cursor | None = None
    while True:
        rows, after = list_terms(session, scope=scope, on=on, filters=chosen, after=after, limit=_CHUNK)
        for row in rows:
            yield (on, row.code, row.name, row.region, row.status, *(_cell(k, row.values.get(k)) for k in BY_NAME))
        if after is None:
            return


def _cell(kind: str, value: Value) -> Any:
    if value is None or isinstance(value, str):
        return value
    # The file holds a share as a fraction and hours as a number; money stays in cents.
    return {"percent": value / 10_000, "hours": value / 100}.get(BY_NAME[kind].unit, value)
