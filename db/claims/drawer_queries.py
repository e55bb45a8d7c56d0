"""One claim with everything its decider asks: why, lines, findings, evidence, signatures, history, similar claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from db.claims.appeals import is_appeal, lines_before, who_decided_before
from db.claims.decide_commands import lines_of, suggestion_of
from db.claims.decision_rules import Line, LineDecision
from db.claims.policy_queries import policy_on
from db.claims.policy_rules import AuthorityLevel
from db.claims.record import charges_of, jobs_of
from db.claims.signatures import highest_level, may_decide
from db.claims.tables import Claim, ClaimAttachment, ClaimCharge, ClaimDecision, ClaimFinding, ClaimJob, ClaimRun
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.masking import mask_vin
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.people.queries import names_of

_MOST = 10
_SIMILAR = 200


@dataclass(frozen=True, kw_only=True)
class Similar:
    """Claims of the same operation and model: how many, the median of what was claimed, this one's place among them."""

    count: int = 0
    median_cents: int = 0
    above: int = 0
    """How many of them cost less than this one."""


@dataclass(frozen=True, kw_only=True)
class DealerRecord:
    """How a dealer's decided claims came out so far."""

    decided: int = 0
    denied: int = 0
    claimed_cents: int = 0
    approved_cents: int = 0


@dataclass(frozen=True, kw_only=True)
class ClaimDrawer:
    """A claim for its drawer. `signed_by` is the reader's own name where another person has to take the next step."""

    claim: Claim
    dealer: str
    vin: str
    assignee: str
    signed_by: str
    why: tuple[str, ...]
    jobs: Sequence[ClaimJob]
    charges: Sequence[ClaimCharge]
    lines: Sequence[Line]
    suggestion: Sequence[LineDecision]
    findings: Sequence[ClaimFinding]
    files: Sequence[ClaimAttachment]
    decisions: Sequence[ClaimDecision]
    of_vehicle: Sequence[Claim]
    of_dealer: Sequence[Claim]
    record: DealerRecord
    similar: Similar
    deciders: Sequence[tuple[int, str]] = ()
    levels: tuple[AuthorityLevel, ...] = ()
    highest: int = 0
    suggested_step: str = field(default="")

    @property
    def id(self) -> int:
        """The claim's id."""
        return self.claim.id

    @property
    def number(self) -> str:
        """The claim's number."""
        return self.claim.number

    @property
    def status(self) -> str:
        """The state of the flow."""
        return self.claim.status

    @property
    def version(self) -> int:
        """What goes back with a decision."""
        return self.claim.version

    @property
    def submitted_by(self) -> str:
        """The user name of who sent it."""
        return self.claim.submitted_by

    @property
    def suggested_cents(self) -> int:
        """What approving as suggested would pay."""
        return sum(d.cents for d in self.suggestion)


def get_claim(session: Session, *, item_id: int, actor: Actor, now: datetime) -> ClaimDrawer:
    """One claim of the actor's scope with what its decider asks; raises `NotFound`. A bounded number of statements."""
    row = session.execute(
        select(Claim, Dealer.name, Dealer.zone)
        .join(Dealer, Dealer.id == Claim.dealer_id)
        .where(Claim.id == item_id, actor.scope.where(Claim.dealer_id, Claim.region))
    ).one_or_none()
    if row is None:
        raise NotFound("This claim")
    claim, dealer, zone = row
    policy = policy_on(session, local_day(now, zone))
    barred = is_appeal(claim) and who_decided_before(session, claim) == actor.username
    charges, jobs = charges_of(session, claim.id), jobs_of(session, claim.id)
    lines = lines_of(charges, lines_before(session, claim))
    run = session.scalars(select(ClaimRun).where(ClaimRun.claim_id == claim.id).order_by(ClaimRun.run.desc()).limit(1))
    last = run.one_or_none()
    decides = actor.can(Permission.CLAIMS_DECIDE)
    ids = [*(may_decide(session, claim) if decides else ()), *([claim.assignee_id] if claim.assignee_id else [])]
    names = names_of(session, person_ids=ids)
    return ClaimDrawer(
        claim=claim, dealer=dealer, jobs=jobs, charges=charges, lines=lines,
        vin=claim.vin if actor.can(Permission.PERSONAL_DATA_VIEW) else mask_vin(claim.vin),
        assignee=names.get(claim.assignee_id or 0, ""), signed_by=actor.username if barred else claim.signed_by,
        why=tuple(last.why) if last is not None else (), suggestion=suggestion_of(session, claim, charges, lines),
        findings=session.scalars(
            select(ClaimFinding).where(ClaimFinding.claim_id == claim.id).order_by(ClaimFinding.rule, ClaimFinding.id)
        ).all(),
        files=session.scalars(
            select(ClaimAttachment)
            .where(ClaimAttachment.claim_id == claim.id, ClaimAttachment.removed_at.is_(None))
            .order_by(ClaimAttachment.id)
        ).all(),
        decisions=session.scalars(
            select(ClaimDecision).where(ClaimDecision.claim_id == claim.id).order_by(ClaimDecision.id.desc()).limit(30)
        ).all(),
        of_vehicle=_others(session, claim, actor, Claim.vin == claim.vin) if claim.vin else (),
        of_dealer=_others(session, claim, actor, Claim.dealer_id == claim.dealer_id),
        record=_record(session, claim), similar=_similar(session, claim, jobs, actor),
        deciders=[(i, names[i]) for i in ids if i != claim.assignee_id and i in names], levels=policy.authority,
        highest=highest_level(policy, actor),
    )  # fmt: skip


def _others(session: Session, claim: Claim, actor: Actor, condition: ColumnElement[bool]) -> Sequence[Claim]:
    return session.scalars(
        select(Claim)
        .where(
            condition, Claim.id != claim.id, Claim.submitted_at.is_not(None),
            actor.scope.where(Claim.dealer_id, Claim.region),
        )
        .order_by(Claim.id.desc())
        .limit(_MOST)
    ).all()  # fmt: skip


def _record(session: Session, claim: Claim) -> DealerRecord:
    denied = func.count().filter(Claim.status == "denied")
    row = session.execute(
        select(func.count(), denied, func.sum(Claim.claimed_cents), func.sum(Claim.approved_cents)).where(
            Claim.dealer_id == claim.dealer_id, Claim.decided_at.is_not(None), Claim.approved_cents.is_not(None)
        )
    ).one()
    return DealerRecord(
        decided=row[0], denied=int(row[1] or 0), claimed_cents=int(row[2] or 0), approved_cents=int(row[3] or 0)
    )


def _similar(session: Session, claim: Claim, jobs: Sequence[ClaimJob], actor: Actor) -> Similar:
    operations = sorted({j.operation for j in jobs if j.operation})
    if not operations:
        return Similar()
    # The model is the first eight signs of the VIN; claims of other vehicles of it, newest first, within the scope.
    amounts = session.scalars(
        select(Claim.claimed_cents)
        .join(ClaimJob, ClaimJob.claim_id == Claim.id)
        .where(
            ClaimJob.operation == operations[0], Claim.id != claim.id, Claim.submitted_at.is_not(None),
            Claim.vin.startswith(claim.vin[:8], autoescape=True),
            actor.scope.where(Claim.dealer_id, Claim.region),
        )
        .order_by(Claim.id.desc())
        .limit(_SIMILAR)
    ).all()  # fmt: skip
    if not amounts:
        return Similar()
    return Similar(
        count=len(amounts), median_cents=int(median(amounts)), above=sum(a < claim.claimed_cents for a in amounts)
    )
