# ruff: noqa: E501 - a declaration reads best with one input a line
"""The life of a lead, declared once (domain-rules 2.2 E); commands.py holds a command for each step."""

from __future__ import annotations

from db.core.permissions import Permission
from db.leads.tables import Lead
from db.workflow.spec import Flow, Input, Sla, State, Step

P = Permission  # the declaration below reads better with a short name
WORKED = (
    "new",
    "assigned",
    "attempted",
    "contacted",
    "qualified",
    "appointment_set",
    "appointment_shown",
    "negotiation",
)
RESUMABLE = ("lost", "bad", "expired", "nurture")

OUTCOMES = {
    "call": (
        ("reached", "Spoke with the customer"), ("voicemail", "Left a voicemail"), ("no_answer", "No answer"),
        ("wrong_number", "Wrong number"), ("inbound", "Customer called us"),
    ),
    "email": (
        ("sent", "Personal e-mail sent"), ("answered", "Sent, answers the question"), ("inbound", "Customer wrote"),
        ("template", "Template or automatic"),
    ),
    "text": (
        ("sent", "Personal text sent"), ("answered", "Sent, answers the question"), ("inbound", "Customer texted"),
        ("template", "Template or automatic"),
    ),
    "visit": (("shown", "Customer was here"),),
    "chat": (("reached", "Chatted with the customer"), ("inbound", "Customer left a message")),
    "letter": (("sent", "Personal letter sent"), ("inbound", "Customer wrote a letter")),
    "note": (("note", "Internal note"),),
}  # fmt: skip
CONTACT_ICONS = {
    "call": ":material/call:", "email": ":material/mail:", "text": ":material/sms:", "visit": ":material/storefront:",
    "chat": ":material/chat:", "letter": ":material/markunread_mailbox:", "note": ":material/sticky_note_2:",
    "touch": ":material/repeat:",
}  # fmt: skip
LOST_REASONS = (
    ("competitor", "Bought a competitor's brand"), ("co_dealer", "Bought at another dealer of ours"),
    ("price", "Price"), ("no_stock", "No stock"), ("long_wait", "Wait too long"), ("finance", "Finance declined"),
    ("not_interested", "Not interested"), ("unresponsive", "Unresponsive"),
)  # fmt: skip
BAD_REASONS = (
    ("wrong_number", "Wrong number"), ("fake", "Fake"), ("under_age", "Under age"), ("out_of_market", "Out of market"),
    ("test", "Test"),
)  # fmt: skip

NOTE = Input(name="note", label="Note")
MAYBE_NOTE = Input(name="note", label="Note", required=False)

