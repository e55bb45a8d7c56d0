"""Surveys of an agency from any table (CSV, XLSX), with dry run and undo: what was sent, and what came back (U14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.core import changes
from db.core.actor import Actor
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.labels import local_day, plural
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.dealers.queries import DealerDetail, find_dealer_by_code, get_dealer
from db.imports import mapping as mappings
from db.imports import reading
from db.imports.mapping import MappedRow, TargetField
from db.surveys import record, rules
from db.surveys.record import CHUNK, Draft
from db.surveys.tables import Questionnaire, Survey, SurveyAnswer

FIELDS: tuple[TargetField, ...] = (
    TargetField(
        name="survey_id", label="Survey id", required=True, help="The agency's number of the survey.",
        synonyms=("survey", "survey no", "survey number", "response id", "interview id", "respondent id"),
    ),
    TargetField(
        name="dealer_code", label="Dealer code", required=True, help="Leading zeros count.",
        synonyms=("dealer", "dealer id", "dealer no", "dealer number", "code"),
    ),
    TargetField(
        name="kind", label="Kind", kind="choice", choices=tuple(rules.KINDS), required=True,
        help="csi for service, ssi for sales.", synonyms=("survey type", "survey kind", "type", "programme", "program"),
    ),
    TargetField(
        name="version", label="Version", kind="integer", help="Without it, the version in force when it was sent.",
        synonyms=("questionnaire", "questionnaire version", "survey version"),
    ),
    TargetField(
        name="sent_on", label="Sent", kind="date", required=True,
        synonyms=("sent on", "sent date", "date sent", "invitation date", "invited on", "mail date"),
    ),
    TargetField(
        name="answered_on", label="Answered", kind="date", help="Blank for a survey that has not come back.",
        synonyms=("answered on", "answer date", "returned on", "return date", "completed", "response date"),
    ),
    TargetField(name="customer_name", label="Customer", synonyms=("customer name", "name", "respondent")),
    TargetField(name="email", label="E-mail", kind="email", synonyms=("customer email", "e-mail address")),
    TargetField(name="phone", label="Phone", kind="phone", synonyms=("telephone", "customer phone", "mobile")),
    TargetField(name="vin", label="VIN", synonyms=("vehicle identification number", "chassis")),
    TargetField(
        name="seconds", label="Seconds taken", kind="integer", help="How long it took to answer.",
        synonyms=("duration", "duration seconds", "time taken"),
    ),
    *(
        TargetField(
            name=f"q{n}", label=f"Answer {n}", kind="integer",
            synonyms=(f"question {n}", f"answer q{n}", f"q {n}", f"q0{n}" if n < 10 else f"item {n}"),
        )
        for n in range(1, rules.MOST_QUESTIONS + 1)
    ),
    TargetField(name="comment", label="Comment", synonyms=("comments", "verbatim", "remarks")),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Checked:
    """A row that can be taken."""

    row: MappedRow
    draft: Draft
    version: Questionnaire


class _Work:
    """What the rows of one import share: dealers met so far, the versions, and the surveys that are there."""

    def __init__(self, session: Session, rows: Sequence[MappedRow], *, actor: Actor, now: datetime) -> None:
        self.session, self.actor, self.now = session, actor, now
        self.versions = record.versions_of(session)
        self._dealers: dict[str, DealerDetail | None] = {}
        keys = sorted({_key(row) for row in rows})
        self.there: dict[str, Survey] = {}
        for start in range(0, len(keys), CHUNK):
            found = session.scalars(select(Survey).where(Survey.survey_key.in_(keys[start : start + CHUNK])))
            self.there |= {survey.survey_key: survey for survey in found}
        self.seen: dict[str, Draft] = {}

    def dealer(self, code: str, problems: Problems) -> DealerDetail | None:
        """The dealer of a code within scope, or a problem."""
        if code not in self._dealers:
            scope = self.actor.scope
            found = find_dealer_by_code(self.session, code=code, scope=scope)
            self._dealers[code] = get_dealer(self.session, dealer_id=found.dealer_id, scope=scope) if found else None
        if self._dealers[code] is None:
            problems.add("dealer_code", "unknown_dealer", f"There is no dealer {code} among those you look after.")
        return self._dealers[code]

    def version(self, values: Mapping[str, Any]) -> Questionnaire | None:
        """The version a row names, or the one in force when it was sent."""
        known = self.versions.get(str(values.get("kind") or ""), [])
        number = values.get("version")
        if number is None:
            return record.version_on(known, values.get("sent_on"))
        return next((v for v in known if v.number == number), None)

    def check(self, row: MappedRow) -> _Checked:
        """A row as a draft; raises `Refused` with every reason."""
        values, problems = row.values, Problems()
        kind = str(values.get("kind") or "")
        dealer = self.dealer(str(values.get("dealer_code") or "").strip(), problems)
        version = self.version(values)
        answers = {f"q{n}": values.get(f"q{n}") for n in range(1, rules.MOST_QUESTIONS + 1)}
        today = local_day(self.now, dealer.facts.zone) if dealer else local_day(self.now, self.actor.zone)
        given = record.check(
            version, kind=kind, sent_on=values.get("sent_on"), answered_on=values.get("answered_on"), answers=answers,
            today=today, problems=problems,
        )  # fmt: skip
        seconds = values.get("seconds")
        if seconds is not None and not 0 <= seconds <= 10_000_000:
            problems.add("seconds", "out_of_range", "The seconds taken cannot be right.")
        if len(_key(row)) > 80:
            problems.add("survey_id", "too_long", "The survey id has more than 80 characters.")
        problems.refuse_if_any()
        assert dealer is not None
        assert version is not None
        draft = Draft(
            survey_key=_key(row), dealer_id=dealer.dealer_id, region=dealer.facts.region, kind=kind, channel="import",
            sent_on=values["sent_on"], answered_on=values.get("answered_on"), answers=given,
            customer_name=str(values.get("customer_name") or "").strip()[:200], email=values.get("email") or "",
            phone=values.get("phone") or "", vin=str(values.get("vin") or "").strip().upper()[:30],
            comment=str(values.get("comment") or "").strip()[: record.LONGEST_COMMENT], seconds=seconds,
        )  # fmt: skip
        return _Checked(row=row, draft=draft, version=version)


def _key(row: MappedRow) -> str:
    return str(row.values.get("survey_id") or "").strip()


def _same(survey: Survey, draft: Draft) -> bool:
    return (survey.dealer_id, survey.kind, survey.sent_on, survey.answered_on, dict(survey.raw_answers)) == (
        draft.dealer_id, draft.kind, draft.sent_on, draft.answered_on, dict(draft.answers),
    )  # fmt: skip


def _taken(work: _Work, one: _Checked) -> RowOutcome | Survey | None:
    """What becomes of a row whose survey is there: nothing, an answer at last, or a refusal; None when it is new."""
    draft, there = one.draft, work.there.get(one.draft.survey_key)
    twice = Problem(
        code="duplicate_survey", field="survey_id",
        message=f"Survey {draft.survey_key} is there with other facts; a survey is answered once.",
    )  # fmt: skip
    if there is None:
        before = work.seen.setdefault(draft.survey_key, draft)
        if before is draft:
            return None
        if before != draft:
            raise Refused(twice)
        return RowOutcome(
            file=one.row.file, row=one.row.row, outcome="duplicate", code="unchanged", dealer_id=draft.dealer_id,
            message="This survey stands in the file twice.",
        )  # fmt: skip
    if not work.actor.scope.allows(dealer_id=there.dealer_id, region=there.region):
        raise Refused(twice)
    first = not there.is_returned and draft.is_returned
    if first and (there.dealer_id, there.kind, there.sent_on) == (draft.dealer_id, draft.kind, draft.sent_on):
        return there
    if not _same(there, draft):
        raise Refused(twice)
    return RowOutcome(
        file=one.row.file, row=one.row.row, outcome="duplicate", code="unchanged", item_type="survey",
        item_id=there.id, dealer_id=there.dealer_id, message="This survey is already there.",
    )  # fmt: skip


def apply(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Surveys of all rows that can be taken; unhappy ones that are fresh open their alerts in the same transaction."""
    tables = reading.read_tables(files, mapping=mapping, fields=FIELDS)
    reading.tell(session, *tables.sentences)
    work = _Work(session, tables.rows, actor=actor, now=now)
    outcomes: list[RowOutcome] = []
    new: list[_Checked] = []
    back: list[tuple[Survey, _Checked]] = []
    for row in tables.rows:
        try:
            one = work.check(row)
            taken = _taken(work, one)
        except Refused as refusal:
            outcomes.append(reading.refuse_row(row, *refusal.problems))
            continue
        if taken is None:
            new.append(one)
        elif isinstance(taken, Survey):
            back.append((taken, one))
        else:
            outcomes.append(taken)
    made = record.put(session, [(c.draft, c.version) for c in new], batch_id=batch_id, actor=actor, now=now)
    done = set()
    for survey, one in back:
        if survey.id in done:
            problem = Problem(code="duplicate_survey", message=f"Survey {survey.survey_key} is answered twice.")
            outcomes.append(reading.refuse_row(one.row, problem))
            continue
        done.add(survey.id)
        undo = {"questionnaire": survey.questionnaire_id, "version": survey.version}
        record.come_back(session, survey, one.draft, one.version, actor=actor, now=now)
        outcomes.append(_outcome(one, survey, "updated", undo))
        made.append(survey)
    outcomes += [_outcome(one, survey, "created", None) for one, survey in zip(new, made, strict=False)]
    returned = [survey for survey in made if survey.is_returned]
    days = [survey.answered_on for survey in returned if survey.answered_on is not None]
    if days:
        record.reflag(session, {survey.dealer_id for survey in returned}, since=min(days))
    alerts = record.open_alerts(session, returned, actor=actor, now=now)
    _tell(session, returned, len(alerts))
    changes.touch(session, "surveys")
    order = {file.name: number for number, file in enumerate(files)}
    return sorted([*outcomes, *tables.rejected], key=lambda o: (order.get(o.file, len(order)), o.row))


