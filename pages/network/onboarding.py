"""Onboarding: every dealer on its way to going live, as a board by stage or a table, and how they came out."""

from __future__ import annotations

import streamlit as st

from components import labels, tables
from components.access import guard
from components.areas.onboarding import draw_start, go_to_started, open_start, risk_badge
from components.areas.onboarding_outcomes import draw_outcomes, draw_overview
from components.charts.base import table
from components.clock import now
from components.exports import export_button
from components.filters import clear_button, one, pick
from components.labels import empty_state, plain
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from db.core.area import CAP
from db.core.labels import count_label, plural
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import regions
from db.onboarding.flow import FLOW, STAGE_LABELS
from db.onboarding.queries import (
    CARDS,
    PAGE_FILE,
    RISKS,
    VIEWS,
    CaseFilters,
    CaseRow,
    board,
    count_cases,
    list_cases,
    owners,
)

actor = guard(Permission.ONBOARDING_VIEW)
at = now()
SHAPES = {"board": "Board", "table": "Table", "outcomes": "Outcomes"}
KEYS = ("onb_stage", "onb_region", "onb_owner", "onb_risk")
RISK_PILLS = {"On track": "green", "At risk": "orange", "Late": "red", "Gate failed": "red", "–": "gray"}


def chosen_filters() -> tuple[str, CaseFilters]:
    """Draw the toolbar and read it; everything is kept in the address."""
    with reading() as session:
        known_regions = regions(session, actor.scope)
        people = {str(i): name for i, name in owners(session, scope=actor.scope)}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        shape = one("Show as", SHAPES, key="onb_shape", default="board")
        if shape == "outcomes":
            return shape, CaseFilters()
        view = one("Which", VIEWS, key="onb_view", default="open") if shape == "table" else "open"
        stage = ""
        if shape == "table" and view == "open":
            stage = pick("Stage", STAGE_LABELS, key="onb_stage", all_label="Every stage", width=122)
        region = ""
        if len(known_regions) > 1:
            region = pick("Region", {r: r for r in known_regions}, key="onb_region", all_label="All regions", width=122)
        owner = ""
        if len(people) > 1:
            owner = pick("Looked after by", people, key="onb_owner", all_label="Everybody", width=125)
        risk = pick("Risk", RISKS, key="onb_risk", all_label="Any", width=105) if view == "open" else ""
        clear_button(KEYS, key="onb_clear")
    with EXPORT_BOX:
        export_button("onboardings", {"view": view, "stage": stage, "region": region, "owner_id": owner, "risk": risk})
    return shape, CaseFilters(
        view=view, stage=stage, region=region, owner_id=int(owner) if owner.isdigit() else None, risk=risk
    )


def draw_board(filters: CaseFilters) -> None:
    """One column a stage, at most fifteen cards each; the rest is in the table."""
    with reading() as session:
        found = board(session, scope=actor.scope, filters=filters)
    if not any(found.counts.values()):
        empty_state("rocket_launch", "No dealer is on its way here.", action="Start an onboarding for a prospect.")
        return
    with st.grid(len(STAGE_LABELS), min_column_width=170, gap="small", key="onb_board"):
        for stage, label in STAGE_LABELS.items():
            rows = found.cards[stage]
            with st.container(gap="xsmall"):
                st.markdown(f"**{label}** :gray[{found.counts[stage]}]")
                for row in rows:
                    draw_card(row)
                if found.counts[stage] > CARDS:
                    st.page_link(
                        PAGE_FILE, label=f"+{found.counts[stage] - CARDS} more", icon=":material/table_rows:",
                        query_params={"onb_shape": "table", "onb_stage": stage},
                    )  # fmt: skip


def draw_card(row: CaseRow) -> None:
    """Dealer, readiness, days in the stage, what it waits on first, forecast against target."""
    with st.container(border=True, gap="xxsmall"):
        st.button(
            f"**{plain(row.dealer_name)}**", key=f"onb_card_{row.id}", type="tertiary", on_click=go, args=(row.id,)
        )
        st.progress(
            row.readiness / 100, text=f":small[{row.readiness}% · {plural(row.stage_days(at), 'day')} in stage]"
        )
        marks = [labels.badge(*risk_badge(row))]
        if row.overdue_items:
            marks.append(labels.badge(f"{row.overdue_items} overdue", "red"))
        likely, target = (f"{d.day} {d:%b}" if d else "–" for d in (row.forecast_p50_on, row.target_on))
        waits = f"Waits on {plain(row.waits_on)}" if row.waits_on else "Ready for the next stage"
        st.markdown(f"{' '.join(marks)}  \n:small[:gray[Likely {likely}, target {target}]]  \n:small[{waits}]")


