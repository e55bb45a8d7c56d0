"""Requests for co-op money as a queue, and one with everything whoever decides it asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from db.coop import payable_rules, standing
from db.coop.flow import FLOW, HOLDS, REASONS, WITH_DEALER
from db.coop.lists import PAGE, Cursor, conditions, count_of, page_of
from db.coop.model import MEDIA, PROOFS
from db.coop.paper_queries import PaperRow, papers_of
from db.coop.payable_rules import Payable
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.coop.request_rules import Filters, Terms
from db.coop.tables import CoopFund, CoopProgramme
from db.core.actor import Actor, Scope
from db.core.export_files import ExportColumn
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer

VIEWS = {"waiting": "To decide", "holds": "Approved", "dealer": "With the dealer", "done": "Done"}
STATES = {"waiting": ("in_review",), "holds": HOLDS, "dealer": WITH_DEALER}


@dataclass(frozen=True, kw_only=True)
class RequestRow:
    """One request as lists show it. Days are the dealer's, money is cents."""

    id: int
    number: str
    status: str
    version: int
    dealer_id: int
    dealer: str
    dealer_code: str
    region: str
    fund_id: int
    medium: str
    activity: str
    vendor: str
    goal: str
    starts_on: date
    ends_on: date
    cost_cents: int
    payable_cents: int
    approved_cents: int | None
    reserved_cents: int
    valid_until: date | None
    lapses_on: date | None
    submitted_by: str
    submitted_name: str
    submitted_at: datetime | None
    due_at: datetime | None
    updated_at: datetime
    updated_by: str
    reason_code: str
    decision_note: str
    override_reason: str


_NAMES = tuple(n for n in RequestRow.__dataclass_fields__ if n not in ("dealer", "dealer_code"))


def _rows(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(
            *(getattr(CoopRequest, name) for name in _NAMES), Dealer.name.label("dealer"),
            Dealer.code.label("dealer_code"),
        )
        .join(Dealer, Dealer.id == CoopRequest.dealer_id)
        .where(scope.where(CoopRequest.dealer_id, CoopRequest.region))
    )  # fmt: skip


def list_requests(
    session: Session, *, scope: Scope, filters: Filters | None = None, after: Cursor | None = None, limit: int = PAGE
) -> tuple[list[RequestRow], Cursor | None]:
    """One page and the cursor of the next: waiting ones due first, others last changed first."""
    chosen = filters or Filters()
    query = _rows(scope).where(*conditions(CoopRequest, STATES, chosen))
    return page_of(session, CoopRequest, query, RequestRow, rises=chosen.view == "waiting", after=after, limit=limit)


def count_requests(
    session: Session, *, scope: Scope, filters: Filters | None = None, due_before: datetime | None = None
) -> int:
    """How many there are, counted up to `CAP` + 1."""
    wanted = conditions(CoopRequest, STATES, filters or Filters())
    return count_of(session, CoopRequest, scope=scope, wanted=wanted, due_before=due_before)


# ---- one request -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class RequestPage:
    """One request for its drawer. `found` is what is payable now while it waits, else what it was decided on."""

    row: RequestRow
    programme: str
    programme_id: int
    terms: Terms
    found: Payable
    available: int
    after_cents: int
    needs: tuple[str, ...]
    preapproval: bool
    claims: tuple[tuple[int, str, str], ...]
    papers: tuple[PaperRow, ...]
    may_claim: bool
    may_change: bool

    # What the shared drawer asks of a record.
    @property
    def id(self) -> int:
        """The request's id."""
        return self.row.id

    @property
    def number(self) -> str:
        """The request's number."""
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


def get_request(session: Session, *, item_id: int, actor: Actor, now: datetime) -> RequestPage:
    """One request with what whoever decides it asks; raises `NotFound`."""
    found_row = session.execute(_rows(actor.scope).where(CoopRequest.id == item_id)).one_or_none()
    if found_row is None:
        raise NotFound("This co-op request")
    row = RequestRow(**found_row._mapping)
    request = session.get_one(CoopRequest, item_id)
    fund = session.get_one(CoopFund, request.fund_id)
    programme = standing.programme_of(session, fund, request)
    terms = standing.terms_of(request)
    available = standing.available_now(session, fund, now)
    if row.status in ("in_review", *WITH_DEALER):
        found = standing.of_request(session, fund, programme, terms, now=now, request_id=request.id)
    else:
        found = payable_rules.read_kept(request.calculation)
    claims = session.execute(
        select(CoopClaim.id, CoopClaim.number, CoopClaim.status)
        .where(CoopClaim.request_id == item_id, actor.scope.where(CoopClaim.dealer_id, CoopClaim.region))
        .order_by(CoopClaim.id)
    )  # fmt: skip
    rule = programme.media.get(row.medium)  # type: ignore[call-overload]
    works = actor.can(Permission.COOP_REQUEST)
    return RequestPage(
        row=row, programme=f"{programme.code} {programme.name}", programme_id=fund.programme_id,
        terms=terms, found=found, available=available,
        after_cents=available - (found.cents if row.status == "in_review" else 0),
        needs=tuple(PROOFS[p] for p in rule.needs) if rule else (), preapproval=bool(rule and rule.preapproval),
        claims=tuple((c.id, c.number, c.status) for c in claims),
        papers=papers_of(session, actor=actor, request_id=item_id), may_claim=works and row.status in HOLDS,
        may_change=works and row.status in WITH_DEALER,
    )  # fmt: skip


