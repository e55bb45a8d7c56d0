# ruff: noqa: E501 - a declaration reads best with one input a line
"""The life of a claim, declared once (domain-rules 2.1 C); commands.py holds a command for each step.

Validation happens inside `submit`, so "submitted" and "validating" last no longer than that transaction; an approved
claim is payable at once (decision 0043).
"""

from __future__ import annotations

from db.claims.reason_rules import REASON_CODES
from db.claims.tables import Claim
from db.core.permissions import Permission
from db.workflow.spec import Flow, Input, Sla, State, Step

P = Permission  # the declaration below reads better with a short name

REVIEW = ("in_review", "appealed")
WAITING = ("pending_part", "pending_preauth", "with_engineering")
DEALERS_TURN = ("draft", "returned", "rejected")
HOLDERS = {
    "draft": "dealer", "returned": "dealer", "rejected": "dealer", "in_review": "us", "appealed": "us",
    "pending_part": "dealer", "pending_preauth": "dealer", "with_engineering": "engineering",
    "approved": "finance", "partially_approved": "finance",
}  # fmt: skip
"""Who has to move in each open state."""
APPROVED = ("approved", "partially_approved")
NEVER_PAID = "pre_authorization"
"""A type that is approved beforehand and never paid itself: approved, it is closed, and nobody holds it."""
HOLDER_LABELS = {"dealer": "Dealer", "us": "Us", "engineering": "Engineering", "finance": "Finance", "": "Nobody"}


def holder_of(status: str, claim_type: str) -> str:
    """Who has to move: dealer, us, engineering, finance, or empty for nobody."""
    if status in APPROVED and claim_type == NEVER_PAID:
        return ""
    return HOLDERS.get(status, "")


_NOTE = Input(name="note", label="Note", required=False, help="The dealer reads this.")
_WHY = Input(name="note", label="Why", help="The dealer reads this.")
_REASON = Input(name="reason_code", label="Reason", kind="choice", choices=tuple(REASON_CODES.items()))

