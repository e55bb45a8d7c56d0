"""Filters that live in the URL: shareable, kept by a reload, and safe when the URL holds something unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException


def many(label: str, options: Sequence[str], *, key: str, placeholder: str, width: Any = "stretch") -> list[str]:
    """Any number of options; none chosen means all."""
    return list(st.multiselect(label, options, key=key, bind="query-params", placeholder=placeholder, width=width))


def _adopt(key: str, options: Mapping[str, str]) -> None:
    """Take a value out of the URL: Streamlit itself knows the labels only, links of the app name the values."""
    written = st.query_params.get(key)
    if key not in st.session_state and written in options and written not in options.values():
        st.session_state[key] = written


def one(label: str, options: Mapping[str, str], *, key: str, default: str, width: Any = "content") -> str:
    """Exactly one of a few options as a segmented control; `options` maps values to labels."""
    _adopt(key, options)
    first = None if key in st.session_state else default
    chosen = st.segmented_control(
        label, list(options), format_func=lambda v: options[v], key=key, default=first, required=True,
        bind="query-params", width=width,
    )  # fmt: skip
    return chosen if chosen is not None and chosen in options else default


class _Labels(dict[str, str]):
    """What stands in a list, by value, looked up without a line of Python for each of two thousand dealers.

    A value that is no longer there reads as "all", which is what it then means.
    """

    def __init__(self, options: Mapping[str, str], all_label: str) -> None:
        super().__init__({"": all_label, **options})
        self._all = all_label

    def __missing__(self, value: str) -> str:
        return self._all


def pick(label: str, options: Mapping[str, str], *, key: str, all_label: str, width: Any = "stretch") -> str:
    """One of many options from a list, or empty for all."""
    _adopt(key, options)
    labels = _Labels(options, all_label)
    chosen = st.selectbox(
        label, list(labels), format_func=labels.__getitem__, key=key, bind="query-params", width=width
    )
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
