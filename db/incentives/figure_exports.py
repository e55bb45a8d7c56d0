"""Tables of the incentive figures as files; each export is logged by db.exports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import ExportKind
from db.core.export_files import ExportColumn
from db.core.permissions import Permission
from db.incentives.figure_budget_queries import burns
from db.incentives.figure_filters import checked
from db.incentives.figure_overview_queries import BY, lines
from db.incentives.figure_reason_queries import KINDS, reasons


def _column(name: str, label: str, kind: Any = "text") -> ExportColumn:
    return ExportColumn(name=name, label=label, kind=kind)


def _given(filters: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in filters.items() if k not in ("by", "kind")}


def _share(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 1)


def figure_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a program, dealer, region or month, as `by` says; programs where it says nothing."""
    by = str(filters.get("by") or "program")
    for x in lines(session, scope=scope, filters=_given(filters), by=by if by in BY else "program", now=now):
        took, offered = x.parts("incentive_dealer_uptake")
        claimed, eligible = x.parts("incentive_claim_uptake")
        denied, decided = x.parts("incentive_denial")
        yield (
            x.code, x.name, *(x.value(f"incentive_{n}") for n in ("earned", "approved", "paid", "open")),
            x.value("incentive_units"), x.value("incentive_payout"), took, offered, claimed, eligible,
            x.value("incentive_extra_units"), x.value("incentive_extra_cost"), denied, decided,
        )  # fmt: skip


def reason_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a reason."""
    kind = str(filters.get("kind", ""))
    asked = checked(session, _given(filters), now=now)
    for x in reasons(session, scope=scope, asked=asked, kind=kind if kind in KINDS else ""):
        yield x.label, x.cases, x.returned, x.denied, x.cents, _share(x.cumulative), x.sentence


def burn_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a program with a budget; none for people of a dealership."""
    for x in burns(session, actor=actor, asked=checked(session, _given(filters), now=now)):
        yield (
            x.code, x.name, x.first, x.last, x.budget_cents, x.found.expected_cents, x.committed_cents, x.paid_cents,
            x.found.ends_on,
        )  # fmt: skip


def _kind(name: str, title: str, rows: Any, *columns: ExportColumn) -> ExportKind:
    return ExportKind(name=name, title=title, permission=Permission.INCENTIVES_VIEW, columns=columns, rows=rows)


EXPORTS = (
    _kind(
        "incentive_figures", "Incentive figures", figure_rows,
        _column("code", "Code"), _column("name", "Name"), _column("earned", "Earned", "money"),
        _column("approved", "Approved", "money"), _column("paid", "Paid", "money"),
        _column("open", "Approved, not paid", "money"), _column("units", "Units paid for", "integer"),
        _column("payout", "Payout per unit", "money"), _column("earning", "Dealers with an earning sale", "integer"),
        _column("dealers", "Eligible dealers", "integer"), _column("claimed", "Sales claimed", "integer"),
        _column("eligible", "Eligible sales", "integer"), _column("extra", "Units above the baseline", "integer"),
        _column("extra_cost", "Cost per incremental unit", "money"), _column("denied", "Claims denied", "integer"),
        _column("decided", "Claims decided", "integer"),
    ),
    _kind(
        "incentive_reasons", "Reasons of incentive claims", reason_rows,
        _column("reason", "Reason"), _column("cases", "Cases", "integer"), _column("returned", "Returned", "integer"),
        _column("denied", "Denied", "integer"), _column("claimed", "Claimed", "money"),
        _column("cumulative", "Cumulative %", "decimal"), _column("sentence", "Newest sentence"),
    ),
    _kind(
        "incentive_budgets", "Budgets of incentive programs", burn_rows,
        _column("code", "Code"), _column("name", "Name"), _column("first", "First day", "date"),
        _column("last", "Last day", "date"), _column("budget", "Budget", "money"),
        _column("expected", "Straight line today", "money"), _column("committed", "Committed", "money"),
        _column("paid", "Paid", "money"), _column("ends_on", "Used up on", "date"),
    ),
)  # fmt: skip
