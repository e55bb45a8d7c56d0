"""Pieces of screen that several pages share: what was said with one dealer, and promised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from components import labels
from components.access import current_actor, guard
from components.areas.contact_form import ICONS, draw_new_promise
from components.clock import now
from components.forms import Choices
from components.labels import empty_state, plain
from components.perform import forget, perform, problems_of, show_outcome
from components.queue_page import Screen, open_drawer
from db.contact_log import rules
from db.contact_log.commands import COMMANDS, correct_contact, void_contact
from db.contact_log.flow import FLOW
from db.contact_log.queries import (
    LogFilters,
    PromiseFilters,
    PromiseRow,
    ReportRow,
    dealer_reliability,
    get_promise,
    get_report,
    list_promises,
    list_reports,
    owner_choices,
    promises_of_report,
)
from db.core.actor import Actor
from db.core.labels import moment_label, percent_label, plural
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.dealers.queries import DealerDetail

REPORT_OPEN, REPORT_FORM = "_contact_open", "contact_report"
CORRECTED = ("summary", "outcome", "with_name")
SHORT, LONG = 6, 30
SIDE_TONES = {"us": "blue", "dealer": "violet"}


# ---- promises --------------------------------------------------------------------------------------------------------
def due_badge(row: PromiseRow) -> tuple[str, str]:
    """When a promise is due, with its tone."""
    if not row.is_open:
        return FLOW.state(row.status).label, FLOW.state(row.status).tone
    if row.overdue_days:
        return row.due_words, "red"
    return row.due_words, "orange" if (row.due_day - row.today).days <= 1 else "gray"


def draw_promise_facts(row: PromiseRow) -> None:
    """The head of a promise's drawer: what, by whom, until when, and every day that was given up."""
    labels.badges([(rules.SIDES[row.made_by], SIDE_TONES[row.made_by]), due_badge(row)])
    st.markdown(plain(row.text))
    days = [f"{row.due_day:%a %-d %b %Y}"]
    if row.first_due_day != row.due_day:
        days.append(f"first {row.first_due_day:%-d %b}")
    rows: list[tuple[str, object]] = [
        ("Dealer", row.dealer), ("Due", ", ".join(days)), ("Seen to by", row.assignee),
        ("Promised in", row.report_number),
    ]  # fmt: skip
    if row.closing_note:
        rows.append(("What was done" if row.status == "kept" else "Reason", row.closing_note))
    labels.facts(rows)
    if row.earlier:
        st.caption("Postponed " + plural(row.postponed, "time"))
        for earlier in row.earlier:
            st.markdown(f":gray[{earlier.day:%-d %b %Y}] {plain(earlier.reason)} :gray[:small[{plain(earlier.by)}]]")


def _owners(row: PromiseRow, _typed: Mapping[str, Any]) -> Choices:
    with reading() as session:
        return owner_choices(session, promise=row)


def _promise_below(row: PromiseRow) -> None:
    st.page_link(
        "pages/network/dealer.py", label="Open the dealer", icon=":material/store:",
        query_params={"dealer": str(row.dealer_id), "tab": "contacts"},
    )  # fmt: skip


PROMISES = Screen(
    flow=FLOW, commands=COMMANDS, key="prm", load=get_promise, draw_facts=draw_promise_facts,
    title=lambda row: f"{row.number} · {plain(row.dealer)}", choices={("hand_over", "assignee_id"): _owners},
    draw_below=_promise_below,
)  # fmt: skip


# ---- one contact -----------------------------------------------------------------------------------------------------
def open_report(report_id: int) -> None:
    """Open a contact in the drawer at the next run (from a callback)."""
    forget(REPORT_FORM)
    for field in (*CORRECTED, "reason"):
        st.session_state.pop(f"cr_{field}", None)
    st.session_state[REPORT_OPEN] = report_id


def _close_report() -> None:
    st.session_state.pop(REPORT_OPEN, None)
    forget(REPORT_FORM)


