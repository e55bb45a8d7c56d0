"""One claim with everything its decider asks: why, lines, findings, evidence, clock, signatures, history, similar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import Session

from db.claims.appeals import is_appeal, lines_before, who_decided_before
from db.claims.decide_commands import lines_of, suggestion_of
from db.claims.decision_rules import Line, LineDecision
from db.claims.hold_queries import ClockLine, clock_of, held_minutes
from db.claims.hold_rules import Holds
from db.claims.model import Result
from db.claims.policy_queries import policy_on
from db.claims.policy_rules import AuthorityLevel
from db.claims.record import charges_of, jobs_of
from db.claims.signatures import highest_level, may_decide
from db.claims.snapshots import results_from_json
from db.claims.tables import Claim, ClaimAttachment, ClaimCharge, ClaimDecision, ClaimFinding, ClaimJob, ClaimRun
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.masking import mask_vin
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.shapes import ScopeShape, shape_of, values_of, within
from db.customers.vehicle_queries import find_by_vin
from db.dealers.tables import Dealer
from db.people.queries import names_of
from db.people.tables import Person

_MOST = 10
_SIMILAR = 200
_SHOWN = 5
_YEAR = timedelta(days=365)


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """Another claim of the same vehicle, dealer or kind, as one line; amounts in cents, `sent_at` when it was sent."""

    id: int
    number: str
    dealer: str
    status: str
    sent_at: datetime | None
    odometer: int | None
    unit: str
    component: str
    claimed_cents: int
    approved_cents: int | None


@dataclass(frozen=True, kw_only=True)
class Similar:
    """Claims of the same operation and model: how many, the median of what was claimed, this one's place among them."""

    count: int = 0
    median_cents: int = 0
    above: int = 0
    """How many of them cost less than this one."""
    operation: str = ""
    model: str = ""
    denied: int = 0
    rows: tuple[Earlier, ...] = ()
    """The latest of them."""


@dataclass(frozen=True, kw_only=True)
class DealerRecord:
    """How a dealer's claims of the last 365 days came out; `returned` of them went back to it at least once."""

    decided: int = 0
    denied: int = 0
    returned: int = 0
    claimed_cents: int = 0
    approved_cents: int = 0


@dataclass(frozen=True, kw_only=True)
class RunLine:
    """The last run of the rules: which, when, under which version of the policy, and what it passed."""

    run: int
    made_at: datetime
    policy_version: int
    passed: tuple[Result, ...]


@dataclass(frozen=True, kw_only=True)
class ClaimDrawer:
    """A claim for its drawer. `signed_by` is the reader's own name where another person has to take the next step.

    `flags` is filled by the screen for people who may investigate: investigations stand above claims. `vehicle_id` is
    None where the VIN is not on file.
    """

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
    clock: ClockLine
    zone: str
    """The dealer's: whose days the clock counts."""
    decisions: Sequence[ClaimDecision] = ()
    of_vehicle: Sequence[Earlier] = ()
    of_dealer: Sequence[Earlier] = ()
    record: DealerRecord = field(default_factory=DealerRecord)
    similar: Similar = field(default_factory=Similar)
    held: Holds = field(default_factory=lambda: Holds(intervals=()))
    run: RunLine | None = None
    flags: Sequence[Any] = ()
    vehicle_id: int | None = None
    is_own_decision: bool = False
    """Whether the reader made the decision that is appealed here."""
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


