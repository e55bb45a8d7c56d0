"""Pieces of the page of surveys: the drawer of an alert, the drawer of one survey with its flags and the decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from components import labels
from components.access import current_actor, guard
from components.clock import now
from components.forms import Choices
from components.labels import plain
from components.perform import forget, perform, problems_of, show_outcome
from components.queue_page import Screen, open_drawer
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.surveys import rules
from db.surveys.alert_queries import AlertRow, caller_choices, get_alert
from db.surveys.commands import COMMANDS, exclude_survey, include_survey
from db.surveys.flow import FLOW
from db.surveys.survey_queries import SurveyPage, get_survey

SURVEY_OPEN, SURVEY_FORM = "_survey_open", "survey_decide"
NPS_WORDS = {1: ("Promoter", "green"), 0: ("Passive", "gray"), -1: ("Detractor", "red")}


def score_words(index_hundredths: int | None) -> str:
    """An index with one decimal, an en dash when there is none."""
    return "–" if index_hundredths is None else rules.one_decimal(index_hundredths)


# ---- alerts ----------------------------------------------------------------------------------------------------------
def _alert_facts(row: AlertRow) -> None:
    actor, at = current_actor(), now()
    state = FLOW.state(row.status)
    late = [("Overdue", "red")] if row.is_overdue(at) else []
    told = [("Escalated", "orange")] if row.escalated_at and row.is_open else []
    labels.badges([(state.label, state.tone), *late, *told, (row.kind.upper(), "gray")])
    st.markdown("  \n".join(f":material/sentiment_dissatisfied: {plain(reason)}" for reason in row.reasons))
    if row.comment:
        st.markdown(f"> {plain(row.comment)}")
    facts: list[tuple[str, object]] = [
        ("Dealer", row.dealer), ("Customer", row.customer), ("Phone", row.phone),
        ("Answered", f"{row.answered_on:%-d %b %Y}" if row.answered_on else ""),
        ("Index", score_words(row.index_hundredths)), ("Who calls", row.assignee),
        ("Call due", moment_label(row.contact_due_at, actor.zone, now=at)),
    ]  # fmt: skip
    if row.contacted_at:
        word = "in time" if row.contacted_at <= row.contact_due_at else "late"
        facts.append(("Reached", f"{moment_label(row.contacted_at, actor.zone, now=at)}, {word}"))
        facts.append(("Customer said", row.contact_note))
        if row.is_open:
            facts.append(("Settle by", moment_label(row.due_at, actor.zone, now=at)))
    if row.closed_at:
        facts += [("Outcome", row.outcome_words), ("Noted", row.closing_note)]
    labels.facts(facts)


def _alert_below(row: AlertRow) -> None:
    def show() -> None:
        st.session_state.pop(ALERTS.open_key, None)
        open_survey(row.survey_id)

    st.button(f"Survey {row.survey}", key=f"alert_survey_{row.id}", type="tertiary", on_click=show,
              icon=":material/fact_check:")  # fmt: skip


def _callers(row: Any, _typed: Mapping[str, Any]) -> Choices:
    with reading() as session:
        return caller_choices(session, alert=row, actor=current_actor())


ALERTS = Screen(
    flow=FLOW, commands=COMMANDS, key="alert", load=get_alert, title=lambda a: f"{a.number} · {plain(a.dealer)}",
    draw_facts=_alert_facts, draw_below=_alert_below, choices={("hand_over", "assignee_id"): _callers},
)  # fmt: skip


# ---- one survey ------------------------------------------------------------------------------------------------------
def open_survey(survey_id: int) -> None:
    """Open a survey in the drawer at the next run (from a callback)."""
    forget(SURVEY_FORM)
    st.session_state.pop("survey_reason", None)
    st.session_state[SURVEY_OPEN] = survey_id


def _close() -> None:
    st.session_state.pop(SURVEY_OPEN, None)
    forget(SURVEY_FORM)


def draw_survey_drawer() -> None:
    """Draw the drawer of a survey when it is open; call it once a page."""
    survey_id = st.session_state.get(SURVEY_OPEN)
    if survey_id is None:
        show_outcome(SURVEY_FORM)
        return
    try:
        with reading() as session:
            row = get_survey(session, survey_id=survey_id, actor=current_actor())
    except NotFound as gone:
        _close()
        st.error(gone.problems[0].message)
        return
    title = f"{row.number} · {plain(row.dealer)}"
    st.dialog(title, width=600, position="right", on_dismiss=_close)(_survey_body)(survey_id)


def _survey_body(survey_id: int) -> None:
    if st.session_state.get(SURVEY_OPEN) is None:
        st.rerun()
    actor = guard(Permission.SURVEYS_VIEW)
    with reading() as session:
        row = get_survey(session, survey_id=survey_id, actor=actor)
    labels.badges(
        [
            (row.kind.upper(), "gray"), (rules.CHANNELS.get(row.channel, row.channel), "gray"),
            ("" if row.is_returned else "Not returned", "orange"), ("Unhappy" if row.bottom else "", "red"),
            ("Flagged" if row.flags else "", "orange"),
            ("Left out of the figures" if row.is_returned and not row.is_counted else "", "violet"),
        ]
    )  # fmt: skip
    _survey_facts(row)
    _survey_answers(row)
    for flag in row.flags:
        st.warning(f"**{plain(rules.FLAGS.get(flag['code'], ''))}.** {plain(flag['evidence'])}", icon=":material/flag:")
    if row.alert_id is not None:
        st.button(
            f"Alert {row.alert}", key="survey_alert", type="tertiary", icon=":material/notification_important:",
            on_click=_to_alert, args=(row.alert_id,),
        )  # fmt: skip
    if row.is_returned and actor.can(Permission.SURVEYS_MANAGE):
        _decision(row)


def _to_alert(alert_id: int) -> None:
    _close()
    open_drawer(ALERTS, alert_id)


def _survey_facts(row: SurveyPage) -> None:
    lag = f", after {(row.answered_on - row.sent_on).days} d" if row.answered_on else ""
    facts: list[tuple[str, object]] = [
        ("Index", score_words(row.index_hundredths)), ("Customer", row.customer), ("E-mail", row.email),
        ("Phone", row.phone), ("VIN", row.vin), ("Sent", f"{row.sent_on:%-d %b %Y}"),
        ("Answered", f"{row.answered_on:%-d %b %Y}{lag}" if row.answered_on else ""),
        ("Seconds taken", row.seconds), ("Scored by", f"Version {row.questionnaire}"), ("Agency's id", row.survey_key),
    ]  # fmt: skip
    if row.exclude_reason:
        facts.append(("Left out", f"{row.exclude_reason} ({row.excluded_by})"))
    labels.facts([(label, value) for label, value in facts if value not in (None, "")])
    if row.customer_id is not None:
        st.page_link(
            "pages/crm/customer.py", label="The customer", icon=":material/person:",
            query_params={"customer": str(row.customer_id)},
        )  # fmt: skip
    if row.comment:
        st.markdown(f"> {plain(row.comment)}")


def _survey_answers(row: SurveyPage) -> None:
    if not row.is_returned:
        return
    top = {True: " :green[:material/star:]", False: ""}
    st.table(
        {
            "Question": [plain(a.text) for a in row.answers],
            "Answer": [f"{a.answer} of {a.best}{top[a.is_top]}" if a.answer is not None else "–" for a in row.answers],
            "Weight": [str(a.weight) for a in row.answers],
        },
        border="horizontal", hide_index=True,
    )  # fmt: skip


def _decision(row: SurveyPage) -> None:
    """A manager leaves the survey out, or counts it again, always with a reason."""
    is_out = not row.is_counted
    with st.container(border=True):
        st.caption(
            "It counts for nothing now; both figures are shown." if is_out
            else "Left out, it stays in the list, and figures are shown with and without it."
        )  # fmt: skip
        st.text_area("Reason", key="survey_reason", max_chars=400, height=80)
        problems_of(SURVEY_FORM, "reason")
        problems_of(SURVEY_FORM, "")

        def save() -> None:
            perform(
                include_survey if is_out else exclude_survey, form=SURVEY_FORM,
                say=f"{row.number} {'counts again' if is_out else 'was left out'}",
                typed={"reason": "survey_reason"}, convert={"reason": lambda v: v or ""},
                arguments={"survey_id": row.id, "seen_version": row.version},
                after=lambda _r: st.session_state.pop(SURVEY_OPEN, None),
            )  # fmt: skip

        st.button("Count it again" if is_out else "Leave out of the figures", key="survey_decide_go", on_click=save)
