"""How customers are reached: the first e-mail address and telephone number each of them gave."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.customers.tables import CustomerKey


def first_ways(session: Session, ids: Sequence[int]) -> dict[tuple[int, str], str]:
    """What was written first, by (customer, "email" or "phone"); `ids` are customers of the scope of who asks."""
    # Ordered and chosen here: asked to do that, SQLite walks through all keys there are by number or kind.
    rows = session.execute(
        select(CustomerKey.id, CustomerKey.customer_id, CustomerKey.kind, CustomerKey.value, CustomerKey.raw)
        .where(CustomerKey.customer_id.in_(ids))
    )  # fmt: skip
    newest_first = sorted((row for row in rows if row.kind in ("email", "phone")), key=lambda row: -row.id)
    return {(row.customer_id, row.kind): row.raw or row.value for row in newest_first}
