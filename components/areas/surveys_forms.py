"""Two forms of the page of surveys: a survey on paper or by telephone, and the next version of a questionnaire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import uuid4

import pandas as pd
import streamlit as st

from components.access import current_actor, guard
from components.clock import now, today
from components.editing import edited
from components.labels import plain
from components.perform import forget, outcome_of, perform, problems_of, show_outcome, stray_problems
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.surveys import rules
from db.surveys.commands import enter_survey, publish_questionnaire
from db.surveys.survey_queries import VersionRow, list_versions

ENTRY, ENTRY_OPEN, PUBLISH, PUBLISH_OPEN = "svy_entry", "_svy_entry_open", "svy_publish", "_svy_publish_open"
FIELDS = (
    "dealer_id", "kind", "channel", "sent_on", "answered_on", "customer_name", "email", "phone", "vin", "comment",
)  # fmt: skip
KEYS = {name: f"svn_{name}" for name in FIELDS}
_MANUAL = {"paper": "Paper", "phone": "Telephone"}


def entry_button() -> None:
    """The button that opens the form of one survey."""
    st.button("Enter a survey", key="svy_entry_go", icon=":material/add:", on_click=_open, args=(ENTRY_OPEN, ENTRY))


def _open(key: str, form: str) -> None:
    forget(form)
    st.session_state[key] = uuid4().hex


def _close(key: str, form: str) -> None:
    st.session_state.pop(key, None)
    forget(form)


def draw_entry() -> None:
    """The form of one survey when it is open; call it once a page."""
    if st.session_state.get(ENTRY_OPEN) is None:
        show_outcome(ENTRY)
        return
    st.dialog("A survey on paper or by telephone", width=600, position="right",
              on_dismiss=lambda: _close(ENTRY_OPEN, ENTRY))(_entry_body)()  # fmt: skip


def _entry_body() -> None:
    form_key = st.session_state.get(ENTRY_OPEN)
    if form_key is None:
        st.rerun()
    actor = guard(Permission.SURVEYS_ENTER)
    with reading() as session:
        dealers = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope)}
        versions = list_versions(session, scope=actor.scope)
    show_general(ENTRY)
    if len(dealers) == 1:
        st.session_state.setdefault(KEYS["dealer_id"], next(iter(dealers)))
    st.selectbox("Dealer", list(dealers), format_func=lambda v: dealers.get(v, "–"), index=None, key=KEYS["dealer_id"],
                 placeholder="Choose")  # fmt: skip
    problems_of(ENTRY, "dealer_id")
    with st.container(horizontal=True, gap="small"):
        kind = st.segmented_control("Kind", list(rules.KINDS), format_func=rules.KINDS.__getitem__, key=KEYS["kind"],
                                    default="csi", required=True)  # fmt: skip
        st.segmented_control("How", list(_MANUAL), format_func=_MANUAL.__getitem__, key=KEYS["channel"],
                             default="phone", required=True)  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        day = today(actor.zone)
        sent = st.date_input("Sent or handed over", value=day, key=KEYS["sent_on"], max_value=day)
        st.date_input("Answered", value=day, key=KEYS["answered_on"], max_value=day)
    for name in ("sent_on", "answered_on", "version", "answers"):
        problems_of(ENTRY, name)
    version = version_on(versions, kind or "csi", sent if isinstance(sent, date) else day)
    questions = version.questions if version else ()
    if version is None:
        st.warning("There is no questionnaire of this kind for that day yet. A manager publishes one.")
    for question in questions:
        st.number_input(
            f"{plain(question.text)} :gray[({question.lowest} to {question.best})]", min_value=question.lowest,
            max_value=question.best, value=None, step=1, key=f"svn_{question.key}", placeholder="Not answered",
        )  # fmt: skip
        problems_of(ENTRY, question.key)
    st.text_input("Customer :gray[(optional)]", key=KEYS["customer_name"], max_chars=200)
    with st.container(horizontal=True, gap="small"):
        st.text_input("Phone :gray[(optional)]", key=KEYS["phone"], max_chars=40)
        st.text_input("E-mail :gray[(optional)]", key=KEYS["email"], max_chars=254)
    for name in ("phone", "email"):
        problems_of(ENTRY, name)
    st.text_input("VIN :gray[(optional)]", key=KEYS["vin"], max_chars=30)
    st.text_area("Comment :gray[(optional)]", key=KEYS["comment"], max_chars=4000, height=80)
    problems_of(ENTRY, "comment")

    def save() -> None:
        answers = {q.key: st.session_state.get(f"svn_{q.key}") for q in questions}
        texts = {name: (lambda v: v or "") for name in ("customer_name", "email", "phone", "vin", "comment")}
        perform(
            enter_survey, form=ENTRY, say="The survey was saved", typed=KEYS, convert=texts,
            arguments={"answers": answers, "form_key": form_key}, clear=[f"svn_{q.key}" for q in questions],
            after=lambda _id: st.session_state.pop(ENTRY_OPEN, None),
        )  # fmt: skip

    st.button("Save", key="svn_save", type="primary", on_click=save, disabled=version is None)


def show_general(form: str) -> None:
    """What was refused as a whole, above the fields."""
    outcome = outcome_of(form)
    if outcome and any(not p.field for p in outcome.problems):
        show_outcome(form)


def version_on(versions: list[VersionRow], kind: str, day: date) -> VersionRow | None:
    """The version of a kind in force on a day; versions come the newest first."""
    return next((v for v in versions if v.kind == kind and v.from_day <= day), None)


# ---- versions --------------------------------------------------------------------------------------------------------
def draw_versions(kind: str) -> None:
    """Every version of a kind with its questions; a manager publishes the next one."""
    actor = current_actor()
    with reading() as session:
        versions = list_versions(session, scope=actor.scope, kind=kind)
    if actor.can(Permission.SURVEYS_MANAGE):
        st.button(
            "New version" if versions else "First version", key="svy_publish_open", icon=":material/add:",
            on_click=_open, args=(PUBLISH_OPEN, PUBLISH),
        )  # fmt: skip
    st.caption("A version is never changed. Every survey keeps the questions and weights it was scored with.")
    day = today(actor.zone)
    current = version_on(versions, kind, day)
    for version in versions:
        head = f"Version {version.number}, {plain(version.title)}"
        state = "in force" if version is current else "to come" if version.from_day > day else "ended"
        with st.expander(f"{head} :gray[· {state}]", expanded=version is current):
            st.caption(
                f"From {version.from_day:%-d %b %Y} · {version.surveys:,} surveys · alert below "
                f"{rules.one_decimal(version.alert_below)} · {plain(version.created_by)}, "
                f"{moment_label(version.created_at, actor.zone, now=now())} · {plain(version.reason)}"
            )
            st.table(
                {
                    "Question": [plain(q.text) for q in version.questions],
                    "Weight": [str(q.weight) for q in version.questions],
                    "Answers": [f"{q.lowest} to {q.best}" for q in version.questions],
                    "Top from": [str(q.top_from) for q in version.questions],
                    "Role": [" · ".join(r for r in ("NPS" if q.is_nps else "", "Headline" if q.is_headline else "")
                                        if r) for q in version.questions],
                },
                border="horizontal", hide_index=True,
            )  # fmt: skip


def draw_publish(kind: str) -> None:
    """The form of the next version when it is open; call it once a page."""
    if st.session_state.get(PUBLISH_OPEN) is None:
        show_outcome(PUBLISH)
        return
    title = f"Next version: {rules.KINDS[kind]}"
    st.dialog(title, width="large", on_dismiss=lambda: _close(PUBLISH_OPEN, PUBLISH))(_publish_body)(kind)


def _publish_body(kind: str) -> None:
    form_key = st.session_state.get(PUBLISH_OPEN)
    if form_key is None:
        st.rerun()
    actor = guard(Permission.SURVEYS_MANAGE)
    with reading() as session:
        versions = list_versions(session, scope=actor.scope, kind=kind)
    newest = versions[0] if versions else None
    keys = {name: f"svp_{kind}_{name}" for name in ("title", "from_day", "alert_below", "reason")}
    show_general(PUBLISH)
    with st.container(horizontal=True, gap="small"):
        st.text_input("Title", key=keys["title"], max_chars=120, value=newest.title if newest else "")
        st.date_input("From", key=keys["from_day"], value=today(actor.zone))
        st.number_input("Alert below (points)", 0, 100, newest.alert_below // 100 if newest else 60, 1,
                        key=keys["alert_below"])  # fmt: skip
    stray_problems(PUBLISH, [])
    rows = [
        {"Question": q.text, "Weight": q.weight, "Best answer": q.best, "Top from": q.top_from, "NPS": q.is_nps,
         "Headline": q.is_headline}
        for q in (newest.questions if newest else ())
    ]  # fmt: skip
    begun = rows or [{"Question": "", "Weight": 10, "Best answer": 5, "Top from": 5, "NPS": False, "Headline": False}]
    st.data_editor(
        pd.DataFrame(begun), key=f"svp_{kind}_questions", num_rows="dynamic", hide_index=True,
        column_config={
            "Question": st.column_config.TextColumn(width="large", required=True, max_chars=300),
            "Weight": st.column_config.NumberColumn(min_value=0, max_value=1000, step=1, required=True),
            "Best answer": st.column_config.NumberColumn(min_value=2, max_value=1000, step=1),
            "Top from": st.column_config.NumberColumn(min_value=2, max_value=1000, step=1),
            "NPS": st.column_config.CheckboxColumn(help="0 to 10: would you recommend?"),
        },
    )  # fmt: skip
    st.text_input("Reason for the change", key=keys["reason"], max_chars=400)

    def save() -> None:
        perform(
            publish_questionnaire, form=PUBLISH, say="The version was published", typed=keys,
            convert={"title": lambda v: v or "", "reason": lambda v: v or "", "alert_below": lambda v: int(v or 0)},
            arguments={
                "kind": kind, "questions": _questions(edited(begun, f"svp_{kind}_questions")),
                "seen_number": newest.number if newest else 0, "form_key": form_key,
            },
            after=lambda _id: st.session_state.pop(PUBLISH_OPEN, None),
        )  # fmt: skip

    st.button("Publish", key="svp_save", type="primary", on_click=save)


def _whole(value: Any) -> int | None:
    return None if value is None or pd.isna(value) else int(value)


def _questions(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the editor as the command takes them; rows without words are left out."""
    return [
        {
            "text": str(row["Question"]).strip(), "weight": _whole(row["Weight"]), "best": _whole(row["Best answer"]),
            "top_from": _whole(row["Top from"]), "is_nps": row["NPS"] is True or row["NPS"] == 1,
            "is_headline": row["Headline"] is True or row["Headline"] == 1,
        }
        for row in rows
        if isinstance(row["Question"], str) and row["Question"].strip()
    ]  # fmt: skip
