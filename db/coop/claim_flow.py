# ruff: noqa: E501 - a declaration reads best with one input a line
"""The life of a co-op claim, declared once (domain-rules 2.3). The checks run inside `submit`: incomplete comes back."""

from __future__ import annotations

from db.coop.flow import AMOUNT, DECIDE_DAYS, EXCEPTION, NOTE, REASON, WHY, WITH_DEALER
from db.coop.queue_tables import CoopClaim
from db.core.permissions import Permission
from db.workflow.spec import Flow, Input, Sla, State, Step

P = Permission  # the declaration below reads better with a short name
APPROVED = ("approved", "partially_approved")

FLOW = Flow(
    name="coop_claims",
    title="Co-op claims",
    item_label="co-op claim",
    table=CoopClaim,
    initial="entered",
    rule="domain-rules 2.3, decision 0062",
    states=(
        State(name="entered", label="Entered", tone="gray", help="Not sent yet"),
        State(name="returned", label="Returned", tone="orange", help="A proof or a fact is missing; the dealer completes it and sends it again"),
        State(name="in_review", label="In review", tone="blue", help="Complete; a person decides"),
        State(name="approved", label="Approved", tone="green", help="Will be paid as calculated"),
        State(name="partially_approved", label="Partly approved", tone="green", help="Will be paid in part"),
        State(name="denied", label="Denied", tone="red", final=True, help="The programme does not pay for it"),
        State(name="reversed", label="Reversed", tone="red", final=True, help="What was approved is taken back"),
        State(name="void", label="Void", tone="gray", final=True, help="Taken back by the dealer before a decision"),
    ),
    slas=(Sla(name="decide", label="Decision", minutes=DECIDE_DAYS * 24 * 60, wall_clock=True, rule="2.3"),),
    steps=(
        Step(
            name="submit", label="Send", icon=":material/send:", permission=P.COOP_REQUEST, sources=WITH_DEALER,
            targets=("in_review", "returned", "denied"), routine=True,
        ),
        Step(
            name="approve", label="Approve", icon=":material/verified:", permission=P.COOP_DECIDE, sources=("in_review",),
            targets=APPROVED, four_eyes=True, routine=True, inputs=(AMOUNT, NOTE, EXCEPTION),
        ),
        Step(
            name="send_back", label="Return to dealer", icon=":material/undo:", permission=P.COOP_DECIDE, sources=("in_review",),
            targets=("returned",), four_eyes=True, inputs=(WHY,), help="To be completed and sent again",
        ),
        Step(
            name="deny", label="Deny", icon=":material/block:", permission=P.COOP_DECIDE, sources=("in_review",),
            targets=("denied",), four_eyes=True, inputs=(REASON, WHY), help="A reserve stays with its request until it lapses",
        ),
        Step(
            name="void", label="Take back", icon=":material/delete:", permission=P.COOP_REQUEST,
            sources=(*WITH_DEALER, "in_review"), targets=("void",), inputs=(NOTE,),
        ),
        Step(
            name="reverse", label="Reverse", icon=":material/settings_backup_restore:", permission=P.COOP_MANAGE, sources=APPROVED,
            targets=("reversed",), four_eyes=True, inputs=(WHY,), help="The money returns to the fund; what was paid is set off with the next payment",
        ),
        Step(
            name="change", label="Change", permission=P.COOP_REQUEST, sources=WITH_DEALER, by_job=True,
            inputs=(Input(name="terms", label="Terms"),), help="In the form, before it is sent",
        ),
        Step(
            name="add_proof", label="Add a proof", permission=P.COOP_REQUEST, sources=WITH_DEALER, by_job=True,
            inputs=(Input(name="kind", label="Proof"), Input(name="reference", label="Kept as")), help="From the list of the medium",
        ),
        Step(
            name="add_papers", label="Add files", permission=P.COOP_REQUEST, sources=WITH_DEALER, by_job=True,
            inputs=(Input(name="files", label="Files"), Input(name="form_key", label="Form", required=False)), help="The proof itself: PDF or picture",
        ),
        Step(
            name="remove_paper", label="Take a file out", permission=P.COOP_REQUEST, sources=WITH_DEALER, by_job=True,
            inputs=(Input(name="paper_id", label="File"), Input(name="reason", label="Why")), help="While it is with the dealer; it stays for the record",
        ),
    ),
)  # fmt: skip
