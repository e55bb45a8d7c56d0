"""What must hold between surveys, their versions and their alerts (`python -m db check`)."""

from __future__ import annotations

from sqlalchemy import and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from db.core.area import Check
from db.core.rollups import sums_check
from db.dealers.strays import in_another_region
from db.surveys import rules
from db.surveys.flow import FLOW
from db.surveys.sums import SUMS
from db.surveys.tables import Questionnaire, Survey, SurveyAlert, SurveyAnswer

MOST = 50


def scores_are_their_answers(session: Session) -> list[str]:
    """Scores that are not what the stored answers and weights come to, or whose answer rows are not all there."""
    found = []
    rows = session.execute(
        select(
            Survey.number, Survey.questions, Survey.raw_answers, Survey.index_hundredths, Survey.answers, Survey.tops,
            Survey.nps, Survey.bottom, Questionnaire.alert_below,
        )
        .join(Questionnaire, Questionnaire.id == Survey.questionnaire_id)
        .where(Survey.is_returned == true())
        .execution_options(yield_per=1000)
    )  # fmt: skip
    for row in rows:
        score = rules.score(rules.questions_of(row.questions), row.raw_answers, alert_below=row.alert_below)
        kept = (row.index_hundredths, row.answers, row.tops, row.nps, tuple(row.bottom))
        if kept != (score.index_hundredths, score.answers, score.tops, score.nps, score.bottom):
            found.append(f"survey {row.number} has another score than its answers come to")
            if len(found) >= MOST:
                break
    written = (
        select(func.count()).where(SurveyAnswer.survey_id == Survey.id).correlate(Survey).scalar_subquery()
    )  # fmt: skip
    for number in session.scalars(
        select(Survey.number).where(Survey.is_returned == true(), written < Survey.answers).limit(MOST)
    ):
        found.append(f"survey {number} has answers that the figures by question miss")
    return found


def surveys_are_whole(session: Session) -> list[str]:
    """Surveys and alerts that contradict themselves or lie in another region than their dealer."""
    found = []
    wrong = or_(
        and_(Survey.is_returned == true(), or_(Survey.answered_on.is_(None), Survey.month.is_(None))),
        and_(Survey.is_returned == false(), or_(Survey.answered_on.is_not(None), Survey.is_counted == true())),
        and_(Survey.excluded_at.is_not(None), or_(Survey.is_counted == true(), Survey.exclude_reason == "")),
        and_(Survey.is_returned == true(), Survey.is_counted == false(), Survey.excluded_at.is_(None)),
    )
    for number in session.scalars(select(Survey.number).where(wrong).limit(MOST)):
        found.append(f"survey {number} contradicts itself")
    open_states = list(FLOW.open_states)
    odd = or_(
        and_(SurveyAlert.status.in_(open_states), or_(~SurveyAlert.is_open, SurveyAlert.closed_at.is_not(None))),
        and_(SurveyAlert.status.not_in(open_states), or_(SurveyAlert.is_open, SurveyAlert.closed_at.is_(None))),
        and_(SurveyAlert.status == "contacted", SurveyAlert.contacted_at.is_(None)),
        and_(SurveyAlert.status == "resolved", or_(SurveyAlert.outcome == "", SurveyAlert.root_cause == "")),
    )
    for number in session.scalars(select(SurveyAlert.number).where(odd).limit(MOST)):
        found.append(f"alert {number} contradicts itself")
    for table in (Survey, SurveyAlert):
        strays = in_another_region(session, table, most=MOST)
        found += [f"{number} lies in another region than its dealer" for number in strays]
    return found


CHECKS = (
    Check(name="survey scores", run=scores_are_their_answers),
    Check(name="surveys and alerts", run=surveys_are_whole),
    sums_check("Sums of surveys agree with the surveys", SUMS),
)
