"""Index, top-box share and NPS with their uncertainty, by dealer and question; response rate; calls in time.

Each is one statement that reads sums kept by triggers (figure_sum_queries.py) or one index (`ix_survey_figures`,
`ix_survey_sent`); nothing is added up in Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, case, cast, func, select, true
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.surveys.figure_sum_queries import FigureFilters, Pair, figures_by
from db.surveys.rules import KINDS, Figures, ranks
from db.surveys.tables import Dealer, Survey, SurveyAlert, SurveyAnswer

DIMS = ("dealer", "region", "month")
_BY: dict[str, Any] = {"dealer": Survey.dealer_id, "region": Survey.region, "month": Survey.month}


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Of the surveys sent in a time, how many came back, and after how many days on average."""

    sent: int = 0
    returned: int = 0
    lag_days: float | None = None


@dataclass(frozen=True, kw_only=True)
class DealerFigures:
    """One line of the table by dealer; `rank` is None where there are too few surveys to compare."""

    dealer_id: int
    code: str
    name: str
    region: str
    pair: Pair
    rate: Rate
    rank: int | None
    flagged: int


@dataclass(frozen=True, kw_only=True)
class QuestionFigures:
    """One question: how it was answered; `mean` is in percent of the best answer."""

    key: str
    text: str
    answers: int
    mean: float
    top_box: float


def _day_parts(column: Any, filters: FigureFilters) -> list[ColumnElement[bool]]:
    """Conditions for days and filters on the surveys themselves."""
    parts = []
    if filters.since is not None:
        parts.append(column >= filters.since)
    if filters.until is not None:
        parts.append(column <= filters.until)
    parts.append(Survey.kind == filters.kind if filters.kind else Survey.kind.in_(list(KINDS)))
    if filters.region:
        parts.append(Survey.region == filters.region)
    if filters.dealer_id is not None:
        parts.append(Survey.dealer_id == filters.dealer_id)
    if filters.regions:
        parts.append(Survey.region.in_(filters.regions))
    if filters.dealer_ids:
        parts.append(Survey.dealer_id.in_(filters.dealer_ids))
    return parts


def rates_by(
    session: Session, *, scope: Scope, filters: FigureFilters, by: Sequence[str] = ()
) -> dict[tuple[Any, ...], Rate]:
    """{key of `by`: response rate} by the day a survey was sent, whose month comes as "2026-05"."""
    sent_in = func.substr(cast(Survey.sent_on, String), 1, 7)
    columns = [{**_BY, "month": sent_in}[name] for name in by]
    returned = case((Survey.is_returned == true(), 1), else_=0)
    query = select(*columns, func.count(), func.sum(returned)).where(
        scope.where(Survey.dealer_id, Survey.region), *_day_parts(Survey.sent_on, filters)
    )
    if columns:
        query = query.group_by(*columns).order_by(*columns)
    return {
        tuple(row[: len(columns)]): Rate(sent=row[-2], returned=int(row[-1] or 0)) for row in session.execute(query)
    }


def lag_days(session: Session, *, scope: Scope, filters: FigureFilters) -> float | None:
    """Days from sending to the answer on average, of surveys sent in the time; None where none came back."""
    rows = session.execute(
        select(Survey.sent_on, Survey.answered_on, func.count())
        .where(
            Survey.answered_on.is_not(None), scope.where(Survey.dealer_id, Survey.region),
            *_day_parts(Survey.sent_on, filters),
        )
        .group_by(Survey.sent_on, Survey.answered_on)
    ).all()  # fmt: skip
    n = sum(count for _, _, count in rows)
    return sum((answered - sent).days * count for sent, answered, count in rows if answered) / n if n else None


