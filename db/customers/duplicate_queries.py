"""Customers of one dealer that may be one person, with the reasons; for the list of the page and one record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, not_, or_, select
from sqlalchemy.orm import Session, aliased

from db.core.actor import EVERYTHING, Actor
from db.core.masking import mask_name
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.customers.duplicate_rules import Likeness, PersonFacts, likeness, suggestions
from db.customers.queries import keys_of
from db.customers.tables import Customer, CustomerApart, CustomerKey
from db.customers.vehicle_tables import Ownership, Vehicle
from db.dealers.tables import Dealer

MOST_PAIRS: Final = 400
SHOWN: Final = 60


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two, as it is shown beside the other."""

    customer_id: int
    name: str
    place: str
    version: int
    vehicles: int
    keys: int


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two lookalikes; `likeness` has the score and the reasons."""

    left: Side
    right: Side
    dealer: str
    likeness: Likeness


def list_duplicates(session: Session, *, actor: Actor, dealer_id: int | None = None) -> list[Pair]:
    """The likeliest pairs of this person's dealers that nobody has looked at yet, at most 60, never across dealers."""
    actor.require(Permission.CUSTOMERS_VIEW)
    return _pairs(session, actor=actor, only=None, dealer_id=dealer_id)[:SHOWN]


def duplicates_of(session: Session, *, customer_id: int, actor: Actor) -> list[Pair]:
    """Who else may be this customer; raises `NotFound`."""
    actor.require(Permission.CUSTOMERS_VIEW)
    seen = session.scalar(
        select(Customer.id).where(Customer.id == customer_id, actor.scope.where(Customer.dealer_id, Customer.region))
    )
    if seen is None:
        raise NotFound("This customer")
    return _pairs(session, actor=actor, only=customer_id, dealer_id=None)[:SHOWN]


def _pairs(session: Session, *, actor: Actor, only: int | None, dealer_id: int | None) -> list[Pair]:
    found = _near(session, only) if only is not None else _everywhere(session, actor=actor, dealer_id=dealer_id)
    people = _people(session, {i for pair in found for i in pair})
    ranked = suggestions(((people[a][0], people[b][0]) for a, b in sorted(found) if a in people and b in people))
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    names = _dealer_names(session, {people[a.customer_id][1].dealer_id for a, _, _ in ranked})
    return [
        Pair(
            left=_side(people[a.customer_id], personal), right=_side(people[b.customer_id], personal), likeness=how,
            dealer=names.get(people[a.customer_id][1].dealer_id, ""),
        )
        for a, b, how in ranked
    ]  # fmt: skip


def _everywhere(session: Session, *, actor: Actor, dealer_id: int | None) -> set[tuple[int, int]]:
    """Pairs found in two cheap ways: a key both have, or the sound of the family name at one postal code."""
    one, other = aliased(Customer), aliased(Customer)
    mine, theirs = aliased(CustomerKey), aliased(CustomerKey)
    # What is asked of two customers that were found is asked in EXISTS or of "+ 0": a planner that starts there instead
    # walks through every pair of a dealer (34 s instead of half a second with 100,000 customers).
    fits = [
        actor.scope.where(one.dealer_id, one.region), one.dealer_id == other.dealer_id + 0,
        one.merged_into_id.is_(None), (other.merged_into_id + 0).is_(None), one.purged_at.is_(None),
        other.purged_at.is_(None), not_(_is_decided(one, other)),
    ]  # fmt: skip
    if dealer_id is not None:
        fits.append(one.dealer_id == dealer_id)
    by_key = (
        select(mine.customer_id, theirs.customer_id)
        .join(theirs, and_(theirs.kind == mine.kind, theirs.value == mine.value, theirs.customer_id > mine.customer_id))
        .where(exists().where(one.id == mine.customer_id, other.id == theirs.customer_id, *fits))
        .order_by(mine.customer_id.desc(), theirs.customer_id)
    )
    if dealer_id is not None or not actor.scope.is_all:
        # Else the keys of all customers are compared first: seven seconds to show the pairs of one dealer of a network.
        within = select(Customer.id).where(actor.scope.where(Customer.dealer_id, Customer.region))
        if dealer_id is not None:
            within = within.where(Customer.dealer_id == dealer_id)
        by_key = by_key.where(mine.customer_id.in_(within))
    by_sound = (
        select(one.id, other.id)
        .join(other, and_(other.match_key == one.match_key, other.id > one.id))
        .where(one.match_key != "", *fits)
        .order_by(one.id.desc(), other.id)
    )
    found: set[tuple[int, int]] = set()
    for query in (by_key, by_sound):
        found |= {(row[0], row[1]) for row in session.execute(query.limit(MOST_PAIRS))}
    return found


