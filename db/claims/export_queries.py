"""Claims, their lines and their findings as tables to take out; no personal data of customers (decision 32)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from db.claims.board_queries import EXPORTED, ClaimFilters, conditions, levels_of, with_hits
from db.claims.flow import FLOW
from db.claims.model import CHARGE_KINDS, CLAIM_TYPES, OUTCOMES
from db.claims.tables import Claim, ClaimCharge, ClaimFinding
from db.core.actor import Actor, Scope
from db.core.export_files import ExportColumn
from db.core.masking import mask_vin
from db.core.permissions import Permission
from db.dealers.tables import Dealer

CLAIM_COLUMNS = (
    ExportColumn(name="number", label="Claim"),
    ExportColumn(name="external_number", label="Own number"),
    ExportColumn(name="status", label="Status"),
    ExportColumn(name="claim_type", label="Type"),
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="vin", label="VIN"),
    ExportColumn(name="ro_number", label="Repair order"),
    ExportColumn(name="ro_opened_on", label="Opened", kind="date"),
    ExportColumn(name="ro_closed_on", label="Closed", kind="date"),
    ExportColumn(name="odometer_in", label="Odometer in", kind="integer"),
    ExportColumn(name="claimed_cents", label="Claimed", kind="money"),
    ExportColumn(name="suggested_cents", label="Suggested", kind="money"),
    ExportColumn(name="approved_cents", label="Approved", kind="money"),
    ExportColumn(name="outcome", label="Outcome of the rules"),
    ExportColumn(name="submitted_at", label="Sent", kind="datetime"),
    ExportColumn(name="decided_at", label="Decided", kind="datetime"),
    ExportColumn(name="decided_by", label="Decided by"),
    ExportColumn(name="reason_code", label="Reason"),
    ExportColumn(name="reason_note", label="Reason in words"),
)
LINE_COLUMNS = (
    ExportColumn(name="number", label="Claim"),
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="status", label="Status"),
    ExportColumn(name="position", label="Line", kind="integer"),
    ExportColumn(name="job", label="Job", kind="integer"),
    ExportColumn(name="kind", label="Kind"),
    ExportColumn(name="code", label="Code"),
    ExportColumn(name="description", label="Description"),
    ExportColumn(name="claimed_cents", label="Claimed", kind="money"),
    ExportColumn(name="suggested_cents", label="Suggested", kind="money"),
    ExportColumn(name="approved_cents", label="Approved", kind="money"),
    ExportColumn(name="decision", label="Decision"),
    ExportColumn(name="reason_code", label="Reason"),
    ExportColumn(name="reason_note", label="Reason in words"),
)
FINDING_COLUMNS = (
    ExportColumn(name="number", label="Claim"),
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="found_at", label="Found", kind="datetime"),
    ExportColumn(name="rule", label="Rule"),
    ExportColumn(name="level", label="Level"),
    ExportColumn(name="sentence", label="Sentence"),
    ExportColumn(name="observed", label="Observed"),
    ExportColumn(name="limit_text", label="Limit"),
    ExportColumn(name="reason_code", label="Reason"),
    ExportColumn(name="job", label="Job", kind="integer"),
    ExportColumn(name="charge", label="Line", kind="integer"),
)


def _wanted(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> list[ColumnElement[bool]]:  # fmt: skip
    """Claims of the scope, narrowed like the queue; `filters` may hold what `EXPORTED` names.

    Without a view every claim of the scope, drafts among them.
    """
    found = [scope.where(Claim.dealer_id, Claim.region)]
    known = {name: filters[name] for name in EXPORTED if filters.get(name) not in (None, "")}
    if known.get("dealer_id"):
        known["dealer_id"] = int(known["dealer_id"])
    if not known.get("view"):
        found += [Claim.status == str(known["status"])] if known.get("status") else []
        found += [Claim.dealer_id == known["dealer_id"]] if known.get("dealer_id") else []
        return found
    asked = ClaimFilters(**known, now=now, levels=levels_of(session, actor=actor, now=now))
    return [*found, *conditions(with_hits(session, asked, scope=scope), actor)]


def claim_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a claim in the order of `CLAIM_COLUMNS`, oldest first; the VIN masked as the queue masks it."""
    query = (
        select(Claim, Dealer.code, Dealer.name)
        .join(Dealer, Dealer.id == Claim.dealer_id)
        .where(*_wanted(session, actor=actor, scope=scope, filters=filters, now=now))
        .order_by(Claim.id)
    )
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    for claim, code, name in session.execute(query.execution_options(yield_per=500)):
        values = {
            "status": FLOW.state(claim.status).label, "claim_type": CLAIM_TYPES[claim.claim_type],
            "outcome": OUTCOMES.get(claim.outcome, ""), "dealer_code": code, "dealer": name,
            "vin": claim.vin if personal else mask_vin(claim.vin),
        }  # fmt: skip
        yield tuple(
            values[c.name] if c.name in values else getattr(claim, c.name) for c in CLAIM_COLUMNS
        )  # fmt: skip


def line_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a charge in the order of `LINE_COLUMNS`."""
    query = (
        select(ClaimCharge, Claim.number, Claim.status, Dealer.code.label("dealer_code"))
        .join(Claim, Claim.id == ClaimCharge.claim_id)
        .join(Dealer, Dealer.id == Claim.dealer_id)
        .where(*_wanted(session, actor=actor, scope=scope, filters=filters, now=now))
        .order_by(Claim.id, ClaimCharge.position)
    )
    for charge, number, status, code in session.execute(query.execution_options(yield_per=500)):
        known = {
            "number": number, "status": FLOW.state(status).label, "dealer_code": code,
            "kind": CHARGE_KINDS[charge.kind],
        }  # fmt: skip
        yield tuple(known[c.name] if c.name in known else getattr(charge, c.name) for c in LINE_COLUMNS)


def finding_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a finding of each claim's latest run in the order of `FINDING_COLUMNS`."""
    query = (
        select(ClaimFinding, Claim.number, Dealer.code.label("dealer_code"))
        .join(Claim, Claim.id == ClaimFinding.claim_id)
        .join(Dealer, Dealer.id == Claim.dealer_id)
        .where(*_wanted(session, actor=actor, scope=scope, filters=filters, now=now))
        .order_by(Claim.id, ClaimFinding.id)
    )
    for finding, number, code in session.execute(query.execution_options(yield_per=500)):
        known = {"number": number, "dealer_code": code}
        yield tuple(known[c.name] if c.name in known else getattr(finding, c.name) for c in FINDING_COLUMNS)
