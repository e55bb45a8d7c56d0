"""Vehicles with their owners, and service visits, from any table (CSV, XLSX), with dry run and undo (U14)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from db.core import changes
from db.core.actor import Actor
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.contact import person_keys, split_name
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.core.search import SearchWord
from db.customers import record, vehicle_record, vin_rules
from db.customers.commands import CustomerBook
from db.customers.tables import Customer, CustomerKey
from db.customers.vehicle_commands import checked_facts, fill, put
from db.customers.vehicle_tables import OdometerReading, Ownership, Purchase, ServiceVisit, Vehicle
from db.customers.visit_commands import put_visit
from db.customers.visit_rules import VisitFacts
from db.dealers.queries import DealerDetail, find_dealer_by_code, get_dealer
from db.imports import mapping as mappings
from db.imports import reading
from db.imports.mapping import MappedRow, TargetField

_VIN = TargetField(
    name="vin", label="VIN", required=True, synonyms=("vehicle id", "vehicle identification number", "chassis")
)
_REASON = TargetField(
    name="vin_reason", label="Why no regular VIN", kind="choice", choices=tuple(vin_rules.REASONS),
    help="Only for numbers that have not the form of a VIN.",
)  # fmt: skip
_DEALER = TargetField(
    name="dealer_code", label="Dealer code", help="Leading zeros count.",
    synonyms=("dealer", "dealer id", "dealer no", "dealer number", "code"),
)  # fmt: skip
_FACTS = (
    TargetField(name="year", label="Model year", kind="integer", synonyms=("year", "my")),
    TargetField(name="make", label="Make", synonyms=("brand",)),
    TargetField(name="model", label="Model"),
    TargetField(name="trim", label="Trim", synonyms=("trim level", "version")),
)
_PERSON = (
    TargetField(name="owner_name", label="Owner", synonyms=("customer", "customer name", "owner name", "name")),
    TargetField(name="owner_phone", label="Phone", kind="phone", synonyms=("telephone", "customer phone", "mobile")),
    TargetField(name="owner_email", label="E-mail", kind="email", synonyms=("email", "customer email")),
    TargetField(name="postal_code", label="Postal code", synonyms=("zip", "zip code", "postcode")),
)
VEHICLE_FIELDS: tuple[TargetField, ...] = (
    _VIN, _REASON, *_FACTS,
    TargetField(
        name="in_service_on", label="In service", kind="date", help="The day the warranty starts.",
        synonyms=("in service date", "warranty start", "warranty start date"),
    ),
    TargetField(name="plate", label="Plate", synonyms=("licence plate", "license plate", "registration")),
    _DEALER, *_PERSON,
    TargetField(name="owned_since", label="Owned since", kind="date", synonyms=("owner since", "purchase date")),
)  # fmt: skip
VISIT_FIELDS: tuple[TargetField, ...] = (
    TargetField(**{**_DEALER.__dict__, "required": True}), _VIN, _REASON, *_FACTS,
    TargetField(
        name="ro_number", label="Repair order", required=True,
        synonyms=("ro", "ro number", "ro no", "repair order number", "order number", "work order"),
    ),
    TargetField(
        name="opened_on", label="Opened", kind="date", required=True,
        synonyms=("open date", "ro open date", "date in", "visit date", "service date"),
    ),
    TargetField(name="closed_on", label="Closed", kind="date", synonyms=("close date", "ro close date", "date out")),
    TargetField(
        name="odometer_in", label="Odometer in", kind="integer", required=True,
        synonyms=("odometer", "mileage", "mileage in", "miles in"),
    ),
    TargetField(name="odometer_out", label="Odometer out", kind="integer", synonyms=("mileage out", "miles out")),
    TargetField(
        name="unit", label="Unit", kind="choice", choices=("mi", "km"), help="Without it, miles.",
        synonyms=("odometer unit", "units"),
    ),
    TargetField(name="complaint", label="Complaint", synonyms=("customer concern", "concern", "reason for visit")),
    *_PERSON,
)  # fmt: skip


class _Work:
    """What the rows of one import share: the dealers met so far, and the people who come with the rows."""

    def __init__(self, session: Session, *, actor: Actor, now: datetime, batch_id: int) -> None:
        self.session, self.actor, self.now, self.batch_id = session, actor, now, batch_id
        self.book = CustomerBook(session)
        self._dealers: dict[str, DealerDetail | None] = {}

    def dealer(self, code: str, problems: Problems) -> DealerDetail | None:
        """The dealer of a code within scope, or a problem."""
        if code not in self._dealers:
            found = find_dealer_by_code(self.session, code=code, scope=self.actor.scope)
            self._dealers[code] = (
                get_dealer(self.session, dealer_id=found.dealer_id, scope=self.actor.scope) if found else None
            )
        if self._dealers[code] is None:
            problems.add("dealer_code", "unknown_dealer", f"There is no dealer {code} among those you look after.")
        return self._dealers[code]

    def customer(self, values: Mapping[str, Any], dealer: DealerDetail, *, since: date | None) -> Customer | None:
        """The person of a row at a dealer, found by what recognises them or made; None where nothing does.

        A new one is known since the day of the row: what is old in the file is old here, too (2.11 retention).
        """
        name = str(values.get("owner_name") or "").strip()[:200]
        postal = str(values.get("postal_code") or "").strip()[:20]
        email, phone = values.get("owner_email"), values.get("owner_phone")
        keys = person_keys(emails=[email] if email else (), phones=[phone] if phone else (), name=name, postal=postal)
        if not keys or not name:
            return None
        parts = split_name(name)
        customer_id, is_new = self.book.find_or_create(
            keys, dealer_id=dealer.dealer_id, region=dealer.facts.region, batch_id=self.batch_id,
            now=min(self.now, datetime.combine(since, time(12), UTC)) if since else self.now,
            values={
                "name": name, "first_name": parts.first[:100], "last_name": parts.last[:100], "postal_code": postal,
            },
        )  # fmt: skip
        self.book.flush()
        customer = self.session.get_one(Customer, customer_id, populate_existing=is_new)
        if is_new:
            record.reindex(self.session, customer)
        return customer

    def vehicle(self, values: Mapping[str, Any], problems: Problems) -> tuple[vin_rules.VehicleNumber, dict[str, Any]]:
        """The number and the facts of a row, checked."""
        facts = {n: values.get(n) for n in ("year", "make", "model", "trim", "in_service_on", "plate") if values.get(n)}
        given = checked_facts(facts, self.now, problems)
        judged = vin_rules.judge(
            str(values.get("vin") or ""), reason=str(values.get("vin_reason") or ""), problems=problems,
            year=given.get("year"),
        )  # fmt: skip
        return judged, given


def _apply(take: Callable[[_Work, MappedRow], RowOutcome], fields: Sequence[TargetField]) -> Any:
    """The import of a kind whose rows are taken one by one; a row that is refused leaves nothing behind."""

    def apply(
        session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int,
        channel: str, actor: Actor, now: datetime,
    ) -> list[RowOutcome]:  # fmt: skip
        tables = reading.read_tables(files, mapping=mapping, fields=fields)
        reading.tell(session, *tables.sentences)
        work = _Work(session, actor=actor, now=now, batch_id=batch_id)
        outcomes = []
        for row in tables.rows:
            try:
                with session.begin_nested():
                    outcomes.append(take(work, row))
            except Refused as refusal:
                work.book = CustomerBook(session)  # it may remember somebody the row had brought
                outcomes.append(reading.refuse_row(row, *refusal.problems))
        changes.touch(session, "customers")
        order = {file.name: number for number, file in enumerate(files)}
        return sorted([*outcomes, *tables.rejected], key=lambda o: (order.get(o.file, len(order)), o.row))

    return apply


def _take_vehicle(work: _Work, row: MappedRow) -> RowOutcome:
    values, problems = row.values, Problems()
    judged, given = work.vehicle(values, problems)
    code = str(values.get("dealer_code") or "").strip()
    dealer = work.dealer(code, problems) if code else None
    since = values.get("owned_since")
    if values.get("owner_name") and (dealer is None and not code):
        problems.add("dealer_code", "required", "An owner belongs to a dealer: its code is needed.")
    if values.get("owner_name") and since is None:
        problems.add("owned_since", "required", "Since when the owner has it is needed.")
    if not code and not work.actor.scope.is_all:
        problems.add("dealer_code", "required", "The dealer's code and an owner are needed.")
    problems.refuse_if_any()
    vehicle, is_new = put(
        work.session, judged, {}, reason=str(values.get("vin_reason") or ""), actor=work.actor, now=work.now,
        batch_id=work.batch_id,
    )  # fmt: skip
    before = {name: getattr(vehicle, name) for name in given}
    filled = fill(vehicle, given, source="Imported")
    if is_new:
        for name in given:  # what the file states counts more than what the VIN was read as
            setattr(vehicle, name, given[name])
            vehicle.sources = {**vehicle.sources, **({name: "Imported"} if name != "plate" else {})}
    undo: dict[str, Any] = {"filled": {n: str(given[n]) for n in filled if before.get(n) in (None, "")}}
    is_owned = False
    customer = work.customer(values, dealer, since=since) if dealer is not None and values.get("owner_name") else None
    if values.get("owner_name") and customer is None:
        raise Refused(
            Problem(
                code="no_key", field="owner_name", message="A phone, an e-mail or a postal code of the owner is needed."
            )
        )
    if customer is not None:
        open_before = [p.id for p in vehicle_record.periods_of(work.session, vehicle.id) if p.until is None]
        period, is_owned = vehicle_record.give_to(
            work.session, vehicle, customer, since=since, until=None, actor=work.actor, now=work.now,
            batch_id=work.batch_id,
        )  # fmt: skip
        if is_owned:
            undo |= {"ownership": period.id, "closed": [i for i in open_before if i != period.id]}
    work.session.flush()
    vehicle_record.reindex(work.session, vehicle)
    outcome = RowOutcome(
        file=row.file, row=row.row, outcome="created" if is_new else "updated", item_type="vehicle", item_id=vehicle.id,
        dealer_id=dealer.dealer_id if dealer else None, undo=undo,
        code="vin_doubt" if judged.warnings else "", message=" ".join(judged.warnings),
    )  # fmt: skip
    if not is_new and not filled and not is_owned:
        outcome.outcome, outcome.code, outcome.undo = "duplicate", "unchanged", None
        outcome.message = "This vehicle is already there with the same facts."
    return outcome


def _take_visit(work: _Work, row: MappedRow) -> RowOutcome:
    values, problems = row.values, Problems()
    judged, given = work.vehicle(values, problems)
    dealer = work.dealer(str(values.get("dealer_code") or "").strip(), problems)
    problems.refuse_if_any()
    assert dealer is not None
    facts = VisitFacts(
        ro_number=str(values.get("ro_number") or ""), opened_on=values.get("opened_on"),
        closed_on=values.get("closed_on"), odometer_in=values.get("odometer_in"),
        odometer_out=values.get("odometer_out"), unit=values.get("unit") or "mi",
        complaint=str(values.get("complaint") or ""),
    )  # fmt: skip
    there = work.session.scalars(
        select(ServiceVisit).where(
            ServiceVisit.dealer_id == dealer.dealer_id, ServiceVisit.ro_number == facts.ro_number.strip().upper()
        )
    ).one_or_none()
    if there is not None:
        return _known_visit(work, row, there, judged.number, facts)
    customer = work.customer(values, dealer, since=facts.opened_on) if values.get("owner_name") else None
    vehicle, is_new = put(
        work.session, judged, given, reason=str(values.get("vin_reason") or ""), actor=work.actor, now=work.now,
        batch_id=work.batch_id, source="Imported",
    )  # fmt: skip
    visit, warnings = put_visit(
        work.session, vehicle, dealer, facts, customer=customer, form_key=None, actor=work.actor, now=work.now,
        batch_id=work.batch_id,
    )  # fmt: skip
    said = (*judged.warnings, *warnings)
    return RowOutcome(
        file=row.file, row=row.row, outcome="created", item_type="service_visit", item_id=visit.id,
        dealer_id=dealer.dealer_id, code="doubt" if said else "", message=" ".join(said),
        undo={"vehicle": vehicle.id, "new_vehicle": is_new},
    )  # fmt: skip


def _known_visit(work: _Work, row: MappedRow, there: ServiceVisit, vin: str, facts: VisitFacts) -> RowOutcome:
    vehicle = work.session.get_one(Vehicle, there.vehicle_id)
    same = (vehicle.vin, there.opened_on, there.odometer_in) == (vin, facts.opened_on, facts.odometer_in)
    if not same:
        sentence = (
            f"Repair order {there.ro_number} is on record at this dealer with other facts; an order names one vehicle."
        )
        raise Refused(Problem(code="ro_taken", field="ro_number", message=sentence, rule="W03"))
    return RowOutcome(
        file=row.file, row=row.row, outcome="duplicate", code="unchanged", item_type="service_visit", item_id=there.id,
        dealer_id=there.dealer_id, message="This visit is already there.",
    )  # fmt: skip


def undo_vehicles(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Take owners and facts back, and remove the vehicles that came with the batch and nobody uses."""
    for row in rows:
        kept = row.undo or {}
        if kept.get("ownership"):
            gone = session.get(Ownership, kept["ownership"])
            if gone is not None:
                since, vehicle_id = gone.since, gone.vehicle_id
                session.delete(gone)
                session.flush()
                session.execute(
                    update(Ownership)
                    .where(Ownership.id.in_(kept.get("closed") or []), Ownership.vehicle_id == vehicle_id)
                    .where(Ownership.until == since)
                    .values(until=None)
                )
        vehicle = session.get(Vehicle, row.item_id)
        if vehicle is None or row.outcome == "created":
            continue
        for name, value in kept.get("filled", {}).items():
            if str(getattr(vehicle, name)) == value:
                setattr(vehicle, name, None if name in ("year", "in_service_on") else "")
        session.flush()
        vehicle_record.reindex(session, vehicle)
    _remove_unused(session, batch_id)
    changes.touch(session, "customers")
    return len(rows)


