"""The demo's months are frozen and mailed as the sweep would; one of them is counted again with a reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from db.calendar.months import add_months
from db.core.problems import Refused
from db.core.session import reading
from db.reports.snapshot_commands import restate_month
from db.reports.snapshot_jobs import run_freeze, run_mail
from db.reports.snapshot_queries import frozen_months
from db.reports.snapshot_rules import FREEZE_DAY
from db.reports.subscription_commands import subscribe
from seed.story import Story

MONTHS: Final = 3
"""So many months of the demo are frozen: each is counted whole, about a second."""
REASON: Final = "Surveys of three dealers came in after the month was frozen"


def expect(story: Story) -> None:
    """Freeze on the fifth of each of the last months; ten days later the oldest is counted again."""
    this = story.until.date().replace(day=1)
    for back in range(MONTHS - 1, -1, -1):
        day = add_months(this, -back)
        at = datetime(day.year, day.month, FREEZE_DAY, 12, 20, tzinfo=story.until.tzinfo)
        story.at(at, partial(_freeze, story))
        if back == MONTHS - 1:
            story.at(at - timedelta(days=1), partial(_subscribe, story))
            story.at(at + timedelta(days=10, hours=3), partial(_restate, story))


def _freeze(story: Story, now: datetime) -> None:
    run_freeze(story.bind, now=now)
    run_mail(story.bind, now=now)


def _subscribe(story: Story, now: datetime) -> None:
    """The sales leader reads the whole network by mail, a coordinator one of his regions."""
    for name, region in (("leah", ""), ("colin", "Midwest")):
        try:
            story.do(subscribe, region=region, actor=story.cast.named(name), now=now)
        except Refused:
            continue


def _restate(story: Story, now: datetime) -> None:
    mason = story.cast.named("mason")
    with reading(story.bind) as session:
        frozen = frozen_months(session, actor=mason)
    for month, version in list(frozen.items())[:1]:
        try:
            story.do(
                restate_month, month=month, seen_version=version, reason=REASON, form_key=None, actor=mason, now=now
            )
        except Refused:
            return
