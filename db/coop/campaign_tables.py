"""Campaigns of dealers, and the co-op requests that pay for them (domain-rules 2.3; rows S2 and P19)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.coop.queue_tables import CoopRequest
from db.core.base import Base
from db.core.types import BigId, UtcDateTime
from db.dealers.tables import Dealer


class CoopCampaign(Base):
    """One campaign of one dealer with its goal. Leads belong to it whose source is its code (campaign_rules)."""

    __tablename__ = "coop_campaign"
    __table_args__ = (
        Index("uq_coop_campaign_code", "dealer_id", "code", unique=True),
        Index("ix_coop_campaign_list", "is_open", "starts_on", "id"),
        Index("ix_coop_campaign_dealer", "dealer_id", "is_open", "starts_on", "id"),
        CheckConstraint("goal > 0 AND ends_on >= starts_on", name="goal"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False, index=True)
    code: Mapped[str] = mapped_column(String(30), nullable=False)
    name: Mapped[str] = mapped_column(String(120), nullable=False)
    medium: Mapped[str] = mapped_column(String(20), nullable=False)
    goal_kind: Mapped[str] = mapped_column(String(10), nullable=False)  # leads, sales
    goal: Mapped[int] = mapped_column(Integer, nullable=False)
    starts_on: Mapped[date] = mapped_column(Date, nullable=False)
    ends_on: Mapped[date] = mapped_column(Date, nullable=False)
    counts_until: Mapped[date] = mapped_column(Date, nullable=False)
    """The last day a lead is counted (campaign_rules.counts_until)."""
    note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    is_open: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    learned: Mapped[str] = mapped_column(Text, nullable=False, default="")
    """What the dealer says of it when it is closed."""
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    dealer: Mapped[Dealer] = relationship()


class CoopCampaignRequest(Base):
    """A request that pays for a campaign; each request pays for one campaign only."""

    __tablename__ = "coop_campaign_request"
    __table_args__ = (
        Index("ix_coop_campaign_request", "campaign_id", "request_id"),
        Index("ix_coop_campaign_request_dealer", "dealer_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("coop_campaign.id"), nullable=False)
    request_id: Mapped[int] = mapped_column(ForeignKey("coop_request.id"), nullable=False, unique=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    added_by: Mapped[str] = mapped_column(String(120), nullable=False)
    campaign: Mapped[CoopCampaign] = relationship()
    request: Mapped[CoopRequest] = relationship()
