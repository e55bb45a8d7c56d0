"""Export log: who took which rows out of the desk, when and what for."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.charts.base import table
from components.clock import now
from components.filters import clear_button, one, pick, words
from components.labels import empty_state, facts
from components.queue_page import cursor, draw_paging
from db import catalog
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.session import reading
from db.people.export_queries import ExportLine, count_exports, list_exports

actor = guard(Permission.EXPORT_LOG_VIEW)
at = now()
TITLES = {kind.name: kind.title for kind in catalog.all_exports()} | {
    "dealer_brief": "Brief of a dealer",
    "incentive_memo": "Credit memo of incentives",
}
HELD = {"": "All", "yes": "Personal data", "no": "No personal data"}
PAGE = 50


def shown(value: object) -> str:
    """A filter's value as people read it."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def draw_detail(line: ExportLine) -> None:
    """Everything the log keeps of one export."""
    with st.container(border=True):
        st.markdown(f"**{TITLES.get(line.kind, line.kind)}, {line.file_format.upper()}**")
        facts(
            [
                ("Taken", moment_label(line.at, actor.zone)), ("By", f"{line.name} ({line.username})"),
                ("Rows", f"{line.row_count:,}"), ("Purpose", line.purpose),
                *((name.replace("_", " ").capitalize(), shown(value)) for name, value in line.filters.items()),
                ("Columns", ", ".join(name.replace("_", " ") for name in line.columns)),
                ("Fingerprint of the file", line.sha256),
            ]
        )  # fmt: skip


st.title(":material/file_export: Export log")
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    person = words("Who", key="ex_person", placeholder="Name or user name", width=260)
    kind = pick("What", TITLES, key="ex_kind", all_label="Everything", width=180)
    held = one("Holds", HELD, key="ex_held", default="")
clear_button(("ex_person", "ex_kind"), key="ex_clear")

personal = {"yes": True, "no": False}.get(held)
with reading() as session:
    lines = list_exports(
        session, actor=actor, kind=kind, person=person, personal=personal,
        before=cursor("exports", fingerprint=(person, kind, held)), limit=PAGE + 1,
    )  # fmt: skip
    total = count_exports(session, actor=actor, kind=kind, person=person, personal=personal)
following = lines[PAGE - 1].log_id if len(lines) > PAGE else None
lines = lines[:PAGE]
if not lines:
    narrowed = bool(person or kind or held)
    empty_state(
        "file_export", "No export matches." if narrowed else "Nothing has been exported yet.",
        action="Take a filter away." if narrowed else "Each export from a list or a report appears here by itself.",
    )  # fmt: skip
    st.stop()
chosen = tables.show(
    table(
        {
            "When": [moment_label(line.at, actor.zone, now=at) for line in lines],
            "Who": [line.name for line in lines],
            "What": [TITLES.get(line.kind, line.kind) for line in lines],
            "Format": [line.file_format.upper() for line in lines],
            "Rows": [line.row_count for line in lines],
            "Personal data": [line.has_personal_data for line in lines],
            "Purpose": [line.purpose or "–" for line in lines],
        }
    ),
    key="exports_table", alt="Exports, newest first", select="one",
    columns={
        "When": tables.text("When", width=150), "Who": tables.text("Who", width=170),
        "What": tables.text("What", width=130), "Format": tables.text("Format", width=80),
        "Rows": tables.number("Rows", width=90),
        "Personal data": st.column_config.CheckboxColumn("Personal data", width=110),
        "Purpose": tables.text("Purpose", width="large"),
    },
)  # fmt: skip
draw_paging("exports", following=following, shown=len(lines), total=f"{total:,}")
if chosen and chosen[0] < len(lines):
    draw_detail(lines[chosen[0]])
