"""Rows of the weekly report: whose it is, each report as it was sent, its mail, and its line in the export log."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.insert import insert_or_ignore
from db.core.outbox import is_address, queue_mail
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.people.notifications import notify
from db.people.tables import ExportLog, Person
from db.reports.weekly_delivery import mail_text, subject
from db.reports.weekly_queries import Weekly, as_json, from_json
from db.reports.weekly_tables import WeeklyReport

KIND: Final = "weekly_report"
DealerRow = Dealer


def dealer_of(session: Session, dealer_id: int, actor: Actor) -> Dealer:
    """The dealer, `NotFound` when it is out of scope."""
    found = session.scalars(
        select(Dealer).where(Dealer.id == dealer_id, actor.scope.where(Dealer.id, Dealer.region))
    ).one_or_none()
    if found is None:
        raise NotFound("The dealer")
    return found


def person_row(session: Session, person_id: int) -> Person:
    """The person a report goes to; there must be one."""
    return session.get_one(Person, person_id)


def keep_sent(session: Session, report: Weekly, now: datetime) -> Weekly:
    """The report as it was sent first: this one, unless another sweep kept one before."""
    values = {
        "dealer_id": report.dealer_id, "region": report.region, "week": report.week, "content": as_json(report),
        "made_at": now,
    }  # fmt: skip
    if insert_or_ignore(session, WeeklyReport, values):
        return report
    content: Mapping[str, Any] = session.execute(
        select(WeeklyReport.content).where(WeeklyReport.dealer_id == report.dealer_id, WeeklyReport.week == report.week)
    ).scalar_one()
    return from_json(content)


def deliver(session: Session, person: Person, reports: Sequence[Weekly], *, now: datetime) -> str:
    """Put the one mail into the outbox, and a line into the app; gives whether it was sent or only told."""
    title, has_mail = subject(reports), is_address(person.email.strip())
    if has_mail:
        queue_mail(session, to=person.email.strip(), subject=title, body=mail_text(reports), now=now, item_type=KIND)
    notify(
        session, person_ids=[person.id], kind=KIND, title=title, body="Open Weekly report to read it with its rows.",
        item_type=KIND, item_id=None, dedupe_key=f"{KIND}:{reports[0].week.isoformat()}", now=now, mail=False,
    )  # fmt: skip
    return "sent" if has_mail else "told"


def log_print(
    session: Session, report: Weekly, content: bytes, *, as_sent: bool, actor: Actor, now: datetime
) -> ExportLog:  # fmt: skip
    """Write the line of the export log; it has its id."""
    log = ExportLog(
        at=now, person_id=actor.user_id, actor=actor.username, kind=KIND, file_format="pdf",
        filters={"dealer": report.code, "week": report.week.isoformat(), "as_sent": as_sent},
        columns=[f.name for f in report.figures], row_count=len(report.verdicts), has_personal_data=False,
        sha256=hashlib.sha256(content).hexdigest(), purpose="",
    )  # fmt: skip
    session.add(log)
    session.flush()
    return log
