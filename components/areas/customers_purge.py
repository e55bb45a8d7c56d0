"""Customers whose personal data was kept long enough: shown first, removed in batches, never by itself."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from components import tables
from components.charts.base import table
from components.labels import empty_state
from components.perform import perform, problems_of, show_outcome, stray_problems
from components.popup import close, popup
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from db.core.actor import Actor
from db.core.area import CAP
from db.core.labels import count_label, moment_label, plural
from db.core.session import reading
from db.customers.purge_commands import purge_customers
from db.customers.purge_queries import count_due, list_due
from db.customers.retention_rules import FEWEST_YEARS, MOST_YEARS, YEARS

FORM, POPUP = "crm_purge", "crm_purge_popup"


def draw_due(actor: Actor, *, at: datetime) -> None:
    """Who is due, with the reason; and the button that removes this page of them."""
    show_outcome(FORM)
    years = int(
        st.number_input(
            "Nothing happened for how many years?", min_value=FEWEST_YEARS, max_value=MOST_YEARS, value=YEARS, step=1,
            key="crm_years", width=280,
        )
    )  # fmt: skip
    with reading() as session:
        rows, following = list_due(
            session, actor=actor, now=at, years=years, after=cursor("crm_due", fingerprint=years)
        )
        total = count_due(session, actor=actor, now=at, years=years)
    st.caption(
        "No open lead, no open service visit, nothing that happened since, and no hold. Names, contact data and free"
        " text go for good; leads, sales, visits and every figure stay."
    )
    if not rows:
        empty_state("auto_delete", "Nobody is due.", action="Look again with fewer years, or next month.")
        return
    remember_rows("crm_due", [row.customer_id for row in rows])

    def opened(position: int) -> None:
        st.session_state["_crm_to_customer"] = id_at("crm_due", position)

    tables.show(
        table(
            {
                "Customer": [f"C-{r.customer_id:06}" for r in rows], "Name": [r.name for r in rows],
                "Dealer": [r.dealer or "–" for r in rows],
                "Last activity": [moment_label(r.last_activity_at, actor.zone) for r in rows],
                "Why": [r.why for r in rows],
            }
        ),
        key="crm_due_table", alt="Customers whose data is due to be removed, the oldest first",
        height=460 if len(rows) > 11 else "auto",
        columns={
            "Customer": tables.opener("Customer", key="crm_due_click", on_open=opened, width=95),
            "Name": tables.text("Name", width=190), "Dealer": tables.text("Dealer", width=200),
            "Last activity": tables.text("Last activity", width=170), "Why": tables.text("Why"),
        },
    )  # fmt: skip
    draw_paging("crm_due", following=following, shown=len(rows), total=count_label(total, CAP))
    _draw_removal([row.customer_id for row in rows], years)


def _draw_removal(ids: list[int], years: int) -> None:
    count = plural(len(ids), "customer")
    with popup(f"Remove the data of these {count}", key=POPUP, icon=":material/auto_delete:"):
        st.markdown(f"This cannot be taken back. It removes the personal data of **{count}** on this page.")
        st.text_input("Reason", key="crm_purge_reason", max_chars=200, placeholder="Yearly retention review")
        problems_of(FORM, "reason")
        sure = st.checkbox("I have looked at the list", key="crm_purge_sure")
        stray_problems(FORM, ["reason"])

        def saved(_count: int) -> None:
            close(POPUP, "crm_purge_reason")
            st.session_state["crm_purge_sure"] = False

        def remove() -> None:
            perform(
                purge_customers, form=FORM, say=lambda n: f"The data of {plural(n, 'customer')} was removed",
                typed={"reason": "crm_purge_reason"}, convert={"reason": lambda v: v or ""}, after=saved,
                arguments={"customer_ids": ids, "years": years},
            )  # fmt: skip

        st.button("Remove for good", key="crm_purge_go", type="primary", on_click=remove, disabled=not sure)
