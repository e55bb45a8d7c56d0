# ruff: noqa: E501 - a declaration reads best with one input a line
"""The life of a proposed term, declared once: it touches money, so a second person decides (domain-rules 2.0)."""

from __future__ import annotations

from db.core.permissions import Permission
from db.terms.tables import TermChange
from db.workflow.spec import Flow, Input, Sla, State, Step

DECISION_MINUTES = 2 * 9 * 60
"""Two business days of the desk, nine hours each."""

FLOW = Flow(
    name="terms",
    title="Terms",
    item_label="proposal",
    table=TermChange,
    initial="proposed",
    rule="domain-rules P3, 2.0",
    states=(
        State(name="proposed", label="Proposed", tone="orange", help="Waits for a second person"),
        State(name="in_force", label="In force", tone="green", final=True, help="Approved; it holds from its day on"),
        State(name="rejected", label="Rejected", tone="red", final=True, help="A second person said no, with a reason"),
        State(name="withdrawn", label="Withdrawn", tone="gray", final=True, help="Taken back by who asked, or by the undo of an import"),
    ),
    slas=(Sla(name="decision", label="Decision", minutes=DECISION_MINUTES, rule="Two business days of the desk"),),
    steps=(
        Step(
            name="approve", label="Approve", icon=":material/verified:", permission=Permission.TERMS_DECIDE, routine=True,
            sources=("proposed",), targets=("in_force",), four_eyes=True,
            inputs=(Input(name="note", label="Note", required=False),),
        ),
        Step(
            name="reject", label="Reject", icon=":material/block:", permission=Permission.TERMS_DECIDE,
            sources=("proposed",), targets=("rejected",), four_eyes=True,
            inputs=(Input(name="note", label="Why not", help="Who asked reads this."),),
        ),
        Step(
            name="withdraw", label="Withdraw", icon=":material/undo:", permission=Permission.TERMS_PROPOSE,
            sources=("proposed",), targets=("withdrawn",), own_only=True,
            inputs=(Input(name="note", label="Note", required=False),),
        ),
    ),
)  # fmt: skip
