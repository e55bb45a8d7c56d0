# ruff: noqa: E501 - a declaration reads best with one step a line
"""The life of an old part, declared once; commands.py holds a command for each step (domain-rules 2.1 G)."""

from __future__ import annotations

from db.core.permissions import Permission
from db.part_returns.rules import ARRIVE_DAYS, FINDINGS, INSPECT_DAYS, THEN
from db.part_returns.tables import PartReturn
from db.workflow.spec import Flow, Input, Sla, State, Step

P = Permission
DAY = 24 * 60
_WHY = Input(name="note", label="Why", help="The dealer reads this.")
_NOTE = Input(name="note", label="Note", required=False)
_CARRIER = Input(name="carrier", label="Carrier")
_TRACKING = Input(name="tracking", label="Tracking number", required=False)
_UNTIL = Input(
    name="due_on",
    label="Last day",
    kind="date",
    required=False,
    help="The dealer's day. Empty: as many days as the claim policy gives.",
)

FLOW = Flow(
    name="part_returns",
    title="Parts returns",
    item_label="part return",
    table=PartReturn,
    initial="held",
    rule="domain-rules 2.1 G, decision 0053",
    states=(
        State(name="held", label="To keep", tone="violet", help="The dealer keeps the old part; we may still ask for it"),
        State(name="requested", label="To send in", tone="orange", help="Asked for with an RMA number; charged when it does not come by its day"),
        State(name="shipped", label="On its way", tone="blue", help="Handed to a carrier"),
        State(name="received", label="To inspect", tone="blue", help="Arrived; nobody has looked at it yet"),
        State(name="inspected", label="To settle", tone="orange", help="Inspected; what becomes of it is to be decided"),
        State(name="released", label="May be scrapped", tone="gray", final=True, help="The dealer need not keep it"),
        State(name="scrapped", label="Scrapped by us", tone="gray", final=True, help="Inspected and scrapped"),
        State(name="kept", label="Kept by us", tone="green", final=True, help="Inspected and kept, or paid for"),
        State(name="sent_back", label="Sent back", tone="green", final=True, help="Sent back to the dealer at our cost"),
        State(name="missing", label="Not returned", tone="red", final=True, help="Did not come by its day; the dealer was charged. A late arrival takes that back"),
        State(name="cancelled", label="Called off", tone="gray", final=True, help="No longer asked for; the part is the dealer's"),
    ),
    slas=(
        Sla(name="send", label="Send in", minutes=15 * DAY, warn_at=(50, 80, 100), wall_clock=True, rule="2.1 G"),
        Sla(name="arrive", label="Arrive", minutes=ARRIVE_DAYS * DAY, wall_clock=True, rule="own promise"),
        Sla(name="inspect", label="Inspect", minutes=INSPECT_DAYS * DAY, wall_clock=True, rule="own promise"),
    ),
    steps=(
        Step(name="ship", label="Hand to carrier", icon=":material/local_shipping:", permission=P.RETURNS_SHIP, sources=("requested", "missing"), targets=("shipped",), routine=True, inputs=(_CARRIER, _TRACKING), help="Put the label into the box; several parts may go in one"),
        Step(name="receive", label="Received", icon=":material/inventory_2:", permission=P.RETURNS_RECEIVE, sources=("requested", "shipped", "missing"), targets=("received",), routine=True, inputs=(_NOTE,), help="It has arrived; what was charged for it is taken back"),
        Step(
            name="inspect", label="Inspected", icon=":material/search:", permission=P.RETURNS_RECEIVE, sources=("received",), targets=("inspected", "scrapped", "kept"), routine=True,
            inputs=(
                Input(name="finding", label="What was found", kind="choice", choices=tuple(FINDINGS.items())),
                Input(name="then", label="What becomes of it", kind="choice", choices=tuple(THEN.items())),
                Input(name="note", label="Note", help="What was seen and measured. The dealer reads this."),
            ),
        ),
        Step(name="send_back", label="Send back", icon=":material/undo:", permission=P.RETURNS_RECEIVE, sources=("inspected",), targets=("sent_back",), inputs=(_CARRIER, _TRACKING), help="To the dealer, at our cost"),
        Step(
            name="pay", label="Pay for it", icon=":material/payments:", permission=P.CLAIMS_AUTHORIZE, sources=("inspected",), targets=("kept",),
            inputs=(Input(name="amount_cents", label="Amount", kind="money", required=False, help="Empty: what was claimed for the part"), _WHY), help="Instead of sending it back; it goes out with the next credit memo",
        ),
        Step(name="keep", label="Keep", icon=":material/shelves:", permission=P.RETURNS_RECEIVE, sources=("inspected",), targets=("kept",), inputs=(_NOTE,), help="For the supplier or the laboratory"),
        Step(name="scrap", label="Scrap", icon=":material/delete:", permission=P.RETURNS_RECEIVE, sources=("inspected",), targets=("scrapped",), inputs=(_NOTE,)),
        Step(name="ask_again", label="Ask for the right part", icon=":material/refresh:", permission=P.RETURNS_RECEIVE, sources=("inspected",), targets=("requested",), inputs=(_WHY,), help="Another part was in the box; the days begin anew"),
        Step(name="request", label="Ask for it", icon=":material/assignment_return:", permission=P.RETURNS_RECEIVE, sources=("held",), targets=("requested",), inputs=(_WHY, _UNTIL)),
        Step(name="extend", label="More time", icon=":material/more_time:", permission=P.RETURNS_RECEIVE, sources=("held", "requested"), inputs=(Input(name="due_on", label="Last day", kind="date", help="The dealer's day"), _WHY)),
        Step(name="not_arrived", label="Did not arrive", icon=":material/help:", permission=P.RETURNS_RECEIVE, sources=("shipped",), targets=("requested",), inputs=(_WHY,), help="The carrier lost it, or it was never sent; the days begin anew"),
        Step(name="release", label="May be scrapped", icon=":material/recycling:", permission=P.RETURNS_RECEIVE, sources=("held",), targets=("released",), inputs=(_NOTE,), help="By itself at the end of its days"),
        Step(name="cancel", label="Call off", icon=":material/block:", permission=P.RETURNS_RECEIVE, sources=("held", "requested"), targets=("cancelled",), inputs=(_WHY,), help="The part is not needed any more"),
        Step(name="waive", label="Waive the charge", icon=":material/money_off:", permission=P.CLAIMS_CHARGE_BACK, sources=("missing",), targets=("cancelled",), inputs=(_WHY,), help="Takes the charge back though the part did not come"),
        Step(name="miss", label="Charge", permission=P.RETURNS_RECEIVE, sources=("requested",), targets=("missing",), by_job=True, help="Its day has passed; what was paid for the part is charged"),
    ),
)  # fmt: skip
