"""People decide the demo's claims: most as suggested, some lines reduced, denied, returned, appealed, signed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zlib import crc32

from sqlalchemy import select

from db.claims.decide_commands import decide_lines
from db.claims.decision_rules import LineDecision
from db.claims.record import charges_of
from db.claims.tables import Claim
from db.core.actor import Actor
from db.core.problems import Refused
from db.core.session import reading
from seed import claim_words as words
from seed.claim_plan import Visit
from seed.claims import act
from seed.story import Story

EVERY = timedelta(days=2)
HOUR = 15
"""UTC: ten in the morning in New York."""
LEAST_AGE = timedelta(days=1)
MOST_A_TIME = 14
APPEALS = 45
"""Percent of what people denied or reduced that is appealed."""


def expect(story: Story, planned: Mapping[str, Visit], *, start: datetime) -> None:
    """Let the desk work through the queue every other day; each claim waits for some days, slow ones on and on."""
    day = start.replace(hour=HOUR) + EVERY
    while day < story.until - timedelta(hours=20):
        story.at(day, partial(_work, story, planned))
        day += EVERY
    for hours in (51, 27):
        story.at(story.until - timedelta(hours=hours), partial(_appeal_latest, story))
    # Today somebody has begun, so that the queue has claims one has taken and one that is signed.
    story.at(story.until - timedelta(hours=3), partial(_begin_today, story, planned))


def chance(text: str) -> int:
    """0 to 99, always the same for the same text."""
    return crc32(text.encode()) % 100


def _work(story: Story, planned: Mapping[str, Visit], now: datetime) -> None:
    with reading(story.bind) as session:
        columns = (Claim.id, Claim.ro_number, Claim.status, Claim.signed_level, Claim.returns, Claim.claim_type,
                   Claim.stage_entered_at, Claim.received_at)  # fmt: skip
        waiting = session.execute(
            select(*columns)
            .where(Claim.held_by == "us", Claim.stage_entered_at < now - LEAST_AGE)
            .order_by(Claim.due_at, Claim.id)
        ).all()
        stuck = session.execute(
            select(*columns)
            .where(Claim.status.in_(("pending_part", "with_engineering")))
            .where(Claim.stage_entered_at < now - timedelta(days=5))
            .order_by(Claim.id)
        ).all()
        disputed = session.execute(
            select(Claim.id, Claim.ro_number, Claim.dealer_id)
            .where(
                Claim.status.in_(("denied", "partially_approved")), Claim.appeals == 0, Claim.decided_kind == "person",
                Claim.decided_at.between(now - 3 * EVERY, now - 2 * EVERY + timedelta(hours=12)),
            )
            .order_by(Claim.id)
        ).all()  # fmt: skip
    cora = story.cast.named("cora")
    for row in stuck:
        if not _is_slow(planned, row.ro_number):
            act(story, "resume", row.id, actor=cora, now=now, note="Seen; the cause is confirmed.")
    for claim_id, ro, dealer_id in disputed:
        if chance(f"{ro}:appeal") < APPEALS:
            act(story, "appeal", claim_id, actor=story.cast.manager(dealer_id or 0), now=now,
                note="The test report shows the fault; please look at it again.")  # fmt: skip
    ready = [r for r in waiting if now - r.stage_entered_at > timedelta(days=1 + chance(f"{r.ro_number}:wait") % 5)]
    for row in ready[:MOST_A_TIME]:
        if _is_slow(planned, row.ro_number):
            _leave(story, planned, row, now)
        else:
            _decide(story, row, now)


def _is_slow(planned: Mapping[str, Visit], ro: str) -> bool:
    return ro in planned and planned[ro].is_slow


def _leave(story: Story, planned: Mapping[str, Visit], row: Any, now: datetime) -> None:
    """What nobody gets round to; a few of these were handed to engineering, which has not answered."""
    if planned[row.ro_number].oddity == "engineering" and row.status == "in_review":
        act(story, "ask_engineering", row.id, actor=story.cast.named("cora"), now=now,
            note="Is this failure known on this engine? Third one of this build month.")  # fmt: skip
    elif planned[row.ro_number].oddity == "old_part" and row.status == "in_review":
        act(story, "await_part", row.id, actor=story.cast.named("cora"), now=now,
            note="Send in the old part with its bracket, please.")  # fmt: skip


def _decide(story: Story, row: Any, now: datetime) -> None:
    appealed, fresh = row.status == "appealed", row.signed_level == 0
    first = fresh and not appealed
    said = chance(row.ro_number)
    cora, mason, ada = (story.cast.named(name) for name in ("cora", "mason", "admin"))
    is_new = now - row.received_at < timedelta(days=6)  # asked once, not again when it goes on
    actor = cora if first else mason
    code, note = words.DENIALS[said % len(words.DENIALS)]
    asked = row.claim_type == "pre_authorization"
    if first and not asked and not row.returns and said < 9:
        code, note = words.RETURNS[said % len(words.RETURNS)]
        act(story, "send_back", row.id, actor=actor, now=now, reason_code=code, note=note)
    elif first and not asked and 9 <= said < 17 and is_new:
        act(story, "ask_engineering", row.id, actor=actor, now=now, note="Is this failure known on this engine?")
    elif first and not asked and 17 <= said < 24 and is_new:
        act(story, "await_part", row.id, actor=actor, now=now, note="Send in the old part, please.")
    elif (first and 24 <= said < 33) or (appealed and said % 3 == 0):
        _one_of(story, "deny", row.id, (actor, ada), now, reason_code=code, note=note)
    elif first and not asked and 33 <= said < 47:
        _reduce(story, row.id, actor=actor, now=now)
    else:
        _one_of(story, "approve", row.id, (actor, ada), now)


def _one_of(story: Story, step: str, claim_id: int, people: Sequence[Actor], now: datetime, **more: Any) -> None:
    """By the first who may: who decided before may not decide the appeal, and nobody signs twice."""
    for actor in people:
        if act(story, step, claim_id, actor=actor, now=now, **more):
            return


def _appeal_latest(story: Story, now: datetime) -> None:
    """An appeal that waits at the end: of the latest decision somebody took money off with."""
    with reading(story.bind) as session:
        row = session.execute(
            select(Claim.id, Claim.dealer_id)
            .where(
                Claim.status.in_(("denied", "partially_approved")), Claim.appeals == 0, Claim.claimed_cents > 200_00,
                Claim.claim_type == "standard", Claim.decided_at > now - timedelta(days=45),
            )
            .order_by(Claim.decided_kind.desc(), Claim.decided_at.desc(), Claim.id.desc())
            .limit(1)
        ).first()  # fmt: skip
    if row is not None:
        act(story, "appeal", row.id, actor=story.cast.manager(row.dealer_id), now=now,
            note="The photo of the old part was overlooked; it shows the crack. Please look again.")  # fmt: skip


def _begin_today(story: Story, planned: Mapping[str, Visit], now: datetime) -> None:
    with reading(story.bind) as session:
        rows = session.execute(
            select(Claim.id, Claim.ro_number, Claim.level)
            .where(Claim.status == "in_review", Claim.assignee_id.is_(None), Claim.signed_level == 0)
            .order_by(Claim.due_at.desc(), Claim.id)
        ).all()
    cora, colin = story.cast.named("cora"), story.cast.named("colin")
    for row in [r for r in rows if r.level > 1][:2]:
        act(story, "approve", row.id, actor=cora, now=now, note="Turbocharger failed at low mileage; agreed.")
    open_ones = [r for r in rows if r.level <= 1]
    for row in open_ones[:2]:
        act(story, "take", row.id, actor=cora, now=now)
    for row in open_ones[2:3]:
        act(story, "hand_over", row.id, actor=cora, now=now, assignee_id=story.cast.named("mason").user_id)
    for row in open_ones[3:]:
        if act(story, "take", row.id, actor=colin, now=now):
            break


def _reduce(story: Story, claim_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a fifth off the largest line."""
    with reading(story.bind) as session:
        version = session.scalar(select(Claim.version).where(Claim.id == claim_id))
        charges = [
            (c.position, c.claimed_cents if c.suggested_cents is None else c.suggested_cents, c.reason_code,
             c.reason_note)
            for c in charges_of(session, claim_id)
        ]  # fmt: skip
    largest = max(charges, key=lambda c: (c[1], c[0]), default=None)
    if largest is None or largest[1] <= 0:
        return
    code, note = words.REDUCTIONS[largest[1] % len(words.REDUCTIONS)]
    lines = [
        LineDecision(position=p, cents=c * 4 // 5, reason_code=code, note=note)
        if p == largest[0]
        else LineDecision(position=p, cents=c, reason_code=why, note=said)
        for p, c, why, said in charges
    ]
    _run(story, decide_lines, item_id=claim_id, seen_version=version, lines=lines, actor=actor, now=now)


def _run(story: Story, command: Callable[..., Any], **arguments: Any) -> None:
    """One decision; who may not take it leaves it to the next."""
    try:
        story.do(command, **arguments)
    except Refused:
        story.overtaken[getattr(command, "__name__", "claim")] += 1
