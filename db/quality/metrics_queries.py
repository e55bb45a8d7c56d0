"""The metrics of response quality with their definitions; sums only, so that every role may see its dealers' (0038)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, case, func, select, true
from sqlalchemy.orm import Session

from db.calendar.months import DAY, start_of
from db.calendar.queries import DESK_ZONE
from db.core.actor import Scope
from db.core.among import among, several
from db.core.area import Metric, MetricDefinition
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.quality.tables import CoachingNote, Dealer, QualityReview

DIMS = ("region", "dealer")
RULE = "2.2 A, decision 0038"
OWNER = "Dealer relations"
LEFT_OUT = "Second looks, draws of late responses only, skipped reviews"

SCORE = MetricDefinition(
    name="response_quality", title="Response quality score", formula="Sum of scores ÷ reviews",
    numerator="Scores (0 to 100) of responses drawn at random and reviewed",
    denominator="Reviews of responses drawn at random", excluded=LEFT_OUT, rule=RULE,
    owner=OWNER,
)  # fmt: skip
ANSWERED = MetricDefinition(
    name="question_answered", title="Question answered",
    formula="Responses that answered the question ÷ those asked one",
    numerator="Reviewed responses that answered the question the customer asked",
    denominator="Reviewed responses to a customer who asked something", excluded=LEFT_OUT, unit="percent", rule=RULE,
    owner=OWNER,
)  # fmt: skip
DONE = MetricDefinition(
    name="reviews_done", title="Response reviews done", formula="Reviews that were scored",
    numerator="Reviews that were scored, second looks too", excluded="Skipped reviews", rule=RULE,
    owner=OWNER,
)  # fmt: skip
FOLLOW_UPS = MetricDefinition(
    name="coaching_due", title="Coaching follow-ups due", formula="Open coaching notes whose follow-up day has come",
    numerator="Coaching notes still open on or after their follow-up day", rule="decision 0038", better="down",
    owner=OWNER,
)  # fmt: skip

Sums = Callable[[datetime], tuple[Any, ColumnElement[Any], ColumnElement[Any] | None, list[ColumnElement[bool]]]]


def _reviews(top: ColumnElement[Any], bottom: ColumnElement[Any] | None, *wanted: ColumnElement[bool]) -> Sums:
    return lambda _now: (QualityReview, top, bottom, list(wanted))


_COUNTED = QualityReview.counts == true()
_PARTS: dict[str, Sums] = {
    SCORE.name: _reviews(func.sum(QualityReview.score), func.count(), _COUNTED),
    ANSWERED.name: _reviews(
        func.sum(case((QualityReview.answered == true(), 1), else_=0)), func.count(QualityReview.answered), _COUNTED
    ),
    DONE.name: _reviews(func.count(), None, QualityReview.status == "reviewed"),
    FOLLOW_UPS.name: lambda now: (
        CoachingNote, func.count(), None, [CoachingNote.is_open == true(), CoachingNote.due_at <= now]
    ),
}  # fmt: skip


def compute(
    session: Session, *, name: str, scope: Scope, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
    now: datetime,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of {dims..., numerator, denominator, value}; None where there was nothing to measure.

    Dimensions: region, dealer (as code, `dealer_id` and `dealer_name`). Filters: region and dealer (ids), one or
    several, from and to (days of the review, of the desk), days (reviews done in the last so many days).
    """
    given = dict(filters or {})
    if unknown := [d for d in by if d not in DIMS]:
        raise Refused(Problem(code="unknown_dimension", field="by", message=f"There is no dimension {unknown[0]}."))
    if unknown := sorted(set(given) - {"from", "to", "region", "dealer", "days"}):
        raise Refused(Problem(code="unknown_dimension", field="filters", message=f"There is no filter {unknown[0]}."))
    table, top, bottom, wanted = _PARTS[name](now)
    wanted.append(scope.where(table.dealer_id, table.region))
    if given.get("region"):
        wanted.append(among(table.region, given["region"]))
    if given.get("dealer"):
        wanted.append(table.dealer_id.in_([int(one) for one in several(given["dealer"])]))
    if table is QualityReview:
        wanted += _between(given, now)
    columns = {"region": table.region, "dealer": table.dealer_id}
    keys = [columns[d].label(f"by_{d}") for d in by]
    query = select(*keys, top.label("top"), (bottom if bottom is not None else func.count()).label("bottom")).where(
        *wanted
    )
    rows = session.execute(query.group_by(*(columns[d] for d in by)) if by else query).all()
    names = _names(session, rows) if "dealer" in by else {}
    made = []
    for row in sorted(rows, key=lambda r: tuple(str(getattr(r, f"by_{d}")) for d in by)):
        line: dict[str, Any] = {d: getattr(row, f"by_{d}") for d in by}
        if "dealer" in line:
            line["dealer_id"] = line["dealer"]
            line["dealer"], line["dealer_name"] = names.get(line["dealer_id"], ("", ""))
        numerator = int(row.top or 0)
        denominator = int(row.bottom or 0) if bottom is not None else None
        value = numerator if denominator is None else numerator / denominator if denominator else None
        made.append({**line, "numerator": numerator, "denominator": denominator, "value": value})
    return made


def _between(given: Mapping[str, Any], now: datetime) -> list[ColumnElement[bool]]:
    """Reviews done on the days asked for, of the desk."""
    found: list[ColumnElement[bool]] = []
    if given.get("days"):
        found.append(QualityReview.reviewed_at >= now - timedelta(days=int(given["days"])))
    if given.get("from"):
        found.append(QualityReview.reviewed_at >= start_of(given["from"], DESK_ZONE))
    if given.get("to"):
        found.append(QualityReview.reviewed_at < start_of(given["to"] + DAY, DESK_ZONE))
    return found


def _names(session: Session, rows: Sequence[Any]) -> dict[int, tuple[str, str]]:
    ids = {r.by_dealer for r in rows}
    found = session.execute(select(Dealer.id, Dealer.code, Dealer.name).where(Dealer.id.in_(ids)))
    return {dealer_id: (code, name) for dealer_id, code, name in found}


METRICS = tuple(
    Metric(
        definition=d, dims=DIMS, compute=partial(compute, name=d.name),
        permission=Permission.QUALITY_COACH if d is FOLLOW_UPS else Permission.QUALITY_VIEW,
        period="now" if d is FOLLOW_UPS else "days",
    )
    for d in (SCORE, ANSWERED, DONE, FOLLOW_UPS)
)  # fmt: skip
DEFINITIONS = {d.name: d for d in (SCORE, ANSWERED, DONE, FOLLOW_UPS)}
