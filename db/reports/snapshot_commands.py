"""Freezing a month that is over, and restating one: a new version with its reason, the old one stays as it was (P5)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core import changes, locks, timeline
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused, Stale
from db.reports.snapshot_rules import days_of, month_key
from db.reports.snapshot_store import Counted, Tell, count_month, keep, newest_version
from db.reports.snapshot_tables import MonthFreeze

LONGEST_REASON = 500


def freeze_month(session: Session, *, counted: Counted, actor: Actor, now: datetime) -> int:
    """Keep a counted month as its first version; gives how many figures, 0 when somebody froze it before.

    The counting is done before, outside of the writing transaction, so that nobody waits for it. Refused: month.
    """
    actor.require(Permission.MONTHS_FREEZE)
    require_over(counted.month, counted.at)
    locks.hold(session, f"freeze {month_key(counted.month)}")
    if newest_version(session, counted.month):
        timeline.repeated(session)
        return 0
    freeze = keep(session, counted, version=1, reason="", form_key=None, actor=actor)
    _note(session, "freeze_month", freeze, f"{counted.month:%B %Y} was frozen", actor=actor, now=now)
    return freeze.figures


def freeze_now(session: Session, *, month: date, actor: Actor, now: datetime) -> int:
    """Count a month that is over and keep it, by hand; gives how many figures, 0 when it was frozen. Refused: month."""
    actor.require(Permission.MONTHS_FREEZE)
    require_over(month, now)
    return freeze_month(session, counted=count_month(session, month=month, now=now), actor=actor, now=now)


def restate_month(
    session: Session, *, month: date, seen_version: int, reason: str, form_key: str | None, actor: Actor,
    now: datetime, tell: Tell | None = None,
) -> int:  # fmt: skip
    """Count a frozen month again and keep it as a new version; gives its number. Problems: reason, month.

    `Stale` when somebody restated it meanwhile. The same `form_key` again gives the version it made.
    """
    actor.require(Permission.MONTHS_FREEZE)
    problems = Problems()
    reason = problems.require(reason, "reason", "Why the month is counted again", longest=LONGEST_REASON)
    problems.refuse_if_any()
    locks.hold(session, f"freeze {month_key(month)}")
    known = session.scalar(select(MonthFreeze.version).where(MonthFreeze.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    newest = session.scalar(
        select(MonthFreeze).where(MonthFreeze.month == month_key(month)).order_by(MonthFreeze.version.desc()).limit(1)
    )
    if newest is None:
        message = f"{month:%B %Y} was never frozen, so there is nothing to restate."
        raise Refused(Problem(code="not_frozen", field="month", message=message))
    if newest.version != seen_version:
        raise Stale(what=f"{month:%B %Y}", changed_by=newest.by, changed_at=newest.frozen_at)
    counted = count_month(session, month=month, now=now, tell=tell)
    freeze = keep(
        session, counted, version=newest.version + 1, reason=reason, form_key=form_key, actor=actor
    )  # fmt: skip
    _note(
        session, "restate_month", freeze, f"{month:%B %Y} was restated as version {freeze.version}", actor=actor,
        now=now, reason=reason, before=newest.version,
    )  # fmt: skip
    return freeze.version


def require_over(month: date, at: datetime) -> None:
    """A month that still runs cannot be frozen; the day is the desk's."""
    if local_day(at, DESK_ZONE) <= days_of(month)[1]:
        message = f"{month:%B %Y} is not over yet, so it cannot be frozen."
        raise Refused(Problem(code="not_over", field="month", message=message))


def _note(
    session: Session, command: str, freeze: MonthFreeze, summary: str, *, actor: Actor, now: datetime,
    reason: str = "", before: int | None = None,
) -> None:  # fmt: skip
    changes.touch(session, "reports")
    timeline.record(
        session, actor=actor, now=now, area="reports", command=command, summary=summary,
        items=[timeline.Item("month_freeze", freeze.id)], reason=reason, before={"version": before} if before else None,
        after={"month": freeze.month, "version": freeze.version, "figures": freeze.figures},
    )  # fmt: skip
