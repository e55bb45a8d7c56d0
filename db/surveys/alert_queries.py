"""Alerts as a queue, one alert for its drawer, and what waits for whoever calls unhappy customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select, true
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import CAP, WorkCount, WorkLine
from db.core.masking import mask_name, mask_phone
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.people.queries import names_of, people_to_tell
from db.surveys.flow import FLOW, OUTCOMES, ROOT_CAUSES
from db.surveys.rules import KINDS
from db.surveys.survey_queries import PAGE_FILE
from db.surveys.tables import Dealer, Person, Survey, SurveyAlert

PAGE = 50
Cursor = tuple[datetime, int]


@dataclass(frozen=True, kw_only=True)
class AlertFilters:
    """What the queue is narrowed to; `kind` empty for both."""

    is_open: bool = True
    kind: str = ""
    region: str = ""
    dealer_id: int | None = None
    assignee_id: int | None = None
    overdue: bool = False


@dataclass(frozen=True, kw_only=True)
class AlertRow:
    """One alert as it is shown; the customer's contact data is masked for who has no need."""

    id: int
    number: str
    status: str
    version: int
    is_open: bool
    submitted_by: str
    dealer_id: int
    dealer: str
    region: str
    kind: str
    reasons: tuple[str, ...]
    due_at: datetime
    created_at: datetime
    contact_due_at: datetime
    contacted_at: datetime | None
    contact_note: str
    closed_at: datetime | None
    outcome: str
    root_cause: str
    closing_note: str
    escalated_at: datetime | None
    assignee_id: int | None
    assignee: str
    survey_id: int
    survey: str
    answered_on: date | None
    index_hundredths: int | None
    customer_id: int | None
    customer: str
    phone: str
    comment: str

    @property
    def outcome_words(self) -> str:
        """How it ended and why, in words; empty while open."""
        parts = [OUTCOMES.get(self.outcome, ""), ROOT_CAUSES.get(self.root_cause, "")]
        return " · ".join(p for p in parts if p)

    def is_overdue(self, now: datetime) -> bool:
        """Whether what is due next is late."""
        return self.is_open and self.due_at < now


def _rows(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(
            SurveyAlert.id, SurveyAlert.number, SurveyAlert.status, SurveyAlert.version, SurveyAlert.is_open,
            SurveyAlert.submitted_by, SurveyAlert.dealer_id, Dealer.name.label("dealer"), SurveyAlert.region,
            SurveyAlert.kind, SurveyAlert.reasons, SurveyAlert.due_at, SurveyAlert.created_at,
            SurveyAlert.contact_due_at, SurveyAlert.contacted_at, SurveyAlert.contact_note, SurveyAlert.closed_at,
            SurveyAlert.outcome, SurveyAlert.root_cause, SurveyAlert.closing_note, SurveyAlert.escalated_at,
            SurveyAlert.assignee_id, func.coalesce(Person.name, "").label("assignee"), SurveyAlert.survey_id,
            Survey.number.label("survey"), Survey.answered_on, Survey.index_hundredths, Survey.customer_id,
            Survey.customer_name, Survey.phone, Survey.comment,
        )
        .join(Survey, Survey.id == SurveyAlert.survey_id)
        .join(Dealer, Dealer.id == SurveyAlert.dealer_id)
        .outerjoin(Person, Person.id == SurveyAlert.assignee_id)
        .where(scope.where(SurveyAlert.dealer_id, SurveyAlert.region))
    )  # fmt: skip


def _shown(row: Any, actor: Actor) -> AlertRow:
    values = row._asdict()
    name, phone = values.pop("customer_name"), values.pop("phone")
    values["reasons"] = tuple(values["reasons"])
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    return AlertRow(
        **values, customer=name if personal else mask_name(name),
        phone=phone if personal or not phone else mask_phone(phone),
    )  # fmt: skip


def _conditions(filters: AlertFilters, now: datetime) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = [SurveyAlert.is_open == (true() if filters.is_open else false())]
    if filters.kind:
        parts.append(SurveyAlert.kind == filters.kind)
    if filters.region:
        parts.append(SurveyAlert.region == filters.region)
    if filters.dealer_id is not None:
        parts.append(SurveyAlert.dealer_id == filters.dealer_id)
    if filters.assignee_id is not None:
        parts.append(SurveyAlert.assignee_id == filters.assignee_id)
    if filters.overdue:
        parts.append(SurveyAlert.due_at < now)
    return parts


