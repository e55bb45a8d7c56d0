"""The life of an investigation, declared once; commands.py holds a command for each step (domain-rules 2.1 F)."""

from __future__ import annotations

from db.core.permissions import Permission
from db.investigations.tables import Investigation
from db.workflow.spec import Flow, Input, Sla, State, Step

OUTCOMES = {
    "confirmed": "Confirmed", "unfounded": "Unfounded", "inconclusive": "Could not be cleared up",
}  # fmt: skip
DAYS = 14
"""Days until somebody should have looked; the claim itself keeps its own clock."""

FLOW = Flow(
    name="investigations",
    title="Investigations",
    item_label="investigation",
    table=Investigation,
    initial="flagged",
    rule="domain-rules 2.1 F",
    states=(
        State(name="flagged", label="Flagged", tone="orange", help="Something looks odd; nobody has looked yet"),
        State(name="looking", label="Being looked into", tone="blue", help="Somebody looks into it"),
        State(name="closed", label="Closed", tone="gray", final=True, help="With what came of it"),
    ),
    slas=(Sla(name="look", label="Look into it", minutes=DAYS * 24 * 60, wall_clock=True, rule="own promise"),),
    steps=(
        Step(
            name="take", label="Look into it", icon=":material/search:", permission=Permission.CLAIMS_INVESTIGATE,
            sources=("flagged",), targets=("looking",), routine=True,
        ),
        Step(
            name="close", label="Close", icon=":material/task_alt:", permission=Permission.CLAIMS_INVESTIGATE,
            sources=("flagged", "looking"), targets=("closed",), routine=True,
            inputs=(
                Input(name="outcome", label="What came of it", kind="choice", choices=tuple(OUTCOMES.items())),
                Input(name="note", label="What was found"),
            ),
        ),
        Step(
            name="hand_over", label="Hand over", icon=":material/person_add:", sources=("flagged", "looking"),
            permission=Permission.CLAIMS_INVESTIGATE,
            inputs=(Input(name="assignee_id", label="Who looks into it", kind="person"),),
        ),
        Step(
            name="reopen", label="Open again", icon=":material/restart_alt:", sources=("closed",), targets=("looking",),
            permission=Permission.CLAIMS_INVESTIGATE, inputs=(Input(name="note", label="Why"),),
        ),
    ),
)  # fmt: skip
