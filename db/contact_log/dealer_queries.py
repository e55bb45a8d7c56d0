"""What contacts and promises say of a dealer: lines for Dealer 360 and its brief, signals for the whole network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import false, func, select, true
from sqlalchemy.orm import Session

from db.contact_log import rules
from db.contact_log.contact_queries import LogFilters, last_contacts, list_reports
from db.contact_log.promise_queries import PAGE_FILE, PromiseFilters, PromiseRow, list_promises
from db.contact_log.tables import Dealer, Promise
from db.core.actor import Actor, Scope
from db.core.area import DealerLine, Signal
from db.core.labels import local_day, plural

MOST = 25
"""Lines of a kind; who has more open promises than that at one dealer reads the queue."""


def dealer_lines(
    session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None
) -> list[DealerLine]:
    """Open promises of both sides, and what happened since the last contact: attempts, promises that were closed."""
    open_rows, _ = list_promises(
        session, scope=actor.scope, now=now, filters=PromiseFilters(dealer_id=dealer_id), limit=MOST
    )
    lines = [_open(row) for row in open_rows]
    if since is None:
        return lines
    closed, _ = list_promises(
        session, scope=actor.scope, now=now, filters=PromiseFilters(dealer_id=dealer_id, is_open=False), limit=MOST
    )
    ends = dict(
        session.execute(
            select(Promise.id, Promise.closed_at).where(
                Promise.dealer_id == dealer_id, Promise.is_open == false(), Promise.closed_at > since
            )
        ).all()
    )
    lines += [
        DealerLine(
            kind="changed", title=f"{_word(row)} {'was kept' if row.status == 'kept' else 'was withdrawn'}: {row.text}",
            detail=row.closing_note, at=ends[row.id], page=PAGE_FILE, query={"promise": str(row.id)},
        )
        for row in closed
        if row.id in ends
    ]  # fmt: skip
    tried, _ = list_reports(
        session, scope=actor.scope, filters=LogFilters(dealer_id=dealer_id, only="tried", since=since), limit=MOST
    )
    lines += [
        DealerLine(
            kind="changed", title=f"{row.said}: {row.by_name}", detail=row.summary, at=row.at, page=PAGE_FILE,
            query={"contact": str(row.id)},
        )
        for row in tried
    ]  # fmt: skip
    return lines


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def _word(row: PromiseRow) -> str:
    return "Our promise" if row.made_by == "us" else "Their promise"


def _open(row: PromiseRow) -> DealerLine:
    late = row.overdue_days
    parts = [f"Due {_day(row.due_day)}" + (f", {plural(late, 'day')} late" if late else "")]
    if row.postponed:
        parts.append(f"postponed {plural(row.postponed, 'time')}, first {_day(row.first_due_day)}")
    if row.assignee:
        parts.append(row.assignee)
    return DealerLine(
        kind="overdue" if late else "promised", title=f"{rules.SIDES[row.made_by]}: {row.text}",
        detail=" · ".join(parts), at=row.due_at, page=PAGE_FILE, query={"promise": str(row.id)},
    )  # fmt: skip


def dealer_signals(session: Session, *, scope: Scope, now: datetime) -> Mapping[int, Sequence[Signal]]:
    """Active dealers nobody spoke to for 45 or 90 days, and promises of ours that are overdue; three statements.

    A dealer nobody ever spoke to is measured from the day it was entered.
    """
    last = last_contacts(session, scope=scope)
    found: dict[int, list[Signal]] = {}
    for dealer_id, created_at in session.execute(
        select(Dealer.id, Dealer.created_at).where(Dealer.status == "active", scope.where(Dealer.id, Dealer.region))
    ):
        days = rules.gap_days(last.get(dealer_id, created_at), now)
        level = rules.gap_level(days)
        if level:
            words = f"No contact for {days} days" if dealer_id in last else f"Never contacted in {days} days"
            found.setdefault(dealer_id, []).append(Signal(level=level, sentence=words))
    for owner, number, first_day, zone in session.execute(
        select(Promise.dealer_id, func.count(), func.min(Promise.due_day), func.max(Dealer.zone))
        .join(Dealer, Dealer.id == Promise.dealer_id)
        .where(
            Promise.is_open == true(), Promise.made_by == "us", Promise.due_at <= now,
            scope.where(Promise.dealer_id, Promise.region),
        )
        .group_by(Promise.dealer_id)
    ):  # fmt: skip
        late = rules.overdue_days(first_day, local_day(now, zone))
        words = f"{plural(number, 'promise')} of ours overdue, the oldest by {plural(late, 'day')}"
        if owner is not None:
            found.setdefault(owner, []).append(Signal(level=rules.overdue_level(late), sentence=words))
    return found
