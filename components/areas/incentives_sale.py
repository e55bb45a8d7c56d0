"""The form of a sale: what is typed becomes a draft; papers and the way to unwind a sale on file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from components.areas.incentives_customer import draw_customer, typed_customer
from components.forms import cents
from components.perform import perform, problems_of
from db.core.problems import Refused
from db.incentives.commands import correct_sale, unwind_sale
from db.incentives.entry_rules import SaleDraft
from db.incentives.model import AFFINITIES, DOCUMENTS, SALE_TYPES
from db.incentives.validation_queries import SaleView

FORM = "incentive_sale"
CONDITIONS = {"new": "New", "used": "Used"}
DAYS = {"stocked_on": "In stock since", "contract_on": "Contract", "delivered_on": "Delivered"}
TEXTS = {"make": "Make", "model": "Model", "trim": "Trim", "customer_ref": "Customer number"}
SHOWN = ("dealer_id", "customer_id", "customer_name", "vin", *TEXTS, "year", "condition", "sale_type", *DAYS,
         "documents", "price_cents", "trade_make", "trade_year", "affinity", "certificates", "lease_ends_on",
         "waived_payments", "payment_cents")  # fmt: skip


def _amount(text: str | None) -> int | None:
    """What was typed in cents; what is no number yet counts as nothing while typing."""
    try:
        return cents(text)
    except Refused:
        return None


def typed_sale(*, at: str) -> SaleDraft:
    """The sale as it stands in the fields whose keys begin with `at`, read now; who bought it is not among them."""

    def got(name: str) -> Any:
        return st.session_state.get(f"{at}{name}")

    return SaleDraft(
        vin=got("vin") or "", condition=got("condition") or "new", sale_type=got("type") or "", year=got("year"),
        make=got("make") or "", model=got("model") or "", trim=got("trim") or "",
        customer_ref=got("customer_ref") or "", stocked_on=got("stocked_on"), contract_on=got("contract_on"),
        delivered_on=got("delivered_on"), documents=tuple((kind, "") for kind in got("papers") or ()),
        trade_make=got("trade_make") or "",
        trade_year=got("trade_year"), affinity=got("affinity") or "", lease_ends_on=got("lease"),
        waived_payments=got("waived"), payment_cents=_amount(got("payment")), price_cents=_amount(got("price")),
        certificates=tuple(c.strip() for c in (got("certificates") or "").split(",") if c.strip()),
    )  # fmt: skip


def draw_form(*, at: str) -> None:
    """The fields of a sale; their keys begin with `at`, `typed_sale` reads them."""
    with st.grid(4, min_column_width=190, gap="small"):
        st.text_input("VIN", key=f"{at}vin", max_chars=40)
        st.selectbox("New or used", list(CONDITIONS), format_func=CONDITIONS.__getitem__, key=f"{at}condition")
        st.selectbox("Type of sale", list(SALE_TYPES), format_func=SALE_TYPES.__getitem__, key=f"{at}type")
        st.number_input("Model year", 1980, 2100, None, 1, key=f"{at}year")
        for name, label in TEXTS.items():
            st.text_input(label, key=f"{at}{name}", max_chars=80)
        for name, label in DAYS.items():
            st.date_input(label, None, key=f"{at}{name}")
        st.multiselect(
            "Papers", list(DOCUMENTS), format_func=DOCUMENTS.__getitem__, key=f"{at}papers", placeholder="None yet"
        )  # fmt: skip
    with st.expander("Trade-in, previous lease, group, certificates"):  # noqa: SIM117 - one frame, one grid
        with st.grid(4, min_column_width=190, gap="small"):
            st.text_input("Make of the trade-in", key=f"{at}trade_make", max_chars=80)
            st.number_input("Model year of it", 1950, 2100, None, 1, key=f"{at}trade_year")
            st.selectbox(
                "Group of the customer", ["", *AFFINITIES], format_func=lambda v: AFFINITIES.get(v, "None"),
                key=f"{at}affinity",
            )  # fmt: skip
            st.text_input("Certificates", key=f"{at}certificates", help="Of whoever sold it; commas between")
            st.date_input("Previous lease ends", None, key=f"{at}lease")
            st.number_input("Payments waived", 0, 60, None, 1, key=f"{at}waived")
            st.text_input("Amount of one", key=f"{at}payment", placeholder="0.00")
            st.text_input("Price", key=f"{at}price", placeholder="0.00")


def draw_corrections(view: SaleView) -> None:
    """Papers of a sale on file, its days, and the way to unwind it."""
    sale, draft = view.row, view.draft
    at = f"ic_{sale.id}_{sale.version}_"
    references = dict(draft.documents)
    with st.grid(4, min_column_width=200, gap="small"):
        st.multiselect(
            "Papers", list(DOCUMENTS), list(references), format_func=DOCUMENTS.__getitem__, key=f"{at}papers",
            placeholder="None yet",
        )  # fmt: skip
        st.date_input("In stock since", draft.stocked_on, key=f"{at}stocked")
        st.date_input("Delivered", draft.delivered_on, key=f"{at}delivered")
    problems_of(FORM, "documents")
    with st.expander("Customer", icon=":material/person:"):
        draw_customer(at=at, dealer_id=sale.dealer_id, form=FORM, value=draft.customer_name)

    def save() -> None:
        customer_id, name = typed_customer(at=at)
        got = st.session_state
        changed = replace(
            draft, documents=tuple((kind, references.get(kind, "")) for kind in got.get(f"{at}papers") or ()),
            stocked_on=got.get(f"{at}stocked"), delivered_on=got.get(f"{at}delivered"),
            customer_name=name if sale.customer_id is None else "",
        )  # fmt: skip
        perform(
            correct_sale, form=FORM, say="The sale was corrected",
            arguments={"sale_id": sale.id, "seen_version": sale.version, "draft": changed, "customer_id": customer_id},
        )  # fmt: skip

    def unwind() -> None:
        perform(
            unwind_sale, form=FORM, say="The sale was unwound", typed={"reason": f"{at}reason"},
            arguments={"sale_id": sale.id, "seen_version": sale.version},
        )  # fmt: skip

    with st.container(horizontal=True, gap="small"):
        st.button("Save", key=f"{at}save", icon=":material/save:", on_click=save)
        with st.popover("Unwind", icon=":material/undo:"):
            st.caption("Open claims become void, approved ones are taken back, volumes are calculated anew.")
            st.text_area("Reason", key=f"{at}reason", height=80)
            problems_of(FORM, "reason")
            st.button("Unwind the sale", key=f"{at}unwind", type="primary", on_click=unwind)
