"""Reading marketing spend: the lines, what was said before, and what was spent by source, month and place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core.actor import Actor, Scope
from db.core.export_files import ExportColumn
from db.core.labels import local_day
from db.core.problems import NotFound
from db.leads import cohorts
from db.leads.cohorts import check
from db.marketing.rules import is_planned, month_of
from db.marketing.tables import Dealer, MarketingSpend

PAGE = 50
NETWORK = "Whole network"
Cursor = tuple[date, int]
UNKNOWN_FOR = ("product", "state", "person")
"""What spend is not known by: with such a filter there are no costs, rather than wrong ones."""


@dataclass(frozen=True, kw_only=True)
class SpendLine:
    """One line; `month` is its first day, `place` is a dealer, a region or the whole network."""

    spend_id: int
    number: str
    source: str
    month: date
    place: str
    dealer_id: int | None
    region: str | None
    cents: int
    note: str
    is_current: bool
    is_planned: bool
    version: int
    entered_at: datetime
    entered_by: str
    replaces_id: int | None


def _line(row: Any, today: date) -> SpendLine:
    spend = row.MarketingSpend
    return SpendLine(
        spend_id=spend.id, number=spend.number, source=spend.source, month=spend.month,
        place=f"{row.name} ({row.code})" if row.code else spend.region or NETWORK, dealer_id=spend.dealer_id,
        region=spend.region, cents=spend.cents, note=spend.note, is_current=spend.is_current,
        is_planned=is_planned(spend.month, today=today), version=spend.version, entered_at=spend.entered_at,
        entered_by=spend.entered_by, replaces_id=spend.replaces_id,
    )  # fmt: skip


def _lines() -> Any:
    return select(MarketingSpend, Dealer.code, Dealer.name).outerjoin(Dealer, Dealer.id == MarketingSpend.dealer_id)


def _seen(scope: Scope) -> ColumnElement[bool]:
    return scope.where(MarketingSpend.dealer_id, MarketingSpend.region)


def list_spend(
    session: Session, *, scope: Scope, filters: Mapping[str, Any] | None = None, after: Cursor | None = None,
    limit: int = PAGE, now: datetime,
) -> tuple[list[SpendLine], Cursor | None]:  # fmt: skip
    """One page of the lines that count or are planned, newest month first; `filters` as for leads."""
    today = local_day(now, DESK_ZONE)
    wanted = [MarketingSpend.is_current == true(), *_where(scope, check((), filters or {}))]
    if after is not None:
        wanted += [
            MarketingSpend.month <= after[0],
            or_(MarketingSpend.month < after[0], MarketingSpend.id < after[1]),
        ]
    order = (MarketingSpend.month.desc(), MarketingSpend.id.desc())
    rows = session.execute(_lines().where(*wanted).order_by(*order).limit(limit + 1)).all()
    lines = [_line(row, today) for row in rows[:limit]]
    return lines, (lines[-1].month, lines[-1].spend_id) if len(rows) > limit else None


def get_spend(session: Session, *, spend_id: int, actor: Actor, now: datetime) -> SpendLine:
    """One line, also one that was replaced; `NotFound` outside of the actor's scope."""
    row = session.execute(_lines().where(MarketingSpend.id == spend_id, _seen(actor.scope))).one_or_none()
    if row is None:
        raise NotFound("This line of spend")
    return _line(row, local_day(now, DESK_ZONE))


def history_of(session: Session, *, spend_id: int, actor: Actor, now: datetime, most: int = 20) -> list[SpendLine]:
    """What was said before a line, newest first: each line it replaced, with who said it and why it was changed."""
    found: list[SpendLine] = []
    line = get_spend(session, spend_id=spend_id, actor=actor, now=now)
    while line.replaces_id is not None and len(found) < most:
        line = get_spend(session, spend_id=line.replaces_id, actor=actor, now=now)
        found.append(line)
    return found


