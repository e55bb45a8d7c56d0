"""What the sweep does for reports: freezes last month once, from the fifth of the month on in the desk's zone (P5)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Engine, func, select

from db.calendar.queries import DESK_ZONE
from db.core.actor import Actor, system_actor
from db.core.area import Job
from db.core.incidents import report
from db.core.labels import local_day
from db.core.session import reading, run
from db.reports.pack_mail import ready_pack
from db.reports.pack_tables import PackSubscription
from db.reports.snapshot_commands import freeze_month, require_over
from db.reports.snapshot_rules import month_from, month_key, months_due
from db.reports.snapshot_store import Tell, count_month
from db.reports.snapshot_tables import MonthFreeze
from db.reports.subscription_commands import send_pack


def freeze(
    bind: Engine | None, *, month: date, actor: Actor, now: datetime, tell: Tell | None = None
) -> int:  # fmt: skip
    """Count a month and keep it; gives how many figures, 0 when it was frozen before. Refused: month."""
    require_over(month, now)
    with reading(bind) as session:
        if session.scalar(select(MonthFreeze.id).where(MonthFreeze.month == month_key(month)).limit(1)):
            return 0
        counted = count_month(session, month=month, now=now, tell=tell)
    return run(freeze_month, bind=bind, counted=counted, actor=actor, now=now)


def run_freeze(bind: Engine | None, *, now: datetime) -> int:
    """Freeze what is due; gives how many months. Two processes count both, one of them keeps."""
    with reading(bind) as session:
        frozen = set(session.scalars(select(MonthFreeze.month)))
    done = 0
    for month in months_due(frozen, local_day(now, DESK_ZONE)):
        try:
            done += freeze(bind, month=month, actor=system_actor(), now=now) > 0
        except Exception as error:
            report(error, where=f"the freezing of {month_key(month)}")
            raise  # the months after it wait: a gap would look like a promise kept
    return done


def run_mail(bind: Engine | None, *, now: datetime) -> int:
    """Mail the pack of the newest frozen month to who subscribed and has not got it; gives how many."""
    with reading(bind) as session:
        newest = session.scalar(select(func.max(MonthFreeze.month)))
        if newest is None:
            return 0
        waiting = session.scalars(
            select(PackSubscription.id).where(PackSubscription.sent_month < newest).order_by(PackSubscription.id)
        ).all()
    done = 0
    for number in waiting:
        try:
            with reading(bind) as session:
                ready = ready_pack(session, subscription_id=number, month=month_from(newest), now=now)
            done += run(
                send_pack, bind=bind, subscription_id=number, month=month_from(newest), ready=ready,
                actor=system_actor(), now=now,
            )  # fmt: skip
        except Exception as error:
            report(error, where=f"the monthly pack of subscription {number}")
    return done


JOBS = (Job(name="Freeze last month", run=run_freeze), Job(name="Mail monthly packs", run=run_mail))
