"""Write to a customer: start from a template, change it, see what it will count for, send; and how each mail stands."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import streamlit as st

from components.access import current_actor
from components.clock import now
from components.labels import badge, plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.session import reading
from db.interactions.commands import send_again, send_message
from db.interactions.queries import Draft, get_draft, list_messages
from db.interactions.rules import CHANNELS, PLACEHOLDERS, WHAT_IT_COUNTS, placeholders_in

BLANK = 0
AGAIN = "msg_again"
TONES = {"template": "gray", "sent": "blue", "answered": "green"}


def draw_write(*, customer_id: int, lead_id: int | None, seen_version: int) -> None:
    """The form to write to a customer, on a lead where one is named. One choice opens it, one click sends."""
    actor = current_actor()
    if not actor.can(Permission.MESSAGES_SEND):
        return
    prefix = f"msg_l{lead_id}" if lead_id is not None else f"msg_c{customer_id}"
    form = f"{prefix}_form"
    show_outcome(form)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        channel = st.segmented_control(
            "By", list(CHANNELS), format_func=CHANNELS.__getitem__, key=f"{prefix}_channel", default="email",
            required=True, width="content",
        ) or "email"  # fmt: skip
        with reading() as session:
            draft = get_draft(
                session, channel=channel, customer_id=customer_id, lead_id=lead_id, actor=actor, now=now()
            )  # fmt: skip
        usable = not draft.why_not and bool(draft.ways)
        chosen = _pick_template(draft, prefix, usable=usable)
    problems_of(form, "template_id")
    if not usable:
        _draw_why_not(draft, customer_id)
    elif chosen is not None:
        _draw_form(draft, prefix, form, chosen, customer_id=customer_id, lead_id=lead_id, seen_version=seen_version)
    _draw_sent(customer_id=customer_id, lead_id=lead_id)


def _pick_template(draft: Draft, prefix: str, *, usable: bool) -> int | None:
    key = f"{prefix}_{draft.channel}_template"
    names = {BLANK: "Blank: write your own", **dict(draft.templates)}

    def start() -> None:
        forget(f"{prefix}_form")
        picked = st.session_state.get(key) or BLANK
        subject, body = draft.start(int(picked)) if picked in draft.texts else (None, None)
        st.session_state[f"{prefix}_{draft.channel}_subject"] = subject.text if subject else ""
        st.session_state[f"{prefix}_{draft.channel}_body"] = body.text if body else ""

    chosen = st.selectbox(
        "Start from", list(names), format_func=lambda i: names.get(i, "–"), key=key, index=None,
        placeholder="Choose a template" if draft.templates else "Choose", on_change=start, disabled=not usable,
    )  # fmt: skip
    return int(chosen) if chosen is not None else None


def _draw_why_not(draft: Draft, customer_id: int) -> None:
    what = "e-mail address" if draft.channel == "email" else "telephone number"
    why = draft.why_not or f"There is no {what} of this customer."
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":orange[:material/block: {plain(why)}]", width="content")
        st.page_link(
            "pages/crm/customer.py", label="Consent and contact data", icon=":material/person:",
            query_params={"customer": str(customer_id)},
        )  # fmt: skip


def _draw_form(
    draft: Draft, prefix: str, form: str, template_id: int, *, customer_id: int, lead_id: int | None,
    seen_version: int,
) -> None:  # fmt: skip
    keys = {name: f"{prefix}_{draft.channel}_{name}" for name in ("subject", "body", "answers", "way", "template")}
    shown = {way.way_id: way for way in draft.ways}
    if st.session_state.get(keys["way"]) not in shown:
        st.session_state[keys["way"]] = draft.ways[0].way_id
    if len(shown) > 1:
        st.selectbox("To", list(shown), format_func=lambda i: shown[i].shown, key=keys["way"])
    else:
        st.caption(f"To {plain(draft.ways[0].shown)}")
    way = shown[st.session_state[keys["way"]]]
    problems_of(form, "way")
    if draft.channel == "email":
        st.text_input("Subject", key=keys["subject"], max_chars=200)
        problems_of(form, "subject")
    st.text_area("Text", key=keys["body"], height=180, max_chars=4000)
    problems_of(form, "body")
    body = st.session_state.get(keys["body"]) or ""
    _draw_missing(body, st.session_state.get(keys["subject"]) or "")
    answers = st.checkbox(
        "Answers the question the customer asked", key=keys["answers"],
        help="Then it counts as the quality response. A template nobody changed never does.",
    )  # fmt: skip
    problems_of(form, "answers")
    outcome = draft.outcome(body, answers=answers) if body.strip() else ""
    if outcome:
        st.markdown(f"{badge(outcome.capitalize(), TONES[outcome])} :small[{plain(WHAT_IT_COUNTS[outcome])}]")
    stray_problems(form, ["template_id", "way", "subject", "body", "answers"])
    st.session_state.setdefault(f"{prefix}_form_key", uuid4().hex)

    def sent(_result: Any) -> None:
        st.session_state[keys["subject"]] = st.session_state[keys["body"]] = ""
        st.session_state[keys["answers"]], st.session_state[keys["template"]] = False, None
        st.session_state.pop(f"{prefix}_form_key", None)

    def send() -> None:
        perform(
            send_message, form=form, say="E-mail sent" if draft.channel == "email" else "Text message logged",
            typed={"body": keys["body"], "answers": keys["answers"], "subject": keys["subject"]}, after=sent,
            convert={"body": lambda v: v or "", "subject": lambda v: v or "", "answers": bool},
            arguments={
                "channel": draft.channel, "template_id": template_id or None, "way": way.way_id, "lead_id": lead_id,
                "customer_id": None if lead_id is not None else customer_id, "seen_version": seen_version,
                "form_key": st.session_state.get(f"{prefix}_form_key", ""),
            },
        )  # fmt: skip

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if draft.channel == "email":
            st.button("Send", key=f"{prefix}_send", type="primary", icon=":material/send:", on_click=send)
            reply = f"Answers go to {draft.reply_to}." if draft.reply_to else "There is no address for answers."
            st.caption(plain(reply), width="content")
        else:
            if way.dial:
                st.link_button(
                    "Open on the phone", f"sms:{quote(way.dial)}?&body={quote(body)}", icon=":material/smartphone:"
                )
            st.button("Log as sent", key=f"{prefix}_send", type="primary", icon=":material/sms:", on_click=send)
    if draft.channel == "text" and body:
        st.caption("No text gateway is set up: send it from your phone, then log it.")
        st.code(body, language=None, wrap_lines=True)


def _draw_missing(body: str, subject: str) -> None:
    """Placeholders that nobody knows a value for, while they still stand in the text."""
    left = [one for one in placeholders_in(f"{subject}\n{body}") if one in PLACEHOLDERS]
    if left:
        words = ", ".join("{" + one + "}" for one in left)
        st.warning(f"{plain(words)} has no value here: write it in or take it out.", icon=":material/data_object:")


def _draw_sent(*, customer_id: int, lead_id: int | None) -> None:
    """The last messages and how their mails stand; one that could not be delivered can be sent again."""
    actor, at = current_actor(), now()
    with reading() as session:
        lines = list_messages(
            session, actor=actor, lead_id=lead_id, customer_id=None if lead_id is not None else customer_id, limit=3
        )
    show_outcome(AGAIN)
    for line in lines:
        words = [moment_label(line.at, actor.zone, now=at), line.by, line.subject or CHANNELS[line.channel]]
        state = badge(line.delivery.label, line.delivery.tone) if line.delivery else badge("Logged", "gray")
        marks = state + (" " + badge("Automatic", "gray") if line.outcome == "template" else "")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"{marks} :small[:gray[{plain(' · '.join(words))}]]", width="stretch")
            if line.delivery is not None and line.delivery.state == "failed":
                st.button(
                    "Send again", key=f"msg_again_{line.message_id}", type="tertiary", icon=":material/refresh:",
                    on_click=_again, args=(line.message_id,),
                )  # fmt: skip
        if line.delivery is not None and line.delivery.words:
            st.caption(f":material/error: {plain(line.delivery.words)}")


def _again(message_id: int) -> None:
    perform(send_again, form=AGAIN, say="The e-mail is sent again", arguments={"message_id": message_id})
