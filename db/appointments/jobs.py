"""What the sweep does for appointments: automatic confirmations, and who did not come (domain-rules 2.2 G).

Each may run twice, or in two processes at once: a touch is claimed by one guarded UPDATE, an appointment by its
version; who comes second finds nothing to do.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, select, true, update
from sqlalchemy.orm import Session

from db.appointments import notices
from db.appointments.commands import miss
from db.appointments.policy_queries import policies
from db.appointments.record import BOOKED
from db.appointments.rules import is_missed
from db.appointments.tables import Appointment, AppointmentTouch
from db.core import changes
from db.core.actor import system_actor
from db.core.area import Job
from db.core.problems import Refused
from db.core.session import reading, run, writing
from db.dealers.tables import Dealer

MOST_A_SWEEP = 1000


def run_no_shows(bind: Engine | None, *, now: datetime) -> int:
    """Enter a no-show for every booked time whose grace is over; gives how many this call entered."""
    with reading(bind) as session:
        known = policies(session)
        rows = session.execute(
            select(Appointment.id, Appointment.version, Appointment.dealer_id, Appointment.starts_at)
            .where(Appointment.is_open == true(), Appointment.status.in_(BOOKED), Appointment.due_at <= now)
            .order_by(Appointment.due_at)
            .limit(MOST_A_SWEEP)
        ).all()
    done = 0
    for row in rows:
        policy = known.get(row.dealer_id) or known[None]
        if is_missed(row.starts_at, grace_minutes=policy.grace_minutes, now=now):
            try:
                run(miss, bind=bind, item_id=row.id, seen_version=row.version, actor=system_actor(), now=now)
            except Refused:
                continue
            done += 1
    return done


def run_touches(bind: Engine | None, *, now: datetime) -> int:
    """Send the automatic confirmations that are due, each once; gives how many this call sent."""
    with reading(bind) as session:
        ids = session.scalars(
            select(AppointmentTouch.id)
            .where(
                AppointmentTouch.is_open == true(), AppointmentTouch.channel == "email", AppointmentTouch.due_at <= now
            )
            .order_by(AppointmentTouch.due_at)
            .limit(MOST_A_SWEEP)
        ).all()
    sent = 0
    for touch_id in ids:
        with writing(bind, keeps_timeline=False) as session:
            sent += _send(session, touch_id, now)
    return sent


def _send(session: Session, touch_id: int, now: datetime) -> int:
    claimed = session.scalar(
        update(AppointmentTouch)
        .where(AppointmentTouch.id == touch_id, AppointmentTouch.is_open == true())
        .values(is_open=False)
        .returning(AppointmentTouch.id)
        .execution_options(synchronize_session=False)
    )
    if claimed is None:
        return 0
    changes.touch(session, "appointments")
    touch = session.get_one(AppointmentTouch, touch_id)
    item = session.get_one(Appointment, touch.appointment_id)
    if item.status not in BOOKED or item.starts_at <= now or (item.status == "confirmed" and touch.kind != "hours"):
        touch.outcome = "skipped"  # settled or over; who is confirmed gets the last reminder only
        return 0
    touch.is_open = True
    notices.send_touch(
        session, touch, item, session.get_one(Dealer, touch.dealer_id), subject="Reminder of your appointment", now=now
    )
    return int(not touch.is_open)


JOBS = (
    Job(name="Confirm appointments by e-mail", run=run_touches),
    Job(name="Enter customers who did not come", run=run_no_shows),
)
