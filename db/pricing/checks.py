"""What `python -m db check` verifies about price requests: signatures, budgets and states that agree."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from db.core.area import Check
from db.pricing.band_rules import DEFAULT, money
from db.pricing.sign_rules import Signed, missing
from db.pricing.tables import PriceBudget, PriceRequest, PriceSignature, PriceVersion

MOST = 20


def check_signatures(session: Session) -> list[str]:
    """Approvals without all their signatures, and hands that signed two levels in a row or their own request."""
    signed: dict[tuple[int, int], list[Signed]] = defaultdict(list)
    for s in session.execute(select(PriceSignature.__table__).order_by(PriceSignature.id)):
        signed[s.request_id, s.terms_version].append(
            Signed(level=s.level, permission=s.permission, username=s.username, for_username=s.for_username)
        )
    found: list[str] = []
    rows = session.execute(
        select(
            PriceRequest.id, PriceRequest.number, PriceRequest.status, PriceRequest.needed,
            PriceRequest.terms_version, PriceRequest.submitted_by,
        ).order_by(PriceRequest.id)
    )  # fmt: skip
    for row in rows:
        hands = signed.get((row.id, row.terms_version), [])
        if row.status in ("approved", "expired"):
            found += [
                f"{row.number} is {row.status} without every signature of level {one.level}"
                for one in DEFAULT.levels
                if one.level <= row.needed and missing(one, hands)
            ]
        if any(row.submitted_by in s.hands for s in hands):
            found.append(f"{row.number} was signed by who asked for it")
        if any(a.hands & b.hands for i, a in enumerate(hands) for b in hands[i + 1 :] if abs(a.level - b.level) <= 1):
            found.append(f"{row.number} was signed twice in a row by one person")
    return found[:MOST]


def check_budgets(session: Session) -> list[str]:
    """Budgets whose approved amount is not that of their approvals, or that are exceeded."""
    sums = dict(
        session.execute(
            select(PriceRequest.budget_id, func.sum(PriceRequest.approved_cents))
            .where(PriceRequest.budget_id.is_not(None))
            .group_by(PriceRequest.budget_id)
        ).all()
    )
    found: list[str] = []
    for budget in session.scalars(select(PriceBudget).order_by(PriceBudget.id)):
        name = f"the budget of {budget.region} in {budget.quarter}"
        approved = int(sums.get(budget.id) or 0)
        if approved != budget.committed_cents:
            found.append(f"{name} says {money(budget.committed_cents)} approved, its requests {money(approved)}")
        if budget.committed_cents > budget.budget_cents:
            found.append(f"{name} is exceeded")
    return found[:MOST]


def check_states(session: Session) -> list[str]:
    """Requests whose state, level, dates and newest version contradict each other."""
    wrong = or_(
        and_(PriceRequest.status == "in_review", or_(PriceRequest.level == 0, PriceRequest.due_at.is_(None))),
        and_(PriceRequest.status != "in_review", PriceRequest.level != 0),
        and_(PriceRequest.status.in_(("approved", "expired")), PriceRequest.expires_at.is_(None)),
        and_(PriceRequest.status.not_in(("approved", "expired")), PriceRequest.approved_cents != 0),
    )
    found = [
        f"{number} is {status} and contradicts itself"
        for number, status in session.execute(
            select(PriceRequest.number, PriceRequest.status).where(wrong).order_by(PriceRequest.id).limit(MOST)
        )
    ]
    newest = (
        select(PriceVersion.request_id, func.max(PriceVersion.number).label("number"))
        .group_by(PriceVersion.request_id)
        .subquery()
    )
    rows = session.execute(
        select(PriceRequest.number)
        .outerjoin(newest, newest.c.request_id == PriceRequest.id)
        .where(or_(newest.c.number.is_(None), newest.c.number != PriceRequest.terms_version))
        .order_by(PriceRequest.id)
        .limit(MOST)
    )
    return found + [f"{number} has lost the version of its terms that counts" for (number,) in rows]


CHECKS = (
    Check(name="Price approvals carry their signatures", run=check_signatures),
    Check(name="Budgets of exceptions are what was approved", run=check_budgets),
    Check(name="Price requests agree with themselves", run=check_states),
)
