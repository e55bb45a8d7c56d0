"""Answers summed up: index, top-box, promoters, of all or by dealer, region and month, from sums kept by triggers.

Whole months come from their sums, the days left over from those of days, or of dealers from the surveys, through the
index that holds all they are summed up by. The statement of a shape of question is made once a process: the overview
asks five of them at each click (decision 0092).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from db.calendar.periods import named_days, named_months, named_stretch, stretches
from db.core import shapes
from db.core.actor import Scope
from db.core.shapes import made_once
from db.surveys.rules import KINDS, Figures
from db.surveys.sum_tables import SurveyDay, SurveyDealerMonth, SurveyMonth
from db.surveys.tables import Dealer, Survey

MEASURES: Final = (
    "surveys", "indexed", "index_total", "index_squares", "answers", "tops", "promoters", "passives", "detractors",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class FigureFilters:
    """What figures are narrowed to; no `kind` means both. Days are inclusive and the dealer's own; None means open.

    `regions` and `dealer_ids` are several to choose from; empty means all.
    """

    kind: str = "csi"
    since: date | None = None
    until: date | None = None
    region: str = ""
    dealer_id: int | None = None
    regions: tuple[str, ...] = ()
    dealer_ids: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Figures as they count, and as they would be with the surveys a manager left out."""

    counted: Figures
    everything: Figures

    @property
    def excluded(self) -> int:
        """How many surveys were left out."""
        return self.everything.surveys - self.counted.surveys


@dataclass(frozen=True, kw_only=True)
class _Shape:
    """What is narrowed at all, and how many stretches of days beside whole months there are."""

    scope: shapes.ScopeShape
    of_dealers: bool
    stretches: int
    has_kind: bool
    has_region: bool
    has_regions: bool
    has_dealer: bool
    has_dealers: bool

    def narrowed(self, *, kind: Any, region: Any, dealer: Any) -> list[ColumnElement[bool]]:
        """Conditions for everything but the days."""
        found: list[ColumnElement[bool]] = [
            shapes.within(self.scope, dealer, region),
            kind == bindparam("kind") if self.has_kind else kind.in_(list(KINDS)),
        ]
        if self.has_region:
            found.append(region == bindparam("region"))
        if self.has_regions:
            found.append(region.in_(bindparam("regions", expanding=True)))
        if self.has_dealer:
            found.append(dealer == bindparam("dealer"))
        if self.has_dealers:
            found.append(dealer.in_(bindparam("dealers", expanding=True)))
        return found


def _shape_of(scope: Scope, filters: FigureFilters, by: Sequence[str]) -> _Shape:
    has_dealer, has_dealers = filters.dealer_id is not None, bool(filters.dealer_ids)
    return _Shape(
        scope=shapes.shape_of(scope), stretches=len(stretches(filters.since, filters.until)),
        of_dealers=scope.kind == "dealers" or has_dealer or has_dealers or "dealer" in by,
        has_kind=bool(filters.kind), has_region=bool(filters.region), has_regions=bool(filters.regions),
        has_dealer=has_dealer, has_dealers=has_dealers,
    )  # fmt: skip


def _values_of(scope: Scope, filters: FigureFilters) -> dict[str, Any]:
    return {
        **shapes.values_of(scope), **named_days(filters.since, filters.until),
        "kind": filters.kind, "region": filters.region, "regions": list(filters.regions),
        "dealer": filters.dealer_id, "dealers": list(filters.dealer_ids),
    }  # fmt: skip


def _summed(table: Any, month: Any, when: Sequence[ColumnElement[bool]], shape: _Shape, by: Sequence[str]) -> Any:
    region: Any = Dealer.region if table is SurveyDealerMonth else table.region
    dealer = getattr(table, "dealer_id", literal(None))
    of = {"dealer": dealer, "region": region, "month": month}
    query = select(
        *(of[dim].label(dim) for dim in by), table.is_counted, *(getattr(table, name) for name in MEASURES)
    ).where(table.surveys > 0, *when, *shape.narrowed(kind=table.kind, region=region, dealer=dealer))
    narrows = "region" in by or shape.scope == "regions" or shape.has_region or shape.has_regions
    return query.join(Dealer, Dealer.id == dealer) if table is SurveyDealerMonth and narrows else query


def _surveys(when: Sequence[ColumnElement[bool]], shape: _Shape, by: Sequence[str]) -> Any:
    index = Survey.index_hundredths
    of = {"dealer": Survey.dealer_id, "region": Survey.region, "month": Survey.month}
    values = {
        "surveys": literal(1), "indexed": case((index.is_not(None), 1), else_=0),
        "index_total": func.coalesce(index, 0), "index_squares": func.coalesce(cast(index, BigInteger) * index, 0),
        "answers": Survey.answers, "tops": Survey.tops, "promoters": case((Survey.nps == 1, 1), else_=0),
        "passives": case((Survey.nps == 0, 1), else_=0), "detractors": case((Survey.nps == -1, 1), else_=0),
    }  # fmt: skip
    return select(
        *(of[dim].label(dim) for dim in by), Survey.is_counted, *(values[name].label(name) for name in MEASURES)
    ).where(*when, *shape.narrowed(kind=Survey.kind, region=Survey.region, dealer=Survey.dealer_id))


@made_once
def _statement(shape: _Shape, by: tuple[str, ...]) -> Select[Any]:
    """The figures of every question of a shape, by the dimensions in `by`."""
    table: Any = SurveyDealerMonth if shape.of_dealers else SurveyMonth
    parts = [_summed(table, table.month, named_months(table.month), shape, by)]
    for number in range(shape.stretches):
        if shape.of_dealers:
            parts.append(_surveys(named_stretch(Survey.answered_on, number), shape, by))
        else:
            month = bindparam(f"month{number}", type_=Date)
            parts.append(_summed(SurveyDay, month, named_stretch(SurveyDay.answered_on, number), shape, by))
    cell = union_all(*parts).subquery()
    columns = [cell.c[name] for name in by]
    counted = [func.sum(case((cell.c.is_counted == true(), cell.c[name]), else_=0)) for name in MEASURES]
    query = select(*columns, *counted, *(func.sum(cell.c[name]) for name in MEASURES))
    return query.group_by(*columns).order_by(*columns) if columns else query


def _pair(values: Sequence[Any]) -> Pair:
    numbers = [int(v or 0) for v in values]
    return Pair(
        counted=Figures(**dict(zip(MEASURES, numbers[:9], strict=True))),
        everything=Figures(**dict(zip(MEASURES, numbers[9:18], strict=True))),
    )


def figures_by(
    session: Session, *, scope: Scope, filters: FigureFilters, by: Sequence[str] = ()
) -> dict[tuple[Any, ...], Pair]:
    """{key of `by`: figures} by the day a survey was answered; under () the whole, even of nothing."""
    query = _statement(_shape_of(scope, filters, by), tuple(by))
    many = len(by)
    return {tuple(r[:many]): _pair(r[many:]) for r in session.execute(query, _values_of(scope, filters))}
