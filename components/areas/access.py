"""Pieces of screen that several pages share: a request for access in its drawer, and who of one dealer may sign in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from components import labels, tables
from components.access import current_actor
from components.areas.access_form import draw_form, open_form
from components.areas.access_people import draw_ending, draw_people, fitting, last_seen
from components.charts.base import table
from components.clock import now
from components.forms import Choices
from components.labels import empty_state, plain
from components.person_drawer import draw_secret
from components.queue_page import Screen, draw_drawer, id_at, open_drawer, remember_rows
from db.access.commands import COMMANDS
from db.access.flow import FLOW
from db.access.people_queries import AccountFilters, list_accounts
from db.access.queries import Grantable, RequestRow, get_request, list_requests, what_granting_does
from db.access.review_queries import reviews_of_dealer
from db.core.actor import Actor
from db.core.labels import moment_label, moment_words, relative_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import DealerDetail
from db.people.commands import NewPassword

HAND_OVER = "access_handed_over"
REVIEW_PAGE = "pages/network/access.py"


# ---- one request ---------------------------------------------------------------------------------------------------
def _granting(request: RequestRow) -> Grantable | None:
    if FLOW.state(request.status).final:
        return None
    with reading() as session:
        return what_granting_does(session, request=request, actor=current_actor())


def _draw_facts(request: RequestRow) -> None:
    actor, at = current_actor(), now()
    state = FLOW.state(request.status)
    labels.badges([(state.label, state.tone), (request.kind_label, "violet")])
    rows: list[tuple[str, object]] = [
        ("Dealer", request.dealer_label), ("Name", request.name), ("E-mail", request.email),
        ("Role", request.role_label), ("Reason", request.reason),
        ("Asked for by", f"{request.submitted_name}, {moment_words(request.created_at, actor.zone, now=at)}"),
    ]  # fmt: skip
    if state.final:
        decided = f"{request.decided_by}, {moment_words(request.decided_at, actor.zone, now=at)}"
        rows += [("Decided by", decided), ("Answer", request.answer)]
    else:
        due = moment_label(request.due_at, actor.zone, now=at)
        rows.append(("Answer due", f"{due}, {relative_label(request.due_at, at)}"))
    labels.facts([(label, value) for label, value in rows if value])
    found = _granting(request)
    if found is None:
        return
    text = plain(found.sentence)
    if found.dealers:
        text += "  \n" + plain("The account sees: " + ", ".join(found.dealers))
    if found.choice:
        st.info(text, icon=":material/info:")
        # The one thing granting can do is chosen beforehand, so that granting is a single click.
        st.session_state[f"access_{request.id}_grant_account"] = found.choice
    else:
        st.warning(text, icon=":material/warning:")


def _accounts(request: RequestRow, _typed: Mapping[str, Any]) -> Choices:
    found = _granting(request)
    return [(found.choice, found.label)] if found is not None and found.choice else []


def _keep_secret(result: Any) -> None:
    if isinstance(result, NewPassword):
        st.session_state[HAND_OVER] = result


SCREEN = Screen(
    flow=FLOW, commands=COMMANDS, key="access", load=get_request, draw_facts=_draw_facts, after=_keep_secret,
    title=lambda r: f"{r.number} · {plain(r.name)}", choices={("grant", "account"): _accounts},
    said=lambda r, step: f"{r.number} {FLOW.state(step.targets[0]).label.lower()}",
)  # fmt: skip


def _forget_secret() -> None:
    st.session_state.pop(HAND_OVER, None)


def _secret_body() -> None:
    made = st.session_state.get(HAND_OVER)
    if isinstance(made, NewPassword):
        draw_secret(made, on_done=_forget_secret)
    else:
        st.rerun()  # done: the drawer closes


def draw_drawers(actor: Actor) -> None:
    """Draw whichever drawer is open: a new password to hand over, the form, or a request. Once, at the page's end."""
    if isinstance(st.session_state.get(HAND_OVER), NewPassword):
        draw_drawer(SCREEN)  # closed: shows the toast of the step that made the password
        st.dialog("Hand over the password", width=520, position="right", on_dismiss=_forget_secret)(_secret_body)()
    elif not draw_form(actor):
        draw_drawer(SCREEN)


