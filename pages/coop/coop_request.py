"""Asking for co-op funds: while it is typed the form says what will be payable and why, and what a claim will need."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

import streamlit as st

from components.access import guard
from components.areas.coop_form import FIELDS, Fields
from components.areas.coop_papers import chosen_files, draw_choice
from components.areas.coop_requests import FORM_OF
from components.areas.coop_words import draw_balance, draw_payable
from components.clock import now, today
from components.labels import empty_state, plain
from components.perform import outcome_of, perform, problems_of, show_outcome, stray_problems
from db.coop.commands import REQUESTS, ask
from db.coop.fund_queries import dealer_balance
from db.coop.paper_queries import PLAN
from db.coop.request_queries import ProgrammeChoice, RequestPage, get_request, programme_choices, quote
from db.coop.say_rules import day, inside, money
from db.core.permissions import Permission
from db.core.problems import NotFound, Refused
from db.core.session import reading
from db.dealers.queries import dealer_choices

actor = guard(Permission.COOP_REQUEST)
FORM = "coop_request"
FORM_FIELDS = Fields(prefix="cr", form=FORM)
DEALER, PROGRAMME, KEY, CHANGED, SENT = "cr_dealer", "cr_programme", "cr_form_key", "cr_changed", "_cr_sent"
TAKEN = "_cr_taken"


def changed_request() -> RequestPage | None:
    """The request this form changes, filled in when it is opened; None for a new one."""
    wanted = st.session_state.pop(FORM_OF, None)
    item_id = wanted if wanted is not None else st.session_state.get(CHANGED)
    if item_id is None:
        return None
    try:
        with reading() as session:
            page = get_request(session, item_id=item_id, actor=actor, now=now())
    except NotFound:
        page = None
    if page is None or not page.may_change:
        st.session_state.pop(CHANGED, None)
        return None
    if wanted is not None:
        st.session_state[CHANGED] = page.id
        FORM_FIELDS.fill(page.terms)
    return page


def begun_elsewhere(dealers: Mapping[int, str], programmes: Mapping[int, ProgrammeChoice]) -> None:
    """Take dealer, programme and medium of a link once (the radar's); what is chosen afterwards stays."""
    asked = tuple(st.query_params.get(name, "") for name in ("dealer", "programme", "medium"))
    if not any(asked) or st.session_state.get(TAKEN) == asked:
        return
    st.session_state[TAKEN] = asked
    dealer_id, programme_id = (int(text) if text.isdecimal() else 0 for text in asked[:2])
    if dealer_id in dealers:
        st.session_state[DEALER] = dealer_id
    if programme_id in programmes:
        st.session_state[PROGRAMME] = programme_id
        if asked[2] in programmes[programme_id].media:
            st.session_state[FORM_FIELDS.key("medium")] = asked[2]


def files_keys() -> dict[str, str]:
    """The field of the files of each kind; another form has other fields."""
    form_key = st.session_state.setdefault(KEY, uuid4().hex)
    return {kind: f"cr_{form_key}_file_{kind}" for kind in PLAN}


def done(item_id: object) -> None:
    """Forget the form and remember what was sent."""
    FORM_FIELDS.clear()
    for key in (KEY, CHANGED, TAKEN):
        st.session_state.pop(key, None)
    st.session_state[SENT] = item_id


def send(dealer_id: int | None, programme_id: int | None, *, at_once: bool) -> None:
    """Enter the request, and send it unless it is only kept; None for what is chosen in the form."""
    perform(
        ask, form=FORM, say="The request was sent" if at_once else "The request was kept", after=done,
        typed={"terms": "_cr_terms"}, convert={"terms": lambda _none: FORM_FIELDS.typed()},
        arguments={
            "dealer_id": dealer_id or st.session_state.get(DEALER),
            "programme_id": programme_id or st.session_state.get(PROGRAMME), "send": at_once,
            "files": chosen_files(files_keys()), "form_key": st.session_state.setdefault(KEY, uuid4().hex),
        },
    )  # fmt: skip


def change(page: RequestPage) -> None:
    """Keep the changed request."""
    perform(
        REQUESTS["change"], form=FORM, say=f"{page.number} was changed", after=lambda _none: done(page.id),
        typed={"terms": "_cr_terms"}, convert={"terms": lambda _none: FORM_FIELDS.typed()},
        arguments={"item_id": page.id, "seen_version": page.version},
    )  # fmt: skip


def draw_quote(dealer_id: int | None, programme_id: int | None) -> None:
    """What will be payable and why, as far as it can be said."""
    if dealer_id is None or programme_id is None:
        return
    try:
        terms = FORM_FIELDS.typed()
    except Refused:
        return  # still typing; the refusal is shown when it is sent
    with reading() as session:
        found = quote(
            session, dealer_id=dealer_id, programme_id=programme_id, terms=terms, actor=actor, now=now()
        )  # fmt: skip
        available, lots = dealer_balance(
            session, dealer_id=dealer_id, programme_id=programme_id, actor=actor, now=now()
        )  # fmt: skip
    with st.container(border=True, gap="xsmall"):
        if found is None:
            soon = f"; {money(lots[0].left_cents)} of it until {day(lots[0].expires_on)}" if lots else ""
            st.markdown(f":material/account_balance: {plain(money(available))} available{plain(soon)}.")
            st.caption("Choose a medium and give a cost to see what will be payable.")
            return
        draw_payable(found.found, title="Will be payable")
        draw_balance(before=available, after=available - found.found.cents, what="once it is approved")
        if found.preapproval:
            st.caption(":material/verified: This medium has to be approved before it begins.")
        proofs = plain(", ".join(inside(n) for n in found.needs))
        st.caption(f":material/receipt_long: The claim needs {proofs}, within {found.claim_days} days of the last day.")


st.title(":material/add_card: Ask for co-op funds")
page = changed_request()
with reading() as session:
    dealers = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope, statuses=("active", "suspended"))}
    programmes = {p.id: p for p in programme_choices(session, actor=actor, today=today(actor.zone))}
