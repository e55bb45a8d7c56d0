"""What old parts add to my work, search, exports and the page of a dealer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import CAP, DealerLine, SearchResult, WorkCount, WorkLine
from db.core.export_files import ExportColumn
from db.core.permissions import Permission
from db.part_returns.flow import FLOW
from db.part_returns.queries import (
    CLOSED,
    PAGE_FILE,
    Cursor,
    ReturnFilters,
    late,
    list_returns,
    returns_by_id,
    rows_of,
)
from db.part_returns.rules import DISPOSITIONS, FINDINGS, money
from db.part_returns.tables import PartReturn

OUR_TURN = ("received", "inspected")
TO_DO: Mapping[str, str] = {
    "received": "Inspect it", "inspected": "Say what becomes of it", "requested": "Send it in with its label",
}  # fmt: skip


def _waits_for(actor: Actor) -> tuple[str, ...]:
    return OUR_TURN if actor.can(Permission.RETURNS_RECEIVE) else ("requested",)


def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """Parts to inspect or settle for us, parts to send in for the dealer; due first."""
    rows = [
        row
        for state in _waits_for(actor)
        for row in list_returns(session, actor=actor, filters=ReturnFilters(view=state), now=now, limit=limit)[0]
    ]
    return [
        WorkLine(
            item_type="part_return", item_id=row.id, number=row.number, title=f"Old part: {row.part}",
            status="Overdue" if row.is_late(now) else FLOW.state(row.status).label,
            tone="red" if row.is_late(now) else FLOW.state(row.status).tone, due_at=row.due_at,
            why="Send it back or pay for it" if row.back_owed else TO_DO[row.status], page=PAGE_FILE,
            query={"rma": str(row.id)}, dealer=row.dealer,
        )
        for row in sorted(rows, key=lambda r: (r.due_at, r.id))[:limit]
    ]  # fmt: skip


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How many old parts wait for this actor, and how many of them are overdue."""
    r = PartReturn
    waiting = select(r.id).where(actor.scope.where(r.dealer_id, r.region), r.status.in_(_waits_for(actor)))
    count, behind = (
        session.scalar(select(func.count()).select_from(query.limit(CAP + 1).subquery())) or 0
        for query in (waiting, waiting.where(late(now)))
    )
    return [WorkCount(label="Old parts", count=count, overdue=behind, page=PAGE_FILE)] if count else []


def found_returns(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Old parts the search box found, without those the actor may not see."""
    rows = {row.id: row for row in returns_by_id(session, ids=ids, actor=actor)}
    return [
        SearchResult(
            kind="part_return", item_id=i, title=f"{rows[i].number} {rows[i].part}",
            subtitle=f"{rows[i].dealer} · {rows[i].claim} · {FLOW.state(rows[i].status).label}", page=PAGE_FILE,
            query={"rma": str(i)},
        )
        for i in ids
        if i in rows
    ]  # fmt: skip


COLUMNS = (
    ExportColumn(name="number", label="RMA"), ExportColumn(name="status", label="State"),
    ExportColumn(name="dealer_code", label="Dealer code"), ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="region", label="Region"), ExportColumn(name="claim", label="Claim"),
    ExportColumn(name="vin", label="VIN"), ExportColumn(name="part", label="Part"),
    ExportColumn(name="part_name", label="Part name"), ExportColumn(name="serial", label="Serial number"),
    ExportColumn(name="paid", label="Paid for it", kind="money"),
    ExportColumn(name="disposition", label="At the decision"), ExportColumn(name="why", label="Why"),
    ExportColumn(name="hold_until", label="Keep until", kind="date"),
    ExportColumn(name="due_on", label="Send in by", kind="date"),
    ExportColumn(name="requested_at", label="Asked for", kind="datetime"),
    ExportColumn(name="carrier", label="Carrier"), ExportColumn(name="tracking", label="Tracking number"),
    ExportColumn(name="shipped_at", label="Shipped", kind="datetime"),
    ExportColumn(name="received_at", label="Received", kind="datetime"),
    ExportColumn(name="inspected_at", label="Inspected", kind="datetime"),
    ExportColumn(name="finding", label="Finding"), ExportColumn(name="finding_note", label="What was seen"),
    ExportColumn(name="charged", label="Charged", kind="money"),
)  # fmt: skip


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """Every old part the filters keep, page by page, in the order of `COLUMNS`."""
    dealer, state = str(filters.get("dealer_id") or ""), str(filters.get("state") or "")
    chosen = ReturnFilters(
        view=str(filters.get("view") or "open"), region=str(filters.get("region") or ""),
        dealer_id=int(dealer) if dealer.isdecimal() else None, late=bool(filters.get("late")),
        state=state if state in CLOSED else "",
    )  # fmt: skip
    after: Cursor | None = None
    while True:
        rows, after = list_returns(session, actor=actor, filters=chosen, now=now, after=after, limit=500)
        for r in rows:
            if scope.allows(dealer_id=r.dealer_id, region=r.region):
                yield (
                    r.number, FLOW.state(r.status).label, r.dealer_code, r.dealer, r.region, r.claim, r.vin,
                    r.part_number, r.part_name, r.serial, r.part_cents, DISPOSITIONS.get(r.disposition, r.disposition),
                    r.why, r.hold_until, r.due_on, r.requested_at, r.carrier, r.tracking, r.shipped_at, r.received_at,
                    r.inspected_at, FINDINGS.get(r.finding, ""), r.finding_note, r.charged_cents,
                )  # fmt: skip
        if after is None:
            return


def dealer_lines(
    session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None
) -> list[DealerLine]:
    """Old parts of one dealer to speak about: what should have come, and what was charged since the last contact."""
    r = PartReturn
    overdue = rows_of(actor.scope).where(
        r.dealer_id == dealer_id, r.status == "requested", late(now), r.is_open == true()
    )
    charged = rows_of(actor.scope).where(r.dealer_id == dealer_id, r.status == "missing")
    if since is not None:
        charged = charged.where(r.due_at > since)
    found = [
        DealerLine(
            kind="overdue", title=f"{row.number}: the old {row.part_name or row.part_number} did not come",
            detail=f"{row.claim}, due by {row.due_on}", at=row.due_at, page=PAGE_FILE, query={"rma": str(row.id)},
        )
        for row in session.execute(overdue.order_by(r.due_at, r.id).limit(5))
    ]  # fmt: skip
    return found + [
        DealerLine(
            kind="changed", title=f"{row.number}: {money(row.charged_cents)} charged, the old part did not come",
            detail=f"{row.claim}, {row.part_name or row.part_number}", at=row.closed_at, page=PAGE_FILE,
            query={"rma": str(row.id)},
        )
        for row in session.execute(charged.order_by(r.due_at.desc(), r.id.desc()).limit(5))
    ]  # fmt: skip
