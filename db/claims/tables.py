"""Claims: header, jobs, charges, files, every run of the rules, every decision, and who held the claim when."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Cents, Json, UtcDateTime
from db.customers.tables import Customer
from db.customers.vehicle_tables import Vehicle
from db.dealers.tables import Dealer
from db.people.tables import Person
from db.workflow.tables import QueueItem

# What the figures of claims read, so that one pass over an index is enough for a year of them (decision 0050).
_FIGURES = (
    "claim_type", "dealer_id", "region", "component", "model", "status", "decided_kind", "returns", "appeals",
    "appeal_result", "claimed_cents", "approved_cents", "turnaround_minutes", "business_minutes", "pay_days",
)  # fmt: skip
# What is waiting or unpaid now: a few of all claims, read without touching them.
_STANDING = (
    "claim_type", "dealer_id", "region", "component", "model", "received_at", "decide_by", "submitted_on",
    "claimed_cents", "approved_cents",
)  # fmt: skip
_SENT = (
    "claim_type", "dealer_id", "region", "component", "model", "causal_part", "status", "claimed_cents", "is_repeat",
)  # fmt: skip
# The claims of one bucket of a histogram, among which the middle one is found (decision 0070).
_TOOK = ("claim_type", "dealer_id", "region", "component", "model", "status")
_PAID = text("paid_at IS NOT NULL")


class Claim(QueueItem):
    """One version of one claim. Version 1 has `family_id` = `id`; supplements and debits share it (domain-rules 2.1 E).

    `held_by` says who has to move: dealer, us, engineering, finance, or empty when closed; the intervals are ClaimHold.
    `due_at` is what the holder's clock demands: the end of the decision clock (`decide_by`) until we decided, the end
    of the day to pay by (`pay_by`) while finance holds it, nothing while the dealer has to correct it.
    `outcome` is that of the last run of the rules; `decided_kind` auto, person or deemed. `level` is the level of
    authority that has to sign next, `signed_by` the username of the last signature (2.0: never twice in a row).
    Days are those of the dealer.
    """

    __tablename__ = "claim"
    __table_args__ = (
        Index("ix_claim_board", "held_by", "due_at", "id"),
        Index("ix_claim_status", "status", "due_at", "id"),
        Index("ix_claim_dealer", "dealer_id", "status", "id"),
        Index("ix_claim_dealer_submitted", "dealer_id", "submitted_at", "id"),
        Index("ix_claim_submitted", "submitted_at", "id"),
        Index("ix_claim_decided", "decided_at", "id"),
        Index("ix_claim_paid", "paid_at", "id", sqlite_where=_PAID, postgresql_where=_PAID),
        Index("ix_claim_vin", "vin", "id"),
        Index("ix_claim_ro", "dealer_id", "ro_number"),
        Index("ix_claim_family", "family_id", "series_version"),
        Index("uq_claim_external", "dealer_id", "external_number", unique=True),
        Index("ix_claim_figures", "first_decided_on", *_FIGURES),
        Index("ix_claim_sent", "submitted_on", *_SENT),
        Index("ix_claim_standing", "status", *_STANDING),
        Index("ix_claim_dealer_decided", "dealer_id", "first_decided_on"),
        Index("ix_claim_dealer_sent", "dealer_id", "submitted_on"),
        Index("ix_claim_turnaround", "turnaround_minutes", "first_decided_on", *_TOOK),
        Index("ix_claim_business", "business_minutes", "first_decided_on", *_TOOK),
        CheckConstraint(
            "approved_cents IS NULL OR approved_cents <= claimed_cents OR claim_type = 'debit'", name="approved"
        ),
        CheckConstraint("odometer_in IS NULL OR odometer_in >= 0", name="odometer"),
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    claim_type: Mapped[str] = mapped_column(String(24), nullable=False)
    family_id: Mapped[int] = mapped_column(BigInteger, nullable=False)
    series_version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    original_id: Mapped[int | None] = mapped_column(ForeignKey("claim.id"), index=True)
    external_number: Mapped[str | None] = mapped_column(String(40))
    """The dealer's own claim number, or that of the system a file came from."""
    vin: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    vehicle_id: Mapped[int | None] = mapped_column(ForeignKey("vehicle.id"), index=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    ro_number: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    ro_opened_on: Mapped[date | None] = mapped_column(Date)
    ro_closed_on: Mapped[date | None] = mapped_column(Date)
    failed_on: Mapped[date | None] = mapped_column(Date)
    reported_on: Mapped[date | None] = mapped_column(Date)
    odometer_in: Mapped[int | None] = mapped_column(Integer)
    odometer_out: Mapped[int | None] = mapped_column(Integer)
    unit: Mapped[str] = mapped_column(String(2), nullable=False, default="mi")
    technician: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    advisor: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    pre_auth_number: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    campaign_number: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    contract_number: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    exclusions: Mapped[list[str]] = mapped_column(Json, nullable=False, default=list)
    late_reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    goodwill_reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    source: Mapped[str] = mapped_column(String(10), nullable=False, default="form")  # form, file, cli
    currency: Mapped[str] = mapped_column(String(3), nullable=False, default="USD")
    state: Mapped[str] = mapped_column(String(2), nullable=False, default="")
    """The dealer's state when it was sent: it decides the clock and the window."""

    claimed_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    suggested_cents: Mapped[int | None] = mapped_column(Cents)
    approved_cents: Mapped[int | None] = mapped_column(Cents)
    outcome: Mapped[str] = mapped_column(String(12), nullable=False, default="")
    run: Mapped[int] = mapped_column(Integer, nullable=False, default=0)

    held_by: Mapped[str] = mapped_column(String(12), nullable=False, default="dealer")
    stage_entered_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The first time it was sent; `received_at` the last time, from which the clock of the decision runs."""
    received_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decide_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deemed_on: Mapped[date | None] = mapped_column(Date)
    """The day silence approves it, where the law of the state says so (dealer's day)."""
    warned_percent: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    first_decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    decided_kind: Mapped[str] = mapped_column(String(8), nullable=False, default="")
    level: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    signed_by: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    signed_level: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    reason_code: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    reason_note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    returns: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    appeals: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    appeal_note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    pay_by: Mapped[date | None] = mapped_column(Date)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)

    # Kept by figures.py for the figures, once at each step: days are those of the desk, not of the dealer.
    submitted_on: Mapped[date | None] = mapped_column(Date)
    first_decided_on: Mapped[date | None] = mapped_column(Date)
    component: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    causal_part: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    """Component and causal part of the first job, `model` of the vehicle, as they were when it was sent last."""
    model: Mapped[str] = mapped_column(String(120), nullable=False, default="")
    turnaround_minutes: Mapped[int | None] = mapped_column(Integer)
    """From the first time it was sent to the first decision; `business_minutes` those our desk was open."""
    business_minutes: Mapped[int | None] = mapped_column(Integer)
    pay_days: Mapped[int | None] = mapped_column(Integer)
    before_appeal_cents: Mapped[int | None] = mapped_column(Cents)
    appeal_result: Mapped[str] = mapped_column(String(10), nullable=False, default="")  # pending, upheld, overturned
    is_repeat: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False, server_default=false())
    """Whether its last run found a repeat repair (W18): kept by triggers on its findings (decision 0070)."""

    dealer: Mapped[Dealer | None] = relationship()
    assignee: Mapped[Person | None] = relationship()
    vehicle: Mapped[Vehicle | None] = relationship()
    customer: Mapped[Customer | None] = relationship()
    original: Mapped[Claim | None] = relationship(remote_side="Claim.id")