# ---- the form --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class ProgrammeChoice:
    """A programme somebody may ask of, with the media it pays."""

    id: int
    label: str
    year: int
    media: tuple[str, ...]


def programme_choices(session: Session, *, actor: Actor, today: date) -> list[ProgrammeChoice]:
    """The programmes of last year and later, those of this year first; programmes hold for every dealer."""
    actor.require(Permission.COOP_VIEW)
    rows = session.execute(
        select(CoopProgramme.id, CoopProgramme.code, CoopProgramme.name, CoopProgramme.year)
        .where(CoopProgramme.year >= today.year - 1)
        .order_by(CoopProgramme.year.desc(), CoopProgramme.id)
    )
    return [
        ProgrammeChoice(
            id=r.id, label=f"{r.name} ({r.code})", year=r.year,
            media=tuple(m for m in MEDIA if m in standing.in_force(session, r.id, today)[1].media),
        )
        for r in sorted(rows, key=lambda r: r.year != today.year)
    ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What would be payable for a plan, and what it would ask for."""

    found: Payable
    available: int
    preapproval: bool
    needs: tuple[str, ...]
    claim_days: int


def quote(
    session: Session, *, dealer_id: int, programme_id: int, terms: Terms, actor: Actor, now: datetime
) -> Quote | None:
    """What the form shows before it is sent; None while no medium or cost is typed. `NotFound` out of scope."""
    actor.require(Permission.COOP_REQUEST)
    dealer = session.get(Dealer, dealer_id)
    if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
        raise NotFound("This dealer")
    day = terms.ends_on or standing.local_day(now, dealer.zone)
    _, programme = standing.in_force(session, programme_id, day)
    rule = programme.media.get(terms.medium)  # type: ignore[call-overload]
    if rule is None or not terms.cost_cents:
        return None
    fund = session.scalars(
        select(CoopFund).where(CoopFund.programme_id == programme_id, CoopFund.dealer_id == dealer_id)
    ).one_or_none()
    return Quote(
        found=standing.of_request(session, fund, programme, terms, now=now),
        available=standing.available_now(session, fund, now), preapproval=rule.preapproval,
        needs=tuple(PROOFS[p] for p in rule.needs), claim_days=programme.claim_days,
    )  # fmt: skip


# ---- the export ------------------------------------------------------------------------------------------------------
COLUMNS = (
    ExportColumn(name="number", label="Request"),
    ExportColumn(name="status", label="Status"),
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="region", label="Region"),
    ExportColumn(name="medium", label="Medium"),
    ExportColumn(name="activity", label="Activity"),
    ExportColumn(name="starts_on", label="From", kind="date"),
    ExportColumn(name="ends_on", label="To", kind="date"),
    ExportColumn(name="cost_cents", label="Cost", kind="money"),
    ExportColumn(name="payable_cents", label="Payable", kind="money"),
    ExportColumn(name="approved_cents", label="Approved", kind="money"),
    ExportColumn(name="reserved_cents", label="Reserved", kind="money"),
    ExportColumn(name="lapses_on", label="Claim by", kind="date"),
    ExportColumn(name="submitted_name", label="Sent by"),
    ExportColumn(name="submitted_at", label="Sent at", kind="datetime"),
    ExportColumn(name="reason", label="Reason"),
    ExportColumn(name="decision_note", label="Decision"),
)


def filters_of(filters: Mapping[str, Any]) -> Filters:
    """The filters of an export."""
    return Filters(
        view=str(filters.get("view") or "waiting"), region=str(filters.get("region") or ""),
        medium=str(filters.get("medium") or ""),
    )  # fmt: skip


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """The requests that the filters of the page leave, in its order."""
    after: Cursor | None = None
    while True:
        rows, after = list_requests(session, scope=scope, filters=filters_of(filters), after=after, limit=500)
        for r in rows:
            yield (
                r.number, FLOW.state(r.status).label, r.dealer_code, r.dealer, r.region, MEDIA[r.medium], r.activity,
                r.starts_on, r.ends_on, r.cost_cents, r.payable_cents, r.approved_cents, r.reserved_cents, r.lapses_on,
                r.submitted_name, r.submitted_at, REASONS.get(r.reason_code, ""), r.decision_note,
            )  # fmt: skip
        if after is None:
            return
