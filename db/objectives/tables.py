"""What the market of a dealer held in a month by segment, the share the brand has elsewhere, and what was agreed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, UtcDateTime
from db.dealers.tables import Dealer
from db.imports.tables import ImportBatch


class SalesObjective(Base):
    """One dealer, month and segment: registrations of all brands there, and the brand's share in the benchmark area.

    `share` is in hundredths of a percent. `benchmark` names where the share was measured and `territory` which version
    of the dealer's market was counted: both are disputed in practice and shown on request (domain-rules 2.8).
    `objective` are the vehicles agreed with the dealer, None where nothing was.
    """

    __tablename__ = "sales_objective"
    __table_args__ = (
        Index("uq_sales_objective_dealer_id_month_segment", "dealer_id", "month", "segment", unique=True),
        Index("ix_sales_objective_month", "month", "dealer_id"),
        CheckConstraint("registrations >= 0", name="registrations"),
        CheckConstraint("share >= 0 AND share <= 10000", name="share"),
        CheckConstraint("objective IS NULL OR objective >= 0", name="objective"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    month: Mapped[date] = mapped_column(Date, nullable=False)  # its first day
    segment: Mapped[str] = mapped_column(String(60), nullable=False)
    registrations: Mapped[int] = mapped_column(Integer, nullable=False)
    share: Mapped[int] = mapped_column(Integer, nullable=False)
    objective: Mapped[int | None] = mapped_column(Integer)
    benchmark: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    territory: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    entered_by: Mapped[str] = mapped_column(String(120), nullable=False)
    dealer: Mapped[Dealer] = relationship()
    batch: Mapped[ImportBatch | None] = relationship()
