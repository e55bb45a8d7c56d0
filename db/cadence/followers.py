"""How follow-up answers what happens to leads and appointments, in the same transaction (decision 0036)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, true, update
from sqlalchemy.orm import Session

from db.cadence import runs
from db.cadence.absences import stand_ins_on
from db.cadence.rules import OpenTask, task_done_by
from db.cadence.tables import CadenceRun, CadenceTask
from db.core import changes
from db.core.actor import Actor
from db.core.events import Event, Follower
from db.core.insert import rows_changed

BEGIN = ("assign", "release", "unmerge", "handle_breach")
AGAIN = ("reopen", "unmerge")


def leads_arrived(session: Session, *, event: Event, actor: Actor, now: datetime) -> None:
    """Leads of one arrival begin the plan for new leads, all at once."""
    if runs.start_runs(session, runs.arrived(session, event.item_ids), plan="new_lead", now=now):
        changes.touch(session, "cadence")


def lead_contacted(session: Session, *, event: Event, actor: Actor, now: datetime) -> None:
    """An attempt with its outcome does the earliest fitting task of the lead; nothing else ever does one (U20)."""
    (lead_id,) = event.item_ids
    run = runs.open_run(session, lead_id)
    if run is None:
        return
    changes.touch(session, "cadence")
    at = event.facts["at"]
    runs.advance(session, run, now=at)
    rows = session.execute(
        select(CadenceTask.id, CadenceTask.kind, CadenceTask.opens_at, CadenceTask.due_at).where(
            CadenceTask.lead_id == lead_id, CadenceTask.is_open == true()
        )
    )
    tasks = [OpenTask(task_id=r.id, kind=r.kind, opens_at=r.opens_at, due_at=r.due_at) for r in rows]
    found = task_done_by(tasks, kind=event.facts["kind"], at=at, is_attempt=event.facts["is_attempt"])
    if found is not None:
        _do(session, found.task_id, event.facts, actor=actor, now=now)


def _do(session: Session, task_id: int, facts: Any, *, actor: Actor, now: datetime) -> None:
    task = session.execute(select(CadenceTask.assignee_id, CadenceTask.due_on).where(CadenceTask.id == task_id)).one()
    stand_in = None
    if task.assignee_id is not None and task.assignee_id != actor.user_id:
        away = stand_ins_on(session, person_ids=[task.assignee_id], day=task.due_on)
        stand_in = away.get(task.assignee_id)
    rows_changed(
        session,
        update(CadenceTask)
        .where(CadenceTask.id == task_id, CadenceTask.is_open == true())
        .values(
            state="done", is_open=False, done_at=facts["at"], activity_id=facts["activity_id"],
            outcome=facts["outcome"], done_by=actor.name, stand_in_id=stand_in, version=CadenceTask.version + 1,
            updated_at=now,
        )
        .execution_options(synchronize_session=False),
    )  # fmt: skip


def lead_moved(session: Session, *, event: Event, actor: Actor, now: datetime) -> None:
    """A lead came to another state, dealer or person: its run begins, goes along, or ends with the reason."""
    (lead_id,) = event.item_ids
    lead, run, step = runs.state_of(session, lead_id), runs.open_run(session, lead_id), event.facts["step"]
    if run is not None:
        changes.touch(session, "cadence")
        reason = "unassigned" if lead is None else runs.reasons_of(run, lead)
        if reason:
            runs.end_run(session, run, reason=reason, now=now, attempts=lead.attempts if lead is not None else None)
            return
        if step in AGAIN:
            runs.end_run(session, run, reason="restarted", now=now)
        else:
            runs.follow_lead(session, run, lead)
            return
    if lead is None or step not in (*BEGIN, *AGAIN):
        return
    had_one = session.scalar(select(CadenceRun.id).where(CadenceRun.lead_id == lead_id).limit(1))
    if had_one is not None and step not in AGAIN:
        return
    begin = _Begin(lead, started_at=now if step in AGAIN or lead.started_at is None else lead.started_at)
    if lead.is_open and not runs.end_reason(lead.status, plan="new_lead", has_dealer=True):
        changes.touch(session, "cadence")
        runs.start_runs(session, [begin], plan="new_lead", now=now)


class _Begin:
    """A lead's row with the moment its run begins, which is now when it is taken up again."""

    def __init__(self, row: Any, *, started_at: datetime) -> None:
        self._row, self.started_at = row, started_at

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)


def appointment_moved(session: Session, *, event: Event, actor: Actor, now: datetime) -> None:
    """Who did not come is called back by plan; a new appointment, or one that was kept after all, ends it (2.2 G)."""
    lead_id, after = event.facts.get("lead_id"), event.facts["after"]
    if lead_id is None or after not in ("no_show", "scheduled", "confirmed", "shown", "completed"):
        return
    run = runs.open_run(session, lead_id)
    if after != "no_show":
        if run is not None and run.plan == "no_show":
            changes.touch(session, "cadence")
            runs.end_run(session, run, reason="appointment", now=now)
        return
    lead = runs.state_of(session, lead_id)
    if lead is None or not lead.is_open or runs.end_reason(lead.status, plan="no_show", has_dealer=True) in _GONE:
        return
    changes.touch(session, "cadence")
    if run is not None:
        runs.end_run(session, run, reason="replaced", now=now)
    runs.start_runs(session, [_Begin(lead, started_at=now)], plan="no_show", now=now)


_GONE = ("closed", "merged", "held", "parked", "unassigned")

FOLLOWERS = (
    Follower(name="cadence_arrived", on=("leads.arrived",), react=leads_arrived),
    Follower(name="cadence_contacted", on=("leads.contacted",), react=lead_contacted),
    Follower(name="cadence_moved", on=("leads.moved",), react=lead_moved),
    Follower(name="cadence_appointments", on=("appointments.moved",), react=appointment_moved),
)
