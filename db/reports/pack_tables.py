"""Who gets the monthly pack by mail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, UtcDateTime
from db.people.tables import Person


class PackSubscription(Base):
    """One person's wish for the pack of a region, or of all their dealers; `sent_month` is the last one mailed.

    `files` says which files go with the mail: "", "pdf", "xlsx" or "both".
    """

    __tablename__ = "pack_subscription"
    __table_args__ = (UniqueConstraint("person_id", "place"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), nullable=False)
    place: Mapped[str] = mapped_column(String(40), nullable=False)
    sent_month: Mapped[str] = mapped_column(String(7), nullable=False)
    files: Mapped[str] = mapped_column(String(10), nullable=False, default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)

    person: Mapped[Person] = relationship()
