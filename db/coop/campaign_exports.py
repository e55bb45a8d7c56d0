"""Campaigns as a file, as their page is narrowed; each export is logged by db.exports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.coop.campaign_queries import Cursor, Filters, list_campaigns
from db.coop.campaign_rules import GOALS
from db.coop.model import MEDIA
from db.core.actor import Actor, Scope
from db.core.export_files import ExportColumn

COLUMNS = (
    ExportColumn(name="code", label="Campaign"), ExportColumn(name="name", label="Name"),
    ExportColumn(name="dealer_code", label="Dealer code"), ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="region", label="Region"), ExportColumn(name="medium", label="Medium"),
    ExportColumn(name="state", label="Status"), ExportColumn(name="starts_on", label="From", kind="date"),
    ExportColumn(name="ends_on", label="To", kind="date"), ExportColumn(name="goal_kind", label="Goal of"),
    ExportColumn(name="goal", label="Goal", kind="integer"), ExportColumn(name="leads", label="Leads", kind="integer"),
    ExportColumn(name="sales", label="Sales", kind="integer"), ExportColumn(name="cost", label="Cost", kind="money"),
    ExportColumn(name="per_lead", label="Cost per lead", kind="money"),
    ExportColumn(name="per_sale", label="Cost per sale", kind="money"),
    ExportColumn(name="reserved", label="Reserved", kind="money"),
    ExportColumn(name="approved", label="Approved", kind="money"),
    ExportColumn(name="paid", label="Paid", kind="money"), ExportColumn(name="learned", label="Learned"),
)  # fmt: skip


def filters_of(given: Mapping[str, Any]) -> Filters:
    """The filters of an export."""
    dealer = given.get("dealer")
    return Filters(
        show=str(given.get("show") or "open"), region=str(given.get("region") or ""),
        medium=str(given.get("medium") or ""), dealer_id=int(dealer) if dealer else None,
    )  # fmt: skip


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """The campaigns that the filters of the page leave, in its order."""
    after: Cursor | None = None
    while True:
        rows, after = list_campaigns(session, scope=scope, now=now, filters=filters_of(filters), after=after, limit=500)
        for r in rows:
            f = r.facts
            yield (
                r.code, r.name, r.dealer_code, r.dealer, r.region, MEDIA[r.medium], r.state_label, r.starts_on,
                r.ends_on, GOALS[r.goal_kind], r.goal, f.leads, f.sales, f.cost, f.per_lead, f.per_sale, f.reserved,
                f.approved, f.paid, r.learned,
            )  # fmt: skip
        if after is None:
            return
