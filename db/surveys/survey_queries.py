"""Surveys as people see them: the list, one survey with why it is flagged, versions, search, export, a customer's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select, true
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import CAP, CustomerLine, SearchResult
from db.core.export_files import ExportColumn
from db.core.masking import mask_email, mask_name, mask_phone, mask_vin
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.surveys import rules
from db.surveys.tables import Dealer, Questionnaire, Survey, SurveyAlert

PAGE = 50
PAGE_FILE = "pages/crm/surveys.py"
Cursor = tuple[date, int]
SHOWS = {"": "All", "flagged": "Flagged", "bottom": "Unhappy", "excluded": "Left out", "waiting": "Not returned"}


@dataclass(frozen=True, kw_only=True)
class SurveyFilters:
    """What the list is narrowed to; days are inclusive, of the answer (of the sending for those not returned)."""

    kind: str = ""
    show: str = ""  # one of SHOWS
    since: date | None = None
    until: date | None = None
    region: str = ""
    dealer_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class SurveyRow:
    """One survey in the list."""

    id: int
    number: str
    kind: str
    dealer: str
    sent_on: date
    answered_on: date | None
    index_hundredths: int | None
    nps: int | None
    is_bottom: bool
    flags: tuple[str, ...]
    is_counted: bool
    is_returned: bool
    customer: str
    alert: str


@dataclass(frozen=True, kw_only=True)
class AnswerLine:
    """One question with its answer; None where it was not answered."""

    key: str
    text: str
    weight: int
    best: int
    answer: int | None
    is_top: bool


@dataclass(frozen=True, kw_only=True)
class SurveyPage:
    """One survey for its drawer; personal data is masked where `is_masked`."""

    id: int
    number: str
    survey_key: str
    version: int
    kind: str
    questionnaire: int
    channel: str
    dealer_id: int
    dealer: str
    region: str
    sent_on: date
    answered_on: date | None
    index_hundredths: int | None
    answers: tuple[AnswerLine, ...]
    bottom: tuple[str, ...]
    flags: tuple[Mapping[str, str], ...]
    is_counted: bool
    is_returned: bool
    excluded_by: str
    excluded_at: datetime | None
    exclude_reason: str
    customer_id: int | None
    customer: str
    email: str
    phone: str
    vin: str
    comment: str
    seconds: int | None
    alert_id: int | None
    alert: str
    is_masked: bool


@dataclass(frozen=True, kw_only=True)
class VersionRow:
    """One version of a questionnaire, with how many surveys were scored by it within the scope."""

    id: int
    kind: str
    number: int
    title: str
    from_day: date
    questions: tuple[rules.Question, ...]
    alert_below: int
    reason: str
    created_by: str
    created_at: datetime
    surveys: int


def _conditions(filters: SurveyFilters) -> list[ColumnElement[bool]]:
    day: Any = Survey.sent_on if filters.show == "waiting" else Survey.answered_on
    is_returned = false() if filters.show == "waiting" else true()
    parts: list[ColumnElement[bool]] = [Survey.is_returned == is_returned]
    if filters.kind:
        parts.append(Survey.kind == filters.kind)
    if filters.since is not None:
        parts.append(day >= filters.since)
    if filters.until is not None:
        parts.append(day <= filters.until)
    if filters.region:
        parts.append(Survey.region == filters.region)
    if filters.dealer_id is not None:
        parts.append(Survey.dealer_id == filters.dealer_id)
    if filters.show == "flagged":
        parts.append(Survey.is_flagged == true())
    elif filters.show == "bottom":
        parts.append(Survey.is_bottom == true())
    elif filters.show == "excluded":
        parts.append(Survey.is_counted == false())
    return parts


def list_surveys(
    session: Session, *, actor: Actor, filters: SurveyFilters, after: Cursor | None = None, limit: int = PAGE
) -> tuple[list[SurveyRow], Cursor | None]:
    """One page and the cursor of the next, the newest first. Needs surveys.view."""
    actor.require(Permission.SURVEYS_VIEW)
    day: Any = Survey.sent_on if filters.show == "waiting" else Survey.answered_on
    query = (
        select(
            Survey.id, Survey.number, Survey.kind, Dealer.name.label("dealer"), Survey.sent_on, Survey.answered_on,
            Survey.index_hundredths, Survey.nps, Survey.is_bottom, Survey.flags, Survey.is_counted,
            Survey.is_returned, Survey.customer_name, func.coalesce(SurveyAlert.number, "").label("alert"),
        )
        .join(Dealer, Dealer.id == Survey.dealer_id)
        .outerjoin(SurveyAlert, SurveyAlert.survey_id == Survey.id)
        .where(actor.scope.where(Survey.dealer_id, Survey.region), *_conditions(filters))
        .order_by(day.desc(), Survey.id.desc())
    )  # fmt: skip
    if after is not None:
        query = query.where(day <= after[0], or_(day < after[0], Survey.id < after[1]))
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    found = []
    for row in session.execute(query.limit(limit + 1)):
        values = row._asdict()
        name = values.pop("customer_name")
        values["flags"] = tuple(rules.FLAGS.get(f["code"], f["code"]) for f in values["flags"])
        found.append(SurveyRow(**values, customer=name if personal else mask_name(name)))
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        at = last.sent_on if filters.show == "waiting" else last.answered_on
        following = (at, last.id) if at is not None else None
    return found[:limit], following


def count_surveys(session: Session, *, actor: Actor, filters: SurveyFilters) -> int:
    """How many there are, counted up to `CAP` + 1."""
    actor.require(Permission.SURVEYS_VIEW)
    some = select(Survey.id).where(actor.scope.where(Survey.dealer_id, Survey.region), *_conditions(filters))
    return session.scalar(select(func.count()).select_from(some.limit(CAP + 1).subquery())) or 0


def get_survey(session: Session, *, survey_id: int, actor: Actor) -> SurveyPage:
    """One survey; raises `NotFound` for one that is absent or out of scope."""
    actor.require(Permission.SURVEYS_VIEW)
    row = session.execute(
        select(Survey, Dealer.name, Questionnaire.number, SurveyAlert.id, SurveyAlert.number)
        .join(Dealer, Dealer.id == Survey.dealer_id)
        .join(Questionnaire, Questionnaire.id == Survey.questionnaire_id)
        .outerjoin(SurveyAlert, SurveyAlert.survey_id == Survey.id)
        .where(Survey.id == survey_id, actor.scope.where(Survey.dealer_id, Survey.region))
    ).one_or_none()
    if row is None:
        raise NotFound("This survey")
    survey, dealer, version, alert_id, alert = row
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    lines = []
    for question in rules.questions_of(survey.questions):
        answer = survey.raw_answers.get(question.key)
        lines.append(
            AnswerLine(
                key=question.key, text=question.text, weight=question.weight, best=question.best, answer=answer,
                is_top=answer is not None and answer >= question.top_from,
            )
        )  # fmt: skip
    return SurveyPage(
        id=survey.id, number=survey.number, survey_key=survey.survey_key, version=survey.version, kind=survey.kind,
        questionnaire=version, channel=survey.channel, dealer_id=survey.dealer_id, dealer=dealer,
        region=survey.region, sent_on=survey.sent_on, answered_on=survey.answered_on,
        index_hundredths=survey.index_hundredths, answers=tuple(lines), bottom=tuple(survey.bottom),
        flags=tuple(survey.flags), is_counted=survey.is_counted, is_returned=survey.is_returned,
        excluded_by=survey.excluded_by, excluded_at=survey.excluded_at, exclude_reason=survey.exclude_reason,
        customer_id=survey.customer_id, comment=survey.comment, seconds=survey.seconds,
        customer=survey.customer_name if personal else mask_name(survey.customer_name),
        email=survey.email if personal or not survey.email else mask_email(survey.email),
        phone=survey.phone if personal or not survey.phone else mask_phone(survey.phone),
        vin=survey.vin if personal or not survey.vin else mask_vin(survey.vin), alert_id=alert_id, alert=alert or "",
        is_masked=not personal,
    )  # fmt: skip


def list_versions(session: Session, *, scope: Scope, kind: str = "") -> list[VersionRow]:
    """Every version, the newest first; how many surveys it scored is counted within the scope."""
    counts: dict[int, int] = dict(
        session.execute(
            select(Survey.questionnaire_id, func.count())
            .where(Survey.is_returned == true(), scope.where(Survey.dealer_id, Survey.region))
            .group_by(Survey.questionnaire_id)
        ).all()
    )
    query = select(Questionnaire).order_by(Questionnaire.kind, Questionnaire.number.desc())
    if kind:
        query = query.where(Questionnaire.kind == kind)
    return [
        VersionRow(
            id=v.id, kind=v.kind, number=v.number, title=v.title, from_day=v.from_day,
            questions=rules.questions_of(v.questions), alert_below=v.alert_below, reason=v.reason,
            created_by=v.created_by, created_at=v.created_at, surveys=counts.get(v.id, 0),
        )
        for v in session.scalars(query)
    ]  # fmt: skip


# ---- a customer's ----------------------------------------------------------------------------------------------------
def customer_lines(session: Session, *, customer_id: int, actor: Actor, limit: int) -> list[CustomerLine]:
    """The surveys a customer answered, newest first, within the actor's scope."""
    if not actor.can(Permission.SURVEYS_VIEW):
        return []
    rows = session.scalars(
        select(Survey)
        .where(
            Survey.customer_id == customer_id, Survey.is_returned == true(),
            actor.scope.where(Survey.dealer_id, Survey.region),
        )
        .order_by(Survey.answered_on.desc(), Survey.id.desc())
        .limit(limit)
    )  # fmt: skip
    lines = []
    for row in rows:
        assert row.answered_on is not None
        badges = [("Unhappy", "red")] if row.is_bottom else []
        if row.nps is not None:
            badges.append({1: ("Promoter", "green"), 0: ("Passive", "gray"), -1: ("Detractor", "red")}[row.nps])
        score = "–" if row.index_hundredths is None else rules.one_decimal(row.index_hundredths)
        lines.append(
            CustomerLine(
                at=datetime.combine(row.answered_on, time(12), UTC), title=f"Survey {row.kind.upper()}: index {score}",
                by=rules.CHANNELS.get(row.channel, row.channel), note=row.comment,
                icon=":material/sentiment_satisfied:", badges=tuple(badges), page=PAGE_FILE,
                query={"survey": str(row.id)},
            )
        )  # fmt: skip
    return lines


