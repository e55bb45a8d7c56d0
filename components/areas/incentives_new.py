"""A new sale on the incentive check: as it is typed, with what every program would say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import streamlit as st

from components.access import current_actor
from components.areas.incentives import draw_validation
from components.areas.incentives_customer import draw_customer, typed_customer
from components.areas.incentives_sale import FORM, SHOWN, draw_form, typed_sale
from components.clock import now
from components.labels import plain
from components.perform import perform, problems_of, stray_problems
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.incentives.commands import report_sale
from db.incentives.validation_queries import preview_sale


def draw_new(*, reported: Callable[[int], None]) -> None:
    """The form of a sale with its checks below; `reported` is told the id of the sale that was written."""
    actor = current_actor()
    key = st.session_state.setdefault("ic_form_key", uuid4().hex)
    with reading() as session:
        dealers = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope)}
    known = list(dealers)
    with st.grid(3, min_column_width=260, gap="small"):
        dealer_id = st.selectbox(
            "Dealer", known, format_func=lambda v: dealers.get(v, "–"), index=0 if len(known) == 1 else None,
            key=f"ic_{key}_dealer", placeholder="Choose",
        )  # fmt: skip
        customer_id, name = draw_customer(at=f"ic_{key}_", dealer_id=dealer_id, form=FORM)
    draw_form(at=f"ic_{key}_")
    for field in SHOWN:
        if field not in ("customer_name", "customer_id"):
            problems_of(FORM, field)
    stray_problems(FORM, SHOWN)

    def report() -> None:
        customer_id, name = typed_customer(at=f"ic_{key}_")
        perform(
            report_sale, form=FORM, say="The sale was reported", after=reported,
            arguments={
                "dealer_id": st.session_state.get(f"ic_{key}_dealer"), "customer_id": customer_id, "form_key": key,
                "draft": replace(typed_sale(at=f"ic_{key}_"), customer_name=name),
            },
        )  # fmt: skip

    st.button("Report the sale", key="ic_report", type="primary", icon=":material/sell:", on_click=report)
    draft = replace(typed_sale(at=f"ic_{key}_"), customer_name=name)
    if dealer_id is None or not draft.vin:
        return
    with reading() as session:
        found = preview_sale(
            session, draft, dealer_id=dealer_id, customer_id=customer_id, actor=actor, now=now()
        )  # fmt: skip
    st.markdown("##### What the programs would say")
    for _, sentence in found.problems:
        st.markdown(f":orange[:material/pending:] {plain(sentence)}")
    if not found.problems:
        draw_validation(found)
