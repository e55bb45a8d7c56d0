"""What `python -m db check` verifies about appointments: possible states, nobody double booked."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session, aliased

from db.appointments.flow import FLOW
from db.appointments.tables import Appointment, AppointmentTouch
from db.core.area import Check
from db.dealers.strays import in_another_region

MOST = 20
_CLOSED = tuple(s.name for s in FLOW.states if s.final)
_PARENT = aliased(Appointment)

IMPOSSIBLE: tuple[tuple[str, Sequence[ColumnElement[bool]]], ...] = (
    ("is open in a closed state", (Appointment.is_open == true(), Appointment.status.in_(_CLOSED))),
    ("is closed in an open state", (Appointment.is_open == false(), Appointment.status.not_in(_CLOSED))),
    (
        "is confirmed and nobody knows since when",
        (Appointment.status == "confirmed", Appointment.confirmed_at.is_(None)),
    ),
    (
        "was kept and nobody knows since when",
        (Appointment.status.in_(("shown", "completed")), Appointment.shown_at.is_(None)),
    ),
    (
        "was missed and nobody knows since when",
        (Appointment.status == "no_show", Appointment.missed_at.is_(None)),
    ),
    ("was missed and kept at once", (Appointment.missed_at.is_not(None), Appointment.shown_at.is_not(None))),
    (
        "was cancelled without a reason",
        (
            Appointment.status.in_(("cancelled", "cancelled_in_error")), Appointment.cancelled_at.is_(None),
        ),
    ),
    (
        "was moved and nothing follows from it",
        (Appointment.status == "rescheduled", ~select(_PARENT.id).where(_PARENT.parent_id == Appointment.id).exists()),
    ),
)  # fmt: skip


def states_are_possible(session: Session) -> list[str]:
    """Appointments whose stamps contradict their state, and planned confirmations of settled ones."""
    found = []
    for what, conditions in IMPOSSIBLE:
        numbers = session.scalars(
            select(Appointment.number).where(*conditions).order_by(Appointment.id).limit(MOST + 1)
        ).all()  # fmt: skip
        if numbers:
            found.append(f"appointment {', '.join(numbers[:MOST])}{' and more' if len(numbers) > MOST else ''} {what}")
    stray = session.scalars(
        select(Appointment.number)
        .join(AppointmentTouch, AppointmentTouch.appointment_id == Appointment.id)
        .where(AppointmentTouch.is_open == true(), Appointment.status.not_in(("scheduled", "confirmed")))
        .distinct()
        .limit(MOST)
    ).all()
    if stray:
        found.append(f"appointment {', '.join(stray)} is settled and still waits for a confirmation")
    elsewhere = in_another_region(session, Appointment, most=MOST)
    if elsewhere:
        found.append(f"appointment {', '.join(elsewhere)} is in another region than its dealer")
    return found


def nobody_is_double_booked(session: Session) -> list[str]:
    """Pairs of open appointments of one person, or of one bay, at the same time."""
    other = aliased(Appointment)
    pairs = session.execute(
        select(Appointment.number, other.number)
        .join(
            other,
            and_(
                Appointment.id < other.id, Appointment.starts_at < other.ends_at, other.starts_at < Appointment.ends_at,
                or_(
                    Appointment.assignee_id == other.assignee_id,
                    and_(Appointment.dealer_id == other.dealer_id, Appointment.bay == other.bay, Appointment.bay != ""),
                ),
            ),
        )
        .where(Appointment.is_open == true(), other.is_open == true())
        .limit(MOST)
    ).all()  # fmt: skip
    return [f"appointments {one} and {two} are at the same time" for one, two in pairs]


CHECKS = (
    Check(name="Appointments are possible", run=states_are_possible),
    Check(name="Nobody is double booked", run=nobody_is_double_booked),
)
