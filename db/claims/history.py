"""What was claimed and read before: jobs on the vehicle at any dealer, its odometer, and what a repair usually costs.

These serve the rules alone, so they look at every dealer; whoever asks has checked the dealer of the claim. No page
may import this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from math import isqrt
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, union
from sqlalchemy.orm import Session

from db.claims.lookup_rules import in_unit, key
from db.claims.model import EarlierJob, Usual
from db.claims.money_rules import half_up
from db.claims.record import COUNTED_ONCE
from db.claims.tables import Claim, ClaimCharge, ClaimFinding, ClaimJob
from db.customers.vehicle_tables import OdometerReading, Purchase, ServiceVisit, Vehicle
from db.dealers.tables import Dealer

LEFT_OUT = ("draft", "void", "rejected", "returned")
"""States in which nothing is claimed (any more, or not yet)."""
SETTLED = ("approved", "partially_approved", "paid", "adjusted")
"""States in which the approved amount is owed or was paid."""
_MOST = 300  # jobs of one vehicle; the newest ones
_NEWEST = 2_000  # jobs the usual amounts are made of; the newest ones
_USUAL_DAYS = 730


def _numbers(ro_number: str) -> list[str]:
    return sorted({ro_number, ro_number.strip(), key(ro_number)} - {""})


def earlier_jobs(
    session: Session, *, vin: str, dealer: Dealer, ro_number: str, positions: Sequence[int], claim_id: int | None,
    family: int | None,
) -> tuple[EarlierJob, ...]:  # fmt: skip
    """Jobs on this vehicle at any dealer, and of this repair order at this one, the newest first. One statement."""
    order = key(ro_number)
    # Each place has its own index: one condition with "or" over two tables would read every claim.
    places: list[Select[Any]] = []
    if vin:
        places.append(select(Claim.id).where(Claim.vin == vin))
    if order:
        keys = [f"{ro_number.strip().upper()}/{p}" for p in positions]
        places += [
            select(Claim.id).where(Claim.dealer_id == dealer.id, Claim.ro_number.in_(_numbers(ro_number))),
            select(ClaimJob.claim_id).where(ClaimJob.dealer_id == dealer.id, ClaimJob.ro_key.in_(keys)),
        ]
    if not places:
        return ()
    of_claim = ClaimCharge.claim_id == Claim.id
    approved = select(func.coalesce(func.sum(ClaimCharge.approved_cents), 0)).where(
        of_claim, ClaimCharge.job == ClaimJob.position
    )
    deducted = select(ClaimCharge.id).where(of_claim, ClaimCharge.kind == "deductible", ClaimCharge.claimed_cents < 0)
    taken_off = select(ClaimFinding.id).where(
        ClaimFinding.claim_id == Claim.id, ClaimFinding.rule == "W26", ClaimFinding.level == "R"
    )
    rows = session.execute(
        select(
            Claim.number, Claim.dealer_id, Claim.vin, Claim.ro_number, Claim.status, Claim.claim_type, Claim.family_id,
            Claim.failed_on, Claim.ro_closed_on, Claim.odometer_in, Claim.unit, ClaimJob.position, ClaimJob.operation,
            ClaimJob.causal_part, ClaimJob.component, ClaimJob.action,
            approved.correlate(Claim, ClaimJob).scalar_subquery().label("approved"),
            or_(deducted.correlate(Claim).exists(), taken_off.correlate(Claim).exists()).label("deductible"),
        )
        .join(Claim, Claim.id == ClaimJob.claim_id)
        .where(Claim.id.in_(union(*places)), Claim.status.not_in(LEFT_OUT), Claim.id != (claim_id or 0))
        .order_by(Claim.id.desc(), ClaimJob.position)
        .limit(_MOST)
    )  # fmt: skip
    return tuple(_job(r, vin=vin, dealer_id=dealer.id, family=family) for r in rows)


def _job(r: Any, *, vin: str, dealer_id: int, family: int | None) -> EarlierJob:
    return EarlierJob(
        number=r.number, own=r.dealer_id == dealer_id, ro_number=r.ro_number, operation=r.operation,
        causal_part=r.causal_part, component=r.component, action=r.action, failed_on=r.failed_on,
        repaired_on=r.ro_closed_on, position=r.position, paid=r.status in SETTLED and int(r.approved or 0) > 0,
        odometer=None if r.odometer_in is None else in_unit(r.odometer_in, r.unit, "mi"),
        deductible=bool(r.deductible) and r.status != "denied", is_family=family is not None and r.family_id == family,
        same_vehicle=r.vin == vin, is_counted=r.claim_type in COUNTED_ONCE,
    )  # fmt: skip


def other_vin_of(session: Session, *, vin: str, dealer_id: int, ro_number: str, claim_id: int | None) -> str:
    """Another VIN this dealer has under the repair order, on a claim or a service visit; empty when there is none."""
    if not key(ro_number) or not vin:
        return ""
    numbers = _numbers(ro_number)
    claimed = session.scalar(
        select(Claim.vin)
        .where(
            Claim.dealer_id == dealer_id, Claim.ro_number.in_(numbers), Claim.vin.not_in(("", vin)),
            Claim.status.not_in(LEFT_OUT), Claim.id != (claim_id or 0),
        )
        .order_by(Claim.id)
        .limit(1)
    )  # fmt: skip
    if claimed:
        return claimed
    visited = session.scalar(
        select(Vehicle.vin)
        .join(ServiceVisit, ServiceVisit.vehicle_id == Vehicle.id)
        .where(ServiceVisit.dealer_id == dealer_id, ServiceVisit.ro_number.in_(numbers), Vehicle.vin != vin)
        .order_by(ServiceVisit.id)
        .limit(1)
    )
    return visited or ""


def last_odometer(
    session: Session, vehicle_id: int, *, dealer_id: int, ro_number: str, before: date
) -> tuple[int, date] | None:
    """The highest reading up to a day in miles, since the odometer was last replaced; not of this repair order."""
    found: list[tuple[date, int, bool]] = []
    here = key(ro_number)
    for visit in session.execute(
        select(
            ServiceVisit.opened_on, ServiceVisit.odometer_in, ServiceVisit.odometer_out, ServiceVisit.unit,
            ServiceVisit.dealer_id, ServiceVisit.ro_number,
        ).where(ServiceVisit.vehicle_id == vehicle_id, ServiceVisit.opened_on <= before)
    ):  # fmt: skip
        if not (visit.dealer_id == dealer_id and here and key(visit.ro_number) == here):
            value = max(visit.odometer_in, visit.odometer_out or 0)
            found.append((visit.opened_on, in_unit(value, visit.unit, "mi"), False))
    for bought in session.execute(
        select(Purchase.bought_on, Purchase.odometer, Purchase.unit).where(
            Purchase.vehicle_id == vehicle_id, Purchase.bought_on <= before, Purchase.odometer.is_not(None)
        )
    ):
        found.append((bought.bought_on, in_unit(bought.odometer or 0, bought.unit, "mi"), False))
    for read in session.execute(
        select(OdometerReading.read_on, OdometerReading.value, OdometerReading.unit, OdometerReading.starts_anew).where(
            OdometerReading.vehicle_id == vehicle_id, OdometerReading.read_on <= before
        )
    ):
        found.append((read.read_on, in_unit(read.value, read.unit, "mi"), read.starts_anew))
    anew = max((on for on, _, starts in found if starts), default=date.min)
    since = [(value, on) for on, value, starts in found if on > anew or (on == anew and starts)]
    return max(since, default=None)


def usual_amounts(
    session: Session, *, operations: Sequence[str], model: str, today: date, claim_id: int | None
) -> tuple[Usual, ...]:
    """What jobs with these operations on this model were claimed for in 24 months, at all dealers. One statement."""
    codes = sorted({c for o in operations for c in (o, key(o)) if c.strip()})
    if not codes or not model:
        return ()
    since = datetime.combine(today - timedelta(days=_USUAL_DAYS), time(0), tzinfo=UTC)
    jobs = (
        select(ClaimJob.operation, ClaimJob.claim_id, ClaimJob.position)
        .join(Claim, Claim.id == ClaimJob.claim_id)
        .join(Vehicle, Vehicle.vin == Claim.vin)
        .where(
            ClaimJob.operation.in_(codes), Vehicle.model == model, Claim.status.not_in(LEFT_OUT),
            Claim.claim_type.in_(COUNTED_ONCE), Claim.submitted_at >= since, Claim.id != (claim_id or 0),
        )
        .order_by(ClaimJob.claim_id.desc(), ClaimJob.position)
        .limit(_NEWEST)
        .subquery()
    )  # fmt: skip
    rows = session.execute(
        select(jobs.c.operation, func.sum(ClaimCharge.claimed_cents))
        .join(ClaimCharge, and_(ClaimCharge.claim_id == jobs.c.claim_id, ClaimCharge.job == jobs.c.position))
        .where(ClaimCharge.kind != "deductible")
        .group_by(jobs.c.operation, jobs.c.claim_id, jobs.c.position)
    )
    totals: dict[str, list[int]] = {}
    for operation, cents in rows:
        totals.setdefault(key(operation), []).append(int(cents))
    return tuple(usual_of(code, found) for code, found in sorted(totals.items()))


def usual_of(operation: str, totals: Sequence[int]) -> Usual:
    """Mean and sample standard deviation of some totals, in whole cents."""
    count, total = len(totals), sum(totals)
    spread = count * sum(t * t for t in totals) - total * total
    deviation = isqrt(spread // (count * (count - 1))) if count > 1 else 0
    return Usual(operation=operation, count=count, mean_cents=half_up(total, count), deviation_cents=deviation)
