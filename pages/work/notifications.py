"""Notifications: what the desk told me, newest first."""

from __future__ import annotations

import streamlit as st

from components.access import current_actor, guard
from components.clock import now
from components.labels import empty_state, plain
from components.navigation import may_open
from components.perform import show_outcome
from db.catalog import open_page
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.session import reading, run
from db.people.own_commands import mark_read
from db.people.queries import list_notifications

guard(Permission.HOME_VIEW)
ICONS = {
    "assigned": "person_add", "about_to_breach": "timer", "breached": "alarm", "returned": "undo", "decided": "gavel",
    "unassigned": "report", "document": "folder_managed",
}  # fmt: skip

actor = current_actor()
with reading() as session:
    rows = list_notifications(session, person_id=actor.user_id or 0, limit=100)

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/notifications: Notifications")
    unread = [r for r in rows if r.read_at is None]

    def read_all() -> None:
        run(mark_read, keeps_timeline=False, person_id=actor.user_id or 0, ids=None, now=now())

    if unread:
        st.button("Mark all as read", on_click=read_all, icon=":material/done_all:", type="tertiary")

show_outcome("notifications")
if not rows:
    empty_state(
        "notifications_off", "Nothing yet.", action="You are told when work is assigned to you, due soon or overdue."
    )
for row in rows:
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        icon = ICONS.get(row.kind, "info")
        weight = "**" if row.read_at is None else ""
        st.markdown(
            f":material/{icon}: {weight}{plain(row.title)}{weight}  \n:gray[:small[{plain(row.body)}]]", width="stretch"
        )
        st.caption(moment_label(row.created_at, actor.zone, now=now()), width="content")
        leads_to = open_page(row.item_type, row.item_id) if row.item_id else None
        if leads_to and may_open(actor, leads_to[0]):
            st.page_link(leads_to[0], label="Open", icon=":material/arrow_forward:", query_params=leads_to[1])
