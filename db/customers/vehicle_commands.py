"""What people write down of a vehicle: itself, its owners, what was bought, what its odometer showed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import timeline
from db.core.actor import Actor
from db.core.insert import insert_or_ignore
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused
from db.customers import record, vehicle_record, vin_rules
from db.customers.odometer_rules import MOST, UNITS
from db.customers.tables import Customer
from db.customers.vehicle_tables import OdometerReading, Ownership, Purchase, Vehicle
from db.customers.vin_decode import decode
from db.dealers.queries import get_dealer

FACTS: Final = ("year", "make", "model", "trim")
CONDITIONS: Final = {"new": "New", "used": "Used"}
TYPED: Final = "Entered by hand"
LARGEST_PRICE: Final = 1_000_000_000  # ten million, in cents
_LONGEST: Final = {"make": 80, "model": 120, "trim": 80, "plate": 20}


def enter_vehicle(
    session: Session, *, vin: str, vin_reason: str = "", facts: Mapping[str, Any] | None = None,
    customer_id: int | None = None, since: date | None = None, actor: Actor, now: datetime,
    batch_id: int | None = None,
) -> int:  # fmt: skip
    """Enter a vehicle, with its owner; gives its id, the same one when the VIN is known already.

    `facts` may have year, make, model, trim, in_service_on and plate; what is not given is read from the VIN, and what
    is known is never overwritten here. People who do not see every dealer have to name the owner: knowing a VIN shows
    nobody a vehicle. Problems: vin, vin_reason, customer_id, since and the names of facts.
    """
    actor.require(Permission.CUSTOMERS_EDIT)
    problems = Problems()
    given = checked_facts(facts or {}, now, problems)
    judged = vin_rules.judge(vin, reason=vin_reason, problems=problems, year=given.get("year"))
    if customer_id is None and not actor.scope.is_all:
        problems.add("customer_id", "required", "Choose the owner: without one the vehicle would be nobody's of yours.")
    if customer_id is not None and since is None:
        problems.add("since", "required", "Since when does the customer own it?")
    elif since is not None and since > now.date():
        problems.add("since", "future", "Choose a day that is not in the future.")
    problems.refuse_if_any()
    owner = record.held(session, customer_id, actor=actor) if customer_id is not None else None
    vehicle, is_new = put(session, judged, given, reason=vin_reason, actor=actor, now=now, batch_id=batch_id)
    is_owner_new = False
    if owner is not None:
        _, is_owner_new = vehicle_record.give_to(
            session, vehicle, owner, since=since, until=None, actor=actor, now=now, batch_id=batch_id
        )
    if not is_new and not is_owner_new and owner is not None:
        timeline.repeated(session)
        return vehicle.id
    vehicle_record.reindex(session, vehicle)
    vehicle_record.note(
        session, "enter_vehicle", "entered" if is_new else "entered again", vehicle,
        dealer_id=owner.dealer_id if owner else None, customers=[owner] if owner else [], actor=actor, now=now,
        after={"owner": record.number(owner.id) if owner else None, "since": since},
    )  # fmt: skip
    return vehicle.id


def put(
    session: Session, judged: vin_rules.VehicleNumber, given: Mapping[str, Any], *, reason: str, actor: Actor,
    now: datetime, batch_id: int | None = None, source: str = TYPED,
) -> tuple[Vehicle, bool]:  # fmt: skip
    """The vehicle of a number, held, made where it is new; (vehicle, whether it is new). Blanks are filled."""
    # Asked first: an INSERT that finds its key taken would use up an id.
    is_new = session.scalar(select(Vehicle.id).where(Vehicle.vin == judged.number)) is None
    if is_new:
        row = {
            "vin": judged.number, "is_regular": judged.is_regular, "check_ok": judged.check_ok,
            "vin_reason": "" if judged.is_regular else reason, "make": "", "model": "", "trim": "", "sources": {},
            "plate": "", "version": 1, "created_at": now, "updated_at": now, "updated_by": actor.name,
            "batch_id": batch_id,
        }  # fmt: skip
        is_new = insert_or_ignore(session, Vehicle, row)
    vehicle = session.scalars(select(Vehicle).where(Vehicle.vin == judged.number).with_for_update()).one()
    fill(vehicle, given, source=source)
    if judged.is_regular and not (vehicle.year and vehicle.make and vehicle.model):
        read = decode(judged.number, this_year=now.year)
        # A year or make somebody stated otherwise is not mixed with a model read from the VIN.
        if not vehicle.make or vehicle.make.casefold() == read.make.casefold():
            fill(vehicle, {name: getattr(read, name) for name in FACTS}, source=read.source)
    session.flush()
    return vehicle, is_new


def fill(vehicle: Vehicle, values: Mapping[str, Any], *, source: str) -> list[str]:
    """Fill what is not known yet, with where it comes from; gives the names filled."""
    filled = [
        name for name, value in values.items() if value not in (None, "") and getattr(vehicle, name) in (None, "")
    ]
    for name in filled:
        setattr(vehicle, name, values[name])
    if filled:
        vehicle.sources = {**vehicle.sources, **{name: source for name in filled if name != "plate"}}
    return filled


def change_vehicle(
    session: Session, *, vehicle_id: int, seen_version: int, changes: Mapping[str, Any], reason: str = "", actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Change what is known of a vehicle; gives its version. Once set, the warranty's start is changed by the desk.

    Problems belong to the names of the facts, and to reason.
    """
    actor.require(Permission.CUSTOMERS_EDIT)
    vehicle = vehicle_record.held(session, vehicle_id, actor=actor, seen_version=seen_version)
    problems = Problems()
    wanted = checked_facts(changes, now, problems, blanks=True)
    new = {name: value for name, value in wanted.items() if value != getattr(vehicle, name)}
    if "in_service_on" in new and vehicle.in_service_on is not None:
        if actor.role.is_dealer:
            sentence = "The warranty has a start already. Only the manufacturer's desk can change it."
            problems.add("in_service_on", "not_allowed", sentence)
        elif not reason.strip():
            problems.add("reason", "required", "Changing the start of a warranty needs a reason.")
    problems.refuse_if_any()
    before = {name: getattr(vehicle, name) for name in new}
    for name, value in new.items():
        setattr(vehicle, name, value)
    if new:
        vehicle.sources = {**vehicle.sources, **{name: TYPED for name in new if name != "plate"}}
        vehicle_record.touched(vehicle, actor=actor, now=now)
        session.flush()
        vehicle_record.reindex(session, vehicle)
    for values in (before, new):
        if values.get("plate"):
            values["plate"] = "•••"
    vehicle_record.note(
        session, "change_vehicle", f"changed: {', '.join(name.replace('_', ' ') for name in new) or 'nothing'}",
        vehicle, dealer_id=_acting_dealer(actor), actor=actor, now=now, before=before, after=new, reason=reason.strip(),
    )  # fmt: skip
    return vehicle.version


