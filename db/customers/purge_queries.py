"""Which customers' personal data is due to go, as every area that keeps something of them sees it (2.11)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import CAP
from db.core.masking import mask_name
from db.core.permissions import Permission
from db.customers.holders import all_holders
from db.customers.queries import CHUNK
from db.customers.retention_rules import YEARS, RetentionFacts, Verdict, verdict, years_before
from db.customers.tables import Customer
from db.dealers.tables import Dealer


@dataclass(frozen=True, kw_only=True)
class DueCustomer:
    """A customer whose data is due; `why` is the sentence of the rule."""

    customer_id: int
    name: str
    dealer: str
    last_activity_at: datetime
    why: str


def _condition(scope: Scope, *, now: datetime, years: int) -> ColumnElement[bool]:
    cutoff = years_before(now, years)
    kept = [holder.keeps(Customer.id, cutoff=cutoff) for holder in all_holders()]
    return and_(
        scope.where(Customer.dealer_id, Customer.region), Customer.created_at <= cutoff, Customer.purged_at.is_(None),
        Customer.merged_into_id.is_(None), Customer.hold_reason == "", not_(or_(*kept)),
    )  # fmt: skip


def retention_facts(session: Session, customers: Iterable[Customer]) -> dict[int, RetentionFacts]:
    """What the rule asks of each customer, gathered from every area."""
    listed = list(customers)
    open_items: dict[int, int] = {}
    latest: dict[int, datetime] = {}
    for start in range(0, len(listed), CHUNK):
        ids = [one.id for one in listed[start : start + CHUNK]]
        for holder in all_holders():
            for customer_id, (count, last) in holder.facts(session, customer_ids=ids).items():
                open_items[customer_id] = open_items.get(customer_id, 0) + count
                if last is not None:
                    latest[customer_id] = max(latest.get(customer_id, last), last)
    return {
        one.id: RetentionFacts(
            customer_id=one.id, created_at=one.created_at, last_activity_at=latest.get(one.id),
            open_items=open_items.get(one.id, 0), hold_reason=one.hold_reason, is_purged=one.purged_at is not None,
        )
        for one in listed
    }  # fmt: skip


def list_due(
    session: Session, *, actor: Actor, now: datetime, years: int = YEARS, after: int | None = None, limit: int = 50
) -> tuple[list[DueCustomer], int | None]:
    """One page of customers due to be purged, the oldest record first, and the cursor of the next (a dry run)."""
    actor.require(Permission.CUSTOMERS_PURGE)
    query = (
        select(Customer, Dealer.name)
        .outerjoin(Dealer, Dealer.id == Customer.dealer_id)
        .where(_condition(actor.scope, now=now, years=years))
    )
    if after is not None:
        query = query.where(Customer.id > after)
    rows = session.execute(query.order_by(Customer.id).limit(limit + 1)).all()
    facts = retention_facts(session, [row[0] for row in rows[:limit]])
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    found = []
    for customer, dealer in rows[:limit]:
        judged = verdict(facts[customer.id], now=now, years=years)
        if judged.is_due:
            last = facts[customer.id].last_activity_at or customer.created_at
            found.append(
                DueCustomer(
                    customer_id=customer.id, name=customer.name if personal else mask_name(customer.name),
                    dealer=dealer or "", last_activity_at=last, why=judged.why,
                )
            )  # fmt: skip
    return found, rows[limit - 1][0].id if len(rows) > limit else None


def count_due(session: Session, *, actor: Actor, now: datetime, years: int = YEARS) -> int:
    """How many are due, counted up to `CAP` + 1."""
    actor.require(Permission.CUSTOMERS_PURGE)
    some = select(Customer.id).where(_condition(actor.scope, now=now, years=years)).limit(CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def count_due_at(session: Session, *, actor: Actor, dealer_id: int, now: datetime) -> int:
    """How many of one dealer are due, counted up to `CAP` + 1."""
    actor.require(Permission.CUSTOMERS_PURGE)
    wanted = _condition(actor.scope, now=now, years=YEARS)
    some = select(Customer.id).where(wanted, Customer.dealer_id == dealer_id).limit(CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def due_ids(session: Session, *, actor: Actor, now: datetime, years: int = YEARS, limit: int = 200) -> Sequence[int]:
    """The ids of the next customers due, for one batch of the purge."""
    found, _ = list_due(session, actor=actor, now=now, years=years, limit=limit)
    return [one.customer_id for one in found]


def judge(session: Session, customers: Iterable[Customer], *, now: datetime, years: int) -> dict[int, Verdict]:
    """The rule's word on some customers."""
    return {i: verdict(f, now=now, years=years) for i, f in retention_facts(session, customers).items()}
