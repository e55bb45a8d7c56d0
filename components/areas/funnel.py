"""The numbers of the Funnel page, cached by scope and change counters, and how they read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import streamlit as st

from db.core import changes
from db.core.actor import Scope
from db.core.problems import Refused
from db.core.session import reading
from db.leads.won_queries import DaysToWin, WonRow, days_to_win, won_rows
from db.reports import funnel_queries as funnels
from db.reports.funnel_retention_queries import Share, retention

Filters = tuple[tuple[str, Any], ...]
DASH = "–"


def token() -> Any:
    """What changed since: part of every cache key, so that no number is stale."""
    with reading() as session:
        return changes.token(session, "leads", "dealers", "marketing", "customers")


@st.cache_data(ttl=60, max_entries=200, show_spinner=False)
def ladder(scope: Scope, filters: Filters, _as_of: datetime, change: Any) -> funnels.Funnel:
    """The ladder of a cohort with its rates."""
    with reading() as session:
        return funnels.funnel_of(session, scope=scope, filters=dict(filters), now=_as_of)


@st.cache_data(ttl=60, max_entries=200, show_spinner=False)
def broken_down(
    scope: Scope, by: str, filters: Filters, _as_of: datetime, change: Any
) -> tuple[list[dict[str, Any]], str]:
    """Rungs and rates by one dimension; where they cannot be counted, the sentence that says why."""
    try:
        with reading() as session:
            return funnels.breakdown(session, scope=scope, by=by, filters=dict(filters), now=_as_of), ""
    except Refused as refusal:
        return [], " ".join(problem.message for problem in refusal.problems)


@st.cache_data(ttl=60, max_entries=200, show_spinner=False)
def won(scope: Scope, by: tuple[str, ...], filters: Filters, change: Any) -> list[WonRow]:
    """Won and lost leads by dimensions, by the day of the sale or loss."""
    with reading() as session:
        return won_rows(session, scope=scope, by=by, filters=dict(filters))


@st.cache_data(ttl=60, max_entries=100, show_spinner=False)
def days(scope: Scope, filters: Filters, change: Any) -> DaysToWin:
    """How long the sales took."""
    with reading() as session:
        return days_to_win(session, scope=scope, filters=dict(filters))


@st.cache_data(ttl=60, max_entries=100, show_spinner=False)
def cards(
    scope: Scope, filters: Filters, _as_of: datetime, change: Any
) -> tuple[funnels.Scorecard, list[funnels.Scorecard], list[tuple[date, funnels.Scorecard]]]:
    """What sources are worth and cost: the whole, each source, each cohort month."""
    with reading() as session:
        whole, each = funnels.scorecards(session, scope=scope, filters=dict(filters), now=_as_of)
        return whole, each, funnels.cost_months(session, scope=scope, filters=dict(filters), now=_as_of)


@st.cache_data(ttl=60, max_entries=100, show_spinner=False)
def share_of(scope: Scope, name: str, filters: Filters, _as_of: datetime, change: Any) -> Share | None:
    """Who comes back; None where a filter is chosen that purchases do not know."""
    with reading() as session:
        return retention(session, scope=scope, name=name, filters=dict(filters), now=_as_of).get(())


def percent(value: float | None, digits: int = 1) -> str:
    """A share of 1 in percent."""
    return DASH if value is None else f"{100 * value:.{digits}f}%"


def money(cents: int | None) -> str:
    """An amount in whole dollars, with cents below a hundred: "$10,005,534", "$42.50"."""
    if cents is None:
        return DASH
    return f"${cents / 100:,.2f}" if abs(cents) < 10_000 and cents % 100 else f"${(cents + 50) // 100:,}"


def day_words(value: float | None) -> str:
    """A number of days."""
    return DASH if value is None else f"{value:.1f} days"
