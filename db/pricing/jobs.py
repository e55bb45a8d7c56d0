"""What the sweep does for price requests: ends approvals whose days are over, reminds and escalates, each exactly once.

Every job may run twice, or in two processes at once: an approval is ended by its version, a warning is taken by one
guarded UPDATE; a request that fails is reported and never stops the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, or_, select, update
from sqlalchemy.orm import Session

from db.core.actor import system_actor
from db.core.area import Job
from db.core.incidents import report
from db.core.problems import Refused
from db.core.session import reading, run, writing
from db.pricing.decide_commands import expire
from db.pricing.notices import tell_late
from db.pricing.tables import PriceRequest

BATCH: Final = 200


def _batches(bind: Engine | None, *conditions: Any) -> Iterator[Sequence[Any]]:
    last = 0
    while True:
        with reading(bind) as session:
            rows = session.execute(
                select(
                    PriceRequest.id, PriceRequest.version, PriceRequest.due_at, PriceRequest.half_at,
                    PriceRequest.warned_percent, PriceRequest.level_since,
                )
                .where(PriceRequest.id > last, *conditions)
                .order_by(PriceRequest.id)
                .limit(BATCH)
            ).all()  # fmt: skip
        if not rows:
            return
        yield rows
        last = rows[-1].id


def _each(bind: Engine | None, what: Callable[[Any], bool], *conditions: Any, where: str) -> int:
    done = 0
    for rows in _batches(bind, *conditions):
        for row in rows:
            try:
                done += what(row)
            except Refused:
                continue  # somebody was faster
            except Exception as error:
                report(error, where=f"{where}, price request {row.id}")
    return done


def run_expiry(bind: Engine | None, *, now: datetime) -> int:
    """End every approval whose days are over; gives how many."""

    def end(row: Any) -> bool:
        run(expire, bind=bind, item_id=row.id, seen_version=row.version, actor=system_actor(), now=now)
        return True

    return _each(
        bind, end, PriceRequest.status == "approved", PriceRequest.expires_at <= now, where="the end of an approval"
    )


def run_warnings(bind: Engine | None, *, now: datetime) -> int:
    """Remind at half of a level's two business days, escalate when they are over; gives how many were told.

    After a pause of the sweep only the escalation is told.
    """

    def warn(row: Any) -> bool:
        percent = 100 if row.due_at <= now else 50
        with writing(bind, keeps_timeline=False) as session:
            return _warn(session, row, percent, now=now)

    return _each(
        bind, warn, PriceRequest.status == "in_review", PriceRequest.warned_percent < 100, PriceRequest.half_at <= now,
        or_(PriceRequest.warned_percent < 50, PriceRequest.due_at <= now), where="a reminder of a signature",
    )  # fmt: skip


def _warn(session: Session, row: Any, percent: int, *, now: datetime) -> bool:
    taken = session.scalar(
        update(PriceRequest)
        .where(
            PriceRequest.id == row.id, PriceRequest.version == row.version, PriceRequest.status == "in_review",
            PriceRequest.level_since == row.level_since, PriceRequest.warned_percent < percent,
        )
        .values(warned_percent=percent)
        .returning(PriceRequest.id)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if taken is None:
        return False
    tell_late(session, session.get_one(PriceRequest, taken), percent=percent, now=now)
    return True


JOBS = (
    Job(name="End approvals of prices", run=run_expiry),
    Job(name="Remind of price requests", run=run_warnings),
)
