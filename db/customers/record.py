"""A customer within a command: found in scope and held, compared, indexed, and noted in the timeline.

The timeline can never be cleaned, so what stands in it is masked: a purge must not leave a name behind there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from db.core import changes, search, timeline
from db.core.actor import Actor
from db.core.base import Base
from db.core.contact import person_keys, phone_texts
from db.core.insert import insert_or_ignore
from db.core.masking import mask_email, mask_name, mask_phone
from db.core.problems import NotFound, Problem, Refused
from db.customers.duplicate_rules import match_key
from db.customers.queries import split_key
from db.customers.tables import Customer, CustomerKey

LONGEST: Final[dict[str, int]] = {
    "name": 200, "first_name": 100, "last_name": 100, "street": 200, "city": 80, "state": 40, "postal_code": 20,
    "country": 40,
}  # fmt: skip
FIELDS: Final = ("is_business", *LONGEST)
LABELS: Final[dict[str, str]] = {
    "is_business": "Business", "name": "Name", "first_name": "First name", "last_name": "Last name", "street": "Street",
    "city": "City", "state": "State", "postal_code": "Postal code", "country": "Country",
}  # fmt: skip
_NAMES: Final = frozenset({"name", "first_name", "last_name"})
_PLACES: Final = frozenset({"street", "postal_code"})


def number(customer_id: int) -> str:
    """How a customer is called where the name must not stand."""
    return f"C-{customer_id:06}"


def held(session: Session, customer_id: int | None, *, actor: Actor, any_state: bool = False) -> Customer:
    """The customer, locked until the command ends; raises `NotFound`, `Refused` where nothing may change any more."""
    customer = session.scalars(
        select(Customer).where(Customer.id == (customer_id or 0)).with_for_update()
    ).one_or_none()  # fmt: skip
    if customer is None or not actor.scope.allows(dealer_id=customer.dealer_id, region=customer.region):
        raise NotFound("This customer")
    if any_state:
        return customer
    if customer.purged_at is not None:
        raise Refused(Problem(code="purged", message="The personal data of this customer was removed."))
    if customer.merged_into_id is not None:
        sentence = f"This record was merged into {number(customer.merged_into_id)}; change it there."
        raise Refused(Problem(code="merged", message=sentence))
    return customer


def two_held(session: Session, first_id: int, second_id: int, *, actor: Actor) -> tuple[Customer, Customer]:
    """Two customers, always locked in the same order; (first, second)."""
    found = {i: held(session, i, actor=actor) for i in sorted({first_id, second_id})}
    return found[first_id], found[second_id]


def values_of(customer: Customer) -> dict[str, Any]:
    """The editable facts."""
    return {field: getattr(customer, field) for field in FIELDS}


def masked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same facts as the timeline may keep them for ever."""
    return {
        field: mask_name(str(value)) if field in _NAMES
        else ("•••" if value else "") if field in _PLACES
        else value
        for field, value in values.items()
    }  # fmt: skip


def masked_contact(kind: str, value: str) -> str:
    """An address or number as the timeline may keep it."""
    return mask_email(value) if kind == "email" else mask_phone(value)


def touched(customer: Customer, *, actor: Actor, now: datetime) -> None:
    """Note on the record who changed it last."""
    customer.version += 1
    customer.updated_at, customer.updated_by = now, actor.name


def keys_stored(session: Session, customer_id: int) -> list[CustomerKey]:
    """Every key of a customer, in the order it came."""
    return list(
        session.scalars(select(CustomerKey).where(CustomerKey.customer_id == customer_id).order_by(CustomerKey.id))
    )


def reindex(session: Session, customer: Customer) -> None:
    """The search words of a customer from its name and keys; none for one that was merged away or removed."""
    texts: list[str] = []
    if customer.purged_at is None and customer.merged_into_id is None:
        texts.append(customer.name)
        texts.append(number(customer.id))
        for key in keys_stored(session, customer.id):
            if key.kind == "phone":
                texts += phone_texts(key.value)
            elif key.kind == "email":
                texts += [key.value, key.raw]
    search.index(
        session, kind="customer", item_id=customer.id, texts=texts, dealer_id=customer.dealer_id, region=customer.region
    )  # fmt: skip


def follow(session: Session, customer: Customer) -> None:
    """What depends on name and place: the key by which they are recognised, lookalikes, search words."""
    customer.match_key = match_key(customer.name, customer.postal_code)
    for key in person_keys(emails=(), phones=(), name=customer.name, postal=customer.postal_code):
        kind, value = split_key(key)
        insert_or_ignore(session, CustomerKey, {"customer_id": customer.id, "kind": kind, "value": value})
    session.flush()
    reindex(session, customer)


def drop_keys(session: Session, key_ids: Sequence[int]) -> None:
    """Forget keys."""
    session.execute(
        delete(CustomerKey).where(CustomerKey.id.in_(list(key_ids))).execution_options(synchronize_session=False)
    )


def references() -> list[tuple[Table, str]]:
    """Every (table, column) anywhere that refers to a customer: an area that comes later is found too."""
    return [
        (table, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.c
        if any(key.column.table.name == "customer" for key in column.foreign_keys)
    ]


def note(
    session: Session, command: str, summary: str, customers: Sequence[Customer], *, actor: Actor, now: datetime,
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None, reason: str = "",
    extra: Mapping[str, Any] | None = None, areas: Sequence[str] = (),
) -> None:  # fmt: skip
    """Raise the counters and write the one entry of a command."""
    changes.touch(session, "customers", *areas)
    timeline.record(
        session, actor=actor, now=now, area="customers", command=command, summary=summary, reason=reason,
        before=before, after=after, extra=extra,
        items=[timeline.Item("customer", one.id, one.dealer_id) for one in customers],
    )  # fmt: skip
