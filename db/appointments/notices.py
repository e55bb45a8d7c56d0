"""What people are told about appointments, and who may host one: the dealer's own people, and customers by mail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.appointments.invitation import write_invitation
from db.appointments.record import address_of, invitation_of, when
from db.appointments.rules import KINDS
from db.appointments.tables import Appointment, AppointmentTouch
from db.core.actor import Actor
from db.core.labels import moment_label
from db.core.outbox import queue_mail
from db.core.permissions import Permission, Role
from db.dealers.tables import Dealer
from db.leads.queries import people_of_dealer
from db.people.notifications import notify
from db.people.queries import people_to_tell
from db.people.tables import Person


def hosts_at(session: Session, dealer_id: int, *, actor: Actor) -> set[int]:
    """Ids of the people of a dealer who may host."""
    return {person_id for person_id, _ in people_of_dealer(session, dealer_id=dealer_id, actor=actor)}


def _mail(session: Session, item: Appointment, *, subject: str, body: str, calendar: str, now: datetime) -> bool:
    address = address_of(session, item.customer_id)
    if not address:
        return False
    queue_mail(
        session, to=address, subject=subject, body=body, item_type="appointment", item_id=item.id, now=now,
        calendar=calendar,
    )  # fmt: skip
    return True


def invite(session: Session, item: Appointment, dealer: Dealer, *, is_new: bool, now: datetime) -> None:
    """Send the confirmation that is due at once, with the invitation, where the customer has an address.

    It is automatic, so it is no contact of the lead and stops no clock (2.2 A).
    """
    touch = session.scalars(
        select(AppointmentTouch).where(
            AppointmentTouch.appointment_id == item.id, AppointmentTouch.kind == "immediate",
            AppointmentTouch.is_open.is_(True), AppointmentTouch.channel == "email",
        )
    ).first()  # fmt: skip
    if touch is not None:
        word = "Your appointment" if is_new else "Your new time"
        send_touch(session, touch, item, dealer, subject=word, now=now)


def send_touch(
    session: Session, touch: AppointmentTouch, item: Appointment, dealer: Dealer, *, subject: str, now: datetime
) -> None:
    """Queue one automatic confirmation and mark it sent; without an address it becomes a call."""
    at = moment_label(item.starts_at, dealer.zone)
    place = ", ".join(p for p in (dealer.name, dealer.street, dealer.city, dealer.state) if p)
    body = (
        f"{dict(KINDS)[item.kind]}\n{at} ({dealer.zone})\n{place}\n\n"
        "If you need another time, call us" + (f" on {dealer.phone}." if dealer.phone else ".") + "\n"
    )
    calendar = write_invitation(invitation_of(item, dealer), method="REQUEST", now=now)
    if _mail(session, item, subject=f"{subject} at {dealer.name}: {at}", body=body, calendar=calendar, now=now):
        touch.sent_at, touch.is_open = now, False
    else:
        touch.channel = "call"
    session.flush()


def call_off(session: Session, item: Appointment, dealer: Dealer, *, now: datetime) -> None:
    """Take the appointment out of the customer's calendar, where an invitation was sent and the time is to come."""
    was_sent = session.scalar(
        select(AppointmentTouch.id)
        .where(AppointmentTouch.appointment_id == item.id, AppointmentTouch.sent_at.is_not(None))
        .limit(1)
    )
    if was_sent is None or item.starts_at <= now:
        return
    at = moment_label(item.starts_at, dealer.zone)
    calendar = write_invitation(
        invitation_of(item, dealer, sequence=item.sequence + 1), method="CANCEL", now=now
    )  # fmt: skip
    _mail(
        session, item, subject=f"Cancelled: your appointment at {dealer.name}", calendar=calendar, now=now,
        body=f"Your appointment on {at} ({dealer.zone}) at {dealer.name} is cancelled.\n",
    )  # fmt: skip


def _managers(session: Session, item: Appointment) -> list[int]:
    ids = people_to_tell(
        session, dealer_id=item.dealer_id, region=item.region, permission=Permission.APPOINTMENTS_SET_UP
    )
    return list(session.scalars(select(Person.id).where(Person.id.in_(ids), Person.role == Role.DEALER_MANAGER.value)))


def tell_host(session: Session, item: Appointment, dealer: Dealer, *, by: int | None, now: datetime) -> None:
    """Whoever shall host is told, unless they booked it themselves."""
    if item.assignee_id is None or item.assignee_id == by:
        return
    notify(
        session, person_ids=[item.assignee_id], kind="assigned", title=f"{item.number}: {when(item, dealer.zone, now)}",
        body=f"At {dealer.name}. You host it.", item_type="appointment", item_id=item.id,
        dedupe_key=f"appointment:{item.id}:host:{item.assignee_id}", now=now, mail=False,
    )  # fmt: skip


def tell_missed(session: Session, item: Appointment, dealer: Dealer, *, by: int | None, now: datetime) -> None:
    """The host and the dealer's managers are told of a customer who did not come; whoever entered it is not."""
    people = {p for p in (item.assignee_id, *_managers(session, item)) if p is not None and p != by}
    notify(
        session, person_ids=people, kind="breached", title=f"{item.number}: the customer did not come",
        body=f"{when(item, dealer.zone, now).capitalize()}. Call within 60 minutes.", item_type="appointment",
        item_id=item.id, dedupe_key=f"appointment:{item.id}:missed:{item.version}", now=now, mail=True,
    )  # fmt: skip