def _outcome(one: _Checked, survey: Survey, what: Any, undo: dict[str, Any] | None) -> RowOutcome:
    return RowOutcome(
        file=one.row.file, row=one.row.row, outcome=what, item_type="survey", item_id=survey.id,
        dealer_id=survey.dealer_id, undo=undo, code="bottom" if survey.is_bottom else "",
        message=". ".join(survey.bottom),
    )  # fmt: skip


def _tell(session: Session, returned: Sequence[Survey], alerts: int) -> None:
    unhappy = sum(survey.is_bottom for survey in returned)
    if unhappy:
        old = unhappy - alerts
        sentence = f"{plural(unhappy, 'unhappy customer')}: {plural(alerts, 'alert')} opened"
        sentence += f", {old} answered more than {rules.ALERT_WITHIN_DAYS} days ago." if old else "."
        reading.tell(session, sentence)


def undo(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Take the surveys and their answers back; refused when somebody called one of their customers meanwhile."""
    ids = [row.item_id for row in rows if row.item_id is not None]
    worked = record.worked_alerts(session, ids)
    if worked:
        listed = ", ".join(worked[:5]) + (" …" if len(worked) > 5 else "")
        message = f"Somebody works on alerts of this import already: {listed}. It cannot be taken back."
        raise Refused(Problem(code="in_use", message=message))
    record.remove(session, [row.item_id for row in rows if row.outcome == "created" and row.item_id is not None])
    for row in rows:
        survey = session.get(Survey, row.item_id) if row.outcome == "updated" else None
        if survey is None:
            continue
        session.execute(delete(SurveyAnswer).where(SurveyAnswer.survey_id == survey.id))
        record.remove_alerts(session, [survey.id])
        survey.questionnaire_id = (row.undo or {}).get("questionnaire", survey.questionnaire_id)
        first = session.get_one(Questionnaire, survey.questionnaire_id)
        survey.questions, survey.raw_answers = first.questions, {}
        survey.answered_on = survey.month = survey.index_hundredths = survey.nps = survey.seconds = None
        survey.excluded_at, survey.excluded_by, survey.exclude_reason = None, "", ""
        survey.is_returned = survey.is_counted = survey.is_bottom = survey.is_flagged = False
        survey.answers = survey.tops = 0
        survey.bottom, survey.flags, survey.comment = [], [], ""
        survey.version, survey.updated_at, survey.updated_by = survey.version + 1, now, actor.name
    session.flush()
    changes.touch(session, "surveys")
    return len(rows)


KINDS = (
    ImportKind(
        name="surveys", title="Customer surveys", permission=Permission.SURVEYS_IMPORT,
        extensions=(".csv", ".tsv", ".txt", ".xlsx"), apply=apply, undo=undo, fields=FIELDS,
        help="One row a survey that was sent; with answers when it came back. Recognised by the agency's survey id.",
    ),
)  # fmt: skip
