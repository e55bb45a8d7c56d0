"""Old parts as a queue and one for its drawer, the counts above it, and what is known of the parts of some claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from db.claim_payments.tables import ClaimEntry
from db.claims.tables import Claim
from db.core.actor import Actor, Scope
from db.core.area import CAP
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.part_returns.flow import FLOW
from db.part_returns.record import as_rules, rules_on
from db.part_returns.rules import AT_DEALER, CLOCK_RUNS, WAITS_FOR_PART, ReturnRules
from db.part_returns.tables import PartReturn, PartReturnRule

PAGE = 50
PAGE_FILE = "pages/claims/parts_returns.py"
Cursor = tuple[datetime, int]
CLOSED = tuple(s.name for s in FLOW.states if s.final)
OURS: Mapping[str, str] = {
    "open": "All open", "received": "To inspect", "inspected": "To settle", "shipped": "On the way",
    "requested": "Asked for", "held": "Kept by dealers", "closed": "Closed",
}  # fmt: skip
DEALERS: Mapping[str, str] = {
    "requested": "To send in", "held": "To keep", "way": "Sent", "closed": "Closed",
}  # fmt: skip
WAY = ("shipped", "received", "inspected")


@dataclass(frozen=True, kw_only=True)
class ReturnFilters:
    """What the queue is narrowed to; empty means all. `view` is a state, "open", "way" (sent) or "closed"."""

    view: str = "open"
    state: str = ""
    region: str = ""
    dealer_id: int | None = None
    late: bool = False


@dataclass(frozen=True, kw_only=True)
class ReturnRow:
    """One old part as it is shown. Cents; `due_on`, `hold_until` are the dealer's days; `charged_cents` as of now."""

    id: int
    number: str
    status: str
    version: int
    is_open: bool
    submitted_by: str
    dealer_id: int
    dealer: str
    dealer_code: str
    region: str
    zone: str
    due_at: datetime
    created_at: datetime
    claim_id: int
    claim: str
    claim_status: str
    vin: str
    job: int
    part_number: str
    part_name: str
    serial: str
    part_cents: int
    disposition: str
    why: str
    hold_until: date | None
    due_on: date | None
    requested_at: datetime | None
    requested_by: str
    carrier: str
    tracking: str
    shipped_at: datetime | None
    received_at: datetime | None
    inspected_at: datetime | None
    inspected_by: str
    finding: str
    finding_note: str
    back_owed: bool
    back_carrier: str
    back_tracking: str
    closed_at: datetime | None
    note: str
    debits: int
    charged_cents: int
    credit_cents: int

    @property
    def part(self) -> str:
        """The part as people call it."""
        return self.part_name or self.part_number

    @property
    def paid_cents(self) -> int | None:
        """What the claim paid for the part; None while it is not decided."""
        return None if self.claim_status == WAITS_FOR_PART else self.part_cents

    @property
    def suggested_step(self) -> str:
        """What is likely next: what we owe goes back; another part is asked for again."""
        if self.status == "inspected":
            return "send_back" if self.back_owed else "ask_again" if self.finding == "wrong_part" else "keep"
        return ""

    def is_late(self, now: datetime) -> bool:
        """Whether its day is over."""
        return self.is_open and self.due_at <= now and not self.is_stopped

    @property
    def is_stopped(self) -> bool:
        """Whether its days do not count now, because the claim is being decided again."""
        return self.status in AT_DEALER and self.claim_status not in CLOCK_RUNS


def rows_of(scope: Scope) -> Select[*tuple[Any, ...]]:
    """Old parts of a scope with their claim, dealer and what is charged or paid for them."""
    r, debit, credit, back = PartReturn, aliased(ClaimEntry), aliased(ClaimEntry), aliased(ClaimEntry)
    return (
        select(
            r.id, r.number, r.status, r.version, r.is_open, r.submitted_by, r.dealer_id, Dealer.name.label("dealer"),
            Dealer.code.label("dealer_code"), r.region, Dealer.zone, r.due_at, r.created_at, r.claim_id,
            Claim.number.label("claim"), Claim.status.label("claim_status"), Claim.vin, r.job, r.part_number,
            r.part_name, r.serial, r.part_cents, r.disposition, r.why, r.hold_until, r.due_on, r.requested_at,
            r.requested_by, r.carrier, r.tracking, r.shipped_at, r.received_at, r.inspected_at, r.inspected_by,
            r.finding, r.finding_note, r.back_owed, r.back_carrier, r.back_tracking, r.closed_at, r.note, r.debits,
            case((back.id.is_(None), func.coalesce(-debit.cents, 0)), else_=0).label("charged_cents"),
            func.coalesce(credit.cents, 0).label("credit_cents"),
        )
        .join(Claim, Claim.id == r.claim_id)
        .join(Dealer, Dealer.id == r.dealer_id)
        .outerjoin(debit, debit.id == r.debit_entry_id)
        .outerjoin(back, back.reverses_id == debit.id)
        .outerjoin(credit, credit.id == r.credit_entry_id)
        .where(scope.where(r.dealer_id, r.region))
    )  # fmt: skip


def late(now: datetime) -> ColumnElement[bool]:
    """The condition on an open part whose day is over, and whose days count (`ReturnRow.is_stopped`)."""
    r = PartReturn
    stopped = exists().where(Claim.id == r.claim_id, Claim.status.not_in(CLOCK_RUNS))
    return and_(r.due_at <= now, or_(r.status.not_in(AT_DEALER), ~stopped.correlate(r)))


