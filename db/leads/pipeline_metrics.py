"""The numbers of a pipeline with their definitions, for the catalogue, and the export by dealer and stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import Metric, MetricDefinition
from db.core.export_files import ExportColumn
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.leads import pipeline_open
from db.leads.cohorts import median_of
from db.leads.pipeline_cohort import weights
from db.leads.pipeline_open import Standing, merged_ages, standing, standing_by_dealer
from db.leads.pipeline_rules import BUCKETS, STAGES, WON, share, weigh, weighted_cents
from db.leads.tables import Dealer, Lead

OPEN = "Open leads from new to negotiation"
LEFT_OUT = "Sold leads (shown beside), held leads, leads in nurture, and closed ones"
STALE_DAYS = ", ".join(f"{s.label.lower()} {s.stale_days}" for s in STAGES if s.name != WON)


def _define(name: str, title: str, formula: str, numerator: str, denominator: str = "", **other: Any) -> Any:
    values = {
        "excluded": LEFT_OUT,
        "rule": "2.2 E, F",
        "unit": "count",
        "better": "none",
        "owner": "Sales operations",
    } | other
    return MetricDefinition(
        name=name, title=title, formula=formula, numerator=numerator, denominator=denominator, **values
    )


DEFINITIONS: dict[str, MetricDefinition] = {
    d.name: d
    for d in (
        _define("pipeline_open", "Open leads", "Open leads in a stage before the sale, now", OPEN),
        _define(
            "pipeline_value", "Open value", "Sum of the values of open leads", "The price agreed, offered or noted, "
            "else the price of the vehicle the customer named", unit="money",
            excluded=f"Leads without a value: they are counted, never guessed. {LEFT_OUT}",
        ),
        _define(
            "pipeline_weighted", "Weighted value", "Value in a stage × share of leads of that stage that were sold",
            "The value of each stage, weighted", unit="money", excluded=f"Leads without a value; stages fewer than ten "
            f"leads have come to. {LEFT_OUT}",
            denominator="Shares of the whole network, from leads received in the twelve months that ended three months "
            "ago: those are settled. New and attempted leads are weighted like all valid leads",
        ),
        _define(
            "pipeline_won", "Sold, not delivered", "Sold leads that wait for delivery", "Leads in the state sold",
            excluded="Delivered leads, and sales that fell through",
        ),
        _define(
            "pipeline_days", "Median days in stage", "Middle of the whole days since a lead entered its stage",
            "Days of 24 hours since the last change of state; a lead taken over from elsewhere: since that state's "
            "own stamp", OPEN, unit="days", better="down",
        ),
        _define(
            "pipeline_stale", "Stale", "Stale leads ÷ open leads",
            f"Leads that stand in their stage for too long, in days: {STALE_DAYS}", OPEN, unit="percent",
            better="down",
        ),
    )
}  # fmt: skip
DIMS = ("region", "dealer", "source", "product")


def compute(
    session: Session, *, scope: Scope, name: str, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
    now: datetime,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of {dims..., numerator, denominator, value} of what is open now; by nothing, or by one of `DIMS`."""
    given = filters or {}
    if len(by) > 1 or any(dim not in DIMS for dim in by):
        message = f"Pipelines are counted by one of {', '.join(DIMS)}."
        raise Refused(Problem(code="unknown_dimension", field="by", message=message))
    weighing = weights(session, scope=scope, now=now) if name == "pipeline_weighted" else None
    value = partial(VALUES[name], weighing=weighing)
    if not by:
        stages, _ = standing(session, scope=scope, filters=given, now=now)
        return [value(stages)]
    (dim,) = by
    column = {"region": Lead.region, "dealer": Lead.dealer_id, "source": Lead.source, "product": Lead.product}[dim]
    found = pipeline_open.standing_by(session, scope=scope, filters=given, now=now, key=column)
    rows = [{dim: key if key is not None else "", **value(stages)} for key, stages in found.items()]
    if dim == "dealer":
        ids = [row["dealer"] for row in rows if row["dealer"] != ""]
        named = session.execute(select(Dealer.id, Dealer.code, Dealer.name).where(Dealer.id.in_(ids)))
        names = {dealer_id: (code, said) for dealer_id, code, said in named}
        for row in rows:
            code, said = names.get(row["dealer"], ("", "No dealer"))
            row |= {"dealer": code, "dealer_id": row["dealer"] or None, "dealer_name": said}
    return sorted(rows, key=lambda row: str(row[dim]))


