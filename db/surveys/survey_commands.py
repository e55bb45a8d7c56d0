"""Entering a survey by hand, leaving one out of the figures with a reason, publishing a version of the questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.contact import email_normal, phone_e164
from db.core.insert import rows_changed
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale
from db.dealers.queries import DealerDetail, get_dealer
from db.surveys import record, rules
from db.surveys.record import Draft
from db.surveys.tables import Questionnaire, Survey


def enter_survey(
    session: Session, *, dealer_id: int | None, kind: str, channel: str, sent_on: date | None,
    answered_on: date | None, answers: Mapping[str, int | None], customer_name: str = "", email: str = "",
    phone: str = "", vin: str = "", comment: str = "", form_key: str | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Note a paper or telephone survey and give its id; the same `form_key` again gives the first.

    An unhappy one opens its alert in the same transaction. Problems: its arguments, and q1 ... for answers.
    """
    actor.require(Permission.SURVEYS_ENTER)
    known = session.scalar(select(Survey.id).where(Survey.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    problems = Problems()
    dealer: DealerDetail | None = None
    if dealer_id is None:
        problems.add("dealer_id", "required", "Choose a dealer.")
    else:
        dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope)
    if channel not in ("paper", "phone"):
        problems.add("channel", "unknown_channel", "Choose paper or telephone.")
    email_as, phone_as = checked_contact(email, phone, problems)
    if len(comment) > record.LONGEST_COMMENT:
        problems.add("comment", "too_long", f"The comment has {len(comment):,} characters; at most 4,000 fit.")
    version = record.version_on(record.versions_of(session).get(kind, []), sent_on)
    today = local_day(now, dealer.facts.zone) if dealer else local_day(now, actor.zone)
    given = record.check(
        version, kind=kind, sent_on=sent_on, answered_on=answered_on, answers=answers, today=today, problems=problems
    )
    if answered_on is None:
        problems.add("answered_on", "required", "The day it was answered is needed.")
    problems.refuse_if_any()
    assert dealer is not None
    assert dealer_id is not None
    assert version is not None
    assert sent_on is not None
    number = (session.scalar(select(func.max(Survey.id))) or 0) + 1
    draft = Draft(
        survey_key=f"desk-{form_key or number}", dealer_id=dealer_id, region=dealer.facts.region, kind=kind,
        channel=channel, sent_on=sent_on, answered_on=answered_on, answers=given,
        customer_name=customer_name.strip()[:200], email=email_as, phone=phone_as, vin=vin.strip().upper()[:30],
        comment=comment.strip(), form_key=form_key,
    )  # fmt: skip
    (survey,) = record.put(session, [(draft, version)], batch_id=None, actor=actor, now=now)
    assert answered_on is not None
    record.reflag(session, [dealer_id], since=answered_on)
    alerts = record.open_alerts(session, [survey], actor=actor, now=now)
    changes.touch(session, "surveys")
    score = "–" if survey.index_hundredths is None else rules.one_decimal(survey.index_hundredths)
    said = f"; {alerts[0].number} opened" if alerts else ""
    timeline.record(
        session, actor=actor, now=now, area="surveys", command="enter_survey",
        summary=f"{survey.number} entered for {dealer.facts.name}: {kind.upper()} index {score}{said}",
        items=[
            timeline.Item("survey", survey.id, dealer_id),
            *(timeline.Item("survey_alert", a.id, dealer_id) for a in alerts),
        ],
        before={}, after={"kind": kind, "channel": channel, "answered_on": answered_on, "answers": dict(given)},
    )  # fmt: skip
    return survey.id


def checked_contact(email: str, phone: str, problems: Problems) -> tuple[str, str]:
    """E-mail and phone in their stored form, empty where none was given."""
    email_as = email_normal(email) if email.strip() else ""
    phone_as = phone_e164(phone) if phone.strip() else ""
    if email_as is None:
        problems.add("email", "bad_email", "This is no e-mail address.")
    if phone_as is None:
        problems.add("phone", "bad_phone", "This number cannot be dialled.")
    return email_as or "", phone_as or ""


# ---- out of the figures, and in again --------------------------------------------------------------------------------
def exclude_survey(
    session: Session, *, survey_id: int, seen_version: int, reason: str, actor: Actor, now: datetime
) -> None:
    """Leave a survey out of the figures, with a reason; both figures stay visible. Problems: reason."""
    _decide(session, survey_id, seen_version, reason, is_out=True, actor=actor, now=now)


def include_survey(
    session: Session, *, survey_id: int, seen_version: int, reason: str, actor: Actor, now: datetime
) -> None:
    """Count a survey again that was left out. Problems: reason."""
    _decide(session, survey_id, seen_version, reason, is_out=False, actor=actor, now=now)


def _decide(
    session: Session, survey_id: int, seen_version: int, reason: str, *, is_out: bool, actor: Actor, now: datetime
) -> None:
    actor.require(Permission.SURVEYS_MANAGE)
    survey = session.scalars(select(Survey).where(Survey.id == survey_id).with_for_update()).one_or_none()
    if survey is None or not actor.scope.allows(dealer_id=survey.dealer_id, region=survey.region):
        raise NotFound("This survey")
    if survey.version != seen_version:
        raise Stale(what=f"Survey {survey.number}", changed_by=survey.updated_by, changed_at=survey.updated_at)
    problems = Problems()
    reason = problems.require(reason, "reason", "The reason", longest=400)
    if not survey.is_returned:
        problems.add("", "not_returned", "It has not come back, so it counts for nothing.")
    elif is_out != survey.is_counted:
        word = "left out already" if is_out else "counted already"
        problems.add("", "unchanged", f"This survey is {word}.")
    problems.refuse_if_any()
    values: dict[str, Any] = {
        "is_counted": not is_out, "excluded_at": now if is_out else None, "excluded_by": actor.name if is_out else "",
        "exclude_reason": reason if is_out else "",
    }  # fmt: skip
    before = {name: getattr(survey, name) for name in values}
    done = rows_changed(
        session,
        update(Survey)
        .where(Survey.id == survey_id, Survey.version == seen_version)
        .values(**values, version=seen_version + 1, updated_at=now, updated_by=actor.name)
        .execution_options(synchronize_session=False),
    )
    if done != 1:
        raise Stale(what=f"Survey {survey.number}", changed_by="somebody else", changed_at=now)
    changes.touch(session, "surveys")
    timeline.record(
        session, actor=actor, now=now, area="surveys", command="exclude_survey" if is_out else "include_survey",
        summary=f"{survey.number} {'left out of the figures' if is_out else 'counted again'}",
        items=[timeline.Item("survey", survey_id, survey.dealer_id)], before=before, after=values, reason=reason,
    )  # fmt: skip


# ---- versions --------------------------------------------------------------------------------------------------------
def publish_questionnaire(
    session: Session, *, kind: str, title: str, from_day: date | None, questions: Sequence[Mapping[str, Any]],
    alert_below: int, reason: str, seen_number: int, form_key: str | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Add the next version of a questionnaire and give its id; what was scored before keeps its score.

    Days are those of whoever publishes. `alert_below` is in whole points, 0 for none; `seen_number` is the version that
    was newest on the screen. Problems: its arguments. The unique (kind, number) guards against two next versions.
    """
    actor.require(Permission.SURVEYS_MANAGE)
    known = session.scalar(select(Questionnaire.id).where(Questionnaire.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    problems = Problems()
    if kind not in rules.KINDS:
        problems.add("kind", "unknown_kind", "Choose service (CSI) or sales (SSI).")
        problems.refuse_if_any()
    title = problems.require(title, "title", "The title", longest=120)
    reason = problems.require(reason, "reason", "The reason", longest=400)
    newest = session.scalars(
        select(Questionnaire).where(Questionnaire.kind == kind).order_by(Questionnaire.number.desc()).limit(1)
    ).one_or_none()
    if (newest.number if newest else 0) != seen_number:
        raise Stale(
            what=f"The questionnaire {kind.upper()}", changed_by=newest.created_by if newest else "somebody",
            changed_at=newest.created_at if newest else now,
        )  # fmt: skip
    if from_day is None:
        problems.add("from_day", "required", "The first day is needed.")
    elif newest is not None and from_day <= newest.from_day:
        problems.add("from_day", "not_later", f"It begins after version {newest.number} ({newest.from_day:%-d %b %Y}).")
    elif newest is not None and from_day < local_day(now, actor.zone):
        problems.add("from_day", "past", "A new version begins today or later: what was asked cannot be changed.")
    if not 0 <= alert_below <= 100:
        problems.add("alert_below", "out_of_range", "The index is between 0 and 100.")
    checked = rules.checked_questions(questions, problems, "questions")
    problems.refuse_if_any()
    version = Questionnaire(
        kind=kind, number=seen_number + 1, title=title, from_day=from_day, questions=[q.stored() for q in checked],
        alert_below=alert_below * 100, reason=reason, created_at=now, created_by=actor.name, form_key=form_key,
    )  # fmt: skip
    session.add(version)
    try:
        session.flush()
    except IntegrityError as error:
        if "form_key" in str(error.orig):
            raise
        message = "Somebody published a version in the same moment. Nothing was saved; look at it first."
        raise Refused(Problem(code="stale", message=message)) from error
    changes.touch(session, "surveys")
    timeline.record(
        session, actor=actor, now=now, area="surveys", command="publish_questionnaire",
        summary=f"Questionnaire {kind.upper()} version {version.number} from {from_day:%-d %b %Y}: {title}",
        items=[timeline.Item("questionnaire", version.id)], reason=reason,
        before={}, after={"questions": version.questions, "alert_below": version.alert_below, "from_day": from_day},
    )  # fmt: skip
    return version.id
