"""Pieces of screen that several pages share: how a dealer's onboarding stands, and the drawer that starts one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import streamlit as st

from components import clock, labels
from components.access import current_actor, guard
from components.clock import now
from components.forms import Choices
from components.labels import plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from components.queue_page import Screen
from db.checklist.forecast_rules import RISK_LABELS, RISK_TONES
from db.checklist.queries import is_published
from db.checklist.template_commands import publish_standard
from db.core.actor import Actor
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import DealerDetail, dealer_choices
from db.onboarding.case_queries import CaseDetail, get_case, people_for
from db.onboarding.commands import COMMANDS, start_onboarding
from db.onboarding.flow import FLOW, STAGES
from db.onboarding.queries import CASE_PAGE, CaseRow, open_case_of
from db.onboarding.rules import RESTART, STARTS_FROM

START, FORM = "_onb_start", "onb_start"
KEYS = {"dealer_id": "onb_new_dealer", "target_on": "onb_new_target", "note": "onb_new_note"}
USUAL_DAYS = 95


def day_label(day: date | None, today: date) -> str:
    """A day as people say it: "12 Dec", with the year when it is another one."""
    if day is None:
        return "–"
    return f"{day.day} {day:%b}" if day.year == today.year else f"{day.day} {day:%b %Y}"


def risk_badge(case: CaseRow) -> tuple[str, str]:
    """The forecast against the target as (word, tone); a failed gate beats it."""
    if case.gates_failed:
        return "Gate failed", "red"
    return RISK_LABELS[case.risk], RISK_TONES[case.risk]


def draw_badges(case: CaseRow) -> None:
    """Stage, forecast against target, and what is special about a case."""
    state = FLOW.state(case.status)
    pairs: list[tuple[str, str]] = [(case.number, "gray"), (state.label, state.tone)]
    if case.is_open:
        pairs.append(risk_badge(case))
        if case.overdue_items:
            pairs.append((f"{plural(case.overdue_items, 'item')} overdue", "red"))
    if case.kind == "restart":
        pairs.append(("Comes back", "violet"))
    labels.badges(pairs)


def draw_stepper(detail: CaseDetail, *, at: Any) -> None:
    """The stages in a row: those that are behind with their days, where it is, what is ahead."""
    days: dict[str, int] = {}
    for stay in detail.stays:
        days[stay.stage] = days.get(stay.stage, 0) + ((stay.left_at or at) - stay.entered_at) // timedelta(days=1)
    last = next((s.stage for s in reversed(detail.stays)), STAGES[0])
    here = STAGES.index(last)
    parts = []
    for position, stage in enumerate(STAGES):
        label = plain(FLOW.state(stage).label)
        took = f" :small[{plural(days[stage], 'day')}]" if stage in days else ""
        if position < here or detail.status == "active":
            parts.append(f":green[:material/check_circle: {label}]:gray[{took}]")
        elif position == here:
            icon, tone = (
                (":material/radio_button_checked:", "blue") if detail.row.is_open else (":material/cancel:", "red")
            )
            parts.append(f":{tone}[{icon} **{label}**]:gray[{took}]")
        else:
            parts.append(f":gray[:material/radio_button_unchecked: {label}]")
    if not detail.row.is_open:
        end = FLOW.state(detail.status)
        parts.append(f":{'green' if detail.status == 'active' else 'gray'}[**{plain(end.label)}**]")
    st.markdown("  :gray[:material/chevron_right:]  ".join(parts))


def draw_gates(detail: CaseDetail) -> None:
    """The gates in a row: passed, open or failed, with why."""
    icons = {"passed": ("check_circle", "green"), "open": ("hourglass_empty", "gray"), "failed": ("cancel", "red")}
    with st.grid(max(len(detail.gates), 1), min_column_width=190, gap="small", key=f"onb_gates_{detail.id}"):
        for gate in detail.gates:
            icon, tone = icons[gate.state]
            with st.container(border=True, gap="xxsmall", height="stretch"):
                st.markdown(f":{tone}[:material/{icon}:] **{plain(gate.title)}**")
                why = gate.why or "Passed"
                st.caption(plain(why[:1].upper() + why[1:]))


def in_days(days: int) -> str:
    """How far a day is: "today", "in 3 days", "2 days ago"."""
    if days == 0:
        return "today"
    return f"in {plural(days, 'day')}" if days > 0 else f"{plural(-days, 'day')} ago"


def draw_forecast(detail: CaseDetail) -> None:
    """The likely and the cautious day against the target, and where they come from."""
    row, likely, cautious = detail.row, detail.forecast.p50, detail.forecast.p80
    left = in_days((row.target_on - detail.today).days)
    tone = RISK_TONES[row.risk]
    st.markdown(f"**Forecast** :{tone}-badge[{RISK_LABELS[row.risk]}]")
    labels.facts(
        [
            ("Likely live", f"{day_label(likely.ends_on, detail.today)}, {in_days(likely.days)}"),
            ("Cautious", day_label(cautious.ends_on, detail.today)),
            ("Target", f"{day_label(row.target_on, detail.today)}, {left}"),
            ("By the plan", day_label(detail.critical.ends_on, detail.today)),
        ]
    )  # fmt: skip
    with st.expander("Why this day", icon=":material/route:"):
        if not likely.steps:
            st.caption("Nothing is left to do.")
            return
        st.caption("The longest chain of what is left. Each item starts when what it waits on is done.")
        st.markdown(
            "  \n".join(
                f"**{plain(s.title)}** {plural(s.days, 'more day')}, until {day_label(s.ends_on, detail.today)}  \n"
                f":small[:gray[{plain(s.why[:1].upper() + s.why[1:])}]]"
                for s in likely.steps
            )
        )


def _people(detail: CaseDetail, _typed: Mapping[str, Any]) -> Choices:
    with reading() as session:
        return people_for(session, case=detail.row)


SAID = {
    "advance": "the next stage has begun", "activate": "the dealer is live", "change_target": "the target was moved",
    "assign": "handed over", "send_back": "sent back", "withdraw": "withdrawn", "decline": "declined",
}  # fmt: skip
SCREEN = Screen(
    flow=FLOW, commands=COMMANDS, key="onb", load=get_case, title=lambda d: f"{d.number} · {plain(d.row.dealer_name)}",
    draw_facts=lambda d: draw_badges(d.row), said=lambda d, step: f"{d.number}: {SAID[step.name]}",
    choices={("assign", "assignee_id"): _people},
)  # fmt: skip


# ---- starting --------------------------------------------------------------------------------------------------------
def open_start(dealer_id: int | None) -> None:
    """Open the drawer that starts an onboarding (call it from a callback)."""
    forget(FORM)
    st.session_state[START] = uuid4().hex
    st.session_state[KEYS["dealer_id"]] = dealer_id
    st.session_state[KEYS["target_on"]] = clock.today(current_actor().zone) + timedelta(days=USUAL_DAYS)
    st.session_state[KEYS["note"]] = ""


def _close() -> None:
    for key in (START, *KEYS.values(), *(f"onb_new_{name}" for name, _ in RESTART)):
        st.session_state.pop(key, None)
    forget(FORM)


def draw_start() -> None:
    """Draw the drawer when it is open; call it once a page."""
    if st.session_state.get(START) is None:
        show_outcome(FORM)
        return
    st.dialog("Start an onboarding", width=560, position="right", on_dismiss=_close)(_start_body)()


def _start_body() -> None:
    if st.session_state.get(START) is None:
        st.rerun()
    actor = guard(Permission.ONBOARDING_MANAGE)
    with reading() as session:
        dealers = {d.dealer_id: d for d in dealer_choices(session, actor.scope, statuses=STARTS_FROM)}
        is_ready = is_published(session, purpose="onboarding")
    show_outcome(FORM)
    if not is_ready:
        _draw_no_template(actor)
        return
    with st.container(gap="xxsmall"):
        st.selectbox(
            "Dealer", list(dealers), index=None, key=KEYS["dealer_id"], placeholder="A prospect, or one coming back",
            format_func=lambda v: dealers[v].label if v in dealers else "–",
        )  # fmt: skip
        problems_of(FORM, "dealer_id")
    if not dealers:
        st.caption("There is no prospect. Add one on the page Dealers.")
    with st.container(gap="xxsmall"):
        st.date_input(
            "Target day", key=KEYS["target_on"], help="The day the dealer is to go live, in its own time zone"
        )
        problems_of(FORM, "target_on")
    chosen = dealers.get(st.session_state.get(KEYS["dealer_id"]) or 0)
    if chosen is not None and chosen.status == "terminated":
        st.markdown("**Before it may begin again** :gray[every gate is passed anew]")
        for name, label in RESTART:
            st.checkbox(label, key=f"onb_new_{name}")
        problems_of(FORM, "prerequisites")
    st.text_area("Note :gray[(optional)]", key=KEYS["note"], height=80, max_chars=2000)
    problems_of(FORM, "note")
    stray_problems(FORM, ["dealer_id", "target_on", "prerequisites", "note"])
    st.button("Start", type="primary", key="onb_new_go", icon=":material/rocket_launch:", on_click=_start)


def _start() -> None:
    confirmed = tuple(name for name, _ in RESTART if st.session_state.get(f"onb_new_{name}"))

    def opened(case_id: Any) -> None:
        _close()
        st.session_state["_onb_to"] = case_id

    perform(
        start_onboarding, form=FORM, say="The onboarding was started", typed=KEYS, after=opened,
        convert={"note": lambda v: v or ""},
        arguments={"form_key": st.session_state.get(START), "prerequisites": confirmed},
    )  # fmt: skip


def _draw_no_template(actor: Actor) -> None:
    st.info("No checklist for onboardings is published yet.", icon=":material/fact_check:")
    if not actor.can(Permission.CHECKLISTS_MANAGE):
        st.caption("Ask a manager to publish one on the page Checklists.")
        return
    st.button("Use the standard list", type="primary", key="onb_standard", on_click=use_standard, args=(FORM,))
    st.page_link("pages/admin/checklists.py", label="Look at it first", icon=":material/fact_check:")


def use_standard(form: str) -> None:
    """Publish the standard list (a callback)."""
    perform(
        publish_standard, form=form, say="The standard list was published", arguments={"purpose_name": "onboarding"}
    )


def go_to_started() -> None:
    """Go to the case that was just started, if any; call it at the top of a page."""
    target = st.session_state.pop("_onb_to", None)
    if target is not None:
        st.switch_page(CASE_PAGE, query_params={"onboarding": str(target)})


# ---- Dealer 360 ------------------------------------------------------------------------------------------------------
def draw_dealer_tab(dealer: DealerDetail, actor: Actor) -> None:
    """Draw how far one dealer is on its way to going live, as a tab of Dealer 360."""
    go_to_started()
    with reading() as session:
        case = open_case_of(session, dealer_id=dealer.dealer_id, scope=actor.scope)
    may_start = actor.can(Permission.ONBOARDING_MANAGE) and dealer.facts.status in STARTS_FROM
    if case is None:
        labels.empty_state(
            "rocket_launch", "This dealer has no onboarding here.",
            action="Start one, and its checklist begins." if may_start else "It came as it is.",
        )  # fmt: skip
    else:
        _draw_brief(case, actor)
    if may_start and (case is None or not case.is_open):
        again = dealer.facts.status == "terminated"
        st.button(
            "Start again" if again else "Start onboarding", icon=":material/rocket_launch:", type="primary",
            key="onb_tab_start", on_click=open_start, args=(dealer.dealer_id,),
        )  # fmt: skip
    if actor.can(Permission.ONBOARDING_MANAGE):
        draw_start()


def _draw_brief(case: CaseRow, actor: Actor) -> None:
    at, today = now(), clock.today(actor.zone)
    draw_badges(case)
    if case.is_open:
        st.progress(case.readiness / 100, text=f"{case.readiness}% ready, {plural(case.open_items, 'item')} open")
        labels.facts(
            [
                ("Waits on", case.waits_on or "Nothing: the next stage can begin"),
                ("Next gate", case.next_gate),
                ("Forecast", " – ".join(day_label(d, today) for d in (case.forecast_p50_on, case.forecast_p80_on))),
                ("Target", day_label(case.target_on, today)),
                ("In this stage", plural(case.stage_days(at), "day")),
                ("Looked after by", case.assignee_name or "Nobody"),
            ]
        )  # fmt: skip
    else:
        when = (
            day_label(case.activated_on, today)
            if case.status == "active"
            else day_label(case.closed_at and case.closed_at.astimezone(ZoneInfo(actor.zone)).date(), today)
        )
        labels.facts([("Ended", when), ("Because", case.closing_reason), ("Looked after by", case.assignee_name)])
    st.page_link(
        CASE_PAGE,
        label="Open the onboarding",
        icon=":material/checklist_rtl:",
        query_params={"onboarding": str(case.id)},
    )
