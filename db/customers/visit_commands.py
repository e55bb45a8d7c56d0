"""Service visits: entered when the vehicle arrives, completed when it leaves (domain-rules W03-W05)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.insert import insert_or_ignore
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale
from db.customers import record, vehicle_record, vin_rules
from db.customers.tables import Customer
from db.customers.vehicle_commands import checked_facts, put
from db.customers.vehicle_tables import ServiceVisit, Vehicle
from db.customers.visit_rules import VisitFacts, check
from db.dealers.queries import DealerDetail, get_dealer

_CHANGED = ("opened_on", "closed_on", "odometer_in", "odometer_out", "unit", "complaint")


def enter_visit(
    session: Session, *, vehicle_id: int, dealer_id: int | None, ro_number: str, opened_on: date | None,
    odometer_in: int | None, closed_on: date | None = None, odometer_out: int | None = None, unit: str = "mi",
    complaint: str = "", customer_id: int | None = None, form_key: str | None = None, actor: Actor, now: datetime,
) -> tuple[int, tuple[str, ...]]:  # fmt: skip
    """Enter a visit of a vehicle this person may see; (its id, warnings). The same `form_key` gives the first again.

    The number of the order is unique at its dealer. Problems belong to the arguments.
    """
    actor.require(Permission.CUSTOMERS_EDIT)
    known = session.scalar(select(ServiceVisit.id).where(ServiceVisit.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known, ()
    facts = VisitFacts(
        ro_number=ro_number, opened_on=opened_on, closed_on=closed_on, odometer_in=odometer_in,
        odometer_out=odometer_out, unit=unit, complaint=complaint,
    )  # fmt: skip
    dealer = get_dealer(session, dealer_id=dealer_id or 0, scope=actor.scope)
    owner = record.held(session, customer_id, actor=actor) if customer_id is not None else None
    vehicle = vehicle_record.held(session, vehicle_id, actor=actor)
    visit, warnings = put_visit(
        session, vehicle, dealer, facts, customer=owner, form_key=form_key, actor=actor, now=now
    )
    vehicle_record.touched(vehicle, actor=actor, now=now)
    vehicle_record.note(
        session, "enter_visit", f"service visit {visit.ro_number}", vehicle, dealer_id=dealer.dealer_id,
        visit_id=visit.id,
        customers=[owner] if owner else [], actor=actor, now=now,
        after={"opened_on": visit.opened_on, "odometer_in": visit.odometer_in, "unit": visit.unit},
    )  # fmt: skip
    return visit.id, warnings


def receive_vehicle(
    session: Session, *, vin: str, vin_reason: str = "", facts: Mapping[str, Any] | None = None, dealer_id: int | None,
    ro_number: str, opened_on: date | None, odometer_in: int | None, unit: str = "mi", complaint: str = "",
    customer_id: int | None = None, form_key: str | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """A vehicle this dealer did not know comes in for service: vehicle and visit in one; gives the vehicle's id.

    Says nothing about who owns it. Problems belong to the arguments, as in `enter_visit` and `enter_vehicle`.
    """
    actor.require(Permission.CUSTOMERS_EDIT)
    known = (
        session.scalar(select(ServiceVisit.vehicle_id).where(ServiceVisit.form_key == form_key)) if form_key else None
    )
    if known is not None:
        timeline.repeated(session)
        return known
    problems = Problems()
    given = checked_facts(facts or {}, now, problems)
    judged = vin_rules.judge(vin, reason=vin_reason, problems=problems, year=given.get("year"))
    if dealer_id is None:
        problems.add("dealer_id", "required", "Choose a dealer.")
    problems.refuse_if_any()
    dealer = get_dealer(session, dealer_id=dealer_id or 0, scope=actor.scope)
    owner = record.held(session, customer_id, actor=actor) if customer_id is not None else None
    vehicle, is_new = put(session, judged, given, reason=vin_reason, actor=actor, now=now)
    visit, _ = put_visit(
        session, vehicle, dealer,
        VisitFacts(ro_number=ro_number, opened_on=opened_on, odometer_in=odometer_in, unit=unit, complaint=complaint),
        customer=owner, form_key=form_key, actor=actor, now=now,
    )  # fmt: skip
    if not is_new:
        vehicle_record.touched(vehicle, actor=actor, now=now)
    vehicle_record.note(
        session, "receive_vehicle", f"came in for service, {visit.ro_number}", vehicle, dealer_id=dealer.dealer_id,
        visit_id=visit.id, customers=[owner] if owner else [], actor=actor, now=now,
        after={"opened_on": visit.opened_on, "odometer_in": visit.odometer_in, "unit": visit.unit},
    )  # fmt: skip
    return vehicle.id


def put_visit(
    session: Session, vehicle: Vehicle, dealer: DealerDetail, facts: VisitFacts, *, customer: Customer | None,
    form_key: str | None, actor: Actor, now: datetime, batch_id: int | None = None,
) -> tuple[ServiceVisit, tuple[str, ...]]:  # fmt: skip
    """Store one checked visit; the vehicle is held by the caller."""
    problems = Problems()
    ro_number = problems.require(facts.ro_number, "ro_number", "The number of the repair order", longest=40).upper()
    complaint = facts.complaint.replace("\0", "").strip()[:4000]
    if customer is not None and customer.dealer_id != dealer.dealer_id:
        problems.add("customer_id", "other_dealer", "This is no customer of this dealer.")
    today = local_day(now, dealer.facts.zone)
    warnings = check(facts, today=today, in_service_on=vehicle.in_service_on, problems=problems)
    problems.refuse_if_any()
    row = {
        "dealer_id": dealer.dealer_id, "region": dealer.facts.region, "vehicle_id": vehicle.id,
        "customer_id": customer.id if customer else None, "ro_number": ro_number, "opened_on": facts.opened_on,
        "closed_on": facts.closed_on, "odometer_in": facts.odometer_in, "odometer_out": facts.odometer_out,
        "unit": facts.unit, "complaint": complaint, "version": 1, "created_at": now, "updated_at": now,
        "updated_by": actor.name, "batch_id": batch_id, "form_key": form_key,
    }  # fmt: skip
    is_first_here = not session.scalar(
        select(ServiceVisit.id)
        .where(ServiceVisit.vehicle_id == vehicle.id, ServiceVisit.dealer_id == dealer.dealer_id)
        .limit(1)
    )
    if not insert_or_ignore(session, ServiceVisit, row):
        sentence = f"Repair order {ro_number} is on record at this dealer already; an order names one vehicle."
        raise Refused(Problem(code="ro_taken", field="ro_number", message=sentence, rule="W03"))
    visit = session.scalars(
        select(ServiceVisit).where(ServiceVisit.dealer_id == dealer.dealer_id, ServiceVisit.ro_number == ro_number)
    ).one()
    if is_first_here:
        vehicle_record.reindex(session, vehicle)
    return visit, warnings


def note_visit(
    session: Session, *, vehicle_id: int, dealer_id: int, facts: VisitFacts, customer_id: int | None = None,
    actor: Actor, now: datetime,
) -> int | None:  # fmt: skip
    """A repair order another command told of, as a visit: its id, or None where what was told cannot be one.

    The same order again gives the first, with what was still missing on it; nothing that is on it is changed. It has no
    entry of its own and refuses nothing: it is part of the command that told (sending a claim). Scope is checked.
    """
    dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope)
    known = session.scalars(
        select(ServiceVisit)
        .where(ServiceVisit.dealer_id == dealer.dealer_id, ServiceVisit.ro_number == facts.ro_number.strip().upper())
        .with_for_update()
    ).one_or_none()
    if known is not None:
        return _completed(known, vehicle_id, facts, customer_id, actor=actor, now=now)
    vehicle = session.get(Vehicle, vehicle_id, with_for_update=True)
    customer = session.get(Customer, customer_id) if customer_id is not None else None
    if vehicle is None or not facts.ro_number.strip():
        return None
    problems = Problems()
    check(facts, today=local_day(now, dealer.facts.zone), in_service_on=vehicle.in_service_on, problems=problems)
    if problems.found:
        return None
    own = customer if customer is not None and customer.dealer_id == dealer.dealer_id else None
    visit, _ = put_visit(session, vehicle, dealer, facts, customer=own, form_key=None, actor=actor, now=now)
    changes.touch(session, "customers")
    return visit.id


def _completed(
    visit: ServiceVisit, vehicle_id: int, facts: VisitFacts, customer_id: int | None, *, actor: Actor, now: datetime
) -> int | None:
    """Fill in what the visit on record does not say yet; None where it is of another vehicle."""
    if visit.vehicle_id != vehicle_id:
        return None
    told = {
        "closed_on": facts.closed_on if facts.closed_on and facts.closed_on >= visit.opened_on else None,
        "odometer_out": facts.odometer_out
        if facts.unit == visit.unit and facts.odometer_out is not None and facts.odometer_out >= visit.odometer_in
        else None,
        "customer_id": customer_id, "complaint": facts.complaint,
    }  # fmt: skip
    new = {name: value for name, value in told.items() if value and not getattr(visit, name)}
    for name, value in new.items():
        setattr(visit, name, value)
    if new:
        visit.version += 1
        visit.updated_at, visit.updated_by = now, actor.name
    return visit.id


def change_visit(
    session: Session, *, visit_id: int, seen_version: int, changes: Mapping[str, Any], actor: Actor, now: datetime
) -> tuple[int, tuple[str, ...]]:
    """Complete or correct a visit; (its version, warnings). Problems belong to the names of the facts."""
    actor.require(Permission.CUSTOMERS_EDIT)
    visit = session.scalars(
        select(ServiceVisit).where(ServiceVisit.id == visit_id).with_for_update()
    ).one_or_none()  # fmt: skip
    if visit is None or not actor.scope.allows(dealer_id=visit.dealer_id, region=visit.region):
        raise NotFound("This visit")
    if visit.version != seen_version:
        raise Stale(what=f"Visit {visit.ro_number}", changed_by=visit.updated_by, changed_at=visit.updated_at)
    unknown = [name for name in changes if name not in _CHANGED]
    if unknown:
        raise Refused(*(Problem(field=n, code="unknown_field", message=f'There is no field "{n}".') for n in unknown))
    vehicle = session.get_one(Vehicle, visit.vehicle_id)
    dealer = get_dealer(session, dealer_id=visit.dealer_id, scope=actor.scope)
    before = {name: getattr(visit, name) for name in _CHANGED}
    after = {**before, **changes}
    after["complaint"] = str(after["complaint"] or "").replace("\0", "").strip()[:4000]
    problems = Problems()
    warnings = check(
        VisitFacts(ro_number=visit.ro_number, **after), today=local_day(now, dealer.facts.zone),
        in_service_on=vehicle.in_service_on, problems=problems,
    )  # fmt: skip
    problems.refuse_if_any()
    new = {name: value for name, value in after.items() if value != before[name]}
    for name, value in new.items():
        setattr(visit, name, value)
    if new:
        visit.version += 1
        visit.updated_at, visit.updated_by = now, actor.name
    shown = [name for name in new if name != "complaint"]
    vehicle_record.note(
        session, "change_visit", f"service visit {visit.ro_number} was changed", vehicle, dealer_id=visit.dealer_id,
        visit_id=visit.id, actor=actor, now=now, before={n: before[n] for n in shown}, after={n: new[n] for n in shown},
    )  # fmt: skip
    return visit.version, warnings