def _near(session: Session, customer_id: int) -> set[tuple[int, int]]:
    """The pairs of one customer, found from its own keys."""
    customer = session.get_one(Customer, customer_id)
    other = aliased(Customer)
    mine, theirs = aliased(CustomerKey), aliased(CustomerKey)
    by_key = (
        select(theirs.customer_id)
        .join(mine, and_(mine.kind == theirs.kind, mine.value == theirs.value))
        .where(mine.customer_id == customer_id, theirs.customer_id != customer_id)
    )
    same: ColumnElement[bool] = other.id.in_(by_key)
    if customer.match_key:
        same = or_(same, other.match_key == customer.match_key)
    rows = session.scalars(
        select(other.id)
        .where(same, other.id != customer_id, other.dealer_id == customer.dealer_id, *_is_current(other))
        .where(not_(_is_decided(other, customer)), not_(_is_decided(customer, other)))
        .limit(MOST_PAIRS)
    )
    return {(min(customer_id, i), max(customer_id, i)) for i in rows}


def _is_current(customer: Any) -> tuple[ColumnElement[bool], ...]:
    return customer.merged_into_id.is_(None), customer.purged_at.is_(None)


def _is_decided(one: Any, other: Any) -> ColumnElement[bool]:
    return exists().where(CustomerApart.customer_id == one.id, CustomerApart.other_id == other.id)


def _people(session: Session, ids: Iterable[int]) -> dict[int, tuple[PersonFacts, Customer]]:
    listed = sorted(ids)
    if not listed:
        return {}
    keys = keys_of(session, listed, scope=EVERYTHING)  # the pairs were found within the caller's scope
    vins: dict[int, set[str]] = {}
    rows = session.execute(
        select(Ownership.customer_id, Vehicle.vin)
        .join(Vehicle, Vehicle.id == Ownership.vehicle_id)
        .where(Ownership.customer_id.in_(listed))
    )
    for customer_id, vin in rows:
        vins.setdefault(customer_id, set()).add(vin)
    return {
        c.id: (
            PersonFacts(
                customer_id=c.id, name=c.name, first_name=c.first_name, last_name=c.last_name, street=c.street,
                postal_code=c.postal_code, is_business=c.is_business, keys=frozenset(keys.get(c.id, ())),
                vins=frozenset(vins.get(c.id, ())),
            ),
            c,
        )
        for c in session.scalars(select(Customer).where(Customer.id.in_(listed)))
    }  # fmt: skip


def _side(person: tuple[PersonFacts, Customer], personal: bool) -> Side:
    facts, customer = person
    return Side(
        customer_id=customer.id, name=customer.name if personal else mask_name(customer.name),
        place=", ".join(p for p in (customer.city, customer.state) if p), version=customer.version,
        vehicles=len(facts.vins), keys=len(facts.keys),
    )  # fmt: skip


def _dealer_names(session: Session, ids: set[int | None]) -> dict[int | None, str]:
    rows = session.execute(select(Dealer.id, Dealer.name).where(Dealer.id.in_([i for i in ids if i is not None])))
    return {row[0]: row[1] for row in rows}


def compare(session: Session, *, one_id: int, other_id: int, actor: Actor) -> Likeness:
    """How alike two customers of a scope are, whatever the score; raises `NotFound`."""
    people = _people(session, [one_id, other_id])
    for customer_id in (one_id, other_id):
        person = people.get(customer_id)
        if person is None or not actor.scope.allows(dealer_id=person[1].dealer_id, region=person[1].region):
            raise NotFound("This customer")
    return likeness(people[one_id][0], people[other_id][0])


def count_duplicates(session: Session, *, actor: Actor) -> int:
    """How many pairs wait, up to the number that is shown."""
    return len(list_duplicates(session, actor=actor))
