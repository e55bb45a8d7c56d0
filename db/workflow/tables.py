"""The columns every queue's table has."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from db.core.base import Base
from db.core.types import BigId, UtcDateTime


class QueueItem(Base):
    """A record that moves through a flow. `version` is in the WHERE of every decision; `is_open` mirrors the state.

    `dealer_id` and `region` decide who may see it; `due_at` is the next promise, indexed by each table with `is_open`
    so that a board is one indexed query (performance.md 0.5).
    """

    __abstract__ = True

    id: Mapped[int] = mapped_column(BigId, primary_key=True, sort_order=-20)
    number: Mapped[str] = mapped_column(String(20), nullable=False, unique=True, sort_order=-19)
    status: Mapped[str] = mapped_column(String(30), nullable=False, sort_order=-18)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1, sort_order=-17)
    is_open: Mapped[bool] = mapped_column(Boolean, nullable=False, sort_order=-16)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"), sort_order=-15)
    region: Mapped[str | None] = mapped_column(String(40), sort_order=-14)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), sort_order=-13)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, sort_order=-12)
    submitted_by: Mapped[str] = mapped_column(String(80), nullable=False, sort_order=-11)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False, sort_order=-10)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False, sort_order=-9)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False, sort_order=-8)
