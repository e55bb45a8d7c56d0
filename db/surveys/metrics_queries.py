"""The survey metrics of the catalogue, each with n and its 95% interval (domain-rules 2.2b)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.among import several
from db.core.area import Metric, MetricDefinition
from db.core.intervals import share_interval
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.surveys.figure_queries import contacted_in_time, rates_by
from db.surveys.figure_sum_queries import FigureFilters, figures_by
from db.surveys.rules import Figures, Interval
from db.surveys.tables import Dealer

OWNER = "Customer experience"
RULE = "2.2b, decision 0039"
LEFT_OUT = "Surveys that did not come back, and those a manager left out with a reason"
DIMS = ("dealer", "region", "month")
INDEX_FORMULA = "Mean over surveys of Σ(weight × answer ÷ best answer) ÷ Σ weight × 100"


def _index(name: str, title: str) -> MetricDefinition:
    return MetricDefinition(
        name=name, title=title, formula=INDEX_FORMULA, numerator="The sum of the indexes of all surveys, in points",
        denominator="Surveys with at least one weighted answer", excluded=LEFT_OUT, rule=RULE, owner=OWNER,
    )  # fmt: skip


CSI = _index("csi", "Customer satisfaction index (CSI)")
SSI = _index("ssi", "Sales satisfaction index (SSI)")
NPS = MetricDefinition(
    name="nps", title="Net promoter score (NPS)", formula="% who answer 9–10 − % who answer 0–6",
    numerator="Promoters (9–10) less detractors (0–6)", denominator="Surveys that say whether they would recommend",
    excluded=LEFT_OUT, rule=RULE, owner=OWNER,
)  # fmt: skip
TOP_BOX = MetricDefinition(
    name="survey_top_box", title="Top-box share", formula="Top answers ÷ answers", unit="percent",
    numerator="Answers at or above the question's top mark", denominator="Answers to weighted questions",
    excluded=LEFT_OUT, rule=RULE, owner=OWNER,
)  # fmt: skip
RESPONSE = MetricDefinition(
    name="survey_response_rate", title="Survey response rate", formula="Surveys returned ÷ surveys sent",
    numerator="Surveys that came back", denominator="Surveys by the day they were sent", unit="percent", rule=RULE,
    owner=OWNER,
)  # fmt: skip
CONTACTED = MetricDefinition(
    name="survey_contacted_24h", title="Unhappy customers called within 24 hours", unit="percent",
    formula="Customers reached within 24 hours of the alert ÷ alerts whose time is over",
    numerator="Alerts whose customer was reached in time",
    denominator="Alerts that were answered, closed, or are older than 24 hours",
    excluded="Alerts whose 24 hours are still running", rule=RULE, owner=OWNER,
)  # fmt: skip
Parts = tuple[float, int, int, float | None, Interval | None]  # numerator, denominator, n, value, interval


def _index_parts(found: Figures) -> Parts:
    return found.index_total / 100, found.indexed, found.indexed, found.index, found.index_interval


def _nps_parts(found: Figures) -> Parts:
    return found.promoters - found.detractors, found.nps_n, found.nps_n, found.nps, found.nps_interval


def _top_parts(found: Figures) -> Parts:
    share = found.tops / found.answers if found.answers else None
    return found.tops, found.answers, found.surveys, share, share_interval(found.tops, found.answers)


def _share_parts(hits: int, n: int) -> Parts:
    return hits, n, n, hits / n if n else None, share_interval(hits, n)


def _filters(given: Mapping[str, Any] | None, kind: str) -> FigureFilters:
    values = dict(given or {})
    dealer = values.get("dealer") or values.get("dealer_id")
    since, until = values.get("since") or values.get("from"), values.get("until") or values.get("to")
    try:
        return FigureFilters(
            kind=kind or str(values.get("kind") or ""),
            regions=tuple(str(one) for one in several(values.get("region") or ())),
            dealer_ids=tuple(int(one) for one in several(dealer)) if dealer else (),
            since=date.fromisoformat(str(since)) if since else None,
            until=date.fromisoformat(str(until)) if until else None,
        )  # fmt: skip
    except ValueError as error:
        message = "Days are written 2026-05-31, the dealer as its id."
        raise Refused(Problem(code="bad_filter", field="filter", message=message)) from error


def compute(
    session: Session, *, read: Callable[..., dict[tuple[Any, ...], Parts]], dims: tuple[str, ...], scope: Scope,
    by: Sequence[str] = (), filters: Mapping[str, Any] | None = None, now: datetime,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of {dims..., numerator, denominator, value, n, low, high}; shares are shares of 1, indexes are points.

    Filters: kind (csi or ssi; without it both), from and to (also since, until: the day a survey was answered, for the
    response rate the day it was sent), region, dealer (ids). The dimension dealer comes as
    code, `dealer_id` and `dealer_name`.
    """
    if unknown := [name for name in by if name not in dims]:
        raise Refused(Problem(code="unknown_dimension", field="by", message=f"There is no dimension {unknown[0]}."))
    found = read(session, scope=scope, by=tuple(by), filters=filters, now=now)
    names: dict[int, tuple[str, str]] = {}
    if "dealer" in by and found:
        rows = session.execute(select(Dealer.id, Dealer.code, Dealer.name).where(scope.where(Dealer.id, Dealer.region)))
        names = {dealer_id: (code, name) for dealer_id, code, name in rows}
    made = []
    for key, (top, bottom, n, value, interval) in found.items():
        row = dict(zip(by, key, strict=True))
        if "dealer" in row:
            row["dealer_id"] = row["dealer"]
            row["dealer"], row["dealer_name"] = names.get(row["dealer_id"], ("", ""))
        if "month" in row:
            row["month"] = row["month"] if isinstance(row["month"], str) else f"{row['month']:%Y-%m}"
        low, high = interval if interval else (None, None)
        made.append({**row, "numerator": top, "denominator": bottom, "value": value, "n": n, "low": low, "high": high})
    return sorted(made, key=lambda r: tuple(str(r[name]) for name in by))