FLOW = Flow(
    name="claims",
    title="Claims",
    item_label="claim",
    table=Claim,
    initial="draft",
    rule="domain-rules 2.1 C, decision 0043",
    states=(
        State(name="draft", label="Draft", tone="gray", help="Being entered; nothing was sent yet"),
        State(name="rejected", label="Not processed", tone="red", help="Key data are missing or invalid; to be corrected and sent again"),
        State(name="returned", label="Returned", tone="orange", help="Sent back to the dealer, who corrects it and sends it again"),
        State(name="in_review", label="In review", tone="blue", help="A person of the manufacturer decides"),
        State(name="pending_part", label="Waits for the old part", tone="violet", help="The old part has to be seen before a decision; the clock runs on"),
        State(name="pending_preauth", label="Waits for pre-authorization", tone="violet", help="A pre-authorization has to be decided first; the claim goes on by itself then"),
        State(name="with_engineering", label="With engineering", tone="violet", help="Engineering was asked"),
        State(name="appealed", label="Appealed", tone="orange", help="The dealer disagrees; another person decides"),
        State(name="approved", label="Approved", tone="green", help="Will be paid as claimed"),
        State(name="partially_approved", label="Partly approved", tone="green", help="Will be paid in part; each line says why"),
        State(name="denied", label="Denied", tone="red", final=True, help="Processed, will not be paid; may be appealed"),
        State(name="paid", label="Paid", tone="green", final=True, help="On a credit memo"),
        State(name="charged_back", label="Charged back", tone="red", final=True, help="Taken back after an audit"),
        State(name="adjusted", label="Adjusted", tone="gray", final=True, help="Paid, and changed by a supplement or a debit since"),
        State(name="void", label="Void", tone="gray", final=True, help="Taken back by the dealer before a decision"),
    ),
    slas=(Sla(name="decide", label="Decision", minutes=30 * 24 * 60, warn_at=(50, 80, 100), wall_clock=True, rule="2.1 H"),),
    steps=(
        Step(
            name="submit", label="Send", icon=":material/send:", permission=P.CLAIMS_ENTER, sources=DEALERS_TURN,
            targets=("rejected", "returned", "in_review", "approved", "partially_approved", "denied"), routine=True,
        ),
        Step(
            name="void", label="Take back", icon=":material/delete:", permission=P.CLAIMS_ENTER, sources=DEALERS_TURN,
            targets=("void",), inputs=(_WHY,),
        ),
        Step(
            name="approve", label="Approve", icon=":material/verified:", permission=P.CLAIMS_DECIDE, sources=(*REVIEW, *WAITING),
            targets=("approved", "partially_approved", "in_review", "appealed"), four_eyes=True, other_hands=True, routine=True,
            inputs=(_NOTE,), help="As suggested, line by line; above your authority it is a signature and the next level decides",
        ),
        Step(
            name="deny", label="Deny", icon=":material/block:", permission=P.CLAIMS_DECIDE, sources=(*REVIEW, *WAITING),
            targets=("denied", "partially_approved"), four_eyes=True, other_hands=True, inputs=(_REASON, _WHY),
            help="Nothing is paid; after an appeal what was approved before stays",
        ),
        Step(
            name="send_back", label="Return to dealer", icon=":material/undo:", permission=P.CLAIMS_DECIDE, sources=("in_review", *WAITING),
            targets=("returned",), four_eyes=True, inputs=(_REASON, _WHY), help="To be corrected and sent again; an appeal is decided, not returned",
        ),
        Step(
            name="await_part", label="Ask for the old part", icon=":material/inventory:", permission=P.CLAIMS_DECIDE, sources=REVIEW,
            targets=("pending_part",), four_eyes=True, inputs=(_WHY,),
        ),
        Step(
            name="ask_engineering", label="Ask engineering", icon=":material/engineering:", permission=P.CLAIMS_DECIDE, sources=REVIEW,
            targets=("with_engineering",), four_eyes=True, inputs=(_WHY,),
        ),
        Step(
            name="resume", label="Go on", icon=":material/play_arrow:", permission=P.CLAIMS_DECIDE, sources=WAITING,
            targets=REVIEW, inputs=(Input(name="note", label="What was found", required=False, help="Kept with the claim."),),
        ),
        Step(
            name="await_preauth", label="Wait for pre-authorization", permission=P.CLAIMS_DECIDE, sources=("in_review",),
            targets=("pending_preauth",), by_job=True, help="The pre-authorization it names is still open; it goes on by itself",
        ),
        Step(
            name="take", label="Take it", icon=":material/person_check:", permission=P.CLAIMS_DECIDE, sources=(*REVIEW, *WAITING),
            four_eyes=True, help="You decide it; others see that",
        ),
        Step(
            name="hand_over", label="Hand over", icon=":material/person_add:", permission=P.CLAIMS_DECIDE, sources=(*REVIEW, *WAITING),
            four_eyes=True, inputs=(Input(name="assignee_id", label="Who decides", kind="person"),),
        ),
        Step(
            name="appeal", label="Appeal", icon=":material/gavel:", permission=P.CLAIMS_ENTER, sources=("denied", "partially_approved"),
            targets=("appealed",), inputs=(_WHY,), help="Another person decides; once a claim by default",
        ),
        Step(
            name="deem_approved", label="Approve by silence", permission=P.CLAIMS_DECIDE, sources=(*REVIEW, *WAITING),
            targets=("approved", "partially_approved"), by_job=True, help="The legal clock ran out (2.1 H)",
        ),
        Step(name="pay", label="Pay", permission=P.CLAIMS_PAY, sources=("approved", "partially_approved"), targets=("paid",), by_job=True, help="With a payment batch"),
        Step(
            name="charge_back", label="Charge back", icon=":material/money_off:", permission=P.CLAIMS_CHARGE_BACK, sources=("paid", "adjusted"),
            targets=("charged_back",), four_eyes=True,
            inputs=(Input(name="amount_cents", label="Amount", kind="money"), _REASON, _WHY), help="After an audit (2.1 H)",
        ),
        Step(name="adjust", label="Adjust", permission=P.CLAIMS_DECIDE, sources=("paid", "adjusted"), targets=("adjusted",), by_job=True, help="By an approved supplement or debit"),
    ),
)  # fmt: skip
