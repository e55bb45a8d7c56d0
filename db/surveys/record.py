"""A survey as a record: scored against its version, stored with its answers, flagged, and alerted on when unhappy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from db.core import events, search
from db.core.actor import EVERYTHING, Actor
from db.core.contact import person_keys
from db.core.labels import local_day
from db.core.numbering import next_ids
from db.core.problems import Problems
from db.customers.queries import customers_with
from db.surveys import rules
from db.surveys.flow import FLOW
from db.surveys.notices import tell_alert
from db.surveys.tables import (
    Dealer,
    DealerContact,
    Notification,
    Person,
    PersonScope,
    Questionnaire,
    Survey,
    SurveyAlert,
    SurveyAnswer,
)

LONGEST_COMMENT = 4000
CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A survey as it was brought in; `answers` by question key, none when it was sent and has not come back."""

    survey_key: str
    dealer_id: int
    region: str
    kind: str
    channel: str
    sent_on: date
    answered_on: date | None = None
    answers: Mapping[str, int] = field(default_factory=dict)
    customer_name: str = ""
    email: str = ""
    phone: str = ""
    vin: str = ""
    comment: str = ""
    seconds: int | None = None
    form_key: str | None = None

    @property
    def is_returned(self) -> bool:
        """Whether it came back."""
        return bool(self.answers)


def versions_of(session: Session) -> dict[str, list[Questionnaire]]:
    """Every version by kind, the oldest first."""
    found: dict[str, list[Questionnaire]] = {kind: [] for kind in rules.KINDS}
    for version in session.scalars(select(Questionnaire).order_by(Questionnaire.kind, Questionnaire.number)):
        found[version.kind].append(version)
    return found


def version_on(versions: Sequence[Questionnaire], day: date | None) -> Questionnaire | None:
    """The version in force on a day: the last that began by then."""
    return next((v for v in reversed(versions) if day is not None and v.from_day <= day), None)


def check(
    version: Questionnaire | None, *, kind: str, sent_on: date | None, answered_on: date | None,
    answers: Mapping[str, int | None], today: date, problems: Problems,
) -> dict[str, int]:  # fmt: skip
    """The answers of a survey that can be stored; every problem is noted at its field."""
    rules.check_days(sent_on=sent_on, answered_on=answered_on, today=today, problems=problems)
    if kind not in rules.KINDS:
        problems.add("kind", "unknown_kind", "Choose service (CSI) or sales (SSI).")
        return {}
    if version is None:
        if sent_on is not None:
            word = rules.KINDS[kind]
            problems.add("version", "no_version", f"There is no questionnaire {word} of this number or for this day.")
        return {}
    given = rules.check_answers(rules.questions_of(version.questions), answers, problems)
    if given and answered_on is None:
        problems.add("answered_on", "required", "There are answers, so the day they were given is needed.")
    if answered_on is not None and not given and not problems.found:
        problems.add("answers", "required", "It was answered, so at least one answer is needed.")
    return given


def put(
    session: Session, drafts: Sequence[tuple[Draft, Questionnaire]], *, batch_id: int | None, actor: Actor,
    now: datetime,
) -> list[Survey]:  # fmt: skip
    """Write checked drafts as surveys, the answers beside them, in the order given; no flags and no alerts yet."""
    if not drafts:
        return []
    ids = next_ids(session, Survey, item_type="survey", count=len(drafts))
    customers = _customers(session, [draft for draft, _ in drafts])
    made = []
    for survey_id, (draft, version) in zip(ids, drafts, strict=True):
        survey = Survey(
            id=survey_id, number=f"S-{survey_id:06}", survey_key=draft.survey_key, dealer_id=draft.dealer_id,
            region=draft.region, kind=draft.kind, channel=draft.channel, sent_on=draft.sent_on, is_returned=False,
            is_counted=False, questions=version.questions, questionnaire_id=version.id, raw_answers={}, bottom=[],
            flags=[], customer_name=draft.customer_name, email=draft.email, phone=draft.phone, vin=draft.vin,
            customer_id=customers.get(draft.survey_key), created_at=now, updated_at=now, updated_by=actor.name,
            batch_id=batch_id, form_key=draft.form_key,
        )  # fmt: skip
        _fill(survey, draft, version)
        made.append(survey)
    session.add_all(made)
    session.flush()
    store_answers(session, made)
    for survey in made:
        reindex(session, survey, is_new=True)
    return made


def come_back(
    session: Session, survey: Survey, draft: Draft, version: Questionnaire, *, actor: Actor, now: datetime
) -> None:
    """A survey that was only sent so far has come back."""
    _fill(survey, draft, version)
    survey.version, survey.updated_at, survey.updated_by = survey.version + 1, now, actor.name
    session.flush()
    store_answers(session, [survey])