def _conditions(filters: ReturnFilters, now: datetime) -> list[ColumnElement[bool]]:
    r = PartReturn
    parts: list[ColumnElement[bool]] = []
    if filters.view == "open":
        parts.append(r.is_open == true())
    elif filters.view == "closed":
        parts.append(r.status == filters.state if filters.state in CLOSED else r.status.in_(CLOSED))
    else:
        parts.append(r.status.in_(WAY) if filters.view == "way" else r.status == filters.view)
    if filters.region:
        parts.append(r.region == filters.region)
    if filters.dealer_id is not None:
        parts.append(r.dealer_id == filters.dealer_id)
    if filters.late and filters.view != "closed":
        parts.append(late(now))
    return parts


def list_returns(
    session: Session, *, actor: Actor, filters: ReturnFilters, now: datetime, after: Cursor | None = None,
    limit: int = PAGE,
) -> tuple[list[ReturnRow], Cursor | None]:  # fmt: skip
    """One page and the cursor of the next: open ones due first, closed ones the latest closed first."""
    actor.require(Permission.CLAIMS_VIEW)
    query, due = rows_of(actor.scope).where(*_conditions(filters, now)), PartReturn.due_at
    if filters.view == "closed":
        if after is not None:
            query = query.where(due <= after[0], or_(due < after[0], PartReturn.id < after[1]))
        query = query.order_by(due.desc(), PartReturn.id.desc())
    else:
        if after is not None:
            query = query.where(due >= after[0], or_(due > after[0], PartReturn.id > after[1]))
        query = query.order_by(due, PartReturn.id)
    found = [ReturnRow(**row._asdict()) for row in session.execute(query.limit(limit + 1))]
    following = (found[limit - 1].due_at, found[limit - 1].id) if len(found) > limit else None
    return found[:limit], following


def count_returns(session: Session, *, actor: Actor, filters: ReturnFilters, now: datetime) -> int:
    """How many there are, counted up to `CAP` + 1."""
    actor.require(Permission.CLAIMS_VIEW)
    some = select(PartReturn.id).where(
        actor.scope.where(PartReturn.dealer_id, PartReturn.region), *_conditions(filters, now)
    )
    return session.scalar(select(func.count()).select_from(some.limit(CAP + 1).subquery())) or 0


def count_states(session: Session, *, actor: Actor, now: datetime) -> dict[str, tuple[int, int]]:
    """(how many, how many of them late) of each open state in the actor's scope; states without any are absent."""
    actor.require(Permission.CLAIMS_VIEW)
    r = PartReturn
    rows = session.execute(
        select(r.status, func.count(), func.sum(case((late(now), 1), else_=0)))
        .where(r.is_open == true(), actor.scope.where(r.dealer_id, r.region))
        .group_by(r.status)
    )
    return {status: (count, int(overdue or 0)) for status, count, overdue in rows}


def get_return(session: Session, *, item_id: int, actor: Actor, now: datetime) -> ReturnRow:
    """One old part for its drawer; raises `NotFound`, for another dealer's part too. `now` is what a drawer gives."""
    actor.require(Permission.CLAIMS_VIEW)
    row = session.execute(rows_of(actor.scope).where(PartReturn.id == item_id)).one_or_none()
    if row is None:
        raise NotFound("This part return")
    return ReturnRow(**row._asdict())


def returns_by_id(session: Session, *, ids: Sequence[int], actor: Actor) -> list[ReturnRow]:
    """Some old parts in the order of their numbers, without those the actor may not see."""
    actor.require(Permission.CLAIMS_VIEW)
    query = rows_of(actor.scope).where(PartReturn.id.in_(list(ids))).order_by(PartReturn.id)
    return [ReturnRow(**row._asdict()) for row in session.execute(query)]


def returns_of_claims(session: Session, *, claim_ids: Sequence[int], actor: Actor) -> dict[int, tuple[ReturnRow, ...]]:
    """The old parts of some claims, by claim, in the order of their jobs; claims without any are absent."""
    actor.require(Permission.CLAIMS_VIEW)
    query = rows_of(actor.scope).where(PartReturn.claim_id.in_(list(claim_ids)))
    found: dict[int, list[ReturnRow]] = {}
    for row in session.execute(query.order_by(PartReturn.claim_id, PartReturn.job)):
        found.setdefault(row.claim_id, []).append(ReturnRow(**row._asdict()))
    return {claim_id: tuple(rows) for claim_id, rows in found.items()}


# ---- the rule --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class RuleLine:
    """One version of the rule for old parts, with who made it and why."""

    rules: ReturnRules
    reason: str
    created_at: datetime
    created_by: str


def rule_in_force(session: Session, *, on: date, actor: Actor) -> ReturnRules:
    """The rule for old parts in force on a day. It is the same for every dealer."""
    actor.require(Permission.CLAIMS_VIEW)
    return rules_on(session, on)


def rule_versions(session: Session, *, actor: Actor) -> list[RuleLine]:
    """Every version somebody decided, the newest first."""
    actor.require(Permission.CLAIMS_VIEW)
    rows = session.scalars(select(PartReturnRule).order_by(PartReturnRule.number.desc()).limit(50))
    return [
        RuleLine(rules=as_rules(row), reason=row.reason, created_at=row.created_at, created_by=row.created_by)
        for row in rows
    ]


def newest_rule(session: Session, *, actor: Actor) -> int:
    """The number of the newest version; 1 where only the default is there."""
    actor.require(Permission.CLAIMS_VIEW)
    return session.scalar(select(func.max(PartReturnRule.number))) or ReturnRules().number
