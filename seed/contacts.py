"""Six months of contacts with dealers: calls, visits, tries, and promises kept, moved, dropped or forgotten."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select

from db.contact_log.commands import COMMANDS, PromiseDraft, correct_contact, log_contact, make_promise, void_contact
from db.contact_log.jobs import run_reminders
from db.contact_log.tables import ContactReport, Promise
from db.core.actor import Actor
from db.core.session import reading
from seed import contact_sentences as words
from seed.network import Network
from seed.places import PLACES, Place
from seed.story import Story

# Dealers somebody lost sight of: days before the end on which they were last spoken to; -1 for never.
SILENT = {"00118": 118, "00320": 97, "00524": 71, "00623": 63, "00211": 52, "00415": 48, "00530": -1, "00446": 38}
LINES = ZoneInfo("America/New_York")


class _Plan(NamedTuple):
    """What becomes of a promise: the step, so many days after its day (before it when negative), a part of them."""

    step: str
    days: int
    weight: int


PLANS = (
    _Plan("keep", -2, 40), _Plan("keep", 0, 22), _Plan("keep", 4, 9), _Plan("postpone", -1, 13),
    _Plan("withdraw", -3, 5), _Plan("", 0, 11),
)  # fmt: skip


def expect(story: Story, made: Network, *, seed: int) -> None:
    """Let every contact of the six months happen in its time; the same seed makes the same ones."""
    rng = random.Random(seed * 31 + 7)
    first = story.until - timedelta(days=178)
    for place in PLACES:
        if place.status in ("prospect", "terminated"):
            continue
        silent = SILENT.get(place.code, 0)
        if silent < 0:
            story.at(story.until - timedelta(days=9), partial(_tried, story, place, rng.randrange(10**6)))
            continue
        every = max(15, 40 - 6 * place.weight)
        at = first + timedelta(days=rng.uniform(1, every))
        while at < story.until - timedelta(days=max(silent, rng.uniform(1, 9))):
            story.at(_working(at, rng), partial(_talk, story, place, rng.randrange(10**6)))
            at += timedelta(days=rng.uniform(0.6, 1.4) * every)
    for days in (*range(170, 12, -10), *range(12, -1, -1)):
        story.at(story.until - timedelta(days=days), partial(_remind, story))
    _last_days(story, made)


def _working(at: datetime, rng: random.Random) -> datetime:
    """The same day between ten and five o'clock in New York, a Friday instead of a weekend."""
    day = at.astimezone(LINES).date()
    day -= timedelta(days=max(0, day.weekday() - 4))
    return datetime.combine(day, time(10, 0), LINES) + timedelta(minutes=rng.randrange(0, 420))


def _who(story: Story, place: Place, rng: random.Random, *, visit: bool) -> Actor:
    if visit and rng.random() < 0.5:
        return story.cast.named("mason")
    return story.cast.named("leah") if rng.random() < 0.16 else story.cast.desk(place.region)


def _talk(story: Story, place: Place, number: int, now: datetime) -> None:
    """One contact, sometimes after a try some hours before."""
    rng = random.Random(number)
    chance = rng.random()
    visit, inbound = chance < 0.12, 0.12 <= chance < 0.24
    actor = _who(story, place, rng, visit=visit)
    talk = partial(_said, story, place, rng.randrange(10**6), actor, "visit" if visit else "in" if inbound else "")
    if visit or inbound or rng.random() >= 0.22:
        talk(now)
        return
    outcome = rng.choice(("no_answer", "left_message"))
    note = rng.choice(words.NO_ANSWER if outcome == "no_answer" else words.VOICEMAIL)
    story.do(log_contact, dealer_id=story.cast.id_of(place.code), summary=note, outcome=outcome, actor=actor, now=now)
    story.at(now + timedelta(hours=3), talk)


