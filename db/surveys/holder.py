"""What the area of surveys keeps of a customer, for retention and purge (domain-rules 2.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true, update
from sqlalchemy.orm import Session

from db.core import changes
from db.core.area import PersonalData
from db.people.notifications import forget
from db.surveys.tables import Survey, SurveyAlert

REMOVED = "Removed customer"


def _facts(session: Session, *, customer_ids: Sequence[int]) -> Mapping[int, tuple[int, datetime | None]]:
    ids = list(customer_ids)
    waiting: dict[int | None, int] = dict(
        session.execute(
            select(Survey.customer_id, func.count())
            .join(SurveyAlert, SurveyAlert.survey_id == Survey.id)
            .where(Survey.customer_id.in_(ids), SurveyAlert.is_open == true())
            .group_by(Survey.customer_id)
        ).all()
    )
    rows = session.execute(
        select(Survey.customer_id, func.max(func.coalesce(Survey.answered_on, Survey.sent_on)))
        .where(Survey.customer_id.in_(ids))
        .group_by(Survey.customer_id)
    )
    return {i: (waiting.get(i, 0), datetime.combine(day, time(12), UTC)) for i, day in rows if i is not None}


def _keeps(customer_id: Any, *, cutoff: datetime) -> ColumnElement[bool]:
    return or_(
        exists().where(
            Survey.customer_id == customer_id, func.coalesce(Survey.answered_on, Survey.sent_on) >= cutoff.date()
        ),
        exists().where(
            and_(Survey.customer_id == customer_id, SurveyAlert.survey_id == Survey.id, SurveyAlert.is_open == true())
        ),
    )


def _anonymise(session: Session, *, customer_ids: Sequence[int], now: datetime) -> None:
    """Name, contact, VIN and words go; answers, scores, days, flags and decisions stay, for they are counted."""
    quiet = {"synchronize_session": False}
    ids = list(session.scalars(select(Survey.id).where(Survey.customer_id.in_(customer_ids))))
    session.execute(
        update(Survey)
        .where(Survey.id.in_(ids))
        .values(
            customer_name=REMOVED, email="", phone="", vin="", comment="", updated_at=now, version=Survey.version + 1
        )
        .execution_options(**quiet)
    )
    alerts = list(session.scalars(select(SurveyAlert.id).where(SurveyAlert.survey_id.in_(ids))))
    session.execute(
        update(SurveyAlert).where(SurveyAlert.id.in_(alerts)).values(
            contact_note="", closing_note="", version=SurveyAlert.version + 1
        ).execution_options(**quiet)
    )  # fmt: skip
    forget(session, "survey_alert", alerts)
    changes.touch(session, "surveys")


HELD = PersonalData(name="surveys", facts=_facts, keeps=_keeps, anonymise=_anonymise)
