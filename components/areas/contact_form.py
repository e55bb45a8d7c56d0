"""Logging a contact: a note and one button, or a drawer with everything else already filled in (U19: two actions)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import streamlit as st

from components.access import current_actor, guard
from components.clock import now
from components.filters import unless_set
from components.forms import moment_in
from components.labels import plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from components.popup import close, popup
from db.contact_log import rules
from db.contact_log.commands import PromiseDraft, log_contact, make_promise
from db.contact_log.queries import known_names
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import DealerDetail, get_dealer

OPEN = "_contact_drawer"
FORM = "contact_form"
SHOWN = ("summary", "channel", "direction", "outcome", "at", "with_name", "topics", "us_text", "us_due_day",
         "dealer_text", "dealer_due_day")  # fmt: skip
ICONS = {
    "call": ":material/call:", "visit": ":material/storefront:", "video": ":material/videocam:",
    "email": ":material/mail:", "meeting": ":material/groups:", "other": ":material/more_horiz:",
}  # fmt: skip
NEXT_WEEK = timedelta(days=7)


def _form_key(name: str) -> str:
    return str(st.session_state.setdefault(f"_form_key_{name}", uuid4().hex))


# ---- the short way ---------------------------------------------------------------------------------------------------
def draw_quick_log(dealer_id: int, *, key: str, height: int = 96) -> None:
    """A box and its buttons: type what was said and log the call; or note with one click that nobody was reached."""
    actor = current_actor()
    if not actor.can(Permission.CONTACTS_LOG):
        return
    note, form = f"{key}_note_{dealer_id}", f"{key}_quick"
    form_key = _form_key(note)

    def log(outcome: str) -> None:
        text = st.session_state.get(note) or ""

        def done(_report_id: Any) -> None:
            st.session_state[note] = ""
            st.session_state.pop(f"_form_key_{note}", None)

        perform(
            log_contact, form=form, say=f"Logged: {rules.OUTCOMES[outcome].lower()}", after=done,
            arguments={"dealer_id": dealer_id, "summary": text, "outcome": outcome, "form_key": form_key},
        )  # fmt: skip

    st.text_area(
        "What was said", key=note, height=height, max_chars=4000, label_visibility="collapsed",
        placeholder="What was said",
    )  # fmt: skip
    problems_of(form, "summary")
    show_outcome(form)
    stray_problems(form, ("summary",))
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button("Log call", key=f"{key}_log", type="primary", icon=":material/call:", on_click=log, args=("reached",))
        st.button(
            "No answer", key=f"{key}_none", on_click=log, args=("no_answer",),
            help="Logged as a try. It does not count as a contact.",
        )  # fmt: skip
        st.button(
            "More", key=f"{key}_more", icon=":material/tune:", type="tertiary", on_click=open_form,
            args=(dealer_id, note), help="A visit or e-mail, with whom, when, and what was promised",
        )  # fmt: skip


# ---- the whole form, in the drawer -----------------------------------------------------------------------------------
def _key(field: str) -> str:
    return f"cf_{field}"


def open_form(dealer_id: int, note: str = "") -> None:
    """Open the drawer for one dealer (from a callback); what stands in the box `note` is taken along."""
    forget(FORM)
    for field in SHOWN:
        st.session_state.pop(_key(field), None)
    st.session_state[_key("summary")] = st.session_state.get(note, "") if note else ""
    st.session_state[OPEN] = (dealer_id, note)
    st.session_state.pop(f"_form_key_{FORM}", None)


def close_form() -> None:
    """Close the drawer and forget what was typed in it."""
    st.session_state.pop(OPEN, None)
    forget(FORM)


def draw_form_drawer() -> None:
    """Draw the drawer when it is open; call it once a page, at its end."""
    opened = st.session_state.get(OPEN)
    if opened is None:
        show_outcome(FORM)
        return
    actor = current_actor()
    with reading() as session:
        dealer = get_dealer(session, dealer_id=opened[0], scope=actor.scope)
    title = f"Log a contact · {plain(dealer.facts.name)}"
    st.dialog(title, width=560, position="right", on_dismiss=close_form)(_body)(dealer)


def _body(dealer: DealerDetail) -> None:
    if st.session_state.get(OPEN) is None:
        st.rerun()  # logged: the page follows, and the toast is drawn there
    actor = guard(Permission.CONTACTS_LOG)
    with reading() as session:
        names = known_names(session, dealer_id=dealer.dealer_id, scope=actor.scope)
    show_outcome(FORM)
    st.text_area("What was said", key=_key("summary"), height=130, max_chars=4000)
    problems_of(FORM, "summary")
    channel = st.pills(
        "How", list(rules.CHANNELS), format_func=lambda c: f"{ICONS[c]} {rules.CHANNELS[c]}", key=_key("channel"),
        default=unless_set(_key("channel"), "call"), required=True,
    ) or "call"  # fmt: skip
    problems_of(FORM, "channel")
    with st.container(horizontal=True, gap="small"):
        with st.container(gap="xxsmall", width="content"):
            direction = _choice("Who began", rules.DIRECTIONS, "direction", "out")
        with st.container(gap="xxsmall", width="content"):
            possible = rules.possible_outcomes(channel, direction)
            if st.session_state.get(_key("outcome")) not in possible:
                st.session_state[_key("outcome")] = possible[0]
            outcome = _choice("How it ended", {o: rules.OUTCOMES[o] for o in possible}, "outcome", possible[0])
    with st.grid(2, min_column_width=210, gap="small"):
        with st.container(gap="xxsmall"):
            st.selectbox(
                "With", names, key=_key("with_name"), index=None, accept_new_options=True, placeholder="Name",
            )  # fmt: skip
            problems_of(FORM, "with_name")
        with st.container(gap="xxsmall"):
            st.datetime_input("When", value=None, key=_key("at"), help=f"Empty means now. Time in {actor.zone}")
            problems_of(FORM, "at")
    st.pills(
        "Topics", list(rules.TOPICS), format_func=rules.TOPICS.__getitem__, selection_mode="multi", key=_key("topics")
    )
    if rules.counts_as_contact(outcome):
        _promises(local_day(now(), dealer.facts.zone))
    stray_problems(FORM, SHOWN)
    label = "Log contact" if channel == "other" else f"Log {rules.CHANNELS[channel].lower()}"
    st.button(
        label, key="cf_save", type="primary", icon=ICONS[channel], on_click=_save,
        args=(dealer.dealer_id, _form_key(FORM)),
    )  # fmt: skip


def _choice(label: str, options: dict[str, str], field: str, default: str) -> str:
    chosen = st.segmented_control(
        label, list(options), format_func=options.__getitem__, key=_key(field), required=True,
        default=unless_set(_key(field), default),
    )  # fmt: skip
    problems_of(FORM, field)
    return str(chosen or default)


def _promises(today: date) -> None:
    """What was promised, by either side; an empty line is no promise."""
    for side, label, example in (
        ("us", "We promised", "Send the price list"),
        ("dealer", "They promised", "Name a service manager"),
    ):
        text, day = st.columns([5, 2], gap="small", vertical_alignment="bottom")
        with text:
            st.text_input(label, key=_key(f"{side}_text"), max_chars=500, placeholder=f"{example} (optional)")
        with day:
            st.session_state.setdefault(_key(f"{side}_due_day"), today + NEXT_WEEK)
            st.date_input("By", key=_key(f"{side}_due_day"), min_value=today, format="MM/DD/YYYY")
        problems_of(FORM, f"{side}_text")
        problems_of(FORM, f"{side}_due_day")


def _save(dealer_id: int, form_key: str) -> None:
    typed = {field: st.session_state.get(_key(field)) for field in SHOWN}
    counts = rules.counts_as_contact(typed["outcome"] or "")
    drafts = [
        PromiseDraft(made_by=side, text=typed[f"{side}_text"] or "", due_day=typed[f"{side}_due_day"])
        for side in rules.SIDES
        if counts and (typed[f"{side}_text"] or "").strip()
    ]
    note = (st.session_state.get(OPEN) or (0, ""))[1]

    def done(_report_id: Any) -> None:
        st.session_state.pop(OPEN, None)
        if note:
            st.session_state[note] = ""
        for field in SHOWN:
            st.session_state.pop(_key(field), None)

    channel = typed["channel"] or "call"
    perform(
        log_contact, form=FORM, say=f"{rules.CHANNELS[channel]} logged", after=done,
        arguments={
            "dealer_id": dealer_id, "summary": typed["summary"] or "", "channel": channel,
            "direction": typed["direction"] or "out", "outcome": typed["outcome"] or "",
            "at": moment_in(current_actor().zone)(typed["at"]), "with_name": typed["with_name"] or "",
            "topics": typed["topics"] or [], "promises": drafts, "form_key": form_key,
        },
    )  # fmt: skip


# ---- a promise by itself ---------------------------------------------------------------------------------------------
def draw_new_promise(dealer: DealerDetail) -> None:
    """A small form for what was promised outside of a logged contact; whoever notes it sees to it."""
    if not current_actor().can(Permission.CONTACTS_LOG):
        return
    form, key = "promise_new", "np_open"
    keys = {name: f"np_{name}" for name in ("made_by", "text", "due_day")}
    today = local_day(now(), dealer.facts.zone)
    with popup("Add", key=key, icon=":material/add:", kind="tertiary"):
        st.session_state.setdefault(keys["made_by"], "us")
        st.session_state.setdefault(keys["due_day"], today + NEXT_WEEK)
        side = st.segmented_control(
            "Who promised", list(rules.SIDES), format_func=rules.SIDES.__getitem__, key=keys["made_by"], required=True
        )
        st.text_input("What", key=keys["text"], max_chars=500)
        problems_of(form, f"{side}_text")
        st.date_input("By", key=keys["due_day"], min_value=today, format="MM/DD/YYYY")
        problems_of(form, f"{side}_due_day")
        stray_problems(form, (f"{side}_text", f"{side}_due_day"))
        form_key = _form_key(form)

        def save() -> None:
            def done(_promise_id: Any) -> None:
                close(key, keys["text"])
                st.session_state.pop(f"_form_key_{form}", None)

            typed = {name: st.session_state.get(k) for name, k in keys.items()}
            perform(
                make_promise, form=form, say="The promise was noted", after=done,
                arguments={**typed, "text": typed["text"] or "", "dealer_id": dealer.dealer_id, "form_key": form_key},
            )  # fmt: skip

        st.button("Note it", key="np_save", type="primary", on_click=save)
    show_outcome(form)
