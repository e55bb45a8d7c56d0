"""Dealer access: what was asked for, who can sign in, and the quarterly review of both."""

from __future__ import annotations

import streamlit as st

from components.access import guard
from components.areas import access_review as review
from components.areas.access import SCREEN, draw_drawers, draw_requests
from components.areas.access_form import open_form
from components.areas.access_people import draw_ending, draw_people
from components.clock import now
from components.exports import export_button
from components.filters import clear_button, one, pick, words
from components.labels import empty_state
from components.queue_page import cursor, draw_paging, open_drawer
from db.access.people_queries import ANY_FLAG, AccountFilters, count_accounts, list_accounts
from db.access.queries import count_requests, list_requests
from db.access.review_queries import get_progress, get_review, list_quarters
from db.access.rules import FLAGS, ROLES, STATES, quarter_label
from db.core.area import CAP
from db.core.labels import count_label
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.dealers.queries import dealer_choices

actor = guard(Permission.ACCESS_VIEW)
at = now()
VIEWS = {"requests": "Requests", "people": "People", "review": "Review"}
SHOWN = {"open": "Waiting", "closed": "Decided"}
DOUBTS = {ANY_FLAG: "Any doubt", **FLAGS}
KEYS = ("acp_text", "acp_dealer", "acp_role", "acp_state", "acp_flag")


def follow_links() -> None:
    """Links of the form ?request=12 and ?review=3, as notifications and My work make them."""
    wanted = st.query_params.pop("request", "")
    if wanted.isdecimal():
        st.session_state["access_view"] = "requests"
        open_drawer(SCREEN, int(wanted))
    wanted = st.query_params.pop("review", "")
    if wanted.isdecimal():
        st.session_state["access_view"] = "review"
        try:
            with reading() as session:
                found = get_review(session, review_id=int(wanted), scope=actor.scope)
        except NotFound:
            return
        if found.is_open:
            st.session_state["acr_dealer"] = str(found.dealer_id)
        else:
            st.session_state[review.LINES] = found.id


# ---- requests ------------------------------------------------------------------------------------------------------
def draw_queue() -> None:
    """What waits for an answer, due first, or what was decided."""
    with beside:
        shown = one("Show", SHOWN, key="acs_shown", default="open")
    is_open = shown == "open"
    with reading() as session:
        rows, following = list_requests(
            session, scope=actor.scope, is_open=is_open, after=cursor("acs", fingerprint=shown)
        )
        total = count_requests(session, scope=actor.scope, is_open=is_open)
    if not rows:
        sentence = "No request waits for an answer." if is_open else "Nothing was decided yet."
        empty_state("task_alt", sentence, action="Request access to begin one.")
        return
    draw_requests(rows, key="acs", is_open=is_open)
    draw_paging("acs", following=following, shown=len(rows), total=count_label(total, CAP))


# ---- people --------------------------------------------------------------------------------------------------------
def chosen_filters() -> AccountFilters:
    """Draw the toolbar of the people and read it."""
    with reading() as session:
        dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope)}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = words("Find", key="acp_text", placeholder="Name, user name, e-mail", width=200)
        dealer = ""
        if len(dealers) > 1:
            dealer = pick("Dealer", dealers, key="acp_dealer", all_label="All dealers", width=220)
        role = pick("Role", ROLES, key="acp_role", all_label="Both roles", width=140)
        state = pick(
            "State", {name: label for name, (label, _) in STATES.items()}, key="acp_state", all_label="Every state",
            width=150,
        )  # fmt: skip
        flag = pick("Doubt", DOUBTS, key="acp_flag", all_label="With and without", width=190)
        found = AccountFilters(
            text=text, dealer_id=int(dealer) if dealer.isdecimal() else None, role=role, state=state, flag=flag
        )
        clear_button(KEYS, key="acp_clear")
    with beside:
        export_button(
            "dealer_access",
            {"text": text, "dealer_id": found.dealer_id, "role": role, "state": state, "flag": flag},
        )  # fmt: skip
    return found


def draw_counts() -> None:
    """How many accounts there are, and how many of them are in doubt."""
    tiles = (
        ("Accounts", AccountFilters(), "Everybody of a dealer with an account, disabled ones too"),
        ("Contact left", AccountFilters(flag="left"), "The dealer says this person has left, the account is active"),
        ("Never signed in", AccountFilters(flag="never"), "Made more than 30 days ago, and never used"),
        ("Not for 90 days", AccountFilters(flag="quiet"), "Signed in before, but not for 90 days"),
    )
    with reading() as session:
        counts = [count_accounts(session, scope=actor.scope, filters=chosen, now=at) for _, chosen, _ in tiles]
    with st.grid(4, min_column_width=150, gap="small"):
        for (label, _, meaning), count in zip(tiles, counts, strict=True):
            st.metric(label, count_label(count, CAP), help=meaning, border=True)


def draw_accounts() -> None:
    """Who can sign in; those chosen can be shown the door together."""
    draw_counts()
    filters = chosen_filters()
    with reading() as session:
        rows, following = list_accounts(
            session, scope=actor.scope, filters=filters, now=at, after=cursor("acp", fingerprint=filters)
        )
        total = count_accounts(session, scope=actor.scope, filters=filters, now=at)
    if not rows:
        empty_state("badge", "Nobody matches.", action="Take a filter away, or request access.")
        draw_ending([], actor=actor, key="acp")
        return
    above = st.container()  # what ending would do stands over the list, where the ticks are made
    chosen = draw_people(rows, key="acp", actor=actor)
    draw_paging("acp", following=following, shown=len(rows), total=count_label(total, CAP))
    with above:
        draw_ending([rows[i] for i in chosen if i < len(rows)], actor=actor, key="acp")
    if not chosen and actor.can(Permission.ACCESS_REVIEW):
        st.caption("Tick people on the left to end their access.")


# ---- the review ----------------------------------------------------------------------------------------------------
def draw_review() -> None:
    """How far the quarter is, the one screen, and what was attested."""
    with reading() as session:
        quarters = list_quarters(session, scope=actor.scope)
        progress = get_progress(session, scope=actor.scope, quarter=quarters[0], now=at) if quarters else None
        dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope)}
    if progress is not None:
        review.draw_progress(progress, at)
    review.draw_opening(actor, at)
    dealer = ""
    if len(dealers) > 1:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            dealer = pick("Dealer", dealers, key="acr_dealer", all_label="All dealers", width=260)
            clear_button(("acr_dealer",), key="acr_clear")
    review.draw_screen(actor, dealer_id=int(dealer) if dealer.isdecimal() else None)
    if quarters:
        st.subheader("What was attested")
        names = {q.isoformat(): quarter_label(q) for q in quarters[:8]}
        chosen = one("Quarter", names, key="acr_quarter", default=quarters[0].isoformat())
        review.draw_reviews(actor, next(q for q in quarters if q.isoformat() == chosen))


follow_links()
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/badge: Dealer access")
    if actor.can(Permission.ACCESS_REQUEST):
        st.button("Request access", icon=":material/person_add:", key="access_new", on_click=open_form)
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    view = one("View", VIEWS, key="access_view", default="requests")
    beside = st.container(width="content")
{"requests": draw_queue, "people": draw_accounts, "review": draw_review}[view]()
if not review.draw_lines(actor):
    draw_drawers(actor)
