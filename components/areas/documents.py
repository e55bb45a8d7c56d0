"""Pieces of screen that several pages share: the documents of one dealer, and the form that adds one."""

from __future__ import annotations

import streamlit as st

from components.areas.documents_drawer import download, draw_drawer, draw_gaps, draw_rows, open_dealer, open_document
from components.areas.documents_upload import upload_form
from components.clock import now
from components.labels import badges, empty_state
from db.core.actor import Actor
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import DealerDetail
from db.documents import rules
from db.documents.coverage_queries import Gap, find_gaps
from db.documents.queries import list_dealer_documents

__all__ = ["download", "draw_dealer_tab", "draw_drawer", "open_dealer", "open_document", "upload_form"]


def draw_dealer_tab(dealer: DealerDetail, actor: Actor) -> None:
    """Draw the documents of one dealer, as a tab of Dealer 360: what is missing first, then what is there."""
    if not actor.can(Permission.DOCUMENTS_VIEW):
        return
    may_add = actor.can(Permission.DOCUMENTS_ADD)
    with reading() as session:
        gaps = find_gaps(session, scope=actor.scope, now=now(), dealer_id=dealer.dealer_id)
        rows = list_dealer_documents(session, dealer_id=dealer.dealer_id, scope=actor.scope, now=now())
    soon = sum(1 for row in rows if row.state == "soon")
    held = sum(1 for row in rows if row.is_held)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        badges(
            [
                (plural(len(gaps), "gap"), "red") if gaps else ("Complete", "green"),
                (f"{soon} expire soon" if soon else "", "orange"), (f"{held} held" if held else "", "violet"),
            ]
        )  # fmt: skip
        if may_add:
            st.button(
                "Add a document", key="doc_tab_add", icon=":material/upload:", on_click=open_dealer,
                args=(dealer.dealer_id,),
            )  # fmt: skip

    def upload(gap: Gap) -> None:
        if gap.document_id is not None:
            open_document(gap.document_id)
        else:
            open_dealer(gap.dealer_id, gap.document_type)

    if gaps:
        with st.container(border=True, gap="xsmall"):
            draw_gaps(gaps, key="doc_tab_gap", on_upload=upload, may_add=may_add)
    for name, label in rules.LABELS.items():
        of_type = [row for row in rows if row.document_type == name]
        if of_type:
            st.markdown(f"**{label}**")
            draw_rows(of_type, key=f"doc_tab_{name}", alt=f"{label}: current documents of {dealer.facts.name}")
    if not rows:
        empty_state("folder_off", "No document of this dealer yet.", action="Add its contract first.")
    draw_drawer()
