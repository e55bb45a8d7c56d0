"""Reading kept reports: the list, one of them, its history, whom it may be sent to and what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, String, cast, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from db.core import timeline
from db.core.actor import Actor
from db.core.permissions import GRANTED, Permission, Role
from db.people.tables import Person, PersonScope
from db.reports.builder_figures import all_figures
from db.reports.builder_rules import Spec, describe
from db.reports.saved_record import ITEM, is_owner, load, recipients, spec_of, wants_file
from db.reports.saved_rules import schedule_words
from db.reports.saved_tables import ReportDelivery, ReportRecipient, SavedReport
from db.reports.view_rules import PAGE as PAGE_FIELD
from db.reports.view_rules import describe_view, page_of

PAGE: Final = 50
Cursor = tuple[datetime, int]


@dataclass(frozen=True, kw_only=True)
class SavedLine:
    """A kept report as the list and the builder show it; a view of a page has that `page` and its address `query`."""

    report_id: int
    name: str
    spec: Spec
    what: str
    shared: str
    owner: str
    is_mine: bool
    rhythm: str
    send_day: int
    schedule: str
    next_on: date | None
    updated_at: datetime
    version: int
    page: str = ""
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RecipientChoice:
    """Somebody a report may be sent to."""

    person_id: int
    label: str


@dataclass(frozen=True, kw_only=True)
class DeliveryLine:
    """What was sent to somebody on a day."""

    due_on: date
    name: str
    outcome: str
    why: str


@dataclass(frozen=True, kw_only=True)
class HistoryLine:
    """One entry of a report's timeline."""

    at: datetime
    title: str
    by: str


def _readable(actor: Actor) -> ColumnElement[bool]:
    shared = ("all",) if actor.role.is_dealer else ("all", "desk")
    gets_it = exists().where(ReportRecipient.report_id == SavedReport.id, ReportRecipient.person_id == actor.user_id)
    return or_(SavedReport.owner_id == actor.user_id, SavedReport.shared.in_(shared), gets_it)


def list_reports(
    session: Session, *, actor: Actor, text: str = "", mine: bool = False, after: Cursor | None = None
) -> tuple[list[SavedLine], Cursor | None]:
    """A page of the reports this actor may read, changed last first; `text` is looked for in names and keepers."""
    actor.require(Permission.REPORTS_VIEW)
    query = select(SavedReport, Person.name).join(Person, Person.id == SavedReport.owner_id)
    query = query.where(SavedReport.removed_at.is_(None), _readable(actor))
    if mine:
        query = query.where(SavedReport.owner_id == actor.user_id)
    for word in text.split():
        like = "%" + word.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = query.where(
            or_(func.lower(SavedReport.name).like(like, escape="\\"), func.lower(Person.name).like(like, escape="\\"))
        )
    if after is not None:
        query = query.where(tuple_(SavedReport.updated_at, SavedReport.id) < after)
    rows = session.execute(query.order_by(SavedReport.updated_at.desc(), SavedReport.id.desc()).limit(PAGE + 1)).all()
    lines = [_line(report, owner, actor) for report, owner in rows[:PAGE]]
    last = rows[PAGE - 1][0] if len(rows) > PAGE else None
    return lines, (last.updated_at, last.id) if last is not None else None


def get_report(session: Session, *, report_id: int, actor: Actor) -> SavedLine:
    """One kept report; raises `NotFound`."""
    actor.require(Permission.REPORTS_VIEW)
    report = load(session, report_id, actor=actor)
    return _line(report, session.get_one(Person, report.owner_id).name, actor)


def _line(report: SavedReport, owner: str, actor: Actor) -> SavedLine:
    spec, page = spec_of(report), page_of(report.spec)
    what = describe_view(report.spec) if page else describe(spec, all_figures())
    return SavedLine(
        report_id=report.id, name=report.name, spec=spec, what=what, page=page, query=report.spec if page else {},
        shared=report.shared, owner=owner, is_mine=is_owner(report, actor), rhythm=report.rhythm,
        send_day=report.send_day, schedule=schedule_words(report.rhythm, report.send_day) if report.rhythm else "",
        next_on=report.next_on, updated_at=report.updated_at, version=report.version,
    )  # fmt: skip


