"""When the database is away a page waits for it: what was drawn and typed stays, and it goes on by itself (R10)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from components import steady
from db.core.incidents import report
from db.core.session import answers
from db.core.trouble import is_away

POLL_SECONDS = 0.5
MOST_SECONDS = 600.0
AWAY = "The database cannot be reached. What you typed stays, and this page goes on by itself when it is back."
BACK = "The database is back."


@contextmanager
def for_the_database() -> Iterator[None]:
    """Around the whole app: a run that loses the database waits for it, and is then run again.

    Streamlit leaves everything on the screen of a run that is run again. A click ends the wait: its callback is told
    at once that the database is away.
    """
    if said := st.session_state.pop(steady.MET, None):
        st.toast(said, icon=":material/error:", duration="long")
    try:
        yield
        st.session_state[steady.DRAWN] = True
    except Exception as error:
        if not is_away(error):
            raise
        report(error, where="a page, which waits for the database")
        if not _is_back():
            raise
        st.rerun()


def _is_back() -> bool:
    """Wait until the database answers; False when it took too long."""
    ends = time.monotonic() + MOST_SECONDS
    note = st.toast(AWAY, icon=":material/database_off:", duration="infinite")
    while not answers():
        time.sleep(POLL_SECONDS)
        _ = st.session_state.get(steady.MET)  # here a click, or the end of the tab, ends the wait
        if time.monotonic() > ends:
            return False
    note.toast(BACK, icon=":material/check:", duration="short")
    return True
