# ruff: noqa: E501 - one request a line reads best
"""The demo's price requests: budgets of three quarters, exceptions of every state, one that repeats, somebody away."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from db.core.problems import Stale
from db.core.session import reading
from db.pricing.commands import COMMANDS, add_away, send_request, set_budget
from db.pricing.jobs import run_expiry, run_warnings
from db.pricing.record import quarter_of
from db.pricing.request_queries import get_request
from db.pricing.terms_rules import Terms
from seed.places import PLACES
from seed.story import Story

HOME = "00402"
BUDGET = 420_000_00


class _Ask(NamedTuple):
    """One request: days before the end, who asks for what at which dealer, and what becomes of it.

    `fate` names who signs, in order; a word with "-" before it rejects, "!" withdraws, "~" changes the discount.
    """

    days: float
    who: str
    code: str
    kind: str
    subject: str
    list_price: int
    cost: int
    percent: float
    units: int
    fate: tuple[str, ...]
    reason: str
    repeats: str = "one_time"
    legal: bool = False


GT, VAN, SUV = "Roadster GT", "Cargo Van L2", "Summit 4x4"
ASKS = (
    _Ask(118, "dana", HOME, "vehicle", GT, 34_500, 29_300, 3.5, 2, ("cora",), "Last two of the old model year"),
    _Ask(97, "leah", "00501", "vehicle", VAN, 41_200, 35_900, 6, 8, ("cora", "mason", "finn"), "Fleet of a city", "program"),
    _Ask(84, "dana", HOME, "vehicle", GT, 34_500, 29_300, 4, 1, ("cora",), "Competitor offers the same"),
    _Ask(71, "cora", "00617", "parts", "Winter tire set 18", 1_180, 890, 12, 60, ("leah", "mason", "finn"), "Season opening", "program"),
    _Ask(63, "leah", "00305", "vehicle", SUV, 52_900, 47_800, 9, 3, ("cora", "-mason"), "Quarter end"),
    _Ask(52, "dana", HOME, "vehicle", GT, 34_500, 29_300, 3.8, 1, ("cora",), "Car with a scratch"),
    _Ask(44, "cora", "00331", "vehicle", VAN, 41_200, 35_900, 1.5, 1, (), "Loyal customer"),
    _Ask(38, "leah", "00226", "vehicle", SUV, 52_900, 47_800, 2.5, 4, ("cora", "!"), "Rental company asked"),
    _Ask(26, "cora", "00313", "parts", "Brake pads, box of 20", 640, 455, 8, 40, ("leah", "mason", "finn"), "Workshop week", "program"),
    _Ask(21, "dana", HOME, "vehicle", SUV, 52_900, 47_800, 1.2, 1, (), "Demonstrator"),
    _Ask(2.6, "leah", "00512", "vehicle", SUV, 52_900, 46_400, 3, 2, ("cora", "~4.5"), "Two cars of one family"),
    _Ask(12, "leah", "00415", "vehicle", GT, 34_500, 29_300, 5, 6, ("cora", "mason", "finn", "admin"), "0.9% financing in the paper", "program", True),
    _Ask(6.2, "dana", HOME, "vehicle", GT, 34_500, 29_300, 3.9, 1, (), "Asked again by the same customer"),
    _Ask(4.4, "cora", "00614", "vehicle", VAN, 41_200, 35_900, 7, 5, ("leah", "finn"), "Delivery service, second order"),
    _Ask(3.1, "leah", "00402", "parts", "Winter tire set 18", 1_180, 890, 10, 35, ("cora",), "As at the dealer next door"),
    _Ask(1.3, "leah", "00623", "vehicle", SUV, 52_900, 50_600, 3.2, 1, (), "Margin is thin, car stands for 140 days"),
    _Ask(0.8, "cora", "00137", "vehicle", GT, 34_500, 29_300, 2.4, 1, (), "Price match"),
    _Ask(0.4, "leah", "00519", "vehicle", VAN, 41_200, 35_900, 4, 2, (), "Trade fair", "program", True),
)  # fmt: skip


def expect(story: Story) -> None:
    """Let budgets be set, requests be sent and signed, and the sweep pass by, in their time."""
    regions = sorted({place.region for place in PLACES})
    for days in range(183, 0, -10):
        story.at(story.until - timedelta(days=days), partial(_budgets, story, regions))
    for ask in ASKS:
        story.at(_in_hours(story.until - timedelta(days=ask.days), story.until), partial(_send, story, ask))
    for days in range(115, 0, -8):
        story.at(story.until - timedelta(days=days), partial(_sweep, story))
    story.at(story.until - timedelta(days=2), partial(_away, story))


def close_day(story: Story) -> None:
    """The sweep has just run."""
    _sweep(story, story.until)


def _in_hours(when: datetime, until: datetime) -> datetime:
    """The same day in working hours, not after the end of the story."""
    found = when.replace(hour=15 + when.day % 4, minute=7 * (when.day % 8), second=0, microsecond=0)
    return found if found <= until else found - timedelta(days=1)


def _budgets(story: Story, regions: list[str], now: datetime) -> None:
    """A budget for every region, where the quarter has none yet."""
    for position, region in enumerate(regions):
        cents = BUDGET - position * 35_000_00
        try:
            story.do(
                set_budget, region=region, quarter=quarter_of(now), budget_cents=cents, seen_version=0,
                actor=story.cast.named("mason"), now=now,
            )  # fmt: skip
        except Stale:
            return  # the quarter has its budgets


def _send(story: Story, ask: _Ask, now: datetime) -> None:
    terms = Terms(
        kind=ask.kind, subject=ask.subject, list_cents=ask.list_price * 100, cost_cents=ask.cost * 100,
        percent=round(ask.percent * 100), units=ask.units, repeats=ask.repeats, legal_text=ask.legal,
        reason=ask.reason,
    )  # fmt: skip
    actor = story.cast.named(ask.who)
    item = story.do(
        send_request, dealer_id=story.cast.id_of(ask.code), terms=terms, form_key=None, actor=actor, now=now
    )
    for position, word in enumerate(ask.fate, start=1):
        story.at(now + timedelta(hours=3 * position), partial(_follow, story, ask, item, word))


def _follow(story: Story, ask: _Ask, item: int, word: str, now: datetime) -> None:
    """One thing that becomes of a request; what the levels do not ask for any more is left out."""
    who = word.lstrip("-!~")
    ada = story.cast.named("admin")
    with reading(story.bind) as session:
        page = get_request(session, item_id=item, actor=ada, now=now)
    common = {"item_id": item, "seen_version": page.version, "now": now}
    if word == "!":
        story.do(COMMANDS["withdraw"], actor=story.cast.named(ask.who), note="Bought elsewhere", **common)
    elif word.startswith("~"):
        terms = Terms(**{**page.terms.as_dict(), "percent": round(float(who) * 100), "discount_cents": None})
        story.do(COMMANDS["change"], actor=story.cast.named(ask.who), terms=terms, **common)
    elif page.status == "in_review":
        step = "reject" if word.startswith("-") else "approve"
        note = "Stock of this model is short; no reason to sell below list." if step == "reject" else ""
        story.do(COMMANDS[step], actor=story.cast.named(who), note=note, **common)


def _away(story: Story, now: datetime) -> None:
    """Colin is away for some days and Cora stands in; Leah is away next week and nobody does."""
    cora, colin, leah = (story.cast.named(name) for name in ("cora", "colin", "leah"))
    story.do(
        add_away, person_id=leah.user_id, stand_in_id=None, starts_at=now + timedelta(days=7),
        until_at=now + timedelta(days=12), note="Trade fair", actor=leah, now=now,
    )  # fmt: skip
    story.do(
        add_away, person_id=colin.user_id, stand_in_id=cora.user_id, starts_at=now, until_at=now + timedelta(days=5),
        note="Visits in the Midwest", actor=colin, now=now,
    )  # fmt: skip


def _sweep(story: Story, now: datetime) -> None:
    run_expiry(story.bind, now=now)
    run_warnings(story.bind, now=now)
