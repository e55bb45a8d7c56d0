"""Claims that look odd: fingerprints to compare by, flags with their evidence as it was, and the investigation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.claims.tables import Claim
from db.core.base import Base
from db.core.types import BigId, Json, UtcDateTime
from db.dealers.tables import Dealer
from db.people.tables import Person
from db.workflow.tables import QueueItem


class ClaimFingerprint(Base):
    """What a sent claim is compared with others by: the key of its narrative. Written again when it is sent again."""

    __tablename__ = "claim_fingerprint"
    __table_args__ = (Index("ix_claim_fingerprint_narrative", "narrative_key", "dealer_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"), nullable=False, unique=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False, index=True)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    narrative_key: Mapped[str] = mapped_column(String(32), nullable=False)
    claim: Mapped[Claim] = relationship()


class Investigation(QueueItem):
    """One look into one claim, or into one dealer (`claim_id` empty). It decides nothing about the claim (2.1 F).

    `opened_because` is what a person wrote, empty where flags opened it. `outcome` is confirmed, unfounded or
    inconclusive once it is closed.
    """

    __tablename__ = "investigation"
    __table_args__ = (
        Index("ix_investigation_board", "is_open", "due_at", "id"),
        Index("ix_investigation_claim", "claim_id", "is_open"),
        Index("ix_investigation_dealer", "dealer_id", "is_open", "id"),
        CheckConstraint("(closed_at IS NULL) = (outcome = '')", name="outcome"),
        {"sqlite_autoincrement": True},
    )

    claim_id: Mapped[int | None] = mapped_column(ForeignKey("claim.id"))
    opened_because: Mapped[str] = mapped_column(Text, nullable=False, default="")
    flags: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    outcome: Mapped[str] = mapped_column(String(12), nullable=False, default="")
    closing_note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    dealer: Mapped[Dealer | None] = relationship()
    assignee: Mapped[Person | None] = relationship()
    claim: Mapped[Claim | None] = relationship()


class ClaimFlag(Base):
    """One thing that looked odd, with the evidence as it was that day; never changed. `flag_key` raises it once."""

    __tablename__ = "claim_flag"
    __table_args__ = (
        Index("ix_claim_flag_investigation", "investigation_id", "id"),
        Index("ix_claim_flag_claim", "claim_id"),
        Index("ix_claim_flag_dealer", "dealer_id", "raised_at"),
        Index("ix_claim_flag_kind", "kind", "raised_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    investigation_id: Mapped[int] = mapped_column(ForeignKey("investigation.id"), nullable=False)
    claim_id: Mapped[int | None] = mapped_column(ForeignKey("claim.id"))
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    kind: Mapped[str] = mapped_column(String(20), nullable=False)
    flag_key: Mapped[str] = mapped_column(String(120), nullable=False, unique=True)
    sentence: Mapped[str] = mapped_column(Text, nullable=False)
    evidence: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    investigation: Mapped[Investigation] = relationship()


class DealerScan(Base):
    """A day on which all dealers were looked at for spikes and hugged thresholds: once a day, whoever sweeps first."""

    __tablename__ = "dealer_scan"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    day: Mapped[date] = mapped_column(Date, nullable=False, unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    claims: Mapped[int] = mapped_column(BigInteger, nullable=False, default=0)
