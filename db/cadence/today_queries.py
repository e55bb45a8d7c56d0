"""What to do now, in the order to do it: tasks of follow-up and promised call-backs, one line a lead (issue 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from db.cadence.absences import stands_in_for
from db.cadence.rules import KINDS, midnight, why_now
from db.cadence.tables import CadenceRun, CadenceTask, Dealer, Lead, LeadContact, Person
from db.core.actor import Actor
from db.core.area import CAP, WorkCount, WorkLine
from db.core.labels import local_day
from db.core.masking import HIDDEN, mask_email, mask_name, mask_phone
from db.core.permissions import Permission
from db.core.problems import NotFound

PAGE = 50
PAGE_FILE = "pages/crm/today.py"
CALLED_BACK = ("contacted", "qualified", "appointment_shown", "negotiation", "sold", "attempted", "assigned")
"""States in which the next promise of a lead without a plan stands in the list; appointments have their own lines."""

Cursor = tuple[int, datetime, int, int]
"""(rank, due, 0 for a task or 1 for a lead, id) of the last line shown."""


@dataclass(frozen=True, kw_only=True)
class TodayLine:
    """One customer to turn to now. `task_id` is None for a promise of the lead itself; `more` are its other tasks.

    `reach` is how to reach them, masked for roles without need; `ask` what they asked, empty where it is hidden.
    """

    task_id: int | None
    version: int
    lead_id: int
    lead_version: int
    number: str
    customer: str
    wants: str
    ask: str
    reach: str
    kind: str
    what: str
    why: str
    due_at: datetime
    is_overdue: bool
    required: bool
    status: str
    dealer: str
    person: str
    covers: str
    more: int
    rank: int
    attempts: int
    is_desk: bool = False


@dataclass(frozen=True, kw_only=True)
class TodayPage:
    """One page; `following` is the cursor of the next one, None on the last."""

    lines: tuple[TodayLine, ...]
    following: Cursor | None


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The required tasks of a day: those done, those still to do, those missed."""

    done: int
    left: int
    missed: int

    @property
    def due(self) -> int:
        """All of them."""
        return self.done + self.left + self.missed


def list_today(
    session: Session, *, actor: Actor, view: str, now: datetime, after: Cursor | None = None, limit: int = PAGE
) -> TodayPage:
    """One page: first actions of new leads, then by the time due. `view` is mine or all (every dealer of the scope).

    Mine are one's own leads, those of colleagues one stands in for today, and at a dealer those nobody has yet. Two
    indexed reads and one for telephone numbers, however long the list is.
    """
    mine = _mine(session, actor=actor, now=now) if view == "mine" else None
    tasks = _tasks(session, actor=actor, mine=mine, now=now, after=after, limit=limit + 1)
    leads = _promises(session, actor=actor, mine=mine, now=now, after=after, limit=limit + 1)
    keyed = sorted(
        [((r.rank, r.due_at, 0, r.id), r) for r in tasks] + [((1, r.due_at, 1, r.id), r) for r in leads],
        key=lambda pair: pair[0],
    )
    chosen = keyed[:limit]
    ways = _ways(session, [r.lead_id for _, r in chosen], actor=actor)
    covered = set(mine.covered) if mine else set()
    lines = tuple(_line(r, ways=ways, covered=covered, actor=actor, now=now, is_task=key[2] == 0) for key, r in chosen)
    return TodayPage(lines=lines, following=chosen[-1][0] if len(keyed) > limit else None)


@dataclass(frozen=True)
class _Mine:
    own: int
    covered: tuple[int, ...]
    with_nobodys: bool

    def where(self, assignee: Any) -> ColumnElement[bool]:
        whose = assignee.in_([self.own, *self.covered])
        return or_(whose, assignee.is_(None)) if self.with_nobodys else whose


def _mine(session: Session, *, actor: Actor, now: datetime) -> _Mine:
    """Whose tasks are mine today; the day is that of the person who looks."""
    own = actor.user_id or 0
    covered = stands_in_for(session, person_id=own, day=local_day(now, actor.zone))
    return _Mine(own, tuple(covered), actor.role.is_dealer)


