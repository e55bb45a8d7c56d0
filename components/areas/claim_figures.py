"""Pieces of the claim performance page: figures kept by scope and change counter, tiles, charts, tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import streamlit as st

from components import tables
from components.charts import claims as charts
from components.charts.base import draw, table
from components.kept import shelved
from components.labels import empty_state, plain
from components.tiles import Tile
from db.claims import figure_queries, overview_queries, reason_queries, trend_queries
from db.claims.figure_rules import AGES, LEAST_FOR_RANK, SMALL, SPANS, bucket_of
from db.claims.metrics_queries import TIMED, definition
from db.claims.overview_queries import Beside
from db.core import changes
from db.core.actor import Actor, Scope
from db.core.intervals import share_interval
from db.core.labels import change_label, minutes_label, percent_label, points_label
from db.core.session import reading

Filters = tuple[tuple[str, Any], ...]
DASH = "–"
TILES = (
    ("claim_turnaround", "schedule"), ("claim_first_pass", "verified"), ("claim_touchless", "bolt"),
    ("claim_denial", "block"), ("claim_returns", "undo"), ("claim_approved_ratio", "percent"),
    ("claim_open", "inbox"), ("claim_overdue", "alarm"), ("claim_cost", "payments"),
    ("claim_cost_per_unit", "directions_car"), ("claims_per_100", "monitoring"),
    ("claim_receivable", "account_balance"),
    ("claim_days_to_pay", "event_available"), ("claim_appeal_rate", "gavel"), ("claim_appeal_overturn", "balance"),
    ("claim_repeat", "replay"), ("claim_deemed", "timer_off"), ("claim_business", "work_history"),
)  # fmt: skip
FIRST = 8


def token() -> Any:
    """What changed since: part of every cache key, so that no number is stale."""
    with reading() as session:
        return changes.token(session, "claims", "claim_payments", "dealers", "customers", "warranty")


@shelved(room=100, seconds=60)
def overview(scope: Scope, filters: Filters, _as_of: datetime, change: Any) -> tuple[dict[str, Beside], str]:
    """Every figure beside the period before and peers."""
    with reading() as session:
        return overview_queries.overview(session, scope=scope, filters=dict(filters), now=_as_of)


@shelved(room=100, seconds=60)
def known(scope: Scope, change: Any) -> dict[str, list[str]]:
    """Components and models to choose from."""
    with reading() as session:
        return figure_queries.choices(session, scope=scope)


@shelved(room=100, seconds=60)
def by_week(scope: Scope, filters: Filters, change: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Decided and sent by week."""
    with reading() as session:
        given = dict(filters)
        return (
            figure_queries.counts(session, scope=scope, by=("week",), filters=given),
            figure_queries.sent(session, scope=scope, by=("week",), filters=given),
        )


@shelved(room=100, seconds=60)
def took(scope: Scope, filters: Filters, change: Any) -> list[tuple[int, int]]:
    """Minutes to the first decision, in buckets that know every span of days."""
    with reading() as session:
        return figure_queries.spread(session, scope=scope, what="turnaround", filters=dict(filters)).get((), [])


@shelved(room=100, seconds=60)
def tables_of(scope: Scope, filters: Filters, today: date, change: Any) -> tuple[list[Any], list[Any]]:
    """Dealers and components."""
    with reading() as session:
        given = dict(filters)
        return (
            trend_queries.dealers(session, scope=scope, filters=given, today=today),
            trend_queries.components(session, scope=scope, filters=given),
        )


@shelved(room=100, seconds=60)
def warnings(scope: Scope, by: str, filters: Filters, today: date, change: Any) -> list[trend_queries.TrendLine]:
    """Components or parts by month."""
    with reading() as session:
        return trend_queries.trend(session, scope=scope, by=by, filters=dict(filters), today=today)


# ---- words ---------------------------------------------------------------------------------------------------------
def money(cents: float | None) -> str:
    """Whole dollars."""
    return DASH if cents is None else f"${round(cents / 100):,}"


