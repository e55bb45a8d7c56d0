"""Coaching notes as lists and one by one, and the people of a dealer who can be coached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from db.core.actor import Actor
from db.core.area import CAP
from db.core.labels import local_day
from db.core.permissions import Permission, Role
from db.core.problems import NotFound
from db.people.tables import PersonScope
from db.quality.people import seen_notes
from db.quality.tables import CoachingNote, Dealer, Lead, Person, QualityReview

PAGE = 50
PAGE_FILE = "pages/crm/quality.py"
Cursor = tuple[datetime, int]


@dataclass(frozen=True, kw_only=True)
class NoteRow:
    """One coaching note as it is shown; `today` is the day at the dealer."""

    id: int
    number: str
    status: str
    version: int
    is_open: bool
    submitted_by: str
    dealer_id: int
    dealer: str
    person_id: int
    person: str
    coach: str
    review_id: int | None
    review_number: str
    lead_id: int | None
    lead_number: str
    note: str
    agreed: str
    follow_up_day: date
    due_at: datetime
    metric: str
    then_value: int | None
    then_n: int
    now_value: int | None
    now_n: int
    result: str
    result_note: str
    created_at: datetime
    acknowledged_at: datetime | None
    closed_at: datetime | None
    today: date

    @property
    def is_due(self) -> bool:
        """Whether its follow-up day has come."""
        return self.is_open and self.follow_up_day <= self.today


_coach = aliased(Person)


def _rows(actor: Actor) -> Select[*tuple[Any, ...]]:
    return (
        select(
            CoachingNote.id, CoachingNote.number, CoachingNote.status, CoachingNote.version, CoachingNote.is_open,
            CoachingNote.submitted_by, CoachingNote.dealer_id, Dealer.name.label("dealer"), CoachingNote.person_id,
            Person.name.label("person"), func.coalesce(_coach.name, CoachingNote.submitted_by).label("coach"),
            CoachingNote.review_id, func.coalesce(QualityReview.number, "").label("review_number"),
            CoachingNote.lead_id, func.coalesce(Lead.number, "").label("lead_number"), CoachingNote.note,
            CoachingNote.agreed, CoachingNote.follow_up_day, CoachingNote.due_at, CoachingNote.metric,
            CoachingNote.then_value, CoachingNote.then_n, CoachingNote.now_value, CoachingNote.now_n,
            CoachingNote.result, CoachingNote.result_note, CoachingNote.created_at, CoachingNote.acknowledged_at,
            CoachingNote.closed_at, Dealer.zone,
        )
        .join(Dealer, Dealer.id == CoachingNote.dealer_id)
        .join(Person, Person.id == CoachingNote.person_id)
        .outerjoin(_coach, _coach.id == CoachingNote.assignee_id)
        .outerjoin(QualityReview, QualityReview.id == CoachingNote.review_id)
        .outerjoin(Lead, Lead.id == CoachingNote.lead_id)
        .where(seen_notes(CoachingNote, actor))
    )  # fmt: skip


def _shown(row: Any, now: datetime) -> NoteRow:
    values = row._asdict()
    return NoteRow(**{k: v for k, v in values.items() if k != "zone"}, today=local_day(now, values["zone"]))


def list_notes(
    session: Session, *, actor: Actor, now: datetime, is_open: bool = True, dealer_id: int | None = None,
    person_id: int | None = None, due: bool = False, after: Cursor | None = None, limit: int = PAGE,
) -> tuple[list[NoteRow], Cursor | None]:  # fmt: skip
    """One page, follow-up soonest first (done ones: newest first), and the cursor of the next."""
    query = _rows(actor).where(*_wanted(is_open, dealer_id, person_id, now if due else None))
    order: list[Any]
    if is_open:
        order = [CoachingNote.due_at, CoachingNote.id]
        if after is not None:
            query = query.where(
                CoachingNote.due_at >= after[0], or_(CoachingNote.due_at > after[0], CoachingNote.id > after[1])
            )
    else:
        order = [CoachingNote.due_at.desc(), CoachingNote.id.desc()]
        if after is not None:
            query = query.where(
                CoachingNote.due_at <= after[0], or_(CoachingNote.due_at < after[0], CoachingNote.id < after[1])
            )
    found = [_shown(r, now) for r in session.execute(query.order_by(*order).limit(limit + 1))]
    following = (found[limit - 1].due_at, found[limit - 1].id) if len(found) > limit else None
    return found[:limit], following


def _wanted(
    is_open: bool, dealer_id: int | None, person_id: int | None, due_by: datetime | None
) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [CoachingNote.is_open == (true() if is_open else false())]
    if dealer_id is not None:
        wanted.append(CoachingNote.dealer_id == dealer_id)
    if person_id is not None:
        wanted.append(CoachingNote.person_id == person_id)
    if due_by is not None:
        wanted.append(CoachingNote.due_at <= due_by)
    return wanted


def count_notes(session: Session, *, actor: Actor, due_by: datetime | None = None) -> int:
    """Open notes this actor may see, counted up to `CAP` + 1; with `due_by` those whose follow-up day has come."""
    some = (
        select(CoachingNote.id)
        .where(seen_notes(CoachingNote, actor), *_wanted(True, None, None, due_by))
        .limit(CAP + 1)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(some)) or 0


def get_note(session: Session, *, item_id: int, actor: Actor, now: datetime) -> NoteRow:
    """One note; raises `NotFound` for one that is not there or not theirs to read."""
    row = session.execute(_rows(actor).where(CoachingNote.id == item_id)).one_or_none()
    if row is None:
        raise NotFound("This coaching note")
    return _shown(row, now)


def who_can_be_coached(session: Session, *, dealer_id: int, actor: Actor) -> dict[int, str]:
    """Active people of a dealer within the actor's scope, by name, without the actor. Needs quality.coach."""
    actor.require(Permission.QUALITY_COACH)
    rows = session.execute(
        select(Person.id, Person.name)
        .join(PersonScope, PersonScope.person_id == Person.id)
        .join(Dealer, Dealer.id == PersonScope.dealer_id)
        .where(
            PersonScope.dealer_id == dealer_id, Person.is_active == true(), Person.id != (actor.user_id or 0),
            Person.role.in_((Role.DEALER_STAFF.value, Role.DEALER_MANAGER.value)),
            actor.scope.where(Dealer.id, Dealer.region),
        )
        .order_by(Person.name, Person.id)
    )  # fmt: skip
    return dict(rows.all())
