# ruff: noqa: E501 - a declaration reads best with one input a line
"""The life of a request for a discount or promotion, declared once (domain-rules 2.5); levels run inside `approve`."""

from __future__ import annotations

from db.core.permissions import Permission
from db.pricing.tables import PriceRequest
from db.workflow.spec import Flow, Input, Sla, State, Step

P = Permission  # the declaration below reads better with a short name

LEVEL_MINUTES = 2 * 9 * 60
"""Two business days of the desk for each level, nine hours each (domain-rules 2.5)."""
RUNNING = ("in_review", "approved")

FLOW = Flow(
    name="price_requests",
    title="Price requests",
    item_label="price request",
    table=PriceRequest,
    initial="in_review",
    rule="domain-rules 2.5, decision 0057",
    states=(
        State(name="in_review", label="In review", tone="orange", help="Waits for the signatures of its level"),
        State(name="approved", label="Approved", tone="green", help="Holds for exactly these terms, until it expires"),
        State(name="rejected", label="Rejected", tone="red", final=True, help="Somebody said no, with a reason; it can be changed and sent again"),
        State(name="expired", label="Expired", tone="gray", final=True, help="The days of the approval are over; ask anew"),
        State(name="withdrawn", label="Withdrawn", tone="gray", final=True, help="Taken back by who asked"),
    ),
    slas=(Sla(name="level", label="Signature", minutes=LEVEL_MINUTES, warn_at=(50, 100), rule="Two business days of the desk for each level"),),
    steps=(
        Step(
            name="approve", label="Approve", icon=":material/verified:", permission=P.PRICING_DECIDE, routine=True,
            sources=("in_review",), targets=("in_review", "approved"), four_eyes=True, other_hands=True,
            inputs=(Input(name="note", label="Note", required=False),),
        ),
        Step(
            name="reject", label="Reject", icon=":material/block:", permission=P.PRICING_DECIDE, sources=("in_review",),
            targets=("rejected",), four_eyes=True, other_hands=True,
            inputs=(Input(name="note", label="Why not", help="Who asked reads this."),),
        ),
        Step(
            name="withdraw", label="Withdraw", icon=":material/undo:", permission=P.PRICING_REQUEST, sources=RUNNING,
            targets=("withdrawn",), own_only=True, inputs=(Input(name="note", label="Note", required=False),),
        ),
        Step(
            name="change", label="Change the terms", permission=P.PRICING_REQUEST,
            sources=("in_review", "approved", "rejected"), targets=("in_review", "approved"), own_only=True,
            by_job=True, inputs=(Input(name="terms", label="Terms"),),
            help="A new version in the form: every signature and an approval are void",
        ),
        Step(
            name="expire", label="Expire", permission=P.PRICING_DECIDE, sources=("approved",), targets=("expired",),
            by_job=True, help="By the sweep, when its days are over",
        ),
    ),
)  # fmt: skip
