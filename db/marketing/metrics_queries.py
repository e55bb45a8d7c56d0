"""What a lead, an appointment and a sale cost, by source and by the month the leads were received (C4, H12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.area import Metric, MetricDefinition
from db.core.permissions import Permission
from db.marketing.queries import CostRow, cost_rows
from db.marketing.rules import cost_of_each
from db.marketing.tables import Dealer

DIMS = ("month", "source", "region", "dealer")
SPENT = "Spend entered for months that have begun, as corrected last"
LEFT_OUT = "Months to come, which are planned; sources nobody entered spend for have no cost"


def _define(name: str, title: str, formula: str, numerator: str, denominator: str = "", **other: Any) -> Any:
    values: dict[str, Any] = {"unit": "money", "excluded": LEFT_OUT, "rule": "2.2 F, H12", "better": "down"}
    values |= {"owner": "Marketing"} | other
    return MetricDefinition(
        name=name, title=title, formula=formula, numerator=numerator, denominator=denominator, **values
    )


_SAME = "of the same months and source, by the month received"
MEASURED = {
    "cost_per_lead": "received", "cost_per_valid_lead": "valid", "cost_per_appointment": "appointment_set",
    "cost_per_sale": "sold",
}  # fmt: skip
DEFINITIONS: dict[str, MetricDefinition] = {
    d.name: d
    for d in (
        _define(
            "marketing_spend", "Marketing spend", "Sum of what was spent in the months", SPENT, better="none",
            excluded="Months to come, which are planned",
        ),
        _define("cost_per_lead", "Cost per lead", "Spend ÷ leads received", SPENT, f"Leads received {_SAME}"),
        _define("cost_per_valid_lead", "Cost per valid lead", "Spend ÷ valid leads", SPENT, f"Valid leads {_SAME}"),
        _define(
            "cost_per_appointment", "Cost per appointment", "Spend ÷ leads with an appointment", SPENT,
            f"Valid leads with at least one appointment, {_SAME}",
        ),
        _define(
            "cost_per_sale", "Cost per sale", "Spend ÷ sold leads", SPENT,
            f"Sold leads {_SAME}: a sale counts in the month its lead was received",
        ),
    )
}  # fmt: skip


def cost_of(row: CostRow, name: str) -> int | None:
    """The value of a metric from a row, in cents; None where nobody entered spend or nothing came of it."""
    if name == "marketing_spend":
        return row.cents
    return cost_of_each(row.cents, row.counts.get(MEASURED[name], 0))


def compute(
    session: Session, *, scope: Scope, name: str, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
    now: datetime,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of {dims..., numerator (cents), denominator, value (cents)}; sources without spend or leads are there."""
    rows = cost_rows(session, scope=scope, by=by, filters=filters, now=now)
    known: dict[int, tuple[str, str]] = {}
    if "dealer" in by:
        ids = {row.keys["dealer"] for row in rows if row.keys["dealer"]}
        found = session.execute(select(Dealer.id, Dealer.code, Dealer.name).where(Dealer.id.in_(ids)))
        known = {i: (code, title) for i, code, title in found}
    out = []
    for row in rows:
        keys = dict(row.keys)
        if "dealer" in keys:
            code, title = known.get(keys["dealer"], ("", "No dealer"))
            keys |= {"dealer": code, "dealer_id": keys["dealer"] or None, "dealer_name": title}
        bottom = row.counts.get(MEASURED[name], 0) if name in MEASURED else None
        out.append({**keys, "numerator": row.cents, "denominator": bottom, "value": cost_of(row, name)})
    return out


METRICS: tuple[Metric, ...] = tuple(
    Metric(
        definition=found, dims=DIMS, compute=partial(compute, name=found.name), permission=Permission.FUNNEL_VIEW,
        period="months", overlaps=("dealer",) if found.name == "marketing_spend" else (),
    )
    for found in DEFINITIONS.values()
)  # fmt: skip
