"""Asking for a dealer's weekly report, switching it on for a dealer, taking it out as PDF, and sending it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.insert import insert_or_ignore, upsert
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Refused, Stale
from db.core.settings import settings
from db.people.queries import person_actor
from db.reports.weekly_queries import (
    Weekly,
    first_week,
    get_weekly,
    narrowed,
    sent_weekly,
)
from db.reports.weekly_record import KIND, DealerRow, dealer_of, deliver, keep_sent, log_print, person_row
from db.reports.weekly_rules import week_label
from db.reports.weekly_tables import WeeklyMail, WeeklySwitch, WeeklyWish


def subscribe_weekly(session: Session, *, dealer_id: int, actor: Actor, now: datetime) -> None:
    """Mail a dealer's report to the actor, from the week that runs now on. Needs weekly.view."""
    _wish(session, dealer_id, wants=True, actor=actor, now=now)


def unsubscribe_weekly(session: Session, *, dealer_id: int, actor: Actor, now: datetime) -> None:
    """Mail it no more, even where it is switched on for the dealer. Needs weekly.view."""
    _wish(session, dealer_id, wants=False, actor=actor, now=now)


def _wish(session: Session, dealer_id: int, *, wants: bool, actor: Actor, now: datetime) -> None:
    actor.require(Permission.WEEKLY_VIEW)
    if actor.user_id is None:
        raise Refused(Problem(code="not_a_person", message="Only a person can subscribe."))
    dealer = dealer_of(session, dealer_id, actor)
    before = session.scalar(
        select(WeeklyWish.wants).where(WeeklyWish.dealer_id == dealer_id, WeeklyWish.person_id == actor.user_id)
    )
    if before is wants:
        timeline.repeated(session)
        return
    upsert(
        session, WeeklyWish,
        {
            "dealer_id": dealer_id, "region": dealer.region, "person_id": actor.user_id, "wants": wants,
            "from_week": first_week(now, dealer.zone), "at": now,
        },
        key=("dealer_id", "person_id"), update=("wants", "from_week", "at"),
    )  # fmt: skip
    verb = "gets" if wants else "does not get"
    _note(
        session, dealer, "subscribe_weekly" if wants else "unsubscribe_weekly",
        f"{actor.name} {verb} the weekly report of {dealer.name} by mail", actor=actor, now=now,
        before={"wants": before}, after={"wants": wants},
    )  # fmt: skip


def switch_weekly(
    session: Session, *, dealer_id: int, is_on: bool, seen_version: int, actor: Actor, now: datetime
) -> int:
    """Switch the report on or off for a dealer's managers; gives its version. Needs weekly.manage.

    People who said themselves that they want it, or do not, keep that. `seen_version` is 0 where it never was on;
    raises `Stale` when somebody else was faster.
    """
    actor.require(Permission.WEEKLY_MANAGE)
    dealer = dealer_of(session, dealer_id, actor)
    first = first_week(now, dealer.zone)
    values: dict[str, Any] = {
        "dealer_id": dealer_id, "region": dealer.region, "is_on": is_on, "from_week": first, "version": 1,
        "updated_at": now, "updated_by": actor.name,
    }  # fmt: skip
    before = False
    if seen_version or not insert_or_ignore(session, WeeklySwitch, values):
        switch = session.scalars(
            select(WeeklySwitch).where(WeeklySwitch.dealer_id == dealer_id).with_for_update()
        ).one_or_none()
        if switch is None or switch.version != seen_version:
            who, at = (switch.updated_by, switch.updated_at) if switch else ("somebody", now)
            raise Stale(what="The weekly report", changed_by=who, changed_at=at)
        before = switch.is_on
        switch.is_on, switch.updated_at, switch.updated_by = is_on, now, actor.name
        if is_on and not before:
            switch.from_week = first
        switch.version += 1
        values["version"] = switch.version
        session.flush()
    said = f"The weekly report of {dealer.name} is {'sent' if is_on else 'no longer sent'} to its managers"
    _note(session, dealer, "switch_weekly", said, actor=actor, now=now, before={"on": before}, after={"on": is_on})
    return int(values["version"])


