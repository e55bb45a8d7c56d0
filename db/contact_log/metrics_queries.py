"""How reliably promises are kept, as a metric of the catalogue (U20, decision 0024)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.contact_log.promise_queries import DIMS, reliability_by
from db.contact_log.rules import Reliability
from db.contact_log.tables import Dealer
from db.core.actor import Scope
from db.core.area import Metric, MetricDefinition
from db.core.permissions import Permission
from db.core.problems import Problem, Refused

DEFINITION = MetricDefinition(
    name="promise_reliability",
    title="Promises kept on time",
    formula="Kept by the first day given ÷ promises that were due",
    numerator="Promises kept on or before the first day that was given",
    denominator="Promises that were kept, and open ones whose first day is over",
    excluded="Withdrawn promises; open ones whose first day is still to come",
    unit="percent",
    rule="U20, decision 0024",
    owner="Dealer relations",
)


def compute(
    session: Session, *, scope: Scope, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None, now: datetime
) -> list[dict[str, Any]]:
    """Rows of {dims..., numerator, denominator, value}; the value is a share of 1, None where nothing was due.

    Dimensions: made_by (us, dealer), region, dealer; the last comes as code, `dealer_id` and `dealer_name`.
    Filters: the dimensions, and from and to, which choose promises by the first day that was given.
    """
    if unknown := [name for name in by if name not in DIMS]:
        raise Refused(Problem(code="unknown_dimension", field="by", message=f"There is no dimension {unknown[0]}."))
    found = reliability_by(session, scope=scope, by=by, now=now, filters=filters)
    if not by and not found:
        found = {(): Reliability()}
    names: dict[int, tuple[str, str]] = {}
    if "dealer" in by and found:
        at = tuple(by).index("dealer")
        rows = session.execute(
            select(Dealer.id, Dealer.code, Dealer.name).where(Dealer.id.in_({key[at] for key in found}))
        )
        names = {dealer_id: (code, name) for dealer_id, code, name in rows}
    made = []
    for key, value in sorted(found.items(), key=lambda pair: tuple(map(str, pair[0]))):
        row = dict(zip(by, key, strict=True))
        if "dealer" in row:
            dealer_id = row["dealer"]
            row["dealer"], row["dealer_name"] = names.get(dealer_id, ("", ""))
            row["dealer_id"] = dealer_id
        made.append({**row, "numerator": value.kept_on_time, "denominator": value.due, "value": value.share})
    return made


METRICS = (Metric(definition=DEFINITION, dims=DIMS, compute=compute, permission=Permission.CONTACTS_VIEW),)
