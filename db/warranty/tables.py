"""Warranty data: coverage plans, components, labour operations, parts and prices, campaigns, technicians.

Everything is dated: a claim is judged by what held on the day of its repair (domain-rules P3, 2.1). Nothing here is
deleted; what no longer holds has an end.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Cents, Json, UtcDateTime
from db.customers.vehicle_tables import Vehicle
from db.dealers.tables import Dealer


class Component(Base):
    """A part of the vehicle as claims speak of it ("ENG-TURBO"); `auth_class` is the class of self-authorization.

    `auth_class` is assembly, paint, corrosion, trim, tires or empty. Wear items are covered by no plan (W07); a second
    replacement of a major assembly needs authorization (W19).
    """

    __tablename__ = "component"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(20), nullable=False, unique=True)
    name: Mapped[str] = mapped_column(String(120), nullable=False)
    system: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    is_wear: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    is_major: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    auth_class: Mapped[str] = mapped_column(String(12), nullable=False, default="")
    is_active: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)


class CoveragePlan(Base):
    """What is covered for how long: `months` and `distance` from the start of the warranty, whichever ends first.

    `distance` 0 means without limit. `components` empty covers everything that is not excluded and no wear item;
    `models` empty holds for every model. `kind` is basic, powertrain, emissions, corrosion, parts or contract; a
    contract holds only for vehicles it was sold to (VehicleCoverage). Days are those vehicles go into service.
    """

    __tablename__ = "coverage_plan"
    __table_args__ = (
        Index("uq_coverage_plan_code", "code", "valid_from", unique=True),
        CheckConstraint("months > 0", name="months"),
        CheckConstraint("distance >= 0", name="distance"),
        CheckConstraint("deductible_cents >= 0", name="deductible"),
        CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="days"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(20), nullable=False)
    name: Mapped[str] = mapped_column(String(120), nullable=False)
    kind: Mapped[str] = mapped_column(String(12), nullable=False)
    months: Mapped[int] = mapped_column(Integer, nullable=False)
    distance: Mapped[int] = mapped_column(Integer, nullable=False)
    unit: Mapped[str] = mapped_column(String(2), nullable=False, default="mi")
    deductible_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    components: Mapped[list[str]] = mapped_column(Json, nullable=False, default=list)
    excluded: Mapped[list[str]] = mapped_column(Json, nullable=False, default=list)
    models: Mapped[list[str]] = mapped_column(Json, nullable=False, default=list)
    valid_from: Mapped[date] = mapped_column(Date, nullable=False)
    valid_until: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    created_by: Mapped[str] = mapped_column(String(120), nullable=False)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)


class VehicleCoverage(Base):
    """A plan one vehicle has beside those of its model: a service contract, or an extension granted to it."""

    __tablename__ = "vehicle_coverage"
    __table_args__ = (Index("uq_vehicle_coverage", "vehicle_id", "plan_code", "starts_on", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    vehicle_id: Mapped[int] = mapped_column(ForeignKey("vehicle.id"), nullable=False)
    plan_code: Mapped[str] = mapped_column(String(20), nullable=False)
    starts_on: Mapped[date] = mapped_column(Date, nullable=False)
    contract_number: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    created_by: Mapped[str] = mapped_column(String(120), nullable=False)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    vehicle: Mapped[Vehicle] = relationship()


class VehicleBlock(Base):
    """A vehicle whose warranty is blocked (to be looked at) or void (W02), from a day on until it is lifted."""

    __tablename__ = "vehicle_block"
    __table_args__ = (Index("ix_vehicle_block_vehicle", "vehicle_id", "since"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    vehicle_id: Mapped[int] = mapped_column(ForeignKey("vehicle.id"), nullable=False)
    kind: Mapped[str] = mapped_column(String(8), nullable=False)  # blocked, void
    reason: Mapped[str] = mapped_column(Text, nullable=False)
    since: Mapped[date] = mapped_column(Date, nullable=False)
    lifted_on: Mapped[date | None] = mapped_column(Date)
    lifted_reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    created_by: Mapped[str] = mapped_column(String(120), nullable=False)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    vehicle: Mapped[Vehicle] = relationship()


class LabourOperation(Base):
    """What a repair takes: `hours` in hundredths at flat rate. `kind` is flat, straight or other time (W10, W11).

    `models` empty holds for every model; `year_from` and `year_until` are model years. `skill` is what the technician
    must be certified for (W22), empty for none. The same code may follow itself with another `valid_from`.
    """

    __tablename__ = "labour_operation"
    __table_args__ = (
        Index("uq_labour_operation_code", "code", "valid_from", unique=True),
        CheckConstraint("hours >= 0", name="hours"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(20), nullable=False)
    name: Mapped[str] = mapped_column(String(160), nullable=False)
    kind: Mapped[str] = mapped_column(String(8), nullable=False, default="flat")
    hours: Mapped[int] = mapped_column(Integer, nullable=False)
    component: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    models: Mapped[list[str]] = mapped_column(Json, nullable=False, default=list)
    year_from: Mapped[int | None] = mapped_column(Integer)
    year_until: Mapped[int | None] = mapped_column(Integer)
    skill: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    needs_authorization: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    valid_from: Mapped[date] = mapped_column(Date, nullable=False)
    valid_until: Mapped[date | None] = mapped_column(Date)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)


class Part(Base):
    """A part number of the catalogue; orders (parts) and claims both use it. Numbers are upper case, trimmed."""

    __tablename__ = "part"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(40), nullable=False, unique=True)
    name: Mapped[str] = mapped_column(String(160), nullable=False, default="")
    component: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    needs_authorization: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    repair_allowed: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    superseded_by: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    is_active: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)


class PartPrice(Base):
    """The net price of a part from a day on, until the next one begins (W13)."""

    __tablename__ = "part_price"
    __table_args__ = (
        Index("uq_part_price", "part_id", "valid_from", unique=True),
        CheckConstraint("net_cents >= 0", name="net"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"), nullable=False)
    valid_from: Mapped[date] = mapped_column(Date, nullable=False)
    net_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    part: Mapped[Part] = relationship()


class Campaign(Base):
    """A recall or service campaign: only listed VINs, only its operations and parts (W23)."""

    __tablename__ = "campaign"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), nullable=False, unique=True)
    title: Mapped[str] = mapped_column(String(160), nullable=False)
    kind: Mapped[str] = mapped_column(String(10), nullable=False, default="recall")  # recall, service
    starts_on: Mapped[date] = mapped_column(Date, nullable=False)
    ends_on: Mapped[date | None] = mapped_column(Date)
    operations: Mapped[list[str]] = mapped_column(Json, nullable=False, default=list)
    parts: Mapped[list[str]] = mapped_column(Json, nullable=False, default=list)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    created_by: Mapped[str] = mapped_column(String(120), nullable=False)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)


class CampaignVehicle(Base):
    """A VIN on the list of a campaign; `done_on` is the day the remedy was performed (by a paid claim, or told)."""

    __tablename__ = "campaign_vehicle"
    __table_args__ = (
        Index("uq_campaign_vehicle", "campaign_id", "vin", unique=True),
        Index("ix_campaign_vehicle_vin", "vin"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), nullable=False)
    vin: Mapped[str] = mapped_column(String(40), nullable=False)
    done_on: Mapped[date | None] = mapped_column(Date)
    done_claim: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    campaign: Mapped[Campaign] = relationship()


class Technician(Base):
    """A person of a dealer who repairs; `code` is unique at the dealer. Days are the dealer's."""

    __tablename__ = "technician"
    __table_args__ = (
        Index("uq_technician_code", "dealer_id", "code", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False, index=True)
    code: Mapped[str] = mapped_column(String(20), nullable=False)
    name: Mapped[str] = mapped_column(String(120), nullable=False)
    active_from: Mapped[date] = mapped_column(Date, nullable=False)
    left_on: Mapped[date | None] = mapped_column(Date)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    dealer: Mapped[Dealer] = relationship()


class TechnicianSkill(Base):
    """A certificate of a technician: `skill` from a day to the last day it is good for (None: without an end)."""

    __tablename__ = "technician_skill"
    __table_args__ = (Index("uq_technician_skill", "technician_id", "skill", "certified_on", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    technician_id: Mapped[int] = mapped_column(ForeignKey("technician.id"), nullable=False)
    skill: Mapped[str] = mapped_column(String(40), nullable=False)
    certified_on: Mapped[date] = mapped_column(Date, nullable=False)
    expires_on: Mapped[date | None] = mapped_column(Date)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    technician: Mapped[Technician] = relationship()
