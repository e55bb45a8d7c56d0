# ruff: noqa: E501 - a declaration reads best with one input a line
"""The life of a request for co-op money, declared once (domain-rules 2.3); commands.py holds a command for each step."""

from __future__ import annotations

from db.coop.queue_tables import CoopRequest
from db.core.permissions import Permission
from db.workflow.spec import Flow, Input, Sla, State, Step

P = Permission  # the declaration below reads better with a short name

DECIDE_DAYS = 10
"""One to two weeks are usual (domain-rules 2.3); a programme may say otherwise, the drawer shows its own."""
WITH_DEALER = ("entered", "returned")
HOLDS = ("approved", "partially_approved")
REASONS: dict[str, str] = {
    "not_eligible": "The programme does not pay for this", "brand": "The brand rules are not kept",
    "late": "Too late", "proof": "A proof is missing or says something else", "amount": "The amount is too high",
    "duplicate": "Asked for before", "funds": "The fund cannot pay it", "other": "Another reason",
}  # fmt: skip
WHY = Input(name="note", label="Why", help="The dealer reads this.")
REASON = Input(name="reason_code", label="Reason", kind="choice", choices=tuple(REASONS.items()))
AMOUNT = Input(
    name="amount_cents", label="Amount", kind="money", required=False, help="Empty: what is payable. Less needs a note."
)
NOTE = Input(name="note", label="Note", required=False, help="The dealer reads this.")
EXCEPTION = Input(
    name="override_reason",
    label="Reason of an exception",
    required=False,
    help="Only with the right to make one; empty otherwise.",
)

FLOW = Flow(
    name="coop_requests",
    title="Co-op requests",
    item_label="co-op request",
    table=CoopRequest,
    initial="entered",
    rule="domain-rules 2.3, decision 0062",
    states=(
        State(name="entered", label="Entered", tone="gray", help="Not sent yet"),
        State(name="returned", label="Returned", tone="orange", help="Something is open; the dealer completes it and sends it again"),
        State(name="in_review", label="In review", tone="blue", help="Waits for the pre-approval"),
        State(name="approved", label="Approved", tone="green", help="The money is reserved until the claim"),
        State(name="partially_approved", label="Partly approved", tone="green", help="A part of it is reserved until the claim"),
        State(name="denied", label="Denied", tone="red", final=True, help="The programme does not pay for it"),
        State(name="claimed", label="Claimed", tone="green", final=True, help="A claim was approved; what it left of the reserve was released"),
        State(name="released", label="Released", tone="gray", final=True, help="The reserve was given back unused"),
        State(name="lapsed", label="Lapsed", tone="gray", final=True, help="Nobody claimed in time; the reserve was given back"),
        State(name="withdrawn", label="Withdrawn", tone="gray", final=True, help="Taken back by the dealer before a decision"),
    ),
    slas=(Sla(name="decide", label="Decision", minutes=DECIDE_DAYS * 24 * 60, wall_clock=True, rule="2.3"),),
    steps=(
        Step(
            name="submit", label="Send", icon=":material/send:", permission=P.COOP_REQUEST, sources=WITH_DEALER,
            targets=("in_review",), routine=True,
        ),
        Step(
            name="approve", label="Approve", icon=":material/verified:", permission=P.COOP_DECIDE, sources=("in_review",),
            targets=HOLDS, four_eyes=True, routine=True, inputs=(AMOUNT, NOTE, EXCEPTION),
        ),
        Step(
            name="send_back", label="Return to dealer", icon=":material/undo:", permission=P.COOP_DECIDE, sources=("in_review",),
            targets=("returned",), four_eyes=True, inputs=(WHY,), help="To be completed and sent again",
        ),
        Step(
            name="deny", label="Deny", icon=":material/block:", permission=P.COOP_DECIDE, sources=("in_review",),
            targets=("denied",), four_eyes=True, inputs=(REASON, WHY),
        ),
        Step(
            name="withdraw", label="Take back", icon=":material/delete:", permission=P.COOP_REQUEST,
            sources=(*WITH_DEALER, "in_review"), targets=("withdrawn",), inputs=(NOTE,),
        ),
        Step(
            name="release", label="Release the reserve", icon=":material/lock_open:", permission=P.COOP_REQUEST, sources=HOLDS,
            targets=("released",), inputs=(WHY,), help="The activity does not take place; its money can be asked for again",
        ),
        Step(
            name="change", label="Change", permission=P.COOP_REQUEST, sources=WITH_DEALER, by_job=True,
            inputs=(Input(name="terms", label="Terms"),), help="In the form, before it is sent",
        ),
        Step(
            name="settle", label="Settle", permission=P.COOP_DECIDE, sources=HOLDS, targets=("claimed",), by_job=True,
            help="With the approval of its claim",
        ),
        Step(
            name="lapse", label="Lapse", permission=P.COOP_DECIDE, sources=HOLDS, targets=("lapsed",), by_job=True,
            help="By the sweep, when no claim came in time",
        ),
        Step(
            name="add_papers", label="Add files", permission=P.COOP_REQUEST, sources=WITH_DEALER, by_job=True,
            inputs=(Input(name="files", label="Files"), Input(name="form_key", label="Form", required=False)), help="A quote or artwork: PDF or picture",
        ),
        Step(
            name="remove_paper", label="Take a file out", permission=P.COOP_REQUEST, sources=WITH_DEALER, by_job=True,
            inputs=(Input(name="paper_id", label="File"), Input(name="reason", label="Why")), help="While it is with the dealer; it stays for the record",
        ),
    ),
)  # fmt: skip
