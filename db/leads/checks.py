"""What `python -m db check` verifies about leads: rollups that add up, stamps in an order that can be true."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, false, select, true
from sqlalchemy.orm import Session

from db.core.area import Check
from db.core.rollups import sums_check
from db.dealers.strays import in_another_region
from db.leads import rollup
from db.leads.flow import FLOW
from db.leads.tables import Lead
from db.leads.won_sums import SUMS

MOST = 20
_CLOSED = tuple(s.name for s in FLOW.states if s.final)

# One sentence each about a lead that cannot be; the numbers of the first few are named.
IMPOSSIBLE: tuple[tuple[str, Sequence[ColumnElement[bool]]], ...] = (
    ("is open in a closed state", (Lead.is_open == true(), Lead.status.in_(_CLOSED))),
    ("is closed in an open state", (Lead.is_open == false(), Lead.status.not_in(_CLOSED))),
    ("has a closed state without the time of closing", (Lead.status.in_(_CLOSED), Lead.closed_at.is_(None))),
    ("is open and has a time of closing", (Lead.is_open == true(), Lead.closed_at.is_not(None))),
    (
        "has a quality response before any action",
        (Lead.first_quality_at.is_not(None), Lead.first_action_at.is_(None)),
    ),
    ("has a quality response earlier than the first action", (Lead.first_quality_at < Lead.first_action_at,)),
    (
        "was contacted without any action",
        # A lead taken over from another system has no clock here and may know less.
        (Lead.contacted_at.is_not(None), Lead.first_action_at.is_(None), Lead.clock_started_at.is_not(None)),
    ),
    ("was qualified without contact", (Lead.qualified_at.is_not(None), Lead.contacted_at.is_(None))),
    ("was sold without contact", (Lead.sold_at.is_not(None), Lead.contacted_at.is_(None))),
    (
        "is open and nobody knows since when it stands in its state",
        (Lead.is_open == true(), Lead.stage_entered_at.is_(None)),
    ),
    ("has an appointment without contact", (Lead.appointment_set_at.is_not(None), Lead.contacted_at.is_(None))),
    (
        "came to an appointment that was never set",
        (Lead.appointment_shown_at.is_not(None), Lead.appointment_set_at.is_(None)),
    ),
    ("was delivered without being sold", (Lead.delivered_at.is_not(None), Lead.sold_at.is_(None))),
    ("is due before its clock started", (Lead.first_action_due_at < Lead.clock_started_at,)),
    ("has a dealer and no region", (Lead.dealer_id.is_not(None), Lead.region.is_(None))),
    ("is assigned to nobody", (Lead.status == "assigned", Lead.dealer_id.is_(None))),
    ("is held with a running clock", (Lead.status == "held", Lead.clock_started_at.is_not(None))),
    ("was merged into nothing", (Lead.status == "duplicate", Lead.duplicate_of_id.is_(None))),
)


def stamps_are_possible(session: Session) -> list[str]:
    """Leads whose stamps contradict each other, in sentences (domain-rules 2.2 A, E)."""
    found: list[str] = []
    for what, conditions in IMPOSSIBLE:
        numbers = session.scalars(select(Lead.number).where(*conditions).order_by(Lead.id).limit(MOST + 1)).all()
        if numbers:
            more = " and more" if len(numbers) > MOST else ""
            found.append(f"lead {', '.join(numbers[:MOST])}{more} {what}")
    stray = in_another_region(session, Lead, most=MOST)
    if stray:
        found.append(f"lead {', '.join(stray)} is in another region than its dealer")
    return found


CHECKS = (
    Check(name="Lead counts agree with the leads", run=rollup.differences, rebuild=rollup.rebuild),
    sums_check("Sums of won business agree with the leads", SUMS),
    Check(name="Stamps of leads are possible", run=stamps_are_possible),
)
