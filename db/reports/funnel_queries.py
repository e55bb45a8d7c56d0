"""The funnel from lead to sale by cohort: rungs, steps between them, break-downs, rates (domain-rules 2.2 F, C4).

Each lead counts in the month it was received, wherever it stands today; what was sold by the day of the sale is in
`db.leads.won_queries`, so that the two are never mixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.area import MetricDefinition
from db.leads import cohorts
from db.leads.metrics_queries import RATIOS, named_rows, value_of
from db.leads.pipeline_cohort import speed
from db.leads.tables import LeadMonth
from db.marketing.metrics_queries import MEASURED, cost_of
from db.marketing.queries import CostRow, cost_rows

RATES = ("contact_rate", "appointment_set_rate", "show_rate", "close_rate", "show_to_sale", "response_sla")
BREAKDOWNS = ("month", "region", "source", "dealer", "person")


@dataclass(frozen=True, kw_only=True)
class Rung:
    """A rung of the ladder; `base` is the rung its step is counted from, `both` the leads that took the step.

    A rung can be skipped (a walk-in buys without an appointment), so a step is never one count over another.
    """

    name: str
    label: str
    base: str = ""
    both: str = ""
    means: str = ""


LADDER: tuple[Rung, ...] = (
    Rung(name="received", label="Received", means="All that came in, also bad ones and duplicates; not held ones"),
    Rung(name="responded", label="First touch", base="received", both="responded", means="A person acted on it"),
    Rung(name="contacted", label="Contact", base="responded", both="contacted", means="In touch both ways"),
    Rung(name="qualified", label="Qualified", base="contacted", both="qualified", means="A real wish, able to buy"),
    Rung(
        name="appointment_set", label="Appointment set", base="qualified", both="qualified_set",
        means="At least one appointment",
    ),
    Rung(
        name="appointment_confirmed", label="Confirmed", base="appointment_set", both="appointment_confirmed",
        means="The customer confirmed an appointment",
    ),
    Rung(
        name="appointment_shown", label="Shown", base="appointment_set", both="appointment_shown",
        means="The customer came, confirmed or not",
    ),
    Rung(name="sold", label="Sold", base="appointment_shown", both="shown_sold", means="Sold, with or without a visit"),
)  # fmt: skip
LABELS = {rung.name: rung.label for rung in LADDER}


@dataclass(frozen=True, kw_only=True)
class RungLine:
    """A rung as a page shows it. `step` and `share` are shares of 1, None where they would say nothing.

    `took` of `of` leads took the step from the rung `base`; `days` is the median between the two stamps of `timed`
    leads.
    """

    name: str
    label: str
    means: str
    count: int
    share: float | None
    base: str
    took: int
    of: int
    step: float | None
    days: float | None
    timed: int


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """The ladder of one cohort, and every count of it; `is_sampled`: the days speak for the first leads of a month."""

    rungs: tuple[RungLine, ...]
    counts: Mapping[str, int]
    rates: Mapping[str, dict[str, Any]]
    is_sampled: bool


def funnel_of(session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime) -> Funnel:
    """The ladder of the leads received in the months of the filters, with its rates; reads the rollups."""
    wanted = cohorts.check((), filters)
    counts = cohorts.counts(session, scope=scope, by=(), filters=wanted, now=now)[0]
    timed = None
    if "from" in wanted and "to" in wanted and not {"person", "state"} & set(wanted):
        timed = speed(session, scope=scope, filters=wanted)
    lines = []
    for rung in LADDER:
        took, of = counts[rung.both] if rung.both else 0, counts[rung.base] if rung.base else 0
        lines.append(
            RungLine(
                name=rung.name, label=rung.label, means=rung.means, count=counts[rung.name],
                share=counts[rung.name] / counts["received"] if counts["received"] else None,
                base=LABELS.get(rung.base, ""), took=took, of=of,
                # Leads of another system have a contact and no first action: such a step would be more than all.
                step=took / of if of and took <= of else None,
                days=timed.days.get(rung.name) if timed else None,
                timed=timed.measured.get(rung.name, 0) if timed else 0,
            )
        )  # fmt: skip
    return Funnel(
        rungs=tuple(lines), counts=counts, rates={name: value_of(counts, RATIOS[name][1]) for name in RATES},
        is_sampled=bool(timed and timed.is_sampled),
    )  # fmt: skip


def rate_definition(name: str) -> MetricDefinition:
    """What a rate counts."""
    return RATIOS[name][0]


def breakdown(
    session: Session, *, scope: Scope, by: str, filters: Mapping[str, Any], now: datetime
) -> list[dict[str, Any]]:
    """The counts of every rung and the rates by one dimension, {dim, counts..., rates...}; months in order of time.

    By person the leads are counted one by one: `Refused` says so where they are too many (see `cohorts`).
    """
    rows = cohorts.counts(session, scope=scope, by=(by,), filters=filters, now=now)
    found = [{**row, **{name: value_of(row, RATIOS[name][1])["value"] for name in RATES}} for row in rows]
    if by != "month":
        found.sort(key=lambda row: (-row["received"], str(row[by])))
    return named_rows(session, found, (by,))


def months_known(session: Session, *, scope: Scope) -> tuple[date, date] | None:
    """The first and the last cohort month of the regions in scope; None without any lead."""
    query = select(func.min(LeadMonth.received_month), func.max(LeadMonth.received_month))
    if scope.kind == "regions":
        query = query.where(LeadMonth.region.in_(sorted(scope.regions)))
    first, last = session.execute(query).one()
    return None if first is None else (first, last)


# ---- the provider scorecard ----------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """What the leads of one source are worth and what they cost, in cents (H12); None where it is not known."""

    source: str
    received: int
    sold: int
    shares: Mapping[str, float | None]
    spend: int | None
    planned: int
    costs: Mapping[str, int | None]
    is_without_lead: bool
    is_without_spend: bool


SHARES = ("valid_share", "duplicate_share", "contact_rate", "close_rate")


def scorecards(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> tuple[Scorecard, list[Scorecard]]:
    """The whole and each source, most leads first; sources with spend and no lead are among them."""
    whole = cost_rows(session, scope=scope, filters=filters, now=now)[0]
    rows = cost_rows(session, scope=scope, by=("source",), filters=filters, now=now)
    cards = [_card(row, str(row.keys["source"])) for row in rows]
    return _card(whole, "All sources"), sorted(cards, key=lambda c: (-c.received, c.source))


def cost_months(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> list[tuple[date, Scorecard]]:
    """The same by cohort month, in order of time."""
    rows = cost_rows(session, scope=scope, by=("month",), filters=filters, now=now)
    return [(row.keys["month"], _card(row, f"{row.keys['month']:%b %Y}")) for row in rows]


def _card(row: CostRow, source: str) -> Scorecard:
    counts = row.counts
    return Scorecard(
        source=source, received=counts.get("received", 0), sold=counts.get("sold", 0),
        shares={name: value_of(counts, RATIOS[name][1])["value"] if counts else None for name in SHARES},
        spend=row.cents, planned=row.planned_cents, costs={name: cost_of(row, name) for name in MEASURED},
        is_without_lead=row.is_without_lead, is_without_spend=row.is_without_spend,
    )  # fmt: skip
