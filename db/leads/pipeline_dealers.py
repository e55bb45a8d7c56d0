"""Pipelines dealer by dealer: a row each, ranked, in pages; bounded by the number of dealers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.problems import Problem, Refused
from db.leads import pipeline_open
from db.leads.pipeline_cohort import cohort_by_dealer
from db.leads.pipeline_open import medians_by_dealer
from db.leads.pipeline_rules import WON, is_small, share, weigh
from db.leads.tables import Dealer

PAGE = 50
SORTS = {
    "open": "Open leads", "value": "Open value", "weighted": "Weighted value", "conversion": "Sold of received",
    "median": "Median days", "stale": "Stale share", "name": "Name",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DealerRow:
    """One dealer's pipeline. `stages` is (leads, value in cents, leads without value) by stage, as far as there are
    any. `conversion` is sold of valid leads of the cohort; it is not ranked when `valid` is small, nor are the shares
    and medians of few open leads. `median_days` is filled for the rows of a page."""

    dealer_id: int
    code: str
    name: str
    region: str
    stages: Mapping[str, tuple[int, int, int]]
    open: int
    value_cents: int
    unvalued: int
    weighted_cents: int | None
    stale: int
    valid: int | None
    sold: int | None
    median_days: float | None = None

    @property
    def conversion(self) -> float | None:
        """Sold of valid leads."""
        return None if self.valid is None or self.sold is None else share(self.sold, self.valid)


@dataclass(frozen=True, kw_only=True)
class DealerPage:
    """One page of dealers; `following` is the cursor of the next one. `total` counts the dealers of all pages."""

    rows: tuple[DealerRow, ...]
    following: tuple[Any, ...] | None
    total: int


def dealer_rows(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime, weighing: Mapping[str, int] | None,
    with_median: bool = False,
) -> tuple[DealerRow, ...]:  # fmt: skip
    """Every dealer of the scope with open leads or leads of the cohort; bounded by the network, never by its leads.

    With a product line chosen the cohort is not counted here (the rollup by dealer does not have it): `valid` and
    `sold` are None until `completed` fills them for the rows of a page. `with_median` reads the ages of all of them.
    """
    totals = {t.dealer_id: t for t in pipeline_open.totals_by_dealer(session, scope=scope, filters=filters, now=now)}
    by_product = bool(filters.get("product"))
    cohorts = {} if by_product else cohort_by_dealer(session, scope=scope, filters=filters)
    ids = totals.keys() | {dealer_id for dealer_id, counts in cohorts.items() if counts["valid"]}
    known = session.execute(
        select(Dealer.id, Dealer.code, Dealer.name, Dealer.region).where(scope.where(Dealer.id, Dealer.region))
    )
    found = []
    for dealer_id, code, name, region in known:
        if dealer_id not in ids:
            continue
        total = totals.get(dealer_id)
        stages = total.stages if total else {}
        working = {stage: held for stage, held in stages.items() if stage != WON}
        counts = cohorts.get(dealer_id)
        found.append(
            DealerRow(
                dealer_id=dealer_id, code=code, name=name, region=region, stages=stages,
                open=sum(held[0] for held in working.values()),
                value_cents=sum(held[1] for held in working.values()),
                unvalued=sum(held[2] for held in working.values()),
                weighted_cents=weigh({stage: held[1] for stage, held in working.items()}, weighing),
                stale=total.stale if total else 0,
                valid=None if by_product else counts["valid"] if counts else 0,
                sold=None if by_product else counts["sold"] if counts else 0,
            )
        )  # fmt: skip
    rows = tuple(found)
    return _with_medians(session, rows, scope=scope, filters=filters, now=now) if with_median else rows


def page_of(rows: Sequence[DealerRow], *, sort: str, after: tuple[Any, ...] | None = None) -> DealerPage:
    """The rows of one page, best first by `sort`; what too few leads say stands behind all that is ranked."""
    if sort not in SORTS:
        raise Refused(Problem(code="unknown_sort", field="sort", message=f"Dealers are not sorted by “{sort}”."))
    keyed = sorted((_key(row, sort), row) for row in rows) if rows else []
    rest = [pair for pair in keyed if after is None or pair[0] > after]
    shown = rest[:PAGE]
    following = shown[-1][0] if len(rest) > PAGE else None
    return DealerPage(rows=tuple(row for _, row in shown), following=following, total=len(rows))


def _key(row: DealerRow, sort: str) -> tuple[Any, ...]:
    by: dict[str, float | int | None] = {
        "open": row.open, "value": row.value_cents, "weighted": row.weighted_cents,
        "conversion": None if row.valid is None or is_small(row.valid) else row.conversion,
        "median": None if is_small(row.open) else row.median_days,
        "stale": None if is_small(row.open) else share(row.stale, row.open), "name": 0,
    }  # fmt: skip
    value = by[sort]
    return (value is None, -(value or 0), row.name.lower(), row.dealer_id)


def completed(
    session: Session, rows: Sequence[DealerRow], *, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> tuple[DealerRow, ...]:
    """The rows of a page with what is read for a page only: median days, and the cohort of one product line."""
    found = _with_medians(session, rows, scope=scope, filters=filters, now=now)
    if filters.get("product") and found:
        ids = tuple(row.dealer_id for row in found)
        counted = cohort_by_dealer(session, scope=scope, filters={**filters, "dealer": ids})
        nothing = {"valid": 0, "sold": 0}
        found = tuple(
            replace(
                row,
                valid=counted.get(row.dealer_id, nothing)["valid"],
                sold=counted.get(row.dealer_id, nothing)["sold"],
            )
            for row in found
        )
    return found


def _with_medians(
    session: Session, rows: Sequence[DealerRow], *, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> tuple[DealerRow, ...]:
    ids = [row.dealer_id for row in rows if row.open and row.median_days is None]
    found = medians_by_dealer(session, scope=scope, filters=filters, now=now, dealer_ids=ids)
    return tuple(replace(row, median_days=found.get(row.dealer_id, row.median_days)) for row in rows)
