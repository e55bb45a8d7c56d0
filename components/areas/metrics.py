"""The drawer of one metric: its definition in words, its value over the reader's dealers, and its parts."""

from __future__ import annotations

import streamlit as st

from components import labels, tables
from components.access import current_actor, guard
from components.charts.base import table
from components.clock import now
from components.navigation import PAGES
from db.core.labels import moment_words
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.reports.catalogue_queries import Measured, MetricRow, get_metric, measure
from db.reports.catalogue_rules import (
    BETTER,
    BETTER_TONES,
    PERIODS,
    UNITS,
    dim_label,
    dims_label,
    part_label,
    value_label,
)

OPEN, ADDRESS = "metric_open", "metric"
SHOWN_BY = {
    "contact_log": "pages/network/contacts.py", "leads": "pages/leads/performance.py",
    "appointments": "pages/crm/appointments.py", "cadence": "pages/crm/follow_up.py",
    "quality": "pages/crm/quality.py", "surveys": "pages/crm/surveys.py", "marketing": "pages/crm/funnel.py",
    "claims": "pages/claims/claim_performance.py", "parts": "pages/parts/parts_orders.py",
    "incentives": "pages/incentives/incentive_figures.py", "coop": "pages/coop/coop_figures.py",
    "pricing": "pages/incentives/incentive_figures.py", "onboarding": "pages/network/onboarding.py",
    "reports": "pages/crm/funnel.py",
}  # fmt: skip
"""Where the records behind the metrics of an area are looked at."""


def open_metric(name: str) -> None:
    """Open the drawer of a metric and put it into the address, which can be shared (from a callback)."""
    st.session_state[OPEN] = name
    st.query_params[ADDRESS] = name


def close_metric() -> None:
    """Close the drawer and take it out of the address."""
    st.session_state.pop(OPEN, None)
    st.query_params.pop(ADDRESS, None)


def follow_address() -> None:
    """Open what the address names (a click, a shared link, a reload), and nothing that is left from another page."""
    linked = st.query_params.get(ADDRESS, "")
    if linked:
        st.session_state[OPEN] = linked
    else:
        st.session_state.pop(OPEN, None)


def draw_drawer() -> None:
    """Draw the drawer when a metric is open; call it once a page."""
    name = st.session_state.get(OPEN)
    if name is None:
        return
    try:
        row = get_metric(name, actor=current_actor())
    except NotFound as gone:
        close_metric()
        st.error(gone.problems[0].message)
        return
    st.dialog(labels.plain(row.definition.title), width=620, position="right", on_dismiss=close_metric)(_body)(row)


def _body(row: MetricRow) -> None:
    if st.session_state.get(OPEN) is None:
        st.rerun()
    what, actor = row.definition, guard(Permission.HOME_VIEW)
    labels.badges(
        [(row.area_title, "gray"), (UNITS[what.unit], "violet"), (BETTER[what.better], BETTER_TONES[what.better])]
    )
    with reading() as session:
        found = measure(session, name=row.name, actor=actor, now=now())
    _draw_value(row, found)
    labels.facts(
        [
            (label, value)
            for label, value in (
                ("Formula", what.formula),
                ("Counted", what.numerator),
                ("Out of", what.denominator),
                ("Left out", what.excluded),
                ("Period", PERIODS[row.period]),
                ("Split by", dims_label(row.dims)),
                ("Rule", what.rule),
                ("Owner", what.owner),
                ("Name", row.name),
            )
            if value
        ]
    )
    _draw_link(row)


def _draw_value(row: MetricRow, found: Measured) -> None:
    what, whole = row.definition, found.whole
    unit = what.unit
    days = f"{found.first:%-d %b %Y} to {found.last:%-d %b %Y}" if found.first and found.last else "Now"
    st.metric(days, value_label(whole.value, unit), border=True)
    if whole.denominator is not None:
        over = part_label(whole.denominator, what.bottom_unit)
        top = f"{part_label(whole.numerator, what.top_unit)} counted, " if whole.numerator is not None else ""
        st.caption(f"{top}out of {over}")
    if not found.parts:
        st.caption("Nothing to split." if found.split else "It is known as a whole only.")
    else:
        name = dim_label(found.split)
        tables.show(
            table(
                {
                    name: [p.label for p in found.parts],
                    "Value": [value_label(p.value, unit) for p in found.parts],
                    "Counted": [part_label(p.numerator, what.top_unit) for p in found.parts],
                    "Out of": [part_label(p.denominator, what.bottom_unit) for p in found.parts],
                }
            ),
            key="metric_parts", alt=f"{row.definition.title} by {name.lower()}",
            columns={
                name: tables.text(name, width=150 if found.split == "region" else 230),
                **{
                    column: st.column_config.TextColumn(column, alignment="right", width="small")
                    for column in ("Value", *(c for c in ("Counted", "Out of") if _has(found, c)))
                },
            },
        )  # fmt: skip
        if found.left_out:
            st.caption(f"And {found.left_out:,} more; the biggest are shown.")
    whose = "all dealers" if current_actor().scope.is_all else "the dealers you see"
    st.caption(f"Of {whose}, as of {moment_words(now(), current_actor().zone)}")


def _has(found: Measured, column: str) -> bool:
    return any((p.numerator if column == "Counted" else p.denominator) is not None for p in found.parts)


def _draw_link(row: MetricRow) -> None:
    file = SHOWN_BY.get(row.area, "")
    entry = next((page for page in PAGES if page.file == file), None)
    if entry is not None and current_actor().can(entry.permission):
        st.page_link(file, label=f"Open {entry.title}", icon=":material/arrow_forward:")
