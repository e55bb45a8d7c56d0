"""The lead metrics with their definitions, by cohort of the month a lead was received (domain-rules 2.2 F)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.area import Metric, MetricDefinition
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.leads import cohorts
from db.leads.tables import Dealer
from db.people.queries import names_of

RULE = "2.2 F"
OWNER = "Sales operations"
VALID_MEANS = "Bad leads, duplicates, and held leads with nobody to contact"


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """A metric as a count, or as one measure over another."""

    top: str
    bottom: str = ""


def _define(
    name: str, title: str, formula: str, numerator: str, denominator: str = "", **other: Any
) -> MetricDefinition:
    values = {"rule": RULE, "owner": OWNER} | other
    return MetricDefinition(
        name=name, title=title, formula=formula, numerator=numerator, denominator=denominator, **values
    )


_COHORT = "by the month the lead was received"
RATIOS: dict[str, tuple[MetricDefinition, Ratio]] = {
    d.name: (d, r)
    for d, r in (
        (
            _define(
                "received", "Leads received", f"Leads received, {_COHORT}",
                "Leads received, duplicates and bad ones too",
                excluded="Held leads with nobody to contact", better="none",
            ),
            Ratio(top="received"),
        ),
        (
            _define(
                "valid", "Valid leads", "Received − bad − duplicate", "Leads that are real wishes", excluded=VALID_MEANS
            ),
            Ratio(top="valid"),
        ),
        (
            _define(
                "response_sla", "Response SLA", "Answered within target ÷ leads due",
                "Valid leads whose first action came within the working minutes promised",
                "Valid leads that were answered, or whose time was up by now",
                excluded=f"{VALID_MEANS}; leads whose time is not up yet; leads of other systems that told no promise",
                unit="percent", rule="2.2 A, B, F",
            ),
            Ratio(top="in_target", bottom="due"),
        ),
        (
            _define(
                "contact_rate", "Contact rate", "Leads with two-way contact ÷ valid leads",
                "Valid leads where customer and dealer were in touch both ways", "Valid leads", excluded=VALID_MEANS,
                unit="percent",
            ),
            Ratio(top="contacted", bottom="valid"),
        ),
        (
            _define(
                "qualified_rate", "Qualified rate", "Qualified leads ÷ contacted leads", "Leads that were qualified",
                "Valid leads with two-way contact", excluded=VALID_MEANS, unit="percent",
            ),
            Ratio(top="qualified", bottom="contacted"),
        ),
        (
            _define(
                "qualified_to_appointment", "Appointment of qualified", "Those with an appointment ÷ qualified leads",
                "Qualified leads with at least one appointment", "Valid leads that were qualified",
                excluded=f"{VALID_MEANS}; appointments of leads nobody qualified", unit="percent",
            ),
            Ratio(top="qualified_set", bottom="qualified"),
        ),
        (
            _define(
                "show_to_sale", "Show to sale", "Sold leads that came ÷ leads that came",
                "Sold leads whose customer came to an appointment", "Valid leads whose customer came to an appointment",
                excluded=f"{VALID_MEANS}; sales without an appointment", unit="percent",
            ),
            Ratio(top="shown_sold", bottom="appointment_shown"),
        ),
        (
            _define(
                "appointment_set_rate", "Appointment-set rate", "Leads with an appointment ÷ contacted leads",
                "Contacted leads with at least one appointment", "Valid leads with two-way contact",
                excluded=VALID_MEANS, unit="percent",
            ),
            Ratio(top="appointment_set", bottom="contacted"),
        ),
        (
            _define(
                "show_rate", "Show rate", "Leads that came ÷ leads with an appointment",
                "Leads whose customer came to the dealer", "Valid leads with at least one appointment",
                excluded=f"{VALID_MEANS}. Counted by lead, not by appointment: appointments still to come are in it",
                unit="percent",
            ),
            Ratio(top="appointment_shown", bottom="appointment_set"),
        ),
        (
            _define(
                "close_rate", "Close rate", "Sold ÷ valid leads", "Valid leads that were sold", "Valid leads",
                excluded=f"{VALID_MEANS}; sales that fell through", unit="percent",
            ),
            Ratio(top="sold", bottom="valid"),
        ),
        (
            _define(
                "valid_share", "Valid", "Valid ÷ received", "Valid leads", "Leads received",
                excluded="Held leads with nobody to contact", unit="percent",
            ),
            Ratio(top="valid", bottom="received"),
        ),
        (
            _define(
                "duplicate_share", "Duplicate", "Duplicates ÷ received", "Leads merged into another one",
                "Leads received", excluded="Held leads; repeats that were attached on arrival", unit="percent",
                better="down", rule="2.2 D",
            ),
            Ratio(top="duplicate", bottom="received"),
        ),
        (
            _define(
                "bad_share", "Bad", "Bad leads ÷ received", "Leads closed as bad, with proof", "Leads received",
                excluded="Held leads with nobody to contact", unit="percent", better="down", rule="2.2 E",
            ),
            Ratio(top="bad", bottom="received"),
        ),
    )
}  # fmt: skip
MEDIAN = _define(
    "median_first_response", "Median first response", "Middle of the working minutes until the first action",
    "Working minutes from the start of the clock to the first genuine action, on the dealer's calendar",
    "Valid leads that were answered", excluded=f"{VALID_MEANS}; leads nobody answered yet", unit="minutes",
    better="down", rule="2.2 A, F",
)  # fmt: skip


def definition(name: str) -> MetricDefinition:
    """The definition of a metric; KeyError when there is none of that name."""
    return MEDIAN if name == MEDIAN.name else RATIOS[name][0]


def compute(
    session: Session, *, scope: Scope, name: str, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
    now: datetime,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of {dims..., numerator, denominator, value}; percent as a share of 1, None where there is nothing to share.

    `filters` may have from and to (months), region, state, source, product and dealer (one value or several). A dealer
    comes as `dealer` (code), `dealer_id` and `dealer_name`.
    """
    given = filters or {}
    if name == MEDIAN.name:
        return named_rows(session, _medians(session, scope=scope, by=by, filters=given), by)
    if name not in RATIOS:
        raise Refused(Problem(code="unknown_metric", field="name", message=f"There is no metric “{name}”."))
    ratio = RATIOS[name][1]
    counted = cohorts.counts(
        session, scope=scope, by=tuple("month" if dim == "quarter" else dim for dim in by), filters=given, now=now,
        measures=[name for name in (ratio.top, ratio.bottom) if name],
    )  # fmt: skip
    rows = [
        {**{dim: row[dim] for dim in by}, **value_of(row, ratio)}
        for row in (_by_quarter(counted, by) if "quarter" in by else counted)
    ]
    return named_rows(session, rows, by)