def draw_report_drawer() -> None:
    """Draw the drawer of a contact when it is open; call it once a page."""
    report_id = st.session_state.get(REPORT_OPEN)
    if report_id is None:
        show_outcome(REPORT_FORM)
        return
    actor = current_actor()
    try:
        with reading() as session:
            row = get_report(session, report_id=report_id, scope=actor.scope)
    except NotFound as gone:
        _close_report()
        st.error(gone.problems[0].message)
        return
    st.dialog(f"{row.number} · {plain(row.dealer)}", width=560, position="right", on_dismiss=_close_report)(
        _report_body
    )(report_id)


def _report_body(report_id: int) -> None:
    if st.session_state.get(REPORT_OPEN) is None:
        st.rerun()
    actor = guard(Permission.CONTACTS_VIEW)
    with reading() as session:
        row = get_report(session, report_id=report_id, scope=actor.scope)
        made = promises_of_report(session, report_id=report_id, scope=actor.scope, now=now())
    show_outcome(REPORT_FORM)
    labels.badges([(row.said, "blue" if row.counts else "gray"), ("Voided" if row.voided_at else "", "red")])
    labels.facts(
        [
            ("When", moment_label(row.at, actor.zone, now=now())), ("With", row.with_name),
            ("Topics", row.topic_words), ("Logged by", row.by_name),
            *([("Voided", f"{row.void_reason} ({row.voided_by})")] if row.voided_at else []),
        ]
    )  # fmt: skip
    if row.summary:
        st.markdown(plain(row.summary))
    for promise in made:
        st.markdown(_promise_line(promise))
    if row.voided_at is None and actor.can(Permission.CONTACTS_LOG):
        _change(row, actor)


def _change(row: ReportRow, actor: Actor) -> None:
    """Correct what was written (its author, for 24 hours), or void it with a reason."""
    common = {"report_id": row.id, "seen_version": row.version}
    may_correct = rules.may_correct(
        by_username=row.by_username, username=actor.username, created_at=row.created_at, now=now(), is_void=False
    )
    if may_correct:
        with st.expander("Correct", icon=":material/edit:"):
            st.session_state.setdefault("cr_summary", row.summary)
            st.session_state.setdefault("cr_with_name", row.with_name)
            st.text_area("What was said", key="cr_summary", height=130, max_chars=4000)
            problems_of(REPORT_FORM, "summary")
            possible = rules.possible_outcomes(row.channel, row.direction)
            st.session_state.setdefault("cr_outcome", row.outcome)
            st.segmented_control(
                "How it ended", list(possible), format_func=rules.OUTCOMES.__getitem__, key="cr_outcome", required=True
            )
            problems_of(REPORT_FORM, "outcome")
            st.text_input("With", key="cr_with_name", max_chars=120)
            problems_of(REPORT_FORM, "with_name")
            st.caption("You can correct it for 24 hours. What it said before stays in the timeline.")

            def save() -> None:
                typed = {name: st.session_state.get(f"cr_{name}") or "" for name in CORRECTED}
                perform(
                    correct_contact, form=REPORT_FORM, say=f"{row.number} was corrected", arguments={**common, **typed},
                    after=lambda _version: st.session_state.pop(REPORT_OPEN, None),
                )  # fmt: skip

            st.button("Save", key="cr_save", type="primary", on_click=save)
    if row.by_username != actor.username and not actor.can(Permission.DEALERS_MANAGE):
        return
    with st.expander("Void", icon=":material/block:", expanded=False):
        st.text_input("Reason", key="cr_reason", max_chars=400)
        problems_of(REPORT_FORM, "reason")
        st.caption("It stays on record and counts for nothing. Its promises stay open.")

        def void() -> None:
            perform(
                void_contact, form=REPORT_FORM, say=f"{row.number} was voided",
                arguments={**common, "reason": st.session_state.get("cr_reason") or ""},
                after=lambda _result: st.session_state.pop(REPORT_OPEN, None),
            )  # fmt: skip

        st.button("Void this contact", key="cr_void", on_click=void)


def _promise_line(row: PromiseRow) -> str:
    label, tone = due_badge(row)
    return (
        f"{labels.badge(rules.SIDES[row.made_by], SIDE_TONES[row.made_by])} {plain(row.text)} "
        f"{labels.badge(label, tone)} :gray[:small[{row.due_day:%-d %b %Y}]]"
    )


