"""What the sweep does for leads: warn, act on missed promises once, let idle leads expire (domain-rules 2.2 B, E).

Every job may run twice, or in two processes at once: each lead is claimed by one guarded UPDATE, and who comes second
finds nothing to do.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select, true, update
from sqlalchemy.orm import Session

from db.calendar.queries import calendar_book, calendar_for_dealer
from db.calendar.rules import NeverOpen, due_at, elapsed_minutes
from db.core.actor import Actor, system_actor
from db.core.area import Job
from db.core.problems import Problem, Refused, Stale
from db.core.session import reading, run, writing
from db.leads import notices, stamps
from db.leads.assignment import give
from db.leads.clock import promises_in_force
from db.leads.closing import expire
from db.leads.flow import FLOW
from db.leads.network import policy_in_force
from db.leads.reroute import next_dealer
from db.leads.rules import POLICY, first_action_target
from db.leads.tables import Dealer, Lead
from db.workflow.engine import get_item

MOST_A_SWEEP = 1000
WARN_AT = (80, 50)


# ---- missed promises -----------------------------------------------------------------------------------------------
def handle_breach(session: Session, *, item_id: int, actor: Actor, now: datetime) -> str:
    """Act on a missed first promise, once: escalate, or give the lead to the next dealer by rule; gives what was done.

    Escalation tells the dealer's manager and the coordinator. Which of both is the routing policy's `breach_action`;
    where the rules find no other dealer, or none has it yet, it is escalated. Raises `Refused` (already_handled) when
    somebody answered meanwhile or another sweep was faster. The promise that was missed stays on the lead either way.
    """
    lead: Lead = get_item(session, FLOW, item_id=item_id, actor=actor)
    _, policy = policy_in_force(session)
    claimed = session.scalar(
        update(Lead)
        .where(
            Lead.id == item_id,
            Lead.is_open == true(),
            Lead.breach_handled_at.is_(None),
            Lead.first_action_at.is_(None),
            Lead.first_action_due_at < now,
        )
        .values(breach_handled_at=now, breach_outcome="escalated")
        .returning(Lead.id)
        .execution_options(synchronize_session=False)
    )
    if claimed is None:
        raise Refused(Problem(code="already_handled", message="There is nothing to do here any more."))
    session.refresh(lead)
    found = None
    if policy.breach_action == "reroute" and lead.dealer_id is not None and lead.status in ("new", "assigned"):
        found = next_dealer(session, lead, actor=actor, now=now)
    if found is None:
        _escalate(session, lead, actor=actor, now=now)
        return "escalated"
    dealer, decision = found
    _reroute(session, lead, dealer, why=decision.why, actor=actor, now=now)
    return "rerouted"


def _escalate(session: Session, lead: Lead, *, actor: Actor, now: datetime) -> None:
    who = "the dealer's manager and the coordinator were told" if lead.dealer_id else "the coordinator was told"
    summary = f"not answered in time, {who}"
    stamps.note(
        session, "handle_breach", lead, actor=actor, now=now, summary=summary, before={"breach_handled_at": None},
        after={"breach_handled_at": now, "breach_outcome": "escalated"},
    )  # fmt: skip
    notices.tell_breach(session, lead, body="The first action is overdue. Call the customer, or assign it.", now=now)


def _reroute(session: Session, lead: Lead, dealer: Dealer, *, why: str, actor: Actor, now: datetime) -> None:
    """The new dealer gets the working minutes of a fresh lead; the missed promise and its due time stay as they are."""
    former = session.get(Dealer, lead.dealer_id)
    notices.tell_breach(session, lead, body=f"It was given to {dealer.code} {dealer.name}.", now=now)
    calendar = calendar_for_dealer(session, dealer.id)
    extra: dict[str, Any] = {"breach_outcome": "rerouted"}
    try:
        extra["due_at"] = due_at(calendar, now, first_action_target(lead.score, promises_in_force(session)))
    except NeverOpen:
        extra["due_at"] = None
    reason = f"Not answered in time by {former.code} {former.name}. {why}" if former else why
    changed = give(session, lead, dealer, assignee_id=None, why=reason, actor=actor, now=now, extra=extra)
    stamps.note(
        session, "handle_breach", lead, actor=actor, now=now, reason=reason,
        summary=f"not answered in time, given to {dealer.code} {dealer.name}", **changed,
    )  # fmt: skip
    notices.tell_assigned(session, lead, by=None, now=now)


def run_breaches(bind: Engine, *, now: datetime) -> int:
    """Act on every missed first promise that nobody acted on yet; gives how many this call handled."""
    with reading(bind) as session:
        ids = session.scalars(
            select(Lead.id)
            .where(
                Lead.is_open == true(),
                Lead.breach_handled_at.is_(None),
                Lead.first_action_due_at < now,
                Lead.first_action_at.is_(None),
            )
            .order_by(Lead.first_action_due_at)
            .limit(MOST_A_SWEEP)
        ).all()
    return sum(_tried(handle_breach, bind, item_id=item_id, now=now) for item_id in ids)


def _tried(command: Any, bind: Engine, *, now: datetime, **arguments: Any) -> int:
    """1 when the command was carried out, 0 when somebody else was there first."""
    try:
        run(command, bind=bind, actor=system_actor(), now=now, **arguments)
    except (Refused, Stale):
        return 0
    return 1


# ---- warnings ------------------------------------------------------------------------------------------------------
def run_warnings(bind: Engine, *, now: datetime) -> int:
    """Tell who has a lead that half, and then four fifths, of its promise are used up; gives how many were told now.

    Each is told once: the notification's key makes a second telling a no-op, whoever runs it.
    """
    with reading(bind) as session:
        due = _about_to_breach(session, now)
    if not due:
        return 0
    told = 0
    with writing(bind, keeps_timeline=False) as session:
        for item_id, percent, left in due:
            lead = session.get(Lead, item_id)
            if lead is not None and lead.is_open and lead.first_action_at is None:
                told += notices.tell_warning(session, lead, percent=percent, minutes_left=left, now=now)
    return told


def _about_to_breach(session: Session, now: datetime) -> list[tuple[int, int, int]]:
    """(id, percent to warn at, working minutes left) of unanswered leads whose promise is running out."""
    book = calendar_book(session)
    rows = session.execute(
        select(
            Lead.id, Lead.clock_started_at, Lead.first_action_target, Dealer.calendar_id, Dealer.zone
        )
        .outerjoin(Dealer, Dealer.id == Lead.dealer_id)
        .where(
            Lead.is_open == true(),
            Lead.breach_handled_at.is_(None),
            Lead.first_action_due_at >= now,
            Lead.first_action_at.is_(None),
            Lead.clock_started_at <= now,
        )
        .order_by(Lead.first_action_due_at)
        .limit(MOST_A_SWEEP)
    )  # fmt: skip
    found = []
    for row in rows:
        used = elapsed_minutes(book.get(row.calendar_id, row.zone), row.clock_started_at, now)
        percent = 100 * used / row.first_action_target if row.first_action_target else 0
        reached = next((step for step in WARN_AT if percent >= step), None)
        if reached is not None:
            found.append((row.id, reached, max(0, row.first_action_target - used)))
    return found


# ---- idle leads ----------------------------------------------------------------------------------------------------
def run_expiry(bind: Engine, *, now: datetime) -> int:
    """Close the leads nobody touched for 90 days; gives how many."""
    with reading(bind) as session:
        rows = session.execute(
            select(Lead.id, Lead.version)
            .where(
                Lead.is_open == true(),
                Lead.last_activity_at <= now - timedelta(days=POLICY.idle_days),
                Lead.status.in_(FLOW.step("expire").sources),
            )
            .order_by(Lead.last_activity_at)
            .limit(MOST_A_SWEEP)
        ).all()
    return sum(_tried(expire, bind, item_id=row.id, seen_version=row.version, now=now) for row in rows)


JOBS = (
    Job(name="Warn before a lead is overdue", run=run_warnings),
    Job(name="Act on leads that were not answered in time", run=run_breaches),
    Job(name="Let idle leads expire", run=run_expiry),
)
