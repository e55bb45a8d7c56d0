"""Imports: every file that was brought in, row by row, with its undo; dealers come in here."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.areas.import_batch import CHANNELS, draw_batch
from components.areas.imports import draw_upload
from components.charts.base import table
from components.clock import now
from components.filters import one, pick
from components.labels import empty_state
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from db import catalog
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.imports.queries import count_batches, get_batch, list_batches

actor = guard(Permission.IMPORTS_VIEW)
at = now()
STATUS_TONES = {"Applied": "green", "Undone": "orange"}
# Leads have a page of their own, with the text for their senders.
OWN_PAGE = {"adf", "incentive_check", "leads"}
PAGE = 50


def draw_list() -> None:
    """Every import, newest first; its number opens it."""
    titles = {kind.name: kind.title for kind in catalog.all_imports()}
    kind = pick("What", titles, key="im_kind", all_label="Everything", width=220)
    with reading() as session:
        frame = list_batches(
            session, actor=actor, kind=kind or None, before=cursor("imports", fingerprint=kind), limit=PAGE + 1
        )
        total = count_batches(session, actor=actor, kind=kind or None)
    rows = frame.to_dict("records")
    following = int(rows[PAGE - 1]["id"]) if len(rows) > PAGE else None
    rows = rows[:PAGE]
    if not rows:
        empty_state("upload_file", "Nothing was brought in yet." if not kind else "No import of this kind.")
        return
    remember_rows("imports", [int(row["id"]) for row in rows])

    def opened(position: int) -> None:
        st.query_params["batch"] = str(id_at("imports", position) or "")

    tables.show(
        table(
            {
                "Batch": [f"{row['id']:,}" for row in rows],
                "What": [row["title"] for row in rows],
                "When": [moment_label(row["imported_at"].to_pydatetime(), actor.zone, now=at) for row in rows],
                "By": [row["imported_by"] for row in rows],
                "Through": [CHANNELS.get(row["channel"], row["channel"]) for row in rows],
                "State": [["Undone" if row["status"] == "undone" else "Applied"] for row in rows],
                **{
                    label: [int(row[name]) for row in rows]
                    for label, name in (
                        ("Read", "rows_read"), ("Created", "created"), ("Updated", "updated"),
                        ("Already there", "duplicates"), ("Rejected", "rejected"),
                    )
                },
            }
        ),
        key="imports_table", alt="Imports, newest first",
        columns={
            "Batch": tables.opener("Batch", key="imports_open", on_open=opened, width=70),
            "What": tables.text("What", width=150), "When": tables.text("When", width=135),
            "By": tables.text("By", width=115), "Through": tables.text("Through", width=120),
            "State": tables.pill("State", STATUS_TONES, width=85),
            **{name: tables.number(name, width=66) for name in ("Read", "Created", "Updated")},
            "Already there": tables.number("Already there", width=96), "Rejected": tables.number("Rejected", width=72),
        },
    )  # fmt: skip
    draw_paging("imports", following=following, shown=len(rows), total=f"{total:,}")


def leave() -> None:
    """Back to the list."""
    st.query_params.pop("batch", None)


def draw_one(batch_id: int) -> None:
    """One import, and the way back to the list."""
    st.button(
        "All imports", icon=":material/arrow_back:", type="tertiary", key="imports_back",
        on_click=leave,
    )  # fmt: skip
    try:
        with reading() as session:
            batch = get_batch(session, actor=actor, batch_id=batch_id)
    except NotFound as gone:
        empty_state("search_off", gone.problems[0].message)
        return
    draw_batch(batch, actor=actor)


st.title(":material/upload_file: Imports")
asked = st.query_params.get("batch", "")
if asked.isdecimal():
    draw_one(int(asked))
else:
    uploads = [kind for kind in catalog.all_imports() if kind.name not in OWN_PAGE and actor.can(kind.permission)]
    view = one("View", {"list": "Imports", "new": "Bring in"}, key="im_view", default="list") if uploads else "list"
    if view == "new":
        st.caption("Files are tried first: nothing comes in before you press Import, and a whole import can be undone.")
        draw_upload(uploads, key="imports_new", actor=actor)
        if actor.can(Permission.LEADS_IMPORT):
            st.page_link(
                "pages/leads/intake.py", label="Leads come in under Lead intake", icon=":material/move_to_inbox:"
            )
    else:
        draw_list()
