"""Claims, their lines and their findings as tables to take out; no personal data of customers (decision 32).

VINs are masked for roles without personal data, inside sentences, too. People of the manufacturer get what was sent,
never what a dealer is still writing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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

_VIN = re.compile(r"\b[A-HJ-NPR-Z0-9]{17}\b")
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


def _shown(values: Mapping[str, Any], columns: Sequence[ExportColumn], vin: str, actor: Actor) -> tuple[Any, ...]:
    """One row; for a role without personal data the end of every VIN in it is hidden."""
    cells = [values[c.name] for c in columns]
    if actor.can(Permission.PERSONAL_DATA_VIEW):
        return tuple(cells)
    return tuple(_masked(cell, vin) if isinstance(cell, str) else cell for cell in cells)


def _masked(text: str, vin: str) -> str:
    plain = text.replace(vin, mask_vin(vin)) if vin else text
    return _VIN.sub(lambda found: mask_vin(found.group()), plain)


def _values(row: Any, columns: Sequence[ExportColumn], known: Mapping[str, Any]) -> dict[str, Any]:
    return {c.name: known[c.name] if c.name in known else getattr(row, c.name) for c in columns}


def _wanted(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> list[ColumnElement[bool]]:  # fmt: skip
    """Claims of the scope, narrowed like the queue; `filters` may hold what `EXPORTED` names.

    Without a view every claim of the scope; what a dealer has not sent yet only the dealer takes along.
    """
    found = [scope.where(Claim.dealer_id, Claim.region)]
    if not actor.role.is_dealer:
        found.append(Claim.submitted_at.is_not(None))
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
    for claim, code, name in session.execute(query.execution_options(yield_per=500)):
        values = {
            "status": FLOW.state(claim.status).label, "claim_type": CLAIM_TYPES[claim.claim_type],
            "outcome": OUTCOMES.get(claim.outcome, ""), "dealer_code": code, "dealer": name,
        }  # fmt: skip
        yield _shown(_values(claim, CLAIM_COLUMNS, values), CLAIM_COLUMNS, claim.vin, actor)


def line_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a charge in the order of `LINE_COLUMNS`."""
    query = (
        select(ClaimCharge, Claim.number, Claim.status, Claim.vin, Dealer.code.label("dealer_code"))
        .join(Claim, Claim.id == ClaimCharge.claim_id)
        .join(Dealer, Dealer.id == Claim.dealer_id)
        .where(*_wanted(session, actor=actor, scope=scope, filters=filters, now=now))
        .order_by(Claim.id, ClaimCharge.position)
    )
    for charge, number, status, vin, code in session.execute(query.execution_options(yield_per=500)):
        known = {
            "number": number, "status": FLOW.state(status).label, "dealer_code": code,
            "kind": CHARGE_KINDS[charge.kind],
        }  # fmt: skip
        yield _shown(_values(charge, LINE_COLUMNS, known), LINE_COLUMNS, vin, actor)


def finding_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a finding of each claim's latest run in the order of `FINDING_COLUMNS`."""
    query = (
        select(ClaimFinding, Claim.number, Claim.vin, Dealer.code.label("dealer_code"))
        .join(Claim, Claim.id == ClaimFinding.claim_id)
        .join(Dealer, Dealer.id == Claim.dealer_id)
        .where(*_wanted(session, actor=actor, scope=scope, filters=filters, now=now))
        .order_by(Claim.id, ClaimFinding.id)
    )
    for finding, number, vin, code in session.execute(query.execution_options(yield_per=500)):
        known = {"number": number, "dealer_code": code}
        yield _shown(_values(finding, FINDING_COLUMNS, known), FINDING_COLUMNS, vin, actor)
