"""The dealer master: rooftops and the groups that own them, their makes, territory and people."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, Date, Float, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.calendar.tables import WorkCalendar
from db.core.base import Base
from db.core.types import BigId, UtcDateTime
from db.people.tables import Person


class DealerGroup(Base):
    """An owner of several rooftops (P3); one name means one group, however it is written."""

    __tablename__ = "dealer_group"
    # A group an import made goes again with its undo; the timeline still speaks of its id.
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), nullable=False)
    name_key: Mapped[str] = mapped_column(String(160), nullable=False, unique=True)
    code: Mapped[str | None] = mapped_column(String(20), unique=True)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)


class Dealer(Base):
    """One rooftop. `code` is text (leading zeros count); `name` is the trade name, over the door.

    `status` is prospect, onboarding, active, suspended or terminated.
    """

    __tablename__ = "dealer"
    # An undone import removes its dealers; no later dealer may get their ids, for the timeline still speaks of them.
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(20), nullable=False, unique=True)
    name: Mapped[str] = mapped_column(String(160), nullable=False)
    name_key: Mapped[str] = mapped_column(String(160), nullable=False, index=True)
    legal_name: Mapped[str] = mapped_column(String(160), nullable=False, default="", server_default="")
    group_id: Mapped[int | None] = mapped_column(ForeignKey("dealer_group.id"), index=True)
    url: Mapped[str] = mapped_column(String(300), nullable=False, default="")
    email: Mapped[str] = mapped_column(String(254), nullable=False, default="", server_default="")
    phone: Mapped[str] = mapped_column(String(30), nullable=False, default="", server_default="")
    street: Mapped[str] = mapped_column(String(160), nullable=False, default="", server_default="")
    region: Mapped[str] = mapped_column(String(40), nullable=False, index=True)
    state: Mapped[str] = mapped_column(String(2), nullable=False, index=True)
    city: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    postal_code: Mapped[str] = mapped_column(String(12), nullable=False, default="")
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    zone: Mapped[str] = mapped_column(String(60), nullable=False)
    status: Mapped[str] = mapped_column(String(20), nullable=False, index=True)
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey("work_calendar.id"))
    # Fairness and capacity of routing (domain-rules 2.2 C 4-5): share, cap of open leads, daily quota (0: no limit).
    lead_weight: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    lead_cap: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    daily_quota: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    takes_leads: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    calendar: Mapped[WorkCalendar | None] = relationship()
    group: Mapped[DealerGroup | None] = relationship()


class DealerBrand(Base):
    """A make the dealer is authorised to sell; a dealer without any takes leads of every make."""

    __tablename__ = "dealer_brand"
    __table_args__ = (Index("uq_dealer_brand_dealer_id_brand", "dealer_id", "brand", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    brand: Mapped[str] = mapped_column(String(40), nullable=False)
    dealer: Mapped[Dealer] = relationship()


class DealerContact(Base):
    """A person of a dealer, whom the desk calls: never deleted, only marked as left (`left_on`, the dealer's day).

    `person_id` is their account on the desk, where they have one. At most one of a dealer is its primary contact.
    """

    __tablename__ = "dealer_contact"
    __table_args__ = (
        Index(
            "uq_dealer_contact_primary", "dealer_id", unique=True,
            sqlite_where=text("is_primary"), postgresql_where=text("is_primary"),
        ),
        Index("ix_dealer_contact_dealer", "dealer_id", "role"),
        Index("ix_dealer_contact_person", "person_id", "left_on"),
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    name: Mapped[str] = mapped_column(String(120), nullable=False)
    role: Mapped[str] = mapped_column(String(30), nullable=False)
    email: Mapped[str] = mapped_column(String(254), nullable=False, default="")
    phone: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    is_primary: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    left_on: Mapped[date | None] = mapped_column(Date)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    dealer: Mapped[Dealer] = relationship()
    person: Mapped[Person | None] = relationship()


class DealerTerritory(Base):
    """A postal prefix that belongs to a dealer from one day up to (not with) another; the longest matching prefix wins.

    Days are the dealer's own. Rows are ended and never deleted; one whose end is its beginning was taken back before it
    held a day. That no two dealers own one prefix on one day is kept by territory.py under a lock.
    """

    __tablename__ = "dealer_territory"
    __table_args__ = (Index("ix_dealer_territory_prefix", "postal_prefix"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False, index=True)
    postal_prefix: Mapped[str] = mapped_column(String(12), nullable=False)
    # Areas that were there before they had days have been there all along.
    valid_from: Mapped[date] = mapped_column(Date, nullable=False, server_default="2000-01-01")
    valid_to: Mapped[date | None] = mapped_column(Date)
    dealer: Mapped[Dealer] = relationship()