# ---- taking it out ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class WeeklyFile:
    """A report as it is saved."""

    name: str
    content: bytes


def file_name(report: Weekly) -> str:
    """The name a report is saved under."""
    return f"week-{report.week.isoformat()}-{report.code.lower()}.pdf"


def print_weekly(
    session: Session, *, dealer_id: int, week: date, as_sent: bool = False, actor: Actor, now: datetime
) -> WeeklyFile:
    """A dealer's week as PDF, as it stands now or as it was sent. Needs weekly.view and export.run; it is logged."""
    actor.require(Permission.EXPORT_RUN)
    report = sent_weekly(session, dealer_id=dealer_id, week=week, actor=actor) if as_sent else None
    if as_sent and report is None:
        raise NotFound("The report as it was sent")
    report = report or get_weekly(session, dealer_id=dealer_id, week=week, actor=actor, now=now)
    from db.reports.weekly_pdf import make_pdf  # takes 0.4 s to import

    content = make_pdf(report, house=settings().organisation, reader=actor.name)
    log = log_print(session, report, content, as_sent=as_sent, actor=actor, now=now)
    changes.touch(session, "people")
    timeline.record(
        session, actor=actor, now=now, area="reports", command="print_weekly",
        summary=f"The weekly report of {report.name}, {week_label(week)}, was taken out as PDF",
        items=[timeline.Item("export_log", log.id), timeline.Item("dealer", dealer_id, dealer_id)],
        extra={"sha256": log.sha256},
    )  # fmt: skip
    return WeeklyFile(name=file_name(report), content=content)


# ---- sending ---------------------------------------------------------------------------------------------------------
def send_weekly(
    session: Session, *, person_id: int, week: date, reports: Sequence[Weekly], actor: Actor, now: datetime
) -> int:
    """Mail a week to one person: the reports of their dealers as their role may see them, once. Gives 1, or 0.

    `reports` are whole and just built. What was sent of a dealer first is kept and is what everybody after gets, so
    that two people never read two versions. Needs weekly.manage.
    """
    actor.require(Permission.WEEKLY_MANAGE)
    claim = {"person_id": person_id, "week": week, "dealers": [], "outcome": "kept", "at": now}
    if not insert_or_ignore(session, WeeklyMail, claim):
        timeline.repeated(session)
        return 0
    mail = session.scalars(select(WeeklyMail).where(WeeklyMail.person_id == person_id, WeeklyMail.week == week)).one()
    person, reader = person_row(session, person_id), person_actor(session, person_id=person_id)
    allowed = person.is_active and reader.can(Permission.WEEKLY_VIEW)
    mine = [r for r in reports if allowed and reader.scope.allows(dealer_id=r.dealer_id, region=r.region)]
    kept = [narrowed(keep_sent(session, report, now), reader) for report in mine]
    if kept:
        mail.dealers = [r.dealer_id for r in kept]
        mail.outcome = deliver(session, person, kept, now=now)
    session.flush()
    verb = {"sent": "sent to", "told": "shown in the app to"}.get(mail.outcome, "kept from")
    changes.touch(session, "reports")
    timeline.record(
        session, actor=actor, now=now, area="reports", command="send_weekly",
        summary=f"The weekly report of {week_label(week)} was {verb} {person.name}",
        items=[timeline.Item(KIND, mail.id), *(timeline.Item("dealer", i, i) for i in mail.dealers)],
        after={"dealers": mail.dealers, "outcome": mail.outcome},
    )  # fmt: skip
    return int(bool(kept))


# ---- helpers ---------------------------------------------------------------------------------------------------------
def _note(
    session: Session, dealer: DealerRow, command: str, said: str, *, actor: Actor, now: datetime,
    before: Mapping[str, Any], after: Mapping[str, Any],
) -> None:  # fmt: skip
    changes.touch(session, "reports")
    timeline.record(
        session, actor=actor, now=now, area="reports", command=command, summary=said,
        items=[timeline.Item("dealer", dealer.id, dealer.id)], before=before, after=after,
    )  # fmt: skip
