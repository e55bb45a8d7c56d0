"""Two leads that are one: the survivor shows everything of both, and it can be undone exactly (2.2 D, U10)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Date, select, update
from sqlalchemy.orm import Session

from db.calendar.queries import calendar_for_dealer
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.insert import insert_or_ignore
from db.core.problems import Problem, Problems, Refused
from db.core.types import UtcDateTime
from db.customers.tables import CustomerKey
from db.leads import stamps
from db.leads.flow import FLOW
from db.leads.intake_facts import NOBODY, plain
from db.leads.product_lines import NOT_STATED
from db.leads.stamps import promise_values
from db.leads.tables import Lead, LeadActivity, LeadContact, LeadKey, LeadVehicle
from db.workflow.engine import begin_step, end_step, get_item, move

_CHILDREN: Final[dict[str, type[Any]]] = {
    "lead_activity": LeadActivity, "lead_contact": LeadContact, "lead_vehicle": LeadVehicle, "lead_key": LeadKey,
}  # fmt: skip
_BLANKS: Final = (
    "requested_at", "requested_raw", "provider", "state", "postal_code", "preferred_contact", "brand", "wants",
    "comments", "question", "timeframe", "wanted_by", "vendor_name", "value_cents", "next_step",
)  # fmt: skip
# Of facts both have, the earlier counts: the customer was answered when the first of the two was (2.2 A).
_EARLIEST: Final = ("contacted_at", "qualified_at", "appointment_set_at", "appointment_shown_at", "negotiation_at")
LONGEST_NOTE: Final = 4000


def merge(
    session: Session, *, item_id: int, seen_version: int, into_id: int | str, note: str, actor: Actor, now: datetime
) -> None:
    """Close a lead as a duplicate of `into_id` (an id or a number), which gets its contacts, vehicles and activities.

    Blanks of the survivor are filled, nothing is overwritten, and its clock keeps its start: only an earlier answer on
    the duplicate counts as its answer. Leads of two dealers are never merged. Problems belong to into_id and note.
    """
    duplicate = begin_step(session, FLOW, "merge", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "A note", longest=LONGEST_NOTE)
    target = _target(session, into_id, duplicate, problems)
    problems.refuse_if_any()
    assert target is not None
    survivor = get_item(session, FLOW, item_id=target, actor=actor)
    _check(duplicate, survivor)
    moved = _move_children(session, duplicate.id, survivor.id)
    filled = _filled(survivor, duplicate)
    filled["touches"] = survivor.touches + duplicate.touches
    filled["attempts"] = survivor.attempts + duplicate.attempts
    filled["last_activity_at"] = max(survivor.last_activity_at, duplicate.last_activity_at)
    if "first_action_at" in filled or "contacted_at" in filled:
        calendar = calendar_for_dealer(session, survivor.dealer_id)
        filled |= promise_values(survivor, filled, status=survivor.status, calendar=calendar, now=now)
    shared = _share_keys(session, duplicate, survivor)
    kept = {
        "into": survivor.id, "moved": moved, "customer_keys": shared, "status": duplicate.status,
        "due_at": plain(duplicate.due_at), "stage_entered_at": plain(duplicate.stage_entered_at),
        "before": {name: plain(getattr(survivor, name)) for name in filled},
        "after": {name: plain(value) for name, value in filled.items()},
    }  # fmt: skip
    change = end_step(
        session, FLOW, "merge", duplicate, actor=actor, now=now, duplicate_of_id=survivor.id, due_at=None,
        closed_at=now, close_reason="duplicate", close_note=note, details={**duplicate.details, "merge": kept},
    )  # fmt: skip
    move(session, FLOW, survivor, target=survivor.status, actor=actor, now=now, **filled)
    stamps.moved(session, "merge", duplicate, actor=actor, now=now, **change)
    _record(
        session, "merge", f"{duplicate.number} merged into {survivor.number}", duplicate, survivor, reason=note,
        actor=actor, now=now,
        before={"status": change["before"].get("status")}, after={"status": "duplicate", "into": survivor.number},
        extra={"moved": {name: len(ids) for name, ids in moved.items()}, "filled": sorted(filled)},
    )  # fmt: skip


def unmerge(session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime) -> None:
    """Take a merge back: the lead is again what it was, with everything of its own; problems belong to note.

    On the other lead, what was filled in by the merge goes again unless somebody has changed it since.
    """
    duplicate = begin_step(session, FLOW, "unmerge", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "A note", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    kept = duplicate.details.get("merge")
    if not kept:
        sentence = "This lead was not merged here, so there is nothing to undo."
        raise Refused(Problem(code="not_merged", message=sentence))
    survivor = get_item(session, FLOW, item_id=kept["into"], actor=actor)
    for name, ids in kept["moved"].items():
        table = _CHILDREN[name]
        for child_id, position in ids:
            values: dict[str, Any] = {"lead_id": duplicate.id} | ({} if position is None else {"position": position})
            session.execute(
                update(table)
                .where(table.id == child_id, table.lead_id == survivor.id)
                .values(**values)
                .execution_options(synchronize_session=False)
            )
    _unshare_keys(session, survivor, kept["customer_keys"])
    restored = _restored(survivor, kept)
    details = {name: value for name, value in duplicate.details.items() if name != "merge"}
    entered = _value("stage_entered_at", kept.get("stage_entered_at") or plain(now))
    change = end_step(
        session, FLOW, "unmerge", duplicate, actor=actor, now=now, target=kept["status"], duplicate_of_id=None,
        due_at=_value("due_at", kept["due_at"]), closed_at=None, close_reason="", close_note="", details=details,
        stage_entered_at=entered,
    )  # fmt: skip
    move(session, FLOW, survivor, target=survivor.status, actor=actor, now=now, **restored)
    stamps.moved(session, "unmerge", duplicate, actor=actor, now=now, **change)
    _record(
        session, "unmerge", f"Merge of {duplicate.number} into {survivor.number} undone", duplicate, survivor,
        reason=note, actor=actor, now=now, before={"status": "duplicate"}, after={"status": kept["status"]}, extra={},
    )  # fmt: skip


def _target(session: Session, into_id: int | str, duplicate: Lead, problems: Problems) -> int | None:
    """The id of the survivor; people type "L-000123", "123" or choose from a list."""
    text = str(into_id if into_id is not None else "").strip().upper()
    found = session.scalar(select(Lead.id).where(Lead.number == text)) if text.startswith("L-") else None
    if found is None and text.isdigit() and len(text) < 18:
        found = int(text)
    if found is None:
        problems.add("into_id", "required", "Name the lead to merge into, such as L-000123.")
    elif found == duplicate.id:
        problems.add("into_id", "same_lead", "A lead cannot be merged into itself.")
    return found


def _check(duplicate: Lead, survivor: Lead) -> None:
    problems = Problems()
    if survivor.status in ("duplicate", "bad"):
        state = FLOW.state(survivor.status).label.lower()
        problems.add("into_id", "wrong_state", f"{survivor.number} is {state} itself; choose the lead that is worked.")
    if duplicate.dealer_id and survivor.dealer_id and duplicate.dealer_id != survivor.dealer_id:
        sentence = f"{survivor.number} belongs to another dealer; leads of two dealers stay apart."
        problems.add("into_id", "other_dealer", sentence, rule="domain-rules 2.2 D")
    problems.refuse_if_any()


def _move_children(session: Session, source: int, target: int) -> dict[str, list[list[int | None]]]:
    """Hang everything of one lead on the other, behind what it has; gives [id, former position] by table."""
    moved: dict[str, list[list[int | None]]] = {}
    for name, table in _CHILDREN.items():
        has_position = "position" in table.__table__.c
        columns = (table.id, table.position) if has_position else (table.id,)
        rows = session.execute(select(*columns).where(table.lead_id == source).order_by(table.id)).all()
        moved[name] = [[row[0], row[1] if has_position else None] for row in rows]
        values: dict[str, Any] = {"lead_id": target}
        if has_position:
            offset = max(session.scalars(select(table.position).where(table.lead_id == target)), default=0)
            values["position"] = table.position + offset
        session.execute(
            update(table).where(table.lead_id == source).values(**values).execution_options(synchronize_session=False)
        )
    return moved


def _filled(survivor: Lead, duplicate: Lead) -> dict[str, Any]:
    """What the survivor did not know, and the earlier of what both have done."""
    filled: dict[str, Any] = {
        name: getattr(duplicate, name)
        for name in _BLANKS
        if getattr(survivor, name) in (None, "") and getattr(duplicate, name) not in (None, "")
    }
    if survivor.customer_name == NOBODY and duplicate.customer_name != NOBODY:
        filled["customer_name"] = duplicate.customer_name
    if survivor.product == NOT_STATED and duplicate.product != NOT_STATED:
        filled["product"] = duplicate.product
    for name in _EARLIEST:
        theirs, ours = getattr(duplicate, name), getattr(survivor, name)
        if theirs is not None and (ours is None or theirs < ours):
            filled[name] = theirs
    for kind in ("first_action", "first_quality"):
        theirs, ours = getattr(duplicate, f"{kind}_at"), getattr(survivor, f"{kind}_at")
        if theirs is not None and (ours is None or theirs < ours):
            filled[f"{kind}_at"] = theirs
            filled[f"{kind}_minutes"] = getattr(duplicate, f"{kind}_minutes")
            if kind == "first_action":
                filled["first_action_by"] = duplicate.first_action_by
    return filled


def _share_keys(session: Session, duplicate: Lead, survivor: Lead) -> list[list[str]]:
    """Let the survivor's customer be recognised by the duplicate's keys too; gives those that were new."""
    if duplicate.customer_id == survivor.customer_id:
        return []
    keys = session.execute(
        select(CustomerKey.kind, CustomerKey.value).where(CustomerKey.customer_id == duplicate.customer_id)
    ).all()
    return [
        [kind, value]
        for kind, value in keys
        if insert_or_ignore(session, CustomerKey, {"customer_id": survivor.customer_id, "kind": kind, "value": value})
    ]


def _unshare_keys(session: Session, survivor: Lead, keys: list[list[str]]) -> None:
    for kind, value in keys:
        found = session.scalars(
            select(CustomerKey).where(
                CustomerKey.customer_id == survivor.customer_id, CustomerKey.kind == kind, CustomerKey.value == value
            )
        ).one_or_none()
        if found is not None:
            session.delete(found)
    session.flush()


def _restored(survivor: Lead, kept: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    before, after = kept["before"], kept["after"]
    for name, old in before.items():
        current = plain(getattr(survivor, name))
        if name in ("touches", "attempts"):
            # Counters keep what was added since.
            values[name] = max(0, getattr(survivor, name) - (after[name] - old))
        elif current == after[name]:
            values[name] = _value(name, old)
    return values


def _value(name: str, stored: Any) -> Any:
    """A column's value from what JSON kept of it."""
    kind = Lead.__table__.c[name].type
    if isinstance(stored, str) and isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(stored)
    if isinstance(stored, str) and isinstance(kind, Date):
        return date.fromisoformat(stored)
    return stored


def _record(
    session: Session, command: str, summary: str, duplicate: Lead, survivor: Lead, *, reason: str, actor: Actor,
    now: datetime, before: dict[str, Any], after: dict[str, Any], extra: dict[str, Any],
) -> None:  # fmt: skip
    changes.touch(session, "leads", "customers")
    timeline.record(
        session, actor=actor, now=now, area="leads", command=command, summary=summary, reason=reason, before=before,
        after=after, extra=extra,
        items=[timeline.Item("lead", one.id, one.dealer_id) for one in (duplicate, survivor)],
    )  # fmt: skip