def get_claim(
    session: Session, *, item_id: int, actor: Actor, now: datetime, whole: bool = True
) -> ClaimDrawer:  # fmt: skip
    """One claim of the actor's scope with what its decider asks; raises `NotFound`. A bounded number of statements.

    Without `whole` who held it, its decisions and its history stay empty, to be added where they are looked at
    (`with_holds`, `with_decisions`, `with_history`).
    """
    asked = {"claim_id": item_id, **values_of(actor.scope)}
    row = session.execute(_one(shape_of(actor.scope)), asked).one_or_none()
    if row is None:
        raise NotFound("This claim")
    claim, dealer, zone = row
    policy = policy_on(session, local_day(now, zone))
    before = who_decided_before(session, claim) if is_appeal(claim) else ""
    charges, jobs = charges_of(session, claim.id), jobs_of(session, claim.id)
    lines = lines_of(charges, lines_before(session, claim))
    deciders = _deciders(session, claim, before) if actor.can(Permission.CLAIMS_DECIDE) else []
    names = names_of(session, person_ids=[*deciders, *([claim.assignee_id] if claim.assignee_id else [])])
    last = _last_run(session, claim)
    page = ClaimDrawer(
        claim=claim, dealer=dealer, jobs=jobs, charges=charges, lines=lines, zone=zone,
        vin=claim.vin if actor.can(Permission.PERSONAL_DATA_VIEW) else mask_vin(claim.vin),
        assignee=names.get(claim.assignee_id or 0, ""),
        signed_by=actor.username if before == actor.username else claim.signed_by,
        why=tuple(last.why) if last is not None else (), suggestion=suggestion_of(session, claim, charges, lines),
        findings=session.scalars(_FINDINGS, {"claim_id": claim.id}).all(),
        files=session.scalars(_FILES, {"claim_id": claim.id}).all(),
        deciders=[(i, names[i]) for i in deciders if i != claim.assignee_id and i in names], levels=policy.authority,
        highest=highest_level(policy, actor), clock=clock_of(session, claim_id=claim.id, actor=actor, now=now),
        run=_run_line(last), is_own_decision=before == actor.username, suggested_step=_likely(claim),
    )  # fmt: skip
    if not whole:
        return page
    page = with_holds(session, with_decisions(session, page), actor=actor, now=now)
    return with_history(session, page, actor=actor, now=now)


def with_holds(session: Session, page: ClaimDrawer, *, actor: Actor, now: datetime) -> ClaimDrawer:
    """The same claim with who held it; the actor may see the claim."""
    held = held_minutes(session, claim_ids=[page.id], scope=actor.scope, now=now).get(page.id)
    return replace(page, held=held or Holds(intervals=()))


def with_decisions(session: Session, page: ClaimDrawer) -> ClaimDrawer:
    """The same claim with its last thirty signatures and decisions, the latest first."""
    query = select(ClaimDecision).where(ClaimDecision.claim_id == page.id).order_by(ClaimDecision.id.desc()).limit(30)
    return replace(page, decisions=session.scalars(query).all())


def with_history(session: Session, page: ClaimDrawer, *, actor: Actor, now: datetime) -> ClaimDrawer:
    """The same claim with others of its vehicle, dealer and kind; the actor may see the claim."""
    claim = page.claim
    return replace(
        page, of_vehicle=_others(session, claim, actor, Claim.vin == claim.vin) if claim.vin else (),
        of_dealer=_others(session, claim, actor, Claim.dealer_id == claim.dealer_id),
        record=_record(session, claim, since=now - _YEAR), similar=_similar(session, claim, page.jobs, actor),
        vehicle_id=_vehicle(session, claim, actor),
    )  # fmt: skip


def _deciders(session: Session, claim: Claim, before: str) -> list[int]:
    """Who may take the next step, without whoever made the decision that is appealed."""
    ids = may_decide(session, claim)
    barred = session.scalar(select(Person.id).where(Person.username == before)) if before else None
    return [i for i in ids if i != barred]


def _vehicle(session: Session, claim: Claim, actor: Actor) -> int | None:
    if claim.vehicle_id is None or not actor.can(Permission.CUSTOMERS_VIEW):
        return None
    return find_by_vin(session, vin=claim.vin, actor=actor)


def _likely(claim: Claim) -> str:
    """The step to offer first: what the rules would have done, had they been free to decide by themselves."""
    if claim.status != "in_review" or claim.signed_level or claim.suggested_cents is None:
        return ""
    return "deny" if claim.claimed_cents > 0 and claim.suggested_cents == 0 else ""


def _last_run(session: Session, claim: Claim) -> Any:
    return session.execute(_LAST_RUN, {"claim_id": claim.id}).one_or_none()


