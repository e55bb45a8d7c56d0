"""Any order of steps keeps an appointment, its chain and its lead in agreement (Hypothesis)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from db.appointments.booking_commands import book
from db.appointments.checks import nobody_is_double_booked, states_are_possible
from db.appointments.commands import COMMANDS
from db.appointments.flow import FLOW
from db.appointments.jobs import run_no_shows
from db.appointments.rate_queries import rates
from db.appointments.rules import counts_as_due
from db.appointments.tables import Appointment, AppointmentTouch
from db.core.actor import EVERYTHING
from db.core.problems import Refused
from db.core.session import reading, run
from db.leads.checks import stamps_are_possible
from db.leads.tables import Lead
from tests.appointments.factories import NOW
from tests.leads.factories import lead_at, make_network, step
from tests.support.again import begun

LEAD_STEPS: dict[str, tuple[str, dict[str, str]]] = {
    "visit": ("log_activity", {"kind": "visit", "outcome": "shown"}),
    "lose": ("lose", {"reason": "price"}),
    "reopen": ("reopen", {"note": "Back"}),
    "call": ("log_activity", {"kind": "call", "outcome": "reached"}),
}
PARENTS = ("rescheduled", "no_show", "shown", "completed", "cancelled_in_error")
MOVES = st.lists(
    st.tuples(
        st.sampled_from([*sorted(COMMANDS), "book", "sweep", *sorted(LEAD_STEPS)]),
        st.integers(0, 30),  # hours that pass before
        st.integers(1, 72),  # hours ahead of a new time
    ),
    min_size=1,
    max_size=14,
)


def inputs_of(name: str, at, ahead: int) -> dict:
    if name in ("reschedule", "rebook"):
        return {"starts_at": at + timedelta(hours=ahead), "outside_hours": True}
    if name == "cancel":
        return {"reason": "ill"}
    return {"reason": "Because"} if name in ("came_late", "take_back", "set_in_error", "end_recovery") else {}


@pytest.fixture
@begun
def desk(sqlite_engine):
    return sqlite_engine, make_network(sqlite_engine)


@given(moves=MOVES)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_steps_leaves_everything_in_agreement(desk, moves):
    engine, network = desk
    lead_id, at = lead_at(engine, "contacted", network), NOW
    for name, hours, ahead in moves:
        at += timedelta(hours=hours, minutes=1)
        try:
            if name == "book":
                run(book, bind=engine, kind="sales", lead_id=lead_id, starts_at=at + timedelta(hours=ahead),
                    outside_hours=True, actor=network.staff, now=at)  # fmt: skip
            elif name == "sweep":
                run_no_shows(engine, now=at)
            elif name in LEAD_STEPS:
                done, inputs = LEAD_STEPS[name]
                step(engine, done, lead_id, actor=network.dealer_manager, now=at, **inputs)
            else:
                item = newest(engine, lead_id, FLOW.step(name).sources)
                if item is not None:
                    run(COMMANDS[name], bind=engine, item_id=item.id, seen_version=item.version, now=at,
                        actor=network.staff, **inputs_of(name, at, ahead))  # fmt: skip
        except Refused:
            pass
        agree(engine, lead_id)
    with reading(engine) as session:
        assert states_are_possible(session) == []
        assert nobody_is_double_booked(session) == []
        assert stamps_are_possible(session) == []
        everything = session.scalars(select(Appointment)).all()
        due = [
            a
            for a in everything
            if counts_as_due(a.status, starts_at=a.starts_at, rescheduled_at=a.rescheduled_at, now=at)
        ]
        (whole,) = rates(session, scope=EVERYTHING, now=at)
        assert whole["due"] == len(due)
        assert whole["shown"] == sum(a.status in ("shown", "completed") for a in due)
        assert not [a for a in due if a.status == "cancelled_in_error"]
        by_kind = rates(session, scope=EVERYTHING, by=("touch",), now=at)
        assert sum(row["due"] for row in by_kind) == whole["due"]


def newest(engine, lead_id: int, sources) -> Appointment | None:
    with reading(engine) as session:
        found = session.scalars(
            select(Appointment)
            .where(Appointment.lead_id == lead_id, Appointment.status.in_(sources))
            .order_by(Appointment.id.desc())
        ).first()
        session.expunge_all()
        return found


def agree(engine, lead_id: int) -> None:
    """At most one time is still to come, and a lead that waits for one has it."""
    with reading(engine) as session:
        lead = session.get_one(Lead, lead_id)
        chain = session.scalars(select(Appointment).where(Appointment.lead_id == lead_id)).all()
        booked = [a for a in chain if a.status in ("scheduled", "confirmed")]
        assert len(booked) <= 1
        if lead.status == "appointment_set":
            assert booked
        if not lead.is_open:
            assert not booked
        for one in chain:
            assert one.is_open is not FLOW.state(one.status).final
            if one.parent_id is not None:
                assert session.get_one(Appointment, one.parent_id).status in PARENTS
        open_touches = session.scalars(
            select(AppointmentTouch).where(AppointmentTouch.is_open.is_(True))
        ).all()  # fmt: skip
        assert {t.appointment_id for t in open_touches} <= {
            a.id for a in session.scalars(select(Appointment)) if a.status in ("scheduled", "confirmed")
        }
