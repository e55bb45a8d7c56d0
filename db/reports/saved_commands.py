"""Keeping a report or a view of a page under a name, changing, sharing, scheduling and removing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core import timeline
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused
from db.reports.builder_figures import figures_of
from db.reports.builder_rules import Spec, check, from_query, to_query
from db.reports.saved_queries import recipient_choices
from db.reports.saved_record import changed, load, note, own, recipients
from db.reports.saved_rules import (
    LONGEST_NAME,
    SHARED,
    check_schedule,
    check_sharing,
    next_day,
    schedule_words,
)
from db.reports.saved_tables import ReportRecipient, SavedReport
from db.reports.view_rules import VIEWS, kept, page_of, word_of


def keep_report(
    session: Session, *, name: str, query: Mapping[str, Sequence[str]], shared: str, form_key: str | None,
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Keep a report under a name and give its id; `query` is its address. Problems: name, metrics, by, since, shared.

    An as-of day in the address is kept, so the report shows the same days later.
    """
    actor.require(Permission.REPORTS_VIEW)
    if form_key:
        there = session.scalar(select(SavedReport.id).where(SavedReport.form_key == form_key))
        if there is not None:
            timeline.repeated(session)
            return there
    if actor.user_id is None:
        raise Refused(Problem(code="nobody", message="A report is kept by a person."))
    problems = Problems()
    name = problems.require(name, "name", "The name", longest=LONGEST_NAME)
    spec = _checked(problems, query, actor)
    may_share = actor.can(Permission.REPORTS_SHARE)
    check_sharing(problems, shared=shared, spec=spec, may_share=may_share)
    problems.refuse_if_any()
    report = SavedReport(
        name=name, spec=to_query(spec), shared=shared, owner_id=actor.user_id, rhythm="", send_day=0, version=1,
        created_at=now, updated_at=now, updated_by=actor.name, form_key=form_key,
    )  # fmt: skip
    session.add(report)
    session.flush()
    note(
        session, report, "keep_report", f"kept for {SHARED[shared].lower()}", actor=actor, now=now,
        after={"spec": report.spec, "shared": shared},
    )  # fmt: skip
    return report.id


