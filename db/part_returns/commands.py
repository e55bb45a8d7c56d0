"""Every step of an old part's life; each with its claim locked, the charge corrected, one entry and who is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from db.claim_payments.entry_commands import post_part_credit
from db.core.actor import Actor
from db.core.labels import storable
from db.core.problems import Problem, Problems, Refused
from db.part_returns import notices, record, rules
from db.part_returns.flow import FLOW
from db.part_returns.tables import PartReturn
from db.workflow.engine import end_step

LONGEST = 2_000
LONGEST_DAYS = 365


def _text(value: str, field: str, label: str, *, needed: bool = False, longest: int = LONGEST) -> str:
    """What was typed, stripped; refused when it is needed and missing, or too long."""
    problems = Problems()
    text = storable(value or "").strip()
    if needed:
        text = problems.require(value, field, label, longest=longest)
    elif len(text) > longest:
        problems.add(field, "too_long", f"At most {longest:,} characters fit.")
    problems.refuse_if_any()
    return text


def check_carrier(carrier: str, tracking: str) -> tuple[str, str]:
    """Carrier and tracking number as they are kept; both columns hold 60 characters. Problems: carrier, tracking."""
    problems = Problems()
    name = problems.require(carrier, "carrier", "The carrier", longest=60)
    number = storable(tracking or "").strip()
    if len(number) > 60:
        problems.add("tracking", "too_long", "At most 60 characters fit.")
    problems.refuse_if_any()
    return name, number


def check_day(day: date | None, *, zone: str, now: datetime, needed: bool = False) -> None:
    """A last day lies from today (the dealer's) to a year ahead. Problems: due_on."""
    problems = Problems()
    today = rules.day_of(now, zone)
    if day is None:
        if needed:
            problems.add("due_on", "required", "Choose the last day.")
    elif not today <= day <= today + timedelta(days=LONGEST_DAYS):
        problems.add("due_on", "day", "Choose a day from today on, within a year.")
    problems.refuse_if_any()


# ---- at the dealer ---------------------------------------------------------------------------------------------------
def request(
    session: Session, *, item_id: int, seen_version: int, note: str, due_on: date | None = None, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Ask for a part the dealer keeps; it has the policy's days, or until a day. Problems: note, due_on."""
    row = record.begin(session, "request", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _text(note, "note", "The reason", needed=True)
    zone = record.zone_of(session, row)
    check_day(due_on, zone=zone, now=now)
    values = record.asked(session, zone=zone, now=now, due_on=due_on)
    changed = end_step(
        session, FLOW, "request", row, actor=actor, now=now, disposition="return", why=note, requested_by=actor.name,
        **values,
    )  # fmt: skip
    record.note_entry(
        session, "request", row, f"asked for, to be sent in by {row.due_on}.", actor=actor, now=now, reason=note,
        **changed,
    )  # fmt: skip
    notices.tell_asked(session, [row], now=now)


def extend(
    session: Session, *, item_id: int, seen_version: int, due_on: date | None, note: str, actor: Actor, now: datetime
) -> None:
    """Another last day for a part to be kept or sent in; reminders begin anew. Problems: due_on, note."""
    row = record.begin(session, "extend", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _text(note, "note", "The reason", needed=True)
    zone = record.zone_of(session, row)
    check_day(due_on, zone=zone, now=now, needed=True)
    assert due_on is not None
    chosen: dict[str, Any] = {"due_on" if row.status == "requested" else "hold_until": due_on}
    changed = end_step(
        session, FLOW, "extend", row, actor=actor, now=now, due_at=rules.end_of_day(due_on, zone), warned_percent=0,
        **chosen,
    )  # fmt: skip
    record.note_entry(
        session, "extend", row, f"more time, until {due_on}.", actor=actor, now=now, reason=note, **changed
    )
    notices.tell_changed(session, row, f"you have until {due_on}", note, now=now)


def ship(
    session: Session, *, item_id: int, seen_version: int, carrier: str, tracking: str = "", actor: Actor, now: datetime
) -> None:
    """The dealer handed a part to a carrier. Problems: carrier, tracking."""
    row = record.begin(session, "ship", item_id=item_id, seen_version=seen_version, actor=actor)
    carrier, tracking = check_carrier(carrier, tracking)
    changed = shipped(session, row, carrier=carrier, tracking=tracking, actor=actor, now=now)
    said = f"handed to {carrier}{', ' + tracking if tracking else ''}."
    record.note_entry(session, "ship", row, said, actor=actor, now=now, **changed)


def shipped(
    session: Session, row: PartReturn, *, carrier: str, tracking: str, actor: Actor, now: datetime
) -> dict[str, Any]:
    """Take the step for one part of a box; the command has the entry. A charge stands until the part arrives."""
    return end_step(
        session, FLOW, "ship", row, actor=actor, now=now, carrier=carrier, tracking=tracking, shipped_at=now,
        due_at=now + timedelta(days=rules.ARRIVE_DAYS), closed_at=None,
    )  # fmt: skip


def release(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> None:
    """The dealer may scrap a part before its days are over. Problems: note."""
    row = record.begin(session, "release", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _text(note, "note", "The note")
    changed = end_step(session, FLOW, "release", row, actor=actor, now=now, note=note, closed_at=now, due_at=now)
    record.note_entry(session, "release", row, "may be scrapped.", actor=actor, now=now, reason=note, **changed)
    notices.tell_changed(session, row, "may be scrapped", note, now=now)


def cancel(session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime) -> None:
    """The part is not needed any more; what is charged for one lost on its way is taken back. Problems: note."""
    row = record.begin(session, "cancel", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _text(note, "note", "The reason", needed=True)
    values = record.take_back(session, row, reason=note, actor=actor, now=now)
    changed = end_step(
        session, FLOW, "cancel", row, actor=actor, now=now, note=note, closed_at=now, due_at=now, **values
    )
    record.note_entry(session, "cancel", row, "no longer asked for.", actor=actor, now=now, reason=note, **changed)
    notices.tell_changed(session, row, "no longer asked for", note, now=now)


# ---- not returned ----------------------------------------------------------------------------------------------------
def miss(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> int:
    """Charge what was paid for a part that was not sent in by its day; gives the cents. For the sweep; once.

    Refused (`not_due`) while there is time, or while the claim is decided again. Never more than the claim is worth.
    """
    row = record.begin(session, "miss", item_id=item_id, seen_version=seen_version, actor=actor)
    claim = record.claim_of(session, row)
    why_not = rules.may_charge(status=row.status, claim_status=claim.status, due_at=row.due_at, now=now)
    if why_not:
        raise Refused(Problem(code="not_due", message=f"{row.number}: {why_not}", rule="domain-rules 2.1 G"))
    reason = f"{row.number}: {row.part_name or row.part_number} was not sent in by {row.due_on}."
    values = record.correct_charge(
        session, row, claim, status="missing", part_cents=row.part_cents, reason=reason, actor=actor, now=now
    )
    changed = end_step(
        session, FLOW, "miss", row, actor=actor, now=now, closed_at=now, due_at=now, warned_percent=100, **values
    )
    cents = record.charged_cents(session, row)
    said = f"not returned, {rules.money(cents)} charged."
    record.note_entry(session, "miss", row, said, actor=actor, now=now, reason=reason, **changed)
    notices.tell_charged(session, row, cents, now=now)
    return cents


def waive(session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime) -> None:
    """Take the charge back though the part did not come, and close it. Problems: note."""
    row = record.begin(session, "waive", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _text(note, "note", "The reason", needed=True)
    cents = record.charged_cents(session, row)
    values = record.take_back(session, row, reason=note, actor=actor, now=now)
    changed = end_step(session, FLOW, "waive", row, actor=actor, now=now, note=note, closed_at=now, **values)
    said = f"the charge of {rules.money(cents)} was waived"
    record.note_entry(session, "waive", row, f"{said}.", actor=actor, now=now, reason=note, **changed)
    notices.tell_changed(session, row, said, note, now=now)


# ---- with us ---------------------------------------------------------------------------------------------------------
def receive(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> None:
    """A part arrived; what was charged for it is taken back, once. Problems: note."""
    row = record.begin(session, "receive", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _text(note, "note", "The note")
    changed, back = received(session, row, actor=actor, now=now)
    said = f"arrived{f', {rules.money(back)} charged for it taken back' if back else ''}."
    record.note_entry(session, "receive", row, said, actor=actor, now=now, reason=note, **changed)


def received(session: Session, row: PartReturn, *, actor: Actor, now: datetime) -> tuple[dict[str, Any], int]:
    """Take the step for one part of a box; gives what changed and the cents taken back. The command has the entry."""
    cents = record.charged_cents(session, row)
    values = record.take_back(session, row, reason=f"{row.number} arrived.", actor=actor, now=now)
    changed = end_step(
        session, FLOW, "receive", row, actor=actor, now=now, received_at=now, closed_at=None,
        due_at=now + timedelta(days=rules.INSPECT_DAYS), **values,
    )  # fmt: skip
    if cents:
        said = f"arrived; the charge of {rules.money(cents)} is taken back"
        notices.tell_changed(session, row, said, "It goes out with the next credit memo.", now=now)
    return changed, cents


def not_arrived(session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime) -> None:
    """A part that was said to be on its way did not come; the dealer's days begin anew. Problems: note."""
    row = record.begin(session, "not_arrived", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _text(note, "note", "The reason", needed=True)
    values = record.asked(session, zone=record.zone_of(session, row), now=now)
    changed = end_step(session, FLOW, "not_arrived", row, actor=actor, now=now, **values)
    said = f"did not arrive, to be sent in or traced by {row.due_on}"
    record.note_entry(session, "not_arrived", row, f"{said}.", actor=actor, now=now, reason=note, **changed)
    notices.tell_changed(session, row, said, note, now=now, mail=True)


def inspect(
    session: Session, *, item_id: int, seen_version: int, finding: str, then: str, note: str, actor: Actor,
    now: datetime,
) -> str:  # fmt: skip
    """What was found, and what becomes of the part; gives the state it came to. Problems: finding, then, note.

    A part we owe to the dealer (denied because it has no defect) is neither scrapped nor kept by this step.
    """
    row = record.begin(session, "inspect", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    if finding not in rules.FINDINGS:
        problems.add("finding", "required", "Choose what was found.")
    target, refused = rules.after_inspection(finding, then, back_owed=row.back_owed)
    if refused:
        problems.add("then", "not_possible", refused, rule="domain-rules 2.1 G")
    note = problems.require(note, "note", "The note", longest=LONGEST)
    problems.refuse_if_any()
    is_final = FLOW.state(target).final
    changed = end_step(
        session, FLOW, "inspect", row, target=target, actor=actor, now=now, finding=finding, finding_note=note,
        inspected_at=now, inspected_by=actor.name, closed_at=now if is_final else None,
        due_at=now if is_final else record.to_settle(now),
    )  # fmt: skip
    said = f"inspected, {rules.FINDINGS[finding].lower()}"
    record.note_entry(session, "inspect", row, f"{said}.", actor=actor, now=now, reason=note, **changed)
    notices.tell_inspected(session, row, record.claim_of(session, row), by=actor.user_id, now=now)
    return target


def scrap(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> None:
    """Scrap an inspected part; refused for one we owe to the dealer. Problems: note."""
    _close(session, "scrap", "scrapped.", item_id=item_id, seen_version=seen_version, note=note, actor=actor, now=now)


def keep(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> None:
    """Keep an inspected part; refused for one we owe to the dealer. Problems: note."""
    _close(session, "keep", "kept.", item_id=item_id, seen_version=seen_version, note=note, actor=actor, now=now)


def _close(
    session: Session, step: str, said: str, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime
) -> None:
    row = record.begin(session, step, item_id=item_id, seen_version=seen_version, actor=actor)
    note = _text(note, "note", "The note")
    _, refused = rules.after_inspection(row.finding, step, back_owed=row.back_owed)
    if refused and row.back_owed:
        raise Refused(Problem(code="back_owed", message=refused, rule="domain-rules 2.1 G"))
    changed = end_step(session, FLOW, step, row, actor=actor, now=now, note=note, closed_at=now, due_at=now)
    record.note_entry(session, step, row, said, actor=actor, now=now, reason=note, **changed)


def send_back(
    session: Session, *, item_id: int, seen_version: int, carrier: str, tracking: str = "", actor: Actor, now: datetime
) -> None:
    """Send a part back to the dealer at our cost. Problems: carrier, tracking."""
    row = record.begin(session, "send_back", item_id=item_id, seen_version=seen_version, actor=actor)
    carrier, tracking = check_carrier(carrier, tracking)
    changed = end_step(
        session, FLOW, "send_back", row, actor=actor, now=now, back_carrier=carrier, back_tracking=tracking,
        back_owed=False, closed_at=now, due_at=now,
    )  # fmt: skip
    said = f"sent back with {carrier}{', ' + tracking if tracking else ''}"
    record.note_entry(session, "send_back", row, f"{said}.", actor=actor, now=now, **changed)
    notices.tell_changed(session, row, said, row.finding_note, now=now)


def pay(
    session: Session, *, item_id: int, seen_version: int, amount_cents: int | None = None, note: str, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Pay for a part instead of sending it back (CA VC 3065); at most what was claimed for it, once.

    Only for a part we owe to the dealer. Problems: amount_cents, note.
    """
    row = record.begin(session, "pay", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    claimed = record.claimed_for_part(session, row)
    cents = claimed if amount_cents is None else amount_cents
    if not row.back_owed:
        problems.add("", "not_owed", "Only a part of a claim denied for no defect is paid for.", rule="2.1 G")
    elif not 0 < cents <= claimed:
        problems.add("amount_cents", "amount", f"More than nothing, at most the {rules.money(claimed)} claimed for it.")
    note = problems.require(note, "note", "The reason", longest=LONGEST)
    problems.refuse_if_any()
    entry_id = post_part_credit(
        session, claim_id=row.claim_id, key=f"part_credit:{row.id}", cents=cents, reason=note, actor=actor, now=now
    )
    changed = end_step(
        session, FLOW, "pay", row, actor=actor, now=now, credit_entry_id=entry_id, back_owed=False, note=note,
        closed_at=now, due_at=now,
    )  # fmt: skip
    said = f"we keep it and pay {rules.money(cents)}"
    record.note_entry(session, "pay", row, f"{said}.", actor=actor, now=now, reason=note, **changed)
    notices.tell_changed(session, row, said, note, now=now)


def ask_again(session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime) -> None:
    """Another part was in the box: ask for the right one, with new days. Problems: note."""
    row = record.begin(session, "ask_again", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _text(note, "note", "The reason", needed=True)
    if row.finding != "wrong_part":
        raise Refused(
            Problem(code="right_part", message="Only where another part was in the box is it asked for again.")
        )
    values = record.asked(session, zone=record.zone_of(session, row), now=now)
    changed = end_step(
        session, FLOW, "ask_again", row, actor=actor, now=now, why=note, requested_by=actor.name, received_at=None,
        **values,
    )  # fmt: skip
    said = f"another part was in the box; asked for again by {row.due_on}"
    record.note_entry(session, "ask_again", row, f"{said}.", actor=actor, now=now, reason=note, **changed)
    notices.tell_changed(session, row, said, note, now=now, mail=True)


COMMANDS: dict[str, Callable[..., Any]] = {
    "ship": ship, "receive": receive, "inspect": inspect, "send_back": send_back, "pay": pay, "keep": keep,
    "scrap": scrap, "ask_again": ask_again, "request": request, "extend": extend, "not_arrived": not_arrived,
    "release": release, "cancel": cancel, "waive": waive, "miss": miss,
}  # fmt: skip
