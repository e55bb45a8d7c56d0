"""Customers as people see them: lists, one record masked or revealed, what the search box finds. Always in a scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from db.core import search
from db.core.actor import Actor, Scope
from db.core.area import CAP, SearchResult
from db.core.masking import mask_email, mask_name, mask_phone
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.timeline import TimelineEntry, TimelineLink
from db.customers import record
from db.customers.consent_rules import CHANNELS, ConsentFact, MayContact, may_contact
from db.customers.tables import Consent, Customer, CustomerKey, CustomerLink, CustomerMerge
from db.customers.vehicle_tables import Ownership, Purchase
from db.customers.ways import first_ways
from db.dealers.tables import Dealer

PAGE_FILE = "pages/crm/customer.py"
PAGE: Final = 50
MOST_CARS: Final = 50  # more are a make or a model, not one vehicle
REVEALED_FOR: Final = timedelta(minutes=30)
Cursor = tuple[int]


@dataclass(frozen=True, kw_only=True)
class CustomerFilters:
    """What the list is narrowed to; `text` is words of the search box, `kind` person or business."""

    text: str = ""
    dealer_id: int | None = None
    kind: str = ""
    view: str = "current"  # current, removed


@dataclass(frozen=True, kw_only=True)
class CustomerRow:
    """A line of the list; the name is initials for roles without personal data."""

    customer_id: int
    name: str
    is_business: bool
    place: str
    dealer: str
    phone: str
    email: str
    vehicles: int
    since: datetime
    is_purged: bool
    bought: int = 0


@dataclass(frozen=True, kw_only=True)
class ContactWay:
    """A phone number or address; `shown` is masked where the contact data is."""

    key_id: int
    kind: str
    shown: str


@dataclass(frozen=True, kw_only=True)
class Linked:
    """Somebody who belongs to a customer; `kind` is household or acts_for, `is_other_way` a person of this business."""

    link_id: int
    customer_id: int
    name: str
    kind: str
    is_other_way: bool


@dataclass(frozen=True, kw_only=True)
class MergeLine:
    """A record that was merged into this one and can stand again."""

    merge_id: int
    number: str
    merged_at: datetime
    merged_by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class CustomerPage:
    """One customer. `facts` has the editable fields as shown; contact data is masked when `is_masked`.

    `may_reveal` says whether this person may ask to see it. `merged_into` is the record this one became part of.
    """

    id: int
    number: str
    version: int
    name: str
    is_business: bool
    facts: dict[str, Any]
    dealer_id: int | None
    dealer_name: str
    region: str
    created_at: datetime
    updated_at: datetime | None
    updated_by: str
    contacts: tuple[ContactWay, ...]
    consents: tuple[MayContact, ...]
    links: tuple[Linked, ...]
    merges: tuple[MergeLine, ...]
    merged_into: int | None
    hold_reason: str
    purged_at: datetime | None
    is_masked: bool
    may_reveal: bool


def sees_contacts(session: Session, *, customer_id: int, actor: Actor, now: datetime) -> bool:
    """Whether this person sees how to reach a customer (P26, decision 0031).

    People of the dealership always do: they work with them. The desk sees it for half an hour after it said why.
    """
    if not actor.can(Permission.PERSONAL_DATA_VIEW):
        return False
    if actor.role.is_dealer:
        return True
    if not actor.can(Permission.CUSTOMERS_REVEAL):
        return False
    query = (
        select(TimelineEntry.seq)
        .join(TimelineLink, TimelineLink.seq == TimelineEntry.seq)
        .where(TimelineLink.item_type == "customer", TimelineLink.item_id == customer_id)
        .where(TimelineEntry.command == "reveal_customer", TimelineEntry.actor == actor.username)
        .where(TimelineEntry.at > now - REVEALED_FOR)
        .limit(1)
    )
    return session.scalar(query) is not None


def _condition(session: Session, scope: Scope, filters: CustomerFilters) -> ColumnElement[bool]:
    parts = [scope.where(Customer.dealer_id, Customer.region), Customer.merged_into_id.is_(None)]
    parts.append(Customer.purged_at.is_not(None) if filters.view == "removed" else Customer.purged_at.is_(None))
    if filters.dealer_id is not None:
        parts.append(Customer.dealer_id == filters.dealer_id)
    if filters.kind:
        parts.append(Customer.is_business.is_(filters.kind == "business"))
    if filters.text.strip():
        hits = search.find(session, filters.text, kinds=("customer",), scope=scope, limit=1_000)
        same: list[ColumnElement[bool]] = [Customer.id.in_([hit.item_id for hit in hits])] if hits else []
        # The last eight of a VIN find whose vehicle it is or was; vehicles of others are not among the hits (0031).
        cars = search.find(session, filters.text, kinds=("vehicle",), scope=scope, limit=MOST_CARS)
        if 0 < len(cars) < MOST_CARS:
            owned = select(Ownership.customer_id).where(Ownership.vehicle_id.in_([car.item_id for car in cars]))
            same.append(Customer.id.in_(owned))
        parts.append(or_(*same) if same else false())
    return and_(*parts)


def list_customers(
    session: Session, *, actor: Actor, filters: CustomerFilters, after: int | None = None, limit: int = PAGE
) -> tuple[list[CustomerRow], int | None]:
    """One page, the newest first, and the cursor of the next. Names can only be looked for by who may see them."""
    actor.require(Permission.CUSTOMERS_VIEW)
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    if filters.text.strip() and not personal:
        return [], None
    query: Any = (
        select(Customer, Dealer.name)
        .outerjoin(Dealer, Dealer.id == Customer.dealer_id)
        .where(_condition(session, actor.scope, filters))
    )
    if after is not None:
        query = query.where(Customer.id < after)
    rows = session.execute(query.order_by(Customer.id.desc()).limit(limit + 1)).all()
    ids = [row[0].id for row in rows[:limit]]
    ways, owned, bought = first_ways(session, ids), _owned(session, ids), _bought(session, ids)
    is_shown = personal and actor.role.is_dealer
    found = []
    for customer, dealer in rows[:limit]:
        email, phone = ways.get((customer.id, "email"), ""), ways.get((customer.id, "phone"), "")
        found.append(
            CustomerRow(
                customer_id=customer.id, name=customer.name if personal else mask_name(customer.name),
                is_business=customer.is_business,
                place=", ".join(part for part in (customer.city, customer.state) if part), dealer=dealer or "",
                phone=phone if is_shown or not phone else mask_phone(phone),
                email=email if is_shown or not email else mask_email(email), vehicles=owned.get(customer.id, 0),
                since=customer.created_at, is_purged=customer.purged_at is not None, bought=bought.get(customer.id, 0),
            )
        )  # fmt: skip
    return found, rows[limit - 1][0].id if len(rows) > limit else None


def count_customers(session: Session, *, actor: Actor, filters: CustomerFilters) -> int:
    """How many there are, counted up to `CAP` + 1."""
    if filters.text.strip() and not actor.can(Permission.PERSONAL_DATA_VIEW):
        return 0
    some = select(Customer.id).where(_condition(session, actor.scope, filters)).limit(CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _owned(session: Session, ids: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        select(Ownership.customer_id, func.count(Ownership.vehicle_id.distinct()))
        .where(Ownership.customer_id.in_(ids), Ownership.until.is_(None))
        .group_by(Ownership.customer_id)
    )
    return {row[0]: row[1] for row in rows}


def _bought(session: Session, ids: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        select(Purchase.customer_id, func.count()).where(Purchase.customer_id.in_(ids)).group_by(Purchase.customer_id)
    )
    return {row[0]: row[1] for row in rows}


def get_customer(session: Session, *, customer_id: int, actor: Actor, now: datetime) -> CustomerPage:
    """One customer, masked as far as this person has no need; raises `NotFound`."""
    actor.require(Permission.CUSTOMERS_VIEW)
    row = session.execute(
        select(Customer, Dealer.name)
        .outerjoin(Dealer, Dealer.id == Customer.dealer_id)
        .where(Customer.id == customer_id, actor.scope.where(Customer.dealer_id, Customer.region))
    ).one_or_none()
    if row is None:
        raise NotFound("This customer")
    customer, dealer = row
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    shown = sees_contacts(session, customer_id=customer.id, actor=actor, now=now)
    facts = record.values_of(customer)
    if not shown:
        facts |= {"street": "Hidden" if facts["street"] else "", "postal_code": facts["postal_code"][:3]}
    if not personal:
        facts |= {name: mask_name(facts[name]) for name in ("name", "first_name", "last_name")}
    return CustomerPage(
        id=customer.id, number=record.number(customer.id), version=customer.version, name=facts["name"],
        is_business=customer.is_business, facts=facts, dealer_id=customer.dealer_id, dealer_name=dealer or "",
        region=customer.region or "", created_at=customer.created_at, updated_at=customer.updated_at,
        updated_by=customer.updated_by, contacts=_contacts(session, customer.id, shown=shown),
        consents=tuple(may_contact(channel, consents_of(session, customer.id)) for channel in CHANNELS),
        links=_links(session, customer.id, personal=personal), merges=_merges(session, customer.id),
        merged_into=customer.merged_into_id, hold_reason=customer.hold_reason, purged_at=customer.purged_at,
        is_masked=not shown, may_reveal=actor.can(Permission.CUSTOMERS_REVEAL) and not shown,
    )  # fmt: skip


def consents_of(session: Session, customer_id: int) -> list[ConsentFact]:
    """Everything a customer said about being contacted, newest first; the caller may see the customer."""
    rows = session.scalars(
        select(Consent).where(Consent.customer_id == customer_id).order_by(Consent.at.desc(), Consent.id.desc())
    )
    return [
        ConsentFact(
            channel=c.channel, is_given=c.is_given, at=c.at, wording=c.wording, version=c.version, source=c.source
        )
        for c in rows
    ]


def contact_allowed(session: Session, *, customer_id: int, channel: str, scope: Scope) -> MayContact:
    """Whether a customer may be contacted by a channel now: what every sender has to ask first (2.2 E)."""
    found = session.scalar(
        select(Customer.id).where(Customer.id == customer_id, scope.where(Customer.dealer_id, Customer.region))
    )
    if found is None:
        raise NotFound("This customer")
    return may_contact(channel, consents_of(session, customer_id))


def _contacts(session: Session, customer_id: int, *, shown: bool) -> tuple[ContactWay, ...]:
    def words(key: CustomerKey) -> str:
        value = key.raw or key.value
        if shown:
            return value
        return mask_email(value) if key.kind == "email" else mask_phone(value)

    return tuple(
        ContactWay(key_id=key.id, kind=key.kind, shown=words(key))
        for key in record.keys_stored(session, customer_id)
        if key.kind in ("email", "phone")
    )


def _links(session: Session, customer_id: int, *, personal: bool) -> tuple[Linked, ...]:
    rows = session.execute(
        select(CustomerLink, Customer.id, Customer.name)
        .join(
            Customer,
            or_(
                and_(CustomerLink.customer_id == customer_id, Customer.id == CustomerLink.other_id),
                and_(CustomerLink.other_id == customer_id, Customer.id == CustomerLink.customer_id),
            ),
        )
        .order_by(CustomerLink.id)
        .limit(20)
    )
    return tuple(
        Linked(
            link_id=link.id, customer_id=other, name=name if personal else mask_name(name), kind=link.kind,
            is_other_way=link.other_id == customer_id and link.kind == "acts_for",
        )
        for link, other, name in rows
    )  # fmt: skip


def _merges(session: Session, customer_id: int) -> tuple[MergeLine, ...]:
    rows = session.scalars(
        select(CustomerMerge)
        .where(CustomerMerge.kept_id == customer_id, CustomerMerge.undone_at.is_(None))
        .order_by(CustomerMerge.id.desc())
        .limit(20)
    )
    return tuple(
        MergeLine(
            merge_id=m.id,
            number=record.number(m.gone_id),
            merged_at=m.merged_at,
            merged_by=m.merged_by,
            reason=m.reason,
        )
        for m in rows
    )


def customer_choices(
    session: Session, *, actor: Actor, text: str, dealer_id: int | None = None, limit: int = 20
) -> list[tuple[int, str]]:
    """(id, name and place) of customers whose name or number starts so, for a selection; empty without a text."""
    if not text.strip() or not actor.can(Permission.PERSONAL_DATA_VIEW):
        return []
    rows, _ = list_customers(session, actor=actor, filters=CustomerFilters(text=text, dealer_id=dealer_id), limit=limit)
    return [(r.customer_id, " · ".join(p for p in (r.name, r.place, record.number(r.customer_id)) if p)) for r in rows]


def found_customers(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Customers the search box found, in the order of `ids`."""
    if not actor.can(Permission.PERSONAL_DATA_VIEW):
        return []  # a name that was found is a name that was shown
    rows = session.execute(
        select(Customer.id, Customer.name, Customer.city, Customer.state, Dealer.name.label("dealer"))
        .outerjoin(Dealer, Dealer.id == Customer.dealer_id)
        .where(Customer.id.in_(list(ids)), actor.scope.where(Customer.dealer_id, Customer.region))
        .where(Customer.merged_into_id.is_(None), Customer.purged_at.is_(None))
    )
    found = {
        row.id: SearchResult(
            kind="customer", item_id=row.id, title=row.name,
            subtitle=" · ".join(p for p in (", ".join(p for p in (row.city, row.state) if p), row.dealer or "") if p),
            page=PAGE_FILE, query={"customer": str(row.id)},
        )
        for row in rows
    }  # fmt: skip
    return [found[i] for i in dict.fromkeys(ids) if i in found]