# Made once: a drawer asks them each time it is drawn.
_CLAIM: Any = bindparam("claim_id")
_FINDINGS = select(ClaimFinding).where(ClaimFinding.claim_id == _CLAIM).order_by(ClaimFinding.rule, ClaimFinding.id)
_FILES = (
    select(ClaimAttachment)
    .where(ClaimAttachment.claim_id == _CLAIM, ClaimAttachment.removed_at.is_(None))
    .order_by(ClaimAttachment.id)
)
_LAST_RUN = (
    select(ClaimRun.run, ClaimRun.made_at, ClaimRun.policy_version, ClaimRun.why, ClaimRun.results)
    .where(ClaimRun.claim_id == _CLAIM)
    .order_by(ClaimRun.run.desc())
    .limit(1)
)


@lru_cache(maxsize=4)
def _one(scope: ScopeShape) -> Select[Claim, str, str]:
    return (
        select(Claim, Dealer.name, Dealer.zone)
        .join(Dealer, Dealer.id == Claim.dealer_id)
        .where(Claim.id == _CLAIM, within(scope, Claim.dealer_id, Claim.region))
    )


def _run_line(last: Any) -> RunLine | None:
    if last is None:
        return None
    passed = tuple(r for r in results_from_json(last.results) if r.passed)
    return RunLine(run=last.run, made_at=last.made_at, policy_version=last.policy_version, passed=passed)


def _lines(session: Session, claim: Claim, actor: Actor, *conditions: ColumnElement[bool], limit: int) -> list[Earlier]:
    """Other claims that were sent, the latest first, within the reader's scope."""
    rows = session.execute(
        select(
            Claim.id, Claim.number, Dealer.name.label("dealer"), Claim.status, Claim.submitted_at.label("sent_at"),
            Claim.odometer_in.label("odometer"), Claim.unit, Claim.component, Claim.claimed_cents, Claim.approved_cents,
        )
        .join(Dealer, Dealer.id == Claim.dealer_id)
        .where(
            *conditions, Claim.id != claim.id, Claim.submitted_at.is_not(None),
            actor.scope.where(Claim.dealer_id, Claim.region),
        )
        .order_by(Claim.id.desc())
        .limit(limit)
    )  # fmt: skip
    return [Earlier(**row._asdict()) for row in rows]


def _others(session: Session, claim: Claim, actor: Actor, condition: ColumnElement[bool]) -> Sequence[Earlier]:
    return _lines(session, claim, actor, condition, limit=_MOST)


def _record(session: Session, claim: Claim, *, since: datetime) -> DealerRecord:
    denied = func.count().filter(Claim.status == "denied")
    returned = func.count().filter(Claim.returns > 0)
    row = session.execute(
        select(func.count(), denied, returned, func.sum(Claim.claimed_cents), func.sum(Claim.approved_cents)).where(
            Claim.dealer_id == claim.dealer_id, Claim.decided_at >= since, Claim.approved_cents.is_not(None),
            Claim.id != claim.id,
        )
    ).one()  # fmt: skip
    return DealerRecord(
        decided=row[0], denied=int(row[1] or 0), returned=int(row[2] or 0), claimed_cents=int(row[3] or 0),
        approved_cents=int(row[4] or 0),
    )  # fmt: skip


def _similar(session: Session, claim: Claim, jobs: Sequence[ClaimJob], actor: Actor) -> Similar:
    operation = next((j.operation for j in jobs if j.operation), "")
    if not operation:
        return Similar()
    # The model as it was when the claim was sent; of a vehicle that is not on file the first eight signs of the VIN.
    same_model = (
        Claim.model == claim.model if claim.model else Claim.vin.startswith(claim.vin[:8], autoescape=True)
    )  # fmt: skip
    same_work = Claim.id.in_(select(ClaimJob.claim_id).where(ClaimJob.operation == operation))
    found = _lines(session, claim, actor, same_work, same_model, limit=_SIMILAR)
    if not found:
        return Similar(operation=operation, model=claim.model)
    amounts = [x.claimed_cents for x in found]
    return Similar(
        count=len(found), median_cents=int(median(amounts)), above=sum(a < claim.claimed_cents for a in amounts),
        operation=operation, model=claim.model, denied=sum(x.status == "denied" for x in found),
        rows=tuple(found[:_SHOWN]),
    )  # fmt: skip
