"""What `python -m db check` verifies about customers and vehicles."""

from __future__ import annotations

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from db.core.area import Check
from db.customers import vehicle_record
from db.customers.purge_commands import remains
from db.customers.tables import Customer
from db.customers.vehicle_tables import Ownership, ServiceVisit

MOST = 20


def owners_are_possible(session: Session) -> list[str]:
    """Vehicles with two owners on one day, or visits of a customer of another dealer, as sentences."""
    one, other = aliased(Ownership), aliased(Ownership)
    both = session.scalars(
        select(one.vehicle_id)
        .join(other, and_(other.vehicle_id == one.vehicle_id, other.since > one.since))
        .where(or_(one.until.is_(None), one.until > other.since))
        .distinct()
        .limit(MOST)
    ).all()
    found = [f"vehicle {vehicle_record.number(i)} has two owners on one day" for i in both]
    astray = session.scalars(
        select(ServiceVisit.ro_number)
        .join(Customer, Customer.id == ServiceVisit.customer_id)
        .where(or_(Customer.dealer_id.is_(None), Customer.dealer_id != ServiceVisit.dealer_id))
        .limit(MOST)
    ).all()
    if astray:
        found.append(f"visit {', '.join(astray)} names a customer of another dealer")
    return found


CHECKS = (
    Check(name="Removed customers hold no personal data", run=remains),
    Check(name="Owners and visits of vehicles are possible", run=owners_are_possible),
)