def _said(story: Story, place: Place, number: int, actor: Actor, kind: str, now: datetime) -> None:  # noqa: PLR0917
    """Somebody was reached (kind: visit, in, or neither); in four of ten talks something is promised."""
    visit, inbound = kind == "visit", kind == "in"
    rng = random.Random(number)
    dealer_id = story.cast.id_of(place.code)
    talk = rng.choice(words.VISITS if visit else words.INBOUND if inbound else words.CALLS)
    channel = "visit" if visit else rng.choices(("call", "email", "video"), (8, 2, 1))[0]
    if inbound:
        channel = "email" if talk.summary.startswith("Wrote") else "call"
    drafts = _drafts(rng, now.astimezone(LINES).date()) if rng.random() < 0.42 else []
    report_id = story.do(
        log_contact, dealer_id=dealer_id, summary=talk.summary, topics=talk.topics, channel=channel,
        direction="in" if inbound else "out", with_name=_name(story, dealer_id, rng), promises=drafts, actor=actor,
        now=now,
    )  # fmt: skip
    with reading(story.bind) as session:
        ids = session.scalars(
            select(Promise.id).where(Promise.contact_report_id == report_id).order_by(Promise.id)
        ).all()
    for promise_id, draft in zip(ids, drafts, strict=True):
        _plan(story, promise_id, draft, rng, now)


def _name(story: Story, dealer_id: int, rng: random.Random) -> str:
    try:
        manager = story.cast.manager(dealer_id).name
        people = (manager, manager, story.cast.sales(dealer_id, turn=rng.randrange(9), assignee_id=None).name)
    except KeyError:
        return ""
    return rng.choice(people)


def _drafts(rng: random.Random, today: date) -> list[PromiseDraft]:
    sides = rng.choices((("us",), ("dealer",), ("us", "dealer")), (4, 3, 2))[0]
    return [
        PromiseDraft(
            made_by=side, text=rng.choice(words.OURS if side == "us" else words.THEIRS),
            due_day=today + timedelta(days=rng.choice((3, 5, 7, 7, 10, 14, 21))),
        )
        for side in sides
    ]  # fmt: skip


def _plan(story: Story, promise_id: int, draft: PromiseDraft, rng: random.Random, now: datetime) -> None:
    assert draft.due_day is not None
    plan = rng.choices(PLANS, [p.weight for p in PLANS])[0]
    if not plan.step:
        # What is left alone for ever would only grow, so most of it is done at last.
        plan = _Plan("keep", rng.choice((17, 26, 39)), 0)
    day = max(draft.due_day + timedelta(days=plan.days), now.date())
    at = datetime.combine(day, time(16, rng.randrange(60)), LINES)
    story.at(max(at, now + timedelta(hours=1)), partial(_step, story, promise_id, plan.step, rng.randrange(10**6)))


def _step(story: Story, promise_id: int, step: str, number: int, now: datetime) -> None:
    rng = random.Random(number)
    with reading(story.bind) as session:
        promise = session.get_one(Promise, promise_id)
        session.expunge(promise)
    actor = next(
        story.cast.named(name) for name in ("cora", "colin", "mason", "leah")
        if story.cast.named(name).user_id == promise.assignee_id
    )  # fmt: skip
    inputs: dict[str, Any] = {}
    if step == "keep":
        inputs["note"] = rng.choice(words.DONE_OURS if promise.made_by == "us" else words.DONE_THEIRS)
    elif step == "postpone":
        inputs = {"due_day": promise.due_day + timedelta(days=7), "reason_text": rng.choice(words.LATER)}
        again = "postpone" if promise.postponed == 0 and rng.random() < 0.3 else "keep"
        at = datetime.combine(promise.due_day + timedelta(days=6), time(15, 30), LINES)
        story.at(at, partial(_step, story, promise_id, again, rng.randrange(10**6)))
    else:
        inputs["reason_text"] = rng.choice(words.DROPPED)
    story.do(COMMANDS[step], item_id=promise_id, seen_version=promise.version, actor=actor, now=now, **inputs)


