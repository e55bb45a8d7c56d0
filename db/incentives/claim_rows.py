"""A claim as lists show it, and how such rows are read; what a list keeps is up to the query that asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.dealers.tables import Dealer
from db.incentives.facts import Check
from db.incentives.flow import FLOW
from db.incentives.paper_queries import PaperRow
from db.incentives.tables import IncentiveClaim, IncentiveProgram, SaleReport


@dataclass(frozen=True, kw_only=True)
class ClaimRow:
    """One claim; `signed_by` and `submitted_by` are user names, for four eyes."""

    id: int
    number: str
    status: str
    version: int
    submitted_by: str
    signed_by: str
    signed_cents: int | None
    program: str
    program_name: str
    dealer: str
    sale_id: int | None
    sale: str
    vin: str
    period: str
    claimed_cents: int | None
    entitled_cents: int
    approved_cents: int | None
    due_at: datetime | None
    reason_note: str
    decided_by: str
    decided_at: datetime | None
    denied_by: str = ""
    appeals: int = 0
    appeal_note: str = ""
    appealed_at: datetime | None = None
    appeal_until: date | None = None
    checks: tuple[Check, ...] = ()
    papers: tuple[PaperRow, ...] = ()

    @property
    def suggested_step(self) -> str:
        """What is done with it most often."""
        return {"returned": "submit", "in_review": "approve", "appealed": "approve", "denied": "appeal"}.get(
            self.status, ""
        )

    @property
    def state(self) -> str:
        """The state in words."""
        return FLOW.state(self.status).label


def others_hands(actor: Actor) -> list[ColumnElement[bool]]:
    """Conditions on claims this actor may sign: not sent, signed, nor denied before its appeal by the same person."""
    return [
        IncentiveClaim.submitted_by != actor.username, IncentiveClaim.signed_by != actor.username,
        or_(
            IncentiveClaim.status != "appealed",
            and_(IncentiveClaim.denied_by != actor.username, IncentiveClaim.appealed_by != actor.username),
        ),
    ]  # fmt: skip


def claims_seen(actor: Actor) -> Any:
    """The claims this actor may see, with what a row shows of program, dealer and sale; for `claim_rows`."""
    return (
        select(
            IncentiveClaim, IncentiveProgram.code, IncentiveProgram.name, Dealer.name, SaleReport.number, SaleReport.vin
        )
        .join(IncentiveProgram, IncentiveProgram.id == IncentiveClaim.program_id)
        .join(Dealer, Dealer.id == IncentiveClaim.dealer_id)
        .outerjoin(SaleReport, SaleReport.id == IncentiveClaim.sale_id)
        .where(actor.scope.where(IncentiveClaim.dealer_id, IncentiveClaim.region))
    )


def claim_rows(session: Session, query: Any) -> list[ClaimRow]:
    """The rows of a query made with `claims_seen`."""
    return [
        ClaimRow(
            id=c.id, number=c.number, status=c.status, version=c.version, submitted_by=c.submitted_by,
            signed_by=c.signed_by, signed_cents=c.signed_cents, program=code, program_name=name, dealer=dealer,
            sale_id=c.sale_id, sale=sale or "", vin=vin or "", period=c.period, claimed_cents=c.claimed_cents,
            entitled_cents=c.entitled_cents, approved_cents=c.approved_cents, due_at=c.due_at,
            reason_note=c.reason_note, decided_by=c.decided_by, decided_at=c.decided_at,
            denied_by=c.denied_by, appeals=c.appeals, appeal_note=c.appeal_note, appealed_at=c.appealed_at,
        )
        for c, code, name, dealer, sale, vin in session.execute(query)
    ]  # fmt: skip
