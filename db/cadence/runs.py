"""A lead on a plan: it starts, comes to its next day, is done step by step, and ends (domain-rules 2.2 E, G).

Tasks are made day by day, so that thousands of leads of one import stay cheap. Everything here may be called twice and
from two processes: a run is claimed by an UPDATE that names what it was, and who comes second changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import case, insert, select, true, update
from sqlalchemy.orm import Session

from db.cadence.absences import stand_ins_on
from db.cadence.plans import PlanInForce, plan_in_force, steps_of
from db.cadence.rules import (
    PlanStep,
    Slot,
    day_after,
    days_of,
    end_reason,
    midnight,
    opening_day,
    slot_of,
    steps_on,
)
from db.cadence.tables import CadenceRun, CadenceTask, Consent, Dealer, Lead, LeadContact
from db.calendar.queries import calendar_book, calendar_for_dealer
from db.calendar.rules import Calendar
from db.core.insert import insert_many, rows_changed
from db.core.labels import local_day
from db.customers.consent_rules import ConsentFact, may_contact

CHUNK = 500
NO_CONSENT, NO_PHONE, NO_EMAIL = "No consent to text messages", "No telephone number", "No e-mail address"
Slots = dict[tuple[str, datetime, PlanStep], Slot]
Starts = dict[tuple[str, datetime], tuple[date, int | None, datetime | None]]


# ---- starting ------------------------------------------------------------------------------------------------------
def start_runs(session: Session, leads: Sequence[Any], *, plan: str, now: datetime) -> int:
    """Let leads begin a plan; each row has id, dealer_id, region, assignee_id, customer_id, started_at and, of the
    dealer, calendar_id and zone. Gives how many. A lead that has an open run must not be among them.
    """
    if not leads:
        return 0
    force = plan_in_force(session, plan, now=now)
    book = calendar_book(session)
    slots: Slots = {}
    starts: Starts = {}
    calendars = {lead.id: book.get(lead.calendar_id, lead.zone) for lead in leads}
    rows = [_run(lead, force, calendars[lead.id], starts) for lead in leads]
    insert_many(session, CadenceRun, rows)
    days = days_of(force.steps)
    ids: dict[int, int] = {}
    for part in _chunks([lead.id for lead in leads]):
        found = session.execute(
            select(CadenceRun.lead_id, CadenceRun.id).where(CadenceRun.lead_id.in_(part), CadenceRun.is_open == true())
        )
        ids.update((lead_id, run_id) for lead_id, run_id in found)
    why = _unreachable(session, leads)
    tasks = [
        task
        for lead in leads
        for task in _tasks(
            lead, run_id=ids[lead.id], plan=plan, steps=force.steps, day=days[0], started_at=lead.started_at,
            calendar=calendars[lead.id], why=why, slots=slots, now=now,
        )
    ]  # fmt: skip
    insert_many(session, CadenceTask, tasks)
    return len(rows)


def _run(lead: Any, force: PlanInForce, calendar: Calendar, starts: Starts) -> dict[str, Any]:
    key = (f"{calendar.name}/{calendar.zone}", lead.started_at)
    if key not in starts:
        days = days_of(force.steps)
        following = day_after(force.steps, days[0])
        first = local_day(lead.started_at, calendar.zone)
        starts[key] = first, following, _next_at(calendar, first, following)
    first, following, next_at = starts[key]
    return {
        "lead_id": lead.id, "plan_version_id": force.version_id, "plan": force.plan, "dealer_id": lead.dealer_id,
        "region": lead.region, "assignee_id": lead.assignee_id, "started_at": lead.started_at, "first_day": first,
        "next_day": following, "next_at": next_at, "is_open": True, "ended_at": None,
        "end_reason": "", "attempts": None, "contact_day": None,
    }  # fmt: skip


def _next_at(calendar: Calendar, first: date, day: int | None) -> datetime | None:
    """When the next day of a run begins at the dealer."""
    if day is None:
        return None
    return midnight(opening_day(calendar, first + timedelta(days=day)), calendar.zone)


def _tasks(
    lead: Any, *, run_id: int, plan: str, steps: Sequence[PlanStep], day: int, started_at: datetime,
    calendar: Calendar, why: Mapping[tuple[int, str], str], slots: Slots, now: datetime,
) -> Iterable[dict[str, Any]]:  # fmt: skip
    """The tasks of one day; what cannot be done for want of consent or contact data is skipped with the reason."""
    hours = f"{calendar.name}/{calendar.zone}"
    for position, step in enumerate(steps_on(steps, day)):
        key = (hours, started_at, step)
        slot = slots.get(key)
        if slot is None:
            slot = slots[key] = slot_of(calendar, step, started_at=started_at)
        reason = why.get((lead.id, step.kind), "")
        yield {
            "run_id": run_id, "lead_id": lead.id, "plan": plan, "dealer_id": lead.dealer_id, "region": lead.region,
            "assignee_id": lead.assignee_id, "day": day, "position": position, "kind": step.kind,
            "required": step.required, "rank": 0 if day == 0 and position == 0 else 1, "opens_at": slot.opens_at,
            "due_at": slot.due_at, "due_on": slot.on, "ends_at": slot.ends_at,
            "state": "skipped" if reason else "open", "is_open": not reason, "done_at": None, "activity_id": None,
            "outcome": "", "done_by": "", "reason": reason, "stand_in_id": None, "version": 1, "updated_at": now,
        }  # fmt: skip


def _unreachable(session: Session, leads: Sequence[Any]) -> dict[tuple[int, str], str]:
    """Why a kind of contact is not possible, by (lead, kind): two statements for 500 leads."""
    found: dict[tuple[int, str], str] = {}
    for part in _chunks(leads):
        ways: dict[int, set[str]] = {}
        rows = session.execute(
            select(LeadContact.lead_id, LeadContact.kind).where(LeadContact.lead_id.in_([lead.id for lead in part]))
        )
        for lead_id, kind in rows:
            ways.setdefault(lead_id, set()).add(kind)
        said: dict[int, list[ConsentFact]] = {}
        consents = session.execute(
            select(Consent.customer_id, Consent.is_given, Consent.at).where(
                Consent.customer_id.in_({lead.customer_id for lead in part}), Consent.channel == "sms"
            )
        )
        for customer_id, given, at in consents:
            said.setdefault(customer_id, []).append(ConsentFact(channel="sms", is_given=given, at=at))
        for lead in part:
            # Who has no contact data stored here is known by the customer's record; nothing is ruled out then.
            known = ways.get(lead.id, {"phone", "email"})
            if "phone" not in known:
                found[lead.id, "call"] = found[lead.id, "text"] = NO_PHONE
            elif not may_contact("sms", said.get(lead.customer_id, ())).ok:
                found[lead.id, "text"] = NO_CONSENT
            if "email" not in known:
                found[lead.id, "email"] = NO_EMAIL
    return found


# ---- from day to day -----------------------------------------------------------------------------------------------
def advance(session: Session, run: CadenceRun, *, now: datetime) -> int:
    """Bring an open run up to now: missed what its day is over for, the tasks of the days that began since.

    Gives how many tasks changed or were made. The UPDATE names the day the run stood at, so of two sweeps one works.
    """
    changed = _miss(session, run, now=now)
    calendar = calendar_for_dealer(session, run.dealer_id)
    steps = steps_of(session, run.plan_version_id)
    while run.is_open and run.next_day is not None and run.next_at is not None and run.next_at <= now:
        day = run.next_day
        following = day_after(steps, day)
        next_at = _next_at(calendar, run.first_day, following)
        claimed = rows_changed(
            session,
            update(CadenceRun)
            .where(CadenceRun.id == run.id, CadenceRun.is_open == true(), CadenceRun.next_day == day)
            .values(next_day=following, next_at=next_at)
            .execution_options(synchronize_session=False),
        )
        session.refresh(run)
        if not claimed:
            continue
        lead = session.execute(_rows().where(Lead.id == run.lead_id)).one()
        tasks = list(
            _tasks(
                lead, run_id=run.id, plan=run.plan, steps=steps, day=day, started_at=run.started_at,
                calendar=calendar, why=_unreachable(session, [lead]), slots={}, now=now,
            )
        )  # fmt: skip
        session.execute(insert(CadenceTask), tasks)
        changed += len(tasks) + _miss(session, run, now=now)
    if run.is_open and run.next_day is None:
        last = session.scalar(
            select(CadenceTask.ends_at)
            .where(CadenceTask.run_id == run.id)
            .order_by(CadenceTask.ends_at.desc())
            .limit(1)
        )
        if last is None or last <= now:
            changed += end_run(session, run, reason="completed", now=last or now)
        elif run.next_at != last:
            run.next_at = last
            session.flush()
    return changed


def _miss(session: Session, run: CadenceRun, *, now: datetime) -> int:
    """Mark what is open although its day is over, once."""
    return close_tasks(session, run, state="missed", now=now, over=True)


def close_tasks(
    session: Session, run: CadenceRun, *, state: str, now: datetime, reason: str = "", over: bool = False,
    due_by: datetime | None = None,
) -> int:  # fmt: skip
    """Close open tasks of a run without a contact: those whose day is over, or those due by a moment, or all."""
    wanted = [CadenceTask.run_id == run.id, CadenceTask.is_open == true()]
    if over:
        wanted.append(CadenceTask.ends_at <= now)
    if due_by is not None:
        wanted.append(CadenceTask.due_at <= due_by)
    rows = session.execute(select(CadenceTask.id, CadenceTask.assignee_id, CadenceTask.due_on).where(*wanted)).all()
    if not rows:
        return 0
    away = {
        row.id: found
        for row in rows
        if row.assignee_id is not None
        and (found := stand_ins_on(session, person_ids=[row.assignee_id], day=row.due_on).get(row.assignee_id))
    }
    values: dict[str, Any] = {"state": state, "is_open": False, "reason": reason, "updated_at": now}
    if away:
        values["stand_in_id"] = case(away, value=CadenceTask.id, else_=None)
    return rows_changed(
        session,
        update(CadenceTask)
        .where(CadenceTask.id.in_([row.id for row in rows]), CadenceTask.is_open == true())
        .values(**values, version=CadenceTask.version + 1)
        .execution_options(synchronize_session=False),
    )


# ---- ending --------------------------------------------------------------------------------------------------------
def end_run(session: Session, run: CadenceRun, *, reason: str, now: datetime, attempts: int | None = None) -> int:
    """End a run: what was due by now and not done is missed, the rest was never due. Once; gives 1 when it ended."""
    calendar = calendar_for_dealer(session, run.dealer_id)
    values: dict[str, Any] = {
        "is_open": False,
        "ended_at": now,
        "end_reason": reason,
        "next_day": None,
        "next_at": None,
    }
    if reason == "reached":
        values |= {"attempts": attempts, "contact_day": max(0, (local_day(now, calendar.zone) - run.first_day).days)}
    ended = rows_changed(
        session,
        update(CadenceRun)
        .where(CadenceRun.id == run.id, CadenceRun.is_open == true())
        .values(**values)
        .execution_options(synchronize_session=False),
    )
    if ended:
        # What `rules.state_at_end` says of each, in two statements.
        close_tasks(session, run, state="missed", now=now, due_by=now)
        close_tasks(session, run, state="cancelled", now=now, reason=reason)
        session.refresh(run)
    return ended


def open_run(session: Session, lead_id: int) -> CadenceRun | None:
    """The open run of a lead, locked on PostgreSQL so that two contacts at once come one after the other."""
    return session.scalars(
        select(CadenceRun)
        .where(CadenceRun.lead_id == lead_id, CadenceRun.is_open == true())
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def follow_lead(session: Session, run: CadenceRun, lead: Any) -> None:
    """Let a run and its open tasks stand at the dealer and the person who have the lead now."""
    now_at = {"dealer_id": lead.dealer_id, "region": lead.region, "assignee_id": lead.assignee_id}
    if all(getattr(run, name) == value for name, value in now_at.items()):
        return
    for table, condition in (
        (CadenceRun, CadenceRun.id == run.id),
        (CadenceTask, (CadenceTask.run_id == run.id) & (CadenceTask.is_open == true())),
    ):
        session.execute(update(table).where(condition).values(**now_at).execution_options(synchronize_session=False))
    session.refresh(run)


def state_of(session: Session, lead_id: int) -> Any:
    """What a run depends on of its lead, as it is stored now; None when the lead is gone."""
    return session.execute(_rows().where(Lead.id == lead_id)).one_or_none()


def arrived(session: Session, lead_ids: Sequence[int]) -> list[Any]:
    """Of leads that came in, those a plan begins for: open, at a dealer, with a running clock, nobody reached."""
    found: list[Any] = []
    for part in _chunks(lead_ids):
        rows = session.execute(_rows().where(Lead.id.in_(part), Lead.clock_started_at.is_not(None)))
        found += [row for row in rows if row.is_open and not end_reason(row.status, plan="new_lead", has_dealer=True)]
    return found


def _rows() -> Any:
    """A lead with its dealer's hours; leads without a dealer come without them."""
    return (
        select(
            Lead.id, Lead.dealer_id, Lead.region, Lead.assignee_id, Lead.customer_id, Lead.status, Lead.is_open,
            Lead.attempts, Lead.clock_started_at.label("started_at"), Dealer.calendar_id, Dealer.zone,
        )
        .join(Dealer, Dealer.id == Lead.dealer_id)
    )  # fmt: skip


def _chunks(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def reasons_of(run: CadenceRun, lead: Any) -> str:
    """Why this run ends with the lead as it is; empty while it goes on."""
    return end_reason(lead.status, plan=run.plan, has_dealer=lead.dealer_id is not None)