def quarter_of(day: date) -> str:
    """The calendar quarter of a day: "2017Q3"."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def _by_quarter(counted: Sequence[Mapping[str, Any]], by: Sequence[str]) -> list[dict[str, Any]]:
    """Counts by month added up to quarters, which are exact: a lead counts in one month only."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in counted:
        keys = {dim: quarter_of(row["month"]) if dim == "quarter" else row[dim] for dim in by}
        cell = found.setdefault(tuple(keys.values()), dict(keys))
        for name, value in row.items():
            if name not in cohorts.DIMS:
                cell[name] = cell.get(name, 0) + value
    return list(found.values())


def value_of(counts: Mapping[str, int], ratio: Ratio) -> dict[str, Any]:
    """Numerator, denominator and value of a metric from a row of counts."""
    top = counts[ratio.top]
    if not ratio.bottom:
        return {"numerator": top, "denominator": None, "value": top}
    bottom = counts[ratio.bottom]
    return {"numerator": top, "denominator": bottom, "value": top / bottom if bottom else None}


def _medians(session: Session, *, scope: Scope, by: Sequence[str], filters: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = cohorts.response_minutes(session, scope=scope, by=by, filters=filters)
    if not by and not found:
        found = {(): []}
    return [
        dict(zip(by, key, strict=True))
        | {"numerator": None, "denominator": sum(n for _, n in histogram), "value": cohorts.median_of(histogram)}
        for key, histogram in found.items()
    ]


def named_rows(session: Session, rows: list[dict[str, Any]], by: Sequence[str]) -> list[dict[str, Any]]:
    """Rows with the names of their dealers and people; the caller has asked for the rows with a scope."""
    if "person" in by and rows:
        people = names_of(session, person_ids={row["person"] for row in rows if row["person"]})
        for row in rows:
            row["person_id"] = row["person"] or None
            row["person"] = people.get(row["person"], "Nobody yet")
    if "dealer" not in by or not rows:
        return rows
    ids = {row["dealer"] for row in rows}
    names = {
        i: (code, name)
        for i, code, name in session.execute(select(Dealer.id, Dealer.code, Dealer.name).where(Dealer.id.in_(ids)))
    }
    for row in rows:
        dealer_id = row["dealer"]
        code, name = names.get(dealer_id, ("", "No dealer"))
        row |= {"dealer": code, "dealer_id": dealer_id or None, "dealer_name": name}
    return rows


def funnel(
    session: Session, *, scope: Scope, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None, now: datetime
) -> list[dict[str, Any]]:
    """All counts and all ratios at once, for a page of tiles: {dims..., counts..., name of each metric: value}.

    `median_first_response` is among them. One query of the rollup and one of the leads.
    """
    given = filters or {}
    medians = {
        key: cohorts.median_of(histogram)
        for key, histogram in cohorts.response_minutes(session, scope=scope, by=by, filters=given).items()
    }
    rows = []
    for counted in cohorts.counts(session, scope=scope, by=by, filters=given, now=now):
        values = {name: value_of(counted, ratio)["value"] for name, (_, ratio) in RATIOS.items()}
        median = medians.get(tuple(counted[dim] for dim in by))
        rows.append({**counted, **values, MEDIAN.name: median})
    return named_rows(session, rows, by)


SCORECARD = ("received", "valid_share", "duplicate_share", "bad_share", "contact_rate", "close_rate", "response_sla")


def provider_scorecard(
    session: Session, *, scope: Scope, filters: Mapping[str, Any] | None = None, now: datetime
) -> list[dict[str, Any]]:
    """What the leads of each source are worth, most leads first: {source, received, valid_share, ...} (2.2 D, F)."""
    rows = funnel(session, scope=scope, by=("source",), filters=filters, now=now)
    wanted = [{"source": row["source"], **{name: row[name] for name in SCORECARD}} for row in rows]
    return sorted(wanted, key=lambda row: (-row["received"], row["source"]))


def trend(
    session: Session, *, scope: Scope, name: str, filters: Mapping[str, Any] | None = None, last: date,
    months: int = 12, now: datetime,
) -> list[tuple[date, Any]]:  # fmt: skip
    """One value a month for the `months` that end with `last`, oldest first; None where there was nothing to share."""
    span = months_before(last, months)
    given = {**(filters or {}), "from": span[0], "to": span[-1]}
    rows = compute(session, scope=scope, name=name, by=("month",), filters=given, now=now)
    values = {row["month"]: row["value"] for row in rows}
    nothing = None if definition(name).unit in ("percent", "minutes") else 0
    return [(month, values.get(month, nothing)) for month in span]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A value beside the same number of months before; `change` is value − prior, None where one of them is unknown."""

    value: float | None
    prior: float | None
    prior_from: date
    prior_to: date

    @property
    def change(self) -> float | None:
        """How much it moved."""
        return None if self.value is None or self.prior is None else self.value - self.prior


def compare(session: Session, *, scope: Scope, name: str, filters: Mapping[str, Any], now: datetime) -> Comparison:
    """The value of the months from..to and of as many months before; `filters` needs both ends."""
    tidy = cohorts.check((), filters)
    if "from" not in tidy or "to" not in tidy:
        raise Refused(Problem(code="required", field="from", message="Choose the months to compare."))
    first, last = tidy["from"], tidy["to"]
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    if months < 1:
        raise Refused(Problem(code="empty_range", field="to", message="The last month is before the first."))
    before = months_before(first, months + 1)[:-1]
    (now_row,) = compute(session, scope=scope, name=name, filters=filters, now=now)
    earlier = {**filters, "from": before[0], "to": before[-1]}
    (prior_row,) = compute(session, scope=scope, name=name, filters=earlier, now=now)
    return Comparison(value=now_row["value"], prior=prior_row["value"], prior_from=before[0], prior_to=before[-1])


def months_before(last: date, months: int) -> list[date]:
    """The first days of the `months` that end with the month of `last`, oldest first."""
    newest = last.year * 12 + last.month - 1
    return [date(m // 12, m % 12 + 1, 1) for m in range(newest - months + 1, newest + 1)]


METRICS: tuple[Metric, ...] = tuple(
    Metric(
        definition=found, dims=cohorts.DIMS if found is MEDIAN else (*cohorts.DIMS, "quarter"),
        compute=partial(compute, name=found.name), permission=Permission.PERFORMANCE_VIEW, period="months",
    )
    for found in (*(d for d, _ in RATIOS.values()), MEDIAN)
)  # fmt: skip
