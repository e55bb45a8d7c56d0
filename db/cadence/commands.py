"""Tasks of follow-up: done by logging what came of a contact, or skipped with a reason where they are optional."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.cadence.rules import fits
from db.cadence.tables import CadenceTask, LeadActivity
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale
from db.leads.commands import log_activity

LONGEST_REASON = 200


def close_task(
    session: Session, *, task_id: int, seen_version: int, lead_version: int, actor: Actor, now: datetime,
    kind: str = "", outcome: str = "", note: str = "", form_key: str = "",
) -> str:  # fmt: skip
    """Log the contact a task asks for; the contact does the task. Gives "done", or "logged" where it does not count.

    There is no way to close a task without an outcome (U20). The contact is a contact of the lead like any other: it
    stops the lead's clocks, and it does the earliest task it fits. `kind` is needed where the task leaves it open.
    Problems: kind, outcome, note, form_key.
    """
    actor.require(Permission.TASKS_WORK)
    task = _task(session, task_id, actor)
    is_repeat = bool(form_key) and session.scalar(
        select(LeadActivity.id).where(LeadActivity.form_key == form_key, LeadActivity.lead_id == task.lead_id)
    )
    if not is_repeat:
        if task.version != seen_version:
            raise _stale(task)
        _require_open(task)
        _check(task, kind=kind, outcome=outcome)
    log_activity(
        session, item_id=task.lead_id, seen_version=lead_version, kind=kind or task.kind, outcome=outcome, note=note,
        form_key=form_key, actor=actor, now=now,
    )  # fmt: skip
    made = session.execute(
        select(CadenceTask.id)
        .join(LeadActivity, LeadActivity.id == CadenceTask.activity_id)
        .where(CadenceTask.lead_id == task.lead_id, CadenceTask.done_at == now)
        .limit(1)
    ).first()
    return "done" if made or is_repeat else "logged"


def _check(task: CadenceTask, *, kind: str, outcome: str) -> None:
    problems = Problems()
    if task.kind == "any" and not kind:
        problems.add("kind", "required", "Choose how you were in touch.", rule="2.2 A")
    elif kind and not fits(task.kind, kind):
        problems.add("kind", "other_kind", "This task asks for another kind of contact; log it on the lead itself.")
    if not outcome:
        problems.add("outcome", "required", "Choose what came of it: a task is done by its outcome.", rule="U20")
    problems.refuse_if_any()


def skip_task(session: Session, *, task_id: int, seen_version: int, reason: str, actor: Actor, now: datetime) -> None:
    """Leave an optional task undone, with the reason; a required one cannot be skipped. Problems: reason."""
    actor.require(Permission.TASKS_WORK)
    task = _task(session, task_id, actor)
    if task.version != seen_version:
        raise _stale(task)
    _require_open(task)
    if task.required:
        sentence = "This step of the plan is required; log what came of it."
        raise Refused(Problem(code="required_step", message=sentence, rule="2.2 E"))
    problems = Problems()
    reason = problems.require(reason, "reason", "The reason", longest=LONGEST_REASON)
    problems.refuse_if_any()
    task.state, task.is_open, task.reason, task.updated_at = "skipped", False, reason, now
    task.version += 1
    session.flush()
    changes.touch(session, "cadence")
    timeline.record(
        session, actor=actor, now=now, area="cadence", command="skip_task", reason=reason,
        summary=f"A step of day {task.day} was skipped", items=[timeline.Item("lead", task.lead_id, task.dealer_id)],
        before={"state": "open"}, after={"state": "skipped"},
    )  # fmt: skip


def _task(session: Session, task_id: int, actor: Actor) -> CadenceTask:
    """The task, locked, or `NotFound` when it is absent or out of scope."""
    query = select(CadenceTask).where(CadenceTask.id == task_id).with_for_update()
    task = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if task is None or not actor.scope.allows(dealer_id=task.dealer_id, region=task.region):
        raise NotFound("This task")
    return task


def _require_open(task: CadenceTask) -> None:
    if not task.is_open:
        sentence = {
            "done": "This task is done already.", "missed": "The day of this task is over; log it on the lead itself.",
        }.get(task.state, "This task is not needed any more.")  # fmt: skip
        raise Refused(Problem(code="wrong_state", message=sentence))


def _stale(task: CadenceTask) -> Stale:
    return Stale(
        what="This task", changed_by=task.done_by or "somebody else", changed_at=task.updated_at, status=task.state
    )


__all__ = ["close_task", "skip_task"]
