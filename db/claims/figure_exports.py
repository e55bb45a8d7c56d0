"""Tables of the claim performance page as files; each export is logged by db.exports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.claims.reason_queries import KINDS, coaching, prevention, reason_label, reasons
from db.claims.trend_queries import components, dealers, trend
from db.core.actor import Actor, Scope
from db.core.area import ExportKind
from db.core.export_files import ExportColumn
from db.core.labels import local_day
from db.core.permissions import Permission


def _column(name: str, label: str, kind: Any = "text") -> ExportColumn:
    return ExportColumn(name=name, label=label, kind=kind)


def _share(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 1)


def _given(filters: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in filters.items() if k != "kind"}


def dealer_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a dealer."""
    for x in dealers(session, scope=scope, filters=_given(filters), today=local_day(now, DESK_ZONE)):
        yield (
            x.rank, x.code, x.name, x.region, x.sent, x.counts["decided"], _share(x.share("claim_first_pass")),
            _share(x.share("claim_touchless")), x.share("claim_returns"), _share(x.share("claim_denial")),
            _share(x.share("claim_approved_ratio")), x.counts["cost"], x.cost_per_unit, x.per_100, x.vehicles,
            x.owed.unpaid_cents, x.owed.months,
        )  # fmt: skip


def component_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a component."""
    for x in components(session, scope=scope, filters=_given(filters)):
        yield x.rank, x.key, x.name, x.counts["decided"], x.counts["denied"], x.counts["cost"], x.mean_cents


def reason_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a reason."""
    kind = str(filters.get("kind", ""))
    for x in reasons(session, scope=scope, filters=_given(filters), kind=kind if kind in KINDS else ""):
        yield x.code, reason_label(x.code), x.cases, x.cents, _share(x.cumulative), prevention(x.code)


def coaching_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a dealer and reason."""
    for x in coaching(session, scope=scope, filters=_given(filters), most=10, dealers=1000):
        for r in x.reasons:
            yield x.code, x.name, x.region, x.sent, reason_label(r.code), r.cases, r.cents, prevention(r.code)


def trend_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a component, then one a causal part."""
    for by in ("component", "part"):
        for x in trend(session, scope=scope, by=by, filters=_given(filters), today=local_day(now, DESK_ZONE)):
            yield (
                by, x.key, x.name, x.year, x.last.count, x.now.count, x.now.mean, _share(x.now.growth), x.now.limit,
                "yes" if x.flagged else "no", x.per_100,
            )  # fmt: skip


def _kind(name: str, title: str, rows: Any, *columns: ExportColumn) -> ExportKind:
    return ExportKind(
        name=name, title=title, permission=Permission.CLAIMS_PERFORMANCE, columns=columns, rows=rows
    )  # fmt: skip


EXPORTS = (
    _kind(
        "claim_dealers", "Claim figures by dealer", dealer_rows,
        _column("rank", "Place", "integer"), _column("code", "Dealer code"), _column("dealer", "Dealer"),
        _column("region", "Region"), _column("sent", "Claims sent", "integer"),
        _column("decided", "Claims decided", "integer"), _column("first_pass", "First-pass yield %", "decimal"),
        _column("touchless", "Touchless %", "decimal"), _column("returns", "Return loops", "decimal"),
        _column("denied", "Denied %", "decimal"), _column("approved", "Approved of claimed %", "decimal"),
        _column("cost", "Approved cost", "money"), _column("per_unit", "Cost per vehicle in service", "money"),
        _column("per_100", "Claims per 100 vehicles", "decimal"), _column("vehicles", "Vehicles in service", "integer"),
        _column("unpaid", "Approved and unpaid", "money"), _column("months", "Receivable in months", "decimal"),
    ),
    _kind(
        "claim_components", "Claim cost by component", component_rows,
        _column("rank", "Place", "integer"), _column("component", "Component"), _column("name", "Name"),
        _column("decided", "Claims decided", "integer"), _column("denied", "Denied", "integer"),
        _column("cost", "Approved cost", "money"), _column("mean", "Mean cost", "money"),
    ),
    _kind(
        "claim_reasons", "Claim reasons", reason_rows,
        _column("code", "Code"), _column("reason", "Reason"), _column("cases", "Cases", "integer"),
        _column("cents", "Amount", "money"), _column("cumulative", "Cumulative %", "decimal"),
        _column("prevention", "What prevents it"),
    ),
    _kind(
        "claim_coaching", "Claim reasons by dealer", coaching_rows,
        _column("code", "Dealer code"), _column("dealer", "Dealer"), _column("region", "Region"),
        _column("sent", "Claims sent", "integer"), _column("reason", "Reason"), _column("cases", "Cases", "integer"),
        _column("cents", "Amount", "money"), _column("prevention", "What prevents it"),
    ),
    _kind(
        "claim_trend", "Claims by component and part, trend", trend_rows,
        _column("what", "What"), _column("code", "Code"), _column("name", "Name"),
        _column("year", "Claims in 12 months", "integer"), _column("last", "Last month", "integer"),
        _column("now", "This month", "integer"), _column("mean", "Mean of 12 months before", "decimal"),
        _column("growth", "Growth %", "decimal"), _column("limit", "Mean + 3 sd", "decimal"),
        _column("flagged", "Flagged"), _column("per_100", "Per 100 vehicles", "decimal"),
    ),
)  # fmt: skip
