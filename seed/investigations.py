"""What becomes of the demo's odd claims: flags looked into, closed with every outcome, handed over, opened again."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zlib import crc32

from sqlalchemy import func, select

from db.core.problems import Refused
from db.core.session import reading
from db.investigations.commands import COMMANDS, open_investigation
from db.investigations.jobs import run_scan
from db.investigations.tables import ClaimFlag, Investigation
from seed.story import Story

HOME = "00402"
OUTCOMES: dict[str, tuple[tuple[str, str], ...]] = {
    "picture_reuse": (
        ("confirmed", "The same sheet was scanned for two cars; the dealer owned up to it. See the charge-back."),
        ("unfounded", "One visit, two claims: both jobs stand on the same sheet."),
    ),
    "invoice_reuse": (("confirmed", "The machine shop wrote one invoice; it was claimed twice."),),
    "same_words": (
        ("inconclusive", "Words are the same, the readings could be true. Watched for a quarter."),
        ("unfounded", "The advisor uses a template; the test reports differ from car to car."),
    ),
    "vehicle_twice": (
        ("inconclusive", "Owner moved; the second shop says the first repair did not hold. Part was scrapped."),
        ("unfounded", "The new part failed, too: its serial is on the second claim."),
    ),
    "usage": (("unfounded", "Instrument cluster replaced in between; the reading was carried over late."),),
    "document": (("confirmed", "The receipt is for less than was charged; the difference is taken back."),),
}
ELSE = (("unfounded", "Looked at claim, papers and clock; nothing is wrong."),)
EVERY = timedelta(days=4)
AGE = timedelta(days=4)


def expect(story: Story, *, start: datetime) -> None:
    """Let the coordinators look into what was flagged some days ago, and into two dealers on their own account."""
    end, day = story.until, start.replace(hour=18, minute=15) + EVERY
    while day < end - timedelta(hours=30):
        story.at(day, partial(_look, story))
        day += EVERY
    for days in (150, 120, 90, 60, 40, 26, 12, 5, 1):
        story.at(_hour(end, days, 11), partial(_scan, story))
    story.at(_hour(end, 49, 15), partial(_by_hand, story, "00137", "A customer says no repair was ever done."))
    story.at(_hour(end, 4, 15), partial(_by_hand, story, HOME, "Three rental cars on one day; the lot has two."))
    story.at(_hour(end, 17, 16), partial(_again, story))
    story.at(_hour(end, 2, 16), partial(_hand_over, story))


def _hour(end: datetime, days: float, hour: int) -> datetime:
    return (end - timedelta(days=days)).replace(hour=hour, minute=5, second=0, microsecond=0)


def _scan(story: Story, now: datetime) -> None:
    run_scan(story.bind, now=now)


def _open(story: Story, *conditions: Any) -> list[Any]:
    found = Investigation
    with reading(story.bind) as session:
        return list(
            session.execute(
                select(found.id, found.region, found.status, found.version, found.created_at)
                .where(*conditions)
                .order_by(found.id)
            )
        )


def _look(story: Story, now: datetime) -> None:
    """Take what was flagged a while ago; close what was taken the time before; some stays for later."""
    for row in _open(story, Investigation.is_open, Investigation.created_at < now - AGE):
        said = crc32(row.created_at.isoformat().encode()) % 100
        if row.status == "looking":
            _close(story, row, said, now)
        elif said < 70 or now - row.created_at > timedelta(days=12):
            _step(story, "take", row, now, by="mason" if said % 3 == 0 else "")


def _close(story: Story, row: Any, said: int, now: datetime) -> None:
    if now > story.until - timedelta(days=9) and said % 3 == 0:
        return  # still being looked into today
    with reading(story.bind) as session:
        kind = session.scalar(select(ClaimFlag.kind).where(ClaimFlag.investigation_id == row.id).order_by(ClaimFlag.id))
        same = select(ClaimFlag.investigation_id).where(ClaimFlag.kind == kind)
        before = session.scalar(
            select(func.count()).where(Investigation.closed_at.is_not(None), Investigation.id.in_(same))
        )
    choices = OUTCOMES.get(kind or "", ELSE)
    outcome, note = choices[(before or 0) % len(choices)]
    _step(story, "close", row, now, by=("cora", "mason")[said % 2], outcome=outcome, note=note)


def _by_hand(story: Story, code: str, because: str, now: datetime) -> None:
    try:
        story.do(
            open_investigation, dealer_id=story.cast.id_of(code), because=because, form_key=f"by-hand:{code}",
            actor=story.cast.named("mason"), now=now,
        )  # fmt: skip
    except Refused:
        story.overtaken["open_investigation"] += 1  # flags have opened one of the dealer already


def _again(story: Story, now: datetime) -> None:
    closed = _open(story, Investigation.outcome == "inconclusive")
    for row in closed[:1]:
        _step(story, "reopen", row, now, by="mason", note="The old part turned up at another dealer.")


def _hand_over(story: Story, now: datetime) -> None:
    waiting = _open(story, Investigation.status == "flagged")
    for row in waiting[-2:-1]:
        _step(story, "hand_over", row, now, by="mason", assignee_id=story.cast.named("cora").user_id)


def _step(story: Story, step: str, row: Any, now: datetime, *, by: str, **more: Any) -> None:
    """One step of a person, or of the coordinator of the dealer's region where `by` is empty."""
    actor = story.cast.named(by) if by else story.cast.desk(row.region)
    try:
        story.do(COMMANDS[step], item_id=row.id, seen_version=row.version, actor=actor, now=now, **more)
    except Refused as refused:
        story.overtaken[f"investigations.{step}.{refused.code}"] += 1
