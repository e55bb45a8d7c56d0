"""Leads: the record with its write-once stamps, and everything that hangs on it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.rollups import CLUSTERED
from db.core.types import BigId, Json, UtcDateTime
from db.customers.tables import Customer
from db.dealers.tables import Dealer
from db.imports.tables import ImportBatch
from db.people.tables import Person
from db.workflow.tables import QueueItem


def _on_arrival(context: Any) -> Any:
    """A lead stands in its first stage since it was received."""
    return context.get_current_parameters().get("received_at")


class Lead(QueueItem):
    """One wish of one person at one dealer. Stamps ending in `_at` are facts, written once (domain-rules 2.2 A)."""

    __tablename__ = "lead"
    __table_args__ = (
        # With what the board is narrowed by, so that counts beside it look into no lead.
        Index("ix_lead_board", "is_open", "due_at", "id", "region", "source", "dealer_id", "status", "product"),
        # Open leads only; the counts of a board that is narrowed go to the leads they count (0032). They alone say that
        # there is a state, so that nothing in the order of another index is lured here to be sorted.
        Index(
            "ix_lead_narrow",
            "is_open",
            "status",
            "region",
            "source",
            "dealer_id",
            "product",
            sqlite_where=text("is_open = 1 AND status <> ''"),
            postgresql_where=text("is_open AND status <> ''"),
        ),
        Index("ix_lead_board_dealer", "dealer_id", "is_open", "due_at", "id"),
        Index("ix_lead_status", "is_open", "status", "due_at", "id"),
        Index("ix_lead_received", "received_at", "id"),
        Index("ix_lead_month", "received_month", "region"),
        Index("ix_lead_dealer_month", "dealer_id", "received_month"),
        Index("ix_lead_assignee", "assignee_id", "is_open", "due_at"),
        Index("ix_lead_breach", "is_open", "breach_handled_at", "first_action_due_at"),
        Index("ix_lead_idle", "is_open", "last_activity_at"),
        # Holds open leads only, and all a pipeline counts by: its figures never read the leads themselves (0029).
        Index(
            "ix_lead_stage",
            "is_open",
            "status",
            "stage_entered_at",
            "id",
            "dealer_id",
            "region",
            "product",
            "source",
            "value_cents",
            sqlite_where=text("is_open = 1"),
            postgresql_where=text("is_open"),
        ),
        Index("ix_lead_assignee_month", "assignee_id", "received_month"),
        # Won and lost leads only, with all that won business is counted by (0040).
        Index(
            "ix_lead_decided",
            "decided_on",
            "status",
            "sold_at",
            "received_at",
            "region",
            "dealer_id",
            "source",
            "product",
            "assignee_id",
            "agent",
            "value_cents",
            sqlite_where=text("decided_on IS NOT NULL"),
            postgresql_where=text("decided_on IS NOT NULL"),
        ),
        # Few leads follow another one; looked for by each drawer, and before a lead is taken back.
        Index(
            "ix_lead_previous",
            "previous_lead_id",
            sqlite_where=text("previous_lead_id IS NOT NULL"),
            postgresql_where=text("previous_lead_id IS NOT NULL"),
        ),
        # Minutes to the first action of a month's leads, which a median needs one by one.
        Index(
            "ix_lead_minutes",
            "received_month",
            "first_action_minutes",
            "status",
            "source",
            "region",
            "state",
            "dealer_id",
            "product",
            sqlite_where=text("first_action_minutes IS NOT NULL"),
            postgresql_where=text("first_action_minutes IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},  # the ids of leads an undone import removed are never given away again
    )

    # arrival
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    received_on: Mapped[date] = mapped_column(Date, nullable=False)  # local day where the lead is worked
    received_month: Mapped[date] = mapped_column(Date, nullable=False)  # its first day: the cohort
    requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    requested_raw: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    channel: Mapped[str] = mapped_column(String(20), nullable=False)  # file, page, http, mail, manual
    provider: Mapped[str] = mapped_column(String(200), nullable=False, default="")
    source: Mapped[str] = mapped_column(String(80), nullable=False)
    product: Mapped[str] = mapped_column(String(40), nullable=False)  # bounded: a product line, "Other", "Not stated"
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    # who
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False, index=True)
    customer_name: Mapped[str] = mapped_column(String(200), nullable=False)
    state: Mapped[str] = mapped_column(String(2), nullable=False, default="")
    postal_code: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    preferred_contact: Mapped[str] = mapped_column(String(10), nullable=False, default="")
    # what
    brand: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    wants: Mapped[str] = mapped_column(String(200), nullable=False, default="")  # one line for lists
    comments: Mapped[str] = mapped_column(Text, nullable=False, default="")
    question: Mapped[str] = mapped_column(Text, nullable=False, default="")
    timeframe: Mapped[str] = mapped_column(String(200), nullable=False, default="")
    wanted_by: Mapped[date | None] = mapped_column(Date)
    vendor_name: Mapped[str] = mapped_column(String(300), nullable=False, default="")
    details: Mapped[dict[str, Any]] = mapped_column(
        Json, nullable=False, default=dict
    )  # the rest of the document as read
    warnings: Mapped[list[Any]] = mapped_column(Json, nullable=False, default=list)
    value_cents: Mapped[int | None] = mapped_column(BigInteger)
    # score and routing, each with its explanation
    score: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    score_parts: Mapped[list[Any]] = mapped_column(Json, nullable=False, default=list)
    routing: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False, default=dict)
    routed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # clock
    clock_started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_action_target: Mapped[int] = mapped_column(Integer, nullable=False, default=0)  # working minutes
    first_action_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_action_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_action_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    first_action_minutes: Mapped[int | None] = mapped_column(Integer)  # working minutes
    first_quality_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_quality_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_quality_minutes: Mapped[int | None] = mapped_column(Integer)
    wall_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # at most 24 h of wall-clock time
    breach_handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    breach_outcome: Mapped[str] = mapped_column(String(20), nullable=False, default="")  # escalated, rerouted
    # Since when it stands in its present status; the engine's move keeps it. None: nobody knows (`db check` names it).
    stage_entered_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=_on_arrival)
    # funnel stamps (domain-rules 2.2 F)
    contacted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    qualified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    appointment_set_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    appointment_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    appointment_shown_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    negotiation_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sold_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Local day of the sale, or of the loss; what it means is read with status and sold_at (a reopened lead keeps it).
    decided_on: Mapped[date | None] = mapped_column(Date)
    # Who sold it in the system it came from, as written there; a lead worked here has its assignee.
    agent: Mapped[str] = mapped_column(String(80), nullable=False, default="", server_default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    close_reason: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    close_note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    attempts: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    last_activity_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    next_step: Mapped[str] = mapped_column(String(200), nullable=False, default="")
    # duplicates
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"), index=True)
    previous_lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"))
    touches: Mapped[int] = mapped_column(Integer, nullable=False, default=1)

    customer: Mapped[Customer] = relationship()
    batch: Mapped[ImportBatch | None] = relationship()
    duplicate_of: Mapped[Lead | None] = relationship(foreign_keys=[duplicate_of_id], remote_side="Lead.id")
    previous_lead: Mapped[Lead | None] = relationship(foreign_keys=[previous_lead_id], remote_side="Lead.id")


class LeadContact(Base):
    """An e-mail address or telephone number as it was written, with its normal form when it has one."""

    __tablename__ = "lead_contact"
    __table_args__ = (Index("ix_lead_contact_lead", "lead_id", "position"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), nullable=False)
    position: Mapped[int] = mapped_column(Integer, nullable=False)
    kind: Mapped[str] = mapped_column(String(10), nullable=False)  # email, phone
    raw: Mapped[str] = mapped_column(String(254), nullable=False)
    normal: Mapped[str | None] = mapped_column(String(254))
    label: Mapped[str] = mapped_column(String(20), nullable=False, default="")  # cellphone, voice, fax ...
    best_time: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    is_preferred: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    lead: Mapped[Lead] = relationship()


class LeadVehicle(Base):
    """A vehicle of the document, in its order; `role` is wanted, trade_in or other and never guessed from position."""

    __tablename__ = "lead_vehicle"
    __table_args__ = (Index("ix_lead_vehicle_lead", "lead_id", "position"), Index("ix_lead_vehicle_vin", "vin"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), nullable=False)
    position: Mapped[int] = mapped_column(Integer, nullable=False)
    role: Mapped[str] = mapped_column(String(10), nullable=False)
    interest: Mapped[str] = mapped_column(String(20), nullable=False)
    condition: Mapped[str] = mapped_column(String(20), nullable=False, default="")  # new, used
    year: Mapped[str | None] = mapped_column(String(10))
    make: Mapped[str | None] = mapped_column(String(80))
    model: Mapped[str | None] = mapped_column(String(120))
    trim: Mapped[str | None] = mapped_column(String(80))
    vin: Mapped[str | None] = mapped_column(String(40))
    stock: Mapped[str | None] = mapped_column(String(40))
    odometer: Mapped[int | None] = mapped_column(Integer)
    odometer_units: Mapped[str] = mapped_column(String(5), nullable=False, default="")
    price_cents: Mapped[int | None] = mapped_column(BigInteger)
    details: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False, default=dict)
    lead: Mapped[Lead] = relationship()


class LeadKey(Base):
    """How a later document recognises this lead: external id (source + id) or content hash (domain-rules 2.2 D)."""

    __tablename__ = "lead_key"
    __table_args__ = (Index("ix_lead_key_value", "kind", "value"), Index("ix_lead_key_lead", "lead_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), nullable=False)
    kind: Mapped[str] = mapped_column(String(20), nullable=False)  # external, content
    value: Mapped[str] = mapped_column(String(400), nullable=False)
    source: Mapped[str] = mapped_column(String(200), nullable=False, default="")
    external_id: Mapped[str] = mapped_column(String(200), nullable=False, default="")
    lead: Mapped[Lead] = relationship()


class LeadActivity(Base):
    """Something that happened on a lead. `counts` says whether it stopped a clock and why not (domain-rules 2.2 A)."""

    __tablename__ = "lead_activity"
    __table_args__ = (Index("ix_lead_activity_lead", "lead_id", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), nullable=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    kind: Mapped[str] = mapped_column(String(20), nullable=False)  # call, email, text, visit, note, touch, auto ...
    direction: Mapped[str] = mapped_column(String(10), nullable=False, default="out")
    outcome: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    is_first_action: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    is_quality: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    is_two_way: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    source: Mapped[str] = mapped_column(String(80), nullable=False, default="")  # credited source of a touch
    by: Mapped[str] = mapped_column(String(120), nullable=False)
    by_username: Mapped[str] = mapped_column(String(80), nullable=False)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    lead: Mapped[Lead] = relationship()


class LeadProvider(Base):
    """A sender allowed to post leads over HTTP; only the hash of its token is kept."""

    __tablename__ = "lead_provider"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), nullable=False, unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), nullable=False, unique=True)
    token_hint: Mapped[str] = mapped_column(String(8), nullable=False)
    is_active: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ProductLine(Base):
    """A model family leads are reported by; `pattern` words match the start of make and model."""

    __tablename__ = "product_line"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(40), nullable=False, unique=True)
    brand: Mapped[str] = mapped_column(String(40), nullable=False)
    models: Mapped[list[str]] = mapped_column(Json, nullable=False)


class RoutingPolicy(Base):
    """A version of the routing rules (domain-rules 2.2 C); the active one is the newest with `is_active`."""

    __tablename__ = "routing_policy"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, nullable=False, unique=True)
    is_active: Mapped[bool] = mapped_column(Boolean, nullable=False)
    content: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    created_by: Mapped[str] = mapped_column(String(120), nullable=False)


class RoutingPointer(Base):
    """Where weighted round robin stands, per (rule, brand, territory group); survives restarts."""

    __tablename__ = "routing_pointer"
    __table_args__ = (
        Index("uq_routing_pointer", "pool", "dealer_id", unique=True),
        {"info": {"goes_with_dealer": True}},  # no record of anything: it does not keep an import from being undone
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    pool: Mapped[str] = mapped_column(String(120), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    credit: Mapped[int] = mapped_column(BigInteger, nullable=False)  # smooth weighted round robin
    dealer: Mapped[Dealer] = relationship()


class CohortCounts(Base):
    """The measures each rollup holds; what each counts is declared in rollup.py."""

    __abstract__ = True

    received: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    valid: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    duplicate: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    bad: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    promised: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    responded: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    in_target: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    late: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    contacted: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    qualified: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    appointment_set: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    appointment_shown: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    sold: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    closed: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=1)
    # of the leads of one stage, those that came to another (decision 0029)
    negotiation: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    qualified_set: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    qualified_sold: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    set_sold: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    shown_sold: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    negotiation_sold: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    appointment_confirmed: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)


class LeadMonth(CohortCounts):
    """Rollup of leads by cohort: month x region x state x source x product; kept by triggers (performance.md 4)."""

    __tablename__ = "lead_month"

    received_month: Mapped[date] = mapped_column(Date, primary_key=True)
    region: Mapped[str] = mapped_column(String(40), primary_key=True)
    state: Mapped[str] = mapped_column(String(2), primary_key=True)
    source: Mapped[str] = mapped_column(String(80), primary_key=True)
    product: Mapped[str] = mapped_column(String(40), primary_key=True)


class LeadRegionMonth(CohortCounts):
    """The same counts without the state, which is asked for seldom: a fifth of the rows to add up (decision 0079)."""

    __tablename__ = "lead_region_month"
    __table_args__ = CLUSTERED

    received_month: Mapped[date] = mapped_column(Date, primary_key=True)
    region: Mapped[str] = mapped_column(String(40), primary_key=True)
    source: Mapped[str] = mapped_column(String(80), primary_key=True)
    product: Mapped[str] = mapped_column(String(40), primary_key=True)


class LeadDealerMonth(CohortCounts):
    """The same counts by dealer and month, for dealer rankings and dealer-scoped pages."""

    __tablename__ = "lead_dealer_month"

    received_month: Mapped[date] = mapped_column(Date, primary_key=True)
    dealer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)  # 0 = unassigned
    source: Mapped[str] = mapped_column(String(80), primary_key=True)


__all__ = [
    "Customer", "Dealer", "ImportBatch", "Lead", "LeadActivity", "LeadContact", "LeadDealerMonth", "LeadKey",
    "LeadMonth", "LeadProvider", "LeadRegionMonth", "LeadVehicle", "Person", "ProductLine", "RoutingPointer",
    "RoutingPolicy",
]  # fmt: skip
