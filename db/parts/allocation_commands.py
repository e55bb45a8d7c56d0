"""Sharing out a part that is short: proposed on the screen, confirmed here exactly as it was seen (2.11)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from db.core import timeline
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Refused, Stale
from db.dealers.queries import get_dealer
from db.parts.allocation_queries import propose
from db.parts.notices import tell_lines
from db.parts.record import (
    ALLOCATION,
    follow_up,
    locked_lines,
    locked_stock,
    note_entry,
    order_items,
    orders_of,
    ship,
    take_from_stock,
    units,
)
from db.parts.tables import PartsAllocation, PartsAllocationLine


def confirm_allocation(
    session: Session, *, part_id: int, warehouse: str, seen_stock: int, seen_lines: Mapping[int, int], actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Allocate and ship what the proposal said; gives the id of the allocation.

    `seen_stock` and `seen_lines` ({line id: version}) are the versions the proposal was made from: when the stock, a
    line, or who waits has changed since, nothing happens (`Stale`), so of two people at once one wins.
    """
    actor.require(Permission.PARTS_MANAGE)
    stock = locked_stock(session, [part_id], warehouse).get(part_id)
    if stock is None:
        raise NotFound("This stock")
    if stock.version != seen_stock:
        raise Stale(what="The stock of this part", changed_by=stock.updated_by, changed_at=stock.updated_at)
    lines = {line.id: line for line in locked_lines(session, seen_lines, actor=actor)}
    proposal = propose(session, part_id=part_id, warehouse=warehouse, actor=actor, now=now)
    if {row.line_id: row.version for row in proposal.rows} != dict(seen_lines):
        raise Stale(what="The list of who waits for this part", changed_by="somebody else", changed_at=now)
    if not proposal.allocated:
        raise Refused(Problem(code="nothing", message="There is nothing to allocate: no stock is on hand."))
    orders = {order.id: order for order in orders_of(session, list(lines.values()))}
    (allocation_id,) = next_ids(session, PartsAllocation, item_type=ALLOCATION, count=1)
    made = PartsAllocation(
        id=allocation_id, number=f"AL-{allocation_id:06}", part_id=part_id, warehouse=warehouse,
        available=proposal.available, requested=proposal.requested, allocated=proposal.allocated, decided_at=now,
        decided_by=actor.name,
    )  # fmt: skip
    session.add(made)
    session.flush()
    told = []
    for position, row in enumerate(proposal.rows, 1):
        line = lines[row.line_id]
        session.add(
            PartsAllocationLine(
                allocation_id=allocation_id, line_id=line.id, dealer_id=line.dealer_id, region=line.region,
                position=position, requested=row.requested, allocated=row.allocated, demand=row.demand, why=row.why,
            )
        )  # fmt: skip
        if row.allocated:
            dealer = get_dealer(session, dealer_id=line.dealer_id, scope=actor.scope)
            ship(
                session, line, row.allocated, warehouse=warehouse, reference=made.number,
                day=local_day(now, dealer.facts.zone), actor=actor, now=now, allocation_id=allocation_id,
            )  # fmt: skip
            order = orders[line.order_id]
            told.append((line, order, f"{order.number} line {line.position}: {units(row.allocated)} on the way"))
    take_from_stock(stock, proposal.allocated, actor=actor, now=now)
    session.flush()
    touched = [orders[i] for i in sorted({line.order_id for line, _, _ in told})]
    follow_up(session, touched, actor=actor, now=now)
    note_entry(
        session, "confirm_allocation",
        f"{made.number}: {proposal.allocated:,} of {proposal.requested:,} units of {proposal.part} allocated",
        [timeline.Item(ALLOCATION, allocation_id), *order_items(touched)], actor=actor, now=now,
        after={"available": proposal.available, "requested": proposal.requested, "allocated": proposal.allocated},
    )  # fmt: skip
    tell_lines(
        session, told, kind="shipped", title="Parts that were short were allocated", by=actor, now=now, mail=False
    )
    return allocation_id
