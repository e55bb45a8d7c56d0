"""The rows behind the numbers of the Funnel page, in pages of 50; a click opens the lead or the customer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from components import tables
from components.areas.funnel import money
from components.charts.base import table
from components.labels import empty_state
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from db.core.actor import Actor
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.session import reading
from db.leads.drill_queries import drill
from db.leads.flow import FLOW
from db.reports.funnel_retention_queries import buyers
from db.reports.funnel_won_queries import won_leads

LEAD, CUSTOMER = ("pages/leads/lead.py", "lead"), ("pages/crm/customer.py", "customer")


def _opener(key: str, label: str, *, width: int = 92) -> Any:
    def opened(position: int) -> None:
        st.session_state[f"_{key}_to"] = id_at(key, position)

    return tables.opener(label, key=f"{key}_click", on_open=opened, width=width)


def _go(key: str, target: tuple[str, str]) -> None:
    found = st.session_state.pop(f"_{key}_to", None)
    if found is not None:
        st.switch_page(target[0], query_params={target[1]: str(found)})


def draw_leads(actor: Actor, filters: Mapping[str, Any], *, measure: str, label: str, total: int, at: datetime) -> None:
    """The leads a rung counted, newest first."""
    key = "fun_leads"
    after = cursor(key, fingerprint=(measure, str(sorted(filters.items(), key=str))))
    with reading() as session:
        page = drill(
            session, scope=actor.scope, filters=filters, measure=measure, after=after, now=at,
            personal=actor.can(Permission.PERSONAL_DATA_VIEW),
        )  # fmt: skip
    if not page.rows:
        empty_state("search_off", "No leads on this rung.", action="Take a filter away or choose a longer period.")
        return
    remember_rows(key, [r.id for r in page.rows])
    tables.show(
        table(
            {
                "Lead": [r.number for r in page.rows],
                "Received": [moment_label(r.received_at, actor.zone, now=at) for r in page.rows],
                "Customer": [r.customer_name or "–" for r in page.rows],
                "Wants": [r.wants or "–" for r in page.rows], "Status": [[r.status_label] for r in page.rows],
                "Dealer": [r.dealer_name or "No dealer" for r in page.rows], "Source": [r.source for r in page.rows],
            }
        ),
        key=f"{key}_table", alt=f"Leads on the rung {label}",
        columns={
            "Lead": _opener(key, "Lead"), "Received": tables.text("Received", width=140),
            "Customer": tables.text("Customer", width=150), "Wants": tables.text("Wants", width=190),
            "Status": tables.status(FLOW, width=130), "Dealer": tables.text("Dealer", width=180),
            "Source": tables.text("Source", width=140),
        },
    )  # fmt: skip
    draw_paging(key, following=page.following, shown=len(page.rows), total=f"{total:,}")
    _go(key, LEAD)


def draw_sales(actor: Actor, filters: Mapping[str, Any], total: int) -> None:
    """The sales of the period, newest first."""
    key = "fun_sales"
    after = cursor(key, fingerprint=str(sorted(filters.items(), key=str)))
    with reading() as session:
        rows, following = won_leads(
            session, scope=actor.scope, filters=filters, after=after,
            personal=actor.can(Permission.PERSONAL_DATA_VIEW),
        )  # fmt: skip
    if not rows:
        return
    remember_rows(key, [r.lead_id for r in rows])
    tables.show(
        table(
            {
                "Lead": [r.number for r in rows], "Sold": [f"{r.sold_on.day} {r.sold_on:%b %Y}" for r in rows],
                "Customer": [r.customer_name or "–" for r in rows], "Product": [r.wants or r.product for r in rows],
                "Value": [money(r.cents) for r in rows], "Days": [f"{r.days:.1f}" for r in rows],
                "Salesperson": [r.person or "–" for r in rows], "Region": [r.region or "–" for r in rows],
                "Source": [r.source for r in rows],
            }
        ),
        key=f"{key}_table", alt="Sales, newest first",
        columns={
            "Lead": _opener(key, "Lead"), "Sold": tables.text("Sold", width=110),
            "Customer": tables.text("Customer", width=150), "Product": tables.text("Product", width=170),
            "Value": tables.text("Value", width=100), "Days": tables.text("Days to win", width=90),
            "Salesperson": tables.text("Salesperson", width=150), "Region": tables.text("Region", width=100),
            "Source": tables.text("Source", width=130),
        },
    )  # fmt: skip
    draw_paging(key, following=following, shown=len(rows), total=f"{total:,}")
    _go(key, LEAD)


def draw_buyers(actor: Actor, filters: Mapping[str, Any]) -> None:
    """The purchases behind retention, newest first, with who came back."""
    key = "fun_buyers"
    after = cursor(key, fingerprint=str(sorted(filters.items(), key=str)))
    with reading() as session:
        rows, following = buyers(
            session, scope=actor.scope, filters=filters, after=after,
            personal=actor.can(Permission.PERSONAL_DATA_VIEW),
        )  # fmt: skip
    if not rows:
        empty_state("loyalty", "No purchase is known in these months.", action="Purchases are entered at the vehicle.")
        return
    remember_rows(key, [r.customer_id for r in rows])
    is_open = actor.can(Permission.CUSTOMERS_VIEW)
    tables.show(
        table(
            {
                "Customer": [r.customer_name or "–" for r in rows],
                "Bought": [f"{r.bought_on.day} {r.bought_on:%b %Y}" for r in rows],
                "Region": [r.region for r in rows],
                "Service": ["Came back" if r.came_back else "Not yet" for r in rows],
                "Again": ["Bought again" if r.bought_again else "Not yet" for r in rows],
            }
        ),
        key=f"{key}_table", alt="Purchases, newest first, with who came back",
        columns={
            "Customer": _opener(key, "Customer", width=190) if is_open else tables.text("Customer", width=190),
            "Bought": tables.text("Bought", width=110), "Region": tables.text("Region", width=100),
            "Service": tables.text("Service within a year", width=150), "Again": tables.text("Bought again", width=120),
        },
    )  # fmt: skip
    draw_paging(key, following=following, shown=len(rows), total="these purchases")
    _go(key, CUSTOMER)
