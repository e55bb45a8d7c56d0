"""Response quality in the demo: monthly draws at some dealers, reviews, second looks, coaching, a second version."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from db.core.actor import Actor
from db.core.labels import local_day
from db.core.problems import Refused
from db.core.session import reading
from db.quality import rules
from db.quality.coaching_commands import COMMANDS as COACHING
from db.quality.coaching_commands import write_note
from db.quality.commands import COMMANDS
from db.quality.form_commands import activate_form, draft_form, save_form
from db.quality.forms import active_form
from db.quality.jobs import run_follow_ups
from db.quality.sample_commands import draw_sample, second_look
from db.quality.tables import CoachingNote, Person, QualityForm, QualityReview
from seed.network import Network
from seed.story import Story

HOMES = ("00101", "00137", "00202", "00313", "00402", "00501")
MONTHS = 5
COMMENTS = {
    "answered": ("Asked for the monthly rate, got the opening hours.", "The question about the trade-in stayed open."),
    "price": ("No price, though it was the only question.", "“Come by and we talk about it.”"),
    "appointment": ("No day offered, only “whenever you like”.",),
    "personal": ("The automatic text, word for word.",),
    "tone": ("Sounds annoyed at the second question.",),
    "who": ("No direct number, only the switchboard.",),
    "next_step": ("Nobody says who calls whom.",),
    "name": ("The name is misspelled twice.",),
}
WHY_SKIPPED = ("A call without a note: nothing to read.", "Answered at the counter, nobody wrote it down.")
NOTES = (
    ("Your answers are friendly and fast, but half of them do not say the price that was asked for.",
     "Name a price or a range in the first answer."),
    ("You offer a visit without a day. Customers who get two times to choose from come more often.",
     "Offer two times in each first answer."),
    ("Three of the last answers used the template as it is. Read the question first.",
     "Write the first sentence yourself, about what they asked."),
)  # fmt: skip


def expect(story: Story, made: Network, *, seed: int) -> None:
    """Let the draws of the last months and all that follows from them happen; the same seed makes the same ones."""
    rng = random.Random(seed * 53 + 5)
    last = story.until.replace(day=1, hour=15, minute=0, second=0, microsecond=0)
    for back in range(MONTHS, 0, -1):
        first = _month(last, back)
        for code in HOMES:
            dealer_id = made.dealers[code]
            at = _month(last, back - 1) + timedelta(days=2, minutes=rng.randrange(300))
            story.at(at, partial(_draw, story, dealer_id, first, rng.randrange(10**6)))
    # The last weeks, so that something waits.
    for code in HOMES[:4]:
        at = story.until - timedelta(days=2, minutes=rng.randrange(300))
        story.at(at, partial(_draw_recent, story, made.dealers[code], rng.randrange(10**6)))
    for position, code in enumerate(HOMES):
        for days, plan in ((58, "follow_up"), (33, "follow_up"), (24, "acknowledge"), (2, "")):
            at = story.until - timedelta(days=days - position / 4)
            story.at(at, partial(_talk, story, made.dealers[code], rng.randrange(10**6), plan))
    story.at(story.until - timedelta(days=75), partial(_second_version, story))
    for days in range(60, -1, -5):
        story.at(
            story.until - timedelta(days=days, hours=1), lambda now: (run_follow_ups(story.bind, now=now), None)[1]
        )


def _month(last: datetime, back: int) -> datetime:
    year, month = divmod(last.year * 12 + last.month - 1 - back, 12)
    return last.replace(year=year, month=month + 1)


def _draw(story: Story, dealer_id: int, first: datetime, number: int, now: datetime) -> None:
    following = (first + timedelta(days=32)).replace(day=1)
    _drawn(story, dealer_id, number, now, first=first, last=following - timedelta(days=1), focus="all", leave=0.0)


def _draw_recent(story: Story, dealer_id: int, number: int, now: datetime) -> None:
    focus = "late" if number % 4 == 0 else "all"
    _drawn(story, dealer_id, number, now, first=now - timedelta(days=21), last=now, focus=focus, leave=0.6)


def _drawn(
    story: Story, dealer_id: int, number: int, now: datetime, *, first: datetime, last: datetime, focus: str,
    leave: float,
) -> None:  # fmt: skip
    """One draw by the dealer's manager or the desk, and a plan for what becomes of each response."""
    rng = random.Random(number)
    who = story.cast.manager(dealer_id) if rng.random() < 0.7 else story.cast.desk(story.cast.region(dealer_id))
    try:
        sample = story.do(
            draw_sample, dealer_id=dealer_id, from_day=first.date(), to_day=last.date(), seed=number % 9_000 + 1,
            focus=focus, actor=who, now=now,
        )  # fmt: skip
    except Refused:
        return  # a month without responses
    with reading(story.bind) as session:
        ids = session.scalars(
            select(QualityReview.id).where(QualityReview.sample_id == sample).order_by(QualityReview.id)
        ).all()
    for review_id in ids:
        if rng.random() >= leave:
            at = now + timedelta(days=rng.uniform(0.2, 9))
            story.at(at, partial(_review, story, review_id, rng.randrange(10**6)))


