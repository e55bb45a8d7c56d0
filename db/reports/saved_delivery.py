"""Sending a kept report: a mail to each person within their own scope and role, once for each day it is due."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core import changes
from db.core.actor import Actor
from db.core.incidents import report as report_incident
from db.core.labels import local_day, plural
from db.core.links import record_link
from db.core.outbox import Attachment, fits, is_address, queue_mail
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.people.notifications import notify
from db.people.sessions import person_actor
from db.people.tables import ExportLog, Person
from db.reports.builder_export_queries import Workbook, workbook
from db.reports.builder_queries import NOTHING, Report, run_report
from db.reports.builder_rules import DIMS, said
from db.reports.pack_rules import MEDIA_TYPES
from db.reports.saved_record import ITEM, note, recipients, spec_of, wants_file
from db.reports.saved_rules import as_text, next_day
from db.reports.saved_tables import ReportDelivery, SavedReport

KIND = "report"


@dataclass(frozen=True)
class Prepared:
    """What somebody is to be sent: the text of the mail with the workbook they want, or why there is none."""

    text: str = ""
    why: str = ""
    book: Workbook | None = None
    reader: Actor | None = None


def prepare(session: Session, *, report_id: int, now: datetime) -> dict[int, Prepared]:
    """The report as each of its people may see it, told before anything is written."""
    report = session.get_one(SavedReport, report_id)
    return {person_id: _prepare(session, report, person_id, now) for person_id in recipients(session, report_id)}


def _prepare(session: Session, report: SavedReport, person_id: int, now: datetime) -> Prepared:
    person = session.get_one(Person, person_id)
    if not person.is_active:
        return Prepared(why="The account is closed")
    reader = person_actor(session, person_id=person_id)
    if not reader.can(Permission.REPORTS_VIEW):
        return Prepared(why="The role reads no reports")
    book: Workbook | None = None
    notes: list[str] = []
    try:
        found = run_report(session, spec_of(report), actor=reader, now=now)
        if wants_file(session, report.id, person_id) and is_address(person.email.strip()):
            book, notes = _book(session, report, reader, now)
    except Refused as refusal:
        return Prepared(why=str(refusal))
    except Exception as error:  # one figure that fails for one person must not keep the others from theirs
        return Prepared(why=f"It could not be told, reference {report_incident(error, where=f'report {report.id}')}")
    text = mail_text(report.name, found, reader, link=record_link(ITEM, report.id), notes=notes)
    return Prepared(text=text, book=book, reader=reader)


def _book(session: Session, report: SavedReport, reader: Actor, now: datetime) -> tuple[Workbook | None, list[str]]:
    """The workbook that goes with the mail, or why there is none."""
    if not reader.can(Permission.EXPORT_RUN):
        return None, ["Your role may not take files out of the desk, so no workbook goes with this mail."]
    made = workbook(session, spec_of(report), actor=reader, now=now)
    if not fits([_attachment(report, made, now)]):
        return None, ["The workbook is too large for a mail: take it from the desk."]
    return made, []


def _attachment(report: SavedReport, book: Workbook, now: datetime) -> Attachment:
    place = re.sub(r"[^a-z0-9]+", "-", report.name.lower()).strip("-") or "report"
    day = local_day(now, DESK_ZONE)
    return Attachment(name=f"{place[:60]}-{day:%Y-%m-%d}.xlsx", media_type=MEDIA_TYPES["xlsx"], content=book.content)


def mail_text(name: str, found: Report, reader: Actor, *, link: str = "", notes: Sequence[str] = ()) -> str:
    """A told report in plain letters, with the definition of each figure and where to open it."""
    head = [" / ".join(DIMS[d] for d in found.spec.by) or "", *(f.title for f in found.figures)]
    rows = [
        [" / ".join(row.labels) or "All", *(said(p, f.unit) for p, f in zip(row.parts, found.figures, strict=True))]
        for row in found.rows
    ]
    whole = found.totals.get((NOTHING, NOTHING))
    ends = [["All", *(said(p, f.unit) for p, f in zip(whole, found.figures, strict=True))]] if whole else []
    lines = [
        name, "", f"{found.first:%-d %b %Y} to {found.last:%-d %b %Y}, both included.",
        f"What you may see: {reader.scope.describe()}.", "",
    ]  # fmt: skip
    if rows:
        lines += [as_text(head, rows), *([as_text(["Whole", *head[1:]], ends)] if ends else [])]
    else:
        lines.append("There was nothing to count in these days.")
    if found.left_out:
        lines += ["", f"{plural(found.left_out, 'figure')} of this report cannot be shown to your role."]
    lines += [f"Could not be told: {sentence}" for sentence in found.untold]
    lines += ["", "What the figures count:"]
    lines += [f"- {what.title}: {what.formula}. Counted: {what.numerator}" for what in found.definitions]
    lines += ["", *notes] if notes else []
    where = f"Open it: {link}" if link else "Open it in the desk under Report builder, Kept reports."
    return "\n".join([*lines, "", where])


def send_report(
    session: Session, *, report_id: int, due_on: date, prepared: Mapping[int, Prepared], actor: Actor, now: datetime
) -> int:
    """Queue the mails of one day and set the next; gives how many people were reached.

    The UPDATE claims the day, so of two sweeps one sends; the other is refused (`already_sent`).
    """
    today = local_day(now, DESK_ZONE)
    report = session.scalars(select(SavedReport).where(SavedReport.id == report_id)).one()
    claimed = session.scalar(
        update(SavedReport)
        .where(SavedReport.id == report_id, SavedReport.next_on == due_on, SavedReport.removed_at.is_(None))
        .values(next_on=next_day(report.rhythm, report.send_day, max(today, due_on)))
        .returning(SavedReport.id)
        .execution_options(synchronize_session=False)
    )
    if claimed is None:
        raise Refused(Problem(code="already_sent", message="This report was sent already."))
    session.refresh(report)
    reached = 0
    still = set(recipients(session, report_id))
    people = {p.id: p for p in session.scalars(select(Person).where(Person.id.in_(sorted(still & set(prepared)))))}
    for person_id, person in sorted(people.items()):
        what = prepared[person_id]
        outcome, why = "skipped", what.why
        if what.text and person.is_active:
            outcome = _send(session, report, person, what, due_on=due_on, now=now)
            why = "" if outcome == "sent" else "No e-mail address"
            reached += 1
        session.add(
            ReportDelivery(report_id=report_id, person_id=person_id, due_on=due_on, outcome=outcome, why=why, at=now)
        )
    session.flush()
    note(
        session, report, "send_report", f"sent to {reached} of {len(people)}", actor=actor, now=now,
        after={"due_on": due_on, "next_on": report.next_on},
    )  # fmt: skip
    return reached


def _send(
    session: Session, report: SavedReport, person: Person, what: Prepared, *, due_on: date, now: datetime
) -> str:  # fmt: skip
    has_mail = is_address(person.email.strip())
    if has_mail:
        files = [_attachment(report, what.book, now)] if what.book is not None else []
        queue_mail(
            session, to=person.email.strip(), subject=f"{report.name}: {due_on:%-d %b %Y}", body=what.text, now=now,
            item_type=ITEM, item_id=report.id, attachments=files,
        )  # fmt: skip
        if what.book is not None and what.reader is not None:
            _log(session, what.book, what.reader, now)
    notify(
        session, person_ids=[person.id], kind=KIND, title=f"Your report is ready: {report.name}",
        body="It was sent to you by mail, too." if has_mail else "Open it to see the figures.", item_type=ITEM,
        item_id=report.id, dedupe_key=f"{KIND}:{report.id}:{due_on}", now=now, mail=False,
    )  # fmt: skip
    return "sent" if has_mail else "told"


def _log(session: Session, book: Workbook, reader: Actor, now: datetime) -> None:
    """The line of the export log: a file left the desk as this reader's (P26)."""
    session.add(
        ExportLog(
            at=now, person_id=reader.user_id, actor=reader.username, kind="report", file_format="xlsx",
            filters=book.filters, columns=list(book.columns), row_count=book.row_count, has_personal_data=False,
            sha256=hashlib.sha256(book.content).hexdigest(), purpose="Sent by mail",
        )
    )  # fmt: skip
    changes.touch(session, "people")
