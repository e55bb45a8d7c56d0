"""The week of every dealer of a scope as a table: one row a figure, one a rule with its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core.actor import Actor, Scope
from db.core.area import ExportKind
from db.core.export_files import ExportColumn
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.reports.peer_rules import BANDS
from db.reports.weekly_advice_rules import RULES
from db.reports.weekly_facts_rules import STATES, URGENCIES
from db.reports.weekly_queries import Weekly, build_reports, known_week, narrowed
from db.reports.weekly_rules import Figure, last_week

COLUMNS: Final = (
    ExportColumn(name="dealer_code", label="Dealer code"), ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="region", label="Region"), ExportColumn(name="tier", label="Tier"),
    ExportColumn(name="week", label="Week of", kind="date"), ExportColumn(name="kind", label="Kind"),
    ExportColumn(name="name", label="Figure or rule"), ExportColumn(name="value", label="Value", kind="decimal"),
    ExportColumn(name="numerator", label="Counted", kind="decimal"),
    ExportColumn(name="denominator", label="Out of", kind="decimal"),
    ExportColumn(name="before", label="Week before", kind="decimal"),
    ExportColumn(name="mean", label="Mean of four weeks before", kind="decimal"),
    ExportColumn(name="median", label="Median of peers", kind="decimal"),
    ExportColumn(name="answer", label="Beside peers, or the rule's answer"),
    ExportColumn(name="urgency", label="When"), ExportColumn(name="action", label="What to do"),
    ExportColumn(name="because", label="Because"), ExportColumn(name="source", label="Source of the rule"),
)  # fmt: skip


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """Rows of one week in the order of `COLUMNS`, shares as shares of 1. Filters: week (a Monday), dealer (id)."""
    today = local_day(now, DESK_ZONE)
    asked, dealer = str(filters.get("week") or ""), str(filters.get("dealer") or "")
    try:
        week = known_week(date.fromisoformat(asked), today=today) if asked else last_week(today)
    except ValueError:
        raise Refused(Problem(code="bad_filter", field="week", message="A week is named by its Monday.")) from None
    if dealer and not dealer.isdecimal():
        raise Refused(Problem(code="bad_filter", field="dealer", message="A dealer is named by its id."))
    ids = [int(dealer)] if dealer else None
    for report in build_reports(session, scope=scope, week=week, now=now, dealer_ids=ids).values():
        yield from _rows(narrowed(report, actor))


def _rows(report: Weekly) -> Iterator[tuple[Any, ...]]:
    whose = (report.code, report.name, report.region, report.tier, report.week)
    for figure in report.figures:
        yield (*whose, *_figure(figure))
    for verdict in report.verdicts:
        rule = RULES[verdict.rule]
        when = URGENCIES[verdict.urgency] if verdict.state == "fires" else ""
        yield (
            *whose, "Rule", f"{rule.id} {rule.title}", None, None, None, None, None, None, STATES[verdict.state], when,
            verdict.action, verdict.because, rule.source,
        )  # fmt: skip


def _figure(figure: Figure) -> tuple[Any, ...]:
    now = figure.now
    return (
        "Figure", figure.what.title, now.value, now.numerator, now.denominator, figure.before.value, figure.mean.value,
        figure.peers.median if figure.peers else None, "" if figure.what.counts else BANDS[figure.band], "", "", "",
        figure.what.source,
    )  # fmt: skip


EXPORT = ExportKind(
    name="weekly_report", title="Weekly reports", permission=Permission.WEEKLY_VIEW, columns=COLUMNS, rows=export_rows
)
