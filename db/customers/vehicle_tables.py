"""Vehicles by their VIN: who owned each when, what was bought, what was done in service, what its odometer showed.

A vehicle belongs to no dealer. Which dealers may see it follows from its owners and its service visits alone.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Cents, Json, UtcDateTime
from db.customers.tables import Customer
from db.dealers.tables import Dealer


class Vehicle(Base):
    """One vehicle. `vin_reason` says why the number has no form of a VIN; `sources` where each known fact comes from.

    `in_service_on` is the start of the warranty, `plate` is personal data.
    """

    __tablename__ = "vehicle"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    vin: Mapped[str] = mapped_column(String(40), nullable=False, unique=True)
    is_regular: Mapped[bool] = mapped_column(Boolean, nullable=False)
    check_ok: Mapped[bool] = mapped_column(Boolean, nullable=False)
    vin_reason: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    year: Mapped[int | None] = mapped_column(Integer)
    make: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    model: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    trim: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    sources: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False, default=dict)
    in_service_on: Mapped[date | None] = mapped_column(Date)
    plate: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)


class Ownership(Base):
    """A customer owns a vehicle from `since` to the day before `until`; periods of one vehicle never overlap."""

    __tablename__ = "ownership"
    __table_args__ = (
        Index("uq_ownership_since", "vehicle_id", "since", unique=True),
        Index(
            "uq_ownership_open", "vehicle_id", unique=True, sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
        Index("ix_ownership_customer", "customer_id", "vehicle_id"),
        CheckConstraint("until IS NULL OR until >= since", name="days"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    vehicle_id: Mapped[int] = mapped_column(ForeignKey("vehicle.id"), nullable=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    since: Mapped[date] = mapped_column(Date, nullable=False)
    until: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    created_by: Mapped[str] = mapped_column(String(120), nullable=False)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    vehicle: Mapped[Vehicle] = relationship()
    customer: Mapped[Customer] = relationship()


class Purchase(Base):
    """A vehicle bought at a dealer; `reference` is the dealer's own number, of the lead or the contract."""

    __tablename__ = "purchase"
    __table_args__ = (
        Index("uq_purchase", "vehicle_id", "bought_on", unique=True),
        Index("ix_purchase_customer", "customer_id", "bought_on"),
        Index("ix_purchase_dealer", "dealer_id", "bought_on"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    vehicle_id: Mapped[int] = mapped_column(ForeignKey("vehicle.id"), nullable=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    bought_on: Mapped[date] = mapped_column(Date, nullable=False)
    condition: Mapped[str] = mapped_column(String(10), nullable=False)  # new, used
    price_cents: Mapped[int | None] = mapped_column(Cents)
    odometer: Mapped[int | None] = mapped_column(Integer)
    unit: Mapped[str] = mapped_column(String(2), nullable=False, default="mi")
    reference: Mapped[str] = mapped_column(String(60), nullable=False, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    created_by: Mapped[str] = mapped_column(String(120), nullable=False)
    dealer: Mapped[Dealer] = relationship()
    vehicle: Mapped[Vehicle] = relationship()
    customer: Mapped[Customer] = relationship()


class ServiceVisit(Base):
    """One repair order of one dealer; its number is unique there, so it names one vehicle (domain-rules W03)."""

    __tablename__ = "service_visit"
    __table_args__ = (
        Index("uq_service_visit_ro", "dealer_id", "ro_number", unique=True),
        Index("ix_service_visit_vehicle", "vehicle_id", "opened_on"),
        Index("ix_service_visit_customer", "customer_id", "opened_on"),
        CheckConstraint("closed_on IS NULL OR closed_on >= opened_on", name="days"),
        CheckConstraint("odometer_out IS NULL OR odometer_out >= odometer_in", name="odometer"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    vehicle_id: Mapped[int] = mapped_column(ForeignKey("vehicle.id"), nullable=False)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    ro_number: Mapped[str] = mapped_column(String(40), nullable=False)
    opened_on: Mapped[date] = mapped_column(Date, nullable=False)
    closed_on: Mapped[date | None] = mapped_column(Date)
    odometer_in: Mapped[int] = mapped_column(Integer, nullable=False)
    odometer_out: Mapped[int | None] = mapped_column(Integer)
    unit: Mapped[str] = mapped_column(String(2), nullable=False)
    complaint: Mapped[str] = mapped_column(Text, nullable=False, default="")
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    dealer: Mapped[Dealer] = relationship()
    vehicle: Mapped[Vehicle] = relationship()
    customer: Mapped[Customer | None] = relationship()


class OdometerReading(Base):
    """A reading outside of visits and purchases; `starts_anew` says that a replaced odometer counts from here."""

    __tablename__ = "odometer_reading"
    __table_args__ = (Index("ix_odometer_reading_vehicle", "vehicle_id", "read_on"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False, index=True)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    vehicle_id: Mapped[int] = mapped_column(ForeignKey("vehicle.id"), nullable=False)
    read_on: Mapped[date] = mapped_column(Date, nullable=False)
    value: Mapped[int] = mapped_column(Integer, nullable=False)
    unit: Mapped[str] = mapped_column(String(2), nullable=False)
    starts_anew: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    note: Mapped[str] = mapped_column(String(300), nullable=False, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    created_by: Mapped[str] = mapped_column(String(120), nullable=False)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    dealer: Mapped[Dealer] = relationship()
    vehicle: Mapped[Vehicle] = relationship()
