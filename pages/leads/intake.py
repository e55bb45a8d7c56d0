"""Lead intake: leads from files, tried before they come in, with a receipt."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components.access import guard
from components.areas.imports import draw_upload
from components.clock import now
from db import catalog
from db.core.area import RowOutcome, SourceFile
from db.core.permissions import Permission
from db.leads.bounce_queries import bounce_text

actor = guard(Permission.LEADS_IMPORT)


def bounce(files: Sequence[SourceFile], outcome: RowOutcome) -> str:
    """What the sender of a rejected document is told."""
    return bounce_text(files, file=outcome.file, row=outcome.row, message=outcome.message, now=now())


with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/move_to_inbox: Lead intake")
    if actor.can(Permission.LEADS_ENTER):
        st.page_link("pages/leads/new.py", label="Enter a lead", icon=":material/person_add:")
st.caption("Files are tried first: nothing comes in before you press Import, and a whole import can be undone.")
draw_upload([catalog.import_kind("adf"), catalog.import_kind("leads")], key="intake", actor=actor, bounce=bounce)
