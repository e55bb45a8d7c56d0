"""The figures of co-op with their definitions (domain-rules 2.3, KPIs): one catalogue for the page, exports and CLI."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy.orm import Session

from db.coop import campaign_figure_queries as campaigns
from db.coop import figure_decided_queries as decided
from db.coop import figure_queries as figures
from db.coop.figure_filters import Asked, check_dims, checked
from db.coop.figure_rules import MINUTES_A_DAY
from db.core.actor import Scope
from db.core.area import Metric, MetricDefinition
from db.core.permissions import Permission
from db.core.problems import Problem, Refused

DIMS = figures.DIMS
NO_MEDIUM: Final = ("month", "region", "dealer", "programme")
DESK: Final = "Co-op desk (dealer relations)"
FINANCE: Final = "Finance"
POSTED = "By the day it was posted, of the dealer"
Rows = list[dict[str, Any]]


def _define(name: str, title: str, formula: str, numerator: str, denominator: str = "", **other: Any) -> Any:
    values = {"rule": "2.3", "unit": "money", "better": "none", "owner": DESK} | other
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
        """Numerator, denominator and value from a row of counts; no value of nothing."""
        top = row[self.top]
        if not self.bottom:
            return {"numerator": top, "denominator": None, "value": top}
        bottom = row[self.bottom]
        value = top / bottom if bottom > 0 and (top or self.definition.unit != "money") else None
        if value is not None and self.definition.unit == "money":
            value = (2 * top + bottom) // (2 * bottom)
        return {"numerator": top, "denominator": bottom, "value": value}


FIGURES: Final[dict[str, Figure]] = {
    one.definition.name: one
    for one in (
        Figure(
            definition=_define(
                "coop_utilisation", "Used of accrued", "Approved ÷ accrued",
                "Claims approved less claims reversed, posted in the period",
                "Accrued from purchases less accruals reversed, posted in the period; of the whole fund whatever the "
                "medium", unit="percent", better="up", parts="money",
                excluded="Allocations, adjustments and transfers; what is only reserved",
            ),
            source=figures.money, top="approved", bottom="accrued", dims=NO_MEDIUM,
        ),
        Figure(
            definition=_define(
                "coop_accrued", "Accrued", "Accruals − accruals reversed", f"Entries of the ledger. {POSTED}",
                excluded="Allocations, adjustments and transfers", owner=FINANCE,
            ),
            source=figures.money, top="accrued", dims=NO_MEDIUM,
        ),
        Figure(
            definition=_define(
                "coop_reserved", "Reserved", "Pre-approvals reserved in the period", f"Entries of the ledger. {POSTED}",
                excluded="What is released or used of them later: it is never taken off",
            ),
            source=figures.money, top="reserved",
        ),
        Figure(
            definition=_define(
                "coop_released", "Released unused", "Reserves given back in the period",
                f"Entries of the ledger: lapsed, released, or left over by a claim. {POSTED}", better="down",
                excluded="What a claim used of its reserve",
            ),
            source=figures.money, top="released",
        ),
        Figure(
            definition=_define(
                "coop_approved", "Approved", "Claims approved − claims reversed", f"Entries of the ledger. {POSTED}",
                better="up", excluded="Requests: they reserve, they use nothing",
            ),
            source=figures.money, top="approved",
        ),
        Figure(
            definition=_define(
                "coop_paid", "Paid", "Payments − what was set off", f"Entries of the ledger. {POSTED}", owner=FINANCE,
                excluded="What is approved and waits for a payment",
            ),
            source=figures.money, top="paid",
        ),
        Figure(
            definition=_define(
                "coop_expired", "Expired", "What lots lost at the end of their days",
                f"Entries of the ledger. {POSTED}",
                better="down", excluded="What was forfeited with a dealer's termination", owner=FINANCE,
            ),
            source=figures.money, top="expired", dims=NO_MEDIUM,
        ),
        *(
            Figure(
                definition=_define(
                    f"coop_expiring_{n}", f"Expiring in {n} days", f"Left in lots whose last day is within {n} days",
                    "What is neither held, used nor taken away now, whatever the period", better="down",
                    excluded="What is reserved; lots of closed funds; lots that are over and not posted yet",
                ),
                source=figures.expiring, top=f"within_{n}", dims=NO_MEDIUM,
            )
            for n in figures.WITHIN
        ),
        Figure(
            definition=_define(
                "coop_request_denial", "Requests denied", "Requests denied ÷ requests decided", "Denied by a person",
                "Requests decided in the period, as they stand today", unit="percent", better="down",
                excluded="Requests that wait or were withdrawn",
            ),
            source=decided.requests, top="denied", bottom="decided",
        ),
        Figure(
            definition=_define(
                "coop_request_again", "Requests touched again", "Requests touched more than once ÷ requests decided",
                "Sent more than once, or returned at least once, before the decision", "Requests decided in the period",
                unit="percent", better="down", excluded="Changes before the first sending; requests that wait",
            ),
            source=decided.requests, top="again", bottom="decided",
        ),
        Figure(
            definition=_define(
                "coop_claim_denial", "Claims denied", "Claims denied ÷ claims decided",
                "Denied by a person or by the checks when they were sent",
                "Claims decided in the period, as they stand today", unit="percent", better="down",
                excluded="Claims that wait or were taken back; reversed ones count as approved",
            ),
            source=decided.claims, top="denied", bottom="decided",
        ),
        Figure(
            definition=_define(
                "coop_claim_returned", "Claims returned", "Claims returned at least once ÷ claims decided",
                "Returned by a person or by the checks when they were sent", "Claims decided in the period",
                unit="percent", better="down", excluded="Claims that wait",
            ),
            source=decided.claims, top="returned", bottom="decided",
        ),
        Figure(
            definition=_define(
                "coop_campaign_lead_cost", "Cost per campaign lead", "Cost of campaigns ÷ their leads",
                "Approved claims of the requests that pay, and what approved requests not claimed yet plan",
                "Leads whose source is the campaign's code, from its first day until 30 days after its last",
                better="down", excluded="Campaigns that cost nothing yet; bad, duplicate and held leads",
            ),
            source=campaigns.costs, top="cost", bottom="leads",
        ),
        Figure(
            definition=_define(
                "coop_campaign_sale_cost", "Cost per campaign sale", "Cost of campaigns ÷ their sales",
                "Approved claims of the requests that pay, and what approved requests not claimed yet plan",
                "Those of their leads that were sold", better="down",
                excluded="Campaigns that cost nothing yet; sales of bad, duplicate and held leads",
            ),
            source=campaigns.costs, top="cost", bottom="sales",
        ),
        Figure(
            definition=_define(
                "coop_campaign_goals", "Campaign goals reached", "Campaigns that reached their goal ÷ campaigns over",
                "Leads or sales, whichever the goal is of, are at least the goal",
                "Campaigns begun in the period whose last day is over", unit="percent", better="up",
                excluded="Campaigns that run or are to come",
            ),
            source=campaigns.costs, top="reached", bottom="over",
        ),
    )
}  # fmt: skip

_TIMED: Final = tuple(
    (
        _define(
            f"coop_{what}_{ending}", f"{title}{suffix}", f"{formula}, {words}, in days of the calendar", top, bottom,
            unit="days", better="down", owner=FINANCE if what == "pay" else DESK, excluded=left_out,
        ),
        what, share,
    )
    for what, title, formula, top, bottom, left_out in (
        ("request", "Decision of a request", "Decision − sent", "Minutes from the last sending to the decision",
         "Requests decided in the period", "The time a request was with the dealer"),
        ("claim", "Decision of a claim", "Decision − sent", "Minutes from the last sending to the decision",
         "Claims a person decided in the period", "Claims the checks denied at once; the time with the dealer"),
        ("pay", "Payment of a claim", "First payment − decision", "Minutes from the decision to the first credit memo",
         "Claims paid for the first time in the period", "Claims that wait for a payment"),
    )
    for ending, suffix, words, share in (
        ("time", "", "middle value", 0.5), ("p90", ", 90% within", "nine in ten are not above", 0.9),
    )
)  # fmt: skip
TIMED: Final[dict[str, tuple[MetricDefinition, str, float]]] = {d.name: (d, what, share) for d, what, share in _TIMED}


def definition(name: str) -> MetricDefinition:
    """The definition of a figure; KeyError when there is none of that name."""
    return FIGURES[name].definition if name in FIGURES else TIMED[name][0]


def timed_value(took: decided.Took, share: float) -> float | None:
    """The middle of minutes, or what a share of them is not above, in days."""
    found = took.value(share)
    return None if found is None else found / MINUTES_A_DAY


def compute(
    session: Session, *, scope: Scope, name: str, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
    now: datetime,
) -> Rows:  # fmt: skip
    """Rows of {dims..., numerator, denominator, value}; shares of 1, cents, days. Refused: unknown names.

    `filters` may have from and to, programme, dealer (id or code), region and medium. A dealer comes as `dealer`
    (code), `dealer_id` and `dealer_name`, a programme alike.
    """
    asked = checked(session, filters, now=now)
    if name in FIGURES:
        figure = FIGURES[name]
        check_dims(by, figure.dims)
        counted = figure.source(session, scope=scope, asked=asked, by=by)
        rows = [{**{dim: row[dim] for dim in by}, **figure.value_of(row)} for row in counted]
    elif name in TIMED:
        check_dims(by, DIMS)
        rows = _timed(session, scope=scope, asked=asked, name=name, by=by)
    else:
        raise Refused(Problem(code="unknown_metric", field="name", message=f"There is no metric “{name}”."))
    return figures.named(session, rows, by, scope=scope)


def _timed(session: Session, *, scope: Scope, asked: Asked, name: str, by: Sequence[str]) -> Rows:
    _, what, share = TIMED[name]
    found = dict(decided.minutes(session, scope=scope, asked=asked, what=what, by=by))
    if not by and not found:
        found = {(): decided.Took()}
    rows = [
        {
            **dict(zip(by, key, strict=True)), "numerator": None, "denominator": took.n,
            "value": timed_value(took, share),
        }
        for key, took in found.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: tuple(str(row[dim]) for dim in by))


METRICS: tuple[Metric, ...] = tuple(
    Metric(
        definition=found,
        dims=dims,
        compute=partial(compute, name=found.name),
        permission=Permission.COOP_VIEW,
        period="now" if found.name.startswith("coop_expiring_") else "days",
    )
    for found, dims in (*((f.definition, f.dims) for f in FIGURES.values()), *((d, DIMS) for d, _, _ in _TIMED))
)
