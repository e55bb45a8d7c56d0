"""What the area of customers itself keeps of a customer: vehicles owned and bought, service visits (2.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import Session

from db.core.area import PersonalData
from db.customers.tables import Consent
from db.customers.vehicle_tables import Ownership, Purchase, ServiceVisit, Vehicle


def _facts(session: Session, *, customer_ids: Sequence[int]) -> Mapping[int, tuple[int, datetime | None]]:
    latest: dict[int, datetime] = {}
    days: tuple[tuple[Any, Any], ...] = (
        (Ownership.customer_id, func.max(func.coalesce(Ownership.until, Ownership.since))),
        (Purchase.customer_id, func.max(Purchase.bought_on)),
        (ServiceVisit.customer_id, func.max(ServiceVisit.opened_on)),
        (Consent.customer_id, func.max(Consent.at)),
    )
    for owner, newest in days:
        for customer_id, found in session.execute(
            select(owner, newest).where(owner.in_(list(customer_ids))).group_by(owner)
        ):
            moment = _moment(found)
            latest[customer_id] = max(latest.get(customer_id, moment), moment)
    waiting = session.execute(
        select(ServiceVisit.customer_id, func.count())
        .where(ServiceVisit.customer_id.in_(list(customer_ids)), ServiceVisit.closed_on.is_(None))
        .group_by(ServiceVisit.customer_id)
    )
    still = {row[0]: row[1] for row in waiting}
    return {i: (still.get(i, 0), latest.get(i)) for i in latest}


def _moment(found: date | datetime) -> datetime:
    if isinstance(found, datetime):
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return datetime.combine(found, time(12), UTC)


def _keeps(customer_id: Any, *, cutoff: datetime) -> ColumnElement[bool]:
    day = cutoff.date()
    return or_(
        exists().where(Ownership.customer_id == customer_id, func.coalesce(Ownership.until, Ownership.since) >= day),
        exists().where(Purchase.customer_id == customer_id, Purchase.bought_on >= day),
        exists().where(
            ServiceVisit.customer_id == customer_id,
            or_(ServiceVisit.opened_on >= day, ServiceVisit.closed_on.is_(None)),
        ),
        exists().where(Consent.customer_id == customer_id, Consent.at >= cutoff),
    )


def _anonymise(session: Session, *, customer_ids: Sequence[int], now: datetime) -> None:
    """Free text of visits goes, and the plate of a vehicle that nobody else owns now; periods and days stay."""
    quiet = {"synchronize_session": False}
    session.execute(
        update(ServiceVisit).where(ServiceVisit.customer_id.in_(customer_ids)).values(complaint="")
        .execution_options(**quiet)
    )  # fmt: skip
    theirs = select(Ownership.vehicle_id).where(Ownership.customer_id.in_(customer_ids))
    others = select(Ownership.vehicle_id).where(Ownership.until.is_(None), Ownership.customer_id.not_in(customer_ids))
    session.execute(
        update(Vehicle).where(Vehicle.id.in_(theirs), Vehicle.id.not_in(others)).values(plate="")
        .execution_options(**quiet)
    )  # fmt: skip


OWN = PersonalData(name="customers", facts=_facts, keeps=_keeps, anonymise=_anonymise)
