"""Pieces that the pages of reports share: figures kept by scope and change counter, words, tiles, filters, charts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

import streamlit as st

from components import tables
from components.areas.figures import DASH, dollars
from components.charts.base import table
from components.filters import pick
from components.kept import derived, shelved
from components.navigation import may_open
from components.tiles import Tile
from db.calendar.months import add_months, month_of
from db.core import changes
from db.core.actor import Actor, Scope
from db.core.area import MetricDefinition
from db.core.labels import change_label, minutes_label, points_label
from db.core.session import reading
from db.dealers.queries import dealer_choices, list_brands, regions
from db.reports import overview_queries as overviews
from db.reports.overview_queries import Figure, Leading, Narrowed, Part, is_few, metric
from db.reports.period_rules import Span
from db.terms.rules import TIERS

TITLES: Final[Mapping[str, str]] = {
    "sales_effectiveness": "Effectiveness",
    "received": "Leads", "response_sla": "Answered in time", "close_rate": "Conversion", "csi": "CSI",
    "claims_sent": "Warranty claims", "incentive_paid": "Incentives paid", "coop_utilisation": "Co-op used",
    "median_first_response": "First response", "nps": "NPS", "claim_cost": "Claims approved",
    "claim_first_pass": "Claims first pass", "claim_denial": "Claims denied",
    "parts_line_fill": "Parts line fill", "coop_paid": "Co-op paid",
    "incentive_claim_uptake": "Sales claimed", "cadence_adherence": "Follow-up on time",
    "appointment_show_rate": "Show rate", "claim_approved_ratio": "Approved of claimed",
    "appointment_no_show_rate": "No-shows", "survey_response_rate": "Surveys returned",
    "response_quality": "Response quality", "incentive_denial": "Incentives denied",
    "coop_claim_denial": "Co-op claims denied", "parts_promise_kept": "Parts promises kept",
}  # fmt: skip
"""Short titles where figures of many areas stand side by side; the definition is the catalogue's."""
TILES: Final = (
    ("received", "move_to_inbox"), ("response_sla", "timer"), ("close_rate", "handshake"), ("won_value", "payments"),
    ("csi", "sentiment_satisfied"), ("claims_sent", "build"), ("incentive_paid", "redeem"),
    ("coop_utilisation", "campaign"),
    ("median_first_response", "speed"), ("win_rate", "emoji_events"), ("nps", "thumb_up"),
    ("claim_cost", "receipt_long"),
    ("claim_first_pass", "task_alt"), ("parts_line_fill", "inventory_2"), ("coop_paid", "account_balance"),
    ("sales_effectiveness", "target"),
)  # fmt: skip
FIRST: Final = 8
AXES: Final = {"percent": "%", "money": "$~s", "minutes": "~s", "days": "~s", "count": "~s"}
MOST_ROWS: Final = 50


