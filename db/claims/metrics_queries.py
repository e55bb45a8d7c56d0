"""The figures of claims with their definitions (domain-rules 2.1 I): one catalogue for the page, the brief, the CLI."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.claims import figure_queries as figures
from db.claims.figure_rules import FEWEST_PEERS, NINE_IN_TEN, WORKDAY_MINUTES, receivable
from db.claims.money_rules import half_up
from db.core.actor import Scope
from db.core.area import Metric, MetricDefinition
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.leads.metrics_queries import named_rows

DIMS = figures.DIMS
DESK: Final = "Warranty administration"
FINANCE: Final = "Finance"
DECIDED = "Claims whose first decision fell into the period, as they stand today"
NO_CLAIMS = "Void claims, pre-authorizations, supplier recoveries, debits"
DAY_MINUTES: Final = 24 * 60


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """A figure as one number over another of a row of counts; `per` turns a quotient into its unit."""

    top: str
    bottom: str = ""
    per: float = 1.0


def _define(name: str, title: str, formula: str, numerator: str, denominator: str = "", **other: Any) -> Any:
    values: dict[str, Any] = {"rule": "2.1 I", "unit": "count", "better": "none", "excluded": NO_CLAIMS, "owner": DESK}
    values |= other
    return MetricDefinition(
        name=name, title=title, formula=formula, numerator=numerator, denominator=denominator, **values
    )


def _share(name: str, title: str, formula: str, numerator: str, **other: Any) -> Any:
    return _define(name, title, formula, numerator, other.pop("denominator", DECIDED), unit="percent", **other)


_RATIOS: tuple[tuple[MetricDefinition, Ratio], ...] = (
    (
        _define(
            "claims_decided", "Claims decided", "Claims with their first decision in the period", DECIDED,
        ),
        Ratio(top="decided"),
    ),
    (
        _share(
            "claim_first_pass", "First-pass yield", "Approved without a return ÷ decided",
            "Approved in whole or part, never returned to the dealer, never appealed", better="up",
        ),
        Ratio(top="first_pass", bottom="decided"),
    ),
    (
        _share(
            "claim_touchless", "Touchless", "Decided by the rules alone and approved ÷ decided",
            "Approved in whole or part by the rules, with no person before or after", better="up",
            excluded=f"{NO_CLAIMS}; denials by the rules are touchless for nobody",
        ),
        Ratio(top="touchless", bottom="decided"),
    ),
    (
        _define(
            "claim_returns", "Return loops", "Returns to the dealer ÷ decided claims",
            "Times a claim was returned or could not be processed", DECIDED, better="down",
        ),
        Ratio(top="returns", bottom="decided"),
    ),
    (
        _share(
            "claim_denial", "Denied", "Claims of which nothing was approved ÷ decided",
            "Denied as a whole, or every line rejected", better="down",
        ),
        Ratio(top="denied", bottom="decided"),
    ),
    (
        _share(
            "claim_approved_ratio", "Approved of claimed", "Approved amount ÷ claimed amount",
            "Approved amount of claims decided", better="up", parts="money",
            denominator="Claimed amount of the same claims",
            excluded=f"{NO_CLAIMS}; claims returned or appealed and sent again, until they are decided anew",
        ),
        Ratio(top="approved", bottom="claimed"),
    ),
    (
        _share(
            "claim_appeal_rate", "Appealed", "Claims appealed ÷ decided", "Claims the dealer appealed", better="down",
        ),
        Ratio(top="appealed", bottom="decided"),
    ),
    (
        _share(
            "claim_appeal_overturn", "Appeals overturned", "Appeals that brought more ÷ appeals decided",
            "Appeals after which more was approved than before", better="down",
            denominator="Appeals that were decided, of claims first decided in the period",
            excluded=f"{NO_CLAIMS}; appeals that still wait",
        ),
        Ratio(top="overturned", bottom="appeal_decided"),
    ),
    (
        _define(
            "claim_days_to_pay", "Days to pay", "Days from the approval to the credit memo, mean",
            "Whole days between the decision that approved it and the day it was paid", "Claims of the period that "
            "are paid", unit="days", better="down", owner=FINANCE,
            excluded=f"{NO_CLAIMS}; claims that are not paid yet",
        ),
        Ratio(top="pay_days", bottom="paid"),
    ),
    (
        _define(
            "claim_turnaround_mean", "Turnaround, mean", "First decision − first sent, mean in days",
            "Days of 24 hours from the first time it was sent to the first decision", DECIDED, unit="days",
            better="down", parts="minutes",
        ),
        Ratio(top="turnaround", bottom="decided", per=1 / DAY_MINUTES),
    ),
    (
        _define(
            "claim_business_mean", "Turnaround in business days, mean",
            "First decision − first sent, mean in business days",
            "Minutes our desk was open in between, eight hours a day", DECIDED, unit="days", better="down",
            parts="minutes",
        ),
        Ratio(top="business", bottom="decided", per=1 / WORKDAY_MINUTES),
    ),
    (
        _define(
            "claim_deemed", "Approved by silence", "Claims nobody decided in time",
            "Claims approved because the legal clock ran out", better="down", rule="2.1 H, I",
        ),
        Ratio(top="deemed"),
    ),
    (
        _define(
            "claim_cost", "Approved cost", "Approved amounts − debits",
            "Approved amounts of claims first decided in the period, less debits", unit="money", better="down",
            owner=FINANCE,
            excluded="Void claims, pre-authorizations, supplier recoveries; charge-backs after an audit are not taken "
            "off",
        ),
        Ratio(top="cost"),
    ),
)  # fmt: skip
RATIOS: dict[str, tuple[MetricDefinition, Ratio]] = {d.name: (d, r) for d, r in _RATIOS}

_TIMED: tuple[tuple[MetricDefinition, str, float, int], ...] = tuple(
    (
        _define(
            f"claim_{name}{'' if share == 0.5 else '_p90'}",
            f"{title}{'' if share == 0.5 else ', 90% within'}",
            f"First decision − first sent, {'middle value' if share == 0.5 else 'nine in ten are not above'}",
            words, DECIDED, unit="days", better="down",
        ),
        name, share, minutes,
    )
    for name, title, minutes, words in (
        (
            "turnaround", "Turnaround", DAY_MINUTES,
            "Days of 24 hours from the first time it was sent to the first decision",
        ),
        (
            "business", "Turnaround in business days", WORKDAY_MINUTES,
            "Minutes our desk was open in between, eight hours a day",
        ),
    )
    for share in (0.5, NINE_IN_TEN)
)  # fmt: skip
TIMED = {found.name: (found, what, share, minutes) for found, what, share, minutes in _TIMED}

_NOW = "Claims sent and not decided, or appealed, now"
OTHERS: dict[str, MetricDefinition] = {
    d.name: d
    for d in (
        _define("claims_sent", "Claims sent", "Claims sent for the first time in the period",
                "Claims by the day they were sent first"),
        _define(
            "claim_open", "Waiting for a decision", "Claims that wait for our decision now", _NOW, better="down",
            excluded=f"{NO_CLAIMS}; claims returned to the dealer",
        ),
        _define(
            "claim_overdue", "Overdue now", "Open claims whose time to decide has passed",
            "Claims that wait for a decision after the end of the clock of their state", _NOW, better="down",
            rule="2.1 H, I",
        ),
        _define(
            "claim_repeat", "Repeat repairs", "Claims with a comeback ÷ claims sent",
            "Claims whose last run found the same component repaired shortly before (W18)",
            "Claims sent for the first time in the period", unit="percent", better="down", rule="2.1 D W18, I",
        ),
        _define(
            "claim_cost_per_unit", "Cost per vehicle in service", "Approved cost ÷ vehicles in service",
            "Approved amounts of the period, less debits", "Vehicles whose warranty began within 36 months before the "
            "end of the period; of a dealer, those it sold or had in its workshop", unit="money", better="down",
            owner=FINANCE,
            excluded="Vehicles without a known start of the warranty; pre-authorizations and supplier recoveries",
        ),
        _define(
            "claims_per_100", "Claims per 100 vehicles", "Claims sent ÷ vehicles in service × 100",
            "Claims sent for the first time in the period", "Vehicles whose warranty began within 36 months before "
            "the end of the period; of a dealer, those it sold or had in its workshop", better="down",
            excluded=f"{NO_CLAIMS}; vehicles without a known start of the warranty",
        ),
        _define(
            "claim_receivable", "Receivable in months", "Approved and unpaid ÷ average month approved",
            "Approved amounts that are not on a credit memo yet", "Approved amounts of the last twelve months, by "
            "month since the first of them", better="down", rule="2.1 I, NI5: not above one month",
            excluded="Pre-authorizations and supplier recoveries", owner=FINANCE, parts="money",
        ),
    )
}  # fmt: skip
VEHICLE_DIMS = ("region", "dealer", "model")
OTHER_DIMS: dict[str, tuple[str, ...]] = {
    "claims_sent": (*DIMS, "part"), "claim_open": DIMS[2:], "claim_overdue": DIMS[2:], "claim_repeat": DIMS,
    "claim_cost_per_unit": VEHICLE_DIMS, "claims_per_100": VEHICLE_DIMS, "claim_receivable": ("dealer",),
}  # fmt: skip


def definition(name: str) -> MetricDefinition:
    """The definition of a figure; KeyError when there is none of that name."""
    if name in RATIOS:
        return RATIOS[name][0]
    return TIMED[name][0] if name in TIMED else OTHERS[name]


def value_of(counts: Mapping[str, Any], ratio: Ratio) -> dict[str, Any]:
    """Numerator, denominator and value from a row of counts; no value of nothing."""
    top = counts[ratio.top]
    if not ratio.bottom:
        return {"numerator": top, "denominator": None, "value": top}
    bottom = counts[ratio.bottom]
    return {"numerator": top, "denominator": bottom, "value": top * ratio.per / bottom if bottom else None}


def peer_value(found: figures.Peers | None, name: str) -> float | None:
    """The average of a ratio over peers that have one; None for fewer than five, so that nobody can be told apart."""
    if found is None or name not in RATIOS:
        return None
    values = [value_of(row, RATIOS[name][1])["value"] for row in found.rows]
    known = [float(value) for value in values if value is not None]
    return sum(known) / len(known) if len(known) >= FEWEST_PEERS else None


# ---- computing -----------------------------------------------------------------------------------------------------
Rows = list[dict[str, Any]]


def compute(
    session: Session, *, scope: Scope, name: str, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
    now: datetime,
) -> Rows:  # fmt: skip
    """Rows of {dims..., numerator, denominator, value}; shares of 1, cents, days. Refused: unknown names.

    `filters` may have from and to (days of the desk), region, dealer (id or code), type, component, model, part. A
    dealer comes as `dealer` (code), `dealer_id` and `dealer_name`.
    """
    if name in RATIOS:
        ratio = RATIOS[name][1]
        measures = tuple(dict.fromkeys(one for one in (ratio.top, ratio.bottom) if one))
        counted = figures.counts(session, scope=scope, by=by, filters=filters, measures=measures)
        rows = [{**{dim: row[dim] for dim in by}, **value_of(row, ratio)} for row in counted]
    elif name in TIMED:
        rows = _timed(session, scope=scope, name=name, by=by, filters=filters)
    elif name in OTHERS:
        rows = _OTHER[name](session, scope=scope, by=by, filters=filters, now=now)
    else:
        raise Refused(Problem(code="unknown_metric", field="name", message=f"There is no metric “{name}”."))
    return named_rows(session, rows, by)


def _timed(
    session: Session, *, scope: Scope, name: str, by: Sequence[str], filters: Mapping[str, Any] | None
) -> Rows:  # fmt: skip
    _, what, share, minutes = TIMED[name]
    found = figures.timed(session, scope=scope, what=what, by=by, filters=filters, shares=(share,))
    if not by and not found:
        found = {(): figures.Took()}
    rows: Rows = [
        dict(zip(by, key, strict=True))
        | {"numerator": None, "denominator": took.n, "value": timed_value(took, share, minutes)}
        for key, took in found.items()
    ]
    return sorted(rows, key=lambda row: tuple(str(row[dim]) for dim in by))


def timed_value(took: figures.Took, share: float, minutes: int) -> float | None:
    """The middle of what decisions took, or what a share of them is not above, in days of so many minutes."""
    found = took.minutes.get(share)
    return None if found is None else found / minutes


def _sent(
    session: Session, *, scope: Scope, by: Sequence[str], filters: Mapping[str, Any] | None, now: datetime
) -> Rows:
    rows = figures.sent(session, scope=scope, by=by, filters=filters)
    return [
        {**{d: row[d] for d in by}, "numerator": row["sent"], "denominator": None, "value": row["sent"]} for row in rows
    ]


def _standing(
    session: Session, *, what: str, scope: Scope, by: Sequence[str], filters: Mapping[str, Any] | None, now: datetime
) -> Rows:
    rows = figures.standing(session, scope=scope, by=by, filters=filters, now=now)
    bottom = "open" if what != "open" else ""
    return [
        {
            **{d: row[d] for d in by}, "numerator": row[what], "denominator": row[bottom] if bottom else None,
            "value": row[what],
        }
        for row in rows
    ]  # fmt: skip


def _repeat(
    session: Session, *, scope: Scope, by: Sequence[str], filters: Mapping[str, Any] | None, now: datetime
) -> Rows:
    came = {
        tuple(row[d] for d in by): row["repeats"]
        for row in figures.repeats(session, scope=scope, by=by, filters=filters)
    }
    rows = []
    for row in figures.sent(session, scope=scope, by=by, filters=filters):
        top, bottom = came.get(tuple(row[d] for d in by), 0), row["sent"]
        rows.append(
            {
                **{d: row[d] for d in by}, "numerator": top, "denominator": bottom,
                "value": top / bottom if bottom else None,
            }
        )  # fmt: skip
    return rows


def _per_vehicle(
    session: Session, *, what: str, scope: Scope, by: Sequence[str], filters: Mapping[str, Any] | None, now: datetime
) -> Rows:
    if len(by) > 1:
        message = f"Figures per vehicle are split by one of {', '.join(VEHICLE_DIMS)}."
        raise Refused(Problem(code="unknown_dimension", field="by", message=message))
    vehicles = figures.in_service(
        session, scope=scope, by=by, filters=filters, today=local_day(now, DESK_ZONE)
    )  # fmt: skip
    if what == "cost":
        counted = figures.counts(session, scope=scope, by=by, filters=filters, measures=("cost",))
    else:
        counted = figures.sent(session, scope=scope, by=by, filters=filters)
    tops = {row[by[0]] if by else "": row[what] for row in counted}
    rows: Rows = []
    for key in sorted({*tops, *vehicles}, key=str):
        if by and key in (None, ""):
            continue
        top, bottom = tops.get(key, 0), vehicles.get(key, 0)
        value: float | None = None
        if bottom:
            value = half_up(int(top), bottom) if what == "cost" else 100 * top / bottom
        rows.append(
            {
                **({by[0]: key} if by else {}), "numerator": top, "denominator": bottom, "value": value,
            }
        )  # fmt: skip
    return rows


def _receivable(
    session: Session, *, scope: Scope, by: Sequence[str], filters: Mapping[str, Any] | None, now: datetime
) -> Rows:
    found = figures.owed(session, scope=scope, filters=filters, today=local_day(now, DESK_ZONE))
    if by:
        made = {one.dealer_id: receivable(one.unpaid_cents, one.approved_cents, one.months) for one in found.values()}
    else:
        # The whole is the sum of what is owed over the sum of the dealers' own average months.
        parts = [receivable(one.unpaid_cents, one.approved_cents, one.months) for one in found.values()]
        made = {0: receivable(sum(p.unpaid_cents for p in parts), sum(p.month_cents for p in parts), 1)}
    return [
        {
            **({"dealer": key} if by else {}), "numerator": one.unpaid_cents, "denominator": one.month_cents,
            "value": one.months,
        }
        for key, one in made.items()
    ]  # fmt: skip


_OTHER: dict[str, Callable[..., Rows]] = {
    "claims_sent": _sent, "claim_open": partial(_standing, what="open"),
    "claim_overdue": partial(_standing, what="overdue"), "claim_repeat": _repeat,
    "claim_cost_per_unit": partial(_per_vehicle, what="cost"), "claims_per_100": partial(_per_vehicle, what="sent"),
    "claim_receivable": _receivable,
}  # fmt: skip


STANDING: Final = ("claim_open", "claim_overdue", "claim_receivable")
METRICS: tuple[Metric, ...] = tuple(
    Metric(
        definition=found, dims=dims, compute=partial(compute, name=found.name),
        permission=Permission.CLAIMS_PERFORMANCE,
        period="now" if found.name in STANDING else "days",
        most_dims=1 if found.name in ("claim_cost_per_unit", "claims_per_100") else len(dims),
    )
    for found, dims in (
        *((d, DIMS) for d, _ in _RATIOS), *((d, DIMS) for d, *_ in _TIMED),
        *((d, OTHER_DIMS[n]) for n, d in OTHERS.items()),
    )
)  # fmt: skip
