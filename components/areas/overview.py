"""What only Overview has: months chosen by hand, charts that choose when they are clicked, and views under a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any, Final
from uuid import uuid4

import streamlit as st
from streamlit.errors import StreamlitAPIException

from components.areas.reports import AXES, title_of, words
from components.charts import overview as charts
from components.charts.base import draw, table
from components.filters import one, pick
from components.labels import empty_state, plain
from components.perform import perform, problems_of, show_outcome, stray_problems
from components.popup import close, popup
from db.core.actor import Actor
from db.core.geo import STATES
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.reports.overview_queries import Figure, Part, metric
from db.reports.period_rules import OWN, PERIODS, Span, own_months, own_span, span_of, trend_end
from db.reports.saved_commands import keep_view
from db.reports.saved_queries import get_report, list_views
from db.reports.saved_rules import SHARED
from db.reports.view_rules import VIEWS, fixed, word_of

PAGE: Final = "overview"
FIELDS: Final = VIEWS[PAGE].fields
USUAL: Final = "3"
PLACES: Final = {"bars": "Bars", "map": "Map"}
BRUSH, BRUSHED, BACK, DRAWN = "_ovw_brush_turn", "_ovw_brush", "_ovw_back", "_ovw_drawn"
CLICKED: Final = "_ovw_click"
KEEP, POPUP, FORM_KEY = "ovw_keep", "ovw_keep_popup", "ovw_form_key"
TURN: Final = "_ovw_turn"


# ---- what was clicked in a chart -------------------------------------------------------------------------------------
def trend_key(measure: str) -> str:
    """The chart of months; another turn is another chart, in which nothing is chosen."""
    return f"ovw_trend_{measure}_{st.session_state.get(BRUSH, 0)}"


def places_key(measure: str, shape: str) -> str:
    """The chart of regions."""
    return f"ovw_regions_{shape}_{measure}_{st.session_state.get(TURN, 0)}"


def _selected(chart: str, name: str) -> Any:
    state = st.session_state.get(chart)
    return (state or {}).get("selection", {}).get(name)


def follow_months(chart: str) -> None:
    """Take months that were dragged over as the period; called before the period is drawn.

    A brush that was taken away brings the period back that was there before it.
    """
    months = _brushed(chart)
    seen = st.session_state.get(BRUSHED, ("", ()))
    if seen == (chart, months):
        return
    if months:
        before = st.session_state.get("ovw_period") or USUAL
        if before != OWN:
            st.session_state[BACK] = before
        for name, value in (("period", OWN), ("from", months[0]), ("until", months[-1])):
            fill(f"ovw_{name}", value)
    elif seen[0] == chart and seen[1]:
        st.session_state["ovw_period"] = st.session_state.get(BACK, USUAL)
    st.session_state[BRUSHED] = (chart, months)


def _brushed(chart: str) -> tuple[str, ...]:
    return tuple(sorted(str(month) for month in (_selected(chart, "brush") or {}).get("key", ())))


def follow_region(chart: str) -> None:
    """Take a bar or a state that was clicked as the region, the same once more takes it back; before it is drawn.

    The chart keeps every region that was clicked, so what counts is the one that came or went with this click.
    """
    picked = tuple(str(one.get("region", "")) for one in _selected(chart, "pick") or ())
    seen = st.session_state.get(CLICKED, ("", ()))
    if seen == (chart, picked):
        return
    before = seen[1] if seen[0] == chart else ()
    came, gone = [r for r in picked if r not in before], [r for r in before if r not in picked]
    region = st.session_state.get("ovw_region") or ""
    if came or len(gone) == 1:
        clicked = (came or gone)[-1]
        st.session_state["ovw_region"] = "" if clicked == region else clicked
    elif gone:
        st.session_state["ovw_region"] = ""
    st.session_state[CLICKED] = (chart, picked)


def fill(name: str, value: str) -> None:
    """Put a value into a field that is drawn later in this run, and into the address.

    Streamlit keeps a field and the address together once the field was drawn; what is written before, it leaves alone.
    """
    st.session_state[name] = value
    with suppress(StreamlitAPIException):  # it was drawn: the address follows by itself
        st.query_params[name] = value


def cleared() -> None:
    """Forget what was clicked in the charts, too (called from a callback)."""
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1


# ---- the period ------------------------------------------------------------------------------------------------------
def pick_period(day: date) -> Span:
    """A period, or months of one's own; both in the address."""
    period = one("Period", {**PERIODS, OWN: "Own months"}, key="ovw_period", default=USUAL)
    if period != OWN:
        return span_of(period, day)
    months = {key: f"{month:%b %Y}" for key, month in own_months(day).items()}
    since = pick("From", months, key="ovw_from", all_label="Choose", width=125)
    until = pick("To", months, key="ovw_until", all_label="Choose", width=125)
    return own_span(since, until, day)


