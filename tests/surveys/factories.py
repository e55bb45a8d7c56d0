"""Surveys as tests need them, made by commands."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Engine, select

from db.core.session import reading, run
from db.imports.commands import BatchResult, run_import
from db.surveys.commands import enter_survey, publish_questionnaire
from db.surveys.tables import Questionnaire, Survey, SurveyAlert, SurveyAnswer
from tests.leads.factories import NOW, Network
from tests.support.contents import contents
from tests.support.files import file_of

DAY = NOW.date() - timedelta(days=1)
QUESTIONS: list[dict[str, Any]] = [
    {"text": "Work done right?", "weight": 60, "best": 5, "top_from": 5, "is_headline": True},
    {"text": "Friendly?", "weight": 40, "best": 10, "top_from": 9},
    {"text": "Would you recommend?", "weight": 0, "is_nps": True},
]
GOOD = {"q1": 5, "q2": 10, "q3": 10}
BAD = {"q1": 1, "q2": 4, "q3": 2}


def publish(engine: Engine, network: Network, **other: Any) -> int:
    values: dict[str, Any] = {
        "kind": "csi", "title": "Service", "from_day": date(2020, 1, 1), "questions": QUESTIONS, "alert_below": 60,
        "reason": "The first", "seen_number": 0, "actor": network.manager, "now": NOW,
    }  # fmt: skip
    return run(publish_questionnaire, bind=engine, **(values | other))


def enter(engine: Engine, network: Network, **other: Any) -> int:
    values: dict[str, Any] = {
        "dealer_id": network.north, "kind": "csi", "channel": "phone", "sent_on": DAY - timedelta(days=3),
        "answered_on": DAY, "answers": GOOD, "actor": network.coordinator, "now": NOW,
    }  # fmt: skip
    return run(enter_survey, bind=engine, **(values | other))


def survey(engine: Engine, survey_id: int) -> Survey:
    with reading(engine) as session:
        found = session.get_one(Survey, survey_id)
        session.expunge(found)
    return found


def alert_of(engine: Engine, survey_id: int) -> SurveyAlert:
    with reading(engine) as session:
        found = session.scalars(select(SurveyAlert).where(SurveyAlert.survey_id == survey_id)).one()
        session.expunge(found)
    return found


def has_alert(engine: Engine, survey_id: int) -> bool:
    with reading(engine) as session:
        return session.scalar(select(SurveyAlert.id).where(SurveyAlert.survey_id == survey_id)) is not None


ROW = {
    "Survey id": "AG-1", "Dealer code": "00101", "Kind": "csi", "Sent": (DAY - timedelta(days=5)).isoformat(),
    "Answered": DAY.isoformat(), "Customer": "Jane Doe", "E-mail": "jane@mail.example", "q1": "5", "q2": "10",
    "q3": "9", "Comment": "Fine",
}  # fmt: skip
SENT_ONLY = {"Answered": "", "q1": "", "q2": "", "q3": "", "Comment": ""}


def bring(engine: Engine, network: Network, *rows: dict[str, str], **other: Any) -> BatchResult:
    arguments = {"actor": network.coordinator, "now": NOW, "channel": "page", **other}
    return run(run_import, bind=engine, kind="surveys", files=[file_of(*rows)], **arguments)


def stored(engine: Engine, *, ignoring: tuple[str, ...] = ()) -> dict[str, list[dict[str, Any]]]:
    """The rows of this area, by column, but for the columns that are ignored."""
    found = contents(engine)
    shown = {}
    for model in (Survey, SurveyAnswer, SurveyAlert, Questionnaire):
        names = [column.name for column in model.__table__.columns]
        rows = [dict(zip(names, row, strict=True)) for row in found[model.__tablename__]]
        shown[model.__tablename__] = [{k: v for k, v in row.items() if k not in ignoring} for row in rows]
    return shown