Stages = Mapping[str, Standing]


def _working(stages: Stages) -> list[Standing]:
    return [one for name, one in stages.items() if name != WON]


def _count(stages: Stages, weighing: Any) -> dict[str, Any]:
    n = sum(one.count for one in _working(stages))
    return {"numerator": n, "denominator": None, "value": n}


def _won(stages: Stages, weighing: Any) -> dict[str, Any]:
    return {"numerator": stages[WON].count, "denominator": None, "value": stages[WON].count}


def _value(stages: Stages, weighing: Any) -> dict[str, Any]:
    cents = sum(one.value_cents for one in _working(stages))
    return {"numerator": cents, "denominator": None, "value": cents}


def _weighted(stages: Stages, weighing: Mapping[str, int] | None) -> dict[str, Any]:
    cents = weigh({one.stage.name: one.value_cents for one in _working(stages)}, weighing)
    return {"numerator": cents, "denominator": None, "value": cents}


def _days(stages: Stages, weighing: Any) -> dict[str, Any]:
    ages = merged_ages(_working(stages))
    return {"numerator": None, "denominator": sum(n for _, n in ages), "value": median_of(ages)}


def _stale(stages: Stages, weighing: Any) -> dict[str, Any]:
    stale, n = (sum(getattr(one, what) for one in _working(stages)) for what in ("stale", "count"))
    return {"numerator": stale, "denominator": n, "value": share(stale, n)}


VALUES: dict[str, Callable[..., dict[str, Any]]] = {
    "pipeline_open": _count, "pipeline_value": _value, "pipeline_weighted": _weighted, "pipeline_won": _won,
    "pipeline_days": _days, "pipeline_stale": _stale,
}  # fmt: skip
METRICS: tuple[Metric, ...] = tuple(
    Metric(
        definition=found,
        dims=DIMS,
        compute=partial(compute, name=found.name),
        permission=Permission.PIPELINE_VIEW,
        period="now",
        most_dims=1,
    )
    for found in DEFINITIONS.values()
)

# ---- export --------------------------------------------------------------------------------------------------------
COLUMNS: tuple[ExportColumn, ...] = (
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="region", label="Region"),
    ExportColumn(name="stage", label="Stage"),
    ExportColumn(name="leads", label="Leads", kind="integer"),
    ExportColumn(name="value", label="Value", kind="money"),
    ExportColumn(name="without_value", label="Leads without value", kind="integer"),
    ExportColumn(name="weighted", label="Weighted value", kind="money"),
    *(ExportColumn(name=b.name, label=f"{b.label} days in stage", kind="integer") for b in BUCKETS),
    ExportColumn(name="median_days", label="Median days in stage", kind="decimal"),
    ExportColumn(name="stale", label="Stale leads", kind="integer"),
)
CHUNK = 200


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a dealer and stage in the order of `COLUMNS`, for dealers with leads in their pipeline."""
    weighing = weights(session, scope=scope, now=now)
    dealers = session.execute(
        select(Dealer.id, Dealer.code, Dealer.name, Dealer.region)
        .where(scope.where(Dealer.id, Dealer.region))
        .order_by(func.lower(Dealer.name), Dealer.id)
    ).all()
    for start in range(0, len(dealers), CHUNK):
        some = dealers[start : start + CHUNK]
        held = standing_by_dealer(
            session, scope=scope, filters=filters, now=now, dealer_ids=[dealer.id for dealer in some]
        )
        for dealer in some:
            for one in held.get(dealer.id, {}).values():
                if not one.count:
                    continue
                stage, weighted = one.stage, None
                if weighing is not None and stage.name != WON:
                    counted = {"sold": weighing[stage.sold_of], "reached": weighing[stage.reached]}
                    weighted = weighted_cents(one.value_cents, **counted)
                yield (
                    dealer.code, dealer.name, dealer.region, stage.label, one.count, one.value_cents, one.unvalued,
                    weighted, *one.by_bucket.values(), one.median_days, one.stale,
                )  # fmt: skip