def _figures(
    session: Session, *, parts: Callable[[Figures], Parts], kind: str, scope: Scope, by: tuple[str, ...], filters: Any,
    now: datetime,
) -> dict[tuple[Any, ...], Parts]:  # fmt: skip
    pairs = figures_by(session, scope=scope, filters=_filters(filters, kind), by=by)
    return {key: parts(pair.counted) for key, pair in pairs.items()}


def _rates(session: Session, *, scope: Scope, by: tuple[str, ...], filters: Any, now: datetime) -> dict[Any, Parts]:
    rates = rates_by(session, scope=scope, filters=_filters(filters, ""), by=by)
    return {key: _share_parts(rate.returned, rate.sent) for key, rate in rates.items()}


def _contacted(session: Session, *, scope: Scope, by: tuple[str, ...], filters: Any, now: datetime) -> dict[Any, Parts]:
    found = contacted_in_time(session, scope=scope, by=by, filters=_filters(filters, ""), now=now)
    return {key: _share_parts(*pair) for key, pair in found.items()}


def _metric(definition: MetricDefinition, read: Callable[..., Any], dims: tuple[str, ...] = DIMS) -> Metric:
    return Metric(
        definition=definition, dims=dims, compute=partial(compute, read=read, dims=dims),
        permission=Permission.SURVEYS_VIEW,
    )  # fmt: skip


METRICS = (
    _metric(CSI, partial(_figures, parts=_index_parts, kind="csi")),
    _metric(SSI, partial(_figures, parts=_index_parts, kind="ssi")),
    _metric(NPS, partial(_figures, parts=_nps_parts, kind="")),
    _metric(TOP_BOX, partial(_figures, parts=_top_parts, kind="")),
    _metric(RESPONSE, _rates),
    _metric(CONTACTED, _contacted),
)
