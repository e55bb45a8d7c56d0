"""The least a page can cost: one title, in a process that is frozen after its imports as the product's is."""

import gc

import streamlit as st


@st.cache_resource(show_spinner=False)
def ready() -> None:
    """Take what was imported out of the garbage collector's rounds, once."""
    gc.collect()
    gc.freeze()


ready()
st.title("Empty")
