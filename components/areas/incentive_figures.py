"""Pieces of the incentive performance page: figures kept by scope and change counter, tiles, charts, tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import streamlit as st

from components import tables
from components.areas.figures import DASH, FEW, dollars, share, tile_of, words
from components.charts import claims as claim_charts
from components.charts import incentives as charts
from components.charts.base import draw, table
from components.kept import kept, shelved
from components.labels import empty_state
from components.tiles import Tile
from db.claims.overview_queries import Beside
from db.core import changes
from db.core.actor import Actor, Scope
from db.core.labels import plural
from db.core.session import reading
from db.incentives import figure_overview_queries as overviews
from db.incentives.figure_budget_queries import BurnLine
from db.incentives.figure_metrics_queries import definition
from db.incentives.figure_overview_queries import MOST_ROWS, Line, Look
from db.incentives.figure_reason_queries import Reason
from db.incentives.figure_rules import WORKDAY_MINUTES

Filters = tuple[tuple[str, Any], ...]
CLAIMS: Final = "pages/incentives/incentive_claims.py"
PAYMENTS: Final = "pages/incentives/payments.py"
KEYS: Final = ("incf_program", "incf_region", "incf_dealer", "incf_from", "incf_until")
TILES: Final = (
    ("incentive_earned", "savings"), ("incentive_paid", "payments"), ("incentive_open", "hourglass_top"),
    ("incentive_payout", "directions_car"), ("incentive_extra_cost", "trending_up"),
    ("incentive_dealer_uptake", "storefront"), ("incentive_claim_uptake", "fact_check"),
    ("incentive_approval_time", "schedule"), ("incentive_approved", "verified"), ("incentive_units", "tag"),
    ("incentive_extra_units", "stacked_line_chart"), ("incentive_new_units", "fiber_new"),
    ("incentive_denial", "block"),
)  # fmt: skip
FIRST: Final = 8
FIRST_WAY: Final = "program"
"""How the table is split where nobody chose otherwise, and what `look` reads with the tiles."""


def token() -> Any:
    """What changed since: part of every cache key, so that no number is stale."""
    with reading() as session:
        return changes.token(session, "incentives", "pricing", "dealers", "terms")


@shelved(room=100, seconds=60)
def look(scope: Scope, filters: Filters, _at: datetime, day: date, change: Any) -> Look:
    """Every figure beside the period before, by month and by program."""
    with reading() as session:
        return overviews.look(
            session, scope=scope, filters=dict(filters), now=_at,
            known=lambda on: kept(
                session, lambda: overviews.dealers_on(session, scope=scope, on=on), "incentive_dealers", scope, on,
                areas=("dealers", "terms"),
            ),
        )  # fmt: skip


@shelved(room=100, seconds=60)
def _split(scope: Scope, filters: Filters, by: str, _at: datetime, day: date, change: Any) -> Sequence[Line]:
    with reading() as session:
        return overviews.lines(session, scope=scope, filters=dict(filters), by=by, now=_at)


def lines(scope: Scope, filters: Filters, by: str, at: datetime, day: date, *, change: Any) -> Sequence[Line]:
    """The figures split one way; those by month and by program have been read with the tiles."""
    if by in ("month", FIRST_WAY):
        found = look(scope, filters, at, day, change)
        return found.months if by == "month" else found.lines
    return _split(scope, filters, by, at, day, change)


@shelved(room=100, seconds=60)
def why(scope: Scope, filters: Filters, kind: str, _at: datetime, day: date, change: Any) -> list[Reason]:
    """Reasons of returns and denials."""
    with reading() as session:
        return overviews.why(session, scope=scope, filters=dict(filters), kind=kind, now=_at)


def standing(actor: Actor, chosen: Mapping[str, Any], at: datetime, day: date) -> tuple[list[BurnLine], str]:
    """Budgets, and what units are measured against: neither depends on the regions and dealers chosen."""
    asked = {name: chosen[name] for name in ("program", "from", "to") if name in chosen}
    with reading() as session:
        return kept(
            session,
            lambda: (
                overviews.budgets(session, actor=actor, filters=asked, now=at),
                overviews.baseline_words(session, actor=actor, filters=asked, now=at),
            ),
            "incentive_budgets", actor, tuple(sorted(asked.items())), day, areas=("incentives",),
        )  # fmt: skip


def _note(name: str, found: Mapping[str, Beside]) -> str:
    own, extra = found[name], found["incentive_extra_units"].value or 0
    whole = own.denominator or 0
    if name == "incentive_paid":
        return f"{dollars(found['incentive_approved'].value)} approved"
    if name == "incentive_payout":
        return plural(int(whole), "unit") + " paid for"
    if name == "incentive_extra_cost":
        if own.value is not None:
            new = int(found["incentive_new_units"].value or 0)
            return f"{plural(int(extra), 'unit')} above the baseline" + (
                f", {new:,} without a year before" if new else ""
            )
        if not extra and not own.numerator:
            return "No volume program earned anything"
        return "No incremental units" + (f": {plural(int(-extra), 'unit')} below the baseline" if extra < 0 else "")
    if name == "incentive_dealer_uptake" and whole >= FEW:
        return f"{own.numerator:,.0f} of {whole:,.0f} eligible dealers"
    if name == "incentive_claim_uptake" and whole >= FEW:
        return f"{own.numerator:,.0f} of {whole:,.0f} sales that count"
    if name == "incentive_approval_time" and whole:
        p90 = found["incentive_approval_p90"]
        return f"90% within {words(p90, definition(p90.name), day_minutes=WORKDAY_MINUTES)}, n = {whole:,.0f}"
    if name == "incentive_denial" and whole:
        return f"n = {whole:,.0f}"
    return ""


def tiles(
    found: Mapping[str, Beside], *, names: Sequence[tuple[str, str]], versus: str, hidden: Sequence[str],
    opens_payments: bool,
) -> list[Tile]:  # fmt: skip
    """The tiles of these figures; `hidden` are not this reader's."""
    return [
        tile_of(
            found[name], definition(name), icon=icon, versus=versus,
            note="" if "incentive_approved" in hidden and name == "incentive_paid" else _note(name, found),
            page=PAYMENTS if name == "incentive_open" and opens_payments else "", link="Show payments",
            day_minutes=WORKDAY_MINUTES,
        )
        for name, icon in names
        if name not in hidden
    ]  # fmt: skip


