"""Follow-up in the demo: another version of a plan, people away, a hand-over, and the sweep of each day."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from db.cadence.absence_commands import add_absence, end_absence, hand_over
from db.cadence.jobs import run_days
from db.cadence.plan_commands import activate_plan, draft_plan
from db.cadence.rules import DEFAULTS, PlanStep
from db.core.labels import local_day
from db.core.problems import Refused
from seed.network import Network
from seed.story import Story

AWAY = (("00402", -2, 6, "Family"), ("00101", 3, 12, "Holiday"), ("00202", -40, -33, "Training"), ("00501", -1, 2, ""))
"""Dealer, first and last day from the end of the demo, and the note; the second of its sales people stands in."""


def expect(story: Story, made: Network) -> None:
    """Let all of it happen in its time; the day's tasks are made by the same job that the sweep runs."""
    for days in range(183, -1, -1):
        story.at(story.until - timedelta(days=days), partial(_sweep, story))
    story.at(story.until - timedelta(days=52), partial(_draft, story))
    story.at(story.until - timedelta(days=47), partial(_draft_again, story))
    for code, first, last, note in AWAY:
        dealer_id = made.dealers[code]
        entered = story.until + timedelta(days=min(first, 0) - 3)
        story.at(entered, partial(_away, story, made, dealer_id, first, last, note))
    story.at(story.until - timedelta(days=6), partial(_hand_over, story, made, made.dealers["00313"]))


def close_day(story: Story) -> None:
    """Bring everything up to the end of the demo."""
    _sweep(story, story.until)


def _sweep(story: Story, now: datetime) -> None:
    run_days(story.bind, now=now)


def _draft(story: Story, now: datetime) -> None:
    """A day 4 is added, and the second call of the first day comes sooner."""
    steps = [
        PlanStep(day=0, kind="call", minutes=120) if s.day == 0 and s.minutes == 240 else s
        for s in DEFAULTS["new_lead"]
    ]
    mason = story.cast.named("mason")
    version_id = story.do(
        draft_plan, plan="new_lead", steps=[s.stored() for s in steps], seen_version=1, actor=mason, now=now,
        reason="Half of all customers we reach, we reach on day 0: call a second time within two hours.",
    )  # fmt: skip
    story.at(
        now + timedelta(days=1),
        lambda at: story.do(activate_plan, version_id=version_id, seen_active=1, actor=mason, now=at),
    )


def _draft_again(story: Story, now: datetime) -> None:
    """A draft nobody has decided on yet: one more optional text."""
    steps = [*DEFAULTS["new_lead"], PlanStep(day=4, kind="text", required=False)]
    story.do(
        draft_plan, plan="new_lead", steps=[s.stored() for s in steps], seen_version=2, now=now,
        reason="To be talked over: a friendly text on day 4.", actor=story.cast.named("mason"),
    )  # fmt: skip


def _away(  # noqa: PLR0917
    story: Story, made: Network, dealer_id: int, first: int, last: int, note: str, now: datetime
) -> None:
    people = [story.cast.named(name) for name in made.staff[dealer_id]]
    who, stand_in = people[1], people[2] if len(people) > 2 else people[0]
    end = local_day(story.until, who.zone)
    absence_id = story.do(
        add_absence, dealer_id=dealer_id, person_id=who.user_id, stand_in_id=stand_in.user_id, note=note,
        first_day=end + timedelta(days=first), last_day=end + timedelta(days=last), actor=who, now=now,
    )  # fmt: skip
    if note == "Training":  # it took two days less
        story.at(
            story.until + timedelta(days=first + 4),
            lambda at: story.do(
                end_absence, absence_id=absence_id, seen_version=1, last_day=local_day(at, who.zone), actor=who, now=at
            ),
        )


def _hand_over(story: Story, made: Network, dealer_id: int, now: datetime) -> None:
    people = [story.cast.named(name) for name in made.staff[dealer_id]]
    for giver in people[1:]:
        taker = next(p for p in people if p is not giver)
        try:
            story.do(
                hand_over, dealer_id=dealer_id, from_id=giver.user_id, to_id=taker.user_id, actor=people[0], now=now,
                note="Changes to the parts counter.",
            )  # fmt: skip
        except Refused:
            continue  # nobody's leads are open
        return
