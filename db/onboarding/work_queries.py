"""What of the onboardings waits for somebody: my work, and what to know of one dealer or of all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import DealerLine, Signal, WorkCount, WorkLine
from db.core.labels import plural
from db.core.permissions import Permission, Role
from db.onboarding.flow import FLOW
from db.onboarding.queries import CASE_PAGE, PAGE_FILE, CaseFilters, case_rows, count_cases
from db.onboarding.rules import OVERDUE_WATCH_DAYS
from db.onboarding.summary import day_at
from db.onboarding.tables import Checklist, ChecklistItem, Dealer, Onboarding
from db.workflow.checks import available_steps

AHEAD_DAYS = 7
# Whose items wait for which role; coordinators see those of the cases they look after, the others of all they may see.
OWNERS_OF: dict[Role, tuple[str, ...]] = {
    Role.COORDINATOR: ("coordinator", "field"),
    Role.MANAGER: ("manager",),
    Role.FINANCE: ("finance",),
    Role.SALES_LEADER: ("field",),
    Role.DEALER_MANAGER: ("dealer",),
}


def _items(actor_scope: Scope) -> Select[*tuple[Any, ...]]:
    """Open items of running checklists of a scope, with their case and dealer."""
    return (
        select(
            ChecklistItem.id, ChecklistItem.title, ChecklistItem.due_on, ChecklistItem.status, ChecklistItem.is_gate,
            ChecklistItem.owner, ChecklistItem.reason, Onboarding.id.label("case_id"), Onboarding.number, Dealer.zone,
            Dealer.name.label("dealer"),
        )
        .join(Checklist, Checklist.id == ChecklistItem.checklist_id)
        .join(Onboarding, Onboarding.checklist_id == Checklist.id)
        .join(Dealer, Dealer.id == ChecklistItem.dealer_id)
        .where(actor_scope.where(ChecklistItem.dealer_id, ChecklistItem.region), ChecklistItem.is_open == true())
    )  # fmt: skip


def _waiting(actor: Actor, now: datetime) -> list[ColumnElement[bool]] | None:
    """Which items wait for this actor: ready, due within a week, of their role; None for roles that have none."""
    owners = OWNERS_OF.get(actor.role)
    if owners is None:
        return None
    wanted = [
        ChecklistItem.owner.in_(owners), ChecklistItem.ready_on.is_not(None),
        ChecklistItem.due_on <= now.date() + timedelta(days=AHEAD_DAYS),
    ]  # fmt: skip
    if actor.role is Role.COORDINATOR:
        wanted.append((Onboarding.assignee_id == actor.user_id) | Onboarding.assignee_id.is_(None))
    return wanted


def _end_of(day: date, zone: str) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(zone or "UTC")) - timedelta(seconds=1)


def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """Items of this actor's role that are due within a week, and cases that wait for their decision."""
    lines = []
    wanted = _waiting(actor, now)
    if wanted is not None:
        query = _items(actor.scope).where(*wanted).order_by(ChecklistItem.due_on, ChecklistItem.id).limit(limit)
        for row in session.execute(query):
            failed = row.status == "failed"
            lines.append(
                WorkLine(
                    item_type="onboarding", item_id=row.case_id, number=row.number, title=row.title,
                    status="Failed gate" if failed else ("Gate" if row.is_gate else "Item"),
                    tone="red" if failed else "blue", due_at=_end_of(row.due_on, row.zone),
                    why="Review again" if failed else ("Review" if row.is_gate else "Do it"), page=CASE_PAGE,
                    query={"onboarding": str(row.case_id), "item": str(row.id)}, dealer=row.dealer,
                )
            )  # fmt: skip
    if actor.can(Permission.ONBOARDING_DECIDE):
        rows = session.execute(
            case_rows(actor.scope)
            .where(Onboarding.is_open == true(), Onboarding.status == "golive")
            .order_by(Onboarding.due_at, Onboarding.id)
            .limit(limit)
        )
        for row in rows:
            steps = available_steps(FLOW, status=row.status, submitted_by=row.submitted_by, actor=actor)
            if any(step.name == "activate" for step in steps):
                state = FLOW.state(row.status)
                lines.append(
                    WorkLine(
                        item_type="onboarding", item_id=row.id, number=row.number,
                        title=f"{row.readiness}% ready" + (f", waits on {row.waits_on}" if row.waits_on else ""),
                        status=state.label, tone=state.tone, due_at=row.due_at, why="Decide on going live",
                        page=CASE_PAGE, query={"onboarding": str(row.id)}, dealer=row.dealer_name,
                    )
                )  # fmt: skip
    late = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(lines, key=lambda line: (line.due_at or late, line.item_id))[:limit]


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """The running cases of this actor's dealers, and their own items that are due."""
    if not (actor.can(Permission.ONBOARDING_MANAGE) or actor.role in OWNERS_OF):
        return []
    counts = []
    late = count_cases(session, scope=actor.scope, filters=CaseFilters(risk="late"))
    running = count_cases(session, scope=actor.scope, filters=CaseFilters())
    if running:
        counts.append(WorkCount(label="Onboardings", count=running, overdue=late, page=PAGE_FILE))
    return counts


