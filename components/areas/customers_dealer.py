"""The customers of one dealer, as a tab of Dealer 360: what waits for a decision, and the newest records."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.charts.base import table
from components.clock import now
from components.labels import badges, empty_state, plain
from db.core.actor import Actor
from db.core.area import CAP
from db.core.labels import count_label, moment_label
from db.core.permissions import Permission
from db.core.session import reading
from db.customers.customer_queries import CustomerFilters, list_customers
from db.customers.dealer_lines_queries import count_of_dealer, dealer_lines
from db.dealers.queries import DealerDetail

SHOWN = 12
TO = "_crm_tab_to"


def draw_dealer_tab(dealer: DealerDetail, actor: Actor) -> None:
    """How many there are, what to decide, and the newest."""
    if not actor.can(Permission.CUSTOMERS_VIEW):
        return
    target = st.session_state.pop(TO, None)
    if target is not None:
        st.switch_page("pages/crm/customer.py", query_params={"customer": str(target)})
    at = now()
    filters = CustomerFilters(dealer_id=dealer.dealer_id)
    with reading() as session:
        total = count_of_dealer(session, dealer_id=dealer.dealer_id, scope=actor.scope)
        rows, _ = list_customers(session, actor=actor, filters=filters, limit=SHOWN)
        lines = dealer_lines(session, dealer_id=dealer.dealer_id, actor=actor, now=at, since=None)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        badges([(f"{count_label(total, CAP)} {'customer' if total == 1 else 'customers'}", "blue")])
        st.page_link(
            "pages/crm/customers.py", label="All of them", icon=":material/groups:",
            query_params={"crm_dealer": str(dealer.dealer_id)},
        )  # fmt: skip
    for line in lines:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            detail = f"  \n:gray[:small[{plain(line.detail)}]]" if line.detail else ""
            st.markdown(f"**{plain(line.title)}**{detail}", width="stretch")
            if line.page:
                st.page_link(line.page, label="Open", icon=":material/arrow_forward:", query_params=dict(line.query))
    if not rows:
        empty_state("groups", "This dealer has no customer on record.", action="They come with leads and visits.")
        return

    def opened(position: int) -> None:
        st.session_state[TO] = rows[position].customer_id

    tables.show(
        table(
            {
                "Customer": [f"C-{r.customer_id:06}" for r in rows], "Name": [r.name or "–" for r in rows],
                "Place": [r.place or "–" for r in rows], "Vehicles": [r.vehicles for r in rows],
                "Known since": [moment_label(r.since, actor.zone, now=at) for r in rows],
            }
        ),
        key="crm_tab_table", alt=f"Newest customers of {dealer.facts.name}",
        columns={
            "Customer": tables.opener("Customer", key="crm_tab_click", on_open=opened, width=92),
            "Name": tables.text("Name"), "Place": tables.text("Place"),
            "Vehicles": tables.number("Vehicles", width=80), "Known since": tables.text("Known since", width=150),
        },
    )  # fmt: skip
