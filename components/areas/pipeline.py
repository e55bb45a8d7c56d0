"""Pieces of screen about sales pipelines: numbers kept by scope and change counter, tiles, charts, lists of leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from components.areas.pipeline_charts import DASH, bar_label, days_label, draw_ladder, draw_steps, money
from components.clock import now
from components.labels import badges, empty_state, plain
from components.tables import TONES
from components.tiles import Tile
from db.core import changes
from db.core.actor import Actor, Scope
from db.core.labels import percent_label, plural, relative_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import DealerDetail
from db.leads.flow import FLOW
from db.leads.pipeline_queries import (
    DEFINITIONS,
    SAMPLE,
    DealerPage,
    DealerRow,
    Pipeline,
    PipelineLead,
    StepLine,
    cohort,
    completed,
    dealer_rows,
    ladder,
    open_pipeline,
    page_of,
    peers,
    pipeline_leads,
    speed,
    weights,
)
from db.leads.pipeline_rules import BUCKET_BY_NAME, SMALL, STAGES, is_small

PAGE = "pages/network/pipeline.py"
BOARD = "pages/leads/board.py"
LEAD = "pages/leads/lead.py"
Filters = tuple[tuple[str, Any], ...]
CARDS = 15


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """A cohort's ladder, whom it stands beside in words, what share those sold, and whether its speed is a sample's."""

    lines: tuple[StepLine, ...]
    beside: str
    peers_sold: float | None
    is_sampled: bool


# ---- numbers, kept while nothing changed ---------------------------------------------------------------------------
def token() -> Any:
    """What changed since: part of every cache key, so that no number is stale."""
    with reading() as session:
        return changes.token(session, "leads", "dealers")


@st.cache_data(ttl=60, max_entries=400, show_spinner=False)
def weighing(scope: Scope, _as_of: datetime, change: Any) -> dict[str, int] | None:
    """What values are weighted by."""
    with reading() as session:
        return weights(session, scope=scope, now=_as_of)


@st.cache_data(ttl=60, max_entries=400, show_spinner=False)
def load_open(scope: Scope, filters: Filters, _as_of: datetime, change: Any) -> Pipeline:
    """What is open now."""
    weighted = weighing(scope, _as_of, change)
    with reading() as session:
        return open_pipeline(session, scope=scope, filters=dict(filters), now=_as_of, weighing=weighted)


@st.cache_data(ttl=60, max_entries=400, show_spinner=False)
def load_ladder(scope: Scope, filters: Filters, change: Any) -> Ladder:
    """The cohort's ladder beside its peers."""
    with reading() as session:
        beside = peers(session, scope=scope, filters=dict(filters))
        pace = speed(session, scope=scope, filters=dict(filters))
        lines = ladder(cohort(session, scope=scope, filters=dict(filters)), beside=beside, pace=pace)
    if beside is None:
        return Ladder(lines=lines, beside="", peers_sold=None, is_sampled=pace.is_sampled)
    return Ladder(
        lines=lines, beside=f"{beside.label} ({plural(beside.dealers, 'dealer')})", is_sampled=pace.is_sampled,
        peers_sold=None if is_small(beside.counts["valid"]) else beside.counts["sold"] / beside.counts["valid"],
    )  # fmt: skip


@st.cache_data(ttl=60, max_entries=60, show_spinner=False)
def load_dealers(
    scope: Scope, filters: Filters, with_median: bool, _as_of: datetime, change: Any
) -> tuple[DealerRow, ...]:
    """Every dealer's row."""
    weighted = weighing(scope, _as_of, change)
    with reading() as session:
        return dealer_rows(
            session, scope=scope, filters=dict(filters), now=_as_of, weighing=weighted, with_median=with_median
        )


@st.cache_data(ttl=60, max_entries=200, show_spinner=False)
def load_dealer_page(
    scope: Scope, filters: Filters, sort: str, after: Any, _as_of: datetime, change: Any
) -> DealerPage:
    """One page of dealers, complete."""
    page = page_of(load_dealers(scope, filters, sort == "median", _as_of, change), sort=sort, after=after)
    with reading() as session:
        rows = completed(session, page.rows, scope=scope, filters=dict(filters), now=_as_of)
    return DealerPage(rows=rows, following=page.following, total=page.total)


