"""My work: everything that waits for me across all queues, due first, and what changed since my last visit."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from components import tables
from components.access import current_actor, guard
from components.charts.base import table
from components.clock import now
from components.kept import kept, minute
from components.labels import empty_state, plain
from components.links import link
from components.navigation import may_open
from components.queue_page import id_at, remember_rows
from db.catalog import open_page, work_counts, work_lines
from db.core.labels import count_label, moment_words, plural, relative_label
from db.core.permissions import Permission, Role
from db.core.session import reading
from db.people.queries import previous_visit
from db.reports.history_queries import changes_since

actor = guard(Permission.HOME_VIEW)
SHOWN = 50
# Sales people begin with their customers, once after each sign-in; from then on this page opens like any other.
if actor.role is Role.DEALER_STAFF and not st.session_state.get("_landed"):
    st.session_state["_landed"] = True
    st.switch_page("pages/crm/today.py")


@st.fragment(run_every="60s")
def draw_work() -> None:
    """The counts and the list, refreshed each minute."""
    guard(Permission.HOME_VIEW)
    actor, at = current_actor(), minute(now())
    with reading() as session:
        counts, lines = kept(
            session,
            lambda: (
                work_counts(session, actor=actor, now=at), work_lines(session, actor=actor, now=at, limit=SHOWN)
            ),
            "my_work", actor, at, areas=None,
        )  # fmt: skip
    waiting = [count for count in counts if count.count]
    if waiting:
        with st.grid(4, min_column_width=150, gap="small"):
            for count in waiting:
                with st.container(border=True, gap="xxsmall", height="stretch"):
                    st.metric(
                        count.label, count_label(count.count),
                        delta=f"{count_label(count.overdue)} overdue" if count.overdue else None,
                        delta_color="inverse", delta_arrow="off",
                    )  # fmt: skip
                    link(count.page, label="Open", icon=":material/arrow_forward:", query_params=dict(count.query))
    done = [count.label for count in counts if not count.count]
    beside = f":material/check: Nothing in {', '.join(done)}." if done else ""
    if not lines:
        empty_state("task_alt", "Nothing waits for you.", action="New work appears here by itself.")
        if beside:
            st.caption(beside)
        return
    st.subheader("Waiting for me")
    remember_rows("work", list(range(len(lines))))

    def opened(position: int) -> None:
        index = id_at("work", position)
        if index is not None:
            st.session_state["_work_to"] = lines[index]

    tones = {line.status: line.tone for line in lines}
    rows = table(
        {
            "Number": [line.number for line in lines],
            "Subject": [line.title for line in lines],
            "Dealer": [line.dealer or "–" for line in lines],
            "Status": [[line.status] for line in lines],
            "Due": [relative_label(line.due_at, at) for line in lines],
            "Why": [line.why for line in lines],
        }
    )
    tables.show(
        rows, key="work_table", alt="Records that wait for me",
        columns={
            "Number": tables.opener("Number", key="work_open_click", on_open=opened, width=104),
            "Subject": tables.text("Subject", width=300),
            "Dealer": tables.text("Dealer", width=160),
            "Status": tables.pill("Status", tones, width=122),
            "Due": tables.text("Due", width=110),
            "Why": tables.text("Next step", width=190),
        },
    )  # fmt: skip
    if beside:
        st.caption(beside)
    st.caption(f"As of {moment_words(at, actor.zone, now=at)}, refreshes every minute")
    target = st.session_state.pop("_work_to", None)
    if target is not None:
        st.switch_page(target.page, query_params=dict(target.query))


def draw_changes() -> None:
    """What others changed since the visit before this one."""
    actor, at = current_actor(), now()
    with reading() as session:
        since = previous_visit(session, person_id=actor.user_id or 0) or at - timedelta(days=7)
        changes = changes_since(session, actor=actor, since=since)
    st.subheader("Since your last visit")
    if not changes:
        st.caption(f"Nothing changed since {moment_words(since, actor.zone, now=at)}.")
        return
    st.caption(f"{plural(len(changes), 'newest change')} since {moment_words(since, actor.zone, now=at)}")
    for line in changes:
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.markdown(
                f"{plain(line.summary)} :gray[:small[{plain(line.actor_name)}, {relative_label(line.at, at)}]]",
                width="stretch",
            )
            target = open_page(line.item_type, line.item_id) if line.item_id else None
            if target and may_open(actor, target[0]):
                page, query = target
                link(page, label="Open", query_params=query)


st.title(":material/inbox: My work")
draw_work()
draw_changes()
