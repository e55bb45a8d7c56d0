"""The validation form: a sale on file or as it is typed, what every program says of it, and its claims."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import search
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.masking import mask_name
from db.core.permissions import Permission
from db.core.problems import NotFound, Problems
from db.customers.tables import Customer
from db.dealers.tables import Dealer
from db.incentives import books, sale_store
from db.incentives.appeal_rules import last_day, refusal
from db.incentives.claim_rows import ClaimRow, claim_rows, claims_seen
from db.incentives.entry_rules import SaleDraft, check_sale, sale_key, tidy
from db.incentives.facts import Check, Level
from db.incentives.flow import REVIEW
from db.incentives.judging import ProgramView, Validation, validate
from db.incentives.model import DOCUMENTS, SALE_TYPES, program_from_json
from db.incentives.paper_queries import PaperRow, papers_of
from db.incentives.record import dealer_of
from db.incentives.tables import IncentiveCheck, IncentiveClaim, IncentiveVersion, SaleReport

__all__ = ["DOCUMENTS", "SALE_TYPES", "ClaimRow", "ProgramView", "SaleDraft", "Validation"]
PAGE = 50


@dataclass(frozen=True, kw_only=True)
class SaleRow:
    """One sale in a list."""

    id: int
    number: str
    version: int
    vin: str
    what: str
    dealer_id: int
    dealer: str
    zone: str
    sale_type: str
    contract_on: date | None
    delivered_on: date | None
    reported_on: date | None
    unwound_on: date | None
    unwound_reason: str
    customer_id: int | None = None
    customer: str = ""


@dataclass(frozen=True, kw_only=True)
class SaleView:
    """A sale on file, whole."""

    row: SaleRow
    draft: SaleDraft
    validation: Validation
    claims: tuple[ClaimRow, ...]
    papers: tuple[PaperRow, ...] = ()


# ---- lists -----------------------------------------------------------------------------------------------------------
def list_sales(session: Session, *, actor: Actor, text: str = "", limit: int = PAGE) -> list[SaleRow]:
    """The newest sales of the actor's dealers; with a text those it finds by number, VIN or customer number."""
    actor.require(Permission.INCENTIVES_VIEW)
    query = _sales(actor).order_by(SaleReport.id.desc()).limit(limit)
    if text.strip():
        hits = search.find(session, text, kinds=(sale_store.KIND,), scope=actor.scope, limit=limit)
        query = query.where(SaleReport.id.in_([hit.item_id for hit in hits]))
    return [_sale_row(*row) for row in session.execute(query)]


def _sales(actor: Actor) -> Any:
    return (
        select(SaleReport, Dealer.name, Dealer.zone)
        .join(Dealer, Dealer.id == SaleReport.dealer_id)
        .where(actor.scope.where(SaleReport.dealer_id, SaleReport.region))
    )


def _sale_row(sale: SaleReport, dealer: str, zone: str) -> SaleRow:
    what = " ".join(str(w) for w in (sale.year, sale.make, sale.model, sale.trim) if w)
    return SaleRow(
        id=sale.id, number=sale.number, version=sale.version, vin=sale.vin, what=what, dealer_id=sale.dealer_id,
        dealer=dealer, zone=zone, sale_type=SALE_TYPES.get(sale.sale_type, sale.sale_type),
        contract_on=sale.contract_on, delivered_on=sale.delivered_on, reported_on=sale.reported_on,
        unwound_on=sale.unwound_on, unwound_reason=sale.unwound_reason,
    )  # fmt: skip


def waiting_claims(session: Session, *, actor: Actor, limit: int = PAGE) -> list[ClaimRow]:
    """Claims to decide, due first; for people of a dealer those that came back."""
    actor.require(Permission.INCENTIVES_VIEW)
    states = ("returned",) if actor.role.is_dealer else REVIEW
    query = claims_seen(actor).where(IncentiveClaim.is_open.is_(True), IncentiveClaim.status.in_(states))
    return claim_rows(session, query.order_by(IncentiveClaim.due_at, IncentiveClaim.id).limit(limit))


def claim_view(session: Session, *, item_id: int, actor: Actor, now: datetime) -> ClaimRow:
    """One claim with the answer of every check of its newest run; `NotFound` when absent or out of scope."""
    actor.require(Permission.INCENTIVES_VIEW)
    found = claim_rows(session, claims_seen(actor).where(IncentiveClaim.id == item_id))
    if not found:
        raise NotFound("This incentive claim")
    run = select(IncentiveClaim.run).where(IncentiveClaim.id == item_id).scalar_subquery()
    rows = session.scalars(
        select(IncentiveCheck)
        .where(IncentiveCheck.claim_id == item_id, IncentiveCheck.run == run)
        .order_by(IncentiveCheck.rule)
    )
    checks = tuple(
        Check(
            rule=c.rule, version=c.rule_version, level=cast("Level", c.level), sentence=c.sentence, observed=c.observed,
            limit=c.limit_text, document=c.document,
        )
        for c in rows
    )  # fmt: skip
    papers = papers_of(session, actor=actor, sale_id=found[0].sale_id, claim_id=item_id)
    return replace(found[0], checks=checks, papers=papers, appeal_until=_appeal_until(session, found[0], now))


