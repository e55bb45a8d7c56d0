"""What the manufacturer does with lines: promise a day, ship, cancel a rest. Promises and shipments are only added."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.labels import local_day, plural
from db.core.permissions import Permission
from db.core.problems import Problems
from db.dealers.queries import get_dealer
from db.parts import rules
from db.parts.notices import tell_lines
from db.parts.record import (
    change_line,
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
from db.parts.tables import PartsOrder, PartsOrderLine, PartsPromise


def promise_lines(
    session: Session, *, lines: Mapping[int, int], promised_on: date | None, cause: str, reason: str, actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Tell the dealers a day on which their lines are there; `lines` is {line id: the version seen}; gives how many.

    Every day stays on record. A later day than before needs a cause and a reason. Problems: promised_on, cause, reason.
    """
    actor.require(Permission.PARTS_MANAGE)
    found = locked_lines(session, lines, actor=actor)
    orders = {order.id: order for order in orders_of(session, found)}
    today = _today(session, found, actor=actor, now=now)
    problems = Problems()
    reason = reason.strip()
    if promised_on is None:
        problems.add("promised_on", "required", "Choose the day it will be there.")
        problems.refuse_if_any()
    assert promised_on is not None
    if any(promised_on < today[line.dealer_id] for line in found):
        problems.add("promised_on", "past", "A promise is for today or later.")
    if all(line.promised_on == promised_on for line in found):
        problems.add("promised_on", "unchanged", "This day is promised already.")
    slips = [line for line in found if line.promised_on is not None and promised_on > line.promised_on]
    if slips and cause not in [name for name in rules.CAUSES if name not in ("first", "earlier")]:
        problems.add("cause", "required", "Say who is late: a promise is moved to a later day.")
    if slips and not reason:
        problems.add("reason", "required", "Say why the promise is moved.")
    if len(reason) > 1000:
        problems.add("reason", "too_long", "The reason has more than 1,000 characters.")
    problems.refuse_if_any()
    told = []
    for line in found:
        if line.promised_on == promised_on:
            continue
        moved = rules.slip(promised_on, first=line.first_promised_on, last=line.promised_on)
        why = cause if moved.last > 0 else "earlier" if line.promised_on else "first"
        session.add(
            PartsPromise(
                line_id=line.id, dealer_id=line.dealer_id, region=line.region, part_id=line.part_id,
                position=line.promises + 1, promised_on=promised_on, slip_last=moved.last, slip_first=moved.first,
                cause=why, reason=reason, said_by=actor.name, said_at=now,
            )
        )  # fmt: skip
        order = orders[line.order_id]
        words = f"{order.number} line {line.position}: {promised_on:%-d %b %Y}"
        if line.promised_on:
            words += f", {rules.slip_words(moved.last)} ({reason})" if reason else f", {rules.slip_words(moved.last)}"
        change_line(
            session, line, actor=actor, now=now, promised_on=promised_on, promises=line.promises + 1,
            first_promised_on=line.first_promised_on or promised_on,
        )  # fmt: skip
        told.append((line, order, words))
    follow_up(session, list(orders.values()), actor=actor, now=now)
    note_entry(
        session, "promise_lines", _said(list(orders.values()), len(told), f"promised for {promised_on:%-d %b %Y}"),
        order_items(list(orders.values())), actor=actor, now=now, reason=reason,
        after={"promised_on": promised_on, "lines": len(told), "slipped": len(slips)},
    )  # fmt: skip
    title = "A promised day of your parts has slipped" if slips else "Your parts have a promised day"
    tell_lines(session, told, kind="slipped" if slips else "promised", title=title, by=actor, now=now, mail=bool(slips))
    return len(told)