def trend_until(span: Span, day: date, measure: str) -> date:
    """Where the chart of months ends; a chart whose brush is not the period any more is drawn anew."""
    is_own = st.session_state.get("ovw_period") == OWN
    if months := _brushed(trend_key(measure)):
        ends = tuple(st.session_state.get(key) for key in ("ovw_from", "ovw_until"))
        if not is_own or ends != (months[0], months[-1]):
            st.session_state[BRUSH] = st.session_state.get(BRUSH, 0) + 1
    until = trend_end(span, day, drawn=st.session_state.get(DRAWN) if is_own else None)
    st.session_state[DRAWN] = until
    return until


# ---- charts ----------------------------------------------------------------------------------------------------------
def draw_months(name: str, figure: Figure, span: Span, *, key: str) -> None:
    """A year of months over the same months of the year before; months dragged over become the period."""
    what = metric(name).definition
    if not figure.months:
        empty_state("show_chart", "This figure is not told by month.")
        return
    if not any(part.value for _, part in figure.months):
        empty_state("show_chart", "Nothing in these two years.", action="Take a filter away.")
        return
    scale = 100 if what.unit == "money" else 1
    made: dict[str, list[Any]] = {"key": [], "year": [], "value": [], "label": [], "lit": []}
    now, then = figure.months[-12:], figure.months[-24:-12]
    lines = ((charts.EVERY, now), (charts.BEFORE, then), (charts.NOW, now))
    is_part = not span.first <= now[0][0] <= now[-1][0] <= span.last  # the whole year is no choice to point at
    for year, months in lines:
        for place, (month, part) in enumerate(months):
            first = now[place][0]
            value = None if year == charts.EVERY or part.value is None else part.value / scale
            if value is None and year != charts.EVERY:
                continue
            lit = is_part and year == charts.EVERY and span.first <= first <= span.last
            row = (f"{first:%Y-%m}", year, value, f"{month:%b %Y}: {words(name, part)}", lit)
            for column, cell in zip(made, row, strict=True):
                made[column].append(cell)
    draw(
        charts.months(title=title_of(name), axis=AXES[what.unit]), table(made), key=key, select=True,
        alt_text=f"{title_of(name)} by month, with the year before; drag over months to choose them",
    )  # fmt: skip


def draw_regions(
    name: str, rows: Sequence[tuple[str, Part]], states: Mapping[str, str], *, region: str, shape: str, key: str
) -> None:
    """Regions as bars or on the map; a click narrows the page (`follow_region`)."""
    shown = [(place, part) for place, part in rows if part.value is not None]
    if not shown:
        empty_state("bar_chart_off", "Nothing by region then.", action="Choose a longer period.")
        return
    what = metric(name).definition
    scale = 100 if what.unit == "money" else 1
    columns: dict[str, list[Any]] = {"region": [], "value": [], "label": [], "lit": []}
    for place, part in shown:
        cells = (place, (part.value or 0) / scale, words(name, part), region in ("", place))
        for column, cell in zip(columns, cells, strict=True):
            columns[column].append(cell)
    if shape == "map":
        _draw_map(name, columns, states, key=key)
        return
    draw(
        charts.regions(title=title_of(name), axis=AXES[what.unit]), table(columns),
        alt_text=f"{title_of(name)} by region; click one to narrow the page", key=key, select=True,
    )  # fmt: skip


def _draw_map(name: str, columns: dict[str, list[Any]], states: Mapping[str, str], *, key: str) -> None:
    """Each state in the colour of its region's figure."""
    found: dict[str, list[Any]] = {"id": [], "state": [], **{column: [] for column in columns}}
    for code, place in sorted(states.items()):
        if place in columns["region"] and code in STATES and STATES[code].fips:
            row = columns["region"].index(place)
            found["id"].append(STATES[code].fips)
            found["state"].append(STATES[code].name)
            for column, cells in columns.items():
                found[column].append(cells[row])
    if not found["id"]:
        empty_state("map", "These regions have no states on the map.", action="Show them as bars.")
        return
    unit = metric(name).definition.unit
    draw(
        charts.region_map(title=title_of(name), axis=AXES[unit]), table(found), key=key, select=True,
        alt_text=f"Map: {title_of(name)} by region; click a state to narrow the page to its region",
    )  # fmt: skip


