"""Tables of the co-op figures as files; each export is logged by db.exports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.coop.figure_filters import checked
from db.coop.figure_overview_queries import BY, lines
from db.coop.figure_reason_queries import KINDS, reasons
from db.core.actor import Actor, Scope
from db.core.area import ExportKind
from db.core.export_files import ExportColumn
from db.core.permissions import Permission


def _column(name: str, label: str, kind: Any = "text") -> ExportColumn:
    return ExportColumn(name=name, label=label, kind=kind)


def _given(filters: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in filters.items() if k not in ("by", "kind")}


def _share(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 1)


def figure_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a dealer, region, medium, programme or month, as `by` says; dealers where it says nothing."""
    by = str(filters.get("by") or "dealer")
    for x in lines(session, scope=scope, filters=_given(filters), by=by if by in BY else "dealer", now=now):
        yield (
            x.code, x.name, *(x.value(f"coop_{n}") for n in ("accrued", "reserved", "released", "approved", "paid")),
            _share(x.value("coop_utilisation")), x.value("coop_expired"), x.value("expiring"),
            *x.parts("coop_request_denial"), x.parts("coop_request_again")[0], *x.parts("coop_claim_denial"),
            x.parts("coop_claim_returned")[0],
        )  # fmt: skip


def reason_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a reason."""
    kind = str(filters.get("kind", ""))
    asked = checked(session, _given(filters), now=now)
    for x in reasons(session, scope=scope, asked=asked, kind=kind if kind in KINDS else ""):
        yield x.label, x.cases, x.returned, x.denied, x.cents, _share(x.cumulative), x.sentence


def _kind(name: str, title: str, rows: Any, *columns: ExportColumn) -> ExportKind:
    return ExportKind(name=name, title=title, permission=Permission.COOP_VIEW, columns=columns, rows=rows)


EXPORTS = (
    _kind(
        "coop_figures", "Co-op figures", figure_rows,
        _column("code", "Code"), _column("name", "Name"), _column("accrued", "Accrued", "money"),
        _column("reserved", "Reserved", "money"), _column("released", "Released unused", "money"),
        _column("approved", "Approved", "money"), _column("paid", "Paid", "money"),
        _column("used", "Used of accrued %", "decimal"), _column("expired", "Expired", "money"),
        _column("expiring", "Left and expiring", "money"), _column("requests_denied", "Requests denied", "integer"),
        _column("requests", "Requests decided", "integer"), _column("again", "Requests touched again", "integer"),
        _column("claims_denied", "Claims denied", "integer"), _column("claims", "Claims decided", "integer"),
        _column("returned", "Claims returned", "integer"),
    ),
    _kind(
        "coop_reasons", "Reasons of co-op requests and claims", reason_rows,
        _column("reason", "Reason"), _column("cases", "Cases", "integer"), _column("returned", "Returned", "integer"),
        _column("denied", "Denied", "integer"), _column("cost", "Cost asked with", "money"),
        _column("cumulative", "Cumulative %", "decimal"), _column("sentence", "Newest sentence"),
    ),
)  # fmt: skip
