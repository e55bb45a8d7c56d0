"""The life of an appointment, declared once (domain-rules 2.2 G); commands.py holds a command for each step."""

from __future__ import annotations

from db.appointments.rules import CANCEL_REASONS
from db.appointments.tables import Appointment
from db.core.permissions import Permission
from db.workflow.spec import Flow, Input, State, Step

WORK = Permission.APPOINTMENTS_WORK
BOOKED = ("scheduled", "confirmed")
MAYBE_NOTE = Input(name="note", label="Note", required=False)
WHY = Input(name="reason", label="Reason")
NEW_TIME = (
    Input(name="starts_at", label="New time", kind="moment"),
    Input(name="outside_hours", label="Also outside opening hours", kind="bool", required=False),
    MAYBE_NOTE,
)

FLOW = Flow(
    name="appointments",
    title="Appointments",
    item_label="appointment",
    table=Appointment,
    initial="scheduled",
    rule="domain-rules 2.2 G",
    states=(
        State(name="scheduled", label="Scheduled", tone="blue"),
        State(name="confirmed", label="Confirmed", tone="violet", help="The customer said they will come"),
        State(name="shown", label="Checked in", tone="green", help="The customer is there"),
        State(name="completed", label="Completed", tone="green", final=True),
        State(name="no_show", label="No-show", tone="red", final=True, help="Did not come; to be won back"),
        State(name="rescheduled", label="Rescheduled", tone="gray", final=True, help="Moved to another time"),
        State(name="cancelled", label="Cancelled", tone="orange", final=True, help="Called off before its time"),
        State(
            name="cancelled_in_error", label="Set in error", tone="gray", final=True,
            help="Should never have existed; the only one the show rate leaves out",
        ),
    ),
    steps=(
        Step(
            name="check_in", label="Check in", icon=":material/how_to_reg:", permission=WORK, sources=BOOKED,
            targets=("shown",), routine=True, inputs=(MAYBE_NOTE,),
        ),
        Step(
            name="confirm", label="Confirm", icon=":material/event_available:", permission=WORK,
            sources=("scheduled",), targets=("confirmed",), routine=True, inputs=(MAYBE_NOTE,),
        ),
        Step(
            name="reschedule", label="Move", icon=":material/event_repeat:", permission=WORK, sources=BOOKED,
            targets=("rescheduled",), inputs=NEW_TIME,
        ),
        Step(
            name="miss", label="Did not come", icon=":material/person_off:", permission=WORK, sources=BOOKED,
            targets=("no_show",), inputs=(MAYBE_NOTE,),
        ),
        Step(
            name="cancel", label="Cancel", icon=":material/event_busy:", permission=WORK, sources=BOOKED,
            targets=("cancelled",),
            inputs=(Input(name="reason", label="Why", kind="choice", choices=CANCEL_REASONS), MAYBE_NOTE),
            help="For a customer who called it off. Who simply does not come is a no-show.",
        ),
        Step(
            name="complete", label="Complete", icon=":material/task_alt:", permission=WORK, sources=("shown",),
            targets=("completed",), routine=True, inputs=(MAYBE_NOTE,),
        ),
        Step(
            name="rebook", label="Book again", icon=":material/event_repeat:", permission=WORK, sources=("no_show",),
            inputs=NEW_TIME, help="The missed appointment stays a no-show; the new one follows from it.",
        ),
        Step(
            name="came_late", label="Came after all", icon=":material/undo:", permission=WORK, sources=("no_show",),
            targets=("shown",), inputs=(WHY,),
        ),
        Step(
            name="end_recovery", label="Stop calling", icon=":material/phone_disabled:", permission=WORK,
            sources=("no_show",), inputs=(WHY,),
        ),
        Step(
            name="take_back", label="Was not here", icon=":material/undo:", permission=WORK, sources=("shown",),
            targets=("no_show",), inputs=(WHY,),
        ),
        Step(
            name="set_in_error", label="Set in error", icon=":material/block:", permission=WORK,
            sources=(*BOOKED, "no_show"), targets=("cancelled_in_error",), inputs=(WHY,),
            help="For an appointment that should never have existed. It is left out of the show rate.",
        ),
    ),
)  # fmt: skip
