"""Steps that bring a lead closer to a delivery: qualified, appointment, negotiation, sold (domain-rules 2.2 E)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from db.calendar.queries import calendar_for_dealer
from db.core.actor import Actor
from db.core.labels import moment_words
from db.core.problems import Problems
from db.leads.sale_commands import delivered_vehicle
from db.leads.stamps import begin, complete, once, quality_stamps

LONGEST_NOTE = 4000
LARGEST_PRICE = 1_000_000_000  # ten million, in cents


def qualify(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str,
    value_cents: int | None = None,
) -> None:  # fmt: skip
    """The wish is real and the person can buy. Whoever was qualified was spoken with, so contact is stamped too.

    `value_cents` is the price of what they want, where it is known. Problems: note, value_cents.
    """
    lead = begin(session, "qualify", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "A note", longest=LONGEST_NOTE)
    price = _price(problems, value_cents)
    problems.refuse_if_any()
    calendar = calendar_for_dealer(session, lead.dealer_id)
    values = price | once(lead, at=now, qualified_at=True, contacted_at=True)
    values |= quality_stamps(lead, at=now, calendar=calendar)
    complete(
        session, "qualify", lead, actor=actor, now=now, summary="qualified", reason=note, values=values,
        calendar=calendar,
    )  # fmt: skip


def set_appointment(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, appointment_at: datetime,
    kind: str = "", host_id: int | None = None, outside_hours: bool = False, note: str = "",
) -> None:  # fmt: skip
    """Agree a time at the dealer (UTC); the lead is due then. Problems belong to appointment_at and note.

    This marks the lead alone. What for, with whom and at which hours belong to the record the appointments area books
    with `book_for_lead`, which the screens call instead (decision 0035).
    """
    lead = begin(session, "set_appointment", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = _short(problems, note)
    if not isinstance(appointment_at, datetime) or appointment_at.tzinfo is None:
        problems.add("appointment_at", "required", "Choose the day and the time.")
    elif appointment_at <= now:
        problems.add("appointment_at", "past", "The appointment has to be later than now.")
    elif appointment_at > now + timedelta(days=365):
        problems.add("appointment_at", "too_far", "The appointment has to be within a year.")
    problems.refuse_if_any()
    calendar = calendar_for_dealer(session, lead.dealer_id)
    complete(
        session, "set_appointment", lead, actor=actor, now=now, appointment_at=appointment_at, reason=note,
        summary=f"appointment {moment_words(appointment_at, calendar.zone, now=now)} at the dealer",
        values=once(lead, at=now, appointment_set_at=True, contacted_at=True), calendar=calendar,
        extra={"appointment_at": appointment_at},
    )  # fmt: skip


def show_appointment(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = ""
) -> None:
    """The customer came: contact and a substantive answer at once."""
    lead = begin(session, "show_appointment", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = _short(problems, note)
    problems.refuse_if_any()
    calendar = calendar_for_dealer(session, lead.dealer_id)
    values = once(lead, at=now, appointment_shown_at=True, contacted_at=True)
    values |= quality_stamps(lead, at=now, calendar=calendar)
    complete(
        session, "show_appointment", lead, actor=actor, now=now, summary="the customer came", reason=note,
        values=values, calendar=calendar,
    )  # fmt: skip


def negotiate(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, value_cents: int | None = None,
    note: str = "",
) -> None:  # fmt: skip
    """An offer is on the table; `value_cents` is what was offered, where it is known. Problems: note, value_cents."""
    lead = begin(session, "negotiate", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = _short(problems, note)
    values = _price(problems, value_cents)
    problems.refuse_if_any()
    values |= once(lead, at=now, negotiation_at=True)
    complete(session, "negotiate", lead, actor=actor, now=now, summary="in negotiation", reason=note, values=values)


def sell(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, value_cents: int | None = None,
    note: str = "",
) -> None:  # fmt: skip
    """Sold, waiting for delivery; `value_cents` is the agreed price where it is known."""
    lead = begin(session, "sell", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = _short(problems, note)
    values = _price(problems, value_cents)
    problems.refuse_if_any()
    values |= once(lead, at=now, sold_at=True, contacted_at=True)
    complete(session, "sell", lead, actor=actor, now=now, summary="sold", reason=note, values=values)


def deliver(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> None:
    """The customer has the vehicle; the lead is closed as won, and what was bought is on the customer's record.

    Where the VIN or new/used is not known, the delivery does not wait: `complete_sale` adds it (decision 0041).
    """
    lead = begin(session, "deliver", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = _short(problems, note)
    problems.refuse_if_any()
    values = once(lead, at=now, delivered_at=True) | {"closed_at": now}
    also = delivered_vehicle(session, lead, actor=actor, now=now)
    complete(session, "deliver", lead, actor=actor, now=now, summary="delivered", reason=note, values=values, also=also)


def _price(problems: Problems, value_cents: int | None) -> dict[str, Any]:
    """The column of a price somebody gave; nothing where none was given, so what is known stays."""
    if value_cents is None:
        return {}
    if isinstance(value_cents, bool) or not isinstance(value_cents, int):
        problems.add("value_cents", "not_cents", "Give the price as an amount of money.")
    elif not 0 < value_cents <= LARGEST_PRICE:
        problems.add("value_cents", "out_of_range", "The price has to be more than 0 and at most 10,000,000.")
    return {"value_cents": value_cents}


def _short(problems: Problems, note: str | None) -> str:
    text = (note or "").strip()
    if len(text) > LONGEST_NOTE:
        problems.add("note", "too_long", f"At most {LONGEST_NOTE:,} characters fit.")
    return text