def _where(scope: Scope, wanted: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    found = [_seen(scope)]
    if "from" in wanted:
        found.append(MarketingSpend.month >= wanted["from"])
    if "to" in wanted:
        found.append(MarketingSpend.month <= wanted["to"])
    for name, column in (
        ("source", MarketingSpend.source), ("region", MarketingSpend.region), ("dealer", MarketingSpend.dealer_id),
    ):  # fmt: skip
        if name in wanted:
            found.append(column.in_(wanted[name]))
    return found


@dataclass(frozen=True, kw_only=True)
class CostRow:
    """What a cell cost and what came of it. `cents` is None where nobody entered spend, which is not the same as 0.

    `counts` are the measures of the leads received in the same months (see `cohorts`); `planned_cents` counts nowhere.
    """

    keys: Mapping[str, Any]
    cents: int | None
    planned_cents: int
    counts: Mapping[str, int]

    @property
    def is_without_lead(self) -> bool:
        """Money was spent and no lead came."""
        return bool(self.cents) and not self.counts.get("received", 0)

    @property
    def is_without_spend(self) -> bool:
        """Leads came and nobody entered what they cost."""
        return self.cents is None and self.counts.get("received", 0) > 0


def cost_rows(
    session: Session, *, scope: Scope, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None, now: datetime
) -> list[CostRow]:
    """Spend beside the leads received in the same months, by month, source, region or dealer; nobody is dropped.

    A source with spend and no lead has a row, and so has one with leads and no spend. By region, spend of the whole
    network stands in a row of its own; by dealer, only spend of dealers is there. Planned months count nowhere.
    """
    wanted = check(by, filters or {})
    is_known = not any(name in wanted for name in UNKNOWN_FOR)
    counted: dict[tuple[Any, ...], dict[str, int]] = {}
    for row in cohorts.counts(session, scope=scope, by=by, filters=wanted, now=now):
        counted[tuple(row[dim] for dim in by)] = {k: v for k, v in row.items() if k not in by}
    spent = _spent(session, scope=scope, by=by, wanted=wanted, today=local_day(now, DESK_ZONE)) if is_known else {}
    keys = sorted({*counted, *spent}, key=lambda key: tuple(map(str, key)))
    return [
        CostRow(
            keys=dict(zip(by, key, strict=True)), cents=spent.get(key, (None, 0))[0],
            planned_cents=spent.get(key, (None, 0))[1], counts=counted.get(key, {}),
        )
        for key in keys
    ]  # fmt: skip


def _spent(
    session: Session, *, scope: Scope, by: Sequence[str], wanted: Mapping[str, Any], today: date
) -> dict[tuple[Any, ...], tuple[int | None, int]]:
    columns: dict[str, Any] = {
        "month": MarketingSpend.month, "source": MarketingSpend.source,
        "region": func.coalesce(MarketingSpend.region, NETWORK), "dealer": MarketingSpend.dealer_id,
    }  # fmt: skip
    where = [MarketingSpend.is_current == true(), *_where(scope, wanted)]
    if "dealer" in by:
        where.append(MarketingSpend.dealer_id.is_not(None))
    is_past = MarketingSpend.month <= month_of(today)
    query = select(
        *(columns[dim].label(f"by_{dim}") for dim in by),
        func.sum(case((is_past, MarketingSpend.cents))).label("cents"),
        func.sum(case((and_(~is_past), MarketingSpend.cents), else_=0)).label("planned"),
    ).where(*where)
    if by:
        query = query.group_by(*(columns[dim] for dim in by))
    return {
        tuple(getattr(row, f"by_{dim}") for dim in by): (
            None if row.cents is None else int(row.cents), int(row.planned or 0)
        )
        for row in session.execute(query)
    }  # fmt: skip


COLUMNS: tuple[ExportColumn, ...] = (
    ExportColumn(name="number", label="Number"), ExportColumn(name="month", label="Month", kind="date"),
    ExportColumn(name="source", label="Source"), ExportColumn(name="place", label="Place"),
    ExportColumn(name="amount", label="Amount", kind="money"), ExportColumn(name="state", label="State"),
    ExportColumn(name="note", label="Note"), ExportColumn(name="entered_by", label="Entered by"),
    ExportColumn(name="entered_at", label="Entered", kind="datetime"),
)  # fmt: skip


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """Every line of the scope, also replaced ones, newest month first."""
    today = local_day(now, DESK_ZONE)
    query = _lines().where(*_where(scope, check((), filters)))
    for row in session.execute(query.order_by(MarketingSpend.month.desc(), MarketingSpend.id.desc())):
        line = _line(row, today)
        state = "Replaced" if not line.is_current else "Planned" if line.is_planned else "Counted"
        yield (
            line.number, line.month, line.source, line.place, line.cents, state, line.note, line.entered_by,
            line.entered_at,
        )  # fmt: skip
