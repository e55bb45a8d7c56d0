"""Taking an import of leads back: what it created goes, what it added to other leads is reverted (U14)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Date, delete, or_, select, update
from sqlalchemy.orm import Session

from db.core import changes
from db.core.actor import Actor
from db.core.area import RowOutcome
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.core.search import SearchWord
from db.core.types import UtcDateTime
from db.customers.tables import Consent, Customer, CustomerKey
from db.imports.tables import ImportRow
from db.leads.tables import Lead, LeadActivity, LeadContact, LeadKey, LeadVehicle
from db.people.tables import Notification

_CHUNK: Final = 500
_MOST_NAMED: Final = 20
_CHILDREN: Final = (LeadActivity, LeadContact, LeadVehicle, LeadKey)


def undo(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Take back what a batch did; gives the number of leads removed or reverted.

    Refused (`worked_since`, one problem a lead) when somebody has worked on a created lead since, or when a later
    document joined it: nobody's work is lost. What the sweep did by itself does not count as work.
    """
    actor.require(Permission.LEADS_IMPORT)
    joined = _joined(session, batch_id)
    reverted = {int(undo["joined"]) for undo in joined}
    created = {
        row.item_id: row.undo for row in rows if row.item_id is not None and row.undo and row.undo.get("created")
    }
    own = {int(found) for undo in joined if (found := undo.get("activity")) is not None}
    problems = _worked_since(session, created, own_activities=own, batch_id=batch_id)
    if problems:
        raise Refused(*problems[:_MOST_NAMED])
    for entry in joined:
        if int(entry["joined"]) not in created:
            _revert(session, entry, actor=actor, now=now)
    _remove(session, sorted(created), batch_id=batch_id)
    changes.touch(session, "leads", "customers")
    return len(created) + len(reverted - created.keys())


def _joined(session: Session, batch_id: int) -> list[dict[str, Any]]:
    """What documents of the batch added to leads we had, the last first; identical ones added nothing."""
    found = session.scalars(
        select(ImportRow.undo)
        .where(ImportRow.batch_id == batch_id, ImportRow.outcome.in_(("duplicate", "updated")))
        .where(ImportRow.item_type == "lead")
        .order_by(ImportRow.id.desc())
    )
    return [undo for undo in found if undo and "joined" in undo]


def _worked_since(
    session: Session, created: dict[int, Any], *, own_activities: set[int], batch_id: int
) -> list[Problem]:
    found: dict[int, Problem] = {}
    for ids in _chunks(sorted(created)):
        leads = session.execute(
            select(
                Lead.id, Lead.number, Lead.status, Lead.dealer_id, Lead.assignee_id, Lead.attempts, Lead.updated_by,
                Lead.first_action_at, Lead.breach_outcome, Lead.batch_id,
            ).where(Lead.id.in_(ids))
        )  # fmt: skip
        for lead in leads:
            before = created[lead.id]
            # A re-route by the sweep changes dealer and state without anybody's work.
            moved = lead.breach_outcome != "rerouted" and lead.dealer_id != before["dealer_id"]
            state = lead.status != before["status"] and not (before["status"] == "held" and not lead.first_action_at)
            if moved or lead.assignee_id or lead.attempts or (state and lead.first_action_at) or _ended(lead, before):
                found[lead.id] = _problem(lead.number, f"{lead.updated_by} has worked on it")
        activities = session.execute(
            select(Lead.id, Lead.number, LeadActivity.id.label("activity"), LeadActivity.by, LeadActivity.kind)
            .join(LeadActivity, LeadActivity.lead_id == Lead.id)
            .where(Lead.id.in_(ids), LeadActivity.by_username.not_like("system:sweep"))
        )
        for one in activities:
            if one.activity not in own_activities:
                what = "a later document joined it" if one.kind == "touch" else f"{one.by} has worked on it"
                found.setdefault(one.id, _problem(one.number, what))
        followers = session.execute(
            select(Lead.number, Lead.previous_lead_id, Lead.duplicate_of_id, Lead.batch_id).where(
                or_(Lead.previous_lead_id.in_(ids), Lead.duplicate_of_id.in_(ids))
            )
        )
        for number, previous_id, duplicate_of_id, of_batch in followers:
            if duplicate_of_id or of_batch != batch_id:
                target = duplicate_of_id if duplicate_of_id in created else previous_id
                assert target is not None
                found.setdefault(target, _problem("A lead", f"{number} refers to it"))
    return [found[key] for key in sorted(found)]


