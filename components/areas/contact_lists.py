"""The two lists of dealer contacts: promises as a queue, and the log of what was said."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import current_actor
from components.areas.contact_log import PROMISES, due_badge, open_report
from components.charts.base import table
from components.clock import now
from components.exports import export_button
from components.filters import clear_button, one, pick, words
from components.labels import empty_state
from components.queue_page import cursor, draw_paging, id_at, open_drawer, remember_rows
from db.contact_log import rules
from db.contact_log.queries import (
    LogFilters,
    PromiseFilters,
    count_promises,
    count_reports,
    list_promises,
    list_reports,
    people_in_log,
)
from db.core.area import CAP
from db.core.labels import count_label, moment_label
from db.core.session import reading
from db.dealers.queries import dealer_choices, regions

WHO = {"all": "Everybody", "mine": "Mine"}
WHOSE = {"both": "Both", "us": "Ours", "dealer": "Theirs"}
WHICH = {"open": "Open", "overdue": "Overdue", "closed": "Closed"}
ONLY = {"reached": "Reached", "tried": "Nobody reached", "voided": "Voided"}
LOG_KEYS = ("log_text", "log_dealer", "log_region", "log_channel", "log_person", "log_only")


def pick_region(key: str, *, width: int = 160) -> str:
    """A region, where there is more than one."""
    with reading() as session:
        known = regions(session, current_actor().scope)
    return (
        pick("Region", {r: r for r in known}, key=key, all_label="All regions", width=width) if len(known) > 1 else ""
    )


# ---- promises --------------------------------------------------------------------------------------------------------
def draw_promises() -> None:
    """The queue of promises, due first; the number opens the drawer."""
    actor, at = current_actor(), now()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        which = one("Status", WHICH, key="prm_view", default="open")
        whose = one("Promised by", WHOSE, key="prm_side", default="both")
        who = one("Seen to by", WHO, key="prm_who", default="all")
        region = pick_region("prm_region")
    filters = PromiseFilters(
        is_open=which != "closed", overdue=which == "overdue", region=region,
        made_by=whose if whose in rules.SIDES else "",
        assignee_id=actor.user_id if who == "mine" else None,
    )  # fmt: skip
    with reading() as session:
        rows, following = list_promises(
            session, scope=actor.scope, now=at, filters=filters, after=cursor("prm", fingerprint=filters)
        )
        total = count_promises(session, scope=actor.scope, now=at, filters=filters)
    if not rows:
        empty_state("handshake", "No promise here.", action="A promise is noted with the contact it was made in.")
        return
    remember_rows("prm", [row.id for row in rows])
    dues = [due_badge(row) for row in rows]
    tables.show(
        table(
            {
                "Promise": [row.number for row in rows],
                "Dealer": [row.dealer for row in rows],
                "By": [["We" if row.made_by == "us" else "Dealer"] for row in rows],
                "What": [row.text for row in rows],
                "Due": [[label] for label, _ in dues],
                "Day": [row.due_day for row in rows],
                "Postponed": [f"{row.postponed} ×" if row.postponed else "–" for row in rows],
                "Seen to by": [row.assignee or "–" for row in rows],
            }
        ),
        key="prm_table", alt="Promises, due first", height="content" if len(rows) <= 17 else 560,
        columns={
            "Promise": tables.opener("Promise", key="prm_click", on_open=_open_promise, width=92),
            "Dealer": tables.text("Dealer", width=160),
            "By": tables.pill("By", {"We": "blue", "Dealer": "violet"}, width=68),
            "What": tables.text("What", width=300), "Due": tables.pill("Due", dict(dues), width=100),
            "Day": st.column_config.DateColumn("Day", format="D MMM YYYY", width=98),
            "Postponed": tables.text("Postponed", width=85, help="How often a later day was agreed"),
            "Seen to by": tables.text("Seen to by", width=120),
        },
    )  # fmt: skip
    draw_paging("prm", following=following, shown=len(rows), total=count_label(total, CAP))


def _open_promise(position: int) -> None:
    """Open the drawer of a row."""
    promise_id = id_at("prm", position)
    if promise_id is not None:
        open_drawer(PROMISES, promise_id)


# ---- the log ---------------------------------------------------------------------------------------------------------
def draw_log() -> None:
    """What was said, newest first; the number opens the contact."""
    actor, at = current_actor(), now()
    with reading() as session:
        dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope)}
        people = {str(i): name for i, name in people_in_log(session, scope=actor.scope).items()}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = words("Find", key="log_text", placeholder="Name, topic", width=140)
        dealer = pick("Dealer", dealers, key="log_dealer", all_label="All dealers", width=150)
        region = pick_region("log_region", width=130)
        channel = pick("How", rules.CHANNELS, key="log_channel", all_label="Every way", width=115)
        person = pick("Logged by", people, key="log_person", all_label="Everybody", width=130)
        only = pick("Ended", ONLY, key="log_only", all_label="All", width=120)
        filters = LogFilters(
            text=text, dealer_id=int(dealer) if dealer else None, region=region, channel=channel, only=only,
            person_id=int(person) if person else None,
        )  # fmt: skip
        export_button(
            "contact_reports",
            {
                "text": text,
                "dealer_id": dealer,
                "region": region,
                "channel": channel,
                "only": only,
                "person_id": person,
            },
        )
    clear_button(LOG_KEYS, key="log_clear")
    with reading() as session:
        rows, following = list_reports(
            session, scope=actor.scope, filters=filters, after=cursor("log", fingerprint=filters)
        )
        total = count_reports(session, scope=actor.scope, filters=filters)
    if not rows:
        empty_state("call", "No contact matches.", action="Take a filter away, or log one under Gaps.")
        return
    remember_rows("log", [row.id for row in rows])
    tones = {row.said: "blue" if row.counts else "gray" for row in rows}
    tables.show(
        table(
            {
                "Contact": [row.number for row in rows],
                "When": [moment_label(row.at, actor.zone, now=at) for row in rows],
                "Dealer": [row.dealer for row in rows],
                "How": [["Voided" if row.voided_at else row.said] for row in rows],
                "With": [row.with_name or "–" for row in rows],
                "What was said": [row.summary or "–" for row in rows],
                "Topics": [row.topic_words or "–" for row in rows],
                "Logged by": [row.by_name for row in rows],
            }
        ),
        key="log_table", alt="Contacts, newest first", height="content" if len(rows) <= 17 else 560,
        columns={
            "Contact": tables.opener("Contact", key="log_click", on_open=_open_contact, width=88),
            "When": tables.text("When", width=120), "Dealer": tables.text("Dealer", width=140),
            "How": tables.pill("How", {**tones, "Voided": "red"}, width=152),
            "With": tables.text("With", width=92), "What was said": tables.text("What was said", width=215),
            "Topics": tables.text("Topics", width=90), "Logged by": tables.text("Logged by", width=98),
        },
    )  # fmt: skip
    draw_paging("log", following=following, shown=len(rows), total=count_label(total, CAP))


def _open_contact(position: int) -> None:
    report_id = id_at("log", position)
    if report_id is not None:
        open_report(report_id)
