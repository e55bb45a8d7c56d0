"""Timeline search: everything that was ever done, by whom, when, with before and after."""

from __future__ import annotations

from datetime import UTC, datetime, time

import streamlit as st

from components import tables
from components.access import current_actor, guard
from components.charts.base import table
from components.clock import now
from components.filters import clear_button, pick, words
from components.labels import empty_state, facts, plain
from components.queue_page import cursor, draw_paging, remember_rows
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.session import reading
from db.reports.history_queries import AREA_LABELS, find_entries

guard(Permission.TIMELINE_SEARCH)
SOURCES = {"app": "App", "cli": "Command line", "http": "Lead intake", "sweep": "Automatic", "seed": "Demo data"}
KEYS = ("tl_text", "tl_area", "tl_source", "tl_person")

st.title(":material/history: Timeline")
actor, at = current_actor(), now()
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    text = words("What", key="tl_text", placeholder="Words of the entry or its reason")
    person = words("Who", key="tl_person", placeholder="Name or user name", width=220)
    area = pick("Area", AREA_LABELS, key="tl_area", all_label="All areas", width=160)
    source = pick("Through", SOURCES, key="tl_source", all_label="Everything", width=160)
    days = st.date_input("Between", value=[], key="tl_days", width=230)
clear_button(KEYS, key="tl_clear")
first = datetime.combine(days[0], time.min, UTC) if len(days) > 0 else None
last = datetime.combine(days[1], time.max, UTC) if len(days) > 1 else None

at_page = cursor("timeline", fingerprint=(text, person, area, source, str(days)))
with reading() as session:
    lines = find_entries(
        session, actor=actor, text=text, area=area, person=person, source=source, since=first, until=last,
        after=at_page, limit=51,
    )  # fmt: skip
following = lines[49].seq if len(lines) > 50 else None
lines = lines[:50]
if not lines:
    empty_state("search_off", "No entry matches.", action="Widen the dates or take a filter away.")
    st.stop()
remember_rows("timeline", [line.seq for line in lines])
chosen = tables.show(
    table(
        {
            "No.": [line.seq for line in lines],
            "When": [moment_label(line.at, actor.zone, now=at) for line in lines],
            "Who": [line.actor_name for line in lines],
            "What": [line.summary for line in lines],
            "Area": [AREA_LABELS.get(line.area, line.area.capitalize()) for line in lines],
            "Reason": [line.reason or "–" for line in lines],
            "Records": [line.items for line in lines],
        }
    ),
    key="timeline_table", alt="Timeline entries", select="one",
    columns={
        "No.": tables.number("No.", width=70), "When": tables.text("When", width=150),
        "Who": tables.text("Who", width=150), "What": tables.text("What", width="large"),
        "Area": tables.text("Area", width=100), "Reason": tables.text("Reason", width="medium"),
        "Records": tables.number("Records", width=80),
    },
)  # fmt: skip
draw_paging("timeline", following=following, shown=len(lines), total="all that match")

if chosen and chosen[0] < len(lines):
    line = lines[chosen[0]]
    with st.container(border=True):
        st.markdown(f"**{plain(line.summary)}**")
        facts(
            [
                ("Number", line.seq), ("When", moment_label(line.at, actor.zone)),
                ("Who", f"{line.actor_name} ({line.actor})"), ("Through", SOURCES.get(line.source, line.source)),
                ("Command", line.command), ("Reason", line.reason),
            ]
        )  # fmt: skip
        before, after = (line.detail or {}).get("before", {}), (line.detail or {}).get("after", {})
        names = sorted({*before, *after})
        if names:
            tables.show(
                table(
                    {
                        "Field": [n.replace("_", " ") for n in names],
                        "Before": [str(before.get(n, "–")) for n in names],
                        "After": [str(after.get(n, "–")) for n in names],
                    }
                ),
                key="timeline_detail", alt="What the entry changed",
                columns={c: tables.text(c) for c in ("Field", "Before", "After")},
            )  # fmt: skip
