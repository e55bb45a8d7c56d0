"""Co-op claims as a queue, and one with every check, proof and bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from db.coop import claim_rules, payable_rules, standing
from db.coop.claim_flow import APPROVED, FLOW
from db.coop.claim_rules import Check
from db.coop.flow import HOLDS, REASONS, WITH_DEALER
from db.coop.lists import PAGE, Cursor, conditions, count_of, page_of
from db.coop.model import MEDIA, PROOFS
from db.coop.paper_queries import PaperRow, papers_of
from db.coop.papers import names_of
from db.coop.payable_rules import Payable
from db.coop.payment_tables import CoopMemo, CoopMemoLine
from db.coop.queue_tables import CoopClaim, CoopProof, CoopRequest
from db.coop.request_queries import filters_of
from db.coop.request_rules import Filters, Terms
from db.coop.tables import CoopFund
from db.core.actor import Actor, Scope
from db.core.export_files import ExportColumn
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer

VIEWS = {"waiting": "To decide", "dealer": "With the dealer", "approved": "Approved", "done": "Done"}
STATES = {"waiting": ("in_review",), "dealer": WITH_DEALER, "approved": APPROVED}


@dataclass(frozen=True, kw_only=True)
class ClaimRow:
    """One claim as lists show it. Days are the dealer's, money is cents."""

    id: int
    number: str
    status: str
    version: int
    dealer_id: int
    dealer: str
    dealer_code: str
    region: str
    fund_id: int
    request_id: int | None
    medium: str
    activity: str
    vendor: str
    invoice_number: str
    starts_on: date
    ends_on: date
    cost_cents: int
    payable_cents: int
    approved_cents: int | None
    reserve_cents: int
    submitted_by: str
    submitted_name: str
    submitted_at: datetime | None
    due_at: datetime | None
    decided_by: str
    updated_at: datetime
    updated_by: str
    reason_code: str
    decision_note: str
    override_reason: str


_NAMES = tuple(n for n in ClaimRow.__dataclass_fields__ if n not in ("dealer", "dealer_code"))


def _rows(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(
            *(getattr(CoopClaim, name) for name in _NAMES), Dealer.name.label("dealer"),
            Dealer.code.label("dealer_code"),
        )
        .join(Dealer, Dealer.id == CoopClaim.dealer_id)
        .where(scope.where(CoopClaim.dealer_id, CoopClaim.region))
    )  # fmt: skip


def list_claims(
    session: Session, *, scope: Scope, filters: Filters | None = None, after: Cursor | None = None, limit: int = PAGE
) -> tuple[list[ClaimRow], Cursor | None]:
    """One page and the cursor of the next: waiting ones due first, others last changed first."""
    chosen = filters or Filters()
    query = _rows(scope).where(*conditions(CoopClaim, STATES, chosen))
    return page_of(session, CoopClaim, query, ClaimRow, rises=chosen.view == "waiting", after=after, limit=limit)


def count_claims(
    session: Session, *, scope: Scope, filters: Filters | None = None, due_before: datetime | None = None
) -> int:
    """How many there are, counted up to `CAP` + 1."""
    wanted = conditions(CoopClaim, STATES, filters or Filters())
    return count_of(session, CoopClaim, scope=scope, wanted=wanted, due_before=due_before)


# ---- one claim -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class ProofLine:
    """A proof of the medium: there as a file or under a reference, or missing."""

    kind: str
    label: str
    there: bool
    reference: str = ""
    needed: bool = True
    file_needed: bool = False
    """Whether the programme asks for its file, and there is none yet."""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ClaimPage:
    """One claim for its drawer. While it is open, checks and bounds are those of now, else of its decision."""

    row: ClaimRow
    programme: str
    terms: Terms
    found: Payable
    checks: tuple[Check, ...]
    proofs: tuple[ProofLine, ...]
    papers: tuple[PaperRow, ...]
    request: str
    reserved: int
    available: int
    memos: tuple[str, ...]
    may_change: bool

    # What the shared drawer asks of a record.
    @property
    def id(self) -> int:
        """The claim's id."""
        return self.row.id

    @property
    def number(self) -> str:
        """The claim's number."""
        return self.row.number

    @property
    def status(self) -> str:
        """The state of the flow."""
        return self.row.status

    @property
    def version(self) -> int:
        """What goes back with a decision."""
        return self.row.version

    @property
    def submitted_by(self) -> str:
        """The user name of who sent it."""
        return self.row.submitted_by

    @property
    def split(self) -> tuple[int, int, int]:
        """(from the reserve, from what is available, released) if what is payable is approved."""
        return payable_rules.split(self.found.cents, reserved=self.reserved)