class ClaimJob(Base):
    """One complaint of a claim with cause and correction; `disposition` is what becomes of the old part (2.1 G).

    `ro_key` is "RO number / job" and unique at the dealer among claims that count (W16); it is empty on drafts,
    pre-authorizations, supplements, debits and void claims.
    """

    __tablename__ = "claim_job"
    __table_args__ = (
        Index("uq_claim_job_position", "claim_id", "position", unique=True),
        Index("uq_claim_job_ro", "dealer_id", "ro_key", unique=True),
        Index("ix_claim_job_operation", "operation", "claim_id"),
        Index("ix_claim_job_component", "component", "claim_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"), nullable=False)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    region: Mapped[str | None] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(Integer, nullable=False)
    ro_key: Mapped[str | None] = mapped_column(String(60))
    complaint: Mapped[str] = mapped_column(Text, nullable=False, default="")
    cause: Mapped[str] = mapped_column(Text, nullable=False, default="")
    correction: Mapped[str] = mapped_column(Text, nullable=False, default="")
    component: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    causal_part: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    failure_code: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    operation: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    action: Mapped[str] = mapped_column(String(16), nullable=False, default="repair")
    failed_serial: Mapped[str] = mapped_column(String(60), nullable=False, default="")
    fitted_serial: Mapped[str] = mapped_column(String(60), nullable=False, default="")
    disposition: Mapped[str] = mapped_column(String(8), nullable=False, default="")  # scrap, hold, return
    claim: Mapped[Claim] = relationship()


