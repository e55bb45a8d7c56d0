"""The won leads behind a number, by the day of the sale, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.masking import mask_name
from db.leads.tables import Dealer, Lead, Person
from db.leads.won_queries import won_conditions

PAGE = 50
Cursor = tuple[date, int]


@dataclass(frozen=True, kw_only=True)
class WonLead:
    """One sale; `sold_on` is the local day where the dealer is, `days` from receipt to sale."""

    lead_id: int
    number: str
    sold_on: date
    customer_name: str
    wants: str
    product: str
    source: str
    region: str
    dealer: str
    person: str
    cents: int | None
    days: float


def won_leads(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], after: Cursor | None = None, limit: int = PAGE,
    personal: bool = False,
) -> tuple[list[WonLead], Cursor | None]:  # fmt: skip
    """One page of the sales of these months (`from`, `to`: months of the sale), newest first, and the next cursor."""
    wanted = won_conditions(scope, filters)
    if after is not None:
        wanted += [Lead.decided_on <= after[0], or_(Lead.decided_on < after[0], Lead.id < after[1])]
    rows = session.execute(
        select(Lead, Dealer.name, Person.name.label("person"))
        .outerjoin(Dealer, Dealer.id == Lead.dealer_id)
        .outerjoin(Person, Person.id == Lead.assignee_id)
        .where(*wanted)
        .order_by(Lead.decided_on.desc(), Lead.id.desc())
        .limit(limit + 1)
    ).all()
    found = []
    for lead, dealer, person in rows[:limit]:
        assert lead.decided_on is not None
        assert lead.sold_at is not None
        found.append(
            WonLead(
                lead_id=lead.id, number=lead.number, sold_on=lead.decided_on,
                customer_name=lead.customer_name if personal else mask_name(lead.customer_name), wants=lead.wants,
                product=lead.product, source=lead.source, region=lead.region or "", dealer=dealer or "",
                person=person or lead.agent, cents=lead.value_cents,
                days=(lead.sold_at - lead.received_at) / timedelta(days=1),
            )
        )  # fmt: skip
    return found, (found[-1].sold_on, found[-1].lead_id) if len(rows) > limit else None
