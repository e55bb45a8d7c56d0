"""What must hold between leads, runs and tasks (`python -m db check`)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, false, func, literal, or_, select, true
from sqlalchemy.orm import Session

from db.cadence.rules import DEFAULTS
from db.cadence.tables import CadencePlanVersion, CadenceRun, CadenceTask, Dealer, Lead, LeadActivity
from db.core.area import Check
from db.leads.rules import meaning_of

MOST = 50


def check_cadence(session: Session) -> list[str]:
    """Runs and tasks that contradict themselves, their lead or their dealer; at most 50 sentences a kind."""
    found = []
    states = case((CadenceTask.state == "open", literal(1)), else_=literal(0))
    opened = case((CadenceTask.is_open, literal(1)), else_=literal(0))
    for lead in session.scalars(_numbers(CadenceTask, states != opened)):
        found.append(f"lead {lead} has a follow-up task that is open and closed at once")
    closed_run = CadenceTask.run_id.in_(select(CadenceRun.id).where(CadenceRun.is_open == false()))
    for lead in session.scalars(_numbers(CadenceTask, (CadenceTask.is_open == true()) & closed_run)):
        found.append(f"lead {lead} has an open follow-up task of a plan that ended")
    for lead in session.scalars(_numbers(CadenceRun, (CadenceRun.is_open == true()) & (Lead.is_open == false()))):
        found.append(f"lead {lead} is closed and still followed up")
    ended = or_(
        (CadenceRun.is_open == true()) & (CadenceRun.ended_at.is_not(None)),
        (CadenceRun.is_open == false()) & (CadenceRun.ended_at.is_(None) | (CadenceRun.end_reason == "")),
    )
    for lead in session.scalars(_numbers(CadenceRun, ended)):
        found.append(f"lead {lead} has a follow-up that ended without a reason, or did not end with one")
    for table in (CadenceRun, CadenceTask):
        rows = session.scalars(_numbers(table, (table.is_open == true()) & (table.dealer_id != Lead.dealer_id)))
        found += [f"lead {lead} is followed up at another dealer than its own" for lead in rows]
        stray = select(Dealer.code).join(table, table.dealer_id == Dealer.id).where(table.region != Dealer.region)
        found += [f"follow-up of dealer {code} lies in another region" for code in session.scalars(stray.limit(MOST))]
    found += [f"lead {number} has a task done by something that is no attempt" for number in _not_attempts(session)]
    for plan in DEFAULTS:
        active = session.scalar(
            select(func.count()).where(CadencePlanVersion.plan == plan, CadencePlanVersion.state == "active")
        )
        some = session.scalar(select(CadencePlanVersion.id).where(CadencePlanVersion.plan == plan).limit(1))
        if some is not None and active != 1:
            found.append(f"the plan {plan} has {active} versions in force")
    return found


def _not_attempts(session: Session) -> list[str]:
    """Leads with a task that was done by a contact which counts as no attempt: a faked completion (U20)."""
    kinds = session.execute(
        select(LeadActivity.kind, LeadActivity.outcome)
        .join(CadenceTask, CadenceTask.activity_id == LeadActivity.id)
        .distinct()
    )
    wrong = [(kind, outcome) for kind, outcome in kinds if not meaning_of(kind, outcome).is_attempt]
    numbers: list[str] = []
    for kind, outcome in wrong:
        numbers += session.scalars(
            select(Lead.number)
            .join(CadenceTask, CadenceTask.lead_id == Lead.id)
            .join(LeadActivity, LeadActivity.id == CadenceTask.activity_id)
            .where(LeadActivity.kind == kind, LeadActivity.outcome == outcome)
            .limit(MOST)
        )
    return numbers


def _numbers(table: type[CadenceRun] | type[CadenceTask], condition: Any) -> Any:
    query = select(Lead.number).join(table, table.lead_id == Lead.id)
    return query.where(condition).distinct().limit(MOST)


CHECKS = (Check(name="Follow-up is possible", run=check_cadence),)
