"""Campaigns with the leads and sales that name them, what they cost, and how they do against their goal.

A lead is a campaign's own when it is of its dealer, its source is the campaign's code (capitals do not matter), and it
came from the first day on until 30 days after the last (`counts_until`); days are the dealer's. Bad, duplicate and held
leads do not count. What a campaign costs are its approved claims, and for an approved request not claimed yet its plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, true
from sqlalchemy.orm import Session

from db.coop.campaign_rules import STATES, cost_of_each, expected, state_of
from db.coop.campaign_tables import CoopCampaign, CoopCampaignRequest
from db.coop.claim_flow import APPROVED
from db.coop.flow import FLOW as REQUESTS
from db.coop.flow import HOLDS
from db.coop.payment_tables import CoopMemoLine
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.core.actor import Actor, Scope
from db.core.area import CAP
from db.core.keyset import beyond
from db.core.labels import local_day
from db.core.masking import mask_name
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.leads.flow import FLOW as LEADS
from db.leads.tables import Lead

PAGE = 50
Cursor = tuple[date, int]
INVALID: Final = ("bad", "duplicate", "held")
SHOW: Final[dict[str, str]] = {"open": "Open", "closed": "Closed"}


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the list is narrowed to. `since`/`until` are days a campaign begins on."""

    show: str = "open"
    region: str = ""
    medium: str = ""
    dealer_id: int | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What came of campaigns and what they cost, in cents; `planned` is what their requests plan."""

    received: int = 0
    leads: int = 0
    sales: int = 0
    planned: int = 0
    cost: int = 0
    reserved: int = 0
    approved: int = 0
    paid: int = 0
    requests: int = 0

    def __add__(self, other: Facts) -> Facts:
        return Facts(**{n: getattr(self, n) + getattr(other, n) for n in Facts.__dataclass_fields__})

    @property
    def per_lead(self) -> int | None:
        """Cents a lead cost; None while nothing was spent or nobody came."""
        return cost_of_each(self.cost, self.leads)

    @property
    def per_sale(self) -> int | None:
        """Cents a sale cost; None while nothing was spent or sold."""
        return cost_of_each(self.cost, self.sales)


@dataclass(frozen=True, kw_only=True)
class CampaignRow:
    """One campaign with its facts; `expected` is the part of the goal that belongs to the days so far."""

    id: int
    version: int
    dealer_id: int
    dealer: str
    dealer_code: str
    region: str
    code: str
    name: str
    medium: str
    goal_kind: str
    goal: int
    starts_on: date
    ends_on: date
    counts_until: date
    note: str
    is_open: bool
    learned: str
    updated_at: datetime
    updated_by: str
    state: str
    expected: int
    facts: Facts

    @property
    def reached(self) -> int:
        """How much of the goal there is."""
        return self.facts.leads if self.goal_kind == "leads" else self.facts.sales

    @property
    def state_label(self) -> str:
        """Where it stands, in a word."""
        return STATES[self.state][0]


_NAMES = tuple(
    n for n in CampaignRow.__dataclass_fields__ if n not in ("dealer", "dealer_code", "state", "expected", "facts")
)


def _rows(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(
            *(getattr(CoopCampaign, name) for name in _NAMES), Dealer.name.label("dealer"),
            Dealer.code.label("dealer_code"), Dealer.zone.label("zone"),
        )
        .join(Dealer, Dealer.id == CoopCampaign.dealer_id)
        .where(scope.where(CoopCampaign.dealer_id, CoopCampaign.region))
    )  # fmt: skip


def conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """What the filters leave; `show` outside of `SHOW` leaves open and closed ones."""
    parts: list[ColumnElement[bool]] = []
    if filters.show in SHOW:
        parts.append(CoopCampaign.is_open == (true() if filters.show == "open" else false()))
    if filters.region:
        parts.append(CoopCampaign.region == filters.region)
    if filters.medium:
        parts.append(CoopCampaign.medium == filters.medium)
    if filters.dealer_id is not None:
        parts.append(CoopCampaign.dealer_id == filters.dealer_id)
    if filters.since is not None:
        parts.append(CoopCampaign.starts_on >= filters.since)
    if filters.until is not None:
        parts.append(CoopCampaign.starts_on <= filters.until)
    return parts


def list_campaigns(
    session: Session, *, scope: Scope, now: datetime, filters: Filters | None = None, after: Cursor | None = None,
    limit: int = PAGE,
) -> tuple[list[CampaignRow], Cursor | None]:  # fmt: skip
    """One page, last begun first, and the cursor of the next. Four statements."""
    query = _rows(scope).where(*conditions(filters or Filters()))
    if after is not None:
        query = query.where(beyond((CoopCampaign.starts_on, CoopCampaign.id), after, falls=True))
    query = query.order_by(CoopCampaign.starts_on.desc(), CoopCampaign.id.desc())
    found = session.execute(query.limit(limit + 1)).all()
    page = found[:limit]
    known = facts_of(session, [CoopCampaign.id.in_([r.id for r in page])]) if page else {}
    rows = [_row(r, known.get(r.id, Facts()), now) for r in page]
    return rows, (page[-1].starts_on, page[-1].id) if len(found) > limit else None


def _row(r: Any, facts: Facts, now: datetime) -> CampaignRow:
    today = local_day(now, r.zone)
    values = {name: getattr(r, name) for name in (*_NAMES, "dealer", "dealer_code")}
    return CampaignRow(
        **values, facts=facts,
        state=state_of(is_open=r.is_open, starts_on=r.starts_on, ends_on=r.ends_on, today=today),
        expected=expected(r.goal, starts_on=r.starts_on, ends_on=r.ends_on, today=today),
    )  # fmt: skip


def count_campaigns(session: Session, *, scope: Scope, filters: Filters | None = None) -> int:
    """How many there are, counted up to `CAP` + 1."""
    some = _rows(scope).where(*conditions(filters or Filters())).limit(CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


# ---- what came of them and what they cost ----------------------------------------------------------------------------
OF_CAMPAIGN = and_(
    Lead.dealer_id == CoopCampaign.dealer_id, func.upper(Lead.source) == CoopCampaign.code,
    Lead.received_on >= CoopCampaign.starts_on, Lead.received_on <= CoopCampaign.counts_until,
)  # fmt: skip
IS_VALID = Lead.status.not_in(INVALID)


def _count(when: ColumnElement[bool]) -> Any:
    return func.coalesce(func.sum(case((when, 1), else_=0)), 0)


def facts_of(session: Session, wanted: list[ColumnElement[bool]]) -> dict[int, Facts]:
    """Leads, sales and money by campaign, for the campaigns these conditions leave. Three statements."""
    found: dict[int, dict[str, int]] = {}
    leads = session.execute(
        select(
            CoopCampaign.id, func.count().label("received"), _count(IS_VALID).label("leads"),
            _count(and_(IS_VALID, Lead.sold_at.is_not(None))).label("sales"),
        )
        .join(Lead, OF_CAMPAIGN)
        .where(Lead.status != "held", *wanted)
        .group_by(CoopCampaign.id)
    )  # fmt: skip
    for r in leads:
        found[r.id] = {"received": r.received, "leads": int(r.leads), "sales": int(r.sales)}
    is_approved = CoopClaim.status.in_(APPROVED)
    claimed = (
        select(
            CoopCampaignRequest.campaign_id, CoopRequest.id, CoopRequest.status, CoopRequest.cost_cents,
            CoopRequest.reserved_cents,
            func.coalesce(func.sum(case((is_approved, CoopClaim.cost_cents), else_=0)), 0).label("claimed"),
            func.coalesce(func.sum(case((is_approved, CoopClaim.approved_cents), else_=0)), 0).label("approved"),
        )
        .join(CoopCampaign, CoopCampaign.id == CoopCampaignRequest.campaign_id)
        .join(CoopRequest, CoopRequest.id == CoopCampaignRequest.request_id)
        .outerjoin(CoopClaim, CoopClaim.request_id == CoopRequest.id)
        .where(*wanted)
        .group_by(
            CoopCampaignRequest.campaign_id, CoopRequest.id, CoopRequest.status, CoopRequest.cost_cents,
            CoopRequest.reserved_cents,
        )
    )  # fmt: skip
    for r in session.execute(claimed):
        cell = found.setdefault(r.campaign_id, {})
        plan = r.cost_cents if r.status in HOLDS else 0
        for name, cents in (
            ("planned", r.cost_cents if r.status not in ("denied", "withdrawn", "released", "lapsed") else 0),
            ("cost", int(r.claimed) or plan), ("reserved", r.reserved_cents), ("approved", int(r.approved)),
            ("requests", 1),
        ):  # fmt: skip
            cell[name] = cell.get(name, 0) + cents
    paid = session.execute(
        select(CoopCampaignRequest.campaign_id, func.sum(CoopMemoLine.cents).label("paid"))
        .join(CoopCampaign, CoopCampaign.id == CoopCampaignRequest.campaign_id)
        .join(CoopClaim, CoopClaim.request_id == CoopCampaignRequest.request_id)
        .join(CoopMemoLine, CoopMemoLine.claim_id == CoopClaim.id)
        .where(*wanted)
        .group_by(CoopCampaignRequest.campaign_id)
    )
    for r in paid:
        found.setdefault(r.campaign_id, {})["paid"] = int(r.paid)
    return {campaign: Facts(**cell) for campaign, cell in found.items()}


@dataclass(frozen=True, kw_only=True)
class MediumLine:
    """The campaigns of one medium together. Costs of each are those of campaigns that cost something yet."""

    medium: str
    campaigns: int
    facts: Facts
    costed: Facts


def by_medium(session: Session, *, scope: Scope, filters: Filters | None = None) -> list[MediumLine]:
    """The campaigns the filters leave, by medium, dearest first."""
    wanted = [scope.where(CoopCampaign.dealer_id, CoopCampaign.region), *conditions(filters or Filters())]
    media = session.execute(select(CoopCampaign.id, CoopCampaign.medium).where(*wanted)).all()
    known = facts_of(session, wanted) if media else {}
    found: dict[str, MediumLine] = {}
    for r in media:
        one = known.get(r.id, Facts())
        line = found.get(r.medium) or MediumLine(medium=r.medium, campaigns=0, facts=Facts(), costed=Facts())
        found[r.medium] = replace(
            line, campaigns=line.campaigns + 1, facts=line.facts + one,
            costed=line.costed + (one if one.cost else Facts()),
        )  # fmt: skip
    return sorted(found.values(), key=lambda x: (-x.facts.cost, x.medium))


# ---- one campaign ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class RequestLine:
    """A request that pays for a campaign, with what became of it."""

    id: int
    number: str
    status: str
    activity: str
    cost_cents: int
    reserved_cents: int
    approved_cents: int
    paid_cents: int


@dataclass(frozen=True, kw_only=True)
class LeadLine:
    """A lead that names a campaign; the name is masked for whoever may not see personal data."""

    id: int
    number: str
    customer: str
    wants: str
    status: str
    received_at: datetime
    sold_at: datetime | None
    counts: bool


@dataclass(frozen=True, kw_only=True)
class CampaignPage:
    """One campaign with the requests that pay for it and the newest of its leads."""

    row: CampaignRow
    requests: tuple[RequestLine, ...]
    leads: tuple[LeadLine, ...]
    may_change: bool
    sees_leads: bool


def get_campaign(
    session: Session, *, campaign_id: int, actor: Actor, now: datetime, sales_only: bool = False
) -> CampaignPage:
    """One campaign for its drawer, with at most 50 leads; raises `NotFound`."""
    actor.require(Permission.COOP_VIEW)
    r = session.execute(_rows(actor.scope).where(CoopCampaign.id == campaign_id)).one_or_none()
    if r is None:
        raise NotFound("This campaign")
    facts = facts_of(session, [CoopCampaign.id == campaign_id]).get(campaign_id, Facts())
    sees = actor.can(Permission.LEADS_VIEW)
    return CampaignPage(
        row=_row(r, facts, now), requests=tuple(_requests(session, campaign_id)), sees_leads=sees,
        leads=tuple(_leads(session, campaign_id, actor, sales_only)) if sees else (),
        may_change=actor.can(Permission.COOP_REQUEST),
    )  # fmt: skip


def _requests(session: Session, campaign_id: int) -> Iterator[RequestLine]:
    paid = (
        select(CoopMemoLine.claim_id, func.sum(CoopMemoLine.cents).label("cents"))
        .group_by(CoopMemoLine.claim_id)
        .subquery()
    )
    rows = session.execute(
        select(
            CoopRequest.id, CoopRequest.number, CoopRequest.status, CoopRequest.activity, CoopRequest.cost_cents,
            CoopRequest.reserved_cents,
            func.coalesce(
                func.sum(case((CoopClaim.status.in_(APPROVED), CoopClaim.approved_cents), else_=0)), 0
            ).label("approved_cents"),
            func.coalesce(func.sum(paid.c.cents), 0).label("paid_cents"),
        )
        .join(CoopCampaignRequest, CoopCampaignRequest.request_id == CoopRequest.id)
        .outerjoin(CoopClaim, CoopClaim.request_id == CoopRequest.id)
        .outerjoin(paid, paid.c.claim_id == CoopClaim.id)
        .where(CoopCampaignRequest.campaign_id == campaign_id)
        .group_by(
            CoopRequest.id, CoopRequest.number, CoopRequest.status, CoopRequest.activity, CoopRequest.cost_cents,
            CoopRequest.reserved_cents,
        )
        .order_by(CoopRequest.id)
    )  # fmt: skip
    for r in rows:
        known = dict(r._mapping)
        for name in ("approved_cents", "paid_cents"):
            known[name] = int(known[name])
        yield RequestLine(**known | {"status": REQUESTS.state(r.status).label})


def _leads(session: Session, campaign_id: int, actor: Actor, sales_only: bool) -> Iterator[LeadLine]:
    query = (
        select(
            Lead.id, Lead.number, Lead.customer_name, Lead.wants, Lead.status, Lead.received_at, Lead.sold_at
        )
        .join(CoopCampaign, OF_CAMPAIGN)
        .where(CoopCampaign.id == campaign_id, Lead.status != "held", actor.scope.where(Lead.dealer_id, Lead.region))
    )  # fmt: skip
    if sales_only:
        query = query.where(IS_VALID, Lead.sold_at.is_not(None))
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    for r in session.execute(query.order_by(Lead.received_at.desc(), Lead.id.desc()).limit(PAGE)):
        yield LeadLine(
            id=r.id, number=r.number, customer=r.customer_name if personal else mask_name(r.customer_name),
            wants=r.wants, status=LEADS.state(r.status).label, received_at=r.received_at, sold_at=r.sold_at,
            counts=r.status not in INVALID,
        )  # fmt: skip


def requests_to_link(
    session: Session, *, dealer_id: int, medium: str, actor: Actor, campaign_id: int | None = None
) -> dict[int, str]:
    """The requests of a dealer that could pay for a campaign of a medium, newest first, with those it has already."""
    own = select(CoopCampaignRequest.campaign_id).where(CoopCampaignRequest.request_id == CoopRequest.id)
    owner = own.correlate(CoopRequest).scalar_subquery()
    rows = session.execute(
        select(CoopRequest.id, CoopRequest.number, CoopRequest.activity)
        .where(
            CoopRequest.dealer_id == dealer_id, CoopRequest.medium == medium,
            actor.scope.where(CoopRequest.dealer_id, CoopRequest.region),
            or_(
                owner == (campaign_id or 0),
                and_(owner.is_(None), CoopRequest.status.not_in(("withdrawn", "denied"))),
            ),
        )
        .order_by(CoopRequest.id.desc())
        .limit(PAGE)
    )  # fmt: skip
    return {r.id: f"{r.number} {r.activity}" for r in rows}
