"""People and access."""

from __future__ import annotations

import streamlit as st

from components.access import guard

actor = guard("people.view")
st.title("People and access", anchor=False)
