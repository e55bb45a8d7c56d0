"""The life of an alert, declared once; commands.py holds a command for each step."""

from __future__ import annotations

from db.core.permissions import Permission
from db.surveys.rules import CONTACT_MINUTES, RESOLVE_MINUTES
from db.surveys.tables import SurveyAlert
from db.workflow.spec import Flow, Input, Sla, State, Step

OUTCOMES = {
    "fixed": "Put right", "goodwill": "Goodwill given", "explained": "Explained, customer agrees",
    "unresolved": "Customer stays unhappy", "wrong": "Answered by mistake",
}  # fmt: skip
ROOT_CAUSES = {
    "communication": "Communication", "waiting": "Waiting time", "repair": "Repair not right first time",
    "price": "Price or invoice", "staff": "Behaviour of staff", "product": "The vehicle itself",
    "delivery": "Delivery or hand-over", "other": "Something else",
}  # fmt: skip

FLOW = Flow(
    name="survey_alerts",
    title="Unhappy customers",
    item_label="alert",
    table=SurveyAlert,
    initial="open",
    rule="domain-rules 2.2b, decision 0039",
    states=(
        State(name="open", label="To call", tone="red", help="An unhappy customer nobody has called yet"),
        State(name="contacted", label="Customer reached", tone="orange", help="Spoken to; the matter is not closed"),
        State(name="resolved", label="Settled", tone="green", final=True, help="Closed, with outcome and root cause"),
        State(
            name="not_reachable", label="Customer not reached", tone="gray", final=True,
            help="Given up after the tries that are noted",
        ),
    ),
    slas=(
        Sla(name="contact", label="Call", minutes=CONTACT_MINUTES, wall_clock=True, rule="2.2b"),
        Sla(name="resolve", label="Settlement", minutes=RESOLVE_MINUTES, wall_clock=True, rule="decision 0039"),
    ),
    steps=(
        Step(
            name="contact", label="Customer reached", icon=":material/call:", permission=Permission.SURVEYS_WORK,
            sources=("open",), targets=("contacted",), routine=True,
            inputs=(Input(name="note", label="What the customer said"),),
        ),
        Step(
            name="resolve", label="Settle", icon=":material/task_alt:", permission=Permission.SURVEYS_WORK,
            sources=("contacted",), targets=("resolved",), routine=True,
            inputs=(
                Input(name="outcome", label="Outcome", kind="choice", choices=tuple(OUTCOMES.items())),
                Input(name="root_cause", label="Root cause", kind="choice", choices=tuple(ROOT_CAUSES.items())),
                Input(name="note", label="What was done"),
            ),
        ),
        Step(
            name="not_reachable", label="Not reachable", icon=":material/phone_missed:",
            permission=Permission.SURVEYS_WORK, sources=("open",), targets=("not_reachable",),
            inputs=(Input(name="note", label="What was tried, and when"),),
        ),
        Step(
            name="hand_over", label="Hand over", icon=":material/person_add:", permission=Permission.SURVEYS_WORK,
            sources=("open", "contacted"), inputs=(Input(name="assignee_id", label="Who calls", kind="person"),),
        ),
    ),
)  # fmt: skip