def by_dealer(session: Session, *, scope: Scope, filters: FigureFilters) -> list[DealerFigures]:
    """Every dealer with surveys, ranked ones first, the best first; four statements whatever their number."""
    pairs = {key[0]: pair for key, pair in figures_by(session, scope=scope, filters=filters, by=("dealer",)).items()}
    rates = {key[0]: rate for key, rate in rates_by(session, scope=scope, filters=filters, by=("dealer",)).items()}
    flagged: dict[int, int] = dict(
        session.execute(
            select(Survey.dealer_id, func.count())
            .where(
                Survey.is_flagged == true(), scope.where(Survey.dealer_id, Survey.region),
                *_day_parts(Survey.answered_on, filters),
            )
            .group_by(Survey.dealer_id)
        ).all()
    )  # fmt: skip
    places = ranks({dealer_id: pair.counted for dealer_id, pair in pairs.items()})
    # The dealers of surveys in scope are in scope themselves; asked by scope, not by a list of any length.
    known = session.execute(
        select(Dealer.id, Dealer.code, Dealer.name, Dealer.region).where(scope.where(Dealer.id, Dealer.region))
    )
    nothing = Pair(counted=Figures(), everything=Figures())
    found = [
        DealerFigures(
            dealer_id=row.id, code=row.code, name=row.name, region=row.region, pair=pairs.get(row.id, nothing),
            rate=rates.get(row.id, Rate()), rank=places.get(row.id), flagged=flagged.get(row.id, 0),
        )
        for row in known
        if row.id in pairs or row.id in rates
    ]  # fmt: skip
    return sorted(found, key=lambda d: (d.rank is None, d.rank or 0, -d.pair.counted.surveys, d.name))


def by_question(session: Session, *, scope: Scope, filters: FigureFilters) -> list[QuestionFigures]:
    """How each question was answered, in the order of the questionnaire; wordings that changed are listed apart."""
    rows = session.execute(
        select(
            SurveyAnswer.question, SurveyAnswer.text, func.count().label("n"),
            func.sum(SurveyAnswer.answer * 1.0 / SurveyAnswer.best).label("share"),
            func.sum(case((SurveyAnswer.is_top == true(), 1), else_=0)).label("tops"),
        )
        .join(Survey, Survey.id == SurveyAnswer.survey_id)
        .where(
            Survey.is_counted == true(), scope.where(Survey.dealer_id, Survey.region),
            *_day_parts(Survey.answered_on, filters),
        )
        .group_by(SurveyAnswer.question, SurveyAnswer.text)
    )  # fmt: skip
    found = [
        QuestionFigures(
            key=row.question, text=row.text, answers=row.n, mean=100 * float(row.share) / row.n,
            top_box=100 * int(row.tops) / row.n,
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda q: (int(q.key[1:]), -q.answers))


def contacted_in_time(
    session: Session, *, scope: Scope, by: Sequence[str] = (), filters: FigureFilters | None = None,
    now: Any = None,
) -> dict[tuple[Any, ...], tuple[int, int]]:  # fmt: skip
    """{key: (called within 24 hours, alerts whose 24 hours are over or that were called)}.

    `by` knows dealer, region and month: days and months are those on which the survey was answered.
    """
    known = {"dealer": SurveyAlert.dealer_id, "region": SurveyAlert.region, "month": Survey.month}
    columns = [known[name] for name in by]
    in_time = case((SurveyAlert.contacted_at <= SurveyAlert.contact_due_at, 1), else_=0)
    query = select(*columns, func.sum(in_time), func.count()).where(
        scope.where(SurveyAlert.dealer_id, SurveyAlert.region),
        SurveyAlert.contacted_at.is_not(None)
        | (SurveyAlert.contact_due_at <= now)
        | SurveyAlert.closed_at.is_not(None),
    )
    given = filters or FigureFilters()
    if given.kind:
        query = query.where(SurveyAlert.kind == given.kind)
    if given.region:
        query = query.where(SurveyAlert.region == given.region)
    if given.dealer_id is not None:
        query = query.where(SurveyAlert.dealer_id == given.dealer_id)
    if given.regions:
        query = query.where(SurveyAlert.region.in_(given.regions))
    if given.dealer_ids:
        query = query.where(SurveyAlert.dealer_id.in_(given.dealer_ids))
    if given.since is not None or given.until is not None or "month" in by:
        query = query.join(Survey, Survey.id == SurveyAlert.survey_id)
        if given.since is not None:
            query = query.where(Survey.answered_on >= given.since)
        if given.until is not None:
            query = query.where(Survey.answered_on <= given.until)
    if columns:
        query = query.group_by(*columns).order_by(*columns)
    rows: list[Any] = list(session.execute(query))
    return {tuple(row[: len(columns)]): (int(row[-2] or 0), int(row[-1] or 0)) for row in rows}
