"""Reading customers: who has a key, and what the search box shows."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.customers.tables import Customer, CustomerKey

CHUNK = 500
KINDS = {"email": "email", "phone": "phone", "name": "name_postal"}


def split_key(key: str) -> tuple[str, str]:
    """(kind, value) of a key such as `email:jane@x.com`, as it is stored (domain-rules 2.2 D)."""
    kind, _, value = key.partition(":")
    return KINDS[kind], value[:254]


def joined_key(kind: str, value: str) -> str:
    """The key of a stored (kind, value)."""
    names = {stored: name for name, stored in KINDS.items()}
    return f"{names[kind]}:{value}"


def customers_with(session: Session, keys: Iterable[str], *, scope: Scope) -> dict[str, list[tuple[int, int | None]]]:
    """For each key the (customer id, dealer id) pairs that carry it, newest first."""
    wanted: dict[str, dict[str, str]] = {}
    for key in keys:
        kind, value = split_key(key)
        wanted.setdefault(kind, {})[value] = key
    found: dict[str, list[tuple[int, int | None]]] = {}
    for kind, values in sorted(wanted.items()):
        listed = sorted(values)
        for start in range(0, len(listed), CHUNK):
            rows = session.execute(
                select(CustomerKey.value, Customer.id, Customer.dealer_id)
                .join(Customer, Customer.id == CustomerKey.customer_id)
                .where(CustomerKey.kind == kind, CustomerKey.value.in_(listed[start : start + CHUNK]))
                .where(scope.where(Customer.dealer_id, Customer.region))
                .order_by(Customer.id.desc())
            )
            for value, customer_id, dealer_id in rows:
                found.setdefault(values[value], []).append((customer_id, dealer_id))
    return found


def keys_of(session: Session, customer_ids: Iterable[int], *, scope: Scope) -> dict[int, set[str]]:
    """Every key of some customers."""
    listed = sorted(set(customer_ids))
    found: dict[int, set[str]] = {}
    for start in range(0, len(listed), CHUNK):
        rows = session.execute(
            select(CustomerKey.customer_id, CustomerKey.kind, CustomerKey.value)
            .join(Customer, Customer.id == CustomerKey.customer_id)
            .where(CustomerKey.customer_id.in_(listed[start : start + CHUNK]))
            .where(scope.where(Customer.dealer_id, Customer.region))
        )
        for customer_id, kind, value in rows:
            found.setdefault(customer_id, set()).add(joined_key(kind, value))
    return found
