"""What customers add to the one timeline of a customer: visits, purchases, consent, changes of the record."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.area import CustomerLine, CustomerSource
from db.core.permissions import Permission
from db.core.timeline import TimelineEntry, TimelineLink
from db.customers.consent_rules import CHANNELS
from db.customers.tables import Consent
from db.customers.vehicle_queries import list_purchases, list_visits

# What is told by its own line; the rest of the entries about a customer are changes of the record.
TOLD = ("set_consent", "enter_visit", "record_purchase")
VEHICLE = "pages/crm/vehicle.py"


def _noon(day: date) -> datetime:
    """A day among moments: where nobody wrote down the time it counts as noon UTC."""
    return datetime.combine(day, time(12), UTC)


def visit_lines(session: Session, *, customer_id: int, actor: Actor, limit: int) -> list[CustomerLine]:
    """Service visits at this person's dealers."""
    return [
        CustomerLine(
            at=_noon(visit.opened_on), title=f"Service visit {visit.ro_number}: {visit.vehicle}", by=visit.dealer,
            note=visit.complaint, icon=":material/build:",
            badges=() if visit.closed_on else (("In the workshop", "orange"),), page=VEHICLE,
            query={"vehicle": str(visit.vehicle_id)},
        )
        for visit in list_visits(session, actor=actor, customer_id=customer_id)[:limit]
    ]  # fmt: skip


def purchase_lines(session: Session, *, customer_id: int, actor: Actor, limit: int) -> list[CustomerLine]:
    """Vehicles bought at this person's dealers."""
    return [
        CustomerLine(
            at=_noon(one.bought_on), title=f"Bought {one.condition}: {one.vehicle}", by=one.dealer,
            icon=":material/sell:", badges=(("Purchase", "green"),), page=VEHICLE,
            query={"vehicle": str(one.vehicle_id)},
        )
        for one in list_purchases(session, actor=actor, customer_id=customer_id)[:limit]
    ]  # fmt: skip


def consent_lines(session: Session, *, customer_id: int, actor: Actor, limit: int) -> list[CustomerLine]:
    """What the customer said about being contacted; the caller has decided that the actor may see the customer."""
    rows = session.scalars(
        select(Consent)
        .where(Consent.customer_id == customer_id)
        .order_by(Consent.at.desc(), Consent.id.desc())
        .limit(limit)
    )
    return [
        CustomerLine(
            at=one.at,
            title=f"{CHANNELS.get(one.channel, one.channel)}: {'agreed' if one.is_given else 'refused'}",
            by=one.by or one.source, icon=":material/verified_user:" if one.is_given else ":material/block:",
            badges=(("Consent", "green" if one.is_given else "red"),),
        )
        for one in rows
    ]  # fmt: skip


def change_lines(session: Session, *, customer_id: int, actor: Actor, limit: int) -> list[CustomerLine]:
    """Changes of the record itself; the caller has decided that the actor may see the customer."""
    seqs = (
        select(TimelineLink.seq)
        .where(TimelineLink.item_type == "customer", TimelineLink.item_id == customer_id)
        .order_by(TimelineLink.seq.desc())
        .limit(2 * limit)
    )
    rows = session.scalars(
        select(TimelineEntry)
        .where(TimelineEntry.seq.in_(seqs.subquery().select()), TimelineEntry.area == "customers")
        .where(TimelineEntry.command.not_in(TOLD))
        .order_by(TimelineEntry.seq.desc())
        .limit(limit)
    )
    return [
        CustomerLine(at=e.at, title=e.summary, by=e.actor_name, note=e.reason, icon=":material/edit_note:")
        for e in rows
    ]  # fmt: skip


SOURCES = (
    CustomerSource(name="visits", label="Service", permission=Permission.CUSTOMERS_VIEW, lines=visit_lines),
    CustomerSource(name="purchases", label="Purchases", permission=Permission.CUSTOMERS_VIEW, lines=purchase_lines),
    CustomerSource(name="consent", label="Consent", permission=Permission.CUSTOMERS_VIEW, lines=consent_lines),
    CustomerSource(name="changes", label="Record", permission=Permission.CUSTOMERS_VIEW, lines=change_lines),
)
