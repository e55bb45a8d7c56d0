"""The decision clock: how long the holder of a claim has, and the day silence approves it (domain-rules 2.1 H)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from db.claims.policy_rules import Clock


@dataclass(frozen=True, kw_only=True)
class DecideBy:
    """`decide_by` is the end (UTC moment) of the last day to decide; `deemed_on` the day silence approves, or None."""

    decide_by: datetime
    deemed_on: date | None


def decide_by(received_at: datetime, clock: Clock, *, zone: str) -> DecideBy:
    """The clock of a claim received at a moment: receipt 2026-03-01 and 30 days give 2026-03-31, the dealer's days."""
    place = ZoneInfo(zone)
    last = received_at.astimezone(place).date() + timedelta(days=clock.decide_days)
    end = datetime.combine(last, time(0), tzinfo=place) + timedelta(days=1)
    return DecideBy(decide_by=end, deemed_on=last if clock.deemed else None)


def pay_by(decided_on: date, clock: Clock) -> date:
    """The last day to pay what was approved on a day."""
    return decided_on + timedelta(days=clock.pay_days)