def words(one: Beside) -> str:
    """A figure in its unit; a share of fewer than ten as its two numbers."""
    found = definition(one.name)
    if one.value is None:
        return DASH
    if found.unit == "percent":
        if one.name != "claim_approved_ratio" and one.denominator and one.denominator < LEAST_FOR_RANK:
            return f"{one.numerator:.0f} of {one.denominator:.0f}"
        return f"{100 * one.value:.1f}%"
    if found.unit == "money":
        return money(one.value)
    if found.unit == "days":
        return _short(one) if one.value < 1 and one.name in TIMED else f"{one.value:.1f} d"
    return f"{one.value:,.0f}" if one.denominator is None or one.name == "claim_overdue" else f"{one.value:.2f}"


def _short(one: Beside) -> str:
    """Less than a day as hours and minutes; a business day has its own length."""
    return minutes_label((one.value or 0) * TIMED[one.name][3])


def _moved(one: Beside) -> str | None:
    """How a figure moved, in its unit; None where it is unknown."""
    unit = definition(one.name).unit
    digits = 1 if unit == "days" else 2 if one.denominator is not None else 0
    say = {"percent": points_label, "money": money}.get(unit, f"{{:,.{digits}f}}".format)
    return change_label(one.change, say)


def _note(one: Beside, peers: str) -> str:
    found = definition(one.name)
    parts = []
    if one.denominator is not None and found.unit in ("percent", "days") and one.name != "claim_approved_ratio":
        parts.append(f"n = {one.denominator:,.0f}")
        if found.unit == "percent" and one.numerator is not None and 0 < one.denominator < SMALL:
            low, high = share_interval(int(one.numerator), int(one.denominator)) or (0, 0)
            parts.append(f"95%: {100 * low:.0f}–{100 * high:.0f}%")
    if one.peers is not None:
        value = f"{100 * one.peers:.1f}%" if found.unit == "percent" else f"{one.peers:.1f}"
        parts.append(f"peers {value} ({peers})")
    if one.name == "claim_receivable" and one.value is not None:
        parts.append(f"{money(one.numerator)} unpaid" + (": above one month" if one.value > 1 else ""))
    return " · ".join(parts)


def tiles(found: dict[str, Beside], peers: str, *, versus: str, names: Sequence[tuple[str, str]]) -> list[Tile]:
    """The figures of the page as tiles."""
    made = []
    for name, icon in names:
        one, meant = found[name], definition(name)
        made.append(
            Tile(
                definition=meant, value=words(one), icon=f":material/{icon}:", delta=_moved(one), versus=versus,
                up_is_good=None if meant.better == "none" else meant.better == "up", note=_note(one, peers),
            )
        )  # fmt: skip
    return made


# ---- charts --------------------------------------------------------------------------------------------------------
def draw_weeks(scope: Scope, filters: Filters, change: Any) -> None:
    """Decided by week with the touchless share, and what was sent."""
    decided, sent = by_week(scope, filters, change)
    by, came = {r["week"]: r for r in decided}, {r["week"]: r["sent"] for r in sent}
    given = dict(filters)
    columns: dict[str, list[Any]] = {name: [] for name in ("week", "part", "count", "sent", "label")}
    for week in trend_queries.weeks_between(given["from"], given["to"]):
        row = by.get(week, {"decided": 0, "touchless": 0})
        share = percent_label(row["touchless"], row["decided"], 0)
        label = f"{week:%-d %b}: {row['decided']} decided, {share} touchless, {came.get(week, 0)} sent"
        for part, n in (("Touchless", row["touchless"]), ("Others decided", row["decided"] - row["touchless"])):
            for name, value in zip(columns, (week.isoformat(), part, n, came.get(week, 0), label), strict=True):
                columns[name].append(value)
    draw(charts.weeks(), table(columns), alt_text="Claims decided and sent by week, with the touchless share")


