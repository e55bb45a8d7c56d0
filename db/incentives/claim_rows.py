"""A claim as lists show it, and how such rows are read; what a list keeps is up to the query that asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select
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


def others_hands(username: Any) -> list[ColumnElement[bool]]:
    """Conditions on claims this person may sign: not sent, signed, nor denied before its appeal by the same one."""
    return [
        IncentiveClaim.submitted_by != username, IncentiveClaim.signed_by != username,
        or_(
            IncentiveClaim.status != "appealed",
            and_(IncentiveClaim.denied_by != username, IncentiveClaim.appealed_by != username),
        ),
    ]  # fmt: skip


def claims_seen(actor: Actor) -> Any:
    """The claims this actor may see, with what a row shows of program, dealer and sale; for `claim_rows`."""
    return claims_of(actor.scope.where(IncentiveClaim.dealer_id, IncentiveClaim.region))


def claims_of(*seen: ColumnElement[bool]) -> Any:
    """The claims of a scope, given by its conditions; what a row shows and no more."""
    return (
        select(
            *(getattr(IncentiveClaim, name) for name in _OWN), IncentiveProgram.code.label("program"),
            IncentiveProgram.name.label("program_name"), Dealer.name.label("dealer"),
            func.coalesce(SaleReport.number, "").label("sale"), func.coalesce(SaleReport.vin, "").label("vin"),
        )
        .join_from(IncentiveClaim, IncentiveProgram, IncentiveProgram.id == IncentiveClaim.program_id)
        .join(Dealer, Dealer.id == IncentiveClaim.dealer_id)
        .outerjoin(SaleReport, SaleReport.id == IncentiveClaim.sale_id)
        .where(*seen)
    )  # fmt: skip


_OWN: Final = (
    "id", "number", "status", "version", "submitted_by", "signed_by", "signed_cents", "sale_id", "period",
    "claimed_cents", "entitled_cents", "approved_cents", "due_at", "reason_note", "decided_by", "decided_at",
    "denied_by", "appeals", "appeal_note", "appealed_at",
)  # fmt: skip


def claim_rows(session: Session, query: Any, values: Mapping[str, Any] | None = None) -> list[ClaimRow]:
    """The rows of a query made with `claims_seen` or `claims_of`, whose parameters are `values`."""
    return [ClaimRow(**row) for row in session.execute(query, values).mappings()]
