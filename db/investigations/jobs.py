"""What the sweep does for investigations: one look a day at all dealers."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select

from db.core.actor import system_actor
from db.core.area import Job
from db.core.problems import Refused
from db.core.session import reading, run
from db.investigations.commands import scan
from db.investigations.tables import DealerScan

ZONE = "America/New_York"
"""Whose day it is: that of the desk."""


def run_scan(bind: Engine, *, now: datetime) -> int:
    """Look at all dealers once a day; whoever comes second finds it done. Gives how many dealers were flagged."""
    day = now.astimezone(ZoneInfo(ZONE)).date()
    with reading(bind) as session:
        if session.scalar(select(DealerScan.id).where(DealerScan.day == day)) is not None:
            return 0
    try:
        return run(scan, bind=bind, day=day, actor=system_actor(), now=now)
    except Refused:
        return 0


JOBS = (Job(name="Look for odd claims by dealer", run=run_scan),)
