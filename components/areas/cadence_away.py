"""Who is away and who stands in, dealers where nobody is there, and handing everything of one person over."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import streamlit as st

from components import labels
from components.access import current_actor
from components.clock import now, today
from components.labels import empty_state, plain
from components.perform import perform, problems_of, show_outcome, stray_problems
from db.cadence.absence_commands import add_absence, end_absence, hand_over
from db.cadence.plan_queries import (
    AbsenceRow,
    coverage_gaps,
    list_absences,
    open_leads_of,
    own_dealers,
    people_with_leads,
)
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.session import reading
from db.leads.queries import people_of_dealer

AWAY, HAND = "fu_away", "fu_hand"


def draw_away() -> None:
    """The third tab of the page."""
    actor, at = current_actor(), now()
    with reading() as session:
        gaps = coverage_gaps(session, scope=actor.scope, now=at)
        rows = list_absences(session, actor=actor, now=at)
    for gap in gaps[:5]:
        st.warning(
            f"{plain(gap.dealer)}: nobody is there today for {plural(gap.waiting, 'follow-up task')}.",
            icon=":material/person_alert:",
        )
    if len(gaps) > 5:
        st.caption(f"And {plural(len(gaps) - 5, 'more dealer')} without anybody today.")
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Away")
        show_outcome(AWAY)
        draw_absences(rows)
    with right:
        if actor.can(Permission.TASKS_WORK):
            st.subheader("Enter an absence")
            draw_absence_form()
        if actor.can(Permission.TASKS_HAND_OVER):
            st.subheader("Hand over for good")
            _draw_hand_over()


def draw_absences(rows: list[AbsenceRow]) -> None:
    """Absences to come and of today, each with the way to end it."""
    actor = current_actor()
    if not rows:
        empty_state("event_available", "Nobody is away.", action="Enter an absence beside.")
    for row in rows:
        with st.container(border=True, gap="xsmall"):
            labels.badges([("Away now", "orange") if row.is_now else ("To come", "blue"), (row.dealer, "gray")])
            days = f"{row.first_day:%a} {row.first_day.day} {row.first_day:%b} to {row.last_day.day} {row.last_day:%b}"
            st.markdown(f"**{plain(row.person)}** :gray[{days}] · {plain(row.stand_in)} stands in")
            if row.note:
                st.caption(plain(row.note))
            if row.person_id == actor.user_id or actor.can(Permission.TASKS_HAND_OVER):
                _draw_end(row)


def _draw_end(row: AbsenceRow) -> None:
    def end() -> None:
        perform(
            end_absence, form=AWAY, say="The absence was changed",
            arguments={
                "absence_id": row.absence_id, "seen_version": row.version,
                "last_day": today(current_actor().zone) if row.began else None,
            },
        )  # fmt: skip

    st.button(
        "Back tomorrow" if row.began else "Take back", key=f"fu_end_{row.absence_id}", type="tertiary", on_click=end,
        icon=":material/undo:",
    )  # fmt: skip


def draw_absence_form(*, only_me: bool = False) -> None:
    """From, to, who stands in; for oneself, or for anybody of one's dealers with the right to hand over."""
    actor = current_actor()
    prefix = "fu_me" if only_me else "fu_aw"
    dealer_id = _dealer(f"{prefix}_dealer", form=AWAY)
    if dealer_id is None:
        return
    with reading() as session:
        people = dict(people_of_dealer(session, dealer_id=dealer_id, actor=actor))
    may_all = actor.can(Permission.TASKS_HAND_OVER) and not only_me
    if may_all:
        who = _person("Who is away", people, key=f"{prefix}_who")
    else:
        who = actor.user_id
    problems_of(AWAY, "person_id")
    _person("Who stands in", {i: n for i, n in people.items() if i != who}, key=f"{prefix}_stand_in")
    problems_of(AWAY, "stand_in_id")
    with st.container(horizontal=True, gap="small"):
        st.date_input("From", value=None, key=f"{prefix}_first")
        st.date_input("To, included", value=None, key=f"{prefix}_last")
    problems_of(AWAY, "first_day")
    problems_of(AWAY, "last_day")
    st.text_input("Note :gray[(optional)]", key=f"{prefix}_note", max_chars=200)
    stray_problems(AWAY, ("person_id", "stand_in_id", "first_day", "last_day"))
    form_key = str(st.session_state.setdefault(f"{prefix}_key", uuid4().hex))

    def save() -> None:
        fields = {"note": "note", "stand_in_id": "stand_in", "first_day": "first", "last_day": "last"}
        perform(
            add_absence, form=AWAY, say="The absence was entered", convert={"note": lambda v: v or ""},
            typed={name: f"{prefix}_{field}" for name, field in fields.items()},
            clear=[f"{prefix}_who"],
            arguments={
                "dealer_id": dealer_id, "form_key": form_key,
                "person_id": st.session_state.get(f"{prefix}_who") if may_all else actor.user_id,
            },
            after=lambda _id: st.session_state.pop(f"{prefix}_key", None),
        )  # fmt: skip

    st.button("Enter", key=f"{prefix}_save", type="primary", on_click=save)


