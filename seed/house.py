"""What the desk is set to in the demo: product lines, routing rules, senders, special opening days, a mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import NamedTuple

from db.calendar.commands import add_exception
from db.calendar.queries import get_calendar, list_calendars
from db.core.session import reading
from db.imports.commands import save_mapping
from db.leads.provider_commands import create_provider, set_provider_active
from db.leads.routing_commands import save_policy, save_product_line
from seed.documents import MAPPING
from seed.places import HOURS, LINES, MAKE
from seed.sources import PROVIDERS
from seed.story import Story

SYNONYMS = {
    "AutoMarket.zz": "AutoMarket", "Auto Market": "AutoMarket", "halden.zz": "Manufacturer site",
    "Dealer web site": "Dealer website", "Phone-in": "Phone",
}  # fmt: skip
OLD_SENDER = "Old web forms"


def settle(story: Story, *, start: datetime) -> None:
    """Everything that is set before the first lead, and what is changed on the way."""
    mason, cora, ada = story.cast.named("mason"), story.cast.named("cora"), story.cast.named("admin")
    for line, models, _, _ in LINES:
        story.do(save_product_line, name=line, brand=MAKE, models=models, actor=mason, now=start)
    content = {"sources": SYNONYMS}
    reason = "First rules: the owner of the postal area, else the nearest within 250 km."
    story.do(save_policy, content=content, reason=reason, seen_version=0, actor=mason, now=start)
    story.do(save_mapping, kind="leads", title="Event lists", toml=MAPPING, actor=cora, now=start)
    for name in (*PROVIDERS, OLD_SENDER):
        story.do(create_provider, name=name, actor=ada, now=start)
    story.at(start + timedelta(days=31), partial(_stop_sender, story))
    story.at(story.until - timedelta(days=74), partial(_reroute, story, content))
    _special_days(story)


def _stop_sender(story: Story, now: datetime) -> None:
    ada = story.cast.named("admin")
    reason = "The old forms were switched off."
    number = len(PROVIDERS) + 1
    story.do(set_provider_active, provider_id=number, is_active=False, reason=reason, actor=ada, now=now)


def _reroute(story: Story, content: Mapping[str, object], now: datetime) -> None:
    changed = {**content, "breach_action": "reroute", "nearest_km": 240}
    reason = "Customers waited too long for an escalated lead: it now goes to the next dealer."
    story.do(save_policy, content=changed, reason=reason, seen_version=1, actor=story.cast.named("mason"), now=now)


def _special_days(story: Story) -> None:
    """A closed day in the past and two special ones ahead, entered some weeks before."""
    today = story.until.date()
    closed = today - timedelta(days=(today.weekday() + 1) % 7 + 35)  # a Sunday about five weeks ago
    sale = today + timedelta(days=(5 - today.weekday()) % 7 + 7)  # the Saturday after next
    training = today + timedelta(days=(2 - today.weekday()) % 7 + 14)
    for days, day in (
        (60, _Day("long", closed, (), "Inventory, closed")),
        (6, _Day("long", sale, ((540, 1320),), "Long sales night")),
        (5, _Day("short", training, ((480, 720),), "Staff training after noon")),
    ):
        story.at(story.until - timedelta(days=days), partial(_enter, story, day))


class _Day(NamedTuple):
    """A day on which the dealers with these hours are open otherwise."""

    hours: str
    day: date
    intervals: Sequence[Sequence[int]]
    name: str


def _enter(story: Story, special: _Day, now: datetime) -> None:
    title = HOURS[special.hours][0]
    with reading(story.bind) as session:
        chosen = next(line.id for line in list_calendars(session) if line.name.startswith(title))
        version = get_calendar(session, calendar_id=chosen).version
    story.do(
        add_exception, calendar_id=chosen, seen_version=version, first_day=special.day, last_day=special.day,
        intervals=special.intervals, name=special.name, actor=story.cast.named("mason"), now=now,
    )  # fmt: skip
    story.cast.refresh()