# ---- charts ----------------------------------------------------------------------------------------------------------
def draw_months(rows: Sequence[Line], *, books: tuple[str, ...]) -> None:
    """Earned, approved and paid by month."""
    made: dict[str, list[Any]] = {"month": [], "order": [], "book": [], "dollars": [], "label": []}
    for order, line in enumerate(rows):
        for book in books:
            cents = line.value(f"incentive_{book.lower()}") or 0
            for name, value in zip(made, (line.name, order, book, cents / 100, dollars(cents)), strict=True):
                made[name].append(value)
    draw(charts.months(books=books), table(made), alt_text=f"{', '.join(books)} by month")


def burn_words(line: BurnLine) -> str:
    """Where a budget stands, in a sentence."""
    found, day = line.found, "%-d %b"
    if found.state == "used_up":
        return "Used up"
    if found.state == "short" and found.ends_on is not None:
        early = (line.last - found.ends_on).days
        when = f"Used up on {found.ends_on:{day}} at this pace"
        return f"{when}, {plural(early, 'day')} early" if early else f"{when}, its last day"
    left = dollars(found.left_cents)
    return {
        "coming": f"Begins {line.first:{day}}", "unused": "Nothing committed yet",
        "ended": f"Ended {line.last:{day}}, {left} unused", "lasts": f"{left} left on {line.last:{day}} at this pace",
    }.get(found.state, "")  # fmt: skip


def draw_budgets(rows: Sequence[BurnLine]) -> None:
    """Budgets as bullet bars, those that run out first, and how each stands in a sentence."""
    shown = rows[:8]

    def part(cents: int, line: BurnLine) -> float:
        return min(1.0, max(0.0, cents / line.budget_cents))

    pace = {"used_up": "Used up", "short": "Runs out early"}
    early = {x.program_id for x in shown if x.found.ends_on is not None and x.found.ends_on < x.last}
    draw(
        charts.budgets(),
        table(
            {
                "program": [x.code for x in shown],
                "order": list(range(len(shown))), "whole": [1.0 for _ in shown],
                "committed": [part(x.committed_cents, x) for x in shown],
                "paid": [part(x.paid_cents, x) for x in shown],
                "expected": [part(x.found.expected_cents, x) for x in shown],
                "pace": [
                    pace.get(x.found.state, "Committed")
                    if x.found.state != "short" or x.program_id in early else "Committed" for x in shown
                ],
                "stands": [burn_words(x) for x in shown],
                "label": [
                    f"{dollars(x.committed_cents)} of {dollars(x.budget_cents)} committed,"
                    f" {dollars(x.paid_cents)} paid, straight line {dollars(x.found.expected_cents)}. {burn_words(x)}."
                    for x in shown
                ],
            }
        ),
        alt_text="Committed and paid of the budget by program, with the straight line",
    )  # fmt: skip
    if len(rows) > len(shown):
        st.caption(f"{len(rows) - len(shown)} more in the export.")


