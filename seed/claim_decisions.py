"""People decide the demo's claims: most as suggested, some lines reduced, denied, returned, appealed, signed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zlib import crc32

from sqlalchemy import select

from db.claims.commands import COMMANDS
from db.claims.decide_commands import decide_lines
from db.claims.decision_rules import LineDecision
from db.claims.record import charges_of
from db.claims.tables import Claim
from db.core.actor import Actor
from db.core.problems import Refused
from db.core.session import reading
from seed.story import Story

EVERY = timedelta(days=3)
LEAST_AGE = timedelta(days=2)
MOST_A_DAY = 12
DENIALS = (
    ("NOT_DEFECT", "The part shows no defect of material or make."),
    ("WEAR_ITEM", "The part wears with use and is not covered."),
    ("BEYOND_POLICY", "The customer was offered a service at a reduced price instead."),
)
RETURNS = (
    ("DOC_MISSING", "Please attach the diagnostic print-out."),
    ("NARRATIVE_INSUFFICIENT", "Please say how the cause was found."),
)


def expect(story: Story, *, start: datetime) -> None:
    """Let the desk work through the queue every few days; what is younger than two days waits."""
    day = start + EVERY
    while day < story.until:
        story.at(day, partial(decide_waiting, story))
        day += EVERY
    story.at(story.until - timedelta(hours=7), partial(decide_waiting, story))


def decide_waiting(story: Story, now: datetime) -> None:
    """Decide what waits, each claim in a way that follows from its number; dealers appeal a few denials."""
    with reading(story.bind) as session:
        waiting = session.execute(
            select(Claim.id, Claim.number, Claim.status, Claim.signed_level)
            .where(Claim.held_by == "us", Claim.stage_entered_at < now - LEAST_AGE)
            .order_by(Claim.due_at, Claim.id)
            .limit(MOST_A_DAY)
        ).all()
        stuck = session.execute(
            select(Claim.id, Claim.status)
            .where(
                Claim.status.in_(("pending_part", "with_engineering")),
                Claim.stage_entered_at < now - timedelta(days=6),
            )
            .order_by(Claim.id)
            .limit(MOST_A_DAY)
        ).all()  # fmt: skip
        disputed = session.execute(
            select(Claim.id, Claim.number, Claim.dealer_id)
            .where(
                Claim.status.in_(("denied", "partially_approved")), Claim.appeals == 0,
                Claim.decided_at.between(now - 2 * EVERY, now - EVERY), Claim.decided_kind == "person",
            )
            .order_by(Claim.id)
            .limit(MOST_A_DAY)
        ).all()  # fmt: skip
    for claim_id, _ in stuck:
        _try(story, "resume", claim_id, actor=story.cast.named("cora"), now=now, note="Seen; the cause is confirmed.")
    for claim_id, number, status, signed in waiting:
        _decide(story, claim_id, _chance(number), appealed=status == "appealed", signed=signed, now=now)
    for claim_id, number, dealer_id in disputed:
        if _chance(f"{number}:appeal") < 35:
            _try(story, "appeal", claim_id, actor=story.cast.manager(dealer_id or 0), now=now,
                 note="The test report shows the fault; please look at it again.")  # fmt: skip


def _chance(text: str) -> int:
    """0 to 99, always the same for the same text."""
    return crc32(text.encode()) % 100


def _decide(story: Story, claim_id: int, chance: int, *, appealed: bool, signed: int, now: datetime) -> None:
    cora, mason = story.cast.named("cora"), story.cast.named("mason")
    actor = mason if signed or appealed else cora
    code, note = DENIALS[chance % len(DENIALS)]
    if not signed and not appealed and chance < 10:
        code, note = RETURNS[chance % len(RETURNS)]
        _try(story, "send_back", claim_id, actor=actor, now=now, reason_code=code, note=note)
    elif not signed and not appealed and chance < 15:
        _try(story, "ask_engineering", claim_id, actor=actor, now=now, note="Is this failure known on this engine?")
    elif not signed and not appealed and chance < 19:
        _try(story, "await_part", claim_id, actor=actor, now=now, note="Send in the old part, please.")
    elif not signed and chance < 31:
        _try(story, "deny", claim_id, actor=actor, now=now, reason_code=code, note=note)
    elif not signed and not appealed and chance < 46:
        _reduce(story, claim_id, actor=actor, now=now)
    else:
        _try(story, "approve", claim_id, actor=actor, now=now)


def _reduce(story: Story, claim_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a fifth off the largest line."""
    with reading(story.bind) as session:
        version = session.scalar(select(Claim.version).where(Claim.id == claim_id))
        charges = [(c.position, c.kind, c.claimed_cents) for c in charges_of(session, claim_id)]
    largest = max(charges, key=lambda c: (c[2], c[0]), default=None)
    if largest is None:
        return
    lines = [
        LineDecision(position=p, cents=c * 4 // 5, reason_code="RATE_ADJUSTED", note="The list price of that day.")
        if p == largest[0]
        else LineDecision(position=p, cents=c)
        for p, _, c in charges
    ]
    _run(story, decide_lines, item_id=claim_id, seen_version=version, lines=lines, actor=actor, now=now)


def _try(story: Story, step: str, claim_id: int, *, actor: Actor, now: datetime, **more: Any) -> None:
    with reading(story.bind) as session:
        version = session.scalar(select(Claim.version).where(Claim.id == claim_id))
    _run(story, COMMANDS[step], item_id=claim_id, seen_version=version, actor=actor, now=now, **more)


def _run(story: Story, command: Callable[..., Any], **arguments: Any) -> None:
    """One decision; who may not take it (own signature, a level too high) leaves it to the next."""
    try:
        story.do(command, **arguments)
    except Refused:
        story.overtaken[getattr(command, "__name__", "claim")] += 1