def draw_spans(scope: Scope, filters: Filters, change: Any) -> str:
    """How long first decisions took; gives the chosen span as "first:last", or empty."""
    counted = dict.fromkeys((name for name, _, _ in SPANS), 0)
    for minutes, n in took(scope, filters, change):
        counted[bucket_of(int(minutes // 1440), SPANS)] += n
    name = _spans(counted, key="cpf_spans", title="Claims", late_from=5, alt_text="Days to the first decision")
    return next((f"{low}:{'' if high is None else high}" for span, low, high in SPANS if span == name), "")


def draw_ages(scope: Scope, filters: Filters, at: datetime) -> str:
    """Open claims by age; gives the chosen bucket."""
    with reading() as session:
        rows = figure_queries.standing(session, scope=scope, filters=dict(filters), now=at)
    counted = {name: rows[0][name] if rows else 0 for name, _, _ in AGES}
    return _spans(counted, key="cpf_ages", title="Open claims", late_from=3, alt_text="Open claims by age")


def _spans(counted: dict[str, int], *, key: str, title: str, late_from: int, alt_text: str) -> str:
    rows = table(
        {
            "span": list(counted), "order": list(range(len(counted))), "count": list(counted.values()),
            "label": [f"{n:,}" for n in counted.values()],
        }
    )  # fmt: skip
    picked = draw(
        charts.spans(value_title=title, late_from=late_from), rows, alt_text=alt_text, key=key, select=True
    ).get("pick")
    return str(picked[0].get("span", "")) if picked else ""


def draw_pareto(scope: Scope, filters: Filters, kind: str, label: Any) -> str:
    """Reasons with their cumulative line; gives the chosen reason."""
    with reading() as session:
        lines = reason_queries.reasons(session, scope=scope, filters=dict(filters), kind=kind)
    if not lines:
        empty_state("sentiment_satisfied", "Nothing was returned, denied or reduced.", action="Choose a longer period.")
        return ""
    shown = lines[:12]
    rows = table(
        {
            "code": [x.code for x in shown], "reason": [label(x.code) for x in shown],
            "order": list(range(len(shown))), "cases": [x.cases for x in shown],
            "cumulative": [x.cumulative for x in shown],
            "label": [
                f"{x.cases:,} cases, {money(x.cents)}, {100 * x.cumulative:.0f}% with those above" for x in shown
            ],
        }
    )  # fmt: skip
    picked = draw(
        charts.pareto(), rows, alt_text="Reasons of returns, denials and reductions", key="cpf_pareto", select=True
    )
    found = picked.get("pick")
    return str(found[0].get("code", "")) if found else ""


def draw_held(scope: Scope, filters: Filters, at: datetime) -> None:
    """Who held the claims decided in the period."""
    with reading() as session:
        found = trend_queries.held(session, scope=scope, filters=dict(filters), now=at)
    total = sum(minutes for minutes, _ in found.values())
    labels = {"dealer": "Dealer", "us": "Us", "engineering": "Engineering", "finance": "Finance"}
    tables.show(
        table(
            {
                "Held by": [labels[h] for h in found],
                "Share": [percent_label(minutes, total, 0) for minutes, _ in found.values()],
                "Mean": [minutes_label(minutes / n) if n else DASH for minutes, n in found.values()],
                "Claims": [n for _, n in found.values()],
            }
        ),
        key="cpf_held", alt="Who held claims how long",
        columns={
            "Held by": tables.text("Held by", width=95), "Share": tables.text("Of the time", width=85),
            "Mean": tables.text("Mean a claim", width=100), "Claims": tables.number("Claims", width=60),
        },
    )  # fmt: skip


# ---- tables --------------------------------------------------------------------------------------------------------
def _percent(part: int, whole: int) -> str:
    return f"{part} of {whole}" if 0 < whole < LEAST_FOR_RANK else percent_label(part, whole, 0)


def draw_dealers(lines: Sequence[trend_queries.DealerLine], actor: Actor) -> None:
    """Dealers side by side; fewer than ten decided claims have no place."""
    tables.show(
        table(
            {
                "Place": [str(x.rank) if x.rank else "too few" for x in lines],
                "Dealer": [plain(x.name) for x in lines], "n": [x.counts["decided"] for x in lines],
                "Yield": [_percent(x.counts["first_pass"], x.counts["decided"]) for x in lines],
                "Touchless": [_percent(x.counts["touchless"], x.counts["decided"]) for x in lines],
                "Denied": [_percent(x.counts["denied"], x.counts["decided"]) for x in lines],
                "Returns": [x.share("claim_returns") for x in lines], "Cost": [x.counts["cost"] / 100 for x in lines],
                "Unit": [money(x.cost_per_unit) for x in lines],
                "Per100": [DASH if x.per_100 is None else f"{x.per_100:.1f}" for x in lines],
                "Unpaid": [
                    DASH if x.owed.months is None else f"{x.owed.months:.1f} mo" + (" !" if x.owed.is_high else "")
                    for x in lines
                ],
                "Region": [x.region for x in lines],
            }
        ),
        key="cpf_dealers", alt="Dealers by first-pass yield", height=420 if len(lines) > 10 else "auto",
        columns={
            "Place": tables.text("Place", width=72) if actor.scope.kind != "dealers" else None,
            "Dealer": tables.text("Dealer", width=190), "n": tables.number("n", width=56),
            "Yield": tables.text("First-pass", width=88), "Touchless": tables.text("Touchless", width=88),
            "Denied": tables.text("Denied", width=76), "Returns": tables.number("Returns", width=76, format="%.2f"),
            "Cost": tables.number("Cost", width=96, format="$%,.0f"), "Unit": tables.text("Per vehicle", width=90),
            "Per100": tables.text("Per 100", width=72),
            "Unpaid": tables.text("Receivable", width=92, help="Unpaid in average months; ! above one month"),
            "Region": tables.text("Region", width=90),
        },
    )  # fmt: skip


def draw_components(lines: Sequence[trend_queries.CostLine]) -> None:
    """Components, the dearest first."""
    tables.show(
        table(
            {
                "Place": [str(x.rank) if x.rank else "too few" for x in lines],
                "Component": [plain(x.name or x.key or "Not named") for x in lines],
                "n": [x.counts["decided"] for x in lines], "Cost": [x.counts["cost"] / 100 for x in lines],
                "Mean": [money(x.mean_cents) for x in lines],
                "Denied": [_percent(x.counts["denied"], x.counts["decided"]) for x in lines],
            }
        ),
        key="cpf_components", alt="Components by cost", height=420 if len(lines) > 10 else "auto",
        columns={
            "Place": tables.text("Place", width=72), "Component": tables.text("Component", width=200),
            "n": tables.number("n", width=56), "Cost": tables.number("Cost", width=96, format="$%,.0f"),
            "Mean": tables.text("Mean", width=80), "Denied": tables.text("Denied", width=76),
        },
    )  # fmt: skip


def draw_trend(lines: Sequence[trend_queries.TrendLine]) -> None:
    """Components or parts by month, flagged ones first."""
    tables.show(
        table(
            {
                "Flag": [["Stands out"] if x.flagged else [] for x in lines],
                "What": [plain(f"{x.key} {x.name}".strip()) for x in lines], "Months": [list(x.months) for x in lines],
                "Now": [x.now.count for x in lines], "Last": [x.last.count for x in lines],
                "Mean": [DASH if x.last.mean is None else f"{x.last.mean:.1f}" for x in lines],
                "Growth": [DASH if x.last.growth is None else f"{100 * x.last.growth:+.0f}%" for x in lines],
                "Year": [x.year for x in lines],
                "Per100": [DASH if x.per_100 is None else f"{x.per_100:.2f}" for x in lines],
            }
        ),
        key="cpf_trend", alt="Claims by month, what stands out first", height=360 if len(lines) > 8 else "auto",
        columns={
            "Flag": st.column_config.MultiselectColumn("", width=100, options=["Stands out"], color=["red"]),
            "What": tables.text("What fails", width=220),
            "Months": st.column_config.BarChartColumn("13 months", width=130, y_min=0),
            "Now": tables.number("This month", width=88), "Last": tables.number("Last month", width=88),
            "Mean": tables.text("Before, mean", width=96), "Growth": tables.text("Growth", width=76),
            "Year": tables.number("12 months", width=84), "Per100": tables.text("Per 100 vehicles", width=110),
        },
    )  # fmt: skip
