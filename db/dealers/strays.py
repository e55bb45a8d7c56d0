"""Records that lie in another region than their dealer: every area with both columns lets them be looked for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.dealers.tables import Dealer


def in_another_region(session: Session, table: Any, *, most: int) -> list[str]:
    """Numbers of the records of a table with `number`, `dealer_id` and `region`, at most so many."""
    return list(
        session.scalars(
            select(table.number)
            .join(Dealer, Dealer.id == table.dealer_id)
            .where(table.region != Dealer.region)
            .limit(most)
        )
    )
