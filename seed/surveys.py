"""Six months of surveys: what an agency sends each week, unhappy customers called or forgotten, and some that game."""

from __future__ import annotations

import csv
import io
import random
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select

from db.core.area import SourceFile
from db.core.session import reading
from db.dealers.tables import DealerContact
from db.imports.commands import run_import
from db.surveys.commands import COMMANDS, enter_survey, exclude_survey, publish_questionnaire
from db.surveys.jobs import run_escalations
from db.surveys.tables import Survey, SurveyAlert
from seed.network import Network
from seed.people_names import FIRST_NAMES, LAST_NAMES
from seed.places import PLACES
from seed.story import Story

HEAD = (
    "Survey id", "Dealer code", "Kind", "Sent", "Answered", "Customer", "E-mail", "Seconds taken",
    "q1", "q2", "q3", "q4", "q5", "Comment",
)  # fmt: skip
SERVICE = (
    ("How satisfied are you with the work on your vehicle?", 40), ("Was the vehicle ready when promised?", 25),
    ("How were you treated by the service adviser?", 20), ("Was the bill explained to you?", 15),
)  # fmt: skip
SALES = (
    ("How satisfied are you with your purchase?", 40), ("How well were you advised?", 25),
    ("How was the hand-over of the vehicle?", 25), ("Was the paperwork done quickly?", 10),
)  # fmt: skip
GOOD = ("Friendly.", "As promised", "", "", "Quick.", "")
BAD = ("Had to come back twice for the same noise.", "Nobody called me back.", "The bill was not explained.", "")
CAUSES = ("communication", "waiting", "repair", "price", "staff")
PER_WEEK = 3
GAMER, TWINS = "00118", "00211"
"""A dealer whose own address answers, and one whose answers look alike."""


def expect(story: Story, made: Network, *, seed: int, start: datetime) -> None:
    """Let the surveys happen in their time; the same seed makes the same ones."""
    rng = random.Random(f"{seed}:surveys")
    story.at(start, partial(_publish, story, 1, start.date() - timedelta(days=30)))
    story.at(story.until - timedelta(days=70), partial(_publish, story, 2, None))
    weeks = range(24, -1, -2)
    for week in weeks:
        at = story.until - timedelta(days=7 * week, hours=30)
        story.at(at, partial(_bring, story, rng.randrange(10**6), f"surveys-{at:%Y-%m-%d}.csv"))
        for hours in (5, 19) if week else ():
            story.at(at + timedelta(hours=hours), partial(_call, story, rng.randrange(10**6)))
        story.at(at + timedelta(hours=25), partial(_sweep, story))
        story.at(at + timedelta(days=4), partial(_settle, story, rng.randrange(10**6)))
    story.at(story.until - timedelta(days=9), partial(_by_hand, story))
    story.at(story.until - timedelta(hours=6), partial(_unhappy, story))
    story.at(story.until - timedelta(hours=20), partial(_leave_out, story))


def _questions(kind: str, version: int) -> list[dict[str, Any]]:
    words = SERVICE if kind == "csi" else SALES
    weights = [w + (5 if version == 2 and i == 0 else 0) for i, (_, w) in enumerate(words)]
    asked = [
        {"text": text, "weight": weight, "best": 5, "top_from": 5, "is_headline": i == 0}
        for i, ((text, _), weight) in enumerate(zip(words, weights, strict=True))
    ]
    return [*asked, {"text": "Would you recommend us?", "weight": 0, "is_nps": True}]


def _publish(story: Story, number: int, first: date | None, now: datetime) -> None:
    reason = "The first questionnaire." if number == 1 else "The headline question weighs more."
    for kind, title in (("csi", "Service experience"), ("ssi", "Sales experience")):
        story.do(
            publish_questionnaire, kind=kind, title=title, from_day=first or now.date(), alert_below=60,
            questions=_questions(kind, number), reason=reason, seen_number=number - 1,
            actor=story.cast.named("mason"), now=now,
        )  # fmt: skip


def _bring(story: Story, number: int, name: str, now: datetime) -> None:
    """Two weeks of one agency: every open dealer by its size, some rows that cannot be taken."""
    rng = random.Random(number)
    today = now.date() - timedelta(days=1)
    rows: list[tuple[Any, ...]] = []
    for place in PLACES:
        if place.status in ("prospect", "terminated"):
            continue
        small = place.code[-1] in "37"
        for _ in range(rng.randint(0, 1) if small else 1 + place.weight * PER_WEEK // 2):
            rows.append(_row(rng, place.code, today, len(rows), number))
    if now > story.until - timedelta(days=20):
        rows += _odd_rows(story, today)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEAD)
    writer.writerows(rows)
    file = SourceFile(name=name, content=text.getvalue().encode())
    story.do(run_import, kind="surveys", files=[file], channel="page", actor=story.cast.named("cora"), now=now)


def _row(rng: random.Random, code: str, today: date, place: int, number: int) -> tuple[Any, ...]:
    sent = today - timedelta(days=rng.randint(3, 14))
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    kind = "csi" if rng.random() < 0.65 else "ssi"
    head = (f"AG-{number}-{place}", code, kind, sent.isoformat())
    who = (f"{first} {last}", f"{first}.{last}.{number % 997}x{place}@mail.example".lower())
    if rng.random() < 0.45:
        return (*head, "", *who, "", "", "", "", "", "", "")
    answered = sent + timedelta(days=rng.randint(0, (today - sent).days))
    likes = 0.93 - (int(code) * 7919 % 23) / 100
    answers = [5 if rng.random() < likes else rng.choice((4, 4, 4, 3, 3, 2)) for _ in range(4)]
    if rng.random() < 0.05:
        answers[rng.randrange(4)] = 1
    mean = sum(answers) / 4
    nps = min(10, max(0, round(mean * 2) - rng.choice((0, 0, 1, 1, 2))))
    words = rng.choice(BAD if mean < 4 else GOOD)
    return (*head, answered.isoformat(), *who, rng.randint(45, 400), *answers, nps, words)


