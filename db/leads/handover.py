"""Giving a lead to a dealer: who may have it, what moves with it, and what stays (domain-rules 2.2 C, D)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from db.core import changes
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import Problems
from db.core.search import SearchWord
from db.customers.tables import Consent, Customer, CustomerKey
from db.customers.vehicle_record import has_history
from db.dealers.tables import Dealer
from db.leads.tables import Lead
from db.people.queries import names_of, people_to_tell
from db.people.tables import Person, PersonScope


def dealer_for(session: Session, dealer_id: int | None, *, actor: Actor, problems: Problems) -> Dealer | None:
    """The dealer a lead may be given to: within the actor's scope and active; else a problem of dealer_id.

    A dealer out of scope answers like one that does not exist, so ids cannot be probed.
    """
    dealer = session.get(Dealer, dealer_id) if dealer_id else None
    if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
        problems.add("dealer_id", "not_found", "Choose a dealer.", rule="2.2 C 2")
        return None
    if dealer.status != "active":
        sentence = f"{dealer.name} is {dealer.status}; only an active dealer can be given leads."
        problems.add("dealer_id", "not_active", sentence, rule="2.2 C 2")
        return None
    return dealer


def assignee_for(session: Session, person_id: int | None, *, dealer: Dealer, problems: Problems) -> str:
    """The name of the person a lead is given to, empty for nobody; a problem of assignee_id where they may not."""
    if person_id is None:
        return ""
    able = people_to_tell(session, dealer_id=dealer.id, region=dealer.region, permission=Permission.LEADS_WORK)
    if person_id not in able:
        problems.add("assignee_id", "not_theirs", f"Choose somebody who works the leads of {dealer.name}.")
        return ""
    return names_of(session, person_ids=[person_id]).get(person_id, "")


def people_of_dealer(session: Session, *, dealer_id: int, actor: Actor) -> list[tuple[int, str]]:
    """(id, name) of the people of a dealer who work leads, by name, and the actor where they may have it themselves."""
    dealer = session.get(Dealer, dealer_id)
    if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
        return []
    able = people_to_tell(session, dealer_id=dealer.id, region=dealer.region, permission=Permission.LEADS_WORK)
    own = session.scalars(
        select(PersonScope.person_id).where(PersonScope.dealer_id == dealer_id, PersonScope.person_id.in_(able))
    )
    wanted = {*own, *({actor.user_id} & set(able))}
    rows = session.execute(
        select(Person.id, Person.name)
        .where(Person.id.in_([i for i in wanted if i is not None]))
        .order_by(func.lower(Person.name), Person.id)
    )
    return [(person_id, name) for person_id, name in rows]


def routing_with(lead: Lead, *, dealer: Dealer, by: str, why: str, at: datetime) -> dict[str, Any]:
    """The stored routing decision with this hand-over added: the decision and every earlier one stay readable."""
    moved = {
        "from": lead.dealer_id, "to": dealer.id, "to_name": f"{dealer.code} {dealer.name}", "by": by, "why": why,
        "at": at.isoformat(),
    }  # fmt: skip
    return {**lead.routing, "reassignments": [*lead.routing.get("reassignments", []), moved]}


def move_to(session: Session, lead: Lead, dealer: Dealer) -> int:
    """Make the lead's customer one of this dealer's and let the search box find both there; gives the customer's id.

    A customer belongs to one dealer and people are never merged across dealers (2.2 D). Where the customer has other
    leads or vehicles at the former dealer, that dealer keeps its record and the new one gets its own.
    """
    changes.touch(session, "customers")
    _reindex(session, "lead", lead.id, dealer)
    customer = session.get_one(Customer, lead.customer_id)
    if customer.dealer_id == dealer.id:
        return customer.id
    others = session.scalar(
        select(Lead.id).where(Lead.customer_id == customer.id, Lead.id != lead.id, Lead.dealer_id.is_not(None)).limit(1)
    )
    if others is None and not has_history(session, customer.id):
        session.execute(
            update(Customer)
            .where(Customer.id == customer.id)
            .values(dealer_id=dealer.id, region=dealer.region)
            .execution_options(synchronize_session=False)
        )
        session.expire(customer)
        _reindex(session, "customer", customer.id, dealer)
        return int(lead.customer_id)
    return _copy(session, customer, dealer)


def _copy(session: Session, customer: Customer, dealer: Dealer) -> int:
    columns = {c.name: getattr(customer, c.name) for c in Customer.__table__.columns if c.name != "id"}
    copied = Customer(**{**columns, "dealer_id": dealer.id, "region": dealer.region})
    session.add(copied)
    session.flush()
    keys = session.execute(select(CustomerKey.kind, CustomerKey.value).where(CustomerKey.customer_id == customer.id))
    session.add_all(CustomerKey(customer_id=copied.id, kind=kind, value=value) for kind, value in keys)
    given = session.execute(select(Consent.__table__).where(Consent.customer_id == customer.id)).mappings()
    session.add_all(Consent(**{**row, "id": None, "customer_id": copied.id}) for row in given)
    words = session.scalars(
        select(SearchWord.word).where(SearchWord.kind == "customer", SearchWord.item_id == customer.id)
    ).all()
    if words:
        rows = [
            {"word": w, "kind": "customer", "item_id": copied.id, "dealer_id": dealer.id, "region": dealer.region}
            for w in words
        ]
        session.execute(insert(SearchWord), rows)
    session.flush()
    return copied.id


def _reindex(session: Session, kind: str, item_id: int, dealer: Dealer) -> None:
    session.execute(
        update(SearchWord)
        .where(SearchWord.kind == kind, SearchWord.item_id == item_id)
        .values(dealer_id=dealer.id, region=dealer.region)
        .execution_options(synchronize_session=False)
    )
