"""Programs and their versions, reported sales, claims with every check kept, and the ledger of incentives.

Rows of the ledger and published versions are never changed (triggers, db/triggers.py; decision 0054).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Cents, Json, UtcDateTime
from db.customers.tables import Customer
from db.customers.vehicle_tables import Vehicle
from db.dealers.tables import Dealer
from db.workflow.tables import QueueItem

_SOLD: Final = ("dealer_id", "make", "model")  # the last columns of indexes that hold all that is counted
_TIMED: Final = ("decided_kind", "worked_minutes")
_MARKS: Final = ("is_claimed", "is_earning")


class IncentiveProgram(Base):
    """A program over all its versions. `budget_cents` is that of the newest version; none means without limit.

    `committed_cents` is what was approved less what was taken back: raised by one UPDATE whose WHERE holds the budget,
    so that it is never exceeded, however many decide at once.
    """

    __tablename__ = "incentive_program"
    __table_args__ = (
        CheckConstraint("committed_cents >= 0", name="committed"),
        CheckConstraint("budget_cents IS NULL OR committed_cents <= budget_cents", name="budget"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(30), nullable=False, unique=True)
    name: Mapped[str] = mapped_column(String(120), nullable=False)
    kind: Mapped[str] = mapped_column(String(20), nullable=False)
    budget_cents: Mapped[int | None] = mapped_column(Cents)
    committed_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    created_by: Mapped[str] = mapped_column(String(120), nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)


class IncentiveVersion(Base):
    """One version of a program (model.Program as JSON); `state` is draft or published, and published stays as it is.

    It holds for deliveries from `effective_from` on, until a later version begins. `last_day` is the program's last.
    """

    __tablename__ = "incentive_version"
    __table_args__ = (
        Index("uq_incentive_version", "program_id", "number", unique=True),
        Index(
            "uq_incentive_version_draft", "program_id", unique=True, sqlite_where=text("state = 'draft'"),
            postgresql_where=text("state = 'draft'"),
        ),
        Index("ix_incentive_version_days", "state", "last_day", "effective_from"),
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("incentive_program.id"), nullable=False)
    number: Mapped[int] = mapped_column(Integer, nullable=False)
    state: Mapped[str] = mapped_column(String(10), nullable=False)
    effective_from: Mapped[date] = mapped_column(Date, nullable=False)
    last_day: Mapped[date] = mapped_column(Date, nullable=False)
    body: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    username: Mapped[str] = mapped_column(String(80), nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    program: Mapped[IncentiveProgram] = relationship()


class SaleReport(Base):
    """A retail delivery report: one sale of one vehicle. `customer_ref` is the dealer's own; days are the dealer's.

    `sale_key` names the vehicle while the sale stands, so that a new one is sold once; unwinding frees it. A sale is
    never deleted, only unwound. Without `delivered_on` it is contracted and not delivered yet.
    """

    __tablename__ = "sale_report"
    __table_args__ = (
        Index("ix_sale_report_dealer", "dealer_id", "delivered_on", "id"),
        Index("ix_sale_report_days", "delivered_on", "id"),
        Index("ix_sale_report_vin", "vin", "id"),
        # All that sales of the year before are counted by (0081), and those of a region (0088).
        Index("ix_sale_report_like", "delivered_on", "condition", "sale_type", "unwound_on", "region", *_SOLD),
        Index("ix_sale_report_place", "region", "delivered_on", "condition", "sale_type", "unwound_on", *_SOLD),
        Index("uq_sale_report_external", "dealer_id", "external_number", unique=True),
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), nullable=False, unique=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    vin: Mapped[str] = mapped_column(String(40), nullable=False)
    sale_key: Mapped[str | None] = mapped_column(String(80), unique=True)
    vehicle_id: Mapped[int | None] = mapped_column(ForeignKey("vehicle.id"), index=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    make: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    model: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    year: Mapped[int | None] = mapped_column(Integer)
    trim: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    condition: Mapped[str] = mapped_column(String(10), nullable=False, default="new")
    sale_type: Mapped[str] = mapped_column(String(20), nullable=False)
    stocked_on: Mapped[date | None] = mapped_column(Date)
    contract_on: Mapped[date | None] = mapped_column(Date)
    delivered_on: Mapped[date | None] = mapped_column(Date)
    reported_on: Mapped[date | None] = mapped_column(Date)
    unwound_on: Mapped[date | None] = mapped_column(Date)
    unwound_reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    customer_ref: Mapped[str] = mapped_column(String(60), nullable=False, default="")
    customer_name: Mapped[str] = mapped_column(String(120), nullable=False, default="", server_default="")
    # Makes, models and years the chosen customer had when the sale was written: what was earned follows from the sale.
    earlier: Mapped[list[dict[str, Any]]] = mapped_column(Json, nullable=False, default=list, server_default="[]")
    price_cents: Mapped[int | None] = mapped_column(Cents)
    trade_make: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    trade_year: Mapped[int | None] = mapped_column(Integer)
    affinity: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    certificates: Mapped[list[str]] = mapped_column(Json, nullable=False, default=list)
    lease_ends_on: Mapped[date | None] = mapped_column(Date)
    waived_payments: Mapped[int | None] = mapped_column(Integer)
    payment_cents: Mapped[int | None] = mapped_column(Cents)
    external_number: Mapped[str | None] = mapped_column(String(40))
    # The dealer as it was on the day of the report: what was earned does not change when a dealer moves or closes.
    dealer_status: Mapped[str] = mapped_column(String(20), nullable=False)
    dealer_region: Mapped[str] = mapped_column(String(40), nullable=False)
    dealer_tier: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    username: Mapped[str] = mapped_column(String(80), nullable=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(120), nullable=False)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    dealer: Mapped[Dealer] = relationship()
    vehicle: Mapped[Vehicle | None] = relationship()
    customer: Mapped[Customer | None] = relationship()


class SaleDocument(Base):
    """A paper of a sale by its kind (model.DOCUMENTS), with the reference the dealer keeps it under."""

    __tablename__ = "sale_document"
    __table_args__ = (Index("uq_sale_document", "sale_id", "kind", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sale_id: Mapped[int] = mapped_column(ForeignKey("sale_report.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False, index=True)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    kind: Mapped[str] = mapped_column(String(30), nullable=False)
    reference: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    added_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    added_by: Mapped[str] = mapped_column(String(120), nullable=False)
    sale: Mapped[SaleReport] = relationship()


class IncentivePaper(Base):
    """A file that proves something of a sale, or that goes with an appeal; its bytes stand in the store of documents.

    Row and bytes stay when a paper is taken out (`removed_at`): what was decided on it can be looked at again.
    """

    __tablename__ = "incentive_paper"
    __table_args__ = (
        Index("ix_incentive_paper_sale", "sale_id", "id"),
        Index("ix_incentive_paper_claim", "claim_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sale_id: Mapped[int | None] = mapped_column(ForeignKey("sale_report.id"))
    claim_id: Mapped[int | None] = mapped_column(ForeignKey("incentive_claim.id"))
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False, index=True)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    kind: Mapped[str] = mapped_column(String(30), nullable=False)
    file_name: Mapped[str] = mapped_column(String(200), nullable=False)
    stored_name: Mapped[str] = mapped_column(String(40), nullable=False, unique=True)
    size: Mapped[int] = mapped_column(BigInteger, nullable=False)
    sha256: Mapped[str] = mapped_column(String(64), nullable=False)
    media_type: Mapped[str] = mapped_column(String(100), nullable=False)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    uploaded_by: Mapped[str] = mapped_column(String(120), nullable=False)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    sale: Mapped[SaleReport | None] = relationship()
    claim: Mapped[IncentiveClaim | None] = relationship()


class IncentiveClaim(QueueItem):
    """A claim for one sale under one program, or for the volume of a period (`sale_id` none, `period` named).

    `claim_key` names what is claimed while it waits, and for a vehicle while it is approved: it cannot be claimed
    twice. `entitled_cents` is what the rules found, `signed_cents` what a signature below the level needed would pay.
    `owed_cents` is what the ledger has for it, approved less taken back less paid, kept with each entry so that a
    payment reads what is owed and not all that ever was; the ledger says it, this only finds it.
    `denied_by` and `appealed_by` are user names: somebody else decides an appeal. `decided_on` is the desk's day of
    `decided_at`, `worked_minutes` what the desk worked from the last sending to a person's decision.
    """

    __tablename__ = "incentive_claim"
    __table_args__ = (
        Index("ix_incentive_claim_board", "is_open", "due_at", "id"),
        Index("ix_incentive_claim_status", "status", "due_at", "id"),
        Index("ix_incentive_claim_dealer", "dealer_id", "is_open", "due_at", "id"),
        # What a region or a dealer has in each state, of which amounts.
        Index("ix_incentive_claim_place", "status", "region", "claimed_cents"),
        Index("ix_incentive_claim_state", "dealer_id", "status"),
        Index("ix_incentive_claim_program", "program_id", "dealer_id", "period"),
        Index("ix_incentive_claim_sale", "sale_id", "program_id"),
        # All that decisions are counted by (0071, 0081).
        Index("ix_incentive_claim_decided", "decided_on", "status", "program_id", "dealer_id", "region", *_TIMED),
        Index("ix_incentive_claim_took", "region", "decided_on", "program_id", "status", *_TIMED),
        Index(
            "ix_incentive_claim_owed", "dealer_id", "id", sqlite_where=text("owed_cents != 0"),
            postgresql_where=text("owed_cents != 0"),
        ),
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    program_id: Mapped[int] = mapped_column(ForeignKey("incentive_program.id"), nullable=False)
    version_id: Mapped[int] = mapped_column(ForeignKey("incentive_version.id"), nullable=False, index=True)
    sale_id: Mapped[int | None] = mapped_column(ForeignKey("sale_report.id"))
    period: Mapped[str] = mapped_column(String(10), nullable=False)
    claim_key: Mapped[str | None] = mapped_column(String(60), unique=True)
    claimed_cents: Mapped[int | None] = mapped_column(Cents)
    entitled_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    approved_cents: Mapped[int | None] = mapped_column(Cents)
    owed_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0, server_default="0")
    checked: Mapped[list[str]] = mapped_column(Json, nullable=False, default=list)
    run: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    outcome: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signed_by: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    signed_cents: Mapped[int | None] = mapped_column(Cents)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_on: Mapped[date | None] = mapped_column(Date)
    worked_minutes: Mapped[int | None] = mapped_column(Integer)
    decided_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    decided_kind: Mapped[str] = mapped_column(String(10), nullable=False, default="")
    reason_code: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    reason_note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    denied_by: Mapped[str] = mapped_column(String(80), nullable=False, default="", server_default="")
    appeals: Mapped[int] = mapped_column(Integer, nullable=False, default=0, server_default="0")
    appeal_note: Mapped[str] = mapped_column(Text, nullable=False, default="", server_default="")
    appealed_by: Mapped[str] = mapped_column(String(80), nullable=False, default="", server_default="")
    appealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    form_key: Mapped[str | None] = mapped_column(String(100), unique=True)
    program: Mapped[IncentiveProgram] = relationship()
    version_row: Mapped[IncentiveVersion] = relationship()
    sale: Mapped[SaleReport | None] = relationship()
    dealer: Mapped[Dealer | None] = relationship()


class IncentiveRun(Base):
    """One run of the checks over a claim, with the facts it was made on; never changed."""

    __tablename__ = "incentive_run"
    __table_args__ = (
        Index("uq_incentive_run", "claim_id", "run", unique=True),
        Index("ix_incentive_run_outcome", "outcome", "made_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("incentive_claim.id"), nullable=False)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"), index=True)
    region: Mapped[str | None] = mapped_column(String(40))
    run: Mapped[int] = mapped_column(Integer, nullable=False)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    made_by: Mapped[str] = mapped_column(String(120), nullable=False)
    outcome: Mapped[str] = mapped_column(String(20), nullable=False)
    entitled_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    facts: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    claim: Mapped[IncentiveClaim] = relationship()


class IncentiveCheck(Base):
    """The answer of one rule in one run, all fourteen of them."""

    __tablename__ = "incentive_check"
    __table_args__ = (
        Index("uq_incentive_check", "claim_id", "run", "rule", unique=True),
        Index("ix_incentive_check_rule", "level", "rule", "dealer_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("incentive_claim.id"), nullable=False)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"), index=True)
    region: Mapped[str | None] = mapped_column(String(40))
    run: Mapped[int] = mapped_column(Integer, nullable=False)
    rule: Mapped[str] = mapped_column(String(3), nullable=False)
    rule_version: Mapped[int] = mapped_column(Integer, nullable=False)
    level: Mapped[str] = mapped_column(String(10), nullable=False)
    observed: Mapped[str] = mapped_column(Text, nullable=False, default="")
    limit_text: Mapped[str] = mapped_column(Text, nullable=False, default="")
    sentence: Mapped[str] = mapped_column(Text, nullable=False)
    document: Mapped[str] = mapped_column(Text, nullable=False, default="")
    claim: Mapped[IncentiveClaim] = relationship()


class IncentiveUnit(Base):
    """What one sale is for one program now: counted or not, what it pays by itself, why not. Calculated, replaced.

    `is_claimed` and `is_earning` follow claims and earnings (unit_marks.py).
    """

    __tablename__ = "incentive_unit"
    __table_args__ = (
        Index("uq_incentive_unit", "sale_id", "program_id", unique=True),
        Index("ix_incentive_unit_sum", "program_id", "dealer_id", "period", "is_counted"),
        # All that units of some days are counted by (0081).
        Index("ix_incentive_unit_day", "delivered_on", "dealer_id", "program_id", "region", "is_counted", *_MARKS),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sale_id: Mapped[int] = mapped_column(ForeignKey("sale_report.id"), nullable=False)
    program_id: Mapped[int] = mapped_column(ForeignKey("incentive_program.id"), nullable=False)
    version_id: Mapped[int] = mapped_column(ForeignKey("incentive_version.id"), nullable=False, index=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False, index=True)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    period: Mapped[str] = mapped_column(String(10), nullable=False)
    is_counted: Mapped[bool] = mapped_column(Boolean, nullable=False)
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    delivered_on: Mapped[date | None] = mapped_column(Date)
    is_claimed: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False, server_default=false())
    is_earning: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False, server_default=false())
    rule: Mapped[str] = mapped_column(String(3), nullable=False, default="")
    why: Mapped[str] = mapped_column(Text, nullable=False, default="")
    sale: Mapped[SaleReport] = relationship()
    program: Mapped[IncentiveProgram] = relationship()
    version_row: Mapped[IncentiveVersion] = relationship()


class IncentiveEarning(Base):
    """What a dealer has earned with a program in a period as it was last calculated; the ledger holds each change."""

    __tablename__ = "incentive_earning"
    __table_args__ = (
        Index("uq_incentive_earning", "program_id", "dealer_id", "period", unique=True),
        Index("ix_incentive_earning_dealer", "dealer_id", "period"),
        # All that volumes are measured by (0081).
        Index("ix_incentive_earning_period", "program_id", "period", "dealer_id", "region", "units", "cents"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("incentive_program.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    period: Mapped[str] = mapped_column(String(10), nullable=False)
    units: Mapped[int] = mapped_column(Integer, nullable=False)
    baseline: Mapped[int] = mapped_column(Integer, nullable=False)
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    said: Mapped[list[str]] = mapped_column(Json, nullable=False, default=list)
    calculations: Mapped[int] = mapped_column(Integer, nullable=False)
    calculated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    program: Mapped[IncentiveProgram] = relationship()
    dealer: Mapped[Dealer] = relationship()


class IncentiveEntry(Base):
    """One line of the ledger. Triggers refuse every change but `region`, when a dealer moves; `entry_key` posts once.

    `on_day` is the desk's day of `at`: what the ledger is summed up by (sums.py).

    `book` is earned, approved or paid. Kinds: calculation (earned, either way), approval, charge_back (less was earned
    than approved), unwind (the sale was unwound), payment.
    """

    __tablename__ = "incentive_entry"
    __table_args__ = (
        Index("ix_incentive_entry_sum", "program_id", "dealer_id", "period", "book"),
        Index("ix_incentive_entry_dealer", "dealer_id", "book", "id"),
        Index("ix_incentive_entry_claim", "claim_id", "id"),
        # All that money is summed up by: days of dealers are read from it alone (0071).
        Index("ix_incentive_entry_day", "on_day", "dealer_id", "program_id", "region", "kind", "cents"),
        CheckConstraint(
            "(book = 'earned' AND kind = 'calculation') OR (book = 'approved' AND kind = 'approval' AND cents >= 0)"
            " OR (book = 'approved' AND kind IN ('charge_back', 'unwind') AND cents <= 0)"
            " OR (book = 'paid' AND kind IN ('payment', 'correction'))",
            name="kind",
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    entry_key: Mapped[str] = mapped_column(String(80), nullable=False, unique=True)
    book: Mapped[str] = mapped_column(String(10), nullable=False)
    kind: Mapped[str] = mapped_column(String(12), nullable=False)
    program_id: Mapped[int] = mapped_column(ForeignKey("incentive_program.id"), nullable=False)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False, index=True)
    period: Mapped[str] = mapped_column(String(10), nullable=False)
    sale_id: Mapped[int | None] = mapped_column(ForeignKey("sale_report.id"), index=True)
    claim_id: Mapped[int | None] = mapped_column(ForeignKey("incentive_claim.id"))
    cents: Mapped[int] = mapped_column(Cents, nullable=False)
    currency: Mapped[str] = mapped_column(String(3), nullable=False, default="USD")
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    on_day: Mapped[date] = mapped_column(Date, nullable=False)
    username: Mapped[str] = mapped_column(String(80), nullable=False)
    by: Mapped[str] = mapped_column(String(120), nullable=False)
    reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    program: Mapped[IncentiveProgram] = relationship()
    dealer: Mapped[Dealer] = relationship()
    sale: Mapped[SaleReport | None] = relationship()
    claim: Mapped[IncentiveClaim | None] = relationship()
