"""What the form of a claim shows before it is sent: what is payable, every check, which proofs are missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.coop import standing
from db.coop.claim_rules import Check, ClaimFacts, check_claim
from db.coop.flow import HOLDS
from db.coop.model import MEDIA
from db.coop.payable_rules import Payable, brand_problem, payable
from db.coop.queue_tables import CoopRequest
from db.coop.request_rules import Terms
from db.coop.tables import CoopFund
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Whose claim it is, and of which programme; with the request it rests on where there is one."""

    dealer_id: int
    programme_id: int
    request_id: int | None
    title: str
    media: tuple[str, ...]
    terms: Terms | None
    reserved: int = 0


def owner_of(session: Session, *, request_id: int, actor: Actor) -> Owner:
    """The request a claim is entered for, as its form shows it; raises `NotFound`, also when it holds nothing."""
    request = session.scalars(
        select(CoopRequest).where(
            CoopRequest.id == request_id, CoopRequest.status.in_(HOLDS),
            actor.scope.where(CoopRequest.dealer_id, CoopRequest.region),
        )
    ).one_or_none()  # fmt: skip
    if request is None or request.dealer_id is None:
        raise NotFound("This co-op request")
    return Owner(
        dealer_id=request.dealer_id, programme_id=request.fund.programme_id, request_id=request.id,
        title=f"{request.number}: {request.activity}", media=(request.medium,), terms=standing.terms_of(request),
        reserved=request.reserved_cents,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ClaimQuote:
    """What would become of a claim if it were sent now."""

    found: Payable
    checks: tuple[Check, ...]
    needs: tuple[str, ...]


def claim_quote(
    session: Session, *, terms: Terms, proofs: Collection[str], dealer_id: int, programme_id: int,
    request_id: int | None, actor: Actor, now: datetime, files: Mapping[str, tuple[str, ...]] | None = None,
) -> ClaimQuote | None:  # fmt: skip
    """Bounds and checks for what is typed; None while medium, days or costs are missing. `NotFound` out of scope."""
    actor.require(Permission.COOP_REQUEST)
    dealer = session.get(Dealer, dealer_id)
    if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
        raise NotFound("This dealer")
    if terms.medium not in MEDIA or terms.ends_on is None or not terms.cost_cents:
        return None
    _, programme = standing.in_force(session, programme_id, terms.ends_on)
    rule = programme.media.get(terms.medium)  # type: ignore[call-overload]
    if rule is None:
        return None
    fund = session.scalars(
        select(CoopFund).where(CoopFund.programme_id == programme_id, CoopFund.dealer_id == dealer_id)
    ).one_or_none()
    request = session.get(CoopRequest, request_id) if request_id is not None else None
    if request is not None and (request.dealer_id != dealer_id or request.status not in HOLDS):
        request = None
    held = request.reserved_cents if request is not None else 0
    found = payable(
        programme,
        terms.medium,
        terms.costs,
        terms.showing,
        available=held + max(standing.available_now(session, fund, now), 0),
        approved=request.approved_cents if request is not None else None,
        accrued=fund.accrued_cents if fund is not None else 0,
        used_of_medium=standing.used_of_medium(
            session, fund, terms.medium, but_request=request.id if request is not None else None
        ),
    )
    checks = check_claim(
        programme,
        ClaimFacts(
            medium=terms.medium, activity_on=terms.ends_on, today=local_day(now, dealer.zone), proofs=proofs,
            approval=standing.approval_of(request), payable_cents=found.cents, eligible_cents=found.eligible_cents,
            brand_problem=brand_problem(programme, terms.medium, terms.showing), files=files or {},
        ),
    )  # fmt: skip
    return ClaimQuote(found=found, checks=checks, needs=rule.needs)