def set_owner(
    session: Session, *, vehicle_id: int, customer_id: int, since: date | None, until: date | None = None, actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Note who owns a vehicle from `since` to the day before `until`; an earlier open owner ends there. Gives the id.

    Problems: customer_id, since, until.
    """
    actor.require(Permission.CUSTOMERS_EDIT)
    problems = Problems()
    if since is None:
        problems.add("since", "required", "Since when?")
    elif since > now.date():
        problems.add("since", "future", "Choose a day that is not in the future.")
    problems.refuse_if_any()
    owner = record.held(session, customer_id, actor=actor)
    vehicle = vehicle_record.held(session, vehicle_id, actor=actor)
    period, is_new = vehicle_record.give_to(session, vehicle, owner, since=since, until=until, actor=actor, now=now)
    if not is_new:
        timeline.repeated(session)
        return period.id
    vehicle_record.touched(vehicle, actor=actor, now=now)
    vehicle_record.reindex(session, vehicle)
    vehicle_record.note(
        session, "set_owner", f"owned by {record.number(owner.id)}", vehicle, dealer_id=owner.dealer_id,
        customers=[owner], actor=actor, now=now, after={"since": since, "until": period.until},
    )  # fmt: skip
    return period.id


def end_ownership(session: Session, *, ownership_id: int, until: date | None, actor: Actor, now: datetime) -> None:
    """Note that a customer owns a vehicle no longer from `until` on (sold elsewhere, scrapped); problems: until."""
    actor.require(Permission.CUSTOMERS_EDIT)
    found = session.get(Ownership, ownership_id)
    if found is None:
        raise NotFound("This ownership")
    owner = session.get_one(Customer, found.customer_id)
    if not actor.scope.allows(dealer_id=owner.dealer_id, region=owner.region):
        raise NotFound("This ownership")
    vehicle = vehicle_record.held(session, found.vehicle_id, actor=actor)
    session.refresh(found)
    problems = Problems()
    if found.until is not None:
        raise Refused(Problem(code="ended", message=f"It ended on {found.until.isoformat()} already."))
    if until is None or until <= found.since or until > now.date():
        problems.add("until", "bad_days", f"Choose a day after {found.since.isoformat()}, not in the future.")
    problems.refuse_if_any()
    found.until = until
    vehicle_record.touched(vehicle, actor=actor, now=now)
    vehicle_record.note(
        session, "end_ownership", f"{record.number(owner.id)} owns it no longer", vehicle, dealer_id=owner.dealer_id,
        customers=[owner], actor=actor, now=now, before={"until": None}, after={"until": until},
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Booked:
    """What a purchase wrote; `is_new` is False when the same purchase was on record already."""

    vehicle: Vehicle
    owner: Customer
    dealer_id: int
    is_new: bool
    after: dict[str, Any]


def record_purchase(
    session: Session, *, dealer_id: int | None, customer_id: int, vin: str, vin_reason: str = "",
    bought_on: date | None, condition: str, price_cents: int | None = None, odometer: int | None = None,
    unit: str = "mi", reference: str = "", facts: Mapping[str, Any] | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """A customer bought a vehicle at their dealer: the purchase, the owner from that day, and a new vehicle's warranty.

    Gives the vehicle's id; the same purchase again changes nothing. Problems belong to the arguments.
    """
    actor.require(Permission.CUSTOMERS_EDIT)
    booked = book_purchase(
        session, dealer_id=dealer_id, customer_id=customer_id, vin=vin, vin_reason=vin_reason, bought_on=bought_on,
        condition=condition, price_cents=price_cents, odometer=odometer, unit=unit, reference=reference, facts=facts,
        actor=actor, now=now,
    )  # fmt: skip
    if not booked.is_new:
        timeline.repeated(session)
        return booked.vehicle.id
    vehicle_record.note(
        session, "record_purchase", f"bought {CONDITIONS[condition].lower()} by {record.number(booked.owner.id)}",
        booked.vehicle, dealer_id=booked.dealer_id, customers=[booked.owner], actor=actor, now=now, after=booked.after,
    )  # fmt: skip
    return booked.vehicle.id


def book_purchase(
    session: Session, *, dealer_id: int | None, customer_id: int, vin: str, vin_reason: str = "",
    bought_on: date | None, condition: str, price_cents: int | None = None, odometer: int | None = None,
    unit: str = "mi", reference: str = "", facts: Mapping[str, Any] | None = None, actor: Actor, now: datetime,
) -> Booked:  # fmt: skip
    """The rows of a purchase within the command that needs them, which asks the permission and notes it (0003).

    `bought_on` is the dealer's own day. Problems belong to the arguments.
    """
    problems = Problems()
    given = checked_facts(facts or {}, now, problems)
    judged = vin_rules.judge(vin, reason=vin_reason, problems=problems, year=given.get("year"))
    if condition not in CONDITIONS:
        problems.add("condition", "required", "New or used?")
    if price_cents is not None and not 0 < price_cents <= LARGEST_PRICE:
        problems.add("price_cents", "out_of_range", "The price has to be more than 0 and at most 10,000,000.")
    if odometer is not None:
        _check_odometer(odometer, unit, problems, "odometer")
    if bought_on is None:
        problems.add("bought_on", "required", "The day of the purchase is needed.")
    problems.refuse_if_any()
    dealer = get_dealer(session, dealer_id=dealer_id or 0, scope=actor.scope)
    owner = record.held(session, customer_id, actor=actor)
    if owner.dealer_id != dealer.dealer_id:
        problems.add("customer_id", "other_dealer", "This is no customer of this dealer.")
    assert bought_on is not None
    if bought_on > local_day(now, dealer.facts.zone):
        problems.add("bought_on", "future", "Choose a day that is not in the future.")
    problems.refuse_if_any()
    if condition == "new":
        given.setdefault("in_service_on", bought_on)
    vehicle, _ = put(session, judged, given, reason=vin_reason, actor=actor, now=now)
    row = {
        "dealer_id": dealer.dealer_id, "region": dealer.facts.region, "vehicle_id": vehicle.id, "customer_id": owner.id,
        "bought_on": bought_on, "condition": condition, "price_cents": price_cents, "odometer": odometer, "unit": unit,
        "reference": reference.strip()[:60], "created_at": now, "created_by": actor.name,
    }  # fmt: skip
    is_new = insert_or_ignore(session, Purchase, row)
    if is_new:
        vehicle_record.give_to(
            session, vehicle, owner, since=bought_on, until=None, actor=actor, now=now, by_purchase=True
        )
        vehicle_record.touched(vehicle, actor=actor, now=now)
        vehicle_record.reindex(session, vehicle)
    else:
        _check_same_purchase(session, vehicle, owner, bought_on)
    after = {"bought_on": bought_on, "price_cents": price_cents, "reference": row["reference"]}
    return Booked(vehicle=vehicle, owner=owner, dealer_id=dealer.dealer_id, is_new=is_new, after=after)


def add_reading(
    session: Session, *, vehicle_id: int, dealer_id: int | None, read_on: date | None, value: int | None,
    unit: str = "mi", starts_anew: bool = False, note: str = "", form_key: str | None = None, actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """An odometer reading outside of a visit, or the first of a replaced odometer, which needs a note. Gives its id."""
    actor.require(Permission.CUSTOMERS_EDIT)
    known = session.scalar(select(OdometerReading.id).where(OdometerReading.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    vehicle = vehicle_record.held(session, vehicle_id, actor=actor)
    dealer = get_dealer(session, dealer_id=dealer_id or 0, scope=actor.scope)
    problems = Problems()
    if read_on is None or read_on > local_day(now, dealer.facts.zone):
        problems.add("read_on", "future" if read_on else "required", "Choose a day that is not in the future.")
    if value is None:
        problems.add("value", "required", "What does the odometer show?", rule="W04")
    else:
        _check_odometer(value, unit, problems, "value")
    words = note.strip()[:300]
    if starts_anew and not words:
        problems.add("note", "required", "Say why the odometer was replaced, and what the old one showed.", rule="W08")
    problems.refuse_if_any()
    reading = OdometerReading(
        dealer_id=dealer.dealer_id, region=dealer.facts.region, vehicle_id=vehicle.id, read_on=read_on, value=value,
        unit=unit, starts_anew=starts_anew, note=words, created_at=now, created_by=actor.name, form_key=form_key,
    )  # fmt: skip
    session.add(reading)
    session.flush()
    vehicle_record.touched(vehicle, actor=actor, now=now)
    said = "odometer replaced" if starts_anew else "odometer read"
    vehicle_record.note(
        session, "add_reading", said, vehicle, dealer_id=dealer.dealer_id, actor=actor, now=now,
        after={"read_on": read_on, "value": value, "unit": unit}, reason=words,
    )  # fmt: skip
    return reading.id


def _acting_dealer(actor: Actor) -> int | None:
    """The dealer a change of the vehicle itself happened at: that of people of a dealership, nobody's for the desk."""
    return min(actor.scope.dealer_ids) if actor.scope.kind == "dealers" and actor.scope.dealer_ids else None


def _check_same_purchase(session: Session, vehicle: Vehicle, owner: Customer, bought_on: date) -> None:
    there = session.scalars(
        select(Purchase).where(Purchase.vehicle_id == vehicle.id, Purchase.bought_on == bought_on)
    ).one()
    if there.customer_id != owner.id:
        sentence = "Another purchase of this vehicle is on record for this day."
        raise Refused(Problem(code="bought", field="bought_on", message=sentence))


def _check_odometer(value: int, unit: str, problems: Problems, field: str) -> None:
    if not 0 <= value <= MOST:
        problems.add(field, "out_of_range", f"An odometer shows 0 to {MOST:,}.", rule="W04")
    if unit not in UNITS:
        problems.add("unit", "unknown_unit", "Choose miles or kilometres.", rule="W04")


def checked_facts(
    facts: Mapping[str, Any], now: datetime, problems: Problems, *, blanks: bool = False
) -> dict[str, Any]:
    """Facts in their stored form; blanks are left out unless they are meant to empty a field."""
    found: dict[str, Any] = {}
    for name, value in facts.items():
        if name == "year":
            if value is not None and not 1886 <= int(value) <= now.year + 2:
                problems.add("year", "out_of_range", f"A model year lies between 1886 and {now.year + 2}.")
            found[name] = int(value) if value is not None else None
        elif name == "in_service_on":
            if value is not None and value > now.date():
                problems.add(name, "future", "The warranty cannot start in the future.")
            found[name] = value
        elif name in _LONGEST:
            text = " ".join(str(value or "").replace("\0", "").split())
            if len(text) > _LONGEST[name]:
                problems.add(name, "too_long", f"At most {_LONGEST[name]} characters fit.")
            found[name] = text
        else:
            problems.add(name, "unknown_field", f'There is no field "{name}".')
    return found if blanks else {name: value for name, value in found.items() if value not in (None, "")}
