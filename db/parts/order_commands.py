"""Placing an order and every step of its life (domain-rules 2.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import timeline
from db.core.actor import Actor
from db.core.labels import local_day, plural
from db.core.permissions import Permission
from db.core.problems import Problems
from db.parts import rules
from db.parts.flow import ORDERS
from db.parts.notices import tell_lines, tell_vehicle_down
from db.parts.order_checks import checked_lines
from db.parts.record import (
    change_line,
    dealer_of,
    end_of_day,
    note_entry,
    order_items,
    write_order,
)
from db.parts.tables import PartsOrder, PartsOrderLine
from db.workflow.engine import begin_step, end_step


def place_order(
    session: Session, *, dealer_id: int | None, kind: str, lines: Sequence[Mapping[str, Any]], actor: Actor,
    now: datetime, reference: str = "", required_by: date | None = None, is_contract: bool = False, note: str = "",
    form_key: str | None = None,
) -> int:  # fmt: skip
    """Place an order of lines {"part", "quantity"} and give its id; the same `form_key` again gives the first.

    Problems: dealer_id, kind, reference, required_by, is_contract, note, lines (each naming its line).
    """
    actor.require(Permission.PARTS_ORDER)
    known = session.scalars(select(PartsOrder).where(PartsOrder.form_key == form_key)).first() if form_key else None
    if known is not None and actor.scope.allows(dealer_id=known.dealer_id, region=known.region):
        timeline.repeated(session)
        return known.id
    problems = Problems()
    if dealer_id is None:
        problems.add("dealer_id", "required", "Choose a dealer.")
        problems.refuse_if_any()
    dealer = dealer_of(session, dealer_id, actor=actor)
    today = local_day(now, dealer.zone)
    if kind not in rules.KINDS:
        problems.add("kind", "required", "Choose what kind of order it is.")
    if kind == "vehicle_down":
        note = problems.require(note, "note", "Which vehicle stands and why", longest=1000)
    if required_by is not None and required_by < today:
        problems.add("required_by", "past", "The day it is needed has passed.")
    if len(reference.strip()) > 40:
        problems.add("reference", "too_long", "The reference has more than 40 characters.")
    if is_contract and not actor.can(Permission.PARTS_MANAGE):
        problems.add("is_contract", "not_allowed", "Only the manufacturer says that an order is under contract.")
    if len(note) > 1000:
        problems.add("note", "too_long", "The note has more than 1,000 characters.")
    checked = checked_lines(session, lines, problems)
    problems.refuse_if_any()
    order = write_order(
        session, dealer, kind=kind, lines=checked, reference=reference.strip(), required_by=required_by,
        is_contract=is_contract, note=note.strip(), form_key=form_key, actor=actor, now=now,
    )  # fmt: skip
    note_entry(
        session, "place_order", f"{order.number}: {rules.KINDS[kind].lower()} order of {plural(len(checked), 'line')}",
        order_items([order]), actor=actor, now=now,
        after={"kind": kind, "required_by": order.required_by, "lines": len(checked), "total_cents": order.total_cents},
    )  # fmt: skip
    if kind == "vehicle_down":
        tell_vehicle_down(session, order, by=actor, now=now)
    return order.id


def confirm(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Take an order; from now on it is due on the day the dealer needs it."""
    order = begin_step(session, ORDERS, "confirm", item_id=item_id, seen_version=seen_version, actor=actor)
    dealer = dealer_of(session, order.dealer_id, actor=actor)
    due = end_of_day(order.required_by, dealer.zone)
    changed = end_step(session, ORDERS, "confirm", order, actor=actor, now=now, due_at=due)
    _entry(session, "confirm", order, "confirmed", actor=actor, now=now, **changed)


def cancel(session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime) -> None:
    """Take an order back before it was confirmed. Problems: note."""
    order = begin_step(session, ORDERS, "cancel", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "The reason", longest=1000)
    problems.refuse_if_any()
    _cancel_rest(session, order, note, actor=actor, now=now)
    changed = end_step(session, ORDERS, "cancel", order, actor=actor, now=now, end_reason=note)
    _entry(session, "cancel", order, "taken back", actor=actor, now=now, reason=note, **changed)


def cancel_open(session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime) -> None:
    """Cancel the rest of every line; what was shipped stays. Problems: note."""
    order = begin_step(session, ORDERS, "cancel_open", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "The reason", longest=1000)
    problems.refuse_if_any()
    lines = _cancel_rest(session, order, note, actor=actor, now=now)
    target = "closed" if _was_shipped(session, order.id) else "cancelled"
    changed = end_step(session, ORDERS, "cancel_open", order, target=target, actor=actor, now=now, end_reason=note)
    _entry(session, "cancel_open", order, "what was open was cancelled", actor=actor, now=now, reason=note, **changed)
    tell_lines(
        session, [(line, order, f"{order.number} line {line.position}: {note}") for line in lines], kind="cancelled",
        title=f"{order.number}: what was open was cancelled", by=actor, now=now, mail=True,
    )  # fmt: skip


def close(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Close an order nothing of which is open; lines do it by themselves, this is for one left behind."""
    order = begin_step(session, ORDERS, "close", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    if _open_lines(session, order.id):
        problems.add("", "open_lines", "Some lines of this order are still open.")
    problems.refuse_if_any()
    target = "closed" if _was_shipped(session, order.id) else "cancelled"
    changed = end_step(session, ORDERS, "close", order, target=target, actor=actor, now=now)
    _entry(session, "close", order, "closed", actor=actor, now=now, **changed)


def _open_lines(session: Session, order_id: int) -> list[PartsOrderLine]:
    query = select(PartsOrderLine).where(PartsOrderLine.order_id == order_id).order_by(PartsOrderLine.id)
    return [line for line in session.scalars(query.with_for_update()) if line.is_open]


def _was_shipped(session: Session, order_id: int) -> bool:
    query = select(PartsOrderLine.id).where(PartsOrderLine.order_id == order_id, PartsOrderLine.shipped > 0).limit(1)
    return session.scalar(query) is not None


def _cancel_rest(
    session: Session, order: PartsOrder, reason: str, *, actor: Actor, now: datetime
) -> list[PartsOrderLine]:
    lines = _open_lines(session, order.id)
    for line in lines:
        change_line(
            session, line, actor=actor, now=now, cancelled=line.ordered - line.shipped, cancel_reason=reason
        )  # fmt: skip
    return lines


def _entry(
    session: Session, command: str, order: PartsOrder, said: str, *, actor: Actor, now: datetime, reason: str = "",
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    note_entry(
        session, command, f"{order.number}: {said}", order_items([order]), actor=actor, now=now, reason=reason,
        before=before, after=after,
    )  # fmt: skip
