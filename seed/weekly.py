"""Weekly reports of the demo: a dealer's managers get it by a switch, others ask for it, two weeks were sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from db.core.session import reading
from db.dealers.tables import Dealer
from db.reports.weekly_commands import subscribe_weekly, switch_weekly, unsubscribe_weekly
from db.reports.weekly_jobs import run_weekly
from seed.story import Story

SINCE = timedelta(days=24)
"""So long before the end somebody asks for it first: three Mondays at most."""


def expect(story: Story) -> None:
    """Let a coordinator switch it on, a manager ask for it, somebody stop it, and the sweep send what is due."""
    first = (story.until - SINCE).replace(hour=15, minute=10)
    story.at(first, partial(_switch, story))
    story.at(first + timedelta(hours=1), partial(_ask, story))
    story.at(first + timedelta(days=2), partial(_try, story))
    story.at(first + timedelta(days=2, minutes=4), partial(_stop, story))
    monday = story.until - timedelta(days=story.until.weekday())
    for back in (1, 0):
        # 06:00 has come everywhere by then; the sweep of any later hour finds nothing left to send.
        story.at(monday.replace(hour=17, minute=30) - timedelta(weeks=back), partial(_sweep, story))


def _dealers(story: Story) -> list[int]:
    """The dealers of the demo's own dealer manager."""
    return sorted(story.cast.named("dana").scope.dealer_ids)


def _switch(story: Story, now: datetime) -> None:
    story.do(
        switch_weekly, dealer_id=_dealers(story)[0], is_on=True, seen_version=0, actor=story.cast.named("cora"),
        now=now,
    )  # fmt: skip


def _ask(story: Story, now: datetime) -> None:
    story.do(subscribe_weekly, dealer_id=_dealers(story)[0], actor=story.cast.named("mason"), now=now)


def _another(story: Story) -> int | None:
    with reading(story.bind) as session:
        return session.scalars(
            select(Dealer.id).where(Dealer.status == "active", Dealer.id.not_in(_dealers(story))).order_by(Dealer.id)
        ).first()


def _try(story: Story, now: datetime) -> None:
    """Somebody asks for another dealer's."""
    if (other := _another(story)) is not None:
        story.do(subscribe_weekly, dealer_id=other, actor=story.cast.named("mason"), now=now)


def _stop(story: Story, now: datetime) -> None:
    """They read none of it, and stop it again."""
    if (other := _another(story)) is not None:
        story.do(unsubscribe_weekly, dealer_id=other, actor=story.cast.named("mason"), now=now)


def _sweep(story: Story, now: datetime) -> None:
    run_weekly(story.bind, now=now)
