"""Customers: find one, enter one, decide on lookalikes, and remove what was kept long enough."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.areas.customers_new import draw_new_customer
from components.areas.customers_pairs import TONES, draw_pair_drawer, open_pair
from components.areas.customers_purge import draw_due
from components.charts.base import table
from components.clock import now
from components.exports import export_button
from components.filters import clear_button, one, pick, words
from components.labels import empty_state
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from db.core.area import CAP
from db.core.labels import count_label, moment_label
from db.core.permissions import Permission
from db.core.session import reading
from db.customers.customer_queries import CustomerFilters, CustomerRow, count_customers, list_customers
from db.customers.duplicate_queries import list_duplicates
from db.dealers.queries import dealer_choices

actor = guard(Permission.CUSTOMERS_VIEW)
at = now()
KEYS = ("crm_text", "crm_dealer", "crm_kind")
KINDS = {"person": "People", "business": "Businesses"}
VIEWS = {"list": "Customers"}
if actor.can(Permission.CUSTOMERS_MERGE):
    VIEWS["duplicates"] = "Duplicates"
if actor.can(Permission.CUSTOMERS_PURGE):
    VIEWS["due"] = "Due for removal"


def draw_filters() -> CustomerFilters:
    """What the list is narrowed to, kept in the address."""
    with reading() as session:
        dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope)}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = ""
        if actor.can(Permission.PERSONAL_DATA_VIEW):
            text = words("Find", key="crm_text", placeholder="Name, phone, e-mail, VIN", width=230)
        dealer = ""
        if len(dealers) > 1:
            dealer = pick("Dealer", dealers, key="crm_dealer", all_label="All dealers", width=230)
        kind = pick("Kind", KINDS, key="crm_kind", all_label="Everybody", width=130)
        filters = CustomerFilters(text=text, kind=kind, dealer_id=int(dealer) if dealer.isdecimal() else None)
        export_button("customers", {"text": text, "kind": kind, "dealer_id": dealer})
        export_button("service_visits", {"dealer_id": dealer}, label="Service visits", key="crm_visits_export")
        export_button("interactions", {"dealer_id": dealer}, label="Contacts", key="crm_contacts_export")
        export_button("vehicles", {"dealer_id": dealer}, label="Vehicles", key="crm_vehicles_export")
        export_button("ownerships", {"dealer_id": dealer}, label="Owners", key="crm_owners_export")
    clear_button(KEYS, key="crm_clear")
    return filters


def draw_list(filters: CustomerFilters) -> None:
    """One page, the newest first; the number opens the customer."""
    with reading() as session:
        rows, following = list_customers(
            session, actor=actor, filters=filters, after=cursor("crm", fingerprint=filters)
        )
        total = count_customers(session, actor=actor, filters=filters)
    if not rows:
        narrowed = filters != CustomerFilters()
        empty_state(
            "groups", "No customer matches." if narrowed else "There are no customers yet.",
            action="Take a filter away." if narrowed else "They come with leads and visits, or enter one above.",
        )  # fmt: skip
        return
    remember_rows("crm", [row.customer_id for row in rows])
    tables.show(
        table(_columns(rows)), key="crm_table", alt="Customers, the newest first",
        height=560 if len(rows) > 13 else "auto",
        columns={
            "Customer": tables.opener("Customer", key="crm_click", on_open=opened, width=92),
            "Name": tables.text("Name", width=150),
            "Kind": tables.pill("Kind", {"Person": "gray", "Business": "violet"}, width=88),
            "Place": tables.text("Place", width=135), "Phone": tables.text("Phone", width=118),
            "E-mail": tables.text("E-mail", width=165), "Vehicles": tables.number("Vehicles", width=72),
            "Bought": tables.number("Bought", width=66),
            "Dealer": tables.text("Dealer", width=165), "Known since": tables.text("Known since", width=140),
        },
    )  # fmt: skip
    draw_paging("crm", following=following, shown=len(rows), total=count_label(total, CAP))


def _columns(rows: list[CustomerRow]) -> dict[str, list[object]]:
    return {
        "Customer": [f"C-{r.customer_id:06}" for r in rows], "Name": [r.name or "–" for r in rows],
        "Kind": [["Business" if r.is_business else "Person"] for r in rows], "Place": [r.place or "–" for r in rows],
        "Phone": [r.phone or "–" for r in rows], "E-mail": [r.email or "–" for r in rows],
        "Vehicles": [r.vehicles for r in rows], "Bought": [r.bought for r in rows],
        "Dealer": [r.dealer or "–" for r in rows],
        "Known since": [moment_label(r.since, actor.zone, now=at) for r in rows],
    }  # fmt: skip


def opened(position: int) -> None:
    """Go to the customer of a row at the next run."""
    st.session_state["_crm_to_customer"] = id_at("crm", position)


def draw_duplicates() -> None:
    """Lookalikes of the same dealer, the likeliest first, each with its reasons."""
    with reading() as session:
        pairs = list_duplicates(session, actor=actor)
    if not pairs:
        empty_state("join_inner", "No two customers look like one.", action="New ones are compared as they come.")
        return
    st.caption("Customers of one dealer that may be one person. Nothing is merged by itself, and never across dealers.")

    def compare(position: int) -> None:
        open_pair(pairs[position].left.customer_id, pairs[position].right.customer_id)

    tables.show(
        table(
            {
                "Compare": ["Compare"] * len(pairs), "One": [p.left.name for p in pairs],
                "Other": [p.right.name for p in pairs], "How sure": [[p.likeness.word] for p in pairs],
                "Score": [p.likeness.score for p in pairs], "Why": [p.likeness.sentence for p in pairs],
                "Place": [p.left.place or p.right.place for p in pairs], "Dealer": [p.dealer for p in pairs],
            }
        ),
        key="crm_pairs", alt="Customers that may be one person, the likeliest first",
        height=520 if len(pairs) > 13 else "auto",
        columns={
            "Compare": tables.opener("Compare", key="crm_pairs_click", on_open=compare, width=90),
            "One": tables.text("One", width=160), "Other": tables.text("Other", width=160),
            "How sure": tables.pill("How sure", TONES, width=95), "Score": tables.number("Score", width=65),
            "Why": tables.text("Why", width=330), "Place": tables.text("Place", width=140),
            "Dealer": tables.text("Dealer"),
        },
    )  # fmt: skip


with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/groups: Customers")
    with st.container(horizontal=True, gap="small", width="content", vertical_alignment="center"):
        st.page_link("pages/crm/vehicle.py", label="Find a vehicle", icon=":material/directions_car:")
        if actor.can(Permission.CUSTOMERS_EDIT):
            draw_new_customer(actor)
target = st.session_state.pop("_crm_to_customer", None)
if target is not None:
    st.switch_page("pages/crm/customer.py", query_params={"customer": str(target)})
view = one("Show", VIEWS, key="crm_view", default="list") if len(VIEWS) > 1 else "list"
if view == "duplicates":
    draw_duplicates()
elif view == "due":
    draw_due(actor, at=at)
else:
    draw_list(draw_filters())
draw_pair_drawer(actor)
