"""The life of an onboarding, declared once; commands.py holds a command for each step (domain-rules 2.7, 2.9)."""

from __future__ import annotations

from db.core.permissions import Permission
from db.onboarding.tables import Onboarding
from db.workflow.spec import Flow, Input, State, Step

STAGES: tuple[str, ...] = ("application", "agreement", "setup", "training", "golive")
_NOTE = Input(name="note", label="Note", required=False)

FLOW = Flow(
    name="onboarding",
    title="Onboarding",
    item_label="onboarding",
    table=Onboarding,
    initial="application",
    states=(
        State(name="application", label="Application", tone="gray", help="Who they are, and whether we want them"),
        State(name="agreement", label="Agreement", tone="blue", help="Contract, territory, licence, credit"),
        State(name="setup", label="Set-up", tone="blue", help="Systems, sign, showroom, parts"),
        State(name="training", label="In training", tone="violet", help="Sales, service and warranty certificates"),
        State(name="golive", label="Go-live review", tone="orange", help="A second person decides"),
        State(name="active", label="Live", tone="green", final=True, help="The dealer gets leads"),
        State(name="withdrawn", label="Withdrawn", tone="gray", final=True, help="The dealer stepped back"),
        State(name="declined", label="Declined", tone="red", final=True, help="We said no"),
    ),
    steps=(
        Step(
            name="advance", label="Next stage", icon=":material/arrow_forward:", routine=True,
            permission=Permission.ONBOARDING_MANAGE, sources=STAGES[:-1], targets=STAGES[1:], inputs=(_NOTE,),
            help="Possible once every item of this stage is done or waived.",
        ),
        Step(
            name="activate", label="Activate", icon=":material/rocket_launch:", permission=Permission.ONBOARDING_DECIDE,
            sources=("golive",), targets=("active",), four_eyes=True, inputs=(_NOTE,),
            help="The dealer becomes active and gets leads. Not possible while a gate is open or failed, nor by the"
            " person who put the case forward.",
        ),
        Step(
            name="change_target", label="Move target", icon=":material/event:", permission=Permission.ONBOARDING_MANAGE,
            sources=STAGES,
            inputs=(
                Input(name="target_on", label="New target day", kind="date"), Input(name="note", label="Why"),
            ),
        ),
        Step(
            name="assign", label="Hand over", icon=":material/person_add:", permission=Permission.ONBOARDING_MANAGE,
            sources=STAGES, inputs=(Input(name="assignee_id", label="Who looks after it", kind="person"), _NOTE),
        ),
        Step(
            name="send_back", label="Send back", icon=":material/undo:", permission=Permission.ONBOARDING_MANAGE,
            sources=STAGES[1:], targets=STAGES[:-1],
            inputs=(Input(name="note", label="What is missing"),),
            help="Back to the stage before; items stay as they are.",
        ),
        Step(
            name="withdraw", label="Withdraw", icon=":material/logout:", permission=Permission.ONBOARDING_MANAGE,
            sources=STAGES, targets=("withdrawn",), inputs=(Input(name="note", label="Why the dealer steps back"),),
            help="The dealer gets back the status it had before. It can be started again at any time.",
        ),
        Step(
            name="decline", label="Decline", icon=":material/block:", permission=Permission.ONBOARDING_DECIDE,
            sources=STAGES, targets=("declined",), inputs=(Input(name="note", label="Why we say no"),),
            help="The dealer gets back the status it had before.",
        ),
    ),
    rule="domain-rules 2.7",
)  # fmt: skip
STAGE_LABELS: dict[str, str] = {name: FLOW.state(name).label for name in STAGES}