def list_alerts(
    session: Session, *, actor: Actor, filters: AlertFilters, now: datetime, after: Cursor | None = None,
    limit: int = PAGE,
) -> tuple[list[AlertRow], Cursor | None]:  # fmt: skip
    """One page and the cursor of the next: open ones due first, closed ones the latest due first."""
    actor.require(Permission.SURVEYS_VIEW)
    query = _rows(actor.scope).where(*_conditions(filters, now))
    due = SurveyAlert.due_at
    if filters.is_open:
        if after is not None:
            query = query.where(due >= after[0], or_(due > after[0], SurveyAlert.id > after[1]))
        query = query.order_by(due, SurveyAlert.id)
    else:
        if after is not None:
            query = query.where(due <= after[0], or_(due < after[0], SurveyAlert.id < after[1]))
        query = query.order_by(due.desc(), SurveyAlert.id.desc())
    found = [_shown(row, actor) for row in session.execute(query.limit(limit + 1))]
    following = (found[limit - 1].due_at, found[limit - 1].id) if len(found) > limit else None
    return found[:limit], following


def count_alerts(session: Session, *, actor: Actor, filters: AlertFilters, now: datetime) -> int:
    """How many there are, counted up to `CAP` + 1."""
    actor.require(Permission.SURVEYS_VIEW)
    some = select(SurveyAlert.id).where(
        actor.scope.where(SurveyAlert.dealer_id, SurveyAlert.region), *_conditions(filters, now)
    )
    return session.scalar(select(func.count()).select_from(some.limit(CAP + 1).subquery())) or 0


def get_alert(session: Session, *, item_id: int, actor: Actor, now: datetime) -> AlertRow:
    """One alert for its drawer; raises `NotFound`. Needs surveys.view."""
    actor.require(Permission.SURVEYS_VIEW)
    row = session.execute(_rows(actor.scope).where(SurveyAlert.id == item_id)).one_or_none()
    if row is None:
        raise NotFound("This alert")
    return _shown(row, actor)


def caller_choices(session: Session, *, alert: AlertRow, actor: Actor) -> list[tuple[int, str]]:
    """Who else may call the customer of an alert, by name; the caller has read it within its scope."""
    if not actor.scope.allows(dealer_id=alert.dealer_id, region=alert.region):
        return []
    ids = people_to_tell(
        session, dealer_id=alert.dealer_id, region=alert.region, permission=Permission.SURVEYS_WORK
    )  # fmt: skip
    names = names_of(session, person_ids=ids)
    return sorted(((i, n) for i, n in names.items() if i != alert.assignee_id), key=lambda pair: pair[1])


# ---- my work ----------------------------------------------------------------------------------------------
def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """The open alerts this actor has to see to, due first."""
    rows, _ = list_alerts(
        session, actor=actor, filters=AlertFilters(assignee_id=actor.user_id or 0), now=now, limit=limit
    )
    return [
        WorkLine(
            item_type="survey_alert", item_id=row.id, number=row.number, title=f"Unhappy customer, {KINDS[row.kind]}",
            status="Overdue" if row.is_overdue(now) else FLOW.state(row.status).label,
            tone="red" if row.is_overdue(now) else FLOW.state(row.status).tone, due_at=row.due_at,
            why="Call the customer" if row.status == "open" else "Settle it", page=PAGE_FILE,
            query={"alert": str(row.id)}, dealer=row.dealer,
        )
        for row in rows
    ]  # fmt: skip


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How many alerts this actor has, and how many of them are overdue."""
    mine, late = (
        AlertFilters(assignee_id=actor.user_id or 0),
        AlertFilters(assignee_id=actor.user_id or 0, overdue=True),
    )
    return [
        WorkCount(
            label="Unhappy customers", count=count_alerts(session, actor=actor, filters=mine, now=now),
            overdue=count_alerts(session, actor=actor, filters=late, now=now), page=PAGE_FILE,
            query={"svy_view": "Alerts", "sva_who": "Mine"},
        )
    ]  # fmt: skip
