"""A kept report as record: found for whoever may read it, changed with the version they saw, noted in the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Refused, Stale
from db.reports.builder_rules import Spec, from_query
from db.reports.saved_rules import may_read
from db.reports.saved_tables import ReportRecipient, SavedReport

ITEM = "saved_report"


def spec_of(report: SavedReport) -> Spec:
    """The report as it is told."""
    return from_query(report.spec)


def is_owner(report: SavedReport, actor: Actor) -> bool:
    """Whether the report is this actor's to change; an administrator may change what was shared."""
    return report.owner_id == actor.user_id or (report.shared != "me" and actor.can(Permission.PEOPLE_MANAGE))


def load(session: Session, report_id: int, *, actor: Actor, lock: bool = False) -> SavedReport:
    """The report; `NotFound` where it was removed or is not this actor's to read."""
    query = select(SavedReport).where(SavedReport.id == report_id, SavedReport.removed_at.is_(None))
    report = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if report is None or not may_read(
        shared=report.shared, is_mine=report.owner_id == actor.user_id, is_dealer=actor.role.is_dealer,
        gets_it=actor.user_id in recipients(session, report_id),
    ):  # fmt: skip
        raise NotFound("This report")
    return report


def own(session: Session, report_id: int, seen_version: int, *, actor: Actor) -> SavedReport:
    """The report, locked, for its owner to change; refused for others (`not_yours`) and on an old screen (`Stale`)."""
    report = load(session, report_id, actor=actor, lock=True)
    if not is_owner(report, actor):
        raise Refused(Problem(code="not_yours", message="Only who keeps a report may change it. Save it as your own."))
    if report.version != seen_version:
        raise Stale(what=f"The report {report.name}", changed_by=report.updated_by, changed_at=report.updated_at)
    return report


def recipients(session: Session, report_id: int) -> list[int]:
    """The ids of the people a report is sent to."""
    query = select(ReportRecipient.person_id).where(ReportRecipient.report_id == report_id)
    return list(session.scalars(query.order_by(ReportRecipient.person_id)))


def wants_file(session: Session, report_id: int, person_id: int | None) -> bool | None:
    """Whether somebody wants the workbook with the mail; None for who gets no mail of this report."""
    return session.scalar(
        select(ReportRecipient.with_file).where(
            ReportRecipient.report_id == report_id, ReportRecipient.person_id == person_id
        )
    )


def changed(
    session: Session, report: SavedReport, command: str, said: str, *, actor: Actor, now: datetime,
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Raise the version of a report that was changed and note it."""
    report.version += 1
    report.updated_at, report.updated_by = now, actor.name
    session.flush()
    note(session, report, command, said, actor=actor, now=now, before=before, after=after)


def note(
    session: Session, report: SavedReport, command: str, said: str, *, actor: Actor, now: datetime,
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """The one timeline entry of a command on a report."""
    changes.touch(session, "reports")
    timeline.record(
        session, actor=actor, now=now, area="reports", command=command, summary=f'Report "{report.name}": {said}',
        items=[timeline.Item(ITEM, report.id)], before=before, after=after,
    )  # fmt: skip
