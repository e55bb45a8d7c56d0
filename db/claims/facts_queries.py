"""Reads what the desk knows beside a claim, so that the rules need no database. A bounded number of statements.

What other dealers did on the vehicle is among the facts (W17 to W19); the rules never name it in a sentence. What the
claim refers to (original, pre-authorization, technician) is looked for at its own dealer only.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claims.flow import REVIEW, WAITING
from db.claims.history import LEFT_OUT, SETTLED, earlier_jobs, last_odometer, other_vin_of, usual_amounts
from db.claims.lookup_rules import component_code, key, repair_day
from db.claims.model import (
    CampaignFacts,
    ClaimDraft,
    ClaimFacts,
    ComponentFacts,
    DealerTerms,
    EarlierJob,
    OperationFacts,
    OriginalFacts,
    PartFacts,
    PlanFacts,
    PreAuthFacts,
    PreAuthLine,
    TechnicianFacts,
    VehicleFacts,
)
from db.claims.money_rules import net_of
from db.claims.tables import Claim, ClaimCharge
from db.core import vin as vins
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.problems import NotFound
from db.customers.vehicle_tables import Vehicle
from db.dealers.tables import Dealer
from db.terms.queries import terms_on
from db.warranty import queries as warranty


def facts_of(
    session: Session, draft: ClaimDraft, *, dealer_id: int, actor: Actor, today: date, claim_id: int | None = None,
    attachments: tuple[str, ...] = (),
) -> ClaimFacts:  # fmt: skip
    """The facts of a claim of a dealer of the actor's scope; raises `NotFound`.

    `today` is the dealer's day, `claim_id` the claim itself where it is stored, so that it is not its own duplicate.
    """
    dealer = session.get(Dealer, dealer_id)
    if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
        raise NotFound("This dealer")
    vin = vins.clean(draft.vin)
    on = draft.ro_opened_on or today
    facts = ClaimFacts(
        claim=draft, today=today, attachments=tuple(sorted(set(attachments))),
        dealer=_terms(session, dealer, actor=actor, on=on),
        operations=_operations(session, draft, on), parts=_parts(session, draft, on),
        technician=_technician(session, draft, dealer.id, on), campaign=_campaign(session, draft, vin, on),
        pre_auth=_pre_auth(session, draft, vin, dealer),
    )  # fmt: skip
    family, original = _original(session, draft, vin, dealer.id, claim_id)
    earlier = earlier_jobs(
        session, vin=vin, dealer=dealer, ro_number=draft.ro_number, positions=[j.position for j in draft.jobs],
        claim_id=claim_id, family=family,
    )  # fmt: skip
    vehicle = _vehicle(session, facts, vin, dealer.id, earlier, claim_id=claim_id)
    worked = [j.operation for j in draft.jobs] + [c.code for c in draft.charges if c.kind == "labour"]
    return replace(
        facts, original=original, earlier=earlier, vehicle=vehicle, components=_components(session, facts),
        usual=usual_amounts(
            session, operations=worked, model=vehicle.model, today=today, claim_id=claim_id,
        ),
    )  # fmt: skip


def price_facts(session: Session, draft: ClaimDraft, *, dealer_id: int, actor: Actor, today: date) -> ClaimFacts:
    """Only what prices follow from (price_rules.fill): the dealer's terms, operations and parts of the day."""
    dealer = session.get(Dealer, dealer_id)
    if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
        raise NotFound("This dealer")
    on = draft.ro_opened_on or today
    return ClaimFacts(
        claim=draft, today=today, dealer=_terms(session, dealer, actor=actor, on=on),
        operations=_operations(session, draft, on), parts=_parts(session, draft, on),
    )  # fmt: skip