# ---- a list of requests --------------------------------------------------------------------------------------------
def draw_requests(rows: list[RequestRow], *, key: str, is_open: bool = True, with_dealer: bool = True) -> None:
    """Requests as a table; the number opens the drawer."""
    at = now()
    remember_rows(key, [r.id for r in rows])

    def opened(position: int) -> None:
        item_id = id_at(key, position)
        if item_id is not None:
            open_drawer(SCREEN, item_id)

    ends = [relative_label(r.due_at, at) if is_open else last_seen(r.decided_at, at) for r in rows]
    tones = {
        end: "red" if is_open and r.due_at is not None and r.due_at < at else "blue" if is_open else "gray"
        for end, r in zip(ends, rows, strict=True)
    }
    tables.show(
        table(
            {
                "Request": [r.number for r in rows], "Wish": [r.kind_label for r in rows],
                "Person": [r.name for r in rows], "Role": [r.role_label or "–" for r in rows],
                "Dealer": [r.dealer_label for r in rows], "Status": [[FLOW.state(r.status).label] for r in rows],
                "Ends": [[end] for end in ends], "By": [r.submitted_name for r in rows],
                "Reason": [(r.reason if is_open else r.answer or r.reason) for r in rows],
            }
        ),
        key=f"{key}_table", alt="Requests for access, due first" if is_open else "Decided requests, newest first",
        height=fitting(len(rows)),
        columns={
            "Request": tables.opener("Request", key=f"{key}_click", on_open=opened, width=88),
            "Wish": tables.text("Wish", width=102), "Person": tables.text("Person", width=128),
            "Role": tables.text("Role", width=112),
            "Dealer": tables.text("Dealer", width=200) if with_dealer else None,
            "Status": None if is_open else tables.status(FLOW, width=96),
            "Ends": tables.pill("Answer due" if is_open else "Decided", tones, width=112),
            "By": tables.text("Asked for by", width=118),
            "Reason": tables.text("Reason" if is_open else "Answer", width=250),
        },
    )  # fmt: skip


# ---- a tab of Dealer 360 -------------------------------------------------------------------------------------------
def draw_dealer_tab(dealer: DealerDetail, actor: Actor) -> None:
    """Draw who of one dealer may sign in, with what waits for a decision, as a tab of Dealer 360."""
    at, dealer_id = now(), dealer.dealer_id
    with reading() as session:
        filters = AccountFilters(dealer_id=dealer_id)
        people, more = list_accounts(session, scope=actor.scope, filters=filters, now=at)
        waiting, _ = list_requests(session, scope=actor.scope, dealer_id=dealer_id)
        reviews = reviews_of_dealer(session, dealer_id=dealer_id, scope=actor.scope)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if reviews:
            newest = reviews[0]
            label, tone = newest.state(at)
            note = f"{newest.decided} of {newest.accounts} accounts confirmed"
            st.markdown(f"Access review {newest.quarter_label} {labels.badge(label, tone)} :gray[{note}]")
        else:
            st.markdown(":gray[No access review yet]")
        with st.container(horizontal=True, gap="small", width="content"):
            if reviews and reviews[0].is_open and actor.can(Permission.ACCESS_REVIEW):
                query = {"review": str(reviews[0].id)}
                st.page_link(REVIEW_PAGE, label="Review", icon=":material/fact_check:", query_params=query)
            if actor.can(Permission.ACCESS_REQUEST):
                st.button(
                    "Request access", icon=":material/person_add:", key="access_tab_new", on_click=open_form,
                    args=(dealer_id,),
                )  # fmt: skip
    if waiting:
        st.markdown("**Waiting for an answer**")
        draw_requests(waiting, key="access_tab_requests", with_dealer=False)
    if not people:
        empty_state("badge", "Nobody of this dealer can sign in yet.", action="Request access for the first person.")
    else:
        above = st.container()
        chosen = draw_people(people, key="access_tab_people", actor=actor, with_dealers=False)
        if more is not None:
            st.caption("The first 50 by name; all of them are on the page Dealer access.")
        with above:
            going = [people[i] for i in chosen if i < len(people)]
            draw_ending(going, actor=actor, key="access_tab_people", dealer_id=dealer_id)
    draw_drawers(actor)