def get_claim(session: Session, *, item_id: int, actor: Actor, now: datetime) -> ClaimPage:
    """One claim with everything whoever decides it asks; raises `NotFound`."""
    found_row = session.execute(_rows(actor.scope).where(CoopClaim.id == item_id)).one_or_none()
    if found_row is None:
        raise NotFound("This co-op claim")
    row = ClaimRow(**found_row._mapping)
    claim = session.get_one(CoopClaim, item_id)
    fund = session.get_one(CoopFund, claim.fund_id)
    programme = standing.programme_of(session, fund, claim)
    terms = standing.terms_of(claim)
    request = session.get(CoopRequest, claim.request_id) if claim.request_id is not None else None
    holding = request if request is not None and request.status in HOLDS else None
    if row.status in ("in_review", *WITH_DEALER):
        found = standing.of_claim(session, fund, programme, terms, request=holding, now=now)
        checks = standing.checks_of(session, claim, programme, found, request=holding, now=now)
    else:
        found, checks = payable_rules.read_kept(claim.calculation), claim_rules.read_kept(claim.checks)
    memos = session.scalars(
        select(CoopMemo.number)
        .join(CoopMemoLine, CoopMemoLine.memo_id == CoopMemo.id)
        .where(CoopMemoLine.claim_id == item_id)
        .order_by(CoopMemo.id)
    )
    there = {
        p.kind: p.reference
        for p in session.execute(
            select(CoopProof.kind, CoopProof.reference).where(CoopProof.claim_id == item_id).order_by(CoopProof.id)
        )
    }
    rule = programme.media.get(row.medium)  # type: ignore[call-overload]
    needs = rule.needs if rule else ()
    files = names_of(session, item_id)
    proofs = [
        ProofLine(
            kind=p, label=PROOFS[p], there=p in there, reference=there.get(p, ""), needed=p in needs,
            file_needed=p in needs and programme.needs_file(p) and p not in files, files=files.get(p, ()),
        )
        for p in (*needs, *(p for p in there if p not in needs))
    ]  # fmt: skip
    return ClaimPage(
        row=row, programme=f"{programme.code} {programme.name}", terms=terms, found=found, checks=checks,
        proofs=tuple(proofs), papers=papers_of(session, actor=actor, claim_id=item_id),
        request=request.number if request is not None else "",
        reserved=holding.reserved_cents if holding is not None else 0,
        available=standing.available_now(session, fund, now), memos=tuple(memos),
        may_change=actor.can(Permission.COOP_REQUEST) and row.status in WITH_DEALER,
    )  # fmt: skip


# ---- the export ------------------------------------------------------------------------------------------------------
COLUMNS = (
    ExportColumn(name="number", label="Claim"),
    ExportColumn(name="status", label="Status"),
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="region", label="Region"),
    ExportColumn(name="medium", label="Medium"),
    ExportColumn(name="activity", label="Activity"),
    ExportColumn(name="invoice_number", label="Invoice"),
    ExportColumn(name="ends_on", label="Last day", kind="date"),
    ExportColumn(name="cost_cents", label="Cost", kind="money"),
    ExportColumn(name="payable_cents", label="Payable", kind="money"),
    ExportColumn(name="approved_cents", label="Approved", kind="money"),
    ExportColumn(name="submitted_name", label="Sent by"),
    ExportColumn(name="submitted_at", label="Sent at", kind="datetime"),
    ExportColumn(name="reason", label="Reason"),
    ExportColumn(name="decision_note", label="Decision"),
)


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """The claims that the filters of the page leave, in its order."""
    after: Cursor | None = None
    while True:
        rows, after = list_claims(session, scope=scope, filters=filters_of(filters), after=after, limit=500)
        for r in rows:
            yield (
                r.number, FLOW.state(r.status).label, r.dealer_code, r.dealer, r.region, MEDIA[r.medium], r.activity,
                r.invoice_number, r.ends_on, r.cost_cents, r.payable_cents, r.approved_cents, r.submitted_name,
                r.submitted_at, REASONS.get(r.reason_code, ""), r.decision_note,
            )  # fmt: skip
        if after is None:
            return