def _ended(lead: Any, before: dict[str, Any]) -> bool:
    ended = ("lost", "bad", "duplicate", "nurture", "qualified", "sold", "delivered")
    return bool(lead.status != before["status"] and lead.status in ended)


def _problem(number: str, why: str) -> Problem:
    return Problem(code="worked_since", message=f"{number} cannot be taken back: {why}.")


def _chunks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]


def _remove(session: Session, ids: list[int], *, batch_id: int) -> None:
    """Delete leads of the batch with everything that hangs on them, and the customers it made for them alone."""
    customers: set[int] = set()
    for part in _chunks(ids):
        customers |= set(session.scalars(select(Lead.customer_id).where(Lead.id.in_(part))))
        session.execute(
            update(Lead)
            .where(Lead.previous_lead_id.in_(part))
            .values(previous_lead_id=None)
            .execution_options(synchronize_session=False)
        )
    for part in _chunks(ids):
        for table in _CHILDREN:
            session.execute(delete(table).where(table.lead_id.in_(part)).execution_options(synchronize_session=False))
        session.execute(
            delete(SearchWord)
            .where(SearchWord.kind == "lead", SearchWord.item_id.in_(part))
            .execution_options(synchronize_session=False)
        )
        session.execute(
            delete(Notification)
            .where(Notification.item_type == "lead", Notification.item_id.in_(part))
            .execution_options(synchronize_session=False)
        )
        session.execute(delete(Lead).where(Lead.id.in_(part)).execution_options(synchronize_session=False))
    for part in _chunks(sorted(customers)):
        kept = set(session.scalars(select(Lead.customer_id).where(Lead.customer_id.in_(part)).distinct()))
        gone = list(
            session.scalars(select(Customer.id).where(Customer.id.in_(set(part) - kept), Customer.batch_id == batch_id))
        )
        for owned in (CustomerKey, Consent):
            session.execute(
                delete(owned).where(owned.customer_id.in_(gone)).execution_options(synchronize_session=False)
            )
        session.execute(
            delete(SearchWord)
            .where(SearchWord.kind == "customer", SearchWord.item_id.in_(gone))
            .execution_options(synchronize_session=False)
        )
        session.execute(delete(Customer).where(Customer.id.in_(gone)).execution_options(synchronize_session=False))


def _revert(session: Session, entry: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    """Take back what one document added to a lead that stays; what was changed since keeps its newer value."""
    lead_id = int(entry["joined"])
    for table, name in ((LeadKey, "keys"), (LeadContact, "contacts"), (LeadVehicle, "vehicles")):
        ids = entry.get(name) or []
        session.execute(delete(table).where(table.id.in_(ids)).execution_options(synchronize_session=False))
    if entry.get("activity"):
        session.execute(
            delete(LeadActivity)
            .where(LeadActivity.id == entry["activity"])
            .execution_options(synchronize_session=False)
        )
    lead = session.get(Lead, lead_id, with_for_update=True, populate_existing=True)
    before, after = entry.get("before") or {}, entry.get("after") or {}
    if lead is None or not before:
        return
    values: dict[str, Any] = {}
    for name, old in before.items():
        if name == "touches":
            values[name] = max(1, lead.touches - 1)
        elif _same(getattr(lead, name), after.get(name)):
            values[name] = _value(name, old)
    session.execute(
        update(Lead)
        .where(Lead.id == lead_id)
        .values(**values, version=Lead.version + 1, updated_at=now, updated_by=actor.name)
        .execution_options(synchronize_session=False)
    )
    session.expire(lead)


def _value(name: str, stored: Any) -> Any:
    """A column's value from what JSON kept of it."""
    kind = Lead.__table__.c[name].type
    if isinstance(stored, str) and isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(stored)
    if isinstance(stored, str) and isinstance(kind, Date):
        return date.fromisoformat(stored)
    return stored


def _same(value: Any, stored: Any) -> bool:
    if isinstance(value, datetime):
        return isinstance(stored, str) and datetime.fromisoformat(stored) == value
    return bool((value.isoformat() if isinstance(value, date) else value) == stored)
