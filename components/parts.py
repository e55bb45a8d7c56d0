"""A part of a drawer that is drawn by itself while nothing it stands beside can have changed.

A choice in the form of a step used to draw the whole drawer: its record read, every tab made. The form is a fragment
inside the drawer's now. Its own run asks what the drawer was drawn from: who looks, the minute, and the counters of
every area. Is all of it the same, what stands around the form would be drawn as it is; else the whole drawer is drawn
anew, and the person never chooses beside something older than before (decision 0089).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.exceptions import RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

from components.access import current_actor
from components.clock import now
from components.kept import minute
from db.core import changes
from db.core.session import reading

Stand = Hashable


def stand(session: Any) -> Stand:
    """What a drawer is drawn from, asked before its record is read, so that a change in between is not missed."""
    return current_actor(), minute(now()), changes.token(session)


def draw(make: Callable[[], None], *, drawn_from: Stand, is_alone: Callable[[], bool]) -> None:
    """Draw a part with the drawer around it (call it there), and by itself when somebody chooses in it.

    `is_alone` says, after the callbacks of a click, whether the click concerned this part only.
    """
    around = ThreadState.get().fragment_id
    with_all = [True]

    def part() -> None:
        if with_all:
            with_all.clear()
        elif not is_alone() or not _stands(drawn_from):
            _draw_all(around)
        make()

    st.fragment(part)()


def _stands(drawn_from: Stand) -> bool:
    with reading() as session:
        return stand(session) == drawn_from


def _draw_all(fragment_id: str | None) -> None:
    """End this run and begin one of the fragment around it: `st.rerun` names the whole page or this part only."""
    context = get_script_run_ctx()
    if context is None or fragment_id is None:
        st.rerun()
    raise RerunException(
        RerunData(
            query_string=context.query_string, page_script_hash=context.page_script_hash,
            fragment_id_queue=[fragment_id], is_fragment_scoped_rerun=True,
            cached_message_hashes=context.cached_message_hashes, context_info=context.context_info,
        )
    )  # fmt: skip
