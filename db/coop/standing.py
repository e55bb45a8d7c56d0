"""What a fund can pay at a moment, and what a request or claim would be paid of it. Reads only; money is cents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.coop.claim_flow import APPROVED
from db.coop.claim_rules import Approved, Check, ClaimFacts, check_claim
from db.coop.model import Programme
from db.coop.papers import names_of
from db.coop.payable_rules import Payable, Showing, brand_problem, payable
from db.coop.queue_tables import CoopClaim, CoopProof, CoopRequest
from db.coop.record import in_force, today_of
from db.coop.request_rules import Terms, costs_from_json
from db.coop.tables import CoopFund, CoopLot
from db.core.labels import local_day


def due_cents(session: Session, fund: CoopFund, now: datetime) -> int:
    """What has expired and no posting has said so yet."""
    query = select(func.coalesce(func.sum(CoopLot.left_cents), 0)).where(
        CoopLot.fund_id == fund.id, CoopLot.left_cents > 0, CoopLot.expires_on < today_of(fund, now)
    )
    return int(session.scalar(query) or 0)


def available_now(session: Session, fund: CoopFund | None, now: datetime) -> int:
    """What can be asked for now; nothing without a fund, or of one that was closed."""
    if fund is None or fund.closed_at is not None:
        return 0
    return fund.available_cents - due_cents(session, fund, now)


def used_of_medium(session: Session, fund: CoopFund | None, medium: str, *, but_request: int | None = None) -> int:
    """What approved claims and open reserves of a medium use of its cap."""
    if fund is None:
        return 0
    claimed = select(func.coalesce(func.sum(CoopClaim.approved_cents), 0)).where(
        CoopClaim.fund_id == fund.id, CoopClaim.medium == medium, CoopClaim.status.in_(APPROVED)
    )
    held = select(func.coalesce(func.sum(CoopRequest.reserved_cents), 0)).where(
        CoopRequest.fund_id == fund.id, CoopRequest.medium == medium, CoopRequest.id != (but_request or 0)
    )
    return int(session.scalar(claimed) or 0) + int(session.scalar(held) or 0)


def terms_of(item: CoopRequest | CoopClaim) -> Terms:
    """What a request or claim says, as its form types it."""
    claim = isinstance(item, CoopClaim)
    return Terms(
        medium=item.medium, activity=item.activity, vendor=item.vendor, starts_on=item.starts_on, ends_on=item.ends_on,
        costs=costs_from_json(item.costs), goal="" if isinstance(item, CoopClaim) else item.goal,
        invoice_number=item.invoice_number if isinstance(item, CoopClaim) else "",
        showing=showing_of(item) if claim else Showing(),  # type: ignore[arg-type]
    )  # fmt: skip


def showing_of(claim: CoopClaim) -> Showing:
    """How the brand was shown."""
    return Showing(
        brand_share=claim.brand_share, competitor=claim.competitor, mentions=claim.mentions, seconds=claim.seconds
    )


def of_request(
    session: Session, fund: CoopFund | None, programme: Programme, terms: Terms, *, now: datetime,
    request_id: int | None = None,
) -> Payable:  # fmt: skip
    """What a plan would be paid, with every bound."""
    return payable(
        programme, terms.medium, terms.costs, terms.showing, available=available_now(session, fund, now),
        accrued=fund.accrued_cents if fund else 0,
        used_of_medium=used_of_medium(session, fund, terms.medium, but_request=request_id),
    )  # fmt: skip


def of_claim(
    session: Session, fund: CoopFund, programme: Programme, terms: Terms, *, request: CoopRequest | None, now: datetime
) -> Payable:
    """What a claim would be paid, with every bound; it may use its request's reserve and what is available."""
    held = request.reserved_cents if request is not None else 0
    available = held + max(available_now(session, fund, now), 0)
    return payable(
        programme, terms.medium, terms.costs, terms.showing, available=available, accrued=fund.accrued_cents,
        approved=request.approved_cents if request is not None else None,
        used_of_medium=used_of_medium(session, fund, terms.medium, but_request=request.id if request else None),
    )  # fmt: skip


def approval_of(request: CoopRequest | None) -> Approved | None:
    """The pre-approval a claim rests on."""
    if request is None or request.approved_on is None or request.valid_until is None:
        return None
    return Approved(from_day=request.approved_on, until=request.valid_until, medium=request.medium)


def checks_of(
    session: Session, claim: CoopClaim, programme: Programme, found: Payable, *, request: CoopRequest | None,
    now: datetime,
) -> tuple[Check, ...]:  # fmt: skip
    """Every check of a claim as it is stored. A claim sent in time stays in time while it comes and goes."""
    proofs = set(session.scalars(select(CoopProof.kind).where(CoopProof.claim_id == claim.id)))
    files = names_of(session, claim.id)
    return check_facts(claim, programme, found, request=request, proofs=proofs, files=files, now=now)


def check_facts(
    claim: CoopClaim, programme: Programme, found: Payable, *, request: CoopRequest | None, proofs: set[str],
    files: Mapping[str, tuple[str, ...]], now: datetime,
) -> tuple[Check, ...]:  # fmt: skip
    """The checks of a claim with its proofs in hand."""
    today = claim.submitted_on or local_day(now, claim.dealer.zone)
    return check_claim(
        programme,
        ClaimFacts(
            medium=claim.medium, activity_on=claim.ends_on, today=today, proofs=proofs, files=files,
            approval=approval_of(request),
            payable_cents=found.cents, eligible_cents=found.eligible_cents,
            brand_problem=brand_problem(programme, claim.medium, showing_of(claim)),
        ),
    )  # fmt: skip


def programme_of(session: Session, fund: CoopFund, item: CoopRequest | CoopClaim) -> Programme:
    """The terms that count: in force on the last day of the activity, before the programme's year its first."""
    return in_force(session, fund.programme_id, item.ends_on)[1]
