"""The figures of incentives with their definitions (issue 6): one catalogue for the page, its exports and the CLI."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy.orm import Session

from db.claims.figure_rules import median, percentile
from db.claims.money_rules import half_up
from db.core.actor import Scope
from db.core.area import Metric, MetricDefinition
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.incentives import figure_queries as figures
from db.incentives.figure_baseline_queries import incremental
from db.incentives.figure_filters import Asked, check_dims, checked
from db.incentives.figure_members import Member
from db.incentives.figure_rules import WORKDAY_MINUTES

DIMS = figures.DIMS
DESK: Final = "Incentives desk (dealer relations)"
FINANCE: Final = "Finance"
LEADERS: Final = "Sales leadership"
BOOKED = "By the day it was posted, of the desk"
NOT_DECIDED = "Claims taken back, waiting, or reversed since with their sale"
Rows = list[dict[str, Any]]
BASELINE: Final = (
    "A target where the program sets one; else what the same dealers delivered of the program's vehicles on the same "
    "days of the year before"
)


def _define(name: str, title: str, formula: str, numerator: str, denominator: str = "", **other: Any) -> Any:
    values = {"rule": "2.4", "unit": "money", "better": "none", "owner": FINANCE} | other
    return MetricDefinition(
        name=name, title=title, formula=formula, numerator=numerator, denominator=denominator, **values
    )


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A metric: its definition, the rows it is made of, the two columns, and what it can be split by."""

    definition: MetricDefinition
    source: Callable[..., Rows]
    top: str
    bottom: str = ""
    dims: tuple[str, ...] = DIMS

    def value_of(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Numerator, denominator and value from a row of counts; no value of nothing, and none below zero units."""
        top = row[self.top]
        if not self.bottom:
            return {"numerator": top, "denominator": None, "value": top}
        bottom = row[self.bottom]
        value = top / bottom if bottom > 0 else None
        if value is not None and self.definition.unit == "money":
            value = half_up(int(top), int(bottom))
        return {"numerator": top, "denominator": bottom, "value": value}


def extra_units(
    session: Session, *, scope: Scope, asked: Asked, by: Sequence[str] = (),
    members: Mapping[int, Member] | None = None,
) -> Rows:  # fmt: skip
    """`incremental` with the units above the baseline; below zero where dealers sold less than it."""
    rows = incremental(session, scope=scope, asked=asked, by=by, members=members)
    return [{**row, "extra": row["units"] - row["baseline"]} for row in rows]


FIGURES: Final[dict[str, Figure]] = {
    one.definition.name: one
    for one in (
        Figure(
            definition=_define(
                "incentive_earned", "Earned", "What sales have earned, less what unwound sales took back",
                f"Entries of the book “earned”. {BOOKED}", excluded="Drafts of programs; sales that do not count",
            ),
            source=figures.money, top="earned",
        ),
        Figure(
            definition=_define(
                "incentive_approved", "Approved", "Approvals − charge-backs − approvals of unwound sales",
                f"Entries of the book “approved”. {BOOKED}", excluded="Claims that wait for a decision",
            ),
            source=figures.money, top="approved",
        ),
        Figure(
            definition=_define(
                "incentive_paid", "Paid", "Payments − what was set off",
                f"Entries of the book “paid”. {BOOKED}", excluded="What is approved and waits for a payment",
            ),
            source=figures.money, top="paid",
        ),
        Figure(
            definition=_define(
                "incentive_open", "Approved, not paid", "Approved − paid, up to the last day of the period",
                "Entries of the books “approved” and “paid” of all time up to that day",
                better="down", excluded="What was earned and nobody has claimed",
            ),
            source=figures.money, top="open", dims=DIMS[:3],
        ),
        Figure(
            definition=_define(
                "incentive_units", "Units paid for", "Vehicles paid for for the first time in the period",
                "One for each vehicle claimed; of a volume the units its account has counted", unit="count",
                excluded="Payments set off again in full; a vehicle counts under each program that paid for it",
            ),
            source=figures.paid_units, top="units",
        ),
        Figure(
            definition=_define(
                "incentive_payout", "Payout per unit", "Paid ÷ units paid for",
                "What was paid for the units below until today", "Vehicles paid for for the first time in the period",
                better="down", excluded="Payments set off again in full",
            ),
            source=figures.paid_units, top="cents", bottom="units",
        ),
        Figure(
            definition=_define(
                "incentive_dealer_uptake", "Dealers taking part", "Dealers with an earning sale ÷ eligible dealers",
                "Dealers with at least one sale delivered in the period that earned something",
                "Active dealers a program running then takes, by its list, regions and tiers", unit="percent",
                better="up", owner=LEADERS,
                excluded="Dealers that are not active today; each dealer counts once, whatever the number of programs",
            ),
            source=figures.taking_part, top="earning", bottom="eligible", dims=DIMS[:3],
        ),
        Figure(
            definition=_define(
                "incentive_claim_uptake", "Eligible sales claimed", "Sales claimed ÷ sales that count",
                "Sales with a claim that was not taken back; a volume is claimed for all its units",
                "Sales delivered in the period that count for a program, once for each program", unit="percent",
                better="up", owner=DESK,
                excluded="Sales a check stands against, such as a missing paper; programs that lost in stacking",
            ),
            source=figures.claimed_sales, top="claimed", bottom="eligible",
        ),
        Figure(
            definition=_define(
                "incentive_extra_units", "Units above the baseline", "Units that count − baseline",
                f"Units of stair-step and growth programs whose period ends in the months. Baseline: {BASELINE}",
                unit="count", better="up", owner=LEADERS,
                excluded="Programs that pay by the vehicle: they have no baseline; "
                "a period that runs counts up to today",
            ),
            source=extra_units, top="extra",
        ),
        Figure(
            definition=_define(
                "incentive_new_units", "Units without a year before", "Units of dealers with a baseline of nothing",
                "Units above the baseline at dealers that delivered nothing comparable on the same days of the year "
                "before: all of theirs count as incremental", unit="count", better="down", owner=LEADERS,
                excluded="Programs with targets; programs that pay by the vehicle",
            ),
            source=extra_units, top="new",
        ),
        Figure(
            definition=_define(
                "incentive_extra_cost", "Cost per incremental unit", "Earned ÷ units above the baseline",
                "Earned with stair-step and growth programs whose period ends in the months",
                f"Units that count less the baseline. {BASELINE}", better="down", owner=LEADERS,
                excluded="Programs that pay by the vehicle; no value where nothing was sold above the baseline",
            ),
            source=extra_units, top="cents", bottom="extra",
        ),
        Figure(
            definition=_define(
                "incentive_denial", "Denied", "Claims denied ÷ claims decided",
                "Denied by the checks or by a person", "Claims decided in the period, as they stand today",
                unit="percent", better="down", owner=DESK, excluded=NOT_DECIDED,
            ),
            source=figures.decided, top="denied", bottom="decided",
        ),
    )
}  # fmt: skip

_TIMED: Final[tuple[tuple[MetricDefinition, float], ...]] = tuple(
    (
        _define(
            name, title, f"Decision − sent, {words}, in business days of eight hours",
            "Minutes our desk was open from the last sending to the decision",
            "Claims a person decided in the period", unit="days", better="down", owner=DESK,
            excluded="Claims the checks denied at once; the time a claim was with the dealer",
        ),
        share,
    )
    for name, title, words, share in (
        ("incentive_approval_time", "Approval time", "middle value", 0.5),
        ("incentive_approval_p90", "Approval time, 90% within", "nine in ten are not above", 0.9),
    )
)  # fmt: skip
TIMED: Final[dict[str, tuple[MetricDefinition, float]]] = {d.name: (d, share) for d, share in _TIMED}


def definition(name: str) -> MetricDefinition:
    """The definition of a figure; KeyError when there is none of that name."""
    return FIGURES[name].definition if name in FIGURES else TIMED[name][0]


def timed_value(histogram: Sequence[tuple[float, int]], share: float) -> float | None:
    """The middle of minutes, or what a share of them is not above, in business days."""
    found = median(histogram) if share == 0.5 else percentile(histogram, share)
    return None if found is None else found / WORKDAY_MINUTES


def compute(
    session: Session, *, scope: Scope, name: str, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
    now: datetime,
) -> Rows:  # fmt: skip
    """Rows of {dims..., numerator, denominator, value}; shares of 1, cents, business days. Refused: unknown names.

    `filters` may have from and to (days of the desk), program, dealer (id or code) and region. A dealer comes as
    `dealer` (code), `dealer_id` and `dealer_name`, a program alike.
    """
    asked = checked(session, filters, now=now)
    if name in FIGURES:
        figure = FIGURES[name]
        check_dims(by, figure.dims)
        counted = figure.source(session, scope=scope, asked=asked, by=by)
        rows = [{**{dim: row[dim] for dim in by}, **figure.value_of(row)} for row in counted]
    elif name in TIMED:
        rows = _timed(session, scope=scope, asked=asked, name=name, by=by)
    else:
        raise Refused(Problem(code="unknown_metric", field="name", message=f"There is no metric “{name}”."))
    return figures.named(session, rows, by, scope=scope)


def _timed(session: Session, *, scope: Scope, asked: Asked, name: str, by: Sequence[str]) -> Rows:
    found = figures.minutes(session, scope=scope, asked=asked, by=by)
    if not by and not found:
        found = {(): []}
    rows = [
        {
            **dict(zip(by, key, strict=True)), "numerator": None, "denominator": sum(n for _, n in histogram),
            "value": timed_value(histogram, TIMED[name][1]),
        }
        for key, histogram in found.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: tuple(str(row[dim]) for dim in by))


METRICS: tuple[Metric, ...] = tuple(
    Metric(
        definition=found, dims=dims, compute=partial(compute, name=found.name), permission=Permission.INCENTIVES_VIEW
    )
    for found, dims in (
        *((f.definition, f.dims) for f in FIGURES.values()), *((d, DIMS) for d, _ in _TIMED),
    )
)  # fmt: skip