def _tried(story: Story, place: Place, number: int, now: datetime) -> None:
    """A dealer that is called and never answers."""
    actor = story.cast.desk(place.region)
    for hours in (0, 26, 70):
        story.at(
            now + timedelta(hours=hours),
            lambda at: story.do(
                log_contact, dealer_id=story.cast.id_of(place.code), outcome="no_answer", actor=actor, now=at,
            ),
        )  # fmt: skip


def _remind(story: Story, now: datetime) -> None:
    run_reminders(story.bind, now=now)


# ---- the last days: something true on each screen --------------------------------------------------------------------
def _last_days(story: Story, made: Network) -> None:
    """Promises of every kind at the dealership whose people can sign in, and what was corrected or voided."""
    until = story.until
    show = made.dealers["00402"]

    def at(days: float, what: Callable[[datetime], Any]) -> None:
        story.at(until - timedelta(days=days), what)

    colin, cora = story.cast.named("colin"), story.cast.named("cora")
    today = until.astimezone(LINES).date()

    def promise(who: Actor, code: str, side: str, text: str, *, due: int, now: datetime) -> int:
        made_id: int = story.do(
            make_promise, dealer_id=made.dealers[code], made_by=side, text=text,
            due_day=today + timedelta(days=due), actor=who, now=now,
        )  # fmt: skip
        return made_id

    at(40, lambda now: promise(colin, "00402", "us", words.OURS[0], due=-19, now=now))
    at(16, lambda now: promise(colin, "00402", "dealer", words.THEIRS[4], due=-4, now=now))
    at(6, lambda now: promise(colin, "00402", "us", words.OURS[4], due=1, now=now))
    at(6, lambda now: promise(colin, "00402", "dealer", words.THEIRS[1], due=9, now=now))
    at(12, lambda now: promise(cora, "00331", "us", words.OURS[1], due=-3, now=now))
    at(9, lambda now: promise(cora, "00137", "us", words.OURS[8], due=0, now=now))
    at(8, lambda now: promise(cora, "00614", "dealer", words.THEIRS[0], due=-1, now=now))
    at(7, lambda now: promise(cora, "00101", "us", words.OURS[7], due=4, now=now))
    at(5, lambda now: promise(cora, "00617", "dealer", words.THEIRS[7], due=12, now=now))
    at(1.2, lambda now: story.do(
        log_contact, dealer_id=show, outcome="left_message", summary=words.VOICEMAIL[1], actor=colin, now=now,
    ))  # fmt: skip

    def hand_over(now: datetime) -> None:
        promise_id = promise(cora, "00507", "us", words.OURS[3], due=3, now=now)
        story.do(
            COMMANDS["hand_over"], item_id=promise_id, seen_version=1, assignee_id=colin.user_id, actor=cora, now=now,
        )  # fmt: skip

    at(4, hand_over)
    at(11, partial(_correct, story, made.dealers["00207"], cora))
    at(33, partial(_void, story, made.dealers["00305"], cora))


def _correct(story: Story, dealer_id: int, actor: Actor, now: datetime) -> None:
    talk = words.CALLS[5]
    report_id = story.do(
        log_contact, dealer_id=dealer_id, summary=talk.summary.replace("three", "two"), topics=talk.topics,
        actor=actor, now=now,
    )  # fmt: skip
    story.do(correct_contact, report_id=report_id, seen_version=1, summary=talk.summary, actor=actor, now=now)


def _void(story: Story, dealer_id: int, actor: Actor, now: datetime) -> None:
    talk = words.CALLS[7]
    report_id = story.do(
        log_contact, dealer_id=dealer_id, summary=talk.summary, topics=talk.topics, actor=actor, now=now
    )

    def void(at: datetime) -> None:
        with reading(story.bind) as session:
            version = session.scalars(select(ContactReport.version).where(ContactReport.id == report_id)).one()
        story.do(void_contact, report_id=report_id, seen_version=version, reason=words.VOIDS[0], actor=actor, now=at)

    story.at(now + timedelta(days=2), void)