# ---- tiles ---------------------------------------------------------------------------------------------------------
def tiles(found: Pipeline) -> list[Tile]:
    """The six numbers of the page, each with its definition."""
    parked = ", ".join(f"{n:,} {FLOW.state(s).label.lower()}" for s, n in found.parked.items() if n)
    unweighed = (
        f"Not weighted: {', '.join(found.unweighed).lower()}" if found.unweighed else "By the network's share of sales"
    )
    if found.weighted_cents is None:
        unweighed = "Too few settled leads to weigh by"
    n, won = found.count, found.won
    without = f"{plural(found.unvalued, 'lead')} without value" if found.unvalued else "Every lead has a value"
    few = is_small(n)
    return [
        Tile(
            definition=DEFINITIONS["pipeline_open"], value=f"{n:,}", icon=":material/inbox:",
            note=f"Beside them: {parked}" if parked else "",
        ),
        Tile(
            definition=DEFINITIONS["pipeline_value"],
            value=_known_of(found),
            icon=":material/payments:", note=without if n else "",
        ),
        Tile(
            definition=DEFINITIONS["pipeline_weighted"],
            value=DASH if found.unvalued == n else money(found.weighted_cents, short=True),
            icon=":material/balance:", note=unweighed,
        ),
        Tile(
            definition=DEFINITIONS["pipeline_won"], value=f"{won.count:,}", icon=":material/key:",
            note=money(won.value_cents, short=True) if won.count else "",
        ),
        Tile(
            definition=DEFINITIONS["pipeline_days"], value=days_label(found.median_days), icon=":material/hourglass:",
            note="Half of them stand longer" if n else "",
        ),
        Tile(
            definition=DEFINITIONS["pipeline_stale"], icon=":material/hourglass_disabled:",
            value=few_words(found.stale, n), note=f"{found.stale:,} of {n:,}" if not few else "",
        ),
    ]  # fmt: skip


# ---- conversion ----------------------------------------------------------------------------------------------------
def draw_conversion(found: Ladder) -> None:
    """From stage to stage, by cohort."""
    if not found.lines[0].count:
        empty_state("bar_chart_off", "No lead was received in these months.", action="Choose a longer period.")
        return
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True, height="stretch"):
        st.markdown("**What became of the leads received** :gray[and the share that took each step]")
        draw_ladder(found.lines)
    with right, st.container(border=True, height="stretch"):
        st.markdown("**Step by step**")
        draw_steps(found.lines, beside=found.beside, peers_sold=found.peers_sold)
        said = f"Beside them: {found.beside}. " if found.beside else ""
        speed = f" Days are those of the first {SAMPLE:,} leads of each month." if found.is_sampled else ""
        st.caption(
            f"{said}A stage can be skipped: a step counts leads with both stamps. Fewer than {SMALL} leads are shown "
            f"as a number.{speed}"
        )


# ---- leads ---------------------------------------------------------------------------------------------------------
def total_words(found: Pipeline, stage: str, bucket: str, which: str) -> str:
    """How many leads the list behind a stage, a span of days or stale ones has on all its pages."""
    lines = [line for line in found.lines if line.name == stage] if stage else list(found.working)
    if bucket:
        is_stale = BUCKET_BY_NAME[bucket].first >= lines[0].stale_days
        return f"{0 if which == 'stale' and not is_stale else lines[0].by_bucket[bucket]:,}"
    return f"{sum(line.stale if which == 'stale' else line.count for line in lines):,}"


def lead_columns(rows: Sequence[PipelineLead], at: datetime, *, with_dealer: bool) -> dict[str, list[Any]]:
    """The rows of the list behind a number, by column."""
    found: dict[str, list[Any]] = {
        "Lead": [r.number for r in rows],
        "Stage": [[r.status_label] for r in rows],
        "Days": [[_age_words(r)] for r in rows],
        "Value": [money(r.value_cents) for r in rows],
        "Customer": [r.customer_name or DASH for r in rows],
        "Wants": [r.wants or DASH for r in rows],
        "Due": [relative_label(r.due_at, at) for r in rows],
        "Person": [r.assignee_name or DASH for r in rows],
    }
    if with_dealer:
        found["Dealer"] = [r.dealer_name or "No dealer" for r in rows]
    found["Source"] = [r.source for r in rows]
    return found


def _age_words(lead: PipelineLead) -> str:
    return days_label(lead.days) + (", stale" if lead.is_stale else "")


def age_tones(rows: Sequence[PipelineLead]) -> dict[str, str]:
    """The colours of the ages in a list."""
    return {_age_words(r): "orange" if r.is_stale else "gray" for r in rows}


