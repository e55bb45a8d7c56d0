"""Every step of an alert, and what else can be done with surveys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import true, update
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.problems import Problem, Problems, Refused
from db.people.queries import names_of
from db.surveys import notices, rules
from db.surveys.flow import FLOW, OUTCOMES, ROOT_CAUSES
from db.surveys.survey_commands import enter_survey, exclude_survey, include_survey, publish_questionnaire
from db.surveys.tables import SurveyAlert
from db.workflow.engine import begin_step, end_step, get_item


def contact(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str) -> None:
    """The customer was reached: the promise of 24 hours is kept or missed now. Problems: note."""
    alert = begin_step(session, FLOW, "contact", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "What the customer said")
    problems.refuse_if_any()
    due = now + timedelta(minutes=rules.RESOLVE_MINUTES)
    changed = end_step(
        session, FLOW, "contact", alert, actor=actor, now=now, contacted_at=now, contact_note=note, due_at=due
    )
    late = " late" if now > alert.contact_due_at else ""
    _note(session, "contact", alert, f"customer reached{late}", actor=actor, now=now, **changed)


def resolve(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, outcome: str, root_cause: str,
    note: str,
) -> None:  # fmt: skip
    """The matter is closed: with which outcome, and what caused it. Problems: outcome, root_cause, note."""
    alert = begin_step(session, FLOW, "resolve", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    if outcome not in OUTCOMES:
        problems.add("outcome", "required", "Choose the outcome.")
    if root_cause not in ROOT_CAUSES:
        problems.add("root_cause", "required", "Choose the root cause.")
    note = problems.require(note, "note", "What was done")
    problems.refuse_if_any()
    changed = end_step(
        session, FLOW, "resolve", alert, actor=actor, now=now, outcome=outcome, root_cause=root_cause,
        closing_note=note, closed_at=now,
    )  # fmt: skip
    _note(session, "resolve", alert, f"settled ({OUTCOMES[outcome].lower()})", actor=actor, now=now, **changed)


def not_reachable(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str) -> None:
    """Given up: the customer could not be reached, with what was tried. Problems: note."""
    alert = begin_step(session, FLOW, "not_reachable", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "What was tried")
    problems.refuse_if_any()
    changed = end_step(session, FLOW, "not_reachable", alert, actor=actor, now=now, closing_note=note, closed_at=now)
    _note(session, "not_reachable", alert, "customer not reached", actor=actor, now=now, **changed)


def hand_over(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, assignee_id: int | None
) -> None:
    """Let somebody else call; that person is told. Problems: assignee_id."""
    alert = begin_step(session, FLOW, "hand_over", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    if assignee_id is None:
        problems.add("assignee_id", "required", "Choose who calls.")
    elif assignee_id == alert.assignee_id:
        problems.add("assignee_id", "same_person", "This person has it already.")
    elif assignee_id not in notices.who_may_call(session, alert):
        problems.add("assignee_id", "unknown_person", "Choose somebody who may call customers of this dealer.")
    problems.refuse_if_any()
    assert assignee_id is not None
    changed = end_step(session, FLOW, "hand_over", alert, actor=actor, now=now, assignee_id=assignee_id)
    name = names_of(session, person_ids=[assignee_id]).get(assignee_id, "somebody else")
    _note(session, "hand_over", alert, f"handed over to {name}", actor=actor, now=now, **changed)
    notices.tell_handed_over(session, alert, by=actor.user_id, now=now)


def escalate_alert(session: Session, *, item_id: int, actor: Actor, now: datetime) -> None:
    """Nobody called within 24 hours: everybody who may is told, once. Raises `Refused` when there is nothing to do."""
    alert: SurveyAlert = get_item(session, FLOW, item_id=item_id, actor=actor)
    claimed = session.scalar(
        update(SurveyAlert)
        .where(
            SurveyAlert.id == item_id, SurveyAlert.status == "open", SurveyAlert.is_open == true(),
            SurveyAlert.escalated_at.is_(None), SurveyAlert.contact_due_at < now,
        )
        .values(escalated_at=now)
        .returning(SurveyAlert.id)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if claimed is None:
        raise Refused(Problem(code="already_handled", message="There is nothing to do here any more."))
    session.refresh(alert)
    _note(
        session, "escalate_alert", alert, "nobody called within 24 hours, the desk was told", actor=actor, now=now,
        before={"escalated_at": None}, after={"escalated_at": now},
    )  # fmt: skip
    notices.tell_overdue(session, alert, now=now)


def _note(
    session: Session, command: str, alert: SurveyAlert, said: str, *, actor: Actor, now: datetime,
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """What was typed of the customer stays out of the timeline (decision 0032); that it was typed does not."""
    changes.touch(session, "surveys")
    hidden = {"contact_note", "closing_note"}
    timeline.record(
        session, actor=actor, now=now, area="surveys", command=command, summary=f"{alert.number}: {said}",
        items=[
            timeline.Item("survey_alert", alert.id, alert.dealer_id),
            timeline.Item("survey", alert.survey_id, alert.dealer_id),
        ],
        before={k: v for k, v in (before or {}).items() if k not in hidden},
        after={k: "(noted)" if k in hidden else v for k, v in (after or {}).items()},
    )  # fmt: skip


COMMANDS: dict[str, Callable[..., Any]] = {
    "contact": contact, "resolve": resolve, "not_reachable": not_reachable, "hand_over": hand_over,
}  # fmt: skip
__all__ = [
    "COMMANDS", "enter_survey", "escalate_alert", "exclude_survey", "include_survey", "publish_questionnaire",
]  # fmt: skip