def keep_view(
    session: Session, *, page: str, name: str, query: Mapping[str, Sequence[str]], shared: str, form_key: str | None,
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Keep the address of a page under a name and give its id. Problems: page, name, shared.

    A view is opened, never sent: whoever opens it sees their own dealers. One that names a dealer is not for dealers.
    """
    actor.require(Permission.REPORTS_VIEW)
    if form_key:
        there = session.scalar(select(SavedReport.id).where(SavedReport.form_key == form_key))
        if there is not None:
            timeline.repeated(session)
            return there
    if actor.user_id is None:
        raise Refused(Problem(code="nobody", message="A view is kept by a person."))
    if page not in VIEWS:
        raise Refused(Problem(code="unknown", field="page", message="This page has no views to keep."))
    problems = Problems()
    name = problems.require(name, "name", "The name", longest=LONGEST_NAME)
    spec = kept(page, query)
    check_sharing(problems, shared=shared, spec=_as_shared(spec), may_share=actor.can(Permission.REPORTS_SHARE))
    problems.refuse_if_any()
    view = SavedReport(
        name=name, spec=spec, shared=shared, owner_id=actor.user_id, rhythm="", send_day=0, version=1,
        created_at=now, updated_at=now, updated_by=actor.name, form_key=form_key,
    )  # fmt: skip
    session.add(view)
    session.flush()
    note(
        session, view, "keep_view", f"kept as a view for {SHARED[shared].lower()}", actor=actor, now=now,
        after={"spec": spec, "shared": shared},
    )  # fmt: skip
    return view.id


def _as_shared(spec: Mapping[str, Sequence[str]]) -> Spec:
    """What of a kept report matters for who may read it: the dealers it names."""
    page = page_of(spec)
    if not page:
        return from_query(spec)
    dealer = word_of(spec, f"{VIEWS[page].prefix}_dealer")
    return Spec(dealers=(dealer,) if dealer else ())


def _refuse_view(report: SavedReport, message: str) -> None:
    if page_of(report.spec):
        raise Refused(Problem(code="is_view", message=message))


def change_report(
    session: Session, *, report_id: int, seen_version: int, query: Mapping[str, Sequence[str]], actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Let a kept report be what the builder shows now. Problems: metrics, by, since, shared."""
    actor.require(Permission.REPORTS_VIEW)
    report = own(session, report_id, seen_version, actor=actor)
    _refuse_view(report, "This is a view of a page. Save the report under a name of its own.")
    problems = Problems()
    spec = _checked(problems, query, actor)
    check_sharing(problems, shared=report.shared, spec=spec, may_share=True)
    problems.refuse_if_any()
    before, report.spec = report.spec, to_query(spec)
    if before == report.spec:
        raise Refused(Problem(code="no_change", message="It is kept exactly like this already."))
    changed(
        session, report, "change_report", "changed", actor=actor, now=now, before={"spec": before},
        after={"spec": report.spec},
    )  # fmt: skip


def rename_report(
    session: Session, *, report_id: int, seen_version: int, name: str, actor: Actor, now: datetime
) -> None:
    """Give a kept report another name. Problems: name."""
    actor.require(Permission.REPORTS_VIEW)
    report = own(session, report_id, seen_version, actor=actor)
    problems = Problems()
    name = problems.require(name, "name", "The name", longest=LONGEST_NAME)
    if name == report.name:
        problems.add("name", "no_change", "It has this name already.")
    problems.refuse_if_any()
    before, report.name = report.name, name
    changed(
        session, report, "rename_report", f'was called "{before}"', actor=actor, now=now, before={"name": before},
        after={"name": name},
    )  # fmt: skip


def share_report(
    session: Session, *, report_id: int, seen_version: int, shared: str, actor: Actor, now: datetime
) -> None:
    """Choose who may read a kept report; what each sees in it is their own. Problems: shared."""
    actor.require(Permission.REPORTS_VIEW)
    report = own(session, report_id, seen_version, actor=actor)
    problems = Problems()
    spec = _as_shared(report.spec)
    may_share = actor.can(Permission.REPORTS_SHARE)
    check_sharing(problems, shared=shared, spec=spec, may_share=may_share, was=report.shared)
    if shared == report.shared:
        problems.add("shared", "no_change", "It is shared like this already.")
    problems.refuse_if_any()
    before, report.shared = report.shared, shared
    changed(
        session, report, "share_report", f"for {SHARED[shared].lower()}", actor=actor, now=now,
        before={"shared": before}, after={"shared": shared},
    )  # fmt: skip


def schedule_report(
    session: Session, *, report_id: int, seen_version: int, rhythm: str, day: int, people: Sequence[int], actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Send a kept report every week (day 1 is Monday) or month (day 1 to 28), or not any more (`rhythm` empty).

    Days are the desk's; the first mail goes on the next such day. Each person gets what they may see. Whom one may
    choose: oneself, and with reports.share everybody of `recipient_choices`. Problems: rhythm, day, people.
    """
    actor.require(Permission.REPORTS_VIEW)
    report = own(session, report_id, seen_version, actor=actor)
    _refuse_view(report, "A view of a page is opened, not sent. Keep a report of the same figures to have it mailed.")
    problems = Problems()
    wanted = sorted(set(people)) if rhythm else []
    check_schedule(problems, rhythm=rhythm, day=day, people=wanted)
    former = recipients(session, report.id)
    offered = {one.person_id for one in recipient_choices(session, actor=actor)} | set(former)
    if any(person_id not in offered for person_id in wanted):
        problems.add("people", "not_found", "One of these people was not found.")
    if report.rhythm == rhythm and (not rhythm or (report.send_day == day and former == wanted)):
        problems.add("rhythm", "no_change", "It is sent like this already.")
    problems.refuse_if_any()
    before = {"rhythm": report.rhythm, "day": report.send_day, "people": former}
    report.rhythm, report.send_day = rhythm, day if rhythm else 0
    report.next_on = next_day(rhythm, day, local_day(now, DESK_ZONE))
    # Whoever stays keeps their wish for the workbook.
    session.execute(
        delete(ReportRecipient).where(
            ReportRecipient.report_id == report.id, ReportRecipient.person_id.in_(sorted(set(former) - set(wanted)))
        )
    )
    if added := sorted(set(wanted) - set(former)):
        session.execute(insert(ReportRecipient), [{"report_id": report.id, "person_id": p} for p in added])
    when = schedule_words(rhythm, day)
    said = f"sent {when[0].lower()}{when[1:]} to {len(wanted)}" if rhythm else "not sent any more"
    changed(
        session, report, "schedule_report", said, actor=actor, now=now, before=before,
        after={"rhythm": rhythm, "day": report.send_day, "people": wanted},
    )  # fmt: skip


def attach_file(session: Session, *, report_id: int, wanted: bool, actor: Actor, now: datetime) -> None:
    """Whether the workbook goes with the actor's own mails of a report. Wanting it needs export.run.

    `NotFound` for who gets no mail of it. It is the reader's wish, so the report itself stays as it is.
    """
    actor.require(Permission.REPORTS_VIEW)
    if wanted:
        actor.require(Permission.EXPORT_RUN)
    report = load(session, report_id, actor=actor)
    mine = session.scalars(
        select(ReportRecipient)
        .where(ReportRecipient.report_id == report.id, ReportRecipient.person_id == actor.user_id)
        .with_for_update()
    ).one_or_none()
    if mine is None:
        raise NotFound("This mail")
    if mine.with_file == wanted:
        timeline.repeated(session)
        return
    mine.with_file = wanted
    said = f"{actor.name} gets it with{'' if wanted else 'out'} the workbook"
    note(session, report, "attach_file", said, actor=actor, now=now, after={"with_file": wanted})


def remove_report(session: Session, *, report_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Take a kept report away for everybody; it is sent no more, its history stays."""
    actor.require(Permission.REPORTS_VIEW)
    report = own(session, report_id, seen_version, actor=actor)
    report.removed_at, report.next_on = now, None
    changed(session, report, "remove_report", "removed", actor=actor, now=now, after={"removed_at": now})


def _checked(problems: Problems, query: Mapping[str, Sequence[str]], actor: Actor) -> Spec:
    """The report of an address, with everything that keeps it from being told noted."""
    spec = from_query(query)
    problems.found += check(spec, figures_of(actor))
    return spec