def ship_line(
    session: Session, *, line_id: int, seen_version: int, quantity: int | None, warehouse: str, actor: Actor,
    now: datetime, reference: str = "",
) -> None:  # fmt: skip
    """Ship units of a line from a warehouse, whose stock goes down; empty `warehouse` is straight from the supplier.

    Problems: quantity, warehouse, reference.
    """
    actor.require(Permission.PARTS_MANAGE)
    (line,) = locked_lines(session, {line_id: seen_version}, actor=actor)
    (order,) = orders_of(session, [line])
    problems = Problems()
    rest = line.ordered - line.shipped - line.cancelled
    if not quantity or quantity < 1:
        problems.add("quantity", "required", "Say how many units are shipped.")
    elif quantity > rest:
        problems.add("quantity", "too_many", f"Only {units(rest)} are open on this line.")
    if len(reference) > 60:
        problems.add("reference", "too_long", "The reference has more than 60 characters.")
    stock = locked_stock(session, [line.part_id], warehouse).get(line.part_id) if warehouse else None
    if warehouse and (stock is None or stock.on_hand < (quantity or 0)):
        there = stock.on_hand if stock else 0
        problems.add("warehouse", "not_in_stock", f"Warehouse {warehouse} has {units(there)} of this part.")
    problems.refuse_if_any()
    assert quantity is not None
    if stock is not None:
        take_from_stock(stock, quantity, actor=actor, now=now)
    day = _today(session, [line], actor=actor, now=now)[line.dealer_id]
    ship(
        session, line, quantity, warehouse=warehouse, reference=reference.strip(), day=day, actor=actor, now=now
    )  # fmt: skip
    follow_up(session, [order], actor=actor, now=now)
    note_entry(
        session, "ship_line", f"{order.number} line {line.position}: {units(quantity)} shipped", order_items([order]),
        actor=actor, now=now, after={"shipped": line.shipped, "quantity": quantity, "warehouse": warehouse},
    )  # fmt: skip
    words = f"{order.number} line {line.position}: {units(quantity)} on the way" + (
        f" ({reference.strip()})" if reference.strip() else ""
    )
    tell_lines(
        session, [(line, order, words)], kind="shipped", title="Parts were shipped", by=actor, now=now, mail=False
    )  # fmt: skip


def cancel_line(
    session: Session, *, line_id: int, seen_version: int, quantity: int | None, reason: str, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Cancel open units of a line; what was shipped stays. Problems: quantity, reason."""
    actor.require(Permission.PARTS_MANAGE)
    (line,) = locked_lines(session, {line_id: seen_version}, actor=actor)
    (order,) = orders_of(session, [line])
    problems = Problems()
    rest = line.ordered - line.shipped - line.cancelled
    if not quantity or quantity < 1:
        problems.add("quantity", "required", "Say how many units are cancelled.")
    elif quantity > rest:
        problems.add("quantity", "too_many", f"Only {units(rest)} are open on this line.")
    reason = problems.require(reason, "reason", "The reason", longest=1000)
    problems.refuse_if_any()
    assert quantity is not None
    before = line.cancelled
    change_line(session, line, actor=actor, now=now, cancelled=before + quantity, cancel_reason=reason)
    follow_up(session, [order], actor=actor, now=now, reason=reason)
    note_entry(
        session, "cancel_line", f"{order.number} line {line.position}: {units(quantity)} cancelled",
        order_items([order]), actor=actor, now=now, reason=reason, before={"cancelled": before},
        after={"cancelled": line.cancelled},
    )  # fmt: skip
    tell_lines(
        session, [(line, order, f"{order.number} line {line.position}: {units(quantity)} cancelled ({reason})")],
        kind="cancelled", title="Parts will not come", by=actor, now=now, mail=True,
    )  # fmt: skip


def _today(
    session: Session, lines: list[PartsOrderLine], *, actor: Actor, now: datetime
) -> dict[int, date]:  # fmt: skip
    """The day it is at each dealer of these lines."""
    found = {}
    for dealer_id in sorted({line.dealer_id for line in lines}):
        dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope)
        found[dealer_id] = local_day(now, dealer.facts.zone)
    return found


def _said(orders: list[PartsOrder], lines: int, what: str) -> str:
    where = orders[0].number if len(orders) == 1 else plural(len(orders), "order")
    return f"{where}: {plural(lines, 'line')} {what}"


__all__ = ["cancel_line", "promise_lines", "ship_line"]