def draw_cards(scope: Scope, filters: Mapping[str, Any], *, stale: bool, personal: bool, at: datetime) -> None:
    """One column a stage with its oldest leads, at most fifteen cards each."""
    with reading() as session:
        columns = {
            stage: pipeline_leads(
                session, scope=scope, filters=filters, now=at, stage=stage.name, stale=stale, limit=CARDS,
                personal=personal,
            )
            for stage in STAGES
        }  # fmt: skip
    shown = {stage: page for stage, page in columns.items() if page.rows}
    if not shown:
        empty_state("task_alt", "No open lead matches.", action="Take a filter away.")
        return
    with st.grid(len(shown), min_column_width=210, wrap=False, gap="small", key="pipe_cards"):
        for stage, page in shown.items():
            with st.container(gap="xsmall"):
                st.markdown(f"**{stage.label}** :gray[{len(page.rows)}{'+' if page.following else ''}]")
                for row in page.rows:
                    _card(row, at)


def _card(row: PipelineLead, at: datetime) -> None:
    with st.container(border=True, gap="xxsmall"):
        st.page_link(
            LEAD, label=f"{row.number} · {plain(row.customer_name) or 'Unknown'}", query_params={"lead": str(row.id)}
        )
        st.caption(plain(row.wants or "Nothing named"))
        badges([(money(row.value_cents), "blue" if row.value_cents else "gray"), (_age_words(row), _tone(row))])
        st.caption(plain(" · ".join(p for p in (row.dealer_name or "No dealer", row.assignee_name) if p)))


def _tone(row: PipelineLead) -> str:
    return TONES["orange"] if row.is_stale else TONES["gray"]


# ---- dealers -------------------------------------------------------------------------------------------------------
def dealer_columns(rows: Sequence[DealerRow]) -> dict[str, list[Any]]:
    """One row a dealer, by column; a share of few leads is shown as their number."""
    columns: dict[str, list[Any]] = {
        "Dealer": [r.name for r in rows],
        "Region": [r.region for r in rows],
        "Open": [r.open for r in rows],
        "Value": [_known(r.value_cents, r) for r in rows],
        "Weighted": [_known(r.weighted_cents, r) for r in rows],
        "Converted": [few_words(r.sold, r.valid) for r in rows],
        "Median": [DASH if r.median_days is None else f"{r.median_days:.1f}" for r in rows],
        "Stale": [few_words(r.stale, r.open) for r in rows],
    }
    for stage in STAGES:
        columns[stage.name] = [_held(r, stage.name) for r in rows]
    columns["Code"] = [r.code for r in rows]
    return columns


def _known(cents: int | None, row: DealerRow) -> str:
    """No value is known where no lead has one: that is not nothing."""
    return DASH if row.unvalued == row.open else money(cents, short=True)


def _held(row: DealerRow, stage: str) -> str:
    count, value, _ = row.stages.get(stage, (0, 0, 0))
    if not count:
        return DASH
    return f"{count} · {money(value, short=True)}" if value else f"{count}"


def few_words(part: int | None, whole: int | None) -> str:
    if part is None or not whole:
        return DASH
    return f"{part} of {whole}" if is_small(whole) else percent_label(part, whole)


# ---- Dealer 360 ----------------------------------------------------------------------------------------------------
def draw_dealer_pipeline(dealer: DealerDetail, actor: Actor) -> None:
    """A dealer's pipeline in one strip, with the way to the page; draws nothing without the permission."""
    if not actor.can(Permission.PIPELINE_VIEW):
        return
    at, change = now(), token()
    found = load_open(actor.scope, (("dealer", dealer.dealer_id),), at, change)
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown("**Sales pipeline**", width="content")
            st.page_link(
                PAGE, label="Open pipeline", icon=":material/filter_alt:",
                query_params={"pipe_dealer": str(dealer.dealer_id)}, width="content",
            )  # fmt: skip
        if not found.count and not found.won.count:
            st.caption("No open lead stands in its pipeline.")
            return
        with st.grid(4, min_column_width=120, gap="small"):
            st.metric("Open leads", f"{found.count:,}", border=True)
            st.metric("Open value", _known_of(found), border=True, help="Known values only")
            st.metric("Median days in stage", days_label(found.median_days), border=True)
            st.metric("Stale", f"{found.stale:,}", border=True, help="Longer in their stage than it allows")
        badges([(f"{line.label} {bar_label(line)}", _strip_tone(line)) for line in found.lines if line.count])


def _known_of(found: Pipeline) -> str:
    return DASH if found.unvalued == found.count else money(found.value_cents, short=True)


def _strip_tone(line: Any) -> str:
    return "orange" if line.stale else "blue"
