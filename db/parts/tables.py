"""Tables of parts orders and parts claims: orders, lines, promised dates, shipments, stock, allocations, claims.

The part itself and its prices are warranty's (`Part`, `PartPrice`). Promises, shipments and allocations are only ever
added to, so that every date a dealer was told stays on record (decision 0051).
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Cents, Json, UtcDateTime
from db.dealers.tables import Dealer
from db.warranty.tables import Part
from db.workflow.tables import QueueItem

# What fill rates read, so that a period is one pass over an index.
_FILL = ("region", "rank", "part_id", "ordered", "network_units", "facing_units")


class PartsWarehouse(Base):
    """A warehouse of ours; it faces the dealers of its `regions` (their first source), the others are the network."""

    __tablename__ = "parts_warehouse"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(12), nullable=False, unique=True)
    name: Mapped[str] = mapped_column(String(80), nullable=False)
    regions: Mapped[list[str]] = mapped_column(Json, nullable=False, default=list)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)


class PartsStock(Base):
    """What one warehouse has of a part, in units. None means unknown, never zero.

    `on_hand` is never negative: a negative count of another system is units sold that are not there, kept as
    `oversold`. `perf_6` and `perf_12` are the supplier's performance in hundredths. `shortfall` is what demand asks
    for beyond the stock (rules.shortfall), kept so that the list of risks is one walk along an index.
    """

    __tablename__ = "parts_stock"
    __table_args__ = (
        Index("uq_parts_stock", "part_id", "warehouse", unique=True),
        Index("ix_parts_stock_risk", "shortfall", "id"),
        CheckConstraint("on_hand >= 0", name="on_hand"),
        CheckConstraint("oversold >= 0", name="oversold"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"), nullable=False)
    warehouse: Mapped[str] = mapped_column(String(12), nullable=False)
    on_hand: Mapped[int] = mapped_column(Integer, nullable=False)
    oversold: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    in_transit: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    lead_time_days: Mapped[int | None] = mapped_column(Integer)
    forecast_3: Mapped[int | None] = mapped_column(Integer)
    forecast_6: Mapped[int | None] = mapped_column(Integer)
    forecast_9: Mapped[int | None] = mapped_column(Integer)
    sales_1: Mapped[int | None] = mapped_column(Integer)
    sales_3: Mapped[int | None] = mapped_column(Integer)
    sales_6: Mapped[int | None] = mapped_column(Integer)
    sales_9: Mapped[int | None] = mapped_column(Integer)
    min_bank: Mapped[int | None] = mapped_column(Integer)
    past_due: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    local_backorder: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    perf_6: Mapped[int | None] = mapped_column(Integer)
    perf_12: Mapped[int | None] = mapped_column(Integer)
    flags: Mapped[list[str]] = mapped_column(Json, nullable=False, default=list)
    went_on_backorder: Mapped[bool | None] = mapped_column(Boolean)
    shortfall: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    part: Mapped[Part] = relationship()


class PartsOrder(QueueItem):
    """A dealer's order; `reference` is the dealer's own number. `ordered_on` and `required_by` are the dealer's days.

    `is_contract`: ordered under a supply contract, which counts when a part is short. `due_at` is when somebody has to
    act: until when it is to be confirmed, then the end of the day the dealer needs it.
    """

    __tablename__ = "parts_order"
    __table_args__ = (
        Index("ix_parts_order_board", "is_open", "due_at", "id"),
        Index("ix_parts_order_dealer", "dealer_id", "is_open", "due_at", "id"),
        {"sqlite_autoincrement": True},
    )

    kind: Mapped[str] = mapped_column(String(12), nullable=False)  # stock, emergency, vehicle_down
    reference: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    is_contract: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    ordered_on: Mapped[date] = mapped_column(Date, nullable=False)
    required_by: Mapped[date] = mapped_column(Date, nullable=False)
    note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    end_reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    lines_count: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    total_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    dealer: Mapped[Dealer] = relationship(foreign_keys="PartsOrder.dealer_id")


class PartsOrderLine(Base):
    """One part of an order, in units. What is open is ordered less shipped less cancelled.

    `rank` sorts vehicles that stand first (rules.RANKS). `facing_units` and `network_units` are what stock could cover
    at the moment of the order (None: no stock figures known), which is what fill rates count. `first_promised_on` is
    the promise it is measured against, `promised_on` the last one; both come from `PartsPromise`.
    """

    __tablename__ = "parts_order_line"
    __table_args__ = (
        Index("uq_parts_order_line", "order_id", "position", unique=True),
        Index("ix_parts_order_line_open", "is_open", "rank", "ordered_on", "id"),
        Index("ix_parts_order_line_dealer", "dealer_id", "is_open", "rank", "ordered_on", "id"),
        Index("ix_parts_order_line_part", "part_id", "is_open", "id"),
        Index("ix_parts_order_line_day", "ordered_on", "dealer_id", *_FILL),
        CheckConstraint("ordered > 0", name="ordered"),
        CheckConstraint("shipped >= 0", name="shipped"),
        CheckConstraint("cancelled >= 0", name="cancelled"),
        CheckConstraint("shipped + cancelled <= ordered", name="open"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("parts_order.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    position: Mapped[int] = mapped_column(Integer, nullable=False)
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"), nullable=False)
    rank: Mapped[int] = mapped_column(Integer, nullable=False)
    is_contract: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    ordered_on: Mapped[date] = mapped_column(Date, nullable=False)
    required_by: Mapped[date] = mapped_column(Date, nullable=False)
    ordered: Mapped[int] = mapped_column(Integer, nullable=False)
    shipped: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    cancelled: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    is_open: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    unit_cents: Mapped[int | None] = mapped_column(Cents)
    warehouse: Mapped[str] = mapped_column(String(12), nullable=False, default="")
    facing_units: Mapped[int | None] = mapped_column(Integer)
    network_units: Mapped[int | None] = mapped_column(Integer)
    first_promised_on: Mapped[date | None] = mapped_column(Date)
    promised_on: Mapped[date | None] = mapped_column(Date)
    promises: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    shipped_on: Mapped[date | None] = mapped_column(Date)
    cancel_reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    order: Mapped[PartsOrder] = relationship()
    dealer: Mapped[Dealer] = relationship()
    part: Mapped[Part] = relationship()


class PartsPromise(Base):
    """One date a dealer was told for a line; never changed. The position counts from 1, the first being the promise.

    `slip_last` and `slip_first` are days against the promise before and against the first (negative: earlier).
    """

    __tablename__ = "parts_promise"
    __table_args__ = (
        Index("uq_parts_promise", "line_id", "position", unique=True),
        Index("ix_parts_promise_dealer", "dealer_id", "id"),
        Index("ix_parts_promise_part", "part_id", "id"),
        Index("ix_parts_promise_said", "said_at", "cause", "slip_last", "dealer_id", "region", "line_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("parts_order_line.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"), nullable=False)
    position: Mapped[int] = mapped_column(Integer, nullable=False)
    promised_on: Mapped[date] = mapped_column(Date, nullable=False)
    slip_last: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    slip_first: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    cause: Mapped[str] = mapped_column(String(12), nullable=False)
    reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    said_by: Mapped[str] = mapped_column(String(120), nullable=False)
    said_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    line: Mapped[PartsOrderLine] = relationship()
    dealer: Mapped[Dealer] = relationship()
    part: Mapped[Part] = relationship()


class PartsAllocation(Base):
    """Who got what of a part that was short: decided once, never changed. `available` is the stock as it was seen."""

    __tablename__ = "parts_allocation"
    __table_args__ = (Index("ix_parts_allocation_part", "part_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), nullable=False, unique=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"), nullable=False)
    warehouse: Mapped[str] = mapped_column(String(12), nullable=False)
    available: Mapped[int] = mapped_column(Integer, nullable=False)
    requested: Mapped[int] = mapped_column(Integer, nullable=False)
    allocated: Mapped[int] = mapped_column(Integer, nullable=False)
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    decided_by: Mapped[str] = mapped_column(String(120), nullable=False)
    part: Mapped[Part] = relationship()


class PartsAllocationLine(Base):
    """What one line got in an allocation, and why in a sentence; never changed."""

    __tablename__ = "parts_allocation_line"
    __table_args__ = (
        Index("uq_parts_allocation_line", "allocation_id", "line_id", unique=True),
        Index("ix_parts_allocation_line_dealer", "dealer_id", "id"),
        CheckConstraint("allocated >= 0", name="allocated"),
        CheckConstraint("allocated <= requested", name="requested"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    allocation_id: Mapped[int] = mapped_column(ForeignKey("parts_allocation.id"), nullable=False)
    line_id: Mapped[int] = mapped_column(ForeignKey("parts_order_line.id"), nullable=False, index=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    position: Mapped[int] = mapped_column(Integer, nullable=False)
    requested: Mapped[int] = mapped_column(Integer, nullable=False)
    allocated: Mapped[int] = mapped_column(Integer, nullable=False)
    demand: Mapped[int] = mapped_column(Integer, nullable=False)
    why: Mapped[str] = mapped_column(Text, nullable=False)
    allocation: Mapped[PartsAllocation] = relationship()
    line: Mapped[PartsOrderLine] = relationship()
    dealer: Mapped[Dealer] = relationship()


class PartsShipment(Base):
    """Units of a line that left a warehouse; never changed. `shipped_on` is the dealer's day."""

    __tablename__ = "parts_shipment"
    __table_args__ = (
        Index("ix_parts_shipment_line", "line_id", "id"),
        Index("ix_parts_shipment_dealer", "dealer_id", "id"),
        CheckConstraint("quantity > 0", name="quantity"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("parts_order_line.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    quantity: Mapped[int] = mapped_column(Integer, nullable=False)
    warehouse: Mapped[str] = mapped_column(String(12), nullable=False)
    shipped_on: Mapped[date] = mapped_column(Date, nullable=False)
    reference: Mapped[str] = mapped_column(String(60), nullable=False, default="")
    allocation_id: Mapped[int | None] = mapped_column(ForeignKey("parts_allocation.id"), index=True)
    shipped_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    shipped_by: Mapped[str] = mapped_column(String(120), nullable=False)
    line: Mapped[PartsOrderLine] = relationship()
    dealer: Mapped[Dealer] = relationship()
    allocation: Mapped[PartsAllocation | None] = relationship()


class PartsClaim(QueueItem):
    """A dealer says a delivery was short, too much, wrong, damaged or defective; decided by the manufacturer.

    `received_on` and `last_day` (until when it was to be claimed) are the dealer's days; `is_late` says it came after.
    `amount_cents` is quantity times the price of the order day; `credit_cents` what was credited.
    """

    __tablename__ = "parts_claim"
    __table_args__ = (
        Index("ix_parts_claim_board", "is_open", "due_at", "id"),
        Index("ix_parts_claim_dealer", "dealer_id", "is_open", "due_at", "id"),
        Index("ix_parts_claim_line", "line_id", "id"),
        CheckConstraint("quantity > 0", name="quantity"),
        {"sqlite_autoincrement": True},
    )

    line_id: Mapped[int] = mapped_column(ForeignKey("parts_order_line.id"), nullable=False)
    kind: Mapped[str] = mapped_column(String(12), nullable=False)
    quantity: Mapped[int] = mapped_column(Integer, nullable=False)
    received_on: Mapped[date] = mapped_column(Date, nullable=False)
    last_day: Mapped[date] = mapped_column(Date, nullable=False)
    is_late: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    description: Mapped[str] = mapped_column(Text, nullable=False)
    evidence: Mapped[str] = mapped_column(String(200), nullable=False, default="")
    amount_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    credit_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    reason_code: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    decision_note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    replacement_id: Mapped[int | None] = mapped_column(ForeignKey("parts_order.id"), index=True)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    line: Mapped[PartsOrderLine] = relationship()
    dealer: Mapped[Dealer] = relationship(foreign_keys="PartsClaim.dealer_id")
    replacement: Mapped[PartsOrder | None] = relationship(foreign_keys="PartsClaim.replacement_id")
