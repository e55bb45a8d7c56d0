"""Tables of marketing spend: what was paid for a source in a month, corrected by new lines, never overwritten."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Cents, UtcDateTime
from db.dealers.tables import Dealer
from db.imports.tables import ImportBatch


class MarketingSpend(Base):
    """One statement of what a source cost in a month, for a dealer, a region or the whole network.

    A correction is a new line that replaces the former one, which stays as it was said; `place_key` names source, month
    and place, and is empty on a line that counts no more, so that two lines can never count for the same thing.
    """

    __tablename__ = "marketing_spend"
    __table_args__ = (
        Index("ix_marketing_spend_month", "is_current", "month", "source"),
        Index("ix_marketing_spend_dealer", "dealer_id", "is_current", "month"),
        CheckConstraint("cents >= 0", name="cents"),
        CheckConstraint("(is_current AND place_key IS NOT NULL) OR (NOT is_current AND place_key IS NULL)", name="key"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), nullable=False, unique=True)
    source: Mapped[str] = mapped_column(String(80), nullable=False)
    month: Mapped[date] = mapped_column(Date, nullable=False)  # its first day
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    region: Mapped[str | None] = mapped_column(String(40))  # of the dealer, where there is one; None: whole network
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    note: Mapped[str] = mapped_column(Text, nullable=False, default="")  # what for; of a correction: why
    is_current: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    place_key: Mapped[str | None] = mapped_column(String(160), unique=True)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("marketing_spend.id"), unique=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    entered_by: Mapped[str] = mapped_column(String(120), nullable=False)

    dealer: Mapped[Dealer | None] = relationship()
    batch: Mapped[ImportBatch | None] = relationship()
    replaces: Mapped[MarketingSpend | None] = relationship(remote_side="MarketingSpend.id")


__all__ = ["Dealer", "MarketingSpend"]
