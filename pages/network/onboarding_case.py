"""One dealer's onboarding: how far it is, what it waits on, when it will be live and why, and its checklist."""

from __future__ import annotations

from types import SimpleNamespace

import streamlit as st

from components import tables
from components.access import guard
from components.areas.onboarding import SCREEN, day_label, draw_badges, draw_forecast, draw_gates, draw_stepper
from components.areas.onboarding_item import draw_item_drawer, open_item
from components.charts.base import table
from components.clock import now
from components.filters import one
from components.labels import empty_state, facts, plain
from components.navigation import may_open
from components.perform import show_outcome
from components.queue_page import draw_steps, id_at, remember_rows
from components.timeline import draw_timeline
from db.checklist.rules import DUE_LABELS, DUE_TONES
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.onboarding.case_queries import CaseDetail, ItemLine, get_case
from db.onboarding.queries import PAGE_FILE
from db.reports.history_queries import item_history

actor = guard(Permission.ONBOARDING_VIEW)
at = now()
DEALER = "pages/network/dealer.py"
STATES = {DUE_LABELS[name]: tone for name, tone in DUE_TONES.items()} | {"Passed": "green"}
SHOWN = {"todo": "To do", "now": "Can be done now", "dealer": "Dealer's part", "all": "Everything"}


def load() -> CaseDetail:
    """The case of the address, or a plain sentence instead of the page."""
    asked = str(st.query_params.get("onboarding", ""))
    try:
        with reading() as session:
            known = int(asked) if asked.isdecimal() and len(asked) < 16 else 0
            return get_case(session, item_id=known, actor=actor, now=at)
    except NotFound:
        st.title(":material/checklist_rtl: Onboarding of a dealer")
        empty_state("rocket_launch", "This onboarding was not found.", action="It may belong to another dealer.")
        st.page_link(PAGE_FILE, label="All onboardings", icon=":material/arrow_back:")
        st.stop()


def draw_standing(detail: CaseDetail) -> None:
    """Readiness, and what keeps the case from its next stage."""
    row = detail.row
    st.progress(
        row.readiness / 100, text=f"**{row.readiness}% ready** · {plural(row.open_items, 'item')} left"
    )  # fmt: skip
    if not row.is_open:
        end = SCREEN.flow.state(row.status)
        st.caption(plain(row.closing_reason or f"{end.label}: {end.help}"))
        return
    if detail.missing:
        goal = "going live" if row.status == "golive" else "the next stage"
        label = f"{plural(len(detail.missing), 'thing')} in the way of {goal}"
        with st.expander(label, icon=":material/block:", expanded=len(detail.missing) <= 4):
            st.markdown("\n".join(f"- {plain(text)}" for text in detail.missing))
    else:
        next_one = "Everything is done: a second person decides." if row.status == "golive" else "This stage is done."
        st.markdown(f":green[:material/check_circle:] {next_one}")
    if actor.can(Permission.ONBOARDING_MANAGE):
        draw_steps(SCREEN, detail)


