"""Links to pages of the desk."""

from __future__ import annotations

from functools import cache
from typing import Any

import streamlit as st

from components.navigation import PAGES, PageEntry, page_of


@cache
def _entry(file: str) -> PageEntry | None:
    return next((entry for entry in PAGES if entry.file == file and entry.exists), None)


def link(file: str, **options: Any) -> None:
    """`st.page_link` to a page of the desk: Streamlit is told which, and need not compare paths on the disk for it."""
    known = _entry(file)
    st.page_link(page_of(known, known.title, known.default, True) if known else file, **options)
