"""The form of a campaign, and closing or reopening one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from components.clock import today
from components.perform import outcome_of, perform, problems_of, stray_problems
from db.calendar.queries import DESK_ZONE
from db.coop.campaign_commands import change_campaign, close_campaign, reopen_campaign, start_campaign
from db.coop.campaign_queries import CampaignRow, requests_to_link
from db.coop.campaign_rules import GOALS, Plan
from db.coop.model import MEDIA
from db.core.actor import Actor
from db.core.session import reading

ASK, DONE = "campaign_ask", "campaign_done"
FIELDS = ("code", "name", "medium", "goal_kind", "goal", "starts_on", "ends_on", "note")
DRAWN = ("dealer_id", *FIELDS, "request_ids")


def _key(row: CampaignRow | None, name: str) -> str:
    return f"cmpf_{row.id if row else 'new'}_{name}"


def _first(row: CampaignRow | None, name: str, otherwise: Any) -> None:
    """Fill a box once with what stands."""
    st.session_state.setdefault(_key(row, name), getattr(row, name) if row else otherwise)


def draw_form(
    actor: Actor, dealers: Mapping[int, str], row: CampaignRow | None, *, after: Callable[[], None],
    linked: Sequence[int] = (),
) -> None:  # fmt: skip
    """The fields of a campaign; of one that stands its code and dealer are fixed."""
    dealer_id = row.dealer_id if row else None
    if row is None:
        if len(dealers) == 1:
            dealer_id = next(iter(dealers))
        else:
            dealer_id = st.selectbox(
                "Dealer", list(dealers), index=None, format_func=lambda v: dealers.get(v, ""),
                key=_key(row, "dealer_id"), placeholder="Choose",
            )  # fmt: skip
        problems_of(ASK, "dealer_id")
        _first(row, "code", "")
        st.text_input(
            "Code", key=_key(row, "code"), max_chars=30, placeholder="SPRING-26",
            help="Leads whose source is this code belong to the campaign.",
        )  # fmt: skip
        problems_of(ASK, "code")
    day = today(DESK_ZONE)
    for name, first in (
        ("name", ""), ("medium", None), ("goal_kind", "leads"), ("goal", None), ("starts_on", day), ("ends_on", None),
        ("note", ""),
    ):  # fmt: skip
        _first(row, name, first)
    st.text_input("Name", key=_key(row, "name"), max_chars=120)
    problems_of(ASK, "name")
    medium = st.selectbox(
        "Medium", list(MEDIA), format_func=lambda v: MEDIA.get(v, ""), key=_key(row, "medium"), placeholder="Choose"
    )
    problems_of(ASK, "medium")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.segmented_control(
            "Goal", list(GOALS), format_func=GOALS.__getitem__, key=_key(row, "goal_kind"), required=True
        )
        st.number_input("How many", min_value=1, max_value=100_000, step=1, key=_key(row, "goal"))
    problems_of(ASK, "goal")
    with st.container(horizontal=True, gap="small"):
        st.date_input("First day", key=_key(row, "starts_on"))
        st.date_input("Last day", key=_key(row, "ends_on"))
    problems_of(ASK, "starts_on")
    problems_of(ASK, "ends_on")
    requests: dict[int, str] = {}
    if dealer_id and medium:
        with reading() as session:
            requests = requests_to_link(
                session, dealer_id=dealer_id, medium=medium, actor=actor, campaign_id=row.id if row else None
            )
    paying = _key(row, "request_ids")
    st.session_state.setdefault(paying, list(linked))
    st.session_state[paying] = [i for i in st.session_state[paying] if i in requests]
    st.multiselect(
        "Paid with", list(requests), format_func=lambda v: requests.get(v, ""), key=paying,
        placeholder="Requests of this dealer and medium", help="What they cost is what the campaign costs.",
    )  # fmt: skip
    problems_of(ASK, "request_ids")
    st.text_area("Note :gray[(optional)]", key=_key(row, "note"), height=70, max_chars=1_000)
    problems_of(ASK, "note")
    stray_problems(ASK, DRAWN)
    _general()
    st.button(
        "Save" if row else "Enter the campaign", key=_key(row, "go"), type="primary", on_click=_save,
        args=(row, dealer_id, after), icon=":material/save:",
    )  # fmt: skip


def _general() -> None:
    outcome = outcome_of(ASK)
    for problem in outcome.problems if outcome else ():
        if not problem.field:
            st.error(problem.message, icon=":material/error:")


def _save(row: CampaignRow | None, dealer_id: int | None, after: Callable[[], None]) -> None:
    def typed(name: str) -> Any:
        return st.session_state.get(_key(row, name))

    plan = Plan(
        code=row.code if row else typed("code") or "", name=typed("name") or "", medium=typed("medium") or "",
        goal_kind=typed("goal_kind") or "", goal=typed("goal"), starts_on=typed("starts_on"), ends_on=typed("ends_on"),
        note=typed("note") or "",
    )  # fmt: skip
    arguments: dict[str, Any] = {"plan": plan, "request_ids": typed("request_ids") or []}
    command: Callable[..., Any]
    if row is None:
        command = start_campaign
        arguments |= {
            "dealer_id": typed("dealer_id") or dealer_id,
            "form_key": st.session_state.get("campaign_form_key"),
        }
    else:
        command = change_campaign
        arguments |= {"campaign_id": row.id, "seen_version": row.version}
    said = "The campaign was saved" if row else "The campaign was entered"
    if perform(command, form=ASK, say=said, arguments=arguments):
        _forget_typed(row)
        _moved(after)


def _forget_typed(row: CampaignRow | None) -> None:
    for name in (*DRAWN, "learned", "reason"):
        st.session_state.pop(_key(row, name), None)


def _moved(after: Callable[[], None]) -> None:
    """Hand the good news to the page, and shut the drawer."""
    outcome = st.session_state.pop(f"_outcome_{ASK}", None)
    after()
    if outcome is not None:
        st.session_state[f"_outcome_{DONE}"] = outcome


def draw_close(row: CampaignRow, *, after: Callable[[], None]) -> None:
    """Close with what was learned, or open again with a reason."""
    name, command = ("learned", close_campaign) if row.is_open else ("reason", reopen_campaign)
    label = "Close" if row.is_open else "Open again"
    with st.expander(label, icon=":material/flag:" if row.is_open else ":material/undo:"):
        st.text_area("What was learned" if row.is_open else "Why", key=_key(row, name), height=70)
        problems_of(ASK, name)
        if not row.is_open:
            _general()

        def go() -> None:
            done = perform(
                command, form=ASK, say=f"Campaign {row.code} is {'closed' if row.is_open else 'open again'}",
                arguments={
                    "campaign_id": row.id, "seen_version": row.version,
                    name: st.session_state.get(_key(row, name)) or "",
                },
            )  # fmt: skip
            if done:
                _forget_typed(row)
                _moved(after)

        st.button(label, key=_key(row, f"{name}_go"), on_click=go)