def _open_tasks(actor: Actor, now: datetime) -> Select[Any]:
    """Tasks whose day has begun, with their lead, and how many more of it wait."""
    other = aliased(CadenceTask)
    behind = (
        select(func.count())
        .where(other.lead_id == CadenceTask.lead_id, other.is_open == true(), other.opens_at <= now)
        .scalar_subquery()
    )
    return (
        select(
            CadenceTask.id, CadenceTask.version.label("task_version"), CadenceTask.kind, CadenceTask.plan,
            CadenceTask.day, CadenceTask.position, CadenceTask.rank, CadenceTask.due_at, CadenceTask.required,
            (behind - 1).label("more"), *_LEAD,
        )
        .join(Lead, Lead.id == CadenceTask.lead_id)
        .join(Dealer, Dealer.id == CadenceTask.dealer_id)
        .outerjoin(Person, Person.id == CadenceTask.assignee_id)
        .where(
            actor.scope.where(CadenceTask.dealer_id, CadenceTask.region), CadenceTask.is_open == true(),
            CadenceTask.opens_at <= now,
        )
    )  # fmt: skip


def _tasks(
    session: Session, *, actor: Actor, mine: _Mine | None, now: datetime, after: Cursor | None, limit: int
) -> list[Any]:
    """The first open task of each lead, with how many more wait behind it."""
    other = aliased(CadenceTask)
    is_first = ~exists().where(
        other.lead_id == CadenceTask.lead_id, other.is_open == true(), other.opens_at <= now,
        or_(
            other.rank < CadenceTask.rank,
            and_(other.rank == CadenceTask.rank, other.due_at < CadenceTask.due_at),
            and_(other.rank == CadenceTask.rank, other.due_at == CadenceTask.due_at, other.id < CadenceTask.id),
        ),
    )  # fmt: skip
    query = _open_tasks(actor, now).where(is_first)
    if mine is not None:
        query = query.where(mine.where(CadenceTask.assignee_id))
    if after is not None:
        rank, due, source, last = after
        later = or_(
            CadenceTask.rank > rank,
            and_(CadenceTask.rank == rank, CadenceTask.due_at > due),
            and_(CadenceTask.rank == rank, CadenceTask.due_at == due, CadenceTask.id > last)
            if source == 0
            else CadenceTask.rank > rank,
        )
        query = query.where(CadenceTask.rank >= rank, later)
    ordered = query.order_by(CadenceTask.rank, CadenceTask.due_at, CadenceTask.id).limit(limit)
    return list(session.execute(ordered))


def _promises(
    session: Session, *, actor: Actor, mine: _Mine | None, now: datetime, after: Cursor | None, limit: int
) -> list[Any]:
    """Leads whose own next promise falls due by the end of the day and that no plan takes care of."""
    end = midnight(local_day(now, actor.zone) + timedelta(days=1), actor.zone)
    has_run = exists().where(CadenceRun.lead_id == Lead.id, CadenceRun.is_open == true())
    query = (
        select(Lead.id, Lead.due_at, *_LEAD)
        .join(Dealer, Dealer.id == Lead.dealer_id)
        .outerjoin(Person, Person.id == Lead.assignee_id)
        .where(
            actor.scope.where(Lead.dealer_id, Lead.region), Lead.is_open == true(), Lead.due_at < end,
            Lead.status.in_(CALLED_BACK), ~has_run,
        )
    )  # fmt: skip
    if mine is not None:
        query = query.where(mine.where(Lead.assignee_id))
    if after is not None:
        rank, due, source, last = after
        if rank == 1:
            reached = Lead.due_at > due
            if source == 0:
                reached = or_(reached, Lead.due_at == due)
            else:
                reached = or_(reached, and_(Lead.due_at == due, Lead.id > last))
            query = query.where(Lead.due_at >= due, reached)
        elif rank > 1:
            return []
    return list(session.execute(query.order_by(Lead.due_at, Lead.id).limit(limit)))


_LEAD = (
    Lead.id.label("lead_id"), Lead.version.label("lead_version"), Lead.number, Lead.customer_name, Lead.wants,
    Lead.question, Lead.next_step, Lead.status, Lead.attempts, Lead.first_action_at, Lead.preferred_contact,
    Dealer.name.label("dealer"), Person.name.label("person"), Person.id.label("person_id"),
)  # fmt: skip


def _line(
    row: Any, *, ways: dict[int, str], covered: set[int], actor: Actor, now: datetime, is_task: bool
) -> TodayLine:
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    late = row.due_at < now
    if is_task:
        what = KINDS[row.kind]
        why = why_now(
            plan=row.plan, day=row.day, position=row.position, due_at=row.due_at, now=now,
            first_action=row.first_action_at is None,
        )  # fmt: skip
    else:
        what, why = row.next_step or "Call back", "Promised" + (", overdue" if late else " for today")
    return TodayLine(
        task_id=row.id if is_task else None, version=row.task_version if is_task else 0, lead_id=row.lead_id,
        lead_version=row.lead_version, number=row.number,
        customer=row.customer_name if personal else mask_name(row.customer_name), wants=row.wants,
        ask=row.question if personal else (HIDDEN if row.question else ""), reach=ways.get(row.lead_id, ""),
        kind=row.kind if is_task else "any", what=what, why=why, due_at=row.due_at, is_overdue=late,
        required=row.required if is_task else True, status=row.status, dealer=row.dealer, person=row.person or "",
        covers=row.person if row.person_id in covered else "", more=row.more if is_task else 0,
        rank=row.rank if is_task else 1, attempts=row.attempts,
    )  # fmt: skip


