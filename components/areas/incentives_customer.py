"""Who bought it: a customer of the dealer on file, or a name that is typed."""

from __future__ import annotations

import streamlit as st

from components.access import current_actor
from components.labels import plain
from components.perform import problems_of
from db.core.session import reading
from db.customers.customer_queries import customer_choices
from db.customers.vehicle_queries import vehicles_of

SHOWN_VEHICLES = 3


def typed_customer(*, at: str) -> tuple[int | None, str]:
    """(Id of the chosen customer, typed name) as the fields stand now; who is chosen has no typed name."""
    typed = str(st.session_state.get(f"{at}customer") or "").strip()
    chosen = st.session_state.get(_chosen_key(at, typed))
    return (None, typed) if chosen is None else (int(chosen), "")


def _chosen_key(at: str, typed: str) -> str:
    return f"{at}customer_id_{typed.casefold()}"


def draw_customer(*, at: str, dealer_id: int | None, form: str, value: str = "") -> tuple[int | None, str]:
    """A name or number; whoever it finds at the dealer can be chosen. Gives (id of the customer, typed name).

    Checks of loyalty and conquest read what the chosen customer had before.
    """
    actor = current_actor()
    typed = st.text_input(
        "Customer", value, key=f"{at}customer", max_chars=120, live=True, placeholder="Name, or find one on file",
        help="Who is chosen from the file brings the vehicles he had before.",
    ).strip()  # fmt: skip
    problems_of(form, "customer_name")
    found: dict[int, str] = {}
    if dealer_id is not None and len(typed) > 1:
        with reading() as session:
            found = dict(customer_choices(session, actor=actor, text=typed, dealer_id=dealer_id, limit=10))
    if not found:
        return None, typed
    chosen = st.selectbox(
        "On file", list(found), index=None, format_func=lambda v: plain(found.get(v, "")),
        key=_chosen_key(at, typed), placeholder=f"{len(found)} found; or keep the name",
    )  # fmt: skip
    problems_of(form, "customer_id")
    if chosen is None:
        return None, typed
    with reading() as session:
        vehicles = vehicles_of(session, customer_id=chosen, actor=actor)
    had = ", ".join(v.title for v in vehicles[:SHOWN_VEHICLES])
    more = f" and {len(vehicles) - SHOWN_VEHICLES} more" if len(vehicles) > SHOWN_VEHICLES else ""
    st.caption(plain(f"Had before: {had}{more}" if vehicles else "No vehicle of this customer is on file."))
    return chosen, ""