def _fill(survey: Survey, draft: Draft, version: Questionnaire) -> None:
    if not draft.is_returned:
        return
    assert draft.answered_on is not None
    questions = rules.questions_of(version.questions)
    result = rules.score(questions, draft.answers, alert_below=version.alert_below)
    survey.questionnaire_id, survey.questions = version.id, version.questions
    survey.answered_on, survey.month = draft.answered_on, draft.answered_on.replace(day=1)
    survey.is_returned = survey.is_counted = True
    survey.seconds, survey.comment = draft.seconds, draft.comment
    survey.raw_answers = dict(draft.answers)
    survey.index_hundredths, survey.answers, survey.tops = result.index_hundredths, result.answers, result.tops
    survey.nps, survey.bottom, survey.is_bottom = result.nps, list(result.bottom), bool(result.bottom)


def store_answers(session: Session, surveys: Iterable[Survey]) -> None:
    """Write the answers of returned surveys, one row each, as the figures by question read them."""
    rows = []
    for survey in surveys:
        for question in rules.questions_of(survey.questions):
            answer = survey.raw_answers.get(question.key)
            if answer is not None:
                rows.append(
                    {
                        "survey_id": survey.id, "dealer_id": survey.dealer_id, "region": survey.region,
                        "question": question.key, "text": question.text, "answer": answer, "best": question.best,
                        "is_top": answer >= question.top_from,
                    }
                )  # fmt: skip
    if rows:
        session.execute(insert(SurveyAnswer), rows)


def reindex(session: Session, survey: Survey, *, is_new: bool = False) -> None:
    """The words the search box finds a survey by: its numbers, no personal data."""
    search.index(
        session, kind="survey", item_id=survey.id, texts=[survey.number, survey.survey_key],
        dealer_id=survey.dealer_id, region=survey.region, is_new=is_new,
    )  # fmt: skip


def _customers(session: Session, drafts: Sequence[Draft]) -> dict[str, int]:
    """{survey key: customer} where the dealer has a customer with the same e-mail or phone."""
    keys = {
        draft.survey_key: person_keys(
            emails=[draft.email] if draft.email else (), phones=[draft.phone] if draft.phone else (), name="", postal=""
        )
        for draft in drafts
    }
    known = customers_with(session, {key for some in keys.values() for key in some}, scope=EVERYTHING)
    found = {}
    for draft in drafts:
        ids = [i for key in keys[draft.survey_key] for i, dealer in known.get(key, ()) if dealer == draft.dealer_id]
        if ids:
            found[draft.survey_key] = max(ids)
    return found


# ---- flags -----------------------------------------------------------------------------------------------------------
def own_contacts(session: Session, dealer_id: int) -> dict[str, str]:
    """{e-mail or phone: whose it is} of a dealer, its people and their accounts."""
    found: dict[str, str] = {}
    for name, email in session.execute(
        select(Person.name, Person.email)
        .join(PersonScope, PersonScope.person_id == Person.id)
        .where(PersonScope.dealer_id == dealer_id, Person.scope_kind == "dealers")
    ):
        found[_folded(email)] = f"the account of {name}"
    for name, email, phone in session.execute(
        select(DealerContact.name, DealerContact.email, DealerContact.phone).where(DealerContact.dealer_id == dealer_id)
    ):
        found |= {_folded(email): f"{name}, of the dealer", _folded(phone): f"{name}, of the dealer"}
    for email, phone in session.execute(select(Dealer.email, Dealer.phone).where(Dealer.id == dealer_id)):
        found |= {_folded(email): "the dealer itself", _folded(phone): "the dealer itself"}
    found.pop("", None)
    return found


def _folded(contact: str) -> str:
    """An e-mail or phone as it is compared: without case, a number by its last ten digits."""
    text = contact.strip().casefold()
    if "@" in text:
        return text
    digits = "".join(c for c in text if c.isdigit())
    return digits[-10:] if len(digits) >= 7 else ""


def reflag(session: Session, dealer_ids: Iterable[int], *, since: date) -> int:
    """Look at the surveys of some dealers again, back to a year before `since`; gives how many got a new flag."""
    changed = 0
    for dealer_id in sorted(set(dealer_ids)):
        rows = session.execute(
            select(
                Survey.id, Survey.number, Survey.kind, Survey.answered_on, Survey.email, Survey.phone, Survey.comment,
                Survey.raw_answers, Survey.questions, Survey.seconds, Survey.flags,
            ).where(
                Survey.dealer_id == dealer_id, Survey.kind.in_(list(rules.KINDS)),
                Survey.answered_on >= since - rules.LOOK_BACK,
            ).order_by(Survey.id)
        ).all()  # fmt: skip
        seen = []
        for row in rows:
            best = {q["key"]: q["best"] for q in row.questions}
            seen.append(
                rules.Returned(
                    id=row.id, number=row.number, kind=row.kind, answered_on=row.answered_on, comment=row.comment,
                    email=_folded(row.email), phone=_folded(row.phone), seconds=row.seconds,
                    answers=tuple(sorted(row.raw_answers.items())),
                    is_all_top=bool(row.raw_answers) and all(v == best[k] for k, v in row.raw_answers.items()),
                )
            )  # fmt: skip
        found = rules.flags_of(seen, own_contacts(session, dealer_id))
        new = [
            {"id": row.id, "flags": flags, "is_flagged": True}
            for row in rows
            if (flags := rules.joined_flags(row.flags, found.get(row.id, []))) != list(row.flags)
        ]
        if new:
            session.execute(update(Survey), new)
        changed += len(new)
    return changed


