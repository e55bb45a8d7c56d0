"""Who else may be the same person: for the merge drawer, and for the desk alone how many dealers were asked (2.2 D)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.core.actor import EVERYTHING, Scope
from db.core.problems import NotFound
from db.customers.queries import customers_with, keys_of
from db.leads.tables import Dealer, Lead

_WORDS = {"email": "same e-mail", "phone": "same phone", "name": "same name and postal code"}
_MOST = 20


@dataclass(frozen=True, kw_only=True)
class PossibleDuplicate:
    """A lead that may be the same wish; `why` says what both have in common."""

    lead_id: int
    number: str
    status: str
    is_open: bool
    customer_name: str
    wants: str
    source: str
    received_at: datetime
    dealer: str
    why: str


def _lead(session: Session, lead_id: int, scope: Scope) -> Lead:
    lead = session.scalars(
        select(Lead).where(Lead.id == lead_id, scope.where(Lead.dealer_id, Lead.region))
    ).one_or_none()
    if lead is None:
        raise NotFound("This lead")
    return lead


def _same_person(session: Session, lead: Lead, scope: Scope) -> dict[int, set[str]]:
    """Customers that share a key with this lead's customer, with the kinds of keys they share."""
    own = keys_of(session, [lead.customer_id], scope=EVERYTHING).get(lead.customer_id, set())
    found: dict[int, set[str]] = {}
    for key, pairs in customers_with(session, own, scope=scope).items():
        for customer_id, _ in pairs:
            found.setdefault(customer_id, set()).add(key.partition(":")[0])
    return found


def possible_duplicates(session: Session, *, lead_id: int, scope: Scope) -> list[PossibleDuplicate]:
    """Other leads of the same person at the same dealer (or at none yet), open ones first, at most 20."""
    lead = _lead(session, lead_id, scope)
    people = _same_person(session, lead, scope)
    rows = session.execute(
        select(Lead, Dealer.name)
        .join(Dealer, Dealer.id == Lead.dealer_id, isouter=True)
        .where(Lead.customer_id.in_(sorted(people)), Lead.id != lead.id, Lead.status != "duplicate")
        .where(scope.where(Lead.dealer_id, Lead.region))
        .order_by(Lead.is_open.desc(), Lead.received_at.desc(), Lead.id.desc())
        .limit(_MOST * 2)
    )
    return [
        PossibleDuplicate(
            lead_id=one.id, number=one.number, status=one.status, is_open=one.is_open, customer_name=one.customer_name,
            wants=one.wants, source=one.source, received_at=one.received_at, dealer=name or "",
            why=", ".join(word for kind, word in _WORDS.items() if kind in people[one.customer_id]),
        )
        for one, name in rows
        if one.dealer_id is None or lead.dealer_id is None or one.dealer_id == lead.dealer_id
    ][:_MOST]  # fmt: skip


def shopped_by(session: Session, *, lead_id: int, scope: Scope) -> int | None:
    """How many dealers this person has asked; None for everybody but people who see all dealers."""
    if not scope.is_all:
        return None
    lead = _lead(session, lead_id, scope)
    people = sorted(_same_person(session, lead, scope)) or [lead.customer_id]
    return session.scalar(
        select(func.count(Lead.dealer_id.distinct())).where(Lead.customer_id.in_(people), Lead.dealer_id.is_not(None))
    )
