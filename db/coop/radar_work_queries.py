"""Expiring co-op money in My work: for whoever reminds what nobody was reminded of, for a dealer what is their own."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from db.coop.radar_queries import RadarFilters, RadarRow, list_radar, radar_totals
from db.coop.say_rules import day, money
from db.core.actor import Actor
from db.core.area import WorkCount, WorkLine
from db.core.permissions import Permission

RADAR_PAGE = "pages/coop/coop_radar.py"
DAYS = 30


def _filters(actor: Actor) -> RadarFilters | None:
    """What waits for this actor: money within 30 days that no reminder has spoken of; a dealer's own whatever was."""
    if actor.role.is_dealer:
        return RadarFilters(window=DAYS) if actor.can(Permission.COOP_REQUEST) else None
    return RadarFilters(window=DAYS, unreminded=True) if actor.can(Permission.COOP_DECIDE) else None


def over_at(row: RadarRow) -> datetime:
    """The moment the first money of a row is gone: the end of its last day where the dealer is."""
    after = datetime.combine(row.first_on + timedelta(days=1), time(), ZoneInfo(row.zone))
    return after.astimezone(UTC)


def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """A line a dealer whose money expires within 30 days, soonest first."""
    filters = _filters(actor)
    if filters is None:
        return []
    rows, _ = list_radar(session, scope=actor.scope, now=now, filters=filters, limit=limit)
    lines = [
        WorkLine(
            item_type="coop_expiry", item_id=r.dealer_id, number=r.code, status="Expires", tone="orange",
            title=f"{money(r.risk_cents)} of co-op expires from {day(r.first_on)} on", due_at=over_at(r),
            dealer=r.dealer, why="Start a request" if actor.role.is_dealer else "Remind the dealer", page=RADAR_PAGE,
            query={"crd_dealer": str(r.dealer_id)},
        )
        for r in rows
    ]  # fmt: skip
    return sorted(lines, key=lambda w: (w.due_at or now, w.number))


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How many dealers have money that expires within 30 days and nobody reminded."""
    filters = _filters(actor)
    if filters is None:
        return []
    count = radar_totals(session, scope=actor.scope, now=now, filters=filters).dealers
    query = {"crd_window": str(DAYS)} | ({"crd_show": "unreminded"} if filters.unreminded else {})
    return [WorkCount(label="Co-op money expiring", count=count, overdue=0, page=RADAR_PAGE, query=query)]
