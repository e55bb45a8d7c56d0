"""Two views of the page of surveys: unhappy customers to call, and the surveys behind every figure."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import current_actor
from components.areas.surveys import ALERTS, open_survey, score_words
from components.charts.base import table
from components.clock import now
from components.exports import export_button
from components.filters import one
from components.labels import empty_state
from components.queue_page import cursor, draw_paging, id_at, open_drawer, remember_rows
from db.core.area import CAP
from db.core.labels import count_label, relative_label
from db.core.session import reading
from db.surveys.alert_queries import AlertFilters, count_alerts, list_alerts
from db.surveys.figure_sum_queries import FigureFilters
from db.surveys.flow import FLOW
from db.surveys.survey_queries import SHOWS, SurveyFilters, SurveyRow, count_surveys, list_surveys

WHO = {"all": "Everybody's", "mine": "Mine", "late": "Overdue"}
OPEN = {"open": "Open", "closed": "Closed"}
NPS = {1: "Promoter", 0: "Passive", -1: "Detractor", None: "–"}


def _open_alert(position: int) -> None:
    alert_id = id_at("sva", position)
    if alert_id is not None:
        open_drawer(ALERTS, alert_id)


def draw_alerts(chosen: FigureFilters) -> None:
    """The queue of unhappy customers, due first; narrowed by kind, region and dealer, never by the period."""
    actor, at = current_actor(), now()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        state = one("State", OPEN, key="sva_state", default="open")
        who = one("Whose", WHO, key="sva_who", default="all")
    filters = AlertFilters(
        is_open=state == "open", kind=chosen.kind, region=chosen.region, dealer_id=chosen.dealer_id,
        assignee_id=(actor.user_id or 0) if who == "mine" else None, overdue=who == "late",
    )  # fmt: skip
    with reading() as session:
        rows, following = list_alerts(
            session, actor=actor, filters=filters, now=at, after=cursor("sva", fingerprint=filters)
        )
        total = count_alerts(session, actor=actor, filters=filters, now=at)
    if not rows:
        empty_state(
            "sentiment_satisfied", "No unhappy customer here.", action="An alert opens by itself with each bad answer."
        )
        return
    remember_rows("sva", [row.id for row in rows])
    columns: dict[str, list[object]] = {
        "Alert": [r.number for r in rows], "Status": [[FLOW.state(r.status).label] for r in rows],
        "Due": [relative_label(r.due_at, at) for r in rows], "Outcome": [r.outcome_words or "–" for r in rows],
        "Why": [" · ".join(r.reasons) for r in rows], "Customer": [r.customer or "–" for r in rows],
        "Dealer": [r.dealer for r in rows], "Who calls": [r.assignee or "Nobody" for r in rows],
    }  # fmt: skip
    columns.pop("Outcome" if filters.is_open else "Due")
    shown = {
        "Alert": tables.opener("Alert", key="sva_click", on_open=_open_alert, width=90),
        "Status": tables.status(FLOW, width=150), "Due": tables.text("Due", width=95),
        "Outcome": tables.text("Outcome", width=190), "Why": tables.text("Why", width=230),
        "Customer": tables.text("Customer", width=125), "Dealer": tables.text("Dealer", width=155),
        "Who calls": tables.text("Who calls", width=125),
    }  # fmt: skip
    tables.show(
        table(columns), key="sva_table", alt="Unhappy customers, due first",
        height=560 if len(rows) > 13 else "auto", columns={name: shown[name] for name in columns},
    )  # fmt: skip
    draw_paging("sva", following=following, shown=len(rows), total=count_label(total, CAP))


def _open_row(position: int) -> None:
    survey_id = id_at("svl", position)
    if survey_id is not None:
        open_survey(survey_id)


def _state(row: SurveyRow) -> list[str]:
    left_out = row.is_returned and not row.is_counted
    return [*(["Unhappy"] if row.is_bottom else []), *(["Left out"] if left_out else [])]


def draw_surveys(chosen: FigureFilters) -> None:
    """The surveys behind the figures, the newest first; the number opens one with its answers and flags."""
    actor = current_actor()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        names = {name or "all": label for name, label in SHOWS.items()}
        show = one("Show", names, key="svy_show", default="all")
        export_button(
            "surveys",
            {
                "kind": chosen.kind, "region": chosen.region, "dealer_id": str(chosen.dealer_id or ""),
                "since": str(chosen.since or ""), "until": str(chosen.until or ""),
            },
        )  # fmt: skip
    filters = SurveyFilters(
        kind=chosen.kind, show="" if show == "all" else show, since=chosen.since, until=chosen.until,
        region=chosen.region, dealer_id=chosen.dealer_id,
    )  # fmt: skip
    with reading() as session:
        rows, following = list_surveys(
            session, actor=actor, filters=filters, after=cursor("svl", fingerprint=filters)
        )  # fmt: skip
        total = count_surveys(session, actor=actor, filters=filters)
    if not rows:
        empty_state("fact_check", "No survey matches.", action="Choose a longer period, or take a filter away.")
        return
    remember_rows("svl", [row.id for row in rows])
    tables.show(
        table(
            {
                "Survey": [r.number for r in rows],
                "Answered": [
                    f"{r.answered_on:%-d %b %Y}" if r.answered_on else f"Sent {r.sent_on:%-d %b}" for r in rows
                ],
                "Index": [score_words(r.index_hundredths) for r in rows], "NPS": [NPS[r.nps] for r in rows],
                "State": [_state(r) for r in rows],
                "Flags": [" · ".join(r.flags) or "–" for r in rows],
                "Customer": [r.customer or "–" for r in rows], "Dealer": [r.dealer for r in rows],
            }
        ),
        key="svl_table", alt="Surveys, the newest first", height=560 if len(rows) > 13 else "auto",
        columns={
            "Survey": tables.opener("Survey", key="svl_click", on_open=_open_row, width=92),
            "Answered": tables.text("Answered", width=100), "Index": tables.text("Index", width=64),
            "NPS": tables.text("NPS", width=88),
            "State": tables.pill("State", {"Unhappy": "red", "Left out": "violet"}, width=130),
            "Flags": tables.text("Flags", width=280), "Customer": tables.text("Customer", width=130),
            "Dealer": tables.text("Dealer", width=160),
        },
    )  # fmt: skip
    draw_paging("svl", following=following, shown=len(rows), total=count_label(total, CAP))
