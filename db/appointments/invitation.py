"""Invitations for a customer's own calendar (iCalendar, RFC 5545 and 5546)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vText

from db.appointments.rules import KINDS

PRODUCT = "-//Dealer desk//Appointments//EN"


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """What an invitation tells: only what the customer knows, no name or address of anybody but the dealer."""

    uid: str
    sequence: int
    kind: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    dealer_name: str
    place: str
    phone: str = ""
    is_confirmed: bool = False


def write_invitation(invitation: Invitation, *, method: Literal["REQUEST", "CANCEL"], now: datetime) -> str:
    """The invitation as text; times in the dealer's zone, `sequence` grows with each change of the same `uid`."""
    zone = ZoneInfo(invitation.zone)
    label = dict(KINDS)[invitation.kind]
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event = Event()
    event.add("uid", invitation.uid)
    event.add("sequence", invitation.sequence)
    event.add("dtstamp", now)
    event.add("dtstart", invitation.starts_at.astimezone(zone))
    event.add("dtend", invitation.ends_at.astimezone(zone))
    event.add("summary", f"{label} at {invitation.dealer_name}" if invitation.kind != "other" else
              f"Appointment at {invitation.dealer_name}")  # fmt: skip
    if invitation.place:
        event.add("location", vText(invitation.place))
    if invitation.phone:
        event.add("description", f"To change the time, call {invitation.phone}.")
    status = "CANCELLED" if method == "CANCEL" else "CONFIRMED" if invitation.is_confirmed else "TENTATIVE"
    event.add("status", status)
    calendar.add_component(event)
    calendar.add_missing_timezones()
    return str(calendar.to_ical().decode())