class ClaimCharge(Base):
    """One line of money: what is claimed, what the rules suggest, what was approved, and why they differ.

    `decision` is approve, reduce, reject or empty. Quantities are hundredths, `markup` hundredths of a percent. Amounts
    are positive but for a deductible and for the lines of a debit.
    """

    __tablename__ = "claim_charge"
    __table_args__ = (
        Index("uq_claim_charge_position", "claim_id", "position", unique=True),
        Index("ix_claim_charge_code", "kind", "code", "claim_id"),
        CheckConstraint(
            "approved_cents IS NULL OR (kind = 'deductible' AND approved_cents <= 0)"
            " OR (claimed_cents >= 0 AND approved_cents BETWEEN 0 AND claimed_cents)"
            " OR (claimed_cents < 0 AND approved_cents BETWEEN claimed_cents AND 0)",
            name="approved",
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"), nullable=False)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"), index=True)
    region: Mapped[str | None] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(Integer, nullable=False)
    job: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    kind: Mapped[str] = mapped_column(String(12), nullable=False)
    code: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    description: Mapped[str] = mapped_column(String(200), nullable=False, default="")
    quantity: Mapped[int] = mapped_column(Integer, nullable=False, default=100)
    unit_cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    markup: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    claimed_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    suggested_cents: Mapped[int | None] = mapped_column(Cents)
    approved_cents: Mapped[int | None] = mapped_column(Cents)
    decision: Mapped[str] = mapped_column(String(8), nullable=False, default="")
    reason_code: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    reason_note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    claim: Mapped[Claim] = relationship()


