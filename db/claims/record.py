"""What every command of claims has in common: the rows of a draft, who holds the claim, money, the entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from db.claims import figures
from db.claims.flow import APPROVED, FLOW, NEVER_PAID, holder_of
from db.claims.model import ChargeDraft, ClaimDraft, JobDraft
from db.claims.money_rules import line_cents, total_cents
from db.claims.tables import Claim, ClaimCharge, ClaimDecision, ClaimHold, ClaimJob
from db.core import changes, events, timeline
from db.core.actor import Actor
from db.core.problems import NotFound, Problem, Refused
from db.dealers.tables import Dealer
from db.workflow.engine import end_step

HEADER = tuple(
    f.name for f in fields(ClaimDraft) if f.name not in ("jobs", "charges", "exclusions", "original_number")
)  # fmt: skip
"""Fields of a draft that are columns of the claim under the same name."""
_JOB = tuple(f.name for f in fields(JobDraft))
_CHARGE = tuple(f.name for f in fields(ChargeDraft))
COUNTED_ONCE = ("standard", "goodwill", "service_contract", "recall", "parts_warranty", "pdi", "transport_damage",
                "customer_reimbursement")  # fmt: skip
"""Types whose jobs may be claimed once per dealer, repair order and job (W16)."""


def dealer_of(session: Session, dealer_id: int | None, *, actor: Actor) -> Dealer:
    """The dealer of a claim; `NotFound` when absent or out of scope."""
    dealer = session.get(Dealer, dealer_id or 0)
    if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
        raise NotFound("This dealer")
    return dealer


def number_of(claim_id: int) -> str:
    """How a claim is called."""
    return f"WC-{claim_id:06}"


def header_of(draft: ClaimDraft) -> dict[str, Any]:
    """The columns of a draft's header."""
    return {name: getattr(draft, name) for name in HEADER} | {"exclusions": list(draft.exclusions)}


def jobs_of(session: Session, claim_id: int) -> list[ClaimJob]:
    """The jobs of a claim in their order."""
    return list(session.scalars(_JOBS, {"claim_id": claim_id}))


def charges_of(session: Session, claim_id: int) -> list[ClaimCharge]:
    """The charges of a claim in their order."""
    return list(session.scalars(_CHARGES, {"claim_id": claim_id}))


def claims_by_id(session: Session, claim_ids: Sequence[int]) -> list[Claim]:
    """Claims in the order of their ids, as they stand in this transaction; those that are not there are left out."""
    return list(session.scalars(_CLAIMS, {"ids": claim_ids}))


# Made once: the steps of a claim, and all that follows from them, ask these.
_JOBS: Final = select(ClaimJob).where(ClaimJob.claim_id == bindparam("claim_id")).order_by(ClaimJob.position)
_CHARGES: Final = (
    select(ClaimCharge).where(ClaimCharge.claim_id == bindparam("claim_id")).order_by(ClaimCharge.position)
)
_CLAIMS: Final = select(Claim).where(Claim.id.in_(bindparam("ids", expanding=True))).order_by(Claim.id)
_LAST_HOLD: Final = (
    select(ClaimHold).where(ClaimHold.claim_id == bindparam("claim_id")).order_by(ClaimHold.position.desc()).limit(1)
)


def draft_of(session: Session, claim: Claim) -> ClaimDraft:
    """A stored claim as what was entered."""
    original = session.get(Claim, claim.original_id) if claim.original_id else None
    return ClaimDraft(
        **{name: getattr(claim, name) for name in HEADER},
        exclusions=tuple(claim.exclusions),
        original_number=original.number if original else "",
        jobs=tuple(JobDraft(**{n: getattr(j, n) for n in _JOB}) for j in jobs_of(session, claim.id)),
        charges=tuple(ChargeDraft(**{n: getattr(c, n) for n in _CHARGE}) for c in charges_of(session, claim.id)),
    )


def store_lines(session: Session, claim: Claim, draft: ClaimDraft) -> int:
    """Write jobs and charges anew; gives the claimed total in cents. Jobs of a sent claim keep their `ro_key`."""
    session.execute(delete(ClaimJob).where(ClaimJob.claim_id == claim.id))
    session.execute(delete(ClaimCharge).where(ClaimCharge.claim_id == claim.id))
    whose = {"claim_id": claim.id, "dealer_id": claim.dealer_id, "region": claim.region}
    if draft.jobs:
        session.execute(insert(ClaimJob), [{**whose, **{n: getattr(j, n) for n in _JOB}} for j in draft.jobs])
    if draft.charges:
        session.execute(
            insert(ClaimCharge),
            [
                {**whose, **{n: getattr(c, n) for n in _CHARGE}, "claimed_cents": line_cents(c)}
                for c in draft.charges
            ],
        )  # fmt: skip
    return total_cents(draft.charges)