# ---- views under a name ----------------------------------------------------------------------------------------------
def take_link(actor: Actor) -> None:
    """Open the view a link names (?view=12); says so where there is none."""
    linked = st.query_params.pop("view", "")
    if not linked.isdecimal():
        return
    try:
        with reading() as session:
            line = get_report(session, report_id=int(linked[:18]), actor=actor)
    except NotFound:
        line = None
    if line is None or line.page != PAGE:
        st.warning("This view is not here any more, or it is not shared with you.", icon=":material/search_off:")
        return
    open_view(line.query)
    st.toast(f"View: {plain(line.name)}", icon=":material/bookmark:")


def open_view(query: Mapping[str, Sequence[str]]) -> None:
    """Let the page be what a view is (before its widgets are drawn, or from a callback)."""
    for name in FIELDS:
        found = word_of(query, name)
        if found:
            fill(name, found)
        elif name in st.session_state:
            st.session_state[name] = {"ovw_period": USUAL, "ovw_places": "bars"}.get(name, "")
    if st.session_state.get("ovw_measure") == "":
        st.session_state.pop("ovw_measure")
    for chart in (BRUSH, TURN):
        st.session_state[chart] = st.session_state.get(chart, 0) + 1
    st.session_state.pop(DRAWN, None)


def shown_view() -> dict[str, list[str]]:
    """The view the page shows at this moment, as its address names it."""
    return {name: [str(st.session_state[name])] for name in FIELDS if st.session_state.get(name)}


def draw_views(actor: Actor, span: Span) -> None:
    """Save what is shown under a name, and open what was saved."""
    if not actor.can(Permission.REPORTS_VIEW):
        return
    show_outcome(KEEP)
    with reading() as session:
        views = list_views(session, page=PAGE, actor=actor)
    if views:
        with st.popover("Views", icon=":material/bookmarks:", key="ovw_views", type="tertiary"):
            for line in views:
                whose = "" if line.is_mine else f" :gray[{plain(line.owner)}]"
                st.button(
                    f"{plain(line.name)}{whose}", key=f"ovw_view_{line.report_id}", type="tertiary", help=line.what,
                    on_click=open_view, args=(line.query,),
                )  # fmt: skip
    form_key = st.session_state.setdefault(FORM_KEY, uuid4().hex)
    with popup("Save view", key=POPUP, icon=":material/bookmark_add:"):
        st.text_input("Name", key="ovw_name", max_chars=120, placeholder="The East in spring")
        problems_of(KEEP, "name")
        st.session_state.setdefault("ovw_shared", "me")
        offered = list(SHARED) if actor.can(Permission.REPORTS_SHARE) else ["me"]
        if len(offered) > 1:
            st.radio(
                "Who may open it", offered, format_func=SHARED.__getitem__, key="ovw_shared",
                help="Each reader sees their own dealers and the figures of their role.",
            )  # fmt: skip
        problems_of(KEEP, "shared")
        if st.session_state.get("ovw_period") != OWN:
            st.toggle(
                f"Keep {span.months}", key="ovw_fixed",
                help="Else the view moves on: it shows the same period, counted back from the day it is opened.",
            )  # fmt: skip
        stray_problems(KEEP, ("name", "shared"))
        st.button("Save", key="ovw_save", type="primary", on_click=_save, args=(span, form_key))
        st.caption("It gets an address of its own. The address of this page is the view, too.")


def _save(span: Span, form_key: str) -> None:
    view = shown_view()
    if st.session_state.get("ovw_fixed"):
        view = fixed(PAGE, view, span)
    name = st.session_state.get("ovw_name") or ""
    perform(
        keep_view, form=KEEP, say=lambda made: f"The view was saved: /{PAGE}?view={made}",
        typed={"shared": "ovw_shared"}, convert={"shared": lambda v: v or "me"},
        arguments={"page": PAGE, "name": name, "query": view, "form_key": form_key}, after=_saved,
    )  # fmt: skip


def _saved(_: Any) -> None:
    st.session_state.pop(FORM_KEY, None)
    st.session_state["ovw_fixed"] = False
    close(POPUP, "ovw_name")