def _reviewer(story: Story, dealer_id: int, username: str, rng: random.Random, *, not_id: int | None = None) -> Actor:
    found = [story.cast.manager(dealer_id), story.cast.desk(story.cast.region(dealer_id)), story.cast.named("mason")]
    fit = [a for a in found if a.username != username and a.user_id != not_id]
    return fit[0] if rng.random() < 0.6 else rng.choice(fit)


def _review(story: Story, review_id: int, number: int, now: datetime) -> None:
    """Score one response, mostly well; each person has habits that stay the same."""
    rng = random.Random(number)
    with reading(story.bind) as session:
        row = session.get_one(QualityReview, review_id)
        form = active_form(session)
        assert form is not None
        items, form_id = rules.items_of(form.items), form.id
        facts = (row.dealer_id, row.person_username, row.person_id, row.version, row.round, row.status)
        first = session.execute(
            select(QualityReview.reviewer_id, QualityReview.answers).where(
                QualityReview.lead_id == row.lead_id, QualityReview.round == 1
            )
        ).one()
    dealer_id, username, person_id, version, round_, status = facts
    if dealer_id is None or status != "drawn":
        return
    actor = _reviewer(story, dealer_id, username, rng, not_id=first.reviewer_id if round_ == 2 else None)
    seen = {"item_id": review_id, "seen_version": version, "actor": actor, "now": now}
    if round_ == 1 and rng.random() < 0.05:
        story.do(COMMANDS["skip"], reason_text=rng.choice(WHY_SKIPPED), **seen)
        return
    if round_ == 2:
        answers = {i.key: str(first.answers.get(i.key, rules.YES)) for i in items}
        flip = rng.choice(items)
        if not flip.is_critical:
            answers[flip.key] = rules.NO if answers[flip.key] == rules.YES else rules.YES
    else:
        answers = _answers(items, username, rng)
    comments = {
        k: rng.choice(COMMENTS[k]) for k, v in answers.items() if v == rules.NO and k in COMMENTS
    }  # fmt: skip
    comments |= {
        i.key: "Not met." for i in items if i.is_critical and answers[i.key] == rules.NO and not comments.get(i.key)
    }
    story.do(COMMANDS["review"], form_id=form_id, answers=answers, comments=comments, **seen)
    score = rules.score_of(items, answers)
    if round_ == 1 and rng.random() < 0.14:
        other = story.do(second_look, review_id=review_id, actor=actor, now=now)
        story.at(now + timedelta(days=2), partial(_review, story, other, rng.randrange(10**6)))
    if round_ == 1 and score is not None and score.value < 70 and person_id is not None and rng.random() < 0.35:
        story.at(now + timedelta(hours=5), partial(_coach, story, review_id, dealer_id, person_id, number))


def _answers(items: tuple[rules.FormItem, ...], username: str, rng: random.Random) -> dict[str, str]:
    habits = random.Random(username)
    skill = habits.uniform(0.62, 0.95)
    weak = {i.key for i in items if habits.random() < 0.2 and not i.is_critical}
    found = {}
    for item in items:
        if item.key in ("price", "vehicle", "channel") and rng.random() < 0.25:
            found[item.key] = rules.NA
        elif item.is_critical:
            found[item.key] = rules.NO if rng.random() < 0.03 else rules.YES
        else:
            found[item.key] = rules.YES if rng.random() < (skill - 0.35 if item.key in weak else skill) else rules.NO
    return found