# ---- alerts ----------------------------------------------------------------------------------------------------------
def open_alerts(session: Session, surveys: Sequence[Survey], *, actor: Actor, now: datetime) -> list[SurveyAlert]:
    """An alert for each unhappy survey that is fresh enough: assigned, told of, and told on to later areas."""
    today = local_day(now, actor.zone)
    fresh = [
        s for s in surveys
        if s.is_bottom and s.answered_on and today - s.answered_on <= timedelta(days=rules.ALERT_WITHIN_DAYS)
    ]  # fmt: skip
    if not fresh:
        return []
    managers = managers_of(session, {s.dealer_id for s in fresh})
    due = now + timedelta(minutes=rules.CONTACT_MINUTES)
    made = []
    ids = next_ids(session, SurveyAlert, item_type="survey_alert", count=len(fresh))
    for alert_id, survey in zip(ids, fresh, strict=True):
        made.append(
            SurveyAlert(
                id=alert_id, number=f"SA-{alert_id:06}", status=FLOW.initial, is_open=True, dealer_id=survey.dealer_id,
                region=survey.region, assignee_id=managers.get(survey.dealer_id), due_at=due, contact_due_at=due,
                submitted_by=actor.username, created_at=now, updated_at=now, updated_by=actor.name,
                survey_id=survey.id, kind=survey.kind, reasons=list(survey.bottom),
            )
        )  # fmt: skip
    session.add_all(made)
    session.flush()
    for alert in made:
        tell_alert(session, alert, now=now)
    facts = {"survey_ids": [a.survey_id for a in made], "reasons": {a.id: a.reasons for a in made}}
    event = events.Event(name="surveys.alerted", item_type="survey_alert", item_ids=tuple(ids), facts=facts)
    events.tell(session, event, actor=actor, now=now)
    return made


def managers_of(session: Session, dealer_ids: Iterable[int]) -> dict[int, int]:
    """{dealer: its manager with an account}; the one who was there first where there are several."""
    rows = session.execute(
        select(PersonScope.dealer_id, Person.id)
        .join(Person, Person.id == PersonScope.person_id)
        .where(
            PersonScope.dealer_id.in_(sorted(set(dealer_ids))), Person.role == "dealer_manager",
            Person.is_active.is_(True), Person.scope_kind == "dealers",
        )
        .order_by(Person.id.desc())
    )  # fmt: skip
    return {dealer_id: person_id for dealer_id, person_id in rows if dealer_id is not None}


def remove(session: Session, survey_ids: Sequence[int]) -> None:
    """Take surveys back whole, with answers, alerts that nobody touched, and what was told of them."""
    quiet = {"synchronize_session": False}
    for start in range(0, len(survey_ids), CHUNK):
        ids = list(survey_ids[start : start + CHUNK])
        session.execute(delete(SurveyAnswer).where(SurveyAnswer.survey_id.in_(ids)).execution_options(**quiet))
        remove_alerts(session, ids)
        session.execute(
            delete(search.SearchWord)
            .where(search.SearchWord.kind == "survey", search.SearchWord.item_id.in_(ids))
            .execution_options(**quiet)
        )
        session.execute(delete(Survey).where(Survey.id.in_(ids)).execution_options(**quiet))
    session.expire_all()


def remove_alerts(session: Session, survey_ids: Sequence[int]) -> None:
    """Take the alerts of some surveys back, with their notifications."""
    quiet = {"synchronize_session": False}
    ids = list(session.scalars(select(SurveyAlert.id).where(SurveyAlert.survey_id.in_(list(survey_ids)))))
    session.execute(
        delete(Notification)
        .where(Notification.item_type == "survey_alert", Notification.item_id.in_(ids))
        .execution_options(**quiet)
    )
    session.execute(delete(SurveyAlert).where(SurveyAlert.id.in_(ids)).execution_options(**quiet))


def worked_alerts(session: Session, survey_ids: Sequence[int]) -> list[str]:
    """Numbers of alerts of these surveys that somebody took a step with already."""
    found: list[str] = []
    for start in range(0, len(survey_ids), CHUNK):
        found += session.scalars(
            select(SurveyAlert.number).where(
                SurveyAlert.survey_id.in_(list(survey_ids[start : start + CHUNK])),
                or_(SurveyAlert.status != FLOW.initial, SurveyAlert.version > 1),
            )
        )
    return found