def _ways(session: Session, lead_ids: list[int], *, actor: Actor) -> dict[int, str]:
    """How to reach the customers of some leads: the first number, else the first address; masked without need."""
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    rows = session.execute(
        select(LeadContact.lead_id, LeadContact.kind, LeadContact.raw)
        .where(LeadContact.lead_id.in_(lead_ids), LeadContact.normal.is_not(None))
        .order_by(LeadContact.lead_id, LeadContact.is_preferred.desc(), LeadContact.position)
    )
    found: dict[int, dict[str, str]] = {}
    for lead_id, kind, raw in rows:
        shown = raw if personal else mask_email(raw) if kind == "email" else mask_phone(raw)
        found.setdefault(lead_id, {}).setdefault(kind, shown)
    return {lead_id: " · ".join(w[k] for k in ("phone", "email") if k in w) for lead_id, w in found.items()}


def get_line(session: Session, *, lead_id: int, actor: Actor, now: datetime) -> TodayLine:
    """The line of one lead, for its drawer; `NotFound` when there is nothing to do on it now, or it is not theirs."""
    for is_task in (True, False):
        query = _one_task(actor, lead_id, now) if is_task else _one_lead(actor, lead_id)
        row = session.execute(query).first()
        if row is not None:
            ways = _ways(session, [lead_id], actor=actor)
            return _line(row, ways=ways, covered=set(), actor=actor, now=now, is_task=is_task)
    raise NotFound("This task")


def _one_task(actor: Actor, lead_id: int, now: datetime) -> Any:
    return (
        _open_tasks(actor, now)
        .where(CadenceTask.lead_id == lead_id)
        .order_by(CadenceTask.rank, CadenceTask.due_at, CadenceTask.id)
        .limit(1)
    )


def _one_lead(actor: Actor, lead_id: int) -> Any:
    return (
        select(Lead.id, Lead.due_at, *_LEAD)
        .join(Dealer, Dealer.id == Lead.dealer_id)
        .outerjoin(Person, Person.id == Lead.assignee_id)
        .where(
            Lead.id == lead_id, Lead.is_open == true(), Lead.due_at.is_not(None),
            actor.scope.where(Lead.dealer_id, Lead.region),
        )
    )  # fmt: skip


def progress(session: Session, *, actor: Actor, view: str, now: datetime) -> Progress:
    """How far the required tasks of today have come; the day is that of the person who looks."""
    query = (
        select(CadenceTask.state, func.count())
        .where(
            CadenceTask.due_on == local_day(now, actor.zone), CadenceTask.required == true(),
            CadenceTask.state.in_(("done", "open", "missed")),
            actor.scope.where(CadenceTask.dealer_id, CadenceTask.region),
        )
        .group_by(CadenceTask.state)
    )  # fmt: skip
    if view == "mine":
        query = query.where(_mine(session, actor=actor, now=now).where(CadenceTask.assignee_id))
    counts: dict[str, int] = dict(session.execute(query).all())
    return Progress(done=counts.get("done", 0), left=counts.get("open", 0), missed=counts.get("missed", 0))


def count_open(session: Session, *, actor: Actor, view: str, now: datetime, overdue: bool = False) -> int:
    """Open tasks whose day has begun, counted up to `CAP` + 1."""
    wanted = [
        actor.scope.where(CadenceTask.dealer_id, CadenceTask.region), CadenceTask.is_open == true(),
        CadenceTask.opens_at <= now,
    ]  # fmt: skip
    if view == "mine":
        wanted.append(_mine(session, actor=actor, now=now).where(CadenceTask.assignee_id))
    if overdue:
        wanted.append(CadenceTask.due_at < now)
    some = select(CadenceTask.id).where(*wanted).limit(CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """None: the leads themselves stand in My work with the same due time, and each would be there twice."""
    return []


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """The follow-up tasks that wait: one's own at a dealer, everybody's at the desk."""
    view = "mine" if actor.role.is_dealer else "all"
    return [
        WorkCount(
            label="Follow-up tasks", count=count_open(session, actor=actor, view=view, now=now),
            overdue=count_open(session, actor=actor, view=view, now=now, overdue=True), page=PAGE_FILE,
        )
    ]  # fmt: skip