def draw_items(detail: CaseDetail) -> None:
    """The checklist: what is to do by its due day, everything by section; the title opens the item."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.subheader("Checklist", width="content")
        default = "dealer" if actor.role.is_dealer else ("todo" if detail.row.is_open else "all")
        # A case that ended is looked at as a whole, whatever was chosen while it ran.
        shown = one("Show", SHOWN, key="onb_items" if detail.row.is_open else "onb_items_ended", default=default)
    wanted = {
        "todo": lambda i: i.status in ("open", "failed"),
        "now": lambda i: i.status in ("open", "failed") and not i.waits,
        "dealer": lambda i: i.owner == "dealer",
        "all": lambda i: True,
    }[shown]
    rows = [i for i in detail.items if wanted(i)]
    if shown == "all":
        rows.sort(key=lambda i: (order(detail, i.section), i.due_on))
    else:
        rows.sort(key=lambda i: i.due_on)
    if not rows:
        empty_state("task_alt", "Nothing of this kind is left.")
        return
    remember_rows("onb_items", [i.id for i in rows])
    tables.show(
        table(
            {
                "Item": [("◆ " if i.is_gate else "") + i.title for i in rows],
                "Section": [i.section for i in rows],
                "State": [[i.state_label] for i in rows],
                "Due": [i.due_on for i in rows],
                "Late": [plural(i.late_days, "day") if i.late_days else "–" for i in rows],
                "Owner": [i.owner_label for i in rows],
                "Waits": [waits_words(i) for i in rows],
                "Weight": [i.weight for i in rows],
            }
        ),
        key=f"onb_items_{detail.id}", alt="Items of the checklist; a diamond marks a gate",
        height=min(900, 38 + 35 * len(rows)),
        columns={
            "Item": tables.opener("Item", key="onb_item_click", on_open=lambda p: opened(detail.id, p), width=250),
            "Section": tables.text("Section", width=125),
            "State": tables.pill("State", STATES, width=95),
            "Owner": tables.text("Whose part", width=100),
            "Due": st.column_config.DateColumn("Due", format="D MMM YYYY", width=100),
            "Late": tables.text("Late", width=70),
            "Waits": tables.text("Waits on, or what was written", width=430),
            "Weight": tables.number("Weight", width=65, help="Its share in the readiness"),
        },
    )  # fmt: skip
    st.caption("◆ marks a gate. Open an item to do it.")


def order(detail: CaseDetail, section: str) -> int:
    """The place of a section: in the order of the checklist."""
    return next(p for p, i in enumerate(detail.items) if i.section == section)


def waits_words(item: ItemLine) -> str:
    """The chain an item waits on, else the proof or reason that was written down."""
    if item.waits:
        return item.waits.removeprefix(f"{item.title} waits on ")
    day = item.evidence_on and f"{item.evidence_on:%-d %b %Y}"
    parts = (item.reason, item.evidence_number, day, item.evidence_note)
    return " · ".join(str(p) for p in parts if p) or "–"


def said(summary: str) -> str:
    """An entry without the number of the case, which stands above."""
    text = summary.partition(": ")[2] or summary
    return text[:1].upper() + text[1:]


def opened(case_id: int, position: int) -> None:
    """Open the drawer of the clicked item."""
    item_id = id_at("onb_items", position)
    if item_id is not None:
        open_item(case_id, item_id)


detail = load()
linked = st.query_params.pop("item", "")
if linked.isdecimal():
    open_item(detail.id, int(linked))
st.page_link(PAGE_FILE, label="Onboarding", icon=":material/arrow_back:")
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(plain(detail.row.dealer_name))
    if may_open(actor, DEALER):
        st.page_link(
            DEALER, label="The dealer", icon=":material/store:", query_params={"dealer": str(detail.row.dealer_id)}
        )
draw_badges(detail.row)
show_outcome(SCREEN.form)
draw_stepper(detail, at=at)
left, right = st.columns([3, 2], gap="medium")
with left, st.container(border=True):
    draw_standing(detail)
with right, st.container(border=True):
    if detail.row.is_open:
        draw_forecast(detail)
    else:
        row = detail.row
        facts(
            [
                ("Target", day_label(row.target_on, detail.today)),
                ("Live since", day_label(row.activated_on, detail.today)),
                ("Looked after by", row.assignee_name),
            ]
        )
draw_gates(detail)
draw_items(detail)
st.subheader("History")
if detail.note:
    st.caption(plain(detail.note))
with reading() as session:
    lines = item_history(session, item_type="onboarding", item_id=detail.id, limit=80)
draw_timeline(
    [SimpleNamespace(at=e.at, title=said(e.summary), by=e.actor_name, note=e.reason) for e in lines],
    zone=actor.zone, now=at, limit=25,
)  # fmt: skip
draw_item_drawer()
