"""Entries beside the decisions: a part that did not come back, a charge that was wrong (domain-rules 2.1 G, H)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.claim_payments import record, rules
from db.claim_payments.tables import ClaimEntry
from db.core import timeline
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused


def post_part_debit(
    session: Session, *, claim_id: int, key: str, cents: int, reason: str, actor: Actor, now: datetime
) -> int | None:
    """Charge a part that was not returned, within another command; gives the entry's id.

    Never more than what all versions of the claim are still worth; None when that is nothing.
    """
    claim = record.lock_claims(session, [claim_id])[claim_id]
    record.lock_family(session, claim.family_id)
    net, _ = record.family_sums(session, claim.family_id)
    charged = min(cents, net)
    if charged <= 0:
        return None
    return record.post(
        session, claim, key=key, kind="part_debit", cents=-charged, actor=actor, now=now, reason=reason
    ).id  # fmt: skip


def post_part_credit(
    session: Session, *, claim_id: int, key: str, cents: int, reason: str, actor: Actor, now: datetime
) -> int:
    """Pay a part we keep instead of sending it back (CA, domain-rules 2.1 G), within another command."""
    claim = record.lock_claims(session, [claim_id])[claim_id]
    return record.post(
        session, claim, key=key, kind="part_credit", cents=cents, actor=actor, now=now, reason=reason
    ).id  # fmt: skip


def post_reversal(session: Session, *, entry_id: int, reason: str, actor: Actor, now: datetime) -> int:
    """Take back an entry within another command; the unique key refuses a second time. Gives the reversal's id."""
    found = record.entry_of(session, entry_id)
    if found is None:
        raise NotFound("This entry")
    entry, claim = found
    return _reverse(session, entry, claim, reason=reason, actor=actor, now=now).id


def _reverse(
    session: Session, entry: ClaimEntry, claim: Any, *, reason: str, actor: Actor, now: datetime
) -> ClaimEntry:
    return record.post(
        session, claim, key=f"reversal:{entry.id}", kind="reversal", cents=-entry.cents, actor=actor, now=now,
        reason_code=entry.reason_code, reason=reason, reverses_id=entry.id,
    )  # fmt: skip


def reverse_entry(session: Session, *, entry_id: int, note: str, actor: Actor, now: datetime) -> int:
    """Take back a charge-back or the charge for a part that was wrong; gives the reversal's id. Once an entry.

    Needs claims.charge_back and other eyes than those that posted it. Problems: note.
    """
    actor.require(Permission.CLAIMS_CHARGE_BACK)
    found = record.entry_of(session, entry_id)
    if found is None or not actor.scope.allows(dealer_id=found[0].dealer_id, region=found[0].region):
        raise NotFound("This entry")
    entry, claim = found
    problems = Problems()
    note = problems.require(note, "note", "The reason", longest=2_000)
    problems.refuse_if_any()
    if entry.kind not in rules.REVERSIBLE:
        raise Refused(
            Problem(code="not_reversible", message="Only a charge-back or a charge for a part is taken back.")
        )
    if entry.username == actor.username:
        raise Refused(
            Problem(
                code="own_request", rule="domain-rules 2.0",
                message="You posted this entry yourself; another person has to take it back.",
            )
        )  # fmt: skip
    if record.is_reversed(session, entry.id):
        raise Refused(Problem(code="reversed", message="This entry was taken back already."))
    made = _reverse(session, entry, claim, reason=note, actor=actor, now=now)
    timeline.record(
        session, actor=actor, now=now, area="claim_payments", command="reverse_entry", reason=note,
        summary=f"{claim.number}: {rules.KINDS[entry.kind].lower()} of {rules.money_label(-entry.cents)} taken back",
        items=[timeline.Item("claim", claim.id, claim.dealer_id)], after={"cents": made.cents},
    )  # fmt: skip
    return int(made.id)
