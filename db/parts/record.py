"""What every command of parts has in common: parts and prices, stock at a moment, closing of orders, the entry."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, func, insert, select, true, update
from sqlalchemy.orm import Session

from db.calendar.queries import calendar_for_dealer
from db.calendar.rules import due_at
from db.claims.record import end_of_day
from db.core import changes, search, timeline
from db.core.actor import Actor
from db.core.insert import rows_changed
from db.core.labels import local_day, plural
from db.core.numbering import next_ids
from db.core.problems import NotFound, Problem, Refused, Stale
from db.dealers.tables import Dealer
from db.parts import rules
from db.parts.flow import ORDERS
from db.parts.tables import PartsOrder, PartsOrderLine, PartsShipment, PartsStock, PartsWarehouse
from db.warranty.record import index
from db.warranty.tables import Part, PartPrice
from db.workflow.engine import move

ORDER, CLAIM, ALLOCATION = "parts_order", "parts_claim", "parts_allocation"
"""Kinds of records in the timeline and in search."""
CHUNK = 500


def tidy(number: object) -> str:
    """A part number as the catalogue writes it: trimmed, upper case."""
    return str(number or "").strip().upper()


def parts_by_number(session: Session, numbers: Iterable[str]) -> dict[str, Part]:
    """The parts of the catalogue with these numbers."""
    wanted = sorted({n for n in numbers if n})
    found: dict[str, Part] = {}
    for start in range(0, len(wanted), CHUNK):
        some = session.scalars(select(Part).where(Part.number.in_(wanted[start : start + CHUNK])))
        found |= {part.number: part for part in some}
    return found


def ensure_parts(session: Session, names: Mapping[str, str], *, batch_id: int | None) -> tuple[dict[str, Part], int]:
    """The parts of these numbers, made where the catalogue lacks them; gives them and how many were made."""
    found = parts_by_number(session, names)
    missing = [n for n in names if n not in found]
    if missing:
        session.execute(
            insert(Part),
            [{"number": n, "name": names[n], "batch_id": batch_id} for n in missing],
        )
        made = parts_by_number(session, missing)
        for part in made.values():
            index(session, "part", part, is_new=True)
        found |= made
    return found, len(missing)


def prices_on(session: Session, part_ids: Collection[int], day: date) -> dict[int, int]:
    """The net price in cents of each part on a day; parts without a price are left out."""
    newest = (
        select(PartPrice.part_id, func.max(PartPrice.valid_from).label("since"))
        .where(PartPrice.part_id.in_(sorted(part_ids)), PartPrice.valid_from <= day)
        .group_by(PartPrice.part_id)
        .subquery()
    )
    rows = session.execute(
        select(PartPrice.part_id, PartPrice.net_cents).join(
            newest, (newest.c.part_id == PartPrice.part_id) & (newest.c.since == PartPrice.valid_from)
        )
    )
    return {row.part_id: row.net_cents for row in rows}


def facing_warehouse(session: Session, region: str | None) -> str:
    """The code of the warehouse that serves a region first, empty when none says so."""
    for code, regions in session.execute(
        select(PartsWarehouse.code, PartsWarehouse.regions).order_by(PartsWarehouse.code)
    ):
        if region in regions:
            return str(code)
    return ""


def free_stock(session: Session, part_ids: Collection[int], warehouse: str) -> dict[int, tuple[int, int]]:
    """(facing, network) units free for new lines, by part; parts without any stock figure are left out.

    Free is on hand less what earlier open lines were told stock covers. The stock rows are locked until the end.
    """
    ids = sorted(part_ids)
    facing: dict[int, int] = {}
    network: dict[int, int] = {}
    for stock in session.scalars(
        select(PartsStock).where(PartsStock.part_id.in_(ids)).order_by(PartsStock.id).with_for_update()
    ):
        network[stock.part_id] = network.get(stock.part_id, 0) + stock.on_hand
        if stock.warehouse == warehouse:
            facing[stock.part_id] = stock.on_hand
    gone = PartsOrderLine.shipped + PartsOrderLine.cancelled

    def held(units: Any) -> Any:
        return func.coalesce(func.sum(case((units > gone, units - gone), else_=0)), 0)

    at_home = case((PartsOrderLine.warehouse == warehouse, PartsOrderLine.facing_units), else_=0)
    rows = session.execute(
        select(PartsOrderLine.part_id, held(at_home), held(PartsOrderLine.network_units))
        .where(PartsOrderLine.part_id.in_(ids), PartsOrderLine.is_open == true())
        .group_by(PartsOrderLine.part_id)
    )
    reserved = {part_id: (near, far) for part_id, near, far in rows}
    return {
        part_id: (
            facing.get(part_id, 0) - reserved.get(part_id, (0, 0))[0], units - reserved.get(part_id, (0, 0))[1]
        )
        for part_id, units in network.items()
    }  # fmt: skip


def dealer_of(session: Session, dealer_id: int | None, *, actor: Actor) -> Dealer:
    """The dealer; `NotFound` when absent or out of scope."""
    dealer = session.get(Dealer, dealer_id or 0)
    if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
        raise NotFound("This dealer")
    return dealer


def write_order(
    session: Session, dealer: Dealer, *, kind: str, lines: Sequence[tuple[Part, int]], actor: Actor, now: datetime,
    reference: str = "", required_by: date | None = None, is_contract: bool = False, note: str = "",
    form_key: str | None = None, batch_id: int | None = None, free_of_charge: bool = False, status: str = "placed",
) -> PartsOrder:  # fmt: skip
    """Write a checked order with its lines, each with the price and the stock situation of this moment."""
    today = local_day(now, dealer.zone)
    calendar = calendar_for_dealer(session, dealer.id)
    needed = required_by or rules.add_days(calendar, today, rules.DEFAULT_DAYS[kind])
    ids = {part.id for part, _ in lines}
    prices = dict.fromkeys(ids, 0) if free_of_charge else prices_on(session, ids, today)
    warehouse = facing_warehouse(session, dealer.region)
    free = free_stock(session, ids, warehouse)
    (order_id,) = next_ids(session, PartsOrder, item_type=ORDER, count=1)
    due = due_at(calendar, now, rules.CONFIRM_MINUTES[kind])
    order = PartsOrder(
        id=order_id, number=f"PO-{order_id:06}", status=status, is_open=True, dealer_id=dealer.id,
        region=dealer.region, due_at=due if status == "placed" else end_of_day(needed, dealer.zone),
        submitted_by=actor.username, created_at=now, updated_at=now, updated_by=actor.name, kind=kind,
        reference=reference, is_contract=is_contract, ordered_on=today, required_by=needed, note=note,
        form_key=form_key, batch_id=batch_id, lines_count=len(lines),
        total_cents=sum(prices.get(part.id, 0) * quantity for part, quantity in lines),
    )  # fmt: skip
    session.add(order)
    session.flush()
    rows = []
    for position, (part, quantity) in enumerate(lines, 1):
        near, far = free.get(part.id, (None, None))
        rows.append(
            {
                "order_id": order_id, "dealer_id": dealer.id, "region": dealer.region, "position": position,
                "part_id": part.id, "rank": rules.RANKS[kind], "is_contract": is_contract, "ordered_on": today,
                "required_by": needed, "ordered": quantity, "unit_cents": prices.get(part.id), "warehouse": warehouse,
                "facing_units": None if near is None else rules.covered(quantity, on_hand=near, reserved=0),
                "network_units": None if far is None else rules.covered(quantity, on_hand=far, reserved=0),
                "updated_at": now, "updated_by": actor.name,
            }
        )  # fmt: skip
    session.execute(insert(PartsOrderLine), rows)
    search.index(
        session, kind=ORDER, item_id=order_id, texts=[order.number, reference, *(part.number for part, _ in lines)],
        dealer_id=dealer.id, region=dealer.region, is_new=True,
    )  # fmt: skip
    return order


def locked_lines(session: Session, seen: Mapping[int, int], *, actor: Actor) -> list[PartsOrderLine]:
    """The lines as they are now, locked, in order of id; `NotFound` out of scope, `Stale` when one was changed."""
    lines = list(
        session.scalars(
            select(PartsOrderLine)
            .where(PartsOrderLine.id.in_(sorted(seen)))
            .order_by(PartsOrderLine.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    allowed = [x for x in lines if actor.scope.allows(dealer_id=x.dealer_id, region=x.region)]
    if not seen or len(allowed) != len(seen):
        raise NotFound("This line")
    for line in lines:
        if line.version != seen[line.id]:
            raise Stale(what="A line of this order", changed_by=line.updated_by, changed_at=line.updated_at)
        if not line.is_open:
            raise Refused(Problem(code="wrong_state", message="Nothing is open on this line any more."))
    return lines


def change_line(session: Session, line: PartsOrderLine, *, actor: Actor, now: datetime, **values: Any) -> None:
    """Write columns of a line with its version in the WHERE; `is_open` follows from the quantities."""
    after = {name: values.get(name, getattr(line, name)) for name in ("shipped", "cancelled")}
    values["is_open"] = after["shipped"] + after["cancelled"] < line.ordered
    done = rows_changed(
        session,
        update(PartsOrderLine)
        .where(PartsOrderLine.id == line.id, PartsOrderLine.version == line.version)
        .values(**values, version=line.version + 1, updated_at=now, updated_by=actor.name)
        .execution_options(synchronize_session=False),
    )
    if done != 1:
        raise Stale(what="A line of this order", changed_by="somebody else", changed_at=now)
    session.refresh(line)


def orders_of(session: Session, lines: Sequence[PartsOrderLine]) -> list[PartsOrder]:
    """The orders of lines, locked, in order of id; what was placed counts as confirmed as soon as it is worked on."""
    ids = sorted({line.order_id for line in lines})
    return list(
        session.scalars(
            select(PartsOrder)
            .where(PartsOrder.id.in_(ids))
            .order_by(PartsOrder.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def follow_up(session: Session, orders: Sequence[PartsOrder], *, actor: Actor, now: datetime, reason: str = "") -> None:
    """After lines changed: a placed order is confirmed, one without open lines is closed (or cancelled)."""
    ids = [order.id for order in orders]
    rows = session.execute(
        select(
            PartsOrderLine.order_id, func.sum(case((PartsOrderLine.is_open == true(), 1), else_=0)),
            func.sum(PartsOrderLine.shipped),
        )
        .where(PartsOrderLine.order_id.in_(ids))
        .group_by(PartsOrderLine.order_id)
    )  # fmt: skip
    state = {order_id: (n_open, shipped) for order_id, n_open, shipped in rows}
    rows_of_zones = session.execute(
        select(Dealer.id, Dealer.zone).where(Dealer.id.in_(sorted({o.dealer_id for o in orders if o.dealer_id})))
    )
    zones: dict[int | None, str] = {row.id: row.zone for row in rows_of_zones}
    for order in orders:
        n_open, shipped = state[order.id]
        if n_open:
            if order.status == "placed":
                due = end_of_day(order.required_by, zones[order.dealer_id])
                move(session, ORDERS, order, target="confirmed", actor=actor, now=now, due_at=due)
        elif order.is_open:
            target = "closed" if shipped else "cancelled"
            move(session, ORDERS, order, target=target, actor=actor, now=now, end_reason=reason)


def ship(
    session: Session, line: PartsOrderLine, quantity: int, *, warehouse: str, reference: str, day: date, actor: Actor,
    now: datetime, allocation_id: int | None = None,
) -> None:  # fmt: skip
    """Write one shipment of a locked line; the stock of the warehouse is the caller's."""
    session.add(
        PartsShipment(
            line_id=line.id, dealer_id=line.dealer_id, region=line.region, quantity=quantity, warehouse=warehouse,
            shipped_on=day, reference=reference, allocation_id=allocation_id, shipped_at=now, shipped_by=actor.name,
        )
    )  # fmt: skip
    change_line(session, line, actor=actor, now=now, shipped=line.shipped + quantity, shipped_on=day)


