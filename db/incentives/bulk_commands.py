"""Approving many incentive claims at once; each is decided by itself, and those that cannot be are named with why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.incentives.decide_commands import Decided, decide_one
from db.incentives.notices import tell_decided
from db.incentives.record import item_of_claim
from db.incentives.record import note as note_entry
from db.incentives.say_rules import money
from db.incentives.tables import IncentiveClaim

MOST_AT_ONCE = 200


@dataclass(frozen=True, kw_only=True)
class BulkOutcome:
    """What became of claims approved together: their ids, the sum of cents, and (number, why) of those left out."""

    approved: tuple[int, ...]
    cents: int
    skipped: tuple[tuple[str, str], ...]


def approve_many(
    session: Session, *, items: Sequence[tuple[int, int]], note: str = "", actor: Actor, now: datetime
) -> BulkOutcome:
    """Approve many claims in full, as (id, seen version); those that cannot be are skipped, each with its reason.

    Only decisions, no signatures for the next level. One entry in the timeline for all. Refused as a whole only when
    every single one is skipped; at most 200 at once. Problems: items.
    """
    actor.require(Permission.INCENTIVES_DECIDE)
    problems = Problems()
    if not items:
        problems.add("items", "required", "Choose at least one claim.")
    if len(items) > MOST_AT_ONCE:
        problems.add("items", "too_many", f"At most {MOST_AT_ONCE} claims can be approved at once.")
    problems.refuse_if_any()
    done: list[Decided] = []
    skipped: list[tuple[str, str]] = []
    # In the order of ids, so that two of these at once wait for each other instead of both failing.
    for item_id, seen_version in sorted(dict(items).items()):
        try:
            with session.begin_nested():  # a claim that is skipped takes nothing of the budget and keeps no run
                done.append(
                    decide_one(
                        session, item_id=item_id, seen_version=seen_version, actor=actor, now=now, note=note,
                        only_final=True,
                    )
                )  # fmt: skip
        except Refused as refusal:
            skipped.append((_number(session, item_id, actor), str(refusal)))
    if not done:
        raise Refused(*(Problem(code="skipped", field="items", message=f"{n}: {why}") for n, why in skipped[:20]))
    cents = sum(d.cents for d in done)
    note_entry(
        session, "approve_many", f"{plural(len(done), 'incentive claim')} approved, {money(cents)}.",
        [item_of_claim(d.claim) for d in done], actor=actor, now=now, reason=note.strip(),
        before={d.claim.number: d.changed.get("before") for d in done},
        after={d.claim.number: d.cents for d in done} | {"skipped": [number for number, _ in skipped]},
    )  # fmt: skip
    for one in done:
        tell_decided(session, one.claim, by=actor, now=now)
    return BulkOutcome(approved=tuple(d.claim.id for d in done), cents=cents, skipped=tuple(skipped))


def _number(session: Session, item_id: int, actor: Actor) -> str:
    seen = actor.scope.where(IncentiveClaim.dealer_id, IncentiveClaim.region)
    found = session.scalar(select(IncentiveClaim.number).where(IncentiveClaim.id == item_id, seen))
    return found or "A claim"