def draw_own_absence() -> None:
    """A quiet button for people of a dealer: their own absence, and whom they stand in for."""
    actor = current_actor()
    with st.popover("Away", icon=":material/beach_access:", key="fu_me_menu"):
        with reading() as session:
            rows = list_absences(session, actor=actor, now=now())
        show_outcome(AWAY)
        own = [row for row in rows if actor.user_id in (row.person_id, row.stand_in_id)]
        if own:
            draw_absences(own)
        draw_absence_form(only_me=True)


def _draw_hand_over() -> None:
    """Whose leads, to whom, all or some; one click for all of them."""
    actor, at = current_actor(), now()
    show_outcome(HAND)
    dealer_id = _dealer("fu_ho_dealer", form=HAND)
    if dealer_id is None:
        return
    with reading() as session:
        holders = dict(people_with_leads(session, dealer_id=dealer_id, actor=actor))
        people = dict(people_of_dealer(session, dealer_id=dealer_id, actor=actor))
    if not holders:
        st.caption("Nobody has open leads here.")
        return
    giver = _person("From", holders, key="fu_ho_from")
    problems_of(HAND, "from_id")
    _person("To", {i: n for i, n in people.items() if i != giver}, key="fu_ho_to")
    problems_of(HAND, "to_id")
    if giver is not None:
        with reading() as session:
            leads = dict(open_leads_of(session, person_id=giver, dealer_id=dealer_id, actor=actor, now=at))
        st.multiselect(
            "Leads", list(leads), format_func=lambda i: leads.get(i, "–"), key="fu_ho_leads", placeholder="All of them"
        )
    problems_of(HAND, "lead_ids")
    st.text_input("Note", key="fu_ho_note", max_chars=200, placeholder="Why, and what to know")
    problems_of(HAND, "note")
    stray_problems(HAND, ("from_id", "to_id", "lead_ids", "note"))

    def give() -> None:
        perform(
            hand_over, form=HAND, say=lambda n: f"{plural(n, 'lead')} handed over", arguments={"dealer_id": dealer_id},
            typed={
                "note": "fu_ho_note", "from_id": "fu_ho_from", "to_id": "fu_ho_to", "lead_ids": "fu_ho_leads",
            },
            convert={"note": lambda v: v or "", "lead_ids": lambda v: v or None},
        )  # fmt: skip

    st.button("Hand over", key="fu_ho_go", type="primary", on_click=give)


def _dealer(key: str, *, form: str) -> int | None:
    """The dealer the form is about; not asked where there is only one."""
    actor = current_actor()
    with reading() as session:
        dealers = dict(own_dealers(session, actor=actor))
    if len(dealers) == 1:
        return next(iter(dealers))
    found: Any = st.selectbox(
        "Dealer", list(dealers), format_func=lambda i: dealers.get(i, "–"), index=None, key=key, placeholder="Choose"
    )
    problems_of(form, "dealer_id")
    return int(found) if found is not None else None


def _person(label: str, people: dict[int, str], *, key: str) -> int | None:
    found: Any = st.selectbox(
        label, list(people), format_func=lambda i: people.get(i, "–"), index=None, key=key, placeholder="Choose"
    )
    return int(found) if found is not None else None
