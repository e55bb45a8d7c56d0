"""First times on the lead desk that show a new dealer has come alive (domain-rules 2.7): within 90 days of signing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from db.core.area import Milestone
from db.core.labels import minutes_label
from db.core.timeline import TimelineEntry, TimelineLink
from db.leads.tables import Lead

WITHIN_DAYS = 90
_CHUNK = 500


def first_answers(session: Session, *, dealer_ids: Collection[int]) -> Mapping[int, tuple[datetime, str]]:
    """When each dealer first answered a lead within its first-action target, and which lead that was.

    A lead that came to the dealer after it had been answered was answered by another one, as its timeline tells.
    """
    by_another = exists().where(
        TimelineLink.item_type == "lead", TimelineLink.item_id == Lead.id, TimelineLink.dealer_id != Lead.dealer_id,
        TimelineEntry.seq == TimelineLink.seq, TimelineEntry.at == Lead.first_action_at,
    )  # fmt: skip
    in_time = and_(
        Lead.first_action_at.is_not(None), Lead.first_action_at <= Lead.first_action_due_at, ~by_another
    )  # fmt: skip
    rows = _firsts(session, dealer_ids, Lead.first_action_at, in_time)
    return {
        dealer_id: (at, f"{number} was answered in {minutes_label(minutes)} of working time")
        for dealer_id, at, number, minutes in rows
    }


def first_sales(session: Session, *, dealer_ids: Collection[int]) -> Mapping[int, tuple[datetime, str]]:
    """When each dealer first sold to a lead, and which lead that was."""
    rows = _firsts(session, dealer_ids, Lead.sold_at, Lead.sold_at.is_not(None))
    return {dealer_id: (at, f"{number} was sold") for dealer_id, at, number, _ in rows}


def _firsts(
    session: Session, dealer_ids: Collection[int], moment: Any, condition: ColumnElement[bool]
) -> list[tuple[int, datetime, str, int | None]]:
    """The earliest lead of each dealer by `moment`: (dealer, moment, number, minutes of the first action)."""
    ids = sorted(set(dealer_ids))
    found: dict[int, tuple[int, datetime, str, int | None]] = {}
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        first = (
            select(Lead.dealer_id, func.min(moment).label("at"))
            .where(Lead.dealer_id.in_(some), condition)
            .group_by(Lead.dealer_id)
            .subquery()
        )
        rows = session.execute(
            select(Lead.dealer_id, moment, Lead.number, Lead.first_action_minutes)
            .join(first, and_(first.c.dealer_id == Lead.dealer_id, first.c.at == moment))
            .where(condition)
            .order_by(Lead.id)
        )
        for dealer_id, at, number, minutes in rows:
            assert dealer_id is not None
            found.setdefault(dealer_id, (dealer_id, at, number, minutes))
    return list(found.values())


MILESTONES = (
    Milestone(name="first_answer", label="First lead answered in time", within_days=WITHIN_DAYS, first=first_answers),
    Milestone(name="first_sale", label="First sale", within_days=WITHIN_DAYS, first=first_sales),
)