def _odd_rows(story: Story, today: date) -> list[tuple[Any, ...]]:
    """What a suspicious reader looks for, and what cannot be right."""
    gamer = story.cast.id_of(GAMER)
    with reading(story.bind) as session:
        query = select(DealerContact.email).where(DealerContact.dealer_id == gamer, DealerContact.email != "")
        email = session.scalar(query.order_by(DealerContact.id).limit(1)) or "desk@dealer.example"
    day = (today - timedelta(days=2)).isoformat()
    sent = (today - timedelta(days=6)).isoformat()
    tag = today.isoformat()
    mine = [
        (f"OWN-{tag}-{i}", GAMER, "csi", sent, day, "A. Customer", email, 9, 5, 5, 5, 5, 10, "") for i in range(3)
    ]  # fmt: skip
    same = "Best dealer in town, everything perfect!"
    alike = [
        (f"TWIN-{tag}-{i}", TWINS, "ssi", sent, day, "", f"buyer{i}.{tag}@mail.example", 60, 5, 5, 5, 5, 10, same)
        for i in range(9)
    ]  # fmt: skip
    wrong = [
        (f"BAD-{tag}-1", "99999", "csi", sent, day, "", "", "", 5, 5, 5, 5, 9, ""),
        (f"BAD-{tag}-2", GAMER, "csi", sent, day, "", "", "", 7, 5, 5, 5, 9, ""),
        (f"BAD-{tag}-3", GAMER, "csi", day, sent, "", "", "", 5, 5, 5, 5, 9, ""),
    ]  # fmt: skip
    return [*mine, *alike, *wrong]


def _sweep(story: Story, now: datetime) -> None:
    run_escalations(story.bind, now=now)


def _alerts(story: Story, status: str) -> list[tuple[int, int, int]]:
    """(alert, its version, its dealer) in this state."""
    query = select(SurveyAlert.id, SurveyAlert.version, SurveyAlert.dealer_id).where(SurveyAlert.status == status)
    with reading(story.bind) as session:
        rows = session.execute(query.order_by(SurveyAlert.id)).all()
    return [(alert_id, version, dealer_id) for alert_id, version, dealer_id in rows if dealer_id is not None]


def _call(story: Story, number: int, now: datetime) -> None:
    """Dealers call the customers of some fresh alerts; one in eight is not reached."""
    rng = random.Random(number)
    for alert_id, version, dealer_id in _alerts(story, "open"):
        if rng.random() < 0.5:
            step = "not_reachable" if rng.random() < 0.12 else "contact"
            note = "Three calls and a message." if step == "not_reachable" else "Listened, and will look into it."
            story.do(
                COMMANDS[step], item_id=alert_id, seen_version=version, note=note,
                actor=story.cast.manager(dealer_id), now=now,
            )  # fmt: skip


def _settle(story: Story, number: int, now: datetime) -> None:
    """Days later most are called and settled; some are forgotten."""
    _call(story, number, now)
    rng = random.Random(number + 1)
    for alert_id, version, dealer_id in _alerts(story, "contacted"):
        if rng.random() < 0.8:
            outcome = rng.choice(("fixed", "fixed", "explained", "goodwill", "unresolved"))
            story.do(
                COMMANDS["resolve"], item_id=alert_id, seen_version=version, outcome=outcome,
                root_cause=rng.choice(CAUSES), note="Agreed with the customer.",
                actor=story.cast.manager(dealer_id), now=now,
            )  # fmt: skip


def _by_hand(story: Story, now: datetime) -> None:
    """A dealer's manager notes what a customer said on the telephone."""
    dealer_id = story.cast.id_of("00402")
    story.do(
        enter_survey, dealer_id=dealer_id, kind="csi", channel="phone", sent_on=now.date() - timedelta(days=3),
        answered_on=now.date() - timedelta(days=1), answers={"q1": 4, "q2": 5, "q3": 5, "q4": 4, "q5": 9},
        customer_name="Rosa Lindqvist", comment="Waited a little, but friendly.",
        actor=story.cast.manager(dealer_id), now=now,
    )  # fmt: skip


def _unhappy(story: Story, now: datetime) -> None:
    """This morning a customer was told to call again; there is still time to."""
    dealer_id = story.cast.id_of("00402")
    story.do(
        enter_survey, dealer_id=dealer_id, kind="csi", channel="phone", sent_on=now.date() - timedelta(days=4),
        answered_on=now.date() - timedelta(days=1), answers={"q1": 2, "q2": 1, "q3": 4, "q4": 3, "q5": 3},
        customer_name="Omar Castellan", comment="The car was not ready, and nobody had called.",
        actor=story.cast.desk("Midwest"), now=now,
    )  # fmt: skip


def _leave_out(story: Story, now: datetime) -> None:
    """The manager leaves two of the dealer's own answers out; the third is still to be decided."""
    with reading(story.bind) as session:
        rows = session.execute(
            select(Survey.id, Survey.version).where(Survey.survey_key.like("OWN-%")).order_by(Survey.id).limit(2)
        ).all()
    for row in rows:
        story.do(
            exclude_survey, survey_id=row.id, seen_version=row.version, reason="The dealer's own address.",
            actor=story.cast.named("mason"), now=now,
        )  # fmt: skip
