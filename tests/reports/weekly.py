"""Looks at the weekly report that its tests share: stored rows, reports of every dealer, one rule's verdict."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, func, select

from db.core.actor import EVERYTHING, Scope
from db.core.session import reading
from db.reports.weekly_queries import Weekly, build_reports
from tests.leads.factories import NOW

DAY, WEEK = timedelta(days=1), timedelta(days=7)
MONDAY = NOW.replace(hour=14)  # 10:00 in the East, 07:00 in the West
LAST = date(2026, 6, 22)
THIS = date(2026, 6, 29)


def stored(engine: Engine, table: Any) -> list[Any]:
    with reading(engine) as session:
        found = list(session.scalars(select(table).order_by(table.id)))
        session.expunge_all()
    return found


def count(engine: Engine, table: Any) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def built(engine: Engine, *, scope: Scope = EVERYTHING, week: date = LAST, now: datetime = NOW) -> dict[int, Weekly]:
    with reading(engine) as session:
        return build_reports(session, scope=scope, week=week, now=now)


def verdict(report: Weekly, rule: str) -> Any:
    return next(v for v in report.verdicts if v.rule == rule)
