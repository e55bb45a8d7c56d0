"""Keeps what lists show of a case: derived from the checklist in the same transaction, and compared by the check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.checklist.items import as_item, items_of, observed_days
from db.checklist.tables import ChecklistItem
from db.dealers.tables import Dealer
from db.onboarding import rules
from db.onboarding.tables import Onboarding
from db.onboarding.template_default import PURPOSE


def zone_day(zone: str, now: datetime) -> date:
    """The day it is in a dealer's zone."""
    return now.astimezone(ZoneInfo(zone)).date()


def day_at(session: Session, dealer_id: int | None, now: datetime) -> date:
    """The day it is where a dealer is."""
    zone = session.scalar(select(Dealer.zone).where(Dealer.id == dealer_id))
    return zone_day(zone or "UTC", now)


def refresh(session: Session, case: Onboarding, *, today: date) -> None:
    """Derive a case's columns anew; the case is locked by the caller. Its version stays: nobody decided anything."""
    if case.checklist_id is None:
        return
    items = items_of(session, checklist_id=case.checklist_id)
    observed = observed_days(session, purpose=PURPOSE)
    found = rules.standing(items, observed, today=today, target_on=case.target_on)
    _write(session, case, found, today=today)


def _write(session: Session, case: Onboarding, found: rules.Standing, *, today: date) -> None:
    table = Onboarding.metadata.tables[Onboarding.__tablename__]
    values = {**rules.columns_of(found), "summary_on": today}
    session.execute(update(table).where(table.c.id == case.id).values(**values))
    session.expire(case)


def refresh_many(session: Session, cases: Sequence[Onboarding], days: Mapping[int, date]) -> int:
    """Derive many cases with two statements for all their items and durations; gives how many were written."""
    observed = observed_days(session, purpose=PURPOSE)
    items: dict[int, list[Any]] = {}
    ids = [c.checklist_id for c in cases if c.checklist_id is not None]
    for row in session.scalars(
        select(ChecklistItem)
        .where(ChecklistItem.checklist_id.in_(ids))
        .order_by(ChecklistItem.checklist_id, ChecklistItem.position)
    ):
        items.setdefault(row.checklist_id, []).append(as_item(row))
    done = 0
    for case in cases:
        if case.checklist_id in items:
            today = days[case.id]
            found = rules.standing(items[case.checklist_id], observed, today=today, target_on=case.target_on)
            _write(session, case, found, today=today)
            done += 1
    return done


def differences(session: Session, *, most: int = 20) -> list[str]:
    """Open cases whose columns are not what their checklist gives on the day they were derived, as sentences.

    Forecast columns are left out: they move whenever another onboarding is completed, until the next sweep.
    """
    cases = session.scalars(
        select(Onboarding)
        .where(Onboarding.is_open.is_(True), Onboarding.summary_on.is_not(None))
        .order_by(Onboarding.id)
    ).all()
    items: dict[int, list[Any]] = {}
    for row in session.scalars(
        select(ChecklistItem)
        .join(Onboarding, Onboarding.checklist_id == ChecklistItem.checklist_id)
        .where(Onboarding.is_open.is_(True))
        .order_by(ChecklistItem.checklist_id, ChecklistItem.position)
    ):
        items.setdefault(row.checklist_id, []).append(as_item(row))
    found = []
    for case in cases:
        assert case.summary_on is not None
        own = items.get(case.checklist_id or 0, [])
        right = rules.standing(own, {}, today=case.summary_on, target_on=case.target_on)
        wrong = [
            name
            for name in (
                "readiness", "open_items", "overdue_items", "dealer_items", "gates_open", "gates_failed", "next_gate",
                "next_due_on", "waits_on", "waits_owner", "critical_on",
            )
            if getattr(case, name) != getattr(right, name)
        ]  # fmt: skip
        if wrong:
            found.append(f"onboarding {case.number} shows another {', '.join(wrong)} than its checklist gives")
    return found[:most]
