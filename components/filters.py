"""Filters that live in the URL: shareable, kept by a reload, and safe when the URL holds something unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import get_script_run_ctx

from components.kept import derived
from components.lean import Offer

T = TypeVar("T")
LONG: Final = 100
"""From so many options on the words of a list are kept."""


def many(label: str, options: Sequence[str], *, key: str, placeholder: str, width: Any = "stretch") -> list[str]:
    """Any number of options; none chosen means all."""
    return list(st.multiselect(label, options, key=key, bind="query-params", placeholder=placeholder, width=width))


def _adopt(key: str, options: Mapping[str, str]) -> None:
    """Take a value out of the URL: Streamlit itself knows the labels only, links of the app name the values.

    What it does not know it takes out of the address, so it is told the label before it looks: an address that was
    opened stays what it is, for a reload, a bookmark and the way back.
    """
    written = st.query_params.get(key)
    if written is None or written not in options or written in options.values():
        return
    context = get_script_run_ctx()
    if context is not None:
        context.session_state._state.query_params._initial_query_params[key] = [options[written]]
    if key not in st.session_state:
        st.session_state[key] = written


def unless_set(key: str, default: T) -> T | None:
    """The default of a field; None where the program has set the field in this run, beside which Streamlit takes none.

    Said in every run: one that was ended between noting the field and sending it would leave the value known here, and
    the browser with a field in which nothing is chosen.
    """
    context = get_script_run_ctx()
    return None if context is not None and context.session_state.is_new_state_value(key) else default


def one(label: str, options: Mapping[str, str], *, key: str, default: str, width: Any = "content") -> str:
    """Exactly one of a few options as a segmented control; `options` maps values to labels."""
    _adopt(key, options)
    chosen = st.segmented_control(
        label, list(options), format_func=lambda v: options[v], key=key, default=unless_set(key, default),
        required=True, bind="query-params", width=width,
    )  # fmt: skip
    return chosen if chosen is not None and chosen in options else default


def _offer(options: Mapping[str, str], all_label: str) -> Offer:
    """The options with "all" before them; a long list that is kept is put into words once, not at every click."""
    if len(options) < LONG:
        return Offer(options, all_label)
    return derived(options, lambda: Offer(options, all_label), "offer", all_label)


def pick(label: str, options: Mapping[str, str], *, key: str, all_label: str, width: Any = "stretch") -> str:
    """One of many options from a list, or empty for all."""
    _adopt(key, options)
    offer = _offer(options, all_label)
    chosen = st.selectbox(label, offer, format_func=offer.word, key=key, bind="query-params", width=width)
    return chosen or ""


def words(label: str, *, key: str, placeholder: str, width: Any = "stretch") -> str:
    """Free text to look for."""
    found = st.text_input(
        label, key=key, type="search", placeholder=placeholder, icon=":material/search:", bind="query-params",
        width=width,
    )  # fmt: skip
    return (found or "").strip()


def clear_button(keys: Sequence[str], *, key: str, after: Callable[[], None] | None = None) -> None:
    """A quiet button that takes all these filters back; drawn only when one of them is set."""
    if not any(st.session_state.get(k) for k in keys):
        return

    def clear() -> None:
        for k in keys:
            try:
                st.query_params.pop(k, None)
            except StreamlitAPIException:  # what the program chose stands in the address until its field is emptied
                st.session_state[k] = [] if isinstance(st.session_state.get(k), list) else ""
            else:
                st.session_state.pop(k, None)
        if after is not None:
            after()

    st.button("Clear filters", key=key, on_click=clear, type="tertiary", icon=":material/filter_alt_off:")
