"""New lead: somebody stands at the counter or is on the telephone."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import streamlit as st

from components import drafts
from components.access import guard
from components.filters import unless_set
from components.labels import facts, plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db import catalog
from db.core.geo import STATES
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.leads.intake_commands import enter_lead
from db.leads.queries import list_sources

actor = guard(Permission.LEADS_ENTER)
FORM, RECEIPT, FORM_KEY = "new_lead", "new_lead_receipt", "new_lead_form_key"
TEXTS = ("customer_name", "phone", "email", "postal_code", "make", "model", "vin", "stock", "trade_in", "comments")
FIELDS = (
    *TEXTS, "state", "interest", "condition", "year", "source", "preferred_contact", "wanted_by", "test_drive",
    "finance_requested", "dealer_id", "sms_consent",
)  # fmt: skip
KEYS = {name: f"nl_{name}" for name in FIELDS}
INTERESTS = {
    "buy": "Buy", "lease": "Lease", "test-drive": "Test drive", "trade-in": "Trade in", "sell": "Sell their car",
}  # fmt: skip
CONDITIONS = {"new": "New", "used": "Used"}
WAYS = {"phone": "Call", "email": "E-mail", "sms": "Text"}
CONSENT = "The customer agreed, when asked in person, to receive text messages about this enquiry."


def field(kind: Any, label: str, name: str, *more: Any, **options: Any) -> None:
    """One widget with its problems below it."""
    with st.container(gap="xxsmall", width="content" if kind is st.checkbox else "stretch"):
        kind(label, *more, key=KEYS[name], **options)
        problems_of(FORM, name)


def draw_customer() -> None:
    """Who it is and how to reach them."""
    st.markdown("**Customer**")
    with st.grid(3, min_column_width=220, gap="small"):
        field(st.text_input, "Name", "customer_name", max_chars=200)
        field(st.text_input, "Phone", "phone", max_chars=40, type="phone")
        field(st.text_input, "E-mail", "email", max_chars=254)
        field(st.text_input, "Postal code", "postal_code", max_chars=20)
        field(
            st.selectbox, "State", "state", list(STATES), format_func=lambda code: STATES[code].name, index=None,
            placeholder="From the postal code",
        )  # fmt: skip
        field(st.segmented_control, "Prefers", "preferred_contact", list(WAYS), format_func=WAYS.__getitem__)
    field(st.checkbox, "May be sent text messages", "sms_consent", help=CONSENT)


def draw_wish() -> None:
    """What they want."""
    st.markdown("**Wish**")
    field(
        st.segmented_control, "Wants to", "interest", list(INTERESTS), format_func=INTERESTS.__getitem__, required=True,
        default=unless_set(KEYS["interest"], "buy"),
    )  # fmt: skip
    with st.grid(4, min_column_width=160, gap="small"):
        field(st.segmented_control, "Condition", "condition", list(CONDITIONS), format_func=CONDITIONS.__getitem__)
        field(st.number_input, "Year", "year", value=None, min_value=1900, max_value=2100, step=1, placeholder="Any")
        field(st.text_input, "Make", "make", max_chars=40)
        field(st.text_input, "Model", "model", max_chars=120)
        field(st.text_input, "VIN", "vin", max_chars=40)
        field(st.text_input, "Stock number", "stock", max_chars=40)
        field(st.date_input, "Wanted by", "wanted_by", value=None)
        field(st.text_input, "Trade-in", "trade_in", max_chars=120, placeholder="2018 Corolla LE")
    with st.container(horizontal=True, gap="medium"):
        field(st.checkbox, "Asks for a test drive", "test_drive")
        field(st.checkbox, "Asks about financing", "finance_requested")
    field(st.text_area, "What they said", "comments", height=100, max_chars=20_000)


def draw_where() -> None:
    """Where it came from, and who gets it."""
    with reading() as session:
        dealers = {one.dealer_id: one.label for one in dealer_choices(session, actor.scope, statuses=("active",))}
        sources = list_sources(session, scope=actor.scope)
    if st.session_state.get(KEYS["dealer_id"]) not in dealers:
        st.session_state.pop(KEYS["dealer_id"], None)  # a draft may name a dealer that takes no leads any more
    with st.grid(2, min_column_width=240, gap="small"):
        field(
            st.selectbox, "Source", "source", sources, index=None, accept_new_options=True,
            placeholder="Entered by hand", help="How the customer came to us, as reports count it",
        )  # fmt: skip
        if len(dealers) > 1 or actor.scope.kind != "dealers":
            field(
                st.selectbox, "Dealer", "dealer_id", list(dealers), index=None,
                placeholder="Found by the routing rules", format_func=lambda v: dealers.get(v, "Another dealer"),
            )  # fmt: skip


def draw_form() -> None:
    """The form; what is typed is kept until it is sent or emptied."""
    keys = [*KEYS.values(), FORM_KEY]
    # What comes and goes has a place of its own: a box that moves down by one is drawn anew by the browser, and with it
    # goes what somebody is typing into it.
    with st.container():
        if drafts.restore(FORM, keys, actor=actor, dates=[KEYS["wanted_by"]]):
            st.caption(":material/edit_note: You had begun this lead; nothing is sent yet.")
        show_outcome(FORM)
    form_key = st.session_state.setdefault(FORM_KEY, uuid4().hex)
    for draw in (draw_customer, draw_wish, draw_where):
        with st.container(border=True):
            draw()
    stray_problems(FORM, FIELDS)

    def save() -> None:
        perform(
            enter_lead, form=FORM, say="The lead was taken in", typed=KEYS,
            arguments={"form_key": drafts.key_of(form_key, list(KEYS.values()))},
            convert={
                **{name: (lambda value: value or "") for name in (*TEXTS, "state", "condition", "source")},
                "preferred_contact": lambda value: value or "", "interest": lambda value: value or "buy",
                "test_drive": bool, "finance_requested": bool, "sms_consent": lambda given: CONSENT if given else "",
            },
            after=done,
        )  # fmt: skip

    def done(lead_id: int) -> None:
        drafts.drop(FORM, keys, actor=actor)
        st.session_state[RECEIPT] = lead_id

    def empty() -> None:
        drafts.drop(FORM, keys, actor=actor)
        forget(FORM)

    with st.container(horizontal=True, gap="small"):
        st.button("Save lead", key="nl_save", type="primary", on_click=save)
        st.button("Empty the form", key="nl_empty", type="tertiary", on_click=empty)
    drafts.keep(FORM, list(KEYS.values()), actor=actor, defaults={KEYS["interest"]: "buy"}, form_key=FORM_KEY)


def draw_receipt(lead_id: int) -> None:
    """What became of the lead, and the way to it."""
    show_outcome(FORM)
    with reading() as session:
        source = next((one for one in catalog.search_sources(actor) if one.kind == "lead"), None)
        found = source.load(session, ids=[lead_id], actor=actor) if source else []
    with st.container(border=True):
        st.markdown("**:material/check_circle: The lead is in**")
        for line in found:
            facts([("Lead", line.title), ("About", line.subtitle)])
            st.page_link(
                line.page, label="Open the lead", icon=":material/arrow_forward:", query_params=dict(line.query)
            )
        if not found:
            st.caption("It went to a dealer outside of what you look after.")

    def again() -> None:
        for name in (RECEIPT, FORM_KEY):
            st.session_state.pop(name, None)

    st.button("New lead", key="nl_again", icon=":material/add:", on_click=again)


st.title(":material/person_add: New lead")
st.caption(plain("It is checked against the leads we have, scored, and given to a dealer at once."))
receipt = st.session_state.get(RECEIPT)
if isinstance(receipt, int):
    draw_receipt(receipt)
else:
    draw_form()
