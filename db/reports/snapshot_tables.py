"""Months as they were frozen: one row a version of a month, and its figures. Both are only ever added to (triggers)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Json, UtcDateTime
from db.dealers.tables import Dealer


class MonthFreeze(Base):
    """A version of a month: 1 is what was frozen on time, each later one a restatement with its reason.

    `frozen_at` is the moment its figures were counted; `metrics` names what was frozen, so that nothing is missed.
    """

    __tablename__ = "month_freeze"
    __table_args__ = (
        UniqueConstraint("month", "version"),
        CheckConstraint("version >= 1", name="version"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    month: Mapped[str] = mapped_column(String(7), nullable=False)
    version: Mapped[int] = mapped_column(Integer, nullable=False)
    reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    frozen_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    username: Mapped[str] = mapped_column(String(120), nullable=False)
    by: Mapped[str] = mapped_column(String(160), nullable=False)
    figures: Mapped[int] = mapped_column(Integer, nullable=False)
    metrics: Mapped[list[str]] = mapped_column(Json, nullable=False)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)


class MonthFigure(Base):
    """One figure of a frozen month. `level` is network, region or dealer; `place` the region's name or dealer's code.

    It keeps the region it was counted in: a dealer that moves later changes no month that is over. So it has no column
    `region` that would follow the dealer; who may see it is asked of the dealer as it is today.
    """

    __tablename__ = "month_figure"
    __table_args__ = (
        UniqueConstraint("freeze_id", "metric", "level", "place"),
        Index("ix_month_figure_trend", "metric", "level", "place", "month"),
        Index("ix_month_figure_dealer", "dealer_id", "month"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    freeze_id: Mapped[int] = mapped_column(ForeignKey("month_freeze.id"), nullable=False)
    month: Mapped[str] = mapped_column(String(7), nullable=False)
    metric: Mapped[str] = mapped_column(String(60), nullable=False)
    level: Mapped[str] = mapped_column(String(10), nullable=False)
    place: Mapped[str] = mapped_column(String(60), nullable=False)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    numerator: Mapped[float | None] = mapped_column(Float)
    denominator: Mapped[float | None] = mapped_column(Float)
    value: Mapped[float | None] = mapped_column(Float)

    freeze: Mapped[MonthFreeze] = relationship()
    dealer: Mapped[Dealer | None] = relationship()


def as_values(row: Any) -> dict[str, Any]:
    """A figure as the columns of its row."""
    return {
        "metric": row.metric, "level": row.level, "place": row.place, "dealer_id": row.dealer_id,
        "numerator": row.numerator, "denominator": row.denominator, "value": row.value,
    }  # fmt: skip
