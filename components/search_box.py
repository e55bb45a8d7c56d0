"""The search box in the sidebar: a dealer, lead, customer, VIN or record number from any page."""

from __future__ import annotations

import streamlit as st


def draw() -> None:
    """Draw the box; what is typed opens the search page with it."""

    def search() -> None:
        typed = (st.session_state.get("search_box") or "").strip()
        if typed:
            st.session_state["_search_for"] = typed
            st.session_state["search_box"] = ""

    st.text_input(
        "Search", key="search_box", type="search", placeholder="Name, number, VIN, phone", on_change=search,
        label_visibility="collapsed", icon=":material/search:",
    )  # fmt: skip
    wanted = st.session_state.pop("_search_for", None)
    if wanted:
        st.switch_page("pages/work/search.py", query_params={"q": wanted})