# ---- one dealer, and all of them -------------------------------------------------------------------------------------
def dealer_lines(
    session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None
) -> list[DealerLine]:
    """What of its onboarding is overdue, failed, waits on the dealer, and was done since the last contact."""
    today = day_at(session, dealer_id, now)
    rows = session.execute(
        _items(actor.scope).where(ChecklistItem.dealer_id == dealer_id).order_by(ChecklistItem.due_on, ChecklistItem.id)
    ).all()
    lines = []
    for row in rows:
        query = {"onboarding": str(row.case_id)}
        if row.status == "failed":
            lines.append(
                DealerLine(
                    kind="overdue", title=f"The gate “{row.title}” failed", detail=row.reason, page=CASE_PAGE,
                    at=_end_of(row.due_on, row.zone), query=query,
                )
            )  # fmt: skip
        elif row.due_on < today:
            who = "the dealer's part" if row.owner == "dealer" else "our part"
            lines.append(
                DealerLine(
                    kind="overdue", title=f"Onboarding: {row.title}, {who}", page=CASE_PAGE, query=query,
                    detail=f"{plural((today - row.due_on).days, 'day')} late", at=_end_of(row.due_on, row.zone),
                )
            )  # fmt: skip
    waiting = [r for r in rows if r.owner == "dealer" and r.status == "open" and r.due_on >= today]
    for row in waiting[:5]:
        lines.append(
            DealerLine(
                kind="open", title=f"Onboarding waits on the dealer: {row.title}", page=CASE_PAGE,
                at=_end_of(row.due_on, row.zone), query={"onboarding": str(row.case_id)},
            )
        )  # fmt: skip
    return lines + _changed(session, dealer_id=dealer_id, actor=actor, since=since)


def _changed(session: Session, *, dealer_id: int, actor: Actor, since: datetime | None) -> list[DealerLine]:
    if since is None:
        return []
    rows = session.execute(
        select(ChecklistItem.title, ChecklistItem.done_at, ChecklistItem.done_by_name, Checklist.subject_id)
        .join(Checklist, Checklist.id == ChecklistItem.checklist_id)
        .where(
            ChecklistItem.dealer_id == dealer_id, ChecklistItem.status == "done", ChecklistItem.done_at > since,
            Checklist.subject_type == "onboarding", actor.scope.where(ChecklistItem.dealer_id, ChecklistItem.region),
        )
        .order_by(ChecklistItem.done_at.desc())
        .limit(5)
    )  # fmt: skip
    return [
        DealerLine(
            kind="changed", title=f"Onboarding: {r.title} is done", detail=f"by {r.done_by_name}", at=r.done_at,
            page=CASE_PAGE, query={"onboarding": str(r.subject_id)},
        )
        for r in rows
    ]  # fmt: skip


def dealer_signals(session: Session, *, scope: Scope, now: datetime) -> Mapping[int, Sequence[Signal]]:
    """Failed gates are a risk, items more than a week late to watch; two statements for all dealers of a scope.

    Late is counted by the UTC day, which is at most one off the dealer's own.
    """
    found: dict[int, list[Signal]] = defaultdict(list)
    mine = scope.where(ChecklistItem.dealer_id, ChecklistItem.region)
    for dealer_id, title, reason in session.execute(
        select(ChecklistItem.dealer_id, ChecklistItem.title, ChecklistItem.reason)
        .where(mine, ChecklistItem.is_open == true(), ChecklistItem.status == "failed")
        .order_by(ChecklistItem.dealer_id, ChecklistItem.id)
    ):
        found[dealer_id].append(Signal(level="risk", sentence=f"Onboarding: the gate “{title}” failed: {reason}"))
    limit = now.date() - timedelta(days=OVERDUE_WATCH_DAYS)
    for dealer_id, count, oldest in session.execute(
        select(ChecklistItem.dealer_id, func.count(), func.min(ChecklistItem.due_on))
        .where(mine, ChecklistItem.is_open == true(), ChecklistItem.due_on < limit, ChecklistItem.status == "open")
        .group_by(ChecklistItem.dealer_id)
    ):
        verb = "is" if count == 1 else "are"
        sentence = f"Onboarding: {plural(count, 'item')} {verb} more than {OVERDUE_WATCH_DAYS} days late"
        found[dealer_id].append(Signal(level="watch", sentence=f"{sentence}, the oldest since {oldest:%-d %b}"))
    return found
