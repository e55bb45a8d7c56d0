"""What the page of co-op programmes draws: the list, a programme's head, the version in force, the history."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from components import tables
from components.access import current_actor
from components.areas.coop_programme_fields import draw_changes, draw_words, draw_worked
from components.charts.base import table
from components.clock import now
from components.labels import badges, facts, plain
from components.queue_page import id_at, remember_rows
from db.coop.model import MEDIA, PROOFS, Programme
from db.coop.programme_queries import STATES, ProgrammePage, ProgrammeRow, VersionView, compare
from db.coop.say_rules import day, money, rate
from db.core.labels import moment_label, moment_words, plural

KEY = "cpr_rows"


def draw_rows(rows: Sequence[ProgrammeRow], *, on_open: Callable[[int], None]) -> None:
    """Programmes as a table; a click on the code opens one."""
    remember_rows(KEY, [r.id for r in rows])

    def opened(position: int) -> None:
        programme_id = id_at(KEY, position)
        if programme_id is not None:
            on_open(programme_id)

    right = st.column_config.TextColumn
    tables.show(
        table(
            {
                "Code": [r.code for r in rows], "Year": [str(r.year) for r in rows],
                "State": [[r.state_label] for r in rows], "Name": [r.name for r in rows],
                "Version": [f"{r.number}, from {day(r.effective_from)}" for r in rows],
                "Next": [day(r.coming) for r in rows], "Accrual": [rate(r.programme.accrual) for r in rows],
                "Months": [plural(r.programme.lot_months, "month") for r in rows],
                "Media": [len(r.programme.media) for r in rows], "Dealers": [r.dealers for r in rows],
                "Accrued": [money(r.accrued_cents) for r in rows],
                "Available": [money(r.available_cents) for r in rows],
            }
        ),
        key="cpr_table", alt="Co-op programmes, the newest year first", height="content",
        columns={
            "Code": tables.opener("Code", key="cpr_click", on_open=opened, width=128),
            "Year": tables.text("Year", width=56), "State": tables.pill("State", dict(STATES.values()), width=92),
            "Name": tables.text("Name", width=200), "Version": tables.text("In force", width=156),
            "Next": tables.text("Next version", width=104),
            "Accrual": right("Accrual", width=70, alignment="right"), "Months": tables.text("Expires after", width=96),
            "Media": tables.number("Media", width=60), "Dealers": tables.number("Dealers", width=66),
            "Accrued": right("Accrued", width=110, alignment="right", help="With what was allocated"),
            "Available": right("Available", width=110, alignment="right"),
        },
    )  # fmt: skip


def draw_head(page: ProgrammePage) -> None:
    """Code, name, state, and what it has come to."""
    row = page.row
    st.subheader(plain(f"{row.code} · {row.name}"), anchor=False)
    coming = f"Version {page.newest.number} from {day(row.coming)}" if row.coming else ""
    badges(
        [(f"{row.year}: {row.state_label.lower()}", STATES[row.state][1]), (f"Version {row.number} in force", "gray"),
         (coming, "blue")]
    )  # fmt: skip
    facts(
        [("Dealers with a fund", f"{row.dealers:,}"), ("Accrued and allocated", money(row.accrued_cents)),
         ("Available", money(row.available_cents)),
         ("Last changed", f"{row.updated_by}, {moment_words(row.updated_at, current_actor().zone, now=now())}")]
    )  # fmt: skip


def draw_version(view: VersionView) -> None:
    """The version in force: in words at the left, numbers and the matrix at the right."""
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        st.markdown(f"**Version {view.number}, from {day(view.effective_from)} on**")
        draw_words(view.words)
    with right, st.container(border=True, height="stretch"):
        draw_worked(view.programme, key="cpr_worked")
        _draw_matrix(view.programme)


def _draw_matrix(programme: Programme) -> None:
    st.markdown("**Media and proofs**")
    media = [(m, programme.media[m]) for m in MEDIA if m in programme.media]
    tables.show(
        table(
            {
                "Medium": [MEDIA[m] for m, _ in media], "Rate": [rate(r.rate) for _, r in media],
                "Before": [["Yes" if r.preapproval else "No"] for _, r in media],
                "Proofs": [", ".join(PROOFS[p] for p in r.needs) for _, r in media],
            }
        ),
        key="cpr_matrix", alt="Rate, pre-approval and proofs of each medium", height="content",
        columns={
            "Medium": tables.text("Medium", width=130),
            "Rate": st.column_config.TextColumn("Rate", width=60, alignment="right"),
            "Before": tables.pill("Approved before", {"Yes": "orange", "No": "gray"}, width=110),
            "Proofs": tables.text("Proofs", width=420),
        },
    )  # fmt: skip


def draw_history(page: ProgrammePage) -> None:
    """Every version with who wrote it and why, and what any two of them say differently."""
    st.markdown("##### Versions")
    if len(page.versions) > 1:
        _draw_compare(page)
    for view in page.versions:
        mark = " · in force" if view.in_force else " · to come" if view.to_come else ""
        head = f"Version {view.number} · from {day(view.effective_from)} · {view.made_by}{mark}"
        with st.expander(plain(head)):
            st.caption(f"{moment_label(view.made_at, current_actor().zone, now=now())}. {plain(view.reason)}")
            if view.number > 1:
                draw_changes(view.changes)
            else:
                draw_words(view.words)


def _draw_compare(page: ProgrammePage) -> None:
    numbers = [v.number for v in page.versions]
    with st.container(border=True):
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            earlier = st.selectbox("What changed from version", numbers, index=1, key="cpr_from", width=190)
            later = st.selectbox("to version", numbers, index=0, key="cpr_to", width=120)
        if earlier == later:
            st.caption("Choose two versions.")
        else:
            draw_changes(compare(page, earlier, later))