def _coach(story: Story, review_id: int, dealer_id: int, person_id: int, number: int, now: datetime) -> None:  # noqa: PLR0917
    rng = random.Random(number + 1)
    manager = story.cast.manager(dealer_id)
    if manager.user_id == person_id:
        return
    with reading(story.bind) as session:
        open_one = session.scalar(
            select(CoachingNote.id).where(CoachingNote.person_id == person_id, CoachingNote.is_open)
        )
        person = session.get_one(Person, person_id)
        if open_one is not None or not person.role.startswith("dealer"):
            return
    words, agreed = rng.choice(NOTES)
    day = local_day(now, "America/New_York") + timedelta(days=rng.choice((14, 21, 28)))
    note = story.do(
        write_note, dealer_id=dealer_id, person_id=person_id, note=words, agreed=agreed, follow_up_day=day,
        review_id=review_id, metric=rng.choice(("score", "score", "in_15")), actor=manager, now=now,
    )  # fmt: skip
    if rng.random() < 0.8:
        story.at(now + timedelta(hours=rng.uniform(3, 60)), partial(_step, story, note, "acknowledge", person_id, None))
    chance = rng.random()
    if chance < 0.6:
        later = now + timedelta(days=(day - now.date()).days, hours=4)
        story.at(later, partial(_step, story, note, "follow_up", None, {"note": "Listened to two calls together."}))
    elif chance < 0.7:
        later = now + timedelta(days=6)
        story.at(later, partial(_step, story, note, "drop", None, {"reason_text": "Moved to the service desk."}))


def _talk(story: Story, dealer_id: int, number: int, plan: str, now: datetime) -> None:
    """A manager sits down with one of the sales people; what was said is confirmed, followed up, or still new."""
    rng = random.Random(number)
    manager = story.cast.manager(dealer_id)
    person = story.cast.sales(dealer_id, turn=number, assignee_id=None)
    if person.user_id == manager.user_id or person.user_id is None:
        return
    words, agreed = rng.choice(NOTES)
    day = local_day(now, "America/New_York") + timedelta(days=21)
    note = story.do(
        write_note, dealer_id=dealer_id, person_id=person.user_id, note=words, agreed=agreed, follow_up_day=day,
        metric="in_15" if number % 2 else "score", actor=manager, now=now,
    )  # fmt: skip
    if plan:
        story.at(now + timedelta(hours=7), partial(_step, story, note, "acknowledge", person.user_id, None))
    if plan == "follow_up":
        later = now + timedelta(days=22)
        story.at(later, partial(_step, story, note, "follow_up", None, {"note": "Went through two answers together."}))


def _step(  # noqa: PLR0917
    story: Story, note_id: int, step: str, person_id: int | None, inputs: dict[str, str] | None, now: datetime
) -> None:  # fmt: skip
    with reading(story.bind) as session:
        note = session.get_one(CoachingNote, note_id)
        name = session.scalar(select(Person.username).where(Person.id == person_id)) if person_id else note.submitted_by
        version, is_open = note.version, note.is_open
    if is_open and name is not None:
        actor = story.cast.named(name)
        story.do(COACHING[step], item_id=note_id, seen_version=version, actor=actor, now=now, **(inputs or {}))


def _second_version(story: Story, now: datetime) -> None:
    """What was learned in the first months: the item on reasons to buy is worth less, the offer of a visit more."""
    mason = story.cast.named("mason")
    draft = story.do(draft_form, actor=mason, now=now)
    with reading(story.bind) as session:
        items = [dict(i) for i in session.get_one(QualityForm, draft).items]
    for item in items:
        item["weight"] += {"appointment": 3, "reason": -3}.get(item["key"], 0)
    story.do(save_form, form_id=draft, seen_version=1, items=items, actor=mason, now=now)
    reason = "An offered time decides more visits than a reason to buy does."
    story.do(activate_form, form_id=draft, seen_version=2, reason_text=reason, actor=mason, now=now)
