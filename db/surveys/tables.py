"""Surveys of customers: versions of the questionnaire, what came back, and the alerts of the unhappy."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Json, UtcDateTime
from db.customers.tables import Customer
from db.dealers.tables import Dealer, DealerContact
from db.people.tables import Notification, Person, PersonScope
from db.workflow.tables import QueueItem


class Questionnaire(Base):
    """One version of the questions of a kind, valid from a day on; never changed, only followed by the next."""

    __tablename__ = "questionnaire"
    __table_args__ = (
        Index("uq_questionnaire_version", "kind", "number", unique=True),
        Index("ix_questionnaire_day", "kind", "from_day"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(3), nullable=False)
    number: Mapped[int] = mapped_column(Integer, nullable=False)
    title: Mapped[str] = mapped_column(String(120), nullable=False)
    from_day: Mapped[date] = mapped_column(Date, nullable=False)
    questions: Mapped[list[dict[str, Any]]] = mapped_column(Json, nullable=False)
    alert_below: Mapped[int] = mapped_column(Integer, nullable=False)  # hundredths of a point
    reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    created_by: Mapped[str] = mapped_column(String(120), nullable=False)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)


class Survey(Base):
    """One survey that was sent, and what came back. Days are the dealer's; the index is in hundredths of a point.

    `questions` holds the questions with their weights as they were when it was scored, so no later version changes an
    old score. `is_counted` is false for one that did not come back and for one a manager excluded.
    """

    __tablename__ = "survey"
    __table_args__ = (
        Index("ix_survey_dealer", "dealer_id", "kind", "answered_on", "id"),
        # Everything the figures by dealer, region and month add up, so that they read this index and no row.
        Index(
            "ix_survey_figures", "kind", "answered_on", "dealer_id", "region", "is_counted", "index_hundredths",
            "answers", "tops", "nps",
        ),
        Index("ix_survey_sent", "kind", "sent_on", "dealer_id", "region", "is_returned"),
        Index("ix_survey_flagged", "kind", "is_flagged", "answered_on", "id"),
        Index("ix_survey_list", "kind", "is_returned", "answered_on", "id"),
        Index("ix_survey_customer", "customer_id", "id"),
        CheckConstraint("index_hundredths BETWEEN 0 AND 10000", name="index_range"),
        CheckConstraint("answered_on >= sent_on", name="days_in_order"),
        CheckConstraint("tops BETWEEN 0 AND answers", name="tops_of_answers"),
        CheckConstraint("nps BETWEEN -1 AND 1", name="nps_class"),
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), nullable=False, unique=True)
    survey_key: Mapped[str] = mapped_column(String(80), nullable=False, unique=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    kind: Mapped[str] = mapped_column(String(3), nullable=False)
    questionnaire_id: Mapped[int] = mapped_column(ForeignKey("questionnaire.id"), nullable=False, index=True)
    channel: Mapped[str] = mapped_column(String(10), nullable=False)
    sent_on: Mapped[date] = mapped_column(Date, nullable=False)
    answered_on: Mapped[date | None] = mapped_column(Date)
    month: Mapped[date | None] = mapped_column(Date)  # the first day of the month it was answered in
    is_returned: Mapped[bool] = mapped_column(Boolean, nullable=False)
    is_counted: Mapped[bool] = mapped_column(Boolean, nullable=False)
    seconds: Mapped[int | None] = mapped_column(Integer)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    customer_name: Mapped[str] = mapped_column(String(200), nullable=False, default="")
    email: Mapped[str] = mapped_column(String(254), nullable=False, default="")
    phone: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    vin: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    comment: Mapped[str] = mapped_column(Text, nullable=False, default="")
    questions: Mapped[list[dict[str, Any]]] = mapped_column(Json, nullable=False)
    raw_answers: Mapped[dict[str, int]] = mapped_column(Json, nullable=False, default=dict)
    index_hundredths: Mapped[int | None] = mapped_column(Integer)
    answers: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    tops: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    nps: Mapped[int | None] = mapped_column(SmallInteger)
    bottom: Mapped[list[str]] = mapped_column(Json, nullable=False, default=list)
    is_bottom: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    flags: Mapped[list[dict[str, str]]] = mapped_column(Json, nullable=False, default=list)
    is_flagged: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    excluded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    excluded_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    exclude_reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)

    dealer: Mapped[Dealer] = relationship()
    customer: Mapped[Customer | None] = relationship()
    questionnaire: Mapped[Questionnaire] = relationship()


class SurveyAnswer(Base):
    """One answer of a returned survey, for figures by question; `best` and `is_top` as the version had them."""

    __tablename__ = "survey_answer"
    __table_args__ = (
        Index("uq_survey_answer", "survey_id", "question", unique=True),
        Index("ix_survey_answer_dealer", "dealer_id", "question"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    question: Mapped[str] = mapped_column(String(3), nullable=False)
    text: Mapped[str] = mapped_column(String(300), nullable=False)
    answer: Mapped[int] = mapped_column(Integer, nullable=False)
    best: Mapped[int] = mapped_column(Integer, nullable=False)
    is_top: Mapped[bool] = mapped_column(Boolean, nullable=False)
    survey: Mapped[Survey] = relationship()
    dealer: Mapped[Dealer] = relationship()


class SurveyAlert(QueueItem):
    """An unhappy answer somebody has to call about; one a survey.

    `contact_due_at` is the promise of 24 hours and stays as it was; `due_at` is what is due next.
    """

    __tablename__ = "survey_alert"
    __table_args__ = (
        Index("ix_survey_alert_board", "is_open", "due_at", "id"),
        Index("ix_survey_alert_dealer", "dealer_id", "is_open", "due_at", "id"),
        Index("ix_survey_alert_assignee", "assignee_id", "is_open", "due_at", "id"),
        Index("ix_survey_alert_created", "created_at", "id"),
        {"sqlite_autoincrement": True},
    )

    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id"), nullable=False, unique=True)
    kind: Mapped[str] = mapped_column(String(3), nullable=False)
    reasons: Mapped[list[str]] = mapped_column(Json, nullable=False)
    contact_due_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    contacted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    contact_note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    root_cause: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    closing_note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    survey: Mapped[Survey] = relationship()
    dealer: Mapped[Dealer | None] = relationship()
    assignee: Mapped[Person | None] = relationship()


__all__ = [
    "Customer", "Dealer", "DealerContact", "Notification", "Person", "PersonScope", "Questionnaire", "Survey",
    "SurveyAlert", "SurveyAnswer",
]  # fmt: skip
