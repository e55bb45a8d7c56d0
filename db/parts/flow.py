# ruff: noqa: E501 - a declaration reads best with one step a line
"""The lives of a parts order and of a parts claim, declared once; commands.py holds a command for each step."""

from __future__ import annotations

from db.core.permissions import Permission
from db.parts.rules import CLAIM_MINUTES, CONFIRM_MINUTES, DENY_REASONS
from db.parts.tables import PartsClaim, PartsOrder
from db.workflow.spec import Flow, Input, Sla, State, Step

P = Permission
_WHY = Input(name="note", label="Why", help="The dealer reads this.")
_NOTE = Input(name="note", label="Note", required=False, help="The dealer reads this.")

ORDERS = Flow(
    name="parts_orders",
    title="Parts orders",
    item_label="parts order",
    table=PartsOrder,
    initial="placed",
    rule="domain-rules 2.11, decision 0051",
    states=(
        State(name="placed", label="Placed", tone="blue", help="Sent by the dealer, to be confirmed"),
        State(name="confirmed", label="Confirmed", tone="orange", help="Taken; its lines are promised and shipped"),
        State(name="closed", label="Closed", tone="green", final=True, help="Every line was shipped, or its rest cancelled"),
        State(name="cancelled", label="Cancelled", tone="gray", final=True, help="Nothing was shipped"),
    ),
    slas=(Sla(name="confirm", label="Confirmation", minutes=CONFIRM_MINUTES["stock"], rule="decision 0051"),),
    steps=(
        Step(name="confirm", label="Confirm", icon=":material/check:", permission=P.PARTS_MANAGE, sources=("placed",), targets=("confirmed",), routine=True),
        Step(name="cancel", label="Take back", icon=":material/undo:", permission=P.PARTS_ORDER, sources=("placed",), targets=("cancelled",), inputs=(_WHY,), help="As long as it was not confirmed"),
        Step(name="cancel_open", label="Cancel what is open", icon=":material/block:", permission=P.PARTS_MANAGE, sources=("confirmed",), targets=("closed", "cancelled"), inputs=(_WHY,), help="Cancels the rest of every line"),
        Step(name="close", label="Close", permission=P.PARTS_MANAGE, sources=("confirmed",), targets=("closed", "cancelled"), by_job=True, help="By itself, with the last open unit"),
    ),
)  # fmt: skip

CLAIMS = Flow(
    name="parts_claims",
    title="Parts claims",
    item_label="parts claim",
    table=PartsClaim,
    initial="sent_in",
    rule="domain-rules 2.11, decision 0051",
    states=(
        State(name="sent_in", label="To decide", tone="blue", help="A person of the manufacturer decides"),
        State(name="asked", label="Dealer asked", tone="orange", paused=True, help="The dealer has to answer a question"),
        State(name="credited", label="Credited", tone="green", final=True, help="The amount is credited"),
        State(name="replaced", label="Replaced", tone="green", final=True, help="A replacement was ordered, free of charge"),
        State(name="denied", label="Turned down", tone="red", final=True, help="With a reason the dealer reads"),
        State(name="withdrawn", label="Withdrawn", tone="gray", final=True, help="Taken back by the dealer"),
    ),
    slas=(Sla(name="decide", label="Decision", minutes=CLAIM_MINUTES, rule="decision 0051"),),
    steps=(
        Step(
            name="credit", label="Credit", icon=":material/payments:", permission=P.PARTS_DECIDE, sources=("sent_in",), targets=("credited",), four_eyes=True, routine=True,
            inputs=(Input(name="amount_cents", label="Amount", kind="money", required=False, help="Empty: the whole amount at the price of the order day"), _NOTE),
        ),
        Step(name="replace", label="Replace", icon=":material/swap_horiz:", permission=P.PARTS_DECIDE, sources=("sent_in",), targets=("replaced",), four_eyes=True, inputs=(_NOTE,), help="Orders the same part again, free of charge"),
        Step(
            name="deny", label="Turn down", icon=":material/block:", permission=P.PARTS_DECIDE, sources=("sent_in",), targets=("denied",), four_eyes=True,
            inputs=(Input(name="reason_code", label="Reason", kind="choice", choices=tuple(DENY_REASONS.items())), _WHY),
        ),
        Step(name="ask", label="Ask the dealer", icon=":material/help:", permission=P.PARTS_DECIDE, sources=("sent_in",), targets=("asked",), four_eyes=True, inputs=(_WHY,)),
        Step(name="answer", label="Answer", icon=":material/reply:", permission=P.PARTS_CLAIM, sources=("asked",), targets=("sent_in",), inputs=(Input(name="note", label="Answer"), Input(name="evidence", label="Photo or report", required=False, help="Where it is kept, such as the number of a document"))),
        Step(name="withdraw", label="Withdraw", icon=":material/undo:", permission=P.PARTS_CLAIM, sources=("sent_in", "asked"), targets=("withdrawn",), inputs=(_WHY,)),
    ),
)  # fmt: skip