def undo_visits(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Remove the visits, and the vehicles and customers that came with them and nobody else uses."""
    ids = [row.item_id for row in rows if row.item_id is not None]
    vehicles = set(session.scalars(select(ServiceVisit.vehicle_id).where(ServiceVisit.id.in_(ids))))
    session.execute(delete(ServiceVisit).where(ServiceVisit.id.in_(ids)).execution_options(synchronize_session=False))
    _remove_unused(session, batch_id)
    for vehicle in session.scalars(select(Vehicle).where(Vehicle.id.in_(sorted(vehicles)))):
        vehicle_record.reindex(session, vehicle)
    changes.touch(session, "customers")
    return len(ids)


def _remove_unused(session: Session, batch_id: int) -> None:
    used = [
        ~select(table.id).where(table.vehicle_id == Vehicle.id).exists()
        for table in (Ownership, ServiceVisit, Purchase, OdometerReading)
    ]
    vehicles = list(session.scalars(select(Vehicle.id).where(Vehicle.batch_id == batch_id, *used)))
    _forget(session, "vehicle", vehicles)
    session.execute(delete(Vehicle).where(Vehicle.id.in_(vehicles)).execution_options(synchronize_session=False))
    brought = list(session.scalars(select(Customer.id).where(Customer.batch_id == batch_id)))
    gone = [i for i in brought if not _is_used(session, i)]
    _forget(session, "customer", gone)
    session.execute(
        delete(CustomerKey).where(CustomerKey.customer_id.in_(gone)).execution_options(synchronize_session=False)
    )  # fmt: skip
    session.execute(delete(Customer).where(Customer.id.in_(gone)).execution_options(synchronize_session=False))
    session.expire_all()


def _is_used(session: Session, customer_id: int) -> bool:
    """Whether any record of any area refers to a customer, its keys left out."""
    return any(
        session.scalar(select(table.c[name]).where(table.c[name] == customer_id).limit(1)) is not None
        for table, name in record.references()
        if table.name != "customer_key"
    )


def _forget(session: Session, kind: str, ids: Sequence[int]) -> None:
    session.execute(
        delete(SearchWord)
        .where(SearchWord.kind == kind, SearchWord.item_id.in_(ids))
        .execution_options(synchronize_session=False)
    )


_TABLES = (".csv", ".tsv", ".txt", ".xlsx")
KINDS = (
    ImportKind(
        name="vehicles", title="Vehicles", permission=Permission.CUSTOMERS_IMPORT, extensions=_TABLES,
        apply=_apply(_take_vehicle, VEHICLE_FIELDS), undo=undo_vehicles, fields=VEHICLE_FIELDS,
        help="One row a vehicle, recognised by its VIN, with its owner where there is one. Blanks are filled only.",
    ),
    ImportKind(
        name="service_visits", title="Service visits", permission=Permission.CUSTOMERS_IMPORT, extensions=_TABLES,
        apply=_apply(_take_visit, VISIT_FIELDS), undo=undo_visits, fields=VISIT_FIELDS,
        help="One row a repair order, recognised by dealer and number. The vehicle is made where its VIN is new.",
    ),
)  # fmt: skip
