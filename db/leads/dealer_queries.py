"""What each dealer carries: open and overdue leads, for lists of dealers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, select, true
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.leads.tables import Lead


@dataclass(frozen=True, kw_only=True)
class Carried:
    """Open leads of a dealer (held ones too, which count towards its cap), and how many of them are overdue."""

    open: int = 0
    overdue: int = 0


def count_carried(session: Session, *, scope: Scope, dealer_ids: Iterable[int], now: datetime) -> dict[int, Carried]:
    """The load of these dealers as far as the scope reaches; a dealer without open leads is left out."""
    overdue = func.sum(case((and_(Lead.due_at < now, Lead.status != "held"), 1), else_=0))
    rows = session.execute(
        select(Lead.dealer_id, func.count(), overdue)
        .where(
            Lead.dealer_id.in_(sorted(set(dealer_ids))), Lead.is_open == true(),
            scope.where(Lead.dealer_id, Lead.region),
        )
        .group_by(Lead.dealer_id)
    )  # fmt: skip
    return {dealer_id: Carried(open=number, overdue=int(late or 0)) for dealer_id, number, late in rows}