def _appeal_until(session: Session, row: ClaimRow, now: datetime) -> date | None:
    """The dealer's last day to appeal a denied claim; None when it cannot be appealed (any more)."""
    if row.status != "denied" or row.decided_at is None:
        return None
    zone, body = session.execute(
        select(Dealer.zone, IncentiveVersion.body)
        .select_from(IncentiveClaim)
        .join(Dealer, Dealer.id == IncentiveClaim.dealer_id)
        .join(IncentiveVersion, IncentiveVersion.id == IncentiveClaim.version_id)
        .where(IncentiveClaim.id == row.id)
    ).one()
    program, decided_on = program_from_json(body), local_day(row.decided_at, zone)
    why = refusal(
        number=row.number, appeals=row.appeals, decided_on=decided_on, today=local_day(now, zone), program=program
    )  # fmt: skip
    return None if why else last_day(decided_on, program)


# ---- the form --------------------------------------------------------------------------------------------------------
def sale_view(session: Session, *, sale_id: int, actor: Actor, now: datetime) -> SaleView:
    """A sale on file with what every program says of it now, and its claims; `NotFound` when out of scope."""
    actor.require(Permission.INCENTIVES_VIEW)
    found = session.execute(_sales(actor).where(SaleReport.id == sale_id)).one_or_none()
    if found is None:
        raise NotFound("This sale")
    sale = found[0]
    row = _sale_row(*found)
    row = replace(row, customer_id=sale.customer_id, customer=_customer(session, sale, actor))
    today = local_day(now, row.zone)
    (fact,) = books.facts_of(session, [sale], today=today)
    claims = claim_rows(
        session, claims_seen(actor).where(IncentiveClaim.sale_id == sale_id).order_by(IncentiveClaim.id.desc())
    )  # fmt: skip
    return SaleView(
        row=row, draft=sale_store.draft_of(session, sale), claims=tuple(claims),
        validation=validate(session, sale, fact, claims),
        papers=papers_of(session, actor=actor, sale_id=sale_id),
    )  # fmt: skip


def preview_sale(
    session: Session, draft: SaleDraft, *, dealer_id: int, customer_id: int | None = None, actor: Actor, now: datetime
) -> Validation:  # fmt: skip
    """What every program would say of a sale as it is typed; nothing is stored. `problems` keep it from being."""
    actor.require(Permission.INCENTIVES_VIEW)
    dealer = dealer_of(session, dealer_id, actor=actor)
    today = local_day(now, dealer.zone)
    draft, _ = sale_store.with_vehicle(session, tidy(draft), actor=actor)
    problems = Problems()
    if customer_id is not None:
        draft = sale_store.of_customer(draft, customer_id)
        if not sale_store.is_customer_of(session, customer_id, dealer):
            problems.add("customer_id", "unknown", "Choose a customer of this dealer.")
    check_sale(draft, problems, today=today)
    day = draft.delivered_on or draft.contract_on
    if problems.found or day is None:
        return Validation(programs=(), cents=0, losers=(), problems=tuple((p.field, p.message) for p in problems.found))
    sale = SaleReport(
        **sale_store.columns_of(draft), **sale_store.dealer_facts(session, dealer, day), id=0, number="",
        dealer_id=dealer.id, region=dealer.region, reported_on=today if draft.delivered_on else None,
        earlier=sale_store.earlier_of(session, customer_id, vin=draft.vin, before=day),
    )  # fmt: skip
    (bare,) = books.facts_of(session, [sale], today=today)
    fact = replace(
        bare, documents=tuple(kind for kind, _ in draft.documents),
        sold_before=_standing(session, draft, dealer, day),
    )  # fmt: skip
    return validate(session, sale, fact, ())


def _customer(session: Session, sale: SaleReport, actor: Actor) -> str:
    """Who bought it, initials for those without personal data: as on file, or as the name was typed."""
    name = sale.customer_name
    if sale.customer_id is not None:
        name = session.get_one(Customer, sale.customer_id).name
    return name if actor.can(Permission.PERSONAL_DATA_VIEW) else mask_name(name) if name else ""


def _standing(session: Session, draft: SaleDraft, dealer: Dealer, day: date) -> str:
    """The number of the sale this vehicle is sold with already; that of another dealer is not named."""
    row = session.execute(
        select(SaleReport.number, SaleReport.dealer_id).where(
            SaleReport.sale_key == sale_key(draft.vin, draft.condition, day)
        )
    ).one_or_none()
    if row is None:
        return ""
    return row.number if row.dealer_id == dealer.id else "another dealer's sale"