# ---- figures, kept until something changes ---------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a page asks for: the key of everything kept, so nothing is stale or another person's."""

    scope: Scope
    chosen: Narrowed
    span: Span
    day: date
    change: Any


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Regions, dealers (id as text and label) and brands of a scope; a state belongs to the region of most dealers."""

    regions: list[str]
    dealers: dict[str, str]
    brands: list[str]
    states: dict[str, str]


def token() -> Any:
    """What changed since: part of every cache key, so that no number is stale."""
    with reading() as session:
        return changes.token(session, *overviews.AREAS)


@shelved(room=50, seconds=300)
def choices(scope: Scope, day: date, change: Any) -> Choices:
    """What the filters of a scope offer, and the region of each state."""
    with reading() as session:
        found = dealer_choices(session, scope)
        by_state: dict[str, Counter[str]] = {}
        for dealer in found:
            by_state.setdefault(dealer.state, Counter())[dealer.region] += 1
        return Choices(
            regions=regions(session, scope), dealers={str(d.dealer_id): d.label for d in found},
            brands=list_brands(session, scope=scope),
            states={state: min(held, key=lambda r: (-held[r], r)) for state, held in by_state.items()},
        )  # fmt: skip


@shelved(room=100, seconds=300, spinner="Counting the figures")
def overview(asked: Asked, names: tuple[str, ...], until: date, _at: datetime) -> dict[str, Figure]:
    """Every figure beside the period before and a year ago; its months end with `until`."""
    with reading() as session:
        part = overviews.narrowed_scope(session, scope=asked.scope, chosen=asked.chosen, on=asked.day)
        return overviews.overview(session, scope=part, span=asked.span, names=names, until=until, now=_at)


@shelved(room=100, seconds=300)
def by_region(asked: Asked, name: str, _at: datetime) -> list[tuple[str, Part]]:
    """One figure by region; the region asked for does not narrow it, so that another one can be clicked."""
    with reading() as session:
        wider = replace(asked.chosen, region="", dealer_id=0)
        part = overviews.narrowed_scope(session, scope=asked.scope, chosen=wider, on=asked.day)
        return overviews.by_region(session, scope=part, span=asked.span, name=name, now=_at)


@shelved(room=25, seconds=300)
def leading(asked: Asked, names: tuple[str, ...], by: str, _at: datetime) -> Leading:
    """The first dealers by one of the figures, with all of them."""
    with reading() as session:
        part = overviews.narrowed_scope(session, scope=asked.scope, chosen=asked.chosen, on=asked.day)
        return overviews.leading(
            session, scope=part, span=asked.span, names=names, by=by, most=MOST_ROWS, now=_at
        )  # fmt: skip


# ---- words -----------------------------------------------------------------------------------------------------------
def title_of(name: str) -> str:
    """The short title of a metric where many areas stand side by side."""
    return TITLES.get(name) or metric(name).definition.title


def shown_definition(name: str) -> MetricDefinition:
    """The definition of the catalogue under the short title."""
    return replace(metric(name).definition, title=title_of(name))


def plain_words(name: str, value: float | None) -> str:
    """A value in the unit of its metric."""
    unit = metric(name).definition.unit
    if value is None:
        return DASH
    if unit == "percent":
        return f"{100 * value:.1f}%"
    if unit == "money":
        return dollars(value)
    if unit == "minutes":
        return minutes_label(value)
    if unit == "days":
        return f"{value:.1f} d"
    return f"{value:,.1f}" if metric(name).definition.denominator else f"{value:,.0f}"


def words(name: str, part: Part) -> str:
    """A figure in words; of fewer than ten cases its two numbers (domain-rules 2.2b)."""
    if part.value is None:
        return DASH
    if not is_few(name, part):
        return plain_words(name, part.value)
    out_of = part.denominator or 0
    cases = f"{out_of:.0f}" if out_of == round(out_of) else f"{out_of:.1f}"
    if metric(name).definition.unit == "percent" and part.numerator is not None:
        return f"{part.numerator:.0f} of {cases}"
    return f"{plain_words(name, part.value)} (n={cases})"


def moved(name: str, change: float | None) -> str | None:
    """How a figure moved, in its unit; None where it is unknown."""
    what = metric(name).definition
    digits = int(what.unit == "days" or bool(what.denominator))
    say = {"percent": points_label, "money": dollars, "minutes": minutes_label}.get(
        what.unit, f"{{:,.{digits}f}}".format
    )
    return change_label(change, say)


def note_of(figure: Figure, *, year: Span) -> str:
    """What a tile says below its number: a year ago, of how many, and why there is no comparison."""
    said = []
    if figure.small and figure.now.value is not None:
        said.append("Fewer than ten: its two numbers, compared with nothing")
    elif not figure.is_fair:
        said.append("Counts whole months: compared when this one is over")
    elif figure.year.value is None or (not figure.year.value and not metric(figure.name).definition.denominator):
        said.append(f"Nothing in {year.months}")
    else:
        change = moved(figure.name, figure.year_change)
        then = f"{words(figure.name, figure.year)} in {year.months}"
        said.append(then if change is None else f"{change} vs {then}")
    cases = figure.now.denominator
    if metric(figure.name).definition.denominator and cases and not figure.small and cases == round(cases):
        if metric(figure.name).definition.unit == "percent" and figure.name == "coop_utilisation":
            said.append(f"{dollars(figure.now.numerator)} of {dollars(cases)}")
        elif metric(figure.name).definition.unit == "percent" and figure.now.numerator is not None:
            hits = figure.now.numerator
            said.append(f"{hits:,.0f} of {cases:,.0f}, {cases - hits:,.0f} not")
        else:
            said.append(f"n = {cases:,.0f}")
    return " · ".join(said)


# ---- the way to the page of an area ----------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Way:
    """The page of some metrics: the prefix of its filters, and how long a period it can be opened with."""

    starts: tuple[str, ...]
    page: str
    prefix: str = ""
    days: tuple[tuple[str, int], ...] = ()
    months: tuple[str, str] = ("", "")
    fixed: Mapping[str, str] = field(default_factory=dict)
    takes: tuple[str, ...] = ("region", "dealer")


WAYS: Final = (
    Way(
        starts=("won", "win_rate", "days_to_win"), page="pages/crm/funnel.py", prefix="fun", months=("from", "to"),
        fixed={"fun_view": "won", "fun_period": "own"},
    ),
    Way(
        starts=("appointment_", "appointments_"), page="pages/crm/appointments.py", prefix="appt", takes=("dealer",)
    ),
    Way(starts=("cadence_",), page="pages/crm/follow_up.py"),
    Way(starts=("response_quality", "question_answered", "reviews_", "coaching_"), page="pages/crm/quality.py"),
    Way(
        starts=("csi", "ssi", "nps", "survey_"), page="pages/crm/surveys.py", prefix="svy",
        days=(("30", 31), ("90", 92), ("365", 999)), months=("from", "until"),
    ),
    Way(
        starts=("claim",), page="pages/claims/claim_performance.py", prefix="cpf",
        days=(("30", 31), ("90", 92), ("182", 184), ("365", 999)), months=("from", "until"),
    ),
    Way(starts=("parts_",), page="pages/parts/backorders.py", prefix="bo"),
    Way(
        starts=("incentive_",), page="pages/incentives/incentive_figures.py", prefix="incf", months=("from", "until"),
    ),
    Way(
        starts=("price_",), page="pages/incentives/incentive_figures.py", prefix="incf", months=("from", "until"),
        fixed={"incf_show": "prices"},
    ),
    Way(starts=("coop_",), page="pages/coop/coop_figures.py", prefix="cof", months=("from", "until")),
    Way(
        starts=("",), page="pages/leads/performance.py", prefix="perf", months=("from", "until"),
        fixed={"perf_period": "own"},
    ),
)  # fmt: skip


def drill(
    actor: Actor, name: str, chosen: Narrowed, span: Span, day: date | None = None
) -> tuple[str, dict[str, str]] | None:
    """The page of a metric's area with the same region, dealer and days as far as it knows them; None without a right.

    Pages that show the days up to now get the shortest of their periods that is as long as this one; where these months
    are long over by the `day` of today, the shortest that reaches back to them.
    """
    if name in ("sales_effectiveness", "objective_attainment", "objective_units"):
        return None  # counted from reported deliveries; their figures stand on the scorecard itself
    way = next(one for one in WAYS if name.startswith(one.starts))
    if not may_open(actor, way.page):
        return None
    query = dict(way.fixed)
    if way.days:
        is_over = day is not None and month_of(span.last) < add_months(month_of(day), -1)
        long = ((day if day is not None and is_over else span.last) - span.first).days + 1
        key = "svy_days" if way.prefix == "svy" else f"{way.prefix}_period"
        query[key] = next((period for period, most in way.days if long <= most), way.days[-1][0])
    if way.prefix == "svy":
        query["svy_kind"] = "ssi" if name == "ssi" else "csi"
    if way.months[0]:
        query |= {f"{way.prefix}_{way.months[0]}": f"{span.first:%Y-%m}"}
        query |= {f"{way.prefix}_{way.months[1]}": f"{span.last:%Y-%m}"}
    if way.prefix and chosen.region and "region" in way.takes:
        query[f"{way.prefix}_region"] = chosen.region
    if way.prefix and chosen.dealer_id:
        query[f"{way.prefix}_dealer"] = str(chosen.dealer_id)
    return way.page, query


def tiles(
    found: Mapping[str, Figure], *, names: Sequence[tuple[str, str]], versus: str, year: Span,
    to: Callable[[str], tuple[str, dict[str, str]] | None],
) -> list[Tile]:  # fmt: skip
    """A tile for each metric: its number, how it moved, the year before, its definition and the way to its area."""
    made = []
    for name, icon in names:
        figure, target = found[name], to(name)
        what = shown_definition(name)
        trend = [part.value for _, part in figure.months[-12:] if part.value is not None]
        made.append(
            Tile(
                definition=what, value=words(name, figure.now), icon=f":material/{icon}:",
                delta=moved(name, figure.change), up_is_good=None if what.better == "none" else what.better == "up",
                versus=versus, trend=trend, note=note_of(figure, year=year),
                page=target[0] if target else "", query=target[1] if target else {}, link="Details",
            )
        )  # fmt: skip
    return made


# ---- filters ---------------------------------------------------------------------------------------------------------
def pick_narrowed(scope: Scope, *, prefix: str, day: date, change: Any) -> Narrowed:
    """Draw region, dealer, brand and tier, kept in the address; only where there is something to choose."""
    known = choices(scope, day, change)
    places, dealers, brands = known.regions, known.dealers, known.brands
    region = dealer = brand = tier = ""
    if len(places) > 1:
        region = pick("Region", {r: r for r in places}, key=f"{prefix}_region", all_label="All regions", width=150)
    if len(dealers) > 1:
        dealer = pick("Dealer", dealers, key=f"{prefix}_dealer", all_label="All dealers", width=210)
        if len(brands) > 1:
            brand = pick("Brand", {b: b for b in brands}, key=f"{prefix}_brand", all_label="All brands", width=140)
        tier = pick("Tier", {t: t for t in TIERS}, key=f"{prefix}_tier", all_label="All tiers", width=130)
    return Narrowed(region=region, dealer_id=int(dealer) if dealer.isdecimal() else 0, brand=brand, tier=tier)


# ---- tables ----------------------------------------------------------------------------------------------------------
def draw_leading(found: Leading, names: Sequence[str], *, by: str, on_open: Callable[[int], None]) -> None:
    """The first dealers with their figures; a click on a name narrows the page to it."""
    shown = found.lines
    ids = [line.dealer_id for line in shown]

    def opened(position: int) -> None:
        if 0 <= position < len(ids):
            on_open(ids[position])

    def made() -> Any:
        data = {"Dealer": [f"{x.name} ({x.code})" for x in shown], "Region": [x.region for x in shown]}
        return table(data | {name: [words(name, x.parts.get(name, Part())) for x in shown] for name in names})

    columns: dict[str, Any] = {
        "Dealer": tables.opener("Dealer", key="ovw_open", on_open=opened, width=200),
        "Region": tables.text("Region", width=100),
    }  # fmt: skip
    for name in names:
        columns[name] = st.column_config.TextColumn(
            title_of(name), alignment="right", width=112, help=metric(name).definition.formula
        )
    tables.show(
        derived(shown, made, "table", tuple(names)), key="ovw_lines", alt=f"Dealers by {title_of(by)}", columns=columns,
        height=430 if len(shown) > 11 else "auto",
    )  # fmt: skip
    if found.among > len(shown):
        st.caption(f"The first {len(shown)} of {found.among:,}; narrow by region, brand or tier to see others.")
