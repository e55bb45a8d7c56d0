"""The demo's campaigns: what dealers advertise, the leads that name it, the requests that pay, what was learned."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from db.coop.campaign_commands import close_campaign, start_campaign
from db.coop.campaign_queries import get_campaign, requests_to_link
from db.coop.campaign_rules import Plan
from db.core.problems import Refused
from db.core.session import reading
from db.leads.intake_commands import enter_lead
from seed.journeys import Move
from seed.story import Story


class _Plan(NamedTuple):
    """One campaign: days before the end it begins, how long it runs, its goal, its leads and how many buy."""

    ago: int
    days: int
    dealer: str
    code: str
    name: str
    medium: str
    goal: tuple[str, int]
    leads: int
    sales: int
    learned: str = ""


PLANS = (
    _Plan(126, 28, "00402", "ROADSTER-SOCIAL", "Social campaign for the Roadster", "digital", ("leads", 6), 7, 2,
          "Short videos brought twice as many as pictures."),
    _Plan(158, 24, "00501", "SEARCH-JUNE", "Search ads, June", "digital", ("sales", 2), 4, 1,
          "Start with fewer words."),
    _Plan(152, 14, "00617", "SUNDAY-PAPER", "Full page, Sunday paper", "print", ("leads", 5), 1, 0),
    _Plan(57, 20, "00402", "AUTO-WEEKEND", "Double page, auto weekend", "print", ("sales", 1), 3, 1),
    _Plan(28, 30, "00501", "VAN-LEADS", "Lead ads for the van", "digital", ("leads", 5), 4, 0),
    _Plan(12, 30, "00402", "YEAR-END-RADIO", "Year-end spots", "radio", ("leads", 6), 2, 0),
    _Plan(4, 40, "00305", "HOME-SHOW", "Home show stand", "event", ("sales", 2), 1, 0),
)  # fmt: skip
NAMES = ("Alma Reyes", "Ben Okafor", "Carla Jensen", "Dmitri Volk", "Ella Brandt", "Femi Adeyemi", "Gina Rossi")


def expect(story: Story, *, seed: int) -> None:
    """Let campaigns begin with the requests that pay for them, leads name them, and those that are over be closed."""
    for plan in PLANS:
        begins = (story.until - timedelta(days=plan.ago)).replace(hour=15, minute=35)
        story.at(begins, partial(_start, story, plan, seed))


def _start(story: Story, plan: _Plan, seed: int, now: datetime) -> None:
    dealer_id = story.cast.id_of(plan.dealer)
    manager = story.cast.manager(dealer_id)
    with reading(story.bind) as session:
        known = requests_to_link(session, dealer_id=dealer_id, medium=plan.medium, actor=manager)
    paying = [i for i, label in known.items() if plan.name in label]
    campaign = story.do(
        start_campaign, dealer_id=dealer_id, request_ids=paying, form_key=None, actor=manager, now=now,
        plan=Plan(
            code=plan.code, name=plan.name, medium=plan.medium, goal_kind=plan.goal[0], goal=plan.goal[1],
            starts_on=now.date(), ends_on=now.date() + timedelta(days=plan.days),
        ),
    )  # fmt: skip
    dice = random.Random(f"{seed}:{plan.code}")
    gap = min(plan.days, max(plan.ago - 1, 1)) / (plan.leads + 1)
    for number in range(plan.leads):
        at = (now + timedelta(days=gap * (number + 1))).replace(hour=15 + number % 5, minute=dice.randint(2, 55))
        story.at(at, partial(_lead, story, plan, number))
    if plan.learned:
        story.at(now + timedelta(days=plan.days + 4), partial(_close, story, plan, campaign))


def _lead(story: Story, plan: _Plan, number: int, now: datetime) -> None:
    """Somebody comes and names the campaign; the sales person writes its code down as the source."""
    dealer_id = story.cast.id_of(plan.dealer)
    tail = 1000 + sum(map(ord, plan.code)) * 7 + number
    try:
        lead = story.do(
            enter_lead, customer_name=f"{NAMES[number % len(NAMES)]} {plan.code[:3].title()}",
            phone=f"+1518555{tail % 10_000:04}", source=plan.code, dealer_id=dealer_id,
            comments="Saw the campaign.", form_key=f"demo-campaign-{plan.code}-{number}", now=now,
            actor=story.cast.sales(dealer_id, turn=number, assignee_id=None),
        )  # fmt: skip
    except Refused:
        story.overtaken["campaign_lead"] += 1
        return
    story.follow(lead, _moves(now, sells=number < plan.sales))


def _moves(now: datetime, *, sells: bool) -> Iterator[Move]:
    yield Move(
        at=now + timedelta(minutes=9), step="log_activity", by="sales",
        inputs={"kind": "call", "outcome": "reached", "note": "Knows the advertisement, wants an offer."},
    )  # fmt: skip
    if sells:
        yield Move(at=now + timedelta(days=6), step="sell", by="sales", inputs={"value_cents": 31_400_00})


def _close(story: Story, plan: _Plan, campaign: int, now: datetime) -> None:
    manager = story.cast.manager(story.cast.id_of(plan.dealer))
    with reading(story.bind) as session:
        row = get_campaign(session, campaign_id=campaign, actor=manager, now=now).row
    story.do(
        close_campaign, campaign_id=campaign, seen_version=row.version, learned=plan.learned, actor=manager, now=now
    )