def list_views(session: Session, *, page: str, actor: Actor, limit: int = PAGE) -> list[SavedLine]:
    """The views of a page this actor may open, changed last first."""
    actor.require(Permission.REPORTS_VIEW)
    query = select(SavedReport, Person.name).join(Person, Person.id == SavedReport.owner_id)
    # The stored words as text: SQLite and PostgreSQL write a space after the colon, and nothing else is called so.
    names_page = cast(SavedReport.spec, String).like(f'%"{PAGE_FIELD}": ["{page}"]%')
    query = query.where(SavedReport.removed_at.is_(None), _readable(actor), names_page)
    rows = session.execute(query.order_by(SavedReport.updated_at.desc(), SavedReport.id.desc()).limit(limit))
    return [_line(report, owner, actor) for report, owner in rows]


def recipients_of(session: Session, *, report_id: int, actor: Actor) -> list[int]:
    """The people a report is sent to, for who may change it; nobody for others."""
    report = load(session, report_id, actor=actor)
    return recipients(session, report.id) if is_owner(report, actor) else []


def my_file(session: Session, *, report_id: int, actor: Actor) -> bool | None:
    """Whether the workbook goes with the mails this actor gets of a report; None where they get none."""
    report = load(session, report_id, actor=actor)
    return wants_file(session, report.id, actor.user_id) if report.rhythm else None


def recipient_choices(session: Session, *, actor: Actor) -> list[RecipientChoice]:
    """Whom this actor may send a report to: oneself; with reports.share the people of the desk and of own dealers."""
    reads = [role.value for role, granted in GRANTED.items() if Permission.REPORTS_VIEW in granted]
    query = select(Person.id, Person.name, Person.role).where(Person.is_active.is_(True), Person.role.in_(reads))
    if not actor.can(Permission.REPORTS_SHARE):
        query = query.where(Person.id == actor.user_id)
    elif not actor.scope.is_all:
        query = query.where(or_(Person.id.not_in(_elsewhere(actor)), Person.id == actor.user_id))
    rows = session.execute(query.order_by(func.lower(Person.name), Person.id))
    return [RecipientChoice(person_id=i, label=f"{name} ({Role(role).label})") for i, name, role in rows]


def _elsewhere(actor: Actor) -> ColumnElement[int]:
    """People of dealerships the actor does not look after."""
    from db.dealers.tables import Dealer

    dealers = [role.value for role in Role if role.is_dealer]
    seen = (
        select(PersonScope.person_id)
        .join(Dealer, Dealer.id == PersonScope.dealer_id)
        .where(actor.scope.where(Dealer.id, Dealer.region))
    )
    return select(Person.id).where(Person.role.in_(dealers), Person.id.not_in(seen)).scalar_subquery()


def deliveries_of(session: Session, *, report_id: int, actor: Actor, limit: int = 20) -> list[DeliveryLine]:
    """What was sent last, for who may change the report."""
    report = load(session, report_id, actor=actor)
    if not is_owner(report, actor):
        return []
    rows = session.execute(
        select(ReportDelivery.due_on, Person.name, ReportDelivery.outcome, ReportDelivery.why)
        .join(Person, Person.id == ReportDelivery.person_id)
        .where(ReportDelivery.report_id == report.id)
        .order_by(ReportDelivery.id.desc())
        .limit(limit)
    )
    return [DeliveryLine(due_on=d, name=name, outcome=outcome, why=why) for d, name, outcome, why in rows]


def history_of(session: Session, *, report_id: int, actor: Actor, limit: int = 20) -> list[HistoryLine]:
    """What happened to a report, newest first, for who may change it."""
    report = load(session, report_id, actor=actor)
    if not is_owner(report, actor):
        return []
    rows = session.execute(
        select(timeline.TimelineEntry.at, timeline.TimelineEntry.summary, timeline.TimelineEntry.actor_name)
        .join(timeline.TimelineLink, timeline.TimelineLink.seq == timeline.TimelineEntry.seq)
        .where(timeline.TimelineLink.item_type == ITEM, timeline.TimelineLink.item_id == report.id)
        .order_by(timeline.TimelineEntry.seq.desc())
        .limit(limit)
    )
    return [HistoryLine(at=at, title=_said(summary), by=by) for at, summary, by in rows]


def _said(summary: str) -> str:
    """What was done, without the name the report had then: the drawer has its name already."""
    said = summary.split('": ', 1)[-1]
    return said[:1].upper() + said[1:]
