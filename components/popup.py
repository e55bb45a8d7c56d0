"""A small form behind a button, which closes itself once it was carried out and stays open with what was refused."""

from __future__ import annotations

from typing import Any

import streamlit as st


def popup(label: str, *, key: str, icon: str, kind: Any = "secondary") -> Any:
    """The button and the place for the form; `close(key)` shuts it."""
    return st.popover(label, icon=icon, type=kind, key=key, on_change="rerun")


def close(key: str, *texts: str, empty: tuple[str, ...] = ()) -> None:
    """Shut the popup and empty its boxes of text, and of `empty` those that hold nothing as None (from a callback).

    Forgetting a box's value is not enough: the browser would go on showing what was typed.
    """
    st.session_state[key] = False
    for text in texts:
        st.session_state[text] = ""
    for other in empty:
        st.session_state[other] = None
