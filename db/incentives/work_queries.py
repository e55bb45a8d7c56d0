"""Incentive claims in My work and in the search box: those to decide; for a dealer those that came back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.area import CAP, SearchResult, WorkCount, WorkLine
from db.core.permissions import Permission
from db.dealers.tables import Dealer
from db.incentives.claim_rows import others_hands
from db.incentives.flow import FLOW, REVIEW
from db.incentives.say_rules import day, money
from db.incentives.tables import IncentiveClaim, IncentiveProgram, SaleReport

PAGE_FILE = "pages/incentives/validate.py"
CLAIMS_FILE = "pages/incentives/incentive_claims.py"


def _waiting(actor: Actor) -> str:
    """The state that waits for this actor; empty for those who only read."""
    if actor.role.is_dealer:
        return "returned" if actor.can(Permission.INCENTIVES_ENTER) else ""
    return "in_review" if actor.can(Permission.INCENTIVES_DECIDE) else ""


def _mine(query: Any, actor: Actor, state: str) -> Any:
    query = query.where(
        IncentiveClaim.is_open.is_(True), IncentiveClaim.status.in_(REVIEW if state == "in_review" else (state,)),
        actor.scope.where(IncentiveClaim.dealer_id, IncentiveClaim.region),
    )  # fmt: skip
    if state == "in_review":  # four eyes, and nobody signs twice
        query = query.where(*others_hands(actor.username))
        if not actor.can(Permission.INCENTIVES_AUTHORIZE):
            query = query.where(IncentiveClaim.signed_cents.is_(None))
    return query


def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """Claims that wait for this actor's decision, or that this dealer has to complete; due first."""
    state = _waiting(actor)
    if not state:
        return []
    query = (
        select(IncentiveClaim, Dealer.name, IncentiveProgram.code)
        .join(Dealer, Dealer.id == IncentiveClaim.dealer_id)
        .join(IncentiveProgram, IncentiveProgram.id == IncentiveClaim.program_id)
        .order_by(IncentiveClaim.due_at, IncentiveClaim.id)
    )
    return [
        WorkLine(
            item_type="incentive_claim", item_id=claim.id, number=claim.number,
            title=f"{code}: {money(claim.claimed_cents or 0)}", status=FLOW.state(claim.status).label,
            tone=FLOW.state(claim.status).tone, due_at=claim.due_at,
            why="Decide" if state == "in_review" else "Complete and send", page=CLAIMS_FILE,
            query={"incentive_claim": str(claim.id)}, dealer=name,
        )
        for claim, name, code in session.execute(_mine(query, actor, state).limit(limit))
    ]  # fmt: skip


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How many incentive claims wait for this actor, and how many of them are past their day."""
    state = _waiting(actor)
    if not state:
        return []

    def count(query: Any) -> int:
        some = _mine(query, actor, state).limit(CAP + 1).subquery()
        return session.scalar(select(func.count()).select_from(some)) or 0

    every = select(IncentiveClaim.id)
    label = "Incentive claims to decide" if state == "in_review" else "Incentive claims to complete"
    late = count(every.where(IncentiveClaim.due_at < now)) if state == "in_review" else 0
    return [WorkCount(label=label, count=count(every), overdue=late, page=CLAIMS_FILE)]


def found_sales(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Sales the search box found, in the order of the ids; those out of scope are left out."""
    rows = session.execute(
        select(SaleReport, Dealer.name)
        .join(Dealer, Dealer.id == SaleReport.dealer_id)
        .where(SaleReport.id.in_(list(ids)), actor.scope.where(SaleReport.dealer_id, SaleReport.region))
    )
    found = {
        sale.id: SearchResult(
            kind="sale", item_id=sale.id, title=f"{sale.number} {sale.vin}",
            subtitle=f"{name} · delivered {day(sale.delivered_on)}", page=PAGE_FILE, query={"sale": str(sale.id)},
        )
        for sale, name in rows
    }  # fmt: skip
    return [found[i] for i in ids if i in found]


def found_claims(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Incentive claims the search box found, in the order of the ids; those out of scope are left out."""
    rows = session.execute(
        select(IncentiveClaim, Dealer.name, IncentiveProgram.code)
        .join(Dealer, Dealer.id == IncentiveClaim.dealer_id)
        .join(IncentiveProgram, IncentiveProgram.id == IncentiveClaim.program_id)
        .where(
            IncentiveClaim.id.in_(list(ids)), actor.scope.where(IncentiveClaim.dealer_id, IncentiveClaim.region)
        )
    )  # fmt: skip
    found = {
        claim.id: SearchResult(
            kind="incentive_claim", item_id=claim.id, title=f"{claim.number} {code}",
            subtitle=f"{name} · {FLOW.state(claim.status).label}", page=CLAIMS_FILE,
            query={"incentive_claim": str(claim.id)},
        )
        for claim, name, code in rows
    }  # fmt: skip
    return [found[i] for i in ids if i in found]