# ---- search and export -----------------------------------------------------------------------------------------------
def found_surveys(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Surveys of the search box, in the order found."""
    rows = {
        row.id: row
        for row in session.execute(
            select(Survey.id, Survey.number, Survey.survey_key, Survey.kind, Survey.sent_on, Dealer.name)
            .join(Dealer, Dealer.id == Survey.dealer_id)
            .where(Survey.id.in_(list(ids)), actor.scope.where(Survey.dealer_id, Survey.region))
        )
    }
    return [
        SearchResult(
            kind="survey", item_id=i, title=f"{rows[i].number} {rows[i].kind.upper()}",
            subtitle=f"{rows[i].name} · sent {rows[i].sent_on:%-d %b %Y} · {rows[i].survey_key}", page=PAGE_FILE,
            query={"survey": str(i)},
        )
        for i in ids
        if i in rows
    ]  # fmt: skip


COLUMNS = (
    ExportColumn(name="number", label="Survey"),
    ExportColumn(name="survey_id", label="Survey id"),
    ExportColumn(name="kind", label="Kind"),
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="sent_on", label="Sent", kind="date"),
    ExportColumn(name="answered_on", label="Answered", kind="date"),
    ExportColumn(name="index", label="Index"),
    ExportColumn(name="answers", label="Answers", kind="integer"),
    ExportColumn(name="tops", label="Top answers", kind="integer"),
    ExportColumn(name="nps", label="NPS"),
    ExportColumn(name="counted", label="Counted", kind="bool"),
    ExportColumn(name="exclude_reason", label="Why left out"),
    ExportColumn(name="flags", label="Flags"),
    ExportColumn(name="customer", label="Customer"),
    ExportColumn(name="email", label="E-mail"),
    ExportColumn(name="phone", label="Phone"),
    ExportColumn(name="vin", label="VIN"),
    ExportColumn(name="comment", label="Comment"),
)
_CLASS = {1: "Promoter", 0: "Passive", -1: "Detractor", None: ""}


def _export_query(scope: Scope, filters: Mapping[str, Any]) -> Select[*tuple[Any, ...]]:
    query = (
        select(Survey, Dealer.code, Dealer.name)
        .join(Dealer, Dealer.id == Survey.dealer_id)
        .where(scope.where(Survey.dealer_id, Survey.region))
        .order_by(Survey.id)
    )
    for name, column in (("kind", Survey.kind), ("region", Survey.region), ("dealer_id", Survey.dealer_id)):
        if filters.get(name):
            value = int(filters[name]) if name == "dealer_id" else filters[name]
            query = query.where(column == value)
    for name in ("since", "until"):
        if filters.get(name):
            day = date.fromisoformat(str(filters[name]))
            query = query.where(Survey.answered_on >= day if name == "since" else Survey.answered_on <= day)
    return query


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a survey in the order of `COLUMNS`, oldest first; contact data is masked for who has no need."""
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    for s, code, dealer in session.execute(_export_query(scope, filters).execution_options(yield_per=500)):
        yield (
            s.number, s.survey_key, s.kind.upper(), code, dealer, s.sent_on, s.answered_on,
            "" if s.index_hundredths is None else rules.one_decimal(s.index_hundredths), s.answers, s.tops,
            _CLASS[s.nps], s.is_counted, s.exclude_reason, "; ".join(rules.FLAGS.get(f["code"], "") for f in s.flags),
            s.customer_name if personal else mask_name(s.customer_name),
            s.email if personal or not s.email else mask_email(s.email),
            s.phone if personal or not s.phone else mask_phone(s.phone),
            s.vin if personal or not s.vin else mask_vin(s.vin), s.comment if personal else "",
        )  # fmt: skip
