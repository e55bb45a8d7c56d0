# ruff: noqa: E501 - a declaration reads best with one input a line
"""The life of an incentive claim, declared once (domain-rules 2.4); commands.py holds a command for each step.

The checks run inside `submit`: in order goes to a person, incomplete comes back, what can never be right is denied.
"""

from __future__ import annotations

from db.core.permissions import Permission
from db.incentives.tables import IncentiveClaim
from db.workflow.spec import Flow, Input, Sla, State, Step

P = Permission  # the declaration below reads better with a short name

DECIDE_DAYS = 30
"""Domain-rules 2.4 points to the clock of claims (2.1 H): thirty days from receipt."""
OPEN_FOR_DEALER = ("entered", "returned")
APPROVED = ("approved", "partially_approved")
REVIEW = ("in_review", "appealed")
"""States in which a person of ours decides."""
REASONS: dict[str, str] = {
    "not_eligible": "The program does not pay for this sale", "wrong_document": "The paper is not on the program's list",
    "not_proved": "The proof does not say what it should", "duplicate": "Claimed before",
    "amount": "The amount is too high", "data": "Data contradict each other", "other": "Another reason",
}  # fmt: skip
_WHY = Input(name="note", label="Why", help="The dealer reads this.")
_APPEAL = Input(name="note", label="Why", help="Who decides reads this. A paper can be added below first.")
_REASON = Input(name="reason_code", label="Reason", kind="choice", choices=tuple(REASONS.items()))

FLOW = Flow(
    name="incentive_claims",
    title="Incentive claims",
    item_label="incentive claim",
    table=IncentiveClaim,
    initial="entered",
    rule="domain-rules 2.4, decision 0054",
    states=(
        State(name="entered", label="Entered", tone="gray", help="Not sent yet"),
        State(name="returned", label="Returned", tone="orange", help="Something is missing; the dealer completes it and sends it again"),
        State(name="in_review", label="In review", tone="blue", help="Every check is in order; a person decides"),
        State(name="appealed", label="Appealed", tone="violet", help="The dealer disagrees with a denial; another person decides"),
        State(name="approved", label="Approved", tone="green", help="Will be paid as claimed"),
        State(name="partially_approved", label="Partly approved", tone="green", help="Will be paid in part"),
        State(name="denied", label="Denied", tone="red", final=True, help="The program does not pay for it; may be appealed once"),
        State(name="reversed", label="Reversed", tone="red", final=True, help="The sale was unwound; what was approved is taken back"),
        State(name="void", label="Void", tone="gray", final=True, help="Taken back by the dealer before a decision"),
    ),
    slas=(Sla(name="decide", label="Decision", minutes=DECIDE_DAYS * 24 * 60, wall_clock=True, rule="2.1 H"),),
    steps=(
        Step(
            name="submit", label="Send", icon=":material/send:", permission=P.INCENTIVES_ENTER, sources=OPEN_FOR_DEALER,
            targets=("in_review", "returned", "denied"), routine=True,
            inputs=(
                Input(name="checklist_done", label="Everything on the program's checklist is done", kind="bool", required=False),
                Input(name="amount_cents", label="Amount", kind="money", required=False, help="Empty: as claimed before"),
            ),
        ),
        Step(
            name="void", label="Take back", icon=":material/delete:", permission=P.INCENTIVES_ENTER,
            sources=(*OPEN_FOR_DEALER, "in_review"), targets=("void",), inputs=(_WHY,),
        ),
        Step(
            name="approve", label="Approve", icon=":material/verified:", permission=P.INCENTIVES_DECIDE, sources=REVIEW,
            targets=("approved", "partially_approved", "in_review", "appealed"), four_eyes=True, other_hands=True, routine=True,
            inputs=(
                Input(name="amount_cents", label="Amount", kind="money", required=False, help="Empty: what the program pays. Less needs a note."),
                Input(name="note", label="Note", required=False, help="The dealer reads this."),
            ),
            help="Above your authority it is a signature and the next level decides",
        ),
        Step(
            name="deny", label="Deny", icon=":material/block:", permission=P.INCENTIVES_DECIDE, sources=REVIEW,
            targets=("denied",), four_eyes=True, other_hands=True, inputs=(_REASON, _WHY),
        ),
        Step(
            name="send_back", label="Return to dealer", icon=":material/undo:", permission=P.INCENTIVES_DECIDE, sources=("in_review",),
            targets=("returned",), four_eyes=True, inputs=(_REASON, _WHY), help="To be completed and sent again; an appeal is decided, not returned",
        ),
        Step(
            name="validate", label="Check again", icon=":material/fact_check:", permission=P.INCENTIVES_DECIDE, sources=REVIEW,
            help="All checks with the sale as it is now; nothing is decided",
        ),
        Step(
            name="appeal", label="Appeal", icon=":material/gavel:", permission=P.INCENTIVES_ENTER, sources=("denied",),
            targets=("appealed",), inputs=(_APPEAL,), help="Once, within the days of the program; another person decides",
        ),
        Step(
            name="reverse", label="Reverse", permission=P.INCENTIVES_ENTER, sources=("entered", "returned", *REVIEW, *APPROVED),
            targets=("reversed", "void"), by_job=True, help="With the unwinding of the sale",
        ),
    ),
)  # fmt: skip
