"""Approving many claims at once; each is decided by itself, and those that cannot be are named with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claims import notices
from db.claims.decide_commands import Plan, plan_of, settle_plan
from db.claims.flow import FLOW
from db.claims.record import items_of, tell_decided
from db.claims.tables import Claim
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.workflow.engine import begin_step

MOST_AT_ONCE = 200


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A claim that was not approved with the others, and why."""

    item_id: int
    number: str
    why: str


@dataclass(frozen=True, kw_only=True)
class BulkOutcome:
    """What became of claims approved together: ids and the sum of cents, and those left out."""

    approved: tuple[int, ...]
    cents: int
    skipped: tuple[Skipped, ...]


def approve_many(
    session: Session, *, items: Sequence[tuple[int, int]], note: str = "", actor: Actor, now: datetime
) -> BulkOutcome:
    """Approve many claims as suggested, as (id, seen version); those that cannot be are skipped, each with its reason.

    Only decisions, no signatures for the next level: what is above one's authority is worth opening. One entry in the
    timeline for all. Refused as a whole only when every single one is skipped; at most 200 at once.
    """
    actor.require(Permission.CLAIMS_DECIDE)
    problems = Problems()
    if not items:
        problems.add("items", "required", "Choose at least one claim.")
    if len(items) > MOST_AT_ONCE:
        problems.add("items", "too_many", f"At most {MOST_AT_ONCE} claims can be approved at once.")
    problems.refuse_if_any()
    done: list[Plan] = []
    skipped: list[Skipped] = []
    # In the order of ids, so that two of these at once wait for each other instead of both failing.
    for item_id, seen_version in sorted(dict(items).items()):
        try:
            claim = begin_step(session, FLOW, "approve", item_id=item_id, seen_version=seen_version, actor=actor)
            plan = plan_of(session, claim, None, note=note, actor=actor, now=now)
            if not plan.signature.decides:
                raise Refused(
                    Problem(code="above_authority", message=f"Needs level {plan.signature.needed}; open it to sign.")
                )
        except Refused as refusal:
            skipped.append(Skipped(item_id=item_id, number=_number(session, item_id, actor), why=str(refusal)))
            continue
        settle_plan(session, plan, actor=actor, now=now)
        done.append(plan)
    if not done:
        raise Refused(*(Problem(code="skipped", field="items", message=f"{s.number}: {s.why}") for s in skipped[:20]))
    claims = [p.claim for p in done]
    changes.touch(session, "claims")
    timeline.record(
        session, actor=actor, now=now, area="claims", command="approve_many", reason=done[0].note,
        summary=f"Approved {plural(len(done), 'claim')}.", items=items_of(claims),
        after={p.claim.number: p.cents for p in done}, extra={"skipped": [s.number for s in skipped]},
    )  # fmt: skip
    tell_decided(session, claims, actor=actor, now=now)
    notices.tell_dealer(session, claims, by=actor, note=done[0].note, now=now)
    return BulkOutcome(
        approved=tuple(c.id for c in claims), cents=sum(p.cents for p in done), skipped=tuple(skipped)
    )  # fmt: skip


def _number(session: Session, item_id: int, actor: Actor) -> str:
    row = session.execute(select(Claim.number, Claim.dealer_id, Claim.region).where(Claim.id == item_id)).first()
    visible = row is not None and actor.scope.allows(dealer_id=row.dealer_id, region=row.region)
    return str(row.number) if row is not None and visible else "A claim"
