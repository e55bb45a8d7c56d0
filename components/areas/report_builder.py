"""The report builder: what is asked lives in the address, the answer in a cache that is never stale nor shared."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

import streamlit as st

from components.exports import guarded_download
from components.labels import empty_state
from db import exports
from db.calendar.months import MOST_MONTHS, add_months, month_of
from db.core import changes
from db.core.actor import Actor, Scope
from db.core.labels import plural
from db.core.permissions import Permission, Role
from db.core.session import reading
from db.dealers.queries import dealer_choices, regions
from db.reports.builder_export_queries import report_export, report_filters
from db.reports.builder_queries import Report, figures_for, run_report
from db.reports.builder_rules import (
    DIMS,
    MOST_DIMS,
    MOST_METRICS,
    PERIODS,
    QUERY,
    SHAPES,
    Figure,
    Spec,
    from_query,
    shapes_of,
    shared_dims,
    to_query,
)

FIELDS: Final = (
    "metrics", "by", "period", "since", "until", "regions", "dealers", "shape", "parts", "as_of",
)  # fmt: skip
FIRST_DAY: Final = date(2000, 1, 1)
WRITTEN: Final = "_rb_written"
OPEN: Final = "_rb_report"
ICONS: Final = {
    "table": "table_rows", "bars": "bar_chart", "line": "show_chart", "heat": "grid_on", "pivot": "pivot_table_chart",
}  # fmt: skip
STARTERS: Final = (
    ("Leads and answers by month", Spec(metrics=("received", "response_sla"), by=("month",), shape="line")),
    ("Cost of claims by region and month", Spec(metrics=("claim_cost",), by=("region", "month"), shape="heat")),
    ("Co-op money by dealer", Spec(metrics=("coop_accrued", "coop_paid", "coop_utilisation"), by=("dealer",))),
    ("What customers say by region", Spec(metrics=("csi", "nps"), by=("region",), shape="bars")),
)


def token() -> Any:
    """What changed since, in every area: any figure may stand in a report."""
    with reading() as session:
        return changes.token(session)


@st.cache_data(ttl=60, max_entries=100, show_spinner=False)
def told(scope: Scope, role: Role, spec: Spec, _actor: Actor, _at: datetime, day: date, change: Any) -> Report:
    """The report; `Refused` is never kept."""
    with reading() as session:
        return run_report(session, spec, actor=_actor, now=_at)


# ---- the address ------------------------------------------------------------------------------------------------
def address() -> dict[str, list[str]]:
    """The report the address names, as its words."""
    return {key: st.query_params.get_all(key) for key in QUERY if key in st.query_params}


def adopt() -> None:
    """Fill the form from the address, when it is not the one this page wrote there itself."""
    known = st.session_state.get(WRITTEN)
    if address() != known:
        fill(from_query(address()))
        if known is not None:  # another address, so another report; None is this page coming back to its own
            st.session_state.pop(OPEN, None)
        st.session_state[WRITTEN] = address()


def open_saved(report_id: int, spec: Spec) -> None:
    """Show a kept report in the builder (from a callback or a link)."""
    fill(spec)
    st.session_state[OPEN] = report_id
    st.session_state[WRITTEN] = address()


def leave_form() -> None:
    """The form is not drawn in this run, so its fields will be forgotten: fill it from the address the next time."""
    st.session_state[WRITTEN] = None


def fill(spec: Spec) -> None:
    """Put a report into the form (before its widgets are drawn, or from a callback)."""
    st.session_state["_rb_asked"] = spec
    for name in FIELDS:
        value = getattr(spec, name)
        st.session_state[f"rb_w_{name}"] = list(value) if isinstance(value, tuple) else value


def write(spec: Spec) -> None:
    """Make the address the report."""
    wanted = to_query(spec)
    for key in QUERY:
        if key not in wanted:
            if key in st.query_params:
                del st.query_params[key]
        elif st.query_params.get_all(key) != wanted[key]:
            st.query_params[key] = wanted[key]
    st.session_state[WRITTEN] = wanted


def typed() -> dict[str, list[str]]:
    """The report the form asks for at this moment, for a callback: a field may be newer than the address."""
    values: dict[str, Any] = {}
    for name in FIELDS:
        value = st.session_state.get(f"rb_w_{name}")
        if value is not None:
            values[name] = tuple(value) if isinstance(value, list) else value
    return to_query(Spec(**values))


# ---- the form ---------------------------------------------------------------------------------------------------
def _keep(name: str, options: Any) -> None:
    """Drop what is chosen but not on offer (any more): a widget refuses it."""
    key = f"rb_w_{name}"
    chosen = st.session_state.get(key)
    if isinstance(chosen, list):
        st.session_state[key] = [c for c in chosen if c in options]
    elif chosen is not None and chosen not in options:
        st.session_state.pop(key)


def draw_form(actor: Actor, today: date) -> Spec:
    """Figures, dimensions, months, dealers and shape; gives the report that is asked for."""
    figures = figures_for(actor)
    _keep("metrics", figures)
    left, right = st.columns([3, 2], gap="small")
    with left:
        metrics = st.multiselect(
            "Figures", list(figures), format_func=lambda n: f"{figures[n].title} · {figures[n].area_title}",
            key="rb_w_metrics", max_selections=MOST_METRICS, placeholder="Choose one to four figures",
        )  # fmt: skip
    dims = shared_dims([figures[m] for m in metrics])
    _keep("by", dims)
    with right:
        by = st.multiselect(
            "Split by", list(dims), format_func=DIMS.__getitem__, key="rb_w_by", max_selections=MOST_DIMS,
            placeholder="Up to two" if dims else "Nothing these figures share" if metrics else "Choose figures first",
            disabled=not dims, help="What all the chosen figures can be split by, in the same meaning",
        )  # fmt: skip
    spec = Spec(metrics=tuple(metrics), by=tuple(by))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        spec = _draw_period(spec, today)
        spec = _draw_dealers(spec, actor)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        offered = shapes_of(by)
        _keep("shape", offered)
        st.session_state.setdefault("rb_w_shape", "table")
        shape = st.segmented_control(
            "Shape", offered, format_func=lambda s: f":material/{ICONS[s]}: {SHAPES[s]}", key="rb_w_shape",
            required=True,
        )  # fmt: skip
        parts = st.toggle("Numerator and denominator", key="rb_w_parts")
    return replace(spec, shape=shape or "table", parts=bool(parts))


def _draw_period(spec: Spec, today: date) -> Spec:
    st.session_state.setdefault("rb_w_period", "12")
    period = st.segmented_control(
        "Period", list(PERIODS), format_func=PERIODS.__getitem__, key="rb_w_period", required=True, width="content"
    )
    since = until = ""
    if period == "own":
        months = [f"{add_months(month_of(today), -n):%Y-%m}" for n in range(MOST_MONTHS)]
        for name in ("since", "until"):
            _keep(name, ("", *months))
        since = st.selectbox("From", ["", *months], format_func=_month("A year back"), key="rb_w_since", width=130)
        until = st.selectbox("To", ["", *months], format_func=_month("Now"), key="rb_w_until", width=130)
    chosen = st.session_state.get("rb_w_as_of")
    if chosen is not None and chosen > today:
        st.session_state["rb_w_as_of"] = None
    as_of = st.date_input(
        "As of", value=None, min_value=FIRST_DAY, max_value=today, key="rb_w_as_of", width=140,
        help="The last day that counts. It stays in the address, so a link shows the same days later; what was "
        "corrected since is corrected there, too. Figures of what stands now are always of today.",
    )  # fmt: skip
    return replace(spec, period=period or "12", since=since, until=until, as_of=as_of)


def _month(nothing: str) -> Any:
    return lambda key: f"{date.fromisoformat(f'{key}-01'):%b %Y}" if key else nothing


def _draw_dealers(spec: Spec, actor: Actor) -> Spec:
    with reading() as session:
        known = regions(session, actor.scope)
        dealers = {d.code: f"{d.name} ({d.code})" for d in dealer_choices(session, actor.scope)}
    _keep("regions", known)
    _keep("dealers", dealers)
    chosen: list[str] = []
    if len(known) > 1:
        chosen = st.multiselect("Region", known, key="rb_w_regions", placeholder="All regions", width=160)
    codes: list[str] = []
    if len(dealers) > 1:
        codes = st.multiselect(
            "Dealer", list(dealers), format_func=dealers.__getitem__, key="rb_w_dealers", placeholder="All dealers",
            width=200,
        )  # fmt: skip
    return replace(spec, regions=tuple(chosen), dealers=tuple(codes))


def draw_start(figures: dict[str, Figure]) -> None:
    """What an empty builder says, with reports to start from."""
    empty_state("table_chart", "Choose figures above, or start from one of these.")
    with st.container(horizontal=True, horizontal_alignment="center", gap="small"):
        for place, (label, spec) in enumerate(STARTERS):
            if all(name in figures for name in spec.metrics):
                st.button(label, key=f"rb_start_{place}", on_click=fill, args=(spec,), icon=":material/add_chart:")


def draw_download(spec: Spec, actor: Actor, at: datetime) -> None:
    """The report as a file, for people who may export; each is logged."""
    if not actor.can(Permission.EXPORT_RUN):
        return
    kind = report_export(spec, actor=actor)
    with st.popover("Download", icon=":material/download:", key="rb_files"):
        for file_format, label, help_text in (
            ("xlsx", "Excel", "Sheet Report: the numbers with a chart. Sheet Data: flat rows to make a pivot table of "
             "(the file cannot hold one itself). Sheet About: what, when, who."),
            ("csv", "CSV", "Flat rows, each number with its numerator and denominator."),
        ):  # fmt: skip
            guarded_download(
                label, key=f"rb_file_{file_format}", file_name=f"report-{at:%Y-%m-%d}.{file_format}", help=help_text,
                mime=exports.MEDIA_TYPES[file_format], command=exports.run_export, read=lambda made: made.content,
                arguments={"kind": kind, "file_format": file_format, "filters": report_filters(spec)},
            )  # fmt: skip
        st.caption("All rows of this report that you may see. Each export is logged.")


def lost(spec: Spec, figures: dict[str, Figure]) -> list[str]:
    """What of the report that was opened cannot be shown to this reader, in words."""
    asked = st.session_state.get("_rb_asked")
    if not isinstance(asked, Spec) or not set(spec.metrics) <= set(asked.metrics):
        return []
    said = []
    if missing := [m for m in asked.metrics if m not in figures]:
        said.append(f"{plural(len(missing), 'figure')} of this report cannot be shown to your role.")
    for what, wanted, there in (("region", asked.regions, spec.regions), ("dealer", asked.dealers, spec.dealers)):
        if wanted and not there:
            said.append(f"It was narrowed to {plural(len(wanted), what)} you do not see; these are all of yours.")
    return said
