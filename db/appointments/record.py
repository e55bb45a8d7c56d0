"""What every command of appointments has in common: locks, free times, planned confirmations, news and the entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, true, update
from sqlalchemy.orm import Session

from db.appointments.flow import FLOW
from db.appointments.invitation import Invitation
from db.appointments.policy_queries import policy_of
from db.appointments.rules import KINDS, planned_touches
from db.appointments.tables import Appointment, AppointmentTouch
from db.core import changes, events, search, timeline
from db.core.actor import Actor
from db.core.labels import moment_label, moment_words
from db.core.numbering import next_ids
from db.core.outbox import LONGEST_ADDRESS
from db.core.problems import NotFound, Problems
from db.customers.customer_queries import contact_allowed
from db.customers.tables import Customer, CustomerKey
from db.dealers.tables import Dealer
from db.leads.appointment_commands import LeadMove
from db.people.tables import Person

LONGEST_NOTE = 4000
BOOKED = ("scheduled", "confirmed")


def dealer_of(session: Session, dealer_id: int, *, actor: Actor) -> Dealer:
    """The dealer, locked so that two bookings there wait for each other; `NotFound` out of scope.

    NO KEY UPDATE: leads and customers that only refer to the dealer need not wait.
    """
    dealer = session.scalars(
        select(Dealer).where(Dealer.id == dealer_id).with_for_update(key_share=True)
    ).one_or_none()  # fmt: skip
    if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
        raise NotFound("This dealer")
    return dealer


def customer_of(session: Session, customer_id: int, *, actor: Actor) -> Customer:
    """A customer who is still on record; `NotFound` when absent, merged, purged or out of scope."""
    customer = session.get(Customer, customer_id)
    if (
        customer is None
        or customer.merged_into_id is not None
        or customer.purged_at is not None
        or not actor.scope.allows(dealer_id=customer.dealer_id, region=customer.region)
    ):
        raise NotFound("This customer")
    return customer


def lock_host(session: Session, host_id: int) -> str:
    """Lock a person who may host at several dealers, and give the name; empty when there is no such active person."""
    found = session.scalars(
        select(Person.name).where(Person.id == host_id, Person.is_active == true()).with_for_update(key_share=True)
    ).one_or_none()
    return found or ""


def refuse_double(
    session: Session, problems: Problems, *, dealer: Dealer, host_id: int | None, bay: str, starts_at: datetime,
    ends_at: datetime, but: int | None, now: datetime, fields: tuple[str, str, str],
) -> None:  # fmt: skip
    """Note a person or a bay that is taken, naming the other time in the dealer's zone.

    The caller holds the locks of dealer and host, so what is free now is free when the booking is written. `fields`
    names the arguments of person, bay and time.
    """
    taken = []
    if host_id is not None:
        taken.append(Appointment.assignee_id == host_id)
    if bay:
        taken.append((Appointment.dealer_id == dealer.id) & (Appointment.bay == bay))
    if not taken:
        return
    rows = session.execute(
        select(Appointment.assignee_id, Appointment.bay, Appointment.dealer_id, Appointment.starts_at,
               Appointment.ends_at)
        .where(
            Appointment.is_open == true(), or_(*taken), Appointment.starts_at < ends_at,
            Appointment.ends_at > starts_at, Appointment.id != (but or 0),
        )
        .order_by(Appointment.starts_at)
        .limit(20)
    ).all()  # fmt: skip
    person = next((r for r in rows if host_id is not None and r.assignee_id == host_id), None)
    place = next((r for r in rows if bay and r.bay == bay and r.dealer_id == dealer.id), None)
    for row, field, what in ((person, fields[0], "This person"), (place, fields[1], bay)):
        if row is not None:
            when = f"{moment_label(row.starts_at, dealer.zone, now=now)}–{moment_label(row.ends_at, dealer.zone)[-5:]}"
            problems.add(field, "double_booked", f"{what} has another appointment then: {when} ({dealer.zone}).")


def address_of(session: Session, customer_id: int) -> str:
    """The first e-mail address on record, or empty."""
    row = session.execute(
        select(CustomerKey.raw, CustomerKey.value)
        .where(CustomerKey.customer_id == customer_id, CustomerKey.kind == "email")
        .order_by(CustomerKey.id)
    ).first()
    found = (row.raw or row.value) if row else ""
    return found.strip() if found and "@" in found and len(found) <= LONGEST_ADDRESS else ""


def mail_channel(session: Session, customer_id: int, *, actor: Actor) -> str:
    """How confirmations reach a customer: email where there is an address and no objection, else a call."""
    allowed = contact_allowed(session, customer_id=customer_id, channel="email", scope=actor.scope)
    return "email" if allowed.ok and address_of(session, customer_id) else "call"


def store(
    session: Session, *, dealer: Dealer, lead_id: int | None, customer_id: int, kind: str, starts_at: datetime,
    ends_at: datetime, host_id: int | None, bay: str, note: str, outside_hours: bool, parent: Appointment | None,
    form_key: str | None, actor: Actor, now: datetime,
) -> Appointment:  # fmt: skip
    """Write a checked booking, its search words and its planned confirmations."""
    (new_id,) = next_ids(session, Appointment, item_type="appointment", count=1)
    number = f"A-{new_id:06}"
    item = Appointment(
        id=new_id, number=number, status=FLOW.initial, is_open=True, dealer_id=dealer.id, region=dealer.region,
        assignee_id=host_id, due_at=starts_at, submitted_by=actor.username, created_at=now, updated_at=now,
        updated_by=actor.name, kind=kind, lead_id=lead_id, customer_id=customer_id,
        parent_id=parent.id if parent else None, uid=parent.uid if parent else f"{number}-{dealer.code}@dealer-desk",
        sequence=parent.sequence + 1 if parent else 0, starts_at=starts_at, ends_at=ends_at, bay=bay, note=note,
        outside_hours=outside_hours, form_key=form_key or None,
    )  # fmt: skip
    session.add(item)
    session.flush()
    search.index(
        session, kind="appointment", item_id=new_id, texts=[number], dealer_id=dealer.id, region=dealer.region,
        is_new=True,
    )  # fmt: skip
    channel = mail_channel(session, customer_id, actor=actor)
    session.add_all(
        AppointmentTouch(
            appointment_id=new_id, dealer_id=dealer.id, region=dealer.region, kind=touch.kind, channel=channel,
            due_at=touch.due_at, is_open=True,
        )
        for touch in planned_touches(starts_at, now=now, policy=policy_of(session, dealer.id))
    )  # fmt: skip
    session.flush()
    return item


def close_touches(session: Session, appointment_id: int, *, outcome: str = "skipped") -> None:
    """No confirmation is needed any more: what was planned is not done."""
    session.execute(
        update(AppointmentTouch)
        .where(AppointmentTouch.appointment_id == appointment_id, AppointmentTouch.is_open == true())
        .values(is_open=False, outcome=outcome)
        .execution_options(synchronize_session=False)
    )


def invitation_of(item: Appointment, dealer: Dealer, *, sequence: int | None = None) -> Invitation:
    """The invitation of an appointment as its customer may have it."""
    place = ", ".join(p for p in (dealer.name, dealer.street, dealer.city, dealer.state, dealer.postal_code) if p)
    return Invitation(
        uid=item.uid, sequence=item.sequence if sequence is None else sequence, kind=item.kind,
        starts_at=item.starts_at, ends_at=item.ends_at, zone=dealer.zone, dealer_name=dealer.name, place=place,
        phone=dealer.phone, is_confirmed=item.confirmed_at is not None,
    )  # fmt: skip


def tell(session: Session, item: Appointment, *, before: str, after: str, actor: Actor, now: datetime) -> None:
    """Raise the change counter and tell those who follow appointments about the new state."""
    changes.touch(session, "appointments")
    facts = {"lead_id": item.lead_id, "customer_id": item.customer_id, "before": before, "after": after}
    event = events.Event(name="appointments.moved", item_type="appointment", item_ids=(item.id,), facts=facts)
    events.tell(session, event, actor=actor, now=now)


def note(
    session: Session, command: str, item: Appointment, summary: str, *, actor: Actor, now: datetime, reason: str = "",
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None, lead: LeadMove | None = None,
    also: tuple[Appointment, ...] = (),
) -> None:  # fmt: skip
    """The one entry of a command: it names the appointment, its customer, and the lead that moved with it."""
    changes.touch(session, "appointments")
    items = [timeline.Item("appointment", one.id, one.dealer_id) for one in (item, *also)]
    items.append(timeline.Item("customer", item.customer_id, item.dealer_id))
    extra: dict[str, Any] = {"starts_at": item.starts_at}
    if lead is not None:
        items.append(lead.item)
        extra["lead"] = {"number": lead.number, "before": dict(lead.before), "after": dict(lead.after)}
    timeline.record(
        session, actor=actor, now=now, area="appointments", command=command, reason=reason, before=before, after=after,
        summary=f"{item.number}: {summary}" + (f" ({lead.number})" if lead else ""), items=items, extra=extra,
    )  # fmt: skip


def when(item: Appointment, zone: str, now: datetime) -> str:
    """Kind and time in words, in the dealer's zone."""
    return f"{dict(KINDS)[item.kind].lower()} {moment_words(item.starts_at, zone, now=now)}"


def minutes_between(start: datetime, end: datetime) -> int:
    """Whole minutes of a stretch."""
    return int((end - start) / timedelta(minutes=1))