def go(case_id: int) -> None:
    """Go to a case at the next run."""
    st.session_state["_onb_to"] = case_id


def draw_table(filters: CaseFilters) -> None:
    """One page, the nearest target first; the number opens the case."""
    with reading() as session:
        rows, following = list_cases(
            session, scope=actor.scope, filters=filters, after=cursor("onb", fingerprint=filters)
        )
        total = count_cases(session, scope=actor.scope, filters=filters)
    if not rows:
        empty_state("rocket_launch", "No onboarding matches.", action="Take a filter away, or start one.")
        return
    remember_rows("onb", [r.id for r in rows])
    is_open = filters.view == "open"
    tables.show(
        table(
            {
                "Case": [r.number for r in rows],
                "Dealer": [r.dealer_name for r in rows],
                "Region": [r.region for r in rows],
                "Stage": [[FLOW.state(r.status).label] for r in rows],
                "Ready": [r.readiness for r in rows],
                "Overdue": [r.overdue_items for r in rows],
                "Waits": [r.waits_on or "–" for r in rows],
                "Gate": [r.next_gate or "–" for r in rows],
                "Risk": [[risk_badge(r)[0]] for r in rows],
                "Target": [r.target_on for r in rows],
                "Likely": [r.forecast_p50_on for r in rows],
                "Cautious": [r.forecast_p80_on for r in rows],
                "Critical": [r.critical_on for r in rows],
                "Days": [r.stage_days(at) for r in rows],
                "Owner": [r.assignee_name or "–" for r in rows],
                "Live": [r.activated_on for r in rows],
                "Because": [r.closing_reason or "–" for r in rows],
            }
        ),
        key="onb_table", alt="Onboardings, the nearest target first", height=min(600, 38 + 35 * len(rows)),
        columns={
            "Case": tables.opener("Case", key="onb_click", on_open=opened, width=92),
            "Dealer": tables.text("Dealer", width=155),
            "Stage": tables.status(FLOW, "Stage", width=118),
            "Ready": st.column_config.ProgressColumn("Ready", min_value=0, max_value=100, format="%d%%", width=105),
            "Risk": tables.pill("Risk", RISK_PILLS, width=92) if is_open else None,
            "Target": date_column("Target"),
            "Likely": date_column("Forecast", "Half of the earlier onboardings were faster") if is_open else None,
            "Cautious": date_column("Cautious", "If every item takes as long as four of five did") if is_open else None,
            "Overdue": tables.number("Overdue", width=70, help="Items past their due day") if is_open else None,
            "Waits": tables.text("Waits on", width=170) if is_open else None,
            "Gate": tables.text("Next gate", width=170) if is_open else None,
            "Critical": date_column("Critical path", "By the planned days alone") if is_open else None,
            "Days": tables.number("Days in stage", width=92) if is_open else None,
            "Region": tables.text("Region", width=110),
            "Owner": tables.text("Looked after by", width=130),
            "Live": date_column("Live since") if filters.view == "live" else None,
            "Because": tables.text("Because", width=260) if filters.view == "ended" else None,
        },
    )  # fmt: skip
    draw_paging("onb", following=following, shown=len(rows), total=count_label(total, CAP))


def date_column(label: str, help: str | None = None) -> object:
    """A day."""
    return st.column_config.DateColumn(label, format="D MMM YYYY", width=100, help=help)


def opened(position: int) -> None:
    """Go to the case of a row."""
    case_id = id_at("onb", position)
    if case_id is not None:
        go(case_id)


go_to_started()
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    st.title(":material/rocket_launch: Onboarding", width="stretch")
    EXPORT_BOX = st.container(width="content")
    if actor.can(Permission.ONBOARDING_MANAGE):
        st.button("Start onboarding", icon=":material/add:", key="onb_new", on_click=open_start, args=(None,))
TILES_BOX = st.container()
SHAPE, FILTERS = chosen_filters()
if SHAPE == "outcomes":
    draw_outcomes(actor, at=at)
else:
    with TILES_BOX:
        draw_overview(actor, at=at)
    if SHAPE == "table":
        draw_table(FILTERS)
    else:
        draw_board(FILTERS)
if actor.can(Permission.ONBOARDING_MANAGE):
    draw_start()
