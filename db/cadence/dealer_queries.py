"""What follow-up says of a dealer: what is overdue now, and whether the plan was kept in the last 30 days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from db.cadence.adherence_queries import adherence_by
from db.cadence.plan_queries import coverage_gaps
from db.cadence.rules import Adherence
from db.cadence.tables import CadenceTask
from db.core.actor import Actor, Scope
from db.core.area import CAP, DealerLine, Signal
from db.core.labels import count_label, local_day, percent_label, plural

DAYS = 30
LEAST = 20
"""Fewer required steps than this say nothing about a dealer."""
LOW, VERY_LOW = 0.70, 0.50
PAGE_FILE = "pages/crm/follow_up.py"


def dealer_lines(
    session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None
) -> list[DealerLine]:
    """Overdue follow-up of a dealer, and its adherence where it is low."""
    found = []
    some = (
        select(CadenceTask.due_at)
        .where(
            CadenceTask.dealer_id == dealer_id, CadenceTask.is_open == true(), CadenceTask.due_at < now,
            actor.scope.where(CadenceTask.dealer_id, CadenceTask.region),
        )
        .limit(CAP + 1)
        .subquery()
    )  # fmt: skip
    overdue, oldest = session.execute(select(func.count(), func.min(some.c.due_at))).one()
    if overdue:
        words = f"{count_label(overdue, CAP)} follow-up " + ("task is" if overdue == 1 else "tasks are") + " overdue"
        found.append(
            DealerLine(
                kind="overdue", title=words, detail="Customers who were to be called or written to today", at=oldest,
                page="pages/crm/today.py", query={"today_view": "all"},
            )
        )  # fmt: skip
    value = _last_days(session, actor.scope, now=now, dealer_id=dealer_id).get(dealer_id)
    if sentence := _low(value):
        found.append(
            DealerLine(
                kind="open", title="Follow-up is not kept", detail=sentence, page=PAGE_FILE,
                query={"fu_dealer": str(dealer_id)},
            )
        )  # fmt: skip
    return found


def _last_days(session: Session, scope: Scope, *, now: datetime, dealer_id: int | None = None) -> dict[int, Adherence]:
    first = local_day(now, "UTC") - timedelta(days=DAYS)
    found = adherence_by(session, scope=scope, by=("dealer",), now=now, first=first, filters={"dealer": dealer_id})
    return {key[0]: value for key, value in found.items()}


def _low(value: Adherence | None) -> str:
    if value is None or value.due < LEAST or value.share is None or value.share >= LOW:
        return ""
    share = percent_label(value.on_time, value.due, 0)
    return f"Only {share} of {plural(value.due, 'required step')} were done on time in {DAYS} days."


def dealer_signals(session: Session, *, scope: Scope, now: datetime) -> Mapping[int, Sequence[Signal]]:
    """Dealers that do not keep the plan, and those where nobody is there for what is due; two statements and a few."""
    found: dict[int, list[Signal]] = {}
    for dealer_id, value in _last_days(session, scope, now=now).items():
        if sentence := _low(value):
            is_grave = value.share is not None and value.share < VERY_LOW
            found.setdefault(dealer_id, []).append(Signal(level="risk" if is_grave else "watch", sentence=sentence))
    for gap in coverage_gaps(session, scope=scope, now=now):
        words = f"Nobody is there today for {plural(gap.waiting, 'follow-up task')}."
        found.setdefault(gap.dealer_id, []).append(Signal(level="watch", sentence=words))
    return found
