"""Steps that end or park a lead, and bring it back; a decision of a person stops the first clock (2.2 A, E)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.calendar.queries import calendar_for_dealer
from db.core import timeline
from db.core.actor import Actor
from db.core.problems import Problem, Problems, Refused
from db.leads.activities import attempt_times
from db.leads.flow import BAD_REASONS, LOST_REASONS
from db.leads.rules import check_bad, check_unresponsive, is_idle
from db.leads.sale_commands import fell_through
from db.leads.stamps import begin, complete

LONGEST_NOTE = 4000


def nurture(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str) -> None:
    """Not now: the lead waits without a promise until the customer is back."""
    lead = begin(session, "nurture", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "A note", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    complete(session, "nurture", lead, actor=actor, now=now, summary="kept for later", reason=note)


def lose(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, reason: str, note: str = ""
) -> None:
    """Close as lost, always with a reason; "unresponsive" only after the minimum of the cadence (2.2 E).

    A sale that falls through is no sale: the stamp is taken back, so that the close rate stays true, and the timeline
    keeps it. A purchase somebody wrote down for it already is taken back too.
    """
    lead = begin(session, "lose", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = _text(problems, note)
    labels = dict(LOST_REASONS)
    if reason not in labels:
        problems.add("reason", "required", "Choose why the lead was lost.", rule="2.2 E")
    calendar = calendar_for_dealer(session, lead.dealer_id)
    if reason == "unresponsive":
        problems.found += check_unresponsive(attempt_times(session, lead.id), zone=calendar.zone)
    problems.refuse_if_any()
    values: dict[str, Any] = {"closed_at": now, "close_reason": reason, "close_note": note}
    also: list[timeline.Item] = []
    if lead.status == "sold":
        values["sold_at"] = None
        also = fell_through(session, lead, actor=actor, now=now)
    complete(
        session, "lose", lead, actor=actor, now=now, summary=f"lost, {labels[reason].lower()}", reason=note,
        values=values, calendar=calendar, also=also,
    )  # fmt: skip


def mark_bad(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, reason: str, note: str
) -> None:
    """Close as no real lead. It decides what a provider is paid, so it needs proof (see `rules.check_bad`, 2.2 E)."""
    lead = begin(session, "mark_bad", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = _text(problems, note)
    labels = dict(BAD_REASONS)
    if reason not in labels:
        problems.add("reason", "required", "Choose what is wrong with the lead.", rule="2.2 E")
    problems.found += check_bad(reason, attempts=lead.attempts, note=note)
    problems.refuse_if_any()
    values = {"closed_at": now, "close_reason": reason, "close_note": note}
    complete(
        session, "mark_bad", lead, actor=actor, now=now, summary=f"bad lead, {labels[reason].lower()}", reason=note,
        values=values,
    )  # fmt: skip


def reopen(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str) -> None:
    """Take up a closed or parked lead again, at its dealer. Old stamps and promises stay: no clock is started anew."""
    lead = begin(session, "reopen", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "A note", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    values = {"closed_at": None, "close_reason": "", "close_note": ""}
    complete(
        session, "reopen", lead, actor=actor, now=now, target="assigned" if lead.dealer_id else "new",
        summary="taken up again", reason=note, values=values, disposition=False,
    )  # fmt: skip


def expire(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Close a lead nobody touched for 90 days; it stops no clock, so an unanswered lead stays unanswered (2.2 E)."""
    lead = begin(session, "expire", item_id=item_id, seen_version=seen_version, actor=actor)
    if not is_idle(lead.last_activity_at, now):
        raise Refused(Problem(code="not_idle", message="Something happened on this lead lately.", rule="2.2 E"))
    values = {"closed_at": now, "close_reason": "expired", "last_activity_at": lead.last_activity_at}
    complete(
        session, "expire", lead, actor=actor, now=now, summary="expired, idle for 90 days", values=values,
        disposition=False,
    )  # fmt: skip


def hold(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str) -> None:
    """Set a lead aside that gives nobody to contact; its clock does not run until a contact is added."""
    lead = begin(session, "hold", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "A note", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    values = {
        "clock_started_at": None, "first_action_due_at": None, "first_quality_due_at": None, "wall_due_at": None,
        "first_action_target": 0,
    }  # fmt: skip
    complete(session, "hold", lead, actor=actor, now=now, summary="held", reason=note, values=values, disposition=False)


def _text(problems: Problems, note: str | None) -> str:
    text = (note or "").strip()
    if len(text) > LONGEST_NOTE:
        problems.add("note", "too_long", f"At most {LONGEST_NOTE:,} characters fit.")
    return text