sent = st.session_state.pop(SENT, None)
if sent is not None and outcome_of(FORM) is not None:
    st.session_state["coopreq_open"] = int(str(sent))
    st.session_state["coopreq_view"] = "waiting"
    st.switch_page("pages/coop/coop_requests.py")
if not programmes:
    empty_state("savings", "There is no co-op programme for this year.", action="A manager writes one.")
    st.stop()
show_outcome(FORM)
if page is not None:
    dealer_id: int | None = page.row.dealer_id
    programme_id: int | None = page.programme_id
    st.caption(f"{plain(page.number)} for {plain(page.row.dealer)}: {plain(page.row.decision_note or 'not sent yet')}")
else:
    begun_elsewhere(dealers, programmes)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        only = tuple(next(iter(known)) if len(known) == 1 else None for known in (dealers, programmes))
        dealer_id, programme_id = only
        if dealer_id is None:
            dealer_id = st.selectbox(
                "Dealer", list(dealers), format_func=lambda i: dealers.get(i, "–"), index=None, key=DEALER,
                placeholder="Choose",
            )  # fmt: skip
        if programme_id is None:
            programme_id = st.selectbox(
                "Programme", list(programmes), format_func=lambda i: programmes[i].label, key=PROGRAMME
            )  # fmt: skip
    problems_of(FORM, "dealer_id")
    problems_of(FORM, "programme_id")
media = programmes[programme_id].media if programme_id in programmes else ()
FORM_FIELDS.draw(media)
if page is None:
    with st.expander("Quote and artwork", icon=":material/attach_file:", key="cr_files"):
        for kind, field_key in files_keys().items():
            draw_choice(PLAN[kind], key=field_key)
    problems_of(FORM, "file")
stray_problems(FORM, (*FIELDS, "dealer_id", "programme_id", "file"))
draw_quote(dealer_id, programme_id)
with st.container(horizontal=True, gap="small"):
    if page is not None:
        st.button(
            "Keep the change", type="primary", icon=":material/save:", key="cr_save", on_click=change, args=(page,)
        )
    else:
        st.button(
            "Send", type="primary", icon=":material/send:", key="cr_send", on_click=send,
            args=only, kwargs={"at_once": True},
        )  # fmt: skip
        st.button("Keep for later", key="cr_keep", on_click=send, args=only, kwargs={"at_once": False})