def locked_stock(session: Session, part_ids: Collection[int], warehouse: str) -> dict[int, PartsStock]:
    """The stock rows of a warehouse, locked, in order of id."""
    rows = session.scalars(
        select(PartsStock)
        .where(PartsStock.part_id.in_(sorted(part_ids)), PartsStock.warehouse == warehouse)
        .order_by(PartsStock.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {stock.part_id: stock for stock in rows}


def facts_of_stock(stock: PartsStock) -> rules.StockFacts:
    """A stock row as the risk rules see it."""
    return rules.StockFacts(
        on_hand=stock.on_hand, oversold=stock.oversold, in_transit=stock.in_transit,
        lead_time_days=stock.lead_time_days, forecast_3=stock.forecast_3, min_bank=stock.min_bank,
        past_due=stock.past_due, local_backorder=stock.local_backorder, perf_6=stock.perf_6, flags=tuple(stock.flags),
    )  # fmt: skip


def take_from_stock(stock: PartsStock, quantity: int, *, actor: Actor, now: datetime) -> None:
    """Take units from a locked stock row; the shortfall follows."""
    stock.on_hand -= quantity
    stock.version += 1
    stock.updated_at, stock.updated_by = now, actor.name
    stock.shortfall = rules.shortfall(facts_of_stock(stock))


def note_entry(
    session: Session, command: str, summary: str, items: Sequence[timeline.Item], *, actor: Actor, now: datetime,
    reason: str = "", before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """The one entry of a command, and the change counter of the area."""
    changes.touch(session, "parts")
    timeline.record(
        session, actor=actor, now=now, area="parts", command=command, summary=summary, items=items, before=before,
        after=after, reason=reason,
    )  # fmt: skip


def order_items(orders: Sequence[PartsOrder]) -> list[timeline.Item]:
    """What the entry of a command on orders belongs to."""
    return [timeline.Item(ORDER, o.id, o.dealer_id) for o in orders]


def units(count: int) -> str:
    """ "1 unit", "3 units"."""
    return plural(count, "unit")
