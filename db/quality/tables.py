"""Tables of response quality: checklists by version, draws, reviews, coaching notes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Json, UtcDateTime
from db.dealers.tables import Dealer
from db.leads.tables import Lead, LeadActivity
from db.people.tables import Person
from db.workflow.tables import QueueItem


class QualityForm(Base):
    """A version of the checklist. `items` are {key, text, weight, is_critical, is_answer}; one active and one draft."""

    __tablename__ = "quality_form"
    __table_args__ = (
        Index(
            "uq_quality_form_live",
            "status",
            unique=True,
            sqlite_where=text("status <> 'retired'"),
            postgresql_where=text("status <> 'retired'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, nullable=False, unique=True)
    status: Mapped[str] = mapped_column(String(10), nullable=False)  # draft, active, retired
    items: Mapped[list[Any]] = mapped_column(Json, nullable=False)
    reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    created_by: Mapped[str] = mapped_column(String(120), nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class QualitySample(Base):
    """One draw at one dealer. `strata` keeps who answered what: {person, username, population, drawn} lead by lead.

    With the seed it repeats the draw to the letter. `focus` other than "all" is no random sample: its reviews help
    people and stay out of the score.
    """

    __tablename__ = "quality_sample"
    __table_args__ = (Index("ix_quality_sample_dealer", "dealer_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), nullable=False, unique=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str | None] = mapped_column(String(40))
    from_day: Mapped[date] = mapped_column(Date, nullable=False)
    to_day: Mapped[date] = mapped_column(Date, nullable=False)
    per_person: Mapped[int] = mapped_column(Integer, nullable=False)
    seed: Mapped[int] = mapped_column(Integer, nullable=False)
    focus: Mapped[str] = mapped_column(String(10), nullable=False)  # all, late
    strata: Mapped[list[Any]] = mapped_column(Json, nullable=False)
    population: Mapped[int] = mapped_column(Integer, nullable=False)
    drawn: Mapped[int] = mapped_column(Integer, nullable=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    created_by: Mapped[str] = mapped_column(String(120), nullable=False)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    dealer: Mapped[Dealer] = relationship()


class QualityReview(QueueItem):
    """One response of one person to one lead, to be scored or scored. Round 2 is a second look at the same response.

    `answers` are {key: yes | no | na}; `raw_score` is the score before a failed critical item took it to 0;
    `counts` says whether it was drawn at random, looked at first, and so makes the score of a person.
    """

    __tablename__ = "quality_review"
    __table_args__ = (
        Index("uq_quality_review_round", "lead_id", "round", unique=True),
        Index("uq_quality_review_reviewer", "lead_id", "reviewer_id", unique=True),
        Index("ix_quality_review_board", "is_open", "due_at", "id"),
        Index("ix_quality_review_dealer", "dealer_id", "is_open", "due_at", "id"),
        Index("ix_quality_review_done", "dealer_id", "counts", "responded_at"),
        Index("ix_quality_review_person", "person_id", "counts", "responded_at"),
        CheckConstraint("score IS NULL OR (score >= 0 AND score <= 100)", name="quality_review_score"),
        {"sqlite_autoincrement": True},
    )

    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), nullable=False)
    round: Mapped[int] = mapped_column(Integer, nullable=False)
    activity_id: Mapped[int] = mapped_column(ForeignKey("lead_activity.id"), nullable=False)
    sample_id: Mapped[int | None] = mapped_column(ForeignKey("quality_sample.id"), index=True)
    is_random: Mapped[bool] = mapped_column(Boolean, nullable=False)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    person_username: Mapped[str] = mapped_column(String(80), nullable=False)
    person_name: Mapped[str] = mapped_column(String(120), nullable=False)
    responded_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    form_id: Mapped[int | None] = mapped_column(ForeignKey("quality_form.id"))
    answers: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False, default=dict)
    comments: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False, default=dict)
    note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    score: Mapped[int | None] = mapped_column(Integer)
    raw_score: Mapped[int | None] = mapped_column(Integer)
    answered: Mapped[bool | None] = mapped_column(Boolean)  # the question asked; None: not applicable
    counts: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reviewer_name: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    skip_reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    lead: Mapped[Lead] = relationship()
    activity: Mapped[LeadActivity] = relationship()
    sample: Mapped[QualitySample | None] = relationship()
    form: Mapped[QualityForm | None] = relationship()


class CoachingNote(QueueItem):
    """What a manager told one person, what was agreed, and what came of it: figures computed, never typed."""

    __tablename__ = "coaching_note"
    __table_args__ = (
        Index("ix_coaching_note_board", "is_open", "due_at", "id"),
        Index("ix_coaching_note_dealer", "dealer_id", "is_open", "due_at", "id"),
        Index("ix_coaching_note_person", "person_id", "is_open", "id"),
        {"sqlite_autoincrement": True},
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), nullable=False)
    review_id: Mapped[int | None] = mapped_column(ForeignKey("quality_review.id"), index=True)
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"), index=True)
    note: Mapped[str] = mapped_column(Text, nullable=False)
    agreed: Mapped[str] = mapped_column(Text, nullable=False)
    follow_up_day: Mapped[date] = mapped_column(Date, nullable=False)  # a day at the dealer
    metric: Mapped[str] = mapped_column(String(20), nullable=False)
    then_value: Mapped[int | None] = mapped_column(Integer)  # points of 100
    then_n: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    now_value: Mapped[int | None] = mapped_column(Integer)
    now_n: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    result: Mapped[str] = mapped_column(String(10), nullable=False, default="")  # better, same, worse, unknown
    result_note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    review: Mapped[QualityReview | None] = relationship()
    lead: Mapped[Lead | None] = relationship()


__all__ = [
    "CoachingNote", "Dealer", "Lead", "LeadActivity", "Person", "QualityForm", "QualityReview", "QualitySample",
]  # fmt: skip
