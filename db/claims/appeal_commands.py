"""The dealer disagrees: an appeal, capped by the policy, decided by another person (domain-rules 2.1 C)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from db.claims import notices
from db.claims.clock_rules import decide_by
from db.claims.decide_commands import LONGEST_NOTE
from db.claims.flow import FLOW
from db.claims.policy_queries import policy_on
from db.claims.record import dealer_of, decided, move_claim, note_entry
from db.core import events
from db.core.actor import Actor
from db.core.labels import local_day, plural
from db.core.problems import Problem, Problems, Refused
from db.workflow.engine import begin_step


def appeal(session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime) -> None:
    """The dealer disagrees with a denial or a reduction: another person decides. Capped by the policy (once).

    What was approved stays visible and is not payable until the appeal is decided. The clock of the decision begins
    anew as our own promise: the law's silence concerns the claim itself, not its appeal.
    """
    claim = begin_step(session, FLOW, "appeal", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "The reason", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    dealer = dealer_of(session, claim.dealer_id, actor=actor)
    policy = policy_on(session, local_day(now, dealer.zone))
    if claim.appeals >= policy.appeals:
        most = plural(policy.appeals, "appeal")
        raise Refused(
            Problem(
                code="appeals_used", field="note", rule="domain-rules 2.1 C",
                message=f"{claim.number} was appealed already; {most} a claim is the most." if policy.appeals
                else "The claim policy takes no appeals.",
            )
        )  # fmt: skip
    decided(session, claim, kind="appeal", how="person", actor=actor, now=now, note=note)
    until = decide_by(now, policy.clock(claim.state), zone=dealer.zone).decide_by
    changed = move_claim(
        session, "appeal", claim, actor=actor, now=now, appeals=claim.appeals + 1, appeal_note=note, pay_by=None,
        received_at=now, decide_by=until, due_at=until, deemed_on=None, warned_percent=0, assignee_id=None,
        level=policy.level_for(abs(claim.claimed_cents)), signed_level=0,
    )  # fmt: skip
    note_entry(session, "appeal", claim, "appealed.", actor=actor, now=now, reason=note, **changed)
    session.flush()
    told = events.Event(name="claims.reopened", item_type="claim", item_ids=(claim.id,))
    events.tell(session, told, actor=actor, now=now)
    notices.tell_appealed(session, claim, by=actor, now=now)
