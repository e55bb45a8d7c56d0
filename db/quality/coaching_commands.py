"""Coaching notes: written, acknowledged by the person, followed up with the figure then and now, or dropped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.labels import local_day, storable
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused
from db.dealers.queries import get_dealer
from db.quality import rules
from db.quality.coaching_queries import who_can_be_coached
from db.quality.figures import figure
from db.quality.flow import COACHING
from db.quality.notices import tell_coached
from db.quality.tables import CoachingNote, Lead, QualityReview
from db.workflow.engine import begin_step, end_step

LOOK_BACK = timedelta(days=60)
"""The figure before coaching covers the sixty days up to the note."""
LONGEST_WAIT = 180


def write_note(
    session: Session, *, dealer_id: int | None, person_id: int | None, note: str, agreed: str,
    follow_up_day: date | None, actor: Actor, now: datetime, metric: str = "score", review_id: int | None = None,
    lead_id: int | None = None, form_key: str | None = None,
) -> int:  # fmt: skip
    """Write a coaching note to a person of a dealer and give its id; the follow-up day is the dealer's.

    What it is measured by is computed now and kept. Problems: its arguments.
    """
    actor.require(Permission.QUALITY_COACH)
    if form_key:
        known = session.execute(
            select(CoachingNote.id, CoachingNote.submitted_by).where(CoachingNote.form_key == form_key)
        ).first()
        if known is not None and known.submitted_by == actor.username:
            timeline.repeated(session)
            return int(known.id)
    problems = Problems()
    if dealer_id is None:
        problems.add("dealer_id", "required", "Choose the dealer.")
        problems.refuse_if_any()
    assert dealer_id is not None
    dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope)
    today = local_day(now, dealer.facts.zone)
    if person_id is not None and person_id == actor.user_id:
        problems.add("person_id", "own_request", "Nobody coaches themselves; choose another person.")
    elif person_id is None or person_id not in who_can_be_coached(session, dealer_id=dealer_id, actor=actor):
        problems.add("person_id", "unknown_person", "Choose a person of this dealer.")
    note = problems.require(note, "note", "The note")
    agreed = problems.require(agreed, "agreed", "What was agreed", longest=1_000)
    if metric not in rules.METRICS:
        problems.add("metric", "unknown", "Choose what the result is measured by.")
    if follow_up_day is None:
        problems.add("follow_up_day", "required", "Choose the day to look again.")
    elif not today < follow_up_day <= today + timedelta(days=LONGEST_WAIT):
        problems.add("follow_up_day", "out_of_range", f"Choose a day after today, at most {LONGEST_WAIT} days ahead.")
    lead_id = _check_links(
        session, dealer_id=dealer_id, person_id=person_id, review_id=review_id, lead_id=lead_id, problems=problems
    )
    problems.refuse_if_any()
    assert person_id is not None
    assert follow_up_day is not None
    value, n = figure(
        session, metric=metric, person_id=person_id, dealer_id=dealer_id, since=now - LOOK_BACK, until=now
    )
    (note_id,) = next_ids(session, CoachingNote, item_type="coaching_note", count=1)
    row = CoachingNote(
        id=note_id, number=f"CN-{note_id:06}", status=COACHING.initial, is_open=True, dealer_id=dealer_id,
        region=dealer.facts.region, assignee_id=actor.user_id,
        due_at=datetime.combine(follow_up_day, time(), ZoneInfo(dealer.facts.zone)),
        submitted_by=actor.username, created_at=now, updated_at=now, updated_by=actor.name, person_id=person_id,
        review_id=review_id, lead_id=lead_id, note=note, agreed=agreed, follow_up_day=follow_up_day, metric=metric,
        then_value=value, then_n=n, form_key=form_key,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _record(
        session, "write_note", row, "written", actor=actor, now=now,
        after={"person_id": person_id, "follow_up_day": follow_up_day, "metric": metric, "then_value": value},
    )  # fmt: skip
    tell_coached(session, row, by=actor.name, now=now)
    return note_id


def _check_links(
    session: Session, *, dealer_id: int, person_id: int | None, review_id: int | None, lead_id: int | None,
    problems: Problems,
) -> int | None:  # fmt: skip
    """The lead a note is about; problems where review or lead are another dealer's or another person's."""
    if review_id is not None:
        found = session.execute(
            select(QualityReview.lead_id, QualityReview.person_id).where(
                QualityReview.id == review_id, QualityReview.dealer_id == dealer_id
            )
        ).first()
        if found is None:
            problems.add("review_id", "not_found", "This review was not found.")
        elif found.person_id != person_id:
            problems.add("review_id", "other_person", "This review is about another person's response.")
        else:
            return int(found.lead_id)
    elif lead_id is not None:
        known = session.scalar(select(Lead.id).where(Lead.id == lead_id, Lead.dealer_id == dealer_id))
        if known is None:
            problems.add("lead_id", "not_found", "This lead was not found.")
    return lead_id


def acknowledge(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """The person confirms having read the note; nobody else can."""
    _only_theirs(session, item_id, actor)
    row = begin_step(session, COACHING, "acknowledge", item_id=item_id, seen_version=seen_version, actor=actor)
    if row.person_id != actor.user_id:
        raise Refused(Problem(code="not_yours", message="Only the person the note is for can confirm it."))
    changed = end_step(session, COACHING, "acknowledge", row, actor=actor, now=now, acknowledged_at=now)
    _record(session, "acknowledge", row, "acknowledged", actor=actor, now=now, **changed)


def follow_up(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = ""
) -> None:
    """Close a note with its result: the figure since the note against the one before. Problems: note."""
    row = begin_step(session, COACHING, "follow_up", item_id=item_id, seen_version=seen_version, actor=actor)
    _not_about_oneself(row, actor)
    note = storable(note or "").strip()
    if len(note) > 1_000:
        raise Refused(Problem(field="note", code="too_long", message="At most 1,000 characters fit."))
    value, n = figure(
        session, metric=row.metric, person_id=row.person_id, dealer_id=row.dealer_id, since=row.created_at, until=now
    )
    result = rules.result_of(then=row.then_value, then_n=row.then_n, now=value, now_n=n)
    changed = end_step(
        session, COACHING, "follow_up", row, actor=actor, now=now, now_value=value, now_n=n, result=result,
        result_note=note, closed_at=now,
    )  # fmt: skip
    after = {k: v for k, v in changed["after"].items() if k != "result_note"}
    before = {k: v for k, v in changed["before"].items() if k != "result_note"}
    said = f"followed up: {rules.RESULTS[result].lower()}"
    _record(session, "follow_up", row, said, actor=actor, now=now, before=before, after=after)


def drop(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, reason_text: str) -> None:
    """Close a note without a result. Problems: reason_text."""
    row = begin_step(session, COACHING, "drop", item_id=item_id, seen_version=seen_version, actor=actor)
    _not_about_oneself(row, actor)
    problems = Problems()
    reason = problems.require(reason_text, "reason_text", "The reason", longest=500)
    problems.refuse_if_any()
    changed = end_step(session, COACHING, "drop", row, actor=actor, now=now, result_note=reason, closed_at=now)
    after = {k: v for k, v in changed["after"].items() if k != "result_note"}
    before = {k: v for k, v in changed["before"].items() if k != "result_note"}
    _record(session, "drop", row, "dropped", actor=actor, now=now, before=before, after=after)


def _only_theirs(session: Session, item_id: int, actor: Actor) -> None:
    """A note somebody may not read answers as if it were not there."""
    if actor.can(Permission.QUALITY_COACH):
        return
    owner = session.scalar(select(CoachingNote.person_id).where(CoachingNote.id == item_id))
    if owner is None or owner != actor.user_id:
        raise NotFound("This coaching note")


def _not_about_oneself(row: Any, actor: Actor) -> None:
    if row.person_id == actor.user_id:
        raise Refused(
            Problem(
                code="own_request", rule="domain-rules 2.0",
                message="This note is about yourself; another person has to close it.",
            )
        )  # fmt: skip


def _record(
    session: Session, command: str, row: Any, said: str, *, actor: Actor, now: datetime,
    before: dict[str, Any] | None = None, after: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """The entry names the note and no word of it: what was said to a person stays between those it concerns."""
    changes.touch(session, "quality")
    timeline.record(
        session, actor=actor, now=now, area="quality", command=command, summary=f"{row.number}: {said}",
        items=[timeline.Item("coaching_note", row.id, row.dealer_id)], before=before, after=after,
    )  # fmt: skip


COMMANDS: dict[str, Callable[..., Any]] = {"acknowledge": acknowledge, "follow_up": follow_up, "drop": drop}