# ---- the tab of Dealer 360 -------------------------------------------------------------------------------------------
def draw_dealer_tab(dealer: DealerDetail, actor: Actor) -> None:
    """Draw what was said with one dealer, and promised, as a tab of Dealer 360."""
    at = now()
    whole = bool(st.session_state.get(f"ct_all_{dealer.dealer_id}"))
    with reading() as session:
        promises, more_promises = list_promises(
            session, scope=actor.scope, now=at, filters=PromiseFilters(dealer_id=dealer.dealer_id), limit=LONG
        )
        closed, _ = list_promises(
            session, scope=actor.scope, now=at, limit=SHORT,
            filters=PromiseFilters(dealer_id=dealer.dealer_id, is_open=False),
        )  # fmt: skip
        reports, more = list_reports(
            session, scope=actor.scope, filters=LogFilters(dealer_id=dealer.dealer_id), limit=LONG if whole else SHORT
        )
        reliability = dealer_reliability(session, dealer_id=dealer.dealer_id, scope=actor.scope, now=at)
    said, promised = st.columns([3, 2], gap="medium")
    with said:
        st.markdown("**What was said**")
        _reports(reports, actor)
        if more is not None:
            _more(dealer.dealer_id, dealer.facts.name, whole)
    with promised:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown("**Promises**", width="content")
            draw_new_promise(dealer)
        _reliability(reliability)
        if not promises and not closed:
            empty_state("handshake", "Nothing was promised yet.")
        for row in (*promises, *closed):
            _promise_card(row)
        if more_promises is not None:
            st.caption(f"More than {LONG} are open; see Dealer contacts.")


def _more(dealer_id: int, name: str, whole: bool) -> None:
    if whole:
        st.page_link(
            "pages/network/contacts.py", label="The whole log", icon=":material/arrow_forward:",
            query_params={"con_view": "Log", "log_dealer": name},
        )  # fmt: skip
        return
    st.button(
        "Show more", key="ct_more", type="tertiary", icon=":material/expand_more:",
        on_click=lambda: st.session_state.update({f"ct_all_{dealer_id}": True}),
    )  # fmt: skip


def _reports(reports: Sequence[ReportRow], actor: Actor) -> None:
    if not reports:
        empty_state("call", "Nobody has logged a contact yet.", action="Type what was said above and log the call.")
        return
    for row in reports:
        with st.container(border=True, gap="xxsmall"):
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                tone = "gray" if not row.counts else "blue"
                void = labels.badge("Voided", "red") if row.voided_at else ""
                when = moment_label(row.at, actor.zone, now=now())
                st.markdown(
                    f"{ICONS[row.channel]} {labels.badge(row.said, tone)} {void} :gray[:small[{plain(when)}]]",
                    width="content",
                )
                st.button(row.number, key=f"ct_report_{row.id}", type="tertiary", on_click=open_report, args=(row.id,))
            if row.summary:
                text = plain(row.summary)
                st.markdown(f"~~{text}~~" if row.voided_at else text)
            who = row.by_name + (f" with {row.with_name}" if row.with_name else "")
            st.caption(" · ".join(plain(part) for part in (who, row.topic_words, row.void_reason) if part))


def _reliability(found: Mapping[str, rules.Reliability]) -> None:
    with st.container(horizontal=True, gap="small"):
        for side, label in (("us", "We keep"), ("dealer", "They keep")):
            value = found[side]
            st.metric(
                label, percent_label(value.kept_on_time, value.due, 0),
                help=f"Kept by the first day given: {value.kept_on_time:,} of {value.due:,} that were due",
                border=True,
            )  # fmt: skip


def _promise_card(row: PromiseRow) -> None:
    with st.container(border=True, gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            label, tone = due_badge(row)
            side = labels.badge(rules.SIDES[row.made_by], SIDE_TONES[row.made_by])
            st.markdown(f"{side} {labels.badge(label, tone)}", width="content")
            st.button(
                row.number, key=f"ct_promise_{row.id}", type="tertiary", on_click=open_drawer, args=(PROMISES, row.id)
            )
        st.markdown(plain(row.text))
        parts = [f"{row.due_day:%-d %b %Y}", row.assignee]
        if row.postponed:
            parts.append(f"postponed {plural(row.postponed, 'time')}, first {row.first_due_day:%-d %b}")
        st.caption(" · ".join(plain(part) for part in (*parts, row.closing_note) if part))