FLOW = Flow(
    name="leads",
    title="Leads",
    item_label="lead",
    table=Lead,
    initial="new",
    rule="domain-rules 2.2 E",
    states=(
        State(name="new", label="New", tone="blue", help="Arrived, no dealer yet"),
        State(name="held", label="Held", tone="orange", paused=True, help="Nobody to contact: needs a phone or e-mail"),
        State(name="assigned", label="Assigned", tone="blue", help="A dealer has it, nobody acted yet"),
        State(name="attempted", label="Attempted", tone="orange", help="Tried, not reached"),
        State(name="contacted", label="Contacted", tone="violet", help="Two-way contact"),
        State(name="qualified", label="Qualified", tone="violet"),
        State(name="appointment_set", label="Appointment set", tone="green"),
        State(name="appointment_shown", label="Appointment shown", tone="green"),
        State(name="negotiation", label="Negotiation", tone="green"),
        State(name="nurture", label="Nurture", tone="neutral", paused=True, help="Not now; comes back later"),
        State(name="sold", label="Sold", tone="green", help="Waiting for delivery"),
        State(name="delivered", label="Delivered", tone="green", final=True),
        State(name="lost", label="Lost", tone="gray", final=True),
        State(name="bad", label="Bad", tone="red", final=True, help="Not a real lead; proof is on the record"),
        State(name="duplicate", label="Duplicate", tone="gray", final=True, help="Merged into another lead"),
        State(name="expired", label="Expired", tone="gray", final=True, help="Idle for 90 days"),
    ),
    slas=(
        Sla(name="first_action", label="First action", minutes=15, rule="domain-rules 2.2 B"),
        Sla(name="first_quality", label="Quality response", minutes=60, rule="domain-rules 2.2 B"),
        Sla(name="wall_clock", label="Answer within a day", minutes=24 * 60, wall_clock=True, rule="domain-rules 2.2 B"),
    ),
    steps=(
        Step(
            name="log_activity", label="Log contact", icon=":material/call:", routine=True, permission=P.LEADS_WORK,
            sources=(*WORKED, "sold", "nurture"), targets=("attempted", "contacted", "appointment_shown"),
            inputs=(
                Input(
                    name="kind", label="Kind", kind="choice",
                    choices=(("call", "Call"), ("email", "E-mail"), ("text", "Text"), ("visit", "Visit"), ("note", "Note")),
                ),
                Input(name="outcome", label="Outcome", kind="choice"),
                MAYBE_NOTE,
                Input(name="form_key", label="", required=False),
            ),
        ),
        Step(
            name="assign", label="Assign", icon=":material/person_add:", permission=P.LEADS_ASSIGN,
            sources=(*WORKED, "nurture"), targets=("assigned",),
            inputs=(Input(name="dealer_id", label="Dealer", kind="dealer"), Input(name="assignee_id", label="Person", kind="person", required=False), NOTE),
        ),
        Step(
            name="release", label="Add contact", icon=":material/lock_open:", permission=P.LEADS_ASSIGN, sources=("held",), targets=("new", "assigned"),
            inputs=(Input(name="email", label="E-mail", required=False), Input(name="phone", label="Telephone", required=False), MAYBE_NOTE),
        ),
        Step(
            name="qualify", label="Qualify", icon=":material/verified:", permission=P.LEADS_WORK,
            sources=("attempted", "contacted"), targets=("qualified",),
            inputs=(NOTE, Input(name="value_cents", label="Price of what they want", kind="money", required=False)),
        ),
        Step(
            name="set_appointment", label="Set appointment", icon=":material/event:", permission=P.LEADS_WORK,
            sources=("contacted", "qualified", "negotiation"), targets=("appointment_set",),
            inputs=(
                Input(name="appointment_at", label="When", kind="moment"),
                Input(name="kind", label="For", kind="choice", required=False),
                Input(name="host_id", label="Host", kind="person", required=False),
                Input(name="outside_hours", label="Also outside opening hours", kind="bool", required=False),
                MAYBE_NOTE,
            ),
        ),
        Step(
            name="show_appointment", label="Customer showed", icon=":material/how_to_reg:", permission=P.LEADS_WORK,
            sources=("appointment_set",), targets=("appointment_shown",), inputs=(MAYBE_NOTE,),
        ),
        Step(
            name="negotiate", label="Negotiation", icon=":material/handshake:", permission=P.LEADS_WORK,
            sources=("contacted", "qualified", "appointment_set", "appointment_shown"), targets=("negotiation",),
            inputs=(Input(name="value_cents", label="Price offered", kind="money", required=False), MAYBE_NOTE),
        ),
        Step(
            name="sell", label="Sold", icon=":material/sell:", permission=P.LEADS_WORK,
            sources=("contacted", "qualified", "appointment_set", "appointment_shown", "negotiation"), targets=("sold",),
            inputs=(Input(name="value_cents", label="Price", kind="money", required=False), MAYBE_NOTE),
        ),
        Step(
            name="deliver", label="Delivered", icon=":material/key:", permission=P.LEADS_WORK, sources=("sold",),
            targets=("delivered",), inputs=(MAYBE_NOTE,),
        ),
        Step(
            name="nurture", label="Nurture", icon=":material/hourglass:", permission=P.LEADS_CLOSE, sources=WORKED,
            targets=("nurture",), inputs=(NOTE,),
        ),
        Step(
            name="lose", label="Lost", icon=":material/close:", permission=P.LEADS_CLOSE,
            sources=(*WORKED, "nurture", "sold"), targets=("lost",),
            inputs=(Input(name="reason", label="Reason", kind="choice", choices=LOST_REASONS), MAYBE_NOTE),
        ),
        Step(
            name="mark_bad", label="Bad lead", icon=":material/block:", permission=P.LEADS_CLOSE,
            sources=(*WORKED, "held", "nurture"), targets=("bad",),
            inputs=(Input(name="reason", label="Reason", kind="choice", choices=BAD_REASONS), NOTE),
        ),
        Step(
            name="reopen", label="Reopen", icon=":material/replay:", permission=P.LEADS_CLOSE, sources=RESUMABLE,
            targets=("assigned", "new"), inputs=(NOTE,),
        ),
        Step(
            name="merge", label="Merge into", icon=":material/merge:", permission=P.LEADS_MERGE,
            sources=(*WORKED, "held", "nurture"), targets=("duplicate",),
            inputs=(Input(name="into_id", label="Into lead"), NOTE),
        ),
        Step(
            name="unmerge", label="Undo merge", icon=":material/undo:", permission=P.LEADS_MERGE,
            sources=("duplicate",), targets=("new", "held", "assigned", "attempted", "contacted", "qualified", "appointment_set", "appointment_shown", "negotiation", "nurture"),
            inputs=(NOTE,),
        ),
        Step(
            name="hold", label="Hold", permission=P.LEADS_IMPORT, by_job=True, sources=("new",), targets=("held",), inputs=(NOTE,),
        ),
        Step(
            name="expire", label="Expire", permission=P.LEADS_CLOSE, by_job=True,
            sources=(*WORKED, "nurture"), targets=("expired",), inputs=(),
            help="Idle for 90 days (domain-rules 2.2 E)",
        ),
    ),
)  # fmt: skip
