"""What customers and vehicles say of one dealer: lookalikes to decide on, odometers to look at, who wants no contact.

The thresholds are our decision (D), written down in decision 0041.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import CAP, DealerLine, DealerSource, Signal
from db.core.labels import count_label, plural
from db.core.permissions import Permission
from db.customers import vehicle_record
from db.customers.duplicate_queries import SHOWN, list_duplicates
from db.customers.odometer_rules import Finding, Reading, Unit, findings
from db.customers.purge_queries import count_due_at
from db.customers.tables import Consent, Customer
from db.customers.vehicle_queries import title_of
from db.customers.vehicle_tables import OdometerReading, Purchase, ServiceVisit, Vehicle

LATELY: Final = timedelta(days=30)
REFUSALS_WATCH: Final = 5
"""So many customers who said no within 30 days are a reason to ask how the dealer writes to them (D)."""
SEEN_WITHIN: Final = timedelta(days=180)
MOST_VEHICLES: Final = 200
LISTED: Final = 3
PAGE, VEHICLE_PAGE = "pages/crm/customers.py", "pages/crm/vehicle.py"


@dataclass(frozen=True, kw_only=True)
class DoubtfulVehicle:
    """A vehicle serviced lately whose odometer needs a person; `sentence` is the newest finding."""

    vehicle_id: int
    title: str
    sentence: str
    on: date


def doubtful_vehicles(session: Session, *, dealer_id: int, scope: Scope, now: datetime) -> list[DoubtfulVehicle]:
    """Vehicles a dealer serviced within 180 days with an odometer to be reviewed, the newest first.

    At most 200 vehicles are looked at, in five statements. Readings of other dealers count, as on the vehicle's page.
    """
    ids = list(
        session.scalars(
            select(ServiceVisit.vehicle_id)
            .where(ServiceVisit.dealer_id == dealer_id, scope.where(ServiceVisit.dealer_id, ServiceVisit.region))
            .where(ServiceVisit.opened_on >= (now - SEEN_WITHIN).date())
            .group_by(ServiceVisit.vehicle_id)
            .order_by(func.max(ServiceVisit.opened_on).desc(), ServiceVisit.vehicle_id)
            .limit(MOST_VEHICLES)
        )
    )
    if not ids:
        return []
    worst: dict[int, Finding] = {}
    for vehicle_id, series in _series(session, ids).items():
        review = [one for one in findings(series) if one.level == "review"]
        if review:
            worst[vehicle_id] = max(review, key=lambda one: one.on)
    named = session.scalars(select(Vehicle).where(Vehicle.id.in_(sorted(worst)))) if worst else ()
    found = [
        DoubtfulVehicle(
            vehicle_id=v.id, title=title_of(v.year, v.make, v.model) or vehicle_record.number(v.id),
            sentence=worst[v.id].sentence, on=worst[v.id].on,
        )
        for v in named
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.on, one.vehicle_id), reverse=True)


def _series(session: Session, ids: Sequence[int]) -> dict[int, list[Reading]]:
    """The readings of many vehicles, each oldest first (the order of vehicle_queries)."""
    rows: list[tuple[int, date, int, int, Reading]] = []
    for p in session.scalars(select(Purchase).where(Purchase.vehicle_id.in_(ids), Purchase.odometer.is_not(None))):
        rows.append((p.vehicle_id, p.bought_on, 0, p.id, _reading(p.bought_on, p.odometer or 0, p.unit)))
    for v in session.scalars(select(ServiceVisit).where(ServiceVisit.vehicle_id.in_(ids))):
        rows.append((v.vehicle_id, v.opened_on, 1, v.id, _reading(v.opened_on, v.odometer_in, v.unit)))
        if v.odometer_out is not None:
            day = v.closed_on or v.opened_on
            rows.append((v.vehicle_id, day, 2, v.id, _reading(day, v.odometer_out, v.unit)))
    for r in session.scalars(select(OdometerReading).where(OdometerReading.vehicle_id.in_(ids))):
        one = _reading(r.read_on, r.value, r.unit, starts_anew=r.starts_anew)
        rows.append((r.vehicle_id, r.read_on, 3, r.id, one))
    found: dict[int, list[Reading]] = {}
    for vehicle_id, _, _, _, reading in sorted(rows, key=lambda row: row[:4]):
        found.setdefault(vehicle_id, []).append(reading)
    return found


def _reading(on: date, value: int, unit: str, *, starts_anew: bool = False) -> Reading:
    return Reading(on=on, value=value, unit=cast("Unit", unit), starts_anew=starts_anew)


def _refused(scope: Scope, since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Consent.is_given.is_(False), Consent.at > since, Customer.purged_at.is_(None),
        scope.where(Customer.dealer_id, Customer.region),
    )  # fmt: skip


def count_refusals(session: Session, *, dealer_id: int, scope: Scope, since: datetime) -> int:
    """How many customers of a dealer said no to a channel since a moment."""
    query = (
        select(func.count(Consent.customer_id.distinct()))
        .join(Customer, Customer.id == Consent.customer_id)
        .where(Customer.dealer_id == dealer_id, *_refused(scope, since))
    )
    return session.scalar(query) or 0


def count_of_dealer(session: Session, *, dealer_id: int, scope: Scope) -> int:
    """How many customers a dealer has on record, counted up to `CAP` + 1."""
    some = (
        select(Customer.id)
        .where(Customer.dealer_id == dealer_id, scope.where(Customer.dealer_id, Customer.region))
        .where(Customer.merged_into_id.is_(None), Customer.purged_at.is_(None))
        .limit(CAP + 1)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(some)) or 0


def dealer_lines(
    session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None
) -> list[DealerLine]:
    """What somebody has to decide about this dealer's customers, and who said no since (or within 30 days)."""
    query = {"crm_dealer": str(dealer_id)}
    lines = []
    if actor.can(Permission.CUSTOMERS_MERGE):
        pairs = len(list_duplicates(session, actor=actor, dealer_id=dealer_id))
        if pairs:
            title = f"{pairs}{'+' if pairs == SHOWN else ''} possible {'duplicate' if pairs == 1 else 'duplicates'}"
            lines.append(
                DealerLine(
                    kind="open", title=f"{title} among customers", detail="Merge them, or say they are two people",
                    page=PAGE, query={"crm_view": "duplicates"},
                )
            )  # fmt: skip
    doubtful = doubtful_vehicles(session, dealer_id=dealer_id, scope=actor.scope, now=now)
    for one in doubtful[:LISTED]:
        lines.append(
            DealerLine(
                kind="open", title=f"Odometer to be reviewed: {one.title}", detail=one.sentence, page=VEHICLE_PAGE,
                query={"vehicle": str(one.vehicle_id)},
            )
        )  # fmt: skip
    if len(doubtful) > LISTED:
        lines.append(DealerLine(kind="open", title=f"{len(doubtful) - LISTED} more odometers to be reviewed"))
    begin = since if since is not None else now - LATELY
    refused = count_refusals(session, dealer_id=dealer_id, scope=actor.scope, since=begin)
    if refused:
        title = f"{plural(refused, 'customer')} said no to being contacted"
        lines.append(DealerLine(kind="changed", title=title, at=begin, page=PAGE, query=query))
    if actor.can(Permission.CUSTOMERS_PURGE):
        due = count_due_at(session, actor=actor, dealer_id=dealer_id, now=now)
        if due:
            title = f"{count_label(due, CAP)} customer {'record' if due == 1 else 'records'} due for removal"
            lines.append(DealerLine(kind="open", title=title, page=PAGE, query={"crm_view": "due"}))
    return lines


def dealer_signals(session: Session, *, scope: Scope, now: datetime) -> Mapping[int, Sequence[Signal]]:
    """Dealers many of whose customers said no lately, in one statement."""
    rows: Any = session.execute(
        select(Customer.dealer_id, func.count(Consent.customer_id.distinct()))
        .join(Consent, Consent.customer_id == Customer.id)
        .where(Customer.dealer_id.is_not(None), *_refused(scope, now - LATELY))
        .group_by(Customer.dealer_id)
        .having(func.count(Consent.customer_id.distinct()) >= REFUSALS_WATCH)
    )
    return {
        dealer_id: [Signal(level="watch", sentence=f"{count} customers said no to being contacted within 30 days.")]
        for dealer_id, count in rows
    }


SOURCE = DealerSource(
    name="customers", label="Customers", permission=Permission.CUSTOMERS_VIEW, lines=dealer_lines,
    signals=dealer_signals,
)  # fmt: skip