class ClaimAttachment(Base):
    """A file of a claim, kept in the store of documents; hashes and invoice data serve the anomaly flags (2.1 F)."""

    __tablename__ = "claim_attachment"
    __table_args__ = (
        Index("ix_claim_attachment_claim", "claim_id", "id"),
        Index("ix_claim_attachment_sha256", "sha256"),
        Index("ix_claim_attachment_picture", "picture_hash"),
        Index("ix_claim_attachment_invoice", "dealer_id", "invoice_number"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"), nullable=False)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    region: Mapped[str | None] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(16), nullable=False)
    file_name: Mapped[str] = mapped_column(String(200), nullable=False)
    stored_name: Mapped[str] = mapped_column(String(40), nullable=False, unique=True)
    size: Mapped[int] = mapped_column(BigInteger, nullable=False)
    sha256: Mapped[str] = mapped_column(String(64), nullable=False)
    picture_hash: Mapped[str] = mapped_column(String(16), nullable=False, default="")
    media_type: Mapped[str] = mapped_column(String(100), nullable=False)
    invoice_number: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    invoice_cents: Mapped[int | None] = mapped_column(Cents)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    uploaded_by: Mapped[str] = mapped_column(String(120), nullable=False)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    claim: Mapped[Claim] = relationship()


class ClaimRun(Base):
    """One run of the rules over a claim: the facts as they were, each result, the outcome. Never changed (U23).

    `facts` is read again by the simulator; `results` holds every result, passed or not, in the order of the rules.
    """

    __tablename__ = "claim_run"
    __table_args__ = (
        Index("uq_claim_run", "claim_id", "run", unique=True),
        Index("ix_claim_run_made", "made_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"), nullable=False)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"), index=True)
    region: Mapped[str | None] = mapped_column(String(40))
    run: Mapped[int] = mapped_column(Integer, nullable=False)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    made_by: Mapped[str] = mapped_column(String(120), nullable=False)
    policy_version: Mapped[int] = mapped_column(Integer, nullable=False)
    outcome: Mapped[str] = mapped_column(String(12), nullable=False)
    why: Mapped[list[str]] = mapped_column(Json, nullable=False, default=list)
    facts: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    results: Mapped[list[dict[str, Any]]] = mapped_column(Json, nullable=False)
    claimed_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    suggested_cents: Mapped[int] = mapped_column(Cents, nullable=False)
    level_needed: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    claim: Mapped[Claim] = relationship()


class ClaimFinding(Base):
    """One failed result of the latest run of a claim, for lists and the Pareto of reasons; a new run replaces them."""

    __tablename__ = "claim_finding"
    __table_args__ = (
        Index("ix_claim_finding_claim", "claim_id", "rule"),
        Index("ix_claim_finding_rule", "rule", "found_at", "dealer_id"),
        Index("ix_claim_finding_dealer", "dealer_id", "found_at", "rule"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"), nullable=False)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    region: Mapped[str | None] = mapped_column(String(40))
    run: Mapped[int] = mapped_column(Integer, nullable=False)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    rule: Mapped[str] = mapped_column(String(4), nullable=False)
    level: Mapped[str] = mapped_column(String(1), nullable=False)
    sentence: Mapped[str] = mapped_column(Text, nullable=False)
    observed: Mapped[str] = mapped_column(String(200), nullable=False, default="")
    limit_text: Mapped[str] = mapped_column(String(200), nullable=False, default="")
    reason_code: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    field: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    job: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    charge: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    suggested_cents: Mapped[int | None] = mapped_column(Cents)
    claim: Mapped[Claim] = relationship()


class ClaimDecision(Base):
    """One decision on a claim as it was made: by whom, at which level, on which run, for how much and why.

    `kind` is recommend (a signature below the level needed), approve, partial, deny, return, reject, appeal, deemed,
    void or charge_back. `lines` holds what was decided for each charge.
    """

    __tablename__ = "claim_decision"
    __table_args__ = (
        Index("ix_claim_decision_claim", "claim_id", "id"),
        Index("ix_claim_decision_at", "decided_at", "id"),
        Index("ix_claim_decision_dealer", "dealer_id", "decided_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"), nullable=False)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    region: Mapped[str | None] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(12), nullable=False)
    how: Mapped[str] = mapped_column(String(8), nullable=False)  # auto, person, deemed
    run: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    level: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    username: Mapped[str] = mapped_column(String(80), nullable=False)
    name: Mapped[str] = mapped_column(String(120), nullable=False)
    approved_cents: Mapped[int | None] = mapped_column(Cents)
    reason_code: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Json, nullable=False, default=list)
    claim: Mapped[Claim] = relationship()


class ClaimLoss(Base):
    """What a claim cost the dealer and why, for the Pareto of reasons: a return, or money denied or taken off.

    `kind` is returned, denied or reduced. A return stays for good; a new decision replaces what the one before took
    away. `cents` is claimed less approved, 0 for a return; `happened_on` is a day of the desk.
    """

    __tablename__ = "claim_loss"
    __table_args__ = (
        Index("ix_claim_loss_claim", "claim_id"),
        Index("ix_claim_loss_day", "happened_on", "kind", "reason_code", "dealer_id", "region", "cents", "claim_id"),
        Index("ix_claim_loss_dealer", "dealer_id", "happened_on"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"), nullable=False)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    region: Mapped[str | None] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10), nullable=False)
    reason_code: Mapped[str] = mapped_column(String(30), nullable=False, default="")
    cents: Mapped[int] = mapped_column(Cents, nullable=False, default=0)
    happened_on: Mapped[date] = mapped_column(Date, nullable=False)
    claim: Mapped[Claim] = relationship()


class ClaimHold(Base):
    """Who held a claim from when to when ("who held it"); exactly one interval of an open claim has no end."""

    __tablename__ = "claim_hold"
    __table_args__ = (
        Index("ix_claim_hold_claim", "claim_id", "since"),
        Index("uq_claim_hold_since", "claim_id", "position", unique=True),
        Index("ix_claim_hold_dealer", "dealer_id", "since"),
        CheckConstraint("until IS NULL OR until >= since", name="interval"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"), nullable=False)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    region: Mapped[str | None] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(Integer, nullable=False)
    holder: Mapped[str] = mapped_column(String(12), nullable=False)  # dealer, us, engineering, finance
    status: Mapped[str] = mapped_column(String(30), nullable=False)
    since: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claim: Mapped[Claim] = relationship()


class ClaimPolicy(Base):
    """One version of the claim policy (policy_rules.Policy as JSON); never changed, only followed by the next."""

    __tablename__ = "claim_policy"
    __table_args__ = (Index("ix_claim_policy_day", "effective_from", "number"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, nullable=False, unique=True)
    effective_from: Mapped[date] = mapped_column(Date, nullable=False)
    body: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    reason: Mapped[str] = mapped_column(Text, nullable=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    created_by: Mapped[str] = mapped_column(String(120), nullable=False)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