def _terms(session: Session, dealer: Dealer, *, actor: Actor, on: date) -> DealerTerms:
    terms = terms_on(session, dealer_id=dealer.id, on=on, scope=actor.scope)
    rate, markup = terms.get("labour_rate"), terms.get("parts_markup")
    return DealerTerms(
        dealer_id=dealer.id, state=dealer.state, labour_rate_cents=rate if isinstance(rate, int) else None,
        markup=markup if isinstance(markup, int) else None,
        authority={
            k.removeprefix("auth_"): v for k, v in terms.items() if k.startswith("auth_") and isinstance(v, int)
        },
    )  # fmt: skip


def _operations(session: Session, draft: ClaimDraft, on: date) -> dict[str, OperationFacts]:
    codes = {j.operation for j in draft.jobs} | {c.code for c in draft.charges if c.kind == "labour"}
    return {
        code: OperationFacts(
            code=o.code, name=o.name, kind=o.kind, hours=o.hours, component=o.component, models=o.models,
            year_from=o.year_from, year_until=o.year_until, skill=o.skill, needs_authorization=o.needs_authorization,
        )
        for code, o in sorted(warranty.operations_on(session, codes, on).items())
    }  # fmt: skip


def _parts(session: Session, draft: ClaimDraft, on: date) -> dict[str, PartFacts]:
    numbers = {j.causal_part for j in draft.jobs} | {c.code for c in draft.charges if c.kind == "parts"}
    return {
        number: PartFacts(
            number=p.number, name=p.name, component=p.component, net_cents=p.net_cents, is_active=p.is_active,
            needs_authorization=p.needs_authorization, repair_allowed=p.repair_allowed,
        )
        for number, p in sorted(warranty.parts_on(session, numbers, on).items())
    }  # fmt: skip


def _components(session: Session, facts: ClaimFacts) -> dict[str, ComponentFacts]:
    """Those named, and those that follow from part and operation."""
    codes = {j.component for j in facts.claim.jobs} | {component_code(facts, j) for j in facts.claim.jobs}
    return {
        code: ComponentFacts(
            code=c.code, name=c.name, is_wear=c.is_wear, is_major=c.is_major, auth_class=c.auth_class
        )
        for code, c in sorted(warranty.components_by_code(session, codes).items())
    }  # fmt: skip


def _technician(session: Session, draft: ClaimDraft, dealer_id: int, on: date) -> TechnicianFacts | None:
    if not draft.technician.strip():
        return None
    one = warranty.technician_on(session, dealer_id=dealer_id, code=draft.technician, on=on)
    return TechnicianFacts(code=one.code, is_known=one.is_known, is_active=one.is_active, skills=one.skills)


def _campaign(session: Session, draft: ClaimDraft, vin: str, on: date) -> CampaignFacts | None:
    if not draft.campaign_number.strip():
        return None
    one = warranty.campaign_for_vin(session, draft.campaign_number, vin, on)
    return CampaignFacts(
        number=one.number, is_known=one.is_known, runs=one.runs, is_listed=one.is_listed, done_on=one.done_on,
        operations=one.operations, parts=one.parts,
    )  # fmt: skip


def _pre_auth(session: Session, draft: ClaimDraft, vin: str, dealer: Dealer) -> PreAuthFacts | None:
    """The pre-authorization of this dealer; one of another dealer is not known."""
    number = key(draft.pre_auth_number)
    if not number:
        return None
    claim = session.execute(
        select(Claim.id, Claim.vin, Claim.status, Claim.decided_at, Claim.approved_cents).where(
            Claim.number == number, Claim.dealer_id == dealer.id, Claim.claim_type == "pre_authorization"
        )
    ).one_or_none()
    if claim is None or claim.status in LEFT_OUT:
        return PreAuthFacts(number=number)
    lines = session.execute(
        select(ClaimCharge.kind, ClaimCharge.code, ClaimCharge.quantity, ClaimCharge.approved_cents)
        .where(ClaimCharge.claim_id == claim.id, ClaimCharge.approved_cents > 0)
        .order_by(ClaimCharge.position)
    )
    return PreAuthFacts(
        number=number, is_known=True, is_approved=claim.status in SETTLED, same_vehicle=claim.vin == vin,
        is_open=claim.status in (*REVIEW, *WAITING),
        approved_on=local_day(claim.decided_at, dealer.zone) if claim.decided_at and claim.status in SETTLED else None,
        approved_cents=claim.approved_cents or 0,
        lines=tuple(PreAuthLine(kind=k, code=c, quantity=q, cents=a or 0) for k, c, q, a in lines),
    )  # fmt: skip


