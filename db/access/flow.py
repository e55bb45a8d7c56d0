"""The life of a request for access, declared once; commands.py holds a command for each step."""

from __future__ import annotations

from db.access.tables import AccessRequest
from db.core.permissions import Permission
from db.workflow.spec import Flow, Input, Sla, State, Step

# One working day of the desk's own hours, 9 to 18.
ANSWER_MINUTES = 9 * 60

FLOW = Flow(
    name="access",
    title="Access requests",
    item_label="access request",
    table=AccessRequest,
    initial="requested",
    rule="domain-rules 2.0",
    states=(
        State(name="requested", label="Requested", tone="blue", help="Waits for somebody of the manufacturer"),
        State(name="granted", label="Granted", tone="green", final=True, help="Carried out in the same moment"),
        State(name="rejected", label="Rejected", tone="red", final=True, help="Refused, with a reason"),
        State(name="withdrawn", label="Withdrawn", tone="gray", final=True, help="Taken back before it was decided"),
    ),
    slas=(Sla(name="answer", label="Answer", minutes=ANSWER_MINUTES),),
    steps=(
        Step(
            name="grant", label="Grant", icon=":material/check_circle:", permission=Permission.ACCESS_DECIDE,
            sources=("requested",), targets=("granted",), four_eyes=True, routine=True,
            inputs=(Input(name="account", label="Account", kind="choice"),),
        ),
        Step(
            name="reject", label="Reject", icon=":material/block:", permission=Permission.ACCESS_DECIDE,
            sources=("requested",), targets=("rejected",), four_eyes=True,
            inputs=(Input(name="note", label="Why not"),), help="Who asked for it reads this.",
        ),
        Step(
            name="withdraw", label="Withdraw", icon=":material/undo:", permission=Permission.ACCESS_REQUEST,
            sources=("requested",), targets=("withdrawn",),
            inputs=(Input(name="note", label="Why it is taken back", required=False),),
        ),
    ),
)  # fmt: skip
