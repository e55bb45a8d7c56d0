"""Making a promise by itself, and every step of its life."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.contact_log import promises as records
from db.contact_log import rules
from db.contact_log.contact_commands import correct_contact, log_contact, void_contact
from db.contact_log.flow import FLOW
from db.contact_log.notices import tell_handed_over
from db.contact_log.promises import PromiseDraft
from db.contact_log.tables import ContactReport, Promise
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound, Problems
from db.dealers.queries import DealerDetail, get_dealer
from db.people.queries import names_of
from db.workflow.engine import begin_step, end_step

SHORT = 60
"""How much of a promise its timeline entries repeat."""


def make_promise(
    session: Session, *, dealer_id: int, made_by: str, text: str, due_day: date | None,
    assignee_id: int | None = None, contact_report_id: int | None = None, form_key: str | None = None, actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Note a promise beside a contact and give its id; the same `form_key` again gives the first.

    Problems: made_by, and us_text, us_due_day, dealer_text ... as with a contact.
    """
    actor.require(Permission.CONTACTS_LOG)
    known = session.scalar(select(Promise.id).where(Promise.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope)
    if contact_report_id is not None:
        of_dealer = session.scalar(select(ContactReport.dealer_id).where(ContactReport.id == contact_report_id))
        if of_dealer != dealer_id:
            raise NotFound("This contact")
    problems = Problems()
    draft = PromiseDraft(made_by=made_by, text=text, due_day=due_day, assignee_id=assignee_id)
    drafts = records.checked(session, [draft], dealer=dealer, now=now, problems=problems)
    problems.refuse_if_any()
    (promise,) = records.store(
        session, drafts, dealer=dealer, report_id=contact_report_id, actor=actor, now=now, form_key=form_key
    )
    after = {"made_by": made_by, "text": promise.text, "due_day": due_day, "assignee_id": promise.assignee_id}
    _note(session, "make_promise", promise, f"promise noted at {dealer.facts.name}", actor=actor, now=now, after=after)
    tell_handed_over(session, promise, by=actor.user_id, now=now)
    return promise.id


def keep(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str,
    kept_on: date | None = None,
) -> None:  # fmt: skip
    """It was done: what, and on which day at the dealer (today when left out). Problems: note, kept_on."""
    promise, dealer = _begin(session, "keep", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "What was done")
    today = local_day(now, dealer.facts.zone)
    day = kept_on or today
    if day > today:
        problems.add("kept_on", "in_future", "It cannot have been done on a day that is still to come.")
    elif day < local_day(promise.created_at, dealer.facts.zone) - rules.OLDEST:
        problems.add("kept_on", "too_old", "This is more than a year before the promise; check the date.")
    problems.refuse_if_any()
    changed = end_step(
        session, FLOW, "keep", promise, actor=actor, now=now, closing_note=note, kept_on=day, closed_at=now
    )
    _note(session, "keep", promise, "kept", actor=actor, now=now, **changed)


def postpone(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, due_day: date | None,
    reason_text: str,
) -> None:  # fmt: skip
    """Agree on a later day; the one given up is kept with its reason and counted. Problems: due_day, reason_text."""
    promise, dealer = _begin(session, "postpone", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    reason = problems.require(reason_text, "reason_text", "The reason", longest=400)
    today = local_day(now, dealer.facts.zone)
    rules.check_due_day(due_day, today=today, field="due_day", problems=problems)
    if due_day is not None and due_day <= promise.due_day:
        problems.add("due_day", "not_later", f"It is due on {promise.due_day:%-d %b %Y} now; choose a later day.")
    problems.refuse_if_any()
    assert due_day is not None
    given_up = {"day": promise.due_day.isoformat(), "reason": reason, "by": actor.name, "at": now.isoformat()}
    changed = end_step(
        session, FLOW, "postpone", promise, actor=actor, now=now, due_day=due_day,
        due_at=rules.end_of_day(due_day, dealer.facts.zone), postponed=promise.postponed + 1,
        earlier_dues=[*promise.earlier_dues, given_up],
    )  # fmt: skip
    _note(session, "postpone", promise, f"postponed to {due_day:%-d %b %Y}", actor=actor, now=now, reason=reason,
          **changed)  # fmt: skip


def hand_over(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, assignee_id: int | None
) -> None:
    """Let somebody else of ours see to it; that person is told. Problems: assignee_id."""
    promise, dealer = _begin(session, "hand_over", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    if assignee_id is None:
        problems.add("assignee_id", "required", "Choose who sees to it.")
    elif assignee_id == promise.assignee_id:
        problems.add("assignee_id", "same_person", "This person sees to it already.")
    else:
        records.check_assignee(session, assignee_id, dealer=dealer, field="assignee_id", problems=problems)
    problems.refuse_if_any()
    assert assignee_id is not None
    changed = end_step(session, FLOW, "hand_over", promise, actor=actor, now=now, assignee_id=assignee_id)
    name = names_of(session, person_ids=[assignee_id]).get(assignee_id, "somebody else")
    _note(session, "hand_over", promise, f"handed over to {name}", actor=actor, now=now, **changed)
    tell_handed_over(session, promise, by=actor.user_id, now=now)


def withdraw(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, reason_text: str
) -> None:
    """It is no longer wanted, or was noted by mistake: neither kept nor broken. Problems: reason_text."""
    promise, _ = _begin(session, "withdraw", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    reason = problems.require(reason_text, "reason_text", "The reason", longest=400)
    problems.refuse_if_any()
    changed = end_step(session, FLOW, "withdraw", promise, actor=actor, now=now, closing_note=reason, closed_at=now)
    _note(session, "withdraw", promise, "withdrawn", actor=actor, now=now, reason=reason, **changed)


def _begin(
    session: Session, name: str, *, item_id: int, seen_version: int, actor: Actor
) -> tuple[Promise, DealerDetail]:
    promise: Promise = begin_step(session, FLOW, name, item_id=item_id, seen_version=seen_version, actor=actor)
    assert promise.dealer_id is not None
    return promise, get_dealer(session, dealer_id=promise.dealer_id, scope=actor.scope)


def _note(
    session: Session, command: str, promise: Promise, said: str, *, actor: Actor, now: datetime, reason: str = "",
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    changes.touch(session, "contact_log")
    text = promise.text if len(promise.text) <= SHORT else f"{promise.text[: SHORT - 1].rstrip()}…"
    timeline.record(
        session, actor=actor, now=now, area="contact_log", command=command,
        summary=f"{promise.number} “{text}”: {said}",
        items=[timeline.Item("promise", promise.id, promise.dealer_id)], before=before, after=after, reason=reason,
    )  # fmt: skip


COMMANDS: dict[str, Callable[..., Any]] = {
    "keep": keep, "postpone": postpone, "hand_over": hand_over, "withdraw": withdraw,
}  # fmt: skip
__all__ = ["COMMANDS", "PromiseDraft", "correct_contact", "log_contact", "make_promise", "void_contact"]
