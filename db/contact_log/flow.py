"""The life of a promise, declared once; commands.py holds a command for each step."""

from __future__ import annotations

from db.contact_log.tables import Promise
from db.core.permissions import Permission
from db.workflow.spec import Flow, Input, State, Step

FLOW = Flow(
    name="promises",
    title="Promises",
    item_label="promise",
    table=Promise,
    initial="open",
    rule="domain-rules P1, U20",
    states=(
        State(name="open", label="Open", tone="blue", help="Somebody still has to do it"),
        State(name="kept", label="Kept", tone="green", final=True, help="Done, with what was done"),
        State(name="withdrawn", label="Withdrawn", tone="gray", final=True, help="No longer wanted, with the reason"),
    ),
    steps=(
        Step(
            name="keep", label="Kept", icon=":material/task_alt:", permission=Permission.CONTACTS_LOG,
            sources=("open",), targets=("kept",), routine=True,
            inputs=(
                Input(name="note", label="What was done"),
                Input(
                    name="kept_on", label="Done on", kind="date", required=False,
                    help="The day at the dealer; empty means today",
                ),
            ),
        ),
        Step(
            name="postpone", label="Postpone", icon=":material/event_repeat:", permission=Permission.CONTACTS_LOG,
            sources=("open",),
            help="The first day stays on record; the promise is measured against it.",
            inputs=(
                Input(name="due_day", label="New day", kind="date"),
                Input(name="reason_text", label="Reason"),
            ),
        ),
        Step(
            name="hand_over", label="Hand over", icon=":material/person_add:", permission=Permission.CONTACTS_LOG,
            sources=("open",), inputs=(Input(name="assignee_id", label="Who sees to it", kind="person"),),
        ),
        Step(
            name="withdraw", label="Withdraw", icon=":material/block:", permission=Permission.CONTACTS_LOG,
            sources=("open",), targets=("withdrawn",), inputs=(Input(name="reason_text", label="Reason"),),
        ),
    ),
)  # fmt: skip