def hold(session: Session, claim: Claim, status: str, now: datetime) -> None:
    """Note who holds the claim from now on; the interval before ends. A closed state begins none.

    Two processes, or a sweep that began earlier, may not agree on now: an interval never begins before the one it ends.
    """
    last = session.scalars(_LAST_HOLD, {"claim_id": claim.id}).one_or_none()
    since = max(now, last.until or last.since) if last is not None else now
    if last is not None and last.until is None:
        session.execute(update(ClaimHold).where(ClaimHold.id == last.id).values(until=since))
    holder = holder_of(status, claim.claim_type)
    if holder:
        session.execute(
            insert(ClaimHold),
            [
                {
                    "claim_id": claim.id, "dealer_id": claim.dealer_id, "region": claim.region, "holder": holder,
                    "status": status, "since": since, "position": last.position + 1 if last else 1,
                }
            ],
        )  # fmt: skip


def end_of_day(day: date, zone: str) -> datetime:
    """The moment a day ends in a zone."""
    return datetime.combine(day, time(0), tzinfo=ZoneInfo(zone)) + timedelta(days=1)


def move_claim(
    session: Session, step: str, claim: Claim, *, actor: Actor, now: datetime, target: str = "", **values: Any
) -> dict[str, Any]:
    """Take a step of the flow and note who holds the claim from now on; gives {"before", "after"}.

    An approved pre-authorization is closed: nothing is payable and nobody holds it (decision 0047).
    """
    before = claim.status
    to = target or FLOW.step(step).targets[0]
    if claim.claim_type == NEVER_PAID and step == "pay":
        raise Refused(Problem(code="never_paid", message=f"{claim.number} is a pre-authorization; it is never paid."))
    values.setdefault("held_by", holder_of(to, claim.claim_type))
    if claim.claim_type == NEVER_PAID and to in APPROVED:
        values |= {"is_open": False, "pay_by": None, "due_at": None}
    values |= figures.of_step(session, claim, step, values)
    changed = end_step(session, FLOW, step, claim, actor=actor, now=now, target=target, **values)
    if to != before:
        hold(session, claim, to, now)
    return figures.told(changed)


def decided(
    session: Session, claim: Claim, *, kind: str, how: str, actor: Actor, now: datetime, level: int = 0,
    approved_cents: int | None = None, reason_code: str = "", note: str = "", lines: Sequence[Mapping[str, Any]] = (),
) -> None:  # fmt: skip
    """Keep one decision as it was made."""
    session.add(
        ClaimDecision(
            claim_id=claim.id, dealer_id=claim.dealer_id, region=claim.region, kind=kind, how=how, run=claim.run,
            level=level, decided_at=now, username=actor.username, name=actor.name, approved_cents=approved_cents,
            reason_code=reason_code, note=note, lines=[dict(line) for line in lines],
        )
    )  # fmt: skip
    session.flush()
    figures.note_losses(session, claim, kind=kind, reason_code=reason_code, now=now)


def items_of(claims: Sequence[Claim]) -> list[timeline.Item]:
    """What the entry of a command belongs to."""
    return [timeline.Item("claim", c.id, c.dealer_id) for c in claims]


def note_entry(
    session: Session, command: str, claim: Claim, said: str, *, actor: Actor, now: datetime, reason: str = "",
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """The one entry of a command on one claim, and the change counter of the area."""
    changes.touch(session, "claims")
    timeline.record(
        session, actor=actor, now=now, area="claims", command=command, summary=f"{claim.number}: {said}",
        items=items_of([claim]), before=before, after=after, reason=reason,
    )  # fmt: skip


def tell_decided(session: Session, claims: Sequence[Claim], *, actor: Actor, now: datetime) -> None:
    """Tell later areas (ledger, old parts, campaigns) that claims were decided: approved, partly, or denied."""
    session.flush()
    told = events.Event(name="claims.decided", item_type="claim", item_ids=tuple(c.id for c in claims))
    events.tell(session, told, actor=actor, now=now)
