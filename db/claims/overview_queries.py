"""Every figure of claims of a period beside the period before it and beside peers, for the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from db.claims import figure_queries as figures
from db.claims.figure_filters import remembered
from db.claims.metrics_queries import OTHERS, RATIOS, TIMED, compute, peer_value, timed_value, value_of
from db.core.actor import Scope
from db.core.problems import Problem, Refused


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A figure with its parts, the period before, and the average of peers; shares of 1."""

    name: str
    value: float | None
    numerator: float | None
    denominator: float | None
    prior: float | None = None
    peers: float | None = None

    @property
    def change(self) -> float | None:
        """How much it moved; None where one of the two is unknown."""
        return None if self.value is None or self.prior is None else self.value - self.prior


def period_before(first: date, last: date) -> tuple[date, date]:
    """As many days that end the day before."""
    return first - (last - first) - timedelta(days=1), first - timedelta(days=1)


def overview(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> tuple[dict[str, Beside], str]:
    """Every figure of the period from..to beside the period before and peers, and whom the peers are (in words)."""
    if "from" not in filters or "to" not in filters:
        raise Refused(Problem(code="required", field="from", message="Choose the days to compare."))
    with remembered(session):
        return _overview(session, scope=scope, filters=filters, now=now)


def _overview(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> tuple[dict[str, Beside], str]:
    since, until = period_before(filters["from"], filters["to"])
    earlier = {**filters, "from": since, "to": until}
    (whole,) = figures.counts(session, scope=scope, filters=filters) or [{}]
    (prior,) = figures.counts(session, scope=scope, filters=earlier) or [{}]
    others = figures.peers(session, scope=scope, filters=filters)
    found: dict[str, Beside] = {}
    for name, (_, ratio) in RATIOS.items():
        parts = value_of(whole, ratio)
        found[name] = Beside(
            name=name, **parts, prior=value_of(prior, ratio)["value"],
            peers=peer_value(others, name) if ratio.bottom else None,
        )  # fmt: skip
    for what in figures.TIMED:
        took = figures.timed(session, scope=scope, what=what, filters=filters).get((), figures.Took())
        before = figures.timed(session, scope=scope, what=what, filters=earlier).get((), figures.Took())
        for name, (_, of, share, minutes) in TIMED.items():
            if of == what:
                found[name] = Beside(
                    name=name, value=timed_value(took, share, minutes), numerator=None,
                    denominator=took.n, prior=timed_value(before, share, minutes),
                )  # fmt: skip
    for name in OTHERS:
        (row,) = compute(session, scope=scope, name=name, filters=filters, now=now) or [
            {"numerator": 0, "denominator": 0, "value": None}
        ]
        is_now = name in ("claim_open", "claim_overdue", "claim_receivable")
        (was,) = [None] if is_now else (
            [r["value"] for r in compute(session, scope=scope, name=name, filters=earlier, now=now)] or [None]
        )  # fmt: skip
        found[name] = Beside(name=name, **row, prior=was)
    return found, others.label if others else ""
