"""The form to enter a customer."""

from __future__ import annotations

from typing import Any

import streamlit as st

from components.perform import perform, problems_of, show_outcome, stray_problems
from components.popup import close, popup
from db.core.actor import Actor
from db.core.geo import STATES
from db.core.session import reading
from db.customers.customer_commands import enter_customer
from db.dealers.queries import dealer_choices

FORM, POPUP = "crm_new_customer", "crm_new_customer_popup"
KEYS = {
    "dealer_id": "crm_nc_dealer", "name": "crm_nc_name", "is_business": "crm_nc_business", "phone": "crm_nc_phone",
    "email": "crm_nc_email", "street": "crm_nc_street", "city": "crm_nc_city", "state": "crm_nc_state",
    "postal_code": "crm_nc_postal",
}  # fmt: skip
TEXTS = ("name", "phone", "email", "street", "city", "postal_code")


def draw_new_customer(actor: Actor) -> None:
    """Name and one way to recognise them; somebody who is known already is opened instead."""
    show_outcome(FORM)
    with popup("New customer", key=POPUP, icon=":material/person_add:", kind="primary"):
        with reading() as session:
            dealers = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope)}
        if len(dealers) == 1:
            st.session_state[KEYS["dealer_id"]] = next(iter(dealers))
        else:
            _box(
                st.selectbox, "Dealer", "dealer_id", options=list(dealers), index=None, placeholder="Choose",
                format_func=lambda v: dealers.get(v, "–"),
            )  # fmt: skip
        _box(st.text_input, "Name", "name", max_chars=200)
        st.checkbox("A business", key=KEYS["is_business"])
        with st.grid(2, min_column_width=150, gap="small"):
            _box(st.text_input, "Phone", "phone", max_chars=60)
            _box(st.text_input, "E-mail", "email", max_chars=254)
            _box(st.text_input, "Street", "street", max_chars=200)
            _box(st.text_input, "City", "city", max_chars=80)
            _box(
                st.selectbox, "State", "state", options=list(STATES), index=None, placeholder="Choose",
                format_func=lambda code: STATES[code].name,
            )  # fmt: skip
            _box(st.text_input, "Postal code", "postal_code", max_chars=20)
        stray_problems(FORM, list(KEYS))

        def saved(customer_id: int) -> None:
            close(POPUP, *(KEYS[name] for name in TEXTS))
            st.session_state["_crm_to_customer"] = customer_id

        def save() -> None:
            perform(
                enter_customer, form=FORM, say="The customer is on record", typed=KEYS, after=saved,
                convert={**{n: lambda v: v or "" for n in (*TEXTS, "state")}, "is_business": bool},
            )  # fmt: skip

        st.button("Save customer", key="crm_nc_go", type="primary", on_click=save)


def _box(kind: Any, label: str, field: str, **options: Any) -> None:
    with st.container(gap="xxsmall"):
        kind(label, key=KEYS[field], **options)
        problems_of(FORM, field)