def draw_reasons(rows: Sequence[Reason]) -> Reason | None:
    """The Pareto of reasons; gives the reason that was clicked."""
    shown = rows[:12]
    picked = draw(
        claim_charts.pareto(height=max(240, 56 * len(shown) + 80)),
        table(
            {
                "code": [x.code for x in shown], "reason": [x.label for x in shown],
                "order": list(range(len(shown))), "cases": [x.cases for x in shown],
                "cumulative": [x.cumulative for x in shown],
                "label": [
                    f"{x.returned:,} returned, {x.denied:,} denied, {dollars(x.cents)} claimed,"
                    f" {100 * x.cumulative:.0f}% with those above" for x in shown
                ],
            }
        ),
        alt_text="Reasons of returns and denials, most cases first", key="incf_pareto", select=True,
    ).get("pick")  # fmt: skip
    code = str(picked[0].get("code", "")) if picked else ""
    return next((x for x in rows if x.code == code), None)


def right(label: str, *, width: int, help: str | None = None) -> Any:
    """Numbers in words of their own, under each other like numbers."""
    return st.column_config.TextColumn(label, width=width, help=help, alignment="right")


# ---- the table -------------------------------------------------------------------------------------------------------
def draw_lines(
    rows: Sequence[Line], *, by: str, label: str, hidden: Sequence[str], on_open: Callable[[str], None]
) -> None:
    """The figures split one way; a click on a name narrows the page to it."""
    shown = rows[:MOST_ROWS] if by != "month" else rows
    keys = [x.key for x in shown]

    def opened(position: int) -> None:
        if 0 <= position < len(keys):
            on_open(keys[position])

    def cents(name: str) -> list[float]:
        return [(x.value(f"incentive_{name}") or 0) / 100 for x in shown]

    def shares(name: str) -> list[str]:
        return [share(*x.parts(f"incentive_{name}")) for x in shown]

    def above(line: Line) -> str:
        found = line.value("incentive_extra_units")
        return DASH if found is None else f"{found:,.0f}"

    def extra(line: Line) -> str:
        found = line.figures.get("incentive_extra_cost")
        if found is None or not (found["numerator"] or found["denominator"]):
            return DASH
        return "no incremental units" if found["value"] is None else dollars(found["value"])

    def shows(name: str, column: Any) -> Any:
        return None if f"incentive_{name}" in hidden else column

    money = "$%,.0f"
    columns = {
        "Name": tables.opener(label, key=f"incf_open_{by}", on_open=opened, width=170 if by == "dealer" else 105),
        "What": tables.text("Name" if by == "program" else "Code", width=125 if by == "program" else 60)
        if by in ("program", "dealer") else None,
        "Earned": tables.number("Earned", width=78, format=money),
        "Paid": shows("paid", tables.number("Paid", width=72, format=money)),
        "Open": shows("open", tables.number("Not paid", width=72, format=money)) if by != "month" else None,
        "Units": shows("units", tables.number("Units", width=54, help="Units paid for")),
        "Per unit": shows("payout", right("Per unit", width=70, help="Paid ÷ units paid for")),
        "Dealers": right("Dealers", width=64, help="With an earning sale, of the eligible dealers")
        if by in ("program", "region") else None,
        "Claimed": right("Claimed", width=68, help="Of the sales that count"),
        "Extra": right("Above base", width=84, help="Units above the baseline of stair steps and growth"),
        "Extra cost": right("Per incremental", width=128, help="Earned ÷ units above the baseline"),
        "Denied": right("Denied", width=60, help="Of the claims decided"),
    }  # fmt: skip
    data: dict[str, Sequence[Any]] = {
        "Name": [x.code if by == "program" else x.name for x in shown],
        "What": [x.name if by == "program" else x.code for x in shown],
        "Earned": cents("earned"), "Paid": cents("paid"), "Open": cents("open"),
        "Units": [int(x.value("incentive_units") or 0) for x in shown],
        "Per unit": [dollars(x.value("incentive_payout")) for x in shown],
        "Dealers": shares("dealer_uptake"), "Claimed": shares("claim_uptake"), "Extra": [above(x) for x in shown],
        "Extra cost": [extra(x) for x in shown], "Denied": shares("denial"),
    }  # fmt: skip
    tables.show(
        table({name: some for name, some in data.items() if columns[name] is not None}), key=f"incf_lines_{by}",
        alt=f"Incentive figures by {label.lower()}", height=430 if len(shown) > 11 else "auto", columns=columns,
    )  # fmt: skip
    if len(rows) > len(shown):
        st.caption(f"The {len(shown)} dearest of {len(rows):,}; the export has all.")


def none_yet() -> None:
    """What the page says when nothing happened."""
    empty_state(
        "query_stats", "Nothing was earned, approved or paid then.",
        action="Choose a longer period, or take a filter away.",
    )  # fmt: skip