def _original(
    session: Session, draft: ClaimDraft, vin: str, dealer_id: int, claim_id: int | None
) -> tuple[int | None, OriginalFacts | None]:
    """The family of the claim, and what its original and further versions came to, at the same dealer."""
    number = key(draft.original_number)
    if not number:
        return None, None
    named = select(Claim.family_id).where(Claim.number == number, Claim.dealer_id == dealer_id).scalar_subquery()
    rows = session.execute(
        select(Claim.id, Claim.family_id, Claim.number, Claim.claim_type, Claim.status, Claim.vin, Claim.approved_cents)
        .where(Claim.family_id == named, Claim.dealer_id == dealer_id)
        .order_by(Claim.series_version, Claim.id)
    ).all()
    one = next((r for r in rows if r.number == number), None)
    if one is None or one.id == claim_id or one.status == "draft":
        return None, OriginalFacts(number=number)
    root = next((r for r in rows if r.id == r.family_id), one)
    net = net_of(r.approved_cents or 0 for r in rows if r.status in SETTLED and r.id != claim_id)
    return one.family_id, OriginalFacts(
        number=number, is_known=True, is_settled=one.status in SETTLED, same_vehicle=one.vin == vin,
        net_approved_cents=net, claim_type=root.claim_type,
    )  # fmt: skip


def _vehicle(
    session: Session, facts: ClaimFacts, vin: str, dealer_id: int, earlier: tuple[EarlierJob, ...], *,
    claim_id: int | None,
) -> VehicleFacts:  # fmt: skip
    draft, on = facts.claim, repair_day(facts)
    other = other_vin_of(session, vin=vin, dealer_id=dealer_id, ro_number=draft.ro_number, claim_id=claim_id)
    vehicle = session.scalars(select(Vehicle).where(Vehicle.vin == vin)).one_or_none() if vin else None
    if vehicle is None:
        return VehicleFacts(other_vin_of_ro=other)
    block = warranty.block_of(session, vehicle.id, on)
    plans = warranty.plans_of_vehicle(
        session, vehicle_id=vehicle.id, model=vehicle.model, in_service_on=vehicle.in_service_on
    )
    sold = _part_sold_on(draft, earlier)
    reading = last_odometer(session, vehicle.id, dealer_id=dealer_id, ro_number=draft.ro_number, before=on)
    return VehicleFacts(
        is_known=True, model=vehicle.model, year=vehicle.year, in_service_on=vehicle.in_service_on,
        block=block.kind if block else "", block_reason=block.reason if block else "", other_vin_of_ro=other,
        last_odometer=reading[0] if reading else None, last_odometer_on=reading[1] if reading else None,
        plans=tuple(
            PlanFacts(
                code=p.code, name=p.name, kind=p.kind, months=p.months, distance=p.distance, unit=p.unit,
                deductible_cents=p.deductible_cents, components=p.components, excluded=p.excluded,
                starts_on=sold if p.kind == "parts" else p.starts_on, contract_number=p.contract_number,
            )
            for p in plans
        ),
    )  # fmt: skip


def _part_sold_on(draft: ClaimDraft, earlier: tuple[EarlierJob, ...]) -> date | None:
    """The day the part of a parts-warranty claim was fitted, from earlier claims on the vehicle; None if on none."""
    causal = {key(j.causal_part) for j in draft.jobs} - {""}
    until = draft.failed_on or draft.ro_opened_on
    days = [
        e.repaired_on
        for e in earlier
        if e.same_vehicle and e.action == "replacement" and key(e.causal_part) in causal
        and e.repaired_on is not None and (until is None or e.repaired_on <= until)
    ]  # fmt: skip
    return max(days, default=None)
