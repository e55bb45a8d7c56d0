"""Logging a contact with a dealer, correcting it within a day, and voiding it with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.contact_log import promises as promise_records
from db.contact_log import rules
from db.contact_log.promises import PromiseDraft
from db.contact_log.tables import ContactReport
from db.core import changes, search, timeline
from db.core.actor import Actor
from db.core.labels import plural
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale
from db.dealers.people_queries import list_contacts
from db.dealers.queries import get_dealer

LONGEST_NAME = 120
FIELDS = ("channel", "direction", "outcome", "at", "with_name", "topics", "summary")


def log_contact(
    session: Session, *, dealer_id: int, summary: str = "", channel: str = "call", direction: str = "out",
    outcome: str = "", at: datetime | None = None, with_name: str = "", contact_person_id: int | None = None,
    topics: Sequence[str] = (), promises: Sequence[PromiseDraft] = (), form_key: str | None = None, actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Log a contact, or an attempt, with what was promised in it; gives its id.

    The same `form_key` again gives the first. Left out, `outcome` is the usual one of the channel and `at` is now.
    Problems: its arguments, and those of each promise as `us_text`, `dealer_due_day` ...
    """
    actor.require(Permission.CONTACTS_LOG)
    known = session.scalar(select(ContactReport.id).where(ContactReport.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope)
    facts = {
        "channel": channel, "direction": direction,
        "outcome": outcome or next(iter(rules.possible_outcomes(channel, direction)), ""), "at": at or now,
        "with_name": with_name, "topics": topics, "summary": summary,
    }  # fmt: skip
    problems = Problems()
    values = _checked(facts, now=now, problems=problems)
    person_id = _person_of(session, dealer_id, contact_person_id, values["with_name"], actor=actor, problems=problems)
    drafts = promise_records.checked(session, promises, dealer=dealer, now=now, problems=problems)
    if drafts and not rules.counts_as_contact(values["outcome"]):
        problems.add("outcome", "nobody_reached", "Nobody was reached, so nothing can have been promised.")
    problems.refuse_if_any()
    (report_id,) = next_ids(session, ContactReport, item_type="contact_report", count=1)
    report = ContactReport(
        id=report_id, number=f"C-{report_id:06}", dealer_id=dealer_id, region=dealer.facts.region,
        counts=rules.counts_as_contact(values["outcome"]), contact_person_id=person_id,
        person_id=actor.user_id, by_username=actor.username, by_name=actor.name, version=1, created_at=now,
        updated_at=now, updated_by=actor.name, form_key=form_key, **values,
    )  # fmt: skip
    session.add(report)
    session.flush()
    made = promise_records.store(session, drafts, dealer=dealer, report_id=report_id, actor=actor, now=now)
    _index(session, report, is_new=True)
    said = f"{_kind(report)} with {dealer.facts.name}, {rules.OUTCOMES[report.outcome].lower()}"
    if made:
        said += f"; {plural(len(made), 'promise')} made"
    _note(
        session, "log_contact", report, said, actor=actor, now=now,
        items=[timeline.Item("promise", p.id, dealer_id) for p in made],
        after={**values, "promises": [{"made_by": p.made_by, "text": p.text, "due_day": p.due_day} for p in made]},
    )  # fmt: skip
    return report_id


def _person_of(
    session: Session, dealer_id: int, contact_id: int | None, name: str, *, actor: Actor, problems: Problems
) -> int | None:  # fmt: skip
    """The dealer's person of that id, or the only one on file of that name; None for a name nobody there has."""
    people = list_contacts(session, dealer_id=dealer_id, scope=actor.scope, with_left=contact_id is not None)
    if contact_id is not None:
        if contact_id not in {p.contact_id for p in people}:
            problems.add("with_name", "not_there", "This person does not belong to this dealer.")
        return contact_id
    named = [p.contact_id for p in people if p.is_called(name)]
    return named[0] if len(named) == 1 else None


def correct_contact(
    session: Session, *, report_id: int, seen_version: int, actor: Actor, now: datetime, **facts: Any
) -> int:
    """Put right what was written; only its author, within 24 hours. Facts not named stay. Gives the new version.

    What it said before stands in the timeline. Problems: its facts; `too_late` or `not_yours` for the whole.
    """
    actor.require(Permission.CONTACTS_LOG)
    report = _locked(session, report_id, seen_version=seen_version, actor=actor)
    if unknown := sorted(set(facts) - set(FIELDS)):
        raise Refused(Problem(code="unknown_field", message=f"A contact has no {unknown[0]}."))
    if report.by_username != actor.username:
        sentence = f"Only {report.by_name}, who logged it, may correct this contact."
        raise Refused(Problem(code="not_yours", message=sentence))
    if not rules.may_correct(
        by_username=report.by_username, username=actor.username, created_at=report.created_at, now=now,
        is_void=report.voided_at is not None,
    ):  # fmt: skip
        sentence = "A contact can be corrected for 24 hours; void it with a reason and log it again."
        raise Refused(Problem(code="too_late", message=sentence))
    before = {name: getattr(report, name) for name in FIELDS}
    problems = Problems()
    values = _checked({**before, **facts}, now=now, problems=problems)
    problems.refuse_if_any()
    changed = [name for name in FIELDS if values[name] != before[name]]
    if not changed:
        timeline.repeated(session)
        return report.version
    for name in changed:
        setattr(report, name, values[name])
    report.counts = rules.counts_as_contact(report.outcome)
    _touch_version(report, actor=actor, now=now)
    session.flush()
    _index(session, report)
    _note(
        session, "correct_contact", report, "corrected", actor=actor, now=now,
        before={name: before[name] for name in changed}, after={name: values[name] for name in changed},
    )  # fmt: skip
    return report.version


def void_contact(
    session: Session, *, report_id: int, seen_version: int, reason: str, actor: Actor, now: datetime
) -> None:
    """Take a contact out of every count and list of gaps; it stays on record with the reason. Problems: reason.

    By its author, or by whoever keeps the dealers (dealers.manage). Promises made in it stay; withdraw them where they
    are wrong, too.
    """
    actor.require(Permission.CONTACTS_LOG)
    report = _locked(session, report_id, seen_version=seen_version, actor=actor)
    if report.by_username != actor.username and not actor.can(Permission.DEALERS_MANAGE):
        sentence = f"Only {report.by_name}, who logged it, or who keeps the dealers may void this contact."
        raise Refused(Problem(code="not_yours", message=sentence))
    if report.voided_at is not None:
        sentence = f"This contact was voided by {report.voided_by} already."
        raise Refused(Problem(code="already_void", message=sentence))
    problems = Problems()
    reason = problems.require(reason, "reason", "The reason", longest=400)
    problems.refuse_if_any()
    report.voided_at, report.voided_by, report.void_reason, report.counts = now, actor.name, reason, False
    _touch_version(report, actor=actor, now=now)
    session.flush()
    search.index(
        session, kind="contact_report", item_id=report.id, texts=(report.number,), dealer_id=report.dealer_id,
        region=report.region,
    )  # fmt: skip
    _note(
        session, "void_contact", report, "voided", actor=actor, now=now, reason=reason, before={"voided_at": None},
        after={"voided_at": now},
    )  # fmt: skip


def _checked(facts: Mapping[str, Any], *, now: datetime, problems: Problems) -> dict[str, Any]:
    """The facts of a report in their stored form; a contact that counts says what was said (U20)."""
    topics = [topic for topic in rules.TOPICS if topic in facts["topics"]]
    unknown = [topic for topic in facts["topics"] if topic not in rules.TOPICS]
    rules.check_contact(
        channel=facts["channel"], direction=facts["direction"], outcome=facts["outcome"], at=facts["at"],
        topics=unknown, now=now, problems=problems,
    )  # fmt: skip
    optional = Problems()
    summary = optional.require(facts["summary"], "summary", "What was said")
    if rules.counts_as_contact(facts["outcome"]) or any(p.code == "too_long" for p in optional.found):
        problems.found += optional.found
    name = Problems()
    with_name = name.require(facts["with_name"], "with_name", "The name", longest=LONGEST_NAME)
    problems.found += [p for p in name.found if p.code == "too_long"]
    return {
        "channel": facts["channel"], "direction": facts["direction"], "outcome": facts["outcome"], "at": facts["at"],
        "with_name": with_name, "topics": topics, "summary": summary,
    }  # fmt: skip


def _locked(session: Session, report_id: int, *, seen_version: int, actor: Actor) -> ContactReport:
    report = session.scalars(
        select(ContactReport)
        .where(ContactReport.id == report_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if report is None or not actor.scope.allows(dealer_id=report.dealer_id, region=report.region):
        raise NotFound("This contact")
    if report.version != seen_version:
        raise Stale(what=f"Contact {report.number}", changed_by=report.updated_by, changed_at=report.updated_at)
    return report


def _touch_version(report: ContactReport, *, actor: Actor, now: datetime) -> None:
    report.version += 1
    report.updated_at, report.updated_by = now, actor.name


def _kind(report: ContactReport) -> str:
    return rules.CHANNELS[report.channel] if report.channel != "other" else "Contact"


def _index(session: Session, report: ContactReport, *, is_new: bool = False) -> None:
    words = (report.number, report.with_name, *(rules.TOPICS[t] for t in report.topics), report.summary[:600])
    search.index(
        session, kind="contact_report", item_id=report.id, texts=words, dealer_id=report.dealer_id,
        region=report.region, is_new=is_new,
    )  # fmt: skip


def _note(
    session: Session, command: str, report: ContactReport, said: str, *, actor: Actor, now: datetime,
    reason: str = "", before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
    items: Sequence[timeline.Item] = (),
) -> None:  # fmt: skip
    changes.touch(session, "contact_log")
    timeline.record(
        session, actor=actor, now=now, area="contact_log", command=command, summary=f"{report.number}: {said}",
        items=[timeline.Item("contact_report", report.id, report.dealer_id), *items], before=before, after=after,
        reason=reason,
    )  # fmt: skip
