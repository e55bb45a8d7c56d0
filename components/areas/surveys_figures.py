"""The figures of the page of surveys: the trend with its band, dealers with their place, questions."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from components import tables
from components.access import current_actor
from components.charts import surveys as charts
from components.charts.base import draw, table
from components.clock import today
from components.queue_page import id_at, remember_rows
from db.core.labels import percent_label
from db.core.session import reading
from db.surveys import rules
from db.surveys.figure_queries import DealerFigures, by_dealer, by_question
from db.surveys.figure_sum_queries import FigureFilters, figures_by


def draw_trend(chosen: FigureFilters) -> None:
    """The index of twelve months; the band is what chance alone may do."""
    first = (today(current_actor().zone).replace(day=1) - timedelta(days=330)).replace(day=1)
    year = FigureFilters(kind=chosen.kind, since=first, region=chosen.region, dealer_id=chosen.dealer_id)
    with reading() as session:
        months = figures_by(session, scope=current_actor().scope, filters=year, by=("month",))
    rows = [(key[0], pair.counted) for key, pair in months.items() if pair.counted.index is not None]
    if len(rows) < 2:
        return
    name = chosen.kind.upper()
    st.markdown(f"**{name} by month**", help="The band is the 95% interval: a move within it may be chance.")
    bands = [f.index_interval or (f.index, f.index) for _, f in rows]
    draw(
        charts.trend(title=f"{name}, points"),
        table(
            {
                "month": [month for month, _ in rows], "value": [f.index for _, f in rows],
                "low": [low for low, _ in bands], "high": [high for _, high in bands],
                "label": [f"{m:%B %Y}: {f.index}, 95% {rules.interval_label(f.index_interval)}, n = {f.indexed}"
                          for m, f in rows],
            }
        ),
        alt_text=f"{name} by month with its 95% interval",
    )  # fmt: skip


def place_of(row: DealerFigures) -> str:
    """The place of a dealer, or why it has none."""
    return str(row.rank) if row.rank is not None else "too few"


def open_dealer(position: int) -> None:
    """Show the surveys of the dealer of a row."""
    dealer_id = id_at("svy_dealers", position)
    if dealer_id is not None:
        st.session_state.update(svy_dealer=str(dealer_id), svy_view="surveys")


def draw_dealers(chosen: FigureFilters) -> None:
    """Dealers by index; those with fewer than ten surveys are listed below, without a place."""
    with reading() as session:
        rows = by_dealer(session, scope=current_actor().scope, filters=chosen)
    if not rows:
        return
    st.markdown("**By dealer**", help=f"Ranked from {rules.LEAST_FOR_RANK} surveys on; below, chance decides.")
    counted = [row.pair.counted for row in rows]
    remember_rows("svy_dealers", [row.dealer_id for row in rows])
    tables.show(
        table(
            {
                "Place": [place_of(r) for r in rows], "Dealer": [r.name for r in rows],
                "Index": [rules.number_label(f.index) for f in counted],
                "Interval": [rules.interval_label(f.index_interval) if f.index_interval else "–" for f in counted],
                "n": [f.indexed for f in counted], "Top-box": [rules.number_label(f.top_box) for f in counted],
                "NPS": [rules.number_label(f.nps) for f in counted],
                "Returned": [percent_label(r.rate.returned, r.rate.sent, 0) for r in rows],
                "Flagged": [r.flagged for r in rows],
                "With left out": [
                    f"{rules.number_label(r.pair.everything.index)} ({r.pair.excluded})" if r.pair.excluded else "–"
                    for r in rows
                ],
                "Region": [r.region for r in rows],
            }
        ),
        key="svy_dealers", alt="Dealers by survey index", height=420 if len(rows) > 10 else "auto",
        columns={
            "Place": tables.text("Place", width=72),
            "Dealer": tables.opener("Dealer", key="svy_dealer_click", on_open=open_dealer, width=190),
            "Index": tables.text("Index", width=64), "Interval": tables.text("95% interval", width=112),
            "n": tables.number("n", width=52), "Top-box": tables.text("Top-box %", width=82),
            "NPS": tables.text("NPS", width=64), "Returned": tables.text("Returned", width=80),
            "Flagged": tables.number("Flagged", width=72, help="Surveys with something suspicious"),
            "With left out": tables.text("Counting all", width=95, help="Index with those left out, and their number"),
            "Region": tables.text("Region", width=100),
        },
    )  # fmt: skip


def draw_questions(chosen: FigureFilters) -> None:
    """How each question was answered."""
    with reading() as session:
        rows = by_question(session, scope=current_actor().scope, filters=chosen)
    if not rows:
        return
    st.markdown("**By question**")
    tables.show(
        table(
            {
                "Question": [r.text for r in rows], "Points": [round(r.mean, 1) for r in rows],
                "Top": [round(r.top_box, 1) for r in rows], "Answers": [r.answers for r in rows],
            }
        ),
        key="svy_questions", alt="Questions with their mean and top answers",
        columns={
            "Question": tables.text("Question", width=420),
            "Points": tables.number("Mean, % of best", width=120, format="%.1f"),
            "Top": tables.number("Top answers %", width=120, format="%.1f"),
            "Answers": tables.number("Answers", width=90),
        },
    )  # fmt: skip
