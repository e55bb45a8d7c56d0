"""Unexpected errors: people get a reference number, the log gets where it happened, and nobody gets the data (R35)."""

from __future__ import annotations

import streamlit as st

from db.core.incidents import report
from db.core.trouble import trouble_of

__all__ = ["report", "show"]


def show(error: Exception) -> bool:
    """Streamlit's `on_script_error`: draw a sentence with the reference number; True keeps the details off the page."""
    reference = report(error, where="a page")
    if trouble := trouble_of(error):
        st.error(trouble.on_a_page, icon=":material/database_off:")
        return True
    st.error(
        f"This page could not be shown. Try again; if it stays, give your administrator the reference **{reference}**.",
        icon=":material/error:",
    )
    return True
